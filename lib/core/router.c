/*
 * router.c - decisions by index
 *
 * Contact side: each agent is a bit in a row per product, municipality, language …, and in one per channel while the agent has
 * room there. The rows that a case needs, word by word ANDed, leave whom it can have; those are scored from a few
 * dense arrays. Nothing is ranked beforehand, so a change of an agent is a change of some bits, and the answer is exact.
 *
 * Agent side: each agent has a bit per class that the skills fit, ANDed with the classes in which something waits. The heads of
 * what is left are compared. The bits are made when the agent first looks, and renewed when skills or classes changed.
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
	ROW_WORKS = ROW_LANGUAGE + ROUTE_MAX_LANGUAGES,     /* the channel */
	ROW_FREE = ROW_WORKS + ROUTE_MAX_CHANNELS,          /* for the channel: ready, not asked, with room */
	ROW_COACH = ROW_FREE + ROUTE_MAX_CHANNELS,
	ROW_READY,
	N_ROWS,
	MAX_ANDED = 8,
};

/* what scoring needs of an agent */
struct hot {
	int64_t idle_since_us;
	int32_t unit, team_unit;
	float occupancy;
	bool busy;
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
	struct hot *hot;
	struct fits *fits;
	int64_t *touched_us;
	uint64_t *rows;                  /* N_ROWS × n_words */
	struct route_case found;         /* a case that is not the head of its class */
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
	r->state = (struct route_state){ .policies = r->policies, .learn = learn };
	r->waiting = waitlist_new();
	return r;
}

static void free_agents(struct router *r)
{
	for (int i = 0; i < r->n_agents; i++)
		free(r->fits[i].bits);
	free(r->agents);
	free(r->hot);
	free(r->fits);
	free(r->touched_us);
	free(r->rows);
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
static void index_agent(const struct router *r, int i, const struct route_agent *a, const struct route_agent *b)
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
	r->hot[i] = (struct hot){ b->idle_since_us, b->unit, b->team_unit, b->occupancy, b->busy_total > 0 };
}

static bool same_skills(const struct route_agent *a, const struct route_agent *b)
{
	return a->municipalities == b->municipalities && a->languages == b->languages && a->teams == b->teams &&
	       a->coach == b->coach && memcmp(&a->products, &b->products, sizeof(a->products)) == 0;
}

static void count_agent(struct router *r, const struct route_agent *a, int by)
{
	r->state.n_ready += a->presence == PRESENCE_READY ? by : 0;
	r->state.n_idle += a->presence == PRESENCE_READY && a->busy_total == 0 ? by : 0;
}

static void touch(struct router *r, int i, int64_t now_us)
{
	struct route_agent *a = &r->agents[i];

	a->occupancy = route_occupancy(a->occupancy, a->busy_total > 0, (double)(now_us - r->touched_us[i]) / 1e6);
	r->hot[i].occupancy = a->occupancy;
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
	r->hot = must(calloc((size_t)n + 1, sizeof(*r->hot)));
	r->fits = must(calloc((size_t)n + 1, sizeof(*r->fits)));
	r->touched_us = must(calloc((size_t)n + 1, sizeof(*r->touched_us)));
	r->rows = must(calloc((size_t)N_ROWS * (size_t)r->n_words + 1, sizeof(*r->rows)));
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
	struct route_agent new = *a;     /* may be the very one that is replaced */

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

int router_agent_count(const struct router *r)
{
	return r->n_agents;
}

/* ---------------------------------------------------------------- cases */

static void set_bars(struct router *r, struct waitlist_class *k)
{
	k->barred = route_is_barred(&r->policies[k->head.municipality], &k->head);
	if (k->barred)
		route_bars_of(&r->state, &k->head, r->agents, r->n_agents, k->bar);
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
	struct route_case copy = *c;
	struct waitlist_class *k;

	router_remove(r, copy.id);
	if (r->learn)
		learn_product(r->learn, route_learn_product(&copy));
	k = waitlist_put(r->waiting, &copy);
	r->state.n_live += copy.kind != KIND_ASYNC;
	if (!k->known)
		set_bars(r, k);
	k->known = true;
}

bool router_remove(struct router *r, struct case_id id)
{
	struct route_case c;

	if (!waitlist_get(r->waiting, id, &c))
		return false;
	r->state.n_live -= c.kind != KIND_ASYNC;
	return waitlist_remove(r->waiting, id);
}

bool router_get(const struct router *r, struct case_id id, struct route_case *out)
{
	return waitlist_get(r->waiting, id, out);
}

int router_count(const struct router *r)
{
	return waitlist_count(r->waiting);
}

void router_each(const struct router *r, void (*fn)(const struct route_case *c, void *arg), void *arg)
{
	waitlist_each(r->waiting, fn, arg);
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

struct rows { const uint64_t *row[MAX_ANDED]; int n; };

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
	       c->channel < ROUTE_MAX_CHANNELS && (c->option0 || c->product < ROUTE_MAX_PRODUCTS) && c->team < 64;
}

/* the best two so far */
struct scored { int i; double score; };
struct search {
	const struct router *r;
	const struct route_view *v;
	struct scored best, second;
	int n;
	double best_held;
	const uint64_t *knows, *home;
	int previous;                    /* -1: nobody */
	double packing;
	int product;
};

static bool scores_higher(const struct router *r, const struct scored *a, const struct scored *b, int64_t now_us)
{
	int64_t since_a = r->hot[a->i].idle_since_us, since_b = r->hot[b->i].idle_since_us;

	if (a->score != b->score)
		return a->score > b->score;
	since_a = since_a < now_us ? since_a : now_us;
	since_b = since_b < now_us ? since_b : now_us;
	return since_a != since_b ? since_a < since_b : a->i < b->i;      /* agents are in order of id */
}

static bool bit_of(const uint64_t *bits, int i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

/* as route_terms, term by term; false: below the bar */
static bool score(struct search *s, int i, double *out)
{
	const struct router *r = s->r;
	const struct route_policy *p = s->v->p;
	const struct hot *h = &r->hot[i];
	struct learn_estimate e = { 0.75F, 0.0F };
	double factor = bit_of(s->knows, i) ? 1 : p->unfamiliar, q, sd;

	*out = 0;
	if (s->v->c->method == METHOD_FIFO)
		return true;
	if (r->learn)
		e = learn_estimate(r->learn, s->product, p->team_level ? h->team_unit : h->unit, bit_of(s->home, i));
	q = factor * (double)e.q;
	sd = factor * (double)e.sd;
	if (q + p->optimism * sd < s->v->bar) {
		s->best_held = q + p->optimism * sd > s->best_held ? q + p->optimism * sd : s->best_held;
		return false;
	}
	*out = route_score(q + p->optimism * sd, -p->occupancy * ((double)h->occupancy - r->state.occupancy),
	                   i == s->previous ? p->sticky : 0, h->busy ? s->packing : 0);
	return true;
}

static void consider(struct search *s, int i)
{
	struct scored new = { .i = i };

	if (!score(s, i, &new.score))
		return;
	if (s->n == 0 || scores_higher(s->r, &new, &s->best, s->v->now_us)) {
		s->second = s->best;
		s->best = new;
	} else if (s->n == 1 || scores_higher(s->r, &new, &s->second, s->v->now_us)) {
		s->second = new;
	}
	s->n++;
}

static bool may_ask(const struct route_case *c, const struct router *r, int i)
{
	return c->n_declined == 0 || !route_has_declined(c, r->agents[i].id);
}

static void search(struct search *s)
{
	const struct router *r = s->r;
	const struct route_case *c = s->v->c;
	struct rows rows;

	if (!route_is_nil(c->wanted.u)) {
		int i = router_find(r, c->wanted);

		if (i >= 0 && route_eligible(c, &r->agents[i], s->v->p, s->v->now_us) == WHY_OK)
			consider(s, i);
		return;
	}
	rows_of_skill(r, c, &rows);
	rows.row[rows.n++] = row(r, ROW_FREE + c->channel);
	if (!route_is_relaxed(c, s->v->p, s->v->now_us))
		rows.row[rows.n++] = s->knows;
	for (int w = 0; w < r->n_words; w++)
		for (uint64_t x = and_rows(&rows, w); x; x &= x - 1) {
			int i = 64 * w + __builtin_ctzll(x);

			if (may_ask(c, r, i))
				consider(s, i);
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
	d->rule = s->best_held > 0 ? RULE_HELD : is_any(s->r, &rows, NULL) ? RULE_NOBODY_FREE : RULE_NOBODY_HAS_SKILL;
	d->again_at_us = route_held_until(s->v, s->best_held);
	if (is_any(s->r, &rows, s->knows))
		d->again_at_us = route_sooner(route_relaxed_at(s->v), d->again_at_us);
}

static double packing_of(const struct router *r, const struct route_policy *p, const struct route_case *c)
{
	return c->kind != KIND_CHAT ? 0 : route_few_idle(&r->state, p) ? p->packing : -p->packing;
}

static struct route_view view_of(const struct router *r, const struct route_case *c, int64_t now_us)
{
	struct route_view v = { &r->state, &r->policies[c->municipality], c, now_us, 0, 0 };
	const struct waitlist_class *k = route_is_barred(v.p, c) ? waitlist_class_of(r->waiting, c) : NULL;

	if (k && k->barred)
		v.x = (double)k->bar[route_level(&r->state)];
	v.bar = route_bar_now(v.p, c, v.x, now_us);
	return v;
}

void router_agent_for(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d)
{
	struct route_view v = view_of(r, c, now_us);
	struct search s = { .r = r, .v = &v, .knows = row(r, ROW_KNOWS + c->municipality),
		.home = row(r, ROW_HOME + c->municipality), .product = route_learn_product(c),
		.packing = packing_of(r, v.p, c),
		.previous = route_is_nil(c->previous.u) ? -1 : router_find(r, c->previous) };

	route_decision_begin(&v, r->n_agents, d);
	if (!is_in_range(c))
		return;
	search(&s);
	if (s.n == 0 && (c->n_declined > 0 || !route_is_nil(c->wanted.u))) {
		router_explain(r, c, now_us, d);       /* seldom: everybody is looked at */
		return;
	}
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

void router_explain(const struct router *r, const struct route_case *c, int64_t now_us, struct route_decision *d)
{
	struct route_view v = view_of(r, c, now_us);

	route_decide(&v, r->agents, r->n_agents, d);
}

/* ---------------------------------------------------------------- what an agent takes */

static bool fits(const struct route_agent *a, const struct route_case *c)
{
	if (!route_bit(a->municipalities, c->municipality) || !route_bit(a->languages, c->language) ||
	    (c->team && !route_bit(a->teams, c->team)))
		return false;
	if (c->option0)
		return a->coach;
	return c->product < ROUTE_MAX_PRODUCTS && (a->products.bits[c->product / 64] >> (c->product % 64) & 1);
}

/* the agent's bits, up to date */
static const uint64_t *fits_of(struct router *r, int i)
{
	struct fits *f = &r->fits[i];
	int n = waitlist_classes(r->waiting);

	if (f->numbering != waitlist_numbering(r->waiting))
		f->n_classes = 0;
	f->numbering = waitlist_numbering(r->waiting);
	if (n > f->room) {
		f->room = (n + n / 2 + 255) / 256 * 256;
		f->bits = must(realloc(f->bits, (size_t)f->room / 8));
	}
	if (f->n_classes % 64 == 0 && f->n_classes < n)
		f->bits[f->n_classes / 64] = 0;
	for (; f->n_classes < n; f->n_classes++) {
		uint64_t *word = &f->bits[f->n_classes / 64], bit = UINT64_C(1) << (f->n_classes % 64);

		if (f->n_classes % 64 == 0)
			*word = 0;
		*word = fits(&r->agents[i], &waitlist_class(r->waiting, f->n_classes)->head) ? *word | bit : *word & ~bit;
	}
	return f->bits;
}

/* who speaks for the class to agent a: its head, or the first that a has not declined; NULL: nobody. In *space when not the head */
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
	uint64_t channels;               /* with room */
	int64_t now_us;
	struct route_heads heads;
	struct route_case spaces[3];     /* of those in heads that are no heads */
};

/* a place that none of those in heads stands in */
static struct route_case *free_space(struct taking *t)
{
	for (int i = 0; i < 3; i++)
		if (t->heads.best != &t->spaces[i] && t->heads.second != &t->spaces[i] && t->heads.fifo != &t->spaces[i])
			return &t->spaces[i];
	return NULL;
}

static void look_at(struct taking *t, const struct waitlist_class *k)
{
	const struct route_policy *p = &t->r->policies[k->head.municipality];
	const struct route_case *c;

	if (!(t->channels >> k->head.channel & 1))
		return;
	c = k->head.n_declined == 0 ? &k->head : spokesman(k, t->a, free_space(t));
	if (!c || (!route_is_familiar(c, t->a) && !route_is_relaxed(c, p, t->now_us)))
		return;
	if (k->barred) {
		double bar = route_bar_now(p, c, (double)k->bar[route_level(&t->r->state)], t->now_us);
		struct route_terms terms;

		if (bar > 0) {
			route_terms(&t->r->state, p, c, t->a, t->now_us, &terms);
			if (terms.q + p->optimism * terms.sd < bar)
				return;
		}
	}
	route_heads_add(&t->heads, &t->r->state, t->a, c, t->now_us);
}

const struct route_case *router_case_for(struct router *r, int i, int64_t now_us, enum route_rule *rule)
{
	struct taking t = { .r = r, .a = &r->agents[i], .channels = free_channels(&r->agents[i]), .now_us = now_us };
	const uint64_t *bits, *filled = waitlist_filled(r->waiting);
	const struct route_case *first;
	enum route_rule why;

	if (!t.channels)
		return NULL;
	bits = fits_of(r, i);
	for (int w = 0; w < (waitlist_classes(r->waiting) + 63) / 64; w++)
		for (uint64_t x = bits[w] & filled[w]; x; x &= x - 1)
			look_at(&t, waitlist_class(r->waiting, 64 * w + __builtin_ctzll(x)));
	for (struct waitlist_class *k = NULL; (k = waitlist_wished(r->waiting, t.a->id, k));)
		if (fits(t.a, &k->head))
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

		set_bars(r, k);
		done += k->barred;
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
