/*
 * api_reply.c - POST /v1/cases/{id}/replies: an answer to the citizen
 *
 * The channel composes the reply once before it is stored, so that what cannot be sent is refused while the
 * agent is looking. The outbox composes it again when it goes (outbox.c).
 */
#include "daemon/crash.h"
#include "daemon/outbox.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/article.h"
#include "lib/core/guard.h"

#include <string.h>

struct reply {
	struct work w;
	struct work_reply r;
	int64_t epoch;
};

static const char *const visibilities[] = {"private", "public", NULL};

static enum op_status read_body(struct api *a, struct reply *r)
{
	struct pg_unit *u;

	r->r.template_ = json_object_get(a->body, "template");
	r->r.text = api_text(a, "text", r->r.template_ == NULL, CONTACT_TEXT_BYTES);
	r->epoch = work_epoch(a);
	r->r.is_public = api_one_of(a, "visibility", false, visibilities) == VISIBILITY_PUBLIC;
	if (r->r.template_ != NULL && !json_is_object(r->r.template_))
		api_bad_field(a, "template", "must be an object");
	if (json_array_size(json_object_get(a->body, "attachments")) > 0)
		api_bad_field(a, "attachments", "no channel can send attachments yet");
	u = work_begin(a, &r->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	r->r.id.u = work_new_id(a, &r->w, "reply");
	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, r->w.id.u);
	pg_add(u, SQL_WORK_REPLY_SEEN);
	pg_uuid(u, r->r.id.u);
	return pg_submit(&a->op, WORK_READ, u);
}

static enum op_status accepted(struct api *a, const struct reply *r, const char *delivery)
{
	char id[UUID_TEXT];

	uuid_format(r->r.id.u, id);
	return api_answer(a, 202, json_pack("{s:{s:s, s:s}}", "contact", "id", id, "delivery", delivery));
}

struct refusal {
	const char *rule, *detail;
};

static const struct refusal refusals[] = {
	[REPLY_NO_CHANNEL] = {"noReplyOnChannel",
			      "This channel cannot be answered: use another way to reach the citizen."},
	[REPLY_WINDOW_CLOSED] = {"windowClosed",
				 "The citizen wrote more than 24 hours ago: only a template may be sent."},
	[REPLY_TOO_LONG] = {"textTooLong", NULL}, /* with the figure */
	[REPLY_NO_ADDRESS] = {"noAddress", "There is no address on this channel to answer to."},
	[REPLY_BAD_TEMPLATE] = {"badTemplate", "The template is not one the channel can send."},
	[REPLY_NOT_PUBLIC] = {"notPublic", "This conversation is private: a reply cannot be public."},
	[REPLY_NOT_PRIVATE] =
		{"notPrivate",
		 "This channel has no private answer to this: answer in public, or by another way."},
	[REPLY_OPTED_OUT] = {"optedOut", "The citizen asked to be sent no more messages on this channel."},
};

const char *work_reply_rule(int outcome)
{
	return refusals[outcome].rule;
}

/* what has no way back, a form, is answered by mail to the address it gave, from the municipality's own e-mail inbox */
static const struct world_inbox *answering(const struct world *w, const struct world_inbox *in, const char *to_kind)
{
	if (in == NULL || (in->ops != NULL && in->ops->compose != NULL) || to_kind == NULL || strcmp(to_kind, "email") != 0)
		return in;
	for (int i = 0; i < w->n_inboxes; i++) {
		const struct world_inbox *other = &w->inboxes[i];

		if (other->municipality == in->municipality && other->enabled && !strcmp(other->in.channel, "email") &&
		    other->ops != NULL && other->ops->compose != NULL)
			return other;
	}
	return in;
}

int work_try_compose(const struct op *op, struct arena *arena, const char *inbox, int statement, struct work_reply *r,
                     int *limit)
{
	const struct world *w = world_now(op->srv);
	const struct world_inbox *own = world_inbox(w, inbox), *in = own;
	struct channel_send send = {0};
	const char *fields;
	char id[UUID_TEXT];
	json_t *answers = NULL;
	int rule;

	if (pg_rows(op, statement) > 0)
		in = answering(w, own, pg_get(op, statement, 0, "to_kind"));
	if (in == NULL || in->ops == NULL || in->ops->compose == NULL)
		return REPLY_NO_CHANNEL;
	if (in != own) {
		r->inbox = arena_str(arena, in->in.id);
		r->channel = arena_str(arena, in->in.channel);
	}
	if (pg_rows(op, statement) == 0 || pg_get(op, statement, 0, "to_value") == NULL)
		return REPLY_NO_ADDRESS;
	r->to_kind = arena_str(arena, pg_get(op, statement, 0, "to_kind"));
	r->to = arena_str(arena, pg_get(op, statement, 0, "to_value"));
	r->answers = pg_get_uuid(op, statement, 0, "answers");
	fields = pg_get(op, statement, 0, "fields");
	if (fields != NULL)
		jsonx_load(arena, (struct bytes){(const uint8_t *)fields, strlen(fields)}, &answers,
			   NULL);
	if (pg_get_bool(op, statement, 0, "opted_out"))
		return REPLY_OPTED_OUT;
	uuid_format(r->id.u, id);
	rule = in->ops->compose(arena, &in->in,
				&(struct channel_reply){.contact_id = id,
							.to_kind = r->to_kind,
							.to = r->to,
							.text = r->text,
							.template_ = r->template_,
							.menu = r->menu,
							.answers_id = pg_get(op, statement, 0, "answers_id"),
							.answers = answers,
							.is_public = r->is_public,
							.hook = world_hook_url(op->srv, arena, in->in.id),
							.last_in_us = pg_get_time(op, statement, 0, "last_in"),
							.now_us = now_us()},
				&send);
	*limit = send.limit;
	return rule;
}

/* a field of a standard answer that nobody filled in: where; NULL: there is none */
static const char *unfilled(struct api *a, const char *where, const char *text)
{
	struct article_place p = {0};

	for (size_t from = 0; text != NULL && article_next(text, from, &p); from = p.at + p.len)
		if (p.field >= 0)
			return arena_printf(a->op.arena, "%s holds {{%s}}, which is not filled in, at byte %zu.",
					    where, article_field_name(p.field), p.at);
	return NULL;
}

bool work_compose(struct api *a, const char *inbox, int statement, struct work_reply *r, enum op_status *how)
{
	const char *found = unfilled(a, "text", r->text);
	int limit = 0, rule;

	if (found == NULL && r->template_ != NULL)
		found = unfilled(a, "template", jsonx_dump(a->op.arena, r->template_, NULL));
	if (found != NULL) {
		*how = api_rule(a, "unfilled", found);
		return false;
	}
	rule = work_try_compose(&a->op, a->op.arena, inbox, statement, r, &limit);
	if (rule == REPLY_TOO_LONG)
		*how = api_rule(a, refusals[rule].rule,
				arena_printf(a->op.arena,
					     "The text is longer than the %d characters the channel takes.",
					     limit));
	else if (rule > 0)
		*how = api_rule(a, refusals[rule].rule, refusals[rule].detail);
	else if (rule < 0)
		*how = api_problem(a, PROBLEM_INTERNAL, NULL);
	return rule == 0;
}

static enum op_status write_reply(struct api *a, struct reply *r)
{
	bool secret = r->r.text != NULL && guard_finds(r->r.text);
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_WORK_REPLY);
	work_guard(u, &r->w);
	pg_uuid(u, r->r.id.u);
	pg_uuid(u, work_writer(a));
	pg_text(u, r->r.text);
	pg_json(u, r->r.template_);
	pg_text(u, r->r.to_kind);
	pg_text(u, r->r.to);
	pg_null(u); /* a plain message, not a quotation of the citizen's */
	pg_array(u, PG_TYPE_TEXT, secret ? 1 : 0);
	if (secret)
		pg_push_text(u, contact_flag_name(FLAG_BSN_MASKED));
	pg_uuid(u, r->r.answers);
	pg_text(u, visibilities[r->r.is_public ? VISIBILITY_PUBLIC : VISIBILITY_PRIVATE]);
	pg_text(u, r->r.inbox);
	pg_text(u, r->r.channel);
	pg_submit(&a->op, WORK_WRITTEN, u);
	CRASH("reply.written");
	return OP_WAIT;
}

static enum op_status check_and_write(struct api *a, struct reply *r)
{
	enum op_status how = OP_DONE;
	enum problem p;

	if (!work_got(a, &r->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (pg_rows(&a->op, 2) > 0) /* this key wrote it before */
		return accepted(a, r, arena_str(a->op.arena, pg_get(&a->op, 2, 0, "delivery")));
	p = work_refused(a, &r->w, r->epoch, -1);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	if (!work_compose(a, r->w.inbox, 1, &r->r, &how))
		return how;
	return write_reply(a, r);
}

enum op_status api_case_reply(struct api *a)
{
	struct reply *r = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = r = arena_new_of(a->op.arena, struct reply);
		return read_body(a, r);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : check_and_write(a, r);
	case WORK_WRITTEN:
		if (pg_failed(&a->op))
			return api_failed(a);
		CRASH("reply.committed");
		if (work_written(a, 0) == 0)
			return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
		outbox_wake(a->op.srv->outbox);
		CRASH("reply.told");
		return accepted(a, r, "queued");
	}
	return op_bad_state(&a->op);
}
