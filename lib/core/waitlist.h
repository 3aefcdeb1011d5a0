/*
 * waitlist.h - the dispatcher's picture of what waits, indexed so that a decision is cheap
 *
 * Pure data structure: cases by class (municipality, product, channel, language, option 0, team,
 * wanted agent), each class in order of urgency (due, arrived, id). An agent looks at the heads of the classes that fit.
 */
#ifndef LOKET_WAITLIST_H
#define LOKET_WAITLIST_H

#include "lib/core/route.h"

struct waitlist;

struct waitlist *waitlist_new(void);
struct waitlist *waitlist_free(struct waitlist *w);
/* waitlist_put - copies c; replaces the case with the same id. O(log n) */
void waitlist_put(struct waitlist *w, const struct route_case *c);
/* waitlist_remove - false when it was not there */
bool waitlist_remove(struct waitlist *w, struct case_id id);
const struct route_case *waitlist_get(const struct waitlist *w, struct case_id id);
int waitlist_count(const struct waitlist *w);
/* waitlist_heads - for each class that agent a may take, its most urgent case that a has not declined;
 * at most max into out; returns how many. Borrowed until the next put or remove */
int waitlist_heads(const struct waitlist *w, const struct route_policy *policies, const struct route_agent *a, int64_t now_us,
                   const struct route_case **out, int max);
/* waitlist_each - call fn for every case, in no order */
void waitlist_each(const struct waitlist *w, void (*fn)(const struct route_case *c, void *arg), void *arg);
/* waitlist_late_wishes - cases that ask for one agent or team and are past their norm (route_relax decides) */
int waitlist_late_wishes(const struct waitlist *w, int64_t now_us, struct case_id *out, int max);

#endif
