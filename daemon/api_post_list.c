/* api_post_list.c - what was said in public: the webcare team's list, its streams, the protocol, the logbook */
#include "daemon/api_posts.h"

#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/protocol.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_STREAMS = 500 };

static json_t *protocol_in(const struct world *w, const char *municipality)
{
	int m = world_municipality(w, municipality);

	return m < 0 ? NULL : w->protocols[m];
}

json_t *post_rows(struct api *a, int statement)
{
	json_t *posts = rows_masked(rows_array(&a->op, statement), &a->who), *post;
	size_t i;

	json_array_foreach(posts, i, post) {
		json_t *steps = protocol_in(world_now(a->op.srv), jsonx_str(post, "municipality"));

		if (steps != NULL)
			json_object_set_new(post, "protocol", protocol_shown(steps, jsonx_arr(post, "protocol")));
		else
			json_object_del(post, "protocol");
	}
	return posts;
}

/* ---------------------------------------------------------------- GET /v1/posts */

enum list_state { LIST_START, LIST_READ };

struct list {
	int limit;
	struct uuid last, by;
};

static enum op_status list_start(struct api *a, struct list *l)
{
	const char *state = api_query(a, "state"), *by = api_query(a, "claimedBy");
	struct pg_unit *u;

	if (!api_page_id(a, &l->limit, &l->last))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	if (by != NULL)
		uuid_parse(by, &l->by);
	u = api_unit(a);
	pg_add(u, state != NULL && strcmp(state, "done") == 0 ? SQL_POST_LIST_DONE : SQL_POST_LIST_OPEN);
	pg_uuid(u, l->last);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, state);
	pg_text(u, api_query(a, "inbox"));
	pg_text(u, api_query(a, "channel"));
	pg_int(u, l->limit + 1);
	pg_text(u, api_query(a, "theme"));
	pg_text(u, api_query(a, "area"));
	pg_text(u, api_query(a, "sentiment"));
	pg_text(u, api_query(a, "tag"));
	pg_uuid(u, l->by);
	work_audit_scope(a, u, "post.list", "posts", NULL, api_query(a, "municipality"));
	return pg_submit(&a->op, LIST_READ, u);
}

static enum op_status list_answer(struct api *a, const struct list *l)
{
	return api_answer(a, 200, api_page_cut(a, post_rows(a, 0), l->limit, "id"));
}

enum op_status api_post_list(struct api *a)
{
	struct list *l = a->work;

	switch ((enum list_state)a->op.state) {
	case LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct list);
		return list_start(a, l);
	case LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : list_answer(a, l);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/posts/streams */

enum op_status api_post_streams(struct api *a)
{
	const char *by = api_query(a, "by");
	struct pg_unit *u;

	if (by == NULL)
		by = "inbox";
	if (a->op.state == LIST_READ)
		return pg_failed(&a->op) ? api_failed(a)
		                         : api_answer(a, 200, json_pack("{s:s, s:o}", "by", by, "items", rows_array(&a->op, 0)));
	u = api_unit(a);
	pg_add(u, SQL_POST_STREAMS);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, by);
	pg_int(u, MAX_STREAMS);
	return pg_submit(&a->op, LIST_READ, u);
}

/* ---------------------------------------------------------------- GET /v1/municipalities/{id}/protocol */

enum op_status api_municipality_protocol(struct api *a)
{
	const struct world *w = world_now(a->op.srv);
	int m = access_municipality(&a->who, a->param[0]) ? world_municipality(w, a->param[0]) : -1;
	json_t *j;

	if (m < 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	j = json_pack("{s:s, s:o}", "municipality", a->param[0], "steps",
	              w->protocols[m] != NULL ? json_incref(w->protocols[m]) : json_array());
	if (w->protocols[m] != NULL)
		jsonx_put(j, "from", w->protocols_from[m]);
	return api_answer(a, 200, j);
}

/* ---------------------------------------------------------------- GET /v1/posts/{id}/log */

struct log_page {
	int limit;
	int64_t before;
};

static enum op_status log_start(struct api *a, struct log_page *l)
{
	struct uuid post;
	struct pg_unit *u;

	if (!api_id(a, a->param[0], &post))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_page_number(a, &l->limit, &l->before))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	u = api_unit(a);
	pg_add(u, SQL_POST_READ);
	pg_uuid(u, post);
	pg_add(u, SQL_POST_LOG);
	pg_uuid(u, post);
	if (l->before > 0)
		pg_int(u, l->before);
	else
		pg_null(u);
	pg_int(u, l->limit + 1);
	return pg_submit(&a->op, LIST_READ, u);
}

static enum op_status log_answer(struct api *a, const struct log_page *l)
{
	json_t *page, *item;
	size_t i;

	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	page = api_page_cut(a, rows_array(&a->op, 1), l->limit, "id");
	json_array_foreach(json_object_get(page, "items"), i, item)
		json_object_del(item, "id");
	return api_answer(a, 200, page);
}

enum op_status api_post_log(struct api *a)
{
	struct log_page *l = a->work;

	switch ((enum list_state)a->op.state) {
	case LIST_START:
		a->work = l = arena_new_of(a->op.arena, struct log_page);
		return log_start(a, l);
	case LIST_READ:
		return pg_failed(&a->op) ? api_failed(a) : log_answer(a, l);
	}
	return op_bad_state(&a->op);
}
