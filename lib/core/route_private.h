/* route_private.h - the steps of a decision, for route.c (everybody is looked at) and router*.c (indexes) */
#ifndef LOKET_ROUTE_PRIVATE_H
#define LOKET_ROUTE_PRIVATE_H

#include "lib/core/route.h"

#include <string.h>

static inline bool route_bit(uint64_t bits, unsigned i)
{
	return i < 64 && (bits >> i & 1);
}

static inline int route_compare(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}

static inline bool route_is_nil(struct uuid u)
{
	static const struct uuid nil;

	return route_compare(u, nil) == 0;
}

/* how long it waits, in microseconds */
static inline double route_wait_us(int64_t arrived_us, int64_t now_us)
{
	return now_us > arrived_us ? (double)(now_us - arrived_us) : 0;
}

static inline struct learn_estimate route_estimate(const struct route_state *s, int product, int unit, bool home)
{
	const struct learn_table *t = s->learn ? learn_look(s->learn) : NULL;

	if (!t)
		return (struct learn_estimate){ 0.75F, 0.0F };
	if (t->estimates[product][home] && unit >= 0 && unit < t->n_units)
		return t->estimates[product][home][unit];
	return learn_estimate(s->learn, product, unit, home);
}

static inline double route_benchmark(const struct route_state *s, int product, int municipality)
{
	return s->learn ? learn_look(s->learn)->benchmark[product][municipality] : 0.75;
}

/* one place each, so that all add up in the same order */
static inline double route_optimistic(const struct route_policy *p, double factor, struct learn_estimate e)
{
	return factor * (double)e.q + p->optimism * (factor * (double)e.sd);
}

static inline double route_age(const struct route_policy *p, enum route_kind kind, double wait_us)
{
	return wait_us / (p->target_s[kind] * 1e6);
}

/* H5: 2 live, 1 not live, 0 not yet */
static inline int route_overdue(const struct route_policy *p, enum route_kind kind, double wait_us)
{
	return wait_us < p->max_wait_s[kind] * 1e6 ? 0 : kind == KIND_ASYNC ? 1 : 2;
}

static inline double route_weigh(const struct route_policy *p, double advantage, double sticky, double age)
{
	return p->advantage * (advantage + sticky) + age;
}

static inline double route_score(double optimistic, double occupancy, double sticky, double packing)
{
	return optimistic + occupancy + sticky + packing;
}

/* H3: has it waited long enough to go to who does not know the municipality? */
static inline bool route_is_relaxed(const struct route_case *c, const struct route_policy *p, int64_t now_us)
{
	return route_wait_us(c->arrived_us, now_us) >= p->relax_s[c->kind] * 1e6;
}

/* what one decision on the contact's side goes by */
struct route_view {
	const struct route_state *s;
	const struct route_policy *p;
	const struct route_case *c;
	int64_t now_us;
	double x, bar;                   /* x: of its class; bar: what is left of it now */
};

bool route_has_declined(const struct route_case *c, struct agent_id a);
bool route_is_familiar(const struct route_case *c, const struct route_agent *a);
enum route_why route_has_skill(const struct route_case *c, const struct route_agent *a);
/* route_why_not - route_eligible, and the bar */
enum route_why route_why_not(const struct route_view *v, const struct route_agent *a);
void route_candidate(const struct route_view *v, const struct route_agent *a, struct route_candidate *out);
void route_add_candidate(struct route_decision *d, const struct route_candidate *new, int index);
/* route_decide - route_agent_for, with the view made */
void route_decide(struct route_view *v, const struct route_agent *agents, int n, struct route_decision *d);
/* route_few_idle - are those who are idle kept for calls? */
bool route_few_idle(const struct route_state *s, const struct route_policy *p);
/* route_decided - the rule, when agents[chosen] was found */
enum route_rule route_decided(const struct route_view *v, const struct route_decision *d);
void route_decision_begin(const struct route_view *v, int n, struct route_decision *d);
/* when a case that nobody takes is looked at again: best: highest q + c sd among those below the bar, 0 none */
int64_t route_held_until(const struct route_view *v, double best);
int64_t route_relaxed_at(const struct route_view *v);
static inline int64_t route_sooner(int64_t a, int64_t b)
{
	return a && (!b || a < b) ? a : b;
}

/* the two who stand first on the agent's side; skills-fifo has one spokesman of its own */
struct route_heads {
	const struct route_case *best, *second, *fifo;
	struct route_rank rank, rank2;
};
/* route_heads_add - c speaks for its class, and may be taken. c must stay where it is; t: for skills-fifo not
 * looked at */
void route_heads_add(struct route_heads *h, const struct route_policy *p, const struct route_case *c,
                     const struct route_terms *t, int64_t now_us);
/* route_heads_first - who was first; NULL: nobody */
const struct route_case *route_heads_first(struct route_heads *h, const struct route_state *s,
                                           const struct route_agent *a, int64_t now_us, enum route_rule *rule);

#endif
