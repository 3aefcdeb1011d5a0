/*
 * rate.h - how often something may happen per name and minute
 *
 * A fixed table: a name that falls on a full place replaces the quietest one there, so memory is bounded and a
 * flood of names cannot lock out others; it can at most reset somebody's count.
 */
#ifndef LOKET_RATE_H
#define LOKET_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { RATE_PLACES = 4096, RATE_WAYS = 4 };

struct rate {
	struct rate_slot {
		uint64_t name;               /* hash; 0: free */
		int64_t until_us;            /* the count starts anew */
		int n;
	} slots[RATE_PLACES];
};

/* rate_allow - count one more; false when name already had per_minute in the running minute */
bool rate_allow(struct rate *r, const char *name, int per_minute, int64_t now_us);

#endif
