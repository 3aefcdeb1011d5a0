/*
 * api_posts.c - what the webcare team does with what was said in public
 *
 * A post is done by one person: every action takes it, unless somebody else has it (409). With only a claim it runs
 * out after claim_seconds; who did something with it keeps it until it is done or let go. Posts of one case are written one at a
 * time (post_lock), so the case leaves 'triage' exactly with the last of them. Each action leaves a line in the logbook
 * (loket.post_log), in the statement that does it. Many at once are done one after the other, each as if it came alone.
 */
#include "daemon/api_posts.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/outbox.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/guard.h"
#include "lib/core/protocol.h"
#include "lib/core/tone.h"

#include <string.h>

/* ---------------------------------------------------------------- POST /v1/posts/{id}/triage: the body */

enum action { CLAIM, RELEASE, COLLEAGUE, STEP, LABEL, ANSWER, PRIVATE, LIKE, DEPARTMENT, CASE, SPAM, DONE };

static const char *const actions[] = { "claim", "release", "colleague", "step", "label", "answer", "private", "like",
	"department", "case", "spam", "done", NULL };

/* what a protocol may lead to */
const char *const post_advices[] = { "answer", "private", "like", "department", "case", "spam", "done", "colleague", NULL };

/* HANDED_SECONDS: a colleague who was handed a post and does nothing loses it again, so that it does not wait for who is not
 * there */
enum { HANDED_SECONDS = 4 * 3600, MAX_TAGS = 20 };

/* the keys that an action takes beside its name */
enum {
	TEXT = 1, NOTE = 2, PRODUCT = 4, OUTCOME = 8, DEPT = 16, TASK = 32, DUE = 64, AGENT = 128, STEPS = 256, LABELS = 512,
};
static const unsigned takes[] = {
	[CLAIM] = 0, [RELEASE] = 0, [LIKE] = 0,
	[COLLEAGUE] = AGENT | NOTE,
	[STEP] = STEPS,
	[LABEL] = LABELS,
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
	{ "task", TASK }, { "due", DUE }, { "agent", AGENT }, { "step", STEPS }, { "answer", STEPS }, { "theme", LABELS },
	{ "area", LABELS }, { "sentiment", LABELS }, { "tags", LABELS },
};

static const char *const outcomes[] = { "solved", "promised", "referred", "unreachable", "notForUs", NULL };

struct triage {
	struct work w;                 /* its case */
	struct work_reply reply;
	struct uuid post, task, me, colleague;
	enum action action;
	const char *inbox, *note, *department, *what, *product, *outcome, *step, *answer;
	int64_t due_us;
	json_t *labels;                /* of the body */
	json_t *path;                  /* of the protocol, after this step; NULL: as it was */
	json_t *detail;                /* for the logbook; NULL: nothing */
	/* many at once */
	json_t *ids, *items;
	size_t at;
};

static void refuse_other_keys(struct api *a, enum action action)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_object_get(a->body, keys[i].key) != NULL && !(takes[action] & keys[i].bit))
			api_bad_field(a, keys[i].key, "does not belong to this action");
}

static void read_labels(struct api *a, struct triage *t)
{
	static const char *const names[] = { "theme", "area", "sentiment", "tags" };
	const json_t *tag;
	size_t i;

	t->labels = jsonx_own(a->op.arena, json_object());
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (json_object_get(a->body, names[i]) != NULL)
			json_object_set(t->labels, names[i], json_object_get(a->body, names[i]));
	if (json_object_size(t->labels) == 0)
		api_bad_field(a, "theme", "or area, sentiment or tags: one of them is required");
	json_array_foreach(jsonx_arr(t->labels, "tags"), i, tag)
		if (guard_finds(json_string_value(tag)))
			api_bad_field(a, "tags", "holds a BSN or IBAN");
}

static void read_colleague(struct api *a, struct triage *t)
{
	const char *id = api_text(a, "agent", true, UUID_TEXT);
	const struct world_agent *g;

	if (id == NULL)
		return;
	uuid_parse(id, &t->colleague);
	g = world_agent(world_now(a->op.srv), (struct agent_id){ t->colleague });
	if (g == NULL || (g->role != ROLE_WEBCARE && g->role != ROLE_LEAD))
		api_bad_field(a, "agent", "is nobody of the webcare team");
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
	if (wants & AGENT)
		read_colleague(a, t);
	if (wants & STEPS) {
		t->step = api_text(a, "step", true, 40);
		t->answer = api_text(a, "answer", true, 40);
	}
	if (wants & LABELS)
		read_labels(a, t);
	t->reply.is_public = t->action == ANSWER;
}

/* ---------------------------------------------------------------- reading */

enum triage_state { TRIAGE_START, TRIAGE_READ, TRIAGE_WRITTEN, TRIAGE_SHOWN };
enum read_part { READ_POST, READ_REPLY_TO, READ_REPLY_SEEN };

static enum op_status read_post(struct api *a, struct triage *t, int next_state)
{
	struct pg_unit *u;

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
	return pg_submit(&a->op, next_state, u);
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

	if (t->action == LABEL)
		return PROBLEM_NONE;   /* what it is about may be corrected by anybody, also later */
	*detail = "The post is done already.";
	if (strcmp(state, "done") == 0 || case_next(t->w.state, (enum case_event)event, &t->w.why) < 0)
		return PROBLEM_STATE;
	*detail = t->action == RELEASE ? "Nobody has this post." : "Somebody else has this post.";
	if (t->action == RELEASE)
		return strcmp(state, "claimed") == 0 && access_post_release(&a->who, (struct agent_id){ by })
		       ? PROBLEM_NONE : PROBLEM_STATE;
	return claimed && !uuid_same(by, t->me) ? PROBLEM_STATE : PROBLEM_NONE;
}

static const char *theme_rule(const struct world *w, int m, const struct triage *t)
{
	const char *theme = jsonx_str(t->labels, "theme"), *area = jsonx_str(t->labels, "area");

	if (theme != NULL && *theme != '\0' && theme_known(w->themes[m], THEME, theme) == NULL)
		return "theme";
	if (area != NULL && *area != '\0' && theme_known(w->themes[m], AREA, area) == NULL)
		return "area";
	return NULL;
}

/* has the colleague rights there? */
static bool reaches(const struct world *w, int m, const struct triage *t)
{
	const struct world_agent *g = world_agent(w, (struct agent_id){ t->colleague });

	return g != NULL && (g->base.municipalities & UINT64_C(1) << m) != 0;
}

/* where the protocol led to when this was done, for the logbook */
static const char *advised(struct api *a, const struct world *w, int m)
{
	json_t *shown = jsonx_own(a->op.arena, protocol_shown(w->protocols[m], rows_json(&a->op, READ_POST, 0, "protocol")));

	return jsonx_str(jsonx_obj(shown, "advice"), "action");
}

static void put_detail(struct triage *t, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(t->detail, key, json_string(value));
}

static void put_detail_id(struct triage *t, const char *key, struct uuid id)
{
	char text[UUID_TEXT];

	uuid_format(id, text);
	put_detail(t, key, text);
}

/* what the logbook has beside the action: ids and words of the contract */
static void note_detail(struct api *a, struct triage *t, const struct world *w, int m)
{
	t->detail = jsonx_own(a->op.arena, json_object());
	if (t->action == COLLEAGUE)
		put_detail_id(t, "to", t->colleague);
	if (t->action == DEPARTMENT)
		put_detail_id(t, "task", t->task);
	if (replies(t))
		put_detail_id(t, "contact", t->reply.id.u);
	put_detail(t, "department", t->department);
	put_detail(t, "product", t->product);
	put_detail(t, "step", t->step);
	put_detail(t, "answer", t->answer);
	if (m >= 0 && t->action > LABEL)
		put_detail(t, "advised", advised(a, w, m));
	if (json_object_size(t->detail) == 0)
		t->detail = NULL;
}

/* the rule of the contract that it is against, and why; NULL: none */
static const char *against(struct api *a, struct triage *t, const char **why)
{
	const struct world *w = world_now(a->op.srv);
	int m = world_municipality(w, t->w.municipality);

	if ((replies(t) || t->action == LIKE) && pg_get_bool(&a->op, READ_POST, 0, "deleted")) {
		*why = "The citizen took it back: there is nothing to answer any more.";
		return "postDeleted";
	}
	if (t->outcome != NULL && strcmp(t->outcome, "promised") == 0 && t->w.n_open_tasks == 0) {
		*why = "Promised means an open task with an owner and a date: make one first.";
		return "promiseNeedsTask";
	}
	if (t->action == COLLEAGUE && (m < 0 || !reaches(w, m, t))) {
		*why = "This colleague has no rights on the municipality of the post.";
		return "colleagueElsewhere";
	}
	if (t->action == STEP) {
		t->path = m < 0 ? NULL : protocol_take(w->protocols[m], rows_json(&a->op, READ_POST, 0, "protocol"), t->step, t->answer);
		*why = "The protocol of this municipality has no such step here, or the step no such answer.";
		if (t->path == NULL)
			return "protocolStep";
		jsonx_own(a->op.arena, t->path);
	}
	if (t->action == LABEL && m >= 0 && theme_rule(w, m, t) != NULL) {
		*why = "This municipality has no such theme or area.";
		return "unknownLabel";
	}
	note_detail(a, t, w, m);
	return NULL;
}

/* ---------------------------------------------------------------- writing */

static void show(struct api *a, struct pg_unit *u, const struct triage *t)
{
	char id[UUID_TEXT];

	uuid_format(t->post, id);
	pg_add(u, SQL_POST_GET);
	pg_uuid(u, t->post);
	api_audit(a, u, "post.triage", t->w.municipality, "post", id);
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
	pg_uuid(u, t->colleague);
	pg_int(u, HANDED_SECONDS);
	pg_json(u, t->path);
	pg_json(u, t->detail);
	pg_uuid(u, t->action == COLLEAGUE && t->note != NULL ? server_uuid(a->op.srv) : (struct uuid){ 0 });
}

static void add_label(struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_LABEL);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_json(u, t->labels);
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
	pg_json(u, t->detail);
}

static void add_release(struct api *a, struct pg_unit *u, const struct triage *t)
{
	pg_add(u, SQL_POST_RELEASE);
	pg_uuid(u, t->post);
	pg_uuid(u, t->me);
	pg_bool(u, access_post_release(&a->who, (struct agent_id){ 0 }));
	pg_json(u, t->detail);
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
	pg_json(u, t->detail);
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
	pg_json(u, t->detail);
}

enum write_part { WRITE_LOCK, WRITE_ACTION, WRITE_SHOW };

static enum op_status write_action(struct api *a, struct triage *t, int next_state)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_POST_LOCK);
	pg_uuid(u, t->post);
	switch (t->action) {
	case LABEL:
		add_label(u, t);
		break;
	case CLAIM:
	case COLLEAGUE:
	case STEP:
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
	pg_submit(&a->op, next_state, u);
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

static bool found(struct api *a, struct triage *t)
{
	if (!work_got(a, &t->w))
		return false;
	t->w.id.u = pg_get_uuid(&a->op, READ_POST, 0, "case_id");
	return true;
}

static enum op_status check_and_write(struct api *a, struct triage *t)
{
	enum op_status how = OP_DONE;
	const char *detail = NULL, *rule;
	enum problem p;

	if (!found(a, t))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!a->who.is_agent)
		return api_problem(a, PROBLEM_FORBIDDEN, "A post is handled by somebody: the token belongs to no agent.");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (replies(t) && pg_rows(&a->op, READ_REPLY_SEEN) > 0)
		return show_again(a, t);
	p = refused(a, t, &detail);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, detail);
	rule = against(a, t, &detail);
	if (rule != NULL)
		return api_rule(a, rule, detail);
	if (replies(t) && !work_compose(a, arena_str(a->op.arena, pg_get(&a->op, READ_POST, 0, "post_inbox")),
	                                READ_REPLY_TO, &t->reply, &how))
		return how;
	return write_action(a, t, TRIAGE_WRITTEN);
}

/* ---------------------------------------------------------------- the answer */

static json_t *post_shown(struct api *a, int statement)
{
	json_t *posts = post_rows(a, statement), *post = json_incref(json_array_get(posts, 0));

	json_decref(posts);
	return post;
}

static enum op_status answer(struct api *a, const struct triage *t, int shown, const char *delivery)
{
	json_t *j = json_object();
	char id[UUID_TEXT];

	json_object_set_new(j, "post", post_shown(a, shown));
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

static const char *beaten(const struct triage *t)
{
	return t->action == CASE || t->action == SPAM ? "Somebody else has this post, or another one of the same person here."
	                                              : "Somebody else was first.";
}

static enum op_status told(struct api *a, struct triage *t)
{
	if (work_written(a, WRITE_ACTION) == 0)
		return api_problem(a, PROBLEM_STATE, beaten(t));
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
		read_body(a, t);
		if (!api_id(a, a->param[0], &t->post))
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		return read_post(a, t, TRIAGE_READ);
	case TRIAGE_READ:
		return pg_failed(&a->op) ? api_failed(a) : check_and_write(a, t);
	case TRIAGE_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : told(a, t);
	case TRIAGE_SHOWN:
		return pg_failed(&a->op) ? api_failed(a) : answer(a, t, 0, "queued");
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/posts/triage: many at once */

enum many_state { MANY_START, MANY_READ, MANY_WRITTEN };

/* what became of the one that had its turn; post: stolen, NULL with a problem */
static void many_add(struct triage *t, json_t *post, enum problem p, const char *rule, const char *detail)
{
	json_t *item = json_object();
	char id[UUID_TEXT];

	uuid_format(t->post, id);
	jsonx_put(item, "id", id);
	json_object_set_new(item, "status", json_integer(post != NULL ? 200 : problem_status(p)));
	jsonx_put(item, "rule", rule);
	jsonx_put(item, "detail", detail);
	if (post != NULL)
		json_object_set_new(item, "post", post);
	json_array_append_new(t->items, item);
}

static enum op_status many_next(struct api *a, struct triage *t)
{
	const json_t *id = json_array_get(t->ids, t->at++);

	if (id == NULL)
		return api_answer(a, 200, json_pack("{s:O}", "items", t->items));
	uuid_parse(json_string_value(id), &t->post);
	return read_post(a, t, MANY_READ);
}

static enum op_status many_one(struct api *a, struct triage *t)
{
	const char *detail = NULL, *rule;
	enum problem p = PROBLEM_NOT_FOUND;

	if (found(a, t))
		p = refused(a, t, &detail);
	if (p != PROBLEM_NONE) {
		many_add(t, NULL, p, NULL, detail);
		return many_next(a, t);
	}
	rule = against(a, t, &detail);
	if (rule != NULL) {
		many_add(t, NULL, PROBLEM_RULE, rule, detail);
		return many_next(a, t);
	}
	return write_action(a, t, MANY_WRITTEN);
}

static enum op_status many_written(struct api *a, struct triage *t)
{
	if (work_written(a, WRITE_ACTION) == 0)
		many_add(t, NULL, PROBLEM_STATE, NULL, beaten(t));
	else
		many_add(t, post_shown(a, WRITE_SHOW), PROBLEM_NONE, NULL, NULL);
	return many_next(a, t);
}

static enum op_status many_begin(struct api *a, struct triage *t)
{
	t->ids = jsonx_arr(a->body, "posts");
	t->items = jsonx_own(a->op.arena, json_array());
	read_body(a, t);
	if (!a->who.is_agent)
		return api_problem(a, PROBLEM_FORBIDDEN, "A post is handled by somebody: the token belongs to no agent.");
	return api_has_bad_fields(a) ? api_invalid(a) : many_next(a, t);
}

enum op_status api_post_triage_many(struct api *a)
{
	struct triage *t = a->work;

	switch ((enum many_state)a->op.state) {
	case MANY_START:
		a->work = t = arena_new_of(a->op.arena, struct triage);
		return many_begin(a, t);
	case MANY_READ:
		return pg_failed(&a->op) ? api_failed(a) : many_one(a, t);
	case MANY_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : many_written(a, t);
	}
	return op_bad_state(&a->op);
}
