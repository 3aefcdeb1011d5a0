#include "daemon/figures.h"

#include "daemon/bulk.h"
#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/loop.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/must.h"

#include <stdlib.h>

enum { COUNTING_ARENA_BYTES = 4 << 20 };

struct figures {
	struct server *srv;
	struct loop_timer *timer;
	bool busy;
};

struct counting {
	struct op op;
	struct bulk bulk;
};

enum counting_state { COUNTING_START, COUNTING_FOLDED };

/* of each municipality, channel and kind: its norm, and that of who asked for help by a person */
static void add_norms(struct pg_unit *u, const struct world *w)
{
	int n = w->n_municipalities * w->n_channels * N_NORM_KINDS;

	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, w->municipalities[i / N_NORM_KINDS / w->n_channels]);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, w->channels[i / N_NORM_KINDS % w->n_channels]);
	for (int helped = 0; helped <= 1; helped++) {
		pg_array(u, PG_TYPE_INT8, n);
		for (int i = 0; i < n; i++)
			pg_push_int(u, world_norm_s(w, i / N_NORM_KINDS / w->n_channels,
						    i / N_NORM_KINDS % w->n_channels,
						    (enum norm_kind)(i % N_NORM_KINDS), helped));
	}
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, norm_kind_name((enum norm_kind)(i % N_NORM_KINDS)));
}

static bool is_report(const struct world *w, int i)
{
	int m = i / w->n_products, p = i % w->n_products;

	return w->handlings[m] && w->handlings[m][p].report;
}

/* which questions are reports: municipality and product */
static void add_reports(struct pg_unit *u, const struct world *w)
{
	int n = 0, all = w->n_municipalities * w->n_products;

	for (int i = 0; i < all; i++)
		n += is_report(w, i);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < all; i++)
		if (is_report(w, i))
			pg_push_text(u, w->municipalities[i / w->n_products]);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < all; i++)
		if (is_report(w, i))
			pg_push_text(u, w->products[i % w->n_products]);
}

static enum op_status fold(struct op *op)
{
	const struct world *w = op->srv->world;
	struct pg_unit *u;

	if (op->srv->stopping || !w)
		return OP_DONE;
	bulk_begins(&((struct counting *)op)->bulk);
	u = pg_unit(op, PG_BULK, NULL);
	pg_add(u, SQL_FIGURE_LOCK);
	pg_add(u, SQL_FIGURE_FOLD);
	pg_int(u, FIGURES_NOTICES);
	pg_int(u, FIGURES_OTHERS);
	add_norms(u, w);
	add_reports(u, w);
	pg_add(u, SQL_FIGURE_OLD);
	pg_int(u, FIGURES_OLD);
	pg_int(u, FIGURES_KEEP_DAYS);
	pg_submit(op, COUNTING_FOLDED, u);
	CRASH("figures.written");
	return OP_WAIT;
}

static enum op_status counting_step(struct op *op)
{
	struct bulk *bulk = &((struct counting *)op)->bulk;

	switch ((enum counting_state)op->state) {
	case COUNTING_START:
		return bulk_waits(op->srv, bulk) ? op_sleep(op, COUNTING_START, BULK_WAIT_MS) : fold(op);
	case COUNTING_FOLDED:
		if (pg_failed(op))
			return OP_FAIL; /* nothing was counted, or all of it: the next look goes on */
		CRASH("figures.committed");
		return pg_get_bool(op, 1, 0, "more")
			       ? op_sleep(op, COUNTING_START, bulk_pause_ms(bulk, FIGURES_SHARE))
			       : OP_DONE;
	}
	return op_bad_state(op);
}

static void look(void *arg)
{
	static const struct op_kind kind = {"figures", counting_step, NULL, COUNTING_ARENA_BYTES};
	struct figures *f = arg;

	if (!f->srv->stopping && f->srv->world && dispatch_leads(f->srv->dispatch))
		op_start_alone(f->srv, &kind, sizeof(struct counting), &f->busy);
}

struct figures *figures_new(struct server *srv)
{
	struct figures *f = must(calloc(1, sizeof *f));

	f->srv = srv;
	f->timer = loop_timer_new(srv, look, f);
	loop_timer_every(f->timer, FIGURES_MS);
	return f;
}

struct figures *figures_free(struct figures *f)
{
	if (!f)
		return NULL;
	loop_timer_free(f->timer);
	free(f);
	return NULL;
}
