/*
 * api_setup_inbox.c - set-up: one account on one channel, and the secrets that go in and never come out
 */
#include "daemon/api_setup.h"

#include "daemon/bots.h"
#include "lib/base/jsonx.h"
#include "lib/channel/channel.h"
#include "lib/core/match.h"
#include "lib/core/menu.h"
#include "lib/core/spam.h"
#include "lib/core/texts.h"

enum { ACCOUNT_BYTES = 800 };

enum inbox_state { INBOX_START, INBOX_DONE };

static const char *const secret_kinds[] = {"secret", "verify", "token", "tokenSecret", "key"};
enum { N_SECRET_KINDS = 5 };

enum op_status api_inbox_get(struct api *a)
{
	return a->op.state == INBOX_START ? setup_get(a, SQL_SETUP_INBOX_GET, INBOX_DONE) : setup_got(a);
}

/* the settings that are not a channel's own; those are as free as channels are */
static const struct shape budget_number = {.type = SHAPE_INTEGER, .min = 1, .max = 1000000};
static const struct shape budget = {.type = SHAPE_OBJECT,
                                    .max = 2,
                                    .keys = (const struct shape_key[]){{"per_second", false, &budget_number},
                                                                       {"sender_per_minute", false, &budget_number},
                                                                       {NULL, false, NULL}}};
static const struct shape spam_word = {.type = SHAPE_STRING, .min = 1, .max = SPAM_WORD_CHARACTERS};
static const struct shape spam_words = {.type = SHAPE_ARRAY, .max = SPAM_MAX_WORDS, .item = &spam_word};
static const struct shape spam_links = {.type = SHAPE_INTEGER, .max = SPAM_MAX_LINKS};
static const struct shape yes_or_no = {.type = SHAPE_BOOLEAN};
static const struct shape spam = {.type = SHAPE_OBJECT,
                                  .max = 3,
                                  .keys = (const struct shape_key[]){{"words", false, &spam_words},
                                                                     {"max_links", false, &spam_links},
                                                                     {"always", false, &yes_or_no},
                                                                     {NULL, false, NULL}}};

struct setting {
	struct api *a;
	const char *name;
};

static void setting_wrong(void *arg, enum shape_wrong wrong, const char *path, const char *reason)
{
	struct setting *s = arg;

	(void)wrong;
	api_bad_field(s->a, arena_printf(s->a->op.arena, "settings.%s%s%s", s->name, *path ? "." : "", path), reason);
}

static void check_setting(struct api *a, const char *name, const struct shape *shape)
{
	const json_t *value = json_object_get(json_object_get(a->body, "settings"), name);
	struct setting s = {a, name};

	if (value)
		shape_check(shape, value, setting_wrong, &s);
}

/* what leads to no person is refused */
static void check_ways_out(struct api *a, const json_t *settings)
{
	const char *provider = jsonx_str(a->body, "provider");

	if (json_object_get(settings, "menu"))
		setup_menu(a, json_object_get(settings, "menu"), "settings.menu");
	menu_ways_out(a->op.arena, settings, provider ? provider : jsonx_str(a->body, "channel"), setup_wrong,
		      a);
}

static void check_bot(struct api *a, const json_t *bot)
{
	const json_t *turns = json_object_get(bot, "turns");
	struct bad_setting problems[TEXTS_MAX_PROBLEMS];
	int n = match_own_check(json_object_get(bot, "stuck"), "stuck", problems, TEXTS_MAX_PROBLEMS);

	for (int i = 0; i < n && i < TEXTS_MAX_PROBLEMS; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.bot.%s", problems[i].field),
			      problems[i].why);
	if (turns && (!json_is_integer(turns) || json_integer_value(turns) < 1 ||
		      json_integer_value(turns) > BOTS_MAX_TURNS))
		api_bad_field(a, "settings.bot.turns", "must be a number from 1 to 5");
}

static void check_inbox(struct api *a)
{
	check_bot(a, json_object_get(json_object_get(a->body, "settings"), "bot"));
	check_ways_out(a, json_object_get(a->body, "settings"));
	check_setting(a, "budget", &budget);
	check_setting(a, "spam", &spam);
	setup_known(a, "municipality", SETUP_MUNICIPALITY, jsonx_str(a->body, "municipality"));
	setup_known(a, "channel", SETUP_CHANNEL, jsonx_str(a->body, "channel"));
	setup_known(a, "product", SETUP_PRODUCT, jsonx_str(a->body, "product"));
	if (jsonx_str(a->body, "provider") && !channel_find(jsonx_str(a->body, "provider")))
		api_bad_field(a, "provider", "is not one that loketd knows");
}

/* kinds that are not given stay as they are */
static int add_secrets(struct api *a, struct pg_unit *u, const char *municipality)
{
	json_t *all = json_object_get(a->body, "secrets"), *of_kind, *value;
	int n_statements = 0;
	size_t i;

	for (int k = 0; k < N_SECRET_KINDS; k++) {
		of_kind = json_object_get(all, secret_kinds[k]);
		if (!of_kind)
			continue;
		pg_add(u, SQL_SETUP_INBOX_SECRET_DROP);
		pg_text(u, a->param[0]);
		pg_text(u, municipality);
		pg_text(u, secret_kinds[k]);
		pg_add(u, SQL_SETUP_INBOX_SECRET_PUT);
		pg_text(u, a->param[0]);
		pg_text(u, municipality);
		pg_text(u, secret_kinds[k]);
		pg_array(u, PG_TYPE_TEXT, (int)json_array_size(of_kind));
		json_array_foreach(of_kind, i, value) pg_push_text(u, json_string_value(value));
		n_statements += 2;
	}
	return n_statements;
}

struct inbox_work {
	int get; /* the statement that reads it back */
};

static enum op_status inbox_write(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality");
	struct inbox_work *work = arena_new_of(a->op.arena, struct inbox_work);
	struct pg_unit *u = api_unit(a);

	a->work = work;
	pg_add(u, SQL_SETUP_INBOX_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, municipality);
	pg_text(u, jsonx_str(a->body, "channel"));
	pg_text(u, api_text(a, "account", false, ACCOUNT_BYTES));
	pg_text(u, jsonx_str(a->body, "product"));
	pg_json(u, json_object_get(a->body, "settings"));
	setup_add_bool(a, u, "enabled");
	pg_text(u, jsonx_str(a->body, "provider"));
	work->get = 1 + add_secrets(a, u, municipality);
	pg_add(u, SQL_SETUP_INBOX_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, INBOX_DONE, u);
}

enum op_status api_inbox_put(struct api *a)
{
	static const struct shape code = {.type = SHAPE_STRING, .format = FORMAT_CODE, .max = 80};

	if (a->op.state == INBOX_DONE)
		return setup_written(a, 0, ((struct inbox_work *)a->work)->get);
	if (shape_check_text(&code, a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, "An id is 1 to 80 of a-z, 0-9 and -.");
	check_inbox(a);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, jsonx_str(a->body, "municipality")))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	return inbox_write(a);
}
