#include "daemon/barrier.h"

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/server.h"
#include "lib/base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(tickets, barrier_ticket);

struct barrier {
	struct server *srv;
	struct tickets waiting;         /* for the next commit */
	struct tickets covered;         /* by the one that is out */
	bool out, looking;
	int64_t looked_us;
	int64_t samples[BARRIER_SAMPLES];
	int n_samples;
	bool slow;                      /* what the samples say */
};

struct barrier *barrier_new(struct server *srv)
{
	struct barrier *b = must(calloc(1, sizeof *b));

	b->srv = srv;
	TAILQ_INIT(&b->waiting);
	TAILQ_INIT(&b->covered);
	return b;
}

struct barrier *barrier_free(struct barrier *b)
{
	free(b);
	return NULL;
}

/* ---------------------------------------------------------------- how long does a flush take? */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void take_sample(struct barrier *b, int64_t us)
{
	int64_t sorted[BARRIER_SAMPLES], low;
	bool before = b->slow;
	int n;

	b->samples[b->n_samples++ % BARRIER_SAMPLES] = us;
	n = b->n_samples < BARRIER_SAMPLES ? b->n_samples : BARRIER_SAMPLES;
	memcpy(sorted, b->samples, sizeof sorted);
	qsort(sorted, (size_t)n, sizeof *sorted, by_size);
	low = sorted[n / 4]; /* the rest is what a busy machine adds, not the disk */
	metric_set(M_FLUSH_US, low);
	if (n < BARRIER_SAMPLES)
		return;
	b->slow = low > (b->slow ? BARRIER_FAST_US : BARRIER_SLOW_US);
	if (b->slow != before)
		log_event(LOG_NOTICE, "pg.flush", "ms=%.1f outcome=%s", (double)low / 1000, b->slow ? "barrier" : "direct");
}

enum { LOOK_START, LOOK_DONE };

struct look {
	struct op op;
};

static enum op_status look_step(struct op *op)
{
	struct pg_unit *u;

	switch (op->state) {
	case LOOK_START:
		u = pg_unit(op, PG_BARRIER, NULL);
		pg_add(u, SQL_BARRIER_TIME);
		return pg_submit(op, LOOK_DONE, u);

	case LOOK_DONE:
		if (pg_failed(op))
			return OP_FAIL;
		take_sample(op->srv->barrier, pg_get_int(op, 0, 0, "took_us"));
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void look_done(struct op *op, enum op_status how)
{
	struct barrier *b = op->srv->barrier;

	(void)how;
	b->looking = false;
	b->looked_us = mono_us();
}

/* the first few at once, so that it is soon known */
static void look(struct barrier *b)
{
	static const struct op_kind kind = { "barrier.look", look_step, look_done, 4096 };

	if (b->looking || (b->n_samples >= BARRIER_SAMPLES && mono_us() - b->looked_us < BARRIER_LOOK_MS * INT64_C(1000)))
		return;
	b->looking = true;
	op_start(op_new(b->srv, &kind, sizeof(struct look)));
}

/* ---------------------------------------------------------------- the commit that waits */

enum { COMMIT_START, COMMIT_DONE };

struct commit {
	struct op op;
	int session;
};

static void answer_covered(struct barrier *b, const struct commit *c, const char *server)
{
	struct barrier_ticket *t;

	while ((t = TAILQ_FIRST(&b->covered))) {
		TAILQ_REMOVE(&b->covered, t, link);
		op_wake(t->op, server && t->session == c->session && !strcmp(t->server, server) ? 0 : -1);
	}
}

static enum op_status commit_step(struct op *op)
{
	struct commit *c = (struct commit *)op;
	struct barrier *b = op->srv->barrier;
	struct pg_unit *u;

	switch (op->state) {
	case COMMIT_DONE:
		metric_add(M_BARRIERS, 1);
		answer_covered(b, c, pg_failed(op) ? NULL : pg_get(op, 0, 0, "server"));
		if (TAILQ_EMPTY(&b->waiting))
			return OP_DONE;
		/* fall through */
	case COMMIT_START:
		TAILQ_CONCAT(&b->covered, &b->waiting, link);
		c->session = pg_session(op->srv->pg, PG_BARRIER);
		u = pg_unit(op, PG_BARRIER, NULL);
		pg_unit_session(u, c->session);
		pg_add(u, SQL_BARRIER_COMMIT);
		return pg_submit(op, COMMIT_DONE, u);
	}
	return op_bad_state(op);
}

static void commit_done(struct op *op, enum op_status how)
{
	(void)how;
	op->srv->barrier->out = false;
}

/* ---------------------------------------------------------------- for who commits */

bool barrier_begin(struct barrier *b, struct barrier_ticket *t)
{
	const char *when = b->srv->config->commit_barrier;
	bool automatic = !strcmp(when, "auto");

	if (automatic)
		look(b);
	t->session = !strcmp(when, "on") || (automatic && b->slow) ? pg_session(b->srv->pg, PG_BARRIER) : 0;
	return t->session != 0;
}

enum op_status barrier_wait(struct op *op, int next_state, struct barrier_ticket *t)
{
	static const struct op_kind kind = { "barrier.commit", commit_step, commit_done, 4096 };
	struct barrier *b = op->srv->barrier;
	struct op *commit;

	snprintf(t->server, sizeof t->server, "%s", pg_get(op, 0, 0, "server"));
	t->op = op;
	TAILQ_INSERT_TAIL(&b->waiting, t, link);
	if (!b->out) {
		b->out = true;
		commit = op_new(b->srv, &kind, sizeof(struct commit));
		commit->first = true;
		op_start(commit);
	}
	return op_wait_keep(op, next_state);
}
