#include "daemon/signals.h"

#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"
#include "lib/core/signal.h"
#include "lib/core/tone.h"

#include <stdlib.h>
#include <string.h>

enum { SIGNALS_ARENA_BYTES = 64 << 20, MINUTE_US = 60 * 1000000, BEGIN_BACK_MS = 3600 * 1000 };

struct signals {
	struct server *srv;
	bool busy;
	int64_t begun;                 /* version of the set-up that counting knows; 0: none */
	struct uuid last;              /* contact that was counted last */
	int64_t checked_us;            /* monotonic: whether signals go on */
};

/* one of what is judged */
struct series {
	const char *municipality, *theme, *area;
	int64_t hour;
	struct uuid signal;            /* that is open; nil: none */
	bool known;                    /* it is set up */
	struct signal_series counts;
	struct signal_verdict verdict;
};

struct looking {
	struct op op;
	struct world *w;
	struct uuid until;             /* this look goes up to here */
	int pages;
	bool more;                     /* the page was full */
	struct series *series;
	int n_series;
};

enum looking_state {
	LOOK_START,
	LOOK_POSTS,
	LOOK_PROPOSED,
	LOOK_MOVED,
	LOOK_BEGUN,
	LOOK_CONTACTS,
	LOOK_COUNTED,
	LOOK_SERIES,
	LOOK_RAISED,
	LOOK_OPEN,
	LOOK_STILL,
	LOOK_ENDED,
	LOOK_FORGOT
};

/* ---------------------------------------------------------------- what posts are about */

static enum op_status read_posts(struct looking *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_POSTS);
	pg_int(u, SIGNALS_PAGE);
	return pg_submit(&l->op, LOOK_POSTS, u);
}

struct proposal {
	const char *theme, *area, *sentiment;
	const char *because;           /* JSON */
};

static void put_words(json_t *because, const char *key, const char *const *words, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_string(words[i]));
	json_object_set_new(because, key, list);
}

static struct proposal propose(struct arena *a, const struct theme_rules *rules, const char *text)
{
	json_t *because = jsonx_own(a, json_object());
	struct theme_found theme, area;
	struct phrase_words words;
	struct proposal p;
	struct tone tone;

	phrase_split(a, text, &words);
	theme = theme_find(rules, THEME, &words);
	area = theme_find(rules, AREA, &words);
	tone = tone_of(&words);
	put_words(because, "theme", theme.because, theme.n_because);
	put_words(because, "area", area.because, area.n_because);
	put_words(because, "sentiment", tone.because, tone.n_because);
	p = (struct proposal){.sentiment = tone_name(tone.value), .because = jsonx_dump(a, because, NULL)};
	p.theme = theme.is ? theme.is->id : NULL;
	p.area = area.is ? area.is->id : NULL;
	return p;
}

static enum op_status propose_all(struct looking *l, const struct world *w)
{
	int n = pg_rows(&l->op, 0);
	struct proposal *p = arena_array(l->op.arena, struct proposal, (size_t)n);
	struct uuid *ids = arena_array(l->op.arena, struct uuid, (size_t)n);
	struct pg_unit *u;

	for (int i = 0; i < n; i++) {
		int m = world_municipality(w, pg_get(&l->op, 0, i, "municipality"));

		ids[i] = pg_get_uuid(&l->op, 0, i, "id");
		p[i] = propose(l->op.arena, m < 0 ? NULL : w->themes[m], pg_get(&l->op, 0, i, "text"));
	}
	u = pg_unit(&l->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_SORT_PROPOSE);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, ids[i]);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, p[i].theme);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, p[i].area);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, p[i].sentiment);
	pg_array(u, PG_TYPE_JSONB, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, p[i].because);
	return pg_submit(&l->op, LOOK_PROPOSED, u);
}

/* ---------------------------------------------------------------- counting */

static bool any_themes(const struct world *w, int m)
{
	return theme_count(w->themes[m], THEME) + theme_count(w->themes[m], AREA) > 0;
}

static int n_themed(const struct world *w)
{
	int n = 0;

	for (int m = 0; m < w->n_municipalities; m++)
		n += any_themes(w, m);
	return n;
}

/* the last id that could be made so long ago */
static struct uuid moment(int64_t back_ms)
{
	uint64_t ms = (uint64_t)(now_us() / 1000 - back_ms);
	struct uuid u;

	memset(u.b, 0xff, sizeof u.b);
	for (int i = 5; i >= 0; i--, ms >>= 8)
		u.b[i] = (uint8_t)ms;
	return u;
}

/* themes, then areas, of all municipalities: one column each */
enum column { OF_MUNICIPALITY, OF_THEME, OF_AREA };

static void add_named(struct pg_unit *u, const struct world *w, enum column column)
{
	int n = 0;

	for (int m = 0; m < w->n_municipalities; m++)
		n += theme_count(w->themes[m], THEME) + theme_count(w->themes[m], AREA);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int m = 0; m < w->n_municipalities; m++)
		for (int kind = 0; kind < N_THEME_KINDS; kind++)
			for (int i = 0; i < theme_count(w->themes[m], (enum theme_kind)kind); i++) {
				const char *id = theme_at(w->themes[m], (enum theme_kind)kind, i)->id;

				pg_push_text(u, column == OF_MUNICIPALITY ? w->municipalities[m]
				                : (column == OF_THEME) == (kind == THEME) ? id : "");
			}
}

static enum op_status begin(struct looking *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_BEGIN);
	add_named(u, l->w, OF_MUNICIPALITY);
	add_named(u, l->w, OF_THEME);
	add_named(u, l->w, OF_AREA);
	pg_int(u, signal_hour(now_us()));
	return pg_submit(&l->op, LOOK_BEGUN, u);
}

static void begun(struct looking *l)
{
	struct signals *s = l->op.srv->signals;

	s->begun = l->w->version;
	s->last = pg_get_uuid(&l->op, 0, 0, "last");
	if (uuid_is_nil(s->last))
		s->last = moment(BEGIN_BACK_MS);
}

static enum op_status read_contacts(struct looking *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_CONTACTS);
	pg_uuid(u, l->op.srv->signals->last);
	pg_uuid(u, l->until);
	pg_array(u, PG_TYPE_TEXT, n_themed(l->w));
	for (int m = 0; m < l->w->n_municipalities; m++)
		if (any_themes(l->w, m))
			pg_push_text(u, l->w->municipalities[m]);
	pg_int(u, SIGNALS_CONTACTS);
	return pg_submit(&l->op, LOOK_CONTACTS, u);
}

struct heard {
	struct uuid case_id, contact;
	const char *municipality, *theme, *area;
	int64_t hour;
};

/* false: of nothing that is counted */
static bool hear(struct looking *l, int row, struct heard *h)
{
	int m = world_municipality(l->w, pg_get(&l->op, 0, row, "municipality"));
	struct phrase_words words;
	struct theme_found theme, area;

	if (m < 0 || !phrase_split(l->op.arena, pg_get(&l->op, 0, row, "text"), &words))
		return false;
	theme = theme_find(l->w->themes[m], THEME, &words);
	area = theme_find(l->w->themes[m], AREA, &words);
	*h = (struct heard){
		.case_id = pg_get_uuid(&l->op, 0, row, "case_id"),
		.contact = pg_get_uuid(&l->op, 0, row, "id"),
		.municipality = l->w->municipalities[m],
		.theme = theme.is ? theme.is->id : "",
		.area = area.is ? area.is->id : "",
		.hour = signal_hour(pg_get_time(&l->op, 0, row, "received_at")),
	};
	return theme.is || area.is;
}

static void add_heard(struct looking *l, const struct heard *h, int n, struct uuid last)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_COUNT);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, h[i].case_id);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, h[i].theme);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, h[i].municipality);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int i = 0; i < n; i++)
		pg_push_text(u, h[i].area);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, h[i].contact);
	pg_array(u, PG_TYPE_INT8, n);
	for (int i = 0; i < n; i++)
		pg_push_int(u, h[i].hour);
	pg_uuid(u, last);
	pg_submit(&l->op, LOOK_COUNTED, u);
}

/* the page goes into the counts; false when there is nothing in it */
static bool count_page(struct looking *l)
{
	int rows = pg_rows(&l->op, 0), n = 0;
	struct heard *h = arena_array(l->op.arena, struct heard, (size_t)rows);
	struct uuid last = rows ? pg_get_uuid(&l->op, 0, rows - 1, "id") : l->until;

	l->more = rows == SIGNALS_CONTACTS && ++l->pages < SIGNALS_PAGES;
	for (int i = 0; i < rows; i++)
		n += hear(l, i, &h[n]);
	l->op.srv->signals->last = rows < SIGNALS_CONTACTS ? l->until : last;
	if (rows > 0)
		add_heard(l, h, n, last);
	return rows > 0;
}

/* what people said that posts are about goes before what the rules did, also in the counts */
static enum op_status move(struct looking *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	for (int i = 0; i < SIGNALS_MOVED; i++)
		pg_add(u, SQL_SORT_MOVE);
	return pg_submit(&l->op, LOOK_MOVED, u);
}

/* ---------------------------------------------------------------- judging */

static enum op_status read_series(struct looking *l, int next_state)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_SERIES);
	pg_array(u, PG_TYPE_TEXT, l->n_series);
	for (int i = 0; i < l->n_series; i++)
		pg_push_text(u, l->series[i].municipality);
	pg_array(u, PG_TYPE_TEXT, l->n_series);
	for (int i = 0; i < l->n_series; i++)
		pg_push_text(u, l->series[i].theme);
	pg_array(u, PG_TYPE_TEXT, l->n_series);
	for (int i = 0; i < l->n_series; i++)
		pg_push_text(u, l->series[i].area);
	pg_array(u, PG_TYPE_INT8, l->n_series);
	for (int i = 0; i < l->n_series; i++)
		pg_push_int(u, l->series[i].hour);
	pg_int(u, SIGNAL_WEEKS);
	return pg_submit(&l->op, next_state, u);
}

/* statement 0 as series, at most max; open: signals, looked at in this hour */
static void take_series(struct looking *l, int max, bool open)
{
	int rows = pg_rows(&l->op, 0);

	l->n_series = 0;
	l->series = arena_array(l->op.arena, struct series, (size_t)(rows < max ? rows : max));
	for (int i = 0; i < rows && l->n_series < max; i++)
		l->series[l->n_series++] = (struct series){
			.municipality = arena_str(l->op.arena, pg_get(&l->op, 0, i, "municipality")),
			.theme = arena_str(l->op.arena, pg_get(&l->op, 0, i, "theme")),
			.area = arena_str(l->op.arena, pg_get(&l->op, 0, i, "area")),
			.hour = open ? signal_hour(now_us()) : pg_get_int(&l->op, 0, i, "hour"),
			.signal = open ? pg_get_uuid(&l->op, 0, i, "id") : (struct uuid){ { 0 } },
		};
}

static void fill_series(struct looking *l)
{
	for (int i = 0; i < pg_rows(&l->op, 0); i++) {
		struct series *s = &l->series[pg_get_int(&l->op, 0, i, "nth") - 1];
		int64_t week = pg_get_int(&l->op, 0, i, "week"), ago;

		s->counts.hour = s->hour;
		s->known = pg_get(&l->op, 0, i, "since") != NULL;
		if (s->known)
			s->counts.weeks = (int)((s->hour - pg_get_int(&l->op, 0, i, "since")) / SIGNAL_WEEK);
		if (pg_get(&l->op, 0, i, "n") == NULL)
			continue;
		ago = pg_get_int(&l->op, 0, i, "ago");
		(week == 0 ? s->counts.now : s->counts.before[week - 1])[SIGNAL_DAY - 1 - ago] = (int)pg_get_int(&l->op, 0, i, "n");
	}
}

static void judge(struct looking *l)
{
	for (int i = 0; i < l->n_series; i++) {
		struct series *s = &l->series[i];
		int m = world_municipality(l->w, s->municipality);
		int themes, areas;

		if (!s->known || m < 0)
			continue;
		themes = theme_count(l->w->themes[m], THEME);
		areas = theme_count(l->w->themes[m], AREA);
		s->verdict = signal_judge(&s->counts, signal_alpha(l->w->false_alarms[m], themes * (1 + areas) + areas));
	}
}

static bool same_theme(const struct series *a, const struct series *b)
{
	return strcmp(a->municipality, b->municipality) == 0 && strcmp(a->theme, b->theme) == 0;
}

/* an event is told once: of a theme the area in which half of it is, else all of it; the clearest of several areas */
static bool is_told_by_another(const struct looking *l, const struct series *s)
{
	for (int i = 0; i < l->n_series && *s->theme; i++) {
		const struct series *o = &l->series[i];

		if (o == s || !o->verdict.is || !same_theme(o, s))
			continue;
		if (!*o->area ? s->verdict.count * 2 < o->verdict.count : !*s->area ? o->verdict.count * 2 >= s->verdict.count
		    : o->verdict.chance < s->verdict.chance)
			return true;
	}
	return false;
}

static void add_raise(struct looking *l, struct pg_unit *u, const struct series *s)
{
	const struct signal_verdict *v = &s->verdict;
	int m = world_municipality(l->w, s->municipality);
	const struct theme *theme = theme_known(l->w->themes[m], THEME, s->theme);

	pg_add(u, SQL_SORT_RAISE);
	pg_uuid(u, server_uuid(l->op.srv));
	pg_text(u, s->municipality);
	pg_text(u, s->theme);
	pg_text(u, s->area);
	pg_text(u, theme ? theme->department : NULL);
	pg_int(u, s->hour);
	pg_int(u, v->hours);
	pg_int(u, v->count);
	pg_text(u, arena_printf(l->op.arena, "%.6g", v->expected));
	pg_text(u, arena_printf(l->op.arena, "%.6g", v->chance));
	pg_text(u, arena_printf(l->op.arena, "%.6g", l->w->false_alarms[m]));
	pg_array(u, PG_TYPE_INT8, v->n_usual);
	for (int i = 0; i < v->n_usual; i++)
		pg_push_int(u, v->usual[i]);
}

/* false: nothing is more than usual */
static bool raise_signals(struct looking *l)
{
	struct pg_unit *u = NULL;

	for (int i = 0, n = 0; i < l->n_series && n < SIGNALS_RAISED; i++) {
		if (!l->series[i].verdict.is || is_told_by_another(l, &l->series[i]))
			continue;
		if (u == NULL)
			u = pg_unit(&l->op, PG_SYSTEM, NULL);
		add_raise(l, u, &l->series[i]);
		n++;
	}
	if (u != NULL)
		pg_submit(&l->op, LOOK_RAISED, u);
	return u != NULL;
}

/* what is over; false: nothing */
static bool end_signals(struct looking *l)
{
	struct pg_unit *u;
	int n = 0;

	for (int i = 0; i < l->n_series; i++) {
		l->series[i].known = l->series[i].known && signal_goes_on(&l->series[i].counts);
		n += !l->series[i].known;
	}
	if (n == 0)
		return false;
	u = pg_unit(&l->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_SORT_END);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < l->n_series; i++)
		if (!l->series[i].known)
			pg_push_uuid(u, l->series[i].signal);
	pg_submit(&l->op, LOOK_ENDED, u);
	return true;
}

/* ---------------------------------------------------------------- one look */

static enum op_status forget(struct looking *l)
{
	int64_t hour = signal_hour(now_us());
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SORT_FORGET);
	pg_int(u, hour - SIGNALS_KEEP_HOURS);
	pg_int(u, hour - SIGNALS_KEEP_QUESTIONS);
	return pg_submit(&l->op, LOOK_FORGOT, u);
}

/* once a minute: do signals go on, what is old */
static enum op_status look_at_open(struct looking *l)
{
	struct signals *s = l->op.srv->signals;
	struct pg_unit *u;

	if (mono_us() - s->checked_us < MINUTE_US && s->checked_us != 0)
		return OP_DONE;
	s->checked_us = mono_us();
	u = pg_unit(&l->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_SORT_OPEN);
	return pg_submit(&l->op, LOOK_OPEN, u);
}

static enum op_status count(struct looking *l)
{
	struct signals *s = l->op.srv->signals;

	if (n_themed(l->w) == 0)
		return OP_DONE;
	l->until = moment(SIGNALS_BEHIND_MS);
	return s->begun == l->w->version ? read_contacts(l) : begin(l);
}

static enum op_status next_page(struct looking *l)
{
	return l->more ? read_contacts(l) : look_at_open(l);
}

static void publish_all(const struct op *op)
{
	for (int i = 0; i < op->pg->n; i++)
		rows_publish(op, i);
}

static enum op_status looking_step(struct op *op)
{
	struct looking *l = (struct looking *)op;

	if (op->state != LOOK_START && pg_failed(op))
		return OP_FAIL; /* the sweep comes by again */
	switch ((enum looking_state)op->state) {
	case LOOK_START:
		l->w = world_hold(op);
		return read_posts(l);

	case LOOK_POSTS:
		return pg_rows(op, 0) > 0 ? propose_all(l, l->w) : move(l);

	case LOOK_PROPOSED:
		rows_publish(op, 0);
		return move(l);

	case LOOK_MOVED:
		return pg_rows(op, SIGNALS_MOVED - 1) > 0 ? move(l) : count(l);

	case LOOK_BEGUN:
		begun(l);
		return read_contacts(l);

	case LOOK_CONTACTS:
		return count_page(l) ? OP_WAIT : look_at_open(l);

	case LOOK_COUNTED:
		take_series(l, SIGNALS_SERIES, false);
		return l->n_series > 0 ? read_series(l, LOOK_SERIES) : next_page(l);

	case LOOK_SERIES:
		fill_series(l);
		judge(l);
		return raise_signals(l) ? OP_WAIT : next_page(l);

	case LOOK_RAISED:
		publish_all(op);
		return next_page(l);

	case LOOK_OPEN:
		take_series(l, SIGNALS_OPEN, true);
		return l->n_series > 0 ? read_series(l, LOOK_STILL) : forget(l);

	case LOOK_STILL:
		fill_series(l);
		return end_signals(l) ? OP_WAIT : forget(l);

	case LOOK_ENDED:
		rows_publish(op, 0);
		return forget(l);

	case LOOK_FORGOT:
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void looking_over(struct op *op, enum op_status how)
{
	if (how == OP_FAIL)
		op->srv->signals->begun = 0; /* what was counted is asked again */
}

void signals_sweep(struct signals *s)
{
	static const struct op_kind kind = {"signals", looking_step, looking_over, SIGNALS_ARENA_BYTES};

	if (s->srv->world)
		op_start_alone(s->srv, &kind, sizeof(struct looking), &s->busy);
}

struct signals *signals_new(struct server *srv)
{
	struct signals *s = must(calloc(1, sizeof *s));

	s->srv = srv;
	return s;
}

struct signals *signals_free(struct signals *s)
{
	free(s);
	return NULL;
}
