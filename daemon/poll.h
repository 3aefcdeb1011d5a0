/*
 * poll.h - providers that do not come to us: ask them what is new
 *
 * Each enabled inbox whose channel has a poll is asked every settings.poll_seconds by one instance (a row of
 * loket.poll). A page is one operation: claim and read the cursor, ask, store what came by intake, store the cursor. What
 * comes twice is known by its provider id. A full page is followed by the next one at once; a server that fails is left
 * alone for longer each time, or for as long as it asks.
 */
#ifndef LOKET_POLL_H
#define LOKET_POLL_H

enum {
	POLL_MAX_INBOXES = 256,      /* more are not asked; the log says so */
	POLL_DEFAULT_S = 30,         /* between two questions */
	POLL_MAX_PAGES = 20,         /* in one go; then the others and the clock have their turn */
	POLL_BACKOFF_S = 300,        /* the longest pause of our own making */
	POLL_RETRY_AFTER_S = 3600,   /* the longest one that a server can ask for */
	POLL_LEASE_S = 20,           /* longer than a request and its commit take */
	POLL_LATE_S = 2,             /* so late may the next question be before another instance asks it */
};

struct server;
struct poll;

struct poll *poll_new(struct server *srv);
struct poll *poll_free(struct poll *p);

#endif
