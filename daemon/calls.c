#include "daemon/calls.h"

#include "daemon/callback.h"
#include "daemon/calls_internal.h"
#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/log.h"
#include "daemon/mutant.h"
#include "daemon/pg.h"
#include "daemon/queue.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/must.h"
#include "lib/base/when.h"

#include <stdlib.h>
#include <string.h>

enum {
	SETTLE_ARENA_BYTES = 2 << 20,
	SETTLE_MAX_READS = 4,           /* of one call in one go: what is written changes it two times at most */
	SWEEP_HOURS = 1,
	FIRST_SWEEP_HOURS = 24 * 7,
};

struct calls {
	struct server *srv;
	struct expect line;             /* what waits on the telephone became, as far as this instance saw */
	bool sweeping, swept;           /* swept: once at least; the first looks back further */
};

struct calls *calls_new(struct server *srv)
{
	struct calls *c = must(calloc(1, sizeof *c));

	c->srv = srv;
	return c;
}

struct calls *calls_free(struct calls *c)
{
	free(c);
	return NULL;
}

/* ---------------------------------------------------------------- what is known */

enum settle_state { SETTLE_NEW, SETTLE_READ, SETTLE_WRITTEN };
enum { Q_GET, Q_EVENTS, Q_AHEAD };

static enum op_status read_call(struct settle *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	s->n_read++;
	pg_add(u, SQL_CALL_GET);
	pg_uuid(u, s->call.u);
	pg_add(u, SQL_CALL_EVENTS);
	pg_uuid(u, s->call.u);
	pg_int(u, CALL_MAX_EVENTS);
	pg_add(u, SQL_CALL_AHEAD);
	pg_uuid(u, s->call.u);
	return pg_submit(&s->op, SETTLE_READ, u);
}

static const char *kept(struct settle *s, int q, int row, const char *column)
{
	const char *v = pg_get(&s->op, q, row, column);

	return v ? arena_str(s->op.arena, v) : NULL;
}

static void got_events(struct settle *s)
{
	int n = pg_rows(&s->op, Q_EVENTS);

	/* and one for the daemon's own word */
	s->events = arena_array(s->op.arena, struct call_event, (size_t)n + 1);
	s->n_events = 0;
	for (int i = 0; i < n; i++) {
		int kind = call_event_kind_from(pg_get(&s->op, Q_EVENTS, i, "kind"));

		if (kind < 0)
			continue;
		s->events[s->n_events++] = (struct call_event){
			.kind = (enum call_event_kind)kind,
			.event_id = kept(s, Q_EVENTS, i, "event_id"),
			.at_us = pg_get_time(&s->op, Q_EVENTS, i, "at"),
			.key = kept(s, Q_EVENTS, i, "key"),
			.agent = kept(s, Q_EVENTS, i, "agent"),
			.reason = kept(s, Q_EVENTS, i, "reason"),
		};
	}
	s->n_stored = n ? (int)pg_get_int(&s->op, Q_EVENTS, 0, "n") : 0;
}

static void got_told(struct settle *s)
{
	s->told = (struct expected){ .basis = EXPECT_UNKNOWN };
	if (!pg_get(&s->op, Q_GET, 0, "told_plain_ms"))
		return;
	s->told.basis = EXPECT_QUEUE;
	s->told.ahead = (double)pg_get_int(&s->op, Q_GET, 0, "told_ahead");
	s->told.plain_s = (double)pg_get_int(&s->op, Q_GET, 0, "told_plain_ms") / 1000;
}

static void got_promise(struct settle *s)
{
	s->promise.not_before_us = pg_get_time(&s->op, Q_GET, 0, "callback_from");
	s->promise.promised_us = pg_get_time(&s->op, Q_GET, 0, "callback_until");
	s->promise_reason = kept(s, Q_GET, 0, "callback_reason");
}

static void got_settings(struct settle *s)
{
	s->settings = rows_json(&s->op, Q_GET, 0, "settings");
}

/* false: its contact is gone, or nothing happened to it */
static bool got(struct settle *s)
{
	if (pg_rows(&s->op, Q_GET) != 1)
		return false;
	if (s->n_read == 1) {
		s->was = kept(s, Q_GET, 0, "state");
		s->was_keys = kept(s, Q_GET, 0, "keys");
		s->was_queued = pg_get_bool(&s->op, Q_GET, 0, "queued");
		got_settings(s);
	}
	s->municipality = kept(s, Q_GET, 0, "municipality");
	s->inbox = kept(s, Q_GET, 0, "inbox");
	s->language = kept(s, Q_GET, 0, "language");
	s->number = kept(s, Q_GET, 0, "number");
	s->extension = kept(s, Q_GET, 0, "extension");
	s->now_us = pg_get_time(&s->op, Q_GET, 0, "now");
	s->heard_us = pg_get_int(&s->op, Q_GET, 0, "heard_us");
	s->case_.u = pg_get_uuid(&s->op, Q_GET, 0, "case_id");
	s->owner.u = pg_get_uuid(&s->op, Q_GET, 0, "owner");
	s->epoch = pg_get_int(&s->op, Q_GET, 0, "epoch");
	s->case_state = (enum case_state)case_state_from(pg_get(&s->op, Q_GET, 0, "case_state"));
	s->option0 = pg_get_bool(&s->op, Q_GET, 0, "option0");
	s->keeps = pg_get_bool(&s->op, Q_GET, 0, "keeps");
	s->ahead = (int)pg_get_int(&s->op, Q_AHEAD, 0, "ahead");
	s->agents = (int)pg_get_int(&s->op, Q_AHEAD, 0, "agents");
	got_told(s);
	got_promise(s);
	got_events(s);
	return s->n_events > 0;
}

/* ---------------------------------------------------------------- what is decided */

static bool waits(const struct settle *s)
{
	return s->now.state == CALL_RINGING || s->now.state == CALL_MENU || s->now.state == CALL_WAITING;
}

/* what time it is for the exchange, as near as we can know: never before what it told */
static int64_t exchange_now(const struct settle *s)
{
	int64_t us = s->now.started_us + s->heard_us;

	return us > s->now.last_us ? us : s->now.last_us + 1;
}

static void follow_menu(struct settle *s)
{
	const struct world *w = world_hold(&s->op);
	const struct world_inbox *in = w ? world_inbox(w, s->inbox) : NULL;
	int m = w ? world_municipality(w, s->municipality) : -1;
	const struct handling *h;

	s->hours = m < 0 ? hours_defaults() : w->hours[m];
	s->menu = in ? in->menu : NULL;
	s->step = menu_after(s->menu, s->now.keys);
	h = m >= 0 && s->step.product ? world_handling(w, m, s->step.product) : NULL;
	s->digital = h ? h->answer : NULL;
}

/* the caller has not chosen yet, and has not been at it for too long */
static bool in_menu(const struct settle *s)
{
	return s->menu && (s->now.state == CALL_RINGING || s->now.state == CALL_MENU) && !s->now.queued_us &&
	       !s->now.option0 && s->step.move < MENU_PRODUCT && s->heard_us < CALLS_MENU_MAX_S * WHEN_SECOND_US;
}

/* only when keys came: what people did with the case since then holds */
static bool chose(const struct settle *s)
{
	return s->n_read == 1 && waits(s) && (s->step.move == MENU_PRODUCT || s->step.language) &&
	       (!s->was_keys || strcmp(s->was_keys, s->now.keys) != 0);
}

/* of who hung up as well, also when we hear of it later; not of who speaks to a person already */
static bool asks_for_coach(const struct settle *s)
{
	bool there = s->case_state != CASE_CLOSED || s->now.outcome == CALL_ABANDONED;

	return s->now.option0 && !s->option0 && there && !s->now.answered_us;
}

/* the case is for others than it was read for: first write that, then look who they are */
static bool changes_case(const struct settle *s)
{
	return s->n_read == 1 && (asks_for_coach(s) || chose(s));
}

/* what is written now changes what is read. Until it is read again the call is not put, so that the sweep finds it when
 * this process ends here */
static bool looks_again(const struct settle *s)
{
	return s->n_read < SETTLE_MAX_READS && (changes_case(s) || s->act == CALL_DO_PROMISE);
}

static void decide(struct settle *s)
{
	bool wants_back = s->now.wants_back || s->step.move == MENU_CALLBACK;
	bool has_case = s->case_state != CASE_CLOSED && s->case_state != CASE_TRIAGE;
	struct call_facts f = {
		.reachable = s->number && has_case, .open = hours_open(&s->hours, s->now_us), .agents = s->agents,
		.option0 = s->option0 || s->now.option0, .wants_back = wants_back, .promised = s->promise.promised_us != 0,
		.in_menu = in_menu(s), .taken = s->case_state == CASE_ASSIGNED, .kept = s->keeps, .rings = s->extension,
	};

	s->act = call_decide(&s->now, &f, &s->reason);
	if (MUTANT("no_promise") && s->act == CALL_DO_PROMISE && s->now.state == CALL_ENDED)
		s->act = CALL_DO_END;
}

/* ---------------------------------------------------------------- what is written */

/* nobody else says when the wait began, and a menu has none yet: then it begins as we tell the caller to wait */
static bool begins_to_wait(const struct settle *s)
{
	return s->act == CALL_DO_WAIT && waits(s) && !s->now.queued_us;
}

static void add_queued(struct settle *s, struct pg_unit *u)
{
	struct call_event *e = &s->events[s->n_events++];

	*e = (struct call_event){ .kind = CALL_EV_QUEUED, .event_id = CALL_QUEUED, .at_us = exchange_now(s) };
	s->n_stored++;
	pg_add(u, SQL_INTAKE_CALL_EVENT_INSERT);
	pg_array(u, PG_TYPE_UUID, 1);
	pg_push_uuid(u, s->call.u);
	pg_array(u, PG_TYPE_TEXT, 1);
	pg_push_text(u, e->event_id);
	pg_array(u, PG_TYPE_TEXT, 1);
	pg_push_text(u, s->municipality);
	pg_array(u, PG_TYPE_TEXT, 1);
	pg_push_text(u, call_event_kind_name(e->kind));
	pg_array(u, PG_TYPE_TIME, 1);
	pg_push_time(u, e->at_us);
	pg_array(u, PG_TYPE_TIME, 1);
	pg_push_time(u, s->now_us);
	for (int i = 0; i < 3; i++) {
		pg_array(u, PG_TYPE_TEXT, 1);
		pg_push_text(u, NULL);
	}
	call_fold(s->events, s->n_events, &s->now);
}

static struct uuid agent_of(const struct call *c)
{
	struct uuid id = { 0 };

	if (c->agent && !uuid_parse(c->agent, &id))
		id = (struct uuid){ 0 };
	return id;
}

static void put_told(const struct settle *s, struct pg_unit *u)
{
	const struct expected *x = &s->expected;

	if (s->now.state != CALL_WAITING) {
		for (int i = 0; i < 4; i++)
			pg_null(u);
		return;
	}
	if (x->within_s)
		pg_int(u, x->within_s);
	else
		pg_null(u);
	pg_text(u, expect_basis_name(x->basis));
	if (x->basis == EXPECT_QUEUE) {
		pg_int(u, (int64_t)x->ahead);
		pg_int(u, (int64_t)(x->plain_s * 1000));
	} else {
		pg_null(u);
		pg_null(u);
	}
}

static void put(struct settle *s, struct pg_unit *u)
{
	const struct call *c = &s->now;

	pg_add(u, SQL_CALL_PUT);
	pg_uuid(u, s->call.u);
	pg_text(u, call_state_name(c->state));
	pg_text(u, c->outcome == CALL_OPEN ? NULL : call_outcome_name(c->outcome));
	pg_text(u, c->keys);
	pg_time(u, c->started_us);
	pg_time(u, c->queued_us);
	pg_time(u, c->answered_us);
	pg_time(u, c->ended_us);
	pg_int(u, c->held_us / WHEN_SECOND_US);
	pg_uuid(u, agent_of(c));
	pg_int(u, s->n_stored);
	put_told(s, u);
}

/* who asks for help by hand waits as if somebody were on the line: they are */
static int norm_s(const struct settle *s)
{
	const struct world *w = world_now(s->op.srv);
	const struct world_inbox *in = world_inbox(w, s->inbox);

	return in ? w->norm_s[in->municipality][in->channel][NORM_QUESTION] : 60;
}

static void ask_for_coach(struct settle *s, struct pg_unit *u)
{
	pg_add(u, SQL_CALL_OPTION0);
	pg_uuid(u, s->call.u);
	pg_int(u, norm_s(s));
	pg_text(u, "the caller pressed 0: a coach takes it");
}

static void take_choice(struct settle *s, struct pg_unit *u)
{
	pg_add(u, SQL_MENU_CHOSEN);
	pg_uuid(u, s->call.u);
	pg_text(u, s->step.product);
	pg_text(u, s->step.language);
	pg_text(u, "the caller chose it in the menu");
}

/* one that stands is not put off by who calls again; one that was not kept is. Nothing is promised when somebody was asked
 * or took the case meanwhile: it is read again */
static void promise(struct settle *s, struct pg_unit *u)
{
	struct callback cb = { .call = s->call.u, .to_kind = "phone", .to_value = s->number, .reason = s->promise_reason,
		.why = "the caller was promised a call back" };

	if (s->promise.promised_us <= s->now_us) {
		s->promise = callback_when(world_now(s->op.srv), s->municipality, s->now_us, 0, 0);
		cb.reason = s->reason;
	}
	cb.id = server_uuid(s->op.srv);
	cb.when = s->promise;
	callback_make(u, s->case_, s->epoch, s->owner, 0, &cb);
	pg_add(u, SQL_CALL_PROMISED);
	pg_uuid(u, s->call.u);
	pg_time(u, exchange_now(s));
}

static void hang_up(struct settle *s, struct pg_unit *u)
{
	const char *why = "";
	enum case_state from[N_CASE_STATES];
	int n = 0;

	for (int c = 0; c < N_CASE_STATES; c++)
		if (case_next((enum case_state)c, CASE_EV_HANG_UP, &why) >= 0)
			from[n++] = (enum case_state)c;
	case_next(CASE_QUEUED, CASE_EV_HANG_UP, &why);
	pg_add(u, SQL_CALL_LOCK);
	pg_uuid(u, s->call.u);
	pg_add(u, SQL_CALL_HANG_UP);
	pg_uuid(u, s->call.u);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, case_state_name(from[i]));
	pg_text(u, why);
}

/* a case waits outside the queue while its caller is in the menu, and not a moment longer */
static void leave_menu(struct settle *s, struct pg_unit *u)
{
	pg_add(u, SQL_CALL_WAITS);
	pg_uuid(u, s->call.u);
	pg_bool(u, s->act == CALL_DO_WAIT);
	pg_text(u, "the caller waits for a person");
}

/* who the case is for */
static enum op_status write_case(struct settle *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);
	int at = 0;

	if (asks_for_coach(s)) {
		ask_for_coach(s, u);
		s->q_option0 = at++;
	}
	if (chose(s)) {
		take_choice(s, u);
		s->q_chosen = at;
	}
	return pg_submit(&s->op, SETTLE_WRITTEN, u);
}

static enum op_status write_call(struct settle *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);
	int at = 0;

	if (s->act == CALL_DO_PROMISE) {
		promise(s, u);
		s->q_promise = at;
		at += 2;
	}
	if (begins_to_wait(s)) {
		add_queued(s, u);
		at++;
	}
	if (!looks_again(s)) {
		put(s, u);
		s->q_put = at++;
	}
	if (s->now.outcome == CALL_ABANDONED && s->act != CALL_DO_PROMISE) {
		hang_up(s, u);
		s->q_hang_up = at + 1;
		at += 2;
	}
	if (s->case_state == CASE_SCHEDULED && !in_menu(s)) {
		leave_menu(s, u);
		s->q_waits = at;
	}
	pg_submit(&s->op, SETTLE_WRITTEN, u);
	CRASH("call.written");
	return OP_WAIT;
}

static enum op_status write_settled(struct settle *s)
{
	s->q_put = s->q_option0 = s->q_waits = s->q_chosen = s->q_promise = s->q_hang_up = -1;
	if (!got(s))
		return OP_FAIL;
	call_fold(s->events, s->n_events, &s->now);
	follow_menu(s);
	s->expected = expect_wait(&s->op.srv->calls->line, s->ahead, s->agents);
	decide(s);
	return changes_case(s) ? write_case(s) : write_call(s);
}

/* ---------------------------------------------------------------- what follows */

/* waits and work are counted once, when they end; a restart begins anew */
static void learn(struct settle *s)
{
	struct expect *line = &s->op.srv->calls->line;
	int was = s->was ? !strcmp(s->was, "ended") ? CALL_ENDED : !strcmp(s->was, "talking") ? CALL_TALKING : 0 : 0;

	if (was < CALL_TALKING && s->now.state >= CALL_TALKING)
		expect_left(line, s->told.basis == EXPECT_QUEUE ? &s->told : NULL,
		            (double)s->now.waited_us / WHEN_SECOND_US, s->now.answered_us != 0);
	if (was < CALL_ENDED && s->now.state == CALL_ENDED && s->now.answered_us)
		expect_worked(line, (double)(s->now.talked_us + s->now.held_us) / WHEN_SECOND_US);
}

/* the case waits for others than before */
static void tell_anew(struct settle *s, int q)
{
	struct server *srv = s->op.srv;

	if (q < 0 || !pg_rows(&s->op, q))
		return;
	dispatch_case_left(srv->dispatch, s->case_);
	queue_remove(srv->queue, s->case_);
	dispatch_told(srv, &s->op, q);
}

static void tell(struct settle *s)
{
	struct server *srv = s->op.srv;

	tell_anew(s, s->q_option0);
	if (s->q_option0 >= 0 && !uuid_is_nil(s->owner.u))   /* who is no coach has it no more */
		dispatch_agent_changed(srv->dispatch, s->owner);
	tell_anew(s, s->q_chosen);
	tell_anew(s, s->q_waits);
	if (s->q_promise >= 0)
		callback_made(srv, &s->op, s->q_promise);
	if (s->q_hang_up >= 0 && pg_rows(&s->op, s->q_hang_up)) {
		dispatch_told(srv, &s->op, s->q_hang_up);
		dispatch_case_left(srv->dispatch, s->case_);
		queue_remove(srv->queue, s->case_);
		if (!uuid_is_nil(s->owner.u))
			dispatch_agent_changed(srv->dispatch, s->owner);
		s->case_state = CASE_CLOSED;
	}
	if (s->q_put >= 0 && pg_rows(&s->op, s->q_put)) {
		learn(s);
		s->was = call_state_name(s->now.state);
	}
}

static enum op_status settle_step(struct op *op)
{
	struct settle *s = (struct settle *)op;

	switch ((enum settle_state)op->state) {
	case SETTLE_NEW:
		return read_call(s);
	case SETTLE_READ:
		CRASH("call.read");
		return pg_failed(op) ? OP_FAIL : write_settled(s);
	case SETTLE_WRITTEN:
		if (pg_failed(op))
			return OP_FAIL;
		CRASH("call.committed");
		tell(s);
		if (looks_again(s))
			return read_call(s);
		if (s->waiter)
			*s->answer = calls_answer(s, s->waiter->arena);
		return OP_DONE;
	}
	return op_bad_state(op);
}

/* what failed is found again by the sweep */
static void settle_done(struct op *op, enum op_status how)
{
	struct settle *s = (struct settle *)op;

	if (how == OP_FAIL && op->err.kind)
		log_event(LOG_WARNING, "call.not_settled", "why=%s", op->err.text);
	if (s->waiter)
		op_wake(s->waiter, how);
}

static void settle(struct server *srv, struct contact_id call, struct op *waiter, const char **answer)
{
	static const struct op_kind kind = {
		.name = "call.settle", .step = settle_step, .done = settle_done, .max_arena_bytes = SETTLE_ARENA_BYTES,
	};
	struct settle *s = (struct settle *)op_new(srv, &kind, sizeof *s);

	s->call = call;
	s->waiter = waiter;
	s->answer = answer;
	op_start(&s->op);
}

enum op_status calls_settle(struct op *op, int next_state, struct contact_id call, const char **answer)
{
	enum op_status s = op_wait(op, next_state);

	*answer = NULL;
	settle(op->srv, call, op, answer);
	return s;
}

/* ---------------------------------------------------------------- what was forgotten */

enum sweep_state { SWEEP_NEW, SWEEP_READ };

static enum op_status sweep_step(struct op *op)
{
	struct pg_unit *u;

	switch ((enum sweep_state)op->state) {
	case SWEEP_NEW:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_CALL_FORGOTTEN);
		pg_int(u, op->srv->config->call_silent_minutes * 60);
		pg_int(u, op->srv->calls->swept ? SWEEP_HOURS : FIRST_SWEEP_HOURS);
		pg_int(u, CALLS_SWEPT);
		pg_int(u, CALLS_MENU_MAX_S);
		return pg_submit(op, SWEEP_READ, u);
	case SWEEP_READ:
		if (pg_failed(op))
			return OP_FAIL;
		for (int i = 0; i < pg_rows(op, 0); i++)
			settle(op->srv, (struct contact_id){ pg_get_uuid(op, 0, i, "call") }, NULL, NULL);
		op->srv->calls->swept = true;
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void sweep_done(struct op *op, enum op_status how)
{
	(void)how;
	op->srv->calls->sweeping = false;
}

void calls_sweep(struct calls *c)
{
	static const struct op_kind kind = {
		.name = "call.sweep", .step = sweep_step, .done = sweep_done, .max_arena_bytes = 64 << 10,
	};

	if (c->sweeping)
		return;
	c->sweeping = true;
	op_start(op_new(c->srv, &kind, sizeof(struct op)));
}
