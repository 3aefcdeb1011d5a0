/* policy.c - the table of what can be set; defaults and ranges with their reason */
#include "lib/core/policy.h"

#include <stddef.h>
#include <string.h>

static const char *const methods[N_METHODS] = {[METHOD_FIFO] = "skills-fifo", [METHOD_FTF] = "ftf"};
static const char *const learnings[N_LEARNINGS] = {
	[LEARNING_AGENT] = "agent", [LEARNING_TEAM] = "team", [LEARNING_OFF] = "off"};

/* Method and numbers are those that did best in simulation (tests/sim); 1 point of fix probability weighs as
 * 0.3 target. Where a range begins at its default, less is not allowed: H3 relaxes after 300 s or 8 h, never
 * sooner. */
static const struct setting {
	const char *name;
	size_t at;
	double value, min, max;
} settings_table[] = {
#define FIELD(f) offsetof(struct route_policy, f)
	{ "advantage",       FIELD(advantage),              30,    0, 1000 },
	{ "occupancy",       FIELD(occupancy),              0.25,  0, 5 },
	{ "optimism",        FIELD(optimism),               0.25,  0, 3 },
	{ "sticky",          FIELD(sticky),                 0.03,  0, 0.5 },
	{ "packing",         FIELD(packing),                0.05,  0, 0.5 },
	{ "packingIdle",     FIELD(packing_idle),           1,     0, 1 },   /* chats beside chats, always */
	{ "unfamiliar",      FIELD(unfamiliar),             0.85,  0.1, 1 },
	{ "targetPhone",     FIELD(target_s[KIND_PHONE]),   30,    1, 3600 },
	{ "targetChat",      FIELD(target_s[KIND_CHAT]),    45,    1, 3600 },
	{ "targetAsync",     FIELD(target_s[KIND_ASYNC]),   14400, 60, 604800 },
	{ "maxWaitPhone",    FIELD(max_wait_s[KIND_PHONE]), 300,   10, 86400 },
	{ "maxWaitChat",     FIELD(max_wait_s[KIND_CHAT]),  300,   10, 86400 },
	{ "maxWaitAsync",    FIELD(max_wait_s[KIND_ASYNC]), 28800, 60, 2592000 },
	{ "relaxPhone",      FIELD(relax_s[KIND_PHONE]),    300,   300, 1e9 },
	{ "relaxChat",       FIELD(relax_s[KIND_CHAT]),     300,   300, 1e9 },
	{ "relaxAsync",      FIELD(relax_s[KIND_ASYNC]),    28800, 28800, 1e9 },
	{ "holdPrice",       FIELD(hold_price),             1e-5,  0, 1 },   /* 0: nothing is held */
	{ "holdChance",      FIELD(hold_chance),            0.6,   0, 1 },
	{ "holdSeconds",     FIELD(hold_s),                 14400, 0, 86400 },
	{ "priorWeight",     FIELD(prior_weight),           20,    1, 1000 },
	{ "priorSpread",     FIELD(prior_spread),           8.2,   0.1, 1000 },
	{ "halfLifeDays",    FIELD(half_life_days),         40,    0, 1000 },
	{ "benchmarkRate",   FIELD(benchmark_rate),         0.02,  0.0001, 1 },
	{ "controlShare",    FIELD(control_share),          0.1,   0, 0.5 },
#undef FIELD
};

enum { N_SETTINGS = sizeof(settings_table) / sizeof(*settings_table) };

static double *field(struct route_policy *p, const struct setting *s)
{
	void *at = (char *)p + s->at;

	return at;
}

struct route_policy policy_defaults(void)
{
	struct route_policy p = {.method = METHOD_FTF};

	for (int i = 0; i < N_SETTINGS; i++)
		*field(&p, &settings_table[i]) = settings_table[i].value;
	return p;
}

static const struct setting *find(const char *name)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (!strcmp(settings_table[i].name, name))
			return &settings_table[i];
	return NULL;
}

/* which of these words it is; -1: none */
static int word_of(const json_t *v, const char *const *words, int n)
{
	for (int i = 0; json_is_string(v) && i < n; i++)
		if (!strcmp(json_string_value(v), words[i]))
			return i;
	return -1;
}

/* NULL, or why the value is refused */
static const char *read_one(struct route_policy *p, const char *name, const json_t *v)
{
	const struct setting *s = find(name);

	if (!strcmp(name, "method")) {
		int i = word_of(v, methods, N_METHODS);

		if (i >= 0)
			p->method = (enum route_method)i;
		return i >= 0 ? NULL : "is skills-fifo or ftf";
	}
	if (!strcmp(name, "learning")) {
		int i = word_of(v, learnings, N_LEARNINGS);

		if (i >= 0)
			p->learning = (enum route_learning)i;
		return i >= 0 ? NULL : "is agent, team or off";
	}
	if (!s)
		return "is not known";
	if (!json_is_number(v))
		return "is a number";
	if (!(json_number_value(v) >= s->min && json_number_value(v) <= s->max))
		return "is out of range";
	*field(p, s) = json_number_value(v);
	return NULL;
}

int policy_read(const json_t *settings, struct route_policy *p, struct policy_problem *problems, int max)
{
	json_t *routing = json_object_get(settings, "routing"), *v;
	struct route_policy new = *p;
	const char *name;
	int n = 0;

	if (!routing || json_is_null(routing))
		return 0;
	if (!json_is_object(routing)) {
		if (max > 0)
			problems[0] = (struct policy_problem){"routing", "is an object"};
		return 1;
	}
	json_object_foreach(routing, name, v)
	{
		const char *why = read_one(&new, name, v);

		if (why && n < max)
			problems[n] = (struct policy_problem){name, why};
		n += why != NULL;
	}
	if (n == 0)
		*p = new;
	return n;
}

/* of all settings: -2 … N_SETTINGS - 1 */
static const char *name_of(int i)
{
	return i == -2 ? "method" : i == -1 ? "learning" : settings_table[i].name;
}

static json_t *value_of(const struct route_policy *p, const char *name)
{
	struct route_policy copy = *p;

	if (!strcmp(name, "method"))
		return json_string(methods[p->method]);
	if (!strcmp(name, "learning"))
		return json_string(learnings[p->learning]);
	return json_real(*field(&copy, find(name)));
}

json_t *policy_json(const struct route_policy *p)
{
	json_t *all = json_object();

	for (int i = -2; i < N_SETTINGS; i++)
		json_object_set_new(all, name_of(i), value_of(p, name_of(i)));
	return json_pack("{s:o}", "routing", all);
}

bool policy_same(const struct route_policy *a, const struct route_policy *b)
{
	struct route_policy x = *a, y = *b;

	for (int i = 0; i < N_SETTINGS; i++)
		if (*field(&x, &settings_table[i]) != *field(&y, &settings_table[i]))
			return false;
	return a->method == b->method && a->learning == b->learning;
}

json_t *policy_shown(const json_t *region, const json_t *municipality)
{
	struct route_policy p = policy_defaults();
	const json_t *own = policy_read(region, &p, NULL, 0) ? NULL : json_object_get(region, "routing");
	const json_t *over =
		policy_read(municipality, &p, NULL, 0) ? NULL : json_object_get(municipality, "routing");
	json_t *all = json_object();

	for (int i = -2; i < N_SETTINGS; i++) {
		const char *name = name_of(i);
		const char *from = json_object_get(over, name)  ? "municipality"
				   : json_object_get(own, name) ? "region"
								: "default";

		json_object_set_new(all, name,
				    json_pack("{s:o, s:s}", "value", value_of(&p, name), "from", from));
	}
	return all;
}

const char *route_method_name(enum route_method m)
{
	return (unsigned)m < N_METHODS ? methods[m] : "unknown";
}

const char *route_learning_name(enum route_learning l)
{
	return (unsigned)l < N_LEARNINGS ? learnings[l] : "unknown";
}
