#include "daemon/surveys.h"

#include "daemon/automatic.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/b64url.h"
#include "lib/base/hmac.h"
#include "lib/base/must.h"
#include "lib/core/texts.h"

#include <string.h>

enum { ASKING_ARENA_BYTES = 16 << 20 };

struct surveys {
	struct server *srv;
	int64_t seen; /* notices up to here were looked at; 0: since the start none */
	bool busy;
};

struct asking {
	struct op op;
	int n;       /* offered, or not, so far */
	bool spoken; /* something is to be said */
};

enum asking_state { ASKING_START, ASKING_FORGOT, ASKING_PLANNED, ASKING_NEXT, ASKING_OFFERED };

/* in one municipality, what survey_rules say */
static int wait_minutes(const struct survey_rules *r)
{
	return r->wait_minutes;
}

static int keep_days(const struct survey_rules *r)
{
	return r->keep_days;
}

static bool asks(const struct survey_rules *r)
{
	return r->on && r->url;
}

static bool every(const struct survey_rules *r)
{
	return r != NULL;
}

/* municipalities for which which() says so, and a number of each: two parameters */
static void add_municipalities(struct pg_unit *u, const struct world *w,
			       bool (*which)(const struct survey_rules *),
			       int (*number)(const struct survey_rules *))
{
	int n = 0;

	for (int m = 0; m < w->n_municipalities; m++)
		n += which(&w->surveys[m]);
	pg_array(u, PG_TYPE_TEXT, n);
	for (int m = 0; m < w->n_municipalities; m++)
		if (which(&w->surveys[m]))
			pg_push_text(u, w->municipalities[m]);
	pg_array(u, PG_TYPE_INT8, n);
	for (int m = 0; m < w->n_municipalities; m++)
		if (which(&w->surveys[m]))
			pg_push_int(u, number(&w->surveys[m]));
}

static bool anybody_asks(const struct world *w)
{
	for (int m = 0; m < w->n_municipalities; m++)
		if (asks(&w->surveys[m]))
			return true;
	return false;
}

static enum op_status plan(struct asking *s, const struct world *w)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SURVEY_FORGET);
	add_municipalities(u, w, every, keep_days);
	if (!anybody_asks(w))
		return pg_submit(&s->op, ASKING_FORGOT, u);
	pg_add(u, SQL_SURVEY_PLAN);
	pg_int(u, s->op.srv->surveys->seen);
	add_municipalities(u, w, asks, wait_minutes);
	return pg_submit(&s->op, ASKING_PLANNED, u);
}

static void planned(struct asking *s)
{
	if (pg_get(&s->op, 1, 0, "last"))
		s->op.srv->surveys->seen = pg_get_int(&s->op, 1, 0, "last");
}

static enum op_status next(struct asking *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_SURVEY_NEXT);
	return pg_submit(&s->op, ASKING_NEXT, u);
}

/* ---------------------------------------------------------------- offering one */

/* NULL: nothing is against it */
static const char *against(const struct asking *s, const struct survey_rules *r)
{
	int64_t asked_us = pg_get_time(&s->op, 0, 0, "asked_at");

	if (pg_get_bool(&s->op, 0, 0, "reopened"))
		return "reopened";
	if (!r || !asks(r))
		return "off";
	if (pg_get_bool(&s->op, 0, 0, "opted_out"))
		return "optedOut";
	return survey_too_soon(r, asked_us, now_us()) ? "period" : NULL;
}

static const struct survey_rules *rules_of(const struct world *w, const char *municipality)
{
	int m = world_municipality(w, municipality);

	return m < 0 ? NULL : &w->surveys[m];
}

/* the secret is behind the #, which browsers send nowhere */
static const char *invitation(struct asking *s, const struct survey_rules *r, uint8_t digest[SHA256_BYTES])
{
	const char *language = pg_get(&s->op, 0, 0, "language");
	uint8_t chance[SURVEY_TOKEN_BYTES];
	char *token;

	random_bytes(chance, sizeof chance);
	token = b64url_encode(s->op.arena, (struct bytes){chance, sizeof chance});
	sha256((struct bytes){(const uint8_t *)token, strlen(token)}, digest);
	return texts_say(s->op.arena, rows_json(&s->op, 0, 0, "settings"), TEXT_SURVEY_INVITE, language,
			 arena_printf(s->op.arena, "%s#%s", r->url, token));
}

static enum op_status offer(struct asking *s, const struct world *w)
{
	const struct survey_rules *r = rules_of(w, pg_get(&s->op, 0, 0, "municipality"));
	const char *why = against(s, r), *text = NULL;
	struct uuid id = pg_get_uuid(&s->op, 0, 0, "id");
	uint8_t digest[SHA256_BYTES];
	struct pg_unit *u;

	if (!why)
		text = invitation(s, r, digest);
	u = pg_unit(&s->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_SURVEY_OFFER);
	pg_uuid(u, id);
	pg_text(u, why);
	if (why)
		pg_null(u);
	else
		pg_bytea(u, (struct bytes){digest, sizeof digest});
	pg_int(u, r ? r->expires_days : 0);
	pg_text(u, text);
	pg_uuid(u, server_uuid(s->op.srv));
	return pg_submit(&s->op, ASKING_OFFERED, u);
}

static enum op_status asking_step(struct op *op)
{
	struct asking *s = (struct asking *)op;
	const struct world *w = world_now(op->srv);

	if (op->state != ASKING_START && pg_failed(op))
		return OP_FAIL; /* the sweep comes by again */
	switch ((enum asking_state)op->state) {
	case ASKING_START:
		return plan(s, w);

	case ASKING_PLANNED:
		planned(s);
		return next(s);

	case ASKING_FORGOT: /* what was planned is told that it is off */
		return next(s);

	case ASKING_NEXT:
		if (pg_rows(op, 0) == 0 || s->n++ == SURVEYS_AT_ONCE)
			return OP_DONE;
		return offer(s, w);

	case ASKING_OFFERED:
		s->spoken |= pg_rows(op, 0) > 0;
		return next(s);
	}
	return op_bad_state(op);
}

static void asking_over(struct op *op, enum op_status how)
{
	(void)how;
	if (((struct asking *)op)->spoken)
		automatic_wake(op->srv->automatic);
}

void surveys_sweep(struct surveys *s)
{
	static const struct op_kind kind = {"surveys", asking_step, asking_over, ASKING_ARENA_BYTES};

	if (s->srv->world)
		op_start_alone(s->srv, &kind, sizeof(struct asking), &s->busy);
}

struct surveys *surveys_new(struct server *srv)
{
	struct surveys *s = must(calloc(1, sizeof *s));

	s->srv = srv;
	return s;
}

struct surveys *surveys_free(struct surveys *s)
{
	free(s);
	return NULL;
}
