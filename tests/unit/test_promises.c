/* lib/core/task and lib/core/term: when what was promised is due, and what the law says */
#include "tests/unit/moments.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include "lib/base/when.h"
#include "lib/core/task.h"
#include "lib/core/term.h"

static void assert_moment(int64_t us, const char *expected)
{
	ck_assert_msg(us == at(expected), "%s, not %s", text(us), expected);
}

/* ---------------------------------------------------------------- in working hours */

START_TEST(test_due_by_date)
{
	struct hours h = hours_defaults();
	int64_t thursday = at("2026-11-19T10:00:00Z");

	assert_moment(task_by_date(&h, when_days(2026, 11, 24), thursday), "2026-11-24T16:00:00Z");
	assert_moment(task_by_date(&h, when_days(2026, 11, 22), thursday), "2026-11-20T16:00:00Z"); /* Sunday: before it */
	assert_moment(task_by_date(&h, when_days(2026, 11, 19), thursday), "2026-11-19T16:00:00Z");
	assert_moment(task_by_date(&h, when_days(2026, 11, 19), at("2026-11-19T17:00:00Z")), "2026-11-20T16:00:00Z");
	assert_moment(task_by_date(&h, when_days(2026, 11, 22), at("2026-11-21T10:00:00Z")), "2026-11-23T16:00:00Z");
	assert_moment(task_by_date(&h, when_days(2026, 12, 26), thursday), "2026-12-24T16:00:00Z"); /* Christmas */
	assert_moment(task_by_date(&h, when_days(2026, 7, 1), at("2026-06-01T10:00:00Z")), "2026-07-01T15:00:00Z"); /* summer */
}
END_TEST

static void assert_within(const char *said, const char *now, const char *expected)
{
	struct hours h = hours_defaults();
	struct task_within w;

	ck_assert_msg(task_due_text(said, &w), "%s", said);
	assert_moment(task_within(&h, w, at(now)), expected);
}

START_TEST(test_due_within)
{
	static const char *const wrong[] = {"P0D", "P61D", "PT0H", "PT81H", "P2", "2D", "P2W", "PT4M", "P2DT4H", "P-1D", "P 2D", "", "P"};
	struct task_within w;

	assert_within("P2D", "2026-11-19T10:00:00Z", "2026-11-23T16:00:00Z"); /* Thursday: Friday, Monday */
	assert_within("P1D", "2026-12-24T10:00:00Z", "2026-12-28T16:00:00Z");
	assert_within("PT4H", "2026-11-19T14:00:00Z", "2026-11-20T10:00:00Z");
	assert_within("PT4H", "2026-11-21T14:00:00Z", "2026-11-23T12:00:00Z");
	assert_within("P60D", "2026-11-19T14:00:00Z", "2027-02-15T16:00:00Z");
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_msg(!task_due_text(wrong[i], &w), "%s", wrong[i]);
}
END_TEST

START_TEST(test_reminder)
{
	struct hours h = hours_defaults();
	int64_t now = at("2026-11-19T10:00:00Z");

	assert_moment(task_remind(&h, now, at("2026-11-25T16:00:00Z")), "2026-11-25T08:00:00Z"); /* closing time is not open */
	assert_moment(task_remind(&h, now, at("2026-11-24T10:00:00Z")), "2026-11-23T10:00:00Z");
	assert_moment(task_remind(&h, now, at("2026-11-19T16:00:00Z")), "2026-11-19T13:00:00Z"); /* halfway */
}
END_TEST

/* whatever the hours, what is promised is open time in the future, and the reminder between now and then */
START_TEST(test_due_property)
{
	struct prng p = {11};

	for (int i = 0; i < 3000; i++) {
		struct hours h = {.holidays = prng_below(&p, 2)};
		int64_t now = at("2026-01-01T00:00:00Z") + prng_below(&p, 3650) * INT64_C(86400000000) +
			      prng_below(&p, 86400) * WHEN_SECOND_US;
		int w = prng_below(&p, 7), from = prng_below(&p, 12) * 60;
		struct task_within within = {.days = 1 + prng_below(&p, 60)};
		int64_t due, remind;

		h.days[w].spans[h.days[w].n++] = (struct hours_span){from, from + 60 + prng_below(&p, 600)};
		due = prng_below(&p, 2) ? task_within(&h, within, now)
					: task_by_date(&h, hours_local_day(now, NULL) + prng_below(&p, 400), now);
		remind = task_remind(&h, now, due);
		ck_assert_int_gt(due, now);
		ck_assert(hours_open(&h, due - WHEN_SECOND_US));
		ck_assert(!hours_open(&h, due));
		ck_assert(remind >= now && remind < due);
	}
}
END_TEST

/* ---------------------------------------------------------------- of the law */

static int64_t days(const char *date)
{
	char when[WHEN_TEXT];

	snprintf(when, sizeof when, "%sT00:00:00Z", date);
	return at(when) / (86400 * WHEN_SECOND_US);
}

static void assert_last(struct term t, const char *from, const char *expected)
{
	int64_t last;

	t.from = days(from);
	last = term_last_day(&t, NULL);
	ck_assert_msg(last == days(expected), "%s from %s: %s, not %s", term_name(t.kind), from,
		      text(last * 86400 * WHEN_SECOND_US), expected);
}

START_TEST(test_terms)
{
	assert_last((struct term){.kind = TERM_DECISION}, "2026-11-02", "2026-12-28");   /* eight weeks */
	assert_last((struct term){.kind = TERM_COMPLAINT}, "2026-11-03", "2026-12-15");  /* six */
	assert_last((struct term){.kind = TERM_COMPLAINT, .committee = true}, "2026-11-03", "2027-01-12");
	assert_last((struct term){.kind = TERM_COMPLAINT, .more_weeks = 4}, "2026-11-03", "2027-01-12");
	assert_last((struct term){.kind = TERM_OBJECTION}, "2026-11-03", "2026-12-15");
	assert_last((struct term){.kind = TERM_OBJECTION, .committee = true}, "2026-11-03", "2027-01-26");
	assert_last((struct term){.kind = TERM_WOO}, "2026-11-03", "2026-12-01");
	assert_last((struct term){.kind = TERM_WOO, .more_weeks = 2}, "2026-11-03", "2026-12-15");
	/* no working day (Atw 1 and 3) */
	assert_last((struct term){.kind = TERM_WOO}, "2026-11-07", "2026-12-07");        /* Saturday */
	assert_last((struct term){.kind = TERM_WOO}, "2026-11-08", "2026-12-07");        /* Sunday */
	assert_last((struct term){.kind = TERM_WOO}, "2026-11-27", "2026-12-28");        /* Christmas and a weekend */
	assert_last((struct term){.kind = TERM_WOO}, "2027-02-26", "2027-03-30");        /* Good Friday, Easter */
	assert_last((struct term){.kind = TERM_WOO}, "2027-04-07", "2027-05-07");        /* 5 May, and Ascension Day after it */
	assert_last((struct term){.kind = TERM_WOO}, "2026-03-30", "2026-04-28");        /* the King's birthday, a Monday */
	/* put off from where it began, not from where a holiday moved it to */
	assert_last((struct term){.kind = TERM_WOO, .more_weeks = 2}, "2026-11-27", "2027-01-08");
}
END_TEST

START_TEST(test_equal_days)
{
	struct term t = {.kind = TERM_WOO, .from = days("2026-12-04")};
	struct term_days more = {.day = {days("2027-01-04")}, .n = 1};

	ck_assert_int_eq(term_last_day(&t, NULL), days("2027-01-04")); /* after New Year's Day and the weekend */
	ck_assert_int_eq(term_last_day(&t, &more), days("2027-01-05"));
	ck_assert(term_holiday(days("2027-05-05"), NULL) && !hours_holiday(days("2027-05-05"), true));
}
END_TEST

START_TEST(test_put_off)
{
	struct term complaint = {.kind = TERM_COMPLAINT, .from = days("2026-11-03")};
	struct term woo = {.kind = TERM_WOO, .from = days("2026-11-03")};
	struct term decision = {.kind = TERM_DECISION, .from = days("2026-11-03")};
	int64_t now = days("2026-11-20");

	ck_assert_int_eq(term_put_off(&complaint, 4, false, now, NULL), TERM_PUT_OFF);
	ck_assert_int_eq(term_put_off(&complaint, 5, false, now, NULL), TERM_NEEDS_CONSENT);
	ck_assert_int_eq(term_put_off(&complaint, 5, true, now, NULL), TERM_PUT_OFF);
	complaint.more_weeks = 3;
	ck_assert_int_eq(term_put_off(&complaint, 1, false, now, NULL), TERM_PUT_OFF);
	ck_assert_int_eq(term_put_off(&complaint, 2, false, now, NULL), TERM_NEEDS_CONSENT);
	ck_assert_int_eq(term_put_off(&complaint, 0, true, now, NULL), TERM_TOO_LONG);
	ck_assert_int_eq(term_put_off(&complaint, 50, true, now, NULL), TERM_TOO_LONG);
	ck_assert_int_eq(term_put_off(&woo, 2, false, days("2026-12-01"), NULL), TERM_PUT_OFF); /* on its last day */
	ck_assert_int_eq(term_put_off(&woo, 2, false, days("2026-12-02"), NULL), TERM_IS_OVER);
	ck_assert_int_eq(term_put_off(&woo, 3, true, now, NULL), TERM_TOO_LONG);
	ck_assert_int_eq(term_put_off(&decision, 8, false, now, NULL), TERM_PUT_OFF);
	for (int k = 0; k < N_TERM_KINDS; k++)
		ck_assert_int_eq(term_from(term_name((enum term_kind)k)), k);
	ck_assert_int_eq(term_from("weet ik niet"), -1);
	ck_assert_int_eq(term_from(NULL), -1);
}
END_TEST

START_TEST(test_term_kept)
{
	struct term t = {.kind = TERM_OBJECTION, .committee = true, .from = days("2026-11-03"), .more_weeks = 2}, again;
	json_t *kept = term_kept(&t, "advies"), *moment = json_pack("{s:s, s:s}", "kind", "woo", "from", "2026-11-03T23:30:00Z"),
	       *bare = json_pack("{s:s, s:s}", "kind", "woo", "from", "gisteren"), *none = json_pack("{s:s}", "kind", "wob");

	ck_assert_str_eq(json_string_value(json_object_get(kept, "until")), "2027-02-09");
	ck_assert_str_eq(json_string_value(json_object_get(kept, "reason")), "advies");
	assert_moment(term_ends(&t), "2027-02-09T23:00:00Z");
	ck_assert(term_read(kept, &again));
	ck_assert(again.kind == t.kind && again.committee && again.from == t.from && again.more_weeks == 2);
	ck_assert(term_read(moment, &again) && !again.committee && again.more_weeks == 0);
	ck_assert_int_eq(again.from, days("2026-11-04")); /* by the Dutch clock */
	ck_assert(term_read(bare, &again) && again.from == 0);
	ck_assert(!term_read(none, &again) && !term_read(NULL, &again));
	json_decref(kept);
	json_decref(moment);
	json_decref(bare);
	json_decref(none);
}
END_TEST

/* every day of forty years: the last day is a working day, the first of them on or after the weeks, and who is later is not earlier */
START_TEST(test_terms_of_years)
{
	for (int k = 0; k < N_TERM_KINDS; k++) {
		int64_t before = 0;

		for (int64_t from = days("2020-01-01"); from < days("2060-01-01"); from++) {
			struct term t = {.kind = (enum term_kind)k, .from = from};
			int64_t nominal = from + 7 * (k == TERM_DECISION ? 8 : k == TERM_WOO ? 4 : 6);
			int64_t last = term_last_day(&t, NULL);

			ck_assert_int_ge(last, nominal);
			ck_assert_int_le(last, nominal + 5); /* 2038: Good Friday, Easter, the King's birthday */
			ck_assert(!term_holiday(last, NULL) && (last + 3) % 7 < 5);
			for (int64_t day = nominal; day < last; day++)
				ck_assert((day + 3) % 7 >= 5 || term_holiday(day, NULL));
			ck_assert_int_ge(last, before);
			before = last;
		}
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_due_by_date, test_due_within,  test_reminder, test_due_property,
				      test_terms,       test_equal_days, test_put_off,  test_term_kept, test_terms_of_years};

	return unit_run("promises", tests, COUNT(tests));
}
