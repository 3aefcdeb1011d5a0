/*
 * api_answer.c - how a step ends: with JSON, with a problem, or with bytes; and with lists in pages
 */
#include "daemon/api.h"

#include "daemon/intake.h"
#include "daemon/mutant.h"
#include "daemon/server.h"
#include "lib/base/b64url.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"
#include "lib/base/when.h"
#include "lib/core/hours.h"
#include "lib/core/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LIMIT = 20, PAGE_MAX = 100 };

enum { ANSWER_STORED = API_STATES + 2 };   /* api.c: API_ANSWER_STORED */

enum op_status api_send(struct api *a, int status, const char *type, struct bytes body,
                        const char *const *headers)
{
	struct http_x *x = a->x;

	a->answer_status = status;
	a->x = NULL;
	if (x)
		http_reply(x, status, type, body, headers);
	return OP_DONE;
}

/* some statuses say in a header what to do next */
static const char *const *problem_headers(int status, char *buf, size_t cap, const char **headers)
{
	int wait_s = status == 503 ? problem_retry_after(PROBLEM_UNAVAILABLE)
	           : status == 429 ? problem_retry_after(PROBLEM_TOO_MANY) : 0;

	if (status == 401)
		snprintf(buf, cap, "WWW-Authenticate: Bearer");
	else if (wait_s > 0)
		snprintf(buf, cap, "Retry-After: %d", wait_s);
	else
		return NULL;
	headers[0] = buf;
	return headers;
}

void api_send_answer(struct api *a)
{
	int status = a->answer_status;
	const char *headers[2] = { NULL, NULL };
	char buf[40];

	if (!a->answer) {
		api_send(a, status, NULL, (struct bytes){ NULL, 0 }, NULL);
		return;
	}
	api_send(a, status, status >= 400 ? "application/problem+json" : "application/json",
	         (struct bytes){ (const uint8_t *)a->answer, strlen(a->answer) },
	         problem_headers(status, buf, sizeof buf, headers));
}

static char *dumped(json_t *json)
{
	/* NULL also for text that is not UTF-8: a mistake of ours */
	char *text = must(json_dumps(json, JSONX_DUMP));

	json_decref(json);
	return text;
}

/* text: malloc, stolen; NULL: an answer without a body */
static enum op_status answer_text(struct api *a, int status, char *text)
{
	a->answer_status = status;
	a->answer = text;
	if (text)
		arena_on_free(a->op.arena, free, text);
	if (a->idem_state == API_IDEM_OURS)
		return api_idem_store(a, ANSWER_STORED);
	api_send_answer(a);
	return OP_DONE;
}

enum op_status api_answer(struct api *a, int status, json_t *json)
{
	return answer_text(a, status, json ? dumped(json) : NULL);
}

enum op_status api_answer_with(struct api *a, int status, json_t *json, const char *key, char *text)
{
	struct wire_text all = {0};
	char *object = dumped(json);

	object[strlen(object) - 1] = '\0';
	wire_add(&all, object);
	wire_add(&all, object[1] ? ",\"" : "\"");
	wire_add(&all, key);
	wire_add(&all, "\":");
	wire_add(&all, text);
	wire_add(&all, "}");
	free(object);
	free(text);
	return answer_text(a, status, all.s);
}

enum op_status api_problem(struct api *a, enum problem p, const char *detail)
{
	return api_answer(a, problem_status(p), problem_json(p, detail, NULL, NULL));
}

enum op_status api_rule(struct api *a, const char *rule, const char *detail)
{
	return api_answer(a, problem_status(PROBLEM_RULE), problem_json(PROBLEM_RULE, detail, NULL, rule));
}

/* ------------------------------------------------------------------ bad fields */

static void decref(void *j)
{
	json_decref(j);
}

void api_bad_field(struct api *a, const char *name, const char *reason)
{
	size_t i;
	json_t *bad;

	if (!a->bad_fields) {
		a->bad_fields = json_array();
		arena_on_free(a->op.arena, decref, a->bad_fields);
	}
	json_array_foreach(a->bad_fields, i, bad)
		if (!strcmp(json_string_value(json_object_get(bad, "name")), name))
			return;
	if (json_array_size(a->bad_fields) < API_MAX_BAD_FIELDS)
		json_array_append_new(a->bad_fields, json_pack("{s:s, s:s}", "name", name, "reason", reason));
}

bool api_has_bad_fields(const struct api *a)
{
	return a->bad_fields != NULL;
}

enum op_status api_invalid(struct api *a)
{
	return api_answer(a, problem_status(PROBLEM_INVALID),
	                  problem_json(PROBLEM_INVALID, NULL, json_incref(a->bad_fields), NULL));
}

enum op_status api_bad_query(struct api *a)
{
	return api_answer(a, problem_status(PROBLEM_BAD_REQUEST),
	                  problem_json(PROBLEM_BAD_REQUEST, NULL, json_incref(a->bad_fields), NULL));
}

void api_query_time(struct api *a, const char *key, int64_t *us)
{
	const char *s = api_query(a, key);
	int64_t day;

	if (when_day(s, &day))
		*us = hours_day_begins(day);
	else if (s && !when_parse(s, us))
		api_bad_field(a, key, "must be an RFC 3339 moment or date");
}

/* ------------------------------------------------------------------ when PostgreSQL says no */

static enum problem problem_of(const struct err *e)
{
	static const struct {
		const char *sqlstate;
		enum problem problem;
	} map[] = {
		{ "23505", PROBLEM_STATE },       /* somebody was first */
		{ "42501", PROBLEM_FORBIDDEN },   /* row level security */
	};

	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		if (!strcmp(e->sqlstate, map[i].sqlstate))
			return map[i].problem;
	return err_is_passing(e) ? PROBLEM_UNAVAILABLE : PROBLEM_INTERNAL;
}

enum op_status api_failed(struct api *a)
{
	const struct pg_reply *r = a->op.pg;
	enum problem p = PROBLEM_UNAVAILABLE;

	if (r->outcome == PG_ERROR)
		p = problem_of(&r->err);
	if (p == PROBLEM_INTERNAL) {
		a->op.err = r->err;
		return OP_FAIL;
	}
	return api_problem(a, p, NULL);
}

/* ------------------------------------------------------------------ units and pages */

struct pg_unit *api_unit(struct api *a)
{
	return pg_unit(&a->op, PG_API, &a->who);
}

void api_audit(struct api *a, struct pg_unit *u, const char *action, const char *municipality,
               const char *object_kind, const char *object_id)
{
	pg_add(u, SQL_API_AUDIT);
	pg_text(u, municipality);
	pg_text(u, a->who.token_id);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, action);
	pg_text(u, object_kind);
	pg_text(u, object_id);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
}

void api_seen(struct api *a, struct pg_unit *u, enum sql statement, struct uuid id, const char *action)
{
	if (MUTANT("no_audit"))
		return;
	pg_add(u, statement);
	pg_uuid(u, id);
	pg_text(u, a->who.token_id);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, action);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
}

void api_ask_began(struct pg_unit *u, const struct intake_post *p)
{
	pg_add(u, SQL_STATUS_BEGAN);
	pg_uuid(u, p->placed[0].contact.u);
	pg_bytea(u, p->raw);
}

bool api_began(const struct op *op, int statement, const struct intake_post *p)
{
	if (!p->placed[0].duplicate)
		return p->placed[0].new_case;
	return pg_rows(op, statement) && pg_get_bool(op, statement, 0, "began");
}

/* a page's size, -1 when it is none */
static int limit_from(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *end || n < 1 || n > PAGE_MAX ? -1 : (int)n;
}

bool api_page(struct api *a, int *limit, const char **cursor)
{
	const char *text = api_query(a, "limit");
	struct bytes inside;

	*limit = text ? limit_from(text) : PAGE_LIMIT;
	text = api_query(a, "cursor");
	*cursor = NULL;
	if (*limit < 0)
		return false;
	if (!text)
		return true;
	if (!b64url_decode(a->op.arena, text, &inside))
		return false;
	*cursor = (const char *)inside.data;
	return true;
}

bool api_page_id(struct api *a, int *limit, struct uuid *last)
{
	const char *cursor;

	return api_page(a, limit, &cursor) && (!cursor || uuid_parse(cursor, last));
}

bool api_page_number(struct api *a, int *limit, int64_t *last)
{
	const char *cursor;
	char *end;
	int64_t n;

	if (!api_page(a, limit, &cursor))
		return false;
	if (!cursor)
		return true;
	n = strtoll(cursor, &end, 10);
	if (*end || n <= 0)
		return false;
	*last = n;
	return true;
}

void api_page_body(struct api *a, int *limit, struct uuid *last)
{
	const char *text = api_text(a, "cursor", false, 1000);
	struct bytes inside;

	*limit = (int)api_int(a, "limit", false, 1, PAGE_MAX);
	if (*limit <= 0)
		*limit = PAGE_LIMIT;
	if (text != NULL && (!b64url_decode(a->op.arena, text, &inside) || !uuid_parse((const char *)inside.data, last)))
		api_bad_field(a, "cursor", "must be one that was given");
}

json_t *api_page_end(struct api *a, json_t *items, const char *next)
{
	json_t *page = json_object();

	json_object_set_new(page, "items", items);
	if (next)
		json_object_set_new(page, "next", json_string(b64url_encode(a->op.arena,
			(struct bytes){ (const uint8_t *)next, strlen(next) })));
	else
		json_object_set_new(page, "next", json_null());
	return page;
}

json_t *api_page_cut(struct api *a, json_t *items, int limit, const char *key)
{
	const char *next = NULL;
	json_t *last;

	if (json_array_size(items) > (size_t)limit) {
		json_array_remove(items, (size_t)limit);
		last = json_object_get(json_array_get(items, (size_t)limit - 1), key);
		next = json_is_integer(last)
			       ? arena_printf(a->op.arena, "%" JSON_INTEGER_FORMAT, json_integer_value(last))
			       : json_string_value(last);
	}
	return api_page_end(a, items, next);
}

/* ------------------------------------------------------------------ reports */

struct api_period api_period(struct api *a, int days, int max_days)
{
	const int64_t day_us = 86400 * WHEN_SECOND_US;
	struct api_period p = {0, now_us()};

	api_query_time(a, "to", &p.to_us);
	p.from_us = p.to_us - days * day_us;
	api_query_time(a, "from", &p.from_us);
	if (p.from_us >= p.to_us || p.to_us - p.from_us > max_days * day_us)
		api_bad_field(a, "from",
		              arena_printf(a->op.arena, "must be before to, and at most %d days", max_days));
	return p;
}

json_t *api_report(struct api_period p, const char *const (*definitions)[2], size_t n)
{
	json_t *j = json_object(), *texts = json_object();

	jsonx_put_time(j, "from", p.from_us);
	jsonx_put_time(j, "to", p.to_us);
	for (size_t i = 0; i < n; i++)
		jsonx_put(texts, definitions[i][0], definitions[i][1]);
	json_object_set_new(j, "definitions", texts);
	return j;
}
