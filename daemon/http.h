/*
 * http.h - the HTTP/1.1 server: llhttp parses, libevent bufferevents carry
 *
 * Strict (reliability E1-E19). Listens on loopback or a unix socket, behind nginx or HAProxy.
 * Every limit is in struct http_limits or in the plan of a route. Answers go out in the order
 * of the requests; while an answer is pending no further request of that connection is parsed.
 */
#ifndef LOKET_HTTP_H
#define LOKET_HTTP_H

#include "lib/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define LOKET_API_VERSION "1.0.0"  /* on every answer; info.version of proto/openapi.json */

struct server;
struct op;
struct http;                      /* the server */
struct http_x;                    /* one exchange: a request and its answer */

struct http_limits {
	int max_connections;          /* in all */
	int max_per_address;          /* per peer address; 0: no limit (unix socket) */
	int max_header_bytes;         /* request line and headers together */
	int max_headers;
	int header_ms;                /* from the first byte to the end of the headers, in total */
	int idle_ms;                  /* between requests */
	int write_stall_ms;           /* output that does not shrink for so long: cut */
	int max_output_bytes;         /* queued for one stream: cut the reader (256 KiB) */
};

/* what a route allows; decided when the headers are complete, before the body is read */
struct http_plan {
	int64_t max_body;             /* above: 413 and close */
	int64_t spool_above;          /* a body larger than this goes to a file in spool_dir */
	int body_ms;                  /* for the whole body; 0: 30 s */
	int answer_ms;                /* for the operation; then op_gone and 503. 0: 30 s */
	bool stream;                  /* the answer is an event stream */
};

struct http_calls {
	/* headers are complete: which plan? NULL: *status (404, 405, 401, …) is answered at once, with
	 * an empty problem body of that status made by on_refuse */
	const struct http_plan *(*plan)(void *arg, struct http_x *x, int *status);
	/* the request is complete: must lead to exactly one http_reply (or http_stream_begin … end) */
	void (*request)(void *arg, struct http_x *x);
	/* a refusal of the server itself (parse error, limit): writes the problem document of status */
	int (*problem)(void *arg, int status, char *buf, int cap);
	void *arg;
};

/* http_new - listens on each of listen[]: "127.0.0.1:8080", "[::1]:8080", "unix:/run/x.sock", "fd:3";
 * anything that is not loopback or a unix socket is refused. NULL with err set when one cannot be bound */
struct err;
struct http *http_new(struct server *srv, const struct http_limits *l, const char *const *listen,
                      const char *spool_dir, const struct http_calls *calls, struct err *err);
/* http_hold - accept nobody until http_accept: who connects waits in the backlog, or is taken by another process that listens
 * on the same socket */
void http_hold(struct http *h);
void http_accept(struct http *h);
/* http_stop_listening - no new connections. Each that is open gets the answer under way, or to the request that may be on its
 * way (HTTP_STOP_IDLE_MS), with "Connection: close", and ends */
void http_stop_listening(struct http *h);
int http_connections(const struct http *h);
/* http_free - closes everything. Exchanges that are still unanswered go too: no http_reply after this */
struct http *http_free(struct http *h);

/* the request */
const char *http_method(const struct http_x *x);           /* "GET" */
const char *http_path(const struct http_x *x);             /* undecoded, without the query */
const char *http_query(const struct http_x *x);            /* undecoded, without "?"; "" when absent */
const char *http_header(const struct http_x *x, const char *name);  /* NULL when absent or there twice */
struct bytes http_body(struct http_x *x);                  /* mapped when it was spooled */
const char *http_peer(const struct http_x *x);             /* address of the citizen's side: X-Real-IP set by
                                                              our proxy, else the socket's; "unix" */
/* the operation that works on it is told when the client leaves or answer_ms passes (op_gone) */
void http_attach(struct http_x *x, struct op *op);
void http_set_user(struct http_x *x, void *p);             /* between plan and request */
/* http_refuse_with - from plan, before returning NULL: one more header line for the refusal ("Allow: GET");
 * the text must stay; it is not copied */
void http_refuse_with(struct http_x *x, const char *header);
void *http_user(const struct http_x *x);

/*
 * http_reply - answer once and for all; x is no longer ours afterwards. Also right when the client has
 * left. Adds API-Version, Content-Length, X-Content-Type-Options, Cache-Control: no-store.
 * in       type may be NULL for an empty body; headers: "Name: value" strings, NULL-terminated, may be NULL;
 *          a header with a control byte in it is left out; "Cache-Control: …" replaces ours
 */
void http_reply(struct http_x *x, int status, const char *type, struct bytes body,
                const char *const *headers);

/*
 * http_reply_file - as http_reply, 200 with the len first bytes of a file. They go from the file to the socket as fast
 * as the client takes them, and are never in our memory
 * in       fd: taken over
 */
void http_reply_file(struct http_x *x, const char *type, int fd, int64_t len, const char *const *headers);

/* event streams: begin answers 200 and keeps x open (the request's path, headers and body are forgotten); write
 * returns false when the reader is gone or too slow (the stream then ends by itself: on_end is called once, from
 * the loop, after begin in any case) */
void http_stream_begin(struct http_x *x, const char *type, void (*on_end)(void *arg), void *arg);
bool http_stream_write(struct http_x *x, struct bytes chunk);
void http_stream_end(struct http_x *x);

#endif
