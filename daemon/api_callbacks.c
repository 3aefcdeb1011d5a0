/* api_callbacks.c - an agent promises to call back, and says what came of a call */
#include "daemon/callback.h"
#include "daemon/crash.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/contact.h"

#include <string.h>

enum { READ_CASE, READ_ADDRESS };           /* statements */
enum { WRITTEN_NOTICES, WRITTEN_CALLBACK };

#define DAY_US (86400 * WHEN_SECOND_US)

struct call_back {
	struct work w;
	struct callback cb;
	int64_t epoch, from_us, until_us;       /* 0: not said */
	/* of an attempt */
	const char *result, *state;
	int attempts;
	int64_t again_us;
};

static enum op_status answer(struct api *a, const struct call_back *c, int status)
{
	char id[UUID_TEXT];
	json_t *case_;

	uuid_format(c->w.id.u, id);
	case_ = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id, "reference", c->w.reference, "municipality",
	                  c->w.municipality, "product", c->w.product, "state",
	                  pg_get(&a->op, WRITTEN_CALLBACK, 0, "caseState"));
	json_t *callback = rows_object(&a->op, WRITTEN_CALLBACK, 0);

	json_object_del(callback, "caseState");
	return api_answer(a, status, json_pack("{s:o, s:o}", "case", case_, "callback", callback));
}

static void add_written(struct pg_unit *u, struct case_id id)
{
	pg_add(u, SQL_CALLBACK_GET);
	pg_uuid(u, id.u);
}

/* ---------------------------------------------------------------- POST /v1/cases/{id}/callbacks */

static int64_t read_moment(struct api *a, const json_t *in, const char *key, const char *name)
{
	int64_t us = 0;

	when_parse(jsonx_str(in, key), &us);   /* its form was checked */
	if (us <= now_us())
		api_bad_field(a, name, "must be in the future");
	else if (us > now_us() + PROMISE_MAX_DAYS * DAY_US)
		api_bad_field(a, name, "must be within 60 days");
	return us;
}

static void read_when(struct api *a, struct call_back *c)
{
	const json_t *window = json_object_get(a->body, "window");

	if (window && json_object_get(a->body, "at"))
		api_bad_field(a, "window", "is for who does not say at");
	if (json_object_get(a->body, "at")) {
		c->from_us = read_moment(a, a->body, "at", "at");
		c->until_us = c->from_us + PROMISE_AT_MINUTES * 60 * WHEN_SECOND_US;
	}
	if (!window)
		return;
	c->from_us = read_moment(a, window, "from", "window.from");
	c->until_us = read_moment(a, window, "until", "window.until");
	if (c->until_us <= c->from_us)
		api_bad_field(a, "window.until", "must be later than from");
}

static void read_address(struct api *a, struct callback *cb)
{
	const json_t *address = json_object_get(a->body, "address");
	const char *kind = jsonx_str(address, "kind");

	if (!address)
		return;
	cb->to_kind = "phone";
	cb->to_value = contact_phone(a->op.arena, jsonx_str(address, "value"));
	if (strcmp(kind, "phone") != 0)
		api_bad_field(a, "address.kind", "must be phone");
	if (!cb->to_value)
		api_bad_field(a, "address.value", "is no telephone number");
}

/* a moment that an agent names must be one at which somebody is there to call */
static bool is_open(struct api *a, const struct call_back *c, enum op_status *how)
{
	int64_t begins;
	char text[WHEN_TEXT];

	if (c->from_us == 0)
		return true;
	begins = callback_when(world_now(a->op.srv), c->w.municipality, now_us(), c->from_us, 0).not_before_us;
	if (begins == c->from_us)
		return true;
	when_format(begins, text);
	*how = api_rule(a, "outsideHours",
	                arena_printf(a->op.arena, "It is closed at that moment. It opens at %s.", text));
	return false;
}

static enum op_status make_write(struct api *a, struct call_back *c)
{
	struct callback *cb = &c->cb;
	enum op_status how;
	enum problem p;
	struct pg_unit *u;

	if (!work_got(a, &c->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	p = work_refused(a, &c->w, c->epoch, CASE_EV_SCHEDULE);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	if (!is_open(a, c, &how))
		return how;
	if (!cb->to_value && pg_rows(&a->op, READ_ADDRESS) > 0) {
		cb->to_kind = "phone";
		cb->to_value = arena_str(a->op.arena, pg_get(&a->op, READ_ADDRESS, 0, "value"));
	}
	if (!cb->to_value)
		return api_rule(a, "noAddress", "No telephone number of the citizen is known: give one.");
	cb->when = callback_when(world_now(a->op.srv), c->w.municipality, now_us(), c->from_us, c->until_us);
	cb->by.u = work_writer(a);
	u = api_unit(a);
	callback_make(u, c->w.id, c->epoch, c->w.owner, work_wrapup_seconds(a->op.srv, &c->w), cb);
	add_written(u, c->w.id);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status make_told(struct api *a, const struct call_back *c)
{
	CRASH("callback.committed");
	if (callback_made(a->op.srv, &a->op, WRITTEN_NOTICES) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	return answer(a, c, 201);
}

static enum op_status make_start(struct api *a, struct call_back *c)
{
	static const char *const reasons[] = {"asked", "noCoach", "nobody", "closed", "abandoned", NULL};
	struct pg_unit *u = work_begin(a, &c->w);
	int reason;

	if (!u)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	c->epoch = work_epoch(a);
	reason = api_one_of(a, "reason", false, reasons);
	c->cb.reason = reason < 0 ? reasons[0] : reasons[reason];
	c->cb.id = work_new_id(a, &c->w, "callback");
	read_when(a, c);
	read_address(a, &c->cb);
	pg_add(u, SQL_CALLBACK_ADDRESS);
	pg_uuid(u, c->w.id.u);
	return pg_submit(&a->op, WORK_READ, u);
}

enum op_status api_case_callback(struct api *a)
{
	struct call_back *c = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = c = arena_new_of(a->op.arena, struct call_back);
		return make_start(a, c);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : make_write(a, c);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : make_told(a, c);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/callbacks/{id}/attempts */

/* Nothing is closed here: after the last attempt, and with a wrong number, the agent who holds the case decides,
 * since a letter or a mail may still reach the citizen */
static void decide(struct api *a, struct call_back *c, int result)
{
	c->result = callback_results[result];
	c->again_us = callback_again(world_now(a->op.srv), c->w.municipality, result, c->attempts, now_us());
	c->state = c->again_us ? "open" : result == CALLBACK_REACHED ? "reached" : "unreachable";
}

static enum op_status tried_write(struct api *a, struct call_back *c)
{
	struct pg_unit *u;
	enum problem p;
	int result = api_one_of(a, "result", true, callback_results);

	if (!work_got(a, &c->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	c->w.id.u = pg_get_uuid(&a->op, 0, 0, "case_id");
	c->attempts = (int)pg_get_int(&a->op, 0, 0, "attempts");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	p = work_refused(a, &c->w, c->epoch, -1);
	if (p == PROBLEM_NONE && strcmp(pg_get(&a->op, 0, 0, "callback_state"), "open") != 0)
		p = PROBLEM_STATE;
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	decide(a, c, result);
	u = api_unit(a);
	pg_add(u, SQL_CALLBACK_TRIED);
	work_guard(u, &c->w);
	pg_uuid(u, c->cb.id);
	pg_text(u, c->result);
	pg_text(u, c->state);
	pg_time(u, c->again_us);
	pg_int(u, work_wrapup_seconds(a->op.srv, &c->w));
	pg_text(u, c->again_us ? "the citizen could not be reached: tried again later" : c->result);
	add_written(u, c->w.id);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status tried_told(struct api *a, const struct call_back *c)
{
	CRASH("attempt.committed");
	if (callback_made(a->op.srv, &a->op, WRITTEN_NOTICES) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	return answer(a, c, 200);
}

static enum op_status tried_start(struct api *a, struct call_back *c)
{
	struct pg_unit *u;

	if (!api_id(a, a->param[0], &c->cb.id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	c->epoch = work_epoch(a);
	u = api_unit(a);
	pg_add(u, SQL_CALLBACK_CASE);
	pg_uuid(u, c->cb.id);
	return pg_submit(&a->op, WORK_READ, u);
}

enum op_status api_callback_attempt(struct api *a)
{
	struct call_back *c = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = c = arena_new_of(a->op.arena, struct call_back);
		return tried_start(a, c);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : tried_write(a, c);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : tried_told(a, c);
	}
	return op_bad_state(&a->op);
}
