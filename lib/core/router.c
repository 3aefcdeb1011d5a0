/*
 * router.c - decisions by index
 *
 * Contact side: each agent is a bit in a row per product, municipality, language …, and in one per channel
 * while the agent has room there. The rows that a case needs, word by word ANDed, leave whom it can have;
 * those are scored from a few dense arrays. Nothing is ranked beforehand, so a change of an agent is a change
 * of some bits, and the answer is exact.
 *
 * Agent side: each agent has a bit per class that the skills fit, ANDed with the classes in which something
 * waits. The heads of what is left are compared. The bits are made when the agent first looks, and renewed
 * when skills or classes changed.
 */
#include "lib/core/router.h"

#include "lib/core/route_private.h"
#include "lib/core/waitlist.h"

#include <stdlib.h>

/* where the rows of bits are */
enum {
	ROW_PRODUCT = 0,
	ROW_RIGHTS = ROW_PRODUCT + ROUTE_MAX_PRODUCTS,
	ROW_KNOWS = ROW_RIGHTS + ROUTE_MAX_MUNICIPALITIES,
	ROW_HOME = ROW_KNOWS + ROUTE_MAX_MUNICIPALITIES,
	ROW_TEAM = ROW_HOME + ROUTE_MAX_MUNICIPALITIES,
	ROW_LANGUAGE = ROW_TEAM + 64,
	ROW_WORKS = ROW_LANGUAGE + ROUTE_MAX_LANGUAGES, /* the channel */
	ROW_FREE = ROW_WORKS + ROUTE_MAX_CHANNELS,      /* for the channel: ready, not asked, with room */
	ROW_COACH = ROW_FREE + ROUTE_MAX_CHANNELS,
	ROW_READY,
	ROW_BUSY, /* with something in hand */
	N_ROWS,
	MAX_ANDED = 8,
};

/* what scoring needs of the agents, each side by side: less memory to read */
struct hot {
	float *occupancy;
	int32_t *unit, *team_unit, *no_unit;
};

/* which classes the agent's skills fit */
struct fits {
	uint64_t *bits;
	int n_classes, room;
	unsigned numbering;
};

struct router {
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct learn *learn;
	struct route_state state;
	struct waitlist *waiting;
	int n_agents, n_words;
	struct route_agent *agents;
	struct hot hot;
	struct fits *fits;
	int64_t *touched_us;
	uint64_t *rows;          /* N_ROWS × n_words */
	uint64_t *candidates;    /* scratch of one explanation */
	struct route_case found; /* a case that is not the head of its class */
	int next_bar, bars_left;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct router *router_new(const struct route_policy *policies, struct learn *learn)
{
	struct router *r = must(calloc(1, sizeof(*r)));

	memcpy(r->policies, policies, sizeof(r->policies));
	r->learn = learn;
	r->state = (struct route_state){.policies = r->policies, .learn = learn};
	r->waiting = waitlist_new();
	return r;
}

void router_policies(struct router *r, const struct route_policy *policies)
{
	memcpy(r->policies, policies, sizeof(r->policies));
	r->bars_left = 0; /* the next refresh begins anew */
}

static void free_agents(struct router *r)
{
	for (int i = 0; i < r->n_agents; i++)
		free(r->fits[i].bits);
	free(r->agents);
	free(r->hot.occupancy);
	free(r->hot.unit);
	free(r->hot.team_unit);
	free(r->hot.no_unit);
	free(r->fits);
	free(r->touched_us);
	free(r->rows);
	free(r->candidates);
}

struct router *router_free(struct router *r)
{
	if (!r)
		return NULL;
	waitlist_free(r->waiting);
	free_agents(r);
	free(r);
	return NULL;
}

const struct route_state *router_state(const struct router *r)
{
	return &r->state;
}

/* ---------------------------------------------------------------- agents */

static uint64_t *row(const struct router *r, int which)
{
	return r->rows + (size_t)which * (size_t)r->n_words;
}

static void set_bit(const struct router *r, int which, int i, bool on)
{
	uint64_t *word = row(r, which) + i / 64, bit = UINT64_C(1) << (i % 64);

	*word = on ? *word | bit : *word & ~bit;
}

/* the bits that differ between before and now, in the rows from first on */
static void set_bits(const struct router *r, int first, int i, uint64_t before, uint64_t now)
{
	for (uint64_t x = before ^ now; x; x &= x - 1)
		set_bit(r, first + __builtin_ctzll(x), i, now >> __builtin_ctzll(x) & 1);
}

static uint64_t free_channels(const struct route_agent *a)
{
	uint64_t bits = 0;

	if (a->presence != PRESENCE_READY || a->asked || a->busy_total >= a->room_total)
		return 0;
	for (uint64_t x = a->channels; x; x &= x - 1) {
		int c = __builtin_ctzll(x);

		if (a->busy[c] < a->room[c])
			bits |= UINT64_C(1) << c;
	}
	return bits;
}

/* brings the rows from what a was to what b is */
static void index_agent(const struct router *r, int i, const struct route_agent *a,
			const struct route_agent *b)
{
	for (int w = 0; w < ROUTE_MAX_PRODUCTS / 64; w++)
		set_bits(r, ROW_PRODUCT + 64 * w, i, a->products.bits[w], b->products.bits[w]);
	set_bits(r, ROW_RIGHTS, i, a->municipalities, b->municipalities);
	set_bits(r, ROW_KNOWS, i, a->knows, b->knows);
	set_bits(r, ROW_HOME, i, a->home, b->home);
	set_bits(r, ROW_TEAM, i, a->teams, b->teams);
	set_bits(r, ROW_LANGUAGE, i, a->languages, b->languages);
	set_bits(r, ROW_WORKS, i, a->channels, b->channels);
	set_bits(r, ROW_FREE, i, free_channels(a), free_channels(b));
	set_bits(r, ROW_COACH, i, a->coach, b->coach);
	set_bits(r, ROW_READY, i, a->presence == PRESENCE_READY, b->presence == PRESENCE_READY);
	set_bit(r, ROW_BUSY, i, b->busy_total > 0);
	r->hot.unit[i] = b->unit;
	r->hot.team_unit[i] = b->team_unit;
	r->hot.no_unit[i] = LEARN_NO_UNIT;
	r->hot.occupancy[i] = b->occupancy;
}

static bool same_skills(const struct route_agent *a, const struct route_agent *b)
{
	return a->municipalities == b->municipalities && a->languages == b->languages &&
	       a->teams == b->teams && a->coach == b->coach &&
	       memcmp(&a->products, &b->products, sizeof(a->products)) == 0;
}

static void count_agent(struct router *r, const struct route_agent *a, int by)
{
	r->state.n_ready += a->presence == PRESENCE_READY ? by : 0;
	r->state.n_idle += a->presence == PRESENCE_READY && a->busy_total == 0 ? by : 0;
}

static void touch(struct router *r, int i, int64_t now_us)
{
	struct route_agent *a = &r->agents[i];

	a->occupancy =
		route_occupancy(a->occupancy, a->busy_total > 0, (double)(now_us - r->touched_us[i]) / 1e6);
	r->hot.occupancy[i] = a->occupancy;
	r->touched_us[i] = now_us;
}

int router_find(const struct router *r, struct agent_id id)
{
	int low = 0, high = r->n_agents - 1;

	while (low <= high) {
		int mid = (low + high) / 2, c = route_compare(r->agents[mid].id.u, id.u);

		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return -1;
}

void router_agents(struct router *r, const struct route_agent *agents, int n, int64_t now_us)
{
	static const struct route_agent nobody;
	struct router old = *r;

	r->n_agents = n;
	r->n_words = (n + 63) / 64;
	r->agents = must(calloc((size_t)n + 1, sizeof(*r->agents)));
	r->hot.occupancy = must(calloc((size_t)n + 1, sizeof(*r->hot.occupancy)));
	r->hot.unit = must(calloc((size_t)n + 1, sizeof(*r->hot.unit)));
	r->hot.team_unit = must(calloc((size_t)n + 1, sizeof(*r->hot.team_unit)));
	r->hot.no_unit = must(calloc((size_t)n + 1, sizeof(*r->hot.no_unit)));
	r->fits = must(calloc((size_t)n + 1, sizeof(*r->fits)));
	r->touched_us = must(calloc((size_t)n + 1, sizeof(*r->touched_us)));
	r->rows = must(calloc((size_t)N_ROWS * (size_t)r->n_words + 1, sizeof(*r->rows)));
	r->candidates = must(calloc((size_t)r->n_words + 1, sizeof(*r->candidates)));
	r->state.n_ready = r->state.n_idle = 0;
	for (int i = 0; i < n; i++) {
		int before = router_find(&old, agents[i].id);

		r->agents[i] = agents[i];
		r->touched_us[i] = before < 0 ? now_us : old.touched_us[before];
		r->agents[i].occupancy = before < 0 ? agents[i].occupancy : old.agents[before].occupancy;
		index_agent(r, i, &nobody, &r->agents[i]);
		count_agent(r, &r->agents[i], 1);
	}
	free_agents(&old);
}

void router_agent_set(struct router *r, int i, const struct route_agent *a, int64_t now_us)
{
	struct route_agent new = *a; /* may be the very one that is replaced */

	touch(r, i, now_us);
	new.id = r->agents[i].id;
	new.occupancy = r->agents[i].occupancy;
	if (!same_skills(&r->agents[i], &new))
		r->fits[i].n_classes = 0;
	count_agent(r, &r->agents[i], -1);
	count_agent(r, &new, 1);
	index_agent(r, i, &r->agents[i], &new);
	r->agents[i] = new;
}

const struct route_agent *router_agent(const struct router *r, int i)
{
	return &r->agents[i];
}

/* ---------------------------------------------------------------- cases */

/* false: this class has none */
static bool set_bars(struct router *r, const struct waitlist_class *k)
{
	struct waitlist_brief *b = &waitlist_briefs(r->waiting)[k->slot];

	b->known = true;
	b->barred = route_is_barred(&r->policies[k->head.municipality], &k->head);
	if (b->barred)
		route_bars_of(&r->state, &k->head, r->agents, r->n_agents, b->bar);
	return b->barred;
}

void router_clear(struct router *r)
{
	waitlist_free(r->waiting);
	r->waiting = waitlist_new();
	r->state.n_live = r->bars_left = r->next_bar = 0;
	for (int i = 0; i < r->n_agents; i++)
		r->fits[i].n_classes = 0;
}

void router_put(struct router *r, const struct route_case *c)
{
	const struct waitlist_class *k;

	if (r->learn)
		learn_product(r->learn, route_learn_product(c));
	k = waitlist_put(r->waiting, c);
	r->state.n_live = waitlist_live(r->waiting);
	if (k->slot >= 0 && !waitlist_briefs(r->waiting)[k->slot].known)
		set_bars(r, k);
}

bool router_remove(struct router *r, struct case_id id)
{
	bool waited = waitlist_remove(r->waiting, id);

	r->state.n_live = waitlist_live(r->waiting);
	return waited;
}

bool router_get(const struct router *r, struct case_id id, struct route_case *out)
{
	return waitlist_get(r->waiting, id, out);
}

int router_count(const struct router *r)
{
	return waitlist_count(r->waiting);
}

int router_late_wishes(const struct router *r, int64_t now_us, struct case_id *out, int max)
{
	return waitlist_late_wishes(r->waiting, now_us, out, max);
}

bool router_relax(const struct router *r, const struct route_case *c, int64_t now_us)
{
	return route_relax(c, r->agents, r->n_agents, now_us);
}

size_t router_bytes(const struct router *r)
{
	return waitlist_bytes(r->waiting);
}

/* ---------------------------------------------------------------- who takes a case */

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

static void nobody(const struct search *s, struct route_decision *d)
{
	const struct route_case *c = s->v->c;
	struct rows rows;

	rows_of_skill(s->r, c, &rows);
	rows.row[rows.n++] = row(s->r, ROW_WORKS + c->channel);
	rows.row[rows.n++] = row(s->r, ROW_READY);
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

/* ---------------------------------------------------------------- what an agent takes */

static bool fits(const struct route_agent *a, const struct waitlist_brief *k)
{
	if (!route_bit(a->municipalities, k->municipality) || !route_bit(a->languages, k->language) ||
	    (k->team && !route_bit(a->teams, k->team)))
		return false;
	if (k->option0)
		return a->coach;
	return k->product < ROUTE_MAX_PRODUCTS &&
	       (a->products.bits[k->product / 64] >> (k->product % 64) & 1);
}

/* the agent's bits, up to date */
static const uint64_t *fits_of(struct router *r, int i)
{
	const struct waitlist_brief *briefs = waitlist_briefs(r->waiting);
	struct fits *f = &r->fits[i];
	int n = waitlist_classes(r->waiting);

	if (f->numbering != waitlist_numbering(r->waiting))
		f->n_classes = 0;
	f->numbering = waitlist_numbering(r->waiting);
	if (n > f->room) {
		f->room = (n + n / 2 + 255) / 256 * 256;
		f->bits = must(realloc(f->bits, (size_t)f->room / 8));
	}
	for (; f->n_classes < n; f->n_classes++) {
		uint64_t *word = &f->bits[f->n_classes / 64], bit = UINT64_C(1) << (f->n_classes % 64);

		if (f->n_classes % 64 == 0)
			*word = 0;
		*word = fits(&r->agents[i], &briefs[f->n_classes]) ? *word | bit : *word & ~bit;
	}
	return f->bits;
}

/* who speaks for the class to agent a: its head, or the first that a has not declined; NULL: nobody. In
 * *space when not the head */
static const struct route_case *spokesman(const struct waitlist_class *k, const struct route_agent *a,
					  struct route_case *space)
{
	const struct route_case *c = &k->head;

	while (c->n_declined > 0 && route_has_declined(c, a->id)) {
		if (!waitlist_after(k, c, space))
			return NULL;
		c = space;
	}
	return c;
}

struct taking {
	struct router *r;
	const struct route_agent *a;
	uint64_t channels; /* with room */
	int64_t now_us;
	int level;
	uint32_t tail; /* of the agent's id */
	struct route_heads heads;
	struct route_case spaces[4]; /* of those in heads that are no heads, and one to look with */
};

/* a place that none of those in heads stands in */
static struct route_case *free_space(struct taking *t)
{
	for (int i = 0; i < 4; i++)
		if (t->heads.best != &t->spaces[i] && t->heads.second != &t->spaces[i] &&
		    t->heads.fifo != &t->spaces[i])
			return &t->spaces[i];
	return NULL;
}

static double bar_of(const struct taking *t, const struct route_policy *p, const struct route_case *c,
		     int slot)
{
	const struct waitlist_brief *b = slot < 0 ? NULL : &waitlist_briefs(t->r->waiting)[slot];

	return b && b->barred ? route_bar_now(p, c, (double)b->bar[t->level], t->now_us) : 0;
}

static void look_at(struct taking *t, const struct waitlist_class *k)
{
	const struct route_policy *p = &t->r->policies[k->head.municipality];
	const struct route_case *c = k->head.n_declined == 0 ? &k->head : spokesman(k, t->a, free_space(t));
	struct route_terms terms = {0};

	if (!c || (!route_is_familiar(c, t->a) && !route_is_relaxed(c, p, t->now_us)))
		return;
	if (c->method == METHOD_FTF) {
		route_terms(&t->r->state, p, c, t->a, t->now_us, &terms);
		if (terms.q + p->optimism * terms.sd < bar_of(t, p, c, k->slot))
			return;
	}
	route_heads_add(&t->heads, p, c, &terms, t->now_us);
}

/* would it come third at best? Then its class need not be looked at: that is memory far away */
static bool comes_third(const struct taking *t, const struct waitlist_brief *b)
{
	const struct route_state *s = &t->r->state;
	const struct route_policy *p = &s->policies[b->municipality];
	int product = b->option0 ? LEARN_OPTION0 : b->product, overdue;
	double wait_us = route_wait_us(b->arrived_us, t->now_us), factor, advantage;
	struct learn_estimate e;

	if (b->declined || b->previous == t->tail || b->method == METHOD_FIFO || !t->heads.second)
		return false;
	overdue = route_overdue(p, (enum route_kind)b->kind, wait_us);
	if (overdue != t->heads.rank2.overdue)
		return overdue < t->heads.rank2.overdue;
	if (overdue)
		return b->arrived_us > t->heads.second->arrived_us;
	factor = route_bit(t->a->knows, b->municipality) ? 1 : p->unfamiliar;
	e = route_estimate(s, product, route_learn_unit(p, t->a), route_bit(t->a->home, b->municipality));
	advantage = route_optimistic(p, factor, e) - route_benchmark(s, product, b->municipality);
	return route_weigh(p, advantage, 0, route_age(p, (enum route_kind)b->kind, wait_us)) <
	       t->heads.rank2.score;
}

const struct route_case *router_case_for(struct router *r, int i, int64_t now_us, enum route_rule *rule)
{
	struct taking t = {.r = r,
			   .a = &r->agents[i],
			   .channels = free_channels(&r->agents[i]),
			   .now_us = now_us,
			   .level = route_level(&r->state),
			   .tail = waitlist_tail(r->agents[i].id)};
	const uint64_t *bits, *filled = waitlist_filled(r->waiting);
	const struct waitlist_brief *briefs = waitlist_briefs(r->waiting);
	const struct route_case *first;
	enum route_rule why;

	if (!t.channels)
		return NULL;
	bits = fits_of(r, i);
	for (int w = 0; w < (waitlist_classes(r->waiting) + 63) / 64; w++)
		for (uint64_t x = bits[w] & filled[w]; x; x &= x - 1) {
			int slot = 64 * w + __builtin_ctzll(x);

			if (t.channels >> briefs[slot].channel & 1 && !comes_third(&t, &briefs[slot]))
				look_at(&t, waitlist_class(r->waiting, slot));
		}
	for (struct waitlist_class *k = NULL; (k = waitlist_wished(r->waiting, t.a->id, k));)
		if (route_has_skill(&k->head, t.a) == WHY_OK && t.channels >> k->head.channel & 1)
			look_at(&t, k);
	first = route_heads_first(&t.heads, &r->state, t.a, now_us, &why);
	if (rule)
		*rule = why;
	if (first >= t.spaces && first < t.spaces + 3) {
		r->found = *first;
		first = &r->found;
	}
	return first;
}

/* ---------------------------------------------------------------- time goes by */

static void refresh_occupancy(struct router *r, int64_t now_us)
{
	double sum = 0;

	for (int i = 0; i < r->n_agents; i++) {
		touch(r, i, now_us);
		if (r->agents[i].presence == PRESENCE_READY)
			sum += (double)r->agents[i].occupancy;
	}
	r->state.occupancy = r->state.n_ready > 0 ? sum / r->state.n_ready : 0;
}

int router_refresh(struct router *r, int64_t now_us, int max_bars)
{
	int n = waitlist_classes(r->waiting);

	if (r->bars_left == 0) {
		refresh_occupancy(r, now_us);
		r->bars_left = n;
	}
	for (int done = 0; r->bars_left > 0 && done < max_bars && n > 0; r->bars_left--) {
		struct waitlist_class *k = waitlist_class(r->waiting, r->next_bar = (r->next_bar + 1) % n);

		done += set_bars(r, k);
	}
	return r->bars_left;
}

int router_again(struct router *r, int64_t now_us, struct case_id *out, int max)
{
	const uint64_t *filled = waitlist_filled(r->waiting);
	struct route_decision d;
	int n = 0;

	for (int i = 0; i < waitlist_classes(r->waiting) && n < max; i++) {
		const struct waitlist_class *k = waitlist_class(r->waiting, i);

		if (!(filled[i / 64] >> (i % 64) & 1))
			continue;
		router_agent_for(r, &k->head, now_us, &d);
		if (d.chosen >= 0)
			out[n++] = k->head.id;
	}
	return n;
}
