/* http_answer.c - an exchange: the request as the operation sees it, its answer, event streams */
#include "daemon/http_private.h"

#include "daemon/metrics.h"
#include "daemon/op.h"
#include "lib/base/must.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096 };

/* ---------------------------------------------------------------- bytes out */

static int64_t total_of(const struct iovec *iov, int n)
{
	int64_t total = 0;

	for (int i = 0; i < n; i++)
		total += (int64_t)iov[i].iov_len;
	return total;
}

/* send_now - what the socket takes at once: it usually takes all, which saves two turns of epoll */
static int64_t send_now(struct conn *c, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
		c->dead = true;
		conn_wake(c);
	}
	return sent > 0 ? sent : 0;
}

void conn_send(struct conn *c, struct iovec *iov, int n)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	int64_t left = total_of(iov, n), skip = 0;

	if (c->dead)
		return;
	if (evbuffer_get_length(out) == 0) {
		skip = send_now(c, iov, n);
		if (skip < left)
			c->moved_us = mono_us();        /* from here on it has to move */
	}
	left -= skip;
	for (int i = 0; i < n && left > 0 && !c->dead; i++) {
		int64_t len = (int64_t)iov[i].iov_len;
		int64_t past = skip < len ? skip : len;

		evbuffer_add(out, (const char *)iov[i].iov_base + past, (size_t)(len - past));
		skip -= past;
	}
	if (!c->dead)
		c->queued_bytes += left;
}

/* ---------------------------------------------------------------- the head of an answer */

struct head {
	char text[HEAD_BYTES];
	size_t len;
};

/* put - append all parts or nothing, so that a line is never half there; two bytes stay free for the end */
static void put(struct head *h, const char *a, const char *b, const char *c)
{
	const char *parts[] = { a, b, c };
	size_t n = strlen(a) + strlen(b) + strlen(c);

	if (h->len + n > sizeof(h->text) - 2)
		return;
	for (int i = 0; i < 3; i++) {
		size_t len = strlen(parts[i]);

		memcpy(h->text + h->len, parts[i], len);
		h->len += len;
	}
}

/* put_number - v is a status or a length: not negative */
static void put_number(struct head *h, const char *a, int64_t v, const char *b)
{
	char text[24], *digits = text + sizeof(text) - 1;

	*digits = '\0';
	do
		*--digits = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	put(h, a, digits, b);
}

static void put_end(struct head *h)
{
	memcpy(h->text + h->len, "\r\n", 2);
	h->len += 2;
}

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} table[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
		{ 304, "Not Modified" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 409, "Conflict" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].status == status)
			return table[i].reason;
	}
	return "";
}

/* date_of - now, made once a second */
static const char *date_of(struct http *h)
{
	time_t second = (time_t)(now_us() / 1000000);
	struct tm tm;

	if (second != h->date_second && gmtime_r(&second, &tm) != NULL) {
		h->date_second = second;
		strftime(h->date, sizeof(h->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	return h->date;
}

static void put_status(struct head *out, struct http *h, int status)
{
	put_number(out, "HTTP/1.1 ", status, " ");
	put(out, reason_of(status), "\r\nDate: ", date_of(h));
	put(out, "\r\nAPI-Version: " LOKET_API_VERSION, "\r\nX-Content-Type-Options: nosniff", "\r\n");
}

static bool is_clean(const char *header)
{
	for (; *header != '\0'; header++) {
		if (((uint8_t)*header < 0x20 && *header != '\t') || *header == 0x7f)
			return false;
	}
	return true;
}

static void put_headers(struct head *out, const char *const *headers)
{
	bool cache = false;

	for (; headers != NULL && *headers != NULL; headers++) {
		if (!is_clean(*headers))
			continue;
		cache = cache || strncasecmp(*headers, "Cache-Control:", 14) == 0;
		put(out, *headers, "\r\n", "");
	}
	if (!cache)
		put(out, "Cache-Control: no-store\r\n", "", "");
}

/* put_head - all of the head; keep tells the client whether it may ask again */
static void put_head(struct head *out, struct http *h, int status, const char *type, int64_t len,
                     const char *const *headers, bool keep, bool http10)
{
	put_status(out, h, status);
	put_headers(out, headers);
	if (type != NULL)
		put(out, "Content-Type: ", type, "\r\n");
	if (status != 204 && status != 304)
		put_number(out, "Content-Length: ", len, "\r\n");
	if (!keep)
		put(out, "Connection: close\r\n", "", "");
	else if (http10)
		put(out, "Connection: keep-alive\r\n", "", "");
	put_end(out);
}

static void answer(struct conn *c, int status, const char *type, struct bytes body, const char *const *headers,
                   bool keep, bool http10)
{
	struct head out = { .len = 0 };
	struct iovec iov[2];

	if (status == 204 || status == 304)
		body.len = 0;
	put_head(&out, c->http, status, type, (int64_t)body.len, headers, keep, http10);
	iov[0] = (struct iovec){ out.text, out.len };
	iov[1] = (struct iovec){ (void *)(uintptr_t)body.data, body.len };
	conn_send(c, iov, body.len > 0 ? 2 : 1);
}

void conn_problem(struct conn *c, int status, const char *header, bool keep)
{
	const char *headers[3] = { 0 };
	char buf[HTTP_PROBLEM_BYTES];
	int n = c->http->calls.problem(c->http->calls.arg, status, buf, (int)sizeof(buf));
	int i = 0;

	if (header != NULL)
		headers[i++] = header;
	if (status == 401)
		headers[i++] = "WWW-Authenticate: Bearer";
	else if (status == 429 || status == 503)
		headers[i++] = "Retry-After: 1";
	if (n < 0 || n > (int)sizeof(buf))
		n = 0;
	answer(c, status, n > 0 ? "application/problem+json" : NULL, (struct bytes){ (uint8_t *)buf, (size_t)n },
	       headers, keep, false);
}

/* ---------------------------------------------------------------- the exchange */

/* peer_of - what our proxy says, if it is an address; only loopback and unix sockets reach us */
static const char *peer_of(const struct conn *c, const struct request *req)
{
	const char *said = request_header(req, "X-Real-IP");
	uint8_t a[16];

	if (said != NULL && strlen(said) < HTTP_PEER_TEXT &&
	    (inet_pton(AF_INET, said, a) == 1 || inet_pton(AF_INET6, said, a) == 1))
		return said;
	return c->peer;
}

struct http_x *x_new(struct conn *c, struct request *req)
{
	struct http_x *x = must(calloc(1, sizeof(*x)));
	const char *peer = peer_of(c, req);

	x->conn = c;
	x->http = c->http;
	x->req = req;
	memcpy(x->peer, peer, strlen(peer) + 1);   /* shorter than HTTP_PEER_TEXT, from either */
	LIST_INSERT_HEAD(&c->http->exchanges, x, all_link);
	return x;
}

/* count_body - so much of x's body is in memory and in a file now */
static void count_body(struct http_x *x, int64_t in_memory, int64_t in_file)
{
	x->http->in_memory += in_memory - x->in_memory;
	x->http->in_file += in_file - x->in_file;
	x->in_memory = in_memory;
	x->in_file = in_file;
}

/* a first piece of memory is bounded by the number of connections: agents and most posts never need more */
bool x_has_room(const struct http_x *x)
{
	int64_t n = x->req->length;

	if (n <= HTTP_MEMORY_STEP)
		return true;
	return n > x->plan->spool_above ? x->http->in_file + n <= HTTP_SPOOL_BYTES
	                                : x->http->in_memory + n <= HTTP_BODIES_BYTES;
}

bool x_hold(struct http_x *x)
{
	const struct http_store *s = &x->req->body;

	count_body(x, s->cap > HTTP_MEMORY_STEP ? (int64_t)s->cap : 0, s->fd >= 0 ? s->len : 0);
	return (x->in_memory == 0 || x->http->in_memory <= HTTP_BODIES_BYTES) &&
	       (x->in_file == 0 || x->http->in_file <= HTTP_SPOOL_BYTES);
}

static void forget_request(struct http_x *x)
{
	count_body(x, 0, 0);
	x->req = request_free(x->req);
}

struct http_x *x_free(struct http_x *x)
{
	if (x == NULL)
		return NULL;
	LIST_REMOVE(x, all_link);
	forget_request(x);
	free(x);
	return NULL;
}

void x_tell(struct http_x *x)
{
	if (x->gone)
		return;
	x->gone = true;
	if (x->op != NULL)
		op_gone(x->op);
}

const char *http_method(const struct http_x *x)
{
	return x->req != NULL ? llhttp_method_name((llhttp_method_t)x->req->parser.method) : "";
}

const char *http_path(const struct http_x *x)
{
	return x->req != NULL ? x->req->path : "";
}

const char *http_query(const struct http_x *x)
{
	return x->req != NULL ? x->req->query : "";
}

const char *http_header(const struct http_x *x, const char *name)
{
	return x->req != NULL ? request_header(x->req, name) : NULL;
}

struct bytes http_body(struct http_x *x)
{
	struct http_store *s = x->req != NULL ? &x->req->body : NULL;

	return s != NULL ? (struct bytes){ s->data, (size_t)s->len } : (struct bytes){ NULL, 0 };
}

const char *http_peer(const struct http_x *x)
{
	return x->peer;
}

void http_attach(struct http_x *x, struct op *op)
{
	x->op = op;
	if (op != NULL && x->gone)
		op_gone(op);
}

void http_set_user(struct http_x *x, void *p)
{
	x->user = p;
}

void *http_user(const struct http_x *x)
{
	return x->user;
}

void http_refuse_with(struct http_x *x, const char *header)
{
	x->refusal_header = header;
}

void http_reply(struct http_x *x, int status, const char *type, struct bytes body, const char *const *headers)
{
	struct conn *c = x->conn;

	assert(!x->stream);
	if (c != NULL) {
		bool keep = x->req->keep_alive && !x->req->chunked && !c->http->stopping;

		assert(c->state == CONN_ANSWER && c->x == x);
		answer(c, status, type, body, headers, keep, x->req->parser.http_minor == 0);
		conn_answered(c, keep);
	}
	x_free(x);
}

/* the output takes the descriptor, and closes it when it has sent all or the connection goes */
static void send_file(struct conn *c, int fd, int64_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (evbuffer_get_length(out) == 0)
		c->moved_us = mono_us();
	if (evbuffer_add_file(out, fd, 0, len) == 0) {
		c->queued_bytes += len;
		return;
	}
	close(fd);
	c->dead = true;                 /* the length has been said: half an answer is none */
	conn_wake(c);
}

void http_reply_file(struct http_x *x, const char *type, int fd, int64_t len, const char *const *headers)
{
	struct conn *c = x->conn;

	if (c == NULL || c->dead) {
		close(fd);
		http_reply(x, 200, type, (struct bytes){ NULL, 0 }, headers);
		return;
	}
	bool keep = x->req->keep_alive && !x->req->chunked && !c->http->stopping;
	struct head out = { .len = 0 };
	struct iovec iov;

	assert(c->state == CONN_ANSWER && c->x == x && len > 0);
	put_head(&out, c->http, 200, type, len, headers, keep, x->req->parser.http_minor == 0);
	iov = (struct iovec){ out.text, out.len };
	conn_send(c, &iov, 1);
	if (c->dead)
		close(fd);
	else
		send_file(c, fd, len);
	conn_answered(c, keep);
	x_free(x);
}

/* ---------------------------------------------------------------- event streams */

void http_stream_begin(struct http_x *x, const char *type, void (*on_end)(void *arg), void *arg)
{
	static const char *const headers[] = { "X-Accel-Buffering: no", "Connection: close", NULL };
	struct head out = { .len = 0 };
	struct conn *c = x->conn;
	struct iovec iov;

	x->stream = true;
	x->op = NULL;
	x->on_end = on_end;
	x->end_arg = arg;
	if (c == NULL) {                /* it left while we were getting ready */
		TAILQ_INSERT_TAIL(&x->http->orphans, x, orphan_link);
		loop_timer_soon(x->http->turn);
		return;
	}
	forget_request(x);
	c->state = CONN_STREAM;
	c->deadline_us = 0;
	c->stream_input = 0;
	put_status(&out, c->http, 200);
	put_headers(&out, headers);
	put(&out, "Content-Type: ", type, "\r\n");
	put_end(&out);
	iov = (struct iovec){ out.text, out.len };
	conn_send(c, &iov, 1);
	conn_wake(c);                   /* for what it sent meanwhile, or an end of file */
}

bool http_stream_write(struct http_x *x, struct bytes chunk)
{
	struct conn *c = x->conn;
	struct iovec iov = { (void *)(uintptr_t)chunk.data, chunk.len };
	size_t waiting;

	if (c == NULL || c->dead || c->state != CONN_STREAM)
		return false;
	waiting = evbuffer_get_length(bufferevent_get_output(c->bev));
	if (waiting + chunk.len > (size_t)c->http->limits.max_output_bytes) {
		metric_add(M_STREAMS_CUT, 1);
		c->dead = true;
		conn_wake(c);
		return false;
	}
	conn_send(c, &iov, 1);
	return !c->dead;
}

void http_stream_end(struct http_x *x)
{
	struct conn *c = x->conn;

	if (c == NULL || c->state != CONN_STREAM)
		return;
	conn_close(c);
	conn_wake(c);
}
