/*
 * dispatch_others.c - what happened at other instances, for the one that dispatches (sse_follow.c does it for streams)
 *
 * It is read from the notices, twice a second, as long as there is another instance. Ids are given before the
 * commit, so a notice may show up behind a later one: the last few seconds are read again each time, and what was
 * heard before is passed over. What is missed all the same is found by the sweep.
 */
#include "daemon/dispatch_internal.h"

enum { LOOK_EVERY_TICKS = 10, HEARD_AT_ONCE = 5000 };

void dispatch_others_ask(struct dispatch *d, struct pg_unit *u, struct dispatch_asked *asked, int *n)
{
	struct dispatch_others *o = &d->others;

	asked->others = asked->heard = -1;
	if (o->there || o->ticks % LOOK_EVERY_TICKS == 0) {
		pg_add(u, SQL_DISPATCH_OTHERS);
		pg_text(u, d->srv->instance);
		asked->others = (*n)++;
	}
	if (o->there) {
		pg_add(u, SQL_DISPATCH_HEARD);
		pg_text(u, d->srv->instance);
		pg_int(u, o->last[o->ticks % DISPATCH_HEARD_TICKS]);
		pg_int(u, HEARD_AT_ONCE);
		asked->heard = (*n)++;
	}
}

/* ids are given one after the other: each has a place of its own for a long while */
static bool is_new(struct dispatch_others *o, int64_t id)
{
	int64_t *place = &o->heard[id % DISPATCH_HEARD];

	if (*place == id)
		return false;
	*place = id;
	return true;
}

static void hear(struct dispatch *d, const struct op *op, int st, int row)
{
	struct case_id c = { pg_get_uuid(op, st, row, "case_id") };
	struct agent_id agent = { pg_get_uuid(op, st, row, "agent") };
	int municipality = world_municipality(d->world, pg_get(op, st, row, "municipality"));

	if (municipality >= 0 && !uuid_is_nil(c.u))
		d->queue_changed |= UINT64_C(1) << municipality;
	if (!dispatch_leads(d))
		return;
	if (!uuid_is_nil(c.u))
		dispatch_case_back(d, c);
	dispatch_agent_changed(d, agent);
}

static void hear_all(struct dispatch *d, const struct op *op, int st)
{
	for (int i = 0; i < pg_rows(op, st); i++)
		if (is_new(&d->others, pg_get_int(op, st, i, "id")))
			hear(d, op, st, i);
}

/* where to read on from: when others were not there before, from where the notices were at the last look */
static void remember_last(struct dispatch_others *o, bool there, int64_t last)
{
	int64_t from = o->looked_at > 0 ? o->looked_at : last;

	for (int i = 0; there && !o->there && i < DISPATCH_HEARD_TICKS; i++)
		o->last[i] = from;
	o->last[o->ticks % DISPATCH_HEARD_TICKS] = there && !o->there ? from : last;
	o->there = there;
	o->looked_at = last;
}

void dispatch_others_got(struct dispatch *d, const struct op *op, const struct dispatch_asked *asked)
{
	struct dispatch_others *o = &d->others;

	if (asked->heard >= 0)
		hear_all(d, op, asked->heard);
	if (asked->others >= 0)
		remember_last(o, pg_get_bool(op, asked->others, 0, "others"),
		              pg_get_int(op, asked->others, 0, "last"));
	o->ticks++;
}
