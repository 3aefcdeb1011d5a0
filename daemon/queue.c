/*
 * queue.c - changes of the queue on their way to Redis
 *
 * What changes in one turn of the loop goes as one command. A change that Redis did not get is not sent again:
 * the queue is built anew from PostgreSQL, which knows better.
 */
#include "daemon/crash.h"
#include "daemon/queue_lua.h"

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/mutant.h"
#include "daemon/pg.h"
#include "daemon/stream.h"
#include "daemon/world.h"
#include "lib/base/must.h"
#include "lib/base/when.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000, CHECK_PART = 50, STAYS_TIMES = 4 };

struct queue {
	struct server *srv;
	struct queue_args pending;
	int n_pending;                  /* changes */
	bool lossy;                     /* Redis missed something */
	bool owed;                      /* the rebuild under way is for that */
	bool rebuilding, checking;
	struct queue_difference difference;          /* of the last check */
	int n_stayed;                                /* checks in a row that found it */
	/* counting costs more the more waits: after a check 50 times as long as it took, so it stays 2 % of the time */
	int64_t checking_since_us, check_after_us;   /* mono */
	struct loop_timer *flush, *again;
};

/* ---------------------------------------------------------------- arguments */

static void make_room(struct queue_args *a, size_t len)
{
	if (a->len + len > a->room) {
		a->room = 2 * (a->len + len);
		a->buf = must(realloc(a->buf, a->room));
	}
	if (a->n == a->max) {
		a->max = a->max > 0 ? 2 * a->max : 64;
		a->at = must(realloc(a->at, (size_t)a->max * sizeof(*a->at)));
	}
}

/* one argument of several pieces; NULL ends them */
static void __attribute__((sentinel)) add_joined(struct queue_args *a, ...)
{
	size_t len = 1;
	char *end;
	va_list ap;

	va_start(ap, a);
	for (const char *s; (s = va_arg(ap, const char *)) != NULL;)
		len += strlen(s);
	va_end(ap);
	make_room(a, len);
	end = a->buf + a->len;
	va_start(ap, a);
	for (const char *s; (s = va_arg(ap, const char *)) != NULL; end += strlen(s))
		memcpy(end, s, strlen(s));
	va_end(ap);
	*end = '\0';
	a->at[a->n++] = a->len;
	a->len += len;
}

void queue_args_add(struct queue_args *a, const char *s)
{
	add_joined(a, s, NULL);
}

/* ids and codes need no escaping in JSON; what does was no id */
static const char *plain(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
			return "?";
	return s;
}

void queue_args_put(struct queue_args *a, const struct queue_entry *e)
{
	char due[24], arrived[24], due_at[WHEN_TEXT], arrived_at[WHEN_TEXT];
	const char *municipality = plain(e->municipality), *channel = plain(e->channel), *product = plain(e->product);

	when_format(e->due_us, due_at);
	when_format(e->arrived_us, arrived_at);
	snprintf(due, sizeof(due), "%lld", (long long)(e->due_us / 1000));
	snprintf(arrived, sizeof(arrived), "%lld", (long long)(e->arrived_us / 1000));
	queue_args_add(a, "put");
	queue_args_add(a, e->id);
	queue_args_add(a, due);
	queue_args_add(a, arrived);
	queue_args_add(a, municipality);
	add_joined(a, municipality, "|", channel, "|", product, NULL);
	add_joined(a, "{\"municipality\":\"", municipality, "\",\"channel\":\"", channel, "\",\"product\":\"", product,
	           "\",\"language\":\"", plain(e->language), "\",\"option0\":", e->option0 ? "true" : "false",
	           ",\"live\":", e->live ? "true" : "false", ",\"arrivedAt\":\"", arrived_at, "\",\"dueAt\":\"", due_at,
	           "\"}", NULL);
}

const char **queue_args_list(const struct queue_args *a)
{
	const char **list = must(calloc((size_t)a->n + 1, sizeof(*list)));

	for (int i = 0; i < a->n; i++)
		list[i] = a->buf + a->at[i];
	return list;
}

void queue_args_reset(struct queue_args *a)
{
	a->n = 0;
	a->len = 0;
}

void queue_args_done(struct queue_args *a)
{
	free(a->buf);
	free(a->at);
	*a = (struct queue_args){ 0 };
}

/* ---------------------------------------------------------------- changes */

static void lose(struct queue *q)
{
	q->lossy = true;
	if (stream_up(q->srv->stream))
		loop_timer_once(q->again, AGAIN_MS);
}

static void on_changed(redisReply *reply, void *arg)
{
	struct queue *q = arg;

	if ((reply == NULL && !MUTANT("no_null_check")) || reply->type != REDIS_REPLY_INTEGER)
		lose(q);
	else if (reply->integer == 0)
		queue_rebuild(q);          /* somebody emptied Redis */
}

static void flush(void *arg)
{
	struct queue *q = arg;
	const char **argv;

	if (q->n_pending == 0)
		return;
	CRASH("queue.flush");
	argv = queue_args_list(&q->pending);
	stream_script(q->srv->stream, queue_lua_change, 1, q->pending.n, argv, NULL, on_changed, q);
	free(argv);
	queue_args_reset(&q->pending);
	q->n_pending = 0;
	CRASH("queue.sent");
}

/* room for one more change; false: Redis is away, and a rebuild will tell it */
static bool begin_change(struct queue *q)
{
	if (!stream_up(q->srv->stream)) {
		q->lossy = true;
		return false;
	}
	if (q->n_pending == QUEUE_BATCH)
		flush(q);
	if (q->n_pending++ == 0) {
		queue_args_add(&q->pending, QUEUE_KEY);
		queue_args_add(&q->pending, "live");
		loop_timer_soon(q->flush);
	}
	return true;
}

void queue_put(struct queue *q, const struct route_case *c)
{
	const struct world *w = world_now(q->srv);
	char id[UUID_TEXT];

	assert(c->municipality < w->n_municipalities && c->channel < w->n_channels && c->product < w->n_products);
	if (!begin_change(q))
		return;
	uuid_format(c->id.u, id);
	queue_args_put(&q->pending, &(struct queue_entry){
		.id = id, .municipality = w->municipalities[c->municipality], .channel = w->channels[c->channel],
		.product = w->products[c->product],
		.language = c->language < w->n_languages ? w->languages[c->language] : "?",
		.option0 = c->option0, .live = c->kind != KIND_ASYNC, .arrived_us = c->arrived_us, .due_us = c->due_us });
}

void queue_remove(struct queue *q, struct case_id id)
{
	char text[UUID_TEXT];

	if (!begin_change(q))
		return;
	uuid_format(id.u, text);
	queue_args_add(&q->pending, "del");
	queue_args_add(&q->pending, text);
}

/* ---------------------------------------------------------------- making it right again */

/* without PostgreSQL there is nothing to compare with: a little later */
static bool may_look(struct queue *q)
{
	if (q->srv->stopping || !stream_up(q->srv->stream))
		return false;
	if (!pg_ready(q->srv->pg, PG_SYSTEM)) {
		loop_timer_once(q->again, AGAIN_MS);
		return false;
	}
	return true;
}

void queue_rebuild(struct queue *q)
{
	if (q->rebuilding)
		return;
	if (!may_look(q)) {
		q->lossy = true;
		return;
	}
	q->rebuilding = true;
	q->owed = q->lossy;
	q->lossy = false;                  /* what is missed from now on counts again */
	queue_rebuild_start(q->srv);
}

void queue_rebuilt(struct queue *q, bool whole)
{
	q->rebuilding = false;
	q->n_stayed = 0;
	q->lossy = q->lossy || (q->owed && !whole);
	if (whole)
		metric_add(M_QUEUE_REBUILDS, 1);
	if (!whole || q->lossy)
		loop_timer_once(q->again, AGAIN_MS);
}

void queue_check(struct queue *q)
{
	if (q->rebuilding || q->checking || !may_look(q))
		return;
	q->checking = true;
	q->checking_since_us = mono_us();
	queue_check_start(q->srv);
}

void queue_sweep(struct queue *q)
{
	if (mono_us() >= q->check_after_us)
		queue_check(q);
}

/* changes on their way make a difference too, but not the same one in each check, nor of what waits longest */
static bool stays(struct queue_difference before, struct queue_difference now)
{
	return (now.too_many != 0 && now.too_many == before.too_many) || (now.missing > 0 && before.missing > 0);
}

void queue_checked(struct queue *q, bool known, bool whole, struct queue_difference d)
{
	int64_t pause_us = CHECK_PART * (mono_us() - q->checking_since_us);

	q->checking = false;
	q->check_after_us = mono_us() + pause_us;
	if (!known)
		return;
	q->n_stayed = d.too_many == 0 && d.missing == 0 ? 0 : stays(q->difference, d) ? q->n_stayed + 1 : 1;
	q->difference = d;
	if (!whole || q->n_stayed >= STAYS_TIMES)
		queue_rebuild(q);
	else if (q->n_stayed > 0)
		loop_timer_once(q->again, pause_us > AGAIN_MS * INT64_C(1000) ? (int)(pause_us / 1000) : AGAIN_MS);
}

static void again(void *arg)
{
	struct queue *q = arg;

	if (q->lossy)
		queue_rebuild(q);
	else
		queue_check(q);
}

static void on_up(void *arg)
{
	again(arg);
}

struct queue *queue_new(struct server *srv)
{
	struct queue *q = must(calloc(1, sizeof(*q)));

	q->srv = srv;
	q->flush = loop_timer_new(srv, flush, q);
	q->again = loop_timer_new(srv, again, q);
	stream_on_up(srv->stream, on_up, q);
	if (stream_up(srv->stream))
		loop_timer_once(q->again, 0);
	return q;
}

struct queue *queue_free(struct queue *q)
{
	if (q != NULL) {
		loop_timer_free(q->flush);
		loop_timer_free(q->again);
		queue_args_done(&q->pending);
		free(q);
	}
	return NULL;
}
