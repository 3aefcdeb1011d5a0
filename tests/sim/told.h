/*
 * told.h - do the waits that callers are told come true?
 *
 * Each live contact that has to wait is told something by each estimator: a point, a limit, or both. When it is
 * answered, the real wait is held against that. Who gives up is not counted, as their real wait nobody knows,
 * except where they gave up after the limit: that limit did not hold.
 */
#ifndef LOKET_SIM_TOLD_H
#define LOKET_SIM_TOLD_H

#include "tests/sim/centre.h"

struct told;

struct told *told_new(void);
struct told *told_free(struct told *t);
/* told_watcher - what centre_run tells it; nothing is counted before the warm-up has gone by. n_futures,
 * futures_every: struct watcher; 0 futures: what can be known is not asked */
struct watcher told_watcher(struct told *t, const struct scenario *s, int n_futures, int futures_every);
/*
 * told_figures - for each estimator, shares of those it told something:
 *
 * within30      the point was within 30 % of the real wait; within30Over30s: of those who waited longer than 30 s
 * spoken30      the same for what is said: whole minutes; below one minute it is right when the wait was
 * kept          the real wait was within the limit; keptAll: who gave up after the limit counted against it
 * futures30     as within30, and futuresKept as kept, over the futures of those of whom these were tried: all who
 *               wait, whether they would have given up or not
 * callers, error, told, limit, waited   how many; mean error, point, limit and real wait in seconds
 *
 * Beside the estimators: atOnce, the share of those answered who did not wait and were told nothing; best30, of the
 * same futures, the share within 30 % of whatever one point suits those of a caller best. No estimator can beat
 * that: it even knows which futures were drawn. futuresWaited: mean wait in these, seconds.
 */
json_t *told_figures(const struct told *t);

#endif
