/* help_promise.c - read, decide, write: for who answers a request (api_help.c) and for what is said by itself
 * (automatic.c) */
#include "daemon/help_promise.h"

#include "daemon/pg.h"
#include "daemon/server.h"

#include <string.h>

enum { DAY_S = 86400 };

void help_promise_ask(struct pg_unit *u, struct case_id id)
{
	pg_add(u, SQL_HELP_CASE);
	pg_uuid(u, id.u);
}

static const char *copy(const struct op *op, int statement, const char *column)
{
	return arena_str(op->arena, pg_get(op, statement, 0, column));
}

bool help_promise_read(const struct op *op, int statement, struct case_id id, struct help_case *k)
{
	if (pg_rows(op, statement) == 0)
		return false;
	*k = (struct help_case){
		.id = id,
		.municipality = copy(op, statement, "municipality"),
		.channel = copy(op, statement, "channel"),
		.state = (enum case_state)case_state_from(pg_get(op, statement, 0, "state")),
		.owner.u = pg_get_uuid(op, statement, 0, "owner"),
		.epoch = pg_get_int(op, statement, 0, "epoch"),
		.due_us = pg_get_time(op, statement, 0, "due_at"),
		.promised_us = pg_get_time(op, statement, 0, "promised_at"),
		.called_us = pg_get_time(op, statement, 0, "called_at"),
		.preference = copy(op, statement, "preference"),
		.phone = copy(op, statement, "phone"),
		.coach = pg_get_bool(op, statement, 0, "coach"),
	};
	return k->state != CASE_CLOSED;
}

/* an answer where they asked: before the case would have to be answered anyway */
static int64_t answer_before(const struct world *w, const struct help_case *k, const struct hours *h,
			     bool there, int64_t now_us)
{
	int m = world_municipality(w, k->municipality), c = world_channel(w, k->channel);

	if (there)
		return k->due_us > now_us ? k->due_us : now_us;
	return hours_add(h, now_us, m < 0 || c < 0 ? DAY_S : w->norm_s[m][c][NORM_QUESTION]);
}

/* what was promised before holds */
static bool holds(const struct help_case *k, const struct help_way *way, int64_t now_us,
		  struct help_promise *p)
{
	if (k->called_us > now_us) {
		p->told_us = k->called_us;
		if (p->text == TEXT_HELP_NOW || p->text == TEXT_HELP_LATER)
			p->text = TEXT_HELP_CALL;
		return true;
	}
	if (k->promised_us <= now_us || (way->call && !strcmp(way->call, "asked")))
		return false;
	p->told_us = k->promised_us;
	if (p->text == TEXT_HELP_NOW || p->text == TEXT_HELP_CALL)
		p->text = TEXT_HELP_LATER;
	return true;
}

struct help_promise help_promise_decide(struct server *srv, const struct help_case *k, int64_t now_us)
{
	const struct world *w = world_now(srv);
	int m = world_municipality(w, k->municipality);
	const struct hours h = m < 0 ? hours_defaults() : w->hours[m];
	bool held = !uuid_is_nil(k->owner.u), open = held || hours_open(&h, now_us);
	struct help_way way = help_way(k->preference, held || k->coach, open, k->phone != NULL);
	struct help_promise p = {.text = way.text};

	if (holds(k, &way, now_us, &p))
		return p;
	if (way.call && !held) {
		p.calls = true;
		p.cb = (struct callback){
			.id = server_uuid(srv),
			.to_kind = "phone",
			.to_value = k->phone,
			.reason = way.call,
			.when = callback_when(w, k->municipality, now_us, 0, 0),
			.once = true,
			.before_us = k->promised_us,
		};
		p.told_us = p.cb.when.promised_us;
		if (strcmp(way.call, "asked") != 0) /* it stays in the queue, for a coach who is there all the same */
			p.cb.when.not_before_us = now_us;
	} else {
		p.told_us = answer_before(w, k, &h, (held || k->coach) && open, now_us);
	}
	return p;
}

void help_promise_write(struct pg_unit *u, const struct help_case *k, const struct help_promise *p)
{
	if (p->calls)
		callback_make(u, k->id, k->epoch, k->owner, 0, &p->cb);
	pg_add(u, SQL_HELP_PROMISE);
	pg_uuid(u, k->id.u);
	pg_time(u, p->told_us);
	pg_bool(u, p->calls);
}
