/* test_control.c - control charts and figures: what is usual is no alarm, what changed is one, few tell
 * nothing */
#include "lib/core/control.h"
#include "lib/core/figure.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include <math.h>

enum { WEEKS = 26 };

static double unit(struct prng *p)
{
	return (double)(prng_next(p) >> 11) / 9007199254740992.0;
}

/* of n, each with chance p */
static struct compare_sums drawn(struct prng *chance, int n, double p)
{
	struct compare_sums s = {n, 0, 0};

	for (int i = 0; i < n; i++)
		s.sum += unit(chance) < p;
	s.squares = s.sum;
	return s;
}

/* how many of 4000 periods of size cases deviate, when their chance is now instead of usual; weeks differ by
 * up to spread */
static int alarms(int size, double usual, double now, double spread)
{
	struct prng chance = {11};
	int n = 0;

	for (int run = 0; run < 4000; run++) {
		struct compare_sums weeks[WEEKS], period;

		for (int w = 0; w < WEEKS; w++)
			weeks[w] = drawn(&chance, 20 + prng_below(&chance, 60),
					 usual + spread * (2 * unit(&chance) - 1));
		period = drawn(&chance, size, now + spread * (2 * unit(&chance) - 1));
		n += control_deviates(control_limits(weeks, WEEKS, size), period.sum / period.n);
	}
	return n;
}

START_TEST(chance_is_no_alarm)
{
	ck_assert_int_le(alarms(50, 0.8, 0.8, 0), 40); /* 1 in 370 would be 11 */
	ck_assert_int_le(alarms(50, 0.99, 0.99, 0), 40);
	ck_assert_int_le(alarms(8, 0.02, 0.02, 0), 40);
	ck_assert_int_le(alarms(600, 0.5, 0.5, 0), 40);
	ck_assert_int_le(alarms(50, 0.7, 0.7, 0.15), 60); /* weeks that differ by themselves */
}
END_TEST

START_TEST(a_change_is_one)
{
	ck_assert_int_ge(alarms(100, 0.8, 0.6, 0), 3500);
	ck_assert_int_ge(alarms(600, 0.5, 0.65, 0), 3900);
	ck_assert_int_ge(alarms(50, 0.02, 0.25, 0), 3800);
}
END_TEST

START_TEST(few_tell_nothing)
{
	struct compare_sums weeks[WEEKS] = {{0}};

	for (int w = 0; w < CONTROL_LEAST_WEEKS - 1; w++)
		weeks[w] = (struct compare_sums){50, 40, 40};
	for (int w = CONTROL_LEAST_WEEKS; w < WEEKS; w++)
		weeks[w] = (struct compare_sums){CONTROL_LEAST_OF_WEEK - 1, 0, 0};
	ck_assert(!control_limits(weeks, WEEKS, 50).known);
	ck_assert(!control_deviates(control_limits(weeks, WEEKS, 50), 0));
	weeks[CONTROL_LEAST_WEEKS - 1] = (struct compare_sums){50, 40, 40};
	ck_assert(control_limits(weeks, WEEKS, 50).known);
	ck_assert(!control_limits(weeks, WEEKS, 0).known);
}
END_TEST

START_TEST(always_the_same_needs_three)
{
	struct compare_sums weeks[WEEKS];

	for (int w = 0; w < WEEKS; w++)
		weeks[w] = (struct compare_sums){30, 30, 30};
	ck_assert(!control_deviates(control_limits(weeks, WEEKS, 30), 28.0 / 30));
	ck_assert(control_deviates(control_limits(weeks, WEEKS, 30), 26.0 / 30));
}
END_TEST

/* 2.66 times the mean moving range, to each side of the mean */
START_TEST(counts)
{
	const double x[] = {0, 0, 10, 14, 10, 14, 10, 14, 10, 14};
	struct control_limits l = control_counts(x, COUNT(x), 1);

	ck_assert(l.known);
	ck_assert_double_eq_tol(l.center, 12, 1e-9);
	ck_assert_double_eq_tol(l.high, 12 + 3 / 1.128 * 4, 1e-9);
	ck_assert_double_eq_tol(control_counts(x, COUNT(x), 4).high, 48 + 2 * 3 / 1.128 * 4, 1e-9);
	ck_assert(!control_counts(x, 9, 1).known);
	ck_assert(!control_counts(x, COUNT(x), 0.5).known);
}
END_TEST

START_TEST(figures_from_sums)
{
	struct figure_sums s = {0};
	struct figure_value v;

	for (int i = 0; i < n_figures; i++)
		ck_assert_double_eq(figure_read(&figures[i], &s).n, 0);
	s.of[SUM_WAITED] = 10, s.of[SUM_IN_TIME] = 8;
	v = figure_read(&figures[figure_find("serviceLevel")], &s);
	ck_assert_double_eq_tol(v.value, 0.8, 1e-9);
	ck_assert(v.bounded && v.low < 0.8 && v.high > 0.8);
	s.of[SUM_GRADED] = 4, s.of[SUM_GRADE] = 30, s.of[SUM_GRADE2] = 230;
	v = figure_read(&figures[figure_find("satisfaction")], &s);
	ck_assert_double_eq_tol(v.value, 7.5, 1e-9);
	ck_assert(!v.bounded);
	s.of[SUM_TIMED] = 10, s.waits[4] = 9, s.waits[20] = 1;
	ck_assert_double_eq_tol(figure_read(&figures[figure_find("waitMedian")], &s).value, 1, 1e-9);
	ck_assert_double_eq_tol(figure_read(&figures[figure_find("waitP90")], &s).value, 1, 1e-9);
	s.waits[20] = 2;
	ck_assert_double_eq_tol(figure_read(&figures[figure_find("waitP90")], &s).value, 31, 1e-9);
	ck_assert_int_eq(figure_find("byAgent"), -1);
}
END_TEST

START_TEST(figures_that_deviate)
{
	const struct figure *f = &figures[figure_find("firstTimeFix")], *n = &figures[figure_find("cases")];
	struct figure_sums week = {0}, now = {0};
	const struct figure_sums *weeks[FIGURE_WEEKS] = {0};

	week.of[SUM_JUDGED] = 50, week.of[SUM_FIXED] = 40, week.of[SUM_CASES] = 60;
	now.of[SUM_JUDGED] = 50, now.of[SUM_FIXED] = 20, now.of[SUM_CASES] = 61;
	ck_assert(!figure_limits(f, weeks, FIGURE_WEEKS, &now, 1).known);
	for (int i = 10; i < FIGURE_WEEKS; i++)
		weeks[i] = &week;
	ck_assert(figure_deviates(f, figure_limits(f, weeks, FIGURE_WEEKS, &now, 1), &now));
	ck_assert_double_le(figure_limits(f, weeks, FIGURE_WEEKS, &now, 1).high, 1);
	ck_assert_double_eq_tol(figure_limits(n, weeks, FIGURE_WEEKS, &now, 1).center, 60, 1e-9);
	now.of[SUM_FIXED] = 41;
	ck_assert(!figure_deviates(f, figure_limits(f, weeks, FIGURE_WEEKS, &now, 1), &now));
}
END_TEST

int main(void)
{
	const TTest *tests[] = {chance_is_no_alarm,          a_change_is_one, few_tell_nothing,
				always_the_same_needs_three, counts,          figures_from_sums,
				figures_that_deviate};

	return unit_run("control", tests, COUNT(tests));
}
