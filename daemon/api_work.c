/* api_work.c - notes and tasks: what is written down about a case, and what was promised */
#include "daemon/crash.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/wire.h"

#include <string.h>

struct paper {
	struct work w;
	struct uuid id;                      /* of the note or task */
	int64_t epoch, due_us;
	const char *text, *department, *action;
};

static enum op_status start(struct api *a, struct paper *p, const char *what)
{
	struct pg_unit *u = work_begin(a, &p->w);

	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	p->id = work_new_id(a, &p->w, what);
	return pg_submit(&a->op, WORK_READ, u);
}

static void put_id(json_t *o, const char *key, struct uuid id)
{
	char text[UUID_TEXT];

	if (uuid_is_nil(id))
		return;
	uuid_format(id, text);
	json_object_set_new(o, key, json_string(text));
}

/* as_seen - a note or task in the answer to a write: what a list would show the same caller */
static json_t *as_seen(const struct api *a, json_t *paper)
{
	if (!access_sees_bsn(&a->who))
		wire_mask(paper);
	return paper;
}

/* ---------------------------------------------------------------- notes */

/* everybody who sees a case may leave a note: colleagues help each other */
static enum op_status note_write(struct api *a, struct paper *p)
{
	struct pg_unit *u;

	if (!work_got(a, &p->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_WORK_NOTE);
	pg_uuid(u, p->w.id.u);
	pg_uuid(u, p->id);
	pg_uuid(u, work_writer(a));
	pg_text(u, p->text);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status note_told(struct api *a, const struct paper *p)
{
	json_t *note = json_object();

	if (work_written(a, 0) == 0) {
		json_decref(note);
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	}
	put_id(note, "id", p->id);
	jsonx_put_time(note, "at", pg_get_time(&a->op, 0, 0, "at"));
	put_id(note, "agent", work_writer(a));
	json_object_set_new(note, "text", json_string(p->text));
	return api_answer(a, 201, json_pack("{s:o}", "note", as_seen(a, note)));
}

enum op_status api_case_note(struct api *a)
{
	struct paper *p = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = p = arena_new_of(a->op.arena, struct paper);
		p->text = api_text(a, "text", true, WORK_NOTE_BYTES);
		return start(a, p, "note");
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : note_write(a, p);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : note_told(a, p);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- tasks */

int64_t work_due(struct api *a, bool required)
{
	const char *s = api_text(a, "due", required, WHEN_TEXT);
	int64_t us = 0;

	if (s == NULL)
		return 0;
	if (strlen(s) == strlen("2026-11-21"))
		s = arena_printf(a->op.arena, "%sT23:59:59Z", s);
	if (!when_parse(s, &us)) {
		api_bad_field(a, "due", "must be a date or an RFC 3339 moment");
		return 0;
	}
	if (us <= now_us()) {
		api_bad_field(a, "due", "must be in the future");
		return 0;
	}
	return us;
}

static enum op_status task_write(struct api *a, struct paper *p)
{
	struct pg_unit *u;
	enum problem refused;

	if (!work_got(a, &p->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
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
	pg_text(u, p->department);
	pg_text(u, p->action);
	pg_time(u, p->due_us);
	pg_text(u, p->text);
	pg_uuid(u, work_writer(a));
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status task_told(struct api *a, const struct paper *p)
{
	json_t *task;

	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	CRASH("task.committed");
	task = json_pack("{s:s, s:s, s:s, s:s}", "municipality", p->w.municipality, "department",
	                 p->department, "action", p->action, "state", "open");
	put_id(task, "id", p->id);
	put_id(task, "case", p->w.id.u);
	jsonx_put_time(task, "due", p->due_us);
	jsonx_put_time(task, "createdAt", pg_get_time(&a->op, 0, 0, "at"));
	put_id(task, "createdBy", work_writer(a));
	jsonx_put(task, "note", p->text);
	return api_answer(a, 201, json_pack("{s:o}", "task", as_seen(a, task)));
}

enum op_status api_case_task(struct api *a)
{
	struct paper *p = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = p = arena_new_of(a->op.arena, struct paper);
		p->department = api_text(a, "department", true, 200);
		p->action = api_text(a, "action", true, WORK_LINE_BYTES);
		p->due_us = work_due(a, true);
		p->text = api_text(a, "note", false, WORK_NOTE_BYTES);
		p->epoch = work_epoch(a);
		return start(a, p, "task");
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : task_write(a, p);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : task_told(a, p);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/tasks */

static const char *const task_states[] = { "open", "done", "cancelled", NULL };

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

static enum op_status task_list_start(struct api *a, struct task_list *l)
{
	const char *cursor, *state = api_query(a, "state"), *case_text = api_query(a, "case");
	struct uuid case_id = { 0 }, last = { 0 };
	struct pg_unit *u;

	if (!api_page(a, &l->limit, &cursor) || (cursor != NULL && !uuid_parse(cursor, &last)))
		return api_problem(a, PROBLEM_BAD_REQUEST, "cursor must be one that was given");
	if (state != NULL && !known_task_state(state))
		return api_problem(a, PROBLEM_BAD_REQUEST, "state must be open, done or cancelled");
	if (case_text != NULL && !uuid_parse(case_text, &case_id))
		return api_problem(a, PROBLEM_BAD_REQUEST, "case must be the id of a case");
	u = api_unit(a);
	pg_add(u, SQL_TASK_LIST);
	pg_text(u, state);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, api_query(a, "department"));
	pg_uuid(u, case_id);
	pg_uuid(u, last);
	pg_int(u, l->limit + 1);
	work_audit_scope(a, u, "task.list", "tasks", case_text, api_query(a, "municipality"));
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

/* ---------------------------------------------------------------- PATCH /v1/tasks/{id} */

enum task_patch_state { TASK_PATCH_START, TASK_PATCH_WRITTEN };

static enum op_status task_patch_start(struct api *a)
{
	struct uuid id;
	struct pg_unit *u;
	int state = api_one_of(a, "state", false, task_states);
	int64_t due_us = work_due(a, false);
	const char *note = api_text(a, "note", false, WORK_NOTE_BYTES);
	const char *department = api_text(a, "department", false, 200);
	const char *action = api_text(a, "action", false, WORK_LINE_BYTES);

	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_TASK_PATCH);
	pg_uuid(u, id);
	pg_text(u, state < 0 ? NULL : task_states[state]);
	pg_time(u, due_us);
	pg_text(u, note);
	pg_text(u, department);
	pg_text(u, action);
	pg_add(u, SQL_TASK_TOLD);
	pg_uuid(u, id);
	api_seen(a, u, SQL_TASK_AUDIT, id, "task.patch");    /* the answer shows the task */
	return pg_submit(&a->op, TASK_PATCH_WRITTEN, u);
}

static enum op_status task_patch_told(struct api *a)
{
	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	rows_publish(&a->op, 1);
	return api_answer(a, 200, as_seen(a, rows_object(&a->op, 0, 0)));
}

enum op_status api_task_patch(struct api *a)
{
	switch ((enum task_patch_state)a->op.state) {
	case TASK_PATCH_START:
		return task_patch_start(a);
	case TASK_PATCH_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : task_patch_told(a);
	}
	return op_bad_state(&a->op);
}
