/*
 * centre.h - the contact centre of a scenario, event by event, with the daemon's own decisions and learning
 *
 * Who takes what is asked of lib/core/router, what an outcome teaches is told to lib/core/learn. Here is only
 * what happens around that: contacts come, wait, give up, are answered, come back.
 */
#ifndef LOKET_SIM_CENTRE_H
#define LOKET_SIM_CENTRE_H

#include "lib/core/router.h"
#include "tests/sim/tally.h"

/* what somebody who looks on is told of live contacts; all may be NULL. Cases are borrowed for the call */
struct watcher {
	void *arg;
	/* it has to wait, as the ahead + 1st of its channel */
	void (*waits)(void *arg, const struct router *r, const struct route_case *c, int ahead,
		      int64_t now_us);
	/* it is answered by agent i of the router; waited_us 0: at once */
	void (*answered)(void *arg, const struct router *r, const struct route_case *c, int i,
			 int64_t waited_us, int64_t now_us);
	void (*gave_up)(void *arg, const struct router *r, const struct route_case *c, int64_t now_us);
	/* agent i has finished one: it took so long */
	void (*finished)(void *arg, const struct router *r, int product, enum route_kind kind, int i,
			 int64_t took_us, int64_t now_us);
	/* of each futures_every-th that has to wait: what its wait could be, once for each of n_futures futures
	 * from this very state on, were it not to give up. For who wants to know what can be known */
	int n_futures, futures_every;
	void (*could_wait)(void *arg, const struct route_case *c, const double *waits_s, int n);
};

/* centre_run - all days of the scenario under one policy; counts what comes after the warm-up. watcher may be
 * NULL */
void centre_run(const struct world *w, const struct route_policy *policy, const struct watcher *watcher,
		struct tally *t);

#endif
