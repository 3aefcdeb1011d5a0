/*
 * task.h - when something that was promised is due, in the time that people are there, and when its owner is reminded
 */
#ifndef LOKET_TASK_H
#define LOKET_TASK_H

#include "lib/core/hours.h"

enum {
	TASK_MAX_DAYS = 60,      /* working days ahead */
	TASK_MAX_HOURS = 80,     /* of opening time ahead: two weeks */
	TASK_MAX_ATTEMPTS = 50,  /* to reach somebody */
};

/* within which time something is due */
struct task_within {
	int days, hours; /* days on which it is open, or hours of opening time; the other is 0 */
};

/* task_due_text - "P2D" or "PT4H"; false: it is neither, or too far ahead */
bool task_due_text(const char *s, struct task_within *w);
/* task_within - the moment; of days: the end of the n-th on which it is open, after today */
int64_t task_within(const struct hours *h, struct task_within w, int64_t now_us);
/* task_by_date - before the end of that day (since 1970): when it closes, or, when it does not open, when it closed last
 * before; when that has passed, when it closes next */
int64_t task_by_date(const struct hours *h, int64_t day, int64_t now_us);
/* task_remind - when the owner is reminded: a working day before it is due, when it is open; else halfway */
int64_t task_remind(const struct hours *h, int64_t now_us, int64_t due_us);

#endif
