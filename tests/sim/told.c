/* told.c - two estimators side by side: the mean of the last ten who waited, and lib/core/expect */
#include "tests/sim/told.h"

#include "lib/core/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAST = 10, MAX_WAITING = 65536 };
static const double NEAR = 0.3, FIRST_GUESS_S = 60;

enum estimator { LAST_TEN, EXPECT, N_ESTIMATORS };
static const char *const names[N_ESTIMATORS] = {[LAST_TEN] = "lastTen", [EXPECT] = "expect"};

/* the last waits of a channel, of those who had to wait */
struct last {
	double waited_s[LAST];
	int n, next;
};

/* what somebody who waits was told */
struct waiting {
	struct route_case c;
	double said_s[N_ESTIMATORS];
	struct expected expected;
};

struct score {
	long n, near;
	double error_s, said_s, waited_s;
};

struct told {
	struct last last[N_ROUTE_KINDS];
	struct expect lines[N_ROUTE_KINDS];
	int64_t from_us;
	struct waiting waiting[MAX_WAITING];
	int n_waiting, n_agents;
	struct score scores[N_ESTIMATORS];
	long promised, kept; /* callers who were told a limit; who waited no longer */
	double promised_s;
};

static double mean_of_last(const struct last *l)
{
	double sum = 0;

	for (int i = 0; i < l->n; i++)
		sum += l->waited_s[i];
	return l->n ? sum / l->n : FIRST_GUESS_S;
}

/* who else waits on the line for the same agents; who competes for some of them counts for that part */
static struct expected expect_of(const struct told *t, const struct router *r, const struct route_case *c)
{
	int able = 0, shared = 0;

	for (int i = 0; i < t->n_agents; i++) {
		const struct route_agent *a = router_agent(r, i);

		if (!route_would_fit(c, a))
			continue;
		able++;
		for (int k = 0; k < t->n_waiting; k++)
			shared += route_would_fit(&t->waiting[k].c, a);
	}
	return expect_wait(&t->lines[c->kind], able ? (double)shared / able : 0, able);
}

static struct waiting *find(struct told *t, struct case_id id)
{
	for (int i = 0; i < t->n_waiting; i++)
		if (memcmp(t->waiting[i].c.id.u.b, id.u.b, sizeof(id.u.b)) == 0)
			return &t->waiting[i];
	return NULL;
}

static void forget(struct told *t, struct waiting *w)
{
	*w = t->waiting[--t->n_waiting];
}

static void waits(void *arg, const struct router *r, const struct route_case *c, int ahead, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = &t->waiting[t->n_waiting];

	(void)ahead, (void)now_us;
	if (t->n_waiting == MAX_WAITING)
		abort();
	w->c = *c;
	w->expected = expect_of(t, r, c);
	t->n_waiting++;
	w->said_s[LAST_TEN] = mean_of_last(&t->last[c->kind]);
	w->said_s[EXPECT] = w->expected.likely_s;
}

static void score(struct told *t, const struct waiting *w, double waited_s)
{
	for (int i = 0; i < N_ESTIMATORS; i++) {
		struct score *s = &t->scores[i];

		s->n++;
		s->near += fabs(waited_s - w->said_s[i]) <= NEAR * w->said_s[i];
		s->error_s += fabs(waited_s - w->said_s[i]);
		s->said_s += w->said_s[i];
		s->waited_s += waited_s;
	}
	if (w->expected.within_s > 0) {
		t->promised++;
		t->kept += waited_s <= w->expected.within_s;
		t->promised_s += w->expected.within_s;
	}
}

static void answered(void *arg, const struct router *r, const struct route_case *c, int agent,
		     int64_t waited_us, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);
	struct last *l = &t->last[c->kind];
	double waited_s = (double)waited_us / 1e6;

	(void)r, (void)agent;
	if (!w)
		return; /* taken at once: nothing was told */
	if (now_us >= t->from_us)
		score(t, w, waited_s);
	expect_left(&t->lines[c->kind], &w->expected, waited_s, true);
	forget(t, w);
	l->waited_s[l->next] = waited_s;
	l->next = (l->next + 1) % LAST;
	l->n += l->n < LAST;
}

static void gave_up(void *arg, const struct router *r, const struct route_case *c, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);

	(void)r;
	if (!w)
		return;
	expect_left(&t->lines[c->kind], &w->expected, (double)(now_us - c->arrived_us) / 1e6, false);
	forget(t, w);
}

static void finished(void *arg, const struct router *r, int product, enum route_kind kind, int agent,
		     int64_t took_us, int64_t now_us)
{
	struct told *t = arg;

	(void)r, (void)product, (void)agent, (void)now_us;
	expect_worked(&t->lines[kind], (double)took_us / 1e6);
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

struct watcher told_watcher(struct told *t, const struct scenario *s)
{
	t->from_us = (int64_t)s->warm_days * SCN_DAY_S * 1000000;
	t->n_agents = s->agents;
	return (struct watcher){
		.arg = t, .waits = waits, .answered = answered, .gave_up = gave_up, .finished = finished};
}

json_t *told_figures(const struct told *t)
{
	json_t *out = json_object();

	for (int i = 0; i < N_ESTIMATORS; i++) {
		const struct score *s = &t->scores[i];
		double n = s->n > 0 ? (double)s->n : 1;

		json_object_set_new(out, names[i],
				    json_pack("{s:I, s:f, s:f, s:f, s:f}", "callers", (json_int_t)s->n,
					      "within30", (double)s->near / n, "error", s->error_s / n,
					      "told", s->said_s / n, "waited", s->waited_s / n));
	}
	if (t->promised > 0)
		json_object_set_new(out, "promise",
				    json_pack("{s:I, s:f, s:f}", "callers", (json_int_t)t->promised, "kept",
					      (double)t->kept / (double)t->promised, "promised",
					      t->promised_s / (double)t->promised));
	return out;
}
