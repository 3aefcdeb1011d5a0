#include "daemon/tasks.h"

#include "daemon/metrics.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/must.h"

#include <stdlib.h>

enum { TASKS_ARENA_BYTES = 1 << 20, COUNT_EVERY = 3 }; /* sweeps: four times a minute */

struct tasks {
	struct server *srv;
	int n;
	bool busy;
};

enum looking_state { LOOKING_START, LOOKING_TOLD };

static enum op_status looking_step(struct op *op)
{
	struct tasks *t = op->srv->tasks;
	struct pg_unit *u;

	switch ((enum looking_state)op->state) {
	case LOOKING_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_TASK_LOOK);
		if (t->n++ % COUNT_EVERY == 0)
			pg_add(u, SQL_TASK_COUNTS);
		return pg_submit(op, LOOKING_TOLD, u);

	case LOOKING_TOLD:
		if (pg_failed(op))
			return OP_FAIL; /* the sweep comes by again */
		rows_publish(op, 0);
		if (op->pg->n > 1) {
			metric_set(M_TASKS_OPEN, pg_get_int(op, 1, 0, "open"));
			metric_set(M_TASKS_LATE, pg_get_int(op, 1, 0, "late"));
		}
		return OP_DONE;
	}
	return op_bad_state(op);
}

void tasks_sweep(struct tasks *t)
{
	static const struct op_kind kind = {"tasks", looking_step, NULL, TASKS_ARENA_BYTES};

	op_start_alone(t->srv, &kind, sizeof(struct op), &t->busy);
}

struct tasks *tasks_new(struct server *srv)
{
	struct tasks *t = must(calloc(1, sizeof *t));

	t->srv = srv;
	return t;
}

struct tasks *tasks_free(struct tasks *t)
{
	free(t);
	return NULL;
}
