/* lib/core/texts: what is said without a person, in whose words, and the answers to it */
#include "tests/unit/unit.h"

#include "lib/core/help.h"
#include "lib/core/texts.h"

#include <string.h>

static const char *const languages[] = {"nl", "en", "pl", "tr", "ar", "uk"};

static bool has_no_field(int kind)
{
	return kind == TEXT_HELP_NOW || kind == TEXT_CALL_FIRST || kind == TEXT_CALL_OFFER ||
	       kind == TEXT_CALL_NOBODY || kind == TEXT_CALL_HIDDEN ||
	       (kind >= TEXT_MENU_HELP && kind != TEXT_NEXT_ANSWER && kind != TEXT_NEXT_PROMISE &&
		kind != TEXT_TERM && kind != TEXT_SURVEY_INVITE && kind != TEXT_RECEIPT &&
		kind != TEXT_RECEIPT_REFERENCE);
}

START_TEST(built_in)
{
	struct arena *a = arena_new(1 << 20);
	const char *dutch = texts_say(a, NULL, TEXT_HELP_LATER, "nl", "09:30");

	for (size_t i = 0; i < COUNT(languages); i++)
		for (int kind = 0; kind < N_TEXT_KINDS; kind++) {
			const char *s = texts_say(a, NULL, (enum text_kind)kind, languages[i], "09:30");

			ck_assert_msg(!strstr(s, "09:30") == has_no_field(kind), "%s", s);
			ck_assert_ptr_null(strstr(s, "{{"));
			if (kind == TEXT_HELP_NOW || kind == TEXT_HELP_LATER)
				ck_assert_msg(strchr(s, '1') && strchr(s, '2'), "%s", s);
			ck_assert(i == 0 ||
				  strcmp(s, texts_say(a, NULL, (enum text_kind)kind, "nl", "09:30")) != 0);
		}
	ck_assert_str_eq(texts_say(a, NULL, TEXT_HELP_LATER, "fr", "09:30"), dutch);
	ck_assert_str_eq(texts_say(a, NULL, TEXT_HELP_LATER, NULL, "09:30"), dutch);
	arena_free(a);
}
END_TEST

START_TEST(own)
{
	struct arena *a = arena_new(1 << 20);
	json_t *s = json_loads(
		"{\"texts\": {\"nl\": {\"helpLater\": \"Om {{tijd}}!\"}, \"fr\": {\"helpNow\": \"Oui\"}, "
		"\"en\": {\"helpLater\": \"Soon\"}}}",
		0, NULL);

	ck_assert_str_eq(texts_say(a, s, TEXT_HELP_LATER, "nl", "9"), "Om 9!");
	ck_assert_str_eq(texts_say(a, s, TEXT_HELP_NOW, "fr", "9"), "Oui");
	ck_assert_str_eq(texts_say(a, s, TEXT_HELP_LATER, "fr", "9"), "Om 9!"); /* not set: as in Dutch */
	ck_assert_str_ne(texts_say(a, s, TEXT_HELP_LATER, "en", "9"), "Soon");  /* wrong: as if not set */
	json_decref(s);
	arena_free(a);
}
END_TEST

static const struct {
	const char *json, *field;
} wrong[] = {
	{"{\"texts\": 1}", ""},
	{"{\"texts\": {\"nl\": []}}", "nl"},
	{"{\"texts\": {\"Dutch\": {}}}", "Dutch"},
	{"{\"texts\": {\"nl\": {\"hulp\": \"x\"}}}", "nl.hulp"},
	{"{\"texts\": {\"nl\": {\"helpNow\": \"\"}}}", "nl.helpNow"},
	{"{\"texts\": {\"nl\": {\"helpNow\": 1}}}", "nl.helpNow"},
	{"{\"texts\": {\"nl\": {\"helpNow\": \"{{tijd}}\"}}}", "nl.helpNow"},
	{"{\"texts\": {\"nl\": {\"helpNow\": \"{{naam}}\"}}}", "nl.helpNow"},
	{"{\"texts\": {\"nl\": {\"helpLater\": \"x\"}}}", "nl.helpLater"},
	{"{\"texts\": {\"nl\": {\"helpLater\": \"{{tijd\"}}}", "nl.helpLater"},
	{"{\"texts\": {\"nl\": {\"helpLater\": \"{{tijd}} {{tijd}}\"}}}", "nl.helpLater"},
};

START_TEST(what_is_wrong)
{
	struct bad_setting p;
	json_t *s;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		s = json_loads(wrong[i].json, 0, NULL);
		ck_assert_msg(texts_check(s, &p, 1) == 1, "%s", wrong[i].json);
		ck_assert_str_eq(p.field, wrong[i].field);
		ck_assert_int_eq(texts_check(s, NULL, 0), 1);
		json_decref(s);
	}
	s = json_loads("{\"texts\": {\"nl\": {\"helpLater\": \"{{tijd}}\", \"helpNow\": \"nu\"}}}", 0, NULL);
	ck_assert_int_eq(texts_check(s, &p, 1), 0);
	ck_assert_int_eq(texts_check(NULL, &p, 1), 0);
	json_decref(s);
}
END_TEST

static const struct {
	const char *text, *means;
} answers[] = {
	{"1", "callback"},
	{"2", "counter"},
	{" 1. ", "callback"},
	{"\"2\"!", "counter"},
	{"٢", "counter"},
	{"۱", "callback"},
	{"1\n\nOp 3 mei schreef de gemeente:\n> 2", "callback"},
	{"2\r\nGroet", "counter"},
	{"3", NULL},
	{"0", NULL},
	{"12", NULL},
	{"1 2", NULL},
	{"1e keer", NULL},
	{"Om 1", NULL},
	{"", NULL},
	{NULL, NULL},
};

START_TEST(preferences)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		const char *means = texts_preference(answers[i].text);

		ck_assert_str_eq(means ? means : "(none)", answers[i].means ? answers[i].means : "(none)");
	}
}
END_TEST

/* the preference, whether a coach is ready and it is open, whether a number is known; how they are helped */
static const struct {
	const char *preference;
	bool coach, open, number;
	const char *call;
	enum text_kind text;
} ways[] = {
	{NULL, true, true, true, NULL, TEXT_HELP_NOW},
	{NULL, true, false, true, "closed", TEXT_HELP_CALL},
	{NULL, false, true, true, "noCoach", TEXT_HELP_CALL},
	{"now", false, true, false, NULL, TEXT_HELP_LATER},
	{"now", true, false, false, NULL, TEXT_HELP_LATER},
	{"callback", true, true, true, "asked", TEXT_CALLBACK},
	{"callback", false, false, true, "asked", TEXT_CALLBACK},
	{"callback", true, true, false, NULL, TEXT_CALLBACK_NUMBER},
	{"counter", true, true, true, NULL, TEXT_COUNTER},
	{"counter", false, true, true, "noCoach", TEXT_COUNTER},
	{"counter", false, false, false, NULL, TEXT_COUNTER},
};

START_TEST(the_way)
{
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct help_way w = help_way(ways[i].preference, ways[i].coach, ways[i].open, ways[i].number);

		ck_assert_pstr_eq(w.call, ways[i].call);
		ck_assert_int_eq(w.text, ways[i].text);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {built_in, own, what_is_wrong, preferences, the_way};

	return unit_run("texts", tests, COUNT(tests));
}
