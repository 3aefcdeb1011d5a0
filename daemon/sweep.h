/*
 * sweep.h - nothing waits unseen: every few seconds, what was forgotten is found
 *
 * Offers whose time is over, cases queued in PostgreSQL that the dispatcher or Redis does not know, agents who
 * vanished, replies stuck in "sending", wrap-ups that ended, old raw bytes, notices and keys.
 */
#ifndef LOKET_SWEEP_H
#define LOKET_SWEEP_H

struct server;
struct sweep;
struct sweep *sweep_new(struct server *srv);
struct sweep *sweep_free(struct sweep *s);

#endif
