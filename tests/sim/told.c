/* told.c - the estimators, side by side; a new one is a line in the table */
#include "tests/sim/told.h"

#include "lib/core/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAST = 10, MAX_WAITING = 65536, WORDS = SCN_MAX_AGENTS / 64 };
static const double NEAR = 0.3, FIRST_GUESS_S = 60, LONG_S = 30;

enum estimator { LAST_TEN, EXPECT, POSITION, KNOWN, N_ESTIMATORS };

static const char *const names[N_ESTIMATORS] = {
	[LAST_TEN] = "lastTen",          /* what is usual: the mean of the last ten waits of the channel */
	[EXPECT] = "expect",             /* lib/core/expect: who competes for the same agents */
	[POSITION] = "expectByPosition", /* the same, knowing only how many of the channel are ahead, and all
					    agents */
	[KNOWN] = "known",               /* what could be told by who knows everything but the future */
};

/* the last waits of a channel, of those who had to wait */
struct last {
	double waited_s[LAST];
	int n, next;
};

struct word {
	double point_s, limit_s; /* NAN: not said */
	struct expected expected;
};

struct able {
	uint64_t bits[WORDS];
	int n;
};

struct told {
	struct last last[N_ROUTE_KINDS];
	struct expect expect[N_ESTIMATORS][N_ROUTE_KINDS];
	int64_t from_us;
	int n_agents;
	struct waiting {
		struct case_id id;
		struct able able;
		struct word said[N_ESTIMATORS];
	} waiting[MAX_WAITING];
	int n_waiting;
	struct score {
		long n, near, near_spoken, n_long, near_long, n_limits, kept, gone_after, n_futures,
			n_limit_futures;
		double error_s, said_s, limit_s, waited_s, near_futures, kept_futures;
	} scores[N_ESTIMATORS];
	long n_at_once;
	double best30, futures_s; /* sums, of scores[KNOWN].n_futures */
};

static struct waiting *find(struct told *t, struct case_id id)
{
	for (int i = 0; i < t->n_waiting; i++)
		if (memcmp(t->waiting[i].id.u.b, id.u.b, sizeof(id.u.b)) == 0)
			return &t->waiting[i];
	return NULL;
}

static void forget(struct told *t, struct waiting *w)
{
	*w = t->waiting[--t->n_waiting];
}

static bool is_near(double said_s, double waited_s)
{
	return fabs(waited_s - said_s) <= NEAR * waited_s;
}

static double share(double part, long n)
{
	return n > 0 ? part / (double)n : 0;
}

/* ---------------------------------------------------------------- what each says */

static struct word mean_of_last(const struct last *l)
{
	double sum = 0;

	for (int i = 0; i < l->n; i++)
		sum += l->waited_s[i];
	sum = l->n ? sum / l->n : FIRST_GUESS_S;
	return (struct word){.point_s = sum, .limit_s = NAN};
}

static struct able able_for(const struct told *t, const struct router *r, const struct route_case *c)
{
	struct able a = {0};

	for (int i = 0; i < t->n_agents; i++)
		if (route_would_fit(c, router_agent(r, i))) {
			a.bits[i / 64] |= UINT64_C(1) << i % 64;
			a.n++;
		}
	return a;
}

/* each counts for the part of its agents that are also ours: that is how likely it takes one of them */
static double ahead_of(const struct told *t, const struct able *ours)
{
	double ahead = 0;

	for (int i = 0; i < t->n_waiting; i++) {
		const struct able *theirs = &t->waiting[i].able;
		int both = 0;

		for (int b = 0; b < WORDS; b++)
			both += __builtin_popcountll(ours->bits[b] & theirs->bits[b]);
		ahead += theirs->n ? (double)both / theirs->n : 0;
	}
	return ahead;
}

static struct word expected_by(const struct expect *e, double ahead, int agents)
{
	struct expected x = expect_wait(e, ahead, agents);
	bool known = x.basis == EXPECT_QUEUE;

	return (struct word){.point_s = known ? x.likely_s : NAN,
			     .limit_s = known && x.within_s ? x.within_s : NAN,
			     .expected = x};
}

static void waits(void *arg, const struct router *r, const struct route_case *c, int ahead, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = &t->waiting[t->n_waiting];

	(void)now_us;
	if (t->n_waiting == MAX_WAITING)
		abort();
	w->id = c->id;
	w->able = able_for(t, r, c);
	w->said[LAST_TEN] = mean_of_last(&t->last[c->kind]);
	w->said[EXPECT] = expected_by(&t->expect[EXPECT][c->kind], ahead_of(t, &w->able), w->able.n);
	w->said[POSITION] = expected_by(&t->expect[POSITION][c->kind], ahead, router_state(r)->n_ready);
	w->said[KNOWN] = (struct word){.point_s = NAN, .limit_s = NAN};
	t->n_waiting++;
}

/* ---------------------------------------------------------------- what can be known */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* the point that most of waits[n], in order, are within 30 % of: they lie from point / 1.3 to point / 0.7 */
static double best_point(const double *waits_s, int n, double *share)
{
	double best = 0;
	int most = 0;

	for (int from = 0, to = 0; from < n; from++) {
		double point = waits_s[from] * (1 + NEAR);

		while (to < n && waits_s[to] <= point / (1 - NEAR))
			to++;
		if (to - from > most) {
			most = to - from;
			best = point;
		}
	}
	*share = (double)most / n;
	return best;
}

/* in how many of the futures would this have been right? */
static void score_futures(struct score *s, const struct word *said, const double *waits_s, int n)
{
	long near = 0, kept = 0;

	for (int i = 0; i < n; i++) {
		near += is_near(said->point_s, waits_s[i]);
		kept += waits_s[i] <= said->limit_s;
	}
	if (!isnan(said->point_s)) {
		s->n_futures++;
		s->near_futures += share((double)near, n);
	}
	if (!isnan(said->limit_s)) {
		s->n_limit_futures++;
		s->kept_futures += share((double)kept, n);
	}
}

/* who knows everything chooses by the first half of the futures and is scored by the second, which is what
 * can be reached; the best for all of them by all of them is a bit more than that */
static void could_wait(void *arg, const struct route_case *c, const double *waits_s, int n)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);
	double *sorted = calloc((size_t)n, sizeof(*sorted));
	double best;
	int half = n / 2;

	if (!sorted || !w)
		abort();
	memcpy(sorted, waits_s, (size_t)n * sizeof(*sorted));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_size);
	best_point(sorted, n, &best);
	t->best30 += best;
	for (int i = 0; i < n; i++)
		t->futures_s += waits_s[i] / n;
	memcpy(sorted, waits_s, (size_t)half * sizeof(*sorted));
	qsort(sorted, (size_t)half, sizeof(*sorted), by_size);
	w->said[KNOWN].point_s = best_point(sorted, half, &best);
	w->said[KNOWN].limit_s = sorted[(half * EXPECT_PROMISE + 99) / 100 - 1];
	for (int i = 0; i < N_ESTIMATORS; i++)
		score_futures(&t->scores[i], &w->said[i], waits_s + half, n - half);
	free(sorted);
}

/* ---------------------------------------------------------------- what became of it */

/* "less than a minute", "about 2 minutes" */
static bool is_near_spoken(double said_s, double waited_s)
{
	return said_s < 60 ? waited_s < 60 : is_near(60 * round(said_s / 60), waited_s);
}

static void score_answered(struct score *s, const struct word *said, double waited_s)
{
	if (isnan(said->point_s))
		return;
	s->n++;
	s->near += is_near(said->point_s, waited_s);
	s->near_spoken += is_near_spoken(said->point_s, waited_s);
	if (waited_s > LONG_S) {
		s->n_long++;
		s->near_long += is_near(said->point_s, waited_s);
	}
	s->error_s += fabs(waited_s - said->point_s);
	s->said_s += said->point_s;
	s->waited_s += waited_s;
	if (isnan(said->limit_s))
		return;
	s->n_limits++;
	s->kept += waited_s <= said->limit_s;
	s->limit_s += said->limit_s;
}

static void left(struct told *t, const struct waiting *w, enum route_kind kind, double waited_s, bool taken)
{
	expect_left(&t->expect[EXPECT][kind], &w->said[EXPECT].expected, waited_s, taken);
	expect_left(&t->expect[POSITION][kind], &w->said[POSITION].expected, waited_s, taken);
}

static void answered(void *arg, const struct router *r, const struct route_case *c, int agent,
		     int64_t waited_us, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);
	struct last *l = &t->last[c->kind];
	double waited_s = (double)waited_us / 1e6;

	(void)r, (void)agent;
	if (!w) { /* taken at once: nothing was told */
		t->n_at_once += now_us >= t->from_us;
		return;
	}
	for (int i = 0; i < N_ESTIMATORS && now_us >= t->from_us; i++)
		score_answered(&t->scores[i], &w->said[i], waited_s);
	left(t, w, c->kind, waited_s, true);
	forget(t, w);
	l->waited_s[l->next] = waited_s;
	l->next = (l->next + 1) % LAST;
	l->n += l->n < LAST;
}

static void gave_up(void *arg, const struct router *r, const struct route_case *c, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);
	double waited_s = (double)(now_us - c->arrived_us) / 1e6;

	(void)r;
	if (!w)
		return;
	for (int i = 0; i < N_ESTIMATORS && now_us >= t->from_us; i++)
		t->scores[i].gone_after += waited_s > w->said[i].limit_s;
	left(t, w, c->kind, waited_s, false);
	forget(t, w);
}

static void finished(void *arg, const struct router *r, int product, enum route_kind kind, int i,
		     int64_t took_us, int64_t now_us)
{
	struct told *t = arg;

	(void)r, (void)product, (void)i, (void)now_us;
	expect_worked(&t->expect[EXPECT][kind], (double)took_us / 1e6);
	expect_worked(&t->expect[POSITION][kind], (double)took_us / 1e6);
}

struct told *told_new(void)
{
	struct told *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	return t;
}

struct told *told_free(struct told *t)
{
	free(t);
	return NULL;
}

struct watcher told_watcher(struct told *t, const struct scenario *s, int n_futures, int futures_every)
{
	t->from_us = (int64_t)s->warm_days * SCN_DAY_S * 1000000;
	t->n_agents = s->agents;
	return (struct watcher){.arg = t,
				.waits = waits,
				.answered = answered,
				.gave_up = gave_up,
				.finished = finished,
				.n_futures = n_futures,
				.futures_every = futures_every,
				.could_wait = could_wait};
}

static json_t *figures_of(const struct score *s)
{
	json_t *out = json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "callers", (json_int_t)s->n,
				"within30", share((double)s->near, s->n), "within30Over30s",
				share((double)s->near_long, s->n_long), "spoken30",
				share((double)s->near_spoken, s->n), "error", share(s->error_s, s->n), "told",
				share(s->said_s, s->n), "waited", share(s->waited_s, s->n));

	if (s->n_limits > 0) {
		json_object_set_new(out, "kept", json_real(share((double)s->kept, s->n_limits)));
		json_object_set_new(out, "keptAll",
				    json_real(share((double)s->kept, s->n_limits + s->gone_after)));
		json_object_set_new(out, "limit", json_real(share(s->limit_s, s->n_limits)));
	}
	if (s->n_futures > 0)
		json_object_set_new(out, "futures30", json_real(share(s->near_futures, s->n_futures)));
	if (s->n_limit_futures > 0)
		json_object_set_new(out, "futuresKept",
				    json_real(share(s->kept_futures, s->n_limit_futures)));
	return out;
}

json_t *told_figures(const struct told *t)
{
	json_t *out = json_object();

	for (int i = 0; i < N_ESTIMATORS; i++)
		if (t->scores[i].n > 0)
			json_object_set_new(out, names[i], figures_of(&t->scores[i]));
	json_object_set_new(out, "atOnce",
			    json_real(share((double)t->n_at_once, t->n_at_once + t->scores[LAST_TEN].n)));
	if (t->scores[KNOWN].n_futures > 0) {
		json_object_set_new(out, "best30", json_real(share(t->best30, t->scores[KNOWN].n_futures)));
		json_object_set_new(out, "futuresWaited",
				    json_real(share(t->futures_s, t->scores[KNOWN].n_futures)));
	}
	return out;
}
