/*
 * dispatch_unserved.c - what waits while nobody who can finish it is logged in
 *
 * The product's skill is never dropped, so such cases would wait unseen: leads are told when it begins and
 * when it ends, and what is late then goes to the second line of the product as a task
 * (dispatch_second_line.sql); it keeps its place, for whoever comes first. Outside opening hours nobody is
 * expected. It is told when two looks in a row found it: who just came may not have been read yet, and
 * everybody is read again after a takeover.
 */
#include "daemon/dispatch_internal.h"

#include "lib/base/when.h"

#include <string.h>

static void push_names(struct pg_unit *u, const char *const *names, const struct router_unserved *c, int n,
		       size_t at)
{
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, names[*(const uint16_t *)(const void *)((const char *)&c[i] + at)]);
}

static bool same_class(const struct router_unserved *a, const struct router_unserved *b)
{
	return a->municipality == b->municipality && a->product == b->product && a->channel == b->channel &&
	       a->language == b->language && a->option0 == b->option0;
}

static bool was_so_before(const struct dispatch *d, const struct router_unserved *c)
{
	for (int i = 0; i < d->n_unserved; i++)
		if (same_class(&d->unserved[i], c))
			return true;
	return false;
}

/* those that have waited a moment, where it is open */
static int find(const struct dispatch *d, struct router_unserved *out)
{
	int n = router_unserved(d->router, out, DISPATCH_UNSERVED), kept = 0;
	int64_t now = now_us();

	for (int i = 0; i < n; i++)
		if (now - out[i].arrived_us >= DISPATCH_UNSERVED_S * WHEN_SECOND_US &&
		    hours_open(&d->world->hours[out[i].municipality], now))
			out[kept++] = out[i];
	return kept;
}

/* those of the last look too; *first: there was none, so nothing can be said */
static int look(struct dispatch *d, struct router_unserved *out, bool *first)
{
	struct router_unserved found[DISPATCH_UNSERVED];
	int n = find(d, found), kept = 0;

	*first = d->n_unserved < 0;
	for (int i = 0; i < n; i++)
		if (was_so_before(d, &found[i]))
			out[kept++] = found[i];
	memcpy(d->unserved, found, (size_t)n * sizeof(*found));
	d->n_unserved = n;
	return kept;
}

bool dispatch_unserved_ask(struct dispatch *d, struct pg_unit *u)
{
	struct router_unserved found[DISPATCH_UNSERVED];
	const struct world *w = d->world;
	bool first;
	int n;

	if (!d->loaded || mono_us() < d->unserved_due_us)
		return false;
	d->unserved_due_us = mono_us() + DISPATCH_UNSERVED_S * WHEN_SECOND_US;
	n = look(d, found, &first);
	if (first || (n == 0 && !d->told_unserved))
		return false;
	d->told_unserved = n > 0;
	pg_add(u, SQL_DISPATCH_UNSERVED);
	dispatch_fence(d, u);
	push_names(u, w->municipalities, found, n, offsetof(struct router_unserved, municipality));
	push_names(u, w->products, found, n, offsetof(struct router_unserved, product));
	push_names(u, w->channels, found, n, offsetof(struct router_unserved, channel));
	push_names(u, w->languages, found, n, offsetof(struct router_unserved, language));
	pg_array(u, PG_TYPE_BOOL, n);
	for (int i = 0; i < n; i++)
		pg_push_bool(u, found[i].option0);
	pg_array(u, PG_TYPE_INT8, n);
	for (int i = 0; i < n; i++)
		pg_push_int(u, found[i].n);
	pg_add(u, SQL_DISPATCH_SECOND_LINE);
	dispatch_fence(d, u);
	return true;
}
