/* dispatch_tell.c - what a committed statement said in notices: to event streams, queue, and the dispatcher */
#include "daemon/dispatch_internal.h"

#include "daemon/metrics.h"
#include "daemon/queue.h"
#include "daemon/rows.h"

#include <string.h>

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
