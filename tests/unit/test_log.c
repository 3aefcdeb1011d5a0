/* one line per event; never blocking, never flooding, never more than one line */
#include "daemon/log.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int out;   /* the reading end of what is stderr in these tests */

static void redirect(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	close(ends[1]);
	out = ends[0];
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_init(LOG_INFO);
}

static const char *written(void)
{
	static char text[1 << 17];
	ssize_t n = read(out, text, sizeof text - 1);

	text[n > 0 ? n : 0] = 0;
	return text;
}

START_TEST(form_of_a_line)
{
	log_event(LOG_WARNING, "case.offered", "case=%d ms=%d", 7, 12);
	ck_assert_str_eq(written(), "<4>case.offered case=7 ms=12\n");
	log_event(LOG_DEBUG, "case.offered", "case=%d", 7);
	ck_assert_str_eq(written(), "");
	unsetenv("JOURNAL_STREAM");
	log_init(LOG_DEBUG);
	log_event(LOG_DEBUG, "a.b", "n=%d", 1);
	const char *line = written();
	ck_assert_int_eq(line[13], 'T');
	ck_assert_str_eq(strchr(line, 'Z'), "Z a.b n=1\n");
}
END_TEST

START_TEST(nobody_begins_a_line_of_his_own)
{
	log_event(LOG_INFO, "x.y", "id=%s", "a\n<3>forged id=1\r\x1b[2J\x7f");
	ck_assert_str_eq(written(), "<6>x.y id=a?<3>forged id=1??[2J?\n");
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char text[5000];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	log_event(LOG_INFO, "x.y", "id=%s", text);
	const char *line = written();
	ck_assert_uint_le(strlen(line), 1024);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
}
END_TEST

START_TEST(a_flood_of_one_event_leaves_room_for_others)
{
	int lines = 0;
	time_t second = time(NULL);

	while (time(NULL) == second)
		usleep(1000);      /* all of it in one second */
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, "flood.a", "n=%d", i);
	for (const char *p = written(); (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_int_ge(lines, 200);
	ck_assert_int_le(lines, 400);          /* a second may have passed */
	ck_assert_uint_ge(log_dropped(), 600);
	log_event(LOG_INFO, "other.b", "n=%d", 1);
	ck_assert_str_eq(written(), "<6>other.b n=1\n");
}
END_TEST

START_TEST(a_full_pipe_does_not_stop_us)
{
	static const char *const names[] = { "f.a", "f.b", "f.c", "f.d", "f.e", "f.f", "f.g", "f.h" };
	char text[900];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	alarm(10);
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, names[i % 8], "id=%s", text);
	alarm(0);
	ck_assert_uint_gt(log_dropped(), 500);
	const char *got = written();
	ck_assert_int_eq(got[strlen(got) - 1], '\n');      /* whole lines only */
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		form_of_a_line, nobody_begins_a_line_of_his_own, a_long_line_is_cut,
		a_flood_of_one_event_leaves_room_for_others, a_full_pipe_does_not_stop_us,
	};
	Suite *s = suite_create("log");

	unit_case(s, tests, COUNT(tests), redirect, NULL);
	return unit_end(s);
}
