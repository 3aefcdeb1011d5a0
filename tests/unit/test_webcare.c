/* what is said in public: what it is about (lib/core/theme), how it sounds (lib/core/tone), and what the protocol says */
#include "lib/base/jsonx.h"
#include "lib/core/protocol.h"
#include "lib/core/theme.h"
#include "lib/core/tone.h"
#include "tests/unit/unit.h"

static struct arena *mem;

static json_t *json(const char *text)
{
	json_t *j = NULL;

	ck_assert_int_eq(jsonx_load(mem, TEXT(text), &j, NULL), 0);
	return j;
}

static struct phrase_words *words(const char *text)
{
	struct phrase_words *w = arena_new_of(mem, struct phrase_words);

	phrase_split(mem, text, w);
	return w;
}

/* ---------------------------------------------------------------- themes */

static const char *const region =
	"{\"webcare\": {\"themes\": [{\"id\": \"afval\", \"name\": \"Afval\", \"department\": \"Beheer\", \"words\": [\"afval~\", \"grijze bak\"]},"
	"{\"id\": \"weg\", \"name\": \"Wegen\", \"words\": [\"kuil\", \"bak\"]}, {\"id\": \"uit\", \"name\": \"Uit\", \"words\": [\"film\"]}],"
	"\"areas\": [{\"id\": \"x\", \"name\": \"X\", \"words\": [\"plein\"]}]}}";
static const char *const own =
	"{\"webcare\": {\"themes\": [{\"id\": \"weg\", \"name\": \"Straten\", \"words\": [\"k\u00fail\"]}, {\"id\": \"uit\", \"name\": \"Uit\", \"words\": []}]}}";

START_TEST(a_theme)
{
	static const struct {
		const char *text, *theme, *because;
	} cases[] = {
		{"De AFVALBAK is vol", "afval", "afval~"},
		{"de grijze bak", "afval", "grijze bak"},
		{"de grijze kat", NULL, NULL},
		{"een ku\u00edl", "weg", "k\u00fail"},            /* accents do not count */
		{"kuil kuil en afval", "weg", "k\u00fail"},       /* said twice is said once; even: the first */
		{"kuil, afval en de grijze bak", "afval", "afval~"},
		{"film", NULL, NULL},                             /* switched off */
		{"bak", NULL, NULL},                              /* the region's words are replaced */
		{"", NULL, NULL},
	};
	struct theme_rules *r = theme_rules_new(mem, json(region), json(own));

	ck_assert_int_eq(theme_count(r, THEME), 2);
	ck_assert_int_eq(theme_count(r, AREA), 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct theme_found f = theme_find(r, THEME, words(cases[i].text));

		ck_assert_msg(!f.is == !cases[i].theme, "%s", cases[i].text);
		if (!f.is)
			continue;
		ck_assert_str_eq(f.is->id, cases[i].theme);
		ck_assert_str_eq(f.because[0], cases[i].because);
	}
	ck_assert_str_eq(theme_known(r, THEME, "weg")->name, "Straten");
	ck_assert_ptr_null(theme_known(r, THEME, "uit"));
	ck_assert_ptr_null(theme_rules_new(mem, NULL, json("{}")));
	ck_assert_ptr_null(theme_find(NULL, AREA, words("plein")).is);
}
END_TEST

START_TEST(many_words)
{
	struct theme_rules *r = theme_rules_new(mem, NULL, json(
		"{\"webcare\": {\"themes\": [{\"id\": \"t\", \"name\": \"T\", \"words\": [\"aa\", \"bb\", \"cc\", \"dd\", \"ee\", \"ff\", \"gg\"]}]}}"));
	struct theme_found f = theme_find(r, THEME, words("gg ff ee dd cc bb aa aa"));

	ck_assert_int_eq(f.n_because, THEME_MAX_FOUND);
	ck_assert_str_eq(f.because[0], "gg");
}
END_TEST

START_TEST(what_is_wrong_with_themes)
{
	static const struct {
		const char *theme, *field;
	} cases[] = {
		{"1", "themes[0]"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [], \"x\": 1}", "themes[0]"},
		{"{\"name\": \"A\", \"words\": []}", "themes[0].id"},
		{"{\"id\": \"a\", \"name\": \"\", \"words\": []}", "themes[0].name"},
		{"{\"id\": \"a\", \"name\": \"A\"}", "themes[0].words"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [\"x\"]}", "themes[0].words"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [\"a*b\"]}", "themes[0].words"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [\"af~val\"]}", "themes[0].words"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [\" af\"]}", "themes[0].words"},
		{"{\"id\": \"a\", \"name\": \"A\", \"words\": [], \"department\": 3}", "themes[0].department"},
	};
	struct bad_setting p[THEME_MAX_PROBLEMS];

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *s = json(arena_printf(mem, "{\"webcare\": {\"themes\": [%s]}}", cases[i].theme));

		ck_assert_msg(theme_check(s, p, THEME_MAX_PROBLEMS) == 1, "%s", cases[i].theme);
		ck_assert_str_eq(p[0].field, cases[i].field);
		theme_rules_new(mem, s, s);        /* whatever it is: no harm */
	}
	ck_assert_int_eq(theme_check(json(region), p, THEME_MAX_PROBLEMS), 0);
	ck_assert_int_eq(theme_check(json("{\"webcare\": {\"areas\": 3}}"), p, THEME_MAX_PROBLEMS), 1);
	ck_assert_int_eq(theme_check(json("{}"), p, 0), 0);
}
END_TEST

/* ---------------------------------------------------------------- tone */

START_TEST(how_it_sounds)
{
	static const struct {
		const char *text;
		enum tone_value value;
		int n;
	} cases[] = {
		{"Wat een mooi plein, complimenten!", TONE_POSITIVE, 2},
		{"Schandalig, het stinkt hier", TONE_NEGATIVE, 2},
		{"Hoe laat is het stadhuis open?", TONE_NEUTRAL, 0},
		{"Ik ben niet blij", TONE_NEGATIVE, 1},
		{"Dit is echt niet goed geregeld", TONE_NEGATIVE, 1},
		{"Geen klachten", TONE_NEUTRAL, 0},
		{"Niet slecht, best mooi", TONE_POSITIVE, 1},
		{"niet een twee drie mooi", TONE_POSITIVE, 1},    /* too far away */
		{"mooi maar kapot", TONE_NEUTRAL, 2},
		{"", TONE_NEUTRAL, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tone t = tone_of(words(cases[i].text));

		ck_assert_msg(t.value == cases[i].value, "%s: %s", cases[i].text, tone_name(t.value));
		ck_assert_int_eq(t.n_because, cases[i].n);
	}
}
END_TEST

/* ---------------------------------------------------------------- protocol */

static const char *const steps =
	"[{\"id\": \"a\", \"question\": \"A?\", \"answers\": [{\"id\": \"ja\", \"text\": \"Ja\", \"next\": \"c\"}, {\"id\": \"nee\", \"text\": \"Nee\", "
	"\"next\": \"b\"}]}, {\"id\": \"b\", \"question\": \"B?\", \"answers\": [{\"id\": \"ja\", \"text\": \"Ja\", \"next\": \"c\"}]}, {\"id\": \"c\", "
	"\"question\": \"C?\", \"answers\": [{\"id\": \"ja\", \"text\": \"Ja\", \"advice\": {\"action\": \"answer\"}}]}]";
static const char *const advices[] = {"answer", "spam", NULL};

static const char *shown(const json_t *at, const json_t *path)
{
	json_t *s = jsonx_own(mem, protocol_shown(at, path));

	return jsonx_obj(s, "advice") ? jsonx_str(jsonx_obj(s, "advice"), "action") : jsonx_str(jsonx_obj(s, "next"), "id");
}

START_TEST(one_way_through)
{
	json_t *at = json(steps), *path = json("[]");

	ck_assert_str_eq(shown(at, path), "a");
	ck_assert_ptr_null(protocol_take(at, path, "b", "ja"));         /* not yet */
	ck_assert_ptr_null(protocol_take(at, path, "a", "misschien"));
	ck_assert_ptr_null(protocol_take(NULL, path, "a", "ja"));
	path = jsonx_own(mem, protocol_take(at, path, "a", "nee"));
	ck_assert_str_eq(shown(at, path), "b");
	path = jsonx_own(mem, protocol_take(at, path, "b", "ja"));
	path = jsonx_own(mem, protocol_take(at, path, "c", "ja"));
	ck_assert_str_eq(shown(at, path), "answer");
	ck_assert_uint_eq(json_array_size(path), 3);
	path = jsonx_own(mem, protocol_take(at, path, "a", "ja"));      /* anew: another way */
	ck_assert_uint_eq(json_array_size(path), 1);
	ck_assert_str_eq(shown(at, path), "c");
	ck_assert_ptr_null(protocol_take(at, path, "b", "ja"));         /* not on this way */
	/* what was changed in the settings meanwhile ends it where it still holds */
	ck_assert_str_eq(shown(json("[{\"id\": \"a\", \"question\": \"A?\", \"answers\": []}]"), path), "a");
	ck_assert_ptr_null(shown(NULL, path));
}
END_TEST

START_TEST(what_is_wrong_with_a_protocol)
{
	static const struct {
		const char *from, *to, *field;
	} cases[] = {
		{"\"next\": \"c\"}, {\"id\": \"nee\"", "\"next\": \"a\"}, {\"id\": \"nee\"", "protocol[0].answers"}, /* a circle */
		{"\"id\": \"nee\"", "\"id\": \"ja\"", "protocol[0].answers"},
		{"\"action\": \"answer\"", "\"action\": \"dance\"", "protocol[2].answers"},
		{"\"advice\": {\"action\": \"answer\"}", "\"x\": 1", "protocol[2].answers"},
		{"\"question\": \"B?\"", "\"question\": 1", "protocol[1].question"},
	};
	struct bad_setting p[PROTOCOL_MAX_PROBLEMS];
	const char *from;

	ck_assert_int_eq(protocol_check(json(arena_printf(mem, "{\"webcare\": {\"protocol\": %s}}", steps)), advices, p, 1), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *at = strstr(steps, cases[i].from);
		json_t *s = json(arena_printf(mem, "{\"webcare\": {\"protocol\": %.*s%s%s}}", (int)(at - steps), steps, cases[i].to,
		                              at + strlen(cases[i].from)));

		ck_assert_msg(protocol_check(s, advices, p, PROTOCOL_MAX_PROBLEMS) > 0, "%zu", i);
		ck_assert_str_eq(p[0].field, cases[i].field);
	}
	ck_assert_int_eq(protocol_check(json("{\"webcare\": {\"protocol\": [{\"id\": \"a\", \"question\": \"A\", \"answers\": [{\"id\": \"j\", "
	                                     "\"text\": \"J\", \"next\": \"a\"}]}, {\"id\": \"a\", \"question\": \"A\", \"answers\": []}]}}"),
	                                advices, p, PROTOCOL_MAX_PROBLEMS), 2);
	ck_assert_str_eq(p[0].field, "protocol[0].id");
	ck_assert_str_eq(p[1].field, "protocol[1].answers");
	ck_assert_int_eq(protocol_check(json("{\"webcare\": {\"protocol\": 1}}"), advices, p, 1), 1);
	ck_assert_ptr_null(protocol_of(json("{}"), NULL, &from));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_theme,       many_words,      what_is_wrong_with_themes,
	                              how_it_sounds, one_way_through, what_is_wrong_with_a_protocol};
	int failed;

	mem = arena_new(16 << 20);
	failed = unit_run("webcare", tests, COUNT(tests));
	mem = arena_free(mem);
	return failed;
}
