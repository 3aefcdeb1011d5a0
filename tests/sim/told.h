/*
 * told.h - do the waits that callers are told come true?
 *
 * Each live contact that has to wait is told, by each estimator, how long; when it is answered, the real wait
 * is held against that. Who gives up is not counted: how long they would have waited nobody knows.
 */
#ifndef LOKET_SIM_TOLD_H
#define LOKET_SIM_TOLD_H

#include "tests/sim/centre.h"

struct told;

struct told *told_new(void);
struct told *told_free(struct told *t);
/* told_watcher - what centre_run tells it; nothing is counted during the warm-up */
struct watcher told_watcher(struct told *t, const struct scenario *s);
/* told_figures - for each estimator: callers, share whose wait was within 30 % of what was told, mean error
 * in seconds; "promise": who was told a limit, the share that waited no longer, its mean */
json_t *told_figures(const struct told *t);

#endif
