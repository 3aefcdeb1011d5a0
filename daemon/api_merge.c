/*
 * api_merge.c - two parties that are one person, and back
 *
 * POST /v1/parties/merge {"party", "duplicate", "note"?} and /v1/parties/unmerge {"party"}. Addresses and
 * cases move; nothing is deleted, so that it can be undone as long as the party it went into is not merged
 * itself, and no case of one went on in a case of the other: those are taken apart first, by somebody who
 * looks at them.
 */
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"

#include <string.h>

enum merge_state { MERGE_START, MERGE_READ, MERGE_DONE };
enum { MERGE_NOTE_BYTES = 2000 };

struct merge {
	struct uuid party, duplicate;
	const char *note;
};

static void read_id(struct api *a, const char *field, struct uuid *out)
{
	if (!uuid_parse(jsonx_str(a->body, field), out))
		api_bad_field(a, field, "must be the id of a party");
}

static void add_get(struct pg_unit *u, struct uuid id)
{
	pg_add(u, SQL_PARTY_GET);
	pg_uuid(u, id);
}

static bool is_merged(const struct api *a, int statement)
{
	return pg_get(&a->op, statement, 0, "mergedInto") != NULL;
}

/* the last two statements of a write: the party as it is now, and that somebody looked */
static enum op_status answer(struct api *a, int statement)
{
	work_written(a, 0);
	if (pg_rows(&a->op, statement) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_answer(a, 200, rows_object(&a->op, statement, 0));
}

/* ---------------------------------------------------------------- merge */

static enum op_status merge_start(struct api *a, struct merge *m)
{
	struct pg_unit *u;

	read_id(a, "party", &m->party);
	read_id(a, "duplicate", &m->duplicate);
	m->note = api_text(a, "note", false, MERGE_NOTE_BYTES);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	add_get(u, m->party);
	add_get(u, m->duplicate);
	return pg_submit(&a->op, MERGE_READ, u);
}

static enum op_status merge_write(struct api *a, struct merge *m)
{
	struct pg_unit *u;

	if (pg_rows(&a->op, 0) == 0)
		api_bad_field(a, "party", "is nobody you may see");
	if (pg_rows(&a->op, 1) == 0)
		api_bad_field(a, "duplicate", "is nobody you may see");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (uuid_same(m->party, m->duplicate))
		return api_rule(a, "sameParty", "These are one party already.");
	if (strcmp(pg_get(&a->op, 0, 0, "municipality"), pg_get(&a->op, 1, 0, "municipality")) != 0)
		return api_rule(a, "otherMunicipality", "Parties of two municipalities stay two: none sees the other's data.");
	if (is_merged(a, 0) || is_merged(a, 1))
		return api_rule(a, "merged", "One of them was merged into another party: use that one.");
	u = api_unit(a);
	pg_add(u, SQL_PARTY_MERGE);
	pg_uuid(u, m->party);
	pg_uuid(u, m->duplicate);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, "person");
	pg_uuid(u, work_writer(a));
	pg_text(u, m->note);
	add_get(u, m->party);
	add_get(u, m->duplicate);
	api_audit(a, u, "party.merge", arena_str(a->op.arena, pg_get(&a->op, 0, 0, "municipality")), "party",
	          jsonx_str(a->body, "party"));
	return pg_submit(&a->op, MERGE_DONE, u);
}

enum op_status api_party_merge(struct api *a)
{
	struct merge *m = a->work;

	switch ((enum merge_state)a->op.state) {
	case MERGE_START:
		a->work = m = arena_new_of(a->op.arena, struct merge);
		return merge_start(a, m);
	case MERGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : merge_write(a, m);
	case MERGE_DONE:
		if (pg_failed(&a->op))
			return api_failed(a);
		if (!is_merged(a, 2))
			return api_rule(a, "merged", "Somebody merged one of them meanwhile: look again.");
		return answer(a, 1);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- unmerge */

/* why it is not undone: cases of both that are one, by their references; false: there are none */
static bool says_mixed(struct api *a, int statement, enum op_status *how)
{
	const char *which = "";

	for (int i = 0; i < pg_rows(&a->op, statement); i++)
		which = arena_printf(a->op.arena, "%s%s%s in %s", which, i ? ", " : "",
				     pg_get(&a->op, statement, i, "reference"),
				     pg_get(&a->op, statement, i, "into"));
	if (*which)
		*how = api_rule(a, "casesMerged",
				arena_printf(a->op.arena,
					     "Cases of both went on in one since: %s. Unmerge those first.",
					     which));
	return *which != '\0';
}

static void add_mixed(struct pg_unit *u, const struct merge *m)
{
	pg_add(u, SQL_PARTY_MIXED);
	pg_uuid(u, m->party);
}

static enum op_status unmerge_start(struct api *a, struct merge *m)
{
	struct pg_unit *u;

	read_id(a, "party", &m->party);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	add_get(u, m->party);
	add_mixed(u, m);
	return pg_submit(&a->op, MERGE_READ, u);
}

static enum op_status unmerge_write(struct api *a, struct merge *m)
{
	enum op_status how;
	struct pg_unit *u;

	if (pg_rows(&a->op, 0) == 0) {
		api_bad_field(a, "party", "is nobody you may see");
		return api_invalid(a);
	}
	if (!is_merged(a, 0))
		return api_rule(a, "notMerged", "This party was not merged into another.");
	if (says_mixed(a, 1, &how))
		return how;
	u = api_unit(a);
	pg_add(u, SQL_PARTY_UNMERGE);
	pg_uuid(u, m->party);
	pg_uuid(u, work_writer(a));
	add_get(u, m->party);
	add_mixed(u, m);
	api_audit(a, u, "party.unmerge", arena_str(a->op.arena, pg_get(&a->op, 0, 0, "municipality")), "party",
	          jsonx_str(a->body, "party"));
	return pg_submit(&a->op, MERGE_DONE, u);
}

enum op_status api_party_unmerge(struct api *a)
{
	struct merge *m = a->work;
	enum op_status how;

	switch ((enum merge_state)a->op.state) {
	case MERGE_START:
		a->work = m = arena_new_of(a->op.arena, struct merge);
		return unmerge_start(a, m);
	case MERGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : unmerge_write(a, m);
	case MERGE_DONE:
		if (pg_failed(&a->op))
			return api_failed(a);
		if (is_merged(a, 1) && says_mixed(a, 2, &how))
			return how;
		if (is_merged(a, 1))
			return api_rule(a, "mergedOn", "The party it went into was merged itself: undo that first.");
		return answer(a, 1);
	}
	return op_bad_state(&a->op);
}
