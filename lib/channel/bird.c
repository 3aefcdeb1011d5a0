/*
 * bird.c - Bird (Channels API): SMS and WhatsApp, in and out
 *
 * A post is one event: {"service","event": "sms.inbound", "payload": {…}}, or the payload alone. A payload
 * whose direction is incoming is a message; outgoing is what became of ours; "<channel>.interaction" that it
 * was read. parts[].platformReference is the id the channel itself gave (a wamid): it tells that the same
 * message came through another provider as well.
 *
 * messagebird-signature is base64(HMAC-SHA256(secret, timestamp "\n" URL "\n" SHA-256 of the body)), with the
 * timestamp in messagebird-request-timestamp.
 *
 * account: the channel's id; settings.workspace: the workspace's. token: the access key.
 *
 * source   docs.bird.com/api: "verifying a webhook subscription", "message status and interactions" (also:
 * retries for 8 hours), "receiving messages" of SMS, WhatsApp and Line, "sending messages", "messaging" (202
 * with id); read 2026-11-22. Assumed: how old a timestamp may be (as long as they retry), the states
 * sending_failed, delivery_failed, rejected, skipped and expired as failed, that an interaction names
 * messageId and type, and at most ten parts to an SMS
 */
#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/when.h"
#include "lib/channel/media.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"
#include "lib/channel/texting.h"

#include <string.h>

enum { MAX_AGE_S = 9 * 3600, MAX_PARTS = 10, MAX_STAMP = 20, MAX_UUID = 64 };
#define API_URL "https://api.bird.com"

/* ---- is it theirs? ---- */

static bool is_recent(const char *stamp, int64_t now_us)
{
	int64_t at_us, age_us;

	if (!when_unix(stamp, &at_us))
		return false;
	age_us = now_us > at_us ? now_us - at_us : at_us - now_us;
	return age_us <= MAX_AGE_S * WHEN_SECOND_US;
}

static bool is_signed(struct arena *a, const struct inbox *in, const struct channel_request *r,
		      const char *header, const char *stamp)
{
	const char *urls[PROOF_MAX_URLS], *secret;
	int n = proof_urls(a, in, r->url, urls);
	uint8_t digest[SHA256_BYTES], want[SHA256_BYTES];
	struct bytes mac;
	bool ok = false;

	if (!base64_decode(a, header, strlen(header), &mac) || mac.len != SHA256_BYTES)
		return false;
	sha256(r->body, digest);
	for (int i = 0; i < n; i++) {
		const char *first = arena_printf(a, "%s\n%s\n", stamp, urls[i]);

		for (int k = 0; !ok && (secret = inbox_secret(in, "secret", k)); k++) {
			hmac_sha256_two(secret, (struct bytes){(const uint8_t *)first, strlen(first)},
					(struct bytes){digest, sizeof digest}, want);
			ok = same_bytes(want, mac.data, sizeof want);
		}
	}
	return ok;
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	enum { SLACK = 1 << 18 };
	const char *header = r->header(r->ctx, "messagebird-signature");
	const char *stamp = r->header(r->ctx, "messagebird-request-timestamp");
	struct arena *a;
	bool ok;

	if (!header || !stamp || strlen(header) > 100 || strlen(stamp) > MAX_STAMP || !r->url ||
	    !is_recent(stamp, r->now_us))
		return CHANNEL_REFUSED;
	a = arena_new(SLACK + 3 * PROOF_MAX_URLS * strlen(r->url));
	ok = is_signed(a, in, r, header, stamp);
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* ---- what it says ---- */

struct post {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	const struct jsonr *payload;
};

static bool is(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static int64_t moment(const struct jsonr *j, const char *key)
{
	const char *at = jsonr_str(j, key);
	int64_t us = 0;

	if (at)
		when_parse(at, &us);
	return us;
}

static void keep(struct contact *c, const char *to, const struct jsonr *obj, const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	if (v && v->type != JSON_NULL)
		json_object_set_new(c->fields, to, jsonr_tree(v));
}

static void read_files(struct post *p, struct contact *c, const struct jsonr *files)
{
	jsonr_foreach(files, f)
	{
		const char *type = jsonr_str(f, "contentType");
		const char *name = jsonr_str(f, "filename");

		texting_media(p->a, c, jsonr_str(f, "mediaUrl"), type ? type : jsonr_str(f, "mediaType"),
			      name ? name : jsonr_str(f, "altText"));
		if (!type && !strcmp(files->key, "images") && c->n_attachments)
			c->attachments[c->n_attachments - 1].kind = "image";
	}
}

static void read_location(struct contact *c, const struct jsonr *content)
{
	const struct jsonr *at = jsonr_obj(content, "coordinates"), *place = jsonr_obj(content, "location");

	c->kind = KIND_LOCATION;
	keep(c, "latitude", at, "latitude");
	keep(c, "longitude", at, "longitude");
	keep(c, "address", place, "address");
	keep(c, "name", place, "label");
}

/* a button that was pressed: the action with its payload */
static void read_choice(struct contact *c, const struct jsonr *content)
{
	const struct jsonr *action = jsonr_first(jsonr_arr(content, "actions"));
	const struct jsonr *postback = jsonr_obj(action, "postback");

	if (!postback && !jsonr_obj(action, "reply"))
		return;
	c->kind = KIND_CHOICE;
	keep(c, "choice", postback, "payload");
}

static void read_body(struct post *p, struct contact *c, const struct jsonr *body)
{
	const char *type = jsonr_str(body, "type");
	const struct jsonr *content = type ? jsonr_obj(body, type) : NULL;
	const char *text = jsonr_str(content, "text");

	c->kind = KIND_TEXT;
	if (is(type, "image") || is(type, "file") || is(type, "gif")) {
		c->kind = KIND_MEDIA;
		read_files(p, c, jsonr_arr(content, "images"));
		read_files(p, c, jsonr_arr(content, "files"));
	} else if (is(type, "location")) {
		read_location(c, content);
	} else if (is(type, "contact") || is(type, "contacts")) {
		c->kind = KIND_CONTACTS;
		keep(c, "contacts", body, type);
	} else if (is(type, "text") && content) {
		read_choice(c, content);
	} else {
		c->kind = KIND_UNSUPPORTED;
		texting_keep(p->a, c, "type", type);
	}
	if (text && c->kind == KIND_TEXT)
		texting_says(p->a, p->in, c, text);
	else if (text && *text)
		contact_set_text(p->a, c, text);
}

static void read_citizen(struct post *p, struct contact *c)
{
	const struct jsonr *who = jsonr_obj(jsonr_obj(p->payload, "sender"), "contact");
	const char *value = jsonr_str(who, "identifierValue");

	texting_from(p->a, c, value && *value ? value : jsonr_str(who, "platformAddress"));
	texting_name(p->a, c, jsonr_str(jsonr_obj(who, "annotations"), "name"));
}

static void read_message(struct post *p)
{
	struct contact *c = p->out->contacts;
	const struct jsonr *part = jsonr_first(jsonr_arr(p->payload, "parts"));

	c->fields = jsonx_own(p->a, json_object());
	c->provider_id = reading_id(p->a, jsonr_str(p->payload, "id"));
	c->platform_id = reading_id(p->a, jsonr_str(part, "platformReference"));
	c->provider_time_us = moment(p->payload, "createdAt");
	c->reply_to = reading_id(p->a, jsonr_str(jsonr_obj(p->payload, "replyTo"), "id"));
	read_citizen(p, c);
	read_body(p, c, jsonr_obj(p->payload, "body"));
	if (!json_object_size(c->fields))
		c->fields = NULL;
	if (!c->provider_id)
		reading_dead(p->out, "a message without an id");
	else if (!c->n_from)
		reading_dead(p->out, "a message from nobody");
	else
		p->out->n_contacts = 1;
}

static const struct texting_status statuses[] = {
	{"sent", DELIVERY_SENT},
	{"delivered", DELIVERY_DELIVERED},
	{"read", DELIVERY_READ},
	{"sending_failed", DELIVERY_FAILED},
	{"delivery_failed", DELIVERY_FAILED},
	{"rejected", DELIVERY_FAILED},
	{"skipped", DELIVERY_FAILED},
	{"expired", DELIVERY_FAILED},
	{NULL, DELIVERY_NONE},
};

static void read_status(struct post *p)
{
	const char *status = jsonr_str(p->payload, "status");
	enum delivery is_now = texting_delivery(statuses, status);
	struct delivery_report *r =
		texting_report(p->a, p->out, jsonr_str(p->payload, "id"), jsonr_str(p->payload, "reference"),
			       is_now, moment(p->payload, "lastStatusAt"));

	if (r && is_now == DELIVERY_FAILED)
		texting_failed(p->a, r, NULL,
			       is(status, "rejected") ? "refused by the provider" : "not delivered");
}

/* opened and read say the same; clicks and the like are nothing to us */
static void read_interaction(struct post *p)
{
	static const struct texting_status seen[] = {
		{"read", DELIVERY_READ}, {"opened", DELIVERY_READ}, {NULL, DELIVERY_NONE}};

	texting_report(p->a, p->out, jsonr_str(p->payload, "messageId"), NULL,
		       texting_delivery(seen, jsonr_str(p->payload, "type")),
		       moment(p->payload, "createdAt"));
}

static bool other_account(const struct post *p)
{
	const char *channel = jsonr_str(p->payload, "channelId");

	return p->in->account && *p->in->account && channel && strcmp(channel, p->in->account) != 0 &&
	       !jsonx_bool(p->in->settings, "any_account");
}

static bool ends_with(const char *s, const char *end)
{
	return s && strlen(s) >= strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct post p = {a, in, out, NULL};
	const struct jsonr *root;
	const char *event, *way;

	memset(out, 0, sizeof *out);
	if (jsonr_load(a, r->body, &root) || root->type != JSON_OBJECT) {
		out->problem = "not JSON as it should be";
		return CHANNEL_UNREADABLE;
	}
	out->contacts = arena_new_of(a, struct contact);
	out->reports = arena_new_of(a, struct delivery_report);
	event = jsonr_str(root, "event");
	p.payload = jsonr_obj(root, "payload") ? jsonr_obj(root, "payload") : root;
	way = jsonr_str(p.payload, "direction");
	if (other_account(&p))
		reading_dead(out, "for another account");
	else if (ends_with(event, ".interaction"))
		read_interaction(&p);
	else if (is(way, "incoming") || (!way && ends_with(event, ".inbound")))
		read_message(&p);
	else if (is(way, "outgoing") || ends_with(event, ".outbound"))
		read_status(&p);
	else if (event)
		out->n_ignored++; /* channels, templates, conversations, … */
	else
		reading_dead(out, "neither a message nor an event");
	return 0;
}

/* ---- what goes out ---- */

/* {"name": project id, "version"?, "language", "parameters" | "variables"} as Bird wants it; NULL when it is
 * none */
static json_t *template_of(const json_t *t)
{
	const char *name = jsonx_str(t, "name"), *version = jsonx_str(t, "version"),
		   *locale = jsonx_str(t, "language");
	json_t *variables = json_object_get(t, "variables"), *out;

	if (!sending_is_token(name) || strlen(name) > MAX_UUID || !locale ||
	    (variables && !json_is_object(variables)))
		return NULL;
	out = json_pack("{s:s, s:s, s:s}", "projectId", name, "version", version ? version : "latest",
			"locale", locale);
	if (variables)
		json_object_set(out, "variables", variables);
	return out;
}

static bool is_path_part(const char *s)
{
	return sending_is_token(s) && !strpbrk(s, "/?#") && strlen(s) <= MAX_UUID;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *workspace = jsonx_str(in->settings, "workspace"), *token = inbox_secret(in, "token", 0);
	int refused = texting_check(in, rep);
	json_t *m, *template_ = NULL;

	if (!is_path_part(workspace) || !is_path_part(in->account) || !sending_is_token(token))
		return REPLY_NO_CHANNEL;
	if (!refused && !rep->template_)
		refused = texting_fits(in, out, rep->text, MAX_PARTS);
	if (!refused && rep->template_ && !(template_ = template_of(rep->template_)))
		refused = REPLY_BAD_TEMPLATE;
	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	m = json_pack("{s:{s:[{s:s, s:s}]}, s:s}", "receiver", "contacts", "identifierKey",
		      !strcmp(rep->to_kind, "phone") ? "phonenumber" : "whatsappuserid", "identifierValue",
		      rep->to, "reference", rep->contact_id);
	if (template_)
		json_object_set_new(m, "template", template_);
	else
		json_object_set_new(m, "body",
				    json_pack("{s:s, s:{s:s}}", "type", "text", "text", "text", rep->text));
	out->url = arena_printf(a, "%s/workspaces/%s/channels/%s/messages", sending_base(in, API_URL),
				workspace, in->account);
	sending_header(a, out, "Authorization", arena_printf(a, "AccessKey %s", token));
	sending_json(a, out, m);
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	json_t *root;

	return sending_answer(a, status, body, "/id", provider_id, error, &root);
}

/* their files ask for the access key; those that are signed by themselves are elsewhere: settings.media_hosts
 */
static int media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
		 struct channel_media *out)
{
	const char *token = inbox_secret(in, "token", 0);

	if (answer.data || !sending_is_token(token) || media_url(a, provider_ref, out))
		return MEDIA_IMPOSSIBLE;
	out->headers[0] = arena_printf(a, "Authorization: AccessKey %s", token);
	return 0;
}

static const char *const hosts[] = {".bird.com", ".messagebird.com", NULL};

const struct channel_ops channel_bird = {
	.name = "bird",
	.signed_body = true,
	.verify = verify,
	.parse = parse,
	.compose = compose,
	.sent = sent,
	.media = media,
	.media_hosts = hosts,
};
