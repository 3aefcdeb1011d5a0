/* lib/core/hours: when people are there */
#include "tests/unit/moments.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/promise.h"

#include <stdio.h>

static int read_hours(const char *settings, struct hours *h, struct bad_setting *problems, int max)
{
	struct arena *a = arena_new(1 << 20);
	json_t *j = NULL;
	int n;

	ck_assert_int_eq(jsonx_load(a, TEXT(settings), &j, NULL), 0);
	n = hours_read(j, h, problems, max);
	arena_free(a);
	return n;
}

static struct hours hours_of(const char *settings)
{
	struct bad_setting p[1];
	struct hours h = hours_defaults();
	int n = read_hours(settings, &h, p, 1);

	ck_assert_msg(n == 0, "%s: %s %s", settings, n ? p[0].field : "", n ? p[0].why : "");
	return h;
}

static void assert_next(const struct hours *h, const char *when, const char *expected)
{
	ck_assert_msg(hours_next_open(h, at(when)) == at(expected), "%s: %s, not %s", when,
		      text(hours_next_open(h, at(when))), expected);
}

/* month and day of Easter Sunday; the same dates come from another rule (Meeus, Jones and Butcher) */
START_TEST(test_easter)
{
	static const int easters[][3] = {
		{1954, 4, 18}, {1981, 4, 19}, {2010, 4, 4},  {2011, 4, 24}, {2012, 4, 8},  {2013, 3, 31},
		{2014, 4, 20}, {2015, 4, 5},  {2016, 3, 27}, {2017, 4, 16}, {2018, 4, 1},  {2019, 4, 21},
		{2020, 4, 12}, {2021, 4, 4},  {2022, 4, 17}, {2023, 4, 9},  {2024, 3, 31}, {2025, 4, 20},
		{2026, 4, 5},  {2027, 3, 28}, {2028, 4, 16}, {2029, 4, 1},  {2030, 4, 21}, {2031, 4, 13},
		{2032, 3, 28}, {2033, 4, 17}, {2034, 4, 9},  {2035, 3, 25}, {2038, 4, 25}, {2049, 4, 18},
		{2076, 4, 19}, {2285, 3, 22},
	};

	for (size_t i = 0; i < COUNT(easters); i++) {
		int64_t sunday = when_days(easters[i][0], easters[i][1], easters[i][2]);

		ck_assert_msg(hours_holiday(sunday, false), "Easter %d", easters[i][0]);
		ck_assert(hours_holiday(sunday + 1, false));
		ck_assert(!hours_holiday(sunday - 2, false) && hours_holiday(sunday - 2, true));
		ck_assert(hours_holiday(sunday + 39, false)); /* Ascension Day, a Thursday */
		ck_assert(hours_holiday(sunday + 50, false)); /* Whit Monday */
		ck_assert(!hours_holiday(sunday + 38, false) && !hours_holiday(sunday + 51, false));
	}
}
END_TEST

START_TEST(test_holidays)
{
	static const struct {
		int y, m, d;
		bool is;
	} days[] = {
		{2025, 4, 26, true},  {2025, 4, 27, false}, /* Koningsdag: the 27th is a Sunday */
		{2026, 4, 27, true},  {2026, 4, 26, false}, {2027, 4, 27, true},   {2031, 4, 26, true},
		{2031, 4, 27, false}, {2025, 5, 5, true},   {2026, 5, 5, false},   {2029, 5, 5, false},
		{2030, 5, 5, true},   {2026, 1, 1, true},   {2026, 1, 2, false},   {2026, 12, 24, false},
		{2026, 12, 25, true}, {2026, 12, 26, true}, {2026, 12, 27, false}, {2026, 12, 31, false},
		{2026, 5, 14, true},  {2026, 5, 25, true},
	};

	for (size_t i = 0; i < COUNT(days); i++)
		ck_assert_msg(hours_holiday(when_days(days[i].y, days[i].m, days[i].d), false) == days[i].is,
			      "%d-%d-%d", days[i].y, days[i].m, days[i].d);
}
END_TEST

START_TEST(test_defaults)
{
	struct hours h = hours_defaults();

	ck_assert(hours_open(&h, at("2026-11-20T09:00:00+01:00"))); /* Friday */
	ck_assert(hours_open(&h, at("2026-11-20T16:59:59.999+01:00")));
	ck_assert(!hours_open(&h, at("2026-11-20T17:00:00+01:00")));
	ck_assert(!hours_open(&h, at("2026-11-20T08:59:59.999+01:00")));
	assert_next(&h, "2026-11-20T17:00:00+01:00", "2026-11-23T09:00:00+01:00");
	assert_next(&h, "2026-07-01T06:00:00Z", "2026-07-01T09:00:00+02:00");
	/* Koningsdag on a Monday, and in 2025 on a Saturday */
	assert_next(&h, "2026-04-27T10:00:00+02:00", "2026-04-28T09:00:00+02:00");
	assert_next(&h, "2025-04-26T10:00:00+02:00", "2025-04-28T09:00:00+02:00");
	assert_next(&h, "2026-04-03T17:00:00+02:00", "2026-04-07T09:00:00+02:00"); /* Easter */
	assert_next(&h, "2026-12-24T18:00:00+01:00",
		    "2026-12-28T09:00:00+01:00"); /* Christmas on Friday and Saturday */
}
END_TEST

/* 29 March 2026 02:00 becomes 03:00; 25 October 2026 03:00 becomes 02:00 */
START_TEST(test_clock_changes)
{
	struct hours night =
		hours_of("{\"hours\": {\"sun\": [[\"02:30\", \"04:00\"]], \"holidays\": false}}");
	struct hours all = hours_of(
		"{\"hours\": {\"sat\": [[\"00:00\", \"24:00\"]], \"sun\": [[\"00:00\", \"24:00\"]]}}");
	struct hours h = hours_defaults();
	int minute;

	assert_next(&h, "2026-03-27T17:00:00+01:00", "2026-03-30T09:00:00+02:00");
	assert_next(&h, "2026-10-23T17:00:00+02:00", "2026-10-26T09:00:00+01:00");
	assert_next(&h, "2027-03-26T17:00:00+01:00",
		    "2027-03-30T09:00:00+02:00"); /* Easter Monday the day after */
	assert_next(&night, "2026-03-29T00:00:00Z",
		    "2026-03-29T01:00:00Z"); /* 02:30 is not there: from 03:00 */
	assert_next(&night, "2026-10-25T00:00:00Z",
		    "2026-10-25T00:30:00Z"); /* 02:30 is there twice: from the first */
	ck_assert(hours_add(&night, at("2026-10-25T00:00:00Z"), 9000 - 1) ==
		  at("2026-10-25T02:59:59Z")); /* 2.5 hours */
	ck_assert(hours_add(&all, at("2026-03-28T22:59:00Z"), 23 * 3600) ==
		  at("2026-03-29T21:59:00Z")); /* 23 hours */
	ck_assert(hours_add(&all, at("2026-10-24T22:00:00Z"), 25 * 3600 - 1) == at("2026-10-25T22:59:59Z"));
	ck_assert(hours_local_day(at("2026-03-29T00:59:59Z"), &minute) == when_days(2026, 3, 29) &&
		  minute == 119);
	ck_assert(hours_local_day(at("2026-03-29T01:00:00Z"), &minute) == when_days(2026, 3, 29) &&
		  minute == 180);
	ck_assert(hours_local_day(at("2026-10-25T00:59:59Z"), &minute) == when_days(2026, 10, 25) &&
		  minute == 179);
	ck_assert(hours_local_day(at("2026-10-25T01:00:00Z"), &minute) == when_days(2026, 10, 25) &&
		  minute == 120);
	ck_assert(hours_local_day(at("2026-06-30T22:00:00Z"), &minute) == when_days(2026, 7, 1) &&
		  minute == 0);
}
END_TEST

START_TEST(test_settings)
{
	struct hours h =
		hours_of("{\"hours\": {\"mon\": [[\"09:00\", \"12:00\"], [\"13:00\", \"17:00\"]], \"thu\": "
			 "[[\"18:00\", \"20:00\"]], \"closed\": [\"2026-11-26\"], \"goodFriday\": true}}");

	assert_next(&h, "2026-11-23T12:00:00+01:00", "2026-11-23T13:00:00+01:00");
	assert_next(&h, "2026-11-24T10:00:00+01:00",
		    "2026-11-30T09:00:00+01:00"); /* Tuesday is not named; Thursday closed */
	ck_assert(hours_add(&h, at("2026-11-23T11:00:00+01:00"), 7200) == at("2026-11-23T14:00:00+01:00"));
	ck_assert(hours_add(&h, at("2026-11-23T11:00:00+01:00"), 3600) == at("2026-11-23T13:00:00+01:00"));
	ck_assert(h.holidays && h.good_friday);
	h = hours_of("{\"hours\": {\"closed\": [\"2026-11-23\"], \"holidays\": false}}"); /* the days stay as
											     they were */
	assert_next(&h, "2026-11-22T10:00:00+01:00", "2026-11-24T09:00:00+01:00");
	ck_assert(hours_open(&h, at("2026-04-27T10:00:00+02:00")));
	ck_assert_int_eq(hours_of("{}").days[0].n, 1);
	ck_assert_int_eq(hours_of("{\"hours\": null}").days[0].n, 1);
}
END_TEST

START_TEST(test_every_bad_field_is_named)
{
	static const char *const expected[] = {"mon[1]",   "tue[0]",     "wed",       "thu[0]",
					       "fri[0]",   "sat",        "closed[0]", "closed[2]",
					       "closed[3]", "holidays", "goodFriday", "sunday"};
	struct bad_setting p[HOURS_MAX_PROBLEMS];
	struct hours h = hours_defaults(), before = h;
	int n = read_hours(
		"{\"hours\": {\"mon\": [[\"09:00\", \"12:00\"], [\"11:00\", \"17:00\"]], \"tue\": "
		"[[\"9:00\", "
		"\"12:00\"]], \"wed\": \"always\", \"thu\": [[\"17:00\", \"09:00\"]], \"fri\": [[\"09:00\", "
		"\"24:01\"]], \"sat\": [[], [], [], [], []], \"closed\": [\"2026-02-30\", \"2026-02-28\", "
		"7, \"0000-12-24\"], "
		"\"holidays\": \"yes\", \"goodFriday\": 1, \"sunday\": []}}",
		&h, p, HOURS_MAX_PROBLEMS);

	ck_assert_int_eq(n, COUNT(expected));
	for (int i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < COUNT(expected); k++)
			found |= !strcmp(p[i].field, expected[k]);
		ck_assert_msg(found, "%s", p[i].field);
	}
	ck_assert(memcmp(&h, &before, sizeof h) == 0);
	ck_assert_int_eq(read_hours("{\"hours\": {\"mon\": []}}", &h, p, 1), 1); /* never open */
	ck_assert_str_eq(p[0].why, "is never open");
	ck_assert_int_eq(read_hours("{\"hours\": []}", &h, p, 1), 1);
	ck_assert_int_eq(read_hours("{\"hours\": {\"x\": 1, \"y\": 2}}", &h, p, 1), 2); /* counted past max */
}
END_TEST

static struct hours some_hours(struct prng *r)
{
	struct hours h = {.holidays = prng_below(r, 2), .good_friday = prng_below(r, 2)};

	while (h.n_closed < prng_below(r, HOURS_MAX_CLOSED))
		h.closed[h.n_closed++] = when_days(2026, 1, 1) + prng_below(r, 1000);
	for (int w = 0; w < 7; w++) {
		int minute = prng_below(r, 1200);

		while (h.days[w].n < prng_below(r, HOURS_MAX_SPANS + 1) && minute < 1400) {
			int until = minute + 1 + prng_below(r, 1440 - minute);

			h.days[w].spans[h.days[w].n++] = (struct hours_span){minute, until};
			minute = until + 1 + prng_below(r, 100);
		}
	}
	if (h.days[1].n == 0)
		h.days[1].spans[h.days[1].n++] = (struct hours_span){600, 700};
	return h;
}

/* it never goes back, never ends outside opening hours, and the parts of a wait are the wait */
START_TEST(test_property)
{
	struct prng r = {42};

	for (int i = 0; i < 3000; i++) {
		struct hours h = some_hours(&r);
		int64_t us = at("2026-01-01T00:00:00Z") +
			     (int64_t)(prng_next(&r) % (900 * UINT64_C(86400))) * WHEN_SECOND_US;
		int64_t s = prng_below(&r, 40000), more = prng_below(&r, 40000);
		int64_t then = hours_add(&h, us, s), later = hours_add(&h, us, s + more);

		ck_assert_msg(hours_open(&h, then) && then >= us, "%s + %d: %s", text(us), (int)s,
			      text(then));
		ck_assert(hours_open(&h, us) == (hours_next_open(&h, us) == us));
		ck_assert(then - us >= s * WHEN_SECOND_US && later >= then);
		ck_assert_msg(hours_add(&h, then, more) == later, "%s + %d + %d", text(us), (int)s,
			      (int)more);
		ck_assert(hours_add(&h, us + more * WHEN_SECOND_US, s) >= then);
	}
}
END_TEST

START_TEST(test_promise)
{
	struct hours h = hours_defaults();
	struct promise_rules r = promise_defaults();
	int64_t friday = at("2026-11-20T16:50:00+01:00");
	struct promise p = promise_make(&r, &h, friday, 0, 0);

	ck_assert(p.not_before_us == friday && p.promised_us == at("2026-11-23T16:50:00+01:00"));
	p = promise_make(&r, &h, at("2026-04-26T12:00:00+02:00"), 0, 0); /* the Sunday before Koningsdag */
	ck_assert(p.not_before_us == at("2026-04-28T09:00:00+02:00") &&
		  p.promised_us == at("2026-04-29T09:00:00+02:00"));
	p = promise_make(&r, &h, friday, at("2026-11-24T10:00:00+01:00"), at("2026-11-24T11:00:00+01:00"));
	ck_assert(p.not_before_us == at("2026-11-24T10:00:00+01:00") &&
		  p.promised_us == at("2026-11-24T11:00:00+01:00"));
	ck_assert(promise_retry(&r, &h, 1, friday) == at("2026-11-23T09:00:00+01:00"));
	ck_assert(promise_retry(&r, &h, 2, at("2026-11-20T10:00:00+01:00")) ==
		  at("2026-11-20T12:00:00+01:00"));
	ck_assert(promise_retry(&r, &h, 3, at("2026-11-19T10:00:00+01:00")) ==
		  at("2026-11-20T10:00:00+01:00"));
	ck_assert(promise_retry(&r, &h, 4, friday) == 0 && promise_retry(&r, &h, 0, friday) == 0);
}
END_TEST

START_TEST(test_promise_settings)
{
	static const char *const bad[] = {"[]",
					  "{\"retry_minutes\": [0]}",
					  "{\"retry_minutes\": [1,2,3,4,5,6,7,8,9]}",
					  "{\"retry_minutes\": 15}",
					  "{\"promise_minutes\": 10081}",
					  "{\"colour\": 1}"};
	struct arena *a = arena_new(1 << 20);
	struct bad_setting p[1];
	struct promise_rules r = promise_defaults();
	json_t *j = NULL;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_int_eq(jsonx_load(a, TEXT(arena_printf(a, "{\"callback\": %s}", bad[i])), &j, NULL),
				 0);
		ck_assert_msg(promise_read(j, &r, p, 1) == 1, "%s", bad[i]);
	}
	ck_assert(r.minutes == 480 && r.n_retries == 3 && r.retry[0] == 15);
	ck_assert_int_eq(
		jsonx_load(a, LITERAL("{\"callback\": {\"promise_minutes\": 60, \"retry_minutes\": [5]}}"),
			   &j, NULL),
		0);
	ck_assert_int_eq(promise_read(j, &r, p, 1), 0);
	ck_assert(r.minutes == 60 && r.n_retries == 1 && r.retry[0] == 5);
	arena_free(a);
}
END_TEST

static void assert_days(const char *from, int n, const char *expected)
{
	ck_assert_msg(hours_working_days(at(from), n) == at(expected), "%s and %d days: %s, not %s", from, n,
		      text(hours_working_days(at(from), n)), expected);
}

START_TEST(test_working_days)
{
	assert_days("2026-11-16T10:30:15Z", 5, "2026-11-23T10:30:15Z");      /* a week */
	assert_days("2026-11-23T10:30:15Z", -5, "2026-11-16T10:30:15Z");
	assert_days("2026-11-20T10:30:15Z", 1, "2026-11-23T10:30:15Z");      /* over a weekend */
	assert_days("2026-11-22T10:30:15Z", 5, "2026-11-29T23:00:00Z");      /* Sunday is the Monday that follows */
	assert_days("2026-11-22T10:30:15Z", -5, "2026-11-15T23:00:00Z");
	assert_days("2026-12-22T11:00:00Z", 5, "2026-12-30T11:00:00Z");      /* the first day of Christmas */
	assert_days("2026-12-28T11:00:00Z", -5, "2026-12-18T11:00:00Z");
	assert_days("2027-04-29T10:00:00Z", 5, "2027-05-07T10:00:00Z");      /* Ascension Day; 5 May is none */
	assert_days("2027-03-24T11:00:00Z", 5, "2027-04-01T10:00:00Z");      /* Easter Monday, and clocks change */
	assert_days("2027-04-27T10:00:00Z", 0, "2027-04-27T22:00:00Z");      /* the King's birthday */
	ck_assert_int_eq(hours_working_day(at("2026-01-01T12:00:00Z")), 0);
	ck_assert_int_eq(hours_working_day(at("2026-01-01T23:30:00Z")), 1);  /* the second has begun here */
	ck_assert_int_eq(hours_working_day(at("2026-12-31T12:00:00Z")), 255);   /* 261 from Monday to Friday, six off */
}
END_TEST

START_TEST(test_working_days_property)
{
	struct prng p = {7};

	for (int i = 0; i < 5000; i++) {
		int64_t us = at("2026-01-01T00:00:00Z") + prng_below(&p, 3650) * INT64_C(86400000000) +
			     prng_below(&p, 86400) * INT64_C(1000000);
		int n = prng_below(&p, 12);
		int64_t then = hours_working_days(us, n), more = hours_working_days(us + 3600000000, n);

		ck_assert_int_ge(then, us + n * INT64_C(82800000000));   /* a day may have 23 hours */
		ck_assert_int_ge(more, then);                            /* who is later is not earlier then */
		ck_assert_int_eq(hours_working_day(then), hours_working_day(hours_working_days(us, 0)) + n);
	}
}
END_TEST

/* ten years: every day off by the calendar, written out; the King's birthday of 2031 is a Sunday, so it is the day before */
START_TEST(test_ten_years)
{
	static const int easters[10][2] = {{4, 5},  {3, 28}, {4, 16}, {4, 1}, {4, 21},
					   {4, 13}, {3, 28}, {4, 17}, {4, 9}, {3, 25}};

	for (int y = 2026; y < 2036; y++) {
		int64_t easter = when_days(y, easters[y - 2026][0], easters[y - 2026][1]);
		int64_t off[] = {when_days(y, 1, 1),   easter,      easter + 1,  when_days(y, 4, y == 2031 ? 26 : 27),
				 when_days(y, 12, 25), easter + 39, easter + 49, easter + 50,
				 when_days(y, 12, 26), y % 5 == 0 ? when_days(y, 5, 5) : easter};

		for (int64_t day = when_days(y, 1, 1); day < when_days(y + 1, 1, 1); day++) {
			bool expected = false;

			for (size_t i = 0; i < COUNT(off); i++)
				expected |= off[i] == day;
			ck_assert_msg(hours_holiday(day, false) == expected, "%s", text(day * INT64_C(86400000000)));
			ck_assert(hours_holiday(day, true) == (expected || day == easter - 2));
		}
	}
}
END_TEST

/* ten years of days with two times each, over every change of the clock: as long as they say, and where they say */
START_TEST(test_ten_years_of_opening)
{
	struct hours h = hours_of("{\"hours\": {\"sun\": [[\"00:30\", \"01:30\"], [\"12:00\", \"14:00\"]], \"mon\": [[\"09:00\", "
				  "\"12:00\"], [\"13:00\", \"17:00\"]], \"holidays\": false}}");
	int64_t at_us = at("2026-01-01T00:00:00Z");
	int n = 0;

	for (; at_us < at("2036-01-01T00:00:00Z"); n++) {
		int64_t opens = hours_next_open(&h, at_us), day, closes;
		int minute;

		day = hours_local_day(opens, &minute);
		ck_assert(minute == 30 || minute == 720 || minute == 540 || minute == 780);
		closes = opens + (minute == 30 ? 1 : minute == 720 ? 2 : minute == 540 ? 3 : 4) * INT64_C(3600000000);
		ck_assert(hours_open(&h, closes - 1) && !hours_open(&h, closes));
		ck_assert(minute == 30 || minute == 540 || hours_closes(&h, day) == closes);
		at_us = closes;
	}
	ck_assert_int_eq(n, 4 * 522 + 1); /* two on each of as many Mondays and Sundays, and the next year's first */
}
END_TEST

START_TEST(test_region_and_municipality)
{
	struct hours h = hours_of("{\"hours\": {\"mon\": [[\"09:00\", \"12:00\"]], \"closed\": [\"2026-12-24\"]}}");
	struct bad_setting p[1];

	ck_assert_int_eq(read_hours("{\"hours\": {\"closed\": [\"2026-12-31\"]}}", &h, p, 1), 0);
	ck_assert(h.days[0].n == 1 && h.days[1].n == 0 && h.n_closed == 1);
	ck_assert_int_eq(h.closed[0], when_days(2026, 12, 31));
	ck_assert_int_eq(read_hours("{\"hours\": {\"tue\": [[\"09:00\", \"12:00\"]]}}", &h, p, 1), 0);
	ck_assert(h.days[0].n == 0 && h.days[1].n == 1 && h.n_closed == 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_easter,        test_holidays, test_defaults,
				      test_clock_changes, test_settings, test_every_bad_field_is_named,
				      test_property,      test_promise,  test_promise_settings,
				      test_working_days,  test_working_days_property,
				      test_ten_years,     test_ten_years_of_opening, test_region_and_municipality};

	return unit_run("hours", tests, COUNT(tests));
}
