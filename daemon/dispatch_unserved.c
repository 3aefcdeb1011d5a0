/*
 * dispatch_unserved.c - what waits while nobody who can finish it is logged in
 *
 * The product's skill is never dropped, so such cases would wait unseen: leads are told when it begins and
 * when it ends, and what is late then goes to the second line of the product as a task
 * (dispatch_second_line.sql); it keeps its place, for whoever comes first. Outside opening hours nobody is
 * expected.
 */
#include "daemon/dispatch_internal.h"

#include "lib/base/when.h"

static void push_names(struct pg_unit *u, const char *const *names, const struct router_unserved *c, int n,
		       size_t at)
{
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, names[*(const uint16_t *)(const void *)((const char *)&c[i] + at)]);
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

bool dispatch_unserved_ask(struct dispatch *d, struct pg_unit *u)
{
	struct router_unserved found[DISPATCH_UNSERVED];
	const struct world *w = d->world;
	int n;

	if (!d->loaded || mono_us() < d->unserved_due_us || !dispatch_agents_known(d))
		return false;
	d->unserved_due_us = mono_us() + DISPATCH_UNSERVED_S * WHEN_SECOND_US;
	n = find(d, found);
	if (n == 0 && !d->unserved)
		return false;
	d->unserved = n > 0;
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
