/* http.c - a connection's life: bytes to requests, time limits, the end; see http_private.h */
#include "daemon/http_private.h"

#include "daemon/metrics.h"
#include "lib/base/err.h"
#include "lib/base/must.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- the end of a connection */

static struct evbuffer *input_of(const struct conn *c)
{
	return bufferevent_get_input(c->bev);
}

static size_t output_left(const struct conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* leave_exchange - the exchange goes on without its connection, or ends with it */
static void leave_exchange(struct conn *c)
{
	struct http_x *x = c->x;

	c->x = NULL;
	if (x == NULL)
		return;
	x->conn = NULL;
	if (x->stream && x->on_end != NULL)
		x->on_end(x->end_arg);
	if (x->stream || c->state == CONN_BODY)
		x_free(x);              /* nobody else knows it (any more) */
	else
		x_tell(x);
}

static void conn_free(struct conn *c)
{
	struct http *h = c->http;

	leave_exchange(c);
	if (c->queued)
		TAILQ_REMOVE(&h->ready, c, ready_link);
	TAILQ_REMOVE(&h->all, c, all_link);
	address_drop(h, c->address);
	bufferevent_free(c->bev);
	free(c);
	h->n_conns--;
	metric_set(M_HTTP_CONNECTIONS, h->n_conns);
	if (h->n_conns == 0)
		loop_timer_stop(h->tick);
}

static void enter(struct conn *c, enum conn_state state, int ms)
{
	c->state = state;
	c->deadline_us = ms > 0 ? mono_us() + (int64_t)ms * 1000 : 0;
}

/* linger - our side is done; a close now, with unread bytes of theirs, would reset what we sent */
static void linger(struct conn *c)
{
	if (c->eof)
		c->dead = true;
	shutdown(c->fd, SHUT_WR);
	enter(c, CONN_LINGER, HTTP_LINGER_MS);
}

void conn_close(struct conn *c)
{
	if (output_left(c) > 0)
		enter(c, CONN_CLOSING, 0);      /* as long as it moves: too_slow */
	else
		linger(c);
}

void conn_wake(struct conn *c)
{
	struct http *h = c->http;

	if (c->queued || c->working)
		return;
	c->queued = true;
	TAILQ_INSERT_TAIL(&h->ready, c, ready_link);
	loop_timer_soon(h->turn);
}

void conn_answered(struct conn *c, bool keep)
{
	c->x = NULL;
	if (c->dead) {
		conn_wake(c);
	} else if (keep && !c->http->stopping && !(c->eof && evbuffer_get_length(input_of(c)) == 0)) {
		enter(c, CONN_IDLE, c->http->limits.idle_ms);
		if (evbuffer_get_length(input_of(c)) > 0)
			conn_wake(c);
	} else {
		conn_close(c);
		conn_wake(c);
	}
}

/* count_refusal - which limit it was, when it was one */
static void count_refusal(int status)
{
	metric_add(M_HTTP_REFUSED, 1);
	switch (status) {
	case 408:
		metric_add(M_REFUSED_SLOW, 1);
		break;
	case 413:
		metric_add(M_REFUSED_BODY, 1);
		break;
	case 414:
	case 431:
		metric_add(M_REFUSED_HEAD, 1);
		break;
	case 503:
		metric_add(M_REFUSED_BODIES, 1);
		break;
	}
}

/* answer for the server itself, and close */
static void refuse(struct conn *c, int status)
{
	count_refusal(status);
	if (c->state == CONN_BODY) {
		c->x->conn = NULL;
		c->x = x_free(c->x);
	}
	conn_problem(c, status, NULL, false);
	conn_answered(c, false);
}

/* ---------------------------------------------------------------- bytes to requests */

/* drain - throw away what came; false when it was more than may be */
static bool drain(struct conn *c, int64_t max)
{
	size_t n = evbuffer_get_length(input_of(c));

	evbuffer_drain(input_of(c), n);
	c->stream_input += (int64_t)n;
	return c->stream_input <= max;
}

/* pause_reading - the answer is pending: listen on for a client that leaves, but keep only so much for later */
static void pause_reading(struct conn *c)
{
	if (c->paused || evbuffer_get_length(input_of(c)) < HTTP_READ_AHEAD)
		return;
	c->paused = true;
	bufferevent_disable(c->bev, EV_READ);
}

static void resume_reading(struct conn *c)
{
	if (c->paused && !c->eof)
		bufferevent_enable(c->bev, EV_READ);
	c->paused = false;
}

static bool begin_head(struct conn *c)
{
	if (evbuffer_get_length(input_of(c)) == 0)
		return false;
	c->scan = (struct head_scan){ 0 };
	enter(c, CONN_HEAD, c->http->limits.header_ms);
	return true;
}

/* limited - a plan that says nothing still has an end */
static int limited(int ms)
{
	return ms > 0 ? ms : HTTP_PLAN_MS;
}

static void hand_over(struct conn *c)
{
	enter(c, CONN_ANSWER, limited(c->x->plan->answer_ms));
	c->http->calls.request(c->http->calls.arg, c->x);
}

/* refuse_plan - the route says no; with a body under way the connection must end */
static void refuse_plan(struct conn *c, int status)
{
	struct http_x *x = c->x;
	bool keep = x->req->complete && x->req->keep_alive;
	const char *header = x->refusal_header;

	count_refusal(status);
	x->conn = NULL;
	x_free(x);
	c->x = NULL;
	conn_problem(c, status, header, keep);
	conn_answered(c, keep);
}

static void say_continue(struct conn *c)
{
	static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec iov = { text, sizeof(text) - 1 };

	conn_send(c, &iov, 1);
}

/* begin_request - the head is good: may it have a body, and how much? */
static void begin_request(struct conn *c, struct request *req)
{
	struct http *h = c->http;
	int status = 404;

	c->x = x_new(c, req);
	c->x->plan = h->calls.plan(h->calls.arg, c->x, &status);
	if (c->x->plan == NULL) {
		refuse_plan(c, status);
		return;
	}
	if (req->length > c->x->plan->max_body) {
		refuse_plan(c, 413);
		return;
	}
	if (!x_has_room(c->x)) {
		refuse_plan(c, 503);
		return;
	}
	req->plan = c->x->plan;
	req->spool_dir = h->spool_dir;
	if (req->complete) {
		hand_over(c);
		return;
	}
	enter(c, CONN_BODY, limited(c->x->plan->body_ms));
	if (req->expects_continue && evbuffer_get_length(input_of(c)) == 0)
		say_continue(c);
}

/* take_head - a head that head_scan found complete */
static void take_head(struct conn *c, const uint8_t *p, size_t len)
{
	struct request *req = NULL;
	int status = request_new(p, len, c->scan.n_lines, &req);

	evbuffer_drain(input_of(c), len);
	if (req == NULL)
		refuse(c, status);
	else
		begin_request(c, req);
}

static bool read_head(struct conn *c)
{
	struct evbuffer *in = input_of(c);
	size_t len = evbuffer_get_length(in);
	const uint8_t *p;
	int n;

	if (len > (size_t)c->http->limits.max_header_bytes)
		len = (size_t)c->http->limits.max_header_bytes;
	p = evbuffer_pullup(in, (ssize_t)len);
	n = head_scan(&c->scan, p, len, &c->http->limits);
	if (n > 0)
		take_head(c, p, (size_t)n);
	else if (n < 0)
		refuse(c, -n);
	return n != 0;
}

static bool read_body(struct conn *c)
{
	struct evbuffer *in = input_of(c);
	struct evbuffer_iovec v;
	size_t used = 0;
	int status;

	if (evbuffer_peek(in, -1, NULL, &v, 1) < 1 || v.iov_len == 0)
		return false;
	status = request_body(c->x->req, v.iov_base, v.iov_len, &used);
	evbuffer_drain(in, used);
	if (!x_hold(c->x) && status == 0)
		status = 503;
	if (status != 0)
		refuse(c, status);
	else if (c->x->req->complete)
		hand_over(c);
	return true;
}

/* work_once - one piece of what can be done now; false when there is nothing */
static bool work_once(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		return begin_head(c);
	case CONN_HEAD:
		return read_head(c);
	case CONN_BODY:
		return read_body(c);
	case CONN_ANSWER:
		pause_reading(c);
		return false;
	case CONN_STREAM:
		c->dead = c->dead || !drain(c, HTTP_STREAM_INPUT);
		return false;
	case CONN_CLOSING:
	case CONN_LINGER:
		drain(c, 0);
		return false;
	}
	return false;
}

/* stranded - the client sends no more, and what it sent is not a whole request */
static bool stranded(const struct conn *c)
{
	return c->eof && (c->state == CONN_IDLE || c->state == CONN_HEAD || c->state == CONN_BODY ||
	                  c->state == CONN_STREAM || c->state == CONN_LINGER);
}

/* conn_work - do what can be done with c, then free it if that was its end */
static void conn_work(struct conn *c)
{
	c->working = true;
	while (!c->dead && work_once(c))
		;
	c->working = false;
	if (c->state != CONN_ANSWER)
		resume_reading(c);
	if (c->dead || stranded(c))
		conn_free(c);
}

static void end_orphans(struct http *h)
{
	struct http_x *x;

	while ((x = TAILQ_FIRST(&h->orphans)) != NULL) {
		TAILQ_REMOVE(&h->orphans, x, orphan_link);
		if (x->on_end != NULL)
			x->on_end(x->end_arg);
		x_free(x);
	}
}

static void run_ready(void *arg)
{
	struct http *h = arg;
	struct conn *last = TAILQ_LAST(&h->ready, conn_list);
	struct conn *c;

	end_orphans(h);
	/* what becomes ready meanwhile stands behind last and waits for the next turn */
	while ((c = TAILQ_FIRST(&h->ready)) != NULL) {
		bool was_last = c == last;

		TAILQ_REMOVE(&h->ready, c, ready_link);
		c->queued = false;
		conn_work(c);
		if (was_last)
			break;
	}
	if (!TAILQ_EMPTY(&h->ready))
		loop_timer_soon(h->turn);
}

/* ---------------------------------------------------------------- libevent's callbacks */

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	conn_work(arg);
}

/* on_written - the output buffer is empty again */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;

	(void)bev;
	if (c->state != CONN_CLOSING)
		return;
	linger(c);
	conn_work(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	(void)bev;
	c->eof = true;
	if ((what & BEV_EVENT_ERROR) != 0)
		c->dead = true;
	else if (c->state == CONN_ANSWER)
		x_tell(c->x);           /* it may have closed only its side: the answer is still tried */
	conn_work(c);
}

/* ---------------------------------------------------------------- time */

/* too_slow - output has been waiting and nothing of it left for too long */
static bool too_slow(struct conn *c, int64_t now)
{
	int64_t moved = c->queued_bytes - (int64_t)output_left(c);

	if (output_left(c) == 0 || moved != c->moved_bytes) {
		c->moved_bytes = moved;
		c->moved_us = now;
		return false;
	}
	return now - c->moved_us > (int64_t)c->http->limits.write_stall_ms * 1000;
}

/* too_late - the deadline of a state has passed */
static void too_late(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
	case CONN_BODY:
		refuse(c, 408);
		break;
	case CONN_ANSWER:
		metric_add(M_REFUSED_ANSWER, 1);
		leave_exchange(c);
		conn_problem(c, 503, NULL, true);
		conn_answered(c, true);
		break;
	case CONN_IDLE:
		if (output_left(c) > 0) {       /* it still reads our last answer */
			enter(c, CONN_IDLE, c->http->limits.idle_ms);
			break;
		}
		c->dead = true;
		conn_wake(c);
		break;
	case CONN_STREAM:
	case CONN_CLOSING:
	case CONN_LINGER:
		c->dead = true;
		conn_wake(c);
		break;
	}
}

static void on_tick(void *arg)
{
	struct http *h = arg;
	int64_t now = mono_us();
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&h->all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all_link);
		if (too_slow(c, now)) {
			metric_add(M_REFUSED_READER, 1);
			c->dead = true;
			conn_wake(c);
		} else if (c->deadline_us != 0 && now > c->deadline_us) {
			too_late(c);
		}
	}
}

/* ---------------------------------------------------------------- a connection begins */

static void peer_text(char out[HTTP_PEER_TEXT], const struct sockaddr *sa)
{
	const void *a = sa->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
	                                          : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	if (sa->sa_family == AF_UNIX || inet_ntop(sa->sa_family, a, out, HTTP_PEER_TEXT) == NULL)
		snprintf(out, HTTP_PEER_TEXT, "unix");
}

/* turn_away - one connection too many: say so without spending anything on it */
static void turn_away(int fd, enum metric why)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
	                           "Content-Length: 0\r\nConnection: close\r\n\r\n";

	metric_add(M_HTTP_REFUSED, 1);
	metric_add(why, 1);
	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

void conn_new(struct http *h, int fd, const struct sockaddr *sa)
{
	struct address *a = NULL;
	struct conn *c;
	int on = 1;

	if (h->n_conns >= h->limits.max_connections) {
		turn_away(fd, M_REFUSED_CONNECTIONS);
		return;
	}
	if (sa->sa_family != AF_UNIX && h->limits.max_per_address > 0 && (a = address_take(h, sa)) == NULL) {
		turn_away(fd, M_REFUSED_ADDRESS);
		return;
	}
	if (sa->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c = must(calloc(1, sizeof(*c)));
	c->http = h;
	c->fd = fd;
	c->address = a;
	peer_text(c->peer, sa);
	c->bev = must(bufferevent_socket_new(h->srv->base, fd, BEV_OPT_CLOSE_ON_FREE));
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	TAILQ_INSERT_TAIL(&h->all, c, all_link);
	if (h->n_conns++ == 0)
		loop_timer_every(h->tick, HTTP_TICK_MS);
	metric_set(M_HTTP_CONNECTIONS, h->n_conns);
	enter(c, CONN_IDLE, h->limits.idle_ms);
	bufferevent_enable(c->bev, EV_READ);
}

/* ---------------------------------------------------------------- the server */

struct http *http_new(struct server *srv, const struct http_limits *l, const char *const *listen,
                      const char *spool_dir, const struct http_calls *calls, struct err *err)
{
	struct http *h = must(calloc(1, sizeof(*h)));

	h->srv = srv;
	h->limits = *l;
	h->calls = *calls;
	TAILQ_INIT(&h->all);
	TAILQ_INIT(&h->ready);
	TAILQ_INIT(&h->orphans);
	LIST_INIT(&h->exchanges);
	h->tick = loop_timer_new(srv, on_tick, h);
	h->turn = loop_timer_new(srv, run_ready, h);
	h->resume = loop_timer_new(srv, http_resume, h);
	h->spool_dir = must(strdup(spool_dir));
	h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (; *listen != NULL; listen++) {
		if (http_listen(h, *listen, err) != 0)
			return http_free(h);
	}
	return h;
}

void http_stop_listening(struct http *h)
{
	struct conn *c;

	http_unlisten(h);
	h->stopping = true;
	TAILQ_FOREACH(c, &h->all, all_link) {
		if (c->state == CONN_IDLE)
			enter(c, CONN_IDLE, HTTP_STOP_IDLE_MS);
	}
}

int http_connections(const struct http *h)
{
	return h->n_conns;
}

struct http *http_free(struct http *h)
{
	if (h == NULL)
		return NULL;
	http_unlisten(h);
	while (!TAILQ_EMPTY(&h->all))
		conn_free(TAILQ_FIRST(&h->all));
	end_orphans(h);
	while (!LIST_EMPTY(&h->exchanges))
		x_free(LIST_FIRST(&h->exchanges));
	loop_timer_free(h->tick);
	loop_timer_free(h->turn);
	loop_timer_free(h->resume);
	if (h->spare_fd >= 0)
		close(h->spare_fd);
	free(h->spool_dir);
	free(h);
	return NULL;
}
