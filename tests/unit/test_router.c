/* test_router.c - random worlds: the hard rules hold whatever comes, and the indexes say what looking at
 * everybody would say */
#include "lib/core/router.h"
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum { N_AGENTS = 30, N_CASES = 120, STEPS = 60, WORLDS = 400, SECOND = 1000000 };

/* one world: the router, and the same without indexes */
struct made_up {
	struct prng p;
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct learn *learn;
	struct router *router;
	struct route_agent agents[N_AGENTS];
	struct route_case cases[N_CASES];
	bool waits[N_CASES];
	int64_t now_us;
};

static const enum route_kind kinds[3] = {KIND_PHONE, KIND_CHAT, KIND_ASYNC};

static struct route_agent somebody(struct prng *p, unsigned n)
{
	struct route_agent a = any_agent(p, n);

	a.municipalities = prng_below(p, 4) ? 7 : (uint64_t)prng_below(p, 8);
	a.knows = a.municipalities & (prng_below(p, 3) ? 7 : (uint64_t)prng_below(p, 8));
	a.home = a.municipalities & UINT64_C(1) << prng_below(p, 3);
	a.channels = prng_below(p, 3) ? 7 : (uint32_t)prng_below(p, 8);
	a.languages = prng_below(p, 3) ? 3 : 1;
	a.products.bits[0] = prng_below(p, 3) ? 15 : (uint64_t)prng_below(p, 16);
	a.unit = (int)n - 1;
	a.team_unit = N_AGENTS + prng_below(p, 3);
	a.occupancy = (float)prng_below(p, 5) / 4;
	return a;
}

static struct route_case something(struct made_up *w, unsigned n)
{
	struct route_case c = any_case(&w->p, n, N_AGENTS);

	c.kind = kinds[c.channel];
	c.method = prng_below(&w->p, 4) ? METHOD_FTF : METHOD_FIFO;
	c.arrived_us =
		w->now_us -
		(prng_below(&w->p, 4) ? prng_below(&w->p, 400) : prng_below(&w->p, 40000)) * INT64_C(1000000);
	c.due_us = c.arrived_us + (prng_below(&w->p, 3) ? 100 : prng_below(&w->p, 300)) * INT64_C(1000000);
	if (prng_below(&w->p, 4) == 0)
		c.previous.u = numbered((unsigned)prng_below(&w->p, N_AGENTS) + 1);
	return c;
}

static void learn_something(struct made_up *w)
{
	for (int i = 0; i < 300; i++)
		learn_outcome(w->learn,
			      &(struct learn_outcome){.product = prng_below(&w->p, 8) ? prng_below(&w->p, 4)
										      : LEARN_OPTION0,
						      .unit = prng_below(&w->p, N_AGENTS + 3),
						      .home = prng_below(&w->p, 2),
						      .fixed = prng_below(&w->p, 4) > 0,
						      .first = true,
						      .skilled = true});
	for (int i = 0; i < 20; i++)
		learn_assigned(w->learn, prng_below(&w->p, 4), prng_below(&w->p, 3),
			       (double)prng_below(&w->p, 100) / 100);
	learn_refresh(w->learn);
}

static struct made_up *made_up_new(uint64_t seed)
{
	struct made_up *w = calloc(1, sizeof(*w));

	w->p.s = seed;
	w->now_us = INT64_C(1700000000000000);
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++) {
		w->policies[m] = policy_defaults();
		w->policies[m].learning = prng_below(&w->p, 5)   ? LEARNING_AGENT
					  : prng_below(&w->p, 2) ? LEARNING_TEAM
								 : LEARNING_OFF;
		w->policies[m].hold_price = prng_below(&w->p, 2) ? 1e-5 : 1e-6;
	}
	w->learn = learn_new(&w->policies[0]);
	learn_units(w->learn, N_AGENTS + 3);
	if (prng_below(&w->p, 4)) /* else everybody is as good: ties */
		learn_something(w);
	w->router = router_new(w->policies, w->learn);
	for (int i = 0; i < N_AGENTS; i++)
		w->agents[i] = somebody(&w->p, (unsigned)i + 1);
	router_agents(w->router, w->agents, N_AGENTS, w->now_us);
	return w;
}

static void made_up_free(struct made_up *w)
{
	router_free(w->router);
	learn_free(w->learn);
	free(w);
}

/* the same world as plain arrays */
static int plain_agents(struct made_up *w)
{
	for (int i = 0; i < N_AGENTS; i++)
		w->agents[i] = *router_agent(w->router, i);
	return N_AGENTS;
}

static int plain_cases(const struct made_up *w, const struct route_case **out)
{
	int n = 0;

	for (int i = 0; i < N_CASES; i++)
		if (w->waits[i])
			out[n++] = &w->cases[i];
	return n;
}

static void change_agent(struct made_up *w)
{
	int i = prng_below(&w->p, N_AGENTS);
	struct route_agent a =
		prng_below(&w->p, 5) ? *router_agent(w->router, i) : somebody(&w->p, (unsigned)i + 1);
	int channel = prng_below(&w->p, 3);

	a.presence = prng_below(&w->p, 5) ? PRESENCE_READY : (enum route_presence)prng_below(&w->p, 2);
	a.busy_total = (uint8_t)(a.busy_total - a.busy[channel]);
	a.busy[channel] = (uint8_t)prng_below(&w->p, 3);
	a.busy_total = (uint8_t)(a.busy_total + a.busy[channel]);
	a.asked = prng_below(&w->p, 6) == 0;
	a.idle_since_us = w->now_us - prng_below(&w->p, 3) * 60 * INT64_C(1000000);
	router_agent_set(w->router, i, &a, w->now_us);
}

static void change_case(struct made_up *w)
{
	int i = prng_below(&w->p, N_CASES);

	w->waits[i] = prng_below(&w->p, 3) > 0;
	if (w->waits[i]) {
		w->cases[i] = something(w, (unsigned)i + 1);
		router_put(w->router, &w->cases[i]);
	} else {
		router_remove(w->router, (struct case_id){numbered((unsigned)i + 1)});
	}
}

/* ---------------------------------------------------------------- the rules, said once more in another way
 */

static void check_pair(const struct made_up *w, const struct route_case *c, const struct route_agent *a)
{
	double wait_s = (double)(w->now_us - c->arrived_us) / SECOND;
	bool by_name = memcmp(c->wanted.u.b, a->id.u.b, 16) == 0;

	ck_assert_int_eq(a->presence, PRESENCE_READY); /* H1 */
	ck_assert_int_lt(a->busy[c->channel], a->room[c->channel]);
	ck_assert_int_lt(a->busy_total, a->room_total);
	ck_assert(!a->asked);
	ck_assert(a->channels >> c->channel & 1);
	ck_assert(a->languages >> c->language & 1);
	ck_assert(c->option0 || a->products.bits[0] >> c->product & 1); /* H2 */
	ck_assert(a->municipalities >> c->municipality & 1);            /* P9 */
	if (!(a->knows >> c->municipality & 1) && !by_name)             /* H3 */
		ck_assert(wait_s >= (c->kind == KIND_ASYNC ? 28800 : 300));
	ck_assert(!c->option0 || a->coach); /* H6 */
	ck_assert(!c->team || a->teams >> c->team & 1);
}

/* H4: nobody on the line waits while somebody who may take them has room. H5: who waited past the maximum
 * goes first */
static void check_live_is_not_held(const struct made_up *w, const struct route_case *c,
				   const struct route_decision *d)
{
	if (d->chosen >= 0 || c->kind == KIND_ASYNC)
		return;
	for (int i = 0; i < N_AGENTS; i++)
		ck_assert_int_ne(route_eligible(c, &w->agents[i], &w->policies[0], w->now_us), WHY_OK);
}

static bool is_overdue(const struct made_up *w, const struct route_case *c)
{
	return w->now_us - c->arrived_us >= (c->kind == KIND_ASYNC ? 28800 : 300) * INT64_C(1000000);
}

static void check_overdue_first(const struct made_up *w, const struct route_case *took,
				const struct route_agent *a)
{
	const struct route_case *c;

	for (int i = 0; i < N_CASES; i++) {
		c = &w->cases[i];
		if (!w->waits[i] || c->method == METHOD_FIFO || !is_overdue(w, c) || c->kind == KIND_ASYNC ||
		    route_eligible(c, a, &w->policies[0], w->now_us) != WHY_OK)
			continue;
		ck_assert(took->method == METHOD_FIFO || is_overdue(w, took));
		ck_assert(took->method == METHOD_FIFO || took->kind != KIND_ASYNC);
		if (took->method == METHOD_FTF)
			ck_assert_int_le(took->arrived_us, c->arrived_us);
	}
}

/* ---------------------------------------------------------------- one question, asked both ways */

static struct route_decision indexed, plain, explained;
static int n_chosen, n_held, n_taken, n_overdue, n_unserved;

static void ask_for_agent(struct made_up *w)
{
	int i = prng_below(&w->p, N_CASES);
	struct route_case c;

	if (!w->waits[i])
		return;
	ck_assert(router_get(w->router, (struct case_id){numbered((unsigned)i + 1)}, &c));
	ck_assert_mem_eq(&c, &w->cases[i], sizeof(c));
	plain_agents(w);
	route_agent_for(router_state(w->router), &c, w->agents, N_AGENTS, w->now_us, &plain);
	router_agent_for(w->router, &c, w->now_us, &indexed);
	router_explain(w->router, &c, w->now_us, &explained);
	ck_assert_int_eq(indexed.chosen, plain.chosen);
	ck_assert_int_eq(indexed.rule, plain.rule);
	ck_assert_int_eq(indexed.again_at_us, plain.again_at_us);
	ck_assert(indexed.bar == plain.bar);
	for (int k = 0; k < 2 && k < plain.n_candidates; k++)
		ck_assert_mem_eq(&indexed.candidates[k], &plain.candidates[k], sizeof(plain.candidates[k]));
	ck_assert_mem_eq(&explained, &plain, sizeof(plain));
	ck_assert_int_eq(plain.n_candidates + plain.n_left_out, N_AGENTS);
	n_held += plain.rule == RULE_HELD;
	check_live_is_not_held(w, &c, &plain);
	if (plain.chosen < 0)
		return;
	n_chosen++;
	check_pair(w, &c, &w->agents[plain.chosen]);
}

static void ask_for_case(struct made_up *w)
{
	const struct route_case *cases[N_CASES], *got;
	int i = prng_below(&w->p, N_AGENTS), n = plain_cases(w, cases);
	enum route_rule rule;

	plain_agents(w);
	got = router_case_for(w->router, i, w->now_us, &rule);
	route_case_for(router_state(w->router), &w->agents[i], cases, n, w->agents, N_AGENTS, w->now_us,
		       &plain);
	ck_assert_int_eq(got != NULL, plain.chosen >= 0);
	if (!got)
		return;
	ck_assert_mem_eq(got, cases[plain.chosen], sizeof(*got));
	ck_assert_int_eq(rule, plain.rule);
	n_taken++;
	n_overdue += rule == RULE_OVERDUE;
	check_pair(w, got, &w->agents[i]);
	check_overdue_first(w, got, &w->agents[i]);
}

static bool is_unserved(const struct made_up *w, const struct route_case *c)
{
	static const struct agent_id nobody;

	if (c->team || memcmp(&c->wanted, &nobody, sizeof(nobody)) != 0)
		return false;
	for (int i = 0; i < N_AGENTS; i++)
		if (w->agents[i].presence == PRESENCE_READY && route_could_finish(c, &w->agents[i]))
			return false;
	return true;
}

/* all cases that nobody who is there can finish, each in one class with the first of them */
static void ask_unserved(struct made_up *w)
{
	struct router_unserved found[N_CASES];
	int n = router_unserved(w->router, found, N_CASES), sum = 0, expected = 0;

	plain_agents(w);
	for (int i = 0; i < n; i++)
		sum += found[i].n;
	for (int i = 0; i < N_CASES; i++) {
		const struct route_case *c = &w->cases[i];
		bool listed = false;

		if (!w->waits[i] || !is_unserved(w, c))
			continue;
		expected++;
		for (int k = 0; k < n; k++)
			listed |= found[k].municipality == c->municipality &&
				  found[k].product == c->product && found[k].channel == c->channel &&
				  found[k].language == c->language && found[k].option0 == c->option0 &&
				  found[k].n > 0;
		ck_assert(listed);
	}
	ck_assert_int_eq(sum, expected);
	n_unserved += expected > 0;
}

START_TEST(indexes_say_what_the_definition_says)
{
	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		struct made_up *w = made_up_new(seed);

		for (int step = 0; step < STEPS; step++) {
			for (int i = prng_below(&w->p, 4); i >= 0; i--)
				change_case(w);
			for (int i = prng_below(&w->p, 4); i >= 0; i--)
				change_agent(w);
			w->now_us +=
				prng_below(&w->p, 3) * (prng_below(&w->p, 10) ? 7 : 1800) * INT64_C(1000000);
			while (router_refresh(w->router, w->now_us, 1000) > 0)
				;
			ask_for_agent(w);
			ask_for_case(w);
			ask_unserved(w);
		}
		made_up_free(w);
	}
	ck_assert_int_gt(n_unserved, 200);
	ck_assert_int_gt(n_chosen, 1000); /* each kind of answer came, often */
	ck_assert_int_gt(n_held, 50);
	ck_assert_int_gt(n_taken, 1000);
	ck_assert_int_gt(n_overdue, 200);
}
END_TEST

/* older never ranks lower: whoever an agent takes, takes it also when it had come earlier */
START_TEST(older_never_ranks_lower)
{
	int n = 0;

	for (uint64_t seed = 1000; seed < 1000 + WORLDS; seed++) {
		struct made_up *w = made_up_new(seed);
		const struct route_case *got;
		struct route_case older;

		for (int i = 0; i < N_CASES; i++)
			change_case(w);
		router_refresh(w->router, w->now_us, 1000);
		for (int i = 0; i < N_AGENTS; i++) {
			got = router_case_for(w->router, i, w->now_us, NULL);
			if (!got)
				continue;
			older = *got;
			older.arrived_us -= prng_below(&w->p, 20000) * INT64_C(1000000);
			older.due_us -= 20000 * INT64_C(1000000);
			router_put(w->router, &older);
			got = router_case_for(w->router, i, w->now_us, NULL);
			ck_assert_ptr_nonnull(got);
			ck_assert_mem_eq(&got->id, &older.id, sizeof(older.id));
			n++;
		}
		made_up_free(w);
	}
	ck_assert_int_gt(n, 1000);
}
END_TEST

/* of each class the agent declined the head: then none of those that are compared is a head, and each has to
 * be somewhere while the next one is looked at */
START_TEST(who_declined_every_head)
{
	enum { N_CLASSES = 8 };
	struct prng p = {3};
	int n_fifo = 0;

	for (int round = 0; round < 500; round++) {
		struct made_up *w = made_up_new(7);
		const struct route_case *cases[2 * N_CLASSES], *got;
		struct route_agent a = able(1);

		for (int i = 0; i < 2 * N_CLASSES; i++) {
			struct route_case *c = &w->cases[i];
			int64_t ago = (i % 2 ? 1 : 100) + prng_below(&p, 99);

			*c = question((unsigned)i + 1, w->now_us - ago * SECOND);
			c->product = (uint16_t)(i / 2 % 4);
			c->language = (uint16_t)(i / 8);
			c->method = prng_below(&p, 3) ? METHOD_FTF : METHOD_FIFO;
			if (i % 2)
				c->method = w->cases[i - 1].method;
			else
				c->declined[c->n_declined++] = a.id;
			router_put(w->router, c);
			cases[i] = c;
		}
		router_agents(w->router, &a, 1, w->now_us);
		got = router_case_for(w->router, 0, w->now_us, NULL);
		route_case_for(router_state(w->router), &a, cases, 2 * N_CLASSES, &a, 1, w->now_us, &plain);
		ck_assert_ptr_nonnull(got);
		ck_assert_mem_eq(got, cases[plain.chosen], sizeof(*got));
		ck_assert_int_eq(got->n_declined, 0);
		n_fifo += got->method == METHOD_FIFO;
		made_up_free(w);
	}
	ck_assert_int_gt(n_fifo, 50);
	ck_assert_int_lt(n_fifo, 450);
}
END_TEST

/* what a whole day decided, as one number */
static uint64_t play(uint64_t seed, int *n_out)
{
	struct made_up *w = made_up_new(seed);
	uint64_t digest = 14695981039346656037U;
	struct case_id again[8];

	for (int step = 0; step < 300; step++) {
		change_case(w);
		change_agent(w);
		w->now_us += prng_below(&w->p, 60) * INT64_C(1000000);
		router_refresh(w->router, w->now_us, 3);
		for (int n = router_again(w->router, w->now_us, again, 8), k = 0; k < n; k++) {
			struct route_case c;
			struct route_agent a;

			ck_assert(router_get(w->router, again[k], &c));
			router_agent_for(w->router, &c, w->now_us, &indexed);
			if (indexed.chosen < 0) /* somebody before it in this list took the last room */
				continue;
			a = *router_agent(w->router, indexed.chosen);
			check_pair(w, &c, &a);
			a.busy[c.channel]++;
			a.busy_total++;
			router_agent_set(w->router, indexed.chosen, &a, w->now_us);
			ck_assert_int_le(router_agent(w->router, indexed.chosen)->busy_total, a.room_total);
			learn_assigned(w->learn, route_learn_product(&c), c.municipality,
				       indexed.candidates[0].terms.q);
			router_remove(w->router, c.id);
			w->waits[c.id.u.b[15] - 1] = false;
			digest = (digest ^ (uint64_t)(indexed.chosen * 1000 + c.id.u.b[15])) * 1099511628211U;
			++*n_out;
		}
	}
	made_up_free(w);
	return digest;
}

START_TEST(same_log_same_decisions)
{
	int n = 0, n_again = 0;

	for (uint64_t seed = 1; seed <= 20; seed++)
		ck_assert_uint_eq(play(seed, &n), play(seed, &n_again));
	ck_assert_int_eq(n, n_again);
	ck_assert_int_gt(n, 500);
}
END_TEST

START_TEST(agents_come_and_go)
{
	struct made_up *w = made_up_new(5);
	struct route_agent fewer[N_AGENTS];
	struct route_case c = question(1, w->now_us);
	struct route_agent a = able(3);

	w->now_us += INT64_C(3600000000);
	a.busy[0] = a.busy_total = 1;
	router_agent_set(w->router, 2, &a, w->now_us);
	w->now_us += INT64_C(3600000000);
	router_refresh(w->router, w->now_us, 1);
	ck_assert_float_gt(router_agent(w->router, 2)->occupancy, 0.5F);
	a = *router_agent(w->router, 2);
	fewer[0] = able(2);
	fewer[1] = able(3);
	router_agents(w->router, fewer, 2, w->now_us);
	ck_assert_int_eq(router_find(w->router, fewer[0].id), 0);
	ck_assert_int_eq(router_find(w->router, (struct agent_id){numbered(1)}), -1);
	ck_assert(router_agent(w->router, 1)->occupancy == a.occupancy); /* goes over by id */
	router_put(w->router, &c);
	ck_assert_ptr_nonnull(router_case_for(w->router, 1, w->now_us, NULL));
	router_clear(w->router);
	ck_assert_int_eq(router_count(w->router), 0);
	ck_assert_ptr_null(router_case_for(w->router, 1, w->now_us, NULL));
	made_up_free(w);
}
END_TEST

/* by chance of the id, the same for ever, about as many as were asked for */
START_TEST(the_control_is_a_share)
{
	struct route_policy p = policy_defaults();
	struct prng chance = {9};
	int n = 0;

	for (int i = 0; i < 20000; i++) {
		struct case_id id;
		enum route_method arm;

		for (int k = 0; k < 2; k++) {
			uint64_t half = prng_next(&chance);

			memcpy(id.u.b + 8 * k, &half, sizeof(half));
		}
		p.method = METHOD_FTF;
		p.control_share = 0.1;
		arm = route_arm(&p, id);
		ck_assert_int_eq(route_arm(&p, id), arm);
		n += arm == METHOD_FIFO;
		memset(id.u.b, i % 256, 8); /* the half that is the time: it says nothing */
		ck_assert_int_eq(route_arm(&p, id), arm);
		p.control_share = 0;
		ck_assert_int_eq(route_arm(&p, id), METHOD_FTF);
		p.method = METHOD_FIFO;
		ck_assert_int_eq(route_arm(&p, id), METHOD_FIFO);
	}
	ck_assert_int_gt(n, 1800);
	ck_assert_int_lt(n, 2200);
}
END_TEST

int main(void)
{
	const TTest *tests[] = {indexes_say_what_the_definition_says,
				older_never_ranks_lower,
				who_declined_every_head,
				same_log_same_decisions,
				agents_come_and_go,
				the_control_is_a_share};

	return unit_run("router", tests, COUNT(tests));
}
