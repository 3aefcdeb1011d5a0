/*
 * outbox.c - when replies go: what is due is claimed, what was lost is shown
 *
 * Claiming is an operation of its own, one at a time; it commits "sending" and then starts one operation for
 * each reply (outbox_send.c). A timer looks again when the next is due, and every SWEEP_MS for what was lost.
 */
#include "daemon/outbox.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/outbox_send.h"
#include "daemon/pg.h"
#include "daemon/rows.h"

#include <stdlib.h>

enum {
	OUTBOX_MAX = 64,               /* at once, whatever the configuration says */
	SWEEP_MS = 5000,
	RETRY_MS = 1000,               /* after a claim that did not come back */
	GONE_S = 60,                   /* no request takes so long: whoever holds it is gone */
	CLAIM_ARENA_BYTES = 4 << 20,
};

struct outbox {
	struct server *srv;
	struct loop_timer *due, *sweep;
	bool claiming, again, sweeping;
	int n_sending;
	struct uuid sending[OUTBOX_MAX];   /* contacts; the first n_sending */
};

static int most_at_once(const struct outbox *o)
{
	int n = o->srv->config->outbox_parallel;

	return n < 1 ? 1 : n > OUTBOX_MAX ? OUTBOX_MAX : n;
}

/* ---------------------------------------------------------------- claiming */

enum claim_state { CLAIM_START, CLAIM_DONE };
enum claim_part { CLAIMED, CLAIM_NOTICES, CLAIM_NEXT };

static enum op_status claim_submit(struct op *op)
{
	struct outbox *o = op->srv->outbox;
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_OUTBOX_CLAIM);
	pg_text(u, op->srv->instance);
	pg_int(u, most_at_once(o) - o->n_sending);
	pg_add(u, SQL_OUTBOX_CLAIM_TOLD);
	pg_text(u, op->srv->instance);
	pg_add(u, SQL_OUTBOX_NEXT);
	pg_submit(op, CLAIM_DONE, u);
	CRASH("claim.written");
	return OP_WAIT;
}

static void look_again_in(struct outbox *o, int64_t ms)
{
	if (!o->srv->stopping)
		loop_timer_once(o->due, ms < RETRY_MS ? RETRY_MS : ms > SWEEP_MS ? SWEEP_MS : (int)ms);
}

static enum op_status claim_done(struct op *op)
{
	struct outbox *o = op->srv->outbox;

	if (pg_failed(op)) {
		look_again_in(o, RETRY_MS);
		return OP_DONE;
	}
	if (pg_rows(op, CLAIMED) > 0)
		CRASH("claim.committed");
	rows_publish(op, CLAIM_NOTICES);
	for (int i = 0; i < pg_rows(op, CLAIMED); i++) {
		o->sending[o->n_sending++] = pg_get_uuid(op, CLAIMED, i, "contact");
		outbox_send(op, CLAIMED, i);
	}
	if (pg_get(op, CLAIM_NEXT, 0, "ms") != NULL)
		look_again_in(o, pg_get_int(op, CLAIM_NEXT, 0, "ms"));
	return OP_DONE;
}

static enum op_status claim_step(struct op *op)
{
	switch ((enum claim_state)op->state) {
	case CLAIM_START:
		return claim_submit(op);
	case CLAIM_DONE:
		return claim_done(op);
	}
	return op_bad_state(op);
}

static void claim_over(struct op *op, enum op_status how)
{
	struct outbox *o = op->srv->outbox;

	(void)how;
	o->claiming = false;
	if (o->again)
		outbox_wake(o);
}

static const struct op_kind claim_kind = { "outbox.claim", claim_step, claim_over, CLAIM_ARENA_BYTES };

void outbox_wake(struct outbox *o)
{
	o->again = o->claiming;
	if (o->claiming || o->srv->stopping || !o->srv->world || o->n_sending >= most_at_once(o))
		return;
	o->claiming = true;
	op_start(op_new(o->srv, &claim_kind, sizeof(struct op)));
}

void outbox_sent(struct outbox *o, struct uuid contact)
{
	for (int i = 0; i < o->n_sending; i++)
		if (uuid_same(o->sending[i], contact)) {
			o->sending[i] = o->sending[--o->n_sending];
			break;
		}
	outbox_wake(o);
}

/* ---------------------------------------------------------------- the sweep */

enum sweep_state { SWEEP_START, SWEEP_DONE };

static enum op_status sweep_submit(struct op *op)
{
	const struct outbox *o = op->srv->outbox;
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_OUTBOX_ORPHANS);
	pg_text(u, op->srv->instance);
	pg_int(u, GONE_S);
	pg_add(u, SQL_OUTBOX_UNCLAIMED);
	pg_text(u, op->srv->instance);
	pg_array(u, PG_TYPE_UUID, o->n_sending);
	for (int i = 0; i < o->n_sending; i++)
		pg_push_uuid(u, o->sending[i]);
	pg_int(u, GONE_S);
	return pg_submit(op, SWEEP_DONE, u);
}

static enum op_status sweep_step(struct op *op)
{
	int n;

	switch ((enum sweep_state)op->state) {
	case SWEEP_START:
		return sweep_submit(op);
	case SWEEP_DONE:
		if (pg_failed(op))
			return OP_DONE;      /* the next one tries again; pg.c logged the loss */
		n = pg_rows(op, 0);
		if (n > 0)
			CRASH("orphans.committed");
		rows_publish(op, 0);
		metric_add(M_REPLIES_UNCERTAIN, (uint64_t)n);
		if (n > 0)
			log_event(LOG_WARNING, "reply.orphans", "count=%d", n);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void sweep_over(struct op *op, enum op_status how)
{
	(void)how;
	op->srv->outbox->sweeping = false;
	outbox_wake(op->srv->outbox);
}

static const struct op_kind sweep_kind = { "outbox.sweep", sweep_step, sweep_over, CLAIM_ARENA_BYTES };

static void on_sweep(void *arg)
{
	struct outbox *o = arg;

	loop_timer_once(o->sweep, SWEEP_MS);
	if (o->sweeping || o->srv->stopping || !pg_ready(o->srv->pg, PG_SYSTEM))
		return;
	o->sweeping = true;
	op_start(op_new(o->srv, &sweep_kind, sizeof(struct op)));
}

static void on_due(void *arg)
{
	struct outbox *o = arg;

	if (!o->srv->world)          /* what is set up is not read yet: nobody knows how to send */
		look_again_in(o, RETRY_MS);
	outbox_wake(o);
}

/* ---------------------------------------------------------------- */

struct outbox *outbox_new(struct server *srv)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->srv = srv;
	o->due = loop_timer_new(srv, on_due, o);
	o->sweep = loop_timer_new(srv, on_sweep, o);
	loop_timer_once(o->due, RETRY_MS);
	loop_timer_once(o->sweep, RETRY_MS);
	return o;
}

struct outbox *outbox_free(struct outbox *o)
{
	if (o != NULL) {
		loop_timer_free(o->due);
		loop_timer_free(o->sweep);
		free(o);
	}
	return NULL;
}
