/*
 * events_send.c - one event: sign, send, record what became of it
 *
 * Whatever comes back is recorded, however long that takes; when this process dies the event waits again
 * (event_lost). Anything but a 2xx is tried again (event_again_s), also when it may have arrived: whoever
 * receives knows it by its id.
 */
#include "daemon/events_send.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/events.h"
#include "daemon/fetch.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/event.h"

#include <string.h>

enum { SEND_ARENA_BYTES = 4 << 20, RECORD_AGAIN_MS = 1000, GONE = 410 };

struct sending {
	struct op op; /* first: op.h */
	struct courier *courier;
	struct uuid id, subscription;
	struct event event;
	const char *url;
	json_t *secrets; /* who signs; owned by the arena */
	int attempts;
	bool done, gone;
	const char *error;
	int wait_s; /* -1: not again */
};

enum send_state { SEND_START, SEND_ANSWERED, SEND_RECORDED, SEND_RECORD_AGAIN };

/* one for each secret that signs now */
static const char *signatures(struct sending *s, const char *id, int64_t unix_s, struct bytes body)
{
	const char *all = "";
	json_t *secret;
	size_t i;

	json_array_foreach(s->secrets, i, secret)
	{
		const char *one = event_signature(s->op.arena, json_string_value(secret), id, unix_s, body);

		if (one)
			all = arena_printf(s->op.arena, "%s%s%s", all, *all ? " " : "", one);
	}
	return all;
}

static enum op_status send_it(struct sending *s)
{
	struct arena *a = s->op.arena;
	int64_t unix_s = now_us() / WHEN_SECOND_US;
	json_t *json = jsonx_own(a, event_json(&s->event));
	char id[EVENT_ID];
	struct bytes body;
	size_t len;

	body.data = (const uint8_t *)jsonx_dump(a, json, &len);
	body.len = len;
	event_id(s->event.notice, s->event.at_us, id);
	fetch_submit(&s->op, SEND_ANSWERED, "POST", s->url,
		     (const char *[]){
			     "Content-Type: application/cloudevents+json; charset=utf-8",
			     arena_printf(a, "webhook-id: %s", id),
			     arena_printf(a, "webhook-timestamp: %lld", (long long)unix_s),
			     arena_printf(a, "webhook-signature: %s", signatures(s, id, unix_s, body)), NULL},
		     body);
	CRASH("event.called");
	return OP_WAIT;
}

static void read_answer(struct sending *s)
{
	const struct fetch_reply *f = s->op.fetched;
	uint8_t chance;

	random_bytes(&chance, 1);
	s->done = f->outcome == FETCH_OK && f->status >= 200 && f->status < 300;
	s->gone = f->outcome == FETCH_OK && f->status == GONE;
	s->wait_s = event_again_s(s->attempts + 1, f->retry_after_s, chance % 100);
	switch (f->outcome) {
	case FETCH_OK:
		s->error = arena_printf(s->op.arena, "HTTP %d", f->status);
		return;
	case FETCH_NOT_SENT:
		s->error = "could not be reached";
		return;
	case FETCH_UNKNOWN:
		s->error = "no answer";
		return;
	case FETCH_REFUSED:
		s->error = "an address that we do not send to";
		return;
	}
}

static enum op_status record(struct sending *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	if (s->done) {
		pg_add(u, SQL_EVENT_DONE);
		pg_uuid(u, s->id);
		pg_uuid(u, s->subscription);
	} else {
		pg_add(u, SQL_EVENT_AGAIN);
		pg_uuid(u, s->id);
		pg_text(u, s->op.srv->instance);
		pg_int(u, s->attempts);
		if (s->wait_s < 0)
			pg_null(u);
		else
			pg_int(u, s->wait_s);
		pg_text(u, s->error);
		pg_bool(u, s->gone);
		pg_int(u, EVENT_FAILING_MAX_S);
		pg_int(u, EVENTS_DEAD);
	}
	pg_submit(&s->op, SEND_RECORDED, u);
	CRASH("event.written");
	return OP_WAIT;
}

static enum op_status recorded(struct sending *s)
{
	char id[UUID_TEXT];

	uuid_format(s->subscription, id);
	metric_add(s->done ? M_EVENTS_SENT : M_EVENTS_FAILED, 1);
	if (s->done)
		return OP_DONE;
	rows_publish(&s->op, 0);
	log_event(s->wait_s < 0 ? LOG_WARNING : LOG_INFO, "event.failed", "id=%s attempts=%d at=%d", id,
		  s->attempts + 1, s->wait_s);
	if (pg_rows(&s->op, 0) > 0)
		log_event(LOG_WARNING, "subscription.disabled", "id=%s", id);
	return OP_DONE;
}

static enum op_status send_step(struct op *op)
{
	struct sending *s = (struct sending *)op;

	switch ((enum send_state)op->state) {
	case SEND_START:
		return send_it(s);
	case SEND_ANSWERED:
		CRASH("event.answered");
		read_answer(s);
		return record(s);
	case SEND_RECORDED: /* or not: then once more, for as long as it takes */
		if (!pg_failed(op))
			return recorded(s);
		return op->srv->stopping ? OP_FAIL : op_sleep(op, SEND_RECORD_AGAIN, RECORD_AGAIN_MS);
	case SEND_RECORD_AGAIN:
		return record(s);
	}
	return op_bad_state(op);
}

static void send_over(struct op *op, enum op_status how)
{
	(void)how;
	courier_back(((struct sending *)op)->courier, ((struct sending *)op)->id);
}

static const struct op_kind send_kind = {"events.send", send_step, send_over, SEND_ARENA_BYTES};

static json_t *json_of(struct sending *s, const char *text)
{
	json_t *j = NULL;

	if (text != NULL)
		jsonx_load(s->op.arena, (struct bytes){(const uint8_t *)text, strlen(text)}, &j, NULL);
	return j;
}

/* who may see the contact or the case asks there; with a token of their own */
static const char *dataref(struct sending *s, const char *kind, const char *subject, const char *case_id)
{
	const char *url = s->op.srv->config->public_url;
	int k = notice_from(kind);

	if (subject && k >= 0 && notice_about((enum notice_kind)k) &&
	    !strcmp(notice_about((enum notice_kind)k), "contact"))
		return arena_printf(s->op.arena, "%s/v1/contacts/%s", url, subject);
	return case_id ? arena_printf(s->op.arena, "%s/v1/cases/%s", url, case_id) : NULL;
}

void events_send(const struct op *claim, int row, struct courier *courier)
{
	struct sending *s = (struct sending *)op_new(claim->srv, &send_kind, sizeof(*s));
	struct arena *a = s->op.arena;

	s->courier = courier;
	s->id = pg_get_uuid(claim, 0, row, "id");
	s->subscription = pg_get_uuid(claim, 0, row, "subscription");
	s->attempts = (int)pg_get_int(claim, 0, row, "attempts");
	s->url = arena_str(a, pg_get(claim, 0, row, "url"));
	s->secrets = json_of(s, pg_get(claim, 0, row, "secrets"));
	s->event = (struct event){
		.notice = pg_get_int(claim, 0, row, "notice"),
		.at_us = pg_get_time(claim, 0, row, "at"),
		.source = claim->srv->config->event_source,
		.type = arena_str(a, pg_get(claim, 0, row, "type")),
		.municipality = arena_str(a, pg_get(claim, 0, row, "municipality")),
		.subject = arena_str(a, pg_get(claim, 0, row, "subject")),
		.dataref = dataref(s, pg_get(claim, 0, row, "kind"), pg_get(claim, 0, row, "subject"),
				   pg_get(claim, 0, row, "case_id")),
		.payload = json_of(s, pg_get(claim, 0, row, "payload")),
	};
	op_start(&s->op);
}
