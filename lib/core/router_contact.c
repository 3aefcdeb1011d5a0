/*
 * router_contact.c - who takes this case?
 *
 * The rows that a case needs, word by word ANDed, leave whom it can have; those are scored from a few dense
 * arrays.
 */
#include "lib/core/router_private.h"

enum { MAX_ANDED = 8 };

struct rows {
	const uint64_t *row[MAX_ANDED];
	int n;
};

/* who could finish it and is asked for, busy or not; municipality by rights */
static void rows_of_skill(const struct router *r, const struct route_case *c, struct rows *rows)
{
	rows->n = 0;
	rows->row[rows->n++] = row(r, ROW_RIGHTS + c->municipality);
	rows->row[rows->n++] = row(r, ROW_LANGUAGE + c->language);
	rows->row[rows->n++] = row(r, c->option0 ? ROW_COACH : ROW_PRODUCT + c->product);
	if (c->team)
		rows->row[rows->n++] = row(r, ROW_TEAM + c->team);
}

static uint64_t and_rows(const struct rows *rows, int word)
{
	uint64_t x = rows->row[0][word];

	for (int k = 1; k < rows->n; k++)
		x &= rows->row[k][word];
	return x;
}

static bool is_in_range(const struct route_case *c)
{
	return c->municipality < ROUTE_MAX_MUNICIPALITIES && c->language < ROUTE_MAX_LANGUAGES &&
	       c->channel < ROUTE_MAX_CHANNELS && (c->option0 || c->product < ROUTE_MAX_PRODUCTS) &&
	       c->team < 64;
}

struct scored {
	int i;
	double score;
};

struct search {
	const struct router *r;
	const struct route_view *v;
	const uint64_t *knows;
	struct rows rows; /* whom it can have, but for the bar and those who declined */
	int n;            /* who reach the bar */
	struct scored best, second;
	double best_held; /* highest of those who do not; 0: nobody */
};

static bool scores_higher(const struct router *r, const struct scored *a, const struct scored *b,
			  int64_t now_us)
{
	int64_t since_a = r->agents[a->i].idle_since_us, since_b = r->agents[b->i].idle_since_us;

	if (a->score != b->score)
		return a->score > b->score;
	since_a = since_a < now_us ? since_a : now_us;
	since_b = since_b < now_us ? since_b : now_us;
	return since_a != since_b ? since_a < since_b : a->i < b->i; /* agents are in order of id */
}

static void found(struct search *s, int i, double score)
{
	struct scored new = {i, score};

	if (++s->n == 1 || scores_higher(s->r, &new, &s->best, s->v->now_us)) {
		s->second = s->best;
		s->best = new;
	} else if (s->n == 2 || scores_higher(s->r, &new, &s->second, s->v->now_us)) {
		s->second = new;
	}
}

static double packing_of(const struct router *r, const struct route_policy *p, const struct route_case *c)
{
	return c->kind != KIND_CHAT ? 0 : route_few_idle(&r->state, p) ? p->packing : -p->packing;
}

/* scores everybody in the rows as route_terms does, term by term. The innermost loop of routing: what it
 * needs stands in locals, and estimates, which are far away in memory, are asked for a block ahead */
static void search_ftf(struct search *s)
{
	enum { BLOCK = 16 };
	const struct router *r = s->r;
	const struct route_policy *p = s->v->p;
	const struct route_case *c = s->v->c;
	const int product = route_learn_product(c),
		  previous = route_is_nil(c->previous.u) ? -1 : router_find(r, c->previous);
	const struct learn_table *table = r->learn ? learn_look(r->learn) : NULL;
	const bool ready = table && table->estimates[product][0];
	const int n_units = ready ? table->n_units : 0;
	const int32_t *units = p->learning == LEARNING_OFF    ? r->hot.no_unit
			       : p->learning == LEARNING_TEAM ? r->hot.team_unit
							      : r->hot.unit;
	const float *occupancy = r->hot.occupancy;
	const uint64_t *home = row(r, ROW_HOME + c->municipality), *busy = row(r, ROW_BUSY);
	const struct learn_estimate *const *estimates = ready ? table->estimates[product] : NULL;
	int hits[64 * BLOCK];
	const double factors[2] = {p->unfamiliar, 1}, packing[2] = {0, packing_of(r, p, c)},
		     mean = r->state.occupancy;

	for (int from = 0; from < r->n_words; from += BLOCK) {
		int n = 0;

		for (int w = from; w < from + BLOCK && w < r->n_words; w++)
			for (uint64_t x = and_rows(&s->rows, w); x; x &= x - 1) {
				int i = hits[n++] = 64 * w + __builtin_ctzll(x);

				if ((unsigned)units[i] < (unsigned)n_units)
					__builtin_prefetch(&estimates[home[w] >> (i & 63) & 1][units[i]]);
			}
		for (int k = 0; k < n; k++) {
			unsigned i = (unsigned)hits[k], w = i / 64, bit = i % 64;
			bool at_home = home[w] >> bit & 1;
			struct learn_estimate e =
				(unsigned)units[i] < (unsigned)n_units
					? estimates[at_home][units[i]]
					: route_estimate(&r->state, product, units[i], at_home);
			double optimistic = route_optimistic(p, factors[s->knows[w] >> bit & 1], e), score;

			if (c->n_declined > 0 && route_has_declined(c, r->agents[i].id))
				continue;
			if (optimistic < s->v->bar) {
				s->best_held = optimistic > s->best_held ? optimistic : s->best_held;
				continue;
			}
			score = route_score(optimistic, -p->occupancy * ((double)occupancy[i] - mean),
					    (int)i == previous ? p->sticky : 0, packing[busy[w] >> bit & 1]);
			if (s->n < 2 || score >= s->second.score)
				found(s, (int)i, score);
		}
	}
}

static void search_fifo(struct search *s)
{
	const struct route_case *c = s->v->c;

	for (int w = 0; w < s->r->n_words; w++)
		for (uint64_t x = and_rows(&s->rows, w); x; x &= x - 1) {
			int i = 64 * w + __builtin_ctzll(x);

			if (c->n_declined == 0 || !route_has_declined(c, s->r->agents[i].id))
				found(s, i, 0);
		}
}

static void put_candidate(const struct search *s, const struct scored *a, struct route_decision *d)
{
	route_candidate(s->v, &s->r->agents[a->i], &d->candidates[d->n_candidates++]);
}

static bool is_any(const struct router *r, const struct rows *rows, const uint64_t *but)
{
	for (int w = 0; w < r->n_words; w++)
		if (and_rows(rows, w) & ~(but ? but[w] : 0))
			return true;
	return false;
}

/* who is ready and could finish it, busy or not */
static void rows_of_ready(const struct router *r, const struct route_case *c, struct rows *rows)
{
	rows_of_skill(r, c, rows);
	rows->row[rows->n++] = row(r, ROW_WORKS + c->channel);
	rows->row[rows->n++] = row(r, ROW_READY);
}

int router_unserved(const struct router *r, struct router_unserved *out, int max)
{
	const uint64_t *filled = waitlist_filled(r->waiting);
	int n = 0;

	for (int i = 0; i < waitlist_classes(r->waiting) && n < max; i++) {
		const struct waitlist_class *k = waitlist_class(r->waiting, i);
		const struct route_case *c = &k->head;
		struct rows rows;

		if (!(filled[i / 64] >> (i % 64) & 1) || c->team || !is_in_range(c))
			continue;
		rows_of_ready(r, c, &rows);
		if (!is_any(r, &rows, NULL))
			out[n++] = (struct router_unserved){c->municipality, c->product, c->channel,
							    c->language,     c->option0, k->n,
							    c->arrived_us};
	}
	return n;
}

static void nobody(const struct search *s, struct route_decision *d)
{
	struct rows rows;

	rows_of_ready(s->r, s->v->c, &rows);
	d->rule = s->best_held > 0            ? RULE_HELD
		  : is_any(s->r, &rows, NULL) ? RULE_NOBODY_FREE
					      : RULE_NOBODY_HAS_SKILL;
	d->again_at_us = route_held_until(s->v, s->best_held);
	if (is_any(s->r, &rows, s->knows))
		d->again_at_us = route_sooner(route_relaxed_at(s->v), d->again_at_us);
}

static struct route_view view_of(const struct router *r, const struct route_case *c, int64_t now_us)
{
	struct route_view v = {&r->state, &r->policies[c->municipality], c, now_us, 0, 0};
	const struct waitlist_class *k = route_is_barred(v.p, c) ? waitlist_class_of(r->waiting, c) : NULL;

	if (k && waitlist_briefs(r->waiting)[k->slot].barred)
		v.x = (double)waitlist_briefs(r->waiting)[k->slot].bar[route_level(&r->state)];
	v.bar = route_bar_now(v.p, c, v.x, now_us);
	return v;
}

static struct search search_for(const struct router *r, const struct route_view *v)
{
	const struct route_case *c = v->c;
	struct search s = {.r = r, .v = v, .knows = row(r, ROW_KNOWS + c->municipality)};

	rows_of_skill(r, c, &s.rows);
	s.rows.row[s.rows.n++] = row(r, ROW_FREE + c->channel);
	if (!route_is_relaxed(c, v->p, v->now_us))
		s.rows.row[s.rows.n++] = s.knows;
	return s;
}

/* who declined or was asked for by name is seldom: then everybody is looked at */
static bool is_plain(const struct route_case *c)
{
	return route_is_nil(c->wanted.u) && is_in_range(c);
}

void router_agent_for(const struct router *r, const struct route_case *c, int64_t now_us,
		      struct route_decision *d)
{
	struct route_view v = view_of(r, c, now_us);
	struct search s;

	if (!is_plain(c)) {
		route_decide(&v, r->agents, r->n_agents, d);
		return;
	}
	s = search_for(r, &v);
	if (c->method == METHOD_FTF)
		search_ftf(&s);
	else
		search_fifo(&s);
	if (s.n == 0 && c->n_declined > 0) {
		route_decide(&v, r->agents, r->n_agents, d);
		return;
	}
	route_decision_begin(&v, r->n_agents, d);
	if (s.n == 0) {
		nobody(&s, d);
		return;
	}
	d->chosen = s.best.i;
	put_candidate(&s, &s.best, d);
	if (s.n > 1)
		put_candidate(&s, &s.second, d);
	d->rule = route_decided(&v, d);
}

/* ---------------------------------------------------------------- and why not the others */

/* whom the rows leave may have it, but for the bar: nobody declined it, or was asked for */
static void add_candidates(struct search *s, struct route_decision *d)
{
	const struct router *r = s->r;
	struct route_candidate one;

	memset(r->candidates, 0, (size_t)r->n_words * sizeof(*r->candidates));
	for (int w = 0; w < r->n_words; w++)
		for (uint64_t x = and_rows(&s->rows, w); x; x &= x - 1) {
			int i = 64 * w + __builtin_ctzll(x);
			double optimistic;

			route_candidate(s->v, &r->agents[i], &one);
			optimistic = one.terms.q + s->v->p->optimism * one.terms.sd;
			if (s->v->bar > 0 && optimistic < s->v->bar) {
				s->best_held = optimistic > s->best_held ? optimistic : s->best_held;
				continue;
			}
			route_add_candidate(d, &one, i);
			r->candidates[w] |= x & -x;
		}
}

/* those of whom skill (or not) is all that the rows say, in order; at most as many as are kept */
static void add_left_out(const struct search *s, const struct rows *skill, bool skilled,
			 struct route_decision *d)
{
	const struct router *r = s->r;

	for (int w = 0; w < r->n_words; w++) {
		uint64_t x = and_rows(skill, w);

		x = (skilled ? x : ~x) & ~r->candidates[w];
		for (; x && 64 * w + __builtin_ctzll(x) < r->n_agents; x &= x - 1) {
			int i = 64 * w + __builtin_ctzll(x);

			if (d->n_left_out == ROUTE_MAX_EXPLAINED)
				return;
			d->left_out[d->n_left_out++] = (struct route_left_out){
				.agent = r->agents[i].id, .why = route_why_not(s->v, &r->agents[i])};
		}
	}
}

void router_explain(const struct router *r, const struct route_case *c, int64_t now_us,
		    struct route_decision *d)
{
	struct route_view v = view_of(r, c, now_us);
	struct rows skill;
	struct search s;

	if (!is_plain(c) || c->n_declined > 0 || c->team) {
		route_decide(&v, r->agents, r->n_agents, d);
		return;
	}
	route_decision_begin(&v, r->n_agents, d);
	s = search_for(r, &v);
	add_candidates(&s, d);
	if (d->chosen >= 0)
		d->rule = route_decided(&v, d);
	else
		nobody(&s, d);
	rows_of_skill(r, c, &skill);
	skill.row[skill.n++] = row(r, ROW_WORKS + c->channel);
	add_left_out(&s, &skill, true, d);
	add_left_out(&s, &skill, false, d);
}
