/*
 * queue.h - the one queue: every waiting case of every channel and municipality, in Redis
 *
 * PostgreSQL's case_file.state = 'queued' is the truth; this is how all instances and redis-cli see it.
 * proto/redis.md describes the keys. Losing it loses nothing: queue_rebuild reads PostgreSQL. GET
 * /v1/queue reads it (counts are kept, not counted), and falls back to PostgreSQL without Redis.
 */
#ifndef LOKET_QUEUE_H
#define LOKET_QUEUE_H

#include "lib/core/route.h"

#include <stdbool.h>

struct server;
struct queue;

struct queue *queue_new(struct server *srv);
struct queue *queue_free(struct queue *q);
/* queue_put / queue_remove - after COMMIT; batched into one command per loop turn; never awaited */
void queue_put(struct queue *q, const struct route_case *c);
void queue_remove(struct queue *q, struct case_id id);
/* queue_rebuild - make Redis say what PostgreSQL says; at connect, and when the sweep finds a difference */
void queue_rebuild(struct queue *q);
/* queue_check - compare number and newest entries with PostgreSQL; rebuild when they differ (sweep) */
void queue_check(struct queue *q);

#endif
