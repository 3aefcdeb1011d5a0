/*
 * policy.h - how contacts are routed, as data: which method, and its numbers
 *
 * One table (policy.c) gives names, defaults and ranges. A region's settings hold for its municipalities; a
 * municipality's own go before them, field by field: {"routing": {"method": "ftf", "advantage": 30, …}}.
 */
#ifndef LOKET_POLICY_H
#define LOKET_POLICY_H

#include <jansson.h>
#include <stdbool.h>

/* how a contact is: on the line, one at a time; on the line, several at once; an answer may take hours */
enum route_kind { KIND_PHONE, KIND_CHAT, KIND_ASYNC, N_ROUTE_KINDS };

/* METHOD_FIFO: who has the skill and is free longest takes what is most urgent ("skills-fifo"; the control).
 * METHOD_FTF: who most probably finishes it in one go, weighed against waiting ("ftf") */
enum route_method { METHOD_FIFO, METHOD_FTF, N_METHODS };

/* of whom is learned who fixes what: agents; teams, never single agents; nobody */
enum route_learning { LEARNING_AGENT, LEARNING_TEAM, LEARNING_OFF, N_LEARNINGS };

enum { POLICY_LEVELS = 4, POLICY_MAX_PROBLEMS = 32 };

struct route_policy {
	enum route_method method;
	double advantage;           /* G: what fix probability above the usual weighs against ageing */
	double occupancy;           /* kappa: what being busier than the others costs */
	double optimism;            /* c: how many sd are added to a probability that is not well known */
	double sticky;              /* for who handled it before */
	double packing;             /* chat: what a first chat beside others costs, or gains when few are idle */
	double packing_idle;        /* few: this part of those present */
	double unfamiliar;          /* factor on q where H3 was relaxed */
	double target_s[N_ROUTE_KINDS];   /* T: ageing is wait / T */
	double max_wait_s[N_ROUTE_KINDS]; /* W_max (H5): from then on before everything */
	double relax_s[N_ROUTE_KINDS];    /* H3: from then on also who has rights, but does not know the municipality */
	double hold_price;          /* c_w: fix probability that a second of holding an async contact must gain */
	double hold_chance;         /* alpha: how much of the agents' time comes free for it */
	double hold_s;              /* after this it is held for nobody */
	double prior_weight;        /* n0: contacts that the prior of a cell counts for */
	double prior_spread;        /* 1 / variance of agents around a product's mean, on the logit scale */
	double half_life_days;      /* working days; 0: nothing is forgotten */
	double benchmark_rate;      /* of the moving average pi */
	double control_share;       /* part of the contacts that stays with skills-fifo, for comparison */
	enum route_learning learning;
};

/* policy_defaults - what holds when nothing is set */
struct route_policy policy_defaults(void);

struct policy_problem { const char *field, *why; };   /* field: borrowed from the settings */

/*
 * policy_read - put what settings.routing says over *p
 * in       settings: of a region or municipality; NULL or without "routing": nothing changes
 * out      *p: changed only when nothing is wrong; problems[max]: every field that is wrong
 * returns  how many problems there are; at most max are told
 */
int policy_read(const json_t *settings, struct route_policy *p, struct policy_problem *problems, int max);

/*
 * policy_shown - every setting, its value and where that is from: municipality, region or default
 * in       region, municipality: settings as for policy_read; NULL: none. What is wrong counts for nothing
 * returns  {"method": {"value": "ftf", "from": "default"}, …}
 * owner    the caller
 */
json_t *policy_shown(const json_t *region, const json_t *municipality);

/* policy_json - the settings that say all of it: {"routing": {"method": …, "advantage": …}}; owner: the caller */
json_t *policy_json(const struct route_policy *p);
bool policy_same(const struct route_policy *a, const struct route_policy *b);

const char *route_method_name(enum route_method m);   /* "skills-fifo", "ftf" */
const char *route_learning_name(enum route_learning l);   /* "agent", "team", "off" */

#endif
