/* test_replay_log.c - a decision that was kept is made again: the same with the same policy, as defined with
 * another one */
#include "lib/core/replay.h"
#include "tests/unit/route_world.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>

enum { AGENTS = 10 };

static const int64_t now = INT64_C(1700000000000000);

static struct {
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct learn *learn;
	struct route_agent agents[AGENTS];
	struct route_state s;
} w;

static struct prng chance;

static double part(void)
{
	return (double)prng_below(&chance, 1001) / 1000;
}

static void make_world(double hold_price)
{
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++) {
		w.policies[m] = policy_defaults();
		w.policies[m].hold_price = hold_price;
	}
	w.learn = learn_new(&w.policies[0]);
	learn_units(w.learn, AGENTS);
	for (int i = 0, n = prng_below(&chance, 4) ? 800 : 0; i < n; i++) { /* else all are as good: ties */
		int unit = prng_below(&chance, AGENTS);

		learn_outcome(w.learn, &(struct learn_outcome){.product = prng_below(&chance, 4),
							       .unit = unit,
							       .home = prng_below(&chance, 2),
							       .fixed = prng_below(&chance, 10) > unit % 7,
							       .first = true,
							       .skilled = true});
	}
	learn_refresh(w.learn);
	w.s = (struct route_state){.policies = w.policies,
				   .learn = w.learn,
				   .occupancy = part(),
				   .n_ready = AGENTS,
				   .n_idle = prng_below(&chance, AGENTS),
				   .n_live = prng_below(&chance, 4)};
	for (int i = 0; i < AGENTS; i++) {
		struct route_agent *a = &w.agents[i];

		*a = prng_below(&chance, 3) ? able((unsigned)i + 1) : any_agent(&chance, (unsigned)i + 1);
		a->coach = prng_below(&chance, 2);
		a->knows = a->municipalities & (uint64_t)prng_below(&chance, 8);
		a->unit = i;
		a->home = a->knows & 1;
		a->occupancy = (float)part();
		a->busy[1] = a->busy_total = (uint8_t)(prng_below(&chance, 3) == 0);
		a->idle_since_us = now - 1000 * prng_below(&chance, 4) - prng_below(&chance, 3);
	}
}

static struct route_case any_question(enum route_method method)
{
	struct route_case c = any_case(&chance, (unsigned)prng_below(&chance, 1000000), AGENTS);

	c.kind = (enum route_kind)c.channel;
	c.method = method;
	c.arrived_us = now - INT64_C(1000000) * prng_below(&chance, c.kind == KIND_ASYNC ? 40000 : 600);
	if (prng_below(&chance, 3) == 0)
		c.previous.u = numbered((unsigned)prng_below(&chance, AGENTS) + 1);
	return c;
}

static const struct route_agent *find(void *arg, struct agent_id id)
{
	(void)arg;
	for (int i = 0; i < AGENTS; i++)
		if (uuid_same(w.agents[i].id.u, id.u))
			return &w.agents[i];
	return NULL;
}

static int read_again(json_t *settings, struct route_policy *p)
{
	char *text = json_dumps(settings, 0);
	json_t *j = json_loads(text, 0, NULL);
	int n_wrong = policy_read(j, p, NULL, 0);

	json_decref(settings);
	json_decref(j);
	free(text);
	return n_wrong;
}

/* through the text and back */
static struct replay_log log_of(struct arena *a, const struct route_case *c, const struct route_decision *d)
{
	struct route_policy p = policy_defaults();
	struct replay_log l, back;
	json_t *j;

	replay_note(&l, &w.s, c, "rijbewijs", d, find, NULL, now);
	ck_assert_int_eq(read_again(policy_json(&l.policy), &p), 0);
	j = json_loads(replay_write(a, &l), 0, NULL);
	ck_assert(replay_read(&back, j, &p));
	arena_on_free(a, (void (*)(void *))json_decref, j);
	ck_assert(policy_same(&back.policy, &l.policy));
	ck_assert_str_eq(back.product, c->option0 ? "option0" : "rijbewijs");
	return back;
}

/* what changes who is asked; each time one or two of them */
static void change(struct route_policy *p, bool hold)
{
	for (int n = 1 + prng_below(&chance, 2); n > 0; n--)
		switch (hold ? 8 : prng_below(&chance, 8)) {
		case 0:
			p->occupancy = 2 * part();
			break;
		case 1:
			p->optimism = 2 * part();
			break;
		case 2:
			p->sticky = part() / 2;
			break;
		case 3:
			p->packing = part() / 2;
			break;
		case 4:
			p->packing_idle = part();
			break;
		case 5:
			p->unfamiliar /= 2; /* without rounding */
			break;
		case 6:
			for (int k = 0; k < N_ROUTE_KINDS; k++)
				p->relax_s[k] *= 1 + part();
			break;
		case 7:
			p->method = METHOD_FIFO;
			break;
		case 8:
			p->hold_s = 14400 * 2 * part();
		}
}

static bool same_choice(const struct replay_log *l, const struct replay_choice *x,
			const struct route_decision *d)
{
	if (d->chosen < 0 || x->who < 0)
		return d->chosen < 0 && x->who < 0;
	return x->rule == d->rule && uuid_same(l->who[x->who].agent.u, d->candidates[0].agent.u);
}

static void again(bool hold, bool changed, int *n_done, int *n_different)
{
	struct route_decision d, other;
	struct replay_choice x;
	struct replay_log l;
	struct arena *a = arena_new(1 << 20);
	struct route_case c = any_question(prng_below(&chance, 4) ? METHOD_FTF : METHOD_FIFO), then;
	struct route_policy *p = &w.policies[c.municipality], before = *p, after = *p;

	if (changed)
		c.n_declined = 0; /* who declined is not kept, and is asked again when nobody else is left */
	if (hold) {
		c.kind = KIND_ASYNC;
		c.arrived_us = now - INT64_C(1000000) * prng_below(&chance, 14400);
	}
	route_agent_for(&w.s, &c, w.agents, AGENTS, now, &d);
	if (d.chosen >= 0) {
		l = log_of(a, &c, &d);
		replay_decide(&l, p, &x);
		ck_assert(x.known && same_choice(&l, &x, &d)); /* same log, same decision */
		if (changed)
			change(&after, hold);
		then = c;
		if (after.method != before.method)
			then.method = METHOD_FIFO;
		*p = after;
		route_agent_for(&w.s, &then, w.agents, AGENTS, now, &other);
		replay_decide(&l, &after, &x);
		ck_assert(x.known);
		ck_assert_msg(same_choice(&l, &x, &other), "rule %s, not %s", route_rule_name(x.rule),
			      route_rule_name(other.rule));
		*p = before;
		(*n_done)++;
		*n_different += other.chosen != d.chosen;
	}
	arena_free(a);
}

START_TEST(same_log_same_decisions)
{
	int n = 0, different = 0;

	chance.s = 5;
	for (int world = 0; world < 80; world++) {
		make_world(prng_below(&chance, 2) ? 1e-5 : 0);
		for (int i = 0; i < 40; i++)
			again(false, false, &n, &different);
		learn_free(w.learn);
	}
	ck_assert_int_gt(n, 800);
	ck_assert_int_eq(different, 0);
}
END_TEST

/* another policy: as if it had been in force; and it does make a difference */
START_TEST(as_defined_with_another_policy)
{
	int n = 0, different = 0;

	chance.s = 6;
	for (int world = 0; world < 80; world++) {
		make_world(0);
		for (int i = 0; i < 40; i++)
			again(false, true, &n, &different);
		learn_free(w.learn);
	}
	ck_assert_int_gt(n, 800);
	ck_assert_int_gt(different, n / 50);
	n = different = 0;
	for (int world = 0; world < 80; world++) { /* and how long it is held */
		make_world(1e-6);
		for (int i = 0; i < 40; i++)
			again(true, true, &n, &different);
		learn_free(w.learn);
	}
	ck_assert_int_gt(different, 5);
}
END_TEST

/* more could take it than are kept: by method alone it is known all the same, else only who was asked */
START_TEST(more_than_are_kept)
{
	struct replay_log l = {
		.method = METHOD_FTF, .policy = policy_defaults(), .n_candidates = 30, .n = 11};
	struct route_policy p = l.policy;
	struct replay_choice x;

	for (int i = 0; i < 11; i++)
		l.who[i] = (struct replay_who){.agent.u = numbered((unsigned)i),
					       .q = 0.9 - 0.01 * i,
					       .knows = true,
					       .idle_us = i == 10 ? 99 : 1};
	replay_decide(&l, &p, &x);
	ck_assert(x.known && x.who == 0 && x.rule == RULE_BEST_FIX);
	p.method = METHOD_FIFO;
	replay_decide(&l, &p, &x);
	ck_assert(x.known && x.who == 10 && x.rule == RULE_LONGEST_IDLE);
	p.method = METHOD_FTF;
	p.occupancy = 0;
	replay_decide(&l, &p, &x);
	ck_assert(!x.known);
	l.n_candidates = ROUTE_MAX_EXPLAINED; /* perhaps there were more than that */
	p = l.policy;
	p.method = METHOD_FIFO;
	replay_decide(&l, &p, &x);
	ck_assert(!x.known);
	replay_decide(&l, &l.policy, &x);
	ck_assert(x.known && x.who == 0);
}
END_TEST

START_TEST(the_arm_stays)
{
	struct replay_log l = {.method = METHOD_FIFO, .policy = policy_defaults(), .n_candidates = 2, .n = 2};
	struct route_policy p = l.policy;
	struct replay_choice x;

	l.who[0] = (struct replay_who){.q = 0.5, .idle_us = 9, .knows = true};
	l.who[1] = (struct replay_who){.q = 0.9, .idle_us = 1, .knows = true};
	p.sticky = 0.2; /* the control goes by none of this */
	replay_decide(&l, &p, &x);
	ck_assert(x.who == 0 && x.method == METHOD_FIFO);
	p.control_share = 0; /* now there is none */
	replay_decide(&l, &p, &x);
	ck_assert(x.who == 1 && x.method == METHOD_FTF && x.rule == RULE_BEST_FIX);
}
END_TEST

START_TEST(what_is_no_log)
{
	static const char *const texts[] = {"{}", "[]", "null", "{\"case\": 1}"};
	struct route_policy p = policy_defaults();
	struct replay_log l;

	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *j = json_loads(texts[i], JSON_DECODE_ANY, NULL);

		ck_assert(!replay_read(&l, j, &p));
		json_decref(j);
	}
	ck_assert_ptr_nonnull(replay_why_not("holdPrice"));
	ck_assert_ptr_null(replay_why_not("occupancy"));
}
END_TEST

int main(void)
{
	const TTest *tests[] = {same_log_same_decisions, as_defined_with_another_policy, more_than_are_kept,
				the_arm_stays, what_is_no_log};

	return unit_run("replay_log", tests, COUNT(tests));
}
