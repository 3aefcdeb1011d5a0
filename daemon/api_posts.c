/*
 * api_posts.c - what was said in public: the webcare team's list, and what they do with a post
 *
 * A post is done by one person: every action takes it, unless somebody else has it (409). With only a claim it runs
 * out after claim_seconds; who did something with it keeps it until it is done or let go. Posts of one case are written one at a
 * time (post_lock), so the case leaves 'triage' exactly with the last of them.
 */
#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/outbox.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/core/guard.h"

#include <string.h>

/* ---------------------------------------------------------------- GET /v1/posts */

enum list_state { LIST_START, LIST_READ };

struct list {
	int limit;
	struct uuid last;
};

static enum op_status list_start(struct api *a, struct list *l)
{
	const char *cursor, *state = api_query(a, "state");
	struct pg_unit *u;

	if (!api_page(a, &l->limit, &cursor) || (cursor != NULL && !uuid_parse(cursor, &l->last)))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	u = api_unit(a);
	pg_add(u, state != NULL && strcmp(state, "done") == 0 ? SQL_POST_LIST_DONE : SQL_POST_LIST_OPEN);
	pg_uuid(u, l->last);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, state);
	pg_text(u, api_query(a, "inbox"));
	pg_text(u, api_query(a, "channel"));
	pg_int(u, l->limit + 1);
	work_audit_scope(a, u, "post.list", "posts", NULL, api_query(a, "municipality"));
	return pg_submit(&a->op, LIST_READ, u);
}

enum op_status api_post_list(struct api *a)
{
	struct list *l = a->work;

	switch ((enum list_state)a->op.state) {
	case LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct list);
		return list_start(a, l);
	case LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, l->limit);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/posts/{id}/triage: the body */

enum action { CLAIM, RELEASE, ANSWER, PRIVATE, LIKE, DEPARTMENT, CASE, SPAM, DONE };

static const char *const actions[] = { "claim", "release", "answer", "private", "like", "department", "case", "spam",
	"done", NULL };

/* the keys that an action takes beside its name */
enum { TEXT = 1, NOTE = 2, PRODUCT = 4, OUTCOME = 8, DEPT = 16, TASK = 32, DUE = 64 };
static const unsigned takes[] = {
	[CLAIM] = 0, [RELEASE] = 0, [LIKE] = 0,
	[ANSWER] = TEXT, [PRIVATE] = TEXT,
	[DEPARTMENT] = DEPT | TASK | DUE | NOTE,
	[CASE] = PRODUCT | NOTE,
	[SPAM] = NOTE, [DONE] = OUTCOME | NOTE,
};
static const struct {
	const char *key;
	unsigned bit;
} keys[] = {
	{ "text", TEXT }, { "note", NOTE }, { "product", PRODUCT }, { "outcome", OUTCOME }, { "department", DEPT },
	{ "task", TASK }, { "due", DUE },
};

static const char *const outcomes[] = { "solved", "promised", "referred", "unreachable", "notForUs", NULL };

struct triage {
	struct work w;                 /* its case */
	struct work_reply reply;
	struct uuid post, task, me;
	enum action action;
	const char *inbox, *note, *department, *what, *product, *outcome;
	int64_t due_us;
};

static void refuse_other_keys(struct api *a, enum action action)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_object_get(a->body, keys[i].key) != NULL && !(takes[action] & keys[i].bit))
			api_bad_field(a, keys[i].key, "does not belong to this action");
}

static void read_body(struct api *a, struct triage *t)
{
	int action = api_one_of(a, "action", true, actions), outcome = -1;
	unsigned wants;

	if (action < 0)
		return;
	t->action = (enum action)action;
	wants = takes[action];
	refuse_other_keys(a, t->action);
	if (wants & TEXT)
		t->reply.text = api_text(a, "text", true, CONTACT_TEXT_BYTES);
	if (wants & DEPT)
		t->department = api_text(a, "department", true, 200);
	if (wants & TASK)
		t->what = api_text(a, "task", true, WORK_LINE_BYTES);
	if (wants & DUE)
		t->due_us = work_due(a, true);
	if (wants & NOTE)
		t->note = api_text(a, "note", false, WORK_NOTE_BYTES);
	if (wants & PRODUCT)
		t->product = api_text(a, "product", false, 80);
	if (t->product != NULL && world_product(world_now(a->op.srv), t->product) < 0)
		api_bad_field(a, "product", "there is no such product");
	if (wants & OUTCOME)
		outcome = api_one_of(a, "outcome", false, outcomes);
	if (outcome >= 0)
		t->outcome = outcomes[outcome];
	t->reply.is_public = t->action == ANSWER;
}

/* ---------------------------------------------------------------- reading */

enum triage_state { TRIAGE_START, TRIAGE_READ, TRIAGE_WRITTEN, TRIAGE_SHOWN };
enum read_part { READ_POST, READ_REPLY_TO, READ_REPLY_SEEN };

static enum op_status read_post(struct api *a, struct triage *t)
{
	struct pg_unit *u;

	read_body(a, t);
	if (!api_id(a, a->param[0], &t->post))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	t->w.id.u = t->post;           /* until the case is known: what a repeated request makes hangs on the post */
	t->reply.id.u = work_new_id(a, &t->w, "reply");
	t->task = work_new_id(a, &t->w, "task");
	t->me = work_writer(a);
	u = api_unit(a);
	pg_add(u, SQL_POST_READ);
	pg_uuid(u, t->post);
	pg_add(u, SQL_POST_REPLY_TO);
	pg_uuid(u, t->post);
	pg_add(u, SQL_WORK_REPLY_SEEN);
	pg_uuid(u, t->reply.id.u);
	return pg_submit(&a->op, TRIAGE_READ, u);
}

static bool replies(const struct triage *t)
{
	return t->action == ANSWER || t->action == PRIVATE;
}

/* why it cannot be done now, or PROBLEM_NONE; the statement that writes looks again */
static enum problem refused(struct api *a, struct triage *t, const char **detail)
{
	const char *state = pg_get(&a->op, READ_POST, 0, "post_state");
	struct uuid by = pg_get_uuid(&a->op, READ_POST, 0, "claimed_by");
	bool claimed = strcmp(state, "claimed") == 0 && !pg_get_bool(&a->op, READ_POST, 0, "ran_out");
	int event = t->action == CASE ? CASE_EV_HAND : CASE_EV_FINISH;

	*detail = "The post is done already.";
	if (strcmp(state, "done") == 0 || case_next(t->w.state, (enum case_event)event, &t->w.why) < 0)
		return PROBLEM_STATE;
	*detail = t->action == RELEASE ? "Nobody has this post." : "Somebody else has this post.";
	if (t->action == RELEASE)
		return strcmp(state, "claimed") == 0 && access_post_release(&a->who, (struct agent_id){ by })
		       ? PROBLEM_NONE : PROBLEM_STATE;
	return claimed && !uuid_same(by, t->me) ? PROBLEM_STATE : PROBLEM_NONE;
}

/* ---------------------------------------------------------------- writing */

static void show(struct api *a, struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_GET);
	pg_uuid(u, t->post);
	api_audit(a, u, "post.triage", t->w.municipality, "post", a->param[0]);
}

static void add_act(struct api *a, struct pg_unit *u, const struct triage *t)
{
	bool task = t->action == DEPARTMENT;

	pg_add(u, SQL_POST_ACT);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_text(u, actions[t->action]);
	pg_int(u, a->op.srv->config->claim_seconds);
	pg_uuid(u, task ? t->task : (struct uuid){ 0 });
	pg_text(u, t->department);
	pg_text(u, t->what);
	pg_time(u, t->due_us);
	pg_text(u, t->note);
}

static void add_answer(struct pg_unit *u, const struct triage *t)
{
	bool secret = guard_finds(t->reply.text);

	pg_add(u, SQL_POST_ANSWER);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_text(u, actions[t->action]);
	pg_uuid(u, t->reply.id.u);
	pg_text(u, t->reply.text);
	pg_text(u, t->reply.to_kind);
	pg_text(u, t->reply.to);
	pg_array(u, PG_TYPE_TEXT, secret ? 1 : 0);
	if (secret)
		pg_push_text(u, contact_flag_name(FLAG_BSN_MASKED));
	pg_text(u, t->reply.is_public ? "public" : "private");
}

static void add_release(struct api *a, struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_RELEASE);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_bool(u, access_post_release(&a->who, (struct agent_id){ 0 }));
}

static void add_hand(struct api *a, struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_HAND);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_text(u, actions[t->action]);
	pg_text(u, t->product);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, t->note);
	pg_text(u, t->w.why);
}

static void add_close(struct api *a, struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_CLOSE);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_text(u, actions[t->action]);
	pg_text(u, t->action == SPAM ? case_outcome_name(OUTCOME_SPAM) : t->outcome);
	pg_bool(u, t->action == SPAM);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, t->note);
	pg_text(u, t->w.why);
}

enum write_part { WRITE_LOCK, WRITE_ACTION, WRITE_SHOW };

static enum op_status write_action(struct api *a, struct triage *t)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_POST_LOCK);
	pg_uuid(u, t->post);
	switch (t->action) {
	case CLAIM:
	case LIKE:
	case DEPARTMENT:
		add_act(a, u, t);
		break;
	case RELEASE:
		add_release(a, u, t);
		break;
	case ANSWER:
	case PRIVATE:
		add_answer(u, t);
		break;
	case CASE:
		add_hand(a, u, t);
		break;
	case SPAM:
	case DONE:
		add_close(a, u, t);
		break;
	}
	show(a, u, t);
	pg_submit(&a->op, TRIAGE_WRITTEN, u);
	CRASH("post.written");
	return OP_WAIT;
}

/* this key wrote the answer before, and the process died before it could say so */
static enum op_status show_again(struct api *a, struct triage *t)
{
	struct pg_unit *u = api_unit(a);

	show(a, u, t);
	return pg_submit(&a->op, TRIAGE_SHOWN, u);
}

static enum op_status check_and_write(struct api *a, struct triage *t)
{
	enum op_status how = OP_DONE;
	const char *detail = NULL;
	enum problem p;

	if (!work_got(a, &t->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	t->w.id.u = pg_get_uuid(&a->op, READ_POST, 0, "case_id");
	if (!a->who.is_agent)
		return api_problem(a, PROBLEM_FORBIDDEN, "A post is handled by somebody: the token belongs to no agent.");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (replies(t) && pg_rows(&a->op, READ_REPLY_SEEN) > 0)
		return show_again(a, t);
	p = refused(a, t, &detail);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, detail);
	if ((replies(t) || t->action == LIKE) && pg_get_bool(&a->op, READ_POST, 0, "deleted"))
		return api_rule(a, "postDeleted", "The citizen took it back: there is nothing to answer any more.");
	if (t->outcome != NULL && strcmp(t->outcome, "promised") == 0 && t->w.n_open_tasks == 0)
		return api_rule(a, "promiseNeedsTask",
		                "Promised means an open task with an owner and a date: make one first.");
	if (replies(t) && !work_compose(a, arena_str(a->op.arena, pg_get(&a->op, READ_POST, 0, "post_inbox")),
	                                READ_REPLY_TO, &t->reply, &how))
		return how;
	return write_action(a, t);
}

/* ---------------------------------------------------------------- the answer */

static enum op_status answer(struct api *a, const struct triage *t, int shown, const char *delivery)
{
	json_t *posts = rows_masked(rows_array(&a->op, shown), &a->who), *j = json_object();
	char id[UUID_TEXT];

	json_object_set(j, "post", json_array_get(posts, 0));
	json_decref(posts);
	if (replies(t)) {
		uuid_format(t->reply.id.u, id);
		json_object_set_new(j, "contact", json_pack("{s:s, s:s}", "id", id, "delivery", delivery));
	}
	if (t->action == DEPARTMENT) {
		uuid_format(t->task, id);
		json_object_set_new(j, "task", json_pack("{s:s}", "id", id));
	}
	return api_answer(a, 200, j);
}

static enum op_status told(struct api *a, struct triage *t)
{
	if (work_written(a, WRITE_ACTION) == 0)
		return api_problem(a, PROBLEM_STATE, t->action == CASE || t->action == SPAM
		                   ? "Somebody else has this post, or another one of the same person here."
		                   : "Somebody else was first.");
	if (t->action == CLAIM)
		CRASH("post.claimed");
	if (replies(t)) {
		CRASH("post.answered");
		outbox_wake(a->op.srv->outbox);
	}
	if (t->action == CASE) {
		CRASH("post.handed");
		if (t->product != NULL)
			t->w.product = t->product;
		work_waits(a->op.srv, &t->w, (struct agent_id){ 0 });
	}
	return answer(a, t, WRITE_SHOW, "queued");
}

enum op_status api_post_triage(struct api *a)
{
	struct triage *t = a->work;

	switch ((enum triage_state)a->op.state) {
	case TRIAGE_START:
		a->work = t = arena_new_of(a->op.arena, struct triage);
		return read_post(a, t);
	case TRIAGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : check_and_write(a, t);
	case TRIAGE_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : told(a, t);
	case TRIAGE_SHOWN:
		return pg_failed(&a->op) ? api_failed(a) : answer(a, t, 0, "queued");
	}
	return op_bad_state(&a->op);
}
