/* when.h - moments: int64 microseconds since 1970, UTC. No clock is read here. */
#ifndef LOKET_WHEN_H
#define LOKET_WHEN_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEN_TEXT = 32, WHEN_DAY = 16 };
#define WHEN_SECOND_US INT64_C(1000000)

/* when_format - RFC 3339 in UTC with milliseconds: 2026-11-21T21:44:51.123Z */
void when_format(int64_t us, char out[WHEN_TEXT]);
/* when_parse - RFC 3339 with any offset, years 1 to 9999 in UTC; false, and *us as it was, when it is not one */
bool when_parse(const char *s, int64_t *us);
/* when_unix - decimal seconds since 1970 between 2000 and 2200; false otherwise */
bool when_unix(const char *s, int64_t *us);
/* when_days - a date of the Gregorian calendar as days since 1970-01-01; when_date - and back. Month and day from 1 */
int64_t when_days(int64_t y, int m, int d);
void when_date(int64_t days, int64_t *y, int *m, int *d);
/* when_weekday - of a day since 1970: 0 is Monday */
int when_weekday(int64_t day);
/* when_day - "2026-11-21" as days since 1970, years 1 to 9999; false, and *day as it was, when it is not one, or NULL */
bool when_day(const char *s, int64_t *day);
/* when_day_format - and back; returns out */
const char *when_day_format(int64_t day, char out[WHEN_DAY]);
/* when_month_name - in Dutch; m from 1 to 12: "november" */
const char *when_month_name(int m);

#endif
