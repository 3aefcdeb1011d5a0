/*
 * router.h - all agents and all that waits, indexed so that a decision is cheap
 *
 * The same decisions as route.h, for a million waiting cases and ten thousand agents. Who calls it tells what
 * changed (a case waits, an agent's load changed) and asks. Bars (route_bar) are those of the last router_refresh;
 * all else is as of now. Pure: time comes in as an argument.
 */
#ifndef LOKET_ROUTER_H
#define LOKET_ROUTER_H

#include "lib/core/route.h"

struct router;

/*
 * router_new - without agents, and with nothing waiting
 * in       policies[ROUTE_MAX_MUNICIPALITIES]: copied; learn: borrowed for as long as the router lives, may be NULL
 */
struct router *router_new(const struct route_policy *policies, struct learn *learn);
struct router *router_free(struct router *r);
/* router_policies - others hold from now on; cases keep the method that they were put with */
void router_policies(struct router *r, const struct route_policy *policies);

/* router_agents - these are all agents from now on, in order of id; copied. What is known of occupancy goes over
 * by id */
void router_agents(struct router *r, const struct route_agent *agents, int n, int64_t now_us);
/* router_agent_set - presence, load, skills of agent i changed; occupancy is kept by the router, the id stays. O(1) */
void router_agent_set(struct router *r, int i, const struct route_agent *a, int64_t now_us);
const struct route_agent *router_agent(const struct router *r, int i);      /* borrowed until router_agents */
int router_find(const struct router *r, struct agent_id id);               /* -1: none */

/* router_clear - nothing waits any more */
void router_clear(struct router *r);
/* router_put - it waits from now on; replaces the case with the same id. Copied. O(log n of its class) */
void router_put(struct router *r, const struct route_case *c);
bool router_remove(struct router *r, struct case_id id);                    /* false: it was not there */
/* router_get - false: it is not there; out may be NULL */
bool router_get(const struct router *r, struct case_id id, struct route_case *out);
int router_count(const struct router *r);

/* router_state - what decisions look at beside agents and cases */
const struct route_state *router_state(const struct router *r);

/* router_agent_for - who takes case c, which must be waiting? As route_agent_for, but nobody is explained:
 * d has chosen, rule, again_at_us, bar, and the first and the second of the candidates */
void router_agent_for(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d);
/* router_explain - the same with everything that route_agent_for says */
void router_explain(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d);
/* router_case_for - which waiting case does agent i take? NULL: none. *rule: why (may be NULL). Borrowed until the
 * next put, remove or router_case_for */
const struct route_case *router_case_for(struct router *r, int i, int64_t now_us, enum route_rule *rule);

/* router_refresh - occupancies, their mean, and the bars of all classes anew; hourly or more often.
 * max_bars: at most so many bars in this call; returns how many are left for the next ones */
int router_refresh(struct router *r, int64_t now_us, int max_bars);
/* router_again - heads of classes that somebody would take now: time alone does that, as a bar falls or H3 is
 * relaxed. To be asked every second or two */
int router_again(struct router *r, int64_t now_us, struct case_id *out, int max);
/* a class of which cases wait that nobody who is ready can finish */
struct router_unserved {
	uint16_t municipality, product, channel, language;
	bool option0;
	int n;              /* how many wait */
	int64_t arrived_us; /* the first of them */
};
/* router_unserved - all of them, at most max; cases for which an agent or team was asked are left out.
 * O(classes) */
int router_unserved(const struct router *r, struct router_unserved *out, int max);
/* router_late_wishes - cases that ask for one agent or team and are past their norm (route_relax decides) */
int router_late_wishes(const struct router *r, int64_t now_us, struct case_id *out, int max);
/* router_relax - route_relax, with all agents */
bool router_relax(const struct router *r, const struct route_case *c, int64_t now_us);
/* router_bytes - memory that what waits takes */
size_t router_bytes(const struct router *r);

#endif
