/* notice.c - names of notices, and who may hear them */
#include "lib/core/notice.h"

#include <string.h>

/* about: the key in its payload of what it is about, for systems outside; NULL: it stays between us and our front ends */
static const struct {
	const char *name, *about;
} kinds[N_NOTICE_KINDS] = {
	[NOTICE_OFFER_MADE] = {"offer.made", NULL},
	[NOTICE_OFFER_WITHDRAWN] = {"offer.withdrawn", NULL},
	[NOTICE_CASE_CHANGED] = {"case.changed", "case"},
	[NOTICE_CONTACT_RECEIVED] = {"contact.received", "contact"},
	[NOTICE_DELIVERY_CHANGED] = {"delivery.changed", "contact"},
	[NOTICE_PRESENCE_CHANGED] = {"presence.changed", NULL},
	[NOTICE_POST_MADE] = {"post.made", "post"},
	[NOTICE_POST_CHANGED] = {"post.changed", "post"},
	[NOTICE_TASK_CHANGED] = {"task.changed", "task"},
	[NOTICE_QUEUE_CHANGED] = {"queue.changed", NULL},
	[NOTICE_QUEUE_UNSERVED] = {"queue.unserved", NULL},
	[NOTICE_SUBSCRIPTION_DISABLED] = {"subscription.disabled", NULL},
	[NOTICE_SIGNAL_RAISED] = {"signal.raised", "signal"},
	[NOTICE_SIGNAL_ENDED] = {"signal.ended", "signal"},
	[NOTICE_RESYNC] = {"resync", NULL},
};

const char *notice_name(enum notice_kind k)
{
	return (unsigned)k < N_NOTICE_KINDS ? kinds[k].name : "";
}

const char *notice_about(enum notice_kind k)
{
	return (unsigned)k < N_NOTICE_KINDS ? kinds[k].about : NULL;
}

int notice_from(const char *s)
{
	for (int i = 0; s && i < N_NOTICE_KINDS; i++)
		if (strcmp(kinds[i].name, s) == 0)
			return i;
	return -1;
}

/* is it about p: the agent asked, the agent whose presence changed, the owner of the case? */
static bool is_about(const struct notice *n, const struct principal *p)
{
	return p->is_agent && !uuid_is_nil(n->agent.u) && uuid_same(n->agent.u, p->agent_id.u);
}

static bool sees_all_cases(enum role r)
{
	return r == ROLE_LEAD || r == ROLE_WEBCARE || r == ROLE_INTEGRATION || r == ROLE_ADMIN;
}

bool notice_for(const struct notice *n, const struct principal *p)
{
	bool in_scope = n->municipality[0] == '\0' || access_municipality(p, n->municipality);

	switch (n->kind) {
	case NOTICE_OFFER_MADE:
	case NOTICE_OFFER_WITHDRAWN:
		return is_about(n, p);
	case NOTICE_PRESENCE_CHANGED:
		return is_about(n, p) || (p->role == ROLE_LEAD && in_scope);
	case NOTICE_CASE_CHANGED:
	case NOTICE_CONTACT_RECEIVED:
	case NOTICE_DELIVERY_CHANGED:
		return in_scope && (is_about(n, p) || sees_all_cases(p->role));
	case NOTICE_POST_MADE:
	case NOTICE_POST_CHANGED:
	case NOTICE_SIGNAL_RAISED:
	case NOTICE_SIGNAL_ENDED:
		return in_scope && sees_all_cases(p->role);
	case NOTICE_TASK_CHANGED:
		return in_scope && (is_about(n, p) || (sees_all_cases(p->role) && p->role != ROLE_WEBCARE));
	case NOTICE_SUBSCRIPTION_DISABLED:
		return in_scope && p->role == ROLE_ADMIN;
	case NOTICE_QUEUE_UNSERVED:
		return in_scope && (p->role == ROLE_LEAD || p->role == ROLE_ADMIN);
	case NOTICE_QUEUE_CHANGED:
	case NOTICE_RESYNC:
		return in_scope;
	case N_NOTICE_KINDS:
		break;
	}
	return false;
}
