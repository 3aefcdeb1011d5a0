/*
 * control.h - is this period unlike the weeks before it, or is it chance?
 *
 * A control chart: where figures lie 99.7 % of the time as long as nothing changed. Who looks at twenty of
 * them for a year of weeks sees about three alarms that mean nothing.
 */
#ifndef LOKET_CONTROL_H
#define LOKET_CONTROL_H

#include "lib/core/compare.h"

enum { CONTROL_LEAST_WEEKS = 8, CONTROL_LEAST_OF_WEEK = 5 };

struct control_limits {
	bool known; /* false: too few weeks to say anything; then the rest is 0 */
	double center, low, high;
};

/*
 * control_limits - where the mean (or share: a mean of 0 and 1) of a period of size values should lie
 *
 * in       weeks[n] before it, oldest first; those of fewer than CONTROL_LEAST_OF_WEEK values do not count
 * returns  the mean of all weeks, and three standard deviations to each side, wider by as much as weeks
 * differ more than chance within them explains, and as the mean of so many is not sure either; never so
 * narrow that fewer than three values make the difference source   D. B. Laney, Improved control charts for
 * attributes, Quality Engineering 14 (2002): p', here also for means
 */
struct control_limits control_limits(const struct compare_sums *weeks, int n, double size);

/*
 * control_counts - where a number should lie that is counted in a period of so many weeks
 *
 * in       counts[n] of the weeks before, oldest first; empty weeks at the beginning do not count
 * source   D. J. Wheeler, Understanding Variation (1993): individuals and their moving range (XmR); 2.66 = 3
 * / 1.128
 */
struct control_limits control_counts(const double *counts, int n, double weeks);

/* control_deviates - is value outside of limits that are known? */
bool control_deviates(struct control_limits l, double value);

#endif
