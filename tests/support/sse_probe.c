/*
 * sse_probe.c - daemon/sse.c with a face for tests/it/test_sse.py
 *
 *   sse_probe LISTEN MAX_STREAMS [CONNINFO]
 *
 *   GET /events?ROLE&AGENT&MUNICIPALITY[&EXPIRES_MS]   a stream for such a principal (AGENT may be empty)
 *   POST /publish     ID KIND MUNICIPALITY AGENT|- TIMES PAYLOAD
 *   POST /goodbye     GET /count     GET /online?AGENT
 */
#include "daemon/config.h"
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/pg.h"
#include "daemon/sse.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server srv;
static struct config config = { .database_system = "loket_system", .database_api = "loket_api" };
static const struct http_plan plan_any = { .max_body = 65536, .spool_above = 65536, .body_ms = 5000 };

static void say(struct http_x *x, int status, const char *text)
{
	http_reply(x, status, "text/plain", (struct bytes){ (const uint8_t *)text, strlen(text) }, NULL);
}

static void say_number(struct http_x *x, int v)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", v);
	say(x, 200, text);
}

static void open_stream(struct http_x *x)
{
	char role[32] = "", agent[UUID_TEXT + 1] = "", municipality[64] = "";
	const char *last = http_header(x, "last-event-id");
	struct principal p = { .n_municipalities = 1 };
	int64_t last_id = last != NULL ? strtoll(last, NULL, 10) : 0;
	int expires_ms = 0;

	sscanf(http_query(x), "%31[^&]&%37[^&]&%63[^&]&%d", role, agent, municipality, &expires_ms);
	p.role = (enum role)role_from(role);
	p.is_agent = uuid_parse(agent, &p.agent_id.u);
	p.municipalities[0] = municipality;
	p.expires_us = expires_ms != 0 ? now_us() + expires_ms * 1000 : 0;
	sse_open(srv.sse, x, &p, last_id);
}

static void publish(struct http_x *x)
{
	struct bytes body = http_body(x);
	char text[4096], kind[32], agent[UUID_TEXT + 1];
	struct notice n = { .at_us = now_us() };
	long long id;
	int used = 0, times = 1;

	snprintf(text, sizeof(text), "%.*s", (int)body.len, (const char *)body.data);
	if (sscanf(text, "%lld %31s %63s %37s %d %n", &id, kind, n.municipality, agent, &times, &used) < 5) {
		say(x, 400, "");
		return;
	}
	n.id = id;
	n.kind = (enum notice_kind)notice_from(kind);
	if (!uuid_parse(agent, &n.agent.u))
		memset(&n.agent, 0, sizeof(n.agent));
	n.payload = text + used;
	for (int i = 0; i < times; i++) {
		sse_publish(srv.sse, &n);
		n.id += n.id > 0;
	}
	say(x, 200, "");
}

static const struct http_plan *plan(void *arg, struct http_x *x, int *status)
{
	(void)arg, (void)x, (void)status;
	return &plan_any;
}

static void request(void *arg, struct http_x *x)
{
	const char *path = http_path(x);
	struct agent_id a;

	(void)arg;
	if (strcmp(path, "/events") == 0) {
		open_stream(x);
	} else if (strcmp(path, "/publish") == 0) {
		publish(x);
	} else if (strcmp(path, "/online") == 0) {
		say_number(x, uuid_parse(http_query(x), &a.u) && sse_agent_online(srv.sse, a));
	} else if (strcmp(path, "/goodbye") == 0) {
		sse_goodbye(srv.sse);
		say(x, 200, "");
	} else {
		say_number(x, sse_count(srv.sse));
	}
}

static int problem(void *arg, int status, char *buf, int cap)
{
	(void)arg;
	return snprintf(buf, (size_t)cap, "{\"status\":%d}", status);
}

static void ready(void *arg)
{
	struct loop_timer **t = arg;

	if (srv.pg != NULL && !pg_ready(srv.pg, PG_SYSTEM))
		return;
	*t = loop_timer_free(*t);
	printf("ready\n");
	fflush(stdout);
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(&srv);
}

int main(int argc, char **argv)
{
	const struct http_limits limits = { .max_connections = 20000, .max_header_bytes = 8192, .max_headers = 64,
		.header_ms = 5000, .idle_ms = 60000, .write_stall_ms = 15000, .max_output_bytes = 256 * 1024 };
	const struct http_calls calls = { .plan = plan, .request = request, .problem = problem };
	struct loop_timer *wait;
	struct err err = { 0 };

	if (argc < 3)
		return 2;
	log_init(LOG_INFO);
	srv.config = &config;
	if (loop_new(&srv, &err) == 0)
		srv.http = http_new(&srv, &limits, (const char *[]){ argv[1], NULL }, "/tmp", &calls, &err);
	if (srv.http == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	srv.sse = sse_new(&srv, atoi(argv[2]));
	if (argc > 3) {
		config.database = argv[3];
		srv.pg = pg_new(&srv);
	}
	wait = loop_timer_new(&srv, ready, &wait);
	loop_timer_every(wait, 20);
	loop_on_signal(&srv, SIGTERM, stop, NULL);
	loop_run(&srv);
	srv.http = http_free(srv.http);
	srv.sse = sse_free(srv.sse);
	srv.pg = pg_free(srv.pg);
	loop_free(&srv);
	return 0;
}
