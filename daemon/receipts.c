#include "daemon/receipts.h"

#include "daemon/crash.h"
#include "daemon/outbox.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "daemon/world.h"
#include "lib/base/hmac.h"
#include "lib/base/must.h"
#include "lib/base/utf8.h"
#include "lib/core/guard.h"
#include "lib/core/texts.h"

#include <stdlib.h>
#include <string.h>

enum { RECEIPT_ARENA_BYTES = 1 << 20, CUT_CHARACTERS = 4 };

struct receipts {
	struct server *srv;
	bool busy;
};

/* receipts one after the other, until nobody waits for one or it was enough for now */
struct confirming {
	struct op op;
	int n;
};

enum confirming_state { CONFIRMING_START, CONFIRMING_NEXT, CONFIRMING_SAID };

/* ---------------------------------------------------------------- what it says */

/* the first so many characters of s, marked when that is not all */
static const char *first_characters(struct arena *a, const char *s, int n)
{
	const char *p = s;

	for (; *p && n > 0; n--)
		for (p++; (*p & 0xc0) == 0x80; p++)
			continue;
	return *p ? arena_printf(a, "%.*s…", (int)(p - s), s) : s;
}

/* what they sent, as text: of a form also its fields. A BSN goes nowhere again, also not to who sent it */
static const char *copy_of(struct confirming *c)
{
	struct arena *a = c->op.arena;
	const char *text = pg_get(&c->op, 0, 0, "text"), *name, *copy = text ? text : "";
	json_t *form = rows_json(&c->op, 0, 0, "form"), *v;

	json_object_foreach(form, name, v)
	{
		if (json_is_string(v) && strlen(copy) < RECEIPTS_COPY_BYTES)
			copy = arena_printf(a, "%s%s%s: %s", copy, *copy ? "\n" : "", name, json_string_value(v));
	}
	copy = utf8_clean(a, (struct bytes){(const uint8_t *)copy, strlen(copy)}, RECEIPTS_COPY_BYTES);
	return guard_mask(a, copy);
}

static const char *words(struct confirming *c, const char *copy)
{
	const struct op *op = &c->op;
	struct arena *a = op->arena;
	json_t *settings = rows_json(op, 0, 0, "settings");
	const char *language = pg_get(op, 0, 0, "language");

	return arena_printf(a, "%s\n%s\n%s\n%s",
			    texts_say(a, settings, TEXT_RECEIPT, language, texts_time(a, pg_get_time(op, 0, 0, "received_at"), 0)),
			    texts_say(a, settings, TEXT_RECEIPT_REFERENCE, language, pg_get(op, 0, 0, "reference")),
			    texts_say(a, settings, TEXT_RECEIPT_COPY, language, NULL), copy);
}

/* 0, or why it cannot be sent. A copy that is too long for the channel is cut: the reference leads to all of it */
static int compose(struct confirming *c, struct work_reply *r)
{
	struct arena *a = c->op.arena;
	const char *inbox = arena_str(a, pg_get(&c->op, 0, 0, "inbox")), *copy = copy_of(c);
	int limit = 0, rule, room;

	r->id.u = server_uuid(c->op.srv);
	r->text = words(c, copy);
	rule = work_try_compose(&c->op, a, inbox, 0, r, &limit);
	if (rule != REPLY_TOO_LONG)
		return rule;
	room = limit - (int)(strlen(r->text) - strlen(copy)) - CUT_CHARACTERS;
	r->text = words(c, first_characters(a, copy, room > 0 ? room : 0));
	return work_try_compose(&c->op, a, inbox, 0, r, &limit);
}

/* ---------------------------------------------------------------- saying it */

static enum op_status next(struct confirming *c)
{
	struct pg_unit *u = pg_unit(&c->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_RECEIPT_NEXT);
	return pg_submit(&c->op, CONFIRMING_NEXT, u);
}

static enum op_status say(struct confirming *c)
{
	const struct world_inbox *in = world_inbox(world_now(c->op.srv), pg_get(&c->op, 0, 0, "inbox"));
	struct uuid id = pg_get_uuid(&c->op, 0, 0, "id");
	struct work_reply r = {0};
	int rule = compose(c, &r);
	bool sent = rule == 0;
	/* a form told the time and reference at once; by mail there is a copy too */
	bool answered = !sent && in && in->ops && in->ops->receipt;
	char digest[2 * SHA256_BYTES + 1];
	uint8_t sha[SHA256_BYTES];
	struct pg_unit *u;

	if (rule < 0) {
		err_set(&c->op.err, ERR_FORMAT, "the channel could not make the message");
		return OP_FAIL;
	}
	if (sent) {
		sha256((struct bytes){(const uint8_t *)r.text, strlen(r.text)}, sha);
		hex_encode(sha, sizeof sha, digest);
	}
	u = pg_unit(&c->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_RECEIPT_SAY);
	pg_uuid(u, id);
	pg_uuid(u, sent ? r.id.u : (struct uuid){0});
	pg_text(u, answered ? "answer" : sent ? "message" : "none");
	pg_text(u, rule > 0 && !answered ? work_reply_rule(rule) : NULL);
	pg_text(u, sent ? r.text : NULL);
	pg_text(u, sent ? r.to_kind : NULL);
	pg_text(u, sent ? r.to : NULL);
	pg_text(u, r.inbox);
	pg_text(u, r.channel);
	pg_text(u, sent ? digest : NULL);
	pg_submit(&c->op, CONFIRMING_SAID, u);
	CRASH("receipt.written");
	return OP_WAIT;
}

static enum op_status confirming_step(struct op *op)
{
	struct confirming *c = (struct confirming *)op;
	struct pg_unit *u;

	if (op->state != CONFIRMING_START && pg_failed(op))
		return OP_FAIL; /* the sweep comes by again */
	switch ((enum confirming_state)op->state) {
	case CONFIRMING_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_RECEIPT_NEXT);
		pg_add(u, SQL_RECEIPT_FOLLOW);
		return pg_submit(op, CONFIRMING_NEXT, u);

	case CONFIRMING_NEXT:
		if (pg_rows(op, 0) == 0 || c->n++ == RECEIPTS_AT_ONCE)
			return OP_DONE;
		return say(c);

	case CONFIRMING_SAID:
		CRASH("receipt.committed");
		rows_publish(op, 0);
		if (pg_rows(op, 0) > 0)
			outbox_wake(op->srv->outbox);
		return next(c);
	}
	return op_bad_state(op);
}

void receipts_sweep(struct receipts *r)
{
	static const struct op_kind kind = {"receipts", confirming_step, NULL, RECEIPT_ARENA_BYTES};

	if (r->srv->world)
		op_start_alone(r->srv, &kind, sizeof(struct confirming), &r->busy);
}

struct receipts *receipts_new(struct server *srv)
{
	struct receipts *r = must(calloc(1, sizeof *r));

	r->srv = srv;
	return r;
}

struct receipts *receipts_free(struct receipts *r)
{
	free(r);
	return NULL;
}
