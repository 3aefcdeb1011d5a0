/*
 * callback.h - a promise that somebody calls back: made, kept, tried again
 *
 * A promise is a row of loket.callback, at most one open for a case. Until its moment the case is `scheduled`; then the
 * dispatcher puts it back in the queue with its first arrival (dispatch_due.sql) and it is offered like any other. It is
 * open until the citizen was reached, could not be, or the case is closed.
 */
#ifndef LOKET_CALLBACK_H
#define LOKET_CALLBACK_H

#include "daemon/work.h"
#include "lib/core/promise.h"

struct callback {
	struct uuid id;                    /* of the promise that is made */
	struct uuid call;                  /* during which it was asked for; nil: none */
	struct agent_id by;                /* the agent who promises; nil: the citizen, or a rule */
	const char *to_kind, *to_value;    /* "phone", E.164 */
	const char *reason;                /* asked noCoach nobody closed abandoned */
	struct promise when;               /* callback_when */
	const char *why;                   /* of the rule in lib/core/case_file; NULL: a call-back was agreed */
	bool once; /* only when still nothing but before_us (0: nothing) was promised */
	int64_t before_us;
};

/* callback_when - by the opening hours and rules of a municipality; from_us and until_us as for promise_make */
struct promise callback_when(const struct world *w, const char *municipality, int64_t now_us, int64_t from_us,
                             int64_t until_us);
/* how a try to reach somebody ended, and the words of the contract for it; NULL ends them */
enum callback_result { CALLBACK_REACHED, CALLBACK_NOT_REACHED, CALLBACK_VOICEMAIL, CALLBACK_WRONG_NUMBER };
extern const char *const callback_results[];
/* callback_again - when to try again, after so many attempts before this one; 0: no more, or it would be no use */
int64_t callback_again(const struct world *w, const char *municipality, int result, int attempts, int64_t now_us);
/*
 * callback_make - adds the statement that makes the promise, and its case wait (callback_make.sql)
 * in       epoch < 0: whatever state the case has now, unless it is closed or public; else only as it was read: held by
 *          owner, with this epoch. wrapup_s: for the owner, 0 none
 */
void callback_make(struct pg_unit *u, struct case_id id, int64_t epoch, struct agent_id owner, int wrapup_s,
                   const struct callback *cb);
/*
 * callback_made - after COMMIT: tells streams, queue and dispatcher
 * returns  how many notices there were; 0: the case was not there any more, or not as it was read, and nothing was written
 */
int callback_made(struct server *srv, const struct op *op, int statement);

#endif
