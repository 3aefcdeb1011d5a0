/*
 * api_queue.c - what waits, most urgent first
 *
 * From Redis, which keeps the order and the counts, so that it costs the same with ten or a hundred thousand
 * waiting; PostgreSQL adds the references of one page. Without Redis, or when a channel or product is asked for,
 * PostgreSQL does all of it. There are no personal data in it: no audit.
 */
#include "daemon/api.h"
#include "daemon/queue.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <stdlib.h>
#include <string.h>

enum queue_state { QUEUE_START, QUEUE_GOT_REDIS, QUEUE_GOT_REFERENCES, QUEUE_GOT_POSTGRES };
enum { Q_PAGE, Q_COUNTS, Q_UNSERVED }; /* statements */
enum { R_REFERENCES, R_UNSERVED };     /* with a page of Redis */

struct asked {
	int limit;
	const char *municipality, *channel, *product;   /* NULL: all */
	const char *cursor;
	struct queue_page page;
};

/* {"items", "next", "counts", "waiting", "unserved", "longestWaitSeconds"} */
static enum op_status answer(struct api *a, json_t *items, const char *next, json_t *counts, int64_t waiting,
			     int64_t oldest_us, json_t *unserved)
{
	json_t *body = api_page_end(a, items, next);
	int64_t longest_us = oldest_us ? now_us() - oldest_us : 0;

	json_object_set_new(body, "counts", counts);
	json_object_set_new(body, "waiting", json_integer(waiting));
	json_object_set_new(body, "unserved", unserved);
	json_object_set_new(body, "longestWaitSeconds", json_integer(longest_us > 0 ? longest_us / 1000000 : 0));
	return api_answer(a, 200, body);
}

static json_t *count_json(const char *municipality, const char *channel, const char *product, int64_t n)
{
	return json_pack("{s:s, s:s, s:s, s:I}", "municipality", municipality, "channel", channel, "product", product,
	                 "waiting", (json_int_t)n);
}

/* ---------------------------------------------------------------- from Redis */

static enum op_status ask_redis(struct api *a, struct asked *q)
{
	const struct principal *p = &a->who;

	if (!q->municipality)
		return queue_read(&a->op, QUEUE_GOT_REDIS, p->municipalities, p->n_municipalities, q->cursor, q->limit,
		                  &q->page);
	return queue_read(&a->op, QUEUE_GOT_REDIS, &q->municipality, access_municipality(p, q->municipality), q->cursor,
	                  q->limit, &q->page);
}

static void add_unserved(struct pg_unit *u, const struct asked *q)
{
	pg_add(u, SQL_QUEUE_UNSERVED);
	pg_text(u, q->municipality);
}

static enum op_status ask_references(struct api *a, const struct asked *q)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_QUEUE_REFERENCES);
	pg_array(u, PG_TYPE_UUID, q->page.n_items);
	for (int i = 0; i < q->page.n_items; i++)
		pg_push_uuid(u, q->page.items[i].id.u);
	add_unserved(u, q);
	return pg_submit(&a->op, QUEUE_GOT_REFERENCES, u);
}

static json_t *item_json(const struct queue_item *it)
{
	char id[UUID_TEXT], arrived[WHEN_TEXT], due[WHEN_TEXT];
	int64_t waited_us = now_us() - it->arrived_us;
	json_t *j;

	uuid_format(it->id.u, id);
	when_format(it->arrived_us, arrived);
	when_format(it->due_us, due);
	j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:I}", "id", id, "municipality", it->municipality, "product",
	              it->product, "channel", it->channel, "state", "queued", "option0", it->option0, "arrivedAt", arrived,
	              "dueAt", due, "waitingSeconds", (json_int_t)(waited_us > 0 ? waited_us / 1000000 : 0));
	jsonx_put(j, "language", it->language);
	return j;
}

/* what Redis does not hold; a case that PostgreSQL does not show us any more just left the queue */
static void add_reference(const struct op *op, json_t *item)
{
	const char *id = jsonx_str(item, "id");

	for (int i = 0; i < pg_rows(op, 0); i++)
		if (strcmp(pg_get(op, 0, i, "id"), id) == 0) {
			json_t *row = rows_object(op, 0, i);

			json_object_update(item, row);
			json_decref(row);
			return;
		}
}

static enum op_status answer_from_redis(struct api *a, const struct asked *q, bool with_references)
{
	json_t *items = json_array(), *counts = json_array();

	for (int i = 0; i < q->page.n_items; i++) {
		json_t *item = item_json(&q->page.items[i]);

		if (with_references)
			add_reference(&a->op, item);
		json_array_append_new(items, item);
	}
	for (int i = 0; i < q->page.n_counts; i++) {
		const struct queue_count *c = &q->page.counts[i];

		json_array_append_new(counts, count_json(c->municipality, c->channel, c->product, c->n));
	}
	return answer(a, items, q->page.next, counts, q->page.waiting, q->page.oldest_arrived_us,
		      with_references ? rows_array(&a->op, R_UNSERVED) : json_array());
}

/* ---------------------------------------------------------------- from PostgreSQL */

/* our cursors: "<due in microseconds>,<id>" behind a "p", so that they are told from those of Redis */
static bool read_cursor(const char *cursor, int64_t *due_us, struct uuid *id)
{
	char *end;

	if (!cursor)
		return true;
	if (*cursor != 'p')
		return false;
	*due_us = strtoll(cursor + 1, &end, 10);
	return *end == ',' && uuid_parse(end + 1, id);
}

static void add_filter(struct pg_unit *u, const struct asked *q)
{
	pg_text(u, q->municipality);
	pg_text(u, q->channel);
	pg_text(u, q->product);
}

static enum op_status ask_postgres(struct api *a, const struct asked *q)
{
	struct uuid id = { { 0 } };
	int64_t due_us = 0;
	struct pg_unit *u;

	if (!read_cursor(q->cursor, &due_us, &id))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is no longer good: begin again without it.");
	u = api_unit(a);
	pg_add(u, SQL_QUEUE_PAGE_PG);
	add_filter(u, q);
	pg_time(u, due_us);
	pg_uuid(u, id);
	pg_int(u, q->limit + 1);
	pg_add(u, SQL_QUEUE_COUNTS_PG);
	add_filter(u, q);
	add_unserved(u, q);
	return pg_submit(&a->op, QUEUE_GOT_POSTGRES, u);
}

static enum op_status answer_from_postgres(struct api *a, const struct asked *q)
{
	const struct op *op = &a->op;
	json_t *items = json_array(), *counts = json_array();
	int n = pg_rows(op, Q_PAGE) > q->limit ? q->limit : pg_rows(op, Q_PAGE);
	int64_t waiting = 0, oldest_us = 0;
	const char *next = NULL;

	for (int i = 0; i < n; i++)
		json_array_append_new(items, rows_object(op, Q_PAGE, i));
	if (pg_rows(op, Q_PAGE) > n)
		next = arena_printf(a->op.arena, "p%lld,%s", (long long)pg_get_time(op, Q_PAGE, n - 1, "dueAt"),
		                    pg_get(op, Q_PAGE, n - 1, "id"));
	for (int i = 0; i < pg_rows(op, Q_COUNTS); i++) {
		int64_t one = pg_get_time(op, Q_COUNTS, i, "oldest"), c = pg_get_int(op, Q_COUNTS, i, "waiting");

		json_array_append_new(counts, count_json(pg_get(op, Q_COUNTS, i, "municipality"),
		                                         pg_get(op, Q_COUNTS, i, "channel"),
		                                         pg_get(op, Q_COUNTS, i, "product"), c));
		waiting += c;
		oldest_us = !oldest_us || one < oldest_us ? one : oldest_us;
	}
	return answer(a, items, next, counts, waiting, oldest_us, rows_array(op, Q_UNSERVED));
}

/* ---------------------------------------------------------------- GET /v1/queue */

static enum op_status begin(struct api *a)
{
	struct asked *q = arena_new_of(a->op.arena, struct asked);

	a->work = q;
	if (!api_page(a, &q->limit, &q->cursor))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	q->municipality = api_query(a, "municipality");
	q->channel = api_query(a, "channel");
	q->product = api_query(a, "product");
	if (q->channel || q->product || (q->cursor && *q->cursor == 'p'))
		return ask_postgres(a, q);
	return ask_redis(a, q);
}

static enum op_status got_redis(struct api *a, struct asked *q)
{
	switch ((enum queue_read_result)a->op.result) {
	case QUEUE_READ:
		return q->page.n_items > 0 ? ask_references(a, q) : answer_from_redis(a, q, false);
	case QUEUE_BAD_CURSOR:
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	case QUEUE_UNAVAILABLE:
		break;
	}
	return ask_postgres(a, q);
}

enum op_status api_queue_get(struct api *a)
{
	struct asked *q = a->work;

	switch ((enum queue_state)a->op.state) {
	case QUEUE_START:
		return begin(a);

	case QUEUE_GOT_REDIS:
		return got_redis(a, q);

	case QUEUE_GOT_REFERENCES:               /* without them the page is still good */
		return answer_from_redis(a, q, !pg_failed(&a->op));

	case QUEUE_GOT_POSTGRES:
		return pg_failed(&a->op) ? api_failed(a) : answer_from_postgres(a, q);
	}
	return op_bad_state(&a->op);
}
