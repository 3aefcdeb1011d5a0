/*
 * barrier.h - commits that do not wait for the disk, and one that waits for all of them
 *
 * Where PostgreSQL takes long to flush its log (a slow disk, a synchronous standby), batches of intake commit without
 * waiting for that, and go on to the next. A tiny commit on a connection of its own, which does wait, then makes durable
 * all that was committed before it; only after that is anybody answered or told (P1). So flushing and computing
 * overlap, and many batches share a flush.
 *
 * A crash in between loses what was committed and not answered. That a barrier speaks of the same server, with nothing lost in
 * between, is known by two things: its session began before the batch was sent, and both say when their server started.
 */
#ifndef LOKET_BARRIER_H
#define LOKET_BARRIER_H

#include "daemon/pg.h"

#include <sys/queue.h>

enum {
	BARRIER_SLOW_US = 1000,        /* flushes that take longer, for the quickest quarter of the last ones, are worth it … */
	BARRIER_FAST_US = 700,         /* … until they take less */
	BARRIER_SAMPLES = 9,
	BARRIER_LOOK_MS = 1000,        /* between two looks at how long a flush takes, while there is work */
};

/* one commit that waits to be durable; lives in its operation */
struct barrier_ticket {
	int session;                   /* of PG_BARRIER, when the unit was sent; 0: it commits the usual way */
	char server[40];
	struct op *op;
	TAILQ_ENTRY(barrier_ticket) link;
};

struct barrier *barrier_new(struct server *srv);
struct barrier *barrier_free(struct barrier *b);
/* barrier_begin - will the next unit be committed lazily? Then SQL_BARRIER_LAZY is its first statement, and barrier_wait
 * follows when it has committed */
bool barrier_begin(struct barrier *b, struct barrier_ticket *t);
/* barrier_wait - after the commit; the step continues with op->result 0 when it is durable, < 0 when nobody knows. What
 * the commit brought stays valid */
enum op_status barrier_wait(struct op *op, int next_state, struct barrier_ticket *t);

#endif
