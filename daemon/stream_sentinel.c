/* stream_sentinel.c - a connection for each question; what hiredis does not tell is in stream.c */
#include "daemon/stream_sentinel.h"

#include "daemon/loop.h"
#include "daemon/resolve.h"
#include "lib/base/must.h"

#include <hiredis/async.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

enum { SENTINEL_PORT = 26379 };

struct sentinels {
	struct server *srv;
	sentinel_answer *answer;
	void *arg;
	char name[SENTINEL_NAME];       /* of the master */
	char host[SENTINEL_MAX][SENTINEL_TEXT];
	int port[SENTINEL_MAX];
	int n, at, asked;               /* at: whom to ask; asked: how many were, for this question */
	redisAsyncContext *ac;
	struct resolve *lookup;
	struct loop_timer *late;        /* no answer in time */
	struct loop_timer *tell;        /* what was found: never from one of hiredis' callbacks */
	char found[SENTINEL_TEXT];
	int found_port;
};

static void on_reply(redisAsyncContext *ac, void *answer, void *arg)
{
	struct sentinels *s = arg;
	const redisReply *r = answer;

	if (s->ac != ac)
		return;                /* given up */
	s->ac = NULL;
	if (r != NULL)
		redisAsyncDisconnect(ac);      /* else hiredis is doing so */
	if (r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
	    r->element[0]->type == REDIS_REPLY_STRING && r->element[1]->type == REDIS_REPLY_STRING) {
		snprintf(s->found, sizeof(s->found), "%s", r->element[0]->str);
		s->found_port = (int)strtol(r->element[1]->str, NULL, 10);
	}
	loop_timer_soon(s->tell);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
	struct sentinels *s = ac->data;

	if (s->ac != ac || status == REDIS_OK)
		return;
	s->ac = NULL;                  /* hiredis frees it; on_reply may have come, or comes, for nothing */
	loop_timer_soon(s->tell);
}

static void connect_to(struct sentinels *s, const char *host)
{
	const char *argv[] = { "SENTINEL", "get-master-addr-by-name", s->name };

	s->ac = must(redisAsyncConnect(host, s->port[s->at]));
	if (s->ac->err != 0) {
		redisAsyncFree(s->ac);
		s->ac = NULL;
		loop_timer_soon(s->tell);
		return;
	}
	s->ac->data = s;
	redisLibeventAttach(s->ac, s->srv->base);
	redisAsyncSetConnectCallback(s->ac, on_connect);
	redisAsyncCommandArgv(s->ac, on_reply, s, 3, argv, NULL);
}

static void on_resolved(const char *const *addresses, int n, void *arg)
{
	struct sentinels *s = arg;

	s->lookup = NULL;
	if (n > 0)
		connect_to(s, addresses[0]);
	else
		loop_timer_soon(s->tell);
}

static void ask_one(struct sentinels *s)
{
	const char *host = s->host[s->at];

	s->asked++;
	s->found[0] = '\0';
	loop_timer_once(s->late, SENTINEL_MS);
	if (resolve_needed(host))
		s->lookup = resolve_start(s->srv, host, on_resolved, s);
	else
		connect_to(s, host);
}

/* nothing of this question is under way any more */
static void give_up(struct sentinels *s)
{
	redisAsyncContext *ac = s->ac;

	loop_timer_stop(s->late);
	s->lookup = resolve_free(s->lookup);
	s->ac = NULL;
	if (ac != NULL)
		redisAsyncFree(ac);
}

static void next(void *arg)
{
	struct sentinels *s = arg;

	give_up(s);
	if (s->found[0] != '\0') {
		s->answer(s->found, s->found_port, s->arg);
		return;
	}
	s->at = (s->at + 1) % s->n;
	if (s->asked < s->n)
		ask_one(s);
	else
		s->answer(NULL, 0, s->arg);
}

void sentinels_ask(struct sentinels *s)
{
	s->asked = 0;
	ask_one(s);
}

static void add(struct sentinels *s, const char *address, size_t len)
{
	char *host = s->host[s->n], *colon;

	snprintf(host, SENTINEL_TEXT, "%.*s", (int)len, address);
	colon = strrchr(host, ':');
	s->port[s->n] = colon != NULL ? (int)strtol(colon + 1, NULL, 10) : SENTINEL_PORT;
	if (colon != NULL)
		*colon = '\0';
	s->n++;
}

struct sentinels *sentinels_new(struct server *srv, const char *words, sentinel_answer *answer, void *arg)
{
	struct sentinels *s = must(calloc(1, sizeof(*s)));
	size_t len = strcspn(words, "@");

	*s = (struct sentinels){ .srv = srv, .answer = answer, .arg = arg };
	snprintf(s->name, sizeof(s->name), "%.*s", (int)len, words);
	for (words += len; *words != '\0' && s->n < SENTINEL_MAX; words += len) {
		len = strcspn(++words, ",");
		add(s, words, len);
	}
	s->late = loop_timer_new(srv, next, s);
	s->tell = loop_timer_new(srv, next, s);
	return s;
}

struct sentinels *sentinels_free(struct sentinels *s)
{
	if (s == NULL)
		return NULL;
	give_up(s);
	loop_timer_free(s->late);
	loop_timer_free(s->tell);
	free(s);
	return NULL;
}
