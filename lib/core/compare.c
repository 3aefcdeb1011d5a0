/* compare.c - intervals of 95 % of shares and means, and of their differences */
#include "lib/core/compare.h"

#include <math.h>

#define Z 1.959963984540054 /* 97.5 % of the normal distribution lies below */

struct compare_interval compare_share(struct compare_share a)
{
	double p, middle, half;

	if (a.n <= 0)
		return (struct compare_interval){0};
	p = a.k / a.n;
	middle = (a.k + Z * Z / 2) / (a.n + Z * Z);
	half = Z * sqrt(p * (1 - p) / a.n + Z * Z / (4 * a.n * a.n)) / (1 + Z * Z / a.n);
	/* its ends are 0 and 1 there: rounding leaves something */
	return (struct compare_interval){p, a.k <= 0 ? 0 : fmax(middle - half, 0),
					 a.k >= a.n ? 1 : fmin(middle + half, 1), true};
}

struct compare_interval compare_shares(struct compare_share a, struct compare_share b)
{
	struct compare_interval x = compare_share(a), y = compare_share(b);

	if (!x.known || !y.known)
		return (struct compare_interval){0};
	return (struct compare_interval){x.value - y.value,
					 x.value - y.value - hypot(x.value - x.low, y.high - y.value),
					 x.value - y.value + hypot(x.high - x.value, y.value - y.low), true};
}

/* of the mean; squares less the square of the sum may end below 0 by rounding */
static double variance(struct compare_sums a)
{
	return fmax(a.squares - a.sum * a.sum / a.n, 0) / (a.n - 1) / a.n;
}

static struct compare_interval around(double value, double its_variance)
{
	double half = Z * sqrt(its_variance);

	return (struct compare_interval){value, value - half, value + half, true};
}

struct compare_interval compare_mean(struct compare_sums a)
{
	if (a.n < COMPARE_MEAN_LEAST)
		return (struct compare_interval){0};
	return around(a.sum / a.n, variance(a));
}

struct compare_interval compare_means(struct compare_sums a, struct compare_sums b)
{
	if (a.n < COMPARE_MEAN_LEAST || b.n < COMPARE_MEAN_LEAST)
		return (struct compare_interval){0};
	return around(a.sum / a.n - b.sum / b.n, variance(a) + variance(b));
}
