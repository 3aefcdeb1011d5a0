/*
 * help_promise.h - what is promised to who asked for help by a person (option 0): somebody now, a call-back,
 * or an answer, and before when
 *
 * Read (help_case.sql), decide (lib/core/help), write: two who do so at once promise one thing.
 */
#ifndef LOKET_HELP_PROMISE_H
#define LOKET_HELP_PROMISE_H

#include "daemon/callback.h"
#include "lib/core/help.h"

/* a case as it was read; lives in the arena of the operation */
struct help_case {
	struct case_id id;
	const char *municipality, *channel;
	enum case_state state;
	struct agent_id owner;
	int64_t epoch, due_us, promised_us, called_us; /* called_us: promised by an open call-back; 0: none */
	const char *preference;                        /* NULL: not said */
	const char *phone;                             /* NULL: none is known */
	bool coach;                                    /* one is ready, or has it */
};

struct help_promise {
	int64_t told_us; /* before then */
	enum text_kind text;
	bool calls; /* a call-back is to be made: */
	struct callback cb;
};

/* help_promise_ask - adds the statement; help_promise_read - false when there is no such case, or it is
 * closed */
void help_promise_ask(struct pg_unit *u, struct case_id id);
bool help_promise_read(const struct op *op, int statement, struct case_id id, struct help_case *k);
/* help_promise_decide - what was promised before holds, unless it is over or they ask to be called */
struct help_promise help_promise_decide(struct server *srv, const struct help_case *k, int64_t now_us);
/*
 * help_promise_write - adds the call-back when p->calls (after COMMIT: callback_made), and keeps the time
 * with the case and the request. Nothing, when the case is not as it was read
 */
void help_promise_write(struct pg_unit *u, const struct help_case *k, const struct help_promise *p);

#endif
