/* calls_internal.h - one call while it is settled: calls.c reads, decides and writes; calls_answer.c tells the exchange */
#ifndef LOKET_CALLS_INTERNAL_H
#define LOKET_CALLS_INTERNAL_H

#include "daemon/op.h"
#include "daemon/world.h"
#include "lib/core/call.h"
#include "lib/core/case_file.h"
#include "lib/core/expect.h"
#include "lib/core/menu.h"
#include "lib/core/promise.h"

struct settle {
	struct op op;                   /* first: op.h */
	struct contact_id call;
	struct op *waiter;              /* NULL: nobody */
	const char **answer;            /* in waiter's arena */
	int n_read;                     /* how often: what was written may change what is decided */
	/* as read */
	const char *municipality, *inbox, *language, *number, *extension, *was, *was_keys;
	int64_t now_us, heard_us;       /* by PostgreSQL's clock; since it was heard of first */
	struct case_id case_;
	struct agent_id owner;
	int64_t epoch;
	enum case_state case_state;
	bool option0, keeps, was_queued;   /* keeps: the owner has it not for this call alone */
	struct expected told;           /* basis EXPECT_UNKNOWN: nothing was */
	struct promise promise;         /* open in the case, or as it is made; promised_us 0: none */
	const char *promise_reason;
	json_t *settings;
	struct call_event *events;
	int n_events, n_stored;
	int ahead, agents;
	/* as decided */
	struct hours hours;
	struct call now;
	struct expected expected;
	const struct menu *menu;        /* NULL: none; of a world that op holds */
	struct menu_step step;          /* where the keys led in it */
	const char *digital; /* how the product that was chosen is done digitally; NULL: by people. As menu */
	enum call_do act;
	const char *reason;             /* of CALL_DO_PROMISE */
	/* places in the unit; -1: not in it */
	int q_put, q_option0, q_waits, q_chosen, q_promise, q_hang_up;
};

/* calls_answer - what the exchange hears, JSON in arena */
const char *calls_answer(struct settle *s, struct arena *arena);

#endif
