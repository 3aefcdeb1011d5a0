#include "daemon/intake_batch.h"

#include "daemon/config.h"
#include "daemon/mutant.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/core/help.h"
#include "lib/core/texts.h"

#include <stdlib.h>
#include <string.h>

/* one array parameter: push an expression of i for each i below n */
#define COLUMN(u, type, push, n, value) \
	do { \
		pg_array(u, type, n); \
		for (int i = 0; i < (n); i++) \
			push(u, value); \
	} while (0)
#define TEXTS(n, value) COLUMN(u, PG_TYPE_TEXT, pg_push_text, n, value)
#define UUIDS(n, value) COLUMN(u, PG_TYPE_UUID, pg_push_uuid, n, value)
#define TIMES(n, value) COLUMN(u, PG_TYPE_TIME, pg_push_time, n, value)
#define BOOLS(n, value) COLUMN(u, PG_TYPE_BOOL, pg_push_bool, n, value)
#define INTS(n, value) COLUMN(u, PG_TYPE_INT8, pg_push_int, n, value)
#define PLAIN_JSONS(n, value) COLUMN(u, PG_TYPE_JSON, pg_push_text, n, value)
#define JSONS(n, value) COLUMN(u, PG_TYPE_JSONB, pg_push_text, n, value)
#define BYTEAS(n, value) COLUMN(u, PG_TYPE_BYTEA, pg_push_bytes, n, value)

/* columns that are the same for most batches, and columns that most rows have not: a * and a "null" in the statements */
#define SAME(column) \
	do { \
		column; \
		pg_array_same(u); \
	} while (0)
#define SPARSE(column) \
	do { \
		column; \
		pg_array_null(u); \
	} while (0)

/* "option0,formal": SQL has no arrays of arrays; NULL: none */
static const char *flags_text(struct batch *b, unsigned flags)
{
	const char *s = "";

	if (!flags)
		return NULL;
	for (unsigned bit = 1; bit < 1u << N_FLAGS; bit <<= 1)
		if (flags & bit)
			s = arena_printf(b->op.arena, "%s%s%s", s, *s ? "," : "",
			                 contact_flag_name((enum contact_flag)bit));
	return s;
}

static void write_raws(struct batch *b, struct pg_unit *u)
{
	struct batch_post **list = arena_array(b->op.arena, struct batch_post *, (size_t)b->n_raws);
	int n = 0;

	for (int p = 0; p < b->n_posts; p++)
		if (b->posts[p].writes_raw)
			list[n++] = &b->posts[p];
	pg_add(u, SQL_INTAKE_RAW_INSERT);
	UUIDS(n, list[i]->raw);
	SAME(TEXTS(n, list[i]->p->inbox->in.municipality));
	SAME(TEXTS(n, list[i]->p->inbox->in.id));
	TIMES(n, list[i]->p->received_us);
	SAME(TEXTS(n, list[i]->p->content_type ? list[i]->p->content_type : ""));
	SAME(INTS(n, list[i]->n_counted));
	BYTEAS(n, list[i]->p->raw);
}

static int by_party(const void *a, const void *b)
{
	const struct batch_party *const *x = a, *const *y = b;

	return memcmp((*x)->id.u.b, (*y)->id.u.b, sizeof(struct uuid));
}

/* two instances that hear from the same known person at once must not open two cases: one waits for the other and
 * then finds that it has to look again. Somebody new needs no lock: the key of their address does it */
static void lock_openers(struct batch *b, struct pg_unit *u)
{
	struct batch_party **list = b->openers;
	int n = b->n_openers;

	qsort(list, (size_t)n, sizeof *list, by_party);
	pg_add(u, SQL_INTAKE_PARTY_LOCK);
	UUIDS(n, list[i]->id.u);
}

static void check_openers(struct batch *b, struct pg_unit *u)
{
	struct batch_party **list = b->openers;
	int n = b->n_openers;

	pg_add(u, SQL_INTAKE_PARTY_CHECK);
	UUIDS(n, list[i]->id.u);
	INTS(n, list[i]->n_cases_before);
}

static void write_parties(struct batch *b, struct pg_unit *u)
{
	struct batch_party **list = b->parties;
	int n = b->n_parties;

	pg_add(u, SQL_INTAKE_PARTY_INSERT);
	UUIDS(n, list[i]->id.u);
	SAME(TEXTS(n, list[i]->municipality));
	TEXTS(n, list[i]->name);
	SPARSE(TEXTS(n, list[i]->language));
	pg_time(u, b->now_us);
}

static int by_value(const void *a, const void *b)
{
	const struct batch_address *x = *(struct batch_address *const *)a, *y = *(struct batch_address *const *)b;
	int order = strcmp(x->value, y->value);

	return order ? order : strcmp(x->kind, y->kind) ? strcmp(x->kind, y->kind) : strcmp(x->municipality, y->municipality);
}

/* in one order everywhere: two instances that hear from the same new people wait for each other, and not in a ring */
static void write_addresses(struct batch *b, struct pg_unit *u)
{
	struct batch_address **list = arena_array(b->op.arena, struct batch_address *, (size_t)b->n_new_addresses);
	int n = 0;

	for (int i = 0; i < b->n_addresses; i++)
		if (b->addresses[i]->is_new)
			list[n++] = b->addresses[i];
	qsort(list, (size_t)n, sizeof *list, by_value);
	pg_add(u, SQL_INTAKE_ADDRESS_INSERT);
	SAME(TEXTS(n, list[i]->municipality));
	SAME(TEXTS(n, list[i]->kind));
	TEXTS(n, list[i]->value);
	UUIDS(n, list[i]->party->id.u);
	SAME(BOOLS(n, list[i]->proved));
	pg_time(u, b->now_us);
}

/* what it is drawn for; NULL: its municipality draws nothing */
static const char *arm_of(const struct world *w, const struct batch_case *k)
{
	int m = world_municipality(w, k->municipality);

	if (m < 0 || w->policies[m].method == METHOD_FIFO || w->policies[m].control_share <= 0)
		return NULL;
	return route_method_name(route_arm(&w->policies[m], k->id));
}

static void write_cases(struct batch *b, struct pg_unit *u)
{
	const struct world *w = world_now(b->op.srv);
	struct batch_case **list = b->cases;
	int n = b->n_cases;

	pg_add(u, SQL_INTAKE_CASE_INSERT);
	UUIDS(n, list[i]->id.u);
	SAME(TEXTS(n, list[i]->municipality));
	TEXTS(n, list[i]->reference);
	TEXTS(n, list[i]->product);
	UUIDS(n, list[i]->party.u);
	SAME(TEXTS(n, list[i]->inbox));
	SAME(TEXTS(n, list[i]->channel));
	SAME(TEXTS(n, list[i]->language));
	SAME(TEXTS(n, case_state_name(list[i]->state)));
	SPARSE(TEXTS(n, list[i]->outcome == OUTCOME_NONE ? NULL : case_outcome_name(list[i]->outcome)));
	SPARSE(TEXTS(n, flags_text(b, list[i]->flags)));
	SAME(BOOLS(n, list[i]->option0));
	TIMES(n, list[i]->arrived_us);
	TIMES(n, list[i]->due_us);
	TIMES(n, list[i]->last_contact_us);
	SPARSE(TIMES(n, list[i]->closed_us));
	SPARSE(UUIDS(n, list[i]->owner.u));
	SAME(INTS(n, list[i]->epoch));
	SPARSE(TEXTS(n, list[i]->post));
	SPARSE(TEXTS(n, arm_of(w, list[i])));
}

static int by_id(const void *a, const void *b)
{
	const struct batch_case *const *x = a, *const *y = b;

	return memcmp((*x)->id.u.b, (*y)->id.u.b, sizeof(struct uuid));
}

/* most of what comes in adds to cases that somebody has or that wait already. All of a batch or none, so that rows are
 * locked in the order of their ids (which "= any" keeps) */
static bool go_on(const struct batch *b)
{
	for (int i = 0; i < b->n_touched; i++) {
		const struct batch_case *k = b->touched[i];

		if (k->state == CASE_CLOSED || k->state == CASE_SCHEDULED || k->flags || k->now_option0 ||
		    k->reopened || k->back)
			return false;
	}
	return true;
}

static void write_heard(struct batch *b, struct pg_unit *u)
{
	struct batch_case **list = b->touched;
	int n = b->n_touched;

	pg_add(u, SQL_INTAKE_CASE_HEARD);
	UUIDS(n, list[i]->id.u);
	TIMES(n, list[i]->last_contact_us);
	UUIDS(n, list[i]->owner.u);
}

/* in the order of their ids, so that two instances lock them in the same order */
static void write_touched(struct batch *b, struct pg_unit *u)
{
	struct batch_case **list = b->touched;
	int n = b->n_touched;

	qsort(list, (size_t)n, sizeof *list, by_id);
	pg_add(u, SQL_INTAKE_CASE_TOUCH);
	UUIDS(n, list[i]->id.u);
	TIMES(n, list[i]->last_contact_us);
	TEXTS(n, flags_text(b, list[i]->flags));
	BOOLS(n, list[i]->now_option0);
	BOOLS(n, list[i]->wake);
	TIMES(n, list[i]->due_us);
	BOOLS(n, list[i]->reopened || list[i]->back || list[i]->now_option0 || list[i]->state != CASE_QUEUED);
	TEXTS(n, case_state_name(list[i]->wakes_to));
	TIMES(n, list[i]->reopened ? list[i]->arrived_us : list[i]->last_contact_us);
}

static const char *addresses_json(struct batch *b, const struct contact *c)
{
	struct arena *a = b->op.arena;
	const char *s = "[";

	for (int i = 0; i < c->n_from; i++)
		s = arena_join(a, s, i ? "," : "", "{\"kind\":", jsonx_quote(a, c->from[i].kind), ",\"value\":",
		               jsonx_quote(a, c->from[i].value), "}", NULL);
	return arena_join(a, s, "]", NULL);
}

static json_t *attachment_json(const struct contact_attachment *a)
{
	json_t *j = json_object();

	jsonx_put(j, "id", a->id);
	jsonx_put(j, "kind", a->kind);
	jsonx_put(j, "mediaType", a->media_type);
	jsonx_put(j, "name", a->name);
	jsonx_put(j, "sha256", a->sha256);
	jsonx_put(j, "state", a->state);
	if (a->n_bytes >= 0)
		json_object_set_new(j, "bytes", json_integer(a->n_bytes));
	return j;
}

static const char *attachments_json(struct batch *b, const struct contact *c)
{
	json_t *list;
	const char *s;

	if (!c->n_attachments)
		return NULL;
	list = json_array();
	for (int i = 0; i < c->n_attachments; i++)
		json_array_append_new(list, attachment_json(&c->attachments[i]));
	s = jsonx_dump(b->op.arena, list, NULL);
	json_decref(list);
	return s;
}

static const char *fields_json(struct batch *b, const struct contact *c)
{
	return c->fields ? jsonx_dump(b->op.arena, c->fields, NULL) : NULL;
}

static struct uuid party_id(const struct batch_item *it)
{
	return it->party ? it->party->id.u : (struct uuid){ 0 };
}

static struct uuid case_id(const struct batch_item *it)
{
	return it->where ? it->where->id.u : (struct uuid){ 0 };
}

static void write_contacts(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->contacts;
	int n = b->n_contacts;

	pg_add(u, SQL_INTAKE_CONTACT_INSERT);
	UUIDS(n, list[i]->id.u);
	SAME(TEXTS(n, list[i]->post->p->inbox->in.municipality));
	SAME(TEXTS(n, list[i]->post->p->inbox->in.id));
	SAME(TEXTS(n, list[i]->post->p->inbox->in.channel));
	SAME(TEXTS(n, list[i]->c->direction == DIRECTION_IN ? "in" : "out"));
	SAME(TEXTS(n, list[i]->c->visibility == VISIBILITY_PUBLIC ? "public" : "private"));
	SAME(TEXTS(n, contact_kind_name(list[i]->c->kind)));
	TEXTS(n, list[i]->c->provider_id);
	TIMES(n, list[i]->c->provider_time_us);
	TIMES(n, list[i]->post->p->received_us);
	UUIDS(n, case_id(list[i]));
	UUIDS(n, party_id(list[i]));
	TEXTS(n, list[i]->c->name);
	JSONS(n, addresses_json(b, list[i]->c));
	SPARSE(TEXTS(n, list[i]->c->reply_to));
	SPARSE(TEXTS(n, list[i]->c->language));
	TEXTS(n, list[i]->c->text);
	SPARSE(JSONS(n, attachments_json(b, list[i]->c)));
	SPARSE(JSONS(n, fields_json(b, list[i]->c)));
	SPARSE(TEXTS(n, flags_text(b, list[i]->c->flags)));
	SPARSE(UUIDS(n, list[i]->post->p->by.u));
	UUIDS(n, list[i]->post->raw);
}

struct attachment_row {
	const struct batch_item *it;
	const struct contact_attachment *a;
};

static struct uuid attachment_id(const struct contact_attachment *a)
{
	struct uuid id = { 0 };

	uuid_parse(a->id, &id);
	return id;
}

struct call_row {
	const struct intake_post *p;
	const struct call_event *e;
};

/* also of a call that was here already: every post tells one more thing about it */
static void write_calls(struct batch *b, struct pg_unit *u)
{
	struct call_row *list = arena_array(b->op.arena, struct call_row, (size_t)b->n_calls);
	int n = 0;

	for (int p = 0; p < b->n_posts; p++)
		for (int i = 0; i < b->posts[p].p->batch.n_calls; i++)
			list[n++] = (struct call_row){ b->posts[p].p, &b->posts[p].p->batch.calls[i] };
	pg_add(u, SQL_INTAKE_CALL_EVENT_INSERT);
	UUIDS(n, list[i].p->placed[0].contact.u);
	TEXTS(n, list[i].e->event_id);
	TEXTS(n, list[i].p->inbox->in.municipality);
	TEXTS(n, call_event_kind_name(list[i].e->kind));
	TIMES(n, list[i].e->at_us);
	TIMES(n, list[i].p->received_us);
	TEXTS(n, list[i].e->key);
	TEXTS(n, list[i].e->agent);
	TEXTS(n, list[i].e->reason);
}

static void write_attachments(struct batch *b, struct pg_unit *u)
{
	struct attachment_row *list = arena_array(b->op.arena, struct attachment_row, (size_t)b->n_attachments);
	int n = 0;

	for (int c = 0; c < b->n_contacts; c++)
		for (int i = 0; i < b->contacts[c]->c->n_attachments; i++)
			list[n++] = (struct attachment_row){ b->contacts[c], &b->contacts[c]->c->attachments[i] };
	pg_add(u, SQL_INTAKE_ATTACHMENT_INSERT);
	UUIDS(n, attachment_id(list[i].a));
	TEXTS(n, list[i].it->post->p->inbox->in.municipality);
	UUIDS(n, list[i].it->id.u);
	TEXTS(n, list[i].it->post->p->inbox->in.id);
	TEXTS(n, list[i].a->provider_ref);
	TEXTS(n, list[i].a->kind);
	TEXTS(n, list[i].a->media_type);
	TEXTS(n, list[i].a->name);
	INTS(n, list[i].a->n_bytes);
	TEXTS(n, list[i].a->provider_ref ? NULL : list[i].a->sha256);   /* of a provider's only what we find ourselves */
	TEXTS(n, list[i].a->state);
}

static void write_changes(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->changes;
	int n = b->n_changes;

	pg_add(u, SQL_INTAKE_CONTACT_CHANGE);
	TEXTS(n, list[i]->about->inbox);
	TEXTS(n, list[i]->about->provider_id);
	TEXTS(n, list[i]->c->direction == DIRECTION_IN ? "in" : "out");
	BOOLS(n, list[i]->c->kind == KIND_DELETE);
}

static void write_webcare(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->webcare;
	int n = b->n_webcare;

	pg_add(u, SQL_INTAKE_POST_INSERT);
	UUIDS(n, list[i]->id.u);
}

static void write_platforms(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->platforms;
	int n = b->n_platforms;

	pg_add(u, SQL_INTAKE_PLATFORM_INSERT);
	TEXTS(n, list[i]->twin->municipality);
	TEXTS(n, list[i]->twin->channel);
	TEXTS(n, list[i]->twin->platform_id);
	UUIDS(n, list[i]->id.u);
}

static const struct batch_message *what_it_changes(const struct batch_item *it)
{
	return it->c->kind == KIND_EDIT || it->c->kind == KIND_DELETE ? it->about : NULL;
}

static void write_public_changes(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->public;
	int n = b->n_public;

	pg_add(u, SQL_INTAKE_POST_CHANGE);
	TEXTS(n, list[i]->post->p->inbox->in.id);
	TEXTS(n, what_it_changes(list[i]) ? what_it_changes(list[i])->provider_id : list[i]->c->provider_id);
}

static void write_automatic(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->asked;
	int n = b->n_asked;

	pg_add(u, SQL_INTAKE_AUTOMATIC);
	UUIDS(n, server_uuid(b->op.srv));
	UUIDS(n, case_id(list[i]));
	pg_time(u, b->now_us);
	TEXTS(n, list[i]->keys);
	TEXTS(n, list[i]->key);
	UUIDS(n, list[i]->id.u);
	BOOLS(n, list[i]->answered);
}

static void write_preferences(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->answers;
	int n = b->n_answers;

	pg_add(u, SQL_INTAKE_PREFERENCE);
	UUIDS(n, list[i]->id.u);
	TEXTS(n, texts_preference(list[i]->c->text));
	UUIDS(n, server_uuid(b->op.srv));
	pg_time(u, b->now_us);
}

static void write_dead_letters(struct batch *b, struct pg_unit *u)
{
	struct batch_dead_letter *list = b->dead_letters;
	int n = b->n_dead_letters;

	pg_add(u, SQL_INTAKE_DEAD_LETTER_INSERT);
	UUIDS(n, list[i].id);
	TEXTS(n, list[i].post->p->inbox->in.municipality);
	TEXTS(n, list[i].post->p->inbox->in.id);
	UUIDS(n, list[i].post->raw);
	TIMES(n, list[i].post->p->received_us);
	TEXTS(n, list[i].why);
	BYTEAS(n, batch_digest(list[i].post));
}

/* ---------------------------------------------------------------- reports on messages of ours */

struct report_row {
	const struct world_inbox *inbox;
	const struct delivery_report *r;
};

/* the id we gave along, when it is one of ours */
static struct uuid our_id(const struct delivery_report *r)
{
	struct uuid id = { 0 };

	if (r->our_id && !uuid_parse(r->our_id, &id))
		id = (struct uuid){ 0 };
	return id;
}

/* those on one message, or those on all until a moment */
static struct report_row *reports_of(struct batch *b, bool until, int n)
{
	struct report_row *list = arena_array(b->op.arena, struct report_row, (size_t)n), *end = list;

	for (int p = 0; p < b->n_posts; p++) {
		const struct intake_post *post = b->posts[p].p;

		for (int i = 0; i < post->batch.n_reports; i++)
			if (!post->batch.reports[i].provider_id == until)
				*end++ = (struct report_row){ post->inbox, &post->batch.reports[i] };
	}
	return list;
}

static void write_reports(struct batch *b, struct pg_unit *u)
{
	int n = b->n_reports;
	struct report_row *list = reports_of(b, false, n);

	pg_add(u, SQL_INTAKE_REPORT_INSERT);
	TEXTS(n, list[i].inbox->in.id);
	TEXTS(n, list[i].r->provider_id);
	TEXTS(n, delivery_name(list[i].r->status));
	TEXTS(n, list[i].inbox->in.municipality);
	TIMES(n, list[i].r->at_us ? list[i].r->at_us : b->now_us);
	UUIDS(n, our_id(list[i].r));
	JSONS(n, list[i].r->error ? jsonx_dump(b->op.arena, list[i].r->error, NULL) : NULL);
}

/* the states that may become to, by comma; the empty one before it is a message without a state */
static const char *may_become(struct batch *b, enum delivery to)
{
	const char *s = "";

	for (int from = DELIVERY_NONE + 1; from < N_DELIVERIES; from++)
		if (delivery_moves((enum delivery)from, to))
			s = arena_printf(b->op.arena, "%s,%s", s, delivery_name((enum delivery)from));
	return s;
}

static const char *error_text(const struct batch_delivery *d)
{
	const char *s = d->last->error ? jsonx_str(d->last->error, "title") : NULL;

	return d->status != DELIVERY_FAILED ? NULL : s ? s : "refused by the provider";
}

static void write_deliveries(struct batch *b, struct pg_unit *u)
{
	struct batch_delivery **list = b->deliveries;
	int n = b->n_deliveries;

	pg_add(u, SQL_INTAKE_DELIVERY);
	TEXTS(n, list[i]->inbox->in.id);
	TEXTS(n, list[i]->last->provider_id);
	UUIDS(n, our_id(list[i]->last));
	TEXTS(n, delivery_name(list[i]->status));
	TIMES(n, list[i]->last->at_us ? list[i]->last->at_us : b->now_us);
	TEXTS(n, error_text(list[i]));
	TEXTS(n, may_become(b, list[i]->status));
	pg_time(u, b->now_us);
}

static void write_untils(struct batch *b, struct pg_unit *u)
{
	int n = b->n_untils;
	struct report_row *list = reports_of(b, true, n);

	pg_add(u, SQL_INTAKE_DELIVERY_UNTIL);
	TEXTS(n, list[i].inbox->in.id);
	TEXTS(n, list[i].inbox->in.municipality);
	TEXTS(n, list[i].r->until_to.kind);
	TEXTS(n, list[i].r->until_to.value);
	TEXTS(n, delivery_name(list[i].r->status));
	TIMES(n, list[i].r->at_us);
	TEXTS(n, may_become(b, list[i].r->status));
	pg_time(u, b->now_us);
}

static void write_opts(struct batch *b, struct pg_unit *u)
{
	struct batch_opt *list = b->opts;
	int n = b->n_opts;

	pg_add(u, SQL_INTAKE_OPT);
	TEXTS(n, list[i].inbox->in.municipality);
	TEXTS(n, list[i].inbox->in.channel);
	TEXTS(n, list[i].address->kind);
	TEXTS(n, list[i].address->value);
	BOOLS(n, list[i].out);
	pg_time(u, b->now_us);
}

/* ---------------------------------------------------------------- option 0 */

static enum help_asked_by asked_by(const struct batch_item *it)
{
	return help_asked_by(it->c, it->post->p->inbox->in.channel, it->placed->zero_in_words,
			     !uuid_is_nil(it->post->p->by.u));
}

static const char *why_help(enum case_state was)
{
	const char *why = NULL;

	case_next(was, CASE_EV_HELP, &why);
	return why;
}

static void write_zeros(struct batch *b, struct pg_unit *u)
{
	struct batch_case **list = arena_array(b->op.arena, struct batch_case *, (size_t)b->n_touched);
	int n = 0;

	for (int i = 0; i < b->n_touched; i++)
		if (b->touched[i]->now_option0 && !MUTANT("option0_stays"))
			list[n++] = b->touched[i];
	UUIDS(n, list[i]->id.u);
	pg_text(u, why_help(CASE_ASSIGNED));
	pg_text(u, why_help(CASE_OFFERED));
	pg_text(u, why_help(CASE_QUEUED));
}

static void write_helps(struct batch *b, struct pg_unit *u)
{
	struct batch_item **list = b->helps;
	struct arena *a = b->op.arena;
	int n = b->n_helps;

	pg_add(u, SQL_INTAKE_HELP_INSERT);
	UUIDS(n, server_uuid(b->op.srv));
	UUIDS(n, list[i]->where->id.u);
	UUIDS(n, list[i]->party ? list[i]->party->id.u : list[i]->where->party.u);
	TEXTS(n, list[i]->c->product);
	TEXTS(n, help_page(a, jsonx_str(list[i]->c->fields, "page")));
	TEXTS(n, help_step(a, jsonx_str(list[i]->c->fields, "step")));
	TEXTS(n, list[i]->c->language);
	TEXTS(n, help_asked_by_name(asked_by(list[i])));
	TEXTS(n, help_preference(list[i]->c));
	TIMES(n, list[i]->post->p->received_us);
	TEXTS(n, list[i]->promised);
	UUIDS(n, server_uuid(b->op.srv));
	write_zeros(b, u);
}

/* ---------------------------------------------------------------- all of it */

static void write_solved(struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_DEAD_LETTER_SOLVE);
	pg_uuid(u, b->posts[0].raw);   /* who tries again goes alone */
	pg_int(u, b->posts[0].n_counted);
}

/* new, or seen to be theirs still by intake_case_heard */
static bool owners_known(const struct batch *b)
{
	for (int i = 0; i < b->n_notices; i++)
		if (!b->notices[i].about->is_new && !b->notices[i].about->touched)
			return false;
	return go_on(b);
}

static void write_notices(struct batch *b, struct pg_unit *u)
{
	struct batch_notice *list = b->notices;
	int n = b->n_notices;
	bool known = owners_known(b);

	pg_add(u, known ? SQL_INTAKE_NOTICE_KNOWN : SQL_INTAKE_NOTICE_INSERT);
	pg_time(u, b->now_us);
	SAME(TEXTS(n, list[i].about->municipality));
	SAME(TEXTS(n, notice_name(list[i].kind)));
	UUIDS(n, list[i].about->id.u);
	SPARSE(UUIDS(n, list[i].about->owner.u));
	if (!known)
		SAME(BOOLS(n, !list[i].about->is_new));
	PLAIN_JSONS(n, list[i].payload);
}

static struct pg_unit *begin_write(struct batch *b)
{
	struct pg_unit *u = batch_unit(b);

	if (barrier_begin(b->op.srv->barrier, &b->ticket))
		pg_add(u, SQL_BARRIER_LAZY);
	return u;
}

/* all of it is here already; but what is there may have been committed lazily, also by another instance */
static struct pg_unit *make_durable(struct batch *b)
{
	struct pg_unit *u;

	if (!b->n_items || !strcmp(b->op.srv->config->commit_barrier, "off"))
		return NULL;
	u = batch_unit(b);
	pg_add(u, SQL_BARRIER_COMMIT);
	return u;
}

struct pg_unit *batch_write(struct batch *b)
{
	bool goes_on = go_on(b);
	const struct part {
		int n;
		void (*write)(struct batch *b, struct pg_unit *u);
		int *at;
	} parts[] = {
		{b->n_openers, lock_openers, NULL},
		{b->n_openers, check_openers, NULL},
		{b->n_raws, write_raws, NULL},
		{b->n_parties, write_parties, NULL},
		{b->n_new_addresses, write_addresses, NULL},
		{b->n_cases, write_cases, NULL},
		{goes_on ? b->n_touched : 0, write_heard, NULL},
		{goes_on ? 0 : b->n_touched, write_touched, &b->q_touched},
		{b->n_contacts, write_contacts, NULL},
		{b->n_calls, write_calls, NULL},
		{b->n_helps + b->n_zeros, write_helps, &b->q_helps},
		{b->n_attachments, write_attachments, NULL},
		{b->n_changes, write_changes, NULL},
		{b->n_webcare, write_webcare, NULL},
		{b->n_platforms, write_platforms, NULL},
		{b->n_public, write_public_changes, NULL},
		{b->n_asked, write_automatic, NULL},
		{b->n_answers, write_preferences, NULL},
		{b->n_reports, write_reports, NULL},
		{b->n_deliveries, write_deliveries, &b->q_delivered},
		{b->n_untils, write_untils, &b->q_until},
		{b->n_dead_letters, write_dead_letters, NULL},
		{b->n_opts, write_opts, NULL},
		{b->n_retries, write_solved, NULL},
		{b->n_notices, write_notices, &b->q_notices},
	};
	struct pg_unit *u = NULL;
	int at = 0;

	b->ticket.session = 0;
	b->q_touched = b->q_helps = b->q_delivered = b->q_until = b->q_notices = -1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!parts[i].n)
			continue;
		if (!u) {
			u = begin_write(b);
			at = b->ticket.session != 0;
		}
		parts[i].write(b, u);
		if (parts[i].at)
			*parts[i].at = at;
		at++;
	}
	return u ? u : make_durable(b);
}
