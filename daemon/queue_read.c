/* queue_read.c - a page of the queue, as Redis knows it */
#include "daemon/queue_lua.h"

#include "daemon/stream.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct queue_page *page;
	const char *const *municipalities;
	int n_municipalities, limit;
};

/* ---------------------------------------------------------------- cursor: <due in ms>_<id> */

static bool parse_cursor(const char *cursor, char due[24], char id[UUID_TEXT])
{
	size_t digits = strspn(cursor, "0123456789");
	struct uuid u;

	if (digits == 0 || digits > 15 || cursor[digits] != '_' || !uuid_parse(cursor + digits + 1, &u))
		return false;
	snprintf(due, 24, "%.*s", (int)digits, cursor);
	uuid_format(u, id);
	return true;
}

static const char *make_cursor(struct arena *a, const struct queue_item *last)
{
	char id[UUID_TEXT];

	uuid_format(last->id.u, id);
	return arena_printf(a, "%lld_%s", (long long)(last->due_us / 1000), id);
}

/* ---------------------------------------------------------------- what Redis answered */

static const char *text_of(struct arena *a, const json_t *item, const char *key)
{
	const char *s = jsonx_str(item, key);

	return arena_str(a, s != NULL ? s : "");
}

static bool read_item(struct arena *a, const redisReply *id, const redisReply *text, struct queue_item *out)
{
	json_t *j;
	bool fine;

	if (id->type != REDIS_REPLY_STRING || text->type != REDIS_REPLY_STRING || !uuid_parse(id->str, &out->id.u))
		return false;
	j = json_loadb(text->str, text->len, 0, NULL);
	out->municipality = text_of(a, j, "municipality");
	out->channel = text_of(a, j, "channel");
	out->product = text_of(a, j, "product");
	out->language = text_of(a, j, "language");
	out->option0 = jsonx_bool(j, "option0");
	out->live = jsonx_bool(j, "live");
	fine = when_parse(text_of(a, j, "arrivedAt"), &out->arrived_us) &&
	       when_parse(text_of(a, j, "dueAt"), &out->due_us);
	json_decref(j);
	return fine;
}

static bool read_items(struct op *op, const struct reading *r, const redisReply *list)
{
	struct queue_page *page = r->page;
	int n = (int)(list->elements / 2);

	page->items = arena_array(op->arena, struct queue_item, (size_t)r->limit);
	for (int i = 0; i < n && i < r->limit; i++) {
		if (!read_item(op->arena, list->element[2 * i], list->element[2 * i + 1], &page->items[i]))
			return false;
		page->n_items++;
	}
	if (n > r->limit)
		page->next = make_cursor(op->arena, &page->items[r->limit - 1]);
	return true;
}

static bool asked_for(const struct reading *r, const char *municipality)
{
	for (int i = 0; i < r->n_municipalities; i++)
		if (strcmp(r->municipalities[i], municipality) == 0)
			return true;
	return false;
}

/* "municipality|channel|product", n */
static void read_count(struct op *op, const struct reading *r, const redisReply *class, const redisReply *n)
{
	struct queue_page *page = r->page;
	char *municipality, *channel, *product;

	if (class->type != REDIS_REPLY_STRING || n->type != REDIS_REPLY_STRING)
		return;
	municipality = arena_dup(op->arena, class->str, class->len);
	channel = strchr(municipality, '|');
	product = channel != NULL ? strchr(channel + 1, '|') : NULL;
	if (product == NULL)
		return;
	*channel++ = '\0';
	*product++ = '\0';
	if (!asked_for(r, municipality))
		return;
	page->counts[page->n_counts] = (struct queue_count){ municipality, channel, product, strtoll(n->str, NULL, 10) };
	page->waiting += page->counts[page->n_counts++].n;
}

static int fold_page(struct op *op, redisReply *reply, void *arg)
{
	const struct reading *r = arg;
	const redisReply *counts;

	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return QUEUE_UNAVAILABLE;
	*r->page = (struct queue_page){ 0 };
	r->page->oldest_arrived_us = strtoll(reply->element[0]->str, NULL, 10) * 1000;
	if (!read_items(op, r, reply->element[1]))
		return QUEUE_UNAVAILABLE;
	counts = reply->element[2];
	r->page->counts = arena_array(op->arena, struct queue_count, counts->elements / 2 + 1);
	for (size_t i = 0; i + 1 < counts->elements; i += 2)
		read_count(op, r, counts->element[i], counts->element[i + 1]);
	return QUEUE_READ;
}

/* ---------------------------------------------------------------- asking */

static enum op_status at_once(struct op *op, int next_state, enum queue_read_result result)
{
	op_wait(op, next_state);
	op_wake(op, (int)result);
	return OP_WAIT;
}

enum op_status queue_read(struct op *op, int next_state, const char *const *municipalities, int n,
                          const char *cursor, int limit, struct queue_page *page)
{
	struct reading *r = arena_new_of(op->arena, struct reading);
	char due[24] = "0", id[UUID_TEXT] = "", limit_text[12];
	const char **argv = arena_array(op->arena, const char *, (size_t)n + 4);

	assert(limit >= 1 && limit <= QUEUE_MAX_PAGE);
	if (cursor != NULL && !parse_cursor(cursor, due, id))
		return at_once(op, next_state, QUEUE_BAD_CURSOR);
	snprintf(limit_text, sizeof(limit_text), "%d", limit);
	argv[0] = QUEUE_KEY;
	argv[1] = limit_text;
	argv[2] = due;
	argv[3] = id;
	for (int i = 0; i < n; i++)
		argv[4 + i] = municipalities[i];
	*r = (struct reading){ page, argv + 4, n, limit };
	return stream_submit(op, next_state, queue_lua_read, 1, n + 4, argv, NULL, fold_page, r);
}
