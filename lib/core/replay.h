/*
 * replay.h - a decision as it is kept, and taken again under another policy
 *
 * What is kept is what the contact's side decided by: who could take the case, with what counted of each
 * before it was weighed. Not kept: what else waited (the agent's side), the estimates of everybody else, and
 * what would have happened later, had this one gone differently.
 */
#ifndef LOKET_REPLAY_H
#define LOKET_REPLAY_H

#include "lib/base/arena.h"
#include "lib/core/route.h"

#include <jansson.h>

enum {
	REPLAY_BEST = 10, /* candidates kept, and who the other method would have asked */
	REPLAY_NEAR = 10, /* held for somebody better, or not knowing the municipality: also kept */
	REPLAY_WHO = REPLAY_BEST + 1 + REPLAY_NEAR,
};

struct replay_who {
	struct agent_id agent;
	enum route_why why; /* WHY_OK, WHY_HELD or WHY_UNFAMILIAR */
	int64_t idle_us;
	double q, sd;  /* learned, as they counted */
	double busier; /* occupancy above the mean */
	bool knows, before,
		in_hand; /* the municipality; the question, from an earlier attempt; has something */
};

struct replay_log {
	struct case_id id;
	const char *product; /* "option0": digital help; borrowed */
	enum route_kind kind;
	enum route_method method;
	bool option0, wanted, team; /* asked for: an agent, a team */
	int64_t waited_us;
	double bar; /* what q + c sd had to reach; 0: none */
	int n_ready, n_idle;
	int n_candidates; /* all there were, at most ROUTE_MAX_EXPLAINED */
	struct route_policy policy;
	struct replay_who who[REPLAY_WHO];
	int n;
};

struct replay_choice {
	int who; /* index in log->who; -1: nobody, it would have waited */
	enum route_rule rule;
	enum route_method method;
	struct route_terms terms; /* of who, as weighed now */
	bool known;               /* false: somebody who was not kept may have been better */
};

/*
 * replay_note - what is to be kept of a decision that was explained
 * in       find(arg, id): the agent as it was when the decision was made
 * out      *l: borrows product
 */
void replay_note(struct replay_log *l, const struct route_state *s, const struct route_case *c,
		 const char *product, const struct route_decision *d,
		 const struct route_agent *(*find)(void *arg, struct agent_id id), void *arg, int64_t now_us);
/*
 * replay_write - all but the policy, as JSON text in a; what is no whole number as the bits of a double
 * replay_read - back again, with the policy that was in force; false: not what was written; product is j's
 */
const char *replay_write(struct arena *a, const struct replay_log *l);
bool replay_read(struct replay_log *l, const json_t *j, const struct route_policy *p);

/* replay_decide - who would be asked under p? With the policy of the log: who was asked */
void replay_decide(const struct replay_log *l, const struct route_policy *p, struct replay_choice *out);
/* replay_why_not - why a setting cannot be replayed, in words; NULL: it can */
const char *replay_why_not(const char *setting);

#endif
