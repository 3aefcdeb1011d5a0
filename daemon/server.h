/* server.h - the running daemon: pointers to its parts. Every part includes only what it uses */
#ifndef LOKET_SERVER_H
#define LOKET_SERVER_H

#include "lib/base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct server {
	struct event_base *base;
	struct loop *loop;
	const struct config *config;
	struct op_queue *ops;
	struct http *http;
	struct sse *sse;
	struct pg *pg;
	struct stream *stream;
	struct fetch *fetch;
	struct auth *auth;
	struct world *world;
	struct flood *flood;
	struct barrier *barrier;
	struct intake *intake;
	struct queue *queue;
	struct dispatch *dispatch;
	struct courier *outbox;
	struct events *events;
	struct automatic *automatic;
	struct poll *poll;
	struct fetcher *fetcher;
	struct attachments *attachments;
	struct calls *calls;
	struct case_reads *case_reads;
	struct surveys *surveys;
	struct signals *signals;
	struct tasks *tasks;
	struct receipts *receipts;
	struct figures *figures;
	struct case_words *case_words;
	struct sweep *sweep;
	struct uuid_gen uuids;
	char instance[UUID_TEXT];      /* of this process */
	bool stopping;
};

/* the only clocks and the only chance of the daemon (loop.c) */
int64_t now_us(void);              /* UTC, microseconds since 1970 */
int64_t mono_us(void);             /* monotonic, for deadlines and durations */
void random_bytes(void *out, int n);
struct uuid server_uuid(struct server *srv);   /* the next UUIDv7 */

#endif
