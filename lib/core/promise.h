/*
 * promise.h - when somebody calls back: what is told to the citizen, and when a call is tried again
 *
 * Settings of a municipality: {"callback": {"promise_minutes": 480, "retry_minutes": [15, 120, 1440]}}.
 */
#ifndef LOKET_PROMISE_H
#define LOKET_PROMISE_H

#include "lib/core/hours.h"

enum {
	PROMISE_MAX_RETRIES = 8,
	PROMISE_MAX_MINUTES = 10080, /* a week, of the clock or of opening time */
	PROMISE_AT_MINUTES = 15,     /* who is told "at two" is called before a quarter past */
	PROMISE_MAX_DAYS = 60,       /* ahead */
};

struct promise_rules {
	int minutes;                    /* of opening time: before then, when no moment was named */
	int retry[PROMISE_MAX_RETRIES]; /* minutes after an attempt that failed; then no more */
	int n_retries;
};

struct promise {
	int64_t not_before_us; /* nobody calls sooner */
	int64_t promised_us;   /* and somebody has before then */
};

/* promise_defaults - within 8 hours of opening time; tried again after a quarter, two hours and a day */
struct promise_rules promise_defaults(void);
/* promise_read - what settings.callback says; as hours_read */
int promise_read(const json_t *settings, struct promise_rules *r, struct bad_setting *problems, int max);

/* promise_shown - every setting of call-backs and where it is from, as hours_shown. New reference */
json_t *promise_shown(const json_t *region, const json_t *municipality);

/*
 * promise_make - by when somebody calls
 * in       from_us: not before (the past, or 0, is now); until_us: the end of the window, 0: by the rules
 * returns  a promise that begins when it is open
 */
struct promise promise_make(const struct promise_rules *r, const struct hours *h, int64_t now_us,
			    int64_t from_us, int64_t until_us);
/* promise_retry - when to call again after so many attempts that failed (from 1); 0: no more */
int64_t promise_retry(const struct promise_rules *r, const struct hours *h, int attempts, int64_t now_us);

#endif
