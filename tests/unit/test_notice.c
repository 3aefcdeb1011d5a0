/* test_notice.c - who hears what */
#include <stdio.h>
#include "lib/core/notice.h"
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct principal someone(enum role role, unsigned agent, const char *municipality)
{
	struct principal p;

	memset(&p, 0, sizeof(p));
	p.role = role;
	p.is_agent = agent != 0;
	p.agent_id.u = numbered(agent);
	p.n_municipalities = 1;
	p.municipalities[0] = municipality;
	return p;
}

static bool hears(enum notice_kind kind, unsigned about, struct principal p)
{
	struct notice n;

	memset(&n, 0, sizeof(n));
	n.kind = kind;
	snprintf(n.municipality, sizeof(n.municipality), "%s", "dordrecht");
	n.agent.u = numbered(about);
	return notice_for(&n, &p);
}

START_TEST(offers_are_for_the_agent_alone)
{
	ck_assert(hears(NOTICE_OFFER_MADE, 1, someone(ROLE_AGENT, 1, "dordrecht")));
	ck_assert(!hears(NOTICE_OFFER_MADE, 1, someone(ROLE_AGENT, 2, "dordrecht")));
	ck_assert(!hears(NOTICE_OFFER_WITHDRAWN, 1, someone(ROLE_LEAD, 0, "dordrecht")));
	ck_assert(!hears(NOTICE_OFFER_MADE, 0, someone(ROLE_ADMIN, 0, "dordrecht")));  /* nil is nobody */
}
END_TEST

START_TEST(cases_are_for_the_owner_and_who_oversees)
{
	ck_assert(hears(NOTICE_CASE_CHANGED, 1, someone(ROLE_AGENT, 1, "dordrecht")));
	ck_assert(!hears(NOTICE_CONTACT_RECEIVED, 1, someone(ROLE_AGENT, 2, "dordrecht")));
	ck_assert(!hears(NOTICE_CASE_CHANGED, 0, someone(ROLE_COACH, 2, "dordrecht")));
	ck_assert(hears(NOTICE_DELIVERY_CHANGED, 1, someone(ROLE_LEAD, 5, "dordrecht")));
	ck_assert(hears(NOTICE_CASE_CHANGED, 0, someone(ROLE_INTEGRATION, 0, "dordrecht")));
	ck_assert(!hears(NOTICE_CASE_CHANGED, 0, someone(ROLE_LEAD, 5, "sliedrecht")));
	ck_assert(!hears(NOTICE_CASE_CHANGED, 1, someone(ROLE_AGENT, 1, "sliedrecht")));  /* right was taken away */
}
END_TEST

START_TEST(posts_are_for_the_webcare_team)
{
	ck_assert(hears(NOTICE_TASK_CHANGED, 1, someone(ROLE_AGENT, 1, "dordrecht")));
	ck_assert(!hears(NOTICE_TASK_CHANGED, 1, someone(ROLE_AGENT, 2, "dordrecht")));
	ck_assert(!hears(NOTICE_TASK_CHANGED, 0, someone(ROLE_WEBCARE, 4, "dordrecht")));
	ck_assert(hears(NOTICE_TASK_CHANGED, 0, someone(ROLE_INTEGRATION, 0, "dordrecht")));
	ck_assert(!hears(NOTICE_TASK_CHANGED, 1, someone(ROLE_AGENT, 1, "sliedrecht")));
	ck_assert(hears(NOTICE_POST_MADE, 0, someone(ROLE_WEBCARE, 4, "dordrecht")));
	ck_assert(hears(NOTICE_POST_CHANGED, 4, someone(ROLE_WEBCARE, 17, "dordrecht")));
	ck_assert(hears(NOTICE_POST_CHANGED, 0, someone(ROLE_LEAD, 5, "dordrecht")));
	ck_assert(!hears(NOTICE_POST_MADE, 0, someone(ROLE_WEBCARE, 4, "sliedrecht")));
	ck_assert(!hears(NOTICE_POST_MADE, 1, someone(ROLE_AGENT, 1, "dordrecht")));
	ck_assert(!hears(NOTICE_POST_CHANGED, 0, someone(ROLE_COACH, 3, "dordrecht")));
}
END_TEST

START_TEST(presence_and_queue)
{
	ck_assert(hears(NOTICE_PRESENCE_CHANGED, 1, someone(ROLE_AGENT, 1, "sliedrecht")));
	ck_assert(hears(NOTICE_PRESENCE_CHANGED, 1, someone(ROLE_LEAD, 5, "dordrecht")));
	ck_assert(!hears(NOTICE_PRESENCE_CHANGED, 1, someone(ROLE_LEAD, 5, "sliedrecht")));
	ck_assert(!hears(NOTICE_PRESENCE_CHANGED, 1, someone(ROLE_AGENT, 2, "dordrecht")));
	ck_assert(hears(NOTICE_QUEUE_CHANGED, 0, someone(ROLE_AGENT, 2, "dordrecht")));
	ck_assert(!hears(NOTICE_QUEUE_CHANGED, 0, someone(ROLE_AGENT, 2, "sliedrecht")));
	ck_assert(hears(NOTICE_QUEUE_UNSERVED, 0, someone(ROLE_LEAD, 5, "dordrecht")));
	ck_assert(!hears(NOTICE_QUEUE_UNSERVED, 0, someone(ROLE_LEAD, 5, "sliedrecht")));
	ck_assert(!hears(NOTICE_QUEUE_UNSERVED, 0, someone(ROLE_AGENT, 2, "dordrecht")));
}
END_TEST

START_TEST(names)
{
	for (int i = 0; i < N_NOTICE_KINDS; i++)
		ck_assert_int_eq(notice_from(notice_name((enum notice_kind)i)), i);
	ck_assert_int_eq(notice_from("offer"), -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		offers_are_for_the_agent_alone, cases_are_for_the_owner_and_who_oversees,
		posts_are_for_the_webcare_team, presence_and_queue, names,
	};

	return unit_run("notice", tests, COUNT(tests));
}
