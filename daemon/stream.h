/*
 * stream.h - Redis, by hiredis: the one queue as everybody sees it, and nudges between instances
 *
 * Redis is never the truth. Everything here may fail at any moment; nobody waits for it before an
 * answer, and queue.c rebuilds what is lost. Own timeouts (2 s), PING every 5 s, reconnect with backoff.
 * Commands in flight are capped; past the cap they are refused and counted.
 */
#ifndef LOKET_STREAM_H
#define LOKET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct server;
struct stream;
struct redisReply;

enum { STREAM_MAX_IN_FLIGHT = 10000, STREAM_TIMEOUT_MS = 2000 };

/* called from the loop exactly once; reply is NULL when there was no answer (refused, lost, timed out) and
 * dies when the callback returns */
typedef void stream_done(struct redisReply *reply, void *arg);

struct stream *stream_new(struct server *srv, const char *address); /* "unix:/path" or "host:port"; NULL: no Redis */
struct stream *stream_free(struct stream *s);
bool stream_up(const struct stream *s);
/* stream_on_up - called at each (re)connect: the queue is looked at again */
void stream_on_up(struct stream *s, void (*fn)(void *arg), void *arg);
/* stream_command - argv is copied; done may be NULL */
void stream_command(struct stream *s, int argc, const char *const *argv, const size_t *len,
                    stream_done *done, void *arg);
/* stream_script - EVALSHA with EVAL as fallback; script must live for ever (a constant) */
void stream_script(struct stream *s, const char *script, int n_keys, int argc, const char *const *argv,
                   const size_t *len, stream_done *done, void *arg);

#endif
