/*
 * notice.h - what happened, as told to front ends and auditors
 *
 * Made in the same transaction as what it tells. Holds ids and states, never names,
 * addresses or message text.
 */
#ifndef LOKET_NOTICE_H
#define LOKET_NOTICE_H

#include "lib/core/access.h"

#include <stdbool.h>

enum notice_kind {
	NOTICE_OFFER_MADE,
	NOTICE_OFFER_WITHDRAWN,
	NOTICE_CASE_CHANGED,
	NOTICE_CONTACT_RECEIVED,
	NOTICE_DELIVERY_CHANGED,
	NOTICE_PRESENCE_CHANGED,
	NOTICE_POST_MADE,
	NOTICE_POST_CHANGED,
	NOTICE_TASK_CHANGED,
	NOTICE_QUEUE_CHANGED,
	NOTICE_QUEUE_UNSERVED,
	NOTICE_SUBSCRIPTION_DISABLED,
	NOTICE_SIGNAL_RAISED,
	NOTICE_SIGNAL_ENDED,
	NOTICE_RESYNC,
	N_NOTICE_KINDS
};

struct notice {
	int64_t id;                  /* order of writing; 0 for what is not kept (queue.changed, resync) */
	int64_t at_us;
	enum notice_kind kind;
	char municipality[64];       /* "" : not about one */
	char case_id[UUID_TEXT];     /* "" : none */
	struct agent_id agent;       /* whom it is for (offers, presence) or who owns the case; nil: none */
	char *payload;               /* one JSON object as text; owned by the notice */
};

const char *notice_name(enum notice_kind k);   /* "offer.made" */
int notice_from(const char *s);
/* notice_about - of what is told outside too (event.h): the key in its payload of what it is about; NULL: it is not */
const char *notice_about(enum notice_kind k);

/*
 * notice_for - should p get this notice on the event stream?
 * offer.*      only the agent asked
 * presence.*   the agent, and leads with a municipality in common
 * case.*, contact.*, delivery.*   the owner; leads, webcare, integrations and admins of the municipality
 * task.*       who has the task; leads, integrations and admins of the municipality
 * post.*, signal.*       webcare, leads, integrations and admins of the municipality
 * queue.unserved   leads and admins of the municipality
 * subscription.disabled           admins of the municipality
 * queue.changed, resync           everybody with rights on the municipality
 */
bool notice_for(const struct notice *n, const struct principal *p);

#endif
