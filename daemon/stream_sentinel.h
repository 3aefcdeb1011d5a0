/*
 * stream_sentinel.h - which Redis is the master now: asked of Sentinels, one after the other
 *
 * What one says may be old, so whoever connects there looks whether it can write.
 */
#ifndef LOKET_STREAM_SENTINEL_H
#define LOKET_STREAM_SENTINEL_H

struct server;
struct sentinels;

enum {
	SENTINEL_MAX = 8,
	SENTINEL_MS = 1000,            /* for the answer of one */
	SENTINEL_NAME = 64, SENTINEL_TEXT = 256, /* room for the master's name; for an address */
};

/* called from the loop, once for each question; host NULL: none of them knows */
typedef void sentinel_answer(const char *host, int port, void *arg);

/* sentinels_new - words: NAME@host:port,host:port,… as config_check has looked at */
struct sentinels *sentinels_new(struct server *srv, const char *words, sentinel_answer *answer, void *arg);
struct sentinels *sentinels_free(struct sentinels *s);
/* sentinels_ask - one question at a time; begins with the Sentinel that answered last */
void sentinels_ask(struct sentinels *s);

#endif
