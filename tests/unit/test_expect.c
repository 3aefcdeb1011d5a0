/* test_expect.c - expected waits: silent without data, never negative, ordered, and limits that hold as often
 * as said */
#include "lib/core/expect.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include <math.h>

static void works(struct expect *e, int n, double seconds)
{
	for (int i = 0; i < n; i++)
		expect_worked(e, seconds);
}

START_TEST(says_nothing_without_data)
{
	struct expect e = {0};

	ck_assert_int_eq(expect_wait(&e, 3, 5).basis, EXPECT_UNKNOWN);
	works(&e, EXPECT_KNOWN - 1, 300);
	ck_assert_int_eq(expect_wait(&e, 3, 5).basis, EXPECT_UNKNOWN);
	works(&e, 2, 300);
	ck_assert_int_eq(expect_wait(&e, 3, 5).basis, EXPECT_QUEUE);
	ck_assert_int_eq(expect_wait(&e, 3, 0).basis, EXPECT_NOBODY);
	ck_assert_int_eq(expect_wait(&e, 3, 0).within_s, 0);
	ck_assert_str_eq(expect_basis_name(EXPECT_QUEUE), "queue");
}
END_TEST

/* before waits were seen: exponential around (k + 1) h / n */
START_TEST(at_first_by_queue_and_agents_alone)
{
	struct expect e = {0};
	struct expected x;

	works(&e, 100, 300);
	x = expect_wait(&e, 3, 10);
	ck_assert_double_eq_tol(x.each_s, 300, 1e-6);
	ck_assert_double_eq_tol(x.plain_s, 4 * 300 / 10.0, 1e-6);
	ck_assert_double_eq_tol(x.likely_s, 120 * log(2), 3);
	ck_assert_int_eq(x.within_s, 240); /* 120 × 1.897 = 228 */
	x = expect_wait(&e, 400, 1);
	ck_assert_int_eq(x.within_s, 0); /* a day and more is not promised */
	ck_assert_double_gt(x.likely_s, EXPECT_LONGEST_S);
}
END_TEST

/* people ahead who give up make it shorter */
START_TEST(who_gives_up_makes_room)
{
	struct expect stay = {0}, leave = {0};

	works(&stay, 100, 300);
	works(&leave, 100, 300);
	for (int i = 0; i < 200; i++) {
		expect_left(&stay, NULL, 60, true);
		expect_left(&leave, NULL, 60, i % 2);
	}
	ck_assert_double_lt(expect_wait(&leave, 9, 5).plain_s, 0.6 * expect_wait(&stay, 9, 5).plain_s);
}
END_TEST

static struct expect anything(uint64_t seed)
{
	struct prng p = {seed};
	struct expect e = {0};

	works(&e, 30, 30 + (double)prng_below(&p, 600));
	for (int i = 0; i < 600; i++) {
		struct expected x = expect_wait(&e, (double)prng_below(&p, 20), 1 + (int)prng_below(&p, 30));

		expect_left(&e, prng_below(&p, 10) ? &x : NULL, (double)prng_below(&p, 900),
			    prng_below(&p, 3) > 0);
		expect_worked(&e, (double)prng_below(&p, 900));
	}
	return e;
}

static double limit(struct expected x)
{
	return x.within_s ? x.within_s : INFINITY;
}

static void check_ordered(const struct expect *e)
{
	for (double ahead = 0; ahead < 40; ahead += 0.5)
		for (int agents = 1; agents < 30; agents++) {
			struct expected x = expect_wait(e, ahead, agents),
					more = expect_wait(e, ahead + 0.5, agents),
					helped = expect_wait(e, ahead, agents + 1);

			ck_assert(x.plain_s > 0 && x.likely_s > 0 && isfinite(x.likely_s) && x.within_s >= 0);
			ck_assert(limit(x) >= fmin(x.likely_s, EXPECT_LONGEST_S));
			ck_assert(more.likely_s >= x.likely_s && limit(more) >= limit(x));
			ck_assert(helped.likely_s <= x.likely_s && limit(helped) <= limit(x));
		}
}

START_TEST(ordered_whatever_was_seen)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct expect e = anything(seed);

		check_ordered(&e);
	}
}
END_TEST

START_TEST(odd_numbers_teach_nothing)
{
	struct expect e = anything(1), before = e;
	struct expected x = expect_wait(&e, 2, 3);

	expect_worked(&e, -1);
	expect_worked(&e, NAN);
	expect_left(&e, &x, -1, true);
	expect_left(&e, &x, INFINITY, false);
	ck_assert_mem_eq(&e, &before, sizeof(e));
	expect_left(&e, &x, 1e12, true); /* off the scale is at its end */
	expect_left(&e, &x, 0, true);
	ck_assert(isfinite(expect_wait(&e, 2, 3).likely_s));
}
END_TEST

/* waits three times the plain ones, of chance; some give up before: limits are for all, so these must not
 * make them shorter. likely_s is where half are past it */
START_TEST(learns_what_waits_become)
{
	struct prng p = {7};
	struct expect e = {0};
	long n = 0, past_half = 0, past_limit = 0;
	double limits = 0;

	works(&e, 600, 300);
	for (int i = 0; i < 12000; i++) {
		struct expected x = expect_wait(&e, (double)prng_below(&p, 12), 20);
		double mean = 3 * (x.ahead + 1) * 15;
		double wait = -mean * log(((double)prng_below(&p, 1000000) + 1) / 1000001);
		double patience = -600 * log(((double)prng_below(&p, 1000000) + 1) / 1000001);

		if (i > 3000) {
			n++;
			past_half += wait > x.likely_s;
			past_limit += wait > x.within_s;
			limits += x.within_s / mean;
		}
		expect_left(&e, &x, fmin(wait, patience), wait < patience);
	}
	ck_assert_double_eq_tol((double)past_half / (double)n, 0.5, 0.05);
	ck_assert_double_le((double)past_limit / (double)n, 0.15);
	ck_assert_double_lt(limits / (double)n, 4); /* 1.9, rounded up */
}
END_TEST

int main(void)
{
	const TTest *tests[] = {says_nothing_without_data, at_first_by_queue_and_agents_alone,
				who_gives_up_makes_room,   ordered_whatever_was_seen,
				odd_numbers_teach_nothing, learns_what_waits_become};

	return unit_run("expect", tests, COUNT(tests));
}
