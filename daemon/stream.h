/*
 * stream.h - Redis, by hiredis: the one queue as everybody sees it, and nudges between instances
 *
 * Redis is never the truth. Everything here may fail at any moment; nobody waits for it before an
 * answer, and queue.c rebuilds what is lost. Own timeouts (2 s), a small write every 5 s, reconnect with backoff;
 * Sentinels are asked each time.
 * Commands in flight are capped; past the cap they are refused and counted.
 */
#ifndef LOKET_STREAM_H
#define LOKET_STREAM_H

#include "daemon/op.h"

#include <stdbool.h>
#include <stddef.h>

struct server;
struct stream;
struct redisReply;

enum { STREAM_MAX_IN_FLIGHT = 10000, STREAM_TIMEOUT_MS = 2000, STREAM_PING_MS = 5000, STREAM_MAX_ON_UP = 4 };

/* called from the loop exactly once; reply is NULL when there was no answer (refused, lost, timed out) and
 * dies when the callback returns */
typedef void stream_done(struct redisReply *reply, void *arg);

/* address: "unix:/path", "host:port" or "sentinel:NAME@host:port,…"; NULL or "": no Redis */
struct stream *stream_new(struct server *srv, const char *address);
struct stream *stream_free(struct stream *s);
/* stream_up - it took a write, and has neither refused one nor gone since */
bool stream_up(const struct stream *s);
/* stream_on_up - called at each (re)connect: the queue is looked at again */
void stream_on_up(struct stream *s, void (*fn)(void *arg), void *arg);
/*
 * stream_script - EVAL. The script goes along each time: a kilobyte on a socket costs less than knowing whether
 * the server (restarted, flushed) still has it. argv: the keys, then the arguments; copied. done may be NULL
 */
void stream_script(struct stream *s, const char *script, int n_keys, int argc, const char *const *argv,
                   const size_t *len, stream_done *done, void *arg);

/* takes what is needed from the reply (NULL: no answer); what it returns becomes op->result */
typedef int stream_fold(struct op *op, struct redisReply *reply, void *arg);
/* stream_submit - the same as a wait of an operation */
enum op_status stream_submit(struct op *op, int next_state, const char *script, int n_keys, int argc,
                             const char *const *argv, const size_t *len, stream_fold *fold, void *arg);

#endif
