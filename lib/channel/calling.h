/*
 * calling.h - what exchanges share when a post becomes the contact of a call and an event of it
 */
#ifndef LOKET_CALLING_H
#define LOKET_CALLING_H

#include "lib/channel/channel.h"

struct calling {
	enum call_event_kind kind;
	const char *call;        /* the exchange's id */
	const char *id;          /* of the event; NULL: made of what it says */
	int64_t at_us;           /* 0: when it came in */
	const char *from, *to;   /* of the caller, and what was dialled; may be NULL */
	const char *key, *agent, *reason, *language;
};

/* calling_add - fill out with one contact and one event; 0 or CHANNEL_UNREADABLE */
int calling_add(struct arena *a, const struct channel_request *r, const struct calling *p, struct channel_batch *out);
/* calling_is_hidden - does this stand for a number that the caller did not show? NULL does */
bool calling_is_hidden(const char *number);

#endif
