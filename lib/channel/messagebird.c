/*
 * messagebird.c - MessageBird (classic): SMS, in and out
 *
 * A message comes by POST as a form, or from a flow as a flat JSON object; what became of ours by GET or
 * POST. Names differ in case and stand there twice: the last one counts. A message without an id is known by
 * who, when and what.
 *
 * MessageBird-Signature-JWT: a JWT (HS256) of the inbox's secret with iss "MessageBird", nbf, exp, jti,
 * url_hash = hex SHA-256 of the URL and, with a body, payload_hash = that of the body. It is good for a
 * minute, and a message or status is stored once however often it comes: its jti need not be kept.
 *
 * settings.from: our number or name. token: the access key.
 *
 * source   messagebird/php-rest-api and messagebird-nodejs (webhook signatures),
 * developers.messagebird.com/api/ sms-messaging, nyaruka/courier handlers/messagebird (names of fields;
 * errorStopped 103); read 2026-11-22. Assumed: at most nine parts to a message (their 1377 characters), and
 * message_id before id when both come
 */
#include "lib/base/b64url.h"
#include "lib/base/hmac.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"
#include "lib/channel/texting.h"

#include <string.h>
#include <strings.h>

enum { MAX_TOKEN = 4000, LEEWAY_S = 5, MAX_PARTS = 9, STOPPED = 103 };
#define API_URL "https://rest.messagebird.com"

/* ---- is it theirs? ---- */

static bool is_hash_of(const char *hex, struct bytes of)
{
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];

	sha256(of, want);
	return hex && hex_decode(hex, strlen(hex), got, sizeof got) && same_bytes(want, got, sizeof got);
}

static bool is_now(const struct jsonr *claims, int64_t now_us)
{
	json_int_t now = now_us / WHEN_SECOND_US;

	return jsonr_int(claims, "nbf", 0) <= now + LEEWAY_S && jsonr_int(claims, "exp", 0) >= now - LEEWAY_S;
}

/* what the token says about this very request */
static bool fits(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 const struct jsonr *claims)
{
	const char *urls[PROOF_MAX_URLS], *iss = jsonr_str(claims, "iss"), *jti = jsonr_str(claims, "jti");
	const char *body = jsonr_str(claims, "payload_hash");
	int n = proof_urls(a, in, r->url, urls);
	bool url_fits = false;

	for (int i = 0; i < n; i++)
		url_fits |= is_hash_of(jsonr_str(claims, "url_hash"),
				       (struct bytes){(const uint8_t *)urls[i], strlen(urls[i])});
	return url_fits && iss && !strcmp(iss, "MessageBird") && jti && *jti && is_now(claims, r->now_us) &&
	       (r->body.len || (body && *body) ? is_hash_of(body, r->body) : true);
}

/* the parts of "head.claims.mac", decoded; *head is cut off at its dot */
static bool split(struct arena *a, char *token, const struct jsonr **head, const struct jsonr **claims,
		  struct bytes *mac)
{
	char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	struct bytes h, c;

	if (!second || strchr(second + 1, '.'))
		return false;
	*first = *second = '\0';
	return b64url_decode(a, token, &h) && b64url_decode(a, first + 1, &c) &&
	       b64url_decode(a, second + 1, mac) && !jsonr_load(a, h, head) && !jsonr_load(a, c, claims) &&
	       mac->len == SHA256_BYTES;
}

static bool is_signed(struct arena *a, const struct inbox *in, const struct channel_request *r,
		      const char *token)
{
	const struct jsonr *head, *claims;
	const char *alg, *secret, *dot = strrchr(token, '.');
	struct bytes what = {(const uint8_t *)token, dot ? (size_t)(dot - token) : 0}, mac;
	uint8_t want[SHA256_BYTES];
	bool ok = false;

	if (!split(a, arena_str(a, token), &head, &claims, &mac))
		return false;
	alg = jsonr_str(head, "alg");
	if (!alg || strcmp(alg, "HS256") != 0)
		return false;
	for (int i = 0; !ok && (secret = inbox_secret(in, "secret", i)); i++) {
		hmac_sha256(secret, what, want);
		ok = same_bytes(want, mac.data, sizeof want);
	}
	return ok && fits(a, in, r, claims);
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	enum { SLACK = 1 << 20 };
	const char *token = r->header(r->ctx, "MessageBird-Signature-JWT");
	struct arena *a;
	bool ok;

	if (!token || strlen(token) > MAX_TOKEN || !r->url)
		return CHANNEL_REFUSED;
	a = arena_new(SLACK + PROOF_MAX_URLS * strlen(r->url));
	ok = is_signed(a, in, r, token);
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* ---- what it says ---- */

struct post {
	struct arena *a;
	const struct inbox *in;
	struct form *f;
	struct channel_batch *out;
};

/* the last value of a name, in any case; NULL when it is absent or empty */
static const char *get(const struct post *p, const char *name)
{
	const char *s = NULL;

	for (int i = 0; i < p->f->n_fields; i++) {
		if (!strcasecmp(p->f->fields[i].name, name) && *p->f->fields[i].value)
			s = p->f->fields[i].value;
	}
	return s;
}

/* the first of these names that says something; NULL ends them */
static const char *first(const struct post *p, const char *const *names)
{
	const char *s = NULL;

	for (; *names && !s; names++)
		s = get(p, *names);
	return s;
}
#define FIRST(p, ...) first(p, (const char *const[]){__VA_ARGS__, NULL})

/* "20230727004929", UTC */
static bool compact_time(struct post *p, const char *s, int64_t *us)
{
	if (!s || strlen(s) != 14 || strspn(s, "0123456789") != 14)
		return false;
	return when_parse(
		arena_printf(p->a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6, s + 8, s + 10, s + 12),
		us);
}

static int64_t moment(struct post *p)
{
	const char *at = FIRST(p, "createdDatetime", "statusDatetime", "currentTime");
	int64_t us = 0;

	if (get(p, "createdDatetime") && when_parse(get(p, "createdDatetime"), &us))
		return us;
	if (compact_time(p, get(p, "receive_datetime"), &us) ||
	    (get(p, "date_utc") && when_unix(get(p, "date_utc"), &us)))
		return us;
	if (at)
		when_parse(at, &us);
	return us;
}

/* one URL a field; or several, by comma, with or without the brackets of a list */
static void read_media(struct post *p, struct contact *c)
{
	for (int i = 0; i < p->f->n_fields; i++) {
		char *s = arena_str(p->a, p->f->fields[i].value), *end;

		if (strcasecmp(p->f->fields[i].name, "mediaURLs") &&
		    strcasecmp(p->f->fields[i].name, "mediaUrls[]"))
			continue;
		for (; *s; s = end + (*end != '\0')) {
			s += strspn(s, "[]\" ");
			end = s + strcspn(s, ",[]\" ");
			texting_media(p->a, c, arena_dup(p->a, s, (size_t)(end - s)), NULL, NULL);
		}
	}
}

static void read_message(struct post *p, const char *who)
{
	struct contact *c = p->out->contacts;
	/* to a short code the body is what stands behind the keyword; message is all of it */
	const char *text = get(p, "shortcode") ? FIRST(p, "message", "body")
					       : FIRST(p, "body", "payload", "incomingMessage", "message");
	const char *at = FIRST(p, "createdDatetime", "receive_datetime", "currentTime", "date_utc");

	c->provider_id = reading_id(p->a, FIRST(p, "message_id", "mid", "id"));
	c->provider_time_us = moment(p);
	texting_from(p->a, c, who);
	read_media(p, c);
	c->kind = c->n_attachments ? KIND_MEDIA : KIND_TEXT;
	if (c->kind == KIND_TEXT)
		texting_says(p->a, p->in, c, text);
	else if (text)
		contact_set_text(p->a, c, text);
	if (!c->provider_id)
		c->provider_id = texting_key(
			p->a, "messagebird",
			(const char *const[]){who, at ? at : "", text ? text : "",
					      c->n_attachments ? c->attachments[0].provider_ref : "", NULL});
	p->out->n_contacts = 1;
}

static const struct texting_status statuses[] = {
	{"sent", DELIVERY_SENT},
	{"buffered", DELIVERY_SENT},
	{"delivered", DELIVERY_DELIVERED},
	{"read", DELIVERY_READ},
	{"expired", DELIVERY_FAILED},
	{"delivery_failed", DELIVERY_FAILED},
	{"delivery failed", DELIVERY_FAILED},
	{"rejected", DELIVERY_FAILED},
	{"failed", DELIVERY_FAILED},
	{NULL, DELIVERY_NONE},
};

static void read_status(struct post *p, const char *status)
{
	const char *code = get(p, "statusErrorCode");
	enum delivery is = texting_delivery(statuses, status);
	struct delivery_report *r = texting_report(p->a, p->out, FIRST(p, "message_id", "id"),
						   get(p, "reference"), is, moment(p));
	bool stopped = texting_code(code) == STOPPED;
	struct contact to = {0};

	if (!r || is != DELIVERY_FAILED)
		return;
	texting_failed(p->a, r, code,
		       stopped                      ? "the recipient asked for no more messages"
		       : !strcmp(status, "expired") ? "not delivered in time"
						    : "not delivered");
	texting_from(p->a, &to, get(p, "recipient"));
	if (stopped && to.n_from)
		r->opted_out = to.from[0];
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct post p = {a, in, arena_new_of(a, struct form), out};
	const char *who, *status;

	memset(out, 0, sizeof *out);
	if (texting_form(a, r, p.f, out))
		return CHANNEL_UNREADABLE;
	out->contacts = arena_new_of(a, struct contact);
	out->reports = arena_new_of(a, struct delivery_report);
	who = FIRST(&p, "originator", "sender");
	status = get(&p, "status");
	if (status && !FIRST(&p, "body", "message", "payload"))
		read_status(&p, status);
	else if (who)
		read_message(&p, who);
	else
		reading_dead(out, "neither a message from somebody nor a status");
	return 0;
}

/* ---- what goes out ---- */

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *from = jsonx_str(in->settings, "from"), *token = inbox_secret(in, "token", 0);
	const char *hook = texting_hook(a, in, rep);
	int refused = texting_check(in, rep);
	json_t *m;

	if (!from || !*from || !sending_is_token(token) || texting_is_whatsapp(in))
		return REPLY_NO_CHANNEL;
	if (!refused)
		refused = texting_fits(in, out, rep->text, MAX_PARTS);
	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	m = json_pack("{s:s, s:[s], s:s, s:s, s:s}", "originator", from, "recipients",
		      texting_digits(rep->to), "body", rep->text, "datacoding", "auto", "reference",
		      rep->contact_id);
	jsonx_put(m, "reportUrl", hook);
	out->url = arena_printf(a, "%s/messages", sending_base(in, API_URL));
	sending_header(a, out, "Authorization", arena_printf(a, "AccessKey %s", token));
	sending_header(a, out, "Accept", "application/json");
	sending_json(a, out, m);
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	json_t *root;
	enum sent_outcome outcome = sending_answer(a, status, body, "/id", provider_id, error, &root);
	json_int_t code = jsonx_int(json_array_get(jsonx_arr(root, "errors"), 0), "code", 0);

	if (status >= 400 && status < 500 && code)
		*error = arena_printf(a, "%lld: refused by the provider", (long long)code);
	if (status >= 400 && code == STOPPED)
		return SENT_OPTED_OUT;
	return outcome;
}

static const char *const hosts[] = {".messagebird.com", NULL};

const struct channel_ops channel_messagebird = {
	.name = "messagebird",
	.signed_body = true,
	.by_get = true,
	.verify = verify,
	.parse = parse,
	.compose = compose,
	.sent = sent,
	.media_hosts = hosts,
};
