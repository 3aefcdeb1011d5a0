/*
 * stream.c - hiredis 0.14 wrapped: own timeouts, reconnect, every callback exactly once
 *
 * What hiredis does not tell: a connect that failed frees the context by itself and calls no disconnect callback;
 * one that fails at once calls nothing at all; a command while it is disconnecting is refused and its callback
 * never comes; there are no timeouts. Replies come in order, so one command that is late means that the connection
 * is: it is dropped, and everything on it comes back without an answer.
 */
#include "daemon/stream.h"

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/resolve.h"
#include "daemon/stream_sentinel.h"
#include "lib/base/must.h"

#include <event2/event.h>
#include <hiredis/async.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { TICK_MS = 250, BACKOFF_FIRST_MS = 50, BACKOFF_MAX_MS = 1000, KEEP_ARGS = 64 };

struct call {
	struct stream *s;
	stream_done *done;
	void *arg;
	int64_t sent_us;
	TAILQ_ENTRY(call) link;
};
TAILQ_HEAD(calls, call);

struct stream {
	struct server *srv;
	char *path, *host;              /* one of them, or none: then Sentinels tell */
	int port;
	struct sentinels *sentinels;
	bool asking;                    /* them */
	struct resolve *lookup;
	redisAsyncContext *ac;
	bool up, told, pinging;
	bool moved;                     /* it is no master any more: Sentinels know who is */
	struct calls sent;              /* in the order of their replies */
	struct calls refused;           /* their callbacks come at the end of the turn */
	int n_calls;
	int64_t began_us, pinged_us;
	int backoff_ms;
	struct loop_timer *tick;        /* down: try again. Otherwise: look what is late */
	struct loop_timer *refuse;
	struct {
		void (*fn)(void *arg);
		void *arg;
	} on_up[STREAM_MAX_ON_UP];
	int n_on_up;
};

/* ---------------------------------------------------------------- calls */

static void call_end(struct call *call, redisReply *reply)
{
	call->s->n_calls--;
	if (reply == NULL)
		metric_add(M_REDIS_DROPPED, 1);
	if (call->done != NULL)
		call->done(reply, call->arg);
	free(call);
}

static void refuse_all(void *arg)
{
	struct stream *s = arg;
	struct calls now = TAILQ_HEAD_INITIALIZER(now);
	struct call *call;

	TAILQ_CONCAT(&now, &s->refused, link);
	while ((call = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, call, link);
		call_end(call, NULL);
	}
}

static void on_reply(redisAsyncContext *ac, void *reply, void *arg)
{
	struct call *call = arg;

	(void)ac;
	TAILQ_REMOVE(&call->s->sent, call, link);
	if (reply != NULL && ((redisReply *)reply)->type == REDIS_REPLY_ERROR)
		call->s->pinged_us = 0;    /* is it a matter of this command, or does it take none? Asked at the next tick */
	call_end(call, reply);
}

static struct call *call_new(struct stream *s, stream_done *done, void *arg)
{
	struct call *call = must(calloc(1, sizeof(*call)));

	*call = (struct call){ .s = s, .done = done, .arg = arg, .sent_us = mono_us() };
	s->n_calls++;
	return call;
}

static void refuse(struct stream *s, struct call *call)
{
	TAILQ_INSERT_TAIL(&s->refused, call, link);
	loop_timer_soon(s->refuse);
}

/* argv without a const, because hiredis wants it so */
static void send_call(struct stream *s, struct call *call, int argc, const char **argv, const size_t *len)
{
	if (redisAsyncCommandArgv(s->ac, on_reply, call, argc, argv, len) == REDIS_OK)
		TAILQ_INSERT_TAIL(&s->sent, call, link);
	else
		refuse(s, call);           /* it is disconnecting */
}

/* what goes first, then the caller's: hiredis wants one array, with lengths */
void stream_script(struct stream *s, const char *script, int n_keys, int argc, const char *const *argv,
                   const size_t *len, stream_done *done, void *arg)
{
	struct call *call = call_new(s, done, arg);
	char keys[12];
	const char *few[KEEP_ARGS], **all = few;
	size_t few_len[KEEP_ARGS], *all_len = few_len;
	int n = 3 + argc;

	/* before it has answered a PING it may be loading, or not there at all */
	if (!s->up || s->ac == NULL || s->n_calls > STREAM_MAX_IN_FLIGHT) {
		refuse(s, call);
		return;
	}
	if (n > KEEP_ARGS) {
		all = must(calloc((size_t)n, sizeof(*all) + sizeof(*all_len)));
		all_len = (size_t *)(all + n);
	}
	snprintf(keys, sizeof(keys), "%d", n_keys);
	all[0] = "EVAL";
	all[1] = script;
	all[2] = keys;
	for (int i = 0; i < argc; i++)
		all[3 + i] = argv[i];
	for (int i = 0; i < n; i++)
		all_len[i] = i >= 3 && len != NULL ? len[i - 3] : strlen(all[i]);
	send_call(s, call, n, all, all_len);
	if (n > KEEP_ARGS)
		free(all);
}

/* ---------------------------------------------------------------- as a wait of an operation */

struct submitted {
	struct op *op;
	stream_fold *fold;
	void *arg;
};

static void submitted_done(redisReply *reply, void *arg)
{
	struct submitted *w = arg;

	op_wake(w->op, w->fold(w->op, reply, w->arg));
}

enum op_status stream_submit(struct op *op, int next_state, const char *script, int n_keys, int argc,
                             const char *const *argv, const size_t *len, stream_fold *fold, void *arg)
{
	struct submitted *w = arena_new_of(op->arena, struct submitted);

	*w = (struct submitted){ op, fold, arg };
	stream_script(op->srv->stream, script, n_keys, argc, argv, len, submitted_done, w);
	return op_wait(op, next_state);
}

/* ---------------------------------------------------------------- up and down */

static void set_up(struct stream *s, bool up)
{
	s->up = up;
	metric_set(M_REDIS_UP, up);
}

static void tell_down(struct stream *s, const char *why)
{
	set_up(s, false);
	if (!s->told)
		log_event(LOG_WARNING, "redis.down", "why=\"%s\"", why);
	s->told = true;
}

static void try_later(struct stream *s, const char *why)
{
	int half = s->backoff_ms / 2;

	tell_down(s, why);
	loop_timer_once(s->tick, half + random_below(half + 1));
	s->backoff_ms = s->backoff_ms * 2 < BACKOFF_MAX_MS ? s->backoff_ms * 2 : BACKOFF_MAX_MS;
}

/* hiredis has freed the context, or is about to */
static void gone(struct stream *s, const char *why)
{
	if (s->ac == NULL)
		return;
	s->ac = NULL;
	s->pinging = s->moved = false;
	try_later(s, why);
}

/* never from one of hiredis' own callbacks */
static void drop(struct stream *s, const char *why)
{
	redisAsyncContext *ac = s->ac;

	gone(s, why);
	if (ac != NULL)
		redisAsyncFree(ac);        /* everything out comes back with NULL */
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
	struct stream *s = ac->data;

	if (s->ac == ac)
		gone(s, status == REDIS_OK ? "closed" : "connection lost");
}

/* a Redis that drops what it likes may have half a queue: it is built anew each time that is noticed */
static void on_memory(redisReply *reply, void *arg)
{
	static const char *const keys[] = { "\nmaxmemory:0\r", "\nmaxmemory_policy:noeviction\r", NULL };
	const char *text = reply != NULL && reply->type == REDIS_REPLY_STRING ? reply->str : NULL;

	(void)arg;
	if (text == NULL)
		return;                    /* not ours to see */
	for (int i = 0; keys[i] != NULL; i++)
		if (strstr(text, keys[i]) != NULL)
			return;
	log_event(LOG_WARNING, "redis.evicts", "why=\"maxmemory-policy is not noeviction\"");
}

static void ask_memory(struct stream *s)
{
	const char *argv[] = { "INFO", "memory" };

	send_call(s, call_new(s, on_memory, s), 2, argv, NULL);
}

/* loading, out of memory, a replica, a password that we have not got: asked again at the next tick */
static void takes_nothing(struct stream *s, const char *why)
{
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(why, " \""), why);
	s->moved = s->sentinels != NULL && strcmp(word, "READONLY") == 0;
	tell_down(s, word);
}

static void on_pong(redisReply *reply, void *arg)
{
	struct stream *s = arg;

	s->pinging = false;
	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		takes_nothing(s, reply->str);
		return;
	}
	if (s->up)
		return;
	set_up(s, true);
	s->told = false;
	s->backoff_ms = BACKOFF_FIRST_MS;
	log_event(LOG_INFO, "redis.up", "waiting=%d", s->n_calls);
	ask_memory(s);
	for (int i = 0; i < s->n_on_up; i++)
		s->on_up[i].fn(s->on_up[i].arg);
}

/* does it take what we write? PING would also be answered by a replica, and by one that is full */
static void ping(struct stream *s)
{
	const char *argv[] = { "SET", "loket:ping", "", "EX", "60" };

	s->pinging = true;
	s->pinged_us = mono_us();
	send_call(s, call_new(s, on_pong, s), 5, argv, NULL);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
	struct stream *s = ac->data;

	if (s->ac != ac)
		return;
	if (status != REDIS_OK)
		gone(s, "not reachable");  /* hiredis frees the context after this */
	else
		ping(s);
}

static void connect_to(struct stream *s, const char *address)
{
	s->ac = must(s->path != NULL ? redisAsyncConnectUnix(s->path) : redisAsyncConnect(address, s->port));
	if (s->ac->err != 0) {
		drop(s, "not reachable");
		return;
	}
	s->ac->data = s;
	s->began_us = mono_us();
	redisLibeventAttach(s->ac, s->srv->base);
	redisAsyncSetConnectCallback(s->ac, on_connect);
	redisAsyncSetDisconnectCallback(s->ac, on_disconnect);
	loop_timer_every(s->tick, TICK_MS);
}

static void on_resolved(const char *const *addresses, int n, void *arg)
{
	struct stream *s = arg;

	s->lookup = NULL;
	if (n > 0)
		connect_to(s, addresses[0]);
	else
		try_later(s, "its name has no address");
}

static void connect_host(struct stream *s)
{
	if (resolve_needed(s->host))
		s->lookup = resolve_start(s->srv, s->host, on_resolved, s);
	else
		connect_to(s, s->host);
}

static void on_master(const char *host, int port, void *arg)
{
	struct stream *s = arg;

	s->asking = false;
	if (host == NULL) {
		try_later(s, "no Sentinel knows the master");
		return;
	}
	free(s->host);
	s->host = must(strdup(host));
	s->port = port;
	connect_host(s);
}

static void connect_begin(struct stream *s)
{
	if (s->sentinels != NULL) {
		s->asking = true;
		sentinels_ask(s->sentinels);
	} else {
		connect_host(s);
	}
}

static bool late(int64_t since_us)
{
	return mono_us() - since_us > STREAM_TIMEOUT_MS * INT64_C(1000);
}

static void on_tick(void *arg)
{
	struct stream *s = arg;
	const struct call *first = TAILQ_FIRST(&s->sent);
	int ping_ms = s->up ? STREAM_PING_MS : TICK_MS;

	if (s->asking || s->lookup != NULL)
		return;
	if (s->ac == NULL)
		connect_begin(s);
	else if (s->moved)
		drop(s, "it is no master any more");
	else if (!(s->ac->c.flags & REDIS_CONNECTED) ? late(s->began_us) : first != NULL && late(first->sent_us))
		drop(s, "no answer in time");
	else if ((s->ac->c.flags & REDIS_CONNECTED) && !s->pinging &&
	         mono_us() - s->pinged_us > ping_ms * INT64_C(1000))
		ping(s);
}

/* ---------------------------------------------------------------- all of it */

static void set_address(struct stream *s, const char *address)
{
	const char *colon = strrchr(address, ':');

	if (strncmp(address, "unix:", 5) == 0) {
		s->path = strdup(address + 5);
	} else if (strncmp(address, "sentinel:", 9) == 0) {
		s->sentinels = sentinels_new(s->srv, address + 9, on_master, s);
	} else {
		s->host = strndup(address, colon != NULL ? (size_t)(colon - address) : strlen(address));
		s->port = colon != NULL ? (int)strtol(colon + 1, NULL, 10) : 6379;
	}
	if (s->path == NULL && s->host == NULL && s->sentinels == NULL)
		abort();
}

struct stream *stream_new(struct server *srv, const char *address)
{
	struct stream *s = must(calloc(1, sizeof(*s)));

	s->srv = srv;
	s->backoff_ms = BACKOFF_FIRST_MS;
	TAILQ_INIT(&s->sent);
	TAILQ_INIT(&s->refused);
	s->tick = loop_timer_new(srv, on_tick, s);
	s->refuse = loop_timer_new(srv, refuse_all, s);
	if (address != NULL && address[0] != '\0') {
		set_address(s, address);
		loop_timer_once(s->tick, 0);
	}
	return s;
}

struct stream *stream_free(struct stream *s)
{
	if (s == NULL)
		return NULL;
	s->told = true;
	drop(s, "stopping");
	sentinels_free(s->sentinels);
	resolve_free(s->lookup);
	refuse_all(s);
	loop_timer_free(s->tick);
	loop_timer_free(s->refuse);
	free(s->path);
	free(s->host);
	free(s);
	return NULL;
}

bool stream_up(const struct stream *s)
{
	return s->up;
}

void stream_on_up(struct stream *s, void (*fn)(void *arg), void *arg)
{
	if (s->n_on_up == STREAM_MAX_ON_UP)
		abort();
	s->on_up[s->n_on_up].fn = fn;
	s->on_up[s->n_on_up++].arg = arg;
}
