/* route_ftf.c - policy "ftf": what is weighed, once the hard rules are met (README.md has formulas and source) */
#include "lib/core/route.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_bit(uint64_t bits, unsigned i)
{
	return i < 64 && (bits >> i & 1);
}

static int compare_ids(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}

static double wait_s(const struct route_case *c, int64_t now_us)
{
	return now_us > c->arrived_us ? (double)(now_us - c->arrived_us) / 1e6 : 0;
}

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
	return p->team_level ? a->team_unit : a->unit;
}

enum route_method route_arm(const struct route_policy *p, struct case_id id)
{
	uint64_t x;

	if (p->method == METHOD_FIFO)
		return METHOD_FIFO;
	memcpy(&x, id.u.b + 8, sizeof(x));       /* the half that is chance in a UUID of any version */
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

/* a chat goes first to who has none, unless few are idle: they are kept for calls */
static double packing_of(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
                         const struct route_agent *a)
{
	bool few = s->n_idle <= (int)ceil(p->packing_idle * s->n_ready);

	if (c->kind != KIND_CHAT || a->busy_total == 0)
		return 0;
	return few ? p->packing : -p->packing;
}

static bool is_previous(const struct route_case *c, const struct route_agent *a)
{
	static const struct agent_id nobody;

	return compare_ids(c->previous.u, a->id.u) == 0 && compare_ids(c->previous.u, nobody.u) != 0;
}

void route_terms(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
                 const struct route_agent *a, int64_t now_us, struct route_terms *t)
{
	int product = route_learn_product(c);
	struct learn_estimate e = { 0.75F, 0.0F };
	double factor = has_bit(a->knows, c->municipality) ? 1 : p->unfamiliar;

	if (s->learn)
		e = learn_estimate(s->learn, product, route_learn_unit(p, a), has_bit(a->home, c->municipality));
	t->q = factor * (double)e.q;
	t->sd = factor * (double)e.sd;
	t->advantage = t->q + p->optimism * t->sd - (s->learn ? learn_benchmark(s->learn, product, c->municipality) : 0.75);
	t->age = wait_s(c, now_us) / p->target_s[c->kind];
	t->occupancy = -p->occupancy * ((double)a->occupancy - s->occupancy);
	t->sticky = is_previous(c, a) ? p->sticky : 0;
	t->packing = packing_of(s, p, c, a);
	t->score = t->q + p->optimism * t->sd + t->occupancy + t->sticky + t->packing;
}

/* ---------------------------------------------------------------- the agent's side */

struct route_rank route_rank(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
                             const struct route_agent *a, int64_t now_us)
{
	struct route_rank r = { 0, wait_s(c, now_us) / p->target_s[c->kind] };
	struct route_terms t;

	if (wait_s(c, now_us) >= p->max_wait_s[c->kind])
		r.overdue = c->kind == KIND_ASYNC ? 1 : 2;
	if (c->method == METHOD_FIFO)
		return r;
	route_terms(s, p, c, a, now_us, &t);
	r.score = p->advantage * (t.advantage + t.sticky) + t.age;
	return r;
}

int route_rank_order(struct route_rank x, const struct route_case *cx, struct route_rank y, const struct route_case *cy)
{
	if (x.overdue != y.overdue)
		return x.overdue > y.overdue ? -1 : 1;
	if (!x.overdue && x.score != y.score)
		return x.score > y.score ? -1 : 1;
	if (cx->arrived_us != cy->arrived_us)
		return cx->arrived_us < cy->arrived_us ? -1 : 1;
	return compare_ids(cx->id.u, cy->id.u);
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
 * f(x) = gain/n * sum of (q - x) over q > x falls in straight pieces from f(0): walk them from the top until f reaches the price,
 * and solve the piece. sum: of the k+1 … n highest
 */
double route_bar(const struct route_policy *p, float *q, int n, double occupancy, double work_s, int level)
{
	static const double times[POLICY_LEVELS] = { 1, 2, 5, 15 };
	double price = p->hold_price * times[level], sum = 0;
	double gain = (occupancy > 0.3 ? occupancy : 0.3) * p->hold_chance / work_s;   /* for each agent */
	int k = n;

	if (price <= 0 || gain <= 0)
		return 0;
	qsort(q, (size_t)n, sizeof(*q), by_size);
	while (k > 0) {
		double next = k > 1 ? (double)q[k - 2] : 0;

		sum += (double)q[--k];
		if (gain * (sum - (n - k) * next) > price)       /* f(next): the root lies above it */
			return (sum - price / gain) / (n - k);
	}
	return 0;
}

double route_bar_of(const struct route_state *s, const struct route_case *c, const struct route_agent *agents, int n)
{
	const struct route_policy *p = route_policy_of(s, c);
	struct route_case plain = *c;
	struct route_terms t;
	float *q;
	int n_able = 0;
	double x, work_s = s->learn ? learn_work_s(s->learn, route_learn_product(c), c->kind) : 300;

	if (c->method != METHOD_FTF || c->kind != KIND_ASYNC || p->hold_price <= 0 || n == 0)
		return 0;
	q = malloc((size_t)n * sizeof(*q));
	if (!q)
		abort();
	memset(&plain.wanted, 0, sizeof(plain.wanted));
	plain.team = 0;
	for (int i = 0; i < n; i++)
		if (route_would_fit(&plain, &agents[i])) {
			route_terms(s, p, &plain, &agents[i], plain.arrived_us, &t);
			q[n_able++] = (float)(t.q + p->optimism * t.sd);
		}
	x = route_bar(p, q, n_able, s->occupancy, work_s, route_level(s));
	free(q);
	return x;
}

double route_bar_now(const struct route_policy *p, const struct route_case *c, double x, int64_t now_us)
{
	double w = wait_s(c, now_us);

	return w >= p->hold_s ? 0 : x * (1 - w / p->hold_s);
}
