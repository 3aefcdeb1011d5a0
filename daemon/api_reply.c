/*
 * api_reply.c - POST /v1/cases/{id}/replies: an answer to the citizen
 *
 * The channel composes the reply once before it is stored, so that what cannot be sent is refused while the
 * agent is looking. The outbox composes it again when it goes (outbox.c).
 */
#include "daemon/attachments.h"
#include "daemon/crash.h"
#include "daemon/intake_batch.h"
#include "daemon/outbox.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/channel/answers.h"
#include "lib/channel/form.h"
#include "lib/channel/sending.h"
#include "lib/core/article.h"
#include "lib/core/file_type.h"
#include "lib/core/guard.h"

#include <string.h>

enum { MAX_FILES = 10 };

struct reply {
	struct work w;
	struct work_reply r;
	int64_t epoch;
	/* what goes along: first those that the case has already, then those that came with the request */
	struct uuid known[MAX_FILES];
	int n_known;
	struct channel_file files[MAX_FILES];
	const char *fields[MAX_FILES];
	struct contact uploaded;
};

enum read_part { READ_CASE, READ_TO, READ_SEEN, READ_KNOWN };

static const char *const visibilities[] = {"private", "public", NULL};

static void read_known(struct api *a, struct reply *r)
{
	json_t *ids = json_object_get(a->body, "attachments"), *v;
	size_t i;

	json_array_foreach(ids, i, v)
	{
		const char *field = arena_printf(a->op.arena, "attachments[%zu]", i);
		struct uuid id;

		if (i >= MAX_FILES || !api_id(a, json_string_value(v), &id)) {
			api_bad_field(a, field, "is not the id of an attachment");
			continue;
		}
		for (int k = 0; k < r->n_known; k++)
			if (uuid_same(r->known[k], id))
				api_bad_field(a, field, "is named twice");
		r->fields[r->n_known] = field;
		r->known[r->n_known++] = id;
	}
}

/* files that came with the request: nobody knows yet what they are */
static void read_uploaded(struct api *a, struct reply *r)
{
	for (int i = 0; a->form != NULL && i < a->form->n_files; i++) {
		const struct form_file *f = &a->form->files[i];
		int n = r->n_known + i;

		if (n >= MAX_FILES) {
			api_bad_field(
				a, f->field,
				arena_printf(a->op.arena, "is one too many: at most %d go along", MAX_FILES));
			continue;
		}
		answers_attach(a->op.arena, &r->uploaded, f);
		r->fields[n] = f->field;
		r->files[n] = (struct channel_file){.kind = answers_kind(f->media_type),
						    .name = f->name,
						    .n_bytes = (int64_t)f->content.len};
		if (f->content.len == 0)
			api_bad_field(a, f->field, "is empty");
	}
	r->r.files = r->files;
	r->r.file_fields = r->fields;
	r->r.n_files = r->n_known + r->uploaded.n_attachments;
}

static enum op_status read_body(struct api *a, struct reply *r)
{
	struct pg_unit *u;

	read_known(a, r);
	read_uploaded(a, r);
	r->r.template_ = json_object_get(a->body, "template");
	r->r.text = api_text(a, "text", r->r.template_ == NULL && r->r.n_files == 0, CONTACT_TEXT_BYTES);
	r->epoch = work_epoch(a);
	r->r.is_public = api_one_of(a, "visibility", false, visibilities) == VISIBILITY_PUBLIC;
	if (r->r.template_ != NULL && !json_is_object(r->r.template_))
		api_bad_field(a, "template", "must be an object");
	if (r->r.template_ != NULL && r->r.n_files > 0)
		api_bad_field(a, "attachments",
			      "do not go with a template: send them when the citizen has answered");
	u = work_begin(a, &r->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	r->r.id.u = work_new_id(a, &r->w, "reply");
	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, r->w.id.u);
	pg_add(u, SQL_WORK_REPLY_SEEN);
	pg_uuid(u, r->r.id.u);
	if (r->n_known > 0) {
		pg_add(u, SQL_WORK_REPLY_KNOWN);
		pg_uuid(u, r->w.id.u);
		pg_array(u, PG_TYPE_UUID, r->n_known);
		for (int i = 0; i < r->n_known; i++)
			pg_push_uuid(u, r->known[i]);
	}
	return pg_submit(&a->op, WORK_READ, u);
}

static void look_at_known(struct api *a, struct reply *r, int i)
{
	struct channel_file *f = &r->files[i];
	const struct file_type *type;
	const char *state;
	int row = 0;

	while (row < pg_rows(&a->op, READ_KNOWN) &&
	       !uuid_same(pg_get_uuid(&a->op, READ_KNOWN, row, "id"), r->known[i]))
		row++;
	if (row == pg_rows(&a->op, READ_KNOWN)) {
		api_bad_field(a, r->fields[i], "is not an attachment of this case");
		return;
	}
	state = pg_get(&a->op, READ_KNOWN, row, "state");
	type = file_type_find(pg_get(&a->op, READ_KNOWN, row, "found_type"));
	if (strcmp(state, "stored") != 0 || type == NULL)
		api_bad_field(a, r->fields[i],
			      arena_printf(a->op.arena, "cannot be sent: it is %s",
					   type != NULL || strcmp(state, "stored") != 0 ? state : "refused"));
	*f = (struct channel_file){
		.kind = arena_str(a->op.arena, pg_get(&a->op, READ_KNOWN, row, "kind")),
		.name = arena_str(a->op.arena, pg_get(&a->op, READ_KNOWN, row, "name")),
		.media_type = type != NULL ? type->served : NULL,
		.n_bytes = pg_get_int(&a->op, READ_KNOWN, row, "bytes"),
		.sha256 = arena_str(a->op.arena, pg_get(&a->op, READ_KNOWN, row, "sha256")),
	};
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
	/* of what only people send, these are bad fields (bad_files) */
	[REPLY_NO_FILES] = {"attachments", NULL},
	[REPLY_TOO_MANY_FILES] = {"attachments", NULL},
	[REPLY_FILES_TOO_LARGE] = {"attachments", NULL},
	[REPLY_BAD_FILE] = {"attachments", NULL},
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
	rule = sending_compose(arena, in->ops, &in->in,
			       &(struct channel_reply){.contact_id = id,
						       .to_kind = r->to_kind,
						       .to = r->to,
						       .text = r->text,
						       .template_ = r->template_,
						       .menu = r->menu,
						       .files = r->files,
						       .n_files = r->n_files,
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

/* what is wrong with what goes along, as a bad field; false: it is something else */
static bool bad_files(struct api *a, const struct work_reply *r, int rule, int limit)
{
	struct arena *m = a->op.arena;

	switch (rule) {
	case REPLY_NO_FILES:
		api_bad_field(a, "attachments",
			      r->is_public ? "cannot be sent in public: answer in private, or by e-mail"
					   : "cannot be sent on this channel: send them by e-mail");
		return true;
	case REPLY_TOO_MANY_FILES:
		api_bad_field(a, "attachments",
			      arena_printf(m, "at most %d go along on this channel: send the others after it",
					   limit));
		return true;
	case REPLY_FILES_TOO_LARGE:
		api_bad_field(a, "attachments",
			      arena_printf(m, "are larger than the %d bytes in all that this channel takes",
					   limit));
		return true;
	case REPLY_BAD_FILE:
		api_bad_field(a, r->file_fields[limit],
			      "is of a kind or size that this channel does not take: send it by e-mail");
		return true;
	default:
		return false;
	}
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
	if (bad_files(a, r, rule, limit))
		*how = api_invalid(a);
	else if (rule == REPLY_TOO_LONG)
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

/* the id of a row of its own, also for a file that the case has: what one message loses the other keeps */
static struct uuid row_id(struct server *srv, const struct reply *r, int i)
{
	struct uuid id;

	if (i < r->n_known)
		return server_uuid(srv);
	uuid_parse(r->uploaded.attachments[i - r->n_known].id, &id);
	return id;
}

static const char *claimed_type(const struct reply *r, int i)
{
	return i < r->n_known ? r->files[i].media_type : r->uploaded.attachments[i - r->n_known].media_type;
}

static const char *digest(const struct reply *r, int i)
{
	return i < r->n_known ? r->files[i].sha256 : r->uploaded.attachments[i - r->n_known].sha256;
}

static void write_files(struct pg_unit *u, struct server *srv, const struct reply *r)
{
	int n = r->r.n_files;

	pg_add(u, SQL_WORK_REPLY_FILES);
	pg_uuid(u, r->r.id.u);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, row_id(srv, r, i));
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, i < r->n_known ? r->known[i] : (struct uuid){0});
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, r->files[i].kind);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, claimed_type(r, i));
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, r->files[i].name);
	pg_array(u, PG_TYPE_INT8, n);
	for (int i = 0; i < n; i++)
		pg_push_int(u, r->files[i].n_bytes);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, digest(r, i));
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
	pg_bool(u, r->r.n_files > 0);
	if (r->r.n_files > 0)
		write_files(u, a->op.srv, r);
	pg_submit(&a->op, WORK_WRITTEN, u);
	CRASH("reply.written");
	return OP_WAIT;
}

/* together with what the channel says of them */
static enum op_status invalid_files(struct api *a, struct reply *r)
{
	int limit = 0, rule = work_try_compose(&a->op, a->op.arena, r->w.inbox, READ_TO, &r->r, &limit);

	bad_files(a, &r->r, rule, limit);
	return api_invalid(a);
}

static enum op_status check_and_write(struct api *a, struct reply *r)
{
	enum op_status how = OP_DONE;
	enum problem p;

	if (!work_got(a, &r->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (pg_rows(&a->op, READ_SEEN) > 0) /* this key wrote it before */
		return accepted(a, r, arena_str(a->op.arena, pg_get(&a->op, READ_SEEN, 0, "delivery")));
	p = work_refused(a, &r->w, r->epoch, -1);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	for (int i = 0; i < r->n_known; i++)
		look_at_known(a, r, i);
	if (api_has_bad_fields(a))
		return invalid_files(a, r);
	if (!work_compose(a, r->w.inbox, READ_TO, &r->r, &how))
		return how;
	/* in quarantine, as what citizens send: looked at and scanned before it goes */
	if (intake_files(a->op.srv, a->op.arena,
			 &(struct channel_batch){.contacts = &r->uploaded, .n_contacts = 1}, &a->op.err))
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
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
		if (r->uploaded.n_attachments > 0)
			attachments_wake(a->op.srv->attachments);
		CRASH("reply.told");
		return accepted(a, r, "queued");
	}
	return op_bad_state(&a->op);
}
