/*
 * sweep.c - every few seconds: what was forgotten is found, what is old goes
 *
 * The dispatcher and the queue compare themselves with PostgreSQL; offers whose time is over and agents who
 * vanished are found twice a second anyway (dispatch_lease.c), replies that hang by the outbox.
 */
#include "daemon/sweep.h"

#include "daemon/automatic.h"
#include "daemon/calls.h"
#include "daemon/config.h"
#include "daemon/dispatch.h"
#include "daemon/loop.h"
#include "daemon/mutant.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/queue.h"
#include "daemon/server.h"
#include "daemon/signals.h"
#include "daemon/surveys.h"
#include "daemon/tasks.h"
#include "daemon/receipts.h"
#include "lib/base/must.h"

#include <stdlib.h>

struct sweep {
	struct server *srv;
	struct loop_timer *timer;
	struct op *cleaning;            /* under way, or NULL */
	struct uuid raw_done;           /* raw bodies up to here are forgotten */
	bool ending;                    /* freed when the cleaning under way is done */
};

/* ---------------------------------------------------------------- what is old */

enum clean_state { CLEAN_START, CLEAN_DONE };

struct clean {
	struct op op;
	struct sweep *s;
};

static enum op_status clean_step(struct op *op)
{
	struct sweep *s = ((struct clean *)op)->s;
	const struct config *c = op->srv->config;
	struct pg_unit *u;

	switch ((enum clean_state)op->state) {
	case CLEAN_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_SWEEP_RAW);
		pg_uuid(u, s->raw_done);
		pg_int(u, c->raw_keep_days);
		pg_add(u, SQL_SWEEP_NOTICES);
		pg_int(u, c->notice_keep_days);
		pg_add(u, SQL_SWEEP_OFFERS);
		pg_int(u, c->notice_keep_days);
		pg_add(u, SQL_SWEEP_OUTBOX);
		pg_int(u, c->notice_keep_days);
		pg_add(u, SQL_SWEEP_UNSERVED);
		pg_int(u, c->notice_keep_days);
		pg_add(u, SQL_SWEEP_EVENTS);
		pg_int(u, c->notice_keep_days);
		pg_add(u, SQL_SWEEP_KEYS);
		pg_add(u, SQL_SWEEP_WRAPUPS);
		return pg_submit(op, CLEAN_DONE, u);

	case CLEAN_DONE:
		if (!pg_failed(op) && pg_get(op, 0, 0, "last"))
			s->raw_done = pg_get_uuid(op, 0, 0, "last");
		return op->err.kind == ERR_PG ? OP_FAIL : OP_DONE;
	}
	return op_bad_state(op);
}

static void clean_done(struct op *op, enum op_status how)
{
	struct sweep *s = ((struct clean *)op)->s;

	(void)how;
	s->cleaning = NULL;
	if (s->ending)
		free(s);
}

static void clean(struct sweep *s)
{
	static const struct op_kind kind = {
		.name = "sweep.clean", .step = clean_step, .done = clean_done, .max_arena_bytes = 64 << 10,
	};
	struct clean *c;

	if (s->cleaning)
		return;
	c = (struct clean *)op_new(s->srv, &kind, sizeof(*c));
	c->s = s;
	s->cleaning = &c->op;
	op_start(s->cleaning);
}

/* ---------------------------------------------------------------- every few seconds */

/* what all instances share is swept by the one that dispatches */
static void sweep(void *arg)
{
	struct sweep *s = arg;

	if (s->srv->stopping || MUTANT("no_sweep") || !dispatch_leads(s->srv->dispatch))
		return;
	dispatch_resync(s->srv->dispatch);
	dispatch_learn_mature(s->srv->dispatch);
	queue_sweep(s->srv->queue);
	automatic_wake(s->srv->automatic);
	calls_sweep(s->srv->calls);
	surveys_sweep(s->srv->surveys);
	signals_sweep(s->srv->signals);
	tasks_sweep(s->srv->tasks);
	receipts_sweep(s->srv->receipts);
	clean(s);                       /* a page of each table: 100 raw bodies and 200 notices a second at most */
}

struct sweep *sweep_new(struct server *srv)
{
	struct sweep *s = must(calloc(1, sizeof(*s)));

	s->srv = srv;
	s->timer = loop_timer_new(srv, sweep, s);
	loop_timer_every(s->timer, srv->config->sweep_seconds * 1000);
	return s;
}

struct sweep *sweep_free(struct sweep *s)
{
	if (!s)
		return NULL;
	loop_timer_free(s->timer);
	s->ending = true;
	if (!s->cleaning)
		free(s);
	return NULL;
}
