/*
 * signals.h - what is said is sorted by theme and area, in the background, behind the intake
 *
 * The sweep of the instance that leads looks at posts that nobody proposed anything for, and proposes
 * (lib/core/theme and tone). Then it reads what citizens said since the last look, on any channel, counts
 * each question once for its theme, area and hour (loket.theme_hour), where a person says otherwise of a post
 * for what they say, and has lib/core/signal judge what became more. Counting looks at what was committed
 * some seconds ago, so that nothing comes in behind it, and can be done twice: nothing of it is in the way of
 * intake.
 */
#ifndef LOKET_SIGNALS_H
#define LOKET_SIGNALS_H

struct server;

enum {
	SIGNALS_PAGE = 100,       /* posts that are read at once */
	SIGNALS_CONTACTS = 500,   /* contacts */
	SIGNALS_PAGES = 10,       /* of contacts in one look: in a flood counting comes later than intake */
	SIGNALS_BEHIND_MS = 6000, /* a contact is committed within this after it got its id (intake.h) */
	SIGNALS_MOVED = 10,       /* corrections that are counted at once */
	SIGNALS_SERIES = 200,     /* that are judged after a page */
	SIGNALS_RAISED = 20,      /* signals that can begin after a page */
	SIGNALS_OPEN = 200,       /* that are looked at whether they go on, once a minute */
	SIGNALS_KEEP_HOURS = 13 * 7 * 24, /* counts: a quarter. Questions: a month */
	SIGNALS_KEEP_QUESTIONS = 30 * 24
};

struct signals;
struct signals *signals_new(struct server *srv);
struct signals *signals_free(struct signals *s);
void signals_sweep(struct signals *s);

#endif
