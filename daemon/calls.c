#include "daemon/calls.h"

#include "daemon/config.h"
#include "daemon/dispatch.h"
#include "daemon/log.h"
#include "daemon/pg.h"
#include "daemon/queue.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/call.h"
#include "lib/core/case_file.h"
#include "lib/core/expect.h"
#include "lib/core/menu.h"
#include "lib/core/notice.h"

#include <stdlib.h>
#include <string.h>

enum {
	SETTLE_ARENA_BYTES = 2 << 20,
	ASK_AGAIN_S = 5,
	CONNECT_AGAIN_S = 2,
	MENU_AGAIN_S = 15,              /* then it is said once more, … */
	MENU_MAX_S = 90,                /* … and who has chosen nothing by now waits for a person all the same */
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
	struct calls *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->srv = srv;
	return c;
}

struct calls *calls_free(struct calls *c)
{
	free(c);
	return NULL;
}

/* ---------------------------------------------------------------- one call */

enum settle_state { SETTLE_NEW, SETTLE_READ, SETTLE_WRITTEN };
enum { Q_GET, Q_EVENTS, Q_AHEAD };

struct settle {
	struct op op;                   /* first: op.h */
	struct contact_id call;
	struct op *waiter;              /* NULL: nobody */
	const char **answer;            /* in waiter's arena */
	/* as read */
	const char *municipality, *inbox, *provider_id, *language, *extension, *was, *was_keys;
	struct case_id case_;
	enum case_state case_state;
	bool option0, was_queued, reachable;
	struct call_event *events;
	int n_events, n_stored;
	int ahead, agents;
	/* as decided */
	struct call now;
	struct expected expected;
	const struct menu *menu;        /* NULL: none; of a world that op holds */
	struct menu_step step;          /* where the keys led in it */
	int q_put, q_option0, q_hang_up, q_chosen;   /* place in the unit; -1: not in it */
};

static enum op_status read_call(struct settle *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

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

/* false: its contact is gone, or nothing happened to it */
static bool got(struct settle *s)
{
	if (pg_rows(&s->op, Q_GET) != 1)
		return false;
	s->municipality = kept(s, Q_GET, 0, "municipality");
	s->inbox = kept(s, Q_GET, 0, "inbox");
	s->provider_id = kept(s, Q_GET, 0, "provider_id");
	s->language = kept(s, Q_GET, 0, "language");
	s->extension = kept(s, Q_GET, 0, "extension");
	s->was = kept(s, Q_GET, 0, "state");
	s->was_keys = kept(s, Q_GET, 0, "keys");
	s->case_.u = pg_get_uuid(&s->op, Q_GET, 0, "case_id");
	s->case_state = (enum case_state)case_state_from(pg_get(&s->op, Q_GET, 0, "case_state"));
	s->option0 = pg_get_bool(&s->op, Q_GET, 0, "option0");
	s->was_queued = pg_get_bool(&s->op, Q_GET, 0, "queued");
	s->reachable = pg_get_bool(&s->op, Q_GET, 0, "reachable");
	s->ahead = (int)pg_get_int(&s->op, Q_AHEAD, 0, "ahead");
	s->agents = (int)pg_get_int(&s->op, Q_AHEAD, 0, "agents");
	got_events(s);
	return s->n_events > 0;
}

static bool waits(const struct settle *s)
{
	return s->now.state == CALL_RINGING || s->now.state == CALL_MENU || s->now.state == CALL_WAITING;
}

static void follow_menu(struct settle *s)
{
	const struct world *w = world_hold(&s->op);
	const struct world_inbox *in = w ? world_inbox(w, s->inbox) : NULL;

	s->menu = in ? in->menu : NULL;
	s->step = menu_after(s->menu, s->now.keys);
}

static bool in_menu(const struct settle *s)
{
	return s->menu && (s->now.state == CALL_RINGING || s->now.state == CALL_MENU) && !s->now.queued_us &&
	       !s->now.option0 && s->step.move != MENU_PRODUCT &&
	       now_us() - s->now.started_us < MENU_MAX_S * WHEN_SECOND_US;
}

/* nobody else says when the wait began, and a menu has none yet: then it begins as we tell the caller to wait */
static bool begins_to_wait(const struct settle *s)
{
	return waits(s) && !s->now.queued_us && !in_menu(s);
}

static void add_queued(struct settle *s, struct pg_unit *u)
{
	struct call_event *e = &s->events[s->n_events++];

	*e = (struct call_event){ .kind = CALL_EV_QUEUED, .event_id = "loket:queued", .at_us = now_us() };
	if (e->at_us < s->now.last_us)      /* the exchange's clock is ahead: not before what it is the answer to */
		e->at_us = s->now.last_us;
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
	pg_push_time(u, now_us());
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
	if (waits(s) && s->expected.within_s)
		pg_int(u, s->expected.within_s);
	else
		pg_null(u);
	pg_text(u, waits(s) ? expect_basis_name(s->expected.basis) : NULL);
}

/* who asks for help by hand waits as if somebody were on the line: they are */
static int norm_s(const struct settle *s)
{
	const struct world *w = world_now(s->op.srv);
	const struct world_inbox *in = world_inbox(w, s->inbox);

	return in ? w->norm_s[in->municipality][in->channel] : 60;
}

static void ask_for_coach(struct settle *s, struct pg_unit *u)
{
	pg_add(u, SQL_CALL_OPTION0);
	pg_uuid(u, s->call.u);
	pg_int(u, norm_s(s));
	pg_text(u, "the caller pressed 0: a coach takes it");
}

/* only when keys came: what people did with the case since then holds */
static bool chose(const struct settle *s)
{
	return waits(s) && (s->step.move == MENU_PRODUCT || s->step.language) &&
	       (!s->was_keys || strcmp(s->was_keys, s->now.keys) != 0);
}

static void take_choice(struct settle *s, struct pg_unit *u)
{
	pg_add(u, SQL_CALL_CHOSEN);
	pg_uuid(u, s->call.u);
	pg_text(u, s->step.product);
	pg_text(u, s->step.language);
	pg_text(u, "the caller chose it in the menu");
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
	pg_add(u, SQL_CALL_HANG_UP);
	pg_uuid(u, s->call.u);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, case_state_name(from[i]));
	pg_text(u, why);
}

static enum op_status write_call(struct settle *s)
{
	struct pg_unit *u;
	int at = 0;

	s->q_put = s->q_option0 = s->q_hang_up = s->q_chosen = -1;
	if (!got(s))
		return OP_FAIL;
	call_fold(s->events, s->n_events, &s->now);
	follow_menu(s);
	s->expected = expect_wait(&s->op.srv->calls->line, s->ahead, s->agents);
	u = pg_unit(&s->op, PG_SYSTEM, NULL);
	if (begins_to_wait(s)) {
		add_queued(s, u);
		at++;
	}
	put(s, u);
	s->q_put = at++;
	if (s->now.option0 && s->now.state != CALL_ENDED) {
		ask_for_coach(s, u);
		s->q_option0 = at++;
	}
	if (chose(s)) {
		take_choice(s, u);
		s->q_chosen = at++;
	}
	if (s->now.outcome == CALL_ABANDONED) {
		hang_up(s, u);
		s->q_hang_up = at;
	}
	return pg_submit(&s->op, SETTLE_WRITTEN, u);
}

/* ---------------------------------------------------------------- what follows */

/* waits and work are counted once, when they end; a restart begins anew */
static void learn(struct settle *s)
{
	struct expect *line = &s->op.srv->calls->line;
	int was = s->was ? !strcmp(s->was, "ended") ? CALL_ENDED : !strcmp(s->was, "talking") ? CALL_TALKING : 0 : 0;

	if (was < CALL_TALKING && s->now.state >= CALL_TALKING)
		expect_left(line, NULL, (double)s->now.waited_us / WHEN_SECOND_US, s->now.answered_us != 0);
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
	tell_anew(s, s->q_chosen);
	if (s->q_hang_up >= 0 && pg_rows(&s->op, s->q_hang_up)) {
		dispatch_told(srv, &s->op, s->q_hang_up);
		dispatch_case_left(srv->dispatch, s->case_);
		queue_remove(srv->queue, s->case_);
		s->case_state = CASE_CLOSED;
	}
	if (pg_rows(&s->op, s->q_put))
		learn(s);
}

static void say(json_t *answer, const char *text)
{
	json_array_append_new(json_object_get(answer, "say"), json_pack("{s:s, s:s}", "language", "nl", "text", text));
}

static void say_wait(struct settle *s, json_t *answer)
{
	int minutes = (s->expected.within_s + 59) / 60;

	json_object_set_new(answer, "position", json_integer(s->ahead + 1));
	jsonx_put(answer, "basis", expect_basis_name(s->expected.basis));
	if (s->was_queued)                      /* said before: not with every question */
		return;
	if (s->ahead)
		say(answer, arena_printf(s->op.arena, "Er %s %d %s voor u.", s->ahead == 1 ? "is" : "zijn", s->ahead,
		                         s->ahead == 1 ? "beller" : "bellers"));
	else
		say(answer, "U bent de eerste in de rij.");
	if (s->expected.within_s)
		say(answer, arena_printf(s->op.arena, "U wacht ongeveer %d %s of korter.", minutes,
		                         minutes == 1 ? "minuut" : "minuten"));
}

static void say_menu(const struct settle *s, json_t *answer)
{
	json_t *prompt = menu_prompt(menu_at(s->menu, s->step.path), s->step.language ? s->step.language : s->language);

	json_object_update(answer, prompt);
	json_decref(prompt);
	jsonx_put(answer, "do", "menu");
	json_object_set_new(answer, "askAgainSeconds", json_integer(MENU_AGAIN_S));
}

static const char *answer(struct settle *s)
{
	json_t *j = json_pack("{s:s, s:[]}", "do", "wait", "say");
	const char *text;

	if (s->now.state == CALL_ENDED) {
		jsonx_put(j, "do", "end");
	} else if (s->case_state == CASE_ASSIGNED && s->extension) {
		jsonx_put(j, "do", "connect");
		jsonx_put(j, "agent", s->extension);
		json_object_set_new(j, "askAgainSeconds", json_integer(CONNECT_AGAIN_S));
	} else if (in_menu(s)) {
		say_menu(s, j);
	} else {
		if (s->now.state == CALL_WAITING)
			say_wait(s, j);
		if (s->expected.within_s && s->now.state == CALL_WAITING)
			json_object_set_new(j, "expectedWaitSeconds", json_integer(s->expected.within_s));
		json_object_set_new(j, "askAgainSeconds", json_integer(ASK_AGAIN_S));
	}
	text = jsonx_dump(s->waiter->arena, j, NULL);
	json_decref(j);
	return text;
}

static enum op_status settle_step(struct op *op)
{
	struct settle *s = (struct settle *)op;

	switch ((enum settle_state)op->state) {
	case SETTLE_NEW:
		return read_call(s);
	case SETTLE_READ:
		return pg_failed(op) ? OP_FAIL : write_call(s);
	case SETTLE_WRITTEN:
		if (pg_failed(op))
			return OP_FAIL;
		tell(s);
		if (s->waiter)
			*s->answer = answer(s);
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
