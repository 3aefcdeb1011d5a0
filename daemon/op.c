/* op.c - runs the steps of operations from the loop, and frees them in one place */
#include "daemon/op.h"

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "lib/base/must.h"

#include <assert.h>
#include <stdlib.h>

TAILQ_HEAD(op_ready, op);
LIST_HEAD(op_all, op);

/* what is ready, in the order in which it runs: others wait for it; woken; just started; the same of what is bulk */
enum { READY_FIRST, READY_WOKEN, READY_FRESH, READY_BULK_WOKEN, READY_BULK_FRESH, N_READY };

struct op_queue {
	struct server *srv;
	struct op_ready ready[N_READY];
	struct op_all all;
	int count;
	bool running;
	struct loop_timer *turn;
};

/* ---------------------------------------------------------------- the end of an operation */

static void release(struct op *op)
{
	if (op->release != NULL)
		op->release(op);
	op->release = NULL;
	op->pg = NULL;
	op->fetched = NULL;
}

/* the one place where an operation is freed */
static void op_free(struct op_queue *q, struct op *op)
{
	release(op);
	loop_timer_free(op->sleep);
	LIST_REMOVE(op, all_link);
	q->count--;
	metric_set(M_OPS, q->count);
	arena_free(op->arena);
}

static void log_failure(const struct op *op)
{
	log_event(LOG_WARNING, "op.failed", "op=%s state=%d kind=%d sqlstate=%s ms=%lld why=\"%s\"", op->kind->name,
	          op->state, (int)op->err.kind, op->err.sqlstate[0] != '\0' ? op->err.sqlstate : "-",
	          (long long)((mono_us() - op->started_us) / 1000), op->err.text);
}

static void run_step(struct op_queue *q, struct op *op)
{
	enum op_status how = op->kind->step(op);

	if (how == OP_WAIT) {
		assert(op->waiting || op->queued);   /* it must have started a wait, or it would never end */
		return;
	}
	assert(!op->waiting && !op->queued);
	if (how == OP_FAIL)
		log_failure(op);
	if (op->busy != NULL)
		*op->busy = false;
	if (op->kind->done != NULL)
		op->kind->done(op, how);
	assert(!op->waiting && !op->queued);
	op_free(q, op);
}

/* ---------------------------------------------------------------- the ready list */

static struct op_ready *list_to_run(struct op_queue *q)
{
	for (int i = 0; i < N_READY; i++)
		if (!TAILQ_EMPTY(&q->ready[i]))
			return &q->ready[i];
	return NULL;
}

static void run_one(struct op_queue *q, struct op_ready *list)
{
	struct op *op = TAILQ_FIRST(list);

	TAILQ_REMOVE(list, op, ready_link);
	op->queued = false;
	run_step(q, op);
}

/*
 * What others wait for goes before what is under way, that before what is new, people before what is bulk, and after
 * OP_TURN_US the kernel is heard again: an answer of PostgreSQL that a whole batch waits for must not queue behind the
 * parsing of the next posts, nor an agent's click. One of each kind runs in every turn, so that nothing starves.
 */
static void run_ready(void *arg)
{
	struct op_queue *q = arg;
	int64_t end = mono_us() + OP_TURN_US;
	struct op_ready *list;

	q->running = true;
	for (int i = 0; i < N_READY; i++)
		if (!TAILQ_EMPTY(&q->ready[i]))
			run_one(q, &q->ready[i]);
	while ((list = list_to_run(q)) != NULL && mono_us() < end)
		run_one(q, list);
	q->running = false;
	if (list != NULL)
		loop_timer_once(q->turn, 0);
}

static void make_ready(struct op *op, int list)
{
	struct op_queue *q = op->srv->ops;

	if (list_to_run(q) == NULL && !q->running)
		loop_timer_soon(q->turn);
	op->queued = true;
	TAILQ_INSERT_TAIL(&q->ready[list], op, ready_link);
}

struct op *op_new(struct server *srv, const struct op_kind *kind, size_t size)
{
	struct arena *a = arena_new(kind->max_arena_bytes);
	struct op *op = arena_alloc(a, size);

	assert(size >= sizeof(*op));
	op->kind = kind;
	op->srv = srv;
	op->arena = a;
	op->started_us = mono_us();
	LIST_INSERT_HEAD(&srv->ops->all, op, all_link);
	metric_set(M_OPS, ++srv->ops->count);
	return op;
}

void op_start(struct op *op)
{
	assert(!op->waiting && !op->queued);
	make_ready(op, op->bulk ? READY_BULK_FRESH : READY_FRESH);
}

void op_start_alone(struct server *srv, const struct op_kind *kind, size_t size, bool *busy)
{
	struct op *op;

	if (*busy)
		return;
	op = op_new(srv, kind, size);
	op->busy = busy;
	*busy = true;
	op_start(op);
}

/* ---------------------------------------------------------------- waiting */

enum op_status op_wait_keep(struct op *op, int next_state)
{
	assert(!op->waiting && !op->queued);         /* one wait at a time */
	op->state = next_state;
	op->waiting = true;
	return OP_WAIT;
}

enum op_status op_wait(struct op *op, int next_state)
{
	release(op);
	return op_wait_keep(op, next_state);
}

void op_wake(struct op *op, int result)
{
	assert(op->waiting && !op->queued);          /* exactly once */
	op->waiting = false;
	op->result = result;
	make_ready(op, op->first ? READY_FIRST : op->bulk ? READY_BULK_WOKEN : READY_WOKEN);
}

enum op_status op_yield(struct op *op, int next_state)
{
	assert(!op->waiting && !op->queued);
	op->state = next_state;
	make_ready(op, op->bulk ? READY_BULK_WOKEN : READY_WOKEN);
	return OP_WAIT;
}

static void sleep_over(void *arg)
{
	struct op *op = arg;

	op->asleep = false;
	op_wake(op, 0);
}

enum op_status op_sleep(struct op *op, int next_state, int ms)
{
	if (op->sleep == NULL)
		op->sleep = loop_timer_new(op->srv, sleep_over, op);
	op_wait(op, next_state);
	op->asleep = true;
	loop_timer_once(op->sleep, op->gone ? 0 : ms);
	return OP_WAIT;
}

void op_gone(struct op *op)
{
	op->gone = true;
	if (op->asleep)
		loop_timer_once(op->sleep, 0);
}

enum op_status op_bad_state(struct op *op)
{
	log_event(LOG_ERROR, "op.bad_state", "op=%s state=%d", op->kind->name, op->state);
	assert(!"a state that no step handles");
	err_set(&op->err, ERR_NONE, "state %d is not handled", op->state);
	return OP_FAIL;
}

/* ---------------------------------------------------------------- all of them */

struct op_queue *op_queue_new(struct server *srv)
{
	struct op_queue *q = must(calloc(1, sizeof(*q)));

	q->srv = srv;
	for (int i = 0; i < N_READY; i++)
		TAILQ_INIT(&q->ready[i]);
	LIST_INIT(&q->all);
	q->turn = loop_timer_new(srv, run_ready, q);
	return q;
}

struct op_queue *op_queue_free(struct op_queue *q)
{
	if (q == NULL)
		return NULL;
	while (!LIST_EMPTY(&q->all)) {
		struct op *op = LIST_FIRST(&q->all);

		log_event(LOG_NOTICE, "op.dropped", "op=%s state=%d n=%d", op->kind->name, op->state, q->count);
		op_free(q, op);
	}
	loop_timer_free(q->turn);
	free(q);
	return NULL;
}

int op_count(const struct server *srv)
{
	return srv->ops->count;
}
