/*
 * api_ledger.c - nothing is lost, visibly: the ledger, and what could not be read
 */
#include "daemon/api.h"

#include "daemon/intake.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- GET /v1/ledger */

enum read_state { READ_NEW, READ_DONE };

static enum op_status ledger_answer(struct api *a)
{
	int64_t received, placed = 0;
	static const char *const parts[][2] = {
		{ "open", "open" }, { "closed", "closed" }, { "merged", "merged" }, { "spam", "spam" },
		{ "deadLetters", "dead_letters" },
	};
	json_t *j;

	if (pg_failed(&a->op))
		return api_failed(a);
	j = json_object();
	received = pg_get_int(&a->op, 0, 0, "received");
	json_object_set_new(j, "received", json_integer(received));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int64_t n = pg_get_int(&a->op, 0, 0, parts[i][1]);

		json_object_set_new(j, parts[i][0], json_integer(n));
		placed += n;
	}
	json_object_set_new(j, "balanced", json_boolean(placed == received));
	return api_answer(a, 200, j);
}

enum op_status api_ledger_get(struct api *a)
{
	struct pg_unit *u;

	switch ((enum read_state)a->op.state) {
	case READ_NEW:
		u = api_unit(a);
		pg_add(u, SQL_LEDGER);
		pg_text(u, api_query(a, "municipality"));
		return pg_submit(&a->op, READ_DONE, u);
	case READ_DONE:
		return ledger_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/dead-letters */

/* the cursor: time as PostgreSQL writes it, a space less one, and the id */
static bool split_cursor(struct api *a, const char *cursor, const char **at, struct uuid *id)
{
	const char *bar = strchr(cursor, '|');

	*at = bar ? arena_dup(a->op.arena, cursor, (size_t)(bar - cursor)) : NULL;
	return bar && uuid_parse(bar + 1, id);
}

static enum op_status list_ask(struct api *a, int *limit)
{
	const char *cursor, *at = NULL;
	struct uuid id = { 0 };
	struct pg_unit *u;

	if (!api_page(a, limit, &cursor) || (cursor && !split_cursor(a, cursor, &at, &id)))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one of ours.");
	u = api_unit(a);
	pg_add(u, SQL_DEAD_LETTER_LIST);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, api_query(a, "inbox"));
	pg_text(u, api_query(a, "state") ? api_query(a, "state") : "open");
	pg_text(u, at);
	pg_uuid(u, id);
	pg_int(u, *limit + 1);
	return pg_submit(&a->op, READ_DONE, u);
}

static enum op_status list_answer(struct api *a, int limit)
{
	const char *next = NULL;
	json_t *items;
	int n;

	if (pg_failed(&a->op))
		return api_failed(a);
	items = json_array();
	n = pg_rows(&a->op, 0);
	for (int row = 0; row < n && row < limit; row++)
		json_array_append_new(items, rows_object(&a->op, 0, row));
	if (n > limit)
		next = arena_printf(a->op.arena, "%s|%s", pg_get(&a->op, 0, limit - 1, "at"),
		                    pg_get(&a->op, 0, limit - 1, "id"));
	return api_answer(a, 200, api_page_end(a, items, next));
}

enum op_status api_dead_letter_list(struct api *a)
{
	int *limit = a->work;

	switch ((enum read_state)a->op.state) {
	case READ_NEW:
		a->work = limit = arena_new_of(a->op.arena, int);
		return list_ask(a, limit);
	case READ_DONE:
		return list_answer(a, *limit);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/dead-letters/{id}/retry */

enum { RETRY_ARENA_BYTES = 128 * 1024 * 1024 };

struct retry {
	struct intake_post post;
	struct uuid id;
	struct arena *arena;
};

enum retry_state { RETRY_NEW, RETRY_READ, RETRY_STORED, RETRY_SHOW, RETRY_STILL_OPEN };

static void free_arena(void *arena)
{
	arena_free(arena);
}

/* it proved itself when it came: only what did can be a dead letter. The other headers are not kept */
static const char *header_then(const void *ctx, const char *name)
{
	(void)ctx;
	return strcasecmp(name, "X-Loket-Signature") ? NULL : "checked when it came";
}

static struct retry *retry_new(struct api *a)
{
	struct retry *r = arena_new_of(a->op.arena, struct retry);

	r->arena = arena_new(RETRY_ARENA_BYTES);
	arena_on_free(a->op.arena, free_arena, r->arena);
	r->post.world = world_hold(&a->op);
	return a->work = r;
}

static enum op_status retry_ask(struct api *a)
{
	struct pg_unit *u;
	struct retry *r;
	struct uuid id;

	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!world_now(a->op.srv))
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	r = retry_new(a);
	r->id = id;
	u = api_unit(a);
	pg_add(u, SQL_DEAD_LETTER_GET);
	pg_uuid(u, r->id);
	pg_add(u, SQL_DEAD_LETTER_AUDIT);
	pg_uuid(u, r->id);
	pg_text(u, a->who.token_id);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
	return pg_submit(&a->op, RETRY_READ, u);
}

static enum op_status still_open(struct api *a, struct retry *r, const char *why)
{
	struct pg_unit *u = pg_unit(&a->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_DEAD_LETTER_TRIED);
	pg_uuid(u, r->id);
	pg_text(u, why ? why : "unreadable");
	return pg_submit(&a->op, RETRY_STILL_OPEN, u);
}

/* copies what the row holds: the next wait takes it away */
static const struct world_inbox *take_row(struct api *a, struct retry *r)
{
	const struct world_inbox *in = world_inbox(r->post.world, pg_get(&a->op, 0, 0, "inbox"));
	struct bytes body = pg_get_bytes(&a->op, 0, 0, "body");

	r->post.inbox = in;
	r->post.raw = (struct bytes){ (const uint8_t *)arena_dup(r->arena, body.data, body.len), body.len };
	r->post.content_type = arena_str(r->arena, pg_get(&a->op, 0, 0, "content_type"));
	r->post.received_us = pg_get_time(&a->op, 0, 0, "received_at");
	r->post.retry_of = pg_get_uuid(&a->op, 0, 0, "raw");
	return in;
}

static enum op_status retry_read(struct api *a, struct retry *r)
{
	const struct world_inbox *in;
	struct channel_request req;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, 0))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (strcmp(pg_get(&a->op, 0, 0, "state"), "open"))
		return api_problem(a, PROBLEM_STATE, "It was solved before.");
	if (!pg_get(&a->op, 0, 0, "body"))
		return api_rule(a, "rawGone", "The bytes are not kept any longer.");
	in = take_row(a, r);
	if (!in || !in->ops)
		return api_rule(a, "noChannel", "The inbox takes no posts now.");
	req = (struct channel_request){
		.query = "", .body = r->post.raw, .content_type = r->post.content_type, .header = header_then,
		.now_us = now_us(),
	};
	if (in->ops->parse(r->arena, &in->in, &req, &r->post.batch))
		return still_open(a, r, r->post.batch.problem);
	if (r->post.batch.n_unreadable)
		return still_open(a, r, r->post.batch.unreadable[0].why);
	return intake_store(&a->op, RETRY_STORED, &r->post);
}

static enum op_status retry_show(struct api *a, const struct retry *r)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_DEAD_LETTER_SHOW);
	pg_uuid(u, r->id);
	return pg_submit(&a->op, RETRY_SHOW, u);
}

static enum op_status retry_answer(struct api *a)
{
	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, 0))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_answer(a, 200, json_pack("{s:o}", "deadLetter", rows_object(&a->op, 0, 0)));
}

enum op_status api_dead_letter_retry(struct api *a)
{
	struct retry *r = a->work;

	switch ((enum retry_state)a->op.state) {
	case RETRY_NEW:
		return retry_ask(a);
	case RETRY_READ:
		return retry_read(a, r);
	case RETRY_STORED:
		if (a->op.result == INTAKE_UNAVAILABLE)
			return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
		if (a->op.result == INTAKE_FAILED)
			return still_open(a, r, "the database refused what was read from it");
		return retry_show(a, r);
	case RETRY_SHOW:
		return retry_answer(a);
	case RETRY_STILL_OPEN:
		if (pg_failed(&a->op))
			return api_failed(a);
		return api_rule(a, "stillUnreadable", "The bytes can still not be read.");
	}
	return op_bad_state(&a->op);
}
