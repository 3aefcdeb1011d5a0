/*
 * router_agent.c - which case does this agent take?
 *
 * Each agent has a bit per class that the skills fit, ANDed with the classes in which something waits. The heads
 * of what is left are compared. The bits are made when the agent first looks, and renewed when skills or classes
 * changed.
 */
#include "lib/core/router_private.h"

#include "lib/base/must.h"

#include <stdlib.h>

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

enum { N_SPACES = 4 }; /* for the three in heads, and one to look with */

struct taking {
	struct router *r;
	const struct route_agent *a;
	uint64_t channels; /* with room */
	int64_t now_us;
	int level;
	uint32_t tail; /* of the agent's id */
	struct route_heads heads;
	struct route_case spaces[N_SPACES]; /* of those in heads that are no heads of a class */
};

/* a place that none of those in heads stands in */
static struct route_case *free_space(struct taking *t)
{
	for (int i = 0; i < N_SPACES; i++)
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
			   .channels = router_free_channels(&r->agents[i]),
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
	if (first >= t.spaces && first < t.spaces + N_SPACES) {
		r->found = *first;
		first = &r->found;
	}
	return first;
}
