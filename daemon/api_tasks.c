/*
 * api_tasks.c - promises to a citizen: made, and looked at
 *
 * A task goes to a department, and within it to a group (team) or a person (owner). What becomes of it:
 * api_task_change.c.
 */
#include "daemon/api_tasks.h"

#include "daemon/crash.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/term.h"

#include <string.h>

enum { DEPARTMENT_BYTES = 200 };

/* ---------------------------------------------------------------- what a body says of a task */

static struct task_due read_due(struct api *a, bool required)
{
	const char *s = api_text(a, "due", required, WHEN_TEXT);
	struct task_due d = {0};

	if (s == NULL || task_due_text(s, &d.within))
		return d;
	if (when_day(s, &d.day) ? d.day < hours_local_day(now_us(), NULL) : !when_parse(s, &d.us) || d.us <= now_us())
		api_bad_field(a, "due", "must be in the future");
	return d;
}

/* 0: it says none */
static int64_t read_reminder(struct api *a)
{
	const char *s = api_text(a, "remindAt", false, WHEN_TEXT);
	int64_t us = 0;

	if (s != NULL && (!when_parse(s, &us) || us <= now_us()))
		api_bad_field(a, "remindAt", "must be in the future");
	return us;
}

struct task_said task_said(struct api *a, bool required)
{
	const char *owner = jsonx_str(a->body, "owner");
	struct task_said s = {
		.department = api_text(a, "department", required, DEPARTMENT_BYTES),
		.team = jsonx_str(a->body, "team"),
		.action = api_text(a, "action", required, WORK_LINE_BYTES),
		.note = api_text(a, "note", false, WORK_NOTE_BYTES),
		.due = read_due(a, required),
		.remind_us = read_reminder(a),
	};

	if (s.team && work_team(world_now(a->op.srv), s.team) == 0)
		api_bad_field(a, "team", "not set up");
	if (owner)
		uuid_parse(owner, &s.owner);
	return s;
}

static int64_t due_us(const struct task_due *d, const struct hours *h)
{
	if (d->within.days || d->within.hours)
		return task_within(h, d->within, now_us());
	return d->day ? task_by_date(h, d->day, now_us()) : d->us;
}

/* somebody without rights on the municipality is told nothing, so is given nothing */
static bool may_own(const struct world *w, int municipality, struct uuid owner)
{
	const struct world_agent *who = world_agent(w, (struct agent_id){owner});

	return municipality >= 0 && who != NULL && (who->base.municipalities >> municipality & 1);
}

void task_settle(struct api *a, struct task_said *s, const char *municipality, int64_t was_due_us, int64_t until_us)
{
	const struct world *w = world_now(a->op.srv);
	int m = world_municipality(w, municipality);
	struct hours h = m < 0 ? hours_defaults() : w->hours[m];

	if (!uuid_is_nil(s->owner) && !may_own(w, m, s->owner))
		api_bad_field(a, "owner", "no agent of this municipality");
	s->due_us = due_us(&s->due, &h);
	if (until_us && s->due_us > until_us)
		api_bad_field(a, "due", "must be within the term of the law");
	if (s->remind_us && s->remind_us >= (s->due_us ? s->due_us : was_due_us))
		api_bad_field(a, "remindAt", "must be before due");
	if (s->due_us && !s->remind_us)
		s->remind_us = task_remind(&h, now_us(), s->due_us);
}

/* ---------------------------------------------------------------- POST /v1/cases/{id}/tasks */

static const char *const kinds[] = {"contact", "callback", NULL};

struct promised {
	struct work w;
	struct task_said said;
	struct uuid id;
	struct term term;
	bool has_term;
	const char *kind;
	int64_t epoch;
};

static enum op_status make_start(struct api *a, struct promised *p)
{
	int kind = api_one_of(a, "kind", false, kinds);
	struct pg_unit *u;

	p->kind = kinds[kind < 0 ? 0 : kind];
	p->said = task_said(a, true);
	p->has_term = term_read(json_object_get(a->body, "term"), &p->term);
	if (p->has_term && p->term.from == 0)
		p->term.from = hours_local_day(now_us(), NULL);
	p->epoch = work_epoch(a);
	u = work_begin(a, &p->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	p->id = work_new_id(a, &p->w, "task");
	return pg_submit(&a->op, WORK_READ, u);
}

static enum op_status make_write(struct api *a, struct promised *p)
{
	const struct task_said *s = &p->said;
	json_t *term = p->has_term ? jsonx_own(a->op.arena, term_kept(&p->term, NULL)) : NULL;
	int64_t until_us = p->has_term ? term_ends(&p->term) : 0;
	struct pg_unit *u;
	enum problem refused;

	if (!work_got(a, &p->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	task_settle(a, &p->said, p->w.municipality, 0, until_us);
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
	pg_text(u, s->department);
	pg_text(u, s->action);
	pg_time(u, s->due_us);
	pg_text(u, s->note);
	pg_uuid(u, work_writer(a));
	pg_text(u, p->kind);
	pg_text(u, s->team);
	pg_uuid(u, s->owner);
	pg_time(u, s->remind_us);
	pg_json(u, term);
	pg_time(u, until_us);
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

const char *const task_states[] = {"open", "done", "cancelled", NULL};

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
	const char *state = api_query(a, "state"), *late = api_query(a, "late");
	struct uuid last = {0};
	struct pg_unit *u;

	if (!api_page_id(a, &l->limit, &last))
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
