/* two small tables: text to pointer, and budgets by name */
#include "daemon/rate.h"
#include "lib/base/map.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>

enum { MANY = 5000 };

#define MINUTE_US INT64_C(60000000)

START_TEST(map_keeps_them_apart)
{
	struct arena *a = arena_new(1 << 22);
	struct map *m = map_new(a, MANY);
	int values[MANY];

	for (int i = 0; i < MANY; i++) {
		const char *key = arena_printf(a, "key %d", i);

		ck_assert_ptr_null(map_get(m, key));
		map_put(m, key, &values[i]);
	}
	for (int i = 0; i < MANY; i++)
		ck_assert_ptr_eq(map_get(m, arena_printf(a, "key %d", i)), &values[i]);
	ck_assert_ptr_null(map_get(m, "another"));
	arena_free(a);
}
END_TEST

START_TEST(map_replaces)
{
	struct arena *a = arena_new(1 << 16);
	struct map *m = map_new(a, 1);
	int one, two;

	ck_assert_ptr_null(map_get(m, ""));
	map_put(m, "", &one);
	map_put(m, "", &two);   /* no second key: there is room for one */
	ck_assert_ptr_eq(map_get(m, ""), &two);
	arena_free(a);
}
END_TEST

START_TEST(map_of_nothing)
{
	struct arena *a = arena_new(1 << 16);

	ck_assert_ptr_null(map_get(map_new(a, 0), "x"));
	arena_free(a);
}
END_TEST

/* three a minute */
static bool allow(struct rate *r, const char *name, int64_t now_us)
{
	const struct budget_rule rule = budget_rule(3, MINUTE_US, MINUTE_US, MINUTE_US);
	struct budget *b = rate_of(r, name);

	if (budget_wait(b, rule, now_us))
		return false;
	budget_take(b, rule, 1, now_us);
	return true;
}

START_TEST(rate_is_by_name)
{
	static struct rate r;

	for (int i = 0; i < 3; i++)
		ck_assert(allow(&r, "a", MINUTE_US));
	ck_assert(!allow(&r, "a", MINUTE_US));
	ck_assert(allow(&r, "b", MINUTE_US));
	ck_assert(!allow(&r, "a", MINUTE_US + MINUTE_US / 3 - 1));
	ck_assert(allow(&r, "a", MINUTE_US + MINUTE_US / 3));
	ck_assert(!allow(&r, "a", MINUTE_US + MINUTE_US / 3));
}
END_TEST

/* a flood of names, each once, does not make room for who already had too much */
START_TEST(rate_remembers_in_a_flood)
{
	static struct rate r;
	char name[32];

	for (int i = 0; i < 3; i++)
		allow(&r, "loud", 1);
	for (int i = 0; i < 100 * RATE_PLACES; i++) {
		snprintf(name, sizeof name, "name %d", i);
		ck_assert(allow(&r, name, 2));
	}
	ck_assert(!allow(&r, "loud", 3));
}
END_TEST

int main(void)
{
	const TTest *tests[] = { map_keeps_them_apart, map_replaces, map_of_nothing, rate_is_by_name,
		                 rate_remembers_in_a_flood };

	return unit_run("tables", tests, COUNT(tests));
}
