/* route_ftf.c - policy "ftf": what is weighed, once the hard rules are met (README.md has formulas and
 * source) */
#include "lib/base/must.h"
#include "lib/core/route_private.h"

#include <math.h>
#include <stdlib.h>

const struct route_policy *route_policy_of(const struct route_state *s, const struct route_case *c)
{
	return &s->policies[c->municipality];
}

int route_learn_product(const struct route_case *c)
{
	return c->option0 ? LEARN_OPTION0 : c->product;
}

int route_learn_unit(const struct route_policy *p, const struct route_agent *a)
{
	if (p->learning == LEARNING_OFF)
		return LEARN_NO_UNIT;
	return p->learning == LEARNING_TEAM ? a->team_unit : a->unit;
}

enum route_method route_arm(const struct route_policy *p, struct case_id id)
{
	uint64_t x = 0;

	if (p->method == METHOD_FIFO)
		return METHOD_FIFO;
	for (int i = 8; i < 16; i++) /* the half that is chance in a UUID of any version */
		x = x << 8 | id.u.b[i];
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return (double)(x >> 11) / 9007199254740992.0 < p->control_share ? METHOD_FIFO : METHOD_FTF;
}

float route_occupancy(float before, bool busy, double dt_s)
{
	double e = exp(-(dt_s > 0 ? dt_s : 0) / 3600);

	return (float)((double)before * e + (busy ? 1 - e : 0));
}

bool route_few_idle(const struct route_state *s, const struct route_policy *p)
{
	return s->n_idle <= (int)ceil(p->packing_idle * s->n_ready);
}

/* a chat goes first to who has none, unless few are idle: they are kept for calls */
static double packing_of(const struct route_state *s, const struct route_policy *p,
			 const struct route_case *c, const struct route_agent *a)
{
	if (c->kind != KIND_CHAT || a->busy_total == 0)
		return 0;
	return route_few_idle(s, p) ? p->packing : -p->packing;
}

static bool is_previous(const struct route_case *c, const struct route_agent *a)
{
	return route_compare(c->previous.u, a->id.u) == 0 && !route_is_nil(c->previous.u);
}

void route_terms(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
		 const struct route_agent *a, int64_t now_us, struct route_terms *t)
{
	int product = route_learn_product(c);
	double factor = route_bit(a->knows, c->municipality) ? 1 : p->unfamiliar;
	struct learn_estimate e =
		route_estimate(s, product, route_learn_unit(p, a), route_bit(a->home, c->municipality));

	t->q = factor * (double)e.q;
	t->sd = factor * (double)e.sd;
	t->advantage = route_optimistic(p, factor, e) - route_benchmark(s, product, c->municipality);
	t->age = route_age(p, c->kind, route_wait_us(c->arrived_us, now_us));
	t->occupancy = -p->occupancy * ((double)a->occupancy - s->occupancy);
	t->sticky = is_previous(c, a) ? p->sticky : 0;
	t->packing = packing_of(s, p, c, a);
	t->score = route_score(route_optimistic(p, factor, e), t->occupancy, t->sticky, t->packing);
}

/* ---------------------------------------------------------------- the agent's side */

struct route_rank route_rank_of(const struct route_policy *p, const struct route_case *c,
				const struct route_terms *t, int64_t now_us)
{
	double wait_us = route_wait_us(c->arrived_us, now_us);

	return (struct route_rank){route_overdue(p, c->kind, wait_us),
				   route_weigh(p, t->advantage, t->sticky, route_age(p, c->kind, wait_us))};
}

struct route_rank route_rank(const struct route_state *s, const struct route_policy *p,
			     const struct route_case *c, const struct route_agent *a, int64_t now_us)
{
	struct route_terms t = {0};

	if (c->method == METHOD_FTF)
		route_terms(s, p, c, a, now_us, &t);
	return route_rank_of(p, c, &t, now_us);
}

int route_rank_order(struct route_rank x, const struct route_case *cx, struct route_rank y,
		     const struct route_case *cy)
{
	if (x.overdue != y.overdue)
		return x.overdue > y.overdue ? -1 : 1;
	if (!x.overdue && x.score != y.score)
		return x.score > y.score ? -1 : 1;
	if (cx->arrived_us != cy->arrived_us)
		return cx->arrived_us < cy->arrived_us ? -1 : 1;
	return route_compare(cx->id.u, cy->id.u);
}

/* ---------------------------------------------------------------- holding what is not live */

int route_level(const struct route_state *s)
{
	double x = s->n_ready > 0 ? s->n_live / (0.05 * s->n_ready) : 0;

	return x < 0.5 ? 0 : x < 1.5 ? 1 : x < 4 ? 2 : 3;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/*
 * f(x) = gain/n * sum of (q - x) over q > x falls in straight pieces from f(0): walk them from the top until
 * f reaches the price, and solve the piece. sum: of the k+1 … n highest
 */
static double bar_at(const float *q, int n, double price)
{
	double sum = 0;
	int k = n;

	while (k > 0) {
		double next = k > 1 ? (double)q[k - 2] : 0;

		sum += (double)q[--k];
		if (sum - (n - k) * next > price) /* f(next): the root lies above it */
			return (sum - price) / (n - k);
	}
	return 0;
}

void route_bars(const struct route_policy *p, float *q, int n, double occupancy, double work_s,
		float bars[POLICY_LEVELS])
{
	static const double times[POLICY_LEVELS] = {1, 2, 5, 15};
	double gain = (occupancy > 0.3 ? occupancy : 0.3) * p->hold_chance / work_s; /* for each agent */

	qsort(q, (size_t)n, sizeof(*q), by_size);
	for (int i = 0; i < POLICY_LEVELS; i++)
		bars[i] = p->hold_price > 0 && gain > 0 ? (float)bar_at(q, n, p->hold_price * times[i] / gain)
							: 0;
}

bool route_is_barred(const struct route_policy *p, const struct route_case *c)
{
	return c->method == METHOD_FTF && c->kind == KIND_ASYNC && p->hold_price > 0 && !c->team &&
	       route_is_nil(c->wanted.u);
}

void route_bars_of(const struct route_state *s, const struct route_case *c, const struct route_agent *agents,
		   int n, float bars[POLICY_LEVELS])
{
	const struct route_policy *p = route_policy_of(s, c);
	double work_s = s->learn ? learn_work_s(s->learn, route_learn_product(c), c->kind) : 300;
	struct route_terms t;
	float *q = must(malloc((size_t)(n + 1) * sizeof(*q)));
	int n_fit = 0;

	for (int i = 0; i < n; i++)
		if (route_would_fit(c, &agents[i])) {
			route_terms(s, p, c, &agents[i], c->arrived_us, &t);
			q[n_fit++] = (float)(t.q + p->optimism * t.sd);
		}
	route_bars(p, q, n_fit, s->occupancy, work_s, bars);
	free(q);
}

double route_bar_of(const struct route_state *s, const struct route_case *c, const struct route_agent *agents,
		    int n)
{
	float bars[POLICY_LEVELS];

	if (!route_is_barred(route_policy_of(s, c), c))
		return 0;
	route_bars_of(s, c, agents, n, bars);
	return (double)bars[route_level(s)];
}

double route_bar_now(const struct route_policy *p, const struct route_case *c, double x, int64_t now_us)
{
	double wait_us = route_wait_us(c->arrived_us, now_us);

	return wait_us >= p->hold_s * 1e6 ? 0 : x * (1 - wait_us / (p->hold_s * 1e6));
}
