#include "daemon/poll.h"

#include "daemon/fetch.h"
#include "daemon/intake.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 500, PAGE_ARENA_BYTES = 64 << 20, MAX_ID = 81 };

/* an inbox that is asked: found by its id, because the world is read anew now and then */
struct polled {
	char inbox[MAX_ID];
	bool asking;
	int64_t next_us;             /* mono */
	int failures, pages;         /* in a row */
};

struct poll {
	struct server *srv;
	struct loop_timer *timer;
	struct polled inboxes[POLL_MAX_INBOXES];
	int n, n_asking;
	bool told_full, ending;
};

struct page {
	struct op op;                /* first: op.h */
	struct poll *p;
	struct polled *of;
	struct world *world;
	const struct world_inbox *inbox;
	const char *cursor, *url;
	struct intake_post post;
};

enum page_state { PAGE_START, PAGE_CLAIMED, PAGE_CAME, PAGE_STORED, PAGE_MOVED };

/* ---------------------------------------------------------------- when */

static int pause_s(const struct page *g)
{
	json_int_t s = jsonx_int(g->inbox->in.settings, "poll_seconds", POLL_DEFAULT_S);

	return s < 1 ? 1 : s > POLL_RETRY_AFTER_S ? POLL_RETRY_AFTER_S : (int)s;
}

static void again_in(struct page *g, int64_t seconds)
{
	g->of->next_us = mono_us() + seconds * 1000000;
}

/* done for now; with more, the next page comes at once */
static enum op_status finish(struct page *g, bool more)
{
	g->of->failures = 0;
	if (more && ++g->of->pages < POLL_MAX_PAGES) {
		again_in(g, 0);
	} else {
		g->of->pages = 0;
		again_in(g, pause_s(g));
	}
	return OP_DONE;
}

static enum op_status give_up(struct page *g, const char *why, int status, int asked_s)
{
	int64_t s = pause_s(g);

	for (int i = 0; i < g->of->failures && s < POLL_BACKOFF_S; i++)
		s *= 2;
	s = s > POLL_BACKOFF_S && s > pause_s(g) ? POLL_BACKOFF_S : s;
	asked_s = asked_s > POLL_RETRY_AFTER_S ? POLL_RETRY_AFTER_S : asked_s;
	again_in(g, asked_s > s ? asked_s : s);
	g->of->failures++;
	g->of->pages = 0;
	metric_add(M_POLLS_FAILED, 1);
	log_event(LOG_WARNING, "poll.failed", "inbox=%s why=\"%s\" status=%d", g->of->inbox, why, status);
	return OP_DONE;
}

/* ---------------------------------------------------------------- one page */

static enum op_status claim(struct page *g)
{
	struct pg_unit *u;

	g->world = world_hold(&g->op);
	g->inbox = g->world ? world_inbox(g->world, g->of->inbox) : NULL;
	if (!g->inbox || !g->inbox->enabled || !g->inbox->ops || !g->inbox->ops->poll)
		return OP_DONE;
	u = pg_unit(&g->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_POLL_CLAIM);
	pg_text(u, g->of->inbox);
	pg_text(u, g->op.srv->instance);
	pg_int(u, POLL_LEASE_S);
	return pg_submit(&g->op, PAGE_CLAIMED, u);
}

static enum op_status ask(struct page *g)
{
	struct channel_send out = {0};

	if (pg_failed(&g->op))
		return give_up(g, "the database", 0, 0);
	if (!pg_rows(&g->op, 0))
		return finish(g, false); /* another instance does it */
	g->cursor = arena_str(g->op.arena, pg_get(&g->op, 0, 0, "cursor"));
	if (g->inbox->ops->poll(g->op.arena, &g->inbox->in, g->cursor, &out))
		return finish(g, false); /* what comes, comes by the hook */
	g->url = out.url;
	return fetch_submit(&g->op, PAGE_CAME, out.method ? out.method : "GET", out.url, out.headers,
			    (struct bytes){(const uint8_t *)out.body, out.body_len});
}

static const char *no_header(const void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/* a server that gives the same page for ever is asked no faster */
static bool has_more(const struct page *g)
{
	const char *cursor = g->post.batch.cursor;

	return g->post.batch.more && cursor && (!g->cursor || strcmp(cursor, g->cursor) != 0);
}

static enum op_status move(struct page *g)
{
	struct pg_unit *u = pg_unit(&g->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_POLL_MOVE);
	pg_text(u, g->of->inbox);
	pg_text(u, g->op.srv->instance);
	pg_text(u, g->post.batch.cursor);
	pg_int(u, (has_more(g) ? 0 : pause_s(g)) + POLL_LATE_S);
	return pg_submit(&g->op, PAGE_MOVED, u);
}

/* garbage is no dead letter: the same page can be asked for again */
static enum op_status store(struct page *g)
{
	const struct fetch_reply *f = g->op.fetched;
	struct channel_request r = {.url = g->url, .query = "", .content_type = "application/json", .header = no_header,
				    .now_us = now_us(), .polled = true};
	struct channel_batch *b = &g->post.batch;

	if (f->outcome != FETCH_OK)
		return give_up(g, "no answer", 0, 0);
	if (f->status != 200)
		return give_up(g, "refused", f->status, f->retry_after_s);
	r.body = f->body;
	g->post.raw = f->body;
	g->post.inbox = g->inbox;
	g->post.world = g->world;
	g->post.content_type = r.content_type;
	g->post.received_us = r.now_us;
	if (g->inbox->ops->parse(g->op.arena, &g->inbox->in, &r, b))
		return give_up(g, "unreadable", f->status, 0);
	metric_add(M_IGNORED, (uint64_t)b->n_ignored);
	if (!b->n_contacts && !b->n_reports && !b->n_unreadable)
		return move(g);
	return intake_store(&g->op, PAGE_STORED, &g->post);
}

static enum op_status page_step(struct op *op)
{
	struct page *g = (struct page *)op;

	switch ((enum page_state)op->state) {
	case PAGE_START:
		return claim(g);
	case PAGE_CLAIMED:
		return ask(g);
	case PAGE_CAME:
		return store(g);
	case PAGE_STORED:
		if (op->result == INTAKE_UNAVAILABLE || op->result == INTAKE_FAILED)
			return give_up(g, "not stored", 0, 0);
		return move(g);
	case PAGE_MOVED:
		return pg_failed(op) ? give_up(g, "the database", 0, 0) : finish(g, has_more(g));
	}
	return op_bad_state(op);
}

static void page_done(struct op *op, enum op_status how)
{
	struct page *g = (struct page *)op;
	struct poll *p = g->p;

	(void)how;
	g->of->asking = false;
	if (!--p->n_asking && p->ending)
		free(p);
}

static const struct op_kind page_kind = {"poll", page_step, page_done, PAGE_ARENA_BYTES};

/* ---------------------------------------------------------------- all inboxes */

static struct polled *find(struct poll *p, const char *inbox)
{
	for (int i = 0; i < p->n; i++) {
		if (!strcmp(p->inboxes[i].inbox, inbox))
			return &p->inboxes[i];
	}
	return NULL;
}

static struct polled *add(struct poll *p, const char *inbox)
{
	struct polled *one;

	if (p->n == POLL_MAX_INBOXES) {
		if (!p->told_full)
			log_event(LOG_ERROR, "poll.full", "n=%d", p->n);
		p->told_full = true;
		return NULL;
	}
	one = &p->inboxes[p->n++];
	*one = (struct polled){0};
	memcpy(one->inbox, inbox, strnlen(inbox, sizeof one->inbox - 1));
	return one;
}

static void start(struct poll *p, struct polled *one)
{
	struct page *g = (struct page *)op_new(p->srv, &page_kind, sizeof *g);

	g->p = p;
	g->of = one;
	one->asking = true;
	p->n_asking++;
	op_start(&g->op);
}

/* An inbox that is gone keeps its place while there is room: its pages are over in one step */
static void look(void *arg)
{
	struct poll *p = arg;
	const struct world *w = world_now(p->srv);

	if (p->srv->stopping || !w || !pg_ready(p->srv->pg, PG_SYSTEM))
		return;
	for (int i = 0; i < w->n_inboxes; i++) {
		const struct world_inbox *in = &w->inboxes[i];
		struct polled *one;

		if (!in->enabled || !in->ops || !in->ops->poll)
			continue;
		one = find(p, in->in.id);
		if (!one)
			one = add(p, in->in.id);
		if (one && !one->asking && one->next_us <= mono_us())
			start(p, one);
	}
}

struct poll *poll_new(struct server *srv)
{
	struct poll *p = must(calloc(1, sizeof *p));

	p->srv = srv;
	p->timer = loop_timer_new(srv, look, p);
	loop_timer_every(p->timer, LOOK_MS);
	return p;
}

struct poll *poll_free(struct poll *p)
{
	if (!p)
		return NULL;
	loop_timer_free(p->timer);
	p->ending = true;
	if (!p->n_asking)
		free(p);
	return NULL;
}
