/* test_fetch.c - requests to a server that misbehaves; run by tests/support/bad_server.py */
#include "daemon/config.h"
#include "daemon/fetch.h"
#include "daemon/loop.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config config;
static struct server srv;
static char good[64], bad_port[16], closed[64];
static int alive;

struct request {
	struct op op;
	const char *method, *url;
	struct bytes body;
	const char *const *headers;
};

/* the last answer, and how many of each */
static enum fetch_outcome outcome;
static int status, retry_after_s, outcomes[4];
static char answer[100];
static struct err err;

static enum op_status request_step(struct op *op)
{
	struct request *r = (struct request *)op;

	if (op->state == 0 && strcmp(r->method, "MAIL") == 0)
		return fetch_mail(op, 1, r->url, &(struct fetch_mail){ "a@example.org", "b@example.org", NULL, NULL }, r->body);
	if (op->state == 0)
		return fetch_submit(op, 1, r->method, r->url, r->headers, r->body);
	ck_assert_ptr_nonnull(op->fetched);
	outcome = op->fetched->outcome;
	outcomes[outcome]++;
	status = op->fetched->status;
	retry_after_s = op->fetched->retry_after_s;
	err = op->fetched->err;
	snprintf(answer, sizeof(answer), "%.*s", (int)op->fetched->body.len, (const char *)op->fetched->body.data);
	return OP_DONE;
}

static void request_done(struct op *op, enum op_status how)
{
	(void)op;
	ck_assert_int_eq(how, OP_DONE);
	if (--alive == 0)
		loop_stop(&srv);
}

static const struct op_kind kind = { "request", request_step, request_done, 4 << 20 };

/* the * in url becomes host */
static struct request *request(const char *method, const char *url, const char *host)
{
	struct request *r = (struct request *)op_new(&srv, &kind, sizeof(*r));
	int before = (int)strcspn(url, "*");

	r->method = method;
	r->url = url[before] == '*' ? arena_printf(r->op.arena, "%.*s%s%s", before, url, host, url + before + 1)
	                            : arena_str(r->op.arena, url);
	r->body = TEXT("hello");
	alive++;
	op_start(&r->op);
	return r;
}

static void fetch(const char *method, const char *url, const char *host)
{
	request(method, url, host);
	loop_run(&srv);
}

static void setup(void)
{
	snprintf(bad_port, sizeof(bad_port), "%s", getenv("LOKET_BAD_PORT"));
	snprintf(good, sizeof(good), "127.0.0.1:%s", bad_port);
	snprintf(closed, sizeof(closed), "127.0.0.1:%s", getenv("LOKET_CLOSED_PORT"));
	config = (struct config){ .fetch_allow = { good, closed } };
	srv = (struct server){ .config = &config };
	ck_assert_int_eq(loop_new(&srv, NULL), 0);
	srv.fetch = fetch_new(&srv);
}

static void teardown(void)
{
	srv.fetch = fetch_free(srv.fetch);
	loop_free(&srv);
}

static int requests_seen(void)
{
	fetch("GET", "http://*/count", good);
	ck_assert_int_eq(outcome, FETCH_OK);
	return (int)strtol(answer, NULL, 10);
}

START_TEST(an_answer_comes_back)
{
	fetch("POST", "http://*/echo", good);
	ck_assert_int_eq(outcome, FETCH_OK);
	ck_assert_int_eq(status, 200);
	ck_assert_str_eq(answer, "hello");
	fetch("POST", "http://*/busy", good);
	ck_assert_int_eq(outcome, FETCH_OK);
	ck_assert_int_eq(status, 429);
	ck_assert_int_eq(retry_after_s, 7);
	fetch("GET", "http://*/moved", good);
	ck_assert_int_eq(status, 302);
}
END_TEST

static const char *const not_ours[] = {
	"http://localhost:*/echo", "http://127.1:*/echo", "http://2130706433:*/echo", "http://0x7f.1:*/echo",
	"http://0177.0.0.1:*/echo", "http://0.0.0.0:*/echo", "http://[::1]:*/echo", "http://[::ffff:127.0.0.1]:*/echo",
	"http://[::ffff:7f00:1]:*/echo", "http://[64:ff9b::7f00:1]:*/echo", "http://169.254.169.254:*/latest",
	"http://10.0.0.1:*/", "http://[fd00:ec2::254]:*/", "http://[fe80::1]:*/", "https://localhost:*/",
	"ftp://127.0.0.1:*/", "file:///etc/passwd?*", "gopher://127.0.0.1:*/", "http://user@127.0.0.1:*/echo",
	"//127.0.0.1:*/", "*", "",
};

START_TEST(inside_is_refused)
{
	int before = requests_seen();

	config.fetch_allow[0] = closed;                       /* of several spellings libcurl makes 127.0.0.1 */
	fetch("POST", not_ours[_i], bad_port);               /* on a connection of its own */
	ck_assert_msg(outcome == FETCH_REFUSED, "%s: %d", not_ours[_i], outcome);
	config.fetch_allow[0] = good;
	ck_assert_int_eq(requests_seen(), before);
}
END_TEST

/* a mail goes to mail servers only, and through the same guard */
START_TEST(a_mail_is_guarded_too)
{
	config.fetch_allow[0] = closed;
	fetch("MAIL", "smtp://127.0.0.1:*", bad_port);
	ck_assert_int_eq(outcome, FETCH_REFUSED);
	fetch("MAIL", "smtps://localhost:*", bad_port);
	ck_assert_int_eq(outcome, FETCH_REFUSED);
	fetch("MAIL", "http://*/echo", closed);
	ck_assert_int_eq(outcome, FETCH_REFUSED);
	fetch("POST", "smtp://*/", closed);
	ck_assert_int_eq(outcome, FETCH_REFUSED);
	fetch("MAIL", "smtp://*", closed);
	ck_assert_int_eq(outcome, FETCH_NOT_SENT);
	config.fetch_allow[0] = good;
}
END_TEST

/* what is in the body of a reply must not be sent as a header of ours */
START_TEST(a_header_is_one_line)
{
	static const char *const headers[] = { "A: b\r\nC: d", NULL };

	request("POST", "http://*/echo", good)->headers = headers;
	loop_run(&srv);
	ck_assert_int_eq(outcome, FETCH_REFUSED);
}
END_TEST

START_TEST(what_never_left_is_known)
{
	fetch("POST", "http://*/echo", closed);
	ck_assert_int_eq(outcome, FETCH_NOT_SENT);
	fetch("POST", "https://*/echo", good);               /* it speaks no TLS */
	ck_assert_int_eq(outcome, FETCH_NOT_SENT);
	ck_assert_int_eq(outcomes[FETCH_NOT_SENT], 2);
}
END_TEST

START_TEST(what_may_have_arrived_is_unknown)
{
	int before = requests_seen();

	fetch("POST", "http://*/cut", good);
	ck_assert_int_eq(outcome, FETCH_UNKNOWN);
	fetch("POST", "http://*/half", good);
	ck_assert_int_eq(outcome, FETCH_UNKNOWN);
	fetch("POST", "http://*/big", good);
	ck_assert_int_eq(outcome, FETCH_UNKNOWN);
	ck_assert_str_eq(err.text, "the answer is too big");
	fetch("POST", "http://*/bigger", good);
	ck_assert_int_eq(outcome, FETCH_UNKNOWN);
	ck_assert_int_eq(requests_seen(), before + 4);        /* none was sent again */
}
END_TEST

/* libcurl would send it again on a new connection, without a word */
START_TEST(a_post_is_sent_once)
{
	int before = requests_seen();

	for (int i = 0; i < 10; i++)
		fetch("POST", "http://*/once", good);
	ck_assert_int_eq(requests_seen(), before + 10);
}
END_TEST

START_TEST(many_at_once)
{
	for (int i = 0; i < FETCH_MAX_WAITING; i++)
		request("POST", "http://*/echo", good);
	loop_run(&srv);
	ck_assert_int_eq(outcomes[FETCH_OK], FETCH_MAX_WAITING);
}
END_TEST

static void stop_now(void *arg)
{
	(void)arg;
	loop_stop(&srv);
}

START_TEST(waiting_has_a_maximum)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_now, NULL);

	for (int i = 0; i < FETCH_MAX_WAITING + 10; i++)
		request("POST", "http://*/silent", good);
	loop_timer_once(t, 3000);
	loop_run(&srv);
	loop_timer_free(t);
	ck_assert_int_eq(outcomes[FETCH_NOT_SENT], 10);
	ck_assert_int_eq(op_count(&srv), FETCH_MAX_WAITING);
}
END_TEST

START_TEST(silence_ends)
{
	int64_t began = mono_us();

	fetch("POST", "http://*/silent", good);
	ck_assert_int_eq(outcome, FETCH_UNKNOWN);
	ck_assert_int_le(mono_us() - began, (FETCH_TOTAL_MS + 1000) * INT64_C(1000));
}
END_TEST

START_TEST(stopping_with_requests_under_way)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_now, NULL);

	for (int i = 0; i < 5; i++)
		request("POST", "http://*/silent", good);
	loop_timer_once(t, 200);
	loop_run(&srv);
	loop_timer_free(t);
	ck_assert_int_eq(op_count(&srv), 5);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_answer_comes_back, a_header_is_one_line, a_mail_is_guarded_too, what_never_left_is_known, what_may_have_arrived_is_unknown,
		a_post_is_sent_once, many_at_once, waiting_has_a_maximum, silence_ends, stopping_with_requests_under_way,
	};
	Suite *s = suite_create("fetch");
	TCase *c = unit_case(s, tests, COUNT(tests), setup, teardown);

	tcase_add_loop_test(c, inside_is_refused, 0, COUNT(not_ours));
	return unit_end(s);
}
