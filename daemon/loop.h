/*
 * loop.h - the one event loop: turns, timers, signals; and the daemon's only clocks and chance
 *
 * Everything that runs, runs from here. A turn is one look at the kernel and all that follows from
 * it; loop_timer_soon puts work at the end of the turn, so that what arrived together is done together.
 */
#ifndef LOKET_LOOP_H
#define LOKET_LOOP_H

#include "daemon/server.h"
#include "lib/base/err.h"

enum { LOOP_LAG_EVERY_MS = 100, LOOP_SLOW_US = 100 * 1000 };

typedef void loop_fn(void *arg);

/*
 * loop_new - fill srv->base, srv->loop, srv->ops and srv->instance; ignores SIGPIPE
 * returns  0, or -1 with err
 * owner    loop_free, after every other part is freed: operations still alive then are dropped unfinished
 */
int loop_new(struct server *srv, struct err *err);
void loop_free(struct server *srv);
/* loop_run - until loop_stop; loop_stop may be called from anywhere in the loop */
void loop_run(struct server *srv);
void loop_stop(struct server *srv);
/* loop_on_signal - run fn from the loop at each signo; a handful of signals, for the life of the loop */
void loop_on_signal(struct server *srv, int signo, loop_fn *fn, void *arg);

struct loop_timer;

/* loop_timer_new - a timer that is not running yet; at a time only one of once, every, soon holds */
struct loop_timer *loop_timer_new(struct server *srv, loop_fn *fn, void *arg);
struct loop_timer *loop_timer_free(struct loop_timer *t);
void loop_timer_once(struct loop_timer *t, int ms);    /* moves a timer that is running */
void loop_timer_every(struct loop_timer *t, int ms);   /* the first time after ms */
void loop_timer_soon(struct loop_timer *t);            /* once, at the end of this turn */
void loop_timer_stop(struct loop_timer *t);

/* random_below - 0 … n-1, for jitter; n > 0 */
int random_below(int n);

#endif
