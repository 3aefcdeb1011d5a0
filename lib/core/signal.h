/*
 * signal.h - is there more of something than usual at this hour of the week? With a stated rate of false alarms
 *
 * A series is what is counted by the hour: a theme, a theme in an area, an area. Each hour its windows, which end in this hour, are
 * held against the same windows of the weeks before. How much is usual is uncertain and varies more than chance alone: days are
 * busy or quiet as a whole. So a count is held against a negative binomial distribution, with
 *
 *     mean      m = (S + 0.5) / n        S: of n weeks, each of which counts up to its cap
 *     variance  (m + m^2 c^2) (1 + 1/n)  c: how much days vary, never taken below 0.2
 *     cap       k + 3 sqrt(k + k^2 c^2 + 1), k the median of the weeks: what was an event is not usual
 *
 * and is a signal when such a count, or a higher one, has a chance below alpha. Holidays are left out of the weeks before.
 * alpha is the false alarms that are wanted in a week over all tests of all series in it (Bonferroni), so it is a bound when the
 * distribution is right; tests/unit/test_signal.c shows what comes of it. Since a count only grows within its hour, looking at it
 * more often than once is still one test.
 *
 * source   the idea of past weeks with capped outliers: Farrington, Andrews, Beale and Catchpole 1996 (J. R. Statist. Soc. A
 *          159(3)), who weigh them down; this is simpler
 */
#ifndef LOKET_SIGNAL_H
#define LOKET_SIGNAL_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SIGNAL_WEEKS = 8,          /* that are looked back */
	SIGNAL_LEAST_WEEKS = 3,    /* with fewer nothing is known: no signals yet */
	SIGNAL_DAY = 24,           /* hours of the longest window */
	SIGNAL_LEAST = 5,          /* questions: fewer are never a signal */
	SIGNAL_WEEK = 168,
	SIGNAL_WINDOWS = 4
};

/* how often all of it may be wrong in a week, when nobody says otherwise */
#define SIGNAL_FALSE_ALARMS 1.0

/* hours are numbered since 1970 by the Dutch clock, so that the same hour of the week is always SIGNAL_WEEK before */
struct signal_series {
	int64_t hour;                              /* the last one, which may still go on */
	int weeks;                                 /* for how many it was counted before this one */
	int now[SIGNAL_DAY];                       /* until hour, the newest last */
	int before[SIGNAL_WEEKS][SIGNAL_DAY];      /* the same hours one week before, two, … */
};

struct signal_verdict {
	bool is, knows;            /* knows: there were weeks enough */
	int hours;                 /* the window that says so most clearly */
	int count;
	double expected, chance;
	int usual[SIGNAL_WEEKS], n_usual;  /* in the same window of the weeks before, as they were; the last week first */
};

/* signal_hour - the hour of a moment */
int64_t signal_hour(int64_t us);
/* signal_alpha - what each test may cost, so that n_series series have so many false alarms in a week together */
double signal_alpha(double false_alarms, int n_series);
/* signal_judge - is it one? */
struct signal_verdict signal_judge(const struct signal_series *s, double alpha);
/* signal_goes_on - of one that was raised: is it still more than usual (5 % of the time it would be so by chance), in the last three hours? */
bool signal_goes_on(const struct signal_series *s);

/*
 * signal_example - a text as it may be shown to who does not know the citizen: without BSN and IBAN, numbers, addresses of mail
 * and web, accounts, the names of its sender and what follows "meneer", "mevrouw", "groet" and such; cut
 * in       name: of the sender, NULL when not known
 */
const char *signal_example(struct arena *a, const char *text, const char *name);

#endif
