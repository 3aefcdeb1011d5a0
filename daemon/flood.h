/*
 * flood.h - who sends more than fits: strangers are refused, providers slowed, senders quieted; nothing signed is lost
 *
 * Budgets are kept in memory, by each instance for itself.
 */
#ifndef LOKET_FLOOD_H
#define LOKET_FLOOD_H

#include <stdbool.h>
#include <stddef.h>

struct server;
struct flood;
struct world_inbox;

enum {
	FLOOD_AHEAD_S = 10,                          /* of an inbox or municipality: seconds of its budget at once */
	FLOOD_DEBT_S = 60,                           /* after so long without a post it has all of that again */
	FLOOD_WAIT_MS = 2000,                        /* no post waits longer; providers hang up after 5 to 20 s */
	FLOOD_MAX_SLOWED = 1024,                     /* posts that wait at once */
	FLOOD_MAX_SLOWED_BYTES = 64 * 1024 * 1024,   /* of bodies that wait at once */
	FLOOD_GUESSES = 10,                          /* wrong secrets of an address in a minute; so many at once */
	FLOOD_LOOKS = 60,                            /* at one case by who has its secret, likewise */
};

struct flood *flood_new(struct server *srv);
struct flood *flood_free(struct flood *f);

/* flood_form - may this address post an unsigned form to the inbox now? Counts it when it may */
bool flood_form(struct flood *f, const struct world_inbox *in, const char *from);
/*
 * flood_post - a signed post with n contacts and reports came for the inbox
 * returns  milliseconds for it to wait before it is stored, 0: none; < 0: it has to come again later. After a wait the
 *          caller says flood_waited, with the same bytes
 */
int flood_post(struct flood *f, const struct world_inbox *in, int n, size_t bytes);
void flood_waited(struct flood *f, size_t bytes);
/*
 * flood_guess - may this address try the secret of a case now? flood_guessed: it was wrong, which is what counts
 * flood_looks - may the case with this reference be looked at once more now? Counts it when it may
 */
bool flood_guess(struct flood *f, const char *from);
void flood_guessed(struct flood *f, const char *from);
bool flood_looks(struct flood *f, const char *reference);
/* flood_sender - one more contact of this sender; true: more than the budget, nobody should be called for it */
bool flood_sender(struct flood *f, const struct world_inbox *in, const char *kind, const char *value);

#endif
