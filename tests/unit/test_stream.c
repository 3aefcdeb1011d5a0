/* test_stream.c - Redis that dies, hangs and forgets; run by tests/support/servers.sh */
#include "daemon/loop.h"
#include "daemon/stream.h"
#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 20000, MANY = STREAM_MAX_IN_FLIGHT + 500 };

static struct server srv;
static int called[MANY], answered, alive, ups;

static void outside(const char *command)
{
	ck_assert_int_eq(system(command), 0);
}

static void too_late(void *arg)
{
	(void)arg;
	ck_abort_msg("the loop did not come to an end");
}

static void run(void)
{
	struct loop_timer *late = loop_timer_new(&srv, too_late, NULL);

	loop_timer_once(late, PATIENCE_MS);
	loop_run(&srv);
	loop_timer_free(late);
}

static void stop_when_up(void *arg)
{
	(void)arg;
	if (stream_up(srv.stream))
		loop_stop(&srv);
}

static void until_up(void)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_when_up, NULL);

	loop_timer_every(t, 5);
	run();
	loop_timer_free(t);
}

static void count_up(void *arg)
{
	(void)arg;
	ups++;
}

static void setup(void)
{
	char address[200];

	srv = (struct server){ .stopping = false };
	ck_assert_int_eq(loop_new(&srv, NULL), 0);
	snprintf(address, sizeof(address), "unix:%s", getenv("LOKET_REDIS"));
	srv.stream = stream_new(&srv, address);
	stream_on_up(srv.stream, count_up, NULL);
	until_up();
}

static void teardown(void)
{
	srv.stream = stream_free(srv.stream);
	loop_free(&srv);
}

/* ---------------------------------------------------------------- many commands */

static void on_answer(redisReply *reply, void *arg)
{
	called[(intptr_t)arg]++;
	answered += reply != NULL && reply->type != REDIS_REPLY_ERROR;
	if (--alive == 0)
		loop_stop(&srv);
}

static const char script[] = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])";

static void send_many(int n)
{
	const char *argv[] = { "k", "v" };

	alive = n;
	for (intptr_t i = 0; i < n; i++)
		stream_script(srv.stream, script, 1, 2, argv, NULL, on_answer, (void *)i);
}

static void check_each_once(int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(called[i], 1);
}

static void fire(void *arg)
{
	outside(arg);
}

START_TEST(everybody_hears_once)
{
	send_many(1000);
	run();
	check_each_once(1000);
	ck_assert_int_eq(answered, 1000);
}
END_TEST

START_TEST(in_flight_has_a_maximum)
{
	send_many(MANY);
	run();
	check_each_once(MANY);
	ck_assert_int_ge(answered, STREAM_MAX_IN_FLIGHT - 1);
	ck_assert_int_lt(answered, MANY);
}
END_TEST

START_TEST(forgotten_scripts_do_not_matter)
{
	send_many(10);
	run();
	outside("redis-cli -s $LOKET_REDIS script flush >/dev/null; redis-cli -s $LOKET_REDIS flushall >/dev/null");
	memset(called, 0, sizeof(called));
	send_many(10);
	run();
	ck_assert_int_eq(answered, 20);
}
END_TEST

/* kill -9 with commands in flight: Redis is held still first, so that they are */
START_TEST(a_killed_server_is_found_again)
{
	outside("kill -STOP $($LOKET_SERVERS ctl redis-pid)");
	send_many(500);
	struct loop_timer *t = loop_timer_new(&srv, fire, (void *)(uintptr_t)"$LOKET_SERVERS ctl redis-kill");
	loop_timer_once(t, 100);
	run();
	loop_timer_free(t);
	check_each_once(500);
	ck_assert_int_eq(answered, 0);
	ck_assert(!stream_up(srv.stream));
	memset(called, 0, sizeof(called));
	send_many(5);                                       /* refused, from the loop */
	ck_assert_int_eq(called[0], 0);
	run();
	check_each_once(5);
	outside("$LOKET_SERVERS ctl redis-start");
	until_up();
	ck_assert_int_eq(ups, 2);
	send_many(5);
	run();
	ck_assert_int_eq(answered, 5);
}
END_TEST

START_TEST(a_server_that_hangs_is_given_up)
{
	int64_t began = mono_us();

	outside("kill -STOP $($LOKET_SERVERS ctl redis-pid)");
	send_many(300);
	run();
	check_each_once(300);
	ck_assert_int_eq(answered, 0);
	ck_assert_int_lt(mono_us() - began, 3000000);
	ck_assert(!stream_up(srv.stream));
	outside("kill -CONT $($LOKET_SERVERS ctl redis-pid)");
	until_up();
	send_many(5);
	run();
	ck_assert_int_eq(answered, 5);
}
END_TEST

START_TEST(without_redis_everything_is_refused)
{
	srv.stream = stream_free(srv.stream);
	srv.stream = stream_new(&srv, "");
	send_many(3);
	run();
	check_each_once(3);
	ck_assert_int_eq(answered, 0);
}
END_TEST

START_TEST(stopping_with_commands_in_flight)
{
	send_many(100);
	srv.stream = stream_free(srv.stream);
	check_each_once(100);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		everybody_hears_once, in_flight_has_a_maximum, forgotten_scripts_do_not_matter,
		a_server_that_hangs_is_given_up, a_killed_server_is_found_again, without_redis_everything_is_refused,
		stopping_with_commands_in_flight,
	};
	Suite *s = suite_create("stream");

	unit_case(s, tests, COUNT(tests), setup, teardown);
	return unit_end(s);
}
