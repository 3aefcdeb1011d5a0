#include "lib/base/when.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define YEAR_1 (INT64_C(-62135596800) * WHEN_SECOND_US)
#define YEAR_10000 (INT64_C(253402300800) * WHEN_SECOND_US)
#define YEAR_2000 INT64_C(946684800)
#define YEAR_2200 INT64_C(7258118400)

/* Days since 1970-01-01 in the Gregorian calendar and back, counted in 400-year eras of years
 * that begin in March, so that the leap day comes last.
 * source   Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", read 2026-11-21 */
int64_t when_days(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, year = y - era * 400;
	int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

void when_date(int64_t days, int64_t *y, int *m, int *d)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	*d = (int)(in_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = year + era * 400 + (*m <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* 1970-01-01 was a Thursday */
int when_weekday(int64_t day)
{
	return (int)(day + 3 - 7 * floor_div(day + 3, 7));
}

/* v as at least n digits, and what follows them; returns what is behind */
static char *put_number(char *out, int64_t v, int n, char then)
{
	int64_t more = v;

	for (int i = 0; i < n; i++)
		more /= 10;
	for (; more; more /= 10)
		n++;
	for (int i = n; i--; v /= 10)
		out[i] = (char)('0' + v % 10);
	out[n] = then;
	return out + n + 1;
}

void when_format(int64_t us, char out[WHEN_TEXT])
{
	int64_t s = floor_div(us, WHEN_SECOND_US), days = floor_div(s, SECONDS_PER_DAY), y;
	int ms = (int)((us - s * WHEN_SECOND_US) / 1000), in_day = (int)(s - days * SECONDS_PER_DAY), m, d;

	when_date(days, &y, &m, &d);
	if (y < 0)
		*out++ = '-';
	out = put_number(out, y < 0 ? -y : y, 4, '-');
	out = put_number(out, m, 2, '-');
	out = put_number(out, d, 2, 'T');
	out = put_number(out, in_day / 3600, 2, ':');
	out = put_number(out, in_day / 60 % 60, 2, ':');
	out = put_number(out, in_day % 60, 2, '.');
	out = put_number(out, ms, 3, 'Z');
	*out = '\0';
}

/* exactly n digits with a value from min to max; moves *s behind them */
static bool number(const char **s, int n, int min, int max, int *out)
{
	int v = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return v >= min && v <= max;
}

static bool skip(const char **s, const char *any_of)
{
	return **s && strchr(any_of, *(*s)++);
}

static int days_in(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100) || y % 400 == 0;

	return days[m - 1] + (m == 2 && leap);
}

/* ".123456789": microseconds, what is finer is dropped; false for a dot without digits */
static bool fraction(const char **s, int64_t *us)
{
	int64_t unit = WHEN_SECOND_US / 10;

	*us = 0;
	if (**s != '.')
		return true;
	if ((*s)[1] < '0' || (*s)[1] > '9')
		return false;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*us += unit * (**s - '0');
	return true;
}

static bool offset(const char **s, int *seconds)
{
	int h, m, sign;

	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		*seconds = 0;
		return true;
	}
	sign = **s == '-' ? -1 : 1;
	if (!skip(s, "+-") || !number(s, 2, 0, 23, &h) || !skip(s, ":") || !number(s, 2, 0, 59, &m))
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

/* "2026-11-21", and what stands behind it is left */
static bool date(const char **s, int64_t *day)
{
	int y, mon, d;

	if (!number(s, 4, 1, 9999, &y) || !skip(s, "-") || !number(s, 2, 1, 12, &mon) || !skip(s, "-") ||
	    !number(s, 2, 1, days_in(y, mon), &d))
		return false;
	*day = when_days(y, mon, d);
	return true;
}

bool when_day(const char *s, int64_t *day)
{
	int64_t found;

	if (!s || !date(&s, &found) || *s)
		return false;
	*day = found;
	return true;
}

const char *when_day_format(int64_t day, char out[WHEN_DAY])
{
	int64_t y;
	int m, d;

	when_date(day, &y, &m, &d);
	snprintf(out, WHEN_DAY, "%04d-%02d-%02d", (int)y % 10000, m, d);
	return out;
}

const char *when_month_name(int m)
{
	static const char *const names[] = {"januari", "februari", "maart",     "april",   "mei",      "juni",
					    "juli",    "augustus", "september", "oktober", "november", "december"};

	return names[m - 1];
}

bool when_parse(const char *s, int64_t *us)
{
	int h, min, sec, off;
	int64_t day, micro, moment;

	/* second 60 is a leap second: the one after 59, as everywhere in Unix time */
	if (!s || !date(&s, &day) || !skip(&s, "Tt ") ||
	    !number(&s, 2, 0, 23, &h) || !skip(&s, ":") || !number(&s, 2, 0, 59, &min) || !skip(&s, ":") ||
	    !number(&s, 2, 0, 60, &sec) || !fraction(&s, &micro) || !offset(&s, &off) || *s)
		return false;
	moment = (day * SECONDS_PER_DAY + h * 3600 + min * 60 + sec - off) * WHEN_SECOND_US + micro;
	if (moment < YEAR_1 || moment >= YEAR_10000)
		return false;   /* an offset can lead out of the years that have four digits */
	*us = moment;
	return true;
}

bool when_unix(const char *s, int64_t *us)
{
	int64_t v = 0;

	if (!s || !*s || strlen(s) > 10)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (*s - '0');
	}
	if (v < YEAR_2000 || v >= YEAR_2200)
		return false;
	*us = v * WHEN_SECOND_US;
	return true;
}
