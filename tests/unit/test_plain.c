/* test_plain.c - what is told of a text that could be easier, and what is not */
#include "lib/core/plain.h"
#include "tests/unit/unit.h"

#include <string.h>

static int64_t number(const json_t *hint, const char *key)
{
	return json_integer_value(json_object_get(hint, key));
}

static const char *hard(const json_t *hint, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(json_array_get(json_object_get(hint, "hard"), i), key));

	return s != NULL ? s : "";
}

START_TEST(plain_text_has_no_hints)
{
	json_t *h = plain_hint("Beste {{voornaam}}, u krijgt antwoord. Dat duurt 2 dagen!\nBel 14.078 of kijk op www.dordrecht.nl.");

	ck_assert_int_eq(number(h, "sentences"), 3);
	ck_assert_int_eq(number(h, "wordsPerSentence"), 5);
	ck_assert_uint_eq(json_array_size(json_object_get(h, "long")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(h, "hard")), 0);
	json_decref(h);
}
END_TEST

START_TEST(hard_words_are_told_once)
{
	json_t *h = plain_hint("Indien u reeds betaalde, hoeft u INDIEN nodig niets. Indiening en welkeen zijn geen woorden hieruit.");

	ck_assert_uint_eq(json_array_size(json_object_get(h, "hard")), 2);
	ck_assert_str_eq(hard(h, 0, "word"), "indien");
	ck_assert_str_eq(hard(h, 0, "try"), "als");
	ck_assert_str_eq(hard(h, 1, "word"), "reeds");
	json_decref(h);
}
END_TEST

START_TEST(long_sentences_are_shown)
{
	char text[400] = "Kort. ";
	json_t *h;

	for (int i = 0; i < PLAIN_SENTENCE_WORDS; i++)
		strcat(text, "één ");
	h = plain_hint(text);
	ck_assert_uint_eq(json_array_size(json_object_get(h, "long")), 0);
	json_decref(h);
	strcat(text, "meer.");
	h = plain_hint(text);
	ck_assert_uint_eq(json_array_size(json_object_get(h, "long")), 1);
	ck_assert_uint_le(strlen(json_string_value(json_array_get(json_object_get(h, "long"), 0))), 80);
	json_decref(h);
}
END_TEST

START_TEST(odd_text_is_text)
{
	static const char *const odd[] = { "", "...", "{{", "{{}}", "}} {{x", "a.b.c.", "-'-'", "\n\n", ": : :", "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		json_decref(plain_hint(odd[i]));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		plain_text_has_no_hints, hard_words_are_told_once, long_sentences_are_shown, odd_text_is_text,
	};

	return unit_run("plain", tests, COUNT(tests));
}
