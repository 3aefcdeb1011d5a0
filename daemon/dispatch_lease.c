/*
 * dispatch_lease.c - twice a second: keep the lease, and what only its holder may do; others try to get it more often
 *
 * PostgreSQL's clock judges the lease; our own clock only makes us stop early. Whatever we write carries the
 * epoch, so a dispatcher that slept through its lease writes nothing.
 */
#include "daemon/dispatch_internal.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/rows.h"
#include "lib/core/notice.h"

enum tick_state { TICK_START, TICK_ANSWERED };

struct tick {
	struct op op;
	struct dispatch *d;
	int64_t asked_us;       /* mono */
	int expire, lost, withdraw, due, unserved; /* statements; -1: not asked */
	struct dispatch_asked asked;
};

void dispatch_fence(const struct dispatch *d, struct pg_unit *u)
{
	pg_text(u, d->srv->instance);
	pg_int(u, d->epoch);
}

static int add_fenced(struct tick *t, struct pg_unit *u, enum sql statement, int *n)
{
	pg_add(u, statement);
	dispatch_fence(t->d, u);
	if (statement == SQL_DISPATCH_LOST)
		pg_int(u, t->d->srv->config->presence_seconds);
	return (*n)++;
}

static enum op_status ask(struct tick *t)
{
	struct dispatch *d = t->d;
	struct pg_unit *u = pg_unit(&t->op, PG_SYSTEM, NULL);
	int n = 1;

	t->asked_us = mono_us();
	pg_add(u, SQL_DISPATCH_LEASE_TAKE);
	pg_text(u, d->srv->instance);
	pg_int(u, DISPATCH_LEASE_MS);
	t->expire = t->lost = t->withdraw = t->due = t->unserved = -1;
	n += dispatch_agents_seen(d, u);     /* before anybody is thought lost */
	dispatch_others_ask(d, u, &t->asked, &n);
	if (dispatch_leads(d)) {
		t->expire = add_fenced(t, u, SQL_DISPATCH_EXPIRE, &n);
		t->lost = add_fenced(t, u, SQL_DISPATCH_LOST, &n);
		t->withdraw = add_fenced(t, u, SQL_DISPATCH_WITHDRAW, &n);
		t->due = add_fenced(t, u, SQL_DISPATCH_DUE, &n);
		t->unserved = dispatch_unserved_ask(d, u) ? n : -1;
	}
	pg_submit(&t->op, TICK_ANSWERED, u);
	if (t->expire >= 0)
		CRASH("tick.written");
	return OP_WAIT;
}

static void got_lease(struct tick *t, int64_t epoch)
{
	struct dispatch *d = t->d;

	d->lease_ends_us = t->asked_us + DISPATCH_LEASE_MS * INT64_C(1000);
	if (epoch == d->epoch)
		return;
	log_event(LOG_NOTICE, "dispatch.leads", "epoch=%lld", (long long)epoch);
	CRASH("lease.taken");
	d->epoch = epoch;
	d->loaded = d->partly = false;
	dispatch_agents_forget(d);
	d->learn_due_us = 0;
	d->n_unserved = -1;
	d->told_unserved = true; /* as far as who led before knew */
}

static int count_expired(const struct op *op, int statement)
{
	int n = 0;

	for (int i = 0; i < pg_rows(op, statement); i++)
		n += notice_from(pg_get(op, statement, i, "kind")) == NOTICE_OFFER_WITHDRAWN;
	return n;
}

static void read_answers(struct tick *t)
{
	struct dispatch *d = t->d;
	struct op *op = &t->op;

	d->hold = false;
	if (pg_rows(op, 0) > 0)
		got_lease(t, pg_get_int(op, 0, 0, "epoch"));
	else
		d->lease_ends_us = 0;
	dispatch_others_got(d, op, &t->asked);
	if (t->expire < 0)
		return;
	if (pg_rows(op, t->expire) > 0)
		CRASH("expire.committed");
	if (pg_rows(op, t->lost) > 0)
		CRASH("lost.committed");
	if (pg_rows(op, t->due) > 0)
		CRASH("due.committed");
	metric_add(M_OFFERS_MISSED, (uint64_t)count_expired(op, t->expire));
	dispatch_told(op->srv, op, t->expire);
	dispatch_told(op->srv, op, t->lost);
	dispatch_told(op->srv, op, t->withdraw);
	dispatch_told(op->srv, op, t->due);
	if (t->unserved >= 0) {
		rows_publish(op, t->unserved);
		rows_publish(op, t->unserved + 1);
	}
}

static void look_after(struct dispatch *d)
{
	metric_set(M_LEADER, dispatch_leads(d));
	dispatch_tell_queue(d);
	if (!dispatch_leads(d))
		return;
	if (!d->loaded)
		dispatch_cases_load(d);
	else
		dispatch_cases_tick(d);
	dispatch_learn_load(d);
}

static enum op_status tick_step(struct op *op)
{
	struct tick *t = (struct tick *)op;
	struct dispatch *d = t->d;

	switch ((enum tick_state)op->state) {
	case TICK_START:
		if (d->world != world_now(d->srv))
			dispatch_agents_build(d);
		return ask(t);

	case TICK_ANSWERED:
		if (pg_failed(op) || d->ending)
			return OP_DONE;          /* the lease runs out by itself; pg.c has said why */
		read_answers(t);
		look_after(d);
		dispatch_kick(d);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void tick_done(struct op *op, enum op_status how)
{
	struct dispatch *d = ((struct tick *)op)->d;

	(void)how;
	d->tick = NULL;
	dispatch_release(d);
}

static const struct op_kind tick_kind = {
	.name = "dispatch.tick", .step = tick_step, .done = tick_done, .max_arena_bytes = 8 << 20,
};

void dispatch_tick(void *arg)
{
	struct dispatch *d = arg;
	struct tick *t;

	if (dispatch_leads(d) && mono_us() - d->ticked_us < (DISPATCH_LEADER_MS - DISPATCH_TICK_MS / 2) * INT64_C(1000))
		return;
	if (d->tick || d->srv->stopping || !world_now(d->srv) || !pg_ready(d->srv->pg, PG_SYSTEM))
		return;
	t = (struct tick *)op_new(d->srv, &tick_kind, sizeof(*t));
	t->d = d;
	d->ticked_us = mono_us();
	d->tick = &t->op;
	op_start(d->tick);
}
