/*
 * queue_rebuild.c - Redis made to say what PostgreSQL says
 *
 * The rebuild empties the queue, takes a token, copies page by page, and marks the queue whole. Meanwhile changes go
 * on; what leaves is remembered for that time, so that an older page does not bring it back. Who reads a queue that
 * is not whole asks PostgreSQL. Two instances cannot rebuild at once; one that died lets go after ten seconds.
 */
#include "daemon/crash.h"
#include "daemon/queue_lua.h"

#include "daemon/log.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "daemon/stream.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKED_CASES = 100 };

/* ---------------------------------------------------------------- rebuild */

enum rebuild_state { REBUILD_START, REBUILD_EMPTIED, REBUILD_READ, REBUILD_COPIED, REBUILD_FINISHED };

struct rebuild {
	struct op op;
	char token[UUID_TEXT];
	char after_due[48], after_id[UUID_TEXT];    /* of the last case copied */
	int n_page;
	int64_t n;
	bool whole;
};

static int fold_integer(struct op *op, redisReply *reply, void *arg)
{
	(void)op;
	(void)arg;
	return reply != NULL && reply->type == REDIS_REPLY_INTEGER ? (int)reply->integer : 0;
}

static enum op_status run_script(struct rebuild *r, enum rebuild_state next, const char *script, const char *extra)
{
	const char *argv[] = { QUEUE_KEY, r->token, extra };

	return stream_submit(&r->op, next, script, 1, extra != NULL ? 3 : 2, argv, NULL, fold_integer, NULL);
}

static enum op_status read_page(struct rebuild *r)
{
	struct pg_unit *u = pg_unit(&r->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_QUEUE_PAGE);
	pg_text(u, r->after_due);
	pg_text(u, r->after_id);
	pg_int(u, QUEUE_REBUILD_PAGE);
	return pg_submit(&r->op, REBUILD_READ, u);
}

static void add_row(struct queue_args *a, const struct op *op, int row)
{
	queue_args_put(a, &(struct queue_entry){
		.id = pg_get(op, 0, row, "id"), .municipality = pg_get(op, 0, row, "municipality"),
		.channel = pg_get(op, 0, row, "channel"), .product = pg_get(op, 0, row, "product"),
		.language = pg_get(op, 0, row, "language"), .option0 = pg_get_bool(op, 0, row, "option0"),
		.live = pg_get_bool(op, 0, row, "live"), .arrived_us = pg_get_time(op, 0, row, "arrived_at"),
		.due_us = pg_get_time(op, 0, row, "due_at") });
}

static enum op_status copy_page(struct rebuild *r)
{
	struct op *op = &r->op;
	struct queue_args a = { 0 };
	enum op_status waits;
	const char **argv;

	queue_args_add(&a, QUEUE_KEY);
	queue_args_add(&a, r->token);
	r->n_page = pg_rows(op, 0);
	for (int i = 0; i < r->n_page; i++)
		add_row(&a, op, i);
	if (r->n_page > 0) {
		snprintf(r->after_due, sizeof(r->after_due), "%s", pg_get(op, 0, r->n_page - 1, "due_at"));
		snprintf(r->after_id, sizeof(r->after_id), "%s", pg_get(op, 0, r->n_page - 1, "id"));
	}
	r->n += r->n_page;
	argv = queue_args_list(&a);
	waits = stream_submit(op, REBUILD_COPIED, queue_lua_change, 1, a.n, argv, NULL, fold_integer, NULL);
	free(argv);
	queue_args_done(&a);
	return waits;
}

static enum op_status rebuild_step(struct op *op)
{
	struct rebuild *r = (struct rebuild *)op;

	switch ((enum rebuild_state)op->state) {
	case REBUILD_START:
		return run_script(r, REBUILD_EMPTIED, queue_lua_begin, "10");
	case REBUILD_EMPTIED:
		CRASH("rebuild.emptied");
		return op->result == 1 ? read_page(r) : OP_DONE;
	case REBUILD_READ:
		return pg_failed(op) ? OP_FAIL : copy_page(r);
	case REBUILD_COPIED:
		CRASH("rebuild.copied");
		if (op->result != 1 || op->srv->stopping)
			return OP_DONE;          /* a million take longer than we have to stop */
		if (r->n_page == QUEUE_REBUILD_PAGE)
			return read_page(r);
		return run_script(r, REBUILD_FINISHED, queue_lua_finish, NULL);
	case REBUILD_FINISHED:
		CRASH("rebuild.finished");
		r->whole = op->result == 1;
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void rebuild_done(struct op *op, enum op_status how)
{
	struct rebuild *r = (struct rebuild *)op;

	(void)how;
	log_event(LOG_INFO, "queue.rebuilt", "whole=%s n=%lld", r->whole ? "yes" : "no", (long long)r->n);
	queue_rebuilt(op->srv->queue, r->whole);
}

static const struct op_kind rebuild_kind = { "queue.rebuild", rebuild_step, rebuild_done, 1 << 20 };

void queue_rebuild_start(struct server *srv)
{
	struct rebuild *r = (struct rebuild *)op_new(srv, &rebuild_kind, sizeof(*r));

	uuid_format(server_uuid(srv), r->token);
	snprintf(r->after_due, sizeof(r->after_due), "-infinity");
	snprintf(r->after_id, sizeof(r->after_id), "00000000-0000-0000-0000-000000000000");
	op_start(&r->op);
}

/* ---------------------------------------------------------------- check */

enum check_state { CHECK_START, CHECK_COUNTED, CHECK_COMPARED };

struct check {
	struct op op;
	int64_t n;                      /* in PostgreSQL */
	bool known, whole;
	struct queue_difference difference;
};

static int fold_check(struct op *op, redisReply *reply, void *arg)
{
	struct check *c = (struct check *)op;

	(void)arg;
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4)
		return 0;
	c->known = true;
	c->whole = reply->element[0]->integer == 1 || reply->element[3]->integer == 1;
	c->difference.too_many = reply->element[1]->integer - c->n;
	c->difference.missing = reply->element[2]->integer;
	return 1;
}

static enum op_status count_cases(struct op *op)
{
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_QUEUE_SIZE);
	pg_add(u, SQL_QUEUE_FIRST);
	pg_int(u, CHECKED_CASES);
	return pg_submit(op, CHECK_COUNTED, u);
}

static enum op_status compare(struct check *c)
{
	const char *argv[1 + CHECKED_CASES] = { QUEUE_KEY };
	int n = pg_rows(&c->op, 1);

	c->n = pg_get_int(&c->op, 0, 0, "n");
	for (int i = 0; i < n; i++)
		argv[1 + i] = pg_get(&c->op, 1, i, "id");
	return stream_submit(&c->op, CHECK_COMPARED, queue_lua_check, 1, 1 + n, argv, NULL, fold_check, NULL);
}

static enum op_status check_step(struct op *op)
{
	switch ((enum check_state)op->state) {
	case CHECK_START:
		return count_cases(op);
	case CHECK_COUNTED:
		return pg_failed(op) ? OP_FAIL : compare((struct check *)op);
	case CHECK_COMPARED:
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void check_done(struct op *op, enum op_status how)
{
	struct check *c = (struct check *)op;

	(void)how;
	queue_checked(op->srv->queue, c->known, c->whole, c->difference);
}

static const struct op_kind check_kind = { "queue.check", check_step, check_done, 1 << 16 };

void queue_check_start(struct server *srv)
{
	op_start(op_new(srv, &check_kind, sizeof(struct check)));
}
