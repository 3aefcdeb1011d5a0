/*
 * outbox.c - when replies go: what is due is claimed, what was lost is shown
 *
 * A claim commits "sending" and then starts one operation for each reply (outbox_send.c).
 */
#include "daemon/outbox.h"

#include "daemon/config.h"
#include "daemon/courier.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/outbox_send.h"
#include "daemon/rows.h"
#include "daemon/server.h"

enum claim_part { CLAIMED, CLAIM_NOTICES, CLAIM_NEXT };

static int most_at_once(const struct server *srv)
{
	return srv->config->outbox_parallel;
}

static void claim(struct pg_unit *u, const struct server *srv, int room)
{
	pg_add(u, SQL_OUTBOX_CLAIM);
	pg_text(u, srv->instance);
	pg_int(u, room);
	pg_add(u, SQL_OUTBOX_CLAIM_TOLD);
	pg_text(u, srv->instance);
	pg_add(u, SQL_OUTBOX_NEXT);
}

static int64_t claimed(struct op *op, struct courier *c)
{
	if (pg_rows(op, CLAIMED) > 0)
		CRASH("claim.committed");
	rows_publish(op, CLAIM_NOTICES);
	for (int i = 0; i < pg_rows(op, CLAIMED); i++) {
		courier_take(c, pg_get_uuid(op, CLAIMED, i, "contact"));
		outbox_send(op, CLAIMED, i);
	}
	return pg_get(op, CLAIM_NEXT, 0, "ms") != NULL ? pg_get_int(op, CLAIM_NEXT, 0, "ms") : -1;
}

static void sweep(struct pg_unit *u, const struct server *srv, const struct courier *c)
{
	pg_add(u, SQL_OUTBOX_ORPHANS);
	pg_text(u, srv->instance);
	pg_int(u, COURIER_GONE_S);
	pg_add(u, SQL_OUTBOX_UNPREPARED);
	pg_text(u, srv->instance);
	pg_int(u, COURIER_GONE_S);
	pg_add(u, SQL_OUTBOX_UNCLAIMED);
	pg_text(u, srv->instance);
	courier_add_held(u, c);
	pg_int(u, COURIER_GONE_S);
}

static void swept(struct op *op)
{
	int n = pg_rows(op, 0);

	if (n > 0)
		CRASH("orphans.committed");
	rows_publish(op, 0);
	metric_add(M_REPLIES_UNCERTAIN, (uint64_t)n);
	if (n > 0)
		log_event(LOG_WARNING, "reply.orphans", "count=%d", n);
}

static const struct courier_kind replies = {
	.claim_name = "outbox.claim",
	.sweep_name = "outbox.sweep",
	.most = most_at_once,
	.claim = claim,
	.claimed = claimed,
	.sweep = sweep,
	.swept = swept,
};

struct courier *outbox_new(struct server *srv)
{
	return courier_new(srv, &replies);
}

void outbox_wake(struct courier *outbox)
{
	courier_wake(outbox);
}
