/*
 * http_probe.c - a server that shows what daemon/http.c did, for tests/it/test_http.py and test_smuggling.py
 *
 *   http_probe [NAME=NUMBER]… LISTEN…      NAME is a field of struct http_limits, or answer_ms, body_ms, spool_above
 *
 * Prints "ready" when it listens. GET /stats tells what has been seen since the last POST /reset. "smuggled" counts
 * requests for /smuggled… without X-Real-IP, which the shipped proxies add to every request that they know of;
 * "second" counts those with it.
 */
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/op.h"
#include "lib/base/must.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLOOD_BYTES = 64 * 1024, MAX_BODY = 8 * 1024 * 1024 };

static struct server srv;
static struct http_plan plan_get = { .max_body = 0, .body_ms = 1000 };
static struct http_plan plan_small = { .max_body = 1024, .spool_above = 65536 };
static struct http_plan plan_post = { .max_body = MAX_BODY, .spool_above = 65536, .body_ms = 2000 };
static struct { int requests, smuggled, second, gone, streams, ended, answered; } seen;

/* ---------------------------------------------------------------- an answer that takes its time */

struct slow {
	struct op op;
	struct http_x *x;
	int ms;
};

static enum op_status slow_step(struct op *op)
{
	struct slow *s = (struct slow *)op;
	static const char text[] = "slow\n";

	if (op->state == 0 && !op->gone)
		return op_sleep(op, 1, s->ms);
	seen.gone += op->gone;
	http_reply(s->x, 200, "text/plain", (struct bytes){ (const uint8_t *)text, 5 }, NULL);
	return OP_DONE;
}

static const struct op_kind slow_kind = { .name = "slow", .step = slow_step, .max_arena_bytes = 4096 };

static void answer_later(struct http_x *x, int ms)
{
	struct slow *s = (struct slow *)op_new(&srv, &slow_kind, sizeof(*s));

	s->x = x;
	s->ms = ms;
	http_attach(x, &s->op);
	op_start(&s->op);
}

/* ---------------------------------------------------------------- an event stream */

struct flood {
	struct http_x *x;
	struct loop_timer *timer;
	bool once, beats;
};

static const struct bytes comment = { (const uint8_t *)":\n\n", 3 };

static void flood_end(void *arg)
{
	struct flood *f = arg;

	seen.ended++;
	loop_timer_free(f->timer);
	free(f);
}

static void flood_more(void *arg)
{
	static const uint8_t zeros[FLOOD_BYTES];
	struct flood *f = arg;

	if (f->once)
		http_stream_end(f->x);
	else if (!http_stream_write(f->x, f->beats ? comment : (struct bytes){ zeros, sizeof(zeros) }))
		loop_timer_stop(f->timer);
}

static void stream(struct http_x *x, const char *path)
{
	struct flood *f = must(calloc(1, sizeof(*f)));
	bool quiet = strcmp(path, "/stream") == 0;      /* path goes with http_stream_begin */

	f->x = x;
	f->once = strcmp(path, "/stream/once") == 0;
	f->beats = strcmp(path, "/v1/me/events") == 0;
	f->timer = loop_timer_new(&srv, flood_more, f);
	seen.streams++;
	http_stream_begin(x, "text/event-stream", flood_end, f);
	http_stream_write(x, comment);
	if (!quiet)
		loop_timer_every(f->timer, f->beats ? 500 : 20);
}

/* ---------------------------------------------------------------- routes */

static long memory_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, resident = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f != NULL)
		fclose(f);
	return resident * 4;
}

static void say(struct http_x *x, int status, const char *text)
{
	http_reply(x, status, "text/plain", (struct bytes){ (const uint8_t *)text, strlen(text) }, NULL);
}

static void stats(struct http_x *x)
{
	char text[300];

	snprintf(text, sizeof(text),
	         "{\"requests\":%d,\"smuggled\":%d,\"second\":%d,\"gone\":%d,\"streams\":%d,\"ended\":%d,"
	         "\"connections\":%d,\"ops\":%d,\"kib\":%ld}",
	         seen.requests, seen.smuggled, seen.second, seen.gone, seen.streams, seen.ended, http_connections(srv.http),
	         op_count(&srv), memory_kib());
	say(x, 200, text);
}

static void show(struct http_x *x)
{
	const char *probe = http_header(x, "x-probe");
	char text[8192];

	snprintf(text, sizeof(text), "%s|%s|%s|%s|%s\n", http_method(x), http_path(x), http_query(x),
	         probe != NULL ? probe : "-", http_peer(x));
	say(x, 200, text);
}

static const struct http_plan *plan(void *arg, struct http_x *x, int *status)
{
	const char *path = http_path(x);

	(void)arg;
	http_set_user(x, &seen);
	if (strcmp(path, "/missing") == 0)
		return NULL;
	if (strcmp(path, "/method") == 0) {
		*status = 405;
		http_refuse_with(x, "Allow: GET");
		return NULL;
	}
	if (strcmp(path, "/small") == 0)
		return &plan_small;
	return http_method(x)[0] == 'P' ? &plan_post : &plan_get;
}

static void request(void *arg, struct http_x *x)
{
	static const char *const headers[] = { "X-Good: yes", "X-Bad: a\r\nInjected: yes", NULL };
	const char *path = http_path(x);

	(void)arg;
	if (strcmp(path, "/stats") == 0) {
		stats(x);
		return;
	}
	seen.requests++;
	if (strncmp(path, "/smuggled", 9) == 0)
		*(http_header(x, "x-real-ip") == NULL ? &seen.smuggled : &seen.second) += 1;
	if (http_user(x) != &seen)
		abort();
	if (strcmp(path, "/reset") == 0) {
		memset(&seen, 0, sizeof(seen));
		say(x, 200, "");
	} else if (strcmp(path, "/echo") == 0) {
		http_reply(x, 200, "application/octet-stream", http_body(x), headers);
	} else if (strncmp(path, "/slow/", 6) == 0) {
		answer_later(x, atoi(path + 6));
	} else if (strncmp(path, "/stream", 7) == 0 || strcmp(path, "/v1/me/events") == 0) {
		stream(x, path);
	} else if (strcmp(path, "/big") == 0) {
		static const uint8_t zeros[4 * 1024 * 1024];

		http_reply(x, 200, "application/octet-stream", (struct bytes){ zeros, sizeof(zeros) }, NULL);
	} else if (strcmp(path, "/empty") == 0) {
		http_reply(x, 204, NULL, (struct bytes){ NULL, 0 }, NULL);
	} else {
		show(x);
	}
}

static int problem(void *arg, int status, char *buf, int cap)
{
	(void)arg;
	return snprintf(buf, (size_t)cap, "{\"status\":%d}", status);
}

/* ---------------------------------------------------------------- begin and end */

static bool set_limit(struct http_limits *l, const char *text)
{
	const struct {
		const char *name;
		int *where;
	} table[] = {
		{ "max_connections", &l->max_connections }, { "max_per_address", &l->max_per_address },
		{ "max_header_bytes", &l->max_header_bytes }, { "max_headers", &l->max_headers },
		{ "header_ms", &l->header_ms }, { "idle_ms", &l->idle_ms },
		{ "write_stall_ms", &l->write_stall_ms }, { "max_output_bytes", &l->max_output_bytes },
		{ "body_ms", &plan_post.body_ms }, { "answer_ms", &plan_get.answer_ms },
	};
	const char *equals = strchr(text, '=');

	for (size_t i = 0; equals != NULL && i < sizeof(table) / sizeof(table[0]); i++) {
		if (strncmp(table[i].name, text, (size_t)(equals - text)) == 0) {
			*table[i].where = atoi(equals + 1);
			return true;
		}
	}
	return false;
}

static void stop(void *arg)
{
	(void)arg;
	http_stop_listening(srv.http);
	loop_stop(&srv);
}

int main(int argc, char **argv)
{
	struct http_limits limits = { .max_connections = 1000, .max_per_address = 0, .max_header_bytes = 8192,
		.max_headers = 64, .header_ms = 5000, .idle_ms = 30000, .write_stall_ms = 10000,
		.max_output_bytes = 256 * 1024 };
	const struct http_calls calls = { .plan = plan, .request = request, .problem = problem };
	const char *listen[9] = { 0 };
	struct err err = { 0 };
	int n = 0;

	for (int i = 1; i < argc && n < 8; i++) {
		if (!set_limit(&limits, argv[i]))
			listen[n++] = argv[i];
	}
	log_init(LOG_INFO);
	if (loop_new(&srv, &err) == 0)
		srv.http = http_new(&srv, &limits, listen, "/tmp", &calls, &err);
	if (srv.http == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	loop_on_signal(&srv, SIGTERM, stop, NULL);
	printf("ready\n");
	fflush(stdout);
	loop_run(&srv);
	srv.http = http_free(srv.http);
	loop_free(&srv);
	return 0;
}
