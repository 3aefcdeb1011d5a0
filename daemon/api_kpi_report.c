/*
 * api_kpi_report.c - GET /v1/kpis/report: the figures of a quarter, as a page for the council or a table of
 * all numbers
 *
 * The same look at the sums as GET /v1/kpis, once for each way to group them; lib/core/figure_page.c writes.
 */
#include "daemon/kpis.h"

#include "lib/base/when.h"
#include "lib/core/figure_page.h"

#include <stdlib.h>
#include <string.h>

enum report_state { REPORT_START, REPORT_READ, REPORT_NAMES };

/* in the order of the page; the first is drawn */
static const struct {
	const char *by, *title;
} parts[] = {
	{"week", NULL},
	{"municipality", "Per gemeente"},
	{"channel", "Per kanaal"},
	{"product", "Per onderwerp"},
};
enum { N_PARTS = sizeof parts / sizeof *parts };

struct report {
	struct kpi_asked asked[N_PARTS];
	const struct kpi_view *views[N_PARTS];
	int n_read, year, quarter;
	bool csv;
};

/* "2026-Q4" */
static bool read_quarter(const char *s, struct report *r)
{
	char *end;

	if (!s || strlen(s) != 7)
		return false;
	r->year = (int)strtol(s, &end, 10);
	r->quarter = s[6] - '0';
	return end == s + 4 && strncmp(end, "-Q", 2) == 0 && r->year >= 2000 && r->year < 2200 &&
	       r->quarter >= 1 && r->quarter <= 4;
}

static bool wants_csv(struct api *a)
{
	const char *format = api_query(a, "format"), *accept = a->x ? http_header(a->x, "Accept") : NULL;

	return format ? strcmp(format, "csv") == 0 : accept && strncmp(accept, "text/csv", 8) == 0;
}

static enum op_status start(struct api *a, struct report *r)
{
	const char *municipality = api_query(a, "municipality");
	int64_t from, to;

	if (!read_quarter(api_query(a, "quarter"), r)) {
		api_bad_field(a, "quarter", "is a year and a quarter: 2026-Q4");
		return api_bad_query(a);
	}
	if (municipality && !access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	r->csv = wants_csv(a);
	from = when_days(r->year, 3 * r->quarter - 2, 1);
	to = r->quarter == 4 ? when_days(r->year + 1, 1, 1) : when_days(r->year, 3 * r->quarter + 1, 1);
	for (int i = 0; i < N_PARTS; i++)
		r->asked[i] = (struct kpi_asked){
			.days = {from, to},
			.municipality = municipality,
			.by = parts[i].by,
			.baseline = api_query(a, "baseline"),
		};
	return kpis_ask(a, REPORT_READ, &r->asked[0]);
}

static enum op_status read_part(struct api *a, struct report *r)
{
	struct pg_unit *u;

	r->views[r->n_read] = kpis_view(a, &r->asked[r->n_read]);
	if (!r->views[r->n_read])
		return api_bad_query(a);
	if (++r->n_read < N_PARTS)
		return kpis_ask(a, REPORT_READ, &r->asked[r->n_read]);
	u = api_unit(a);
	pg_add(u, SQL_FIGURE_NAMES);
	return pg_submit(&a->op, REPORT_NAMES, u);
}

/* ---------------------------------------------------------------- what things are called */

static const char *name_of(struct api *a, const char *kind, const char *id)
{
	for (int row = 0; row < pg_rows(&a->op, 0); row++)
		if (strcmp(pg_get(&a->op, 0, row, "kind"), kind) == 0 &&
		    strcmp(pg_get(&a->op, 0, row, "id"), id) == 0)
			return pg_get(&a->op, 0, row, "name");
	return strcmp(kind, "channel") == 0 ? figure_channel(id) : id;
}

static const char *about(struct api *a, const struct report *r)
{
	const char *one = r->asked[0].municipality, *all = "";

	if (one)
		return name_of(a, "municipality", one);
	for (int row = 0; row < pg_rows(&a->op, 0); row++)
		if (strcmp(pg_get(&a->op, 0, row, "kind"), "municipality") == 0)
			all = arena_join(a->op.arena, all, *all ? ", " : "", pg_get(&a->op, 0, row, "name"),
					 NULL);
	return all;
}

static const char *about_baseline(struct api *a, const struct report *r)
{
	const char *all = "";
	json_t *one;
	size_t i;

	json_array_foreach(r->views[0]->baseline_of, i, one) all = arena_join(
		a->op.arena, all, *all ? ", " : "", name_of(a, "municipality", json_string_value(one)), NULL);
	return all;
}

static void put_labels(struct api *a, const struct kpi_view *v)
{
	for (int i = 0; i < v->n_groups; i++)
		v->groups[i].label = name_of(a, v->asked->by, v->groups[i].name);
}

static enum op_status answer(struct api *a, const struct report *r)
{
	const struct kpi_view *weeks = r->views[0];
	struct figure_table tables[N_PARTS - 1];
	const char *headers[] = {"Cache-Control: no-store", NULL};
	size_t n;
	char *text;

	for (int i = 1; i < N_PARTS; i++) {
		put_labels(a, r->views[i]);
		tables[i - 1] = (struct figure_table){parts[i].title, parts[i].by, r->views[i]->groups,
						      r->views[i]->n_groups};
	}
	const struct figure_report page = {
		.year = r->year,
		.quarter = r->quarter,
		.from = r->asked[0].days.from,
		.to = r->asked[0].days.to,
		.as_of_us = weeks->as_of_us,
		.about = about(a, r),
		.baseline = r->asked[0].baseline,
		.baseline_about = about_baseline(a, r),
		.baseline_from = weeks->baseline.from,
		.baseline_to = weeks->baseline.to,
		.all = &weeks->all,
		.weeks = weeks->groups,
		.n_weeks = weeks->n_groups,
		.tables = tables,
		.n_tables = N_PARTS - 1,
	};
	text = r->csv ? figure_csv(a->op.arena, &page, &n) : figure_page(a->op.arena, &page, &n);
	return api_send(a, 200, r->csv ? "text/csv; charset=utf-8" : "text/html; charset=utf-8",
			(struct bytes){(const uint8_t *)text, n}, headers);
}

enum op_status api_kpi_report(struct api *a)
{
	if (a->op.state == REPORT_START) {
		a->work = arena_new_of(a->op.arena, struct report);
		return start(a, a->work);
	}
	if (pg_failed(&a->op))
		return api_failed(a);
	return a->op.state == REPORT_READ ? read_part(a, a->work) : answer(a, a->work);
}
