/* replay.c - loketd --replay: read decisions, take each again, count what differs */
#include "daemon/replay.h"

#include "daemon/config.h"
#include "lib/base/must.h"
#include "lib/core/replay.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 500, MAX_GROUPS = 512, NAME = 81 };

/* of one rule or product */
struct group {
	char name[NAME];
	long n, different;
	double gain;
};

struct example {
	char at[40], id[UUID_TEXT], product[NAME], was[32], now[32];
	double q, workload, sticky, packing; /* now less then, of who is asked */
	double idle_s, instead_idle_s;
	bool waits;
};

struct tally {
	long rows, old, unknown, n, different, waits, foreign;
	double was, now; /* sums of q, of those who are asked */
	struct group rules[N_RULES], products[MAX_GROUPS];
	int n_products;
	struct example examples[REPLAY_MAX_EXAMPLES];
	int n_examples;
};

struct run {
	const struct replay_options *o;
	json_t *changes; /* {"routing": {…}} */
	PGconn *pq;
	struct tally t;
};

static const char *const cannot_know[] = {
	"Which case an agent took first: what else waited is not kept (advantage, target*, maxWait*).",
	"What would have happened later: each decision is taken again as it stood, as if the ones before had "
	"not changed.",
	"When something held would have been let go, and with another optimism how high the bar would have "
	"been.",
	"Who had declined, and with more than ten candidates those behind the first ten (counted as not "
	"known).",
	"Whether the question would have been solved: the gain is what was expected of who is asked, then.",
};

/* ---------------------------------------------------------------- options */

static json_t *value_from(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	return *text && !*end ? json_real(n) : json_string(text);
}

/* {"routing": {name: value, …}}; what is wrong is told, unless err is NULL */
static json_t *changes_from(const struct replay_options *o, FILE *err, int *n_wrong)
{
	struct policy_problem problems[POLICY_MAX_PROBLEMS];
	struct route_policy p = policy_defaults();
	json_t *routing = json_object(), *all = json_pack("{s:o}", "routing", routing);

	for (int i = 0; i < o->n_settings; i++) {
		const char *equals = strchr(o->settings[i], '=');
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(o->settings[i], "="), o->settings[i]);
		json_object_set_new(routing, name, value_from(equals ? equals + 1 : ""));
		if (replay_why_not(name)) {
			(*n_wrong)++;
			fprintf(err, "--set %s: cannot be replayed: %s. ./loket bench routing tries it\n",
				name, replay_why_not(name));
		}
	}
	for (int i = 0, n = policy_read(all, &p, problems, POLICY_MAX_PROBLEMS);
	     i < n && i < POLICY_MAX_PROBLEMS; i++) {
		if (!replay_why_not(problems[i].field)) {
			(*n_wrong)++;
			fprintf(err, "--set %s: %s\n", problems[i].field, problems[i].why);
		}
	}
	return all;
}

bool replay_check(const struct replay_options *o, FILE *err)
{
	int n_wrong = 0;

	json_decref(changes_from(o, err, &n_wrong));
	if (!o->from != !o->to) {
		fprintf(err, "--from and --to go together\n");
		n_wrong++;
	}
	if (o->examples < 0 || o->examples > REPLAY_MAX_EXAMPLES) {
		fprintf(err, "--examples: 0 to %d\n", REPLAY_MAX_EXAMPLES);
		n_wrong++;
	}
	return n_wrong == 0;
}

/* ---------------------------------------------------------------- one decision */

static struct group *product_group(struct tally *t, const char *name)
{
	for (int i = 0; i < t->n_products; i++)
		if (strcmp(t->products[i].name, name) == 0)
			return &t->products[i];
	if (t->n_products == MAX_GROUPS)
		return &t->products[MAX_GROUPS - 1];
	snprintf(t->products[t->n_products].name, NAME, "%.80s", name);
	return &t->products[t->n_products++];
}

static void count(struct group *g, bool differs, double gain)
{
	g->n++;
	g->different += differs;
	g->gain += gain;
}

/* the one who was asked, under the policy that is tried: what counts for them now */
static void keep_example(struct tally *t, const struct replay_options *o, const char *at,
			 const struct replay_log *l, const struct replay_choice *was,
			 const struct replay_choice *now)
{
	struct example *e = &t->examples[t->n_examples];

	if (t->n_examples == o->examples)
		return;
	t->n_examples++;
	*e = (struct example){.waits = now->who < 0, .idle_s = (double)l->who[was->who].idle_us / 1e6};
	snprintf(e->at, sizeof(e->at), "%s", at);
	uuid_format(l->id.u, e->id);
	snprintf(e->product, NAME, "%.80s", l->product);
	snprintf(e->was, sizeof(e->was), "%s", route_rule_name(was->rule));
	snprintf(e->now, sizeof(e->now), "%s", route_rule_name(now->rule));
	if (e->waits)
		return;
	e->instead_idle_s = (double)l->who[now->who].idle_us / 1e6;
	e->q = l->who[now->who].q - l->who[was->who].q;
	e->workload = l->who[now->who].busier - l->who[was->who].busier;
	e->sticky = l->who[now->who].before - l->who[was->who].before;
}

static enum route_rule rule_from(const char *name)
{
	for (int i = 0; i < N_RULES; i++)
		if (strcmp(route_rule_name((enum route_rule)i), name) == 0)
			return (enum route_rule)i;
	return RULE_LONGEST_IDLE;
}

/* who[] of the agent that was asked; -1: not in it */
static int asked(const struct replay_log *l, const char *agent)
{
	struct uuid id;

	for (int i = 0; uuid_parse(agent, &id) && i < l->n; i++)
		if (uuid_same(l->who[i].agent.u, id))
			return i;
	return -1;
}

static void again(struct run *r, const char *at, const char *rule, const char *agent,
		  const struct replay_log *l)
{
	struct tally *t = &r->t;
	struct route_policy p = l->policy;
	struct replay_choice was, now;
	bool differs;
	double gain;
	int who = asked(l, agent);

	replay_decide(l, &l->policy, &was);
	if (who < 0 || was.who != who || was.rule != rule_from(rule)) {
		t->foreign++; /* this version does not decide as the one that kept it */
		if (who < 0)
			return;
		was.who = who;
		was.rule = rule_from(rule);
	}
	policy_read(r->changes, &p, NULL, 0);
	replay_decide(l, &p, &now);
	if (!now.known) {
		t->unknown++;
		return;
	}
	differs = now.who != was.who;
	gain = differs && now.who >= 0 ? l->who[now.who].q - l->who[was.who].q : 0;
	t->n++;
	t->different += differs;
	t->waits += now.who < 0;
	t->was += l->who[was.who].q;
	t->now += l->who[was.who].q + gain;
	count(&t->rules[was.rule], differs, gain);
	count(product_group(t, l->product), differs, gain);
	if (differs)
		keep_example(t, r->o, at, l, &was, &now);
}

/* ---------------------------------------------------------------- reading */

static int failed(PGconn *pq, const PGresult *res, const char *what, struct err *err)
{
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	if (!text)
		text = PQerrorMessage(pq);
	return err_set(err, ERR_PG, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
}

static int run_sql(PGconn *pq, const char *sql, int n, const char *const *values, PGresult **out,
		   struct err *err)
{
	PGresult *res = PQexecParams(pq, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType s = PQresultStatus(res);
	int rc = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK ? 0 : failed(pq, res, "the database", err);

	if (out && rc == 0)
		*out = res;
	else
		PQclear(res);
	return rc;
}

static json_t *json_at(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : json_loads(PQgetvalue(res, row, column), 0, NULL);
}

static void read_row(struct run *r, const PGresult *res, int row)
{
	json_t *log = json_at(res, row, 3), *settings = json_at(res, row, 4);
	struct route_policy p = policy_defaults();
	struct replay_log l;

	r->t.rows++;
	if (log && settings && !policy_read(settings, &p, NULL, 0) && replay_read(&l, log, &p))
		again(r, PQgetvalue(res, row, 0), PQgetvalue(res, row, 1), PQgetvalue(res, row, 2), &l);
	else
		r->t.old++;
	json_decref(log);
	json_decref(settings);
}

static void progress(const struct run *r, long all)
{
	if (isatty(STDERR_FILENO) && all > PAGE)
		fprintf(stderr, "\r%ld of %ld decisions%s", r->t.rows, all, r->t.rows == all ? "\n" : "");
}

/* what was decided to hold has no agent, and no log */
#define PERIOD \
	" from loket.routing left join loket.routing_settings on hash = settings_hash" \
	" where at >= coalesce($1::timestamptz, date_trunc('day', now()) - interval '1 day')" \
	" and at < coalesce($2::timestamptz, date_trunc('day', now()))" \
	" and ($3::text is null or municipality = $3) and chosen is not null"

static int read_all(struct run *r, struct err *err)
{
	const char *values[] = {r->o->from, r->o->to, r->o->municipality};
	PGresult *res;
	long all;
	int n = 1;

	if (run_sql(r->pq, "set timezone = 'Europe/Amsterdam'", 0, NULL, NULL, err) ||
	    run_sql(r->pq, "begin isolation level repeatable read read only", 0, NULL, NULL, err) ||
	    run_sql(r->pq, "select count(*)" PERIOD, 3, values, &res, err))
		return -1;
	all = strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	if (run_sql(r->pq,
		    "declare decisions no scroll cursor for select to_char(at, 'YYYY-MM-DD HH24:MI:SS'), "
		    "rule, chosen, log, settings" PERIOD " order by id",
		    3, values, NULL, err))
		return -1;
	while (n > 0) {
		if (run_sql(r->pq, "fetch 500 from decisions", 0, NULL, &res, err))
			return -1;
		n = PQntuples(res);
		for (int i = 0; i < n; i++)
			read_row(r, res, i);
		PQclear(res);
		progress(r, all);
	}
	return run_sql(r->pq, "rollback", 0, NULL, NULL, err);
}

/* ---------------------------------------------------------------- the report */

static double part_of(long k, long n)
{
	return n > 0 ? (double)k / (double)n : 0;
}

static json_t *group_json(const struct group *g, const char *key)
{
	return json_pack("{s:s, s:I, s:I, s:f}", key, g->name, "decisions", (json_int_t)g->n, "different",
			 (json_int_t)g->different, "gain", g->gain);
}

static json_t *example_json(const struct example *e)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "at", e->at, "case", e->id, "product",
			      e->product, "rule", e->was, "wouldBe", e->now, "idleSeconds", e->idle_s);

	if (!e->waits)
		json_object_update_new(j, json_pack("{s:f, s:f, s:f, s:f}", "insteadIdleSeconds",
						    e->instead_idle_s, "fix", e->q, "workload", e->workload,
						    "handledBefore", e->sticky));
	return j;
}

static void print_json(const struct run *r, FILE *out)
{
	const struct tally *t = &r->t;
	json_t *rules = json_array(), *products = json_array(), *examples = json_array(),
	       *limits = json_array(), *j;

	for (int i = 0; i < N_RULES; i++)
		if (t->rules[i].n > 0)
			json_array_append_new(rules, group_json(&t->rules[i], "rule"));
	for (int i = 0; i < t->n_products; i++)
		json_array_append_new(products, group_json(&t->products[i], "product"));
	for (int i = 0; i < t->n_examples; i++)
		json_array_append_new(examples, example_json(&t->examples[i]));
	for (size_t i = 0; i < sizeof(cannot_know) / sizeof(*cannot_know); i++)
		json_array_append_new(limits, json_string(cannot_know[i]));
	j = json_pack("{s:O, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:o, s:o, s:o}", "set",
		      json_object_get(r->changes, "routing"), "decisions", (json_int_t)t->rows, "notKept",
		      (json_int_t)t->old, "notKnown", (json_int_t)t->unknown, "notReproduced",
		      (json_int_t)t->foreign, "replayed", (json_int_t)t->n, "different",
		      (json_int_t)t->different, "wouldWait", (json_int_t)t->waits, "fix",
		      t->n ? t->was / (double)t->n : 0, "fixInstead", t->n ? t->now / (double)t->n : 0,
		      "gain", t->now - t->was, "rules", rules, "products", products, "examples", examples,
		      "cannotKnow", limits);
	json_dumpf(j, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(j);
}

static void print_group(const struct group *g, FILE *out)
{
	fprintf(out, "%-40s %10ld %10ld %6.1f %% %+9.2f\n", g->name, g->n, g->different,
		100 * part_of(g->different, g->n), g->gain);
}

static void print_example(const struct example *e, FILE *out)
{
	fprintf(out, "  %s  case %s, %s\n    %s -> %s: ", e->at, e->id, e->product, e->was, e->now);
	if (e->waits)
		fprintf(out, "nobody, it would have waited (asked: idle %.0f s)\n", e->idle_s);
	else
		fprintf(out,
			"instead of who was idle %.0f s, who was idle %.0f s; fix %+.2f, workload %+.2f%s\n",
			e->idle_s, e->instead_idle_s, e->q, e->workload,
			e->sticky > 0   ? ", handled it before"
			: e->sticky < 0 ? ", the other handled it before"
					: "");
}

static void print_table(const struct run *r, FILE *out)
{
	const struct tally *t = &r->t;

	fprintf(out, "%ld decisions; %ld of them were kept in a form that can be replayed\n", t->rows,
		t->rows - t->old);
	if (t->foreign)
		fprintf(out,
			"%ld are not reproduced with their own settings: this version decides otherwise\n",
			t->foreign);
	if (t->unknown)
		fprintf(out, "%ld cannot be known: there were more candidates than are kept\n", t->unknown);
	fprintf(out,
		"%ld replayed: %ld (%.1f %%) would have gone to somebody else, of which %ld would have "
		"waited\n",
		t->n, t->different, 100 * part_of(t->different, t->n), t->waits);
	fprintf(out,
		"expected first-time fix of who is asked: %.4f, instead of %.4f; that is %+.2f cases in "
		"all\n",
		t->n ? t->now / (double)t->n : 0, t->n ? t->was / (double)t->n : 0, t->now - t->was);
	fprintf(out, "\n%-40s %10s %10s %8s %9s\n", "rule that decided", "decisions", "different", "",
		"gain");
	for (int i = 0; i < N_RULES; i++)
		if (t->rules[i].n > 0)
			print_group(&t->rules[i], out);
	fprintf(out, "\n%-40s %10s %10s %8s %9s\n", "product", "decisions", "different", "", "gain");
	for (int i = 0; i < t->n_products; i++)
		print_group(&t->products[i], out);
	if (t->n_examples > 0)
		fprintf(out, "\nfor example (agents are not named; what is theirs stays in the router):\n");
	for (int i = 0; i < t->n_examples; i++)
		print_example(&t->examples[i], out);
	fprintf(out, "\nwhat this cannot know:\n");
	for (size_t i = 0; i < sizeof(cannot_know) / sizeof(*cannot_know); i++)
		fprintf(out, "  %s\n", cannot_know[i]);
}

static PGconn *connect_to(const struct config *c, struct err *err)
{
	/* a standby will do, and a session that only reads counts as one */
	const char *keys[] = {"connect_timeout",      "dbname",           "user",    "password",
			      "target_session_attrs", "application_name", "options", NULL};
	const char *values[] = {"10",
				c->database,
				c->database_system,
				c->database_password,
				"any",
				"loketd replay",
				"-c default_transaction_read_only=on -c jit=off",
				NULL};
	PGconn *pq = must(PQconnectdbParams(keys, values, 1));

	if (PQstatus(pq) == CONNECTION_OK)
		return pq;
	failed(pq, NULL, "cannot reach the database", err);
	PQfinish(pq);
	return NULL;
}

int replay_run(const struct config *c, const struct replay_options *o, FILE *out, struct err *err)
{
	struct run *r = must(calloc(1, sizeof(*r)));
	int n_wrong = 0, rc = -1;

	r->o = o;
	r->changes = changes_from(o, stderr, &n_wrong);
	for (int i = 0; i < N_RULES; i++)
		snprintf(r->t.rules[i].name, NAME, "%s", route_rule_name((enum route_rule)i));
	r->pq = connect_to(c, err);
	if (r->pq)
		rc = read_all(r, err);
	if (rc == 0 && o->json)
		print_json(r, out);
	else if (rc == 0)
		print_table(r, out);
	PQfinish(r->pq);
	json_decref(r->changes);
	free(r);
	return rc;
}
