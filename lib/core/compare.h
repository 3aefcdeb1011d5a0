/*
 * compare.h - two groups side by side: shares and means, each with its interval of 95 %
 *
 * Nothing here is exact: the intervals are those that hold for 95 of 100 such comparisons.
 */
#ifndef LOKET_COMPARE_H
#define LOKET_COMPARE_H

#include <stdbool.h>

enum { COMPARE_MEAN_LEAST = 30 }; /* of each, before the normal distribution says something of a mean */

struct compare_interval {
	double value, low, high;
	bool known; /* false: too few to say anything; then all three are 0 */
};

/* so many of n */
struct compare_share {
	double k, n;
};

/* of n values: their sum, and the sum of their squares */
struct compare_sums {
	double n, sum, squares;
};

/*
 * compare_share - a share with Wilson's score interval
 * source   E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927)
 */
struct compare_interval compare_share(struct compare_share a);

/*
 * compare_shares - the share of a minus that of b
 * source   R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics
 * in Medicine 17 (1998), method 10: of Wilson's intervals of both. It also holds for few, for 0 and for all
 */
struct compare_interval compare_shares(struct compare_share a, struct compare_share b);

/* compare_mean - a mean with its normal interval */
struct compare_interval compare_mean(struct compare_sums a);
/* compare_means - the mean of a minus that of b; each has a variance of its own (Welch), normal interval */
struct compare_interval compare_means(struct compare_sums a, struct compare_sums b);

#endif
