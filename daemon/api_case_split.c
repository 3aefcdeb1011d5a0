/*
 * api_case_split.c - one case that is two questions, and cases that have to do with each other
 *
 * POST /v1/cases/{id}/split {"contacts", "epoch", "product"?, "note"?}: what was said moves to a new case,
 * which waits for who can answer it; merging it back undoes it. /link and /unlink {"case"} only say that
 * somebody should know of both.
 */
#include "daemon/dispatch.h"
#include "daemon/intake.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"

#include <string.h>

enum { SPLIT_CONTACTS_MAX = 200, LINKS_MAX = 50 };
enum { READ_CASE, READ_PICKED }; /* statements */

struct split {
	struct work w;
	struct uuid made;
	char reference[INTAKE_REFERENCE];
	int64_t epoch;
	const char *product, *note;
	struct uuid contacts[SPLIT_CONTACTS_MAX];
	int n_contacts;
};

/* ---------------------------------------------------------------- split */

static bool has_contact(const struct split *s, struct uuid id)
{
	for (int i = 0; i < s->n_contacts; i++)
		if (uuid_same(s->contacts[i], id))
			return true;
	return false;
}

static void read_contacts(struct api *a, struct split *s)
{
	const json_t *list = jsonx_arr(a->body, "contacts"), *one;
	struct uuid id;
	size_t i;

	json_array_foreach(list, i, one) if (i < SPLIT_CONTACTS_MAX &&
					     uuid_parse(json_string_value(one), &id) && !has_contact(s, id))
		s->contacts[s->n_contacts++] = id;
}

static void add_contacts(struct pg_unit *u, const struct split *s)
{
	pg_array(u, PG_TYPE_UUID, s->n_contacts);
	for (int i = 0; i < s->n_contacts; i++)
		pg_push_uuid(u, s->contacts[i]);
}

static enum op_status split_start(struct api *a, struct split *s)
{
	struct pg_unit *u;

	s->epoch = work_epoch(a);
	s->note = api_text(a, "note", false, WORK_NOTE_BYTES);
	s->product = api_text(a, "product", false, 80);
	read_contacts(a, s);
	if (s->product != NULL && world_product(world_now(a->op.srv), s->product) < 0)
		api_bad_field(a, "product", "no such product");
	u = work_begin(a, &s->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	s->made = work_new_id(a, &s->w, "split");
	pg_add(u, SQL_CASE_SPLIT_READ);
	pg_uuid(u, s->w.id.u);
	add_contacts(u, s);
	pg_uuid(u, s->made);
	return pg_submit(&a->op, WORK_READ, u);
}

static enum op_status split_answer(struct api *a, const struct split *s, const char *reference)
{
	char id[UUID_TEXT];

	uuid_format(s->made, id);
	return api_answer(a, 201,
			  json_pack("{s:{s:s, s:s, s:s, s:s, s:s}}", "case", "id", id, "reference", reference,
				    "municipality", s->w.municipality, "product",
				    s->product ? s->product : s->w.product, "state",
				    case_state_name(CASE_QUEUED)));
}

static const char *split_rule(const struct api *a, const struct split *s, const char **words)
{
	const struct op *op = &a->op;

	if (s->w.merged) {
		*words = "This case went on in another one: split that.";
		return "merged";
	}
	if (pg_get_bool(op, READ_PICKED, 0, "post")) {
		*words = "What was said in public stays together.";
		return "isPublic";
	}
	if (pg_get_int(op, READ_PICKED, 0, "asked") == 0 || pg_get_int(op, READ_PICKED, 0, "stays") == 0) {
		*words = "Both cases need something that the citizen said.";
		return "nothingAsked";
	}
	if (pg_get_int(op, READ_PICKED, 0, "unsent") > 0) {
		*words = "A reply among them is not sent yet.";
		return "notSent";
	}
	if (pg_get_int(op, READ_PICKED, 0, "on_the_line") > 0) {
		*words = "The citizen is on the line.";
		return "onTheLine";
	}
	return NULL;
}

static enum problem split_refused(const struct api *a, const struct split *s)
{
	if (s->epoch != s->w.epoch)
		return PROBLEM_STALE_EPOCH;
	if (s->w.state != CASE_ASSIGNED && s->w.state != CASE_QUEUED && s->w.state != CASE_CLOSED)
		return PROBLEM_STATE;
	if (access_case_write(&a->who, s->w.owner))
		return PROBLEM_NONE;
	return uuid_is_nil(s->w.owner.u) ? PROBLEM_STATE : PROBLEM_FORBIDDEN;
}

static enum op_status split_write(struct api *a, struct split *s)
{
	const char *rule, *words = NULL, *made;
	enum problem refused;
	struct pg_unit *u;

	if (!work_got(a, &s->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	made = pg_get(&a->op, READ_PICKED, 0, "made");
	if (made != NULL)
		return split_answer(a, s, made);
	if (pg_get_int(&a->op, READ_PICKED, 0, "here") != s->n_contacts) {
		api_bad_field(a, "contacts",
			      "must be of this case; what is of a case that was merged into it is split off "
			      "by /unmerge");
		return api_invalid(a);
	}
	rule = split_rule(a, s, &words);
	if (rule != NULL)
		return api_rule(a, rule, words);
	refused = split_refused(a, s);
	if (refused != PROBLEM_NONE)
		return api_problem(a, refused, NULL);
	intake_reference(s->w.municipality, s->reference);
	u = api_unit(a);
	pg_add(u, SQL_CASE_SPLIT);
	work_guard(u, &s->w);
	pg_text(u, s->w.state_word);
	add_contacts(u, s);
	pg_uuid(u, s->made);
	pg_text(u, s->reference);
	pg_text(u, s->product);
	pg_int(u, work_norm_s(a->op.srv, &s->w, false));
	pg_uuid(u, server_uuid(a->op.srv)); /* of the note */
	pg_uuid(u, work_writer(a));
	pg_text(u, s->note);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status split_told(struct api *a, const struct split *s)
{
	if (dispatch_waits_anew(a->op.srv, &a->op, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	return split_answer(a, s, s->reference);
}

enum op_status api_case_split(struct api *a)
{
	struct split *s = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = s = arena_new_of(a->op.arena, struct split);
		return split_start(a, s);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : split_write(a, s);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : split_told(a, s);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- link and unlink */

struct link {
	struct work w;
	struct uuid other;
	const char *note;
};

/* everybody who sees both may say so, as with a note */
static enum op_status link_start(struct api *a, struct link *l)
{
	struct pg_unit *u;

	l->note = api_text(a, "note", false, WORK_LINE_BYTES);
	if (!uuid_parse(jsonx_str(a->body, "case"), &l->other))
		api_bad_field(a, "case", "must be the id of a case");
	u = work_begin(a, &l->w);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	pg_add(u, SQL_WORK_CASE);
	pg_uuid(u, l->other);
	return pg_submit(&a->op, WORK_READ, u);
}

static enum op_status link_write(struct api *a, struct link *l, bool linked)
{
	struct pg_unit *u;

	if (!work_got(a, &l->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_has_bad_fields(a) && pg_rows(&a->op, 1) == 0)
		api_bad_field(a, "case", "is no case that you may see");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (uuid_same(l->w.id.u, l->other))
		return api_rule(a, "sameCase", "This is one case already.");
	if (strcmp(l->w.municipality, pg_get(&a->op, 1, 0, "municipality")) != 0)
		return api_rule(a, "otherMunicipality",
				"Cases of two municipalities stay two: none sees the other's data.");
	u = api_unit(a);
	pg_add(u, linked ? SQL_CASE_LINK : SQL_CASE_UNLINK);
	pg_uuid(u, l->w.id.u);
	pg_uuid(u, l->other);
	if (linked) {
		pg_uuid(u, work_writer(a));
		pg_text(u, l->note);
		pg_int(u, LINKS_MAX);
	}
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status link_told(struct api *a, const struct link *l, bool linked)
{
	if (work_written(a, 0) == 0)
		return linked ? api_rule(a, "linkedTooMany", "One of them has 50 links: that is the most.")
			      : api_rule(a, "notLinked", "These cases are not linked.");
	return work_answer(a, &l->w, l->w.state_word, l->w.product);
}

static enum op_status link_step(struct api *a, bool linked)
{
	struct link *l = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = l = arena_new_of(a->op.arena, struct link);
		return link_start(a, l);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : link_write(a, l, linked);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : link_told(a, l, linked);
	}
	return op_bad_state(&a->op);
}

enum op_status api_case_link(struct api *a)
{
	return link_step(a, true);
}

enum op_status api_case_unlink(struct api *a)
{
	return link_step(a, false);
}
