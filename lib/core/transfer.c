/* transfer.c - the rules of handing on, in the order in which they are told */
#include "lib/core/transfer.h"

#include "lib/core/route_private.h"

static struct route_case as_handed_on(const struct transfer *t)
{
	struct route_case c = *t->c;

	if (t->product >= 0)
		c.product = (uint16_t)t->product;
	c.wanted = t->agent;
	c.team = (uint16_t)t->team;
	return c;
}

bool transfer_reaches(const struct transfer *t, const struct route_agent *a)
{
	struct route_case c = as_handed_on(t);

	return route_compare(a->id.u, t->from.u) != 0 && route_could_finish(&c, a);
}

/* to the product it is about already, by who does that product: that only puts it back */
static bool is_no_change(const struct transfer *t, const struct route_agent *from)
{
	struct route_case c = *t->c;

	c.wanted = (struct agent_id){0};
	c.team = 0;
	return t->product == t->c->product && (!from || route_could_finish(&c, from));
}

enum transfer_refusal transfer_refused(const struct transfer *t, const struct route_agent *from,
				       bool somebody)
{
	if (t->n_before > 0 && !t->by_lead && !t->to_lead)
		return TRANSFER_ONCE;
	if (!route_is_nil(t->agent.u) && route_compare(t->agent.u, t->from.u) == 0)
		return TRANSFER_NOT_BETTER;
	if (is_no_change(t, from))
		return TRANSFER_NOT_BETTER;
	return somebody ? TRANSFER_FINE : TRANSFER_NOT_FIT;
}

static const struct {
	const char *rule, *words;
} refusals[N_TRANSFER_REFUSALS] = {
	[TRANSFER_FINE] = {"", ""},
	[TRANSFER_ONCE] = {"oneTransfer", "A case is handed on once; after that it goes to a team lead."},
	[TRANSFER_NOT_BETTER] = {"notBetterPlaced",
				 "It goes to somebody better placed, not back to where it is."},
	[TRANSFER_NOT_FIT] = {"agentDoesNotFit",
			      "Nobody there does this product, municipality, channel, language or option 0."},
};

const char *transfer_rule(enum transfer_refusal r)
{
	return (unsigned)r < N_TRANSFER_REFUSALS ? refusals[r].rule : "";
}

const char *transfer_words(enum transfer_refusal r)
{
	return (unsigned)r < N_TRANSFER_REFUSALS ? refusals[r].words : "";
}
