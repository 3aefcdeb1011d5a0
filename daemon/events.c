/*
 * events.c - notices become events, and events go; see events.h
 *
 * FAN: the newest notice is looked up, then who was writing notices at that moment; when they have ended,
 * everything up to it is there or will never be. Most often nobody writes just then, and it is three short
 * statements. Without a subscription it is one.
 */
#include "daemon/events.h"

#include "daemon/courier.h"
#include "daemon/crash.h"
#include "daemon/events_send.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/server.h"
#include "lib/base/must.h"
#include "lib/core/event.h"
#include "lib/core/notice.h"

enum {
	LOOK_MS = 500,   /* for what is new, while somebody wants to know */
	IDLE_MS = 5000,  /* without a subscription: one may be made at another instance */
	WRITERS_MS = 20, /* until it is looked again whether they have ended */
	PAGE = 500,
	FAN_ARENA_BYTES = 1 << 20,
};

struct events {
	struct server *srv;
	struct courier *courier;
	struct loop_timer *look;
	bool looking, again;
};

struct fan {
	struct op op;
	struct events *events;
	int64_t newest;      /* up to here all have committed, once writers have ended */
	const char *writers; /* that have not; NULL: not asked yet */
	int next_ms;
};

/* ---------------------------------------------------------------- from notices to events */

enum fan_state { FAN_START, FAN_NEWEST, FAN_WRITERS, FAN_WRITERS_AGAIN, FAN_MADE };

static enum op_status ask_writers(struct fan *f)
{
	struct pg_unit *u = pg_unit(&f->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_EVENT_WRITERS);
	pg_text(u, f->writers);
	return pg_submit(&f->op, FAN_WRITERS, u);
}

static enum op_status make(struct fan *f)
{
	struct pg_unit *u = pg_unit(&f->op, PG_SYSTEM, NULL);
	int n = 0;

	for (int k = 0; k < N_NOTICE_KINDS; k++)
		n += notice_about((enum notice_kind)k) != NULL;
	pg_add(u, SQL_EVENT_FAN);
	pg_int(u, f->newest);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int k = 0; k < N_NOTICE_KINDS; k++)
		if (notice_about((enum notice_kind)k) != NULL)
			pg_push_text(u, notice_name((enum notice_kind)k));
	pg_array(u, PG_TYPE_TEXT, n);
	for (int k = 0; k < N_NOTICE_KINDS; k++)
		if (notice_about((enum notice_kind)k) != NULL)
			pg_push_text(u, notice_about((enum notice_kind)k));
	pg_text(u, EVENT_PREFIX);
	pg_int(u, PAGE);
	pg_int(u, EVENTS_WAITING);
	pg_submit(&f->op, FAN_MADE, u);
	CRASH("fan.written");
	return OP_WAIT;
}

static enum op_status newest(struct fan *f)
{
	if (pg_failed(&f->op))
		return OP_DONE;
	f->next_ms = pg_get_bool(&f->op, 0, 0, "any") ? LOOK_MS : IDLE_MS;
	if (!pg_get_bool(&f->op, 0, 0, "behind"))
		return OP_DONE;
	f->newest = pg_get_int(&f->op, 0, 0, "newest");
	return ask_writers(f);
}

static enum op_status writers(struct fan *f)
{
	if (pg_failed(&f->op))
		return OP_DONE;
	if (pg_get_int(&f->op, 0, 0, "n") == 0)
		return make(f);
	f->writers = arena_str(f->op.arena, pg_get(&f->op, 0, 0, "writers"));
	return op_sleep(&f->op, FAN_WRITERS_AGAIN, WRITERS_MS);
}

static enum op_status made(struct fan *f)
{
	if (pg_failed(&f->op))
		return OP_DONE;
	if (pg_get_int(&f->op, 0, 0, "n") > 0)
		CRASH("fan.committed");
	courier_wake(f->events->courier);
	if (pg_get_bool(&f->op, 0, 0, "more") && !f->op.srv->stopping)
		return make(f);
	return OP_DONE;
}

static enum op_status fan_step(struct op *op)
{
	struct fan *f = (struct fan *)op;
	struct pg_unit *u;

	switch ((enum fan_state)op->state) {
	case FAN_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_EVENT_NEWEST);
		return pg_submit(op, FAN_NEWEST, u);
	case FAN_NEWEST:
		return newest(f);
	case FAN_WRITERS:
		return writers(f);
	case FAN_WRITERS_AGAIN:
		return op->srv->stopping ? OP_DONE : ask_writers(f);
	case FAN_MADE:
		return made(f);
	}
	return op_bad_state(op);
}

static void fan_over(struct op *op, enum op_status how)
{
	struct fan *f = (struct fan *)op;
	struct events *e = f->events;

	(void)how;
	e->looking = false;
	if (!e->srv->stopping)
		loop_timer_once(e->look, e->again ? 1 : f->next_ms);
	e->again = false;
}

static const struct op_kind fan_kind = {"events.fan", fan_step, fan_over, FAN_ARENA_BYTES};

static void look(void *arg)
{
	struct events *e = arg;
	struct fan *f;

	if (e->looking || e->srv->stopping)
		return;
	if (!pg_ready(e->srv->pg, PG_SYSTEM)) {
		loop_timer_once(e->look, LOOK_MS);
		return;
	}
	e->looking = true;
	f = (struct fan *)op_new(e->srv, &fan_kind, sizeof(*f));
	f->events = e;
	f->next_ms = LOOK_MS;
	op_start(&f->op);
}

void events_wake(struct events *e)
{
	e->again = e->looking;
	if (!e->looking && !e->srv->stopping)
		loop_timer_once(e->look, 1);
	courier_wake(e->courier);
}

/* ---------------------------------------------------------------- events that are due */

enum claim_part { CLAIMED, CLAIM_NEXT };
enum sweep_part { SWEPT_LOST, SWEPT_COUNTS };

static int most_at_once(const struct server *srv)
{
	(void)srv;
	return EVENTS_AT_ONCE;
}

static void claim(struct pg_unit *u, const struct server *srv, int room)
{
	pg_add(u, SQL_EVENT_CLAIM);
	pg_text(u, srv->instance);
	pg_int(u, room);
	pg_int(u, EVENTS_TO_ONE);
	pg_add(u, SQL_EVENT_NEXT);
}

static int64_t claimed(struct op *op, struct courier *c)
{
	for (int i = 0; i < pg_rows(op, CLAIMED); i++) {
		courier_take(c, pg_get_uuid(op, CLAIMED, i, "id"));
		events_send(op, i, c);
	}
	return pg_get(op, CLAIM_NEXT, 0, "ms") != NULL ? pg_get_int(op, CLAIM_NEXT, 0, "ms") : -1;
}

static void sweep(struct pg_unit *u, const struct server *srv, const struct courier *c)
{
	pg_add(u, SQL_EVENT_LOST);
	pg_text(u, srv->instance);
	courier_add_held(u, c);
	pg_int(u, COURIER_GONE_S);
	pg_add(u, SQL_EVENT_COUNTS);
}

static void swept(struct op *op)
{
	int64_t n = pg_get_int(op, SWEPT_LOST, 0, "n");

	if (n > 0)
		log_event(LOG_WARNING, "event.orphans", "count=%lld", (long long)n);
	metric_set(M_EVENTS_WAITING, pg_get_int(op, SWEPT_COUNTS, 0, "waiting"));
	metric_set(M_EVENTS_DEAD, pg_get_int(op, SWEPT_COUNTS, 0, "dead"));
}

static const struct courier_kind courier = {
	.claim_name = "events.claim",
	.sweep_name = "events.sweep",
	.most = most_at_once,
	.claim = claim,
	.claimed = claimed,
	.sweep = sweep,
	.swept = swept,
};

/* ---------------------------------------------------------------- */

struct events *events_new(struct server *srv)
{
	struct events *e = must(calloc(1, sizeof(*e)));

	e->srv = srv;
	e->courier = courier_new(srv, &courier);
	e->look = loop_timer_new(srv, look, e);
	loop_timer_once(e->look, LOOK_MS);
	return e;
}

struct events *events_free(struct events *e)
{
	if (e != NULL) {
		loop_timer_free(e->look);
		courier_free(e->courier);
		free(e);
	}
	return NULL;
}
