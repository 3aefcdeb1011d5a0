/* notice.c - names of notices, and who may hear them */
#include "lib/core/notice.h"

#include <string.h>

static const char *const names[N_NOTICE_KINDS] = {
	[NOTICE_OFFER_MADE] = "offer.made",
	[NOTICE_OFFER_WITHDRAWN] = "offer.withdrawn",
	[NOTICE_CASE_CHANGED] = "case.changed",
	[NOTICE_CONTACT_RECEIVED] = "contact.received",
	[NOTICE_DELIVERY_CHANGED] = "delivery.changed",
	[NOTICE_PRESENCE_CHANGED] = "presence.changed",
	[NOTICE_POST_MADE] = "post.made",
	[NOTICE_POST_CHANGED] = "post.changed",
	[NOTICE_QUEUE_CHANGED] = "queue.changed",
	[NOTICE_QUEUE_UNSERVED] = "queue.unserved",
	[NOTICE_RESYNC] = "resync",
};

const char *notice_name(enum notice_kind k)
{
	return (unsigned)k < N_NOTICE_KINDS ? names[k] : "";
}

int notice_from(const char *s)
{
	for (int i = 0; s && i < N_NOTICE_KINDS; i++)
		if (strcmp(names[i], s) == 0)
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
		return in_scope && sees_all_cases(p->role);
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
