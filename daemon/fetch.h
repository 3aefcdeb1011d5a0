/*
 * fetch.h - requests to other systems: libcurl's multi interface
 *
 * SSRF guard: after name resolution, on the address that is really connected to; loopback, private,
 * link-local, multicast, mapped and metadata addresses are refused, v4 and v6, unless the host:port is in
 * the configuration's fetch_allow (the demo's stand-in). No redirects, http and https only (fetch_mail: smtp and smtps),
 * sizes and times bounded, no proxy from the environment.
 */
#ifndef LOKET_FETCH_H
#define LOKET_FETCH_H

#include "daemon/op.h"

enum { FETCH_MAX_REPLY_BYTES = 1 << 20, FETCH_CONNECT_MS = 3000, FETCH_TOTAL_MS = 15000,
	FETCH_MAIL_MS = 45000, FETCH_MAX_WAITING = 1024 };

enum fetch_outcome {
	FETCH_OK,            /* an answer came: status and body */
	FETCH_NOT_SENT,      /* the request certainly never left: safe to try again */
	FETCH_UNKNOWN,       /* it may have arrived: timeout or cut after the first byte went out */
	FETCH_REFUSED,       /* by the guard or a limit of ours */
};

struct fetch_reply {
	enum fetch_outcome outcome;
	int status;
	struct bytes body;   /* in op->arena */
	int retry_after_s;   /* 0: not given */
	struct err err;
};

struct fetch;
struct fetch *fetch_new(struct server *srv);
struct fetch *fetch_free(struct fetch *f);
/* fetch_submit - headers: NULL-terminated "Name: value"; everything is copied. op->fetched afterwards */
enum op_status fetch_submit(struct op *op, int next_state, const char *method, const char *url,
                            const char *const *headers, struct bytes body);

/* fetch_url_wrong - what is wrong with a URL that somebody sets up for us to post to: https, and plain http only to what is in
 * fetch_allow. Where it leads is looked at when we connect. NULL: nothing */
const char *fetch_url_wrong(const struct fetch *f, const char *url);

struct fetch_mail {
	const char *from, *to;        /* of the envelope */
	const char *user, *password;  /* NULL: no login */
};
/*
 * fetch_mail - hand one mail to a mail server; url is smtp://host:port or smtps://host:port
 * body     the whole mail, lines ending in CRLF; copied
 * out      FETCH_OK with the server's last reply code as status when it said what becomes of the mail (250, 4xx, 5xx);
 *          FETCH_UNKNOWN when the mail was handed over and no reply came
 * note     without TLS only to what is in fetch_allow
 */
enum op_status fetch_mail(struct op *op, int next_state, const char *url, const struct fetch_mail *mail,
			  struct bytes body);

#endif
