/* lib/core: budgets, and what an inbox calls spam */
#include "tests/unit/unit.h"

#include "lib/base/jsonx.h"
#include "lib/core/budget.h"
#include "lib/core/spam.h"

#define SECOND INT64_C(1000000)

START_TEST(what_fits_at_once_and_then_one_by_one)
{
	struct budget_rule r = budget_rule(30, 60 * SECOND, 60 * SECOND, 120 * SECOND);
	int64_t now = 1000 * SECOND;
	struct budget b = { 0 };

	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(budget_wait(&b, r, now), 0);
		budget_take(&b, r, 1, now);
	}
	ck_assert_int_eq(budget_wait(&b, r, now), 2 * SECOND);
	ck_assert_int_eq(budget_wait(&b, r, now + 2 * SECOND - 1), 1);
	ck_assert_int_eq(budget_wait(&b, r, now + 2 * SECOND), 0);
}
END_TEST

START_TEST(who_goes_on_stays_over_it)
{
	struct budget_rule r = budget_rule(30, 60 * SECOND, 60 * SECOND, 120 * SECOND);
	int64_t now = 1000 * SECOND, over = 0;
	struct budget b = { 0 };

	for (int i = 0; i < 2000; i++, now += 300000) {     /* 200 a minute for ten minutes */
		over += budget_wait(&b, r, now) > 0;
		budget_take(&b, r, 1, now);
	}
	ck_assert_int_eq(over, 2000 - 35);                  /* 30, and what was earned while those came */
	ck_assert_int_gt(budget_wait(&b, r, now + 60 * SECOND), 0);
	ck_assert_int_eq(budget_wait(&b, r, now + 62 * SECOND), 0);    /* no debt is larger than most_us */
}
END_TEST

START_TEST(a_large_one_passes_and_is_paid_for)
{
	struct budget_rule r = budget_rule(1, SECOND, 10 * SECOND, 60 * SECOND);
	struct budget b = { 0 };

	ck_assert_int_eq(budget_wait(&b, r, 0), 0);
	budget_take(&b, r, 1000, 0);
	ck_assert_int_eq(budget_wait(&b, r, 0), 51 * SECOND);
	r = budget_rule(1, 60 * SECOND, 10 * SECOND, 60 * SECOND);     /* less than one at once would be never */
	b = (struct budget){ 0 };
	ck_assert_int_eq(budget_wait(&b, r, 0), 0);
}
END_TEST

static bool spam(const char *settings, const char *text, const char *fields)
{
	struct arena *a = arena_new(1 << 20);
	json_t *s = json_loads(settings, 0, NULL), *f = fields ? json_loads(fields, 0, NULL) : NULL;
	struct contact c = { .text = text, .fields = f };
	const struct spam_rules *r = spam_rules_new(a, s);
	struct phrase_words words;
	bool found;

	phrase_split(a, text, &words);
	found = r && spam_finds(a, r, &c, &words);
	json_decref(s);
	json_decref(f);
	arena_free(a);
	return found;
}

START_TEST(words)
{
	const char *rules = "{\"words\": [\"Casino\", \"goedkope lening\", \"crypto-winst\"]}";

	ck_assert(spam(rules, "Speel nu in ons CASINO!", NULL));
	ck_assert(spam(rules, "een Goedkope, lening", NULL));
	ck_assert(spam(rules, "crypto winst", NULL));
	ck_assert(spam(rules, NULL, "{\"onderwerp\": \"casino\"}"));
	ck_assert(spam(rules, "niets", "{\"a\": [{\"b\": \"Casino\"}]}"));
	ck_assert(!spam(rules, "Waar is de casinoweg?", NULL));
	ck_assert(!spam(rules, "goedkope energie, geen lening", NULL));
	ck_assert(!spam(rules, NULL, NULL));
}
END_TEST

START_TEST(links)
{
	const char *rules = "{\"max_links\": 2}";

	ck_assert(!spam(rules, "https://www.a.nl http://b.nl", NULL));
	ck_assert(spam(rules, "https://www.a.nl HTTP://b.nl www.c.nl", NULL));
	ck_assert(!spam(rules, "https://", "{\"a\": \"http://www.\"}"));
	ck_assert(spam("{\"max_links\": 0}", "www.x.nl", NULL));
}
END_TEST

START_TEST(what_is_no_rule_is_none)
{
	ck_assert(!spam("{}", "casino https://a.nl", NULL));
	ck_assert(!spam("{\"words\": [5, \"\", \"!!\"], \"max_links\": -1}", "casino !! https://a.nl 5", NULL));
	ck_assert(!spam("{\"words\": \"casino\", \"max_links\": \"0\"}", "casino https://a.nl", NULL));
	ck_assert(!spam("[]", "casino", NULL));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_fits_at_once_and_then_one_by_one, who_goes_on_stays_over_it,
		a_large_one_passes_and_is_paid_for, words, links, what_is_no_rule_is_none };

	return unit_run("flood", tests, COUNT(tests));
}
