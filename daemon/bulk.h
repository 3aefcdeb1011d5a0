/*
 * bulk.h - work that nobody waits for lets work go first that somebody waits for
 *
 * What is folded afterwards (figures.h, case_words.h) looks at a page at a time. A look begins when no contact
 * waits to be stored, or after some seconds all the same; and after a look that leaves more to do comes a pause as
 * long as its share of the time demands.
 */
#ifndef LOKET_BULK_H
#define LOKET_BULK_H

#include <stdbool.h>
#include <stdint.h>

struct server;

enum {
	BULK_WAIT_MS = 50,    /* until the next try, while contacts wait */
	BULK_LATE_MS = 10000, /* then it looks, whatever waits: it falls behind in a flood, and does not stand still */
	BULK_PAUSE_MS = 10,   /* between two looks, at least */
	BULK_PAUSE_MAX_MS = 10000
};

/* of one such work; zeroed to begin with */
struct bulk {
	int64_t began_us; /* the last look */
	int64_t due_us;   /* since when the next one waits; 0: it does not */
};

/* bulk_waits - whether contacts that come in go first; then ask again after BULK_WAIT_MS */
bool bulk_waits(const struct server *srv, struct bulk *b);
/* bulk_begins - a look begins */
void bulk_begins(struct bulk *b);
/* bulk_pause_ms - after a look: milliseconds until the next, for looks to take share per cent of the time at most */
int bulk_pause_ms(const struct bulk *b, int share);

#endif
