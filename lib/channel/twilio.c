/*
 * twilio.c - Twilio: SMS, WhatsApp and calls, what comes in
 *
 * A post is one thing: a message, what became of a message of ours, or a step of a call. Fields stand in a
 * form, in the query of a GET, or in a flat JSON object. twilio_send.c has what goes out, twilio_voice.c the calls.
 *
 * X-Twilio-Signature is base64(HMAC-SHA1(auth token, URL + the pairs of the form, sorted by name)). A body
 * that is no form is covered by bodySHA256 in the query instead.
 *
 * source   twilio.com/docs: "webhooks security", "Twilio's request to your incoming message webhook URL"
 * (with the WhatsApp fields and OptOutType), "track the outbound message status";
 * twilio-python RequestValidator; read 2026-11-22. That long messages now and then come as base64, and
 * ExternalUserId, are from the tests of nyaruka/courier. Assumed: that a WhatsApp flow comes in
 * InteractiveData, a choice from a list in ListId, and that partially_delivered is none of our states
 */
#include "lib/channel/twilio.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/utf8.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/texting.h"

#include <stdlib.h>
#include <string.h>

/* ---- is it theirs? ---- */

static int by_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.data, b.data, n) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *x, const void *y)
{
	const struct form_pair *a = x, *b = y;
	int order = by_bytes(a->name, b->name);

	return order ? order : by_bytes(a->value, b->value);
}

static uint8_t *put(uint8_t *to, struct bytes b)
{
	if (b.len)
		memcpy(to, b.data, b.len);
	return to + b.len;
}

/* the pairs one behind the other; the same pair twice counts once */
static bool sorted_pairs(struct arena *a, struct bytes body, struct bytes *out)
{
	int n;
	struct form_pair *p = form_pairs(a, body, &n);
	uint8_t *all = arena_alloc(a, body.len + 1), *end = all;

	if (!p)
		return false;
	qsort(p, (size_t)n, sizeof *p, by_name);
	for (int i = 0; i < n; i++) {
		if (i && !by_name(&p[i - 1], &p[i]))
			continue;
		end = put(put(end, p[i].name), p[i].value);
	}
	*out = (struct bytes){all, (size_t)(end - all)};
	return true;
}

/* a body that is no form: its digest stands in the signed URL */
static bool digest_in_query(struct arena *a, const struct channel_request *r)
{
	struct bytes query = {(const uint8_t *)r->query, strlen(r->query)};
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];
	const char *hex;
	struct form f;

	if (form_urlencoded(a, query, &f) || !(hex = form_get(&f, "bodySHA256")) ||
	    !hex_decode(hex, strlen(hex), got, sizeof got))
		return false;
	sha256(r->body, want);
	return same_bytes(want, got, sizeof got);
}

static bool signs(const char *secret, struct arena *a, const char *url, struct bytes pairs, struct bytes mac)
{
	size_t n = strlen(url);
	uint8_t *all = arena_alloc(a, n + pairs.len + 1), want[SHA1_BYTES];

	put(put(all, (struct bytes){(const uint8_t *)url, n}), pairs);
	hmac_sha1(secret, (struct bytes){all, n + pairs.len}, want);
	return same_bytes(want, mac.data, sizeof want);
}

static bool is_signed(struct arena *a, const struct inbox *in, const struct channel_request *r,
		      const char *header)
{
	const char *urls[PROOF_MAX_URLS], *secret;
	int n = proof_urls(a, in, r->url, urls);
	struct bytes pairs = {0}, mac;
	bool ok = false;

	if (!base64_decode(a, header, strlen(header), &mac) || mac.len != SHA1_BYTES)
		return false;
	if (form_is_type(r->content_type, "application/x-www-form-urlencoded")) {
		if (!sorted_pairs(a, r->body, &pairs))
			return false;
	} else if (r->body.len && !digest_in_query(a, r)) {
		return false;
	}
	for (int i = 0; i < n; i++)
		for (int k = 0; !ok && (secret = inbox_secret(in, "secret", k)); k++)
			ok = signs(secret, a, urls[i], pairs, mac);
	return ok;
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	enum { SLACK = 1 << 20 }; /* pairs, URLs and headers; a copy of the body for each URL and secret */
	const char *header = r->header(r->ctx, "X-Twilio-Signature");
	struct arena *a;
	bool ok;

	if (!header)
		return CHANNEL_REFUSED;
	a = arena_new(SLACK +
		      (3 + PROOF_MAX_URLS * CHANNEL_MAX_SECRETS) * (r->body.len + strlen(r->query) + 4096));
	ok = is_signed(a, in, r, header);
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* ---- what it says ---- */

struct post {
	struct arena *a;
	const struct inbox *in;
	const struct channel_request *r;
	struct form *f;
	struct channel_batch *out;
};

/* "" counts as absent: Twilio sends every field it knows */
static const char *get(const struct post *p, const char *name)
{
	const char *s = form_get(p->f, name);

	return s && *s ? s : NULL;
}

static bool is(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* A few networks' long messages come as base64 of the text: only what has no blank, and gives a text that has
 * one. */
static const char *plain(struct post *p, const char *s)
{
	enum { SHORTEST = 60 };
	struct bytes b;
	size_t n = strlen(s);

	if (n < SHORTEST || !base64_decode(p->a, s, n, &b) || !utf8_valid(b) || !memchr(b.data, ' ', b.len))
		return s;
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] < ' ' && !strchr("\t\r\n", b.data[i]))
			return s;
	}
	return arena_dup(p->a, b.data, b.len);
}

static void read_media(struct post *p, struct contact *c)
{
	for (int i = 0; i < CONTACT_MAX_ATTACHMENTS; i++) {
		const char *url = get(p, arena_printf(p->a, "MediaUrl%d", i));

		if (!url)
			return;
		texting_media(p->a, c, url, get(p, arena_printf(p->a, "MediaContentType%d", i)), NULL);
	}
}

/* a number as JSON, when it is one */
static void keep_number(struct post *p, struct contact *c, const char *key, const char *s)
{
	char *end;
	double d = s ? strtod(s, &end) : 0;

	texting_keep(p->a, c, key, s);
	if (s && end != s && !*end && d > -1000 && d < 1000)
		json_object_set_new(c->fields, key, json_real(d));
}

static void read_location(struct post *p, struct contact *c)
{
	c->kind = KIND_LOCATION;
	keep_number(p, c, "latitude", get(p, "Latitude"));
	keep_number(p, c, "longitude", get(p, "Longitude"));
	texting_keep(p->a, c, "name", get(p, "Label"));
	texting_keep(p->a, c, "address", get(p, "Address"));
}

/* a flow that was filled in: JSON within a string */
static void read_flow(struct post *p, struct contact *c, const char *answers)
{
	json_t *j = NULL;

	c->kind = KIND_FORM;
	texting_keep(p->a, c, "answers", answers);
	if (answers && !jsonx_load(p->a, (struct bytes){(const uint8_t *)answers, strlen(answers)}, &j, NULL))
		json_object_set(c->fields, "answers", j);
}

/* what is said besides the text; the last that fits decides */
static void read_content(struct post *p, struct contact *c)
{
	const char *choice = get(p, "ButtonPayload") ? get(p, "ButtonPayload") : get(p, "ListId");

	if (choice || get(p, "ButtonText")) {
		c->kind = KIND_CHOICE;
		texting_keep(p->a, c, "choice", choice);
	}
	if (get(p, "InteractiveData"))
		read_flow(p, c, get(p, "InteractiveData"));
	if (get(p, "Latitude") && get(p, "Longitude"))
		read_location(p, c);
	read_media(p, c);
	if (c->n_attachments)
		c->kind = KIND_MEDIA;
	if (c->kind == KIND_TEXT && !c->text && get(p, "MessageType") && !is(get(p, "MessageType"), "text")) {
		c->kind = KIND_UNSUPPORTED;
		texting_keep(p->a, c, "type", get(p, "MessageType"));
	}
}

static bool other_account(const struct post *p)
{
	const char *account = get(p, "AccountSid");

	return p->in->account && *p->in->account && account && strcmp(account, p->in->account) != 0 &&
	       !jsonx_bool(p->in->settings, "any_account");
}

static const char *message_id(const struct post *p)
{
	static const char *const names[] = {"MessageSid", "SmsMessageSid", "SmsSid"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (get(p, names[i]))
			return reading_id(p->a, get(p, names[i]));
	}
	return NULL;
}

static void take(struct post *p, struct contact *c)
{
	if (!c->provider_id)
		reading_dead(p->out, "a message without an id");
	else if (!c->n_from)
		reading_dead(p->out, "a message from nobody");
	else
		p->out->n_contacts++;
}

static void read_message(struct post *p)
{
	struct contact *c = p->out->contacts;
	const char *says = get(p, "ButtonText") ? get(p, "ButtonText") : get(p, "Body"),
		   *opt = get(p, "OptOutType");

	c->kind = KIND_TEXT;
	c->provider_id = message_id(p);
	texting_from(p->a, c, get(p, "ExternalUserId"));
	texting_from(p->a, c, get(p, "From"));
	texting_name(p->a, c, get(p, "ProfileName"));
	c->reply_to = reading_id(p->a, get(p, "OriginalRepliedMessageSid"));
	read_content(p, c);
	if (says && c->kind == KIND_TEXT)
		texting_says(p->a, p->in, c, plain(p, says));
	else if (says)
		contact_set_text(p->a, c, says);
	if (is(opt, "STOP") || is(opt, "START"))
		texting_opts(p->a, c, is(opt, "STOP") ? OPT_OUT : OPT_IN);
	texting_keep(p->a, c, "referral", get(p, "ReferralSourceUrl"));
	texting_keep(p->a, c, "forwarded", get(p, "Forwarded"));
	take(p, c);
}

/* ---- what became of ours ---- */

static const struct texting_status statuses[] = {
	{"sent", DELIVERY_SENT},     {"delivered", DELIVERY_DELIVERED},
	{"read", DELIVERY_READ},     {"undelivered", DELIVERY_FAILED},
	{"failed", DELIVERY_FAILED}, {"canceled", DELIVERY_FAILED},
	{NULL, DELIVERY_NONE},
};

/* our id stands in the query of the callback that we gave along */
static const char *our_id(struct post *p)
{
	struct bytes query = {(const uint8_t *)p->r->query, strlen(p->r->query)};
	struct form *f = arena_new_of(p->a, struct form);

	return form_urlencoded(p->a, query, f) ? NULL : form_get(f, "contact");
}

static void read_status(struct post *p, const char *status)
{
	const char *error = get(p, "ErrorCode");
	long code = texting_code(error);
	enum delivery is_now = texting_delivery(statuses, status);
	struct delivery_report *r = texting_report(p->a, p->out, message_id(p), our_id(p), is_now, 0);
	struct contact to = {0};

	if (!r || is_now != DELIVERY_FAILED)
		return;
	texting_failed(p->a, r, error, twilio_meaning(code));
	texting_from(p->a, &to, get(p, "To"));
	if (code == TWILIO_STOPPED && to.n_from)
		r->opted_out = to.from[0];
}

/* ---- the post ---- */

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct post p = {a, in, r, arena_new_of(a, struct form), out};
	const char *status;

	memset(out, 0, sizeof *out);
	if (texting_form(a, r, p.f, out))
		return CHANNEL_UNREADABLE;
	out->contacts = arena_new_of(a, struct contact);
	out->reports = arena_new_of(a, struct delivery_report);
	status = get(&p, "MessageStatus") ? get(&p, "MessageStatus") : get(&p, "SmsStatus");
	if (other_account(&p))
		reading_dead(out, "for another account");
	else if (get(&p, "CallSid"))
		return twilio_call(a, in, r, p.f, out);
	else if (status && strcmp(status, "received") != 0 && strcmp(status, "receiving") != 0)
		read_status(&p, status);
	else if (message_id(&p) || get(&p, "From"))
		read_message(&p);
	else
		reading_dead(out, "neither a message, nor a status, nor a call");
	return 0;
}

/* source   twilio.com/docs/messaging/api/media-resource: a media URL leads on to their CDN; read 2026-11-22
 */
static const char *const hosts[] = {".twilio.com", ".twiliocdn.com", NULL};

const struct channel_ops channel_twilio = {
	.name = "twilio",
	.signed_body = true,
	.by_get = true,
	.verify = verify,
	.parse = parse,
	.compose = twilio_compose,
	.sent = twilio_sent,
	.media = twilio_media,
	.media_hosts = hosts,
	.call_next = twilio_call_next,
	.call_next_type = "text/xml",
};
