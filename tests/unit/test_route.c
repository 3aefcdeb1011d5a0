/* test_route.c - who takes it, and why not the others */
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"


static struct route_decision d;
static struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
static struct route_state state = { .policies = policies };

#define same(x, y) (memcmp(&(x), &(y), sizeof(x)) == 0)

START_TEST(one_rule_at_a_time)
{
	struct route_case c = question(1, 1000);
	struct route_agent a = able(1);

	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_OK);
	a.presence = PRESENCE_AWAY;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NOT_READY);
	a = able(1), a.municipalities = 0x6;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NO_MUNICIPALITY);
	a = able(1), a.channels = 0x6;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NO_CHANNEL);
	a = able(1), a.languages = 0x2;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NO_LANGUAGE);
	a = able(1), a.products.bits[0] = 0x2;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NO_PRODUCT);
	a = able(1), a.busy[0] = 2, a.busy_total = 2;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_FULL);
	a = able(1), a.busy[1] = 2, a.busy[2] = 1, a.busy_total = 3;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_FULL);
	a = able(1), a.asked = true;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_ASKED);
	a = able(1), c.wanted.u = numbered(2);
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NOT_WANTED);
	c = question(1, 1000), c.team = 1;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_NOT_TEAM);
	a.teams = 0x2;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_OK);
	c = question(1, 1000), c.declined[0] = a.id, c.n_declined = 1;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_DECLINED);
	c = question(1, 1000), c.product = 255;  /* the last bit of the last word */
	a.products.bits[3] = UINT64_C(1) << 63;
	ck_assert_int_eq(route_eligible(&c, &a, &policies[0], 0), WHY_OK);
}
END_TEST

START_TEST(option0_only_a_coach_whatever_the_product)
{
	struct route_case c = question(1, 1000);
	struct route_agent agents[] = { able(1), able(2) };

	c.option0 = true;
	c.product = 9;                   /* nobody has it */
	agents[0].idle_since_us = -5000;
	route_agent_for(&state, &c, agents, 2, 100, &d);
	ck_assert_int_eq(d.chosen, -1);
	ck_assert_int_eq(d.rule, RULE_NOBODY_HAS_SKILL);
	ck_assert_int_eq(d.left_out[0].why, WHY_NOT_COACH);
	agents[1].coach = true;
	route_agent_for(&state, &c, agents, 2, 100, &d);
	ck_assert_int_eq(d.chosen, 1);
	ck_assert_int_eq(d.rule, RULE_OPTION0_COACH);
	c.option0 = false;               /* a coach is no expert in everything */
	route_agent_for(&state, &c, agents, 2, 100, &d);
	ck_assert_int_eq(d.chosen, -1);
}
END_TEST

START_TEST(ties_by_rule)
{
	struct route_case c = question(1, 1000);
	struct route_agent agents[] = { able(3), able(2), able(7) };

	route_agent_for(&state, &c, agents, 3, 100, &d);
	ck_assert_int_eq(d.chosen, 1);   /* equally idle: the lowest id */
	agents[2].idle_since_us = -1;
	route_agent_for(&state, &c, agents, 3, 100, &d);
	ck_assert_int_eq(d.chosen, 2);
	ck_assert_int_eq(d.rule, RULE_LONGEST_IDLE);
	ck_assert_int_eq(d.n_candidates, 3);
	ck_assert_int_eq(d.candidates[0].idle_us, 101);
	ck_assert(same(d.candidates[1].agent, agents[1].id));
	ck_assert(same(d.candidates[2].agent, agents[0].id));
	ck_assert_str_eq(d.policy, "skills-fifo");
}
END_TEST

START_TEST(asked_twice_only_when_all_declined)
{
	struct route_case c = question(1, 1000);
	struct route_agent agents[] = { able(1), able(2) };

	c.declined[0] = agents[0].id;
	c.n_declined = 1;
	route_agent_for(&state, &c, agents, 2, 0, &d);
	ck_assert_int_eq(d.chosen, 1);
	agents[1].busy[0] = 2, agents[1].busy_total = 2;  /* a colleague will be free: wait for her */
	route_agent_for(&state, &c, agents, 2, 0, &d);
	ck_assert_int_eq(d.chosen, -1);
	ck_assert_int_eq(d.rule, RULE_NOBODY_FREE);
	agents[1].presence = PRESENCE_OFFLINE;            /* no colleague: ask again */
	route_agent_for(&state, &c, agents, 2, 0, &d);
	ck_assert_int_eq(d.chosen, 0);
}
END_TEST

START_TEST(a_wish_is_no_dead_end)
{
	struct route_case c = question(1, 1000);
	struct route_agent agents[] = { able(1), able(2) };

	c.wanted = agents[1].id;
	route_agent_for(&state, &c, agents, 2, 0, &d);
	ck_assert_int_eq(d.chosen, 1);
	ck_assert_int_eq(d.rule, RULE_WANTED);
	ck_assert(!route_relax(&c, agents, 2, 1001));     /* ready: late, but hers */
	agents[1].presence = PRESENCE_AWAY;
	ck_assert(!route_relax(&c, agents, 2, 1000));     /* not late yet */
	ck_assert(route_relax(&c, agents, 2, 1001));
	c = question(1, 1000);
	ck_assert(!route_relax(&c, agents, 2, 1001));     /* no wish, nothing to drop */
	c.team = 1;
	ck_assert(route_relax(&c, agents, 2, 1001));
	agents[0].teams = 0x2;
	ck_assert(!route_relax(&c, agents, 2, 1001));
}
END_TEST

START_TEST(explains_the_nearest_first)
{
	struct route_agent agents[ROUTE_MAX_EXPLAINED + 20];
	struct route_case c = question(1, 1000);

	for (int i = 0; i < ROUTE_MAX_EXPLAINED + 20; i++) {
		agents[i] = able((unsigned)i + 1);
		agents[i].products.bits[0] = 0;
	}
	agents[ROUTE_MAX_EXPLAINED + 10] = able(500);
	agents[ROUTE_MAX_EXPLAINED + 10].presence = PRESENCE_AWAY;
	route_agent_for(&state, &c, agents, ROUTE_MAX_EXPLAINED + 20, 0, &d);
	ck_assert_int_eq(d.n_left_out, ROUTE_MAX_EXPLAINED);
	ck_assert_int_eq(d.n_considered, ROUTE_MAX_EXPLAINED + 20);
	ck_assert(same(d.left_out[0].agent, agents[ROUTE_MAX_EXPLAINED + 10].id));
	ck_assert_int_eq(d.left_out[0].why, WHY_NOT_READY);
	ck_assert_int_eq(d.left_out[1].why, WHY_NO_PRODUCT);
}
END_TEST

START_TEST(many_candidates_keep_the_best)
{
	struct route_agent agents[200];
	struct route_case c = question(1, 1000);

	for (int i = 0; i < 200; i++) {
		agents[i] = able((unsigned)i + 1);
		agents[i].idle_since_us = -((i * 37) % 200);
	}
	route_agent_for(&state, &c, agents, 200, 0, &d);
	ck_assert_int_eq(agents[d.chosen].idle_since_us, -199);
	ck_assert_int_eq(d.n_candidates, ROUTE_MAX_EXPLAINED);
	for (int i = 0; i < d.n_candidates; i++)
		ck_assert_int_eq(d.candidates[i].idle_us, 199 - i);
}
END_TEST

START_TEST(most_urgent_then_oldest_then_lowest_id)
{
	struct route_case a = question(5, 100), b = question(4, 100), c = question(3, 99), e = question(6, 100);
	const struct route_case *cases[] = { &a, &b, &c, &e };
	struct route_agent agent = able(1);

	route_case_for(&state, &agent, cases, 4, &agent, 1, 0, &d);
	ck_assert_int_eq(d.chosen, 2);
	route_case_for(&state, &agent, cases, 2, &agent, 1, 0, &d);
	ck_assert_int_eq(d.chosen, 1);
	e.arrived_us--;
	cases[2] = &e;
	route_case_for(&state, &agent, cases, 3, &agent, 1, 0, &d);
	ck_assert_int_eq(d.chosen, 2);
	agent.room_total = 0;
	route_case_for(&state, &agent, cases, 3, &agent, 1, 0, &d);
	ck_assert_int_eq(d.chosen, -1);
}
END_TEST

/* the hard rules, said once more in another way */
static void check_rules(const struct route_case *c, const struct route_agent *a)
{
	ck_assert_int_eq(a->presence, PRESENCE_READY);                         /* H1 */
	ck_assert_int_lt(a->busy[c->channel], a->room[c->channel]);
	ck_assert_int_lt(a->busy_total, a->room_total);
	ck_assert(!a->asked);
	ck_assert(a->channels & UINT32_C(1) << c->channel);
	ck_assert(a->languages & UINT32_C(1) << c->language);
	ck_assert(c->option0 || a->products.bits[0] & UINT64_C(1) << c->product);  /* H2 */
	ck_assert(a->municipalities & UINT64_C(1) << c->municipality);         /* H3 */
	ck_assert(!c->option0 || a->coach);                                    /* H6 */
	ck_assert(!c->team || a->teams & UINT64_C(1) << c->team);
}

START_TEST(hard_rules_hold_for_anything)
{
	struct prng p = { 42 };
	struct route_agent agents[12];
	struct route_decision again;
	int n_chosen = 0;

	for (int round = 0; round < 8000; round++) {
		int n = 1 + prng_below(&p, 12);
		struct route_case c = any_case(&p, 1, 12);

		for (int i = 0; i < n; i++)
			agents[i] = any_agent(&p, (unsigned)i + 1);
		route_agent_for(&state, &c, agents, n, 10, &d);
		route_agent_for(&state, &c, agents, n, 10, &again);
		ck_assert(same(d, again));
		ck_assert_int_eq(d.n_candidates + d.n_left_out, n);
		if (d.chosen < 0) {
			for (int i = 0; i < n; i++)
				ck_assert_int_ne(route_eligible(&c, &agents[i], &policies[0], 10), WHY_OK);
			continue;
		}
		n_chosen++;
		check_rules(&c, &agents[d.chosen]);
		for (int i = 0; i < n; i++)
			if (route_eligible(&c, &agents[i], &policies[0], 10) == WHY_OK)
				ck_assert_int_le(agents[d.chosen].idle_since_us, agents[i].idle_since_us);
	}
	ck_assert_int_gt(n_chosen, 200);
}
END_TEST

START_TEST(every_name_is_there)
{
	for (int i = 0; i < N_WHY; i++)
		ck_assert_str_ne(route_why_name((enum route_why)i), "unknown");
	for (int i = 0; i < N_RULES; i++)
		ck_assert_str_ne(route_rule_name((enum route_rule)i), "unknown");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		one_rule_at_a_time, option0_only_a_coach_whatever_the_product, ties_by_rule,
		asked_twice_only_when_all_declined, a_wish_is_no_dead_end, explains_the_nearest_first,
		many_candidates_keep_the_best, most_urgent_then_oldest_then_lowest_id,
		hard_rules_hold_for_anything, every_name_is_there,
	};

	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++)
		policies[i] = policy_defaults();
	return unit_run("route", tests, COUNT(tests));
}
