/*
 * fetcher.h - jobs for loketd-fetch: each in a process of its own (fetcher/README.md)
 *
 * The daemon never touches the bytes of an attachment: it opens a file, gives the descriptor away, and hears what came
 * of it. The process is started by systemd (config fetcher is "unix:/path") or by us (config fetcher is a program).
 */
#ifndef LOKET_FETCHER_H
#define LOKET_FETCHER_H

#include "daemon/op.h"

#include <jansson.h>

enum { FETCHER_MAX_JOBS = 64, FETCHER_MAX_ANSWER = 8 << 10, FETCHER_GRACE_S = 15 };

enum fetcher_outcome {
	FETCHER_FINE, FETCHER_LATER, FETCHER_NEVER, FETCHER_LARGE, FETCHER_INFECTED,   /* as it answered */
	FETCHER_DIED,        /* it had the job, and gave no answer that makes sense */
	FETCHER_AWAY,        /* there is none: it did not get the job */
};

struct fetcher;
struct fetcher *fetcher_new(struct server *srv);
/* fetcher_stop - ends the processes we started; what waits comes back as FETCHER_DIED */
void fetcher_stop(struct fetcher *f);
struct fetcher *fetcher_free(struct fetcher *f);
/*
 * fetcher_submit - give one job away; op->result is enum fetcher_outcome afterwards
 * in       job: stolen. file: stays the caller's. seconds: how long the job may take
 * out      *told: the answer, in op's arena; NULL when there is none
 */
enum op_status fetcher_submit(struct op *op, int next_state, json_t *job, int file, int seconds, json_t **told);

#endif
