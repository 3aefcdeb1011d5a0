#include "lib/core/menu.h"

#include "lib/base/jsonx.h"

#include <string.h>

struct choice {
	char key;
	const json_t *label;
	const char *product, *language; /* one of these, … */
	const struct menu *menu;        /* … deeper, … */
	bool callback;                  /* … or this; none of them: option 0 */
};

struct menu {
	const json_t *say;
	struct choice choices[MENU_MAX_CHOICES + 1];
	int n_choices;
};

/* ---------------------------------------------------------------- reading */

struct reader {
	struct arena *a;
	menu_known *known;
	const void *ctx;
	menu_report *report;
	void *arg;
	int n_wrong;
};

static void wrong(struct reader *r, const char *path, const char *key, const char *why)
{
	r->report(r->arg, arena_join(r->a, path, *key ? "." : "", key, NULL), why);
	r->n_wrong++;
}

static bool is_language(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz") == strlen(s) && (strlen(s) == 2 || strlen(s) == 3);
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *text_wrong(const json_t *text, size_t max)
{
	const char *s = json_string_value(text);

	if (!s)
		return "not a string";
	if (!s[strspn(s, " \t\r\n")])
		return "empty";
	return characters(s) > max ? "too long" : NULL;
}

/* a text in some languages, of which one is Dutch */
static const json_t *read_texts(struct reader *r, const json_t *in, const char *path, const char *key,
				size_t max)
{
	json_t *texts = json_object_get(in, key), *text;
	const char *here = arena_join(r->a, path, ".", key, NULL), *language, *why;

	if (!json_is_object(texts)) {
		wrong(r, here, "", texts ? "not an object with a text for each language" : "required");
		return NULL;
	}
	if (json_object_size(texts) > MENU_MAX_LANGUAGES)
		wrong(r, here, "", "too many languages");
	if (!json_object_get(texts, "nl"))
		wrong(r, here, "nl", "required");
	json_object_foreach(texts, language, text)
	{
		if (!is_language(language))
			wrong(r, here, "", "has a key that is no language as in ISO 639");
		else if ((why = text_wrong(text, max)))
			wrong(r, here, language, why);
	}
	return texts;
}

static void only_keys(struct reader *r, const json_t *in, const char *path, const char *const *keys)
{
	const char *key;
	json_t *v;
	int i;

	json_object_foreach((json_t *)(uintptr_t)in, key, v)
	{
		for (i = 0; keys[i] && strcmp(keys[i], key) != 0; i++)
			;
		if (!keys[i])
			wrong(r, path, arena_printf(r->a, "%.40s", key), "unknown key");
	}
}

static const struct menu *read_menu(struct reader *r, const json_t *j, const char *path, int depth);

static char read_key(struct reader *r, const json_t *j, const char *path, const struct menu *m)
{
	const char *key = jsonx_str(j, "key");

	if (!key || !*key || key[1] || !strchr("0123456789*#", *key)) {
		wrong(r, path, "key", json_object_get(j, "key") ? "not one of 0-9, * and #" : "required");
		return '\0';
	}
	for (int i = 0; i < m->n_choices; i++)
		if (m->choices[i].key == *key)
			wrong(r, path, "key", "there already");
	return *key;
}

static const char *read_product(struct reader *r, const json_t *j, const char *path)
{
	const char *product = jsonx_str(j, "product");

	if (!product)
		wrong(r, path, "product", "not a string");
	else if (r->known && !r->known(r->ctx, product))
		wrong(r, path, "product", "not set up");
	return product;
}

static const char *read_language(struct reader *r, const json_t *j, const char *path)
{
	const char *language = jsonx_str(j, "language");

	if (!language || !is_language(language))
		wrong(r, path, "language", "not a language as in ISO 639");
	return language;
}

/* what the choice leads to */
static void read_goal(struct reader *r, const json_t *j, const char *path, struct choice *c, int depth)
{
	static const char *const goals[] = {"product", "menu", "language", "callback", "help"};
	int n = 0;

	for (size_t i = 0; i < sizeof(goals) / sizeof(*goals); i++)
		n += json_object_get(j, goals[i]) != NULL;
	if (n != 1)
		wrong(r, path, "", "leads to one of product, menu, language, callback and help");
	if (json_object_get(j, "product"))
		c->product = read_product(r, j, path);
	if (json_object_get(j, "menu"))
		c->menu = read_menu(r, json_object_get(j, "menu"), arena_join(r->a, path, ".menu", NULL),
				    depth + 1);
	if (json_object_get(j, "language"))
		c->language = read_language(r, j, path);
	c->callback = jsonx_bool(j, "callback");
	if (json_object_get(j, "callback") && !c->callback)
		wrong(r, path, "callback", "not true");
	if (json_object_get(j, "help") && !jsonx_bool(j, "help"))
		wrong(r, path, "help", "not true");
	else if (jsonx_bool(j, "help") && c->key && c->key != '0')
		wrong(r, path, "key", "option 0 is key 0");
	else if (n == 1 && c->key == '0' && !jsonx_bool(j, "help"))
		wrong(r, path, "key", "key 0 is option 0, and nothing else");
}

static void read_choice(struct reader *r, const json_t *j, const char *path, struct menu *m, int depth)
{
	static const char *const keys[] = {"key", "label", "product", "menu", "language", "callback", "help", NULL};
	struct choice c = {0};

	if (!json_is_object(j)) {
		wrong(r, path, "", "not an object");
		return;
	}
	only_keys(r, j, path, keys);
	c.key = read_key(r, j, path, m);
	c.label = read_texts(r, j, path, "label", MENU_LABEL_CHARACTERS);
	read_goal(r, j, path, &c, depth);
	m->choices[m->n_choices++] = c;
}

static bool has_option0(const json_t *choices)
{
	const json_t *c;
	size_t i;

	json_array_foreach(choices, i, c)
	{
		const char *key = jsonx_str(c, "key");

		if (key && !strcmp(key, "0"))
			return true;
	}
	return false;
}

static void read_choices(struct reader *r, const json_t *j, const char *path, struct menu *m, int depth)
{
	const json_t *choices = json_object_get(j, "choices"), *c;
	const char *here = arena_join(r->a, path, ".choices", NULL);
	size_t i, n = json_array_size(choices);

	if (!json_is_array(choices)) {
		wrong(r, here, "", choices ? "not a list" : "required");
		return;
	}
	if (!has_option0(choices))
		wrong(r, here, "", "without option 0: a choice with key 0 and help is needed here");
	if (n > (size_t)MENU_MAX_CHOICES + has_option0(choices)) {
		wrong(r, here, "", "too many");
		return;
	}
	json_array_foreach(choices, i, c) read_choice(r, c, arena_printf(r->a, "%s[%zu]", here, i), m, depth);
}

static const struct menu *read_menu(struct reader *r, const json_t *j, const char *path, int depth)
{
	static const char *const keys[] = {"say", "choices", NULL};
	struct menu *m = arena_new_of(r->a, struct menu);

	if (!json_is_object(j)) {
		wrong(r, path, "", "not an object");
		return m;
	}
	if (depth > MENU_MAX_DEPTH) {
		wrong(r, path, "", "too deep");
		return m;
	}
	only_keys(r, j, path, keys);
	m->say = read_texts(r, j, path, "say", MENU_SAY_CHARACTERS);
	read_choices(r, j, path, m, depth);
	return m;
}

const struct menu *menu_new(struct arena *a, const json_t *j, const char *path, menu_known *known,
			    const void *ctx, menu_report *report, void *arg)
{
	struct reader r = {.a = a, .known = known, .ctx = ctx, .report = report, .arg = arg};
	const struct menu *m = read_menu(&r, j, path, 1);

	return r.n_wrong ? NULL : m;
}

static void mapping_out(struct reader *r, const json_t *mapping, const char *path)
{
	const char *pointer = jsonx_str(mapping, "option0");

	if (json_is_object(mapping) && (!pointer || *pointer != '/'))
		wrong(r, path, "option0", "without option 0: which field of the form asks for help?");
}

void menu_ways_out(struct arena *a, const json_t *settings, const char *provider, menu_report *report,
		   void *arg)
{
	struct reader r = {.a = a, .report = report, .arg = arg};
	const json_t *bot = json_object_get(settings, "bot");
	json_t *one;
	const char *name;

	if (bot && !json_is_null(bot) && !jsonx_bool(bot, "handover"))
		wrong(&r, "settings.bot", "handover", "without option 0: the bot must hand over (true)");
	if (!provider || (strcmp(provider, "webform") != 0 && strcmp(provider, "openforms") != 0))
		return;
	mapping_out(&r, json_object_get(settings, "mapping"), "settings.mapping");
	json_object_foreach(json_object_get(settings, "forms"), name, one) mapping_out(
		&r, json_object_get(one, "mapping"), arena_printf(a, "settings.forms.%.40s.mapping", name));
}

/* ---------------------------------------------------------------- choosing */

static const struct choice *choice_of(const struct menu *m, char key)
{
	for (int i = 0; m && i < m->n_choices; i++)
		if (m->choices[i].key == key)
			return &m->choices[i];
	return NULL;
}

/* how many of the keys lead somewhere */
static size_t walk(const struct menu *m, const char *path, const struct menu **at)
{
	size_t n = 0;

	for (*at = m; n < MENU_MAX_DEPTH - 1 && path[n]; n++) {
		const struct choice *c = choice_of(*at, path[n]);

		if (!c || !c->menu)
			break;
		*at = c->menu;
	}
	return n;
}

const struct menu *menu_at(const struct menu *m, const char *path)
{
	const struct menu *at;

	walk(m, path, &at);
	return at;
}

struct menu_step menu_press(const struct menu *m, const char *path, char key)
{
	const struct menu *at;
	size_t n = walk(m, path, &at);
	const struct choice *c = choice_of(at, key);
	struct menu_step s = {.move = MENU_AGAIN};

	memcpy(s.path, path, n);
	if (key == '0') {
		s.move = MENU_HELP;
	} else if (!c && key == '*' && n) {
		s.move = MENU_BACK;
		s.path[n - 1] = '\0';
	} else if (c && c->menu) {
		s.move = MENU_DEEPER;
		s.path[n] = key;
	} else if (c && c->language) {
		s.move = MENU_LANGUAGE;
		s.language = c->language;
	} else if (c && c->callback) {
		s.move = MENU_CALLBACK;
	} else if (c) {
		s.move = MENU_PRODUCT;
		s.product = c->product;
	}
	return s;
}

struct menu_step menu_after(const struct menu *m, const char *keys)
{
	struct menu_step s = {.move = MENU_AGAIN};
	const char *language = NULL;

	for (; *keys && s.move < MENU_PRODUCT; keys++) {
		s = menu_press(m, s.path, *keys);
		if (s.language)
			language = s.language;
	}
	s.language = language;
	return s;
}

/* in that language, else in Dutch; *language: which it became */
static const char *text_in(const json_t *texts, const char **language)
{
	const char *text = *language ? jsonx_str(texts, *language) : NULL;

	if (text)
		return text;
	*language = "nl";
	return jsonx_str(texts, "nl");
}

json_t *menu_prompt(const struct menu *m, const char *language)
{
	json_t *choices = json_array();
	const char *in = language, *text = text_in(m->say, &in);
	json_t *prompt =
		json_pack("{s:[{s:s, s:s}], s:o}", "say", "language", in, "text", text, "choices", choices);

	for (int i = 0; i < m->n_choices; i++) {
		const struct choice *c = &m->choices[i];

		in = c->language ? c->language : language;
		text = text_in(c->label, &in);
		json_array_append_new(choices, json_pack("{s:s%, s:s, s:s}", "key", &c->key, (size_t)1,
							 "language", in, "text", text));
	}
	return prompt;
}

const json_t *menu_written(struct arena *a, const struct menu *m, const char *path, const char *language,
			   const char *help, const char *button)
{
	json_t *choices = json_array();
	const char *in = language;
	json_t *written = jsonx_own(a, json_pack("{s:s, s:s, s:o}", "text", text_in(m->say, &in), "button", button,
						 "choices", choices));

	for (int i = 0; i < m->n_choices; i++) {
		const struct choice *c = &m->choices[i];
		const char *key = arena_printf(a, "%c", c->key), *text;

		in = c->language ? c->language : language;
		text = text_in(c->label, &in);
		if (c->key == '0' && language && strcmp(in, language) != 0)
			text = help;
		json_array_append_new(choices, json_pack("{s:s, s:s, s:s}", "id",
							 c->key == '0' ? key : arena_join(a, path, key, NULL),
							 "key", key, "text", text));
	}
	return written;
}

const char *menu_lines(struct arena *a, const json_t *written, const char *how)
{
	const char *lines = jsonx_str(written, "text");
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(written, "choices"), i, c)
		lines = arena_join(a, lines, "\n", jsonx_str(c, "key"), " ", jsonx_str(c, "text"), NULL);
	return arena_join(a, lines, "\n", how, NULL);
}

const char *menu_move_name(enum menu_move move)
{
	static const char *const names[] = {"again", "back", "deeper", "language", "product", "callback", "help"};

	return (unsigned)move < sizeof(names) / sizeof(*names) ? names[move] : "unknown";
}
