/*
 * router.c - who is there and what waits, indexed
 *
 * Each agent is a bit in a row per product, municipality, language …, and in one per channel while the agent
 * has room there. Nothing is ranked beforehand, so a change of an agent is a change of some bits, and the
 * answers of the two sides (router_contact.c, router_agent.c) are exact.
 */
#include "lib/core/router_private.h"

#include "lib/base/must.h"

#include <stdlib.h>

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

uint64_t router_free_channels(const struct route_agent *a)
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
	set_bits(r, ROW_FREE, i, router_free_channels(a), router_free_channels(b));
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
