/*
 * http_private.h - what http.c, http_answer.c and http_listen.c share
 *
 *   http_listen.c   sockets that listen, connections counted and refused, descriptors running out
 *   http.c          a connection's life: bytes to requests, time limits, the end
 *   http_answer.c   an exchange: the request as the operation sees it, its answer, event streams
 *   http_parse.c    bytes to a request (http_store.c: its body); knows no connection
 *
 * A connection is freed in one place (conn_free), only from the loop's own callbacks; everybody else
 * marks it dead and calls conn_wake. An exchange (struct http_x) lives from its head to its answer and
 * outlives its connection when the client leaves.
 */
#ifndef LOKET_HTTP_PRIVATE_H
#define LOKET_HTTP_PRIVATE_H

#include "daemon/http_parse.h"
#include "daemon/loop.h"
#include "daemon/server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
	HTTP_PEER_TEXT = 48,
	HTTP_MAX_LISTENERS = 8,
	HTTP_BACKLOG = 1024,           /* connects that wait for accept; the kernel's somaxconn may lower it */
	HTTP_READ_AHEAD = 16 * 1024,   /* bytes kept of a client that sends on while its answer is pending */
	HTTP_STREAM_INPUT = 4 * 1024,  /* bytes a reader of an event stream may send: more is cut */
	HTTP_TICK_MS = 250,            /* the grain of all time limits */
	HTTP_LINGER_MS = 1000,         /* after our last byte: so that a reset does not eat the answer */
	HTTP_PAUSE_MS = 100,           /* without descriptors */
	HTTP_STOP_IDLE_MS = 2000,      /* at the end, for a request that is on its way; config/proxy/nginx.conf keeps less */
	HTTP_PLAN_MS = 30 * 1000,      /* for a body, and for an answer, when the route's plan does not say */
	HTTP_PROBLEM_BYTES = 4096,
	HTTP_BODIES_BYTES = 64 << 20,  /* of all bodies in memory that take more than HTTP_MEMORY_STEP */
	HTTP_SPOOL_BYTES = 1 << 30,    /* of all bodies in files */
};

enum conn_state {
	CONN_IDLE,                     /* between requests */
	CONN_HEAD,                     /* some of a head has come */
	CONN_BODY,                     /* some of a body is missing */
	CONN_ANSWER,                   /* somebody works on the answer */
	CONN_STREAM,                   /* an event stream */
	CONN_CLOSING,                  /* the last answer is leaving */
	CONN_LINGER,                   /* it has left; waiting for the client to close */
};

struct address;

struct conn {
	struct http *http;
	struct bufferevent *bev;
	int fd;
	enum conn_state state;
	bool eof;                      /* the client sends no more */
	bool dead;                     /* to be freed by the loop */
	bool working, queued;
	bool paused;                   /* more than HTTP_READ_AHEAD has come: not reading */
	struct http_x *x;              /* under way: CONN_BODY, CONN_ANSWER, CONN_STREAM */
	struct head_scan scan;
	int64_t deadline_us;           /* of this state; 0: none */
	int64_t queued_bytes;          /* ever given to the output buffer */
	int64_t moved_bytes, moved_us; /* what had left it when last seen to move */
	int64_t stream_input;
	struct address *address;       /* counts connections per peer; NULL for a unix socket */
	char peer[HTTP_PEER_TEXT];
	TAILQ_ENTRY(conn) all_link, ready_link;
};
TAILQ_HEAD(conn_list, conn);

struct http_x {
	struct conn *conn;             /* NULL: the client has left */
	struct http *http;
	struct request *req;           /* NULL once an event stream has begun */
	const struct http_plan *plan;
	struct op *op;                 /* to be told when nobody waits any more */
	int64_t in_memory, in_file;    /* of its body, as counted in http */
	void *user;
	const char *refusal_header;
	bool gone;
	bool stream;
	void (*on_end)(void *arg);
	void *end_arg;
	char peer[HTTP_PEER_TEXT];
	TAILQ_ENTRY(http_x) orphan_link;   /* streams whose reader left before they began */
	LIST_ENTRY(http_x) all_link;
};
TAILQ_HEAD(http_x_list, http_x);
LIST_HEAD(http_x_all, http_x);

struct http_listener {
	struct http *http;
	struct evconnlistener *lev;
	char *path;                    /* of a unix socket we made */
};

struct http {
	struct server *srv;
	struct http_limits limits;
	struct http_calls calls;
	char *spool_dir;
	bool stopping;
	struct http_listener listeners[HTTP_MAX_LISTENERS];
	int n_listeners;
	struct loop_timer *tick;       /* runs while there are connections */
	struct loop_timer *resume;     /* listeners, after a pause */
	struct loop_timer *turn;       /* works through ready */
	int spare_fd;
	int64_t full_logged_us;
	int n_conns;
	struct conn_list all, ready;
	struct http_x_list orphans;
	struct http_x_all exchanges;   /* also those without a connection */
	int64_t in_memory, in_file;    /* bytes of bodies, of all exchanges */
	struct address *addresses[256];
	int64_t date_second;
	char date[32];
};

/* http_listen.c */
int http_listen(struct http *h, const char *where, struct err *err);
void http_unlisten(struct http *h);
struct address *address_take(struct http *h, const struct sockaddr *sa);  /* NULL: one too many */
void address_drop(struct http *h, struct address *a);
void http_resume(void *arg);

/* http.c */
void conn_new(struct http *h, int fd, const struct sockaddr *sa);
void conn_wake(struct conn *c);                      /* look at c again, from the loop */
void conn_close(struct conn *c);                     /* after the output has left */
void conn_answered(struct conn *c, bool keep);       /* the answer has been sent or queued */

/* http_answer.c */
void conn_send(struct conn *c, struct iovec *iov, int n);
void conn_problem(struct conn *c, int status, const char *header, bool keep);
struct http_x *x_new(struct conn *c, struct request *req);
struct http_x *x_free(struct http_x *x);
bool x_has_room(const struct http_x *x);             /* for the body that its head declares */
bool x_hold(struct http_x *x);                       /* what has come of its body counts; false: it is too much */
void x_tell(struct http_x *x);                       /* nobody waits for it any more */

#endif
