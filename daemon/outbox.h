/*
 * outbox.h - replies on their way to the provider
 *
 * A reply is committed with its case before anything is sent; the outbox commits "sending" before the
 * call, and the answer after it. What was "sending" when a process died is "uncertain": never sent again by
 * itself, shown to people. Certain failures before the provider had it are tried again with backoff.
 */
#ifndef LOKET_OUTBOX_H
#define LOKET_OUTBOX_H

struct server;
struct courier;

/* outbox_new - the courier (courier.h) of replies; courier_free ends it */
struct courier *outbox_new(struct server *srv);
/* outbox_wake - a reply was committed: look for what is due */
void outbox_wake(struct courier *outbox);

#endif
