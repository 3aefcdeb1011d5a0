/*
 * expect.h - how long will somebody wait who joins now, and what may be promised about it
 *
 * With k people before them, n agents who may take them, h seconds of work each and a chance theta a second that
 * somebody who waits gives up, a wait is about log(1 + (k + 1) theta h / n) / theta: the plain wait. Agents have other
 * work too and queues are not in one order, so what waits became, as a multiple of their plain wait, is remembered,
 * by how many were ahead; who gave up counts as somebody who would have waited longer (Kaplan and Meier). One wait
 * is a matter of chance: what is said is a limit that most stay within, not a point. Pure, without a clock; the
 * same from any order of processes, as long as events come in that order.
 */
#ifndef LOKET_EXPECT_H
#define LOKET_EXPECT_H

#include <stdbool.h>

enum {
	EXPECT_GROUPS = 5,                /* of waits, by people ahead: below 1, 2, 4, 8, and the rest */
	EXPECT_STEPS = 48,                /* of waited / plain: four to a doubling, from 1/256 to 16 */
	EXPECT_KNOWN = 20,                /* pieces of work that must have been seen before anything is said */
	EXPECT_PROMISE = 85,              /* of 100 callers, so many wait no longer than they were told */
	EXPECT_LONGEST_S = 3600,          /* nothing longer is promised */
};

/* what is known of a line: contacts of one channel. All zero: nothing */
struct expect {
	double worked_s, worked;          /* handling time, contacts; the last few hundred count */
	double waited_s, gave_up;         /* of all who left: their seconds, and how many of them gave up */
	struct expect_group { float taken[EXPECT_STEPS], gone[EXPECT_STEPS]; } groups[EXPECT_GROUPS];
};

enum expect_basis {
	EXPECT_UNKNOWN,                   /* too little was seen */
	EXPECT_NOBODY,                    /* no agent is present who may take it */
	EXPECT_QUEUE,                     /* people ahead, agents, handling time, and what waits became lately */
	N_EXPECT_BASES
};

/* what is expected, with what it is based on; the numbers are 0 unless basis is EXPECT_QUEUE */
struct expected {
	enum expect_basis basis;
	double ahead;                     /* people before this one, for the same agents */
	int agents;                       /* present, who may take it, busy or not */
	double each_s;                    /* mean handling time */
	double plain_s;                   /* by queue, agents and handling time alone */
	double likely_s;                  /* half of all wait longer: to compare by, not to be said */
	int within_s;                     /* to be said: a round limit; 0: more than EXPECT_LONGEST_S, promise nothing */
};

/*
 * expect_wait - what may somebody expect who joins now?
 *
 * More people ahead never make it shorter, more agents never longer.
 * in       ahead: >= 0, people who wait already for the same agents; who competes for only some of these may count
 *          for a part. agents: present, who may take it
 */
struct expected expect_wait(const struct expect *e, double ahead, int agents);

/* expect_worked - a contact was finished after so many seconds of work */
void expect_worked(struct expect *e, double seconds);
/* expect_left - somebody who was told x is taken, or gave up, after waited_s. x NULL: what they were told is not
 * known any more, only how long they waited counts */
void expect_left(struct expect *e, const struct expected *x, double waited_s, bool taken);

const char *expect_basis_name(enum expect_basis b);  /* "queue" */

#endif
