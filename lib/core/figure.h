/*
 * figure.h - the figures that a contact centre is steered by: what each means, and how it follows from sums
 *
 * All are about the cases that began in the period; spam and what was merged into another case is left out.
 * Sums are kept by day as things happen (proto/db/0039_figures.sql, daemon/figures.c).
 */
#ifndef LOKET_FIGURE_H
#define LOKET_FIGURE_H

#include "lib/core/compare.h"
#include "lib/core/control.h"

#include <stddef.h>

enum figure_sum {
	SUM_CASES,
	SUM_DIGITAL,
	SUM_ASSISTED,
	SUM_PERSONAL,
	SUM_OPTION0,
	SUM_TAKEN,
	SUM_TRANSFERRED,
	SUM_WAITED,
	SUM_IN_TIME,
	SUM_TIMED,
	SUM_BUCKET,
	SUM_BUCKET2,
	SUM_CALLS,
	SUM_MISSED,
	SUM_JUDGED,
	SUM_FIXED,
	SUM_FINISHED,
	SUM_REOPENED,
	SUM_DAY_OVER,
	SUM_IN_DAY,
	SUM_WEEK_OVER,
	SUM_IN_WEEK,
	SUM_ASKED,
	SUM_GRADED,
	SUM_GRADE,
	SUM_GRADE2,
	SUM_PROMISES,
	SUM_KEPT,
	N_FIGURE_SUMS
};

enum {
	FIGURE_BUCKETS = 100,    /* 2^(100/4) s is a year */
	FIGURE_LEAST = 5,        /* a figure of fewer cases is not shown: it would tell of people */
	FIGURE_LEAST_AGENTS = 3, /* where fewer work, what they achieve is not shown: it would be theirs */
	FIGURE_WEEKS = 26,       /* before a period that tell what is usual */
};

struct figure_sums {
	double of[N_FIGURE_SUMS];
	double waits[FIGURE_BUCKETS]; /* how many waited less than figure_bucket_s() of it, and no less than
					 of the one before */
};

enum figure_unit { FIGURE_COUNT, FIGURE_SHARE, FIGURE_GRADE, FIGURE_SECONDS, N_FIGURE_UNITS };

struct figure {
	const char *id;    /* "serviceLevel" */
	const char *title; /* Dutch, as definition: for leads and the council */
	const char *definition;
	enum figure_unit unit;
	enum figure_sum sum, among; /* share and grade: sum / among */
	double quantile;            /* of seconds */
	int better;                 /* 1: more is, -1: less is, 0: neither */
	double target;              /* where nobody set another (target.h); 0: none */
	bool of_agents;             /* what people at work achieve */
};

extern const struct figure figures[];
extern const int n_figures;

enum { FIGURES_MAX = 24 };

/* what is known of one municipality, channel, week, … or of all together; texts are borrowed */
struct figure_group {
	const char *name, *label; /* "phone", "Telefoon" */
	double agents;            /* whom it is about */
	struct figure_sums now, before, baseline;
	bool has_baseline, as_long; /* baseline: of as many days as now */
	const struct figure_sums
		*weeks[FIGURE_WEEKS]; /* before the period, oldest first; NULL: nothing happened */
	struct control_limits limits[FIGURES_MAX]; /* of each figure */
	double targets[FIGURES_MAX];               /* 0: none */
};

/* n 0: there is no value. low and high: 95 %, when bounded */
struct figure_value {
	double n, value;
	bool bounded;
	double low, high;
};

/* figure_sum_name - its column: "in_time" */
const char *figure_sum_name(enum figure_sum s);
/* figure_unit_name - "share" */
const char *figure_unit_name(enum figure_unit u);
/* figure_find - its number, or -1 */
int figure_find(const char *id);
/* figure_bucket_s - the wait at which a bucket ends, in seconds */
double figure_bucket_s(int bucket);
/* figure_read - what the sums say. Seconds: the end of the bucket in which that share of all has been taken
 */
struct figure_value figure_read(const struct figure *f, const struct figure_sums *s);
/* figure_shown - may a figure of n cases be shown, or would it tell of people? */
bool figure_shown(const struct figure *f, const struct figure_group *g, double n);
/* figure_met - is that what was aimed for? */
bool figure_met(const struct figure *f, double target, double value);
/* figure_difference - by what it is more than in the baseline; false: nobody can say, as of a number that was
 * counted in another length of time, or one of them is not shown */
bool figure_difference(const struct figure *f, const struct figure_group *g, double *more);
/* figure_limits - where it should lie in a period with these sums, of so many weeks; weeks[n] before it,
 * oldest first */
struct control_limits figure_limits(const struct figure *f, const struct figure_sums *const *weeks, int n,
				    const struct figure_sums *now, double length);
/* figure_deviates - is it unlike the weeks before? false too when nobody knows (limits) */
bool figure_deviates(const struct figure *f, struct control_limits l, const struct figure_sums *now);

#endif
