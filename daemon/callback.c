/* callback.c - one way in for all who promise: agents (api_callbacks.c), callers, and rules */
#include "daemon/callback.h"

#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/server.h"

struct promise callback_when(const struct world *w, const char *municipality, int64_t now_us, int64_t from_us,
                             int64_t until_us)
{
	int m = world_municipality(w, municipality);
	struct hours h = m < 0 ? hours_defaults() : w->hours[m];
	struct promise_rules r = m < 0 ? promise_defaults() : w->promises[m];

	return promise_make(&r, &h, now_us, from_us, until_us);
}

const char *const callback_results[] = {
	[CALLBACK_REACHED] = "reached",
	[CALLBACK_NOT_REACHED] = "notReached",
	[CALLBACK_VOICEMAIL] = "voicemail",
	[CALLBACK_WRONG_NUMBER] = "wrongNumber",
	NULL,
};

int64_t callback_again(const struct world *w, const char *municipality, int result, int attempts, int64_t now_us)
{
	int m = world_municipality(w, municipality);

	if (m < 0 || (result != CALLBACK_NOT_REACHED && result != CALLBACK_VOICEMAIL))
		return 0;
	return promise_retry(&w->promises[m], &w->hours[m], attempts + 1, now_us);
}

void callback_make(struct pg_unit *u, struct case_id id, int64_t epoch, struct agent_id owner, int wrapup_s,
                   const struct callback *cb)
{
	pg_add(u, SQL_CALLBACK_MAKE);
	pg_uuid(u, id.u);
	if (epoch < 0)
		pg_null(u);
	else
		pg_int(u, epoch);
	pg_uuid(u, owner.u);
	pg_uuid(u, cb->id);
	pg_uuid(u, cb->call);
	pg_text(u, cb->to_kind);
	pg_text(u, cb->to_value);
	pg_text(u, cb->reason);
	pg_time(u, cb->when.not_before_us);
	pg_time(u, cb->when.promised_us);
	pg_uuid(u, cb->by.u);
	pg_int(u, wrapup_s);
	pg_text(u, cb->why ? cb->why : "a call-back was agreed: it waits for its moment");
	pg_bool(u, cb->once);
	pg_time(u, cb->before_us);
	CRASH("callback.made");
}

int callback_made(struct server *srv, const struct op *op, int statement)
{
	return dispatch_waits_anew(srv, op, statement);
}
