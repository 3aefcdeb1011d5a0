/*
 * arena.h - memory that is freed all at once
 *
 * An operation's arena owns what the operation allocates. Every arena is born with
 * its maximum. Running out of the machine's memory ends the process (inputs are
 * bounded and work is stored); passing the arena's own maximum returns NULL from
 * arena_try and ends the process in the other functions, because their callers have
 * already bounded what they ask for.
 */
#ifndef LOKET_ARENA_H
#define LOKET_ARENA_H

#include "lib/base/bytes.h"

struct arena;

/* arena_new - an empty arena that will never hold more than max_bytes */
struct arena *arena_new(size_t max_bytes);
/* arena_reset - give back all that was taken of it; the memory stays for the next one */
void arena_reset(struct arena *a);
/* arena_free - free a and all that was allocated from it; returns NULL, takes NULL */
struct arena *arena_free(struct arena *a);
/* arena_alloc - n zeroed bytes, aligned for any type; never NULL */
void *arena_alloc(struct arena *a, size_t n);
/* arena_try - as arena_alloc, but NULL when the arena's maximum would be passed */
void *arena_try(struct arena *a, size_t n);
/* arena_dup - a NUL-terminated copy of n bytes at p */
char *arena_dup(struct arena *a, const void *p, size_t n);
/* arena_str - a copy of the NUL-terminated s; NULL gives NULL */
char *arena_str(struct arena *a, const char *s);
/* arena_join - strings, one behind the other; NULL ends them */
char *arena_join(struct arena *a, ...) __attribute__((sentinel));
/* arena_printf - a formatted string; where every contact comes by, arena_join is quicker */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* arena_on_free - call fn(p) when the arena is freed (json_decref, PQclear, close…) */
void arena_on_free(struct arena *a, void (*fn)(void *), void *p);
/* arena_used - bytes handed out so far */
size_t arena_used(const struct arena *a);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

#endif
