/* api_offers.c - an agent answers an offer */
#include "daemon/api.h"
#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/metrics.h"
#include "daemon/rows.h"
#include "daemon/server.h"

#include <string.h>

enum { DECLINE_REASON_BYTES = 500 };

/* an answer to an offer goes one way: write, look at what is true now, tell */
enum offer_state { OFFER_START, OFFER_WRITTEN };
enum { OFFER_NOTICES, OFFER_NOW, OFFER_CASE };   /* statements */

/* the path's offer and the agent; NULL when the answer was given */
static struct pg_unit *offer_unit(struct api *a, enum sql statement, struct uuid *id, enum op_status *how)
{
	struct pg_unit *u;

	if (!a->who.is_agent) {
		*how = api_problem(a, PROBLEM_FORBIDDEN, "This token belongs to no agent.");
		return NULL;
	}
	if (!api_id(a, a->param[0], id)) {
		*how = api_problem(a, PROBLEM_NOT_FOUND, NULL);
		return NULL;
	}
	u = api_unit(a);
	pg_add(u, statement);
	pg_uuid(u, *id);
	pg_uuid(u, a->who.agent_id.u);
	return u;
}

static void add_lookup(struct api *a, struct pg_unit *u, enum sql statement, struct uuid id)
{
	pg_add(u, statement);
	pg_uuid(u, id);
	pg_uuid(u, a->who.agent_id.u);
}

/* 404 when it was never this agent's; 409 when it is over */
static enum op_status offer_is_over(struct api *a)
{
	return api_problem(a, pg_rows(&a->op, OFFER_NOW) ? PROBLEM_GONE : PROBLEM_NOT_FOUND, NULL);
}

/* ---------------------------------------------------------------- POST /v1/offers/{id}/accept */

static enum op_status accept_write(struct api *a)
{
	enum op_status how;
	struct uuid id;
	struct pg_unit *u = offer_unit(a, SQL_OFFER_ACCEPT, &id, &how);

	if (!u)
		return how;
	add_lookup(a, u, SQL_OFFER_GET, id);
	add_lookup(a, u, SQL_OFFER_CASE, id);
	pg_submit(&a->op, OFFER_WRITTEN, u);
	CRASH("accept.written");
	return OP_WAIT;
}

static enum op_status accept_answer(struct api *a)
{
	struct op *op = &a->op;
	json_t *case_;

	if (pg_rows(op, OFFER_CASE) == 0)
		return offer_is_over(a);
	CRASH("accept.committed");
	if (pg_rows(op, OFFER_NOTICES) > 0) {    /* not said before: a second accept only hears it again */
		metric_add(M_OFFERS_ACCEPTED, 1);
		metric_observe_us(M_WAIT_US, pg_get_int(op, OFFER_CASE, 0, "waited_us"));
		rows_publish(op, OFFER_NOTICES);
		dispatch_agent_changed(op->srv->dispatch, a->who.agent_id);
		CRASH("accept.told");
	}
	case_ = rows_object(op, OFFER_CASE, 0);
	json_object_del(case_, "waited_us");
	return api_answer(a, 200, json_pack("{s:o, s:I}", "case", case_, "epoch",
	                                    (json_int_t)pg_get_int(op, OFFER_CASE, 0, "epoch")));
}

enum op_status api_offer_accept(struct api *a)
{
	switch ((enum offer_state)a->op.state) {
	case OFFER_START:
		return accept_write(a);

	case OFFER_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : accept_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/offers/{id}/decline */

static enum op_status decline_write(struct api *a)
{
	const char *reason = a->body ? api_text(a, "reason", false, DECLINE_REASON_BYTES) : NULL;
	enum op_status how;
	struct uuid id;
	struct pg_unit *u;

	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = offer_unit(a, SQL_OFFER_DECLINE, &id, &how);
	if (!u)
		return how;
	pg_text(u, reason);
	add_lookup(a, u, SQL_OFFER_GET, id);
	return pg_submit(&a->op, OFFER_WRITTEN, u);
}

static enum op_status decline_answer(struct api *a)
{
	struct op *op = &a->op;

	if (pg_rows(op, OFFER_NOW) == 0 || strcmp(pg_get(op, OFFER_NOW, 0, "state"), "declined") != 0)
		return offer_is_over(a);
	CRASH("decline.committed");
	dispatch_told(op->srv, op, OFFER_NOTICES);
	return api_answer(a, 200, json_pack("{s:{s:s, s:s}}", "offer", "id", a->param[0], "state", "declined"));
}

enum op_status api_offer_decline(struct api *a)
{
	switch ((enum offer_state)a->op.state) {
	case OFFER_START:
		return decline_write(a);

	case OFFER_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : decline_answer(a);
	}
	return op_bad_state(&a->op);
}
