/*
 * dispatch_learn.c - what became of resolved cases, and what follows from that
 *
 * With each sweep outcomes mature: PostgreSQL marks them and adds them up in one statement. What a municipality does
 * not want to be kept any more goes, and cases of three weeks ago are counted, to compare the control share with the
 * rest. When we begin to lead, and every hour, the sums are read page by page; estimates change when the last page
 * is there.
 */
#include "daemon/dispatch_internal.h"

#include "daemon/crash.h"
#include "daemon/log.h"
#include "lib/core/hours.h"

#include <stdlib.h>
#include <string.h>

enum learn_state { LEARN_START, LEARN_ANSWERED };

struct learning {
	struct op op;
	struct dispatch *d;
	int64_t epoch, version; /* of the lease and the world when we began */
	int64_t last;           /* row that was read */
	int n_rows, n_bad;
};

static void add_municipalities(const struct world *w, struct pg_unit *u)
{
	pg_array(u, PG_TYPE_TEXT, w->n_municipalities);
	for (int m = 0; m < w->n_municipalities; m++)
		pg_push_text(u, w->municipalities[m]);
}

/* hundredths of a working day, as the statements want it */
static void add_half_lives(const struct world *w, struct pg_unit *u)
{
	pg_array(u, PG_TYPE_INT8, w->n_municipalities);
	for (int m = 0; m < w->n_municipalities; m++)
		pg_push_int(u, (int64_t)(100 * w->policies[m].half_life_days));
}

static void add_learning(const struct world *w, struct pg_unit *u)
{
	pg_array(u, PG_TYPE_TEXT, w->n_municipalities);
	for (int m = 0; m < w->n_municipalities; m++)
		pg_push_text(u, route_learning_name(w->policies[m].learning));
}

static void learning_done(struct op *op, enum op_status how)
{
	struct dispatch *d = ((struct learning *)op)->d;

	(void)how;
	d->learning = NULL;
	dispatch_release(d);
}

static void start(struct dispatch *d, const struct op_kind *kind)
{
	struct learning *l = (struct learning *)op_new(d->srv, kind, sizeof(*l));

	l->d = d;
	l->epoch = d->epoch;
	l->version = d->world->version;
	d->learning = &l->op;
	op_start(d->learning);
}

/* ---------------------------------------------------------------- outcomes mature */

static enum op_status mature(struct op *op)
{
	const struct dispatch *d = ((struct learning *)op)->d;
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_LEARN_MATURE);
	dispatch_fence(d, u);
	pg_int(u, hours_working_day(now_us()));
	pg_int(u, DISPATCH_MATURE);
	add_municipalities(d->world, u);
	add_half_lives(d->world, u);
	add_learning(d->world, u);
	pg_add(u, SQL_LEARN_FORGET);
	dispatch_fence(d, u);
	add_municipalities(d->world, u);
	add_learning(d->world, u);
	pg_int(u, DISPATCH_FORGET);
	pg_add(u, SQL_LEARN_COMPARE);
	dispatch_fence(d, u);
	pg_int(u, DISPATCH_COMPARE);
	pg_submit(op, LEARN_ANSWERED, u);
	CRASH("mature.written");
	return OP_WAIT;
}

static enum op_status mature_step(struct op *op)
{
	switch ((enum learn_state)op->state) {
	case LEARN_START:
		return mature(op);

	case LEARN_ANSWERED:
		if (pg_failed(op))
			return OP_FAIL; /* nothing was marked, or all of it: the next sweep goes on */
		if (pg_rows(op, 0) > 0) {
			CRASH("mature.committed");
			log_event(LOG_DEBUG, "learn.matured", "n=%d", pg_rows(op, 0));
		}
		if (pg_rows(op, 1) > 0) {
			log_event(LOG_NOTICE, "learn.forgotten", "n=%d", pg_rows(op, 1));
			((struct learning *)op)->d->learn_due_us = 0; /* from memory too */
		}
		return OP_DONE;
	}
	return op_bad_state(op);
}

void dispatch_learn_mature(struct dispatch *d)
{
	static const struct op_kind kind = {
		.name = "learn.mature",
		.step = mature_step,
		.done = learning_done,
		.max_arena_bytes = 64 << 10,
	};

	if (dispatch_leads(d) && !d->learning)
		start(d, &kind);
}

/* ---------------------------------------------------------------- sums are read */

static int team_unit(const struct dispatch *d, const char *team)
{
	for (int i = 1; i < d->world->n_teams; i++)
		if (strcmp(d->world->teams[i], team) == 0)
			return d->n_agents + i;
	return LEARN_NO_UNIT;
}

static int unit_from(const struct dispatch *d, const struct op *op, int row)
{
	const char *text = pg_get(op, 0, row, "unit");
	struct agent_id id = {0};

	if (pg_get_bool(op, 0, row, "team"))
		return team_unit(d, text);
	return uuid_parse(text, &id.u) ? router_find(d->router, id) : LEARN_NO_UNIT;
}

/* who or what is not there any more is passed over; false: numbers that cannot be sums, and are left out */
static bool put_row(struct dispatch *d, const struct op *op, int row)
{
	const char *product = pg_get(op, 0, row, "product");
	struct learn_row cell = {
		.kind = LEARN_ROW_CELL,
		.product = *product ? world_product(d->world, product) : LEARN_OPTION0,
		.unit = unit_from(d, op, row),
		.place = pg_get_bool(op, 0, row, "home"),
		.sum = strtod(pg_get(op, 0, row, "fixed"), NULL),
		.n = strtod(pg_get(op, 0, row, "n"), NULL),
	};

	return cell.product < 0 || cell.unit < 0 || learn_put(d->learn, &cell);
}

static enum op_status ask_rows(struct learning *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_LEARN_LOAD);
	pg_int(u, l->last);
	pg_int(u, hours_working_day(now_us()));
	pg_int(u, DISPATCH_PAGE);
	add_municipalities(l->d->world, u);
	add_half_lives(l->d->world, u);
	return pg_submit(&l->op, LEARN_ANSWERED, u);
}

/* did somebody else lead, or units get other numbers, since we began? */
static bool is_stale(const struct learning *l)
{
	return l->d->ending || l->epoch != l->d->epoch || l->version != l->d->world->version;
}

static enum op_status read_rows(struct learning *l)
{
	struct dispatch *d = l->d;
	int n = pg_rows(&l->op, 0);

	if (l->n_rows == 0)
		learn_forget(d->learn);
	for (int i = 0; i < n; i++)
		l->n_bad += !put_row(d, &l->op, i);
	l->n_rows += n;
	if (n == DISPATCH_PAGE && l->n_rows < DISPATCH_LEARNED) {
		l->last = pg_get_int(&l->op, 0, n - 1, "id");
		return ask_rows(l);
	}
	CRASH("learn.read");
	learn_sum(d->learn);
	learn_refresh(d->learn);
	d->learn_due_us = mono_us() + DISPATCH_LEARN_S * INT64_C(1000000);
	log_event(LOG_NOTICE, "learn.loaded", "n=%d", l->n_rows);
	if (l->n_bad > 0)
		log_event(LOG_WARNING, "learn.refused", "n=%d", l->n_bad);
	return OP_DONE;
}

static enum op_status load_step(struct op *op)
{
	struct learning *l = (struct learning *)op;

	switch ((enum learn_state)op->state) {
	case LEARN_START:
		return ask_rows(l);

	case LEARN_ANSWERED:
		if (pg_failed(op))
			return OP_FAIL; /* the next tick begins again */
		return is_stale(l) ? OP_DONE : read_rows(l);
	}
	return op_bad_state(op);
}

void dispatch_learn_load(struct dispatch *d)
{
	static const struct op_kind kind = {
		.name = "learn.load",
		.step = load_step,
		.done = learning_done,
		.max_arena_bytes = 1 << 20,
	};

	if (!d->learning && mono_us() >= d->learn_due_us)
		start(d, &kind);
}

void dispatch_learn_forget(struct dispatch *d)
{
	learn_forget(d->learn);
	learn_refresh(d->learn);
	d->learn_due_us = 0;
}
