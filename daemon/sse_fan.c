/* sse_fan.c - one notice to the many streams that may see it, in slices; see sse_private.h */
#include "daemon/sse_private.h"

#include "lib/base/must.h"
#include "lib/base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fan {
	struct notice notice;              /* for notice_for; the payload is in text */
	char *text;
	size_t len;
	TAILQ_ENTRY(fan) link;
};

/* ---------------------------------------------------------------- over the wire */

/* plain - no line may end inside an event: JSON has no raw line ends, and a broken payload gets none either */
static void plain(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r')
			*s = ' ';
	}
}

/* members - what is inside the braces of payload; "" for anything that is no object */
static const char *members(const char *payload)
{
	while (payload != NULL && (*payload == ' ' || *payload == '\t' || *payload == '\n'))
		payload++;
	if (payload == NULL || *payload != '{')
		return "}";
	for (payload++; *payload == ' '; payload++)
		;
	return payload;
}

char *event_text(const struct notice *n, size_t *len)
{
	const char *inside = members(n->payload);
	const char *comma = inside[0] == '}' ? "" : ",";
	char at[WHEN_TEXT], id[64] = "", key[64] = "";
	char *text, *data;
	int size;

	when_format(n->at_us, at);
	if (n->id > 0) {
		snprintf(id, sizeof(id), "id: %" PRId64 "\n", n->id);
		snprintf(key, sizeof(key), "\"id\":\"%" PRId64 "\",", n->id);
	}
	size = asprintf(&text, "event: %s\n%sdata: {%s\"at\":\"%s\",\"municipality\":\"%s\"%s%s\n\n",
	                notice_name(n->kind), id, key, at, n->municipality, comma, inside);
	if (size < 0)
		abort();
	data = strstr(text, "\ndata: ") + 1;
	text[size - 2] = '\0';
	plain(data);
	text[size - 2] = '\n';
	*len = (size_t)size;
	return text;
}

/* ---------------------------------------------------------------- one to many */

static void offer_to(struct stream_reader *r, const struct fan *f)
{
	if (!r->ended && notice_for(&f->notice, &r->who))
		reader_write(r, f->text, f->len);
}

static struct fan *fan_free(struct fan *f)
{
	if (f != NULL)
		free(f->text);
	free(f);
	return NULL;
}

/* to_agent - what is for one agent only does not wait for anybody */
static void to_agent(struct sse *s, const struct fan *f)
{
	struct stream_reader *r;

	LIST_FOREACH(r, agent_bucket(s, f->notice.agent), agent_link)
		offer_to(r, f);
}

static void told(struct sse *s, const struct notice *n)
{
	if (n->id > s->newest)
		s->newest = n->id;
}

/* next_fan - the first fan is done */
static void next_fan(struct sse *s)
{
	struct fan *f = TAILQ_FIRST(&s->fans);

	told(s, &f->notice);
	TAILQ_REMOVE(&s->fans, f, link);
	s->n_fans--;
	fan_free(f);
	s->cursor = TAILQ_FIRST(&s->all);
}

/* slice - work through the fans until the time is up; us 0: one fan to its end */
static void slice(struct sse *s, int64_t us)
{
	int64_t begin = mono_us();
	int n = 0;

	while (!TAILQ_EMPTY(&s->fans)) {
		struct stream_reader *r = s->cursor;

		if (r == NULL) {
			next_fan(s);
			if (us == 0)
				return;
			continue;
		}
		s->cursor = TAILQ_NEXT(r, link);
		offer_to(r, TAILQ_FIRST(&s->fans));
		if (us > 0 && (++n & 15) == 0 && mono_us() - begin > us)
			break;
	}
	if (!TAILQ_EMPTY(&s->fans))
		loop_timer_soon(s->more);
}

void fan_more(void *arg)
{
	slice(arg, SSE_SLICE_US);
}

void fan_all(struct sse *s)
{
	while (!TAILQ_EMPTY(&s->fans))
		slice(s, 0);
}

void fan_leaves(struct sse *s, const struct stream_reader *r)
{
	if (s->cursor == r)
		s->cursor = TAILQ_NEXT(r, link);
}

static void publish(struct sse *s, const struct notice *n)
{
	struct fan *f = must(calloc(1, sizeof(*f)));

	f->notice = *n;
	f->notice.payload = NULL;
	f->text = event_text(n, &f->len);
	if (n->kind == NOTICE_OFFER_MADE || n->kind == NOTICE_OFFER_WITHDRAWN) {
		to_agent(s, f);
		if (s->n_fans == 0)
			told(s, n);
		fan_free(f);
		return;
	}
	if (s->n_fans == SSE_FANS_MAX)
		slice(s, 0);
	if (s->n_fans++ == 0)
		s->cursor = TAILQ_FIRST(&s->all);
	TAILQ_INSERT_TAIL(&s->fans, f, link);
	if (s->n_fans == 1)
		slice(s, SSE_SLICE_US);
}

/* ---------------------------------------------------------------- queue.changed: at most one a second */

static struct queue_told *queue_of(struct sse *s, const char *municipality)
{
	struct queue_told *q;

	for (int i = 0; i < s->n_queues; i++) {
		if (strcmp(s->queues[i].municipality, municipality) == 0)
			return &s->queues[i];
	}
	if (s->n_queues == SSE_QUEUES_MAX)
		return NULL;
	q = &s->queues[s->n_queues++];
	snprintf(q->municipality, sizeof(q->municipality), "%s", municipality);
	q->told_us = mono_us() - SSE_QUEUE_EVERY_US;
	return q;
}

static void tell_queue(struct sse *s, struct queue_told *q, int64_t now)
{
	q->told_us = now;
	publish(s, &q->notice);
	free(q->notice.payload);
	q->notice.payload = NULL;
}

static void queue_changed(struct sse *s, const struct notice *n)
{
	struct queue_told *q = queue_of(s, n->municipality);
	int64_t now = mono_us();

	if (q == NULL) {
		publish(s, n);
		return;
	}
	free(q->notice.payload);
	q->notice = *n;
	q->notice.payload = must(strdup(n->payload != NULL ? n->payload : "{}"));
	if (now - q->told_us >= SSE_QUEUE_EVERY_US)
		tell_queue(s, q, now);
}

void fan_tick(struct sse *s, int64_t now)
{
	for (int i = 0; i < s->n_queues; i++) {
		struct queue_told *q = &s->queues[i];

		if (q->notice.payload != NULL && now - q->told_us >= SSE_QUEUE_EVERY_US)
			tell_queue(s, q, now);
	}
}

/* new_to_us - false when it has come already, from here or from the table */
static bool new_to_us(struct sse *s, int64_t id)
{
	int64_t *place;

	if (id <= 0)
		return true;
	place = &s->told[id % SSE_TOLD];
	if (*place == id)
		return false;
	*place = id;
	return true;
}

void sse_publish(struct sse *s, const struct notice *n)
{
	if (s == NULL || !new_to_us(s, n->id))
		return;
	if (s->count == 0)
		told(s, n);
	else if (n->kind == NOTICE_QUEUE_CHANGED)
		queue_changed(s, n);
	else
		publish(s, n);
}

void fan_done(struct sse *s)
{
	while (!TAILQ_EMPTY(&s->fans))
		next_fan(s);
	for (int i = 0; i < s->n_queues; i++)
		free(s->queues[i].notice.payload);
}
