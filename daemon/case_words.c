#include "daemon/case_words.h"

#include "daemon/bulk.h"
#include "daemon/dispatch.h"
#include "daemon/loop.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "lib/base/must.h"

#include <stdlib.h>

enum { FOLDING_ARENA_BYTES = 64 << 10 };

struct case_words {
	struct server *srv;
	struct loop_timer *timer;
	bool busy;
};

struct folding {
	struct op op;
	struct bulk bulk;
};

enum folding_state { FOLDING_START, FOLDING_DONE };

static enum op_status fold(struct op *op)
{
	struct pg_unit *u;

	if (op->srv->stopping)
		return OP_DONE;
	bulk_begins(&((struct folding *)op)->bulk);
	u = pg_unit(op, PG_BULK, NULL);
	pg_add(u, SQL_CASE_WORDS_FOLD);
	pg_int(u, CASE_WORDS_NOTICES);
	pg_int(u, CASE_WORDS_OLD);
	return pg_submit(op, FOLDING_DONE, u);
}

static enum op_status folding_step(struct op *op)
{
	struct bulk *bulk = &((struct folding *)op)->bulk;

	switch ((enum folding_state)op->state) {
	case FOLDING_START:
		return bulk_waits(op->srv, bulk) ? op_sleep(op, FOLDING_START, BULK_WAIT_MS) : fold(op);
	case FOLDING_DONE:
		if (pg_failed(op))
			return OP_FAIL; /* nothing was written: the next look does it */
		return pg_get_bool(op, 0, 0, "more")
			       ? op_sleep(op, FOLDING_START, bulk_pause_ms(bulk, CASE_WORDS_SHARE))
			       : OP_DONE;
	}
	return op_bad_state(op);
}

static void look(void *arg)
{
	static const struct op_kind kind = {"case_words", folding_step, NULL, FOLDING_ARENA_BYTES};
	struct case_words *w = arg;

	if (!w->srv->stopping && dispatch_leads(w->srv->dispatch))
		op_start_alone(w->srv, &kind, sizeof(struct folding), &w->busy);
}

struct case_words *case_words_new(struct server *srv)
{
	struct case_words *w = must(calloc(1, sizeof *w));

	w->srv = srv;
	w->timer = loop_timer_new(srv, look, w);
	loop_timer_every(w->timer, CASE_WORDS_MS);
	return w;
}

struct case_words *case_words_free(struct case_words *w)
{
	if (!w)
		return NULL;
	loop_timer_free(w->timer);
	free(w);
	return NULL;
}
