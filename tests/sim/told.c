/* told.c - the estimators, side by side; a new one is a line in the table */
#include "tests/sim/told.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAST = 10, MAX_WAITING = 65536 };
static const double NEAR = 0.3, FIRST_GUESS_S = 60;

/* the last waits of a channel, of those who had to wait */
struct last {
	double waited_s[LAST];
	int n, next;
};

struct told {
	struct last last[N_ROUTE_KINDS];
	int64_t from_us;
	struct waiting {
		struct case_id id;
		double said_s[4];
	} waiting[MAX_WAITING];
	int n_waiting;
	struct score {
		long n, near;
		double error_s, said_s, waited_s;
	} scores[4];
};

static double mean_of_last(const struct told *t, const struct router *r, const struct route_case *c,
			   int ahead, int64_t now_us)
{
	const struct last *l = &t->last[c->kind];
	double sum = 0;

	(void)r, (void)ahead, (void)now_us;
	for (int i = 0; i < l->n; i++)
		sum += l->waited_s[i];
	return l->n ? sum / l->n : FIRST_GUESS_S;
}

static const struct estimator {
	const char *name;
	double (*say)(const struct told *t, const struct router *r, const struct route_case *c, int ahead,
		      int64_t now_us);
} estimators[] = {
	{"lastTen", mean_of_last},
};

enum { N_ESTIMATORS = sizeof(estimators) / sizeof(*estimators) };

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

static void waits(void *arg, const struct router *r, const struct route_case *c, int ahead, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = &t->waiting[t->n_waiting];

	if (t->n_waiting == MAX_WAITING)
		abort();
	t->n_waiting++;
	w->id = c->id;
	for (int i = 0; i < N_ESTIMATORS; i++)
		w->said_s[i] = estimators[i].say(t, r, c, ahead, now_us);
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
	for (int i = 0; i < N_ESTIMATORS && now_us >= t->from_us; i++) {
		struct score *s = &t->scores[i];

		s->n++;
		s->near += fabs(waited_s - w->said_s[i]) <= NEAR * w->said_s[i];
		s->error_s += fabs(waited_s - w->said_s[i]);
		s->said_s += w->said_s[i];
		s->waited_s += waited_s;
	}
	forget(t, w);
	l->waited_s[l->next] = waited_s;
	l->next = (l->next + 1) % LAST;
	l->n += l->n < LAST;
}

static void gave_up(void *arg, const struct router *r, const struct route_case *c, int64_t now_us)
{
	struct told *t = arg;
	struct waiting *w = find(t, c->id);

	(void)r, (void)now_us;
	if (w)
		forget(t, w);
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

struct watcher told_watcher(struct told *t, int warm_days)
{
	t->from_us = (int64_t)warm_days * SCN_DAY_S * 1000000;
	return (struct watcher){.arg = t, .waits = waits, .answered = answered, .gave_up = gave_up};
}

json_t *told_figures(const struct told *t)
{
	json_t *out = json_object();

	for (int i = 0; i < N_ESTIMATORS; i++) {
		const struct score *s = &t->scores[i];
		double n = s->n > 0 ? (double)s->n : 1;

		json_object_set_new(out, estimators[i].name,
				    json_pack("{s:I, s:f, s:f, s:f, s:f}", "callers", (json_int_t)s->n,
					      "within30", (double)s->near / n, "error", s->error_s / n,
					      "told", s->said_s / n, "waited", s->waited_s / n));
	}
	return out;
}
