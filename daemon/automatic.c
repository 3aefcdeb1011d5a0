#include "daemon/automatic.h"

#include "daemon/log.h"
#include "daemon/mutant.h"
#include "daemon/outbox.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/texts.h"

#include <stdlib.h>
#include <string.h>

enum { SAYING_ARENA_BYTES = 1 << 20, DAY_S = 86400 };

struct automatic {
	struct server *srv;
	struct uuid last; /* nil: begin with the oldest. One that fails does not hold up those after it */
	bool busy, again;
};

/* one message */
struct saying {
	struct op op;
	struct work_reply r;
	struct uuid case_id;
	const char *home, *municipality, *channel, *language; /* home: inbox of the case */
	int64_t due_us, promised_us;
	json_t *settings;
	bool coach, found;
};

/* ---------------------------------------------------------------- what it says */

/* "14:30" when that is today, else "28-04-2027 09:30": the same in every language. Seconds count as a minute
 */
static const char *local_time(struct arena *a, int64_t us, int64_t now)
{
	int64_t day, y;
	int minute, m, d;

	day = hours_local_day(us + 60 * WHEN_SECOND_US - 1, &minute);
	if (day == hours_local_day(now, NULL))
		return arena_printf(a, "%02d:%02d", minute / 60, minute % 60);
	when_date(day, &y, &m, &d);
	return arena_printf(a, "%02d-%02d-%04d %02d:%02d", d, m, (int)y, minute / 60, minute % 60);
}

/* when nobody is there now, before a case of this channel would have to be answered anyway */
static void promise(struct saying *s)
{
	const struct world *w = world_now(s->op.srv);
	int m = world_municipality(w, s->municipality), c = world_channel(w, s->channel);
	const struct hours h = m < 0 ? hours_defaults() : w->hours[m];
	int64_t now = now_us();
	bool there = !s->promised_us && s->coach && hours_open(&h, now);

	if (there)
		s->promised_us = s->due_us > now ? s->due_us : now;
	else if (!s->promised_us)
		s->promised_us = hours_add(&h, now, m < 0 || c < 0 ? DAY_S : w->norm_s[m][c]);
	s->r.text = texts_say(s->op.arena, s->settings, there ? TEXT_HELP_NOW : TEXT_HELP_LATER, s->language,
			      local_time(s->op.arena, s->promised_us, now));
}

/* ---------------------------------------------------------------- saying it */

enum saying_state { SAYING_START, SAYING_READ, SAYING_TO, SAYING_DONE };

static enum op_status ask_next(struct saying *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_AUTOMATIC_NEXT);
	pg_uuid(u, s->op.srv->automatic->last);
	return pg_submit(&s->op, SAYING_READ, u);
}

static const char *copy(const struct saying *s, const char *column)
{
	return arena_str(s->op.arena, pg_get(&s->op, 0, 0, column));
}

static void read_row(struct saying *s)
{
	const char *settings = pg_get(&s->op, 0, 0, "settings");

	s->found = true;
	s->r.id.u = s->op.srv->automatic->last = pg_get_uuid(&s->op, 0, 0, "id");
	s->r.text = copy(s, "text");
	s->case_id = pg_get_uuid(&s->op, 0, 0, "case_id");
	s->home = copy(s, "inbox");
	s->municipality = copy(s, "municipality");
	s->channel = copy(s, "channel");
	s->language = copy(s, "language");
	s->due_us = pg_get_time(&s->op, 0, 0, "due_at");
	s->promised_us = pg_get_time(&s->op, 0, 0, "promised_at");
	s->coach = pg_get_bool(&s->op, 0, 0, "coach");
	if (settings)
		jsonx_load(s->op.arena, (struct bytes){(const uint8_t *)settings, strlen(settings)},
			   &s->settings, NULL);
}

static enum op_status ask_whom(struct saying *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, s->case_id);
	return pg_submit(&s->op, SAYING_TO, u);
}

static enum op_status say(struct saying *s)
{
	static const char *const after_option0[] = {"promise", "preference", "menu"};
	int limit = 0, rule, n_kinds = MUTANT("menu_after_option0") ? 3 : 2;
	bool promises = !s->r.text;
	struct pg_unit *u;

	if (promises)
		promise(s);
	rule = work_try_compose(&s->op, s->op.arena, s->home, 0, &s->r, &limit);
	if (rule < 0) {
		err_set(&s->op.err, ERR_FORMAT, "the channel could not make the message");
		return OP_FAIL;
	}
	u = pg_unit(&s->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_AUTOMATIC_SAY);
	pg_uuid(u, s->r.id.u);
	pg_text(u, s->r.text);
	pg_text(u, rule > 0 ? work_reply_rule(rule) : NULL);
	pg_text(u, s->r.to_kind);
	pg_text(u, s->r.to);
	pg_uuid(u, s->r.answers);
	pg_text(u, s->r.inbox);
	pg_text(u, s->r.channel);
	pg_array(u, PG_TYPE_TEXT, n_kinds);
	for (int i = 0; i < n_kinds; i++)
		pg_push_text(u, after_option0[i]);
	pg_time(u, promises ? s->promised_us : 0);
	return pg_submit(&s->op, SAYING_DONE, u);
}

static enum op_status saying_step(struct op *op)
{
	struct saying *s = (struct saying *)op;

	if (op->state != SAYING_START && pg_failed(op))
		return OP_FAIL; /* the sweep comes by again */
	switch ((enum saying_state)op->state) {
	case SAYING_START:
		return ask_next(s);

	case SAYING_READ:
		if (pg_rows(op, 0) == 0)
			return OP_DONE;
		read_row(s);
		return ask_whom(s);

	case SAYING_TO:
		return say(s);

	case SAYING_DONE:
		rows_publish(op, 0);
		if (pg_rows(op, 0) > 0)
			outbox_wake(op->srv->outbox);
		return OP_DONE;
	}
	return op_bad_state(op);
}

/* after the last one: from the beginning when woken meanwhile, else it rests until it is woken */
static void saying_over(struct op *op, enum op_status how)
{
	struct automatic *a = op->srv->automatic;
	bool more = ((struct saying *)op)->found;

	if (how == OP_FAIL)
		log_event(LOG_WARNING, "automatic.failed", "what=\"%s\"", op->err.text);
	a->busy = false;
	if (!more)
		a->last = (struct uuid){0};
	if (more || (a->again && how == OP_DONE))
		automatic_wake(a);
}

void automatic_wake(struct automatic *a)
{
	static const struct op_kind kind = {"automatic", saying_step, saying_over, SAYING_ARENA_BYTES};

	a->again = a->busy;
	if (a->busy || a->srv->stopping || !a->srv->world)
		return;
	a->busy = true;
	op_start(op_new(a->srv, &kind, sizeof(struct saying)));
}

struct automatic *automatic_new(struct server *srv)
{
	struct automatic *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	a->srv = srv;
	return a;
}

struct automatic *automatic_free(struct automatic *a)
{
	free(a);
	return NULL;
}
