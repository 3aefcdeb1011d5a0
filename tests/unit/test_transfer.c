/* test_transfer.c - handing on: once, to somebody else who can finish it, then a lead */
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"

#include "lib/core/transfer.h"

/* 1 has it; 2 does all but product 3; 3 is of team 1, speaks language 1 and does product 3 only */
static struct route_agent agents[3];
static struct route_case it;
static struct transfer to;

static void begin(void)
{
	for (unsigned i = 0; i < 3; i++)
		agents[i] = able(i + 1);
	agents[0].products.bits[0] = 0x7;
	agents[1].products.bits[0] = 0x7;
	agents[2].products.bits[0] = 0x8;
	agents[2].teams = 0x2;
	it = question(9, 1000);
	to = (struct transfer){.c = &it, .from = agents[0].id, .product = -1};
}

static enum transfer_refusal refused(void)
{
	bool somebody = false;

	for (int i = 0; i < 3; i++)
		somebody |= transfer_reaches(&to, &agents[i]);
	return transfer_refused(&to, memcmp(&agents[0].id, &to.from, sizeof(to.from)) ? NULL : &agents[0],
				somebody);
}

START_TEST(once_and_then_a_lead)
{
	begin();
	to.agent = agents[1].id;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	to.n_before = 1;
	ck_assert_int_eq(refused(), TRANSFER_ONCE);
	to.to_lead = true;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	to.to_lead = false;
	to.by_lead = true;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
}
END_TEST

START_TEST(to_somebody_else)
{
	begin();
	to.agent = agents[0].id;
	ck_assert_int_eq(refused(), TRANSFER_NOT_BETTER);
	begin();
	to.product = 0;
	ck_assert_int_eq(refused(), TRANSFER_NOT_BETTER);
	agents[0].products.bits[0] = 0x8; /* who has it does not do it: anybody is better placed */
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	begin();
	to.from.u = numbered(0); /* nobody has it, and nothing would change */
	to.product = 0;
	ck_assert_int_eq(refused(), TRANSFER_NOT_BETTER);
}
END_TEST

START_TEST(who_can_finish_it)
{
	begin();
	to.agent = agents[2].id;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	it.product = 3;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	it.language = 1;
	agents[2].languages = 0x1;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	it.language = 0;
	it.channel = 2;
	agents[2].channels = 0x3;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	it.channel = 0;
	it.option0 = true;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	agents[2].coach = true;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	agents[2].presence = PRESENCE_OFFLINE; /* who is not there now will be */
	ck_assert_int_eq(refused(), TRANSFER_FINE);
}
END_TEST

START_TEST(a_product_that_somebody_does)
{
	begin();
	to.product = 3;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	agents[2].municipalities = agents[2].knows = 0x6;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	begin();
	to.product = 63;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
}
END_TEST

START_TEST(a_team_with_somebody_who_does_it)
{
	begin();
	to.team = 1;
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
	agents[2].products.bits[0] = 0xf;
	ck_assert_int_eq(refused(), TRANSFER_FINE);
	begin();
	to.team = 1;
	agents[0].teams = 0x2; /* the only one who does it there is who hands it on */
	ck_assert_int_eq(refused(), TRANSFER_NOT_FIT);
}
END_TEST

START_TEST(every_refusal_has_a_rule_and_words)
{
	for (int r = TRANSFER_FINE + 1; r < N_TRANSFER_REFUSALS; r++) {
		ck_assert_str_ne(transfer_rule((enum transfer_refusal)r), "");
		ck_assert_str_ne(transfer_words((enum transfer_refusal)r), "");
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		once_and_then_a_lead,
		to_somebody_else,
		who_can_finish_it,
		a_product_that_somebody_does,
		a_team_with_somebody_who_does_it,
		every_refusal_has_a_rule_and_words,
	};

	return unit_run("transfer", tests, COUNT(tests));
}
