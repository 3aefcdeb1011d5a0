/*
 * scenario.h - the world that policies are tried in: a contact centre shared by five municipalities, made up
 *
 * Nothing in it was measured at a real centre. 24 products (the last is option 0), Dutch and English; phone,
 * chat and what may be answered later. Agents differ in what they may do, how fast they are and how well they
 * solve what: the router sees the first, never the rest.
 */
#ifndef LOKET_SIM_SCENARIO_H
#define LOKET_SIM_SCENARIO_H

#include "lib/core/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SCN_PRODUCTS = 24,
	SCN_OPTION0 = SCN_PRODUCTS - 1,
	SCN_MUNICIPALITIES = 5,
	SCN_LANGUAGES = 2,
	SCN_MAX_AGENTS = 1024,
	SCN_CHATS = 3,
	SCN_DAY_S = 9 * 3600,
};

struct scenario { /* scenario_defaults, then what is tried */
	int agents, days, warm_days;
	double load; /* of all agents, repeats included, were contacts spread evenly over who has the skill */
	uint64_t seed;
	double spread; /* of how well agents do, overall and by product: 1 as meant; 0: all alike, in pace and
			  home too */
	double misclassified; /* share whose first attempt is routed as another product */
	/* only a plain queue: one class, agents alike, exponential work, even arrivals, what Erlang's
	 * formulas are about */
	bool plain;
	double work_s, patience_s,
		fixed; /* plain: means; patience 0: for ever; share fixed, the others come back */
};

struct sim_product {
	double share, work_s, ease;
}; /* ease: logit of being fixed, by an average agent */

struct sim_agent {
	double skill[SCN_PRODUCTS]; /* logit of fixing a case of no difficulty; hidden from the router */
	double pace;                /* work takes this much longer; hidden too */
	uint32_t products, knows, channels, languages; /* a bit each */
	int home;
};

struct world {
	struct scenario scenario;
	struct sim_product products[SCN_PRODUCTS];
	struct sim_agent agents[SCN_MAX_AGENTS];
	double arrivals_s; /* first contacts a second, on average */
};

/* a question as the citizen has it, until it is fixed or given up */
struct question {
	uint64_t seed; /* all of its chance */
	int product, routed_as, municipality, language;
	enum route_kind kind;
	double difficulty;
};

enum fit { FIT_NONE, FIT_NO_PRODUCT, FIT_NO_MUNICIPALITY, FIT_FULL };

struct scenario scenario_defaults(void);
void world_make(struct world *w, const struct scenario *s);

/* question_make - the number-th one of this world */
struct question question_make(const struct world *w, uint64_t number);
/* arrival_after - when the next question comes after moment `at`, the number-th gap */
double arrival_after(const struct world *w, double at, uint64_t number);

/* world_fit - what does this agent lack? FIT_NONE: language or channel, which nothing makes up for */
enum fit world_fit(const struct sim_agent *a, int product, int municipality, int language,
		   enum route_kind kind);
/* question_work_s - seconds of work for this agent, at attempt 0, 1, …; again: handled the attempt before */
double question_work_s(const struct world *w, const struct question *q, int agent, int attempt, bool again);

struct outcome {
	bool fixed, returns; /* returns: comes back after_s later, about the same */
	bool seen_fixed;     /* what an observer who waits five working days would say */
	double after_s;
};
struct outcome question_outcome(const struct world *w, const struct question *q, int agent, int attempt,
				bool again);
/* question_patience_s - 0: for ever */
double question_patience_s(const struct world *w, const struct question *q, int attempt, int tries);
/* question_redials - after giving up: false, or true and when */
bool question_redials(const struct question *q, int attempt, int tries, double *after_s);
/* question_comes_by - the channel of a repeat: some go and phone */
enum route_kind question_comes_by(const struct question *q, int attempt);

/* world_by_ease - products without option 0, the hardest first */
void world_by_ease(const struct world *w, int out[SCN_PRODUCTS - 1]);

#endif
