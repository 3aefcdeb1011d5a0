/* test_waitlist.c - the index gives what a plain search through everything would give */
#include "lib/core/waitlist.h"
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"


enum { N_MODEL = 600, N_AGENTS = 12 };

static struct route_case model[N_MODEL];
static bool waits[N_MODEL];
static struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];

static const struct route_case *plain_search(const struct route_agent *a)
{
	const struct route_case *best = NULL;

	for (int i = 0; i < N_MODEL; i++)
		if (waits[i] && route_eligible(&model[i], a, policies, 0) == WHY_OK &&
		    (!best || route_case_order(&model[i], best) < 0))
			best = &model[i];
	return best;
}

/* the most urgent of the heads that a may take, or NULL; a class whose head a declined speaks with the next
 */
static const struct route_case *by_index(const struct waitlist *w, const struct route_agent *a)
{
	static struct route_case space[2];
	const struct route_case *best = NULL;
	int used = 0;

	for (int i = 0; i < waitlist_classes(w); i++) {
		const struct waitlist_class *k = waitlist_class(w, i);
		struct route_case c = k->head;
		bool more = k->n > 0;

		while (more && route_eligible(&c, a, policies, 0) == WHY_DECLINED)
			more = waitlist_after(k, &c, &c);
		if (!more || route_eligible(&c, a, policies, 0) != WHY_OK ||
		    (best && route_case_order(&c, best) > 0))
			continue;
		space[used] = c;
		best = &space[used];
		used = 1 - used;
	}
	for (struct waitlist_class *k = NULL; (k = waitlist_wished(w, a->id, k));)
		if (route_eligible(&k->head, a, policies, 0) == WHY_OK &&
		    (!best || route_case_order(&k->head, best) < 0))
			best = &k->head;
	return best;
}

static void compare(const struct waitlist *w, struct prng *p)
{
	struct route_agent a = any_agent(p, (unsigned)prng_below(p, N_AGENTS) + 1);
	const struct route_case *expected = plain_search(&a), *got = by_index(w, &a);

	ck_assert_int_eq(expected == NULL, got == NULL);
	if (expected)
		ck_assert_int_eq(route_case_order(expected, got), 0);
}

static int n_live(void)
{
	int n = 0;

	for (int i = 0; i < N_MODEL; i++)
		n += waits[i] && model[i].kind != KIND_ASYNC;
	return n;
}

START_TEST(as_a_plain_search)
{
	struct prng p = { 7 };
	struct waitlist *w = waitlist_new();
	int n = 0;

	for (int round = 0; round < 4000; round++) {
		int i = prng_below(&p, N_MODEL);
		struct case_id id = { numbered((unsigned)i + 1) };

		if (prng_below(&p, 5) < 3) {
			model[i] = any_case(&p, (unsigned)i + 1, N_AGENTS);
			model[i].kind = model[i].channel == 2 ? KIND_ASYNC : KIND_PHONE;
			waitlist_put(w, &model[i]);
			n += !waits[i];
			waits[i] = true;
		} else {
			ck_assert_int_eq(waitlist_remove(w, id), waits[i]);
			n -= waits[i];
			waits[i] = false;
		}
		ck_assert_int_eq(waitlist_count(w), n);
		ck_assert_int_eq(waitlist_live(w), n_live());
		ck_assert_int_eq(waitlist_get(w, id, NULL), waits[i]);
		if (round % 7 == 0)
			compare(w, &p);
	}
	waitlist_free(w);
}
END_TEST

START_TEST(oldest_first_through_to_the_end)
{
	struct prng p = { 3 };
	struct waitlist *w = waitlist_new();
	struct route_agent a = able(1);
	const struct route_case *head;
	int64_t last_due = -1;
	int n = 0;

	for (unsigned i = 1; i <= 5000; i++) {
		struct route_case c = question(i, prng_below(&p, 1000));

		c.product = (uint16_t)prng_below(&p, 4);
		waitlist_put(w, &c);
	}
	while ((head = by_index(w, &a))) {
		ck_assert_int_ge(head->due_us, last_due);
		last_due = head->due_us;
		ck_assert(waitlist_remove(w, head->id));
		n++;
	}
	ck_assert_int_eq(n, 5000);
	ck_assert_int_eq(waitlist_count(w), 0);
	waitlist_free(w);
}
END_TEST

START_TEST(late_wishes)
{
	struct waitlist *w = waitlist_new();
	struct route_case c = question(1, 100);
	struct case_id out[8];

	waitlist_put(w, &c);
	c = question(2, 100), c.wanted.u = numbered(9);
	waitlist_put(w, &c);
	c = question(3, 300), c.wanted.u = numbered(9);
	waitlist_put(w, &c);
	c = question(4, 100), c.team = 2;
	waitlist_put(w, &c);
	ck_assert_int_eq(waitlist_late_wishes(w, 100, out, 8), 0);
	ck_assert_int_eq(waitlist_late_wishes(w, 200, out, 8), 2);
	ck_assert_int_eq(waitlist_late_wishes(w, 400, out, 8), 3);
	ck_assert_int_eq(waitlist_late_wishes(w, 400, out, 1), 1);
	waitlist_free(w);
}
END_TEST

START_TEST(a_hundred_thousand)
{
	struct prng p = { 11 };
	struct waitlist *w = waitlist_new();
	struct route_agent a = able(1);

	for (unsigned i = 1; i <= 100000; i++) {
		struct route_case c = any_case(&p, i, N_AGENTS);

		c.due_us = (int64_t)i;   /* as they come: sorted, the worst for a naive tree */
		waitlist_put(w, &c);
	}
	for (int i = 0; i < 500; i++) {
		const struct route_case *head = by_index(w, &a);

		ck_assert(waitlist_remove(w, head->id));
	}
	ck_assert_int_eq(waitlist_count(w), 99500);
	waitlist_free(w);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		as_a_plain_search, oldest_first_through_to_the_end, late_wishes, a_hundred_thousand,
	};

	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++)
		policies[i] = policy_defaults();
	return unit_run("waitlist", tests, COUNT(tests));
}
