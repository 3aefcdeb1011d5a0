/* sse.c - event streams: open, heartbeat, end; see sse_private.h */
#include "daemon/sse_private.h"

#include "daemon/metrics.h"
#include "lib/base/must.h"
#include "lib/core/problem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t since(int64_t then, int64_t now)
{
	return now - then;
}

struct agent_bucket *agent_bucket(struct sse *s, struct agent_id a)
{
	/* the last bytes of a UUIDv7 are random */
	return &s->agents[(a.u.b[14] << 8 | a.u.b[15]) % SSE_AGENT_BUCKETS];
}

/* ---------------------------------------------------------------- writing */

void reader_write_now(struct stream_reader *r, const char *text, size_t len)
{
	if (!r->ended && !http_stream_write(r->x, (struct bytes){ (const uint8_t *)text, len }))
		r->ended = true;
}

static void hold(struct stream_reader *r, const char *text, size_t len)
{
	char *held;

	if (r->held_lost || r->n_held + len > SSE_HELD_MAX) {
		r->held_lost = true;
		return;
	}
	held = must(realloc(r->held, r->n_held + len));
	memcpy(held + r->n_held, text, len);
	r->held = held;
	r->n_held += len;
}

void reader_write(struct stream_reader *r, const char *text, size_t len)
{
	if (r->replay != NULL)
		hold(r, text, len);
	else
		reader_write_now(r, text, len);
}

void reader_resync(struct stream_reader *r, int64_t newest)
{
	char text[80];
	int n = newest > 0 ? snprintf(text, sizeof(text), "event: resync\nid: %" PRId64 "\ndata: {}\n\n", newest)
	                   : snprintf(text, sizeof(text), "event: resync\ndata: {}\n\n");

	reader_write_now(r, text, (size_t)n);
}

/*
 * bye - the end of a stream that is opened again at once, elsewhere: nothing is missed by whoever comes back with an id, so
 * nobody has to read everything again. knows: it came with an id that is still the one to come back with
 */
static void bye(struct stream_reader *r, bool knows)
{
	int retry_ms = 100 + random_below(SSE_BACK_MS - 100);
	int64_t newest = knows ? 0 : r->sse->newest;
	char text[128], id[32] = "";
	int n;

	if (newest > 0)
		snprintf(id, sizeof(id), "id: %" PRId64 "\n", newest);
	n = snprintf(text, sizeof(text), "retry: %d\n%sevent: %s\ndata: {}\n\n", retry_ms, id,
	             knows || newest > 0 ? "bye" : "resync");
	reader_write_now(r, text, (size_t)n);
	r->ended = true;
	http_stream_end(r->x);
}

/* ---------------------------------------------------------------- a stream begins and ends */

static void on_end(void *arg)
{
	struct stream_reader *r = arg;
	struct sse *s = r->sse;

	fan_leaves(s, r);
	replay_leaves(r);
	TAILQ_REMOVE(&s->all, r, link);
	TAILQ_REMOVE(&s->beats, r, beat_link);
	if (r->who.is_agent)
		LIST_REMOVE(r, agent_link);
	if (--s->count == 0)
		loop_timer_stop(s->tick);
	metric_set(M_STREAMS, s->count);
	free(r->held);
	free(r);
}

/* reader_new - with a copy of the principal and its strings */
static struct stream_reader *reader_new(const struct principal *p)
{
	size_t size = sizeof(struct stream_reader);
	struct stream_reader *r;
	char *text;

	for (int i = 0; i < p->n_municipalities; i++)
		size += strlen(p->municipalities[i]) + 1;
	r = must(calloc(1, size));
	r->who = *p;
	text = (char *)(r + 1);
	for (int i = 0; i < p->n_municipalities; i++) {
		r->who.municipalities[i] = text;
		text = stpcpy(text, p->municipalities[i]) + 1;   /* lint-ok: measured above */
	}
	return r;
}

static void too_many(struct http_x *x)
{
	static const char *const headers[] = { "Retry-After: 5", NULL };
	json_t *problem = problem_json(PROBLEM_UNAVAILABLE, NULL, NULL, NULL);
	char *text = json_dumps(problem, JSON_COMPACT);

	http_reply(x, 503, "application/problem+json",
	           (struct bytes){ (const uint8_t *)text, text != NULL ? strlen(text) : 0 }, headers);
	free(text);
	json_decref(problem);
}

void sse_open(struct sse *s, struct http_x *x, const struct principal *p, int64_t last_id)
{
	struct stream_reader *r;
	char text[64];
	int n;

	if (s->count >= s->max_streams) {
		metric_add(M_REFUSED_STREAMS, 1);
		too_many(x);
		return;
	}
	r = reader_new(p);
	r->sse = s;
	r->x = x;
	r->beat_us = mono_us();
	TAILQ_INSERT_TAIL(&s->all, r, link);
	TAILQ_INSERT_TAIL(&s->beats, r, beat_link);
	if (p->is_agent)
		LIST_INSERT_HEAD(agent_bucket(s, p->agent_id), r, agent_link);
	if (s->count++ == 0)
		loop_timer_every(s->tick, SSE_TICK_MS);
	metric_set(M_STREAMS, s->count);
	http_stream_begin(x, "text/event-stream", on_end, r);
	/* an id without data is no event, but the reader remembers it for its next Last-Event-ID */
	if (last_id == 0 && s->newest > 0)
		n = snprintf(text, sizeof(text), "retry: 2000\nid: %" PRId64 "\n\n", s->newest);
	else
		n = snprintf(text, sizeof(text), "retry: 2000\n\n");
	reader_write_now(r, text, (size_t)n);
	if (s->srv->stopping)           /* a refusal would end it for good: EventSource comes back only after a 200 */
		bye(r, last_id > 0);
	else if (last_id > 0)
		replay_start(r, last_id);
}

/* ---------------------------------------------------------------- time */

/* beat - a comment, so that proxies and readers see life; the id saves a quiet reader a long replay */
static void beat(struct stream_reader *r)
{
	struct sse *s = r->sse;
	char text[64];
	int n = 3;

	if (s->newest > 0 && r->replay == NULL && s->n_fans == 0)
		n = snprintf(text, sizeof(text), ":\nid: %" PRId64 "\n\n", s->newest);
	else
		memcpy(text, ":\n\n", 3);
	reader_write_now(r, text, (size_t)n);
}

static void on_tick(void *arg)
{
	struct sse *s = arg;
	int64_t now = mono_us(), utc = now_us();
	struct stream_reader *r;

	for (int n = 0; n < SSE_TICK_MAX && (r = TAILQ_FIRST(&s->beats)) != NULL; n++) {
		if (since(r->beat_us, now) < SSE_HEARTBEAT_US)
			break;
		TAILQ_REMOVE(&s->beats, r, beat_link);
		TAILQ_INSERT_TAIL(&s->beats, r, beat_link);
		r->beat_us = now;
		if (r->who.expires_us != 0 && r->who.expires_us <= utc)
			http_stream_end(r->x);  /* the token is no good any more */
		else
			beat(r);
	}
	fan_tick(s, now);
	tokens_tick(s);
}

void sse_goodbye(struct sse *s)
{
	struct stream_reader *r;

	loop_timer_stop(s->follow);
	fan_all(s);
	TAILQ_FOREACH(r, &s->all, link) {
		if (!r->ended)
			bye(r, r->replay != NULL);
	}
}

/* ---------------------------------------------------------------- the rest */

bool sse_agent_online(const struct sse *s, struct agent_id a)
{
	const struct stream_reader *r;

	LIST_FOREACH(r, agent_bucket((struct sse *)(uintptr_t)s, a), agent_link) {
		if (!r->ended && uuid_same(r->who.agent_id.u, a.u))
			return true;
	}
	return false;
}

int sse_count(const struct sse *s)
{
	return s->count;
}

struct sse *sse_new(struct server *srv, int max_streams)
{
	struct sse *s = must(calloc(1, sizeof(*s)));

	s->srv = srv;
	s->max_streams = max_streams;
	s->follow_from = -1;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->beats);
	TAILQ_INIT(&s->fans);
	s->tick = loop_timer_new(srv, on_tick, s);
	s->follow = loop_timer_new(srv, follow_tick, s);
	s->more = loop_timer_new(srv, fan_more, s);
	s->queues = must(calloc(SSE_QUEUES_MAX, sizeof(*s->queues)));
	loop_timer_every(s->follow, SSE_FOLLOW_MS);
	return s;
}

/* the streams themselves end with their connections: http_free comes before sse_free */
struct sse *sse_free(struct sse *s)
{
	if (s == NULL)
		return NULL;
	fan_done(s);
	loop_timer_free(s->tick);
	loop_timer_free(s->more);
	loop_timer_free(s->follow);
	free(s->queues);
	free(s);
	return NULL;
}
