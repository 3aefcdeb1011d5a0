#include "daemon/signals.h"

#include "daemon/log.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"
#include "lib/core/tone.h"

enum { SIGNALS_ARENA_BYTES = 32 << 20 };

struct signals {
	struct server *srv;
	bool busy;
};

struct looking {
	struct op op;
};

enum looking_state { LOOK_START, LOOK_POSTS, LOOK_PROPOSED };

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

/* ---------------------------------------------------------------- one look */

static enum op_status looking_step(struct op *op)
{
	struct looking *l = (struct looking *)op;
	const struct world *w = world_now(op->srv);

	if (op->state != LOOK_START && pg_failed(op))
		return OP_FAIL; /* the sweep comes by again */
	switch ((enum looking_state)op->state) {
	case LOOK_START:
		return read_posts(l);

	case LOOK_POSTS:
		return pg_rows(op, 0) > 0 ? propose_all(l, w) : OP_DONE;

	case LOOK_PROPOSED:
		rows_publish(op, 0);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void looking_over(struct op *op, enum op_status how)
{
	if (how == OP_FAIL)
		log_event(LOG_WARNING, "signals.failed", "what=\"%s\"", op->err.text);
	op->srv->signals->busy = false;
}

void signals_sweep(struct signals *s)
{
	static const struct op_kind kind = {"signals", looking_step, looking_over, SIGNALS_ARENA_BYTES};

	if (s->busy || !s->srv->world)
		return;
	s->busy = true;
	op_start(op_new(s->srv, &kind, sizeof(struct looking)));
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
