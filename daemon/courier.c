/*
 * courier.c - when to claim, how much at once, and every few seconds what was lost; see courier.h
 *
 * A timer looks again when the next is due, and every SWEEP_MS for what was lost.
 */
#include "daemon/courier.h"

#include "daemon/crash.h"
#include "daemon/loop.h"
#include "daemon/server.h"
#include "lib/base/must.h"

#include <stdlib.h>

enum {
	SWEEP_MS = 5000,
	RETRY_MS = 1000, /* after a claim that did not come back */
	ARENA_BYTES = 4 << 20,
};

struct courier {
	struct server *srv;
	const struct courier_kind *kind;
	struct op_kind claim, find;
	struct loop_timer *due, *sweep;
	bool claiming, again, sweeping;
	int n_held;
	struct uuid held[COURIER_MAX]; /* the first n_held */
};

struct looking {
	struct op op;
	struct courier *courier;
};

static int room(const struct courier *c)
{
	int n = c->kind->most(c->srv);

	return (n < 1 ? 1 : n > COURIER_MAX ? COURIER_MAX : n) - c->n_held;
}

static void start(struct courier *c, const struct op_kind *kind)
{
	struct looking *l = (struct looking *)op_new(c->srv, kind, sizeof(*l));

	l->courier = c;
	op_start(&l->op);
}

/* ---------------------------------------------------------------- claiming */

enum { LOOK_START, LOOK_DONE };

static void look_again_in(struct courier *c, int64_t ms)
{
	if (!c->srv->stopping)
		loop_timer_once(c->due, ms < RETRY_MS ? RETRY_MS : ms > SWEEP_MS ? SWEEP_MS : (int)ms);
}

static enum op_status claim_submit(struct op *op)
{
	struct courier *c = ((struct looking *)op)->courier;
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	c->kind->claim(u, op->srv, room(c));
	pg_submit(op, LOOK_DONE, u);
	CRASH("claim.written");
	return OP_WAIT;
}

static enum op_status claim_done(struct op *op)
{
	struct courier *c = ((struct looking *)op)->courier;
	int64_t next_ms = RETRY_MS;

	if (!pg_failed(op))
		next_ms = c->kind->claimed(op, c);
	if (next_ms >= 0)
		look_again_in(c, next_ms);
	return OP_DONE;
}

static enum op_status claim_step(struct op *op)
{
	switch (op->state) {
	case LOOK_START:
		return claim_submit(op);
	case LOOK_DONE:
		return claim_done(op);
	}
	return op_bad_state(op);
}

static void claim_over(struct op *op, enum op_status how)
{
	struct courier *c = ((struct looking *)op)->courier;

	(void)how;
	c->claiming = false;
	if (c->again)
		courier_wake(c);
}

void courier_wake(struct courier *c)
{
	c->again = c->claiming;
	if (c->claiming || c->srv->stopping || !c->srv->world || room(c) < 1)
		return;
	c->claiming = true;
	start(c, &c->claim);
}

void courier_take(struct courier *c, struct uuid id)
{
	if (c->n_held == COURIER_MAX) /* a claim took more than it was given room for */
		abort();
	c->held[c->n_held++] = id;
}

void courier_back(struct courier *c, struct uuid id)
{
	for (int i = 0; i < c->n_held; i++)
		if (uuid_same(c->held[i], id)) {
			c->held[i] = c->held[--c->n_held];
			break;
		}
	courier_wake(c);
}

void courier_add_held(struct pg_unit *u, const struct courier *c)
{
	pg_array(u, PG_TYPE_UUID, c->n_held);
	for (int i = 0; i < c->n_held; i++)
		pg_push_uuid(u, c->held[i]);
}

/* ---------------------------------------------------------------- the sweep */

static enum op_status sweep_step(struct op *op)
{
	const struct courier *c = ((struct looking *)op)->courier;
	struct pg_unit *u;

	switch (op->state) {
	case LOOK_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		c->kind->sweep(u, op->srv, c);
		return pg_submit(op, LOOK_DONE, u);
	case LOOK_DONE:
		if (!pg_failed(op)) /* the next one tries again; pg.c logged the loss */
			c->kind->swept(op);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void sweep_over(struct op *op, enum op_status how)
{
	struct courier *c = ((struct looking *)op)->courier;

	(void)how;
	c->sweeping = false;
	courier_wake(c);
}

static void on_sweep(void *arg)
{
	struct courier *c = arg;

	loop_timer_once(c->sweep, SWEEP_MS);
	if (c->sweeping || c->srv->stopping || !pg_ready(c->srv->pg, PG_SYSTEM))
		return;
	c->sweeping = true;
	start(c, &c->find);
}

static void on_due(void *arg)
{
	struct courier *c = arg;

	if (!c->srv->world) /* what is set up is not read yet: nobody knows how to send */
		look_again_in(c, RETRY_MS);
	courier_wake(c);
}

/* ---------------------------------------------------------------- */

struct courier *courier_new(struct server *srv, const struct courier_kind *kind)
{
	struct courier *c = must(calloc(1, sizeof(*c)));

	c->srv = srv;
	c->kind = kind;
	c->claim = (struct op_kind){kind->claim_name, claim_step, claim_over, ARENA_BYTES};
	c->find = (struct op_kind){kind->sweep_name, sweep_step, sweep_over, ARENA_BYTES};
	c->due = loop_timer_new(srv, on_due, c);
	c->sweep = loop_timer_new(srv, on_sweep, c);
	loop_timer_once(c->due, RETRY_MS);
	loop_timer_once(c->sweep, RETRY_MS);
	return c;
}

struct courier *courier_free(struct courier *c)
{
	if (c != NULL) {
		loop_timer_free(c->due);
		loop_timer_free(c->sweep);
		free(c);
	}
	return NULL;
}
