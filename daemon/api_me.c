/* api_me.c - what an agent's front end asks for itself: who am I, may I be asked, what happens */
#include "daemon/api.h"
#include "daemon/dispatch.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/sse.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/core/needs.h"
#include "lib/core/wire.h"

#include <stdlib.h>
#include <string.h>

enum { ME_CASES_MAX = 200, ME_REASON_BYTES = 200 };

/* ---------------------------------------------------------------- GET /v1/me */

enum me_state { ME_START, ME_READ };
enum { ME_AGENT, ME_PRESENCE, ME_OFFERS, ME_CASES };   /* statements */

static json_t *who_json(const struct principal *p)
{
	json_t *municipalities = json_array();

	for (int i = 0; i < p->n_municipalities; i++)
		json_array_append_new(municipalities, json_string(p->municipalities[i]));
	return json_pack("{s:s, s:o, s:b, s:b}", "role", role_name(p->role), "municipalities", municipalities, "seesBsn",
	                 p->sees_bsn, "seesRaw", p->sees_raw);
}

/* {"id", "expiresAt", "callback"?, "case": {…}} from a row that holds both */
static json_t *offer_json(const struct op *op, int statement, int row)
{
	json_t *case_ = rows_object(op, statement, row), *offer = json_object();

	json_object_set(offer, "id", json_object_get(case_, "offer"));
	json_object_set(offer, "expiresAt", json_object_get(case_, "expiresAt"));
	if (json_object_get(case_, "callback"))
		json_object_set(offer, "callback", json_object_get(case_, "callback"));
	json_object_del(case_, "callback");
	json_object_del(case_, "offer");
	json_object_del(case_, "expiresAt");
	json_object_set_new(offer, "case", case_);
	return offer;
}

static json_t *agent_json(const struct op *op, const struct principal *p)
{
	json_t *me = who_json(p), *offers = json_array();

	for (int i = 0; i < pg_rows(op, ME_OFFERS); i++)
		json_array_append_new(offers, offer_json(op, ME_OFFERS, i));
	if (pg_rows(op, ME_AGENT) > 0)
		json_object_set_new(me, "agent", rows_object(op, ME_AGENT, 0));
	if (pg_rows(op, ME_PRESENCE) > 0)
		json_object_set_new(me, "presence", rows_object(op, ME_PRESENCE, 0));
	json_object_set_new(me, "offers", offers);
	json_object_set_new(me, "cases", rows_array(op, ME_CASES));
	return me;
}

static struct pg_unit *me_unit(struct api *a)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_ME_AGENT);
	pg_uuid(u, a->who.agent_id.u);
	pg_add(u, SQL_ME_PRESENCE);
	pg_uuid(u, a->who.agent_id.u);
	pg_add(u, SQL_ME_OFFERS);
	pg_uuid(u, a->who.agent_id.u);
	pg_add(u, SQL_ME_CASES);
	pg_uuid(u, a->who.agent_id.u);
	pg_int(u, ME_CASES_MAX);
	return u;
}

enum op_status api_me_get(struct api *a)
{
	switch ((enum me_state)a->op.state) {
	case ME_START:
		if (!a->who.is_agent)
			return api_answer(a, 200, who_json(&a->who));
		return pg_submit(&a->op, ME_READ, me_unit(a));

	case ME_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		return api_answer(a, 200, agent_json(&a->op, &a->who));
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/me/offers */

enum offers_state { OFFERS_START, OFFERS_READ };
enum { OFFERS_MADE, OFFERS_PREPARE };                  /* statements; then the audit */

static void mask_each(json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) wire_mask(one);
}

/* what is known and missing is worked out here; the rest is as it was read */
static json_t *prepare_json(const struct op *op, int row, const struct principal *p)
{
	const struct world *w = world_now(op->srv);
	static const char *const gone[] = {"offer", "id", "municipality", "product", "needs", "said"};
	json_t *all = rows_object(op, OFFERS_PREPARE, row);
	const struct handling *h =
		world_handling(w, world_municipality(w, pg_get(op, OFFERS_PREPARE, row, "municipality")),
			       pg_get(op, OFFERS_PREPARE, row, "product"));
	json_t *needs = needs_of(json_object_get(all, "needs"), json_object_get(all, "said"), json_object_get(all, "party"));

	jsonx_put(all, "way", h ? handling_way_name(h->way) : NULL);
	json_object_update(all, needs);
	json_decref(needs);
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		json_object_del(all, gone[i]);
	if (!access_sees_bsn(p)) {
		mask_each(json_object_get(all, "contacts"));
		mask_each(json_object_get(all, "notes"));
		mask_each(json_object_get(all, "known"));
	}
	return all;
}

/* both statements go by what stands at their moment: an offer may have ended in between */
static json_t *prepared(const struct op *op, const struct principal *p)
{
	json_t *items = json_array();

	for (int i = 0; i < pg_rows(op, OFFERS_MADE); i++)
		for (int k = 0; k < pg_rows(op, OFFERS_PREPARE); k++) {
			json_t *offer;

			if (strcmp(pg_get(op, OFFERS_MADE, i, "offer"), pg_get(op, OFFERS_PREPARE, k, "offer")) != 0)
				continue;
			offer = offer_json(op, OFFERS_MADE, i);
			json_object_set_new(offer, "prepare", prepare_json(op, k, p));
			json_array_append_new(items, offer);
		}
	return items;
}

static struct pg_unit *offers_unit(struct api *a)
{
	struct pg_unit *u = api_unit(a);
	struct uuid token = {{0}};

	uuid_parse(a->who.token_id, &token);
	pg_add(u, SQL_ME_OFFERS);
	pg_uuid(u, a->who.agent_id.u);
	pg_add(u, SQL_OFFER_PREPARE);
	pg_uuid(u, a->who.agent_id.u);
	pg_add(u, SQL_OFFER_AUDIT);
	pg_uuid(u, a->who.agent_id.u);
	pg_uuid(u, token);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
	return u;
}

enum op_status api_offer_list(struct api *a)
{
	switch ((enum offers_state)a->op.state) {
	case OFFERS_START:
		if (!a->who.is_agent)
			return api_problem(a, PROBLEM_FORBIDDEN, "This token belongs to no agent.");
		return pg_submit(&a->op, OFFERS_READ, offers_unit(a));

	case OFFERS_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		return api_answer(a, 200, json_pack("{s:o}", "items", prepared(&a->op, &a->who)));
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- PUT /v1/me/presence */

enum presence_state { PRESENCE_START, PRESENCE_SAID };
enum { SAID_NOTICE, SAID_WITHDRAWN, SAID_PRESENCE };   /* statements */

static bool works_channel(const struct world *w, const struct world_agent *who, const char *channel)
{
	int c = world_channel(w, channel);

	return c >= 0 && who && who->base.channels >> c & 1;
}

static void check_channels(struct api *a, const json_t *channels)
{
	struct world *w = world_now(a->op.srv);
	const struct world_agent *who = world_agent(w, a->who.agent_id);
	const json_t *one;
	size_t i;

	json_array_foreach(channels, i, one)
		if (!json_is_string(one) || !works_channel(w, who, json_string_value(one)))
			api_bad_field(a, "channels", "must be channels that you work on");
}

static enum op_status say_presence(struct api *a)
{
	static const char *const states[] = { "ready", "away", "offline", NULL };
	int state = api_one_of(a, "state", true, states);
	const char *reason = api_text(a, "reason", false, ME_REASON_BYTES);
	const json_t *channels = json_object_get(a->body, "channels");
	struct pg_unit *u;

	check_channels(a, channels);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_ME_SET_PRESENCE);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, states[state]);
	pg_text(u, reason);
	pg_json(u, channels);
	pg_add(u, SQL_ME_WITHDRAW);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, states[state]);
	pg_add(u, SQL_ME_PRESENCE);
	pg_uuid(u, a->who.agent_id.u);
	return pg_submit(&a->op, PRESENCE_SAID, u);
}

enum op_status api_presence_put(struct api *a)
{
	switch ((enum presence_state)a->op.state) {
	case PRESENCE_START:
		if (!a->who.is_agent)
			return api_problem(a, PROBLEM_FORBIDDEN, "This token belongs to no agent.");
		return say_presence(a);

	case PRESENCE_SAID:
		if (pg_failed(&a->op))
			return api_failed(a);
		if (pg_rows(&a->op, SAID_PRESENCE) == 0)
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		dispatch_told(a->op.srv, &a->op, SAID_NOTICE);
		dispatch_told(a->op.srv, &a->op, SAID_WITHDRAWN);
		return api_answer(a, 200, rows_object(&a->op, SAID_PRESENCE, 0));
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/me/events */

enum op_status api_me_events(struct api *a)
{
	const char *last = http_header(a->x, "Last-Event-ID");
	struct http_x *x = a->x;
	long long last_id = 0;
	char *end = NULL;

	if (last && *last) {
		last_id = strtoll(last, &end, 10);
		if (*end != '\0' || last_id < 0)
			return api_problem(a, PROBLEM_BAD_REQUEST, "Last-Event-ID must be the id of an event.");
	}
	if (a->who.is_agent)
		dispatch_seen(a->op.srv->dispatch, a->who.agent_id);
	a->x = NULL;
	a->answer_status = 200;
	sse_open(a->op.srv->sse, x, &a->who, last_id);
	return OP_DONE;
}
