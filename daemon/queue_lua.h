/* queue_lua.h - the queue from the inside: its scripts and what its files share */
#ifndef LOKET_QUEUE_LUA_H
#define LOKET_QUEUE_LUA_H

#include "daemon/queue.h"

#define QUEUE_KEY "loket:queue"

/* KEYS[1] is QUEUE_KEY in all of them; proto/redis.md describes the keys */

/* ARGV: "live" or the token of a rebuild; then changes: "put" id due arrived municipality class item | "del" id.
 * gives 1; 0: the queue is not whole (live) or another rebuild has begun */
extern const char queue_lua_change[];
/* ARGV: token, seconds. Empties the queue. gives 1; 0: another rebuild is under way */
extern const char queue_lua_begin[];
/* ARGV: token. gives 1: from now on the queue is whole */
extern const char queue_lua_finish[];
/* ARGV: ids. gives whole (1/0), number of cases, how many of the ids are missing, whether a rebuild is under way */
extern const char queue_lua_check[];
/* ARGV: limit, cursor's due, cursor's id, municipalities. gives nil when not whole, or
 * { oldest arrival or "", { id, item, … } (limit + 1 at most), { class, n, … } } */
extern const char queue_lua_read[];

enum { QUEUE_PUT_ARGS = 7, QUEUE_DEL_ARGS = 2, QUEUE_REBUILD_SECONDS = 10 };

/* arguments of a command: strings in one buffer that grows */
struct queue_args {
	char *buf;
	size_t len, room;
	size_t *at;
	int n, max;
};

/* what Redis is told about a case; text from PostgreSQL or the world, times in milliseconds */
struct queue_entry {
	const char *id, *municipality, *channel, *product, *language;
	bool option0, live;
	int64_t arrived_us, due_us;
};

void queue_args_add(struct queue_args *a, const char *s);
void queue_args_put(struct queue_args *a, const struct queue_entry *e);
/* queue_args_list - pointers to all arguments; the caller frees */
const char **queue_args_list(const struct queue_args *a);
void queue_args_reset(struct queue_args *a);
void queue_args_done(struct queue_args *a);

/* what Redis has beside PostgreSQL; both 0: nothing */
struct queue_difference {
	int64_t too_many;               /* cases; negative: too few */
	int64_t missing;                /* of the most urgent */
};

/* queue_rebuild_start, queue_check_start - the operations */
void queue_rebuild_start(struct server *srv);
void queue_check_start(struct server *srv);
/* how they ended */
void queue_rebuilt(struct queue *q, bool whole);
void queue_checked(struct queue *q, bool known, bool whole, struct queue_difference d);

#endif
