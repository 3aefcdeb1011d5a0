/*
 * api_baselines.c - /v1/kpis/baselines: the figures of a period are kept under a name, so that later ones can
 * be compared with them
 *
 * A baseline is a copy of sums: it stays as it is when days are forgotten or a case of then is opened again.
 */
#include "daemon/kpis.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <string.h>

enum { BASELINES_PER_MUNICIPALITY = 40, BASELINE_NAME_BYTES = 320 };
enum baseline_state { BASELINE_START, BASELINE_DONE };

enum op_status api_baseline_list(struct api *a)
{
	return work_list(a, SQL_BASELINE_LIST, NULL, NULL);
}

static struct kpi_days read_days(struct api *a)
{
	struct kpi_days d = {0};

	when_day(jsonx_str(a->body, "from"), &d.from);
	when_day(jsonx_str(a->body, "to"), &d.to);
	if (d.to <= d.from || d.to - d.from > KPI_MAX_DAYS)
		api_bad_field(a, "to", "is from 1 to 1100 days after from");
	return d;
}

static enum op_status make(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality"),
		   *name = api_text(a, "name", true, BASELINE_NAME_BYTES);
	struct kpi_days d = read_days(a);
	char day[WHEN_DAY];
	struct pg_unit *u;

	if (municipality && world_municipality(world_now(a->op.srv), municipality) < 0)
		api_bad_field(a, "municipality", "not set up");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (municipality && !access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	u = api_unit(a);
	pg_add(u, SQL_BASELINE_MAKE);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, municipality);
	pg_text(u, name);
	pg_text(u, when_day_format(d.from, day));
	pg_text(u, when_day_format(d.to, day));
	pg_uuid(u, work_writer(a));
	pg_int(u, BASELINES_PER_MUNICIPALITY);
	return pg_submit(&a->op, BASELINE_DONE, u);
}

enum op_status api_baseline_create(struct api *a)
{
	json_t *made;

	if (a->op.state == BASELINE_START)
		return make(a);
	if (pg_failed(&a->op))
		return api_failed(a); /* 409: there is one of that name */
	made = rows_object(&a->op, 0, 0);
	if (!jsonx_bool(made, "over"))
		api_bad_field(a, "to", "is not over yet: the last day is the one before");
	json_object_del(made, "over");
	if (json_object_get(made, "id"))
		return api_answer(a, 201, made);
	json_decref(made);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	return api_rule(a, "tooManyBaselines", "A municipality has 40 at most: delete one first.");
}

enum op_status api_baseline_delete(struct api *a)
{
	struct pg_unit *u;
	struct uuid id;

	if (a->op.state == BASELINE_DONE)
		return work_deleted(a, 0);
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	pg_add(u, SQL_BASELINE_DELETE);
	pg_uuid(u, id);
	return pg_submit(&a->op, BASELINE_DONE, u);
}
