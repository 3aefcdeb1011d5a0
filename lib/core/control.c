/* control.c - control charts: Laney's p' for means and shares, individuals for counts */
#include "lib/core/control.h"

#include <math.h>

#define RANGE_TO_DEVIATION 1.128 /* a mean moving range of two values is so many standard deviations */

static double moving_range(const double *x, int n)
{
	double sum = 0;

	for (int i = 1; i < n; i++)
		sum += fabs(x[i] - x[i - 1]);
	return sum / (n - 1);
}

static bool counts(struct compare_sums week)
{
	return week.n >= CONTROL_LEAST_OF_WEEK;
}

/* how many weeks count; *all is their sum */
static int add_up(const struct compare_sums *weeks, int n, struct compare_sums *all)
{
	int used = 0;

	*all = (struct compare_sums){0};
	for (int i = 0; i < n; i++) {
		if (!counts(weeks[i]))
			continue;
		all->n += weeks[i].n;
		all->sum += weeks[i].sum;
		all->squares += weeks[i].squares;
		used++;
	}
	return used;
}

/* by how much weeks differ more than values within a week: 1 when not more */
static double between(const struct compare_sums *weeks, int n, double center, double deviation)
{
	double last = 0, sum = 0;
	int used = 0;

	for (int i = 0; i < n; i++) {
		double z;

		if (!counts(weeks[i]))
			continue;
		z = (weeks[i].sum / weeks[i].n - center) * sqrt(weeks[i].n) / deviation;
		if (used++ > 0)
			sum += fabs(z - last);
		last = z;
	}
	return fmax(sum / (used - 1) / RANGE_TO_DEVIATION, 1);
}

struct control_limits control_limits(const struct compare_sums *weeks, int n, double size)
{
	struct compare_sums all;
	double center, deviation, half;

	if (add_up(weeks, n, &all) < CONTROL_LEAST_WEEKS || size <= 0)
		return (struct control_limits){0};
	center = all.sum / all.n;
	deviation = sqrt(fmax(all.squares - all.sum * center, 0) / (all.n - 1));
	half = 3 / size;
	if (deviation > 0)
		half = fmax(half, 3 * deviation * between(weeks, n, center, deviation) *
					  sqrt(1 / size + 1 / all.n));
	return (struct control_limits){true, center, center - half, center + half};
}

struct control_limits control_counts(const double *x, int n, double weeks)
{
	double sum = 0, half;

	while (n > 0 && *x == 0)
		x++, n--;
	if (n < CONTROL_LEAST_WEEKS || weeks < 1)
		return (struct control_limits){0};
	for (int i = 0; i < n; i++)
		sum += x[i];
	half = 3 * moving_range(x, n) / RANGE_TO_DEVIATION * sqrt(weeks);
	return (struct control_limits){true, sum / n * weeks, fmax(sum / n * weeks - half, 0),
				       sum / n * weeks + half};
}

bool control_deviates(struct control_limits l, double value)
{
	return l.known && (value < l.low || value > l.high);
}
