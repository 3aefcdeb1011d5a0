/* dispatch_tell.c - what a committed statement said in notices: to event streams, queue, and the dispatcher */
#include "daemon/dispatch_internal.h"

#include "daemon/metrics.h"
#include "daemon/queue.h"
#include "daemon/rows.h"
#include "daemon/sse.h"

enum { QUEUE_TOLD_US = 1000000 };

static void tell_row(struct server *srv, const struct op *op, int statement, int row)
{
	struct case_id c = { pg_get_uuid(op, statement, row, "case_id") };
	struct agent_id agent = { pg_get_uuid(op, statement, row, "agent") };

	switch (notice_from(pg_get(op, statement, row, "kind"))) {
	case NOTICE_OFFER_MADE:
		metric_add(M_OFFERS, 1);
		queue_remove(srv->queue, c);
		dispatch_case_left(srv->dispatch, c);
		break;
	case NOTICE_CASE_CHANGED:
		if (uuid_is_nil(agent.u))        /* nobody's: it waits */
			dispatch_case_back(srv->dispatch, c);
		break;
	default:                                 /* an offer ended, presence changed */
		dispatch_agent_changed(srv->dispatch, agent);
	}
}

int dispatch_told(struct server *srv, const struct op *op, int statement)
{
	rows_publish(op, statement);
	for (int i = 0; i < pg_rows(op, statement); i++)
		tell_row(srv, op, statement, i);
	return pg_rows(op, statement);
}

int dispatch_waits_anew(struct server *srv, const struct op *op, int statement)
{
	rows_publish(op, statement);
	for (int i = 0; i < pg_rows(op, statement); i++) {
		struct case_id id = {pg_get_uuid(op, statement, i, "case_id")};
		struct agent_id agent = {pg_get_uuid(op, statement, i, "agent")};

		dispatch_case_left(srv->dispatch, id);
		queue_remove(srv->queue, id);
		dispatch_case_back(srv->dispatch, id);
		if (!uuid_is_nil(agent.u))
			dispatch_agent_changed(srv->dispatch, agent);
	}
	return pg_rows(op, statement);
}

static void tell_queue_of(struct server *srv, const char *municipality)
{
	char payload[128];
	struct notice n = { .kind = NOTICE_QUEUE_CHANGED, .at_us = now_us(), .payload = payload };

	snprintf(n.municipality, sizeof(n.municipality), "%s", municipality);
	snprintf(payload, sizeof(payload), "{\"queue\":{\"municipality\":\"%s\"}}", municipality);
	sse_publish(srv->sse, &n);
}

void dispatch_tell_queue(struct dispatch *d)
{
	if (!d->queue_changed || mono_us() - d->queue_said_us < QUEUE_TOLD_US)
		return;
	for (int i = 0; i < d->world->n_municipalities; i++)
		if (d->queue_changed >> i & 1)
			tell_queue_of(d->srv, d->world->municipalities[i]);
	d->queue_changed = 0;
	d->queue_said_us = mono_us();
}
