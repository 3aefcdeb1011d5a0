/* api_signals.c - what is more than usual in the city, and the digest of a day or a week */
#include "daemon/api.h"

#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/digest.h"
#include "lib/core/hours.h"
#include "lib/core/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum signals_state { SIGNALS_START, SIGNALS_READ };

/* ---------------------------------------------------------------- GET /v1/signals */

struct list {
	int limit;
	struct uuid last;
};

static const char *name_of(struct api *a, const char *municipality, enum theme_kind kind, const char *id)
{
	const struct world *w = world_now(a->op.srv);
	int m = municipality ? world_municipality(w, municipality) : -1;
	const struct theme *t = m < 0 ? NULL : theme_known(w->themes[m], kind, id);

	return t ? t->name : id;
}

static void put_named(struct api *a, json_t *signal, const char *key, enum theme_kind kind)
{
	const char *id = jsonx_str(signal, key);

	if (id)
		json_object_set_new(signal, key, json_pack("{s:s, s:s}", "id", id, "name",
			name_of(a, jsonx_str(signal, "municipality"), kind, id)));
}

/* nobody's name is in it, whoever asks */
static void hide_names(struct api *a, json_t *examples)
{
	json_t *one;
	size_t i;

	json_array_foreach(examples, i, one) {
		json_object_set_new(one, "text", json_string(signal_example(a->op.arena, jsonx_str(one, "text"), jsonx_str(one, "name"))));
		json_object_del(one, "name");
	}
}

static enum op_status list_start(struct api *a, struct list *l)
{
	struct pg_unit *u;

	if (!api_page_id(a, &l->limit, &l->last))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	u = api_unit(a);
	pg_add(u, SQL_SIGNALS_LIST);
	pg_uuid(u, l->last);
	pg_text(u, api_query(a, "municipality"));
	pg_text(u, api_query(a, "state"));
	pg_text(u, api_query(a, "theme"));
	pg_text(u, api_query(a, "area"));
	pg_int(u, l->limit + 1);
	work_audit_scope(a, u, "signal.list", "signals", NULL, api_query(a, "municipality"));
	return pg_submit(&a->op, SIGNALS_READ, u);
}

static enum op_status list_answer(struct api *a, const struct list *l)
{
	json_t *page = api_page_cut(a, rows_array(&a->op, 0), l->limit, "id"), *one;
	size_t i;

	json_array_foreach(json_object_get(page, "items"), i, one) {
		put_named(a, one, "theme", THEME);
		put_named(a, one, "area", AREA);
		hide_names(a, json_object_get(one, "examples"));
	}
	return api_answer(a, 200, page);
}

enum op_status api_signal_list(struct api *a)
{
	struct list *l = a->work;

	switch ((enum signals_state)a->op.state) {
	case SIGNALS_START:
		a->work = l = arena_new_of(a->op.arena, struct list);
		return list_start(a, l);
	case SIGNALS_READ:
		return pg_failed(&a->op) ? api_failed(a) : list_answer(a, l);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/signals/digest */

enum digest_part { DIGEST_COUNTS, DIGEST_SINCE, DIGEST_RAISED, DIGEST_POSTS };

struct digesting {
	struct digest d;
	const char *municipality;
	int days;
};

/* midnight of a day by the Dutch clock */
static int64_t midnight(int64_t day)
{
	int64_t us = (day * 86400 - 3600) * WHEN_SECOND_US;
	int minute;

	return hours_local_day(us, &minute) == day && minute == 0 ? us : us - 3600 * WHEN_SECOND_US;
}

static struct uuid first_id(int64_t us)
{
	uint64_t ms = (uint64_t)(us / 1000);
	struct uuid u = { 0 };

	for (int i = 5; i >= 0; i--, ms >>= 8)
		u.b[i] = (uint8_t)ms;
	return u;
}

/* the day that is asked for, or yesterday; of a week its Monday, or that of last week */
static int64_t first_day(struct api *a, bool week)
{
	const char *date = api_query(a, "date");
	int64_t day = hours_local_day(now_us(), NULL) - (week ? 7 : 1);

	when_day(date, &day);
	return week ? day - when_weekday(day) : day;
}

static enum op_status digest_start(struct api *a, struct digesting *g)
{
	const char *period = api_query(a, "period");
	int64_t from, until;
	struct pg_unit *u;

	g->municipality = api_query(a, "municipality");
	g->d.week = period && strcmp(period, "week") == 0;
	g->days = g->d.week ? 7 : 1;
	g->d.first_day = first_day(a, g->d.week);
	if (!g->municipality)
		api_bad_field(a, "municipality", "required");
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	from = midnight(g->d.first_day);
	until = midnight(g->d.first_day + g->days);
	u = api_unit(a);
	pg_add(u, SQL_DIGEST_THEMES);
	pg_text(u, g->municipality);
	pg_int(u, g->d.first_day * 24);
	pg_int(u, (g->d.first_day + g->days) * 24);
	pg_int(u, SIGNAL_WEEKS);
	pg_add(u, SQL_DIGEST_SINCE);
	pg_text(u, g->municipality);
	pg_add(u, SQL_DIGEST_SIGNALS);
	pg_text(u, g->municipality);
	pg_time(u, from);
	pg_time(u, until);
	pg_add(u, SQL_DIGEST_POSTS);
	pg_text(u, g->municipality);
	pg_uuid(u, first_id(from));
	pg_uuid(u, first_id(until));
	return pg_submit(&a->op, SIGNALS_READ, u);
}

/* for how many of the weeks before it was counted */
static int weeks_of(const struct api *a, const struct digesting *g, const char *theme)
{
	for (int i = 0; i < pg_rows(&a->op, DIGEST_SINCE); i++)
		if (strcmp(pg_get(&a->op, DIGEST_SINCE, i, "theme"), theme) == 0) {
			int64_t weeks = (g->d.first_day * 24 - pg_get_int(&a->op, DIGEST_SINCE, i, "hour")) / SIGNAL_WEEK;

			return weeks < 0 ? 0 : weeks > SIGNAL_WEEKS ? SIGNAL_WEEKS : (int)weeks;
		}
	return 0;
}

static struct digest_theme theme_in(struct api *a, const struct digesting *g, const struct theme *theme)
{
	int weeks = weeks_of(a, g, theme->id), most = 0;
	struct digest_theme t = {.name = theme->name};

	for (int i = 0; i < pg_rows(&a->op, DIGEST_COUNTS); i++) {
		const char *area = pg_get(&a->op, DIGEST_COUNTS, i, "area");
		int week = (int)pg_get_int(&a->op, DIGEST_COUNTS, i, "week"), n = (int)pg_get_int(&a->op, DIGEST_COUNTS, i, "n");

		if (strcmp(pg_get(&a->op, DIGEST_COUNTS, i, "theme"), theme->id) != 0)
			continue;
		if (!*area && week == 0)
			t.count = n;
		else if (!*area && week <= weeks)
			t.usual += (double)n / weeks;
		else if (*area && week == 0 && n > most) {
			most = n;
			t.area = name_of(a, g->municipality, AREA, area);
		}
	}
	if (weeks == 0)
		t.usual = -1;
	if (most < 3 || most * 2 < t.count)
		t.area = NULL;
	return t;
}

static int most_first(const void *a, const void *b)
{
	return ((const struct digest_theme *)b)->count - ((const struct digest_theme *)a)->count;
}

static void fill_themes(struct api *a, struct digesting *g, const struct theme_rules *rules)
{
	struct digest_theme *all = arena_array(a->op.arena, struct digest_theme, THEME_MAX);
	int n = 0;

	for (int i = 0; i < theme_count(rules, THEME); i++) {
		all[n] = theme_in(a, g, theme_at(rules, THEME, i));
		n += all[n].count > 0 || all[n].usual >= 1;
	}
	qsort(all, (size_t)n, sizeof *all, most_first);
	g->d.n_themes = n < DIGEST_THEMES ? n : DIGEST_THEMES;
	memcpy(g->d.themes, all, (size_t)g->d.n_themes * sizeof *all);
}

static void fill_signals(struct api *a, struct digesting *g)
{
	for (int i = 0; i < pg_rows(&a->op, DIGEST_RAISED) && i < DIGEST_SIGNALS; i++) {
		const char *theme = pg_get(&a->op, DIGEST_RAISED, i, "theme"), *area = pg_get(&a->op, DIGEST_RAISED, i, "area");

		g->d.signals[g->d.n_signals++] = (struct digest_signal){
			.theme = theme ? name_of(a, g->municipality, THEME, theme) : NULL,
			.area = area ? name_of(a, g->municipality, AREA, area) : NULL,
			.department = pg_get(&a->op, DIGEST_RAISED, i, "department"),
			.raised_us = pg_get_time(&a->op, DIGEST_RAISED, i, "raisedAt"),
			.ended = pg_get(&a->op, DIGEST_RAISED, i, "endedAt") != NULL,
			.count = (int)pg_get_int(&a->op, DIGEST_RAISED, i, "count"),
			.hours = (int)pg_get_int(&a->op, DIGEST_RAISED, i, "hours"),
			.expected = strtod(pg_get(&a->op, DIGEST_RAISED, i, "expected"), NULL),
		};
	}
}

static enum op_status as_json(struct api *a, const struct digesting *g)
{
	const struct digest *d = &g->d;
	json_t *themes = json_array(), *signals = rows_array(&a->op, DIGEST_RAISED), *one;
	size_t i;

	for (int t = 0; t < d->n_themes; t++) {
		one = json_pack("{s:s, s:i}", "name", d->themes[t].name, "count", d->themes[t].count);
		if (d->themes[t].usual >= 0)
			json_object_set_new(one, "usual", json_real(round(d->themes[t].usual * 10) / 10));
		jsonx_put(one, "area", d->themes[t].area);
		json_array_append_new(themes, one);
	}
	json_array_foreach(signals, i, one) {
		json_object_set_new(one, "municipality", json_string(g->municipality));
		put_named(a, one, "theme", THEME);
		put_named(a, one, "area", AREA);
		json_object_del(one, "municipality");
	}
	return api_answer(a, 200, json_pack("{s:s, s:s, s:o, s:o, s:{s:i, s:i, s:i, s:i, s:i}, s:s}", "municipality", g->municipality,
		"period", d->week ? "week" : "day", "themes", themes, "signals", signals, "posts", "count", d->posts, "negative",
		d->negative, "positive", d->positive, "done", d->done, "answered", d->answered, "text", digest_text(a->op.arena, d)));
}

static enum op_status digest_answer(struct api *a, struct digesting *g)
{
	const struct world *w = world_now(a->op.srv);
	int m = access_municipality(&a->who, g->municipality) ? world_municipality(w, g->municipality) : -1;
	const char *accept = a->x ? http_header(a->x, "Accept") : NULL, *page;
	struct digest *d = &g->d;

	if (m < 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	d->municipality = pg_get(&a->op, DIGEST_POSTS, 0, "name");
	d->posts = (int)pg_get_int(&a->op, DIGEST_POSTS, 0, "posts");
	d->negative = (int)pg_get_int(&a->op, DIGEST_POSTS, 0, "negative");
	d->positive = (int)pg_get_int(&a->op, DIGEST_POSTS, 0, "positive");
	d->done = (int)pg_get_int(&a->op, DIGEST_POSTS, 0, "done");
	d->answered = (int)pg_get_int(&a->op, DIGEST_POSTS, 0, "answered");
	fill_themes(a, g, w->themes[m]);
	fill_signals(a, g);
	if (accept && strstr(accept, "text/html"))
		page = digest_html(a->op.arena, d);
	else if (accept && strstr(accept, "text/plain"))
		page = digest_text(a->op.arena, d);
	else
		return as_json(a, g);
	return api_send(a, 200, strstr(accept, "text/html") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
	                (struct bytes){ (const uint8_t *)page, strlen(page) }, NULL);
}

enum op_status api_signal_digest(struct api *a)
{
	struct digesting *g = a->work;

	switch ((enum signals_state)a->op.state) {
	case SIGNALS_START:
		a->work = g = arena_new_of(a->op.arena, struct digesting);
		return digest_start(a, g);
	case SIGNALS_READ:
		return pg_failed(&a->op) ? api_failed(a) : digest_answer(a, g);
	}
	return op_bad_state(&a->op);
}
