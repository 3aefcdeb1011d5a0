/*
 * courier.h - what is to leave us and waits in a table: when to claim it, how much at once, and finding again
 * what was lost
 *
 * Claiming is an operation of its own, one at a time: it commits that something is being sent, and by which
 * instance, before an operation for each sends it. Any instance may claim; what one held when it died is
 * found by the sweep of another. Replies (outbox.c) and events (events.c) leave in this way; they differ in
 * their statements and in what an answer means.
 */
#ifndef LOKET_COURIER_H
#define LOKET_COURIER_H

#include "daemon/op.h"
#include "daemon/pg.h"
#include "lib/base/uuid.h"

enum {
	COURIER_MAX = 64,    /* at once, whatever the configuration says */
	COURIER_GONE_S = 60, /* no request takes so long: whoever holds it is gone */
};

struct courier;

struct courier_kind {
	const char *claim_name, *sweep_name;   /* of the operations, in logs */
	int (*most)(const struct server *srv); /* at once */
	/* the statements of a claim of at most room; claimed is called when they committed, starts an
	 * operation for each with courier_take, and says in how many ms the next is due; -1: nothing waits */
	void (*claim)(struct pg_unit *u, const struct server *srv, int room);
	int64_t (*claimed)(struct op *op, struct courier *c);
	/* the statements of a sweep, every few seconds, and what is done when they committed */
	void (*sweep)(struct pg_unit *u, const struct server *srv, const struct courier *c);
	void (*swept)(struct op *op);
};

/* courier_new - kind stays the caller's, for as long as the courier lives */
struct courier *courier_new(struct server *srv, const struct courier_kind *kind);
struct courier *courier_free(struct courier *c);
/* courier_wake - something was committed (or time passed): look for what is due */
void courier_wake(struct courier *c);
/* courier_take / courier_back - its operation begins; is over, and its place free */
void courier_take(struct courier *c, struct uuid id);
void courier_back(struct courier *c, struct uuid id);
/* courier_add_held - a parameter, uuid[]: what has an operation now */
void courier_add_held(struct pg_unit *u, const struct courier *c);

#endif
