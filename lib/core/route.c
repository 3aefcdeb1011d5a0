/*
 * route.c - the hard rules, who is compared with whom, and the reasons
 *
 * The hard rules come first and are never traded off: present, room, language and channel (H1), product (H2),
 * municipality (H3: rights always, knowing it until relax_s), a coach for option 0 (H6). Waiting changes the order, not
 * the rules. What is weighed is in route_ftf.c.
 */
#include "lib/core/route.h"

#include <math.h>
#include <stdlib.h>
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

/* H3: has it waited long enough to go to who does not know the municipality? */
static bool is_relaxed(const struct route_case *c, const struct route_policy *p, int64_t now_us)
{
	return (double)(now_us - c->arrived_us) >= p->relax_s[c->kind] * 1e6;
}

/* who was asked for by name need not know the municipality */
static bool is_familiar(const struct route_case *c, const struct route_agent *a)
{
	return has_bit(a->knows, c->municipality) || (!is_nil(c->wanted.u) && compare_ids(c->wanted.u, a->id.u) == 0);
}

/* all but H3's second half */
static enum route_why is_able(const struct route_case *c, const struct route_agent *a)
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

enum route_why route_eligible(const struct route_case *c, const struct route_agent *a, const struct route_policy *p,
                              int64_t now_us)
{
	enum route_why why = is_able(c, a);

	return why == WHY_OK && !is_familiar(c, a) && !is_relaxed(c, p, now_us) ? WHY_UNFAMILIAR : why;
}

bool route_would_fit(const struct route_case *c, const struct route_agent *a)
{
	return a->presence == PRESENCE_READY && has_skill(c, a) == WHY_OK && has_bit(a->knows, c->municipality);
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

/* ---------------------------------------------------------------- who takes a case */

/* what one decision goes by */
struct view {
	const struct route_state *s;
	const struct route_policy *p;
	const struct route_case *c;
	int64_t now_us;
	double bar;                      /* now */
};

/* highest score (none in skills-fifo), longest idle, lowest id */
static bool goes_before(const struct route_candidate *a, const struct route_candidate *b)
{
	if (a->terms.score != b->terms.score)
		return a->terms.score > b->terms.score;
	if (a->idle_us != b->idle_us)
		return a->idle_us > b->idle_us;
	return compare_ids(a->agent.u, b->agent.u) < 0;
}

static struct route_candidate candidate(const struct view *v, const struct route_agent *a)
{
	struct route_candidate new = { .agent = a->id,
		.idle_us = v->now_us > a->idle_since_us ? v->now_us - a->idle_since_us : 0 };

	if (v->c->method == METHOD_FTF)
		route_terms(v->s, v->p, v->c, a, v->now_us, &new.terms);
	return new;
}

static void add_candidate(struct route_decision *d, const struct route_candidate *new, int index)
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

static enum route_why why_not(const struct view *v, const struct route_agent *a)
{
	enum route_why why = route_eligible(v->c, a, v->p, v->now_us);
	struct route_terms t;

	if (why != WHY_OK || v->bar <= 0)
		return why;
	route_terms(v->s, v->p, v->c, a, v->now_us, &t);
	return optimistic(v->p, &t) < v->bar ? WHY_HELD : WHY_OK;
}

static void explain_left_out(const struct view *v, const struct route_agent *agents, int n,
                             struct route_decision *d)
{
	for (int near = 1; near >= 0; near--)
		for (int i = 0; i < n && d->n_left_out < ROUTE_MAX_EXPLAINED; i++) {
			enum route_why why = why_not(v, &agents[i]);

			if (why != WHY_OK && is_near(why) == near)
				d->left_out[d->n_left_out++] =
					(struct route_left_out){ .agent = agents[i].id, .why = why };
		}
}

/* finds the candidates, and counts why the others are none */
static void find_candidates(const struct view *v, const struct route_agent *agents, int n, struct route_decision *d,
                            int count[N_WHY])
{
	memset(count, 0, N_WHY * sizeof(*count));
	for (int i = 0; i < n; i++) {
		enum route_why why = why_not(v, &agents[i]);

		count[why]++;
		if (why == WHY_OK) {
			struct route_candidate new = candidate(v, &agents[i]);

			add_candidate(d, &new, i);
		}
	}
}

static enum route_rule rule_that_decided(const struct view *v, const struct route_decision *d, const int count[N_WHY])
{
	const struct route_candidate *first = &d->candidates[0], *second = &d->candidates[1];

	if (d->chosen < 0 && count[WHY_HELD] > 0)
		return RULE_HELD;
	if (d->chosen < 0)
		return count[WHY_FULL] + count[WHY_ASKED] + count[WHY_DECLINED] + count[WHY_UNFAMILIAR] > 0
			? RULE_NOBODY_FREE : RULE_NOBODY_HAS_SKILL;
	if (!is_nil(v->c->wanted.u))
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

/* the bar falls as w grows: when does it come down to the best who is free? At the latest we look again in a minute */
static int64_t when_held_ends(const struct view *v, double x, const struct route_agent *agents, int n)
{
	double best = 0, wait_s;
	int64_t latest = v->now_us + ROUTE_LOOK_AGAIN_S * INT64_C(1000000), at;

	for (int i = 0; i < n; i++) {
		struct route_terms t;

		if (route_eligible(v->c, &agents[i], v->p, v->now_us) != WHY_OK)
			continue;
		route_terms(v->s, v->p, v->c, &agents[i], v->now_us, &t);
		if (optimistic(v->p, &t) > best)
			best = optimistic(v->p, &t);
	}
	wait_s = v->p->hold_s * (1 - best / x);
	at = v->c->arrived_us + (int64_t)ceil(wait_s * 1e6);
	return at < latest ? at : latest;
}

/* somebody is ready who lacks nothing but knowing the municipality, and perhaps room: when may that be dropped? */
static int64_t when_relaxed(const struct view *v, const struct route_agent *agents, int n)
{
	int64_t at = v->c->arrived_us + (int64_t)fmin(v->p->relax_s[v->c->kind] * 1e6, 4e18);

	if (is_relaxed(v->c, v->p, v->now_us))
		return 0;
	for (int i = 0; i < n; i++)
		if (agents[i].presence == PRESENCE_READY && has_skill(v->c, &agents[i]) == WHY_OK &&
		    is_asked_for(v->c, &agents[i]) == WHY_OK && !is_familiar(v->c, &agents[i]))
			return at;
	return 0;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a && (!b || a < b) ? a : b;
}

void route_agent_for(const struct route_state *s, const struct route_case *c, const struct route_agent *agents, int n,
                     int64_t now_us, struct route_decision *d)
{
	struct view v = { s, route_policy_of(s, c), c, now_us, 0 };
	struct route_case again;
	int count[N_WHY];
	double x = route_bar_of(s, c, agents, n);

	memset(d, 0, sizeof(*d));
	d->policy = route_method_name(c->method);
	d->chosen = -1;
	d->n_considered = n;
	d->bar = v.bar = route_bar_now(v.p, c, x, now_us);
	find_candidates(&v, agents, n, d, count);
	if (d->chosen < 0 && count[WHY_FULL] + count[WHY_ASKED] + count[WHY_HELD] == 0 && count[WHY_DECLINED] > 0) {
		/* all who could have declined: better asked twice than never */
		again = *c;
		again.n_declined = 0;
		v.c = &again;
		find_candidates(&v, agents, n, d, count);
	}
	d->rule = rule_that_decided(&v, d, count);
	if (d->chosen < 0) {
		d->again_at_us = when_relaxed(&v, agents, n);
		if (count[WHY_HELD] > 0)
			d->again_at_us = sooner(d->again_at_us, when_held_ends(&v, x, agents, n));
	}
	explain_left_out(&v, agents, n, d);
}

/* ---------------------------------------------------------------- what an agent takes */

int route_case_order(const struct route_case *a, const struct route_case *b)
{
	if (a->due_us != b->due_us)
		return a->due_us < b->due_us ? -1 : 1;
	if (a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return compare_ids(a->id.u, b->id.u);
}

int route_class_order(const struct route_case *a, const struct route_case *b)
{
	if (a->method == METHOD_FTF && a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return a->method == METHOD_FTF ? compare_ids(a->id.u, b->id.u) : route_case_order(a, b);
}

bool route_same_class(const struct route_case *a, const struct route_case *b)
{
	return a->municipality == b->municipality && a->product == b->product && a->channel == b->channel &&
	       a->language == b->language && a->option0 == b->option0 && a->team == b->team &&
	       a->method == b->method && a->kind == b->kind && compare_ids(a->wanted.u, b->wanted.u) == 0;
}

/* is there an older one of the same class that a may take? Then that one speaks */
static bool is_behind(const struct route_state *s, const struct route_agent *a, const struct route_case *const *cases, int n,
                      int i, int64_t now_us)
{
	for (int k = 0; k < n; k++)
		if (k != i && route_same_class(cases[k], cases[i]) && route_class_order(cases[k], cases[i]) < 0 &&
		    route_eligible(cases[k], a, route_policy_of(s, cases[k]), now_us) == WHY_OK)
			return true;
	return false;
}

static bool is_held(const struct route_state *s, const struct route_case *c, const struct route_agent *a,
                    const struct route_agent *agents, int n_agents, int64_t now_us)
{
	struct view v = { s, route_policy_of(s, c), c, now_us, 0 };

	v.bar = route_bar_now(v.p, c, route_bar_of(s, c, agents, n_agents), now_us);
	return why_not(&v, a) == WHY_HELD;
}

static bool beats(const struct route_state *s, const struct route_agent *a, const struct route_case *x,
                  const struct route_case *y, int64_t now_us)
{
	return route_rank_order(route_rank(s, route_policy_of(s, x), x, a, now_us), x,
	                        route_rank(s, route_policy_of(s, y), y, a, now_us), y) < 0;
}

static enum route_rule rule_of_case(const struct route_state *s, const struct route_agent *a, const struct route_case *c,
                                    const struct route_case *second, int64_t now_us)
{
	struct route_rank r = route_rank(s, route_policy_of(s, c), c, a, now_us), r2;

	if (c->method == METHOD_FIFO)
		return RULE_MOST_URGENT;
	if (r.overdue)
		return RULE_OVERDUE;
	if (!second)
		return RULE_ONLY_ONE;
	r2 = route_rank(s, route_policy_of(s, second), second, a, now_us);
	if (r2.overdue || r.score != r2.score)
		return RULE_BEST_FIX;
	return c->arrived_us != second->arrived_us ? RULE_OLDEST : RULE_LOWEST_ID;
}

void route_case_for(const struct route_state *s, const struct route_agent *a, const struct route_case *const *cases, int n,
                    const struct route_agent *agents, int n_agents, int64_t now_us, struct route_decision *d)
{
	int fifo = -1, best = -1, second = -1;

	memset(d, 0, sizeof(*d));
	d->n_considered = n;
	for (int i = 0; i < n; i++) {
		if (route_eligible(cases[i], a, route_policy_of(s, cases[i]), now_us) != WHY_OK)
			continue;
		if (cases[i]->method == METHOD_FIFO) {
			if (fifo < 0 || route_case_order(cases[i], cases[fifo]) < 0)
				fifo = i;
			continue;
		}
		if (is_behind(s, a, cases, n, i, now_us) || is_held(s, cases[i], a, agents, n_agents, now_us))
			continue;
		if (best < 0 || beats(s, a, cases[i], cases[best], now_us)) {
			second = best;
			best = i;
		} else if (second < 0 || beats(s, a, cases[i], cases[second], now_us)) {
			second = i;
		}
	}
	if (fifo >= 0 && (best < 0 || beats(s, a, cases[fifo], cases[best], now_us)))
		best = fifo;
	d->chosen = best;
	d->policy = route_method_name(best < 0 ? METHOD_FTF : cases[best]->method);
	d->rule = best < 0 ? RULE_NOBODY_FREE
	                   : rule_of_case(s, a, cases[best], second < 0 ? NULL : cases[second], now_us);
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
