/*
 * route.c - policy "skills-fifo": who can finish it and is free longest takes what is most urgent
 *
 * The hard rules come first and are never traded off: present, room, language and channel (H1), product (H2),
 * municipality (H3, never dropped in this policy), a coach for option 0 (H6). Waiting changes the order, not
 * the rules.
 */
#include "lib/core/route.h"

#include <string.h>

static bool has_product(const struct route_set *s, unsigned product)
{
	return product < ROUTE_MAX_PRODUCTS && (s->bits[product / 64] >> (product % 64) & 1);
}

static bool has_bit(uint64_t bits, unsigned i)
{
	return i < 64 && (bits >> i & 1);
}

static int compare_ids(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}

static bool is_nil(struct uuid u)
{
	static const struct uuid nil;

	return compare_ids(u, nil) == 0;
}

static bool has_declined(const struct route_case *c, struct agent_id a)
{
	for (int i = 0; i < c->n_declined; i++)
		if (compare_ids(c->declined[i].u, a.u) == 0)
			return true;
	return false;
}

static bool has_room(const struct route_case *c, const struct route_agent *a)
{
	return c->channel < ROUTE_MAX_CHANNELS && a->busy[c->channel] < a->room[c->channel] &&
	       a->busy_total < a->room_total;
}

/* could this agent finish it, whoever is asked for and however busy the agent is? */
static enum route_why has_skill(const struct route_case *c, const struct route_agent *a)
{
	if (!has_bit(a->municipalities, c->municipality))
		return WHY_NO_MUNICIPALITY;
	if (!has_bit(a->channels, c->channel))
		return WHY_NO_CHANNEL;
	if (!has_bit(a->languages, c->language))
		return WHY_NO_LANGUAGE;
	if (c->option0)  /* "digital help" is a skill of its own; the product is what it was tried for */
		return a->coach ? WHY_OK : WHY_NOT_COACH;
	return has_product(&a->products, c->product) ? WHY_OK : WHY_NO_PRODUCT;
}

static enum route_why is_asked_for(const struct route_case *c, const struct route_agent *a)
{
	if (!is_nil(c->wanted.u) && compare_ids(c->wanted.u, a->id.u) != 0)
		return WHY_NOT_WANTED;
	if (c->team && !has_bit(a->teams, c->team))
		return WHY_NOT_TEAM;
	return WHY_OK;
}

enum route_why route_eligible(const struct route_case *c, const struct route_agent *a)
{
	enum route_why why = has_skill(c, a);

	if (why == WHY_OK)
		why = is_asked_for(c, a);
	if (why != WHY_OK)
		return why;
	if (a->presence != PRESENCE_READY)
		return WHY_NOT_READY;
	if (has_declined(c, a->id))
		return WHY_DECLINED;
	if (!has_room(c, a))
		return WHY_FULL;
	return a->asked ? WHY_ASKED : WHY_OK;
}

bool route_relax(const struct route_case *c, const struct route_agent *agents, int n, int64_t now_us)
{
	if ((is_nil(c->wanted.u) && !c->team) || now_us <= c->due_us)
		return false;
	for (int i = 0; i < n; i++)
		if (agents[i].presence == PRESENCE_READY && has_skill(c, &agents[i]) == WHY_OK &&
		    is_asked_for(c, &agents[i]) == WHY_OK)
			return false;
	return true;
}

/* longest idle, then lowest id */
static bool goes_before(const struct route_candidate *a, const struct route_candidate *b)
{
	if (a->idle_us != b->idle_us)
		return a->idle_us > b->idle_us;
	return compare_ids(a->agent.u, b->agent.u) < 0;
}

static void add_candidate(struct route_decision *d, const struct route_agent *a, int index, int64_t now_us)
{
	struct route_candidate new = { .agent = a->id,
		.idle_us = now_us > a->idle_since_us ? now_us - a->idle_since_us : 0 };
	int at = d->n_candidates;

	while (at > 0 && goes_before(&new, &d->candidates[at - 1]))
		at--;
	if (at == 0)
		d->chosen = index;
	if (at == ROUTE_MAX_EXPLAINED)
		return;
	if (d->n_candidates < ROUTE_MAX_EXPLAINED)
		d->n_candidates++;
	memmove(&d->candidates[at + 1], &d->candidates[at],
	        (size_t)(d->n_candidates - at - 1) * sizeof(new));
	d->candidates[at] = new;
}

/* who lacks nothing but time comes first: that is what a team lead can do something about */
static bool is_near(enum route_why why)
{
	return why == WHY_NOT_READY || why == WHY_FULL || why == WHY_ASKED || why == WHY_DECLINED ||
	       why == WHY_NOT_WANTED || why == WHY_NOT_TEAM;
}

static void explain_left_out(const struct route_case *c, const struct route_agent *agents, int n,
                             struct route_decision *d)
{
	for (int near = 1; near >= 0; near--)
		for (int i = 0; i < n && d->n_left_out < ROUTE_MAX_EXPLAINED; i++) {
			enum route_why why = route_eligible(c, &agents[i]);

			if (why != WHY_OK && is_near(why) == near)
				d->left_out[d->n_left_out++] =
					(struct route_left_out){ .agent = agents[i].id, .why = why };
		}
}

/* finds the candidates; counts who is present and could, were there room, or had they not declined */
static void find_candidates(const struct route_case *c, const struct route_agent *agents, int n,
                            int64_t now_us, struct route_decision *d, int *n_full, int *n_declined)
{
	for (int i = 0; i < n; i++) {
		enum route_why why = route_eligible(c, &agents[i]);

		if (why == WHY_OK)
			add_candidate(d, &agents[i], i, now_us);
		*n_full += why == WHY_FULL || why == WHY_ASKED;
		*n_declined += why == WHY_DECLINED;
	}
}

static enum route_rule rule_that_decided(const struct route_case *c, const struct route_decision *d,
                                         bool somebody_could)
{
	if (d->chosen < 0)
		return somebody_could ? RULE_NOBODY_FREE : RULE_NOBODY_HAS_SKILL;
	if (!is_nil(c->wanted.u))
		return RULE_WANTED;
	return c->option0 ? RULE_OPTION0_COACH : RULE_LONGEST_IDLE;
}

void route_agent_for(const struct route_case *c, const struct route_agent *agents, int n,
                     int64_t now_us, struct route_decision *d)
{
	struct route_case again;
	int n_full = 0, n_declined = 0;

	memset(d, 0, sizeof(*d));
	d->policy = "skills-fifo";
	d->chosen = -1;
	d->n_considered = n;
	find_candidates(c, agents, n, now_us, d, &n_full, &n_declined);
	if (d->chosen < 0 && n_full == 0 && n_declined > 0) {
		/* all who could have declined: better asked twice than never */
		again = *c;
		again.n_declined = 0;
		c = &again;
		find_candidates(c, agents, n, now_us, d, &n_full, &n_declined);
	}
	d->rule = rule_that_decided(c, d, n_full + n_declined > 0);
	explain_left_out(c, agents, n, d);
}

int route_case_order(const struct route_case *a, const struct route_case *b)
{
	if (a->due_us != b->due_us)
		return a->due_us < b->due_us ? -1 : 1;
	if (a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return compare_ids(a->id.u, b->id.u);
}

void route_case_for(const struct route_agent *a, const struct route_case *const *cases, int n,
                    int64_t now_us, struct route_decision *d)
{
	(void)now_us;  /* this policy orders by the moments themselves; the next one weighs ages */
	memset(d, 0, sizeof(*d));
	d->policy = "skills-fifo";
	d->rule = RULE_MOST_URGENT;
	d->chosen = -1;
	d->n_considered = n;
	for (int i = 0; i < n; i++)
		if (route_eligible(cases[i], a) == WHY_OK &&
		    (d->chosen < 0 || route_case_order(cases[i], cases[d->chosen]) < 0))
			d->chosen = i;
}

const char *route_why_name(enum route_why w)
{
	static const char *const names[N_WHY] = {
		[WHY_OK] = "ok",
		[WHY_NOT_READY] = "notReady",
		[WHY_NO_MUNICIPALITY] = "noMunicipality",
		[WHY_NO_CHANNEL] = "noChannel",
		[WHY_NO_LANGUAGE] = "noLanguage",
		[WHY_NO_PRODUCT] = "noProduct",
		[WHY_NOT_COACH] = "notCoach",
		[WHY_FULL] = "full",
		[WHY_ASKED] = "asked",
		[WHY_DECLINED] = "declined",
		[WHY_NOT_WANTED] = "notWanted",
		[WHY_NOT_TEAM] = "notTeam",
	};

	return (unsigned)w < N_WHY ? names[w] : "unknown";
}

const char *route_rule_name(enum route_rule r)
{
	static const char *const names[N_RULES] = {
		[RULE_LONGEST_IDLE] = "longestIdle",
		[RULE_MOST_URGENT] = "mostUrgent",
		[RULE_WANTED] = "wanted",
		[RULE_NOBODY_HAS_SKILL] = "nobodyHasSkill",
		[RULE_NOBODY_FREE] = "nobodyFree",
		[RULE_OPTION0_COACH] = "option0Coach",
	};

	return (unsigned)r < N_RULES ? names[r] : "unknown";
}
