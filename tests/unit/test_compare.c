/* test_compare.c - intervals, against what is published and against what is sure without a formula */
#include "lib/core/compare.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include <math.h>

static void is_about(struct compare_interval i, double value, double low, double high)
{
	ck_assert(i.known);
	ck_assert_double_eq_tol(i.value, value, 5e-5);
	ck_assert_double_eq_tol(i.low, low, 5e-5);
	ck_assert_double_eq_tol(i.high, high, 5e-5);
}

/* Newcombe 1998, table II: the eight examples, method 10 */
START_TEST(as_published)
{
	static const struct {
		struct compare_share a, b;
		double low, high;
	} examples[] = {
		{{56, 70}, {48, 80}, 0.0524, 0.3339}, {{9, 10}, {3, 10}, 0.1705, 0.8090},
		{{6, 7}, {2, 7}, 0.0582, 0.8062},     {{5, 56}, {0, 29}, -0.0381, 0.1926},
		{{0, 10}, {0, 20}, -0.1611, 0.2775},  {{0, 10}, {0, 10}, -0.2775, 0.2775},
		{{10, 10}, {0, 20}, 0.6791, 1.0000},  {{10, 10}, {0, 10}, 0.6075, 1.0000},
	};

	for (size_t i = 0; i < COUNT(examples); i++)
		is_about(compare_shares(examples[i].a, examples[i].b),
			 examples[i].a.k / examples[i].a.n - examples[i].b.k / examples[i].b.n,
			 examples[i].low, examples[i].high);
}
END_TEST

START_TEST(nothing_and_few)
{
	struct compare_share none = {0, 0}, some = {3, 10};
	struct compare_sums few = {29, 290, 4000}, enough = {30, 300, 3290};

	ck_assert(!compare_share(none).known && !compare_shares(none, some).known &&
		  !compare_shares(some, none).known);
	ck_assert(!compare_mean(few).known && !compare_means(few, enough).known &&
		  !compare_means(enough, few).known);
	/* variance 10, of the mean 1/3 */
	is_about(compare_mean(enough), 10, 10 - 1.959964 * sqrt(1.0 / 3), 10 + 1.959964 * sqrt(1.0 / 3));
	is_about(compare_means(enough, enough), 0, -1.959964 * sqrt(2.0 / 3), 1.959964 * sqrt(2.0 / 3));
	for (int n = 1; n < 100; n++) {
		/* nobody, and everybody: no rounding is left, nor shown as 2.8e-17 */
		ck_assert(compare_share((struct compare_share){0, n}).low == 0);
		ck_assert(compare_share((struct compare_share){n, n}).high == 1);
	}
	is_about(compare_mean((struct compare_sums){100, 50, 24.9999999}), 0.5, 0.5,
		 0.5); /* rounded below 0 */
}
END_TEST

static double unit(struct prng *p)
{
	return (double)(prng_next(p) >> 11) / 9007199254740992.0;
}

/* how often the interval holds the truth: of 4000, 95 % would be 3800; Newcombe's is a bit wide */
START_TEST(holds_as_often_as_it_says)
{
	struct prng chance = {7};
	int shares = 0, means = 0;

	for (int run = 0; run < 4000; run++) {
		struct compare_share a = {0, 900}, b = {0, 100};
		struct compare_sums x = {0}, y = {0};
		struct compare_interval i;

		for (int k = 0; k < 900; k++)
			a.k += unit(&chance) < 0.85;
		for (int k = 0; k < 100; k++)
			b.k += unit(&chance) < 0.80;
		i = compare_shares(a, b);
		shares += i.low <= 0.05 && 0.05 <= i.high;
		for (int k = 0; k < 200; k++) {
			double w = -20 * log(1 - unit(&chance)), v = -30 * log(1 - unit(&chance));

			x = (struct compare_sums){x.n + 1, x.sum + w, x.squares + w * w};
			y = (struct compare_sums){y.n + 1, y.sum + v, y.squares + v * v};
		}
		i = compare_means(x, y);
		means += i.low <= -10 && -10 <= i.high;
	}
	ck_assert_int_ge(shares, 3760);
	ck_assert_int_le(shares, 3890);
	ck_assert_int_ge(means, 3740);
	ck_assert_int_le(means, 3860);
}
END_TEST

int main(void)
{
	const TTest *tests[] = {as_published, nothing_and_few, holds_as_often_as_it_says};

	return unit_run("compare", tests, COUNT(tests));
}
