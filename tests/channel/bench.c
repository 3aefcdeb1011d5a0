#include "tests/channel/bench.h"

#include "lib/base/b64url.h"
#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/channel/form.h"
#include "lib/channel/sending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *header(const void *ctx, const char *name)
{
	const struct bench *b = ctx;
	const char *found = NULL;

	for (int i = 0; i < b->n_headers; i++) {
		if (strcasecmp(b->headers[i].name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = b->headers[i].value;
	}
	return found;
}

/* who carries what */
static const struct carried {
	const char *provider, *channel, *sign;
} carried[] = {
	{ "bird", "sms", "bird" },     { "cm", "sms", "query" },       { "messagebird", "sms", "messagebird" },
	{ "telegram", "telegram", "telegram" }, { "twilio", "sms", "twilio" }, { "whatsapp", "whatsapp", "hub" },
	{ "x", "x", "x" },
};

static const struct carried *carried_by(const char *provider)
{
	for (size_t i = 0; i < sizeof carried / sizeof *carried; i++) {
		if (!strcmp(carried[i].provider, provider))
			return &carried[i];
	}
	return NULL;
}

struct bench *bench_new(const char *channel)
{
	struct arena *a = arena_new(256 << 20);
	struct bench *b = arena_new_of(a, struct bench);

	b->a = a;
	b->ops = channel_find(channel);
	b->does = "parse";
	b->secret = "geheim";
	b->url = "https://kcc.example.nl/v1/hooks/test";
	b->inbox = (struct inbox){
		.id = "test", .municipality = "dordrecht", .channel = carried_by(channel) ? carried_by(channel)->channel : channel, .settings = jsonx_own(a, json_object()),
		.secrets = { { "secret", "oud" }, { "secret", "geheim" }, { "verify", "verify" }, { "token", "token" },
			     { "key", "key" }, { "tokenSecret", "tokenSecret" } },
		.n_secrets = 6,
	};
	b->request = (struct channel_request){ .query = "", .header = header, .ctx = b };
	when_parse("2026-11-21T12:00:00Z", &b->request.now_us);
	return b;
}

struct bench *bench_free(struct bench *b)
{
	if (b)
		arena_free(b->a);
	return NULL;
}

void bench_header(struct bench *b, const char *name, const char *value)
{
	b->headers[b->n_headers].name = name;
	b->headers[b->n_headers++].value = value;
	if (!strcasecmp(name, "Content-Type"))
		b->request.content_type = value;
}

void bench_url(struct bench *b)
{
	b->request.url = arena_printf(b->a, "%s%s%s", b->url, *b->request.query ? "?" : "", b->request.query);
}

static int by_name(const void *x, const void *y)
{
	const struct form_pair *a = x, *b = y;

	return strcmp((const char *)a->name.data, (const char *)b->name.data);
}

static const char *sorted(struct bench *b)
{
	const char *all = "";
	int n;
	struct form_pair *p = form_pairs(b->a, b->request.body, &n);

	qsort(p, (size_t)n, sizeof *p, by_name);
	for (int i = 0; i < n; i++)
		all = arena_printf(b->a, "%s%s%s", all, (const char *)p[i].name.data,
				   p[i].value.data ? (const char *)p[i].value.data : "");
	return all;
}

static void sign_twilio(struct bench *b)
{
	const char *what = form_is_type(b->request.content_type, "application/json") ? "" : sorted(b);
	uint8_t mac[SHA1_BYTES];

	if (!*what && b->request.body.len) {
		char hex[SHA256_HEX];
		uint8_t digest[SHA256_BYTES];

		sha256(b->request.body, digest);
		hex_encode(digest, sizeof digest, hex);
		b->request.query = arena_printf(b->a, "bodySHA256=%s", hex);
		bench_url(b);
	}
	what = arena_printf(b->a, "%s%s", b->request.url, what);
	hmac_sha1(b->secret, (struct bytes){ (const uint8_t *)what, strlen(what) }, mac);
	bench_header(b, "X-Twilio-Signature", base64_encode(b->a, (struct bytes){ mac, sizeof mac }));
}

static const char *hex_of(struct bench *b, struct bytes what)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	sha256(what, digest);
	hex_encode(digest, sizeof digest, hex);
	return arena_str(b->a, hex);
}

static void sign_messagebird(struct bench *b)
{
	long long now = (long long)(b->request.now_us / WHEN_SECOND_US);
	const char *head = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", *claims, *what;
	uint8_t mac[SHA256_BYTES];

	claims = arena_printf(b->a, "{\"iss\":\"MessageBird\",\"nbf\":%lld,\"exp\":%lld,\"jti\":\"j-1\",\"url_hash\":\"%s\"%s}", now, now + 60,
			      hex_of(b, (struct bytes){ (const uint8_t *)b->request.url, strlen(b->request.url) }),
			      b->request.body.len ? arena_printf(b->a, ",\"payload_hash\":\"%s\"", hex_of(b, b->request.body)) : "");
	what = arena_printf(b->a, "%s.%s", b64url_encode(b->a, (struct bytes){ (const uint8_t *)head, strlen(head) }),
			    b64url_encode(b->a, (struct bytes){ (const uint8_t *)claims, strlen(claims) }));
	hmac_sha256(b->secret, (struct bytes){ (const uint8_t *)what, strlen(what) }, mac);
	bench_header(b, "MessageBird-Signature-JWT",
		     arena_printf(b->a, "%s.%s", what, b64url_encode(b->a, (struct bytes){ mac, sizeof mac })));
}

static void sign_bird(struct bench *b)
{
	const char *stamp = arena_printf(b->a, "%lld", (long long)(b->request.now_us / WHEN_SECOND_US));
	const char *first = arena_printf(b->a, "%s\n%s\n", stamp, b->request.url);
	uint8_t digest[SHA256_BYTES], mac[SHA256_BYTES];

	sha256(b->request.body, digest);
	hmac_sha256_two(b->secret, (struct bytes){ (const uint8_t *)first, strlen(first) }, (struct bytes){ digest, sizeof digest }, mac);
	bench_header(b, "messagebird-signature", base64_encode(b->a, (struct bytes){ mac, sizeof mac }));
	bench_header(b, "messagebird-request-timestamp", stamp);
}

static void sign_query(struct bench *b)
{
	b->request.query = arena_printf(b->a, "%s%ssecret=%s", b->request.query, *b->request.query ? "&" : "", b->secret);
	bench_url(b);
}

void bench_sign(struct bench *b)
{
	static const struct { const char *how; void (*sign)(struct bench *); } ways[] = {
		{ "twilio", sign_twilio }, { "messagebird", sign_messagebird }, { "bird", sign_bird }, { "query", sign_query },
	};
	const struct carried *by = carried_by(b->ops->name);
	const char *how = b->sign ? b->sign : by ? by->sign : b->ops->handshake ? "hub" : "own";
	const char *stamp = arena_printf(b->a, "%lld.", (long long)(b->request.now_us / WHEN_SECOND_US));
	uint8_t mac[SHA256_BYTES];
	char hex[SHA256_HEX];

	bench_url(b);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (!strcmp(ways[i].how, how)) {
			ways[i].sign(b);
			return;
		}
	}
	if (!strcmp(how, "none"))
		return;
	if (!strcmp(how, "bearer")) {
		bench_header(b, "Authorization", arena_printf(b->a, "Bearer %s", b->secret));
		return;
	}
	if (!strcmp(how, "telegram")) {
		bench_header(b, "X-Telegram-Bot-Api-Secret-Token", b->secret);
		return;
	}
	if (!strcmp(how, "basic")) {
		const char *pair = arena_printf(b->a, "postmark:%s", b->secret);

		bench_header(b, "Authorization",
			     arena_printf(b->a, "Basic %s", base64_encode(b->a, (struct bytes){ (const uint8_t *)pair, strlen(pair) })));
		return;
	}
	bool own = !strcmp(how, "own"), x = !strcmp(how, "x");
	hmac_sha256_two(b->secret, (struct bytes){ (const uint8_t *)stamp, own ? strlen(stamp) : 0 }, b->request.body, mac);
	hex_encode(mac, sizeof mac, hex);
	if (x)
		bench_header(b, "x-twitter-webhooks-signature",
		             arena_printf(b->a, "sha256=%s", base64_encode(b->a, (struct bytes){ mac, sizeof mac })));
	else if (own)
		bench_header(b, "X-Loket-Signature", arena_printf(b->a, "t=%.*s,v1=%s", (int)strlen(stamp) - 1, stamp, hex));
	else
		bench_header(b, "X-Hub-Signature-256", arena_printf(b->a, "sha256=%s", hex));
}

int bench_parse(struct bench *b, struct channel_batch *out)
{
	if (b->by_get) {
		b->request.body = (struct bytes){ (const uint8_t *)b->request.query, strlen(b->request.query) };
		b->request.content_type = "application/x-www-form-urlencoded";
	}
	return b->ops->parse(b->a, &b->inbox, &b->request, out);
}

struct bytes bench_load(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct bytes b = { 0 };

	if (!f)
		return b;
	fseek(f, 0, SEEK_END);
	long n = ftell(f);
	rewind(f);
	uint8_t *p = arena_alloc(a, (size_t)n + 1);
	b.len = fread(p, 1, (size_t)n, f);
	b.data = p;
	fclose(f);
	return b;
}

static bool directive(struct bench *b, const char *key, const char *value, const char **body)
{
	if (!strcmp(key, "settings"))
		b->inbox.settings = jsonx_own(b->a, json_loads(value, 0, NULL));
	else if (!strcmp(key, "channel"))
		b->inbox.channel = value;
	else if (!strcmp(key, "peer"))
		b->request.peer = value;
	else if (!strcmp(key, "url"))
		b->url = value;
	else if (!strcmp(key, "method"))
		b->by_get = !strcmp(value, "GET");
	else if (!strcmp(key, "account"))
		b->inbox.account = value;
	else if (!strcmp(key, "secret"))
		b->inbox.secrets[1].value = value;
	else if (!strcmp(key, "token"))
		b->inbox.secrets[3].value = value;
	else if (!strcmp(key, "now"))
		return when_parse(value, &b->request.now_us);
	else if (!strcmp(key, "sign"))
		b->sign = value;
	else if (!strcmp(key, "query"))
		b->request.query = value;
	else if (!strcmp(key, "do"))
		b->does = value;
	else if (!strcmp(key, "status"))
		b->status = atoi(value);
	else if (!strcmp(key, "body"))
		*body = value;
	else
		return false;
	return b->inbox.settings != NULL;
}

static bool set_body(struct bench *b, const char *how, struct bytes in)
{
	struct bytes *out = &b->request.body;

	if (in.len && in.data[in.len - 1] == '\n')
		in.len--;
	*out = in;
	if (!strcmp(how, "base64"))
		return base64_decode(b->a, (const char *)in.data, in.len, out);
	if (strcmp(how, "crlf") != 0)
		return true;
	uint8_t *p = arena_alloc(b->a, 2 * in.len + 1);
	out->data = p;
	out->len = 0;
	for (size_t i = 0; i < in.len; i++) {
		if (in.data[i] == '\n')
			p[out->len++] = '\r';
		p[out->len++] = in.data[i];
	}
	return true;
}

bool bench_read(struct bench *b, struct bytes in)
{
	char *p = arena_dup(b->a, in.data, in.len), *end = p + in.len;
	const char *body = "raw";

	while (p < end && *p != '\n') {
		char *line = p, *eol = memchr(p, '\n', (size_t)(end - p)), *colon;

		if (!eol)
			return false;
		*eol = '\0';
		p = eol + 1;
		colon = strstr(line, ": ");
		if (line[0] == '#')
			continue;
		if (!colon)
			return false;
		*colon = '\0';
		if (line[0] != '@')
			bench_header(b, line, colon + 2);
		else if (!directive(b, line + 1, colon + 2, &body))
			return false;
	}
	p += p < end;
	return set_body(b, body, (struct bytes){ (const uint8_t *)p, (size_t)(end - p) });
}

/* ---- what came out, as JSON ---- */

static void put_time(json_t *o, const char *key, int64_t us)
{
	char at[WHEN_TEXT];

	if (!us)
		return;
	when_format(us, at);
	jsonx_put(o, key, at);
}

static json_t *attachment_json(const struct contact_attachment *att)
{
	json_t *o = json_object();

	jsonx_put(o, "id", att->id);
	jsonx_put(o, "kind", att->kind);
	jsonx_put(o, "mediaType", att->media_type);
	jsonx_put(o, "name", att->name);
	jsonx_put(o, "sha256", att->sha256);
	jsonx_put(o, "state", att->state);
	if (att->n_bytes >= 0)
		json_object_set_new(o, "bytes", json_integer(att->n_bytes));
	if (att->content.data && att->content.len != (size_t)att->n_bytes)
		jsonx_put(o, "error", "content and size differ");
	return o;
}

static json_t *contact_json(const struct contact *c)
{
	json_t *o = json_object(), *list = json_array();

	jsonx_put(o, "kind", contact_kind_name(c->kind));
	jsonx_put(o, "direction", c->direction == DIRECTION_IN ? "in" : "out");
	if (c->visibility == VISIBILITY_PUBLIC)
		jsonx_put(o, "visibility", "public");
	jsonx_put(o, "providerId", c->provider_id);
	jsonx_put(o, "platformId", c->platform_id);
	put_time(o, "providerTime", c->provider_time_us);
	for (int i = 0; i < c->n_from; i++)
		json_array_append_new(list, json_sprintf("%s %s", c->from[i].kind, c->from[i].value));
	json_object_set_new(o, "from", list);
	jsonx_put(o, "name", c->name);
	jsonx_put(o, "replyTo", c->reply_to);
	for (int i = 0; i < c->n_references; i++) {
		if (!i)
			json_object_set_new(o, "references", json_array());
		json_array_append_new(json_object_get(o, "references"), json_string(c->references[i]));
	}
	jsonx_put(o, "caseReference", c->case_reference);
	jsonx_put(o, "language", c->language);
	jsonx_put(o, "product", c->product);
	if (c->text && strlen(c->text) > 1000)
		json_object_set_new(o, "textBytes", json_integer((json_int_t)strlen(c->text)));
	else
		jsonx_put(o, "text", c->text);
	for (int i = 0; i < c->n_attachments; i++) {
		if (!i)
			json_object_set_new(o, "attachments", json_array());
		json_array_append_new(json_object_get(o, "attachments"), attachment_json(&c->attachments[i]));
	}
	if (c->fields)
		json_object_set(o, "fields", c->fields);
	if (c->flags)
		json_object_set_new(o, "flags", contact_flags_json(c->flags));
	if (c->opt)
		jsonx_put(o, "opt", c->opt == OPT_OUT ? "out" : "in");
	return o;
}

static json_t *report_json(const struct delivery_report *r)
{
	json_t *o = json_object();

	jsonx_put(o, "providerId", r->provider_id);
	jsonx_put(o, "ourId", r->our_id);
	jsonx_put(o, "status", delivery_name(r->status));
	put_time(o, "at", r->at_us);
	if (r->until_to.value)
		json_object_set_new(o, "untilTo", json_sprintf("%s %s", r->until_to.kind, r->until_to.value));
	if (r->error)
		json_object_set(o, "error", r->error);
	if (r->opted_out.kind)
		json_object_set_new(o, "optedOut", json_sprintf("%s %s", r->opted_out.kind, r->opted_out.value));
	return o;
}

static const char *outcome_name(int outcome)
{
	static const char *const names[] = { "ok", "refused", "unreadable", "too large", "invalid" };

	return names[outcome];
}

static json_t *call_json(const struct call_event *e)
{
	json_t *o = json_object();

	jsonx_put(o, "kind", call_event_kind_name(e->kind));
	jsonx_put(o, "id", e->event_id);
	put_time(o, "at", e->at_us);
	jsonx_put(o, "key", e->key);
	jsonx_put(o, "agent", e->agent);
	jsonx_put(o, "reason", e->reason);
	return o;
}

static void parse_into(struct bench *b, json_t *out)
{
	struct channel_batch batch;
	json_t *list;
	int outcome;

	outcome = bench_parse(b, &batch);
	jsonx_put(out, "parse", outcome_name(outcome));
	jsonx_put(out, "problem", batch.problem);
	if (batch.bad_fields)
		json_object_set(out, "badFields", batch.bad_fields);
	json_object_set_new(out, "contacts", list = json_array());
	for (int i = 0; i < batch.n_contacts; i++)
		json_array_append_new(list, contact_json(&batch.contacts[i]));
	json_object_set_new(out, "reports", list = json_array());
	for (int i = 0; i < batch.n_reports; i++)
		json_array_append_new(list, report_json(&batch.reports[i]));
	for (int i = 0; i < batch.n_calls; i++) {
		if (!i)
			json_object_set_new(out, "calls", list = json_array());
		json_array_append_new(list, call_json(&batch.calls[i]));
	}
	json_object_set_new(out, "ignored", json_integer(batch.n_ignored));
	json_object_set_new(out, "unreadable", list = json_array());
	for (int i = 0; i < batch.n_unreadable; i++)
		json_array_append_new(list, json_string(batch.unreadable[i].why));
	jsonx_put(out, "cursor", batch.cursor);
	if (batch.more)
		json_object_set_new(out, "more", json_true());
}

static void run_parse(struct bench *b, json_t *out)
{
	int outcome;

	bench_sign(b);
	outcome = b->ops->verify(&b->inbox, &b->request);
	jsonx_put(out, "verify", outcome_name(outcome));
	if (!outcome)
		parse_into(b, out);
}

static void run_handshake(struct bench *b, json_t *out)
{
	const char *answer = NULL;
	int outcome = b->ops->handshake(b->a, &b->inbox, &b->request, &answer);

	jsonx_put(out, "handshake", outcome_name(outcome));
	jsonx_put(out, "answer", answer);
}

/* the envelope, and each line of the mail, which must end in CRLF */
static void put_mail(struct bench *b, json_t *out, const struct channel_send *send)
{
	json_t *lines = json_array();

	jsonx_put(out, "mailFrom", send->mail_from);
	jsonx_put(out, "mailTo", send->mail_to);
	jsonx_put(out, "user", send->user);
	jsonx_put(out, "id", send->id);
	for (const char *p = send->body, *end = p + send->body_len, *eol; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol || eol == p || eol[-1] != '\r')
			jsonx_put(out, "error", "a line does not end in CRLF");
		if (!eol)
			break;
		json_array_append_new(lines, json_string(arena_dup(b->a, p, (size_t)(eol - p) - (eol > p && eol[-1] == '\r'))));
	}
	json_object_set_new(out, "mail", lines);
}

/* the body of the example is the reply: {"to_kind","to","text"?,"template"?,"reply_to"?,"last_in"?,"answers_id"?,
 * "answers"?,"public"?,"reference"?,"files"?: [{"name","kind","mediaType","text","bytes"?,"uploaded"?}]} */
static void read_files(struct bench *b, const json_t *list, struct channel_reply *rep)
{
	struct channel_file *files = arena_array(b->a, struct channel_file, json_array_size(list) + 1);
	json_t *f;
	size_t i;

	json_array_foreach(list, i, f) {
		const char *text = jsonx_str(f, "text");

		files[i] = (struct channel_file){ .id = "0192f0c8-0000-7000-8000-00000000000f", .kind = jsonx_str(f, "kind"),
			.name = jsonx_str(f, "name"), .media_type = jsonx_str(f, "mediaType"), .uploaded = jsonx_str(f, "uploaded"),
			.content = { (const uint8_t *)text, text ? strlen(text) : 0 } };
		files[i].n_bytes = jsonx_int(f, "bytes", (json_int_t)files[i].content.len);
	}
	rep->files = files;
	rep->n_files = (int)json_array_size(list);
}

static void run_compose(struct bench *b, json_t *out)
{
	static const char *const names[] = {
		"ok",           "no channel", "window closed", "too long",  "no address",
		"bad template", "not public", "not private",   "opted out",
		"no files",     "too many files", "files too large", "bad file",
	};
	struct channel_send send = { 0 };
	struct channel_reply rep = { .contact_id = "0192f0c8-0000-7000-8000-000000000001", .now_us = b->request.now_us,
		.hook = b->url };
	json_t *j, *list;
	int outcome;

	if (!b->ops->compose || jsonx_load(b->a, b->request.body, &j, NULL)) {
		jsonx_put(out, "compose", "no channel");
		return;
	}
	rep.to_kind = jsonx_str(j, "to_kind");
	rep.to = jsonx_str(j, "to");
	rep.text = jsonx_str(j, "text");
	if (jsonx_int(j, "textCharacters", 0)) {
		char *s = arena_alloc(b->a, (size_t)jsonx_int(j, "textCharacters", 0) * 2 + 1);
		for (json_int_t i = 0; i < jsonx_int(j, "textCharacters", 0); i++)
			memcpy(s + 2 * i, "\xc3\xa9", 2);
		rep.text = s;
	}
	rep.template_ = jsonx_obj(j, "template");
	rep.menu = jsonx_obj(j, "menu");
	rep.reply_to = jsonx_str(j, "reply_to");
	rep.answers_id = jsonx_str(j, "answers_id");
	rep.answers = jsonx_obj(j, "answers");
	rep.is_public = jsonx_bool(j, "public");
	rep.reference = jsonx_str(j, "reference");
	when_parse(jsonx_str(j, "last_in"), &rep.last_in_us);
	read_files(b, jsonx_arr(j, "files"), &rep);
	outcome = sending_compose(b->a, b->ops, &b->inbox, &rep, &send);
	jsonx_put(out, "compose", names[outcome]);
	if (outcome == REPLY_TOO_LONG || outcome == REPLY_TOO_MANY_FILES || outcome == REPLY_FILES_TOO_LARGE)
		json_object_set_new(out, "limit", json_integer(send.limit));
	if (outcome)
		return;
	jsonx_put(out, "method", send.method);
	jsonx_put(out, "url", send.url);
	json_object_set_new(out, "headers", list = json_array());
	for (int i = 0; send.headers[i]; i++)
		json_array_append_new(list, json_string(send.headers[i]));
	if (send.mail_to)
		put_mail(b, out, &send);
	else if (send.body_len < 2000)
		json_object_set_new(out, "body", send.body[0] == '{' ? json_loadb(send.body, send.body_len, 0, NULL)
								     : json_stringn(send.body, send.body_len));
}

/* the request that brings the first file of a reply to the provider, written as in an example of compose */
static void run_upload(struct bench *b, json_t *out)
{
	struct channel_send send = {0};
	struct channel_reply rep = {0};
	json_t *j = NULL, *list;

	jsonx_load(b->a, b->request.body, &j, NULL);
	read_files(b, jsonx_arr(j, "files"), &rep);
	jsonx_put(out, "upload", b->ops->upload(b->a, &b->inbox, &rep, &rep.files[0], &send) ? "refused" : "ok");
	jsonx_put(out, "url", send.url);
	json_object_set_new(out, "headers", list = json_array());
	for (int i = 0; send.headers[i]; i++)
		json_array_append_new(list, json_string(send.headers[i]));
	json_object_set_new(out, "body", json_stringn(send.body, send.body_len));
}

/* the cursor is the body */
static void run_poll(struct bench *b, json_t *out)
{
	struct channel_send send = { 0 };
	const char *cursor = b->request.body.len ? arena_dup(b->a, b->request.body.data, b->request.body.len) : NULL;
	json_t *list;

	if (b->ops->poll(b->a, &b->inbox, cursor, &send)) {
		jsonx_put(out, "poll", "no channel");
		return;
	}
	jsonx_put(out, "method", send.method);
	jsonx_put(out, "url", send.url);
	json_object_set_new(out, "headers", list = json_array());
	for (int i = 0; send.headers[i]; i++)
		json_array_append_new(list, json_string(send.headers[i]));
}

/* a page that we asked for: nobody signs it */
static void run_page(struct bench *b, json_t *out)
{
	b->request.polled = true;
	parse_into(b, out);
}

static void run_sent(struct bench *b, json_t *out)
{
	static const char *const names[] = { "ok", "retry", "failed", "uncertain", "opted out" };
	const char *id, *error;

	jsonx_put(out, "sent", names[b->ops->sent(b->a, b->status, b->request.body, &id, &error)]);
	jsonx_put(out, "providerId", id);
	jsonx_put(out, "error", error);
	if (b->ops->retry_after_s && b->ops->retry_after_s(b->a, b->request.body))
		json_object_set_new(out, "retryAfter", json_integer(b->ops->retry_after_s(b->a, b->request.body)));
}

static void run_receipt(struct bench *b, json_t *out)
{
	int status = 0;

	jsonx_put(out, "receipt", b->ops->receipt(b->a, "DOR-7K3Q-X2MP", NULL, b->request.now_us, &status));
	json_object_set_new(out, "status", json_integer(status));
}

/* the body of the example is what loketd says of the call */
static void run_next(struct bench *b, json_t *out)
{
	const char *next = arena_dup(b->a, b->request.body.data, b->request.body.len);

	b->request.url = b->url;
	jsonx_put(out, "next", b->ops->call_next(b->a, &b->inbox, &b->request, *next ? next : NULL));
}

json_t *bench_run(struct bench *b)
{
	static const struct { const char *does; void (*run)(struct bench *, json_t *); } verbs[] = {
		{ "parse", run_parse }, { "handshake", run_handshake }, { "compose", run_compose }, { "upload", run_upload },
		{ "sent", run_sent }, { "receipt", run_receipt }, { "poll", run_poll }, { "page", run_page },
		{ "next", run_next },
	};
	json_t *out = jsonx_own(b->a, json_object());

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!strcmp(verbs[i].does, b->does))
			verbs[i].run(b, out);
	}
	return out;
}
