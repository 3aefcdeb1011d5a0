/*
 * fetch.c - libcurl's multi interface on our loop
 *
 * A request that may have reached the other side must never look as if it had not: what is sent is read from
 * libcurl's count of request bytes, and a POST always takes a fresh connection, because on an old one that turns out
 * to be closed libcurl would send it a second time by itself.
 * Transfers end in reap() only, never inside a callback of libcurl.
 */
#include "daemon/fetch.h"

#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "lib/base/must.h"
#include "lib/base/ssrf.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONNECTIONS = 64, MAX_PER_HOST = 16, MAX_HEADER_BYTES = 64 << 10, MAX_URL = 2000 };

struct transfer {
	struct fetch *f;
	struct op *op;
	CURL *easy;
	struct curl_slist *headers;
	bool allowed;                   /* host:port is in fetch_allow: the guard looks away */
	bool refused, too_big;
	char *body;
	size_t len, room, header_bytes;
	/* a mail */
	struct curl_slist *to;
	uint8_t *mail;                  /* NULL: none */
	size_t mail_len, mail_at;
	bool mail_begun;                /* the server asked for it */
	int fd;
	LIST_ENTRY(transfer) link;
};

struct fetch {
	struct server *srv;
	CURLM *multi;
	struct loop_timer *timer;
	LIST_HEAD(transfers, transfer) all;
	int n;
};

/* ---------------------------------------------------------------- the guard */

static bool is_public(const struct curl_sockaddr *a)
{
	if (a->family == AF_INET)
		return ssrf_public_v4((const uint8_t *)&((const struct sockaddr_in *)(const void *)&a->addr)->sin_addr);
	if (a->family == AF_INET6)
		return ssrf_public_v6(((const struct sockaddr_in6 *)(const void *)&a->addr)->sin6_addr.s6_addr);
	return false;
}

/* the address is the one that will be connected to: names cannot change their mind after this */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	if (purpose != CURLSOCKTYPE_IPCXN || (!t->allowed && !is_public(a))) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	t->fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	return t->fd;
}

/* "host:port" as fetch_allow has it; false: this URL is nothing we fetch */
static bool host_and_port(const char *url, bool mail, char *out, size_t room)
{
	const char *plain = mail ? "smtp" : "http", *safe = mail ? "smtps" : "https";
	CURLU *u = must(curl_url());
	char *host = NULL, *port = NULL, *scheme = NULL;
	bool fine;

	fine = strlen(url) <= MAX_URL && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
	       curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       (strcmp(scheme, plain) == 0 || strcmp(scheme, safe) == 0) &&
	       curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	       curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	if (fine)
		fine = snprintf(out, room, "%s:%s", host, port) < (int)room;
	curl_free(host);
	curl_free(port);
	curl_free(scheme);
	curl_url_cleanup(u);
	return fine;
}

static bool is_allowed(const struct config *c, const char *host_port)
{
	for (int i = 0; c->fetch_allow[i] != NULL; i++)
		if (strcmp(c->fetch_allow[i], host_port) == 0)
			return true;
	return false;
}

const char *fetch_url_wrong(const struct fetch *f, const char *url)
{
	char host_port[300];

	if (!host_and_port(url, false, host_port, sizeof(host_port)))
		return "must be a URL that begins with https://, without a user in it";
	return strncmp(url, "https://", 8) && !is_allowed(f->srv->config, host_port) ? "must begin with https://" : NULL;
}

/* ---------------------------------------------------------------- what comes back */

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)data;
	t->header_bytes += size * n;
	t->too_big = t->too_big || t->header_bytes > MAX_HEADER_BYTES;
	return t->too_big ? 0 : size * n;
}

/* Once the server has said what becomes of the mail, nothing it says is worth a wait: libcurl would wait within its
 * QUIT, and the whole loop with it. These codes may be followed by another try of libcurl's (EHLO, STARTTLS) */
static bool is_last_word(const struct transfer *t, int code)
{
	if (t->mail_begun && t->mail_at == t->mail_len && code >= 200 && code < 300)
		return true;
	return code >= 400 && code != 454 && code != 504 && (code < 500 || code > 502);
}

/* a line of the mail server: "250-…" when more follow, "250 …" the last */
static size_t on_smtp_line(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	char code[4] = "";

	n = on_header(data, size, n, arg);
	if (n > 3 && data[3] == ' ') {
		memcpy(code, data, 3);
		if (is_last_word(t, (int)strtol(code, NULL, 10)))
			shutdown(t->fd, SHUT_RD);
	}
	return n;
}

static size_t on_mail(char *out, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	t->mail_begun = true;
	n *= size;
	n = n < t->mail_len - t->mail_at ? n : t->mail_len - t->mail_at;
	memcpy(out, t->mail + t->mail_at, n);
	t->mail_at += n;
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > FETCH_MAX_REPLY_BYTES - t->len) {
		t->too_big = true;
		return 0;
	}
	if (t->len + n > t->room) {
		t->room = 2 * (t->len + n);
		t->body = must(realloc(t->body, t->room));
	}
	memcpy(t->body + t->len, data, n);
	t->len += n;
	return n;
}

static void transfer_free(struct transfer *t)
{
	struct fetch *f = t->f;

	curl_multi_remove_handle(f->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->to);
	free(t->mail);
	free(t->body);
	LIST_REMOVE(t, link);
	f->n--;
	free(t);
}

static bool was_sent(const struct transfer *t)
{
	long bytes = 0;

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
	return bytes > 0;
}

/* a mail is sent when the server may have all of it; until then it certainly has none */
static enum fetch_outcome mail_outcome(const struct transfer *t, CURLcode code)
{
	long said = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &said);
	if (code == CURLE_OK || said >= 400)
		return FETCH_OK;
	if (t->mail_begun)
		return FETCH_UNKNOWN;
	return t->refused ? FETCH_REFUSED : FETCH_NOT_SENT;
}

static enum fetch_outcome outcome_of(const struct transfer *t, CURLcode code)
{
	if (t->mail != NULL)
		return mail_outcome(t, code);
	if (code == CURLE_OK)
		return FETCH_OK;
	if (was_sent(t))
		return FETCH_UNKNOWN;
	return t->refused ? FETCH_REFUSED : FETCH_NOT_SENT;
}

static struct fetch_reply *reply_new(struct op *op, enum fetch_outcome outcome)
{
	struct fetch_reply *r = arena_new_of(op->arena, struct fetch_reply);

	if (outcome == FETCH_REFUSED)
		metric_add(M_FETCH_REFUSED, 1);
	r->outcome = outcome;
	return r;
}

/* the body goes to the operation's arena; an arena that is too small for it is as if it had not come */
static bool copy_body(struct fetch_reply *r, const struct transfer *t)
{
	uint8_t *p = arena_try(t->op->arena, t->len + 1);

	if (p == NULL)
		return false;
	if (t->len > 0)
		memcpy(p, t->body, t->len);
	r->body = (struct bytes){ p, t->len };
	return true;
}

/* curl's own words for a code name no host and no value */
static void transfer_end(struct transfer *t, CURLcode code)
{
	struct op *op = t->op;
	struct fetch_reply *r = reply_new(op, outcome_of(t, code));
	curl_off_t retry_after = 0;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	r->status = t->mail != NULL && code == CURLE_OK ? 250 : (int)status;
	r->retry_after_s = retry_after > 0 && retry_after < 86400 ? (int)retry_after : 0;
	if (r->outcome == FETCH_OK && !copy_body(r, t)) {
		r->outcome = FETCH_UNKNOWN;
		t->too_big = true;
	}
	if (r->outcome == FETCH_REFUSED)
		err_set(&r->err, ERR_REMOTE, "the address is not public");
	else if (r->outcome != FETCH_OK)
		err_set(&r->err, ERR_REMOTE, "%s", t->too_big ? "the answer is too big" : curl_easy_strerror(code));
	transfer_free(t);
	op->fetched = r;
	op_wake(op, (int)r->outcome);
}

/* ---------------------------------------------------------------- libcurl and the loop */

static void reap(struct fetch *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		struct transfer *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		transfer_end(t, code);
	}
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *f = arg;
	int running, flags = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(f->multi, fd, flags, &running);
	reap(f);
}

static void on_timer(void *arg)
{
	struct fetch *f = arg;
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(f);
}

/* libcurl wants to hear about a socket, or no more */
static int watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct fetch *f = arg;
	struct event *e = socket_arg;
	short flags = EV_PERSIST;

	(void)easy;
	if (e != NULL)
		event_free(e);
	curl_multi_assign(f->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	flags |= what & CURL_POLL_IN ? EV_READ : 0;
	flags |= what & CURL_POLL_OUT ? EV_WRITE : 0;
	e = must(event_new(f->srv->base, fd, flags, on_socket, f));
	event_add(e, NULL);
	curl_multi_assign(f->multi, fd, e);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct fetch *f = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(f->timer);
	else
		loop_timer_once(f->timer, (int)ms);
	return 0;
}

struct fetch *fetch_new(struct server *srv)
{
	struct fetch *f;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		abort();
	f = must(calloc(1, sizeof(*f)));
	f->srv = srv;
	LIST_INIT(&f->all);
	f->timer = loop_timer_new(srv, on_timer, f);
	f->multi = must(curl_multi_init());
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, watch);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_CONNECTIONS);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MAX_PER_HOST);
	return f;
}

struct fetch *fetch_free(struct fetch *f)
{
	if (f == NULL)
		return NULL;
	while (!LIST_EMPTY(&f->all))
		transfer_end(LIST_FIRST(&f->all), CURLE_ABORTED_BY_CALLBACK);
	curl_multi_cleanup(f->multi);
	loop_timer_free(f->timer);
	free(f);
	curl_global_cleanup();
	return NULL;
}

/* ---------------------------------------------------------------- asking */

static void set_limits(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);          /* stopping does not wait for DNS */
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");               /* also none from the environment */
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)FETCH_TOTAL_MS);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "loketd");
}

static void set_callbacks(struct transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

static void add_header(struct transfer *t, const char *line)
{
	struct curl_slist *l = must(curl_slist_append(t->headers, line));

	t->headers = l;
}

static void set_request(struct transfer *t, const char *method, const char *url, const char *const *headers,
                        struct bytes body)
{
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	if (strcmp(method, "GET") != 0) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
		curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, body.len > 0 ? (const char *)body.data : "");
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
		curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
	}
	add_header(t, "Expect:");
	for (int i = 0; headers != NULL && headers[i] != NULL; i++)
		add_header(t, headers[i]);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static enum op_status at_once(struct op *op, int next_state, enum fetch_outcome outcome, enum err_kind kind,
                              const char *why)
{
	op_wait(op, next_state);
	op->fetched = reply_new(op, outcome);
	err_set(&op->fetched->err, kind, "%s", why);
	op_wake(op, (int)outcome);
	return OP_WAIT;
}

static bool headers_are_lines(const char *const *headers)
{
	for (int i = 0; headers != NULL && headers[i] != NULL; i++)
		if (strpbrk(headers[i], "\r\n") != NULL)
			return false;
	return true;
}

/* NULL, and *ended, when it is over before it began */
static struct transfer *transfer_new(struct op *op, int next_state, const char *url, bool mail, enum op_status *ended)
{
	struct fetch *f = op->srv->fetch;
	char host_port[300];
	struct transfer *t;
	CURL *easy;

	if (!host_and_port(url, mail, host_port, sizeof(host_port))) {
		*ended = at_once(op, next_state, FETCH_REFUSED, ERR_FORMAT, "this is no URL to send to");
		return NULL;
	}
	if (f->n >= FETCH_MAX_WAITING) {
		metric_add(M_REFUSED_FETCH, 1);
		*ended = at_once(op, next_state, FETCH_NOT_SENT, ERR_BUSY, "too many requests under way");
		return NULL;
	}
	easy = must(curl_easy_init());
	t = must(calloc(1, sizeof(*t)));
	t->easy = easy;
	t->f = f;
	t->op = op;
	t->fd = -1;
	t->allowed = is_allowed(f->srv->config, host_port);
	set_limits(t->easy);
	set_callbacks(t);
	return t;
}

static enum op_status transfer_start(struct transfer *t, int next_state)
{
	LIST_INSERT_HEAD(&t->f->all, t, link);
	t->f->n++;
	op_wait(t->op, next_state);
	curl_multi_add_handle(t->f->multi, t->easy);     /* it begins from the timer, so from the loop */
	return OP_WAIT;
}

enum op_status fetch_submit(struct op *op, int next_state, const char *method, const char *url,
                            const char *const *headers, struct bytes body)
{
	enum op_status ended;
	struct transfer *t;

	if (!headers_are_lines(headers))
		return at_once(op, next_state, FETCH_REFUSED, ERR_FORMAT, "this is no header to send");
	t = transfer_new(op, next_state, url, false, &ended);
	if (t == NULL)
		return ended;
	set_request(t, method, url, headers, body);
	return transfer_start(t, next_state);
}

/* ---------------------------------------------------------------- a mail */

static void set_mail(struct transfer *t, const char *url, const struct fetch_mail *mail, struct bytes body)
{
	CURL *e = t->easy;

	t->to = must(curl_slist_append(NULL, mail->to));
	t->mail = must(malloc(body.len + 1));
	if (body.len > 0)
		memcpy(t->mail, body.data, body.len);
	t->mail_len = body.len;
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(t->allowed ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	curl_easy_setopt(e, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(e, CURLOPT_MAIL_RCPT, t->to);
	if (mail->user != NULL && mail->password != NULL) {
		curl_easy_setopt(e, CURLOPT_USERNAME, mail->user);
		curl_easy_setopt(e, CURLOPT_PASSWORD, mail->password);
	}
	curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_mail);
	curl_easy_setopt(e, CURLOPT_READDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_smtp_line);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)FETCH_MAIL_MS);
	curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)FETCH_MAIL_MS / 1000);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
}

enum op_status fetch_mail(struct op *op, int next_state, const char *url, const struct fetch_mail *mail,
			  struct bytes body)
{
	enum op_status ended;
	struct transfer *t;

	if (strpbrk(mail->from, "\r\n<>") != NULL || strpbrk(mail->to, "\r\n<>") != NULL)
		return at_once(op, next_state, FETCH_REFUSED, ERR_FORMAT, "this is no address to send to");
	t = transfer_new(op, next_state, url, true, &ended);
	if (t == NULL)
		return ended;
	set_mail(t, url, mail, body);
	return transfer_start(t, next_state);
}
