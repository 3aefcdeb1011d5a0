#include "lib/core/access.h"

#include <string.h>

static const char *const role_names[N_ROLES] = {
	[ROLE_AGENT] = "agent", [ROLE_COACH] = "coach",             [ROLE_WEBCARE] = "webcare",
	[ROLE_LEAD] = "lead",   [ROLE_INTEGRATION] = "integration", [ROLE_ADMIN] = "admin",
};

bool access_role(const struct principal *p, unsigned roles)
{
	return (roles & ROLE_BIT(p->role)) != 0;
}

bool access_municipality(const struct principal *p, const char *municipality)
{
	for (int i = 0; i < p->n_municipalities; i++)
		if (!strcmp(p->municipalities[i], municipality))
			return true;
	return false;
}

bool access_case_write(const struct principal *p, struct agent_id owner)
{
	if (p->role == ROLE_LEAD || p->role == ROLE_ADMIN)
		return true;
	return p->is_agent && !uuid_is_nil(owner.u) && uuid_same(p->agent_id.u, owner.u);
}

bool access_post_release(const struct principal *p, struct agent_id by)
{
	return p->role == ROLE_LEAD || (p->is_agent && !uuid_is_nil(by.u) && uuid_same(p->agent_id.u, by.u));
}

bool access_sees_bsn(const struct principal *p)
{
	return p->sees_bsn;
}

const char *role_name(enum role r)
{
	return role_names[r];
}

int role_from(const char *s)
{
	for (int i = 0; i < N_ROLES; i++)
		if (!strcmp(role_names[i], s))
			return i;
	return -1;
}
