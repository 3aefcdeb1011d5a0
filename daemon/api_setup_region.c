/* api_setup_region.c - set-up: what a region says for its municipalities, and what holds in the end */
#include "daemon/api_setup.h"

#include "daemon/api_posts.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/core/in_force.h"
#include "lib/core/policy.h"
#include "lib/core/promise.h"
#include "lib/core/protocol.h"
#include "lib/core/survey.h"
#include "lib/core/target.h"
#include "lib/core/theme.h"

#include <string.h>

enum region_state { REGION_START, REGION_DONE };

/* ------------------------------------------------------------------ what both may say */

void setup_routing(struct api *a, const json_t *settings)
{
	struct policy_problem problems[POLICY_MAX_PROBLEMS];
	struct route_policy p = policy_defaults();
	int n = policy_read(settings, &p, problems, POLICY_MAX_PROBLEMS);

	for (int i = 0; i < n && i < POLICY_MAX_PROBLEMS; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.routing.%.40s", problems[i].field),
			      problems[i].why);
}

void setup_survey(struct api *a, const json_t *settings)
{
	struct bad_setting problems[SURVEY_MAX_PROBLEMS];
	struct survey_rules r = survey_defaults();
	int n = survey_read(settings, &r, problems, SURVEY_MAX_PROBLEMS);

	for (int i = 0; i < n && i < SURVEY_MAX_PROBLEMS; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.survey.%s", problems[i].field), problems[i].why);
}

void setup_targets(struct api *a, const json_t *settings)
{
	struct bad_setting problems[FIGURES_MAX];
	struct targets t = target_defaults();
	const json_t *targets = json_object_get(settings, "targets");
	int n;

	if (targets && !json_is_object(targets)) {
		api_bad_field(a, "settings.targets", "is an object");
		return;
	}
	n = target_read(settings, &t, problems, FIGURES_MAX);
	for (int i = 0; i < n && i < FIGURES_MAX; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.targets.%s", problems[i].field),
			      problems[i].why);
}

void setup_webcare(struct api *a, const json_t *settings)
{
	static const char *const known[] = {"themes", "areas", "protocol", "falseAlarmsPerWeek"};
	const json_t *webcare = json_object_get(settings, "webcare"), *v, *rate;
	struct bad_setting problems[THEME_MAX_PROBLEMS + PROTOCOL_MAX_PROBLEMS];
	const char *key;
	int n;

	if (!webcare)
		return;
	if (!json_is_object(webcare)) {
		api_bad_field(a, "settings.webcare", "is an object");
		return;
	}
	json_object_foreach((json_t *)webcare, key, v)
	{
		size_t i = 0;

		while (i < sizeof known / sizeof *known && strcmp(known[i], key))
			i++;
		if (i == sizeof known / sizeof *known)
			api_bad_field(a, "settings.webcare", "has a key that is not known");
	}
	n = theme_check(settings, problems, THEME_MAX_PROBLEMS);
	n = n < THEME_MAX_PROBLEMS ? n : THEME_MAX_PROBLEMS;
	n += protocol_check(settings, post_advices, problems + n, PROTOCOL_MAX_PROBLEMS);
	for (int i = 0; i < n && i < THEME_MAX_PROBLEMS + PROTOCOL_MAX_PROBLEMS; i++)
		api_bad_field(a, arena_printf(a->op.arena, "settings.webcare.%s", problems[i].field), problems[i].why);
	rate = json_object_get(webcare, "falseAlarmsPerWeek");
	if (rate && (!json_is_number(rate) || json_number_value(rate) < 0.01 || json_number_value(rate) > 10))
		api_bad_field(a, "settings.webcare.falseAlarmsPerWeek", "is a number from 0.01 to 10");
}

/* themes, areas and the protocol in force; the numbers of signals are shown with them */
static json_t *webcare_shown(const json_t *region, const json_t *municipality)
{
	json_t *shown = theme_shown(region, municipality), *steps;
	const char *from;

	steps = protocol_of(region, municipality, &from);
	if (steps)
		json_object_set_new(shown, "protocol", json_pack("{s:O, s:s}", "steps", steps, "from", from));
	return shown;
}

/* of each channel, and of each kind of which something is said */
static json_t *norms_shown(const struct world *w, const json_t *region, const json_t *own)
{
	const json_t *theirs = json_object_get(region, "norms"), *mine = json_object_get(own, "norms");
	json_t *all = json_object();
	const char *key;
	json_t *v;

	for (int c = 0; c < w->n_channels; c++)
		json_object_set_new(
			all, w->channels[c],
			in_force(theirs, mine, w->channels[c], json_integer(w->channel_norm_s[c])));
	json_object_foreach((json_t *)theirs, key, v)
		json_object_set_new(all, key, in_force(theirs, mine, key, json_incref(v)));
	json_object_foreach((json_t *)mine, key, v)
		json_object_set_new(all, key, in_force(theirs, mine, key, json_incref(v)));
	return all;
}

/* every setting in force and where it is from: own over those of the region; NULL: of the region alone */
static void show(struct api *a, json_t *now, const json_t *region, const json_t *own)
{
	json_object_set_new(now, "norms", norms_shown(world_now(a->op.srv), region, own));
	json_object_set_new(now, "routing", policy_shown(region, own));
	json_object_set_new(now, "survey", survey_shown(region, own));
	json_object_set_new(now, "targets", target_shown(region, own));
	json_object_set_new(now, "webcare", webcare_shown(region, own));
	json_object_set_new(now, "hours", hours_shown(region, own));
	json_object_set_new(now, "callback", promise_shown(region, own));
	json_object_set_new(now, "texts", in_force_deep(region, own, "texts"));
	json_object_set_new(now, "products", in_force_deep(region, own, "products"));
}

void setup_routing_shown(struct api *a, json_t *municipality)
{
	const json_t *region = json_object_get(municipality, "regionSettings");

	if (!region)
		return;
	show(a, municipality, region, json_object_get(municipality, "settings"));
	json_object_del(municipality, "regionSettings");
}

/* ------------------------------------------------------------------ regions */

static enum op_status region_answer(struct api *a, int statement)
{
	json_t *now;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, statement) != 1)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	now = rows_object(&a->op, statement, 0);
	show(a, now, json_object_get(now, "settings"), NULL);
	return api_answer(a, 200, now);
}

enum op_status api_region_get(struct api *a)
{
	if (a->op.state == REGION_DONE)
		return region_answer(a, 0);
	return setup_get(a, SQL_SETUP_REGION_GET, REGION_DONE);
}

enum op_status api_region_put(struct api *a)
{
	json_t *settings = json_object_get(a->body, "settings");
	struct pg_unit *u;

	if (a->op.state == REGION_DONE) {
		world_reload(a->op.srv);
		return region_answer(a, 1);
	}
	if (!setup_whole_region(a))
		return api_problem(a, PROBLEM_FORBIDDEN, "That needs rights on every municipality.");
	setup_routing(a, settings);
	setup_survey(a, settings);
	setup_targets(a, settings);
	setup_webcare(a, settings);
	setup_accents(a, settings);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	pg_add(u, SQL_SETUP_REGION_PUT);
	pg_text(u, a->param[0]);
	pg_json(u, settings);
	pg_add(u, SQL_SETUP_REGION_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, REGION_DONE, u);
}

/* ------------------------------------------------------------------ who changed what, and when */

enum op_status api_change_list(struct api *a)
{
	int64_t before = INT64_MAX;
	struct pg_unit *u;
	int limit;

	if (!access_municipality(&a->who, a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_page_number(a, &limit, &before))
		return api_problem(a, PROBLEM_BAD_REQUEST, "cursor must be one that was given");
	if (a->op.state == REGION_DONE)
		return pg_failed(&a->op) ? api_failed(a)
					 : api_answer(a, 200, api_page_cut(a, rows_array(&a->op, 0), limit, "n"));
	u = api_unit(a);
	pg_add(u, SQL_SETUP_CHANGES);
	pg_text(u, a->param[0]);
	pg_int(u, before);
	pg_int(u, limit + 1);
	return pg_submit(&a->op, REGION_DONE, u);
}
