/* dispatch_agents.c - agents as the dispatcher sees them: skills from the world, the rest from PostgreSQL */
#include "daemon/dispatch_internal.h"

#include "daemon/config.h"
#include "daemon/sse.h"
#include "lib/base/must.h"

#include <stdlib.h>
#include <string.h>

void dispatch_agent_read(struct dispatch *d, int i)
{
	d->more[i].read = true;
}

void dispatch_agents_again(struct dispatch *d)
{
	for (int i = 0; i < d->n_agents; i++)
		d->more[i].read = true;
}

void dispatch_agents_forget(struct dispatch *d)
{
	for (int i = 0; i < d->n_agents; i++) {
		struct route_agent a = *router_agent(d->router, i);

		a.presence = PRESENCE_OFFLINE;
		router_agent_set(d->router, i, &a, now_us());
	}
	dispatch_agents_again(d);
}

/* what was said to another instance is not told to us */
void dispatch_agents_sweep(struct dispatch *d)
{
	int n = d->n_agents < DISPATCH_READS ? d->n_agents : DISPATCH_READS;

	for (int i = 0; i < n; i++) {
		d->swept_agent = (d->swept_agent + 1) % d->n_agents;
		d->more[d->swept_agent].read = true;
	}
	dispatch_kick(d);
}

void dispatch_agents_look(struct dispatch *d)
{
	for (int i = 0; i < d->n_agents; i++)
		d->more[i].look = true;
}

/* ---------------------------------------------------------------- from the world */

static bool same_names(const char *const *a, int n_a, const char *const *b, int n_b)
{
	if (n_a != n_b)
		return false;
	for (int i = 0; i < n_a; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

/* do the route numbers of cases in memory still mean the same? */
static bool same_numbers(const struct world *a, const struct world *b)
{
	return same_names(a->municipalities, a->n_municipalities, b->municipalities, b->n_municipalities) &&
	       same_names(a->products, a->n_products, b->products, b->n_products) &&
	       same_names(a->channels, a->n_channels, b->channels, b->n_channels) &&
	       same_names(a->languages, a->n_languages, b->languages, b->n_languages) &&
	       same_names(a->teams, a->n_teams, b->teams, b->n_teams);
}

/* do the units and products of what was learned still mean the same? */
static bool same_units(const struct world *a, const struct world *b)
{
	for (int i = 0; a->n_agents == b->n_agents && i < a->n_agents; i++)
		if (!uuid_same(a->agents[i].base.id.u, b->agents[i].base.id.u))
			return false;
	return a->n_agents == b->n_agents &&
	       same_names(a->products, a->n_products, b->products, b->n_products) &&
	       same_names(a->teams, a->n_teams, b->teams, b->n_teams);
}

/* and are cases still routed by the same method? */
static bool same_methods(const struct world *a, const struct world *b)
{
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++)
		if (a->policies[m].method != b->policies[m].method ||
		    a->policies[m].control_share != b->policies[m].control_share)
			return false;
	return true;
}

void dispatch_settings_forget(struct dispatch *d)
{
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++) {
		free(d->settings[m]);
		d->settings[m] = NULL;
	}
}

/* what was read of an agent holds until it is read again: nobody goes home because a product got another name */
static void keep_what_was_read(const struct route_agent *was, struct route_agent *a)
{
	a->presence = was->presence;
	a->channels &= was->channels;
	memcpy(a->busy, was->busy, sizeof(a->busy));
	a->busy_total = was->busy_total;
	a->idle_since_us = was->idle_since_us;
	a->asked = was->asked;
}

static void build_agent(const struct dispatch *d, int i, const struct dispatch_agent *had, bool same_channels,
			struct route_agent *a)
{
	const struct world *w = d->world;
	int was = same_channels ? router_find(d->router, w->agents[i].base.id) : -1;

	*a = w->agents[i].base;
	a->presence = PRESENCE_OFFLINE;
	a->unit = i;
	a->team_unit = a->teams ? w->n_agents + __builtin_ctzll(a->teams) : LEARN_NO_UNIT;
	if (was >= 0) {
		keep_what_was_read(router_agent(d->router, was), a);
		d->more[i] = had[was];
	}
	d->more[i].read = true;
}

void dispatch_agents_build(struct dispatch *d)
{
	struct world *w = world_ref(world_now(d->srv)), *before = d->world;
	struct dispatch_agent *had = d->more;
	struct route_agent *agents;
	bool same_channels =
		before && same_names(before->channels, before->n_channels, w->channels, w->n_channels);

	d->world = w;
	d->n_agents = w->n_agents;
	d->more = must(calloc((size_t)w->n_agents + 1, sizeof(*d->more)));
	agents = must(calloc((size_t)w->n_agents + 1, sizeof(*agents)));
	for (int i = 0; i < w->n_agents; i++)
		build_agent(d, i, had, same_channels, &agents[i]);
	free(had);
	learn_units(d->learn, w->n_agents + w->n_teams);
	router_agents(d->router, agents, w->n_agents, now_us());
	router_policies(d->router, w->policies);
	dispatch_settings_forget(d);
	free(agents);
	if (before && !same_units(before, w))
		dispatch_learn_forget(d);
	if (before && !(same_numbers(before, w) && same_methods(before, w))) {
		d->loaded = d->partly = false; /* the next tick loads what waits with the new numbers and methods */
		d->n_unserved = -1;
	}
	world_unref(before);
}

/* ---------------------------------------------------------------- from PostgreSQL */

bool dispatch_agents_asking(const struct dispatch *d)
{
	for (int i = 0; i < d->n_agents; i++)
		if (d->more[i].read)
			return true;
	return false;
}

int dispatch_agents_ask(struct dispatch *d, struct pg_unit *u)
{
	int which[DISPATCH_READS], n = 0;

	for (int i = 0; i < d->n_agents && n < DISPATCH_READS; i++)
		if (d->more[i].read)
			which[n++] = i;
	pg_add(u, SQL_DISPATCH_AGENTS);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++) {
		d->more[which[i]].read = false;
		pg_push_uuid(u, router_agent(d->router, which[i])->id.u);
	}
	return n;
}

/* the next of "a,b,c" into out; false at the end */
static bool next_word(const char **list, char *out, size_t cap)
{
	size_t n = strcspn(*list, ",");

	if (**list == '\0')
		return false;
	snprintf(out, cap, "%.*s", (int)n, *list);
	*list += n + ((*list)[n] == ',');
	return true;
}

/* the channels an agent works now: "a,b", or NULL for all the agent has */
static uint32_t channels_of(const struct world *w, const char *words, uint32_t all)
{
	uint32_t bits = 0;
	char one[64];

	if (!words)
		return all;
	while (next_word(&words, one, sizeof(one))) {
		int c = world_channel(w, one);

		if (c >= 0)
			bits |= UINT32_C(1) << c;
	}
	return bits & all;
}

static uint8_t no_more_than_255(long n)
{
	return (uint8_t)(n < 0 ? 0 : n > UINT8_MAX ? UINT8_MAX : n);
}

/* what is in hand: "channel=n,channel=n", or NULL for nothing */
static void read_busy(const struct world *w, const char *words, struct route_agent *a)
{
	long total = 0;
	char one[64];

	memset(a->busy, 0, sizeof(a->busy));
	while (words && next_word(&words, one, sizeof(one))) {
		char *equals = strchr(one, '=');
		long n = equals ? strtol(equals + 1, NULL, 10) : 0;
		int c;

		if (!equals)
			continue;
		*equals = '\0';
		c = world_channel(w, one);
		if (c >= 0)
			a->busy[c] = no_more_than_255(n);
		total += n;
	}
	a->busy_total = no_more_than_255(total);
}

static enum route_presence presence_from(const char *s)
{
	if (s && strcmp(s, "ready") == 0)
		return PRESENCE_READY;
	return s && strcmp(s, "away") == 0 ? PRESENCE_AWAY : PRESENCE_OFFLINE;
}

static void got_agent(struct dispatch *d, const struct op *op, int st, int row)
{
	struct agent_id id = { pg_get_uuid(op, st, row, "agent") };
	int i = router_find(d->router, id), was_busy;
	struct route_agent a;

	if (i < 0)
		return;                  /* the world changed while we asked */
	a = *router_agent(d->router, i);
	was_busy = a.busy_total;
	a.presence = presence_from(pg_get(op, st, row, "state"));
	a.channels =
		channels_of(d->world, pg_get(op, st, row, "channels"), d->world->agents[i].base.channels);
	read_busy(d->world, pg_get(op, st, row, "busy"), &a);
	a.asked = pg_get_bool(op, st, row, "asked");
	if (a.busy_total < was_busy) /* something just ended: idle from now */
		a.idle_since_us = now_us();
	else if (pg_get_time(op, st, row, "idle_since") > a.idle_since_us)
		a.idle_since_us = pg_get_time(op, st, row, "idle_since");
	router_agent_set(d->router, i, &a, now_us());
	d->more[i].look = true;
	d->more[i].wrapup_ends_us = 0;
	if (pg_get(op, st, row, "wrapup_ms"))
		d->more[i].wrapup_ends_us = mono_us() + 1000 * (pg_get_int(op, st, row, "wrapup_ms") + 1);
}

void dispatch_agents_got(struct dispatch *d, const struct op *op, int statement)
{
	for (int i = 0; i < pg_rows(op, statement); i++)
		got_agent(d, op, statement, i);
	dispatch_agents_wrapup(d);
}

/* at the latest then: what ends in years does not fit a timer */
enum { LOOK_US = 1800 * 1000 * 1000 };

void dispatch_agents_wrapup(struct dispatch *d)
{
	int64_t now = mono_us(), first = INT64_MAX;

	for (int i = 0; i < d->n_agents; i++) {
		if (d->more[i].wrapup_ends_us && d->more[i].wrapup_ends_us <= now) {
			d->more[i].wrapup_ends_us = 0;
			d->more[i].read = true;
			dispatch_kick(d);
		} else if (d->more[i].wrapup_ends_us && d->more[i].wrapup_ends_us < first) {
			first = d->more[i].wrapup_ends_us;
		}
	}
	if (first != INT64_MAX && d->wrapup)
		loop_timer_once(d->wrapup, (int)((first - now < LOOK_US ? first - now : LOOK_US) / 1000 + 1));
}

/* ---------------------------------------------------------------- signs of life */

bool dispatch_agents_seen(struct dispatch *d, struct pg_unit *u)
{
	int64_t every_us = d->srv->config->presence_seconds * INT64_C(1000000) / 4;
	int n = 0;

	if (mono_us() - d->seen_written_us < every_us)
		return false;
	d->seen_written_us = mono_us();
	for (int i = 0; i < d->n_agents; i++) {
		if (sse_agent_online(d->srv->sse, router_agent(d->router, i)->id))
			d->more[i].seen = true;
		n += d->more[i].seen;
	}
	if (n == 0)
		return false;
	pg_add(u, SQL_DISPATCH_SEEN);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < d->n_agents; i++) {
		if (d->more[i].seen)
			pg_push_uuid(u, router_agent(d->router, i)->id.u);
		d->more[i].seen = false;
	}
	return true;
}
