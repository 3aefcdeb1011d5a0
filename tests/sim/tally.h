/* tally.h - what is counted in one run, after the warm-up, and the figures that follow from it */
#ifndef LOKET_SIM_TALLY_H
#define LOKET_SIM_TALLY_H

#include "tests/sim/scenario.h"

#include <jansson.h>

enum { TALLY_BINS = 4000 };

struct waits {                    /* of those who were answered */
	long n, bins[TALLY_BINS]; /* the last one holds all that is longer */
	double bin_s, sum_s, max_s;
};

struct tally {
	long questions, repeats; /* first contacts that came; repeats that came */
	long first, first_fixed, first_seen_fixed,
		lost;         /* first contacts: answered, fixed, seen as such; given up for good */
	long live, abandoned; /* attempts to reach somebody live; given up */
	long answered, unskilled;
	double abandoned_s; /* waited by who gave up */
	struct waits live_wait, async_wait;
	long live_of[SCN_PRODUCTS], abandoned_of[SCN_PRODUCTS];
	long first_on[N_ROUTE_KINDS], first_fixed_on[N_ROUTE_KINDS];
	double busy_s[SCN_MAX_AGENTS], measured_s;
};

void tally_init(struct tally *t);
void waits_add(struct waits *w, double wait_s);
/* tally_figures - as README.md explains them. New reference */
json_t *tally_figures(const struct tally *t, const struct world *w);

#endif
