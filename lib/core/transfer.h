/*
 * transfer.h - may a case be handed on, and to whom?
 *
 * Once, to somebody else who can finish it; after that to a team lead. Whether they are there now does not
 * count: they are waited for, and a wish that cannot be met is dropped (route_relax). What was learned of
 * people does not count either: a refusal would tell it.
 */
#ifndef LOKET_TRANSFER_H
#define LOKET_TRANSFER_H

#include "lib/core/route.h"

struct transfer {
	const struct route_case *c; /* as it is now */
	struct agent_id from;       /* has it; nil: it waits */
	int n_before;               /* how often it was handed on */
	bool by_lead;               /* a lead hands it on */
	bool to_lead;               /* agent is one */
	/* one of these three */
	struct agent_id agent; /* nil: not to one agent */
	int team;              /* 0: not to a team */
	int product;           /* -1: it stays about the same */
};

enum transfer_refusal {
	TRANSFER_FINE,
	TRANSFER_ONCE,
	TRANSFER_NOT_BETTER,
	TRANSFER_NOT_FIT,
	N_TRANSFER_REFUSALS
};

/* transfer_reaches - could this agent get it this way, and finish it? */
bool transfer_reaches(const struct transfer *t, const struct route_agent *a);
/*
 * transfer_refused - against which rule is it?
 * in       from: who has it, NULL when nobody; somebody: transfer_reaches said yes of one of all agents
 */
enum transfer_refusal transfer_refused(const struct transfer *t, const struct route_agent *from,
				       bool somebody);

/* the rule of the contract: "oneTransfer"; and a sentence for people */
const char *transfer_rule(enum transfer_refusal r);
const char *transfer_words(enum transfer_refusal r);

#endif
