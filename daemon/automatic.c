#include "daemon/automatic.h"

#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/help_promise.h"
#include "daemon/mutant.h"
#include "daemon/outbox.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "daemon/world.h"
#include "lib/base/must.h"
#include "lib/base/when.h"
#include <stdlib.h>
#include <string.h>

enum { SAYING_ARENA_BYTES = 1 << 20 };
enum { READ_TO, READ_CASE }; /* statements */

struct automatic {
	struct server *srv;
	struct uuid last; /* nil: begin with the oldest. One that fails does not hold up those after it */
	bool busy, again;
};

/* one message */
struct saying {
	struct op op;
	struct work_reply r;
	struct case_id case_;
	const char *home, *language; /* home: inbox of the case */
	const char *municipality, *product;
	const char *silent;          /* nobody is told, because; NULL: it is said */
	struct help_case k;
	struct help_promise promise; /* when told_us is not 0 */
	struct {                     /* keys NULL: it is no menu */
		const char *keys;
		int n;               /* how many came before it in this case */
		struct uuid contact; /* that chose; of the first one: that began the case */
		struct menu_step step;
	} menu;
	json_t *settings;
	bool found, answers; /* answers: it is about what they answered to an earlier one */
	bool asks;           /* how it was: a survey */
	bool digital;        /* what is done digitally */
};

/* ---------------------------------------------------------------- what it says */

/* whose case somebody has by now is told by them */
static void promise(struct saying *s)
{
	int64_t now = now_us();

	if (!help_promise_read(&s->op, READ_CASE, s->case_, &s->k))
		s->silent = "closed";
	else if (s->answers && !uuid_is_nil(s->k.owner.u))
		s->silent = "held";
	if (s->silent && strcmp(s->silent, "quiet") != 0)
		return;
	s->promise = help_promise_decide(s->op.srv, &s->k, now);
	s->r.text = texts_say(s->op.arena, s->settings, s->promise.text, s->language,
			      texts_time(s->op.arena, s->promise.told_us, now));
}

/* what they chose, or the menu where that leads. Chosen or not, the case waits for a person */
static void menu(struct saying *s)
{
	const struct world *w = world_hold(&s->op);
	const struct world_inbox *in = w ? world_inbox(w, s->home) : NULL;
	const struct menu *m = in ? in->menu : NULL;
	struct menu_step *step = &s->menu.step;
	struct arena *a = s->op.arena;

	*step = menu_after(m, s->menu.keys);
	if (step->language)
		s->language = step->language;
	if (step->move >= MENU_PRODUCT)
		s->silent = "chosen";
	else if (!m || s->menu.n >= MENU_MAX_SAID)
		s->silent = "noMenu";
	if (s->silent)
		return;
	s->r.menu = menu_written(a, menu_at(m, step->path), step->path, s->language,
				 texts_say(a, s->settings, TEXT_MENU_HELP, s->language, NULL),
				 texts_say(a, s->settings, TEXT_MENU_BUTTON, s->language, NULL));
	s->r.text = menu_lines(a, s->r.menu, texts_say(a, s->settings, TEXT_MENU_REPLY, s->language, NULL));
}

static const struct handling *handling(struct saying *s, const char *product)
{
	const struct world *w = world_hold(&s->op);

	return w ? world_handling(w, world_municipality(w, s->municipality), product) : NULL;
}

/* how it is done digitally, and the way to a person */
static void answer(struct saying *s)
{
	const struct handling *h = handling(s, s->product);
	enum text_kind more = h && h->way == HANDLING_ASSISTED ? TEXT_ANSWER_TOGETHER : TEXT_ANSWER_MORE;

	if (h && h->answer)
		s->r.text = arena_printf(s->op.arena, "%s\n\n%s", h->answer,
					 texts_say(s->op.arena, s->settings, more, s->language, NULL));
	else
		s->silent = "noAnswer";
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
	s->found = true;
	s->r.id.u = s->op.srv->automatic->last = pg_get_uuid(&s->op, 0, 0, "id");
	s->r.text = copy(s, "text");
	s->menu.keys = copy(s, "keys");
	s->menu.n = (int)pg_get_int(&s->op, 0, 0, "n");
	s->menu.contact = pg_get_uuid(&s->op, 0, 0, "contact");
	s->answers = !strcmp(pg_get(&s->op, 0, 0, "kind"), "promise");
	s->asks = !strcmp(pg_get(&s->op, 0, 0, "kind"), "survey");
	s->digital = !strcmp(pg_get(&s->op, 0, 0, "kind"), "answer");
	s->silent = pg_get_bool(&s->op, 0, 0, "quiet") ? "quiet" : NULL;
	s->case_.u = pg_get_uuid(&s->op, 0, 0, "case_id");
	s->municipality = copy(s, "municipality");
	s->product = copy(s, "product");
	s->home = copy(s, "inbox");
	s->language = copy(s, "language");
	s->settings = rows_json(&s->op, 0, 0, "settings");
}

static enum op_status ask_whom(struct saying *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_WORK_REPLY_TO);
	pg_uuid(u, s->case_.u);
	help_promise_ask(u, s->case_);
	return pg_submit(&s->op, SAYING_TO, u);
}

static bool chose(const struct saying *s)
{
	return s->menu.step.product || s->menu.step.language;
}

/* and what they chose is done digitally */
static bool chose_digital(struct saying *s)
{
	const struct handling *h = s->menu.step.product ? handling(s, s->menu.step.product) : NULL;

	return h && h->answer;
}

static void take_choice(struct saying *s, struct pg_unit *u)
{
	pg_add(u, SQL_MENU_CHOSEN);
	pg_uuid(u, s->menu.contact);
	pg_text(u, s->menu.step.product);
	pg_text(u, s->menu.step.language);
	pg_text(u, "the citizen chose it in the menu");
	if (!chose_digital(s))
		return;
	pg_add(u, SQL_AUTOMATIC_ANSWER);
	pg_uuid(u, server_uuid(s->op.srv));
	pg_uuid(u, s->case_.u);
	pg_text(u, s->menu.step.product);
}

static enum op_status say(struct saying *s)
{
	static const char *const after_option0[] = {"promise", "preference", "term", "menu"};
	int limit = 0, rule, n_kinds = MUTANT("menu_after_option0") ? 4 : 3;
	struct pg_unit *u;

	if (s->menu.keys)
		menu(s);
	else if (s->digital)
		answer(s);
	else if (!s->r.text)
		promise(s);
	rule = s->silent ? 0 : work_try_compose(&s->op, s->op.arena, s->home, READ_TO, &s->r, &limit);
	if (s->asks && rule > 0) { /* nobody needs to see that nothing was asked */
		s->silent = work_reply_rule(rule);
		rule = 0;
	}
	if (rule < 0) {
		err_set(&s->op.err, ERR_FORMAT, "the channel could not make the message");
		return OP_FAIL;
	}
	u = pg_unit(&s->op, PG_SYSTEM, NULL);
	if (s->promise.told_us)
		help_promise_write(u, &s->k, &s->promise);
	if (chose(s))
		take_choice(s, u);
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
	pg_time(u, s->promise.told_us);
	pg_text(u, s->silent);
	pg_json(u, s->r.menu);
	pg_submit(&s->op, SAYING_DONE, u);
	CRASH("automatic.written");
	return OP_WAIT;
}

static enum op_status said(struct saying *s)
{
	int last = s->promise.told_us ? 1 + s->promise.calls : chose(s) + chose_digital(s);

	if (chose(s))
		dispatch_waits_anew(s->op.srv, &s->op, 0);
	if (s->promise.calls)
		callback_made(s->op.srv, &s->op, 0);
	rows_publish(&s->op, last);
	if (pg_rows(&s->op, last) > 0)
		outbox_wake(s->op.srv->outbox);
	return OP_DONE;
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
		CRASH("automatic.committed");
		return said(s);
	}
	return op_bad_state(op);
}

/* after the last one: from the beginning when woken meanwhile, else it rests until it is woken */
static void saying_over(struct op *op, enum op_status how)
{
	struct automatic *a = op->srv->automatic;
	bool more = ((struct saying *)op)->found;

	if (!more)
		a->last = (struct uuid){0};
	if (more || (a->again && how == OP_DONE))
		automatic_wake(a);
}

void automatic_wake(struct automatic *a)
{
	static const struct op_kind kind = {"automatic", saying_step, saying_over, SAYING_ARENA_BYTES};

	a->again = a->busy;
	if (!a->srv->stopping && a->srv->world)
		op_start_alone(a->srv, &kind, sizeof(struct saying), &a->busy);
}

struct automatic *automatic_new(struct server *srv)
{
	struct automatic *a = must(calloc(1, sizeof *a));

	a->srv = srv;
	return a;
}

struct automatic *automatic_free(struct automatic *a)
{
	free(a);
	return NULL;
}
