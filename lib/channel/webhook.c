/*
 * webhook.c - a channel that nobody wrote a file for: JSON whose meaning is configuration
 *
 * The inbox's settings say how a post is proved, where what stands in it (JSON pointers, RFC 6901), and how a reply is
 * made. proto/hooks.md tells it to integrators, with an example. Without settings.signature our own proofs count.
 *
 * source   ours
 */
#include "lib/channel/answers.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"

#include <string.h>

enum { MAX_ID = 200, MAX_NAME = 200, MAX_FILES = 10, MAX_CHARACTERS = 64 * 1024, MAX_HEADERS = 4, MAX_FILLED = 128 * 1024 };

/* ---------------------------------------------------------------- is it from whom it says */

/* what the header must hold under this secret */
static const char *signature_of(struct arena *a, const json_t *s, const char *secret, struct bytes stamp, struct bytes body)
{
	const char *algorithm = jsonx_str(s, "algorithm"), *encoding = jsonx_str(s, "encoding"), *prefix = jsonx_str(s, "prefix");
	struct bytes mac = { 0 };
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	if (algorithm && !strcmp(algorithm, "none"))
		return arena_printf(a, "%s%s", prefix ? prefix : "", secret);
	hmac_sha256_two(secret, stamp, body, digest);
	hex_encode(digest, sizeof digest, hex);
	mac = (struct bytes){ digest, sizeof digest };
	return arena_printf(a, "%s%s", prefix ? prefix : "", encoding && !strcmp(encoding, "base64") ? base64_encode(a, mac) : hex);
}

/* "<stamp>." when the settings name a header with the time, which must not be old; false when it is or is absent */
static bool stamp_of(struct arena *a, const json_t *s, const struct channel_request *r, struct bytes *out)
{
	const char *name = jsonx_str(s, "stamp"), *value = name ? r->header(r->ctx, name) : NULL, *text;

	*out = (struct bytes){ (const uint8_t *)"", 0 };
	if (!name)
		return true;
	if (!proof_is_recent(r, value))
		return false;
	text = arena_printf(a, "%s.", value);
	*out = (struct bytes){ (const uint8_t *)text, strlen(text) };
	return true;
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	enum { ARENA = 64 * 1024 };
	const json_t *s = jsonx_obj(in->settings, "signature");
	const char *header = jsonx_str(s, "header"), *given = header ? r->header(r->ctx, header) : NULL, *secret;
	struct arena *a;
	struct bytes stamp;
	bool ok = false;

	if (!s)
		return proof_own(in, r);
	if (!given || strlen(given) > 1000)
		return CHANNEL_REFUSED;
	a = arena_new(ARENA);
	if (stamp_of(a, s, r, &stamp))
		for (int i = 0; !ok && (secret = inbox_secret(in, "secret", i)); i++)
			ok = same_text(signature_of(a, s, secret, stamp, r->body), given);
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* ---------------------------------------------------------------- what it says */

struct reader {
	struct arena *a;
	const struct inbox *in;
	const struct channel_request *r;
	const json_t *mapping, *item;
	struct channel_batch *out;
};

static const json_t *at(const struct reader *r, const char *role)
{
	const char *pointer = jsonx_str(r->mapping, role);

	return pointer ? jsonx_at(r->item, pointer) : NULL;
}

/* {"pointer", "is": [texts]}: does the item say one of them? */
static bool says(const struct reader *r, const json_t *rule)
{
	const char *pointer = jsonx_str(rule, "pointer");
	const char *s = pointer ? reading_word(r->a, jsonx_at(r->item, pointer), MAX_ID) : NULL;
	json_t *word;
	size_t i;

	json_array_foreach(jsonx_arr(rule, "is"), i, word)
		if (s && json_is_string(word) && !strcmp(json_string_value(word), s))
			return true;
	return false;
}

static void read_time(const json_t *j, int64_t *us)
{
	if (json_is_string(j) && !when_parse(json_string_value(j), us))
		when_unix(json_string_value(j), us);
	else if (json_is_integer(j) && json_integer_value(j) > INT64_C(100000000000))
		*us = json_integer_value(j) * 1000;      /* milliseconds */
	else if (json_is_integer(j) && json_integer_value(j) > 0)
		*us = json_integer_value(j) * WHEN_SECOND_US;
	if (*us > INT64_C(7258118400) * WHEN_SECOND_US)  /* 2200 */
		*us = 0;
}

static void read_who(const struct reader *r, struct contact *c)
{
	const char *from = reading_word(r->a, at(r, "from"), MAX_ID), *kind = jsonx_str(r->in->settings, "from_kind");
	const char *name = reading_word(r->a, at(r, "name"), MAX_NAME);

	if (from && kind && !strcmp(kind, "phone"))
		contact_add_address(c, "phone", contact_phone(r->a, from));
	else if (from && kind && !strcmp(kind, "email"))
		contact_add_address(c, "email", answers_email(r->a, from));
	else if (from)               /* a name of that channel's; the inbox makes it one of a kind */
		contact_add_address(c, r->in->channel, arena_printf(r->a, "%s/%s", r->in->id, from));
	c->name = name;
	/* said, not proved: kept beside the contact, nobody is taken for somebody else */
	jsonx_put(c->fields, "email", answers_email(r->a, reading_word(r->a, at(r, "email"), MAX_NAME)));
	if (reading_word(r->a, at(r, "phone"), MAX_NAME))
		jsonx_put(c->fields, "phone", contact_phone(r->a, reading_word(r->a, at(r, "phone"), MAX_NAME)));
}

static void read_files(const struct reader *r, struct contact *c)
{
	json_t *f;
	size_t i;

	json_array_foreach((json_t *)at(r, "attachments"), i, f) {
		const char *url = json_is_string(f) ? json_string_value(f) : jsonx_str(f, "url"), *type = jsonx_str(f, "mediaType");

		if (!url || strncmp(url, "http", 4) != 0 || c->n_attachments == MAX_FILES)
			continue;
		if (!c->attachments)
			c->attachments = arena_array(r->a, struct contact_attachment, MAX_FILES);
		c->attachments[c->n_attachments++] = (struct contact_attachment){
			.id = arena_printf(r->a, "%zu", i), .kind = answers_kind(type), .media_type = type, .name = jsonx_str(f, "name"),
			.state = "pending", .provider_ref = arena_str(r->a, url), .n_bytes = -1,
		};
	}
}

static void read_message(const struct reader *r)
{
	struct contact *c = &r->out->contacts[r->out->n_contacts];
	const char *id = reading_word(r->a, at(r, "id"), MAX_ID), *key = r->r->header(r->r->ctx, "Idempotency-Key");
	const json_t *text = at(r, "text");

	*c = (struct contact){ .kind = KIND_TEXT, .fields = jsonx_own(r->a, json_object()) };
	if (!id && key && *key && strlen(key) <= MAX_ID)
		id = arena_printf(r->a, "key:%s:%d", key, r->out->n_contacts);
	if (!id)
		id = arena_printf(r->a, "%s:%d", answers_body_key(r->a, "webhook", r->r->body), r->out->n_contacts);
	c->provider_id = id;
	read_who(r, c);
	if (!c->n_from) {
		reading_dead(r->out, "an item without a sender that can be read");
		return;
	}
	if (json_is_string(text) && json_string_length(text))
		contact_set_text(r->a, c, json_string_value(text));
	read_time(at(r, "at"), &c->provider_time_us);
	c->reply_to = reading_word(r->a, at(r, "replyTo"), MAX_ID);
	c->language = answers_language(r->a, json_string_value(at(r, "language")));
	c->product = answers_product(r->a, at(r, "product"));
	jsonx_put(c->fields, "conversation", reading_word(r->a, at(r, "conversation"), MAX_ID));
	read_files(r, c);
	if (!c->text)
		c->kind = c->n_attachments ? KIND_MEDIA : KIND_UNSUPPORTED;
	if (answers_yes(at(r, "option0")))
		c->flags |= FLAG_OPTION0;
	if (says(r, jsonx_obj(r->in->settings, "outgoing"))) {
		c->direction = DIRECTION_OUT;
		c->flags |= FLAG_ECHO;
	}
	if (says(r, jsonx_obj(r->in->settings, "public")))
		c->visibility = VISIBILITY_PUBLIC;
	r->out->n_contacts++;
}

/* settings.statuses: {"pointer", "id", "words": {<theirs>: ours}}; false when the item is no status */
static bool read_status(const struct reader *r)
{
	const json_t *s = jsonx_obj(r->in->settings, "statuses");
	const char *pointer = jsonx_str(s, "pointer"), *id_at = jsonx_str(s, "id");
	const char *theirs = pointer ? reading_word(r->a, jsonx_at(r->item, pointer), MAX_ID) : NULL;
	const char *id = id_at ? reading_word(r->a, jsonx_at(r->item, id_at), MAX_ID) : NULL;
	const char *word = theirs ? jsonx_str(jsonx_obj(s, "words"), theirs) : NULL;
	int status = word ? delivery_from(word) : -1;
	struct delivery_report *d = &r->out->reports[r->out->n_reports];
	struct uuid ours;

	if (!id || status < (int)DELIVERY_SENT)
		return false;
	/* who answers a reply without an id of their own reports under ours */
	*d = (struct delivery_report){ .provider_id = id, .our_id = uuid_parse(id, &ours) ? id : NULL,
		.status = (enum delivery)status, .at_us = r->r->now_us };
	read_time(at(r, "at"), &d->at_us);
	r->out->n_reports++;
	return true;
}

static void read_item(const struct reader *r)
{
	const json_t *only = jsonx_obj(r->in->settings, "only");

	if (read_status(r))
		return;
	if (only && !says(r, only))
		r->out->n_ignored++;
	else
		read_message(r);
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct reader rd = { .a = a, .in = in, .r = r, .mapping = jsonx_obj(in->settings, "mapping"), .out = out };
	const char *items = jsonx_str(rd.mapping, "items");
	json_t *root, *list;
	size_t n, i;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(out, "not JSON as it should be");
	if (!rd.mapping)
		return reading_refuse(out, "the inbox has no settings.mapping");
	list = items ? jsonx_at(root, items) : root;
	n = json_is_array(list) ? json_array_size(list) : 1;
	if (!list || n > CONTACT_MAX_PER_POST)
		return list ? CHANNEL_TOO_LARGE : reading_refuse(out, "nothing where settings.mapping.items points");
	out->contacts = arena_array(a, struct contact, n);
	out->reports = arena_array(a, struct delivery_report, n);
	for (i = 0; i < n; i++) {
		rd.item = json_is_array(list) ? json_array_get(list, i) : list;
		read_item(&rd);
	}
	return 0;
}

/* ---------------------------------------------------------------- what goes out */

/* {name} in s becomes the value, as it is or percent-encoded; NULL when it grows too large */
static const char *fill(struct arena *a, const char *s, const char *const names[][2], bool in_url)
{
	char *out = arena_alloc(a, MAX_FILLED);
	size_t n = 0;

	while (*s && n < MAX_FILLED - 4) {
		const char *value = NULL;

		for (int i = 0; *s == '{' && names[i][0] && !value; i++) {
			size_t len = strlen(names[i][0]);

			if (!strncmp(s + 1, names[i][0], len) && s[1 + len] == '}') {
				value = names[i][1] ? names[i][1] : "";
				s += len + 2;
			}
		}
		if (!value) {
			out[n++] = *s++;
			continue;
		}
		if (in_url)
			value = url_encode(a, value);
		if (n + strlen(value) >= MAX_FILLED)
			return NULL;
		memcpy(out + n, value, strlen(value));
		n += strlen(value);
	}
	return *s ? NULL : out;
}

/* a copy of the template with its texts filled in; NULL when one grows too large. Depth: that of the settings */
static json_t *filled(struct arena *a, const json_t *t, const char *const names[][2])
{
	json_t *out, *v;
	const char *key;
	size_t i;
	bool whole = true;

	if (json_is_string(t)) {
		const char *s = fill(a, json_string_value(t), names, false);

		return s ? json_string(s) : NULL;
	}
	if (!json_is_object(t) && !json_is_array(t))
		return json_deep_copy(t);
	out = json_is_object(t) ? json_object() : json_array();
	json_object_foreach((json_t *)t, key, v)
		whole &= json_object_set_new(out, key, filled(a, v, names)) == 0;
	json_array_foreach(t, i, v)
		whole &= json_array_append_new(out, filled(a, v, names)) == 0;
	if (whole)
		return out;
	json_decref(out);
	return NULL;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const json_t *s = jsonx_obj(in->settings, "reply"), *template_ = jsonx_obj(s, "body");
	const char *url = jsonx_str(s, "url"), *own = strchr(rep->to ? rep->to : "", '/');
	const char *const names[][2] = {
		{ "text", rep->text }, { "to", own ? own + 1 : rep->to }, { "conversation", jsonx_str(rep->answers, "conversation") },
		{ "id", rep->contact_id }, { "answers", rep->answers_id }, { "account", in->account },
		{ "token", inbox_secret(in, "token", 0) }, { NULL, NULL },
	};
	json_int_t window_h = jsonx_int(s, "window_hours", 0), limit = jsonx_int(s, "limit", MAX_CHARACTERS);
	const char *key;
	json_t *value, *body;
	int n = 0;

	if (!url || !template_)
		return REPLY_NO_CHANNEL;
	if (rep->is_public && !jsonx_bool(s, "public"))
		return REPLY_NOT_PUBLIC;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	if (!rep->to || !*rep->to)
		return REPLY_NO_ADDRESS;
	if (window_h > 0 && rep->now_us - rep->last_in_us >= window_h * 3600 * WHEN_SECOND_US)
		return REPLY_WINDOW_CLOSED;
	if (limit < 1 || limit > MAX_CHARACTERS)
		limit = MAX_CHARACTERS;
	if (sending_fits(out, rep->text, (int)limit))
		return REPLY_TOO_LONG;
	out->url = fill(a, url, names, true);
	json_object_foreach(jsonx_obj(s, "headers"), key, value) {
		const char *text = json_is_string(value) ? fill(a, json_string_value(value), names, false) : NULL;

		if (text && n++ < MAX_HEADERS && sending_is_token(key) && !strpbrk(text, "\r\n"))
			sending_header(a, out, key, text);
	}
	body = filled(a, template_, names);
	if (!out->url || !body)
		return REPLY_TOO_LONG;
	sending_json(a, out, body);
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	enum sent_outcome o = sending_outcome(a, status, error);
	static const char *const names[] = { "/id", "/messageId", "/message_id", "/data/id", "/messages/0/id" };
	json_t *root = NULL;

	*provider_id = NULL;
	if (o == SENT_OK && body.len && !jsonx_load(a, body, &root, NULL))
		for (size_t i = 0; i < sizeof names / sizeof *names && !*provider_id; i++)
			*provider_id = reading_word(a, jsonx_at(root, names[i]), MAX_ID);
	return o;
}

const struct channel_ops channel_webhook = {
	.name = "webhook",
	.signed_body = true,
	.verify = verify,
	.parse = parse,
	.compose = compose,
	.sent = sent,
};
