/* route_private.h - the steps of a decision, for route.c (everybody is looked at) and router.c (indexes) */
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

static inline double route_wait_s(const struct route_case *c, int64_t now_us)
{
	return now_us > c->arrived_us ? (double)(now_us - c->arrived_us) / 1e6 : 0;
}

/* H3: has it waited long enough to go to who does not know the municipality? */
static inline bool route_is_relaxed(const struct route_case *c, const struct route_policy *p, int64_t now_us)
{
	return route_wait_s(c, now_us) >= p->relax_s[c->kind];
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
enum route_why route_is_asked_for(const struct route_case *c, const struct route_agent *a);
/* route_why_not - route_eligible, and the bar */
enum route_why route_why_not(const struct route_view *v, const struct route_agent *a);
void route_candidate(const struct route_view *v, const struct route_agent *a, struct route_candidate *out);
void route_add_candidate(struct route_decision *d, const struct route_candidate *new, int index);
/* route_decide - route_agent_for, with the view made */
void route_decide(struct route_view *v, const struct route_agent *agents, int n, struct route_decision *d);
/* route_score - one place, so that both add up in the same order; route_few_idle - are those who are idle kept for calls? */
double route_score(double optimistic, double occupancy, double sticky, double packing);
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
/* route_heads_add - c speaks for its class, and may be taken. c must stay where it is */
void route_heads_add(struct route_heads *h, const struct route_state *s, const struct route_agent *a,
                     const struct route_case *c, int64_t now_us);
/* route_heads_first - who was first; NULL: nobody */
const struct route_case *route_heads_first(struct route_heads *h, const struct route_state *s, const struct route_agent *a,
                                           int64_t now_us, enum route_rule *rule);

#endif
