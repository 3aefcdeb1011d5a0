/* lib/core/article: fields of standard answers, found, refused and filled */
#include "tests/unit/unit.h"

#include "lib/core/article.h"

static const struct article_case sanne = { .name = "Sanne de Vries", .product = "Rijbewijs", .reference = "DOR-7K3Q-X2MP",
	.municipality = "Dordrecht", .agent = "Anna", .channel = "webform", .year = 2026, .month = 11, .day = 2 };

#define NONE (1U << FIELD_NAAM | 1U << FIELD_VOORNAAM | 1U << FIELD_MEDEWERKER)

static const struct { const char *in, *out; } filled[] = {
	{ "", "" }, { "Goedemiddag", "Goedemiddag" }, { "{{naam}}", "Sanne de Vries" }, { "Beste {{ Voornaam }},", "Beste Sanne," },
	{ "{{KENMERK}}/{{onderwerp}}{{gemeente}}", "DOR-7K3Q-X2MP/RijbewijsDordrecht" },
	{ "Op {{datum}} via {{kanaal}}. Groet, {{medewerker}}", "Op 2 november 2026 via het formulier op de website. Groet, Anna" },
	{ "{{{naam}}}", "{Sanne de Vries}" }, { "{{1}} {{naam} {{onbekend}}", "{{1}} {{naam} {{onbekend}}" }, { "{naam}", "{naam}" },
	{ "{{naam", "{{naam" }, { "{{\nnaam}}", "{{\nnaam}}" }, { "{{}}", "{{}}" }, { "{{na{{naam}}", "{{naSanne de Vries" },
};

START_TEST(filling)
{
	struct arena *a = arena_new(1 << 20);
	struct article_values v = article_values_of(a, &sanne, "nl");

	for (size_t i = 0; i < COUNT(filled); i++) {
		unsigned missing = 0;

		ck_assert_str_eq(article_fill(a, filled[i].in, &v, &missing), filled[i].out);
		ck_assert_uint_eq(missing, 0);
	}
	arena_free(a);
}
END_TEST

START_TEST(what_is_not_known)
{
	struct arena *a = arena_new(1 << 20);
	struct article_case nobody = sanne;
	struct article_values v;
	unsigned missing = 0;

	nobody.name = " \n";
	nobody.agent = NULL;
	v = article_values_of(a, &nobody, "nl");
	ck_assert_str_eq(article_fill(a, "{{voornaam}} {{kenmerk}} {{naam}}, {{medewerker}}", &v, &missing),
	                 "{{voornaam}} DOR-7K3Q-X2MP {{naam}}, {{medewerker}}");
	ck_assert_uint_eq(missing, NONE);
	arena_free(a);
}
END_TEST

static const struct { const char *name, *whole, *first; } called[] = {
	{ "Sanne", "Sanne", "Sanne" }, { "  Sanne \n de  Vries ", "Sanne   de  Vries", "Sanne" }, { "J. de Vries", "J. de Vries", NULL },
	{ "J de Vries", "J de Vries", NULL }, { "Mevr. Bakker", "Mevr. Bakker", NULL }, { "Bakker, Jan", "Bakker, Jan", NULL },
	{ "Ay\xc5\x9f" "e K.", "Ay\xc5\x9f" "e K.", "Ay\xc5\x9f" "e" }, { "\xc3\x89", "\xc3\x89", NULL }, { "sanne99", "sanne99", NULL },
	{ "a@b.nl", "a@b.nl", NULL }, { "Li", "Li", "Li" }, { "{{kenmerk}}", "((kenmerk))", "((kenmerk))" }, { "", NULL, NULL },
};

static const char *or_none(const char *s)
{
	return s != NULL ? s : "(none)";
}

START_TEST(names)
{
	struct arena *a = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(called); i++) {
		struct article_case c = { .name = called[i].name };
		struct article_values v = article_values_of(a, &c, "nl");

		ck_assert_str_eq(or_none(v.of[FIELD_NAAM]), or_none(called[i].whole));
		ck_assert_str_eq(or_none(v.of[FIELD_VOORNAAM]), or_none(called[i].first));
		ck_assert_ptr_null(v.of[FIELD_DATUM]);
		ck_assert_ptr_null(v.of[FIELD_KANAAL]);
	}
	arena_free(a);
}
END_TEST

START_TEST(other_languages)
{
	struct arena *a = arena_new(1 << 20);
	struct article_case c = sanne;
	struct article_values v;

	c.channel = "whatsapp";
	v = article_values_of(a, &c, "en");
	ck_assert_str_eq(v.of[FIELD_DATUM], "2026-11-02");
	ck_assert_str_eq(v.of[FIELD_KANAAL], "WhatsApp");
	c.channel = "een-eigen-kanaal";
	ck_assert_str_eq(article_values_of(a, &c, "nl").of[FIELD_KANAAL], "een-eigen-kanaal");
	arena_free(a);
}
END_TEST

START_TEST(what_is_wrong)
{
	struct arena *a = arena_new(1 << 20);
	char many[ARTICLE_MAX_PLACES * 8 + 9] = "";

	ck_assert_ptr_null(article_wrong(a, "Beste {{voornaam}}, {een} }} of {{ datum }}"));
	ck_assert_str_eq(article_wrong(a, "{{naan}} {{naam}} {{bsn}} {{"), "no field of ours: {{naan}}, {{bsn}}, {{ without }}");
	for (int i = 0; i < ARTICLE_MAX_PLACES; i++)
		memcpy(many + (size_t)i * 8, "{{naam}}", 9);
	ck_assert_ptr_null(article_wrong(a, many));
	memcpy(many + (size_t)ARTICLE_MAX_PLACES * 8, "{{naam}}", 9);
	ck_assert_str_eq(article_wrong(a, many), "more than 50 fields");
	arena_free(a);
}
END_TEST

START_TEST(a_long_value_is_cut)
{
	struct arena *a = arena_new(1 << 20);
	char name[1000];
	struct article_case c = { .name = name };

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_uint_eq(strlen(article_values_of(a, &c, "nl").of[FIELD_NAAM]), ARTICLE_VALUE_BYTES);
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		filling, what_is_not_known, names, other_languages, what_is_wrong, a_long_value_is_cut,
	};

	return unit_run("article", tests, COUNT(tests));
}
