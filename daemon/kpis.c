#include "daemon/kpis.h"

#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/when.h"
#include "lib/core/hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the statements of the unit, in order; those of a baseline only when there is one */
enum {
	ASK_NOW,
	ASK_NOW_WAITS,
	ASK_BEFORE,
	ASK_BEFORE_WAITS,
	ASK_WEEKS,
	ASK_AGENTS,
	ASK_AS_OF,
	ASK_ALL,
	ASK_NAMED = ASK_ALL,
	ASK_BASELINE,
	ASK_BASELINE_WAITS
};

struct kpi_days kpis_days(int64_t from_us, int64_t to_us)
{
	return (struct kpi_days){hours_local_day(from_us, NULL), hours_local_day(to_us - 1, NULL) + 1};
}

struct kpi_days kpis_before(struct kpi_days d)
{
	return (struct kpi_days){d.from - (d.to - d.from), d.from};
}

bool kpis_by_time(const struct kpi_asked *k)
{
	static const char *const times[] = {"day", "week", "month", "quarter"};

	for (size_t i = 0; k->by && i < sizeof times / sizeof *times; i++)
		if (strcmp(k->by, times[i]) == 0)
			return true;
	return false;
}

/* ---------------------------------------------------------------- asking */

static void add_which(struct pg_unit *u, const struct kpi_asked *k)
{
	pg_text(u, k->municipality);
	pg_text(u, k->channel);
	pg_text(u, k->product);
	pg_text(u, k->team);
}

static void add_days(struct pg_unit *u, struct kpi_days d)
{
	char day[WHEN_DAY];

	pg_text(u, when_day_format(d.from, day));
	pg_text(u, when_day_format(d.to, day));
}

static void add_sums(struct pg_unit *u, const struct kpi_asked *k, struct kpi_days d, bool weeks)
{
	pg_add(u, SQL_FIGURE_SUMS);
	add_days(u, d);
	add_which(u, k);
	pg_text(u, weeks && kpis_by_time(k) ? NULL : k->by);
	pg_bool(u, weeks);
	pg_int(u, weeks ? KPI_MAX_GROUPS * FIGURE_WEEKS : KPI_MAX_GROUPS);
}

static void add_waits(struct pg_unit *u, const struct kpi_asked *k, struct kpi_days d)
{
	pg_add(u, SQL_FIGURE_WAITS);
	add_days(u, d);
	add_which(u, k);
	pg_text(u, k->by);
}

/* groups of time have no baseline, but all of them together do */
static void add_baseline(struct pg_unit *u, const struct kpi_asked *k)
{
	pg_add(u, SQL_BASELINE_NAMED);
	pg_text(u, k->baseline);
	pg_text(u, k->municipality);
	for (int waits = 0; waits <= 1; waits++) {
		pg_add(u, waits ? SQL_BASELINE_WAITS : SQL_BASELINE_SUMS);
		pg_text(u, k->baseline);
		add_which(u, k);
		pg_text(u, kpis_by_time(k) ? NULL : k->by);
	}
}

enum op_status kpis_ask(struct api *a, int next_state, const struct kpi_asked *k)
{
	struct kpi_days before = kpis_before(k->days),
			weeks = {k->days.from - 7 * FIGURE_WEEKS, k->days.from};
	struct pg_unit *u = api_unit(a);

	add_sums(u, k, k->days, false);
	add_waits(u, k, k->days);
	add_sums(u, k, before, false);
	add_waits(u, k, before);
	add_sums(u, k, weeks, true);
	pg_add(u, SQL_FIGURE_AGENTS);
	add_which(u, k);
	pg_text(u, kpis_by_time(k) ? NULL : k->by);
	pg_add(u, SQL_FIGURE_AS_OF);
	if (k->baseline)
		add_baseline(u, k);
	return pg_submit(&a->op, next_state, u);
}

/* ---------------------------------------------------------------- what came back */

static double number(struct api *a, int q, int row, const char *column)
{
	const char *s = pg_get(&a->op, q, row, column);

	return s ? strtod(s, NULL) : 0;
}

static void add_row(struct api *a, int q, int row, struct figure_sums *to, struct figure_sums *all)
{
	for (int i = 0; i < N_FIGURE_SUMS; i++) {
		double x = number(a, q, row, figure_sum_name(i));

		to->of[i] += x;
		if (all)
			all->of[i] += x;
	}
}

/* the group of a row, mostly that of the row before or the next; NULL: one that is not in the period */
static struct figure_group *find(struct api *a, struct kpi_view *v, int q, int row)
{
	const char *name = pg_get(&a->op, q, row, "group");

	for (int i = 0; i < v->n_groups; i++) {
		int at = (v->found + i) % v->n_groups;

		if (strcmp(v->groups[at].name, name) == 0) {
			v->found = at;
			return &v->groups[at];
		}
	}
	return NULL;
}

enum which { NOW, BEFORE, BASELINE };

static struct figure_sums *sums_of(struct figure_group *g, enum which w)
{
	return w == NOW ? &g->now : w == BEFORE ? &g->before : &g->baseline;
}

static void read_sums(struct api *a, struct kpi_view *v, int q, enum which w)
{
	for (int row = 0; row < pg_rows(&a->op, q); row++) {
		struct figure_group *g = find(a, v, q, row);

		add_row(a, q, row, sums_of(&v->all, w), g ? sums_of(g, w) : NULL);
	}
	for (int row = 0; row < pg_rows(&a->op, q + 1); row++) {
		struct figure_group *g = find(a, v, q + 1, row);
		int bucket = (int)number(a, q + 1, row, "bucket");

		if (bucket < 0 || bucket >= FIGURE_BUCKETS)
			continue;
		sums_of(&v->all, w)->waits[bucket] += number(a, q + 1, row, "n");
		if (g)
			sums_of(g, w)->waits[bucket] += number(a, q + 1, row, "n");
	}
}

/* of group g, or of all together; week: how many lie between it and the period */
static struct figure_sums *week_of(struct api *a, struct figure_group *g, int week)
{
	int i = FIGURE_WEEKS - 1 - week;

	if (i < 0)
		return NULL;
	if (!g->weeks[i])
		g->weeks[i] = arena_new_of(a->op.arena, struct figure_sums);
	return (struct figure_sums *)g->weeks[i];
}

static void read_weeks(struct api *a, struct kpi_view *v)
{
	for (int row = 0; row < pg_rows(&a->op, ASK_WEEKS); row++) {
		struct figure_group *g = find(a, v, ASK_WEEKS, row);
		int week = (int)number(a, ASK_WEEKS, row, "week");
		struct figure_sums *all = week_of(a, &v->all, week);

		if (all)
			add_row(a, ASK_WEEKS, row, all, g ? week_of(a, g, week) : NULL);
	}
}

static void read_groups(struct api *a, struct kpi_view *v)
{
	int n = pg_rows(&a->op, ASK_NOW);

	v->groups = arena_array(a->op.arena, struct figure_group, (size_t)n + 1);
	for (int row = 0; v->asked->by && row < n; row++)
		v->groups[v->n_groups++].name = arena_str(a->op.arena, pg_get(&a->op, ASK_NOW, row, "group"));
}

/* agents of a time are those of all */
static void read_agents(struct api *a, struct kpi_view *v)
{
	for (int row = 0; row < pg_rows(&a->op, ASK_AGENTS); row++) {
		struct figure_group *g = find(a, v, ASK_AGENTS, row);

		if (g)
			g->agents = number(a, ASK_AGENTS, row, "agents");
		if (v->all.agents < number(a, ASK_AGENTS, row, "agents"))
			v->all.agents = number(a, ASK_AGENTS, row, "agents");
	}
	for (int i = 0; kpis_by_time(v->asked) && i < v->n_groups; i++)
		v->groups[i].agents = v->all.agents;
}

/* the first and the last week of a period may be a part of one; day 0 was a Thursday */
static bool is_whole_week(const struct kpi_view *v, const struct figure_group *g)
{
	if (strcmp(v->asked->by, "week") != 0)
		return false;
	return (g != &v->groups[0] || when_weekday(v->asked->days.from) == 0) &&
	       (g != &v->groups[v->n_groups - 1] || when_weekday(v->asked->days.to) == 0);
}

/* groups of time: as the weeks before the period say of all together */
static struct control_limits limits_of(const struct kpi_view *v, const struct figure *f,
				       const struct figure_group *g)
{
	const struct figure_group *usual = kpis_by_time(v->asked) ? &v->all : g;
	double days = (double)(v->asked->days.to - v->asked->days.from);

	if (f->unit == FIGURE_COUNT && g != &v->all && kpis_by_time(v->asked))
		days = is_whole_week(v, g) ? 7 : 0; /* others are of different length */
	return figure_limits(f, usual->weeks, FIGURE_WEEKS, &g->now, days / 7);
}

static void put_limits(struct kpi_view *v, struct figure_group *g)
{
	for (int i = 0; i < n_figures; i++)
		g->limits[i] = limits_of(v, &figures[i], g);
}

struct targets kpis_targets(struct api *a, const char *municipality)
{
	const struct world *w = world_now(a->op.srv);
	struct targets t = target_defaults();
	bool any = false;

	for (int m = 0; m < w->n_municipalities; m++) {
		const char *id = w->municipalities[m];

		if (municipality ? strcmp(municipality, id) != 0 : !access_municipality(&a->who, id))
			continue;
		if (any)
			target_agree(&t, &w->targets[m]);
		else
			t = w->targets[m];
		any = true;
	}
	return t;
}

/* of a municipality its own; of other groups what is aimed for wherever was asked */
static void put_targets(struct api *a, struct kpi_view *v)
{
	bool by_municipality = v->asked->by && strcmp(v->asked->by, "municipality") == 0;
	struct targets all = kpis_targets(a, v->asked->municipality), own;

	memcpy(v->all.targets, all.of, sizeof all.of);
	for (int i = 0; i < v->n_groups; i++) {
		own = by_municipality ? kpis_targets(a, v->groups[i].name) : all;
		memcpy(v->groups[i].targets, own.of, sizeof own.of);
	}
}

static int64_t day_of(const struct op *op, const char *column)
{
	int64_t day = 0;

	when_day(pg_get(op, ASK_NAMED, 0, column), &day);
	return day;
}

static bool read_baseline(struct api *a, struct kpi_view *v)
{
	int n = pg_rows(&a->op, ASK_NAMED);

	if (n != 1) {
		api_bad_field(
			a, "baseline",
			n ? "is of other days in one municipality than in another: name the municipality"
			  : "there is none of that name");
		return false;
	}
	v->baseline = (struct kpi_days){day_of(&a->op, "from"), day_of(&a->op, "to")};
	v->baseline_of = rows_json(&a->op, ASK_NAMED, 0, "municipalities");
	read_sums(a, v, ASK_BASELINE, BASELINE);
	v->all.has_baseline = true;
	v->all.as_long = v->baseline.to - v->baseline.from == v->asked->days.to - v->asked->days.from;
	for (int i = 0; i < v->n_groups && !kpis_by_time(v->asked); i++) {
		v->groups[i].has_baseline = true;
		v->groups[i].as_long = v->all.as_long;
	}
	return true;
}

const struct kpi_view *kpis_view(struct api *a, const struct kpi_asked *k)
{
	struct kpi_view *v = arena_new_of(a->op.arena, struct kpi_view);

	v->asked = k;
	read_groups(a, v);
	read_sums(a, v, ASK_NOW, NOW);
	read_sums(a, v, ASK_BEFORE, BEFORE);
	if (k->baseline && !read_baseline(a, v))
		return NULL;
	read_weeks(a, v);
	read_agents(a, v);
	put_targets(a, v);
	if (pg_rows(&a->op, ASK_AS_OF) > 0)
		v->as_of_us = pg_get_time(&a->op, ASK_AS_OF, 0, "as_of");
	put_limits(v, &v->all);
	for (int i = 0; i < v->n_groups; i++)
		put_limits(v, &v->groups[i]);
	return v;
}
