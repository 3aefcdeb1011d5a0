/*
 * api_task_change.c - what becomes of a promise to a citizen: taken, handed on, tried, put off, and kept
 *
 * Handing a task on to another department or group ends who had it. When the last promise of a case that waits for it is
 * done, the loop is closed (task_loop.sql): the answers go to the citizen, or the case to an agent who tells them.
 */
#include "daemon/api_tasks.h"

#include "daemon/automatic.h"
#include "daemon/callback.h"
#include "daemon/crash.h"
#include "daemon/outbox.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/core/guard.h"
#include "lib/core/term.h"
#include "lib/core/texts.h"

#include <string.h>

/* ---------------------------------------------------------------- what all changes share */

enum change_state { CHANGE_START, CHANGE_READ, CHANGE_TO, CHANGE_WRITTEN };

enum { CHANGE_NOTICES, CHANGE_TASK, CHANGE_AUDIT, CHANGE_LOOP }; /* statements of a write */

struct change {
	struct work w;
	/* as it was read */
	struct uuid id, owner;
	const char *was, *was_department, *was_team;
	int64_t was_due_us;
	/* of a PATCH */
	struct task_said said;
	const char *state, *answer;
	const char *answers;     /* for the citizen, of promises that ended before this one */
	bool agent_tells;        /* one of those is not to be sent */
	bool ends, send;         /* done or cancelled now; the answer goes to the citizen */
	struct work_reply r;
	const char *why_not;     /* the rule why it cannot be sent */
};

static enum op_status change_read(struct api *a, struct change *c)
{
	struct pg_unit *u;

	if (!api_id(a, a->param[0], &c->id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	pg_add(u, SQL_TASK_CASE);
	pg_uuid(u, c->id);
	return pg_submit(&a->op, CHANGE_READ, u);
}

static bool change_got(struct api *a, struct change *c)
{
	if (!work_got(a, &c->w))
		return false;
	c->w.id.u = pg_get_uuid(&a->op, 0, 0, "case_id");
	c->was = arena_str(a->op.arena, pg_get(&a->op, 0, 0, "task_state"));
	c->was_department = arena_str(a->op.arena, pg_get(&a->op, 0, 0, "task_department"));
	c->was_team = arena_str(a->op.arena, pg_get(&a->op, 0, 0, "task_team"));
	c->was_due_us = pg_get_time(&a->op, 0, 0, "task_due");
	c->owner = pg_get_uuid(&a->op, 0, 0, "task_owner");
	c->answers = arena_str(a->op.arena, pg_get(&a->op, 0, 0, "answers"));
	c->agent_tells = pg_get_bool(&a->op, 0, 0, "agent_tells");
	return true;
}

/* the statement task_patch; what a change does not say stays as it is */
static void add_patch(struct api *a, struct pg_unit *u, const struct change *c, const char *event, bool to,
		      const json_t *term, int64_t until_us, const json_t *detail)
{
	pg_add(u, SQL_TASK_PATCH);
	pg_uuid(u, c->id);
	pg_text(u, c->was);
	pg_uuid(u, c->owner);
	pg_text(u, c->state);
	pg_time(u, c->said.due_us);
	pg_text(u, c->said.note);
	pg_text(u, c->said.department);
	pg_text(u, c->said.action);
	pg_bool(u, to);
	pg_text(u, c->said.team);
	pg_uuid(u, c->said.owner);
	pg_time(u, c->said.remind_us);
	pg_text(u, c->answer);
	pg_json(u, term);
	pg_time(u, until_us);
	pg_text(u, event);
	pg_uuid(u, work_writer(a));
	pg_json(u, detail);
}

static void add_shown(struct api *a, struct pg_unit *u, const struct change *c, const char *action)
{
	pg_add(u, SQL_TASK_GET);
	pg_uuid(u, c->id);
	api_seen(a, u, SQL_TASK_AUDIT, c->id, action); /* the answer shows the task */
}

/* what a change does of its own */
struct change_kind {
	/* with the task as it was read: checks the body, and writes */
	enum op_status (*write)(struct api *a, struct change *c);
	/* a PATCH: how to reach the citizen was read */
	enum op_status (*compose)(struct api *a, struct change *c);
	/* after COMMIT: task is the answer; may be NULL */
	void (*told)(struct api *a, struct change *c, json_t *task);
};

static enum op_status changed(struct api *a, struct change *c, const struct change_kind *kind)
{
	json_t *task;

	if (work_written(a, CHANGE_NOTICES) == 0)
		return api_problem(a, PROBLEM_STATE, "Somebody changed it at the same time: read it again.");
	CRASH("task.changed");
	task = work_as_seen(a, rows_object(&a->op, CHANGE_TASK, 0));
	if (kind->told)
		kind->told(a, c, task);
	return api_answer(a, 200, task);
}

static enum op_status change_step(struct api *a, const struct change_kind *kind)
{
	struct change *c = a->work;

	switch ((enum change_state)a->op.state) {
	case CHANGE_START:
		a->work = c = arena_new_of(a->op.arena, struct change);
		return change_read(a, c);
	case CHANGE_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		return change_got(a, c) ? kind->write(a, c) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
	case CHANGE_TO:
		return pg_failed(&a->op) ? api_failed(a) : kind->compose(a, c);
	case CHANGE_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : changed(a, c, kind);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- PATCH /v1/tasks/{id} */

/* what is new about who does it; NULL: nothing. Another department or group: nobody has it yet, unless one is named */
static const char *moves(struct api *a, struct change *c, json_t **detail)
{
	struct task_said *to = &c->said;
	bool department = to->department && strcmp(to->department, c->was_department) != 0;
	bool team = to->team && (!c->was_team || strcmp(to->team, c->was_team) != 0);
	bool named = !uuid_is_nil(to->owner);
	char id[UUID_TEXT];

	if (!department && !team && (!named || uuid_same(to->owner, c->owner)))
		return NULL;
	if (!to->team && !department)
		to->team = c->was_team;
	*detail = jsonx_own(a->op.arena, json_object());
	jsonx_put(*detail, "department", department ? to->department : NULL);
	jsonx_put(*detail, "team", to->team);
	if (named) {
		uuid_format(to->owner, id);
		jsonx_put(*detail, "owner", id);
	}
	return named && a->who.is_agent && uuid_same(to->owner, a->who.agent_id.u) ? "taken" : "handed";
}

/* of two who take it at once, one has it; then only they, a lead, or the department's own system hand it on */
static bool may_move(const struct api *a, const struct change *c)
{
	return uuid_is_nil(c->owner) || a->who.role == ROLE_INTEGRATION ||
	       access_case_write(&a->who, (struct agent_id){c->owner});
}

static const char *event_of(const struct change *c, const char *moved)
{
	if (c->state && strcmp(c->state, c->was) != 0)
		return !strcmp(c->state, "open") ? "reopened" : c->state;
	return moved ? moved : c->said.due_us ? "moved" : NULL;
}

static void add_loop(struct api *a, struct pg_unit *u, const struct change *c)
{
	bool told = c->send && !c->why_not, secret = told && guard_finds(c->r.text);

	pg_add(u, SQL_TASK_LOOP);
	pg_uuid(u, c->w.id.u);
	pg_uuid(u, told ? c->r.id.u : (struct uuid){0});
	pg_text(u, c->r.text);
	pg_text(u, c->r.to_kind);
	pg_text(u, c->r.to);
	pg_uuid(u, c->r.answers);
	pg_text(u, c->r.inbox);
	pg_text(u, c->r.channel);
	pg_uuid(u, work_writer(a));
	pg_array(u, PG_TYPE_TEXT, secret);
	if (secret)
		pg_push_text(u, contact_flag_name(FLAG_BSN_MASKED));
	pg_int(u, work_norm_s(a->op.srv, &c->w, c->w.option0));
	pg_text(u, told ? "what was promised is done: the citizen is told"
			: "what was promised is done: an agent tells the citizen");
}

static enum op_status patch_write(struct api *a, struct change *c)
{
	json_t *detail = NULL;
	const char *moved = moves(a, c, &detail);
	struct pg_unit *u;

	if (moved && !may_move(a, c))
		return api_problem(a, PROBLEM_STATE, "Somebody has it: they or a lead hand it on.");
	if (c->ends && jsonx_bool(jsonx_obj(a->body, "answer"), "send")) {
		/* kept for the last of them, which tells the citizen all */
		detail = detail ? detail : jsonx_own(a->op.arena, json_object());
		json_object_set_new(detail, "send", json_true());
	}
	u = api_unit(a);
	add_patch(a, u, c, event_of(c, moved), moved != NULL, NULL, 0, detail);
	add_shown(a, u, c, "task.patch");
	if (c->ends)
		add_loop(a, u, c);
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

/* the citizen waits for this one, all that they hear may be sent, and nobody else is with them */
static bool is_last(struct api *a, const struct change *c)
{
	const char *outcome = pg_get(&a->op, 0, 0, "outcome");

	return c->w.state == CASE_CLOSED && outcome && !strcmp(outcome, "promised") && !c->w.merged &&
	       c->w.n_open_tasks == 1 && !c->agent_tells;
}

static enum op_status patch_check(struct api *a, struct change *c)
{
	const json_t *answer = json_object_get(a->body, "answer");
	int state = api_one_of(a, "state", false, task_states);
	struct pg_unit *u;

	c->said = task_said(a, false);
	task_settle(a, &c->said, c->w.municipality, c->was_due_us, pg_get_time(&a->op, 0, 0, "term_until"));
	if (api_has_bad_fields(a))
		return api_invalid(a);
	c->state = state < 0 ? NULL : task_states[state];
	c->ends = c->state && strcmp(c->state, "open") != 0 && strcmp(c->state, c->was) != 0;
	c->answer = jsonx_str(answer, "text");
	c->send = jsonx_bool(answer, "send") && c->ends && is_last(a, c);
	if (!c->send)
		return patch_write(a, c);
	u = api_unit(a);
	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, c->w.id.u);
	return pg_submit(&a->op, CHANGE_TO, u);
}

/* what cannot be sent is no reason to refuse that it is done: then an agent finds another way */
static enum op_status patch_compose(struct api *a, struct change *c)
{
	int limit, rule;

	c->r.id.u = server_uuid(a->op.srv);
	c->r.text = c->answers ? arena_join(a->op.arena, c->answers, "\n\n", c->answer, NULL) : c->answer;
	rule = work_try_compose(&a->op, a->op.arena, c->w.inbox, 0, &c->r, &limit);
	if (rule < 0)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	c->why_not = rule > 0 ? work_reply_rule(rule) : NULL;
	return patch_write(a, c);
}

/* the loop was closed: the citizen is told, or the case waits for an agent */
static void patch_told(struct api *a, struct change *c, json_t *task)
{
	bool told = c->send && !c->why_not;

	if (!c->ends || pg_rows(&a->op, CHANGE_LOOP) == 0)
		return;
	json_object_set_new(task, "citizen", json_string(told ? "told" : "agent"));
	jsonx_put(task, "citizenWhy", c->why_not);
	work_written(a, CHANGE_LOOP);
	if (told) {
		outbox_wake(a->op.srv->outbox);
	} else {
		c->w.owner = c->w.wanted = (struct agent_id){0};
		c->w.arrived_us = pg_get_time(&a->op, CHANGE_LOOP, 0, "arrived_at");
		c->w.due_us = pg_get_time(&a->op, CHANGE_LOOP, 0, "due_at");
		work_waits(a->op.srv, &c->w, (struct agent_id){0});
	}
}

enum op_status api_task_patch(struct api *a)
{
	static const struct change_kind patch = {patch_check, patch_compose, patch_told};

	return change_step(a, &patch);
}

/* ---------------------------------------------------------------- POST /v1/tasks/{id}/attempts */

static enum op_status tried_write(struct api *a, struct change *c)
{
	int result = api_one_of(a, "result", true, callback_results), attempts;
	const char *note = api_text(a, "note", false, WORK_NOTE_BYTES);
	struct pg_unit *u;

	if (api_has_bad_fields(a))
		return api_invalid(a);
	attempts = (int)pg_get_int(&a->op, 0, 0, "attempts");
	if (strcmp(c->was, "open") != 0 || attempts >= TASK_MAX_ATTEMPTS)
		return api_problem(a, PROBLEM_STATE, NULL);
	u = api_unit(a);
	pg_add(u, SQL_TASK_TRIED);
	pg_uuid(u, c->id);
	pg_text(u, callback_results[result]);
	/* 0: no more, the department finds another way */
	pg_time(u, callback_again(world_now(a->op.srv), c->w.municipality, result, attempts, now_us()));
	pg_int(u, attempts);
	pg_uuid(u, work_writer(a));
	pg_text(u, note);
	add_shown(a, u, c, "task.attempt");
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

enum op_status api_task_attempt(struct api *a)
{
	static const struct change_kind attempt = {tried_write, NULL, NULL};

	return change_step(a, &attempt);
}

/* ---------------------------------------------------------------- POST /v1/tasks/{id}/extension */

static const struct refusal {
	const char *rule, *detail;
} refusals[] = {
	[TERM_IS_OVER] = {"termOver", "The term has ended: it cannot be put off any more."},
	[TERM_TOO_LONG] = {"termTooLong", "The law does not let it be put off for so long."},
	[TERM_NEEDS_CONSENT] = {"termNeedsConsent",
				"For so long it needs the consent of who asked for it: record that."},
};

/* who waits for it is told, by the outbox: a duty of the law (Awb 4:14, 7:10, 9:11; Woo 4.4) */
static void add_term_told(struct api *a, struct pg_unit *u, const struct change *c, const struct term *t,
			  const char *reason)
{
	struct arena *m = a->op.arena;
	const char *words = texts_say(m, rows_json(&a->op, 0, 0, "settings"), TEXT_TERM, c->w.language,
				      texts_date(m, term_last_day(t, NULL)));

	pg_add(u, SQL_TASK_TERM_SAY);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, c->id);
	pg_time(u, term_ends(t));
	pg_text(u, arena_printf(m, "%s %s", words, guard_mask(m, reason)));
}

static enum op_status extend_write(struct api *a, struct change *c)
{
	int weeks = (int)api_int(a, "weeks", true, 1, TERM_MAX_WEEKS);
	const char *reason = api_text(a, "reason", true, WORK_LINE_BYTES);
	int64_t today = hours_local_day(now_us(), NULL);
	enum term_refused refused;
	struct term t;
	json_t *term;
	struct pg_unit *u;

	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (strcmp(c->was, "open") != 0 || !term_read(rows_json(&a->op, 0, 0, "term"), &t))
		return api_problem(a, PROBLEM_STATE, "It has no term of the law, or is not open.");
	refused = term_put_off(&t, weeks, jsonx_bool(a->body, "consent"), today, NULL);
	if (refused != TERM_PUT_OFF)
		return api_rule(a, refusals[refused].rule, refusals[refused].detail);
	t.more_weeks += weeks;
	term = jsonx_own(a->op.arena, term_kept(&t, reason));
	u = api_unit(a);
	add_patch(a, u, c, "extended", false, term, term_ends(&t), term);
	add_shown(a, u, c, "task.extend");
	add_term_told(a, u, c, &t, reason);
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

static void extend_told(struct api *a, struct change *c, json_t *task)
{
	(void)c;
	(void)task;
	automatic_wake(a->op.srv->automatic);
}

enum op_status api_task_extend(struct api *a)
{
	static const struct change_kind extension = {extend_write, NULL, extend_told};

	return change_step(a, &extension);
}
