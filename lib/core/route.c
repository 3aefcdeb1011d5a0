/*
 * route.c - the hard rules, who is compared with whom, and the reasons
 *
 * The hard rules come first and are never traded off: present, room, language and channel (H1), product (H2),
 * municipality (H3: rights always, knowing it until relax_s), a coach for option 0 (H6). Waiting changes the
 * order, not the rules. What is weighed is in route_ftf.c.
 */
#include "lib/core/route_private.h"

#include <math.h>

static bool has_product(const struct route_set *s, unsigned product)
{
	return product < ROUTE_MAX_PRODUCTS && (s->bits[product / 64] >> (product % 64) & 1);
}

bool route_has_declined(const struct route_case *c, struct agent_id a)
{
	for (int i = 0; i < c->n_declined; i++)
		if (route_compare(c->declined[i].u, a.u) == 0)
			return true;
	return false;
}

static bool has_room(const struct route_case *c, const struct route_agent *a)
{
	return c->channel < ROUTE_MAX_CHANNELS && a->busy[c->channel] < a->room[c->channel] &&
	       a->busy_total < a->room_total;
}

/* could this agent finish it, whoever is asked for and however busy the agent is? */
enum route_why route_has_skill(const struct route_case *c, const struct route_agent *a)
{
	if (!route_bit(a->municipalities, c->municipality))
		return WHY_NO_MUNICIPALITY;
	if (!route_bit(a->channels, c->channel))
		return WHY_NO_CHANNEL;
	if (!route_bit(a->languages, c->language))
		return WHY_NO_LANGUAGE;
	if (c->option0)  /* "digital help" is a skill of its own; the product is what it was tried for */
		return a->coach ? WHY_OK : WHY_NOT_COACH;
	return has_product(&a->products, c->product) ? WHY_OK : WHY_NO_PRODUCT;
}

static enum route_why is_asked_for(const struct route_case *c, const struct route_agent *a)
{
	if (!route_is_nil(c->wanted.u) && route_compare(c->wanted.u, a->id.u) != 0)
		return WHY_NOT_WANTED;
	if (c->team && !route_bit(a->teams, c->team))
		return WHY_NOT_TEAM;
	return WHY_OK;
}

bool route_could_finish(const struct route_case *c, const struct route_agent *a)
{
	return route_has_skill(c, a) == WHY_OK && is_asked_for(c, a) == WHY_OK;
}

/* who was asked for by name need not know the municipality */
bool route_is_familiar(const struct route_case *c, const struct route_agent *a)
{
	return route_bit(a->knows, c->municipality) ||
	       (!route_is_nil(c->wanted.u) && route_compare(c->wanted.u, a->id.u) == 0);
}

/* all but H3's second half */
static enum route_why is_able(const struct route_case *c, const struct route_agent *a)
{
	enum route_why why = route_has_skill(c, a);

	if (why == WHY_OK)
		why = is_asked_for(c, a);
	if (why != WHY_OK)
		return why;
	if (a->presence != PRESENCE_READY)
		return WHY_NOT_READY;
	if (route_has_declined(c, a->id))
		return WHY_DECLINED;
	if (!has_room(c, a))
		return WHY_FULL;
	return a->asked ? WHY_ASKED : WHY_OK;
}

enum route_why route_eligible(const struct route_case *c, const struct route_agent *a,
			      const struct route_policy *p, int64_t now_us)
{
	enum route_why why = is_able(c, a);

	return why == WHY_OK && !route_is_familiar(c, a) && !route_is_relaxed(c, p, now_us) ? WHY_UNFAMILIAR
											    : why;
}

bool route_would_fit(const struct route_case *c, const struct route_agent *a)
{
	return a->presence == PRESENCE_READY && route_has_skill(c, a) == WHY_OK &&
	       route_bit(a->knows, c->municipality);
}

bool route_relax(const struct route_case *c, const struct route_agent *agents, int n, int64_t now_us)
{
	if ((route_is_nil(c->wanted.u) && !c->team) || now_us <= c->due_us)
		return false;
	for (int i = 0; i < n; i++)
		if (agents[i].presence == PRESENCE_READY && route_has_skill(c, &agents[i]) == WHY_OK &&
		    is_asked_for(c, &agents[i]) == WHY_OK)
			return false;
	return true;
}

/* ---------------------------------------------------------------- who takes a case */

/* highest score (none in skills-fifo), longest idle, lowest id */
static bool goes_before(const struct route_candidate *a, const struct route_candidate *b)
{
	if (a->terms.score != b->terms.score)
		return a->terms.score > b->terms.score;
	if (a->idle_us != b->idle_us)
		return a->idle_us > b->idle_us;
	return route_compare(a->agent.u, b->agent.u) < 0;
}

void route_candidate(const struct route_view *v, const struct route_agent *a, struct route_candidate *out)
{
	*out = (struct route_candidate){
		.agent = a->id, .idle_us = v->now_us > a->idle_since_us ? v->now_us - a->idle_since_us : 0};
	if (v->c->method == METHOD_FTF)
		route_terms(v->s, v->p, v->c, a, v->now_us, &out->terms);
}

void route_add_candidate(struct route_decision *d, const struct route_candidate *new, int index)
{
	int at = d->n_candidates;

	while (at > 0 && goes_before(new, &d->candidates[at - 1]))
		at--;
	if (at == 0)
		d->chosen = index;
	if (at == ROUTE_MAX_EXPLAINED)
		return;
	if (d->n_candidates < ROUTE_MAX_EXPLAINED)
		d->n_candidates++;
	memmove(&d->candidates[at + 1], &d->candidates[at],
		(size_t)(d->n_candidates - at - 1) * sizeof(*new));
	d->candidates[at] = *new;
}

/* who lacks nothing but time comes first: that is what a team lead can do something about */
static bool is_near(enum route_why why)
{
	return why == WHY_NOT_READY || why == WHY_FULL || why == WHY_ASKED || why == WHY_DECLINED ||
	       why == WHY_NOT_WANTED || why == WHY_NOT_TEAM || why == WHY_UNFAMILIAR || why == WHY_HELD;
}

static double optimistic(const struct route_policy *p, const struct route_terms *t)
{
	return t->q + p->optimism * t->sd;
}

enum route_why route_why_not(const struct route_view *v, const struct route_agent *a)
{
	enum route_why why = route_eligible(v->c, a, v->p, v->now_us);
	struct route_terms t;

	if (why != WHY_OK || v->bar <= 0)
		return why;
	route_terms(v->s, v->p, v->c, a, v->now_us, &t);
	return optimistic(v->p, &t) < v->bar ? WHY_HELD : WHY_OK;
}

static void explain_left_out(const struct route_view *v, const struct route_agent *agents, int n,
			     struct route_decision *d)
{
	for (int near = 1; near >= 0; near--)
		for (int i = 0; i < n && d->n_left_out < ROUTE_MAX_EXPLAINED; i++) {
			enum route_why why = route_why_not(v, &agents[i]);

			if (why != WHY_OK && is_near(why) == near)
				d->left_out[d->n_left_out++] =
					(struct route_left_out){ .agent = agents[i].id, .why = why };
		}
}

/* finds the candidates, and counts why the others are none */
static void find_candidates(const struct route_view *v, const struct route_agent *agents, int n,
			    struct route_decision *d, int count[N_WHY])
{
	struct route_candidate new;

	memset(count, 0, N_WHY * sizeof(*count));
	for (int i = 0; i < n; i++) {
		enum route_why why = route_why_not(v, &agents[i]);

		count[why]++;
		if (why != WHY_OK)
			continue;
		route_candidate(v, &agents[i], &new);
		route_add_candidate(d, &new, i);
	}
}

enum route_rule route_decided(const struct route_view *v, const struct route_decision *d)
{
	const struct route_candidate *first = &d->candidates[0], *second = &d->candidates[1];

	if (!route_is_nil(v->c->wanted.u))
		return RULE_WANTED;
	if (v->c->option0)
		return RULE_OPTION0_COACH;
	if (v->c->method == METHOD_FIFO)
		return RULE_LONGEST_IDLE;
	if (d->n_candidates == 1)
		return RULE_ONLY_ONE;
	if (first->terms.score != second->terms.score)
		return RULE_BEST_FIX;
	return first->idle_us != second->idle_us ? RULE_LONGEST_IDLE : RULE_LOWEST_ID;
}

/* the bar falls as it waits: when does it come down to the best who is free? At the latest we look again in a
 * minute */
int64_t route_held_until(const struct route_view *v, double best)
{
	int64_t latest = v->now_us + ROUTE_LOOK_AGAIN_S * INT64_C(1000000);
	int64_t at = v->c->arrived_us + (int64_t)ceil(v->p->hold_s * (1 - best / v->x) * 1e6);

	if (best <= 0)
		return 0;
	return at < latest ? at : latest;
}

int64_t route_relaxed_at(const struct route_view *v)
{
	if (route_is_relaxed(v->c, v->p, v->now_us))
		return 0;
	return v->c->arrived_us + (int64_t)fmin(v->p->relax_s[v->c->kind] * 1e6, 4e18);
}

static double best_held(const struct route_view *v, const struct route_agent *agents, int n)
{
	struct route_terms t;
	double best = 0;

	for (int i = 0; i < n; i++) {
		if (route_why_not(v, &agents[i]) != WHY_HELD)
			continue;
		route_terms(v->s, v->p, v->c, &agents[i], v->now_us, &t);
		if (optimistic(v->p, &t) > best)
			best = optimistic(v->p, &t);
	}
	return best;
}

/* is somebody ready who lacks nothing but knowing the municipality, and perhaps room? */
static bool relaxing_helps(const struct route_view *v, const struct route_agent *agents, int n)
{
	for (int i = 0; i < n; i++)
		if (agents[i].presence == PRESENCE_READY && route_has_skill(v->c, &agents[i]) == WHY_OK &&
		    is_asked_for(v->c, &agents[i]) == WHY_OK && !route_is_familiar(v->c, &agents[i]))
			return true;
	return false;
}

static void nobody(const struct route_view *v, const struct route_agent *agents, int n,
		   const int count[N_WHY], struct route_decision *d)
{
	bool could = count[WHY_FULL] + count[WHY_ASKED] + count[WHY_DECLINED] + count[WHY_UNFAMILIAR] > 0;

	d->rule = count[WHY_HELD] > 0 ? RULE_HELD : could ? RULE_NOBODY_FREE : RULE_NOBODY_HAS_SKILL;
	d->again_at_us = route_held_until(v, best_held(v, agents, n));
	if (relaxing_helps(v, agents, n))
		d->again_at_us = route_sooner(route_relaxed_at(v), d->again_at_us);
}

void route_decision_begin(const struct route_view *v, int n, struct route_decision *d)
{
	memset(d, 0, sizeof(*d));
	d->policy = route_method_name(v->c->method);
	d->chosen = -1;
	d->n_considered = n;
	d->bar = v->bar;
}

/* is somebody there who reaches the bar and did not decline it? */
static bool is_worth_holding(const struct route_view *v, const struct route_agent *agents, int n)
{
	struct route_terms t;

	for (int i = 0; i < n; i++) {
		if (!route_would_fit(v->c, &agents[i]) || route_has_declined(v->c, agents[i].id))
			continue;
		route_terms(v->s, v->p, v->c, &agents[i], v->now_us, &t);
		if (optimistic(v->p, &t) >= v->bar)
			return true;
	}
	return false;
}

void route_decide(struct route_view *v, const struct route_agent *agents, int n, struct route_decision *d)
{
	struct route_case again = *v->c;
	int count[N_WHY];

	route_decision_begin(v, n, d);
	find_candidates(v, agents, n, d, count);
	if (d->chosen < 0 && count[WHY_HELD] > 0 && v->c->n_declined > 0 && !is_worth_holding(v, agents, n)) {
		/* whom it was held for said no: the best of the others */
		v->bar = d->bar = 0;
		find_candidates(v, agents, n, d, count);
	}
	if (d->chosen < 0 && count[WHY_FULL] + count[WHY_ASKED] + count[WHY_HELD] == 0 &&
	    count[WHY_DECLINED] > 0) {
		/* all who could have declined: better asked twice than never */
		again.n_declined = 0;
		v->c = &again;
		find_candidates(v, agents, n, d, count);
	}
	if (d->chosen >= 0)
		d->rule = route_decided(v, d);
	else
		nobody(v, agents, n, count, d);
	explain_left_out(v, agents, n, d);
	v->c = NULL; /* perhaps again, which ends here */
}

void route_agent_for(const struct route_state *s, const struct route_case *c,
		     const struct route_agent *agents, int n, int64_t now_us, struct route_decision *d)
{
	struct route_view v = {s, route_policy_of(s, c), c, now_us, route_bar_of(s, c, agents, n), 0};

	v.bar = route_bar_now(v.p, c, v.x, now_us);
	route_decide(&v, agents, n, d);
}

/* ---------------------------------------------------------------- what an agent takes */

int route_case_order(const struct route_case *a, const struct route_case *b)
{
	if (a->due_us != b->due_us)
		return a->due_us < b->due_us ? -1 : 1;
	if (a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return route_compare(a->id.u, b->id.u);
}

int route_class_order(const struct route_case *a, const struct route_case *b)
{
	if (a->method == METHOD_FTF && a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return a->method == METHOD_FTF ? route_compare(a->id.u, b->id.u) : route_case_order(a, b);
}

bool route_same_class(const struct route_case *a, const struct route_case *b)
{
	return a->municipality == b->municipality && a->product == b->product && a->channel == b->channel &&
	       a->language == b->language && a->option0 == b->option0 && a->team == b->team &&
	       a->method == b->method && a->kind == b->kind && route_compare(a->wanted.u, b->wanted.u) == 0;
}

/* is there an older one of the same class that a may take? Then that one speaks */
static bool is_behind(const struct route_state *s, const struct route_agent *a,
		      const struct route_case *const *cases, int n, int i, int64_t now_us)
{
	for (int k = 0; k < n; k++)
		if (k != i && route_same_class(cases[k], cases[i]) &&
		    route_class_order(cases[k], cases[i]) < 0 &&
		    route_eligible(cases[k], a, route_policy_of(s, cases[k]), now_us) == WHY_OK)
			return true;
	return false;
}

static bool is_held(const struct route_state *s, const struct route_case *c, const struct route_agent *a,
		    const struct route_agent *agents, int n_agents, int64_t now_us)
{
	struct route_view v = {s, route_policy_of(s, c), c, now_us, 0, 0};

	v.bar = route_bar_now(v.p, c, route_bar_of(s, c, agents, n_agents), now_us);
	return route_why_not(&v, a) == WHY_HELD;
}

void route_heads_add(struct route_heads *h, const struct route_policy *p, const struct route_case *c,
		     const struct route_terms *t, int64_t now_us)
{
	struct route_rank r;

	if (c->method == METHOD_FIFO) {
		if (!h->fifo || route_case_order(c, h->fifo) < 0)
			h->fifo = c;
		return;
	}
	r = route_rank_of(p, c, t, now_us);
	if (!h->best || route_rank_order(r, c, h->rank, h->best) < 0) {
		h->second = h->best;
		h->rank2 = h->rank;
		h->best = c;
		h->rank = r;
	} else if (!h->second || route_rank_order(r, c, h->rank2, h->second) < 0) {
		h->second = c;
		h->rank2 = r;
	}
}

static enum route_rule rule_of_heads(const struct route_heads *h)
{
	if (h->rank.overdue)
		return RULE_OVERDUE;
	if (!h->second)
		return RULE_ONLY_ONE;
	if (h->rank.score != h->rank2.score)
		return RULE_BEST_FIX;
	return h->best->arrived_us != h->second->arrived_us ? RULE_OLDEST : RULE_LOWEST_ID;
}

const struct route_case *route_heads_first(struct route_heads *h, const struct route_state *s,
					   const struct route_agent *a, int64_t now_us, enum route_rule *rule)
{
	if (h->fifo &&
	    (!h->best || route_rank_order(route_rank(s, route_policy_of(s, h->fifo), h->fifo, a, now_us),
					  h->fifo, h->rank, h->best) < 0)) {
		*rule = RULE_MOST_URGENT;
		return h->fifo;
	}
	*rule = h->best ? rule_of_heads(h) : RULE_NOBODY_FREE;
	return h->best;
}

void route_case_for(const struct route_state *s, const struct route_agent *a,
		    const struct route_case *const *cases, int n, const struct route_agent *agents,
		    int n_agents, int64_t now_us, struct route_decision *d)
{
	struct route_heads h = {0};
	const struct route_case *first;
	struct route_terms t;

	memset(d, 0, sizeof(*d));
	d->n_considered = n;
	d->chosen = -1;
	for (int i = 0; i < n; i++) {
		const struct route_policy *p = route_policy_of(s, cases[i]);

		if (route_eligible(cases[i], a, p, now_us) != WHY_OK ||
		    is_behind(s, a, cases, n, i, now_us) || is_held(s, cases[i], a, agents, n_agents, now_us))
			continue;
		route_terms(s, p, cases[i], a, now_us, &t);
		route_heads_add(&h, p, cases[i], &t, now_us);
	}
	first = route_heads_first(&h, s, a, now_us, &d->rule);
	for (int i = 0; i < n && first; i++)
		if (cases[i] == first)
			d->chosen = i;
	d->policy = route_method_name(first ? first->method : METHOD_FTF);
}

/* ---------------------------------------------------------------- names */

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
		[WHY_UNFAMILIAR] = "unfamiliar",
		[WHY_HELD] = "heldForBetter",
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
		[RULE_ONLY_ONE] = "onlyOne",
		[RULE_BEST_FIX] = "bestFix",
		[RULE_LOWEST_ID] = "lowestId",
		[RULE_HELD] = "heldForBetter",
		[RULE_OVERDUE] = "overdue",
		[RULE_OLDEST] = "oldest",
	};

	return (unsigned)r < N_RULES ? names[r] : "unknown";
}
