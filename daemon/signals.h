/*
 * signals.h - what is said is sorted by theme and area, in the background, behind the intake
 *
 * The sweep of the instance that leads looks at posts that nobody proposed anything for, and proposes (lib/core/theme and
 * tone).
 */
#ifndef LOKET_SIGNALS_H
#define LOKET_SIGNALS_H

struct server;

/* SIGNALS_PAGE: posts that are read at once */
enum { SIGNALS_PAGE = 100 };

struct signals;
struct signals *signals_new(struct server *srv);
struct signals *signals_free(struct signals *s);
void signals_sweep(struct signals *s);

#endif
