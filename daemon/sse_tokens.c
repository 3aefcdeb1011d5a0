/*
 * sse_tokens.c - a stream lasts no longer than its token is good; see sse_private.h
 *
 * A request shows its token each time, a stream only once. What was revoked, or belongs to an agent who was switched
 * off, changes the set-up (world_version), so every instance hears of it within a second and looks here.
 */
#include "daemon/sse_private.h"

#include "daemon/log.h"
#include "daemon/pg.h"

#include <string.h>

enum { TOKENS_START, TOKENS_READ };

struct tokens {
	struct op op;
	struct sse *sse;
};

static enum op_status ask(struct tokens *t)
{
	struct pg_unit *u = pg_unit(&t->op, PG_SYSTEM, NULL);
	struct stream_reader *r;

	t->sse->check_again = false;
	pg_add(u, SQL_SSE_TOKENS);
	pg_array(u, PG_TYPE_UUID, t->sse->count);
	TAILQ_FOREACH(r, &t->sse->all, link) {
		struct uuid id = { { 0 } };

		uuid_parse(r->who.token_id, &id);
		pg_push_uuid(u, id);
	}
	return pg_submit(&t->op, TOKENS_READ, u);
}

static void end_streams_of(struct sse *s, const char *token_id)
{
	struct stream_reader *r;

	TAILQ_FOREACH(r, &s->all, link) {
		if (r->ended || strcmp(r->who.token_id, token_id) != 0)
			continue;
		r->ended = true;
		http_stream_end(r->x);
		log_event(LOG_NOTICE, "sse.revoked", "token=%s", token_id);
	}
}

static enum op_status step(struct op *op)
{
	struct tokens *t = (struct tokens *)op;

	switch (op->state) {
	case TOKENS_START:
		return ask(t);

	case TOKENS_READ:
		if (pg_failed(op)) {
			t->sse->check_again = true;   /* on_tick tries again */
			return OP_DONE;
		}
		for (int i = 0; i < pg_rows(op, 0); i++)
			if (pg_get(op, 0, i, "id") != NULL)
				end_streams_of(t->sse, pg_get(op, 0, i, "id"));
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void done(struct op *op, enum op_status how)
{
	(void)how;
	((struct tokens *)op)->sse->checking = false;
}

static const struct op_kind kind = {
	.name = "sse.tokens", .step = step, .done = done, .max_arena_bytes = 16 * 1024,
};

void tokens_tick(struct sse *s)
{
	struct tokens *t;

	if (!s->check_again || s->checking || s->count == 0)
		return;
	s->checking = true;
	t = (struct tokens *)op_new(s->srv, &kind, sizeof(*t));
	t->sse = s;
	op_start(&t->op);
}

void sse_check_tokens(struct sse *s)
{
	if (s == NULL || s->count == 0)   /* a stream that opens from now on: auth.c has forgotten its token, and asks */
		return;
	s->check_again = true;
	tokens_tick(s);
}
