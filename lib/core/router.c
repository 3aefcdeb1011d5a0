/* router.c - see router.h */
#include "lib/core/router.h"

#include "lib/core/waitlist.h"

#include <stdlib.h>
#include <string.h>

struct router {
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct learn *learn;
	struct route_state state;
	struct waitlist *waiting;
	struct route_agent *agents;
	int64_t *touched_us;
	int n_agents;
	int64_t again_us;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct router *router_new(const struct route_policy *policies, struct learn *learn)
{
	struct router *r = must(calloc(1, sizeof(*r)));

	memcpy(r->policies, policies, sizeof(r->policies));
	r->learn = learn;
	r->state = (struct route_state){ .policies = r->policies, .learn = learn };
	r->waiting = waitlist_new();
	return r;
}

struct router *router_free(struct router *r)
{
	if (!r)
		return NULL;
	waitlist_free(r->waiting);
	free(r->agents);
	free(r->touched_us);
	free(r);
	return NULL;
}

const struct route_state *router_state(const struct router *r)
{
	return &r->state;
}

/* ---------------------------------------------------------------- agents */

static void count_agent(struct router *r, const struct route_agent *a, int by)
{
	r->state.n_ready += a->presence == PRESENCE_READY ? by : 0;
	r->state.n_idle += a->presence == PRESENCE_READY && a->busy_total == 0 ? by : 0;
}

static void touch(struct router *r, int i, int64_t now_us)
{
	struct route_agent *a = &r->agents[i];

	a->occupancy = route_occupancy(a->occupancy, a->busy_total > 0, (double)(now_us - r->touched_us[i]) / 1e6);
	r->touched_us[i] = now_us;
}

int router_find(const struct router *r, struct agent_id id)
{
	int low = 0, high = r->n_agents - 1;

	while (low <= high) {
		int mid = (low + high) / 2, c = memcmp(r->agents[mid].id.u.b, id.u.b, sizeof(id.u.b));

		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return -1;
}

void router_agents(struct router *r, const struct route_agent *agents, int n, int64_t now_us)
{
	struct route_agent *new = must(calloc((size_t)n + 1, sizeof(*new)));
	int64_t *touched = must(calloc((size_t)n + 1, sizeof(*touched)));

	for (int i = 0; i < n; i++) {
		int old = router_find(r, agents[i].id);

		new[i] = agents[i];
		touched[i] = old < 0 ? now_us : r->touched_us[old];
		new[i].occupancy = old < 0 ? agents[i].occupancy : r->agents[old].occupancy;
	}
	free(r->agents);
	free(r->touched_us);
	r->agents = new;
	r->touched_us = touched;
	r->n_agents = n;
	r->state.n_ready = r->state.n_idle = 0;
	for (int i = 0; i < n; i++)
		count_agent(r, &new[i], 1);
	router_refresh(r, now_us, 0);
}

void router_agent_set(struct router *r, int i, const struct route_agent *a, int64_t now_us)
{
	float occupancy;

	touch(r, i, now_us);
	occupancy = r->agents[i].occupancy;
	count_agent(r, &r->agents[i], -1);
	r->agents[i] = *a;
	r->agents[i].occupancy = occupancy;
	count_agent(r, a, 1);
}

const struct route_agent *router_agent(const struct router *r, int i)
{
	return &r->agents[i];
}

/* ---------------------------------------------------------------- cases */

void router_put(struct router *r, const struct route_case *c)
{
	struct route_case copy = *c;

	router_remove(r, copy.id);
	waitlist_put(r->waiting, &copy);
	r->state.n_live += copy.kind != KIND_ASYNC;
	if (r->learn)
		learn_product(r->learn, route_learn_product(&copy));
}

bool router_remove(struct router *r, struct case_id id)
{
	const struct route_case *c = waitlist_get(r->waiting, id);

	if (!c)
		return false;
	r->state.n_live -= c->kind != KIND_ASYNC;
	return waitlist_remove(r->waiting, id);
}

const struct route_case *router_get(const struct router *r, struct case_id id)
{
	return waitlist_get(r->waiting, id);
}

int router_count(const struct router *r)
{
	return waitlist_count(r->waiting);
}

void router_each(const struct router *r, void (*fn)(const struct route_case *c, void *arg), void *arg)
{
	waitlist_each(r->waiting, fn, arg);
}

int router_late_wishes(const struct router *r, int64_t now_us, struct case_id *out, int max)
{
	return waitlist_late_wishes(r->waiting, now_us, out, max);
}

int router_bytes_per_case(void)
{
	return 0;
}

/* ---------------------------------------------------------------- decisions */

void router_agent_for(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d)
{
	route_agent_for(&r->state, c, r->agents, r->n_agents, now_us, d);
}

void router_explain(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d)
{
	route_agent_for(&r->state, c, r->agents, r->n_agents, now_us, d);
}

enum { HEADS = 4096 };

const struct route_case *router_case_for(const struct router *r, int i, int64_t now_us, enum route_rule *rule)
{
	const struct route_case **heads = must(malloc(HEADS * sizeof(*heads))), *best;
	struct route_decision *d = must(malloc(sizeof(*d)));
	int n = waitlist_heads(r->waiting, r->policies, &r->agents[i], now_us, heads, HEADS);

	route_case_for(&r->state, &r->agents[i], heads, n, r->agents, r->n_agents, now_us, d);
	best = d->chosen < 0 ? NULL : heads[d->chosen];
	if (rule)
		*rule = d->rule;
	free(heads);
	free(d);
	return best;
}

int router_refresh(struct router *r, int64_t now_us, int max_bars)
{
	double sum = 0;

	(void)max_bars;
	for (int i = 0; i < r->n_agents; i++) {
		touch(r, i, now_us);
		if (r->agents[i].presence == PRESENCE_READY)
			sum += (double)r->agents[i].occupancy;
	}
	r->state.occupancy = r->state.n_ready > 0 ? sum / r->state.n_ready : 0;
	return 0;
}

struct again {
	const struct router *r;
	int64_t now_us;
	struct case_id *out;
	int n, max;
};

static void look_again(const struct route_case *c, void *arg)
{
	struct again *a = arg;
	int64_t relax_us = c->arrived_us + (int64_t)(a->r->policies[c->municipality].relax_s[c->kind] * 1e6);
	bool held = c->method == METHOD_FTF && c->kind == KIND_ASYNC;

	if (a->n < a->max && (held || (relax_us > a->r->again_us && relax_us <= a->now_us)))
		a->out[a->n++] = c->id;
}

int router_again(struct router *r, int64_t now_us, struct case_id *out, int max)
{
	struct again a = { r, now_us, out, 0, max };

	waitlist_each(r->waiting, look_again, &a);
	r->again_us = now_us;
	return a.n;
}
