/*
 * queue.h - the one queue: every waiting case of every channel and municipality, in Redis
 *
 * PostgreSQL's case_file.state = 'queued' is the truth; this is how all instances and redis-cli see it.
 * proto/redis.md describes the keys. Losing it loses nothing: queue_rebuild reads PostgreSQL. GET
 * /v1/queue reads it (counts are kept, not counted), and falls back to PostgreSQL without Redis.
 */
#ifndef LOKET_QUEUE_H
#define LOKET_QUEUE_H

#include "daemon/op.h"
#include "lib/core/route.h"

#include <stdbool.h>

struct server;
struct queue;

enum {
	QUEUE_MAX_PAGE = 500,            /* items in one queue_read */
	QUEUE_BATCH = 256,               /* changes in one command */
	QUEUE_REBUILD_PAGE = 1000,       /* cases in one step of a rebuild */
};

struct queue *queue_new(struct server *srv);
struct queue *queue_free(struct queue *q);    /* after stream_free, which answers what is out */
/* queue_put / queue_remove - after COMMIT; batched into one command per loop turn; never awaited */
void queue_put(struct queue *q, const struct route_case *c);
void queue_remove(struct queue *q, struct case_id id);
/* queue_rebuild - make Redis say what PostgreSQL says; at connect, and when the sweep finds a difference */
void queue_rebuild(struct queue *q);
/* queue_check - compare the number and the most urgent with PostgreSQL; rebuild when a difference stays */
void queue_check(struct queue *q);
/* queue_sweep - queue_check, at most 2 % of the time: the longer counting took, the later again */
void queue_sweep(struct queue *q);

/* ---------------------------------------------------------------- reading, for GET /v1/queue */

struct queue_item {
	struct case_id id;
	const char *municipality, *product, *channel, *language;
	bool option0, live;
	int64_t arrived_us, due_us;      /* to the millisecond */
};

struct queue_count {
	const char *municipality, *channel, *product;
	int64_t n;
};

/* all in op->arena */
struct queue_page {
	struct queue_item *items;        /* in order of urgency: due, then id */
	int n_items;
	const char *next;                /* cursor of the next page; NULL: this was the last */
	struct queue_count *counts;      /* of these municipalities, in no order; only what is not 0 */
	int n_counts;
	int64_t waiting;                 /* the sum of the counts */
	int64_t oldest_arrived_us;       /* who waits longest came then; 0: nobody waits */
};

enum queue_read_result { QUEUE_READ, QUEUE_UNAVAILABLE /* ask PostgreSQL */, QUEUE_BAD_CURSOR };

/*
 * queue_read - a page of what waits in some municipalities, as Redis knows it
 * in       cursor NULL: from the most urgent; limit 1 … QUEUE_MAX_PAGE
 * out      op->result = enum queue_read_result; *page is filled when it is QUEUE_READ. page must live in op->arena
 * cost     O(log waiting) per municipality + limit; the counts are read, not counted; 400 bytes of arena per item
 */
enum op_status queue_read(struct op *op, int next_state, const char *const *municipalities, int n,
                          const char *cursor, int limit, struct queue_page *page);

#endif
