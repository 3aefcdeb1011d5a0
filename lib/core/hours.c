/* hours.c - the calendar is computed: no time zone files, and nothing to keep up to date every year */
#include "lib/core/hours.h"

#include "lib/base/when.h"
#include "lib/core/in_force.h"

#include <stdio.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define MINUTE_US (60 * WHEN_SECOND_US)

/* closed dates and holidays cannot shut what opens once a week for longer */
enum { SEARCH_DAYS = 7 * (HOURS_MAX_CLOSED + 60), SATURDAY = 5, SUNDAY = 6, MINUTES_OF_DAY = 24 * 60 };

static const char *const day_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---------------------------------------------------------------- the calendar */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* summer time ends and begins at 01:00 UTC on the last Sunday of these months, which have 31 days */
static int64_t change_s(int64_t year, int month)
{
	int64_t last = when_days(year, month, 31);

	return (last - (when_weekday(last) + 1) % 7) * DAY_S + 3600;
}

static int offset_s(int64_t s)
{
	int64_t year;
	int month, date;

	when_date(floor_div(s, DAY_S), &year, &month, &date);
	return s >= change_s(year, 3) && s < change_s(year, 10) ? 7200 : 3600;
}

/* what the clock shows twice is the first time; what it skips is the moment of the change */
static int64_t to_utc(int64_t day, int minute)
{
	int64_t local = day * DAY_S + minute * INT64_C(60), summer = local - 7200, winter = local - 3600;

	if (offset_s(summer) == 7200)
		return summer;
	return offset_s(winter) == 3600 ? winter : winter - winter % 3600;
}

int64_t hours_local_day(int64_t us, int *minute)
{
	int64_t s = floor_div(us, WHEN_SECOND_US), local = s + offset_s(s), day = floor_div(local, DAY_S);

	if (minute)
		*minute = (int)((local - day * DAY_S) / 60);
	return day;
}

/*
 * Easter Sunday: the Sunday after the full moon (by table, not by the sky) on or after 21 March
 * source   Gauss's rule in the corrected form for the Gregorian calendar; the tests have the dates of 25
 * years
 */
static int64_t easter(int64_t year)
{
	int64_t century = year / 100, golden = year % 19;
	int64_t moon_shift = (13 + 8 * century) / 25;
	int64_t m = (15 - moon_shift + century - century / 4) % 30, n = (4 + century - century / 4) % 7;
	int64_t d = (19 * golden + m) % 30, e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + n) % 7;

	if (e == 6 && (d == 29 || (d == 28 && golden > 10)))
		e = -1;
	return when_days(year, 3, 22) + d + e;
}

/* the King's birthday; on Saturday when that is a Sunday */
static int64_t koningsdag(int64_t year)
{
	int64_t day = when_days(year, 4, 27);

	return when_weekday(day) == SUNDAY ? day - 1 : day;
}

bool hours_holiday(int64_t day, bool good_friday)
{
	int64_t year, from_easter;
	int month, date;

	when_date(day, &year, &month, &date);
	from_easter = day - easter(year);
	switch (from_easter) {
	case -2:
		return good_friday;
	case 0: /* Easter */
	case 1:
	case 39: /* Ascension Day */
	case 49: /* Whitsun */
	case 50:
		return true;
	default:
		break;
	}
	return (month == 1 && date == 1) || day == koningsdag(year) ||
	       (month == 5 && date == 5 && year % 5 == 0) || (month == 12 && (date == 25 || date == 26));
}

static bool is_working(int64_t day)
{
	return when_weekday(day) < SATURDAY && !hours_holiday(day, false);
}

int64_t hours_working_days(int64_t us, int n)
{
	int minute, step = n < 0 ? -1 : 1;
	int64_t day = hours_local_day(us, &minute), rest = us - floor_div(us, MINUTE_US) * MINUTE_US;

	for (; !is_working(day); day++)
		rest = minute = 0;
	for (; n != 0; n -= is_working(day) ? step : 0)
		day += step;
	return to_utc(day, minute) * WHEN_SECOND_US + rest;
}

int hours_working_day(int64_t us)
{
	int n = 0;

	for (int64_t day = when_days(2026, 1, 1), today = hours_local_day(us, NULL); day <= today; day++)
		n += is_working(day);
	return n;
}

/* ---------------------------------------------------------------- when it is open */

static bool is_closed(const struct hours *h, int64_t day)
{
	for (int i = 0; i < h->n_closed; i++)
		if (h->closed[i] == day)
			return true;
	return h->holidays && hours_holiday(day, h->good_friday);
}

/* the first time that it is open and that ends after us; false when it never opens */
static bool next_span(const struct hours *h, int64_t us, int64_t *from_us, int64_t *until_us)
{
	int64_t first = hours_local_day(us, NULL);

	for (int64_t day = first; day < first + SEARCH_DAYS; day++) {
		int w = when_weekday(day);

		if (h->days[w].n == 0 || is_closed(h, day))
			continue;
		for (int i = 0; i < h->days[w].n; i++) {
			*from_us = to_utc(day, h->days[w].spans[i].from) * WHEN_SECOND_US;
			*until_us = to_utc(day, h->days[w].spans[i].until) * WHEN_SECOND_US;
			if (*until_us > us && *until_us > *from_us)
				return true;
		}
	}
	return false; /* hours_read lets nothing like that in */
}

int64_t hours_closes(const struct hours *h, int64_t day)
{
	int w = when_weekday(day), n = h->days[w].n;

	return n == 0 || is_closed(h, day) ? 0 : to_utc(day, h->days[w].spans[n - 1].until) * WHEN_SECOND_US;
}

int64_t hours_day_begins(int64_t day)
{
	return to_utc(day, 0) * WHEN_SECOND_US;
}

bool hours_open(const struct hours *h, int64_t us)
{
	return hours_next_open(h, us) == us;
}

int64_t hours_next_open(const struct hours *h, int64_t us)
{
	return hours_add(h, us, 0);
}

int64_t hours_add(const struct hours *h, int64_t us, int64_t seconds)
{
	int64_t left_us, from, until, at = us;

	if (seconds > HOURS_MAX_SECONDS)
		seconds = HOURS_MAX_SECONDS;
	left_us = seconds < 0 ? 0 : seconds * WHEN_SECOND_US;
	while (next_span(h, at, &from, &until)) {
		if (at < from)
			at = from;
		if (left_us < until - at)
			return at + left_us;
		left_us -= until - at;
		at = until;
	}
	return at;
}

/* ---------------------------------------------------------------- settings */

struct reading {
	struct hours h;
	struct bad_setting *problems;
	int n, max;
};

static void bad(struct reading *r, const char *name, int index, const char *why)
{
	if (r->n < r->max) {
		struct bad_setting *p = &r->problems[r->n];

		p->why = why;
		if (index < 0)
			snprintf(p->field, sizeof p->field, "%s", name);
		else
			snprintf(p->field, sizeof p->field, "%s[%d]", name, index);
	}
	r->n++;
}

static bool two_digits(const char *s, int *out)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*out = (s[0] - '0') * 10 + (s[1] - '0');
	return true;
}

/* "09:00"; "24:00" is the end of the day */
static bool read_clock(const json_t *j, int *minute)
{
	const char *s = json_string_value(j);
	int hh, mm;

	if (!s || strlen(s) != 5 || s[2] != ':' || !two_digits(s, &hh) || !two_digits(s + 3, &mm) || mm > 59)
		return false;
	*minute = hh * 60 + mm;
	return *minute <= MINUTES_OF_DAY;
}

static void read_day(struct reading *r, int w, const json_t *spans)
{
	size_t n = json_array_size(spans);
	int before = -1;

	if (!json_is_array(spans) || n > HOURS_MAX_SPANS) {
		bad(r, day_names[w], -1, "is an array of at most 4 pairs of from and until");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(spans, i);
		struct hours_span s;

		if (json_array_size(pair) != 2 || !read_clock(json_array_get(pair, 0), &s.from) ||
		    !read_clock(json_array_get(pair, 1), &s.until))
			bad(r, day_names[w], (int)i, "is a pair of times such as [\"09:00\", \"17:00\"]");
		else if (s.from >= s.until)
			bad(r, day_names[w], (int)i, "ends before it begins");
		else if (s.from <= before)
			bad(r, day_names[w], (int)i, "begins before the one before it has ended");
		else
			r->h.days[w].spans[r->h.days[w].n++] = s, before = s.until;
	}
}

static void read_closed(struct reading *r, const json_t *dates)
{
	if (!json_is_array(dates) || json_array_size(dates) > HOURS_MAX_CLOSED) {
		bad(r, "closed", -1, "is an array of at most 100 dates");
		return;
	}
	r->h.n_closed = 0;
	for (size_t i = 0; i < json_array_size(dates); i++) {
		if (when_day(json_string_value(json_array_get(dates, i)), &r->h.closed[r->h.n_closed]))
			r->h.n_closed++;
		else
			bad(r, "closed", (int)i, "is a date such as 2026-12-24");
	}
}

static void read_bool(struct reading *r, const char *name, const json_t *v, bool *out)
{
	if (!json_is_boolean(v))
		bad(r, name, -1, "is true or false");
	*out = json_is_true(v);
}

static int day_from(const char *name)
{
	for (int w = 0; w < 7; w++)
		if (!strcmp(day_names[w], name))
			return w;
	return -1;
}

static void read_field(struct reading *r, const char *name, const json_t *v)
{
	int w = day_from(name);

	if (w >= 0)
		read_day(r, w, v);
	else if (!strcmp(name, "closed"))
		read_closed(r, v);
	else if (!strcmp(name, "holidays"))
		read_bool(r, name, v, &r->h.holidays);
	else if (!strcmp(name, "goodFriday"))
		read_bool(r, name, v, &r->h.good_friday);
	else
		bad(r, name, -1, "is not known");
}

struct hours hours_defaults(void)
{
	struct hours h = {.holidays = true};

	for (int w = 0; w < SATURDAY; w++)
		h.days[w].spans[h.days[w].n++] = (struct hours_span){9 * 60, 17 * 60};
	return h;
}

static int n_spans(const struct hours *h)
{
	int n = 0;

	for (int w = 0; w < 7; w++)
		n += h->days[w].n;
	return n;
}

static bool names_day(const json_t *hours)
{
	for (int w = 0; w < 7; w++)
		if (json_object_get(hours, day_names[w]))
			return true;
	return false;
}

int hours_read(const json_t *settings, struct hours *h, struct bad_setting *problems, int max)
{
	json_t *hours = json_object_get(settings, "hours"), *v;
	struct reading r = {.h = *h, .problems = problems, .max = max};
	const char *name;

	if (!hours || json_is_null(hours))
		return 0;
	if (!json_is_object(hours)) {
		bad(&r, "hours", -1, "is an object");
		return r.n;
	}
	if (names_day(hours))
		memset(r.h.days, 0, sizeof r.h.days);
	json_object_foreach(hours, name, v) read_field(&r, name, v);
	if (r.n == 0 && n_spans(&r.h) == 0)
		bad(&r, "hours", -1, "is never open");
	if (r.n == 0)
		*h = r.h;
	return r.n;
}

/* ---------------------------------------------------------------- and where they are from */

static json_t *clock_json(int minute)
{
	return json_sprintf("%02d:%02d", minute / 60, minute % 60);
}

static json_t *day_json(const struct hours *h, int w)
{
	json_t *spans = json_array();

	for (int i = 0; i < h->days[w].n; i++)
		json_array_append_new(spans, json_pack("[o, o]", clock_json(h->days[w].spans[i].from),
						       clock_json(h->days[w].spans[i].until)));
	return spans;
}

static json_t *closed_json(const struct hours *h)
{
	json_t *dates = json_array();
	char day[WHEN_DAY];

	for (int i = 0; i < h->n_closed; i++)
		json_array_append_new(dates, json_string(when_day_format(h->closed[i], day)));
	return dates;
}

json_t *hours_shown(const json_t *region, const json_t *municipality)
{
	struct hours h = hours_defaults();
	const json_t *own = hours_read(region, &h, NULL, 0) ? NULL : json_object_get(region, "hours");
	const json_t *over = hours_read(municipality, &h, NULL, 0) ? NULL : json_object_get(municipality, "hours");
	const char *from = names_day(over) ? "municipality" : names_day(own) ? "region" : "default";
	json_t *all = json_object();

	for (int w = 0; w < 7; w++)
		json_object_set_new(all, day_names[w], json_pack("{s:o, s:s}", "value", day_json(&h, w), "from", from));
	json_object_set_new(all, "closed", in_force(own, over, "closed", closed_json(&h)));
	json_object_set_new(all, "holidays", in_force(own, over, "holidays", json_boolean(h.holidays)));
	json_object_set_new(all, "goodFriday", in_force(own, over, "goodFriday", json_boolean(h.good_friday)));
	return all;
}
