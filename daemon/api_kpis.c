/*
 * api_kpis.c - GET /v1/kpis: the figures of a period, each beside its target, the period before, and what is
 * usual
 *
 * Read from sums (figure_day): some rows for each day, however long the history. Nothing in it is about an
 * agent: what so few achieve that it would be about one is left out, and figures of a few cases too.
 */
#include "daemon/api.h"

#include "daemon/kpis.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <string.h>

enum { KPIS_DAYS = 91 };

static json_t *value_json(const struct figure *f, const struct figure_sums *s, const struct figure_group *g)
{
	struct figure_value x = figure_read(f, s);
	json_t *j = json_pack("{s:I}", "n", (json_int_t)x.n);

	if (!figure_shown(f, g, x.n)) {
		json_object_set_new(j, "tooFew", json_true());
		return j;
	}
	json_object_set_new(j, "value",
			    f->unit == FIGURE_COUNT ? json_integer((json_int_t)x.value) : json_real(x.value));
	if (x.bounded) {
		json_object_set_new(j, "low", json_real(x.low));
		json_object_set_new(j, "high", json_real(x.high));
	}
	return j;
}

static void put_deviates(json_t *j, const struct figure *f, const struct figure_group *g)
{
	struct control_limits l = g->limits[f - figures];

	json_object_set_new(j, "deviates",
			    l.known ? json_boolean(figure_deviates(f, l, &g->now)) : json_null());
	if (l.known && f->unit != FIGURE_SECONDS)
		json_object_set_new(
			j, "usual",
			json_pack("{s:f, s:f, s:f}", "low", l.low, "center", l.center, "high", l.high));
}

/* what there was then, and what it is more by; of times there is none: null */
static void put_baseline(json_t *j, const struct figure *f, const struct figure_group *g)
{
	double more;

	json_object_set_new(j, "baseline", g->has_baseline ? value_json(f, &g->baseline, g) : json_null());
	json_object_set_new(j, "difference", figure_difference(f, g, &more) ? json_real(more) : json_null());
}

/* n, value, and what it is held against */
static json_t *figure_json(const struct kpi_view *v, const struct figure *f, const struct figure_group *g)
{
	json_t *j = value_json(f, &g->now, g);
	bool shown = json_object_get(j, "value") != NULL;
	double target = g->targets[f - figures];

	json_object_set_new(j, "target", target > 0 ? json_real(target) : json_null());
	if (shown && target > 0)
		json_object_set_new(j, "met",
				    json_boolean(figure_met(f, target, figure_read(f, &g->now).value)));
	json_object_set_new(j, "previous",
			    kpis_by_time(v->asked) ? json_null() : value_json(f, &g->before, g));
	if (v->asked->baseline)
		put_baseline(j, f, g);
	if (shown)
		put_deviates(j, f, g);
	else
		json_object_set_new(j, "deviates", json_null());
	return j;
}

static json_t *group_json(const struct kpi_view *v, const struct figure *f, const struct figure_group *g)
{
	json_t *j = figure_json(v, f, g);

	jsonx_put(j, "group", g->name);
	return j;
}

static json_t *with_groups(const struct kpi_view *v, const struct figure *f)
{
	static const char *const better[] = {"less", "neither", "more"};
	json_t *j = figure_json(v, f, &v->all), *groups;

	jsonx_put(j, "id", f->id);
	jsonx_put(j, "title", f->title);
	jsonx_put(j, "definition", f->definition);
	jsonx_put(j, "unit", figure_unit_name(f->unit));
	jsonx_put(j, "better", better[f->better + 1]);
	if (!v->asked->by)
		return j;
	groups = json_array();
	for (int i = 0; i < v->n_groups; i++)
		json_array_append_new(groups, group_json(v, f, &v->groups[i]));
	json_object_set_new(j, "groups", groups);
	return j;
}

static json_t *days_json(struct kpi_days d)
{
	char from[WHEN_DAY], to[WHEN_DAY];

	return json_pack("{s:s, s:s}", "from", when_day_format(d.from, from), "to", when_day_format(d.to, to));
}

static enum op_status kpis_answer(struct api *a, const struct kpi_view *v)
{
	json_t *j = days_json(v->asked->days), *list = json_array();

	json_object_set_new(j, "previous", days_json(kpis_before(v->asked->days)));
	if (v->asked->baseline) {
		json_object_set_new(j, "baseline", days_json(v->baseline));
		jsonx_put(json_object_get(j, "baseline"), "name", v->asked->baseline);
		json_object_set(json_object_get(j, "baseline"), "municipalities", v->baseline_of);
	}
	jsonx_put(j, "by", v->asked->by);
	if (v->as_of_us)
		jsonx_put_time(j, "asOf", v->as_of_us);
	for (int i = 0; i < n_figures; i++)
		json_array_append_new(list, with_groups(v, &figures[i]));
	json_object_set_new(j, "figures", list);
	return api_answer(a, 200, j);
}

/* ---------------------------------------------------------------- GET /v1/kpis */

enum kpis_state { KPIS_START, KPIS_READ };

static enum op_status kpis_start(struct api *a, struct kpi_asked *k)
{
	struct api_period p = api_period(a, KPIS_DAYS, KPI_MAX_DAYS);

	if (api_has_bad_fields(a))
		return api_bad_query(a);
	*k = (struct kpi_asked){
		.days = kpis_days(p.from_us, p.to_us),
		.municipality = api_query(a, "municipality"),
		.channel = api_query(a, "channel"),
		.product = api_query(a, "product"),
		.team = api_query(a, "team"),
		.by = api_query(a, "by"),
		.baseline = api_query(a, "baseline"),
	};
	if (k->municipality && !access_municipality(&a->who, k->municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	return kpis_ask(a, KPIS_READ, k);
}

enum op_status api_kpi_list(struct api *a)
{
	const struct kpi_view *v;

	switch ((enum kpis_state)a->op.state) {
	case KPIS_START:
		a->work = arena_new_of(a->op.arena, struct kpi_asked);
		return kpis_start(a, a->work);
	case KPIS_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		v = kpis_view(a, a->work);
		return v ? kpis_answer(a, v) : api_bad_query(a);
	}
	return op_bad_state(&a->op);
}
