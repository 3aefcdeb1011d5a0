/*
 * resolve.h - the addresses of a name, looked up while the loop goes on
 *
 * libpq and hiredis look names up themselves, and the loop would wait for as long as a name server does. So they are
 * given addresses. glibc asks in a thread of its own, as libcurl does, by all of nsswitch.conf.
 */
#ifndef LOKET_RESOLVE_H
#define LOKET_RESOLVE_H

#include <stdbool.h>

struct server;
struct resolve;

enum { RESOLVE_MAX = 8 };              /* addresses of a name that are looked at */

/* called from the loop once, the best address first; n 0: the name has none, or nobody answered */
typedef void resolve_done(const char *const *addresses, int n, void *arg);

/* resolve_needed - false for an address, a path and NULL */
bool resolve_needed(const char *host);
/* resolve_start - look name up (copied); owner: the caller, until done was called, which frees it */
struct resolve *resolve_start(struct server *srv, const char *name, resolve_done *done, void *arg);
/* resolve_free - nobody waits any more; NULL is fine */
struct resolve *resolve_free(struct resolve *r);

#endif
