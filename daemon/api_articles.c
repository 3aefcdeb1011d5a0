/*
 * api_articles.c - knowledge and standard answers: looking for them, filled in for a case, writing them, what they said before,
 * and what they did not answer
 *
 * Filled for a case means: the fields of lib/core/article have their values, and the channel of the case was asked
 * whether it would take the text. The agent reads it, and sends it as any other reply.
 */
#include "daemon/api_setup.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/article.h"
#include "lib/core/guard.h"
#include "lib/core/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARTICLE_TITLE_BYTES = 800,
	ARTICLE_TEXT_BYTES = 40 * 1024,
	ARTICLE_MAX_SKIP = 20000,
	FEEDBACK_NOTE_BYTES = 2000,
	ARTICLE_ARENA_BYTES = 16 << 20,   /* for one at a time */
};

enum article_state { ARTICLE_START, ARTICLE_CASE, ARTICLE_READ };
/* the statements of a unit that fills */
enum { READ_ARTICLES, READ_FACTS, READ_REPLY_TO };

struct reading {
	struct work w;
	const char *case_id, *municipality;
	int limit, skip;
};

/* ---------------------------------------------------------------- filled for a case */

static struct article_case facts(const struct api *a)
{
	const struct op *op = &a->op;

	return (struct article_case){
		.name = pg_get(op, READ_FACTS, 0, "name"),
		.product = pg_get(op, READ_FACTS, 0, "product"),
		.reference = pg_get(op, READ_FACTS, 0, "reference"),
		.municipality = pg_get(op, READ_FACTS, 0, "municipality"),
		.agent = pg_get(op, READ_FACTS, 0, "agent"),
		.channel = pg_get(op, READ_FACTS, 0, "channel"),
		.year = (int)pg_get_int(op, READ_FACTS, 0, "year"),
		.month = (int)pg_get_int(op, READ_FACTS, 0, "month"),
		.day = (int)pg_get_int(op, READ_FACTS, 0, "day"),
	};
}

static json_t *fill_template(struct arena *mine, const json_t *template_, const struct article_values *v, unsigned *missing)
{
	json_t *filled = json_deep_copy(template_), *one, *parameters = json_object_get(filled, "parameters");
	size_t i;

	json_array_foreach(parameters, i, one)
		json_array_set_new(parameters, i, json_string(article_fill(mine, json_string_value(one), v, missing)));
	return filled;
}

/* would the channel take it? What was said in public has no private answer everywhere */
static void put_fits(struct api *a, struct arena *mine, const char *inbox, const char *text, json_t *filled)
{
	struct work_reply r = { .text = text };
	int limit = 0, rule = work_try_compose(&a->op, mine, inbox, READ_REPLY_TO, &r, &limit);

	if (rule == REPLY_NOT_PRIVATE) {
		r.is_public = true;
		rule = work_try_compose(&a->op, mine, inbox, READ_REPLY_TO, &r, &limit);
	}
	json_object_set_new(filled, "fits", json_boolean(rule == 0));
	if (rule > 0)
		json_object_set_new(filled, "rule", json_string(work_reply_rule(rule)));
	if (rule == REPLY_TOO_LONG)
		json_object_set_new(filled, "limit", json_integer(limit));
}

static json_t *fill(struct api *a, struct arena *mine, const struct work *w, const json_t *article)
{
	struct article_case c = facts(a);
	struct article_values v = article_values_of(mine, &c, jsonx_str(article, "language"));
	json_t *filled = json_object(), *names = json_array();
	const json_t *template_ = jsonx_obj(article, "template");
	unsigned missing = 0;
	const char *text = article_fill(mine, jsonx_str(article, "text"), &v, &missing);

	json_object_set_new(filled, "text", json_string(text));
	if (template_ != NULL)
		json_object_set_new(filled, "template", fill_template(mine, template_, &v, &missing));
	for (int i = 0; i < N_ARTICLE_FIELDS; i++)
		if ((missing & 1U << i) != 0)
			json_array_append_new(names, json_string(article_field_name(i)));
	json_object_set_new(filled, "missing", names);
	put_fits(a, mine, w->inbox, text, filled);
	return filled;
}

/* an article as it is answered; each in memory of its own, because a page may hold a hundred long ones */
static json_t *article(struct api *a, const struct reading *r, int row)
{
	json_t *j = rows_object(&a->op, READ_ARTICLES, row);
	struct arena *mine;

	if (r->case_id != NULL) {
		mine = arena_new(ARTICLE_ARENA_BYTES);
		json_object_set_new(j, "filled", fill(a, mine, &r->w, j));
		arena_free(mine);
	}
	return j;
}

/* ---------------------------------------------------------------- reading */

static enum op_status case_first(struct api *a, struct reading *r)
{
	struct pg_unit *u;

	if (!api_id(a, r->case_id, &r->w.id.u))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	pg_add(u, SQL_WORK_CASE);
	pg_uuid(u, r->w.id.u);
	return pg_submit(&a->op, ARTICLE_CASE, u);
}

/* behind the statement that reads articles: what is needed to fill them, and who looked */
static void add_case(struct api *a, struct pg_unit *u, const struct reading *r)
{
	if (r->case_id == NULL)
		return;
	pg_add(u, SQL_ARTICLE_FACTS);
	pg_uuid(u, r->w.id.u);
	pg_uuid(u, work_writer(a));
	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, r->w.id.u);
	api_audit(a, u, "article.fill", r->w.municipality, "case", r->case_id);
}

static const char *municipality_of(const struct reading *r)
{
	return r->case_id != NULL ? r->w.municipality : r->municipality;
}

static enum op_status ask_list(struct api *a, const struct reading *r)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_ARTICLE_LIST);
	pg_text(u, municipality_of(r));
	pg_text(u, api_query(a, "kind"));
	pg_text(u, api_query(a, "product"));
	pg_text(u, api_query(a, "channel"));
	pg_text(u, api_query(a, "language"));
	pg_text(u, api_query(a, "q"));
	pg_text(u, r->w.product);
	pg_text(u, r->w.channel);
	pg_text(u, r->w.language);
	pg_int(u, r->limit + 1);
	pg_int(u, r->skip);
	pg_bool(u, api_query(a, "review") != NULL);
	add_case(a, u, r);
	return pg_submit(&a->op, ARTICLE_READ, u);
}

static enum op_status ask_one(struct api *a, const struct reading *r)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_ARTICLE_GET);
	pg_text(u, a->param[0]);
	pg_text(u, municipality_of(r));
	add_case(a, u, r);
	return pg_submit(&a->op, ARTICLE_READ, u);
}

static enum op_status answer_list(struct api *a, const struct reading *r)
{
	json_t *items = json_array();
	int n = pg_rows(&a->op, READ_ARTICLES);

	for (int i = 0; i < n && i < r->limit; i++)
		json_array_append_new(items, article(a, r, i));
	return api_answer(a, 200, api_page_end(a, items, n > r->limit ?
		arena_printf(a->op.arena, "%d", r->skip + r->limit) : NULL));
}

/* an article for who reads or writes it, with what could be plainer: that is known of Dutch only */
static json_t *with_hint(json_t *article)
{
	const char *text = jsonx_str(article, "text"), *language = jsonx_str(article, "language");

	if (text != NULL && language != NULL && !strcmp(language, "nl"))
		json_object_set_new(article, "plain", plain_hint(text));
	return article;
}

static enum op_status answer_one(struct api *a, const struct reading *r)
{
	if (pg_rows(&a->op, READ_ARTICLES) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_answer(a, 200, with_hint(article(a, r, 0)));
}

static bool read_query(struct api *a, struct reading *r)
{
	int64_t skip = 0;

	r->case_id = api_query(a, "case");
	r->municipality = api_query(a, "municipality");
	if (!api_page_number(a, &r->limit, &skip) || skip > ARTICLE_MAX_SKIP)
		return false;
	r->skip = (int)skip;
	return true;
}

/* ask: for one or for a list; answer: with what came */
static enum op_status reading_step(struct api *a, enum op_status (*ask)(struct api *a, const struct reading *r),
                                   enum op_status (*answer)(struct api *a, const struct reading *r))
{
	struct reading *r = a->work;

	if (a->op.state != ARTICLE_START && pg_failed(&a->op))
		return api_failed(a);
	switch ((enum article_state)a->op.state) {
	case ARTICLE_START:
		a->work = r = arena_new_of(a->op.arena, struct reading);
		if (!read_query(a, r))
			return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor must be one that was given.");
		return r->case_id != NULL ? case_first(a, r) : ask(a, r);
	case ARTICLE_CASE:
		return work_got(a, &r->w) ? ask(a, r) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
	case ARTICLE_READ:
		return answer(a, r);
	}
	return op_bad_state(&a->op);
}

enum op_status api_article_list(struct api *a)
{
	return reading_step(a, ask_list, answer_list);
}

enum op_status api_article_get(struct api *a)
{
	return reading_step(a, ask_one, answer_one);
}

/* ---------------------------------------------------------------- writing */

static void check_text(struct api *a, const char *field, const char *text)
{
	const char *wrong = text != NULL ? article_wrong(a->op.arena, text) : NULL;

	if (wrong != NULL)
		api_bad_field(a, field, wrong);
}

static void check_template(struct api *a, const json_t *template_)
{
	json_t *parameters = jsonx_arr(template_, "parameters"), *one;
	size_t i;

	json_array_foreach(parameters, i, one)
		check_text(a, arena_printf(a->op.arena, "template.parameters[%zu]", i), json_string_value(one));
}

static void add_article(struct api *a, struct pg_unit *u, const char *municipality, const char *title, const char *text)
{
	pg_add(u, SQL_ARTICLE_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, municipality);
	pg_text(u, jsonx_str(a->body, "kind"));
	pg_text(u, jsonx_str(a->body, "product"));
	setup_add_texts(a, u, "channels");
	pg_text(u, jsonx_str(a->body, "language"));
	pg_text(u, title);
	pg_text(u, text);
	pg_json(u, jsonx_obj(a->body, "template"));
	setup_add_bool(a, u, "enabled");
	pg_text(u, a->who.token_id);
	pg_uuid(u, work_writer(a));
	pg_text(u, jsonx_str(a->body, "reviewOn"));
}

static enum op_status put_start(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality");
	const char *title = api_text(a, "title", true, ARTICLE_TITLE_BYTES);
	const char *text = api_text(a, "text", true, ARTICLE_TEXT_BYTES);
	struct pg_unit *u;

	if (!setup_good_code(a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, "An id is 1 to 80 of a-z, 0-9 and -.");
	if (municipality != NULL ? !access_municipality(&a->who, municipality) : !setup_whole_region(a))
		return api_problem(a, PROBLEM_FORBIDDEN, "That needs rights on the municipality or the region.");
	check_text(a, "text", text);
	check_template(a, jsonx_obj(a->body, "template"));
	setup_known(a, "municipality", SETUP_MUNICIPALITY, municipality);
	setup_known(a, "product", SETUP_PRODUCT, jsonx_str(a->body, "product"));
	setup_all_known(a, "channels", SETUP_CHANNEL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	add_article(a, u, municipality, title, text);
	pg_add(u, SQL_ARTICLE_GET);
	pg_text(u, a->param[0]);
	pg_text(u, municipality);
	return pg_submit(&a->op, ARTICLE_READ, u);
}

enum op_status api_article_put(struct api *a)
{
	if (a->op.state == ARTICLE_START)
		return put_start(a);
	if (pg_failed(&a->op))
		return api_failed(a);
	return api_answer(a, pg_get_bool(&a->op, 0, 0, "made") ? 201 : 200, with_hint(rows_object(&a->op, 1, 0)));
}

/* ---------------------------------------------------------------- what it said before */

struct versions {
	int limit;
	int64_t before;
};

static enum op_status versions_start(struct api *a, struct versions *v)
{
	struct pg_unit *u;

	if (!api_page_number(a, &v->limit, &v->before))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor must be one that was given.");
	u = api_unit(a);
	pg_add(u, SQL_ARTICLE_VERSIONS);
	pg_text(u, a->param[0]);
	pg_text(u, api_query(a, "municipality"));
	if (v->before > 0)
		pg_int(u, v->before);
	else
		pg_null(u);
	pg_int(u, v->limit + 1);
	return pg_submit(&a->op, ARTICLE_READ, u);
}

static enum op_status versions_answer(struct api *a, const struct versions *v)
{
	if (pg_rows(&a->op, 0) == 0 && v->before == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_answer(a, 200, api_page_cut(a, rows_array(&a->op, 0), v->limit, "version"));
}

enum op_status api_article_versions(struct api *a)
{
	struct versions *v = a->work;

	if (a->op.state == ARTICLE_START) {
		a->work = v = arena_new_of(a->op.arena, struct versions);
		return versions_start(a, v);
	}
	return pg_failed(&a->op) ? api_failed(a) : versions_answer(a, v);
}

/* ---------------------------------------------------------------- "this did not help" */

static enum op_status feedback_start(struct api *a)
{
	const char *note = api_text(a, "note", false, FEEDBACK_NOTE_BYTES), *of = jsonx_str(a->body, "case");
	struct uuid *id = arena_new_of(a->op.arena, struct uuid), about = { 0 };
	struct pg_unit *u;

	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (of != NULL)
		uuid_parse(of, &about);      /* the contract says that it is an id */
	a->work = id;
	*id = server_uuid(a->op.srv);
	u = api_unit(a);
	pg_add(u, SQL_ARTICLE_FEEDBACK_PUT);
	pg_uuid(u, *id);
	pg_text(u, a->param[0]);
	pg_text(u, jsonx_str(a->body, "municipality"));
	pg_uuid(u, work_writer(a));
	pg_uuid(u, about);
	pg_text(u, note != NULL ? guard_mask(a->op.arena, note) : NULL);
	return pg_submit(&a->op, ARTICLE_READ, u);
}

enum op_status api_article_feedback(struct api *a)
{
	char id[UUID_TEXT];

	if (a->op.state == ARTICLE_START)
		return feedback_start(a);
	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	uuid_format(*(struct uuid *)a->work, id);
	return api_answer(a, 201, json_pack("{s:s}", "id", id));
}

struct feedback {
	int limit;
	struct uuid last, editor;
};

static enum op_status feedback_list_start(struct api *a, struct feedback *f)
{
	const char *editor = api_query(a, "editor");
	struct pg_unit *u;

	if (!api_page_id(a, &f->limit, &f->last))
		api_bad_field(a, "cursor", "must be one that was given");
	if (editor != NULL && !uuid_parse(editor, &f->editor))
		api_bad_field(a, "editor", "must be an id");
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	u = api_unit(a);
	pg_add(u, SQL_ARTICLE_FEEDBACK_LIST);
	pg_text(u, api_query(a, "municipality"));
	pg_uuid(u, f->editor);
	pg_uuid(u, f->last);
	pg_int(u, f->limit + 1);
	work_audit_scope(a, u, "article.feedback", "articles", NULL, api_query(a, "municipality"));
	return pg_submit(&a->op, ARTICLE_READ, u);
}

enum op_status api_article_feedback_list(struct api *a)
{
	struct feedback *f = a->work;

	if (a->op.state == ARTICLE_START) {
		a->work = f = arena_new_of(a->op.arena, struct feedback);
		return feedback_list_start(a, f);
	}
	return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, f->limit);
}
