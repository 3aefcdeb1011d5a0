/*
 * api_report.c - GET /v1/routing/report: is it better to route by first-time fix? Both arms of a municipality
 * side by side
 *
 * Read from counters (arm_day): a few rows for each day, however long the history. Nothing in it is about an
 * agent; a product that few agents have is left out, also of the total, because its figures would be theirs.
 */
#include "daemon/api.h"

#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/core/compare.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_DAYS = 91, REPORT_MAX_DAYS = 1100, REPORT_LEAST_AGENTS = 3 };

enum report_state { REPORT_START, REPORT_READ };
enum arm { ARM_FTF, ARM_CONTROL, N_ARMS };

/* what was counted of the cases of one arm */
struct counts {
	double cases, anonymous, judged, fixed, answered, transferred;
	double live, abandoned;
	struct compare_sums wait[2]; /* not live, live */
};

struct line {
	const char *product; /* NULL: all of them */
	struct counts arms[N_ARMS];
};

struct report {
	struct api_period period;
	const char *municipality;
};

/* what each number means: it goes along, so that nobody has to guess */
static const char *const definitions[][2] = {
	{"cases", "cases that began in the period and were drawn for this arm; without spam and what was "
		  "said in public"},
	{"anonymous",
	 "of these: nobody knows whose it is, so nobody can see whether they came back. Not judged"},
	{"notJudged", "of the others: it was a repeat, not for us, not finished in time, or nobody "
		      "answered it"},
	{"firstTimeFix",
	 "of those judged: five working days after it was resolved the citizen had not come back "
	 "about the product on any channel, it was not transferred or opened again, and no promise"
	 " was open"},
	{"transferred", "of those an agent took: it went on to somebody else"},
	{"abandoned", "of those on the line: they gave up before anybody took it"},
	{"waitLive", "seconds from the first contact until the first agent took it; phone and chat. Mean of "
		     "those taken"},
	{"waitOther", "the same, of what may be answered later"},
	{"difference",
	 "ftf less control, with its interval of 95 %: shares by Newcombe's method 10 (of Wilson's"
	 " intervals), means by the normal distribution with two variances, from 30 cases of each."
	 " Where 0 lies in the interval, nothing is proved. Of twenty such intervals one misses by "
	 "chance"},
	{"limits", "products of fewer than three agents are left out (fewAgents): their figures would be "
		   "those of a person. Cases are counted three weeks after they began. Who is not helped by "
		   "one arm may return in the other, and both share one staff, so a difference is rather too"
		   " small than too large. When controlShare was changed, compare the time before with the "
		   "time before, and the time after with the time after"},
};

static enum op_status report_start(struct api *a, struct report *r)
{
	struct pg_unit *u;

	r->municipality = api_query(a, "municipality");
	r->period = api_period(a, REPORT_DAYS, REPORT_MAX_DAYS);
	if (!r->municipality)
		api_bad_field(a, "municipality", "is missing: arms are compared within one");
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	if (!access_municipality(&a->who, r->municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	u = api_unit(a);
	pg_add(u, SQL_ROUTING_REPORT);
	pg_text(u, r->municipality);
	pg_time(u, r->period.from_us);
	pg_time(u, r->period.to_us);
	return pg_submit(&a->op, REPORT_READ, u);
}

/* ---------------------------------------------------------------- adding up */

static double number(struct api *a, int row, const char *column)
{
	return strtod(pg_get(&a->op, 0, row, column), NULL);
}

static void add_row(struct api *a, int row, struct counts *c)
{
	bool live = pg_get_bool(&a->op, 0, row, "live");
	struct compare_sums *wait = &c->wait[live];

	c->cases += number(a, row, "cases");
	c->anonymous += number(a, row, "anonymous");
	c->judged += number(a, row, "judged");
	c->fixed += number(a, row, "fixed");
	c->answered += number(a, row, "answered");
	c->transferred += number(a, row, "transferred");
	c->live += live ? number(a, row, "cases") : 0;
	c->abandoned += number(a, row, "abandoned");
	wait->n += number(a, row, "answered");
	wait->sum += number(a, row, "wait_s");
	wait->squares += number(a, row, "wait_s2");
}

static struct line *line_for(struct line *lines, int *n, const char *product)
{
	if (*n == 1 || strcmp(lines[*n - 1].product, product) != 0) /* rows come by product */
		lines[(*n)++].product = product;
	return &lines[*n - 1];
}

/* the total stands first; returns how many lines. What few agents have is named in *few */
static int add_up(struct api *a, struct line *lines, json_t *few)
{
	const char *last = "";
	int n = 1;

	for (int row = 0; row < pg_rows(&a->op, 0); row++) {
		const char *product = pg_get(&a->op, 0, row, "product");
		enum arm arm = strcmp(pg_get(&a->op, 0, row, "arm"), "ftf") == 0 ? ARM_FTF : ARM_CONTROL;

		if (pg_get_int(&a->op, 0, row, "agents") >= REPORT_LEAST_AGENTS) {
			add_row(a, row, &lines[0].arms[arm]);
			add_row(a, row, &line_for(lines, &n, product)->arms[arm]);
		} else if (strcmp(last, product) != 0) {
			json_array_append_new(few, json_string(product));
			last = product;
		}
	}
	return n;
}

/* ---------------------------------------------------------------- saying it */

static json_t *interval_json(struct compare_interval i)
{
	return json_pack("{s:f, s:f, s:f}", "value", i.value, "low", i.low, "high", i.high);
}

static void put_interval(json_t *j, const char *key, struct compare_interval i)
{
	if (i.known)
		json_object_set_new(j, key, interval_json(i));
}

/* n of each arm, a figure of each, and how they differ */
static json_t *both_json(const char *figure, const double n[N_ARMS], const struct compare_interval of[N_ARMS],
			 struct compare_interval difference)
{
	static const char *const names[] = {[ARM_FTF] = "ftf", [ARM_CONTROL] = "control"};
	json_t *j = json_object();

	for (int arm = 0; arm < N_ARMS; arm++) {
		json_t *one = json_pack("{s:I}", "n", (json_int_t)n[arm]);

		put_interval(one, figure, of[arm]);
		json_object_set_new(j, names[arm], one);
	}
	put_interval(j, "difference", difference);
	return j;
}

static json_t *share_json(struct compare_share ftf, struct compare_share control)
{
	return both_json("share", (double[]){ftf.n, control.n},
			 (struct compare_interval[]){compare_share(ftf), compare_share(control)},
			 compare_shares(ftf, control));
}

static json_t *mean_json(struct compare_sums ftf, struct compare_sums control)
{
	return both_json("mean", (double[]){ftf.n, control.n},
			 (struct compare_interval[]){compare_mean(ftf), compare_mean(control)},
			 compare_means(ftf, control));
}

static json_t *counts_json(const struct counts *c)
{
	return json_pack("{s:I, s:I, s:I}", "cases", (json_int_t)c->cases, "anonymous",
			 (json_int_t)c->anonymous, "notJudged",
			 (json_int_t)(c->cases - c->anonymous - c->judged));
}

#define SHARE(k, n) share_json((struct compare_share){x->k, x->n}, (struct compare_share){y->k, y->n})

static json_t *line_json(const struct line *l)
{
	const struct counts *x = &l->arms[ARM_FTF], *y = &l->arms[ARM_CONTROL];
	json_t *j = json_pack("{s:o, s:o}", "ftf", counts_json(x), "control", counts_json(y));

	if (l->product)
		jsonx_put(j, "product", l->product);
	json_object_set_new(j, "firstTimeFix", SHARE(fixed, judged));
	json_object_set_new(j, "transferred", SHARE(transferred, answered));
	json_object_set_new(j, "abandoned", SHARE(abandoned, live));
	json_object_set_new(j, "waitLive", mean_json(x->wait[1], y->wait[1]));
	json_object_set_new(j, "waitOther", mean_json(x->wait[0], y->wait[0]));
	return j;
}

static enum op_status report_answer(struct api *a, const struct report *r)
{
	struct line *lines = arena_array(a->op.arena, struct line, (size_t)pg_rows(&a->op, 0) + 1);
	json_t *j = api_report(r->period, definitions, sizeof(definitions) / sizeof(*definitions));
	json_t *items = json_array(), *few = json_array();
	int n = add_up(a, lines, few);

	for (int i = 1; i < n; i++)
		json_array_append_new(items, line_json(&lines[i]));
	jsonx_put(j, "municipality", r->municipality);
	json_object_set_new(j, "total", line_json(&lines[0]));
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "fewAgents", few);
	return api_answer(a, 200, j);
}

enum op_status api_routing_report(struct api *a)
{
	struct report *r = a->work;

	switch ((enum report_state)a->op.state) {
	case REPORT_START:
		a->work = r = arena_new_of(a->op.arena, struct report);
		return report_start(a, r);
	case REPORT_READ:
		return pg_failed(&a->op) ? api_failed(a) : report_answer(a, r);
	}
	return op_bad_state(&a->op);
}
