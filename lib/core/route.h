/*
 * route.h - choose the agent for a case, or the case for an agent, and say why
 *
 * Pure and replayable: time comes in as an argument, there is no chance in it, ties are broken by rule. The
 * functions here look at everybody: they are the definition. router.h finds the same with indexes.
 */
#ifndef LOKET_ROUTE_H
#define LOKET_ROUTE_H

#include "lib/base/uuid.h"
#include "lib/core/learn.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ROUTE_MAX_PRODUCTS = 256,         /* in one region; a bit each */
	ROUTE_MAX_MUNICIPALITIES = 64,
	ROUTE_MAX_CHANNELS = 32,
	ROUTE_MAX_LANGUAGES = 32,
	ROUTE_MAX_DECLINED = 8,
	ROUTE_MAX_EXPLAINED = 50,         /* candidates and left-out agents kept with a decision */
	ROUTE_LOOK_AGAIN_S = 60,          /* a held case is looked at again after this, at the latest */
};

/* names are numbered once per loaded policy (daemon/world): small sets are bits */
struct route_set { uint64_t bits[ROUTE_MAX_PRODUCTS / 64]; };

struct route_case {
	struct case_id id;
	uint16_t product, municipality, channel, language;
	uint16_t team;                    /* asked for (transfer to a team); 0: any */
	uint8_t n_declined;
	bool option0;                     /* only a coach (H6) */
	enum route_kind kind;             /* of its channel */
	enum route_method method;         /* its municipality's, or the control's (route_arm) */
	int64_t arrived_us;               /* when the citizen began to wait; kept over declined offers */
	int64_t due_us;                   /* arrived + the norm of channel and municipality: order of urgency */
	struct agent_id wanted;           /* asked for (transfer to an agent); nil: anybody */
	struct agent_id previous;         /* handled an earlier attempt at the same question; nil: nobody */
	struct agent_id declined[ROUTE_MAX_DECLINED]; /* lately, n_declined; the oldest falls out */
};

enum route_presence { PRESENCE_OFFLINE, PRESENCE_AWAY, PRESENCE_READY };

struct route_agent {
	struct agent_id id;
	enum route_presence presence;
	bool coach;
	uint64_t municipalities;          /* rights, a bit each: without them nothing of it is ever shown (P9) */
	uint64_t knows;                   /* of those: knows its ways. Waiting may drop this (H3), never the rights */
	uint64_t home;                    /* of those: comes from there; estimates are kept apart */
	uint32_t channels, languages;     /* bit each; channels the agent works now */
	uint64_t teams;
	struct route_set products;
	uint8_t room[ROUTE_MAX_CHANNELS]; /* how many at once, per channel */
	uint8_t busy[ROUTE_MAX_CHANNELS]; /* offered + owned + in wrap-up, per channel */
	uint8_t room_total, busy_total;
	bool asked;                       /* an offer is out to them: one question at a time */
	int64_t idle_since_us;            /* since the last one ended */
	int32_t unit, team_unit;          /* of lib/core/learn; LEARN_NO_UNIT: nothing is known */
	float occupancy;                  /* 0 … 1, over the last hour or so (route_occupancy) */
};

/* what a decision looks at beside the case and the agents */
struct route_state {
	const struct route_policy *policies; /* by municipality */
	const struct learn *learn;        /* NULL: nothing is known */
	double occupancy;                 /* mean of those ready */
	int n_ready, n_idle;              /* agents; idle: ready, with nothing in hand */
	int n_live;                       /* waiting cases with somebody on the line */
};

enum route_why {                      /* why an agent was left out; words in route_why_name */
	WHY_OK, WHY_NOT_READY, WHY_NO_MUNICIPALITY, WHY_NO_CHANNEL, WHY_NO_LANGUAGE, WHY_NO_PRODUCT,
	WHY_NOT_COACH, WHY_FULL, WHY_ASKED, WHY_DECLINED, WHY_NOT_WANTED, WHY_NOT_TEAM, WHY_UNFAMILIAR,
	WHY_HELD, N_WHY
};

enum route_rule {                     /* which rule decided */
	RULE_LONGEST_IDLE, RULE_MOST_URGENT, RULE_WANTED, RULE_NOBODY_HAS_SKILL, RULE_NOBODY_FREE,
	RULE_OPTION0_COACH, RULE_ONLY_ONE, RULE_BEST_FIX, RULE_LOWEST_ID, RULE_HELD, RULE_OVERDUE, RULE_OLDEST, N_RULES
};

/* what counted, in points of fix probability; age in targets */
struct route_terms {
	double q, sd;                     /* learned */
	double advantage;                 /* q + c sd, above what is usual for the product there */
	double age;                       /* wait / target */
	double occupancy, sticky, packing;
	double score;                     /* contact side: what agents are compared by */
};

struct route_candidate { struct agent_id agent; int64_t idle_us; struct route_terms terms; };
struct route_left_out  { struct agent_id agent; enum route_why why; };

struct route_decision {
	const char *policy;               /* "skills-fifo" */
	int64_t again_at_us;              /* nobody: when time alone may change that; 0: only an agent can */
	double bar;                       /* what q + c sd has to reach now; 0: none */
	enum route_rule rule;
	int chosen;                       /* index in agents (or cases); -1 nobody */
	struct route_candidate candidates[ROUTE_MAX_EXPLAINED]; /* best first */
	int n_candidates;
	struct route_left_out left_out[ROUTE_MAX_EXPLAINED];
	int n_left_out;                   /* kept; all of them are counted in n_considered */
	int n_considered;
};

/* route_eligible - may this agent take this case now? WHY_OK, or the first reason why not */
enum route_why route_eligible(const struct route_case *c, const struct route_agent *a, const struct route_policy *p,
                              int64_t now_us);
/* route_could_finish - has the agent the skills, and is asked for when somebody is? What changes by the hour
 * does not count */
bool route_could_finish(const struct route_case *c, const struct route_agent *a);
/* route_policy_of - the policy that holds for a case */
const struct route_policy *route_policy_of(const struct route_state *s, const struct route_case *c);

/*
 * route_agent_for - who of agents[n] takes c?
 *
 * skills-fifo  longest idle among the eligible, then lowest id
 * ftf          highest q + c sd - kappa (occupancy - mean) + sticky + packing, then longest idle, then lowest id;
 *              what is not live is held for whoever reaches the bar, which falls to nothing in hold_s
 *
 * An agent who declined lately is asked again only when everybody who could has declined. O(n log n)
 */
void route_agent_for(const struct route_state *s, const struct route_case *c, const struct route_agent *agents, int n,
                     int64_t now_us, struct route_decision *d);

/*
 * route_case_for - which of cases[n] does a take?
 *
 * Each class (same product, municipality, channel, language …) speaks with its head, the oldest. First what waited
 * past max_wait_s, live before the rest, oldest first; then the highest G (q + c sd - pi) + age + G sticky; then
 * oldest, then lowest id. Cases of skills-fifo: the most urgent (due, arrived, id) speaks, with its age.
 * in       agents[n_agents]: all there are, for the bar
 * out      d->chosen, rule; nothing is explained (call route_agent_for with the winner for that)
 * cost     O(n n) for n cases
 */
void route_case_for(const struct route_state *s, const struct route_agent *a, const struct route_case *const *cases,
                    int n, const struct route_agent *agents, int n_agents, int64_t now_us,
                    struct route_decision *d);

/* route_case_order - <0, 0, >0: is a more urgent than b? due, then arrived, then id */
int route_case_order(const struct route_case *a, const struct route_case *b);
/* route_class_order - which of one class comes first? ftf: the oldest; skills-fifo: route_case_order */
int route_class_order(const struct route_case *a, const struct route_case *b);
/* route_same_class - can the same agents take both, with the same estimates? */
bool route_same_class(const struct route_case *a, const struct route_case *b);

/* route_relax - should the wish for one agent or team be dropped? True when the case is past its norm and
 * nobody who was asked for and could take it is ready: a wish is no dead end */
bool route_relax(const struct route_case *c, const struct route_agent *agents, int n, int64_t now_us);

/* ---- the parts that decisions are made of; the router uses the same */

/* route_terms - what counts for this case with this agent now, all but the hard rules */
void route_terms(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
                 const struct route_agent *a, int64_t now_us, struct route_terms *t);

/* how the head of a class stands against others, on the agent's side */
struct route_rank { int overdue; double score; };    /* overdue: 2 live, 1 not live, 0 not */
/* route_rank_of - the same, from terms that were worked out before */
struct route_rank route_rank_of(const struct route_policy *p, const struct route_case *c, const struct route_terms *t,
                                int64_t now_us);
struct route_rank route_rank(const struct route_state *s, const struct route_policy *p, const struct route_case *c,
                             const struct route_agent *a, int64_t now_us);
/* route_rank_order - <0: x goes first */
int route_rank_order(struct route_rank x, const struct route_case *cx, struct route_rank y,
                     const struct route_case *cy);

/*
 * route_bars - x for each level: the q + c sd that is worth holding a contact for. There, what holding costs a
 * second (hold_price times 1, 2, 5 or 15 by live cases waiting) is what it gains: n occupancy hold_chance / work_s
 * times the mean of (q + c sd - x) where above 0
 * in       q[n]: of the agents with the skill who are ready; sorted by this function
 */
void route_bars(const struct route_policy *p, float *q, int n, double occupancy, double work_s,
                float bars[POLICY_LEVELS]);
void route_bars_of(const struct route_state *s, const struct route_case *c, const struct route_agent *agents, int n,
                   float bars[POLICY_LEVELS]);
/* route_is_barred - may it be held at all? Not when somebody is on the line, or was asked for */
bool route_is_barred(const struct route_policy *p, const struct route_case *c);
/* route_would_fit - ready, with the skill, and knows the municipality; busy or not, asked for or not: they are
 * hoped for */
bool route_would_fit(const struct route_case *c, const struct route_agent *a);
/* route_bar_of - x for a case now, from all agents there are; 0: it is never held. O(n log n) */
double route_bar_of(const struct route_state *s, const struct route_case *c, const struct route_agent *agents, int n);
int route_level(const struct route_state *s);        /* 0 … POLICY_LEVELS-1 */
/* route_bar_now - what is left of bar x after waiting */
double route_bar_now(const struct route_policy *p, const struct route_case *c, double x, int64_t now_us);

/* route_occupancy - the moving average after dt_s seconds of being busy, or not; it halves in 42 minutes */
float route_occupancy(float before, bool busy, double dt_s);
/* route_arm - is this case of the control group? By its id alone, so it is known for ever */
enum route_method route_arm(const struct route_policy *p, struct case_id id);
/* route_learn_product - the product whose estimates count; route_learn_unit - and the unit */
int route_learn_product(const struct route_case *c);
int route_learn_unit(const struct route_policy *p, const struct route_agent *a);

const char *route_why_name(enum route_why w);    /* "noProduct" */
const char *route_rule_name(enum route_rule r);  /* "longestIdle" */

#endif
