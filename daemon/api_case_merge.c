/*
 * api_case_merge.c - two cases that are one question, and back
 *
 * POST /v1/cases/{id}/merge {"duplicate", "epoch", "duplicateEpoch"?, "note"?}: {id} goes on; /unmerge of the
 * duplicate undoes it. Nothing that was said moves: a case is read together with those that were merged into
 * it (case_read.h).
 */
#include "daemon/dispatch.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"

#include <string.h>

enum {
	MERGED_MAX = 50
}; /* cases in one: more is no question any more. cases_contacts.sql and others have it too */
enum { READ_KEPT, READ_GONE, READ_PAIR }; /* statements */

struct merge {
	struct work kept, gone;
	int64_t epoch, gone_epoch; /* gone_epoch -1: not said, only right for a case that nobody holds */
	const char *note;
};

/* ---------------------------------------------------------------- merge */

static enum op_status merge_start(struct api *a, struct merge *m)
{
	struct pg_unit *u;

	m->epoch = work_epoch(a);
	m->gone_epoch = json_object_get(a->body, "duplicateEpoch")
				? api_int(a, "duplicateEpoch", true, 0, INT64_MAX)
				: -1;
	m->note = api_text(a, "note", false, WORK_NOTE_BYTES);
	if (!uuid_parse(jsonx_str(a->body, "duplicate"), &m->gone.id.u))
		api_bad_field(a, "duplicate", "must be the id of a case");
	u = work_begin(a, &m->kept);
	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	pg_add(u, SQL_WORK_CASE);
	pg_uuid(u, m->gone.id.u);
	pg_add(u, SQL_CASE_MERGE_READ);
	pg_uuid(u, m->kept.id.u);
	pg_uuid(u, m->gone.id.u);
	return pg_submit(&a->op, WORK_READ, u);
}

/* who works on a case, or a lead, says what belongs to it */
static enum problem merge_refused(const struct api *a, struct merge *m)
{
	if (m->epoch != m->kept.epoch || (m->gone_epoch >= 0 && m->gone_epoch != m->gone.epoch))
		return PROBLEM_STALE_EPOCH;
	if (!access_case_write(&a->who, m->kept.owner))
		return uuid_is_nil(m->kept.owner.u) ? PROBLEM_STATE : PROBLEM_FORBIDDEN;
	if (!uuid_is_nil(m->gone.owner.u) && !access_case_write(&a->who, m->gone.owner))
		return PROBLEM_FORBIDDEN;
	if (case_next(m->gone.state, CASE_EV_MERGE, &m->gone.why) < 0)
		return PROBLEM_STATE;
	return uuid_is_nil(m->gone.owner.u) || m->gone_epoch >= 0 ? PROBLEM_NONE : PROBLEM_STALE_EPOCH;
}

/* the rule that it is against, in *words; NULL: none */
static const char *merge_rule(const struct api *a, const struct merge *m, const char **words)
{
	const struct op *op = &a->op;
	const struct {
		bool broken;
		const char *rule, *words;
	} rules[] = {
		{uuid_same(m->kept.id.u, m->gone.id.u), "sameCase", "This is one case already."},
		{strcmp(m->kept.municipality, m->gone.municipality) != 0, "otherMunicipality",
		 "Cases of two municipalities stay two: none sees the other's data."},
		{m->kept.merged || m->gone.merged, "merged",
		 "One of them was merged into another case: go on with that one."},
		{pg_get_bool(op, READ_PAIR, 0, "kept_post") || pg_get_bool(op, READ_PAIR, 0, "post"),
		 "isPublic", "What was said in public stays a case of its own: link them instead."},
		{!pg_get_bool(op, READ_PAIR, 0, "same_party"), "otherParty",
		 "These are cases of two people, and either sees what becomes of theirs: link them, or merge "
		 "the people first."},
		{m->kept.state == CASE_CLOSED && m->gone.state != CASE_CLOSED, "mergeIntoClosed",
		 "Nobody would answer it: reopen the case that is to go on, or merge that one into this."},
		{pg_get_bool(op, READ_PAIR, 0, "help"), "helpOpen",
		 "The citizen waits for help by a person in the case that would go: merge the other one into "
		 "it."},
		{pg_get_bool(op, READ_PAIR, 0, "callback"), "callbackOpen",
		 "The citizen was promised a call in the case that would go: merge the other one into it."},
		{pg_get_bool(op, READ_PAIR, 0, "on_the_line"), "onTheLine",
		 "The citizen is on the line in the case that would go."},
		{pg_get_int(op, READ_PAIR, 0, "merged") > MERGED_MAX, "mergedTooMany",
		 "50 cases have come together here: that is the most."},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].broken) {
			*words = rules[i].words;
			return rules[i].rule;
		}
	return NULL;
}

static enum op_status merge_write(struct api *a, struct merge *m)
{
	const char *rule, *words = NULL;
	enum problem refused;
	struct pg_unit *u;

	if (!work_got_at(a, READ_KEPT, &m->kept))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_has_bad_fields(a) && !work_got_at(a, READ_GONE, &m->gone))
		api_bad_field(a, "duplicate", "is no case that you may see");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (m->gone.merged && uuid_same(pg_get_uuid(&a->op, READ_PAIR, 0, "merged_into"), m->kept.id.u))
		return work_answer(a, &m->kept, m->kept.state_word,
				   m->kept.product); /* an earlier try did it */
	rule = merge_rule(a, m, &words);
	if (rule != NULL)
		return api_rule(a, rule, words);
	refused = merge_refused(a, m);
	if (refused != PROBLEM_NONE)
		return api_problem(a, refused, NULL);
	u = api_unit(a);
	pg_add(u, SQL_CASE_MERGE);
	work_guard(u, &m->kept);
	pg_text(u, m->kept.state_word);
	work_guard(u, &m->gone);
	pg_text(u, m->gone.state_word);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, server_uuid(a->op.srv)); /* of the note */
	pg_uuid(u, work_writer(a));
	pg_text(u, m->note);
	pg_text(u, m->gone.why);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status merge_told(struct api *a, const struct merge *m)
{
	if (dispatch_waits_anew(a->op.srv, &a->op, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	return work_answer(a, &m->kept, m->kept.state_word, m->kept.product);
}

enum op_status api_case_merge(struct api *a)
{
	struct merge *m = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = m = arena_new_of(a->op.arena, struct merge);
		return merge_start(a, m);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : merge_write(a, m);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : merge_told(a, m);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- unmerge */

enum { READ_MERGED, READ_INTO };

static enum op_status unmerge_start(struct api *a, struct merge *m)
{
	struct pg_unit *u = work_begin(a, &m->gone);

	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	pg_add(u, SQL_CASE_UNMERGE_READ);
	pg_uuid(u, m->gone.id.u);
	return pg_submit(&a->op, WORK_READ, u);
}

/* who did it, who has the case it is in now, and leads */
static bool unmerge_allowed(const struct api *a)
{
	struct agent_id owner = {pg_get_uuid(&a->op, READ_INTO, 0, "kept_owner")};
	struct uuid by = pg_get_uuid(&a->op, READ_INTO, 0, "merged_by");

	return access_case_write(&a->who, owner) || (a->who.is_agent && uuid_same(by, a->who.agent_id.u));
}

static enum op_status unmerge_write(struct api *a, struct merge *m)
{
	struct pg_unit *u;

	if (!work_got_at(a, READ_MERGED, &m->gone))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (pg_rows(&a->op, READ_INTO) == 0)
		return api_rule(a, "notMerged", "This case was not merged into another.");
	if (!unmerge_allowed(a))
		return api_problem(a, PROBLEM_FORBIDDEN, NULL);
	case_next(CASE_CLOSED, CASE_EV_UNMERGE, &m->gone.why);
	m->kept.id.u = pg_get_uuid(&a->op, READ_INTO, 0, "kept");
	u = api_unit(a);
	pg_add(u, SQL_CASE_UNMERGE);
	pg_uuid(u, m->gone.id.u);
	pg_uuid(u, m->kept.id.u);
	pg_uuid(u, work_writer(a));
	pg_text(u, m->gone.why);
	pg_add(u, SQL_WORK_CASE);
	pg_uuid(u, m->gone.id.u);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status unmerge_told(struct api *a, struct merge *m)
{
	if (dispatch_waits_anew(a->op.srv, &a->op, 0) == 0)
		return api_problem(a, PROBLEM_STATE, NULL);
	work_got_at(a, 1, &m->gone);
	return work_answer(a, &m->gone, m->gone.state_word, m->gone.product);
}

enum op_status api_case_unmerge(struct api *a)
{
	struct merge *m = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = m = arena_new_of(a->op.arena, struct merge);
		return unmerge_start(a, m);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : unmerge_write(a, m);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : unmerge_told(a, m);
	}
	return op_bad_state(&a->op);
}
