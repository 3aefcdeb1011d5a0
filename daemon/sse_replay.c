/*
 * sse_replay.c - what a reader missed, from PostgreSQL; see sse_private.h
 *
 * While it runs, live events are held back: a reader that had a newer id before an older one, and left
 * then, would never see the older one.
 */
#include "daemon/sse_private.h"

#include "daemon/pg.h"

#include <stdlib.h>
#include <string.h>

enum { REPLAY_START, REPLAY_READ };

struct replay {
	struct op op;
	struct stream_reader *reader;      /* NULL when it has left */
	int64_t last_id;
};

static bool sees_municipality(enum role r)
{
	return r != ROLE_AGENT && r != ROLE_COACH;     /* notice_for decides; this only spares rows */
}

static enum op_status ask(struct replay *p)
{
	const struct principal *who = &p->reader->who;
	struct pg_unit *u = pg_unit(&p->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_NOTICE_AFTER);
	pg_int(u, p->last_id);
	pg_array(u, PG_TYPE_TEXT, who->n_municipalities);
	for (int i = 0; i < who->n_municipalities; i++)
		pg_push_text(u, who->municipalities[i]);
	pg_uuid(u, who->is_agent ? who->agent_id.u : (struct uuid){ { 0 } });
	pg_bool(u, sees_municipality(who->role));
	pg_int(u, SSE_REPLAY_IDS);
	pg_int(u, SSE_REPLAY_MAX + 1);
	return pg_submit(&p->op, REPLAY_READ, u);
}

static void copy(char *to, size_t size, const char *from)
{
	size_t n = from != NULL ? strnlen(from, size - 1) : 0;

	memcpy(to, from != NULL ? from : "", n);
	to[n] = '\0';
}

bool notice_of_row(struct op *op, int row, struct notice *n)
{
	int kind = notice_from(pg_get(op, 0, row, "kind"));
	const char *payload = pg_get(op, 0, row, "payload");

	if (kind < 0 || payload == NULL)
		return false;
	*n = (struct notice){ .id = pg_get_int(op, 0, row, "id"), .at_us = pg_get_time(op, 0, row, "at") };
	n->kind = (enum notice_kind)kind;
	n->agent.u = pg_get_uuid(op, 0, row, "agent");
	n->payload = (char *)(uintptr_t)payload;
	copy(n->municipality, sizeof(n->municipality), pg_get(op, 0, row, "municipality"));
	copy(n->case_id, sizeof(n->case_id), pg_get(op, 0, row, "case_id"));
	return true;
}

/* send_row - as it would have come live, if it is for this reader */
static void send_row(struct stream_reader *r, struct op *op, int row)
{
	struct notice n;
	size_t len;
	char *text;

	if (!notice_of_row(op, row, &n) || !notice_for(&n, &r->who))
		return;
	text = event_text(&n, &len);
	reader_write_now(r, text, len);
	free(text);
}

/* send_all - the rows, or the request to start anew when they would not do */
static void send_all(struct replay *p)
{
	struct stream_reader *r = p->reader;
	struct op *op = &p->op;
	int64_t newest;
	int rows;

	if (pg_failed(op)) {
		reader_resync(r, 0);
		return;
	}
	rows = pg_rows(op, 0);
	newest = pg_get_int(op, 0, 0, "newest");
	if (rows > SSE_REPLAY_MAX || newest - p->last_id > SSE_REPLAY_IDS || p->last_id > newest) {
		reader_resync(r, newest);
		return;
	}
	for (int i = 0; i < rows && pg_get(op, 0, i, "id") != NULL; i++)
		send_row(r, op, i);
}

/* go_live - what was held back, then as it comes */
static void go_live(struct stream_reader *r)
{
	r->replay = NULL;
	if (r->held_lost)
		reader_resync(r, 0);
	else if (r->n_held > 0)
		reader_write_now(r, r->held, r->n_held);
	free(r->held);
	r->held = NULL;
	r->n_held = 0;
	r->held_lost = false;
}

static enum op_status step(struct op *op)
{
	struct replay *p = (struct replay *)op;

	if (p->reader == NULL)
		return OP_DONE;
	switch (op->state) {
	case REPLAY_START:
		return ask(p);
	case REPLAY_READ:
		send_all(p);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void done(struct op *op, enum op_status how)
{
	struct replay *p = (struct replay *)op;

	(void)how;
	if (p->reader != NULL)
		go_live(p->reader);
}

static const struct op_kind kind = {
	.name = "sse.replay", .step = step, .done = done, .max_arena_bytes = 16 * 1024,
};

void replay_start(struct stream_reader *r, int64_t last_id)
{
	struct replay *p = (struct replay *)op_new(r->sse->srv, &kind, sizeof(*p));

	p->reader = r;
	p->last_id = last_id;
	r->replay = p;
	op_start(&p->op);
}

void replay_leaves(struct stream_reader *r)
{
	if (r->replay != NULL)
		r->replay->reader = NULL;
	r->replay = NULL;
}
