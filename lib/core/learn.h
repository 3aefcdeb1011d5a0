/*
 * learn.h - who fixes what, from outcomes: hierarchical estimates that forget by half-life
 *
 * For a product m, for a unit b (an agent; or a team, where learning of single agents is switched off), for a cell
 * unit × product × home q and sd. "Home": the agent comes from the municipality that the contact is for. Estimates are
 * router-internal: no endpoint shows them. Source of the formulas: README.md beside this file.
 */
#ifndef LOKET_LEARN_H
#define LOKET_LEARN_H

#include "lib/core/policy.h"

#include <stdint.h>

enum {
	LEARN_OPTION0 = 256,         /* "digital help" is a product of its own, whatever it was tried for */
	LEARN_PRODUCTS,
	LEARN_MUNICIPALITIES = 64,
	LEARN_AFTER_DAYS = 5,        /* working days until an outcome is known; who comes back within them was not helped */
	LEARN_NO_UNIT = -1,          /* nothing is known of who it is: the product's mean */
};

struct learn;

struct learn_estimate { float q, sd; };

/* all that a decision reads, by product */
struct learn_table {
	int n_units;
	const struct learn_estimate *estimates[LEARN_PRODUCTS][2];   /* [home][unit]; NULL: they do not stand ready */
	double benchmark[LEARN_PRODUCTS][LEARN_MUNICIPALITIES];   /* pi */
};

/* an outcome as it matured: nobody came back on the same product, no transfer, no reopening, no promise left open */
struct learn_outcome {
	int product, unit;
	bool home;
	bool fixed;
	bool first;                  /* the first contact about it: repeats are harder, and teach nothing */
	bool anonymous;              /* who never said who they are cannot be seen to come back: teaches nothing */
	bool skilled;                /* product and municipality were known to the agent */
};

/* what is kept, as rows: everything else follows from them */
enum learn_row_kind {
	LEARN_ROW_PRODUCT, LEARN_ROW_UNIT, LEARN_ROW_CELL, LEARN_ROW_BENCHMARK, LEARN_ROW_WORK, N_LEARN_ROWS
};
struct learn_row {
	enum learn_row_kind kind;
	int product, unit;           /* -1 where it does not apply */
	int place;                   /* home 0 or 1; benchmark: municipality; work: enum route_kind */
	double sum, n;               /* S and n; unit: R and I; benchmark: pi and 0; work: seconds and contacts */
};

struct learn *learn_new(const struct route_policy *p);   /* takes prior_weight, prior_spread, half-life, rate of p */
struct learn *learn_free(struct learn *l);
/* learn_units - room for units 0 … n-1; those that are there keep what is known of them */
void learn_units(struct learn *l, int n);
/* learn_product - its estimates stand ready from now on; before that they are worked out each time */
void learn_product(struct learn *l, int product);
/* learn_estimate - q and sd as of the last learn_outcome of that very cell or learn_refresh; O(1) */
struct learn_estimate learn_estimate(const struct learn *l, int product, int unit, bool home);
/* learn_look - the same as a table: q and sd, and pi, what q usually is of who takes the product in a municipality */
const struct learn_table *learn_look(const struct learn *l);
/* learn_work_s - how long a contact takes, by product and kind; 300 s until it is known */
double learn_work_s(const struct learn *l, int product, enum route_kind kind);

/* learn_outcome - books one; false when it teaches nothing. The cell's estimate is new at once, others with
 * learn_refresh */
bool learn_outcome(struct learn *l, const struct learn_outcome *o);
void learn_assigned(struct learn *l, int product, int municipality, double q);
void learn_worked(struct learn *l, int product, enum route_kind kind, double seconds);
/* learn_days - so many working days went by */
void learn_days(struct learn *l, double days);
/* learn_refresh - all estimates anew: hourly is enough. O(units × products in use) */
void learn_refresh(struct learn *l);

/* learn_each - calls fn for all that is known; learn_put - puts a row back (then learn_refresh), where those of
 * one cell add up; false: not a row of ours */
void learn_each(const struct learn *l, void (*fn)(const struct learn_row *row, void *arg), void *arg);
bool learn_put(struct learn *l, const struct learn_row *row);
/* learn_forget - who fixes what is not known any more; how long it takes, and pi, stay (then learn_refresh)
 */
void learn_forget(struct learn *l);
/* learn_sum - products and units anew from the cells, when only those were put back (then learn_refresh) */
void learn_sum(struct learn *l);

#endif
