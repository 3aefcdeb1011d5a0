/*
 * api_setup.c - set-up: municipalities, products, norms; and what all of set-up shares
 */
#include "daemon/api_setup.h"

#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/core/handling.h"
#include "lib/core/menu.h"
#include "lib/core/needs.h"
#include "lib/core/norm.h"
#include "lib/core/promise.h"
#include "lib/core/texts.h"

#include <string.h>

enum { SETUP_NAME_BYTES = 800 };

enum setup_state { SETUP_START, SETUP_DONE };

/* ------------------------------------------------------------------ shared */

enum op_status setup_get(struct api *a, enum sql statement, int next_state)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, statement);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, next_state, u);
}

enum op_status setup_got(struct api *a)
{
	json_t *now;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) != 1)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	now = rows_object(&a->op, 0, 0);
	setup_routing_shown(a, now);
	return api_answer(a, 200, now);
}

enum op_status setup_written(struct api *a, int put, int get)
{
	json_t *now;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, put) != 1)
		return api_problem(a, PROBLEM_STATE, "It belongs to another municipality as well.");
	now = rows_object(&a->op, get, 0);
	setup_routing_shown(a, now);
	world_reload(a->op.srv);
	return api_answer(a, pg_get_bool(&a->op, put, 0, "made") ? 201 : 200, now);
}

bool setup_whole_region(const struct api *a)
{
	const struct world *w = world_now(a->op.srv);

	for (int i = 0; w && i < w->n_municipalities; i++)
		if (!access_municipality(&a->who, w->municipalities[i]))
			return false;
	return w != NULL;
}

static bool is_team(const struct world *w, const char *name)
{
	for (int i = 1; i < w->n_teams; i++)
		if (!strcmp(w->teams[i], name))
			return true;
	return false;
}

static bool is_known(const struct world *w, enum setup_kind kind, const char *name)
{
	switch (kind) {
	case SETUP_MUNICIPALITY:
		return world_municipality(w, name) >= 0;
	case SETUP_PRODUCT:
		return world_product(w, name) >= 0;
	case SETUP_CHANNEL:
		return world_channel(w, name) >= 0;
	case SETUP_LANGUAGE:
		return world_language(w, name) >= 0 || w->n_languages < ROUTE_MAX_LANGUAGES;
	case SETUP_TEAM:
		return is_team(w, name);
	}
	return false;
}

void setup_known(struct api *a, const char *field, enum setup_kind kind, const char *name)
{
	const struct world *w = world_now(a->op.srv);

	if (name && w && !is_known(w, kind, name))
		api_bad_field(a, field, "not set up");
}

void setup_all_known(struct api *a, const char *field, enum setup_kind kind)
{
	size_t i;
	json_t *name;

	json_array_foreach(json_object_get(a->body, field), i, name)
		setup_known(a, arena_printf(a->op.arena, "%s[%zu]", field, i), kind, json_string_value(name));
}

void setup_rights(struct api *a, const char *field)
{
	size_t i;
	json_t *name;

	json_array_foreach(json_object_get(a->body, field), i, name)
		if (!access_municipality(&a->who, json_string_value(name)))
			api_bad_field(a, arena_printf(a->op.arena, "%s[%zu]", field, i), "no rights on it");
}

void setup_add_texts(struct api *a, struct pg_unit *u, const char *field)
{
	json_t *list = json_object_get(a->body, field), *text;
	size_t i;

	if (!list) {
		pg_null(u);
		return;
	}
	pg_array(u, PG_TYPE_TEXT, (int)json_array_size(list));
	json_array_foreach(list, i, text)
		pg_push_text(u, json_string_value(text));
}

void setup_add_bool(struct api *a, struct pg_unit *u, const char *field)
{
	json_t *value = json_object_get(a->body, field);

	if (value)
		pg_bool(u, json_is_true(value));
	else
		pg_null(u);
}

bool setup_good_code(const char *id)
{
	static const struct shape code = { .type = SHAPE_STRING, .format = FORMAT_CODE, .max = 80 };

	return !shape_check_text(&code, id);
}

void setup_wrong(void *a, const char *path, const char *why)
{
	api_bad_field(a, path, why);
}

static bool product_known(const void *w, const char *product)
{
	return !w || world_product(w, product) >= 0;
}

void setup_menu(struct api *a, const json_t *menu, const char *path)
{
	menu_new(a->op.arena, menu, path, product_known, world_now(a->op.srv), setup_wrong, a);
}

/* ------------------------------------------------------------------ municipalities */

enum op_status api_municipality_get(struct api *a)
{
	if (a->op.state == SETUP_DONE)
		return setup_got(a);
	return setup_get(a, SQL_SETUP_MUNICIPALITY_GET, SETUP_DONE);
}

/* kinds: of a channel's own norm there are none */
static void check_norms(struct api *a, const char *field, json_t *norms, bool kinds)
{
	const char *key;
	json_t *seconds;

	if (norms && !json_is_object(norms))
		api_bad_field(a, field, "must be an object of seconds by channel");
	json_object_foreach(norms, key, seconds)
	{
		const char *name = arena_printf(a->op.arena, "%s.%.60s", field, key);
		char channel[NORM_CHANNEL_BYTES];

		if (!norm_key(key, channel) || (!kinds && strcmp(key, channel) != 0))
			api_bad_field(a, name,
				      kinds ? "is a channel, or a channel and a kind: whatsapp.report"
					    : "is a channel; kinds are settings of a region or municipality");
		else
			setup_known(a, name, SETUP_CHANNEL, channel);
		if (!json_is_integer(seconds) || json_integer_value(seconds) < 1)
			api_bad_field(a, name, "not a number of seconds");
	}
}

static void name_bad(struct api *a, const char *where, const struct bad_setting *problems, int n)
{
	for (int i = 0; i < n && i < HOURS_MAX_PROBLEMS; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.%s.%s", where, problems[i].field), problems[i].why);
}

void setup_accents(struct api *a, const json_t *settings)
{
	struct bad_setting problems[HOURS_MAX_PROBLEMS];
	struct hours h = hours_defaults();
	struct promise_rules r = promise_defaults();

	check_norms(a, "settings.norms", json_object_get(settings, "norms"), true);
	name_bad(a, "hours", problems, hours_read(settings, &h, problems, HOURS_MAX_PROBLEMS));
	name_bad(a, "callback", problems, promise_read(settings, &r, problems, HOURS_MAX_PROBLEMS));
	name_bad(a, "texts", problems, texts_check(settings, problems, TEXTS_MAX_PROBLEMS));
	name_bad(a, "products", problems,
		 handling_check(settings, product_known, world_now(a->op.srv), problems, HANDLING_MAX_PROBLEMS));
}

static void check_menus(struct api *a, json_t *menus)
{
	const char *channel;
	json_t *menu;

	if (menus && !json_is_object(menus))
		api_bad_field(a, "settings.menus", "not an object with a menu for each channel");
	json_object_foreach(menus, channel, menu)
	{
		const char *name = arena_printf(a->op.arena, "settings.menus.%.40s", channel);

		setup_known(a, name, SETUP_CHANNEL, channel);
		setup_menu(a, menu, name);
	}
}

/* whether anything is said without a person to who asks for one */
static void check_option0(struct api *a, const json_t *settings)
{
	const json_t *option0 = json_object_get(settings, "option0"), *answer = json_object_get(option0, "answer");
	struct bad_setting problems[TEXTS_MAX_PROBLEMS];

	if (option0 && !json_is_object(option0))
		api_bad_field(a, "settings.option0", "must be an object");
	if (answer && !json_is_boolean(answer))
		api_bad_field(a, "settings.option0.answer", "must be true or false");
	name_bad(a, "option0", problems,
		 match_own_check(json_object_get(option0, "words"), "words", problems, TEXTS_MAX_PROBLEMS));
}

enum op_status api_municipality_put(struct api *a)
{
	json_t *settings = json_object_get(a->body, "settings");
	struct pg_unit *u;

	if (a->op.state == SETUP_DONE)
		return setup_written(a, 0, 1);
	if (!access_municipality(&a->who, a->param[0]))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	setup_routing(a, settings);
	setup_survey(a, settings);
	setup_targets(a, settings);
	setup_webcare(a, settings);
	setup_accents(a, settings);
	check_menus(a, json_object_get(settings, "menus"));
	check_option0(a, settings);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_SETUP_MUNICIPALITY_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, jsonx_str(a->body, "region"));
	pg_text(u, api_text(a, "name", true, SETUP_NAME_BYTES));
	pg_json(u, settings);
	pg_add(u, SQL_SETUP_MUNICIPALITY_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, SETUP_DONE, u);
}

/* ------------------------------------------------------------------ products */

enum op_status api_product_get(struct api *a)
{
	return a->op.state == SETUP_START ? setup_get(a, SQL_SETUP_PRODUCT_GET, SETUP_DONE) : setup_got(a);
}

/* words are compared in lower case without accents, so that is how they are kept */
static void read_words(struct api *a, json_t *words)
{
	size_t i;
	json_t *word;

	json_array_foreach(words, i, word) {
		const char *folded = utf8_fold(a->op.arena, jsonx_str(word, "word"));

		json_object_set_new(word, "word", json_string(folded));
		setup_known(a, arena_printf(a->op.arena, "words[%zu].municipality", i), SETUP_MUNICIPALITY,
		            jsonx_str(word, "municipality"));
	}
}

static void need_wrong(void *a, const char *field, const char *why)
{
	api_bad_field(a, field, why);
}

enum op_status api_product_put(struct api *a)
{
	json_t *words = json_object_get(a->body, "words"), *needs = json_object_get(a->body, "needs");
	struct pg_unit *u;

	if (a->op.state == SETUP_DONE)
		return setup_written(a, 0, words ? 3 : 1);
	if (!setup_whole_region(a))
		return api_problem(a, PROBLEM_FORBIDDEN, "Products are the region's: that needs rights on all of it.");
	if (!setup_good_code(a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, "An id is 1 to 80 of a-z, 0-9 and -.");
	read_words(a, words);
	needs_check(needs, need_wrong, a);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_SETUP_PRODUCT_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, api_text(a, "name", true, SETUP_NAME_BYTES));
	pg_json(u, needs);
	pg_json(u, json_object_get(a->body, "secondLine"));
	if (words) {
		pg_add(u, SQL_SETUP_PRODUCT_WORDS_DROP);
		pg_text(u, a->param[0]);
		pg_add(u, SQL_SETUP_PRODUCT_WORDS_PUT);
		pg_text(u, a->param[0]);
		pg_json(u, words);
	}
	pg_add(u, SQL_SETUP_PRODUCT_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, SETUP_DONE, u);
}

/* ------------------------------------------------------------------ norms */

static enum op_status norms_answer(struct api *a, int statement)
{
	if (pg_failed(&a->op))
		return api_failed(a);
	return api_answer(a, 200, json_pack("{s:o}", "items", rows_array(&a->op, statement)));
}

enum op_status api_norm_get(struct api *a)
{
	struct pg_unit *u;

	if (a->op.state == SETUP_DONE)
		return norms_answer(a, 0);
	u = api_unit(a);
	pg_add(u, SQL_SETUP_NORM_GET);
	return pg_submit(&a->op, SETUP_DONE, u);
}

enum op_status api_norm_put(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality");
	json_t *norms = json_object_get(a->body, "norms");
	struct pg_unit *u;

	if (a->op.state == SETUP_DONE) {
		world_reload(a->op.srv);
		return norms_answer(a, 1);
	}
	if (municipality ? !access_municipality(&a->who, municipality) : !setup_whole_region(a))
		return api_problem(a, PROBLEM_FORBIDDEN, "That needs rights on the municipality or the region.");
	check_norms(a, "norms", norms, municipality != NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, municipality ? SQL_SETUP_NORM_LOCAL : SQL_SETUP_NORM_REGION);
	if (municipality)
		pg_text(u, municipality);
	pg_json(u, norms);
	pg_add(u, SQL_SETUP_NORM_GET);
	return pg_submit(&a->op, SETUP_DONE, u);
}
