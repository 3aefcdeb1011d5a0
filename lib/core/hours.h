/*
 * hours.h - when people are there: opening hours and Dutch holidays, in the time of Europe/Amsterdam
 *
 * Settings of a municipality: {"hours": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], …,
 * "closed": ["2026-12-24"], "holidays": true, "goodFriday": false}}. When a day of the week is named, days
 * that are not named are closed; when none is, all are as they were (hours_defaults, or those of the region). Days are those of the Dutch
 * clock. source   summer time: Directive 2000/84/EC, articles 2 and 3. Holidays: Algemene termijnenwet,
 * article 3; 5 May is a day off in lustrum years by custom, Good Friday only where it was agreed
 */
#ifndef LOKET_HOURS_H
#define LOKET_HOURS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	HOURS_MAX_SPANS = 4,    /* of a day */
	HOURS_MAX_CLOSED = 100, /* dates */
	HOURS_MAX_PROBLEMS = 32,
	HOURS_MAX_SECONDS = 14 * 86400, /* that hours_add adds */
};

struct hours_span {
	int from, until;
}; /* minutes of the day; until is not in it */

struct hours {
	struct {
		struct hours_span spans[HOURS_MAX_SPANS];
		int n;
	} days[7]; /* from Monday; in order */
	bool holidays, good_friday;
	int64_t closed[HOURS_MAX_CLOSED]; /* days since 1970 */
	int n_closed;
};

/* what is wrong in settings; lib/core/promise.h says it in the same way */
struct bad_setting {
	char field[96]; /* "mon[1]" */
	const char *why;
};

/* hours_defaults - Monday to Friday, 09:00 to 17:00, not on holidays */
struct hours hours_defaults(void);

/*
 * hours_read - what settings.hours says over *h
 * in       settings: of a region or municipality; NULL or without "hours": nothing changes
 * out      *h: changed only when nothing is wrong; problems[max]: every field that is wrong
 * returns  how many problems there are; at most max are told. Hours that never open are one
 */
int hours_read(const json_t *settings, struct hours *h, struct bad_setting *problems, int max);

/* hours_shown - every setting of hours, its value and where it is from: the municipality, its region, or the default. A week is
 * from who names a day of it. New reference */
json_t *hours_shown(const json_t *region, const json_t *municipality);

/* hours_open - is it open at this moment (microseconds, UTC)? */
bool hours_open(const struct hours *h, int64_t us);
/* hours_next_open - us when it is open then, or else when it opens next */
int64_t hours_next_open(const struct hours *h, int64_t us);
/*
 * hours_add - the moment so many seconds of opening time from us
 * limits   0 to HOURS_MAX_SECONDS; more counts as that
 * returns  a moment at which it is open: what ends exactly at closing time is the next opening
 */
int64_t hours_add(const struct hours *h, int64_t us, int64_t seconds);

/* hours_closes - when it closes on this day (since 1970); 0: it does not open on it */
int64_t hours_closes(const struct hours *h, int64_t day);
/* hours_day_begins - the moment at which this day (since 1970) begins by the Dutch clock */
int64_t hours_day_begins(int64_t day);

/* hours_holiday - is this day (since 1970) one of the Netherlands? */
bool hours_holiday(int64_t day, bool good_friday);
/*
 * hours_working_days - the moment n working days after us, or before it when n is negative
 *
 * Monday to Friday without holidays, each from midnight to midnight; what is not in one counts as the beginning of the
 * next. As long as nothing between is a day off, five of them are a week.
 */
int64_t hours_working_days(int64_t us, int n);
/* hours_working_day - how many working days began since 2026 did, up to and including that of us */
int hours_working_day(int64_t us);
/* hours_local_day - the day (since 1970) that it is by the Dutch clock; *minute (may be NULL) of that day */
int64_t hours_local_day(int64_t us, int *minute);

#endif
