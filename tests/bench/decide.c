/*
 * decide.c - what a decision costs: WAITING cases, AGENTS agents, ROUNDS of each kind, in memory, one thread
 *
 * 24 products, 5 municipalities, 2 languages, phone, chat and e-mail: 720 classes. An agent has a quarter of
 * them; estimates come from random outcomes. Prints JSON; how far it is goes to stderr.
 * tests/bench/bench_decide.py runs it.
 */
#include "lib/core/router.h"
#include "tests/unit/prng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRODUCTS = 24, MUNICIPALITIES = 5, LANGUAGES = 2, CHANNELS = 3, IDLE_PERCENT = 15, DAY_S = 28800 };

static struct prng chance = {42};
static struct router *router;
static struct learn *learn;
static int n_waiting, n_agents, rounds;
static int64_t now_us = INT64_C(1700000000000000);
static volatile int sink;

static double clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool one_in(double n)
{
	return (double)prng_below(&chance, 1000000) * n < 1000000;
}

static struct uuid id_of(unsigned n)
{
	struct uuid u = {{0}};

	for (int i = 0; i < 4; i++)
		u.b[15 - i] = (uint8_t)(n >> 8 * i);
	return u;
}

static struct route_agent make_agent(int n)
{
	struct route_agent a = {.id.u = id_of((unsigned)n + 1),
				.presence = PRESENCE_READY,
				.coach = one_in(4),
				.municipalities = 31,
				.languages = one_in(1.5) ? 3 : 1,
				.room = {1, 3, 1},
				.room_total = 3,
				.unit = n,
				.team_unit = LEARN_NO_UNIT,
				.occupancy = (float)prng_below(&chance, 100) / 100};

	for (int i = 0; i < PRODUCTS; i++)
		a.products.bits[0] |= one_in(2.2) ? UINT64_C(1) << i : 0;
	for (int i = 0; i < MUNICIPALITIES; i++)
		a.knows |= one_in(1.6) ? UINT64_C(1) << i : 0;
	for (int i = 0; i < CHANNELS; i++)
		a.channels |= one_in(1.2) ? UINT32_C(1) << i : 0;
	a.home = UINT64_C(1) << prng_below(&chance, MUNICIPALITIES);
	return a;
}

static struct route_case make_case(unsigned n)
{
	static const enum route_kind kinds[CHANNELS] = {KIND_PHONE, KIND_CHAT, KIND_ASYNC};
	struct route_case c = {.id.u = id_of(n),
			       .product = (uint16_t)prng_below(&chance, PRODUCTS),
			       .municipality = (uint16_t)prng_below(&chance, MUNICIPALITIES),
			       .language = (uint16_t)prng_below(&chance, LANGUAGES),
			       .channel = (uint16_t)prng_below(&chance, CHANNELS),
			       .option0 = one_in(24),
			       .method = METHOD_FTF};

	c.kind = kinds[c.channel];
	if (c.option0)
		c.product = 0;
	c.arrived_us = now_us - (int64_t)prng_below(&chance, c.kind == KIND_ASYNC ? DAY_S : 900) * 1000000 -
		       prng_below(&chance, 1000000);
	c.due_us = c.arrived_us + 60000000;
	if (one_in(10))
		c.previous.u = id_of((unsigned)prng_below(&chance, n_agents) + 1);
	return c;
}

static void set_busy(int i, bool busy)
{
	struct route_agent a = *router_agent(router, i);

	memset(a.busy, 0, sizeof(a.busy));
	a.busy_total = busy ? 3 : 0;
	a.idle_since_us = now_us;
	router_agent_set(router, i, &a, now_us);
}

static void make_world(void)
{
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct route_agent *agents = calloc((size_t)n_agents, sizeof(*agents));

	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++)
		policies[i] = policy_defaults();
	learn = learn_new(&policies[0]);
	learn_units(learn, n_agents);
	for (int i = 0; i < 20 * n_agents; i++)
		learn_outcome(learn, &(struct learn_outcome){.product = prng_below(&chance, PRODUCTS),
							     .unit = prng_below(&chance, n_agents),
							     .home = one_in(4),
							     .fixed = one_in(1.3),
							     .first = true,
							     .skilled = true});
	learn_refresh(learn);
	router = router_new(policies, learn);
	for (int i = 0; i < n_agents; i++)
		agents[i] = make_agent(i);
	router_agents(router, agents, n_agents, now_us);
	free(agents);
	for (int i = 0; i < n_agents; i++)
		set_busy(i, !one_in(100.0 / IDLE_PERCENT));
}

/* ---------------------------------------------------------------- measuring */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void tell(const char *name, double *ns, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += ns[i];
	qsort(ns, (size_t)n, sizeof(*ns), by_size);
	printf(",\n \"%s\": {\"n\": %d, \"mean_us\": %.3f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"max_us\": "
	       "%.1f}",
	       name, n, sum / n / 1e3, ns[n / 2] / 1e3, ns[(int)(n * 0.99)] / 1e3, ns[n - 1] / 1e3);
	fprintf(stderr, "%s: p99 %.2f us\n", name, ns[(int)(n * 0.99)] / 1e3);
}

static unsigned serial;

/* the contact's side: it arrives, is asked for, and waits on or is taken again */
static void measure_contacts(const char *put_name, const char *name, double *put, double *ask)
{
	struct route_decision d;

	for (int i = 0; i < rounds; i++) {
		struct route_case c = make_case(++serial);
		double t0 = clock_ns(), t1;

		router_put(router, &c);
		t1 = clock_ns();
		router_agent_for(router, &c, now_us, &d);
		ask[i] = clock_ns() - t1;
		put[i] = t1 - t0;
		sink += d.chosen;
		router_remove(router, c.id);
	}
	if (put_name)
		tell(put_name, put, rounds);
	tell(name, ask, rounds);
}

/* an agent's first look works out which classes fit */
static void measure_first(double *ns)
{
	for (int i = 0; i < n_agents && i < rounds; i++) {
		double t0;

		set_busy(i, false);
		t0 = clock_ns();
		sink += router_case_for(router, i, now_us, NULL) != NULL;
		ns[i] = clock_ns() - t0;
		set_busy(i, !one_in(100.0 / IDLE_PERCENT));
	}
	tell("agent_side_first_look", ns, n_agents < rounds ? n_agents : rounds);
}

/* the agent's side: becomes free, looks, takes the case, which leaves; another one comes in its place */
static void measure_agents(double *free_ns, double *ask, double *leave)
{
	for (int i = 0; i < rounds; i++) {
		int a = prng_below(&chance, n_agents);
		double t0 = clock_ns(), t1, t2;
		const struct route_case *c;
		struct case_id id;
		struct route_case new = make_case(++serial);

		set_busy(a, false);
		t1 = clock_ns();
		c = router_case_for(router, a, now_us, NULL);
		t2 = clock_ns();
		free_ns[i] = t1 - t0;
		ask[i] = t2 - t1;
		if (c) {
			id = c->id;
			t2 = clock_ns();
			router_remove(router, id);
			leave[i] = clock_ns() - t2;
			router_put(router, &new);
		}
		set_busy(a, !one_in(100.0 / IDLE_PERCENT));
	}
	tell("agent_changes", free_ns, rounds);
	tell("agent_side", ask, rounds);
	tell("contact_leaves", leave, rounds);
}

static void measure_explained(double *ns, int n)
{
	struct route_decision d;

	for (int i = 0; i < n; i++) {
		struct route_case c = make_case(++serial);
		double t0;

		router_put(router, &c);
		t0 = clock_ns();
		router_explain(router, &c, now_us, &d);
		ns[i] = clock_ns() - t0;
		sink += d.chosen;
		router_remove(router, c.id);
	}
	tell("explained", ns, n);
}

/* as after a takeover: everything that waits, one after the other */
static void build(void)
{
	struct route_case *cases = calloc((size_t)n_waiting, sizeof(*cases));
	double t0, s;

	for (int i = 0; i < n_waiting; i++)
		cases[i] = make_case(++serial);
	t0 = clock_ns();
	for (int i = 0; i < n_waiting; i++) {
		router_put(router, &cases[i]);
		if ((i + 1) % 250000 == 0)
			fprintf(stderr, "waiting: %d\n", i + 1);
	}
	s = (clock_ns() - t0) / 1e9;
	free(cases);
	printf(" \"waiting\": %d, \"agents\": %d, \"build_s\": %.2f, \"bytes_per_case\": %.1f", n_waiting,
	       n_agents, s, (double)router_bytes(router) / n_waiting);
	fprintf(stderr, "built in %.2f s\n", s);
}

static void measure_time(void)
{
	struct case_id out[256];
	double t0 = clock_ns(), t1;
	int n;

	while (router_refresh(router, now_us, 16) > 0)
		;
	t1 = clock_ns();
	n = router_again(router, now_us, out, 256);
	printf(",\n \"refresh_ms\": %.2f, \"look_again_ms\": %.3f, \"found_again\": %d", (t1 - t0) / 1e6,
	       (clock_ns() - t1) / 1e6, n);
	fprintf(stderr, "refresh %.1f ms\n", (t1 - t0) / 1e6);
}

int main(int argc, char **argv)
{
	double *a, *b, *c;

	n_waiting = argc > 1 ? atoi(argv[1]) : 1000000;
	n_agents = argc > 2 ? atoi(argv[2]) : 10000;
	rounds = argc > 3 ? atoi(argv[3]) : 200000;
	if (n_waiting < 1 || n_agents < 1 || rounds < 100) {
		fprintf(stderr, "usage: decide [WAITING [AGENTS [ROUNDS]]]\n");
		return 2;
	}
	a = calloc((size_t)rounds, sizeof(*a));
	b = calloc((size_t)rounds, sizeof(*b));
	c = calloc((size_t)rounds, sizeof(*c));
	make_world();
	printf("{");
	build();
	measure_time();
	measure_contacts("contact_arrives", "contact_side", a, b);
	measure_first(a);
	measure_agents(a, b, c);
	measure_explained(a, rounds / 20);
	for (int i = 0; i < n_agents; i++)
		set_busy(i, false);
	measure_contacts(NULL, "contact_side_all_idle", a, b);
	printf("\n}\n");
	router_free(router);
	learn_free(learn);
	free(a);
	free(b);
	free(c);
	return 0;
}
