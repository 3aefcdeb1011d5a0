/*
 * dispatch.h - the dispatcher: who is asked to take which case, now
 *
 * One instance dispatches: the one that holds the lease "dispatch" (PostgreSQL, 2 s, with a fencing
 * epoch that every offer it writes carries). It keeps waiting cases and agents in memory, loaded from
 * PostgreSQL when it takes the lease, nudged by what happens, corrected by the sweep. lib/core/route
 * decides; an offer is a fact only when its transaction committed.
 */
#ifndef LOKET_DISPATCH_H
#define LOKET_DISPATCH_H

#include "lib/core/route.h"

#include <jansson.h>

struct server;
struct dispatch;

struct dispatch *dispatch_new(struct server *srv);
struct dispatch *dispatch_free(struct dispatch *d);   /* gives the lease back */

/* what happened, told after its COMMIT; all are cheap, the work is done once at the end of the loop turn */
void dispatch_case_waits(struct dispatch *d, const struct route_case *c);      /* new, requeued or reopened */
/* dispatch_method - how a case is routed: as was drawn when it came (arm; NULL: nothing was), whatever the share is now;
 * unless its municipality does not draw any more */
enum route_method dispatch_method(const struct route_policy *p, const char *arm, struct case_id id);
void dispatch_case_left(struct dispatch *d, struct case_id id);                /* closed, merged, taken over */
void dispatch_case_back(struct dispatch *d, struct case_id id);                /* may wait again: PostgreSQL says */
void dispatch_agent_changed(struct dispatch *d, struct agent_id id);           /* presence, load, skills: look again */
void dispatch_seen(struct dispatch *d, struct agent_id id);                    /* sign of life: API call or stream */
void dispatch_world_changed(struct dispatch *d);
void dispatch_learn_mature(struct dispatch *d); /* sweep: outcomes that are old enough */
void dispatch_resync(struct dispatch *d);                                      /* sweep: compare with PostgreSQL */

/*
 * dispatch_told - a committed statement wrote notices: give them to the event streams, and act on them
 * in       the statement returned id, at, municipality, kind, case_id, agent, payload
 * returns  how many there were
 */
struct op;
int dispatch_told(struct server *srv, const struct op *op, int statement);
/*
 * dispatch_waits_anew - the same for cases that wait for others than before, or wait no more: all that was
 * known of them and of the agents in the notices is read again
 */
int dispatch_waits_anew(struct server *srv, const struct op *op, int statement);

/* dispatch_explain - the decision as it would be now, for GET /v1/cases/{id}/routing. New reference; NULL when
 * this instance does not dispatch or the case does not wait */
json_t *dispatch_explain(struct dispatch *d, struct case_id id);
/* dispatch_shown - of the terms that are kept with a decision only those that may be seen: estimates of a person
 * are not */
void dispatch_shown(json_t *terms);
bool dispatch_leads(const struct dispatch *d);

#endif
