/*
 * op.h - an operation: what has to wait, as one struct and one step function
 *
 * Three promises:
 *  1. A wait always comes back, exactly once: with an answer, an error, or "lost".
 *  2. A step runs only from the event loop, never inside somebody's callback.
 *  3. An operation is freed in one place (op.c), never while a wait is out. A deadline or a
 *     lost client sets OP_GONE; the memory stays until the wait returns.
 *
 * A step looks at op->state, does one thing, and returns OP_WAIT after starting exactly one
 * wait (each wait function takes the state to continue in), OP_DONE, or OP_FAIL with op->err
 * set. No transaction is open across a wait.
 */
#ifndef LOKET_OP_H
#define LOKET_OP_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <sys/queue.h>

struct server;
struct op;
struct pg_reply;
struct fetch_reply;
struct loop_timer;
struct op_queue;

/* OP_TURN_US: steps run for so long before the loop looks at the kernel again */
enum { OP_TURN_US = 500 };

enum op_status { OP_WAIT, OP_DONE, OP_FAIL };

struct op_kind {
	const char *name;                        /* in logs and metrics: "intake", "api.replies" */
	enum op_status (*step)(struct op *op);
	/* called once after OP_DONE or OP_FAIL, before the arena goes; may be NULL. Answers what is
	 * still unanswered; op->err says why. Must not wait. */
	void (*done)(struct op *op, enum op_status how);
	size_t max_arena_bytes;
};

struct op {
	const struct op_kind *kind;
	struct server *srv;
	struct arena *arena;                     /* owns everything of this operation, and the struct itself */
	int state;                               /* 0 to begin with; named after what has just become true */
	bool first;                              /* others wait for it: once woken it goes before them */
	bool bulk;                               /* no person waits for it: it goes behind all others */
	bool gone;                               /* the client left or the deadline passed: finish early */
	struct err err;
	int64_t started_us;                      /* monotonic */

	/* what the last wait brought; valid until the next wait is started */
	struct pg_reply *pg;                     /* after pg_submit */
	struct fetch_reply *fetched;             /* after fetch_submit */
	int result;                              /* after op_wait: what op_wake gave */

	/* for the wrapped libraries: how to give back what the last wait brought */
	void (*release)(struct op *op);

	/* op.c only */
	bool waiting, queued, asleep;
	bool *busy; /* of op_start_alone */
	struct loop_timer *sleep;
	TAILQ_ENTRY(op) ready_link;
	LIST_ENTRY(op) all_link;
};

/*
 * op_new - an operation with its own arena; size is that of the struct that begins with struct op
 * owner    op.c; it runs its first step from the loop after op_start
 */
struct op *op_new(struct server *srv, const struct op_kind *kind, size_t size);
void op_start(struct op *op);
/* op_start_alone - a new one, of which there is one at a time; *busy, which outlives it, says whether there
 * is: then nothing is started. It is false again when done is called */
void op_start_alone(struct server *srv, const struct op_kind *kind, size_t size, bool *busy);

/* for wrapped libraries, and for one operation that waits on another: */
/* op_wait - begin a wait that op_wake ends; returns OP_WAIT */
enum op_status op_wait(struct op *op, int next_state);
/* op_wait_keep - the same; what the wait before it brought stays valid */
enum op_status op_wait_keep(struct op *op, int next_state);
/* op_wake - end the wait; result lands in op->result. The step runs later, from the loop */
void op_wake(struct op *op, int result);
/* op_yield - let others go first, then go on; what the last wait brought stays valid */
enum op_status op_yield(struct op *op, int next_state);
/* op_sleep - wait ms milliseconds */
enum op_status op_sleep(struct op *op, int next_state, int ms);

/* op_gone - tell an operation that nobody waits for it any more */
void op_gone(struct op *op);
/* op_bad_state - for the end of a step function: a state nobody handles is a mistake of ours */
enum op_status op_bad_state(struct op *op);

/* op_queue_new / op_queue_free - for loop.c; free drops what is still alive without running it */
struct op_queue *op_queue_new(struct server *srv);
struct op_queue *op_queue_free(struct op_queue *q);

/* op_count - operations alive now, for metrics and a clean stop */
int op_count(const struct server *srv);

#endif
