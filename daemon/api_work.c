/* api_work.c - notes: what is written down about a case; and dates in a body */
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/wire.h"

#include <string.h>

struct note {
	struct work w;
	struct uuid id;
	const char *text;
};

static enum op_status start(struct api *a, struct note *p)
{
	struct pg_unit *u = work_begin(a, &p->w);

	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	p->id = work_new_id(a, &p->w, "note");
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

json_t *work_as_seen(const struct api *a, json_t *paper)
{
	if (!access_sees_bsn(&a->who))
		wire_mask(paper);
	return paper;
}

/* ---------------------------------------------------------------- notes */

/* everybody who sees a case may leave a note: colleagues help each other */
static enum op_status note_write(struct api *a, struct note *p)
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

static enum op_status note_told(struct api *a, const struct note *p)
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
	return api_answer(a, 201, json_pack("{s:o}", "note", work_as_seen(a, note)));
}

enum op_status api_case_note(struct api *a)
{
	struct note *p = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = p = arena_new_of(a->op.arena, struct note);
		p->text = api_text(a, "text", true, WORK_NOTE_BYTES);
		return start(a, p);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : note_write(a, p);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : note_told(a, p);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- dates */

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
