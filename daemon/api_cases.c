/* api_cases.c - looking for cases, looking at one, and correcting what it is about */
#include "daemon/automatic.h"
#include "daemon/case_read.h"
#include "daemon/dispatch.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <string.h>

/* ---------------------------------------------------------------- GET /v1/cases */

enum { LIST_WORDS_BYTES = 2000 }; /* 500 characters */
enum list_state { LIST_START, LIST_READ };

struct list {
	int limit;
	struct uuid last, party, owner;
	const char *reference, *municipality, *product, *state, *channel;
	const char *address_kind, *address, *words; /* POST only: they stand in no URL */
	int64_t from_us, to_us;
};

static void query_id(struct api *a, const char *key, struct uuid *out)
{
	const char *s = api_query(a, key);

	if (s != NULL && !uuid_parse(s, out))
		api_bad_field(a, key, "must be an id");
}

static void list_check_state(struct api *a, const struct list *l)
{
	if (l->state != NULL && case_state_from(l->state) < 0)
		api_bad_field(a, "state", "must be queued, offered, assigned, triage, scheduled or closed");
}

static void list_read_query(struct api *a, struct list *l)
{
	if (!api_page_id(a, &l->limit, &l->last))
		api_bad_field(a, "cursor", "must be one that was given");
	query_id(a, "party", &l->party);
	query_id(a, "owner", &l->owner);
	api_query_time(a, "from", &l->from_us);
	api_query_time(a, "to", &l->to_us);
	l->reference = api_query(a, "reference");
	l->municipality = api_query(a, "municipality");
	l->product = api_query(a, "product");
	l->state = api_query(a, "state");
	l->channel = api_query(a, "channel");
	list_check_state(a, l);
}

/* one statement per index: a general one would be planned once and scan for all */
static void list_add(struct pg_unit *u, const struct list *l)
{
	if (l->address != NULL) {
		pg_add(u, SQL_CASES_FIND_ADDRESS);
		pg_text(u, l->address);
	} else if (l->words != NULL) {
		pg_add(u, SQL_CASES_FIND_WORDS);
		pg_text(u, l->words);
	} else if (l->reference != NULL) {
		pg_add(u, SQL_CASES_LIST_REFERENCE);
		pg_text(u, l->reference);
	} else if (!uuid_is_nil(l->party)) {
		pg_add(u, SQL_CASES_LIST_PARTY);
		pg_uuid(u, l->party);
	} else if (!uuid_is_nil(l->owner)) {
		pg_add(u, SQL_CASES_LIST_OWNER);
		pg_uuid(u, l->owner);
	} else {
		pg_add(u, SQL_CASES_LIST_ALL);
		pg_null(u);
	}
	pg_uuid(u, l->last);
	pg_text(u, l->municipality);
	pg_text(u, l->product);
	pg_text(u, l->state);
	pg_text(u, l->channel);
	pg_time(u, l->from_us);
	pg_time(u, l->to_us);
	pg_int(u, l->limit + 1);
	pg_uuid(u, l->party);
	pg_uuid(u, l->owner);
	if (l->address != NULL)
		pg_text(u, l->address_kind);
}

static enum op_status list_ask(struct api *a, const struct list *l, const char *kind, const char *id)
{
	struct pg_unit *u = api_unit(a);

	list_add(u, l);
	work_audit_scope(a, u, "case.list", kind, id, l->municipality);
	return pg_submit(&a->op, LIST_READ, u);
}

static enum op_status list_start(struct api *a, struct list *l)
{
	list_read_query(a, l);
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	return list_ask(a, l, uuid_is_nil(l->party) ? "cases" : "party", api_query(a, "party"));
}

enum op_status api_case_list(struct api *a)
{
	struct list *l = a->work;

	switch ((enum list_state)a->op.state) {
	case LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct list);
		return list_start(a, l);
	case LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, l->limit);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/cases/search */

static void body_id(struct api *a, const char *key, struct uuid *out)
{
	const char *s = jsonx_str(a->body, key);

	if (s != NULL)
		uuid_parse(s, out);          /* the contract says that it is an id */
}

static void body_time(struct api *a, const char *key, int64_t *us)
{
	const char *s = jsonx_str(a->body, key);

	if (s != NULL && !when_parse(s, us))
		api_bad_field(a, key, "must be a moment: 2026-11-22T10:00:00Z");
}

static enum op_status search_start(struct api *a, struct list *l)
{
	api_page_body(a, &l->limit, &l->last);
	body_id(a, "party", &l->party);
	body_id(a, "owner", &l->owner);
	body_time(a, "from", &l->from_us);
	body_time(a, "to", &l->to_us);
	work_address(a, &l->address_kind, &l->address);
	l->words = api_text(a, "words", false, LIST_WORDS_BYTES);
	l->reference = api_text(a, "reference", false, 40);
	l->municipality = api_text(a, "municipality", false, 80);
	l->product = api_text(a, "product", false, 80);
	l->state = api_text(a, "state", false, 20);
	l->channel = api_text(a, "channel", false, 40);
	if ((l->address != NULL) + (l->reference != NULL) + (l->words != NULL) > 1)
		api_bad_field(a, "body", "at most one of address, reference and words");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	return list_ask(a, l, l->address != NULL ? "address" : l->words != NULL ? "words" : "cases", NULL);
}

enum op_status api_case_search(struct api *a)
{
	struct list *l = a->work;

	switch ((enum list_state)a->op.state) {
	case LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct list);
		return search_start(a, l);
	case LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, l->limit);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/cases/{id} */

enum get_state { GET_START, GET_READ };

static enum op_status get_read(struct api *a)
{
	struct uuid id, before = { 0 };

	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	query_id(a, "contactsBefore", &before);
	return case_read(a, GET_READ, id, before);
}

static enum op_status get_answer(struct api *a)
{
	json_t *c;

	if (!case_read_end(a, &c))
		return api_failed(a);
	return c != NULL ? api_answer(a, 200, c) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
}

enum op_status api_case_get(struct api *a)
{
	switch ((enum get_state)a->op.state) {
	case GET_START:
		return get_read(a);
	case GET_READ:
		return get_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- PATCH /v1/cases/{id} */

struct patch {
	struct work w;
	const char *product, *language;
	const json_t *option0, *formal;
	const char *why_help;
	int64_t epoch;
};

static const json_t *read_bool(struct api *a, const char *key)
{
	const json_t *v = json_object_get(a->body, key);

	if (v != NULL && !json_is_boolean(v))
		api_bad_field(a, key, "must be true or false");
	return v;
}

static enum op_status patch_start(struct api *a, struct patch *p)
{
	struct pg_unit *u;
	const struct world *world = world_now(a->op.srv);

	p->product = api_text(a, "product", false, 80);
	p->language = api_text(a, "language", false, 3);
	p->option0 = read_bool(a, "option0");
	p->formal = read_bool(a, "formal");
	p->epoch = work_epoch(a);
	if (p->product != NULL && world_product(world, p->product) < 0)
		api_bad_field(a, "product", "no such product");
	u = work_begin(a, &p->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return pg_submit(&a->op, WORK_READ, u);
}

static void flag(struct pg_unit *u, const json_t *v)
{
	if (v == NULL)
		pg_null(u);
	else
		pg_bool(u, json_is_true(v));
}

/* a case on offer is only changed into option 0: anything else waits until the offer ends, since it was made
 * for what the case was */
static enum problem patch_refused(const struct api *a, struct patch *p)
{
	bool only_help = json_is_true(p->option0) && !p->product && !p->language && !p->formal;
	enum case_state was = p->w.state;

	case_next(was, CASE_EV_HELP, &p->why_help);
	if (was == CASE_OFFERED && only_help)
		return work_refused(a, &p->w, p->epoch, CASE_EV_HELP);
	return work_refused(a, &p->w, p->epoch, was == CASE_QUEUED ? (int)CASE_EV_CONTACT : -1);
}

static enum op_status patch_write(struct api *a, struct patch *p)
{
	struct pg_unit *u;
	enum problem refused;

	if (!work_got(a, &p->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	refused = patch_refused(a, p);
	if (refused != PROBLEM_NONE)
		return api_problem(a, refused, NULL);
	u = api_unit(a);
	pg_add(u, SQL_WORK_PATCH);
	work_guard(u, &p->w);
	pg_text(u, p->w.state_word);
	pg_text(u, p->product);
	pg_text(u, p->language);
	flag(u, p->option0);
	flag(u, p->formal);
	pg_text(u, "corrected by people");
	pg_uuid(u, server_uuid(a->op.srv));   /* of a help request */
	pg_int(u, work_norm_s(a->op.srv, &p->w, true));
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, p->why_help);
	pg_add(u, SQL_CASES_GET);
	pg_array(u, PG_TYPE_UUID, 1);
	pg_push_uuid(u, p->w.id.u);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status patch_told(struct api *a, struct patch *p)
{
	json_t *now;

	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	now = rows_object(&a->op, 1, 0);
	if (!strcmp(jsonx_str(now, "state"), case_state_name(CASE_QUEUED)))
		dispatch_waits_anew(a->op.srv, &a->op, 0);
	else
		rows_publish(&a->op, 0);
	if (json_is_true(p->option0))
		automatic_wake(a->op.srv->automatic);
	return api_answer(a, 200, now);
}

enum op_status api_case_patch(struct api *a)
{
	struct patch *p = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = p = arena_new_of(a->op.arena, struct patch);
		return patch_start(a, p);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : patch_write(a, p);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : patch_told(a, p);
	}
	return op_bad_state(&a->op);
}
