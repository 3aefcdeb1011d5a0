/*
 * test_route_golden.c FILE - scenarios of routing with their answers (tests/golden/route.txt explains the
 * form)
 *
 * Each question is asked of the router and of the plain definition.
 */
#include "lib/core/router.h"
#include "tests/unit/route_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX = 64, LINE = 256, WORDS = 16 };

static struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
static struct learn *learn;
static struct router *router;
static struct route_agent agents[MAX]; /* number n is agents[n - 1] */
static int n_agents;
static struct route_case cases[MAX];
static bool waits[MAX];
static int64_t now_us;
static const char *scenario;
static int n_tests, n_bad, line_no;

static void start_anew(void)
{
	router_free(router);
	learn_free(learn);
	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++) {
		policies[i] = policy_defaults();
		policies[i].packing_idle = 0.05; /* the scenarios have both: few idle, and many */
	}
	learn = learn_new(&policies[0]);
	learn_units(learn, 2 * MAX);
	router = router_new(policies, learn);
	n_agents = 0;
	memset(waits, 0, sizeof(waits));
	now_us = INT64_C(1700000000000000);
}

static void give_up(const char *what)
{
	printf("Bail out! line %d: %s\n", line_no, what);
	exit(1);
}

static int64_t seconds_before_now(const char *s)
{
	return now_us - (int64_t)(strtod(s, NULL) * 1e6);
}

/* "0,2": bits */
static uint64_t bits_of(const char *s)
{
	uint64_t bits = 0;

	for (; *s; s += *s == ',')
		bits |= UINT64_C(1) << strtol(s, (char **)&s, 10);
	return bits;
}

static enum route_kind kind_of(const char *s)
{
	return !strcmp(s, "phone") ? KIND_PHONE : !strcmp(s, "chat") ? KIND_CHAT : KIND_ASYNC;
}

/* enough outcomes for q to be what is asked, nearly sure */
static void knows_well(int unit, const char *s)
{
	for (int product = 0; product < 4; product++)
		for (int home = 0; home < 2; home++)
			learn_put(learn, &(struct learn_row){LEARN_ROW_CELL, product, unit, home,
							     strtod(s, NULL) * 1e9, 1e9});
	learn_refresh(learn);
}

static void agent_word(struct route_agent *a, const char *key, const char *value)
{
	if (!strcmp(key, "rights"))
		a->municipalities = bits_of(value);
	else if (!strcmp(key, "knows"))
		a->knows = bits_of(value);
	else if (!strcmp(key, "home"))
		a->home = bits_of(value);
	else if (!strcmp(key, "products"))
		a->products.bits[0] = bits_of(value);
	else if (!strcmp(key, "languages"))
		a->languages = (uint32_t)bits_of(value);
	else if (!strcmp(key, "channels"))
		a->channels = (uint32_t)bits_of(value);
	else if (!strcmp(key, "team"))
		a->teams = bits_of(value);
	else if (!strcmp(key, "idle"))
		a->idle_since_us = seconds_before_now(value);
	else if (!strcmp(key, "occupancy"))
		a->occupancy = strtof(value, NULL);
	else if (!strcmp(key, "q"))
		knows_well(a->unit, value);
	else if (!strcmp(key, "busy"))
		a->busy[kind_of(value)]++, a->busy_total++;
	else if (!strcmp(key, "coach"))
		a->coach = true;
	else if (!strcmp(key, "away"))
		a->presence = PRESENCE_AWAY;
	else if (!strcmp(key, "offline"))
		a->presence = PRESENCE_OFFLINE;
	else if (!strcmp(key, "asked"))
		a->asked = true;
	else
		give_up("no such word for an agent");
}

static void add_agent(int n, char **words, int n_words)
{
	struct route_agent a = able((unsigned)n);

	a.unit = n;
	a.idle_since_us = now_us;
	for (int i = 0; i < n_words; i++) {
		char *equals = strchr(words[i], '=');

		if (equals)
			*equals = '\0';
		agent_word(&a, words[i], equals ? equals + 1 : "");
	}
	for (; n_agents < n; n_agents++) { /* those not spoken of are not there */
		agents[n_agents] = able((unsigned)n_agents + 1);
		agents[n_agents].presence = PRESENCE_OFFLINE;
		agents[n_agents].municipalities = 0;
	}
	agents[n - 1] = a;
	for (int i = 0; i < n_agents; i++)
		if (i != n - 1 && router_find(router, agents[i].id) >= 0)
			agents[i] = *router_agent(router, router_find(router, agents[i].id));
	router_agents(router, agents, n_agents, now_us);
	router_agent_set(router, n - 1, &a, now_us);
	router_refresh(router, now_us, MAX);
}

static void case_word(struct route_case *c, const char *key, const char *value)
{
	if (!strcmp(key, "product"))
		c->product = (uint16_t)atoi(value);
	else if (!strcmp(key, "municipality"))
		c->municipality = (uint16_t)atoi(value);
	else if (!strcmp(key, "language"))
		c->language = (uint16_t)atoi(value);
	else if (!strcmp(key, "waited"))
		c->arrived_us = seconds_before_now(value);
	else if (!strcmp(key, "due"))
		c->due_us = now_us + (int64_t)(strtod(value, NULL) * 1e6);
	else if (!strcmp(key, "previous"))
		c->previous.u = numbered((unsigned)atoi(value));
	else if (!strcmp(key, "wanted"))
		c->wanted.u = numbered((unsigned)atoi(value));
	else if (!strcmp(key, "team"))
		c->team = (uint16_t)atoi(value);
	else if (!strcmp(key, "declined"))
		c->declined[c->n_declined++].u = numbered((unsigned)atoi(value));
	else if (!strcmp(key, "option0"))
		c->option0 = true;
	else if (!strcmp(key, "control"))
		c->method = METHOD_FIFO;
	else
		give_up("no such word for a case");
}

static void add_case(int n, char **words, int n_words)
{
	struct route_case c = question((unsigned)n, now_us);

	c.arrived_us = now_us;
	c.method = METHOD_FTF;
	c.kind = kind_of(words[0]);
	c.channel = (uint16_t)c.kind;
	for (int i = 1; i < n_words; i++) {
		char *equals = strchr(words[i], '=');

		if (equals)
			*equals = '\0';
		case_word(&c, words[i], equals ? equals + 1 : "");
	}
	cases[n - 1] = c;
	waits[n - 1] = true;
	router_put(router, &c);
	router_refresh(router, now_us, MAX);
}

static int number_of(struct uuid u)
{
	return u.b[15];
}

static void write_answer(char *out, const struct route_decision *d, int chosen)
{
	int n = chosen ? sprintf(out, "%d %s", chosen, route_rule_name(d->rule))
		       : sprintf(out, "nobody %s", route_rule_name(d->rule));

	if (d->again_at_us)
		sprintf(out + n, " again %lld", (long long)((d->again_at_us - now_us + 999999) / 1000000));
}

static void who(int n, char *indexed, char *plain)
{
	struct route_decision d;

	router_agent_for(router, &cases[n - 1], now_us, &d);
	write_answer(indexed, &d, d.chosen < 0 ? 0 : number_of(router_agent(router, d.chosen)->id.u));
	route_agent_for(router_state(router), &cases[n - 1], agents, n_agents, now_us, &d);
	write_answer(plain, &d, d.chosen < 0 ? 0 : number_of(agents[d.chosen].id.u));
}

static void what(int n, char *indexed, char *plain)
{
	const struct route_case *list[MAX], *c;
	struct route_decision d = {0};
	int n_list = 0;

	c = router_case_for(router, n - 1, now_us, &d.rule);
	write_answer(indexed, &d, c ? number_of(c->id.u) : 0);
	for (int i = 0; i < MAX; i++)
		if (waits[i])
			list[n_list++] = &cases[i];
	route_case_for(router_state(router), &agents[n - 1], list, n_list, agents, n_agents, now_us, &d);
	write_answer(plain, &d, d.chosen < 0 ? 0 : number_of(list[d.chosen]->id.u));
}

static void ask(void (*question_)(int, char *, char *), int n, const char *expected)
{
	char indexed[LINE], plain[LINE];
	bool good;

	for (int i = 0; i < n_agents; i++)
		agents[i] = *router_agent(router, i);
	question_(n, indexed, plain);
	good = !strcmp(indexed, expected) && !strcmp(plain, expected);
	printf("%s %d - line %d: %s\n", good ? "ok" : "not ok", ++n_tests, line_no, scenario);
	if (!good)
		printf("# expected \"%s\", router says \"%s\", the definition \"%s\"\n", expected, indexed,
		       plain);
	n_bad += !good;
}

static void obey(char *line)
{
	static char name[LINE];
	char *words[WORDS], *arrow = strstr(line, " -> "), *save = NULL;
	int n_words = 0, n;

	if (*line == '#') {
		if (line[1] == ' ')
			scenario = strcpy(name, line + 2);
		return;
	}
	if (arrow)
		*arrow = '\0';
	for (char *w = strtok_r(line, " ", &save); w && n_words < WORDS; w = strtok_r(NULL, " ", &save))
		words[n_words++] = w;
	if (n_words == 0)
		return;
	n = n_words > 1 ? atoi(words[1]) : 0;
	if (!strcmp(words[0], "anew"))
		start_anew();
	else if (!strcmp(words[0], "wait"))
		now_us += (int64_t)n * 1000000;
	else if (!strcmp(words[0], "usual"))
		learn_put(learn,
			  &(struct learn_row){LEARN_ROW_BENCHMARK, n, -1, 0, strtod(words[2], NULL), 0});
	else if (n < 1 || n > MAX || n_words < 2)
		give_up("a number from 1 to 64 is missing");
	else if (!strcmp(words[0], "agent"))
		add_agent(n, words + 2, n_words - 2);
	else if (!strcmp(words[0], "case") && n_words > 2)
		add_case(n, words + 2, n_words - 2);
	else if (!strcmp(words[0], "gone"))
		waits[n - 1] = false, router_remove(router, cases[n - 1].id);
	else if (!strcmp(words[0], "who") && arrow)
		ask(who, n, arrow + 4);
	else if (!strcmp(words[0], "what") && arrow)
		ask(what, n, arrow + 4);
	else
		give_up("not understood");
}

int main(int argc, char **argv)
{
	char line[LINE];
	FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;

	if (!f)
		give_up("no file");
	start_anew();
	while (fgets(line, sizeof(line), f)) {
		line_no++;
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	fclose(f);
	printf("1..%d\n", n_tests);
	router_free(router);
	learn_free(learn);
	return n_bad > 0 || n_tests == 0;
}
