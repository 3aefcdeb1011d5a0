/*
 * route.h - choose the agent for a case, or the case for an agent, and say why
 *
 * Pure and replayable: time comes in as an argument, there is no chance in it, ties are
 * broken by rule. "skills-fifo" is the first policy; others go beside it in route.c.
 */
#ifndef LOKET_ROUTE_H
#define LOKET_ROUTE_H

#include "lib/base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ROUTE_MAX_PRODUCTS = 256,         /* in one region; a bit each */
	ROUTE_MAX_MUNICIPALITIES = 64,
	ROUTE_MAX_CHANNELS = 32,
	ROUTE_MAX_LANGUAGES = 32,
	ROUTE_MAX_DECLINED = 8,
	ROUTE_MAX_EXPLAINED = 50,         /* candidates and left-out agents kept with a decision */
};

/* names are numbered once per loaded policy (daemon/world): small sets are bits */
struct route_set { uint64_t bits[ROUTE_MAX_PRODUCTS / 64]; };

struct route_case {
	struct case_id id;
	uint16_t product, municipality, channel, language;
	bool option0;                     /* only a coach (H6) */
	bool live;                        /* somebody is on the line: phone, chat, counter */
	int64_t arrived_us;               /* when the citizen began to wait; kept over declined offers */
	int64_t due_us;                   /* arrived + the norm of channel and municipality: order of urgency */
	struct agent_id wanted;           /* asked for (transfer to an agent); nil: anybody */
	uint16_t team;                    /* asked for (transfer to a team); 0: any */
	struct agent_id declined[ROUTE_MAX_DECLINED]; /* lately; the oldest falls out */
	uint8_t n_declined;
};

enum route_presence { PRESENCE_OFFLINE, PRESENCE_AWAY, PRESENCE_READY };

struct route_agent {
	struct agent_id id;
	enum route_presence presence;
	bool coach;
	uint64_t municipalities;          /* bit per municipality */
	uint32_t channels, languages;     /* bit each; channels the agent works now */
	uint64_t teams;
	struct route_set products;
	uint8_t room[ROUTE_MAX_CHANNELS]; /* how many at once, per channel */
	uint8_t busy[ROUTE_MAX_CHANNELS]; /* offered + owned + in wrap-up, per channel */
	uint8_t room_total, busy_total;
	bool asked;                       /* an offer is out to them: one question at a time */
	int64_t idle_since_us;            /* since the last one ended */
};

enum route_why {                      /* why an agent was left out; words in route_why_name */
	WHY_OK, WHY_NOT_READY, WHY_NO_MUNICIPALITY, WHY_NO_CHANNEL, WHY_NO_LANGUAGE, WHY_NO_PRODUCT,
	WHY_NOT_COACH, WHY_FULL, WHY_ASKED, WHY_DECLINED, WHY_NOT_WANTED, WHY_NOT_TEAM, N_WHY
};

enum route_rule {                     /* which rule decided */
	RULE_LONGEST_IDLE, RULE_MOST_URGENT, RULE_WANTED, RULE_NOBODY_HAS_SKILL, RULE_NOBODY_FREE,
	RULE_OPTION0_COACH, N_RULES
};

struct route_candidate { struct agent_id agent; int64_t idle_us; };
struct route_left_out  { struct agent_id agent; enum route_why why; };

struct route_decision {
	const char *policy;               /* "skills-fifo" */
	enum route_rule rule;
	int chosen;                       /* index in agents (or cases); -1 nobody */
	struct route_candidate candidates[ROUTE_MAX_EXPLAINED]; /* best first */
	int n_candidates;
	struct route_left_out left_out[ROUTE_MAX_EXPLAINED];
	int n_left_out;                   /* kept; all of them are counted in n_considered */
	int n_considered;
};

/* route_eligible - may this agent take this case now? WHY_OK, or the first reason why not */
enum route_why route_eligible(const struct route_case *c, const struct route_agent *a);

/* route_agent_for - who of agents[n] takes c? Longest idle among the eligible, then lowest id.
 * An agent who declined lately is asked again only when everybody who could has declined. O(n) */
void route_agent_for(const struct route_case *c, const struct route_agent *agents, int n,
                     int64_t now_us, struct route_decision *d);

/* route_case_for - which of cases[n] does a take? Most urgent (due), then oldest, then lowest id;
 * d->chosen only, nothing is explained (call route_agent_for with the winner for that). O(n) */
void route_case_for(const struct route_agent *a, const struct route_case *const *cases, int n,
                    int64_t now_us, struct route_decision *d);

/* route_case_order - <0, 0, >0: is a more urgent than b? due, then arrived, then id */
int route_case_order(const struct route_case *a, const struct route_case *b);

/* route_relax - should the wish for one agent or team be dropped? True when the case is past its norm and
 * nobody who was asked for and could take it is ready: a wish is no dead end */
bool route_relax(const struct route_case *c, const struct route_agent *agents, int n, int64_t now_us);

const char *route_why_name(enum route_why w);    /* "noProduct" */
const char *route_rule_name(enum route_rule r);  /* "longestIdle" */

#endif
