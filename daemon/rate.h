/*
 * rate.h - budgets by name
 *
 * A fixed table: a name that falls on a full place replaces the one there that spent least, so memory is bounded and a
 * flood of names cannot lock out others; it can at most give somebody a fresh budget.
 */
#ifndef LOKET_RATE_H
#define LOKET_RATE_H

#include "lib/core/budget.h"

enum { RATE_PLACES = 4096, RATE_WAYS = 4 };

struct rate {
	struct rate_slot {
		uint64_t name;               /* hash; 0: free */
		struct budget budget;
	} slots[RATE_PLACES];
};

/* rate_of - the budget of this name; until the next call */
struct budget *rate_of(struct rate *r, const char *name);

#endif
