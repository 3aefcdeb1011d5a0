/*
 * sse_follow.c - what other instances tell, from PostgreSQL; see sse_private.h
 *
 * Whoever changes something publishes its notice to the streams of its own process. An agent's stream may
 * be open at another: so each instance looks in the table for what is new. Alone or without streams, that look
 * finds no more than the newest id. What was told already is not told again.
 *
 * What was committed without our hearing of it is published by nobody, also when we are alone. So when a connection was
 * lost the look goes back to before that, and for a while is made as if there were others.
 */
#include "daemon/sse_private.h"

#include "daemon/log.h"
#include "daemon/pg.h"
#include "daemon/server.h"

#include <stdio.h>
#include <string.h>

enum { FOLLOW_START, FOLLOW_READ };

struct follow {
	struct op op;
	struct sse *sse;
};

/* not_told - ids before the last that did not come: rolled back, or not yet committed when we looked */
static int not_told(const struct sse *s, int64_t late[SSE_FOLLOW_BACK])
{
	int n = 0;

	for (int64_t id = s->followed; id > s->follow_from && id > s->followed - SSE_FOLLOW_BACK; id--)
		if (s->told[id % SSE_TOLD] != id)
			late[n++] = id;
	return n;
}

static void go_back(struct sse *s)
{
	int64_t oldest = s->followed - SSE_TOLD / 2;

	s->go_back = false;
	if (s->follow_from >= 0 && s->marks[0] < s->followed)
		s->follow_from = s->followed = s->marks[0] > oldest ? s->marks[0] : oldest;
}

static enum op_status look(struct follow *f)
{
	struct sse *s = f->sse;
	struct pg_unit *u = pg_unit(&f->op, PG_SYSTEM, NULL);
	int64_t late[SSE_FOLLOW_BACK];
	char name[64];
	int n;

	if (s->go_back)
		go_back(s);
	n = not_told(s, late);
	snprintf(name, sizeof(name), "loketd %s", s->srv->instance);
	pg_add(u, SQL_NOTICE_OTHERS);
	pg_int(u, s->followed);
	pg_text(u, name);
	pg_int(u, SSE_FOLLOW_ROWS);
	pg_bool(u, s->follow_from >= 0 && s->count > 0);
	pg_bool(u, s->alone);
	pg_array(u, PG_TYPE_INT8, n);
	for (int i = 0; i < n; i++)
		pg_push_int(u, late[i]);
	return pg_submit(&f->op, FOLLOW_READ, u);
}

/* nothing up to here is to be told any more */
static void settle(struct sse *s, int64_t newest)
{
	s->newest = s->follow_from = s->followed = s->highest = s->marks[0] = s->marks[1] = newest;
}

/*
 * went_back - the newest is older than what we have seen: a standby took over that had not heard all, or a backup was put
 * back. Ids come a second time, for other notices, so nothing counts as told, and readers start anew
 */
static void went_back(struct sse *s, int64_t newest)
{
	struct stream_reader *r;

	log_event(LOG_ERROR, "notice.lost", "count=%lld", (long long)(s->highest - newest));
	memset(s->told, 0, sizeof(s->told));
	settle(s, newest);
	TAILQ_FOREACH(r, &s->all, link)
		if (!r->ended)
			reader_resync(r, newest);
}

/* tell - publish what is new; true when there is more to read */
static bool tell(struct follow *f)
{
	struct sse *s = f->sse;
	struct op *op = &f->op;
	struct notice n;
	int64_t newest;
	int rows, row;

	if (pg_failed(op))
		return false;
	rows = pg_rows(op, 0);
	newest = pg_get_int(op, 0, 0, "newest");   /* 0: none is kept */
	s->alone = pg_get_bool(op, 0, 0, "alone") && mono_us() > s->unheard_us;
	if (newest > 0 && newest < s->highest)
		went_back(s, newest);
	if (newest > 0)
		s->highest = newest;
	if (s->follow_from < 0 || s->count == 0)   /* nobody to tell: from here on */
		settle(s, newest);
	for (row = 0; row < rows && pg_get(op, 0, row, "id") != NULL; row++) {
		int64_t id = pg_get_int(op, 0, row, "id");

		if (id > s->followed)
			s->followed = id;
		if (notice_of_row(op, row, &n))
			sse_publish(s, &n);
	}
	if (row == 0 && s->alone)               /* what is new is ours */
		s->follow_from = s->followed = newest;
	return row == SSE_FOLLOW_ROWS;
}

static enum op_status step(struct op *op)
{
	struct follow *f = (struct follow *)op;

	switch (op->state) {
	case FOLLOW_START:
		return look(f);
	case FOLLOW_READ:
		return tell(f) && !op->srv->stopping ? look(f) : OP_DONE;
	}
	return op_bad_state(op);
}

static void done(struct op *op, enum op_status how)
{
	(void)how;
	((struct follow *)op)->sse->following = false;
}

static const struct op_kind kind = {
	.name = "sse.follow", .step = step, .done = done, .max_arena_bytes = 256 * 1024,
};

static void see_sessions(struct sse *s, int64_t now)
{
	if (now - s->marked_us > SSE_UNHEARD_MS * INT64_C(1000)) {
		s->marked_us = now;
		s->marks[0] = s->marks[1];
		s->marks[1] = s->followed;
	}
	for (int c = 0; c < N_PG_CONNECTIONS; c++) {
		int session = pg_session(s->srv->pg, c);

		if (session == s->sessions[c])
			continue;
		s->sessions[c] = session;
		if (session == 1)                /* the first one: nothing is lost yet */
			continue;
		s->unheard_us = now + SSE_UNHEARD_MS * INT64_C(1000);
		s->go_back = true;
		s->alone = false;
	}
}

void follow_tick(void *arg)
{
	struct sse *s = arg;
	int64_t now = mono_us();
	struct follow *f;

	if (s->srv->pg != NULL)
		see_sessions(s, now);
	if ((s->alone || s->count == 0) && now - s->looked_us < SSE_ALONE_MS * 1000)
		return;
	if (s->following || s->srv->pg == NULL || !pg_ready(s->srv->pg, PG_SYSTEM))
		return;
	s->following = true;
	s->looked_us = now;
	f = (struct follow *)op_new(s->srv, &kind, sizeof(*f));
	f->sse = s;
	op_start(&f->op);
}
