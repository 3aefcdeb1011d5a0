/* http_listen.c - sockets that listen, connections counted per address, descriptors running out */
#include "daemon/http_private.h"

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "lib/base/err.h"
#include "lib/base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---------------------------------------------------------------- connections per address */

struct address {
	struct address *next;
	int slot;
	int count;
	uint8_t bytes[16];
};

static void address_bytes(uint8_t out[16], const struct sockaddr *sa)
{
	memset(out, 0, 16);
	if (sa->sa_family == AF_INET6)
		memcpy(out, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		memcpy(out, &((const struct sockaddr_in *)sa)->sin_addr, 4);
}

struct address *address_take(struct http *h, const struct sockaddr *sa)
{
	struct address *a;
	uint8_t key[16];
	int slot = 0;

	address_bytes(key, sa);
	for (int i = 0; i < 16; i++)
		slot = (slot * 31 + key[i]) & 255;
	for (a = h->addresses[slot]; a != NULL && memcmp(a->bytes, key, 16) != 0; a = a->next)
		;
	if (a == NULL) {
		a = must(calloc(1, sizeof(*a)));
		memcpy(a->bytes, key, 16);
		a->slot = slot;
		a->next = h->addresses[slot];
		h->addresses[slot] = a;
	}
	if (a->count >= h->limits.max_per_address)
		return NULL;
	a->count++;
	return a;
}

void address_drop(struct http *h, struct address *a)
{
	struct address **p;

	if (a == NULL || --a->count > 0)
		return;
	for (p = &h->addresses[a->slot]; *p != a; p = &(*p)->next)
		;
	*p = a->next;
	free(a);
}

/* ---------------------------------------------------------------- accept */

static void on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct http_listener *l = arg;

	(void)lev, (void)len;
	conn_new(l->http, fd, sa);
}

/* shed_one - with the spare descriptor: let one client know, instead of leaving all in the backlog */
static void shed_one(struct http *h, struct evconnlistener *lev)
{
	int fd;

	if (h->spare_fd < 0)
		return;
	close(h->spare_fd);
	fd = accept4(evconnlistener_get_fd(lev), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* on_accept_error - no descriptors: without a pause epoll would report the backlog for ever (E16) */
static void on_accept_error(struct evconnlistener *lev, void *arg)
{
	struct http_listener *l = arg;
	struct http *h = l->http;
	int64_t now = mono_us();
	int why = errno;

	metric_add(M_REFUSED_DESCRIPTORS, 1);
	if (now - h->full_logged_us > 1000000 || h->full_logged_us == 0) {
		h->full_logged_us = now;
		log_event(LOG_WARNING, "http.full", "n=%d why=\"%s\"", h->n_conns, strerror(why));
	}
	shed_one(h, lev);
	http_hold(h);
	loop_timer_once(h->resume, HTTP_PAUSE_MS);
}

void http_hold(struct http *h)
{
	for (int i = 0; i < h->n_listeners; i++)
		evconnlistener_disable(h->listeners[i].lev);
}

void http_accept(struct http *h)
{
	for (int i = 0; i < h->n_listeners; i++)
		evconnlistener_enable(h->listeners[i].lev);
}

void http_resume(void *arg)
{
	http_accept(arg);
}

/* ---------------------------------------------------------------- addresses */

union any_address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

static bool is_local(const union any_address *a)
{
	switch (a->sa.sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
	default:
		return false;
	}
}

/* port_of - 0 … 65535 (0: any), -1 for anything else */
static int port_of(const char *s)
{
	char *end;
	long v;

	if (*s < '0' || *s > '9' || strlen(s) > 5)
		return -1;
	v = strtol(s, &end, 10);
	return *end == '\0' && v <= 65535 ? (int)v : -1;
}

/* read_address - "127.0.0.1:8080" or "[::1]:8080" */
static int read_address(const char *where, union any_address *a, socklen_t *len, struct err *err)
{
	const char *colon = strrchr(where, ':');
	int port = colon != NULL ? port_of(colon + 1) : -1;
	char host[64];

	if (port < 0 || colon - where >= (int)sizeof(host))
		return err_set(err, ERR_FORMAT, "listen \"%s\": not address:port, unix:/path or fd:n", where);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	memset(a, 0, sizeof(*a));
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		*len = sizeof(a->v6);
		if (inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) == 1)
			return 0;
	} else {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		*len = sizeof(a->v4);
		if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1)
			return 0;
	}
	return err_set(err, ERR_FORMAT, "listen \"%s\": the address must be numeric", where);
}

static int bind_inet(const char *where, struct err *err)
{
	union any_address a;
	socklen_t len = 0;
	int fd, on = 1;

	if (read_address(where, &a, &len, err) != 0)
		return -1;
	if (!is_local(&a))
		return err_set(err, ERR_FORMAT, "listen \"%s\": only loopback or a unix socket, behind nginx or HAProxy "
		                                "(config/proxy)", where);
	fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_IO, "listen \"%s\": %s", where, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a.sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &a.sa, len) != 0 || listen(fd, HTTP_BACKLOG) != 0) {
		err_set(err, ERR_IO, "listen \"%s\": %s", where, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* remove_stale - a socket file that nobody listens on any more; -1 when somebody does */
static int remove_stale(const struct sockaddr_un *un)
{
	struct stat st;
	int fd, r;

	if (lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return 0;               /* bind says what is wrong */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	r = connect(fd, (const struct sockaddr *)un, sizeof(*un));
	if (r != 0 && errno == ECONNREFUSED)
		r = unlink(un->sun_path) == 0 ? 1 : -1;
	else
		r = -1;
	close(fd);
	return r;
}

static int bind_unix(const char *path, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, r;

	if (path[0] != '/' || strlen(path) >= sizeof(un.sun_path))
		return err_set(err, ERR_FORMAT, "listen \"unix:%s\": an absolute path of at most %d bytes", path,
		               (int)sizeof(un.sun_path) - 1);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (remove_stale(&un) < 0)
		return err_set(err, ERR_IO, "listen \"unix:%s\": another process listens there", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_IO, "listen \"unix:%s\": %s", path, strerror(errno));
	mask = umask(0117);             /* 0660 from the first moment */
	r = bind(fd, (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (r != 0 || listen(fd, HTTP_BACKLOG) != 0) {
		err_set(err, ERR_IO, "listen \"unix:%s\": %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* take_fd - a socket that systemd bound and listens on */
static int take_fd(const char *number, struct err *err)
{
	union any_address a;
	socklen_t len = sizeof(a);
	int fd = port_of(number), listens = 0;
	socklen_t n = sizeof(listens);

	if (fd < 3 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 || !listens)
		return err_set(err, ERR_FORMAT, "listen \"fd:%s\": no listening socket was passed there", number);
	if (getsockname(fd, &a.sa, &len) != 0 || !is_local(&a))
		return err_set(err, ERR_FORMAT, "listen \"fd:%s\": only loopback or a unix socket", number);
	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	return fd;
}

int http_listen(struct http *h, const char *where, struct err *err)
{
	struct http_listener *l = &h->listeners[h->n_listeners];
	int fd;

	if (h->n_listeners == HTTP_MAX_LISTENERS)
		return err_set(err, ERR_FORMAT, "listen \"%s\": at most %d", where, HTTP_MAX_LISTENERS);
	if (strncmp(where, "unix:", 5) == 0)
		fd = bind_unix(where + 5, err);
	else if (strncmp(where, "fd:", 3) == 0)
		fd = take_fd(where + 3, err);
	else
		fd = bind_inet(where, err);
	if (fd < 0)
		return -1;
	l->http = h;
	if (strncmp(where, "unix:", 5) == 0)
		l->path = must(strdup(where + 5));
	/* backlog 0: it listens already, with our backlog and not libevent's 128 */
	l->lev = must(evconnlistener_new(h->srv->base, on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd));
	evconnlistener_set_error_cb(l->lev, on_accept_error);
	h->n_listeners++;
	return 0;
}

void http_unlisten(struct http *h)
{
	for (int i = 0; i < h->n_listeners; i++) {
		struct http_listener *l = &h->listeners[i];

		evconnlistener_free(l->lev);
		if (l->path != NULL)
			unlink(l->path);
		free(l->path);
	}
	h->n_listeners = 0;
	loop_timer_stop(h->resume);
}
