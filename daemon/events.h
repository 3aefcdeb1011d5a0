/*
 * events.h - what happens is told to other systems: signed webhooks (lib/core/event.h)
 *
 * A notice is written with what it tells of, so nothing is lost between them. In the background notices are
 * looked through for each subscription, in the order of their ids and never past one that may still come;
 * what a subscription asks for becomes a row of loket.event, and leaves by a courier (courier.h), again and
 * again until the receiver answers 2xx. Whoever receives gets each at least once, those of a case in order.
 * Any instance does all of it; none of them leads.
 */
#ifndef LOKET_EVENTS_H
#define LOKET_EVENTS_H

struct server;
struct events;

enum {
	EVENTS_WAITING =
		2000,       /* of a subscription that are taken out of loket.notice: the rest waits there */
	EVENTS_DEAD = 1000, /* of a subscription that nobody took: more of them, and it is disabled */
	EVENTS_AT_ONCE = 32,
	EVENTS_TO_ONE = 8, /* at once to one receiver; who fails gets one */
};

struct events *events_new(struct server *srv);
struct events *events_free(struct events *e);
/* events_wake - a subscription was made or changed, or is to be tried again: look now */
void events_wake(struct events *e);

#endif
