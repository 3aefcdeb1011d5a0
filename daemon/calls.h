/*
 * calls.h - what becomes of telephone calls: after every event the call is made up again, and its case follows
 *
 * intake stores the events in the transaction of the post. What comes after that COMMIT (this) may be lost at any moment:
 * the sweep finds calls with events that nobody counted, and calls of which nothing is heard any more.
 */
#ifndef LOKET_CALLS_H
#define LOKET_CALLS_H

#include "daemon/op.h"
#include "lib/base/uuid.h"

struct calls;

enum {
	CALLS_SWEPT = 100,       /* that one sweep settles at most */
	CALLS_MENU_MAX_S = 90,   /* in the menu: who has chosen nothing by then waits for a person all the same */
};

struct calls *calls_new(struct server *srv);
struct calls *calls_free(struct calls *c);

/*
 * calls_settle - fold the events of a call, write what it is, let its case follow, and decide what the caller hears
 * in       call: the id of its contact
 * out      *answer: what to tell the exchange, JSON in op's arena; NULL when it could not be settled now
 */
enum op_status calls_settle(struct op *op, int next_state, struct contact_id call, const char **answer);

/* calls_sweep - settle what was forgotten */
void calls_sweep(struct calls *c);

#endif
