/*
 * api_tasks.c - promises to a citizen: made, taken, handed on, tried, put off, and kept
 *
 * A task goes to a department, and within it to a group (team) or a person (owner). Handing it on to another department or group
 * ends who had it. When the last promise of a case that waits for it is done, the loop is closed (task_loop.sql): the answer goes to
 * the citizen, or the case to an agent who tells them.
 */
#include "daemon/automatic.h"
#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/outbox.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/guard.h"
#include "lib/core/promise.h"
#include "lib/core/task.h"
#include "lib/core/term.h"
#include "lib/core/texts.h"

#include <stdio.h>
#include <string.h>

enum { DEPARTMENT_BYTES = 200, DATE_TEXT = 11 };

/* ---------------------------------------------------------------- when it is due */

/* as the body said it: a moment, a date, or a time within which */
struct due {
	int64_t us, day; /* day: since 1970; 0: none */
	struct task_within within;
	bool said;
};

static struct due read_due(struct api *a, bool required)
{
	const char *s = api_text(a, "due", required, WHEN_TEXT);
	struct due d = {.said = s != NULL};

	if (s == NULL || task_due_text(s, &d.within))
		return d;
	if (strlen(s) == strlen("2026-11-21")) {
		when_day(s, &d.day);
		if (d.day < hours_local_day(now_us(), NULL))
			api_bad_field(a, "due", "must be in the future");
	} else if (!when_parse(s, &d.us) || d.us <= now_us()) {
		api_bad_field(a, "due", "must be in the future");
	}
	return d;
}

static struct hours hours_of(const struct world *w, const char *municipality)
{
	int m = world_municipality(w, municipality);

	return m < 0 ? hours_defaults() : w->hours[m];
}

static int64_t due_us(const struct due *d, const struct hours *h)
{
	if (d->within.days || d->within.hours)
		return task_within(h, d->within, now_us());
	return d->day ? task_by_date(h, d->day, now_us()) : d->us;
}

/* the body's remindAt; 0: it says none */
static int64_t read_reminder(struct api *a)
{
	const char *s = api_text(a, "remindAt", false, WHEN_TEXT);
	int64_t us = 0;

	if (s != NULL && (!when_parse(s, &us) || us <= now_us()))
		api_bad_field(a, "remindAt", "must be in the future");
	return us;
}

/* ---------------------------------------------------------------- terms of the law */

static const char *date_text(struct api *a, int64_t day)
{
	char text[WHEN_DAY];

	return arena_str(a->op.arena, when_day_format(day, text));
}

static int64_t day_from(const char *s)
{
	int64_t us, day = 0;

	if (strlen(s) > DATE_TEXT)
		return when_parse(s, &us) ? hours_local_day(us, NULL) : 0;
	when_day(s, &day);
	return day;
}

/* as it is kept with a task, or as a body has it; false: there is none */
static bool term_read(const json_t *j, struct term *t)
{
	int kind = term_from(jsonx_str(j, "kind"));

	*t = (struct term){.kind = (enum term_kind)kind,
			   .committee = jsonx_bool(j, "committee"),
			   .more_weeks = (int)jsonx_int(j, "weeks", 0)};
	if (kind >= 0 && jsonx_str(j, "from"))
		t->from = day_from(jsonx_str(j, "from"));
	return kind >= 0;
}

/* as it is kept with a task. New reference; *until_us: the end of its last day */
static json_t *term_json(struct api *a, const struct term *t, const char *reason, int64_t *until_us)
{
	int64_t last = term_last_day(t, NULL);
	json_t *j = json_pack("{s:s, s:s, s:s}", "kind", term_name(t->kind), "from", date_text(a, t->from), "until",
			      date_text(a, last));

	if (t->committee)
		json_object_set_new(j, "committee", json_true());
	if (t->more_weeks)
		json_object_set_new(j, "weeks", json_integer(t->more_weeks));
	jsonx_put(j, "reason", reason);
	*until_us = hours_day_begins(last + 1);
	return j;
}

/* ---------------------------------------------------------------- who does it */

struct whom {
	const char *department, *team;
	struct uuid owner;
};

static void read_whom(struct api *a, struct whom *w, bool required)
{
	const char *owner = jsonx_str(a->body, "owner");

	w->department = api_text(a, "department", required, DEPARTMENT_BYTES);
	w->team = jsonx_str(a->body, "team");
	if (w->team && work_team(world_now(a->op.srv), w->team) == 0)
		api_bad_field(a, "team", "not set up");
	if (owner)
		uuid_parse(owner, &w->owner);
}

/* somebody without rights on the municipality is told nothing, so is given nothing */
static void check_owner(struct api *a, const char *municipality, struct uuid owner)
{
	const struct world *w = world_now(a->op.srv);
	const struct world_agent *who = world_agent(w, (struct agent_id){owner});
	int m = world_municipality(w, municipality);

	if (!uuid_is_nil(owner) && (m < 0 || who == NULL || !(who->base.municipalities >> m & 1)))
		api_bad_field(a, "owner", "no agent of this municipality");
}

/* ---------------------------------------------------------------- POST /v1/cases/{id}/tasks */

static const char *const kinds[] = {"contact", "callback", NULL};

struct promised {
	struct work w;
	struct whom whom;
	struct uuid id;
	struct due due;
	struct term term;
	bool has_term;
	const char *kind, *action, *note;
	int64_t epoch, due_us, remind_us, until_us;
};

static enum op_status make_start(struct api *a, struct promised *p)
{
	int kind = api_one_of(a, "kind", false, kinds);
	struct pg_unit *u;

	p->kind = kinds[kind < 0 ? 0 : kind];
	read_whom(a, &p->whom, true);
	p->action = api_text(a, "action", true, WORK_LINE_BYTES);
	p->due = read_due(a, true);
	p->remind_us = read_reminder(a);
	p->has_term = term_read(json_object_get(a->body, "term"), &p->term);
	if (p->has_term && p->term.from == 0)
		p->term.from = hours_local_day(now_us(), NULL);
	p->note = api_text(a, "note", false, WORK_NOTE_BYTES);
	p->epoch = work_epoch(a);
	u = work_begin(a, &p->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	p->id = work_new_id(a, &p->w, "task");
	return pg_submit(&a->op, WORK_READ, u);
}

/* what is promised is within the law, and reminded of before it is due */
static void check_times(struct api *a, int64_t due_us, int64_t until_us, int64_t remind_us)
{
	if (until_us && due_us > until_us)
		api_bad_field(a, "due", "must be within the term of the law");
	if (remind_us && remind_us >= due_us)
		api_bad_field(a, "remindAt", "must be before due");
}

static enum op_status make_write(struct api *a, struct promised *p)
{
	struct hours h;
	json_t *term = NULL;
	struct pg_unit *u;
	enum problem refused;

	if (!work_got(a, &p->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	h = hours_of(world_now(a->op.srv), p->w.municipality);
	check_owner(a, p->w.municipality, p->whom.owner);
	p->due_us = due_us(&p->due, &h);
	if (p->has_term)
		term = jsonx_own(a->op.arena, term_json(a, &p->term, NULL, &p->until_us));
	check_times(a, p->due_us, p->until_us, p->remind_us);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	refused = work_refused(a, &p->w, p->epoch, -1);
	if (refused != PROBLEM_NONE)
		return api_problem(a, refused, NULL);
	u = api_unit(a);
	pg_add(u, SQL_WORK_TASK);
	work_guard(u, &p->w);
	pg_text(u, p->w.state_word);
	pg_uuid(u, p->id);
	pg_text(u, p->whom.department);
	pg_text(u, p->action);
	pg_time(u, p->due_us);
	pg_text(u, p->note);
	pg_uuid(u, work_writer(a));
	pg_text(u, p->kind);
	pg_text(u, p->whom.team);
	pg_uuid(u, p->whom.owner);
	pg_time(u, p->remind_us ? p->remind_us : task_remind(&h, now_us(), p->due_us));
	pg_json(u, term);
	pg_time(u, p->until_us);
	pg_add(u, SQL_TASK_GET);
	pg_uuid(u, p->id);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status make_told(struct api *a)
{
	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	CRASH("task.committed");
	return api_answer(a, 201, json_pack("{s:o}", "task", work_as_seen(a, rows_object(&a->op, 1, 0))));
}

enum op_status api_case_task(struct api *a)
{
	struct promised *p = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = p = arena_new_of(a->op.arena, struct promised);
		return make_start(a, p);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : make_write(a, p);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : make_told(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/tasks, GET /v1/tasks/{id} */

static const char *const task_states[] = {"open", "done", "cancelled", NULL};

enum task_list_state { TASK_LIST_START, TASK_LIST_READ };

struct task_list {
	int limit;
};

static bool known_task_state(const char *s)
{
	for (int i = 0; task_states[i] != NULL; i++)
		if (strcmp(task_states[i], s) == 0)
			return true;
	return false;
}

/* ids in the query: their form was checked */
static struct uuid query_id(struct api *a, const char *key)
{
	struct uuid id = {0};

	if (api_query(a, key) != NULL)
		uuid_parse(api_query(a, key), &id);
	return id;
}

static enum op_status task_list_start(struct api *a, struct task_list *l)
{
	const char *cursor, *state = api_query(a, "state"), *late = api_query(a, "late");
	struct uuid last = {0};
	struct pg_unit *u;

	if (!api_page(a, &l->limit, &cursor) || (cursor != NULL && !uuid_parse(cursor, &last)))
		return api_problem(a, PROBLEM_BAD_REQUEST, "cursor must be one that was given");
	if (state != NULL && !known_task_state(state))
		return api_problem(a, PROBLEM_BAD_REQUEST, "state must be open, done or cancelled");
	u = api_unit(a);
	pg_add(u, SQL_TASK_LIST);
	pg_text(u, state);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, api_query(a, "department"));
	pg_uuid(u, query_id(a, "case"));
	pg_uuid(u, last);
	pg_int(u, l->limit + 1);
	pg_uuid(u, query_id(a, "owner"));
	pg_text(u, api_query(a, "team"));
	if (late == NULL)
		pg_null(u);
	else
		pg_bool(u, strcmp(late, "true") == 0);
	work_audit_scope(a, u, "task.list", "tasks", api_query(a, "case"), api_query(a, "municipality"));
	return pg_submit(&a->op, TASK_LIST_READ, u);
}

enum op_status api_task_list(struct api *a)
{
	struct task_list *l = a->work;

	switch ((enum task_list_state)a->op.state) {
	case TASK_LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct task_list);
		return task_list_start(a, l);
	case TASK_LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, l->limit);
	}
	return op_bad_state(&a->op);
}

static enum op_status task_get_told(struct api *a)
{
	json_t *task, *events, *e;
	size_t i;

	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	task = work_as_seen(a, rows_object(&a->op, 0, 0));
	events = rows_array(&a->op, 1);
	json_array_foreach(events, i, e) work_as_seen(a, json_object_get(e, "detail"));
	json_object_set_new(task, "events", events);
	return api_answer(a, 200, task);
}

enum op_status api_task_get(struct api *a)
{
	struct uuid id;
	struct pg_unit *u;

	switch ((enum task_list_state)a->op.state) {
	case TASK_LIST_START:
		if (!api_id(a, a->param[0], &id))
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		u = api_unit(a);
		pg_add(u, SQL_TASK_GET);
		pg_uuid(u, id);
		pg_add(u, SQL_TASK_EVENTS);
		pg_uuid(u, id);
		api_seen(a, u, SQL_TASK_AUDIT, id, "task.read");
		return pg_submit(&a->op, TASK_LIST_READ, u);
	case TASK_LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : task_get_told(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- what all changes share */

enum change_state { CHANGE_START, CHANGE_READ, CHANGE_TO, CHANGE_WRITTEN };

struct change {
	struct work w;
	/* as it was read */
	struct uuid id, owner;
	const char *was, *was_department, *was_team;
	int64_t was_due_us;
	/* of a PATCH */
	struct whom whom;
	struct due due;
	const char *state, *note, *action, *answer;
	int64_t remind_us, due_us;
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
	pg_time(u, c->due_us);
	pg_text(u, c->note);
	pg_text(u, c->whom.department);
	pg_text(u, c->action);
	pg_bool(u, to);
	pg_text(u, c->whom.team);
	pg_uuid(u, c->whom.owner);
	pg_time(u, c->remind_us);
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

/* ---------------------------------------------------------------- PATCH /v1/tasks/{id} */

/* what is new about who does it; NULL: nothing. Another department or group: nobody has it yet, unless one is named */
static const char *moves(struct api *a, struct change *c, json_t **detail)
{
	struct whom *to = &c->whom;
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
	return moved ? moved : c->due_us ? "moved" : NULL;
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

enum { PATCH_NOTICES, PATCH_TASK, PATCH_AUDIT, PATCH_LOOP }; /* statements */

static enum op_status patch_write(struct api *a, struct change *c)
{
	struct hours h = hours_of(world_now(a->op.srv), c->w.municipality);
	json_t *detail = NULL;
	const char *moved;
	struct pg_unit *u;

	moved = moves(a, c, &detail);
	if (moved && !may_move(a, c))
		return api_problem(a, PROBLEM_STATE, "Somebody has it: they or a lead hand it on.");
	if (c->due_us && !c->remind_us)
		c->remind_us = task_remind(&h, now_us(), c->due_us);
	u = api_unit(a);
	add_patch(a, u, c, event_of(c, moved), moved != NULL, NULL, 0, detail);
	add_shown(a, u, c, "task.patch");
	if (c->ends)
		add_loop(a, u, c);
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

/* the citizen waits for this one, and nobody else is with them */
static bool is_last(struct api *a, const struct change *c)
{
	const char *outcome = pg_get(&a->op, 0, 0, "outcome");

	return c->w.state == CASE_CLOSED && outcome && !strcmp(outcome, "promised") && !c->w.merged &&
	       c->w.n_open_tasks == 1;
}

static enum op_status patch_check(struct api *a, struct change *c)
{
	struct hours h;
	struct pg_unit *u;

	if (!change_got(a, c))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	h = hours_of(world_now(a->op.srv), c->w.municipality);
	check_owner(a, c->w.municipality, c->whom.owner);
	c->due_us = c->due.said ? due_us(&c->due, &h) : 0;
	check_times(a, c->due_us ? c->due_us : c->was_due_us,
		    c->due_us ? pg_get_time(&a->op, 0, 0, "term_until") : 0, c->remind_us);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	c->ends = c->state && strcmp(c->state, "open") != 0 && strcmp(c->state, c->was) != 0;
	c->send = c->send && c->ends && is_last(a, c);
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
	c->r.text = c->answer;
	rule = work_try_compose(&a->op, a->op.arena, c->w.inbox, 0, &c->r, &limit);
	if (rule < 0)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	c->why_not = rule > 0 ? work_reply_rule(rule) : NULL;
	return patch_write(a, c);
}

static enum op_status patch_told(struct api *a, struct change *c)
{
	bool told = c->send && !c->why_not;
	json_t *task;

	if (work_written(a, PATCH_NOTICES) == 0)
		return api_problem(a, PROBLEM_STATE, "Somebody changed it at the same time: read it again.");
	CRASH("task.changed");
	task = work_as_seen(a, rows_object(&a->op, PATCH_TASK, 0));
	if (c->ends && pg_rows(&a->op, PATCH_LOOP) > 0) {
		json_object_set_new(task, "citizen", json_string(told ? "told" : "agent"));
		jsonx_put(task, "citizenWhy", c->why_not);
		work_written(a, PATCH_LOOP);
		if (told) {
			outbox_wake(a->op.srv->outbox);
		} else {
			c->w.owner = c->w.wanted = (struct agent_id){0};
			c->w.arrived_us = pg_get_time(&a->op, PATCH_LOOP, 0, "arrived_at");
			c->w.due_us = pg_get_time(&a->op, PATCH_LOOP, 0, "due_at");
			work_waits(a->op.srv, &c->w, (struct agent_id){0});
		}
	}
	return api_answer(a, 200, task);
}

static enum op_status patch_start(struct api *a, struct change *c)
{
	int state = api_one_of(a, "state", false, task_states);
	const json_t *answer = json_object_get(a->body, "answer");

	c->state = state < 0 ? NULL : task_states[state];
	c->due = read_due(a, false);
	c->remind_us = read_reminder(a);
	c->note = api_text(a, "note", false, WORK_NOTE_BYTES);
	c->action = api_text(a, "action", false, WORK_LINE_BYTES);
	read_whom(a, &c->whom, false);
	c->answer = jsonx_str(answer, "text");
	c->send = jsonx_bool(answer, "send");
	return change_read(a, c);
}

enum op_status api_task_patch(struct api *a)
{
	struct change *c = a->work;

	switch ((enum change_state)a->op.state) {
	case CHANGE_START:
		a->work = c = arena_new_of(a->op.arena, struct change);
		return patch_start(a, c);
	case CHANGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : patch_check(a, c);
	case CHANGE_TO:
		return pg_failed(&a->op) ? api_failed(a) : patch_compose(a, c);
	case CHANGE_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : patch_told(a, c);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/tasks/{id}/attempts */

static const char *const results[] = {"reached", "notReached", "voicemail", "wrongNumber", NULL};
enum { REACHED, NOT_REACHED, VOICEMAIL, WRONG_NUMBER };

/* when to try again, as for a call-back; 0: no more, the department finds another way */
static int64_t try_again(struct api *a, const struct change *c, int result, int attempts)
{
	const struct world *w = world_now(a->op.srv);
	int m = world_municipality(w, c->w.municipality);

	if (m < 0 || (result != NOT_REACHED && result != VOICEMAIL))
		return 0;
	return promise_retry(&w->promises[m], &w->hours[m], attempts + 1, now_us());
}

static enum op_status tried_write(struct api *a, struct change *c)
{
	int result = api_one_of(a, "result", true, results), attempts;
	const char *note = api_text(a, "note", false, WORK_NOTE_BYTES);
	struct pg_unit *u;

	if (!change_got(a, c))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	attempts = (int)pg_get_int(&a->op, 0, 0, "attempts");
	if (strcmp(c->was, "open") != 0 || attempts >= TASK_MAX_ATTEMPTS)
		return api_problem(a, PROBLEM_STATE, NULL);
	u = api_unit(a);
	pg_add(u, SQL_TASK_TRIED);
	pg_uuid(u, c->id);
	pg_text(u, results[result]);
	pg_time(u, try_again(a, c, result, attempts));
	pg_int(u, attempts);
	pg_uuid(u, work_writer(a));
	pg_text(u, note);
	add_shown(a, u, c, "task.attempt");
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

/* the end of an attempt or extension */
static enum op_status changed(struct api *a)
{
	if (work_written(a, PATCH_NOTICES) == 0)
		return api_problem(a, PROBLEM_STATE, "Somebody changed it at the same time: read it again.");
	return api_answer(a, 200, work_as_seen(a, rows_object(&a->op, PATCH_TASK, 0)));
}

enum op_status api_task_attempt(struct api *a)
{
	struct change *c = a->work;

	switch ((enum change_state)a->op.state) {
	case CHANGE_START:
		a->work = c = arena_new_of(a->op.arena, struct change);
		return change_read(a, c);
	case CHANGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : tried_write(a, c);
	case CHANGE_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : changed(a);
	case CHANGE_TO:
		break;
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/tasks/{id}/extension */

static const struct refusal {
	const char *rule, *detail;
} refusals[] = {
	[TERM_IS_OVER] = {"termOver", "The term has ended: it cannot be put off any more."},
	[TERM_TOO_LONG] = {"termTooLong", "The law does not let it be put off for so long."},
	[TERM_NEEDS_CONSENT] = {"termNeedsConsent", "For so long it needs the consent of who asked for it: record that."},
};

/* who waits for it is told, by the outbox: a duty of the law (Awb 4:14, 7:10, 9:11; Woo 4.4) */
static void add_term_told(struct api *a, struct pg_unit *u, const struct change *c, const struct term *t,
			  const char *reason, int64_t until_us)
{
	struct arena *m = a->op.arena;
	const char *words = texts_say(m, rows_json(&a->op, 0, 0, "settings"), TEXT_TERM, c->w.language,
				      texts_date(m, term_last_day(t, NULL)));

	pg_add(u, SQL_TASK_TERM_SAY);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, c->id);
	pg_time(u, until_us);
	pg_text(u, arena_printf(m, "%s %s", words, guard_mask(m, reason)));
}

static enum op_status extend_write(struct api *a, struct change *c)
{
	int weeks = (int)api_int(a, "weeks", true, 1, TERM_MAX_WEEKS);
	const char *reason = api_text(a, "reason", true, WORK_LINE_BYTES);
	int64_t today = hours_local_day(now_us(), NULL), until_us;
	enum term_refused refused;
	struct term t;
	json_t *term;
	struct pg_unit *u;

	if (!change_got(a, c))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (strcmp(c->was, "open") != 0 || !term_read(rows_json(&a->op, 0, 0, "term"), &t))
		return api_problem(a, PROBLEM_STATE, "It has no term of the law, or is not open.");
	refused = term_put_off(&t, weeks, jsonx_bool(a->body, "consent"), today, NULL);
	if (refused != TERM_PUT_OFF)
		return api_rule(a, refusals[refused].rule, refusals[refused].detail);
	t.more_weeks += weeks;
	term = jsonx_own(a->op.arena, term_json(a, &t, reason, &until_us));
	u = api_unit(a);
	add_patch(a, u, c, "extended", false, term, until_us, term);
	add_shown(a, u, c, "task.extend");
	add_term_told(a, u, c, &t, reason, until_us);
	return pg_submit(&a->op, CHANGE_WRITTEN, u);
}

enum op_status api_task_extend(struct api *a)
{
	struct change *c = a->work;

	switch ((enum change_state)a->op.state) {
	case CHANGE_START:
		a->work = c = arena_new_of(a->op.arena, struct change);
		return change_read(a, c);
	case CHANGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : extend_write(a, c);
	case CHANGE_WRITTEN:
		if (pg_failed(&a->op))
			return api_failed(a);
		automatic_wake(a->op.srv->automatic);
		return changed(a);
	case CHANGE_TO:
		break;
	}
	return op_bad_state(&a->op);
}
