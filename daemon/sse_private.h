/*
 * sse_private.h - what sse.c, sse_fan.c and sse_replay.c share
 *
 *   sse.c          streams: open, heartbeat, end
 *   sse_fan.c      one notice to the many streams that may see it, in slices
 *   sse_replay.c   what a reader missed, from PostgreSQL
 *   sse_follow.c   what other instances tell, from PostgreSQL
 *   sse_tokens.c   streams whose token is good no longer
 *
 * A stream is freed in one place: on_end, which http calls once. Whoever walks streams over several
 * turns keeps a cursor in struct sse that on_end moves on.
 */
#ifndef LOKET_SSE_PRIVATE_H
#define LOKET_SSE_PRIVATE_H

#include "daemon/loop.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/sse.h"

#include <sys/queue.h>

enum {
	SSE_HEARTBEAT_US = 15 * 1000000,   /* proxies cut after 60 s of silence */
	SSE_TICK_MS = 1000,
	SSE_TICK_MAX = 2000,               /* heartbeats in one turn */
	SSE_AGENT_BUCKETS = 1024,
	SSE_SLICE_US = 2000,               /* of one turn, for one notice to many streams */
	SSE_FANS_MAX = 1024,               /* notices waiting to be fanned out: beyond, the turn takes longer */
	SSE_HELD_MAX = 64 * 1024,          /* bytes of live events held during a replay: beyond, resync */
	SSE_REPLAY_MAX = 1000,             /* notices in one replay: beyond, resync */
	SSE_REPLAY_IDS = 50000,            /* ids between the reader's last and the newest: beyond, resync */
	SSE_FOLLOW_MS = 25,                /* how late another instance's notice may be */
	SSE_ALONE_MS = 300,                /* the same look, while there is no other instance, or no stream */
	SSE_UNHEARD_MS = 15000,            /* a unit may commit so long after its connection was lost, or before we notice */
	SSE_FOLLOW_ROWS = 2000,            /* in one look; more: look again at once */
	SSE_FOLLOW_BACK = 500,             /* ids that may have been committed late */
	SSE_BACK_MS = 2000,                /* who was sent away comes back within this: the same as after a broken connection */
	SSE_TOLD = 8192,                   /* ids remembered, so that nothing is told twice */
	SSE_QUEUE_EVERY_US = 1000000,      /* queue.changed per municipality */
	SSE_QUEUES_MAX = 512,              /* municipalities for which that is kept apart */
};

struct stream_reader {                     /* one open stream; "struct stream" is Redis' */
	struct sse *sse;
	struct http_x *x;
	struct principal who;              /* its strings are behind the struct, in the same allocation */
	bool ended;                        /* no more writing; on_end will come */
	struct replay *replay;             /* under way: live events are held back */
	char *held;
	size_t n_held;
	bool held_lost;                    /* more came than may be held */
	int64_t beat_us;                   /* of the last heartbeat */
	TAILQ_ENTRY(stream_reader) link, beat_link;
	LIST_ENTRY(stream_reader) agent_link;
};
TAILQ_HEAD(reader_list, stream_reader);
LIST_HEAD(agent_bucket, stream_reader);

struct fan;
TAILQ_HEAD(fan_list, fan);

struct queue_told {                        /* queue.changed of one municipality */
	struct notice notice;              /* waiting to be told; payload NULL: none */
	char municipality[64];
	int64_t told_us;
};

struct sse {
	struct server *srv;
	int max_streams, count;
	struct reader_list all, beats;     /* beats: longest silence first */
	struct agent_bucket agents[SSE_AGENT_BUCKETS];
	struct loop_timer *tick, *more;
	struct fan_list fans;
	int n_fans;
	struct stream_reader *cursor;      /* the next stream of the first fan */
	int64_t newest;                    /* highest id that has been fanned out */
	int64_t told[SSE_TOLD];            /* at id modulo SSE_TOLD */
	struct loop_timer *follow;
	bool following;                    /* a look is under way */
	int64_t looked_us;
	bool alone;                        /* at the last look there was no other instance, and nothing unheard of */
	int64_t follow_from, followed;     /* ids: where the first look ended (-1: none yet), read up to here */
	int64_t highest;                   /* that was there at a look */
	int sessions[N_PG_CONNECTIONS];    /* pg_session; another one: something may have been committed unheard */
	int64_t unheard_us;                /* mono; until then it is looked for */
	bool go_back;                      /* the next look begins at marks[0] */
	int64_t marks[2], marked_us;       /* followed, SSE_UNHEARD_MS ago or more, and since then */
	struct queue_told *queues;
	int n_queues;
	bool checking, check_again;        /* tokens: a look is under way; another is wanted */
};

/* sse.c */
void reader_write(struct stream_reader *r, const char *text, size_t len);   /* or hold, while replaying */
void reader_write_now(struct stream_reader *r, const char *text, size_t len);
void reader_resync(struct stream_reader *r, int64_t newest);
struct agent_bucket *agent_bucket(struct sse *s, struct agent_id a);

/* sse_fan.c */
/* event_text - the event as it goes over the wire; the caller frees */
char *event_text(const struct notice *n, size_t *len);
void fan_leaves(struct sse *s, const struct stream_reader *r);  /* r is about to be freed */
void fan_tick(struct sse *s, int64_t now);                      /* queue.changed that waited */
void fan_more(void *arg);
void fan_all(struct sse *s);                                    /* all that waits, now */
void fan_done(struct sse *s);

/* sse_replay.c */
/* notice_of_row - a row of notice_after or notice_others; borrows the payload; false for one that is none */
bool notice_of_row(struct op *op, int row, struct notice *n);
void replay_start(struct stream_reader *r, int64_t last_id);
void replay_leaves(struct stream_reader *r);                    /* r is about to be freed */

/* sse_follow.c */
void follow_tick(void *arg);

/* sse_tokens.c */
void tokens_tick(struct sse *s);                                /* look, when it is wanted */

#endif
