/*
 * kpis.h - reading figures: one look at the sums of a period, of what it is compared with, and of the weeks
 * before
 *
 * GET /v1/kpis shows them as JSON, the report of a quarter as a page or a table.
 */
#ifndef LOKET_KPIS_H
#define LOKET_KPIS_H

#include "daemon/api.h"
#include "lib/core/figure.h"
#include "lib/core/target.h"

enum { KPI_MAX_GROUPS = 1200, KPI_MAX_DAYS = 1100 };

/* days since 1970 in Amsterdam, to not in it */
struct kpi_days {
	int64_t from, to;
};

/* borrowed from the request; NULL: all */
struct kpi_asked {
	struct kpi_days days;
	const char *municipality, *channel, *product, *team;
	const char *by;       /* NULL: all together */
	const char *baseline; /* its name; NULL: none */
};

struct kpi_view {
	const struct kpi_asked *asked;
	struct figure_group all, *groups;
	int n_groups, found; /* the group that was looked for last */
	int64_t as_of_us;    /* what was committed before is counted; 0: nothing yet */
	struct kpi_days baseline;
	json_t *baseline_of; /* the municipalities that it is of; NULL: none was asked for */
};

/* kpis_days - the days of a period, as they are called in Amsterdam: whole ones, also where it begins or ends
 * within one */
struct kpi_days kpis_days(int64_t from_us, int64_t to_us);
/* kpis_before - as many days right before */
struct kpi_days kpis_before(struct kpi_days d);
/* kpis_by_time - are the groups times? Then none has a group before it */
bool kpis_by_time(const struct kpi_asked *k);

/* kpis_targets - what is aimed for in a municipality; NULL: in all that the token has rights on, where they
 * agree */
struct targets kpis_targets(struct api *a, const char *municipality);
/* kpis_ask - one unit, by the rights of the token; k lives as long as a */
enum op_status kpis_ask(struct api *a, int next_state, const struct kpi_asked *k);
/* kpis_view - what it brought, in the arena of a: it stays when more is asked. NULL: there is no such
 * baseline, a bad field */
const struct kpi_view *kpis_view(struct api *a, const struct kpi_asked *k);

#endif
