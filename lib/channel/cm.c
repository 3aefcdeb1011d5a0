/*
 * cm.c - CM.com (Business Messaging): SMS and WhatsApp, in and out
 *
 * A post is one message, one event, or the status of one or more messages of ours. Nothing is signed: the
 * secret stands in the URL that CM.com is given (?secret=…), or in a header as in proof_own; settings.allow,
 * a list of addresses, lets only those in. A message has no id: it is known by channel, who, when and what.
 * Its reference names a message of ours that it answers. Numbers begin with 00.
 *
 * settings.from: our number or name. token: the product token.
 *
 * source   developers.cm.com/messaging: "incoming messages", "incoming events", "incoming status reports"
 * (JSON), "business messaging API"; cmdotcom/text-sdk-php and jjideenschmiede/gocm (requests and answers);
 * read 2026-11-22. Assumed: the codes of a status (0 taken by the network, 1 refused, 2 delivered, 3 failed,
 *          4 read), what custom holds, and eight parts to an SMS (their own default)
 */
#include "lib/base/hmac.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"
#include "lib/channel/texting.h"

#include <string.h>

enum { MAX_PARTS = 8 };
#define API_URL "https://gw.messaging.cm.com"

/* ---- is it theirs? ---- */

static bool is_allowed(const struct inbox *in, const char *peer)
{
	const json_t *allow = jsonx_arr(in->settings, "allow"), *one;
	size_t i;

	if (!allow)
		return true;
	json_array_foreach((json_t *)allow, i, one)
	{
		if (peer && json_is_string(one) && !strcmp(json_string_value(one), peer))
			return true;
	}
	return false;
}

/* every secret is compared whole, whichever fits */
static bool has_secret(const struct inbox *in, const char *given)
{
	const char *secret;
	bool ok = false;

	for (int i = 0; given && (secret = inbox_secret(in, "secret", i)); i++)
		ok |= same_text(secret, given);
	return ok;
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	enum { SLACK = 1 << 16 };
	struct bytes query = {(const uint8_t *)r->query, strlen(r->query)};
	struct arena *a = arena_new(SLACK + 64 * query.len);
	struct form *f = arena_new_of(a, struct form);
	bool ok = !form_urlencoded(a, query, f) && has_secret(in, form_get(f, "secret"));

	arena_free(a);
	if (!is_allowed(in, r->peer))
		return CHANNEL_REFUSED;
	return ok ? 0 : proof_own(in, r);
}

/* ---- what it says ---- */

struct post {
	struct arena *a;
	const struct inbox *in;
	const struct jsonr *root;
	struct channel_batch *out;
};

static bool is(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* "2025-11-19T08:12:44", in UTC though it does not say so */
static int64_t moment(struct post *p, const struct jsonr *j, const char *key)
{
	const char *at = jsonr_str(j, key);
	int64_t us = 0;

	if (at && strlen(at) < 40 && !when_parse(at, &us))
		when_parse(arena_printf(p->a, "%sZ", at), &us);
	return us;
}

static void keep(struct contact *c, const char *to, const struct jsonr *obj, const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	if (v && v->type != JSON_NULL)
		json_object_set_new(c->fields, to, jsonr_tree(v));
}

/* what WhatsApp, RCS and the others say besides text */
static void read_custom(struct contact *c, const struct jsonr *custom)
{
	const struct jsonr *at = jsonr_obj(custom, "location"), *pressed = jsonr_obj(custom, "buttonReply");

	if (at) {
		c->kind = KIND_LOCATION;
		keep(c, "latitude", at, "latitude");
		keep(c, "longitude", at, "longitude");
		keep(c, "name", at, jsonr_get(at, "label") ? "label" : "name");
		keep(c, "address", at, "address");
	} else if (jsonr_get(custom, "contacts")) {
		c->kind = KIND_CONTACTS;
		keep(c, "contacts", custom, "contacts");
	} else if (pressed) {
		c->kind = KIND_CHOICE;
		keep(c, "choice", pressed, "id");
	} else if (jsonr_first(custom)) {
		json_object_set_new(c->fields, "custom", jsonr_tree(custom));
	}
}

static const char *text_of(const struct jsonr *message)
{
	const char *text = jsonr_str(message, "text");
	const char *pressed = jsonr_str(jsonr_obj(jsonr_obj(message, "custom"), "buttonReply"), "title");

	return text && *text ? text : pressed;
}

static const char *key_of(struct post *p, const char *text)
{
	const struct jsonr *message = jsonr_obj(p->root, "message"), *custom = jsonr_obj(message, "custom");
	const char *parts[] = {
		jsonr_str(p->root, "channel"),
		jsonr_str(jsonr_obj(p->root, "from"), "number"),
		jsonr_str(p->root, "timeUtc"),
		text,
		jsonr_str(jsonr_obj(message, "media"), "mediaUri"),
		jsonr_first(custom) ? arena_dup(p->a, custom->source, custom->len) : NULL,
		NULL,
	};

	for (size_t i = 0; i + 1 < sizeof parts / sizeof *parts; i++) {
		if (!parts[i])
			parts[i] = "";
	}
	return texting_key(p->a, "cm", parts);
}

static void read_message(struct post *p, const struct jsonr *message)
{
	const struct jsonr *media = jsonr_obj(message, "media"), *from = jsonr_obj(p->root, "from");
	const char *text = text_of(message), *reference = jsonr_str(p->root, "reference");
	struct contact *c = p->out->contacts;

	c->fields = jsonx_own(p->a, json_object());
	c->kind = KIND_TEXT;
	c->provider_id = key_of(p, text);
	c->provider_time_us = moment(p, p->root, "timeUtc");
	c->reply_to =
		reading_id(p->a, reference && *reference ? reference : jsonr_str(p->root, "messageContext"));
	texting_from(p->a, c, jsonr_str(from, "number"));
	texting_name(p->a, c, jsonr_str(from, "name"));
	read_custom(c, jsonr_obj(message, "custom"));
	texting_media(p->a, c, jsonr_str(media, "mediaUri"), jsonr_str(media, "contentType"),
		      jsonr_str(media, "title"));
	if (c->n_attachments)
		c->kind = KIND_MEDIA;
	if (text && c->kind == KIND_TEXT)
		texting_says(p->a, p->in, c, text);
	else if (text && *text)
		contact_set_text(p->a, c, text);
	if (!json_object_size(c->fields))
		c->fields = NULL;
	if (c->n_from)
		p->out->n_contacts = 1;
	else
		reading_dead(p->out, "a message from nobody");
}

/* ---- what became of ours ---- */

static const struct texting_status states[] = {
	{"0", DELIVERY_SENT},   {"1", DELIVERY_FAILED}, {"2", DELIVERY_DELIVERED},
	{"3", DELIVERY_FAILED}, {"4", DELIVERY_READ},   {NULL, DELIVERY_NONE},
};

/* a code is a text in one of their examples, a number in another */
static const char *code_at(struct post *p, const struct jsonr *j, const char *key)
{
	const struct jsonr *v = jsonr_get(j, key);

	return jsonr_is(v, JSON_INTEGER) ? arena_dup(p->a, v->source, v->len) : jsonr_str(j, key);
}

/* our reference is the contact's id: it is the id of the message here, too */
static void read_status(struct post *p, const struct jsonr *m)
{
	const struct jsonr *status = jsonr_obj(m, "status");
	const char *reference = jsonr_str(m, "reference"), *code = code_at(p, status, "code");
	enum delivery is_now = texting_delivery(states, code);
	struct delivery_report *r =
		texting_report(p->a, p->out, reference, reference, is_now, moment(p, m, "received"));

	if (r && is_now == DELIVERY_FAILED)
		texting_failed(p->a, r, code_at(p, status, "errorCode"),
			       is(code, "1") ? "refused by the provider" : "not delivered");
}

static void read_statuses(struct post *p, const struct jsonr *msg)
{
	if (jsonr_is(msg, JSON_OBJECT))
		read_status(p, msg);
	jsonr_foreach(jsonr_is(msg, JSON_ARRAY) ? msg : NULL, one)
	{
		if (one->type == JSON_OBJECT)
			read_status(p, one);
		else
			reading_dead(p->out, "a status that is no object");
	}
}

/* somebody saw what messageContext names; the other events are nothing to us */
static void read_event(struct post *p, const struct jsonr *event)
{
	static const struct texting_status seen[] = {
		{"seen", DELIVERY_READ},
		{"read", DELIVERY_READ},
		{NULL, DELIVERY_NONE},
	};
	const char *about = jsonr_str(p->root, "messageContext");

	if (about && *about)
		texting_report(p->a, p->out, about, about, texting_delivery(seen, jsonr_str(event, "type")),
			       moment(p, p->root, "timeUtc"));
	else
		p->out->n_ignored++;
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct post p = {a, in, NULL, out};
	const struct jsonr *msg;
	size_t n;

	memset(out, 0, sizeof *out);
	if (jsonr_load(a, r->body, &p.root) || p.root->type != JSON_OBJECT)
		return reading_refuse(out, "not JSON as it should be");
	msg = jsonr_get(jsonr_obj(p.root, "messages"), "msg");
	n = msg && msg->type == JSON_ARRAY ? msg->n : 1;
	if (n > CONTACT_MAX_PER_POST)
		return reading_refuse(out, "more items than one post may hold");
	out->contacts = arena_new_of(a, struct contact);
	out->reports = arena_array(a, struct delivery_report, n);
	if (msg)
		read_statuses(&p, msg);
	else if (jsonr_obj(p.root, "event"))
		read_event(&p, jsonr_obj(p.root, "event"));
	else if (jsonr_obj(p.root, "message"))
		read_message(&p, jsonr_obj(p.root, "message"));
	else
		reading_dead(out, "neither a message, nor an event, nor a status");
	return 0;
}

/* ---- what goes out ---- */

/* texts for the template's body */
static json_t *components_of(const json_t *texts)
{
	json_t *parameters = json_array(), *text;
	size_t i;

	json_array_foreach((json_t *)texts, i, text)
		json_array_append_new(parameters, json_pack("{s:s, s:O}", "type", "text", "text", text));
	return json_pack("[{s:s, s:o}]", "type", "body", "parameters", parameters);
}

/* {"name","language","parameters"?: [texts] | "components"?}, with settings.namespace; NULL when it is none
 */
static json_t *template_of(const struct inbox *in, const json_t *t)
{
	const char *name = jsonx_str(t, "name"), *language = jsonx_str(t, "language");
	json_t *components = json_object_get(t, "components"), *texts = jsonx_arr(t, "parameters"), *text,
	       *out;
	size_t i;

	if (!language)
		language = jsonx_str(jsonx_obj(t, "language"), "code");
	if (!sending_is_token(name) || !sending_is_token(language) ||
	    (components && !json_is_array(components)))
		return NULL;
	json_array_foreach(texts, i, text)
	{
		if (!json_is_string(text))
			return NULL;
	}
	out = json_pack("{s:s, s:{s:s, s:s}}", "element_name", name, "language", "policy", "deterministic",
			"code", language);
	jsonx_put(out, "namespace", jsonx_str(in->settings, "namespace"));
	if (components)
		json_object_set(out, "components", components);
	else if (texts)
		json_object_set_new(out, "components", components_of(texts));
	return json_pack("{s:[{s:{s:o}}]}", "conversation", "template", "whatsapp", out);
}

/* the message without its content */
static json_t *message_of(struct arena *a, const struct inbox *in, const struct channel_reply *rep)
{
	bool whatsapp = texting_is_whatsapp(in);
	json_t *m = json_pack("{s:s, s:[{s:s}], s:s, s:[s]}", "from", jsonx_str(in->settings, "from"), "to",
			      "number", arena_printf(a, "00%s", texting_digits(rep->to)), "reference",
			      rep->contact_id, "allowedChannels", whatsapp ? "WhatsApp" : "SMS");

	if (!whatsapp) {
		json_object_set_new(m, "minimumNumberOfMessageParts", json_integer(1));
		json_object_set_new(m, "maximumNumberOfMessageParts", json_integer(MAX_PARTS));
	}
	return m;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *from = jsonx_str(in->settings, "from"), *token = inbox_secret(in, "token", 0);
	int refused = texting_check(in, rep);
	json_t *m, *rich = NULL;

	if (!from || !*from || !token)
		return REPLY_NO_CHANNEL;
	if (!refused && strcmp(rep->to_kind, "phone") != 0)
		refused = REPLY_NO_ADDRESS;
	if (!refused && !rep->template_)
		refused = texting_fits(in, out, rep->text, MAX_PARTS);
	if (!refused && rep->template_ && !(rich = template_of(in, rep->template_)))
		refused = REPLY_BAD_TEMPLATE;
	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	m = message_of(a, in, rep);
	json_object_set_new(m, "body",
			    json_pack("{s:s, s:s}", "type", "auto", "content",
				      rep->text ? rep->text : jsonx_str(rep->template_, "name")));
	if (rich)
		json_object_set_new(m, "richContent", rich);
	out->url = arena_printf(a, "%s/v1.0/message", sending_base(in, API_URL));
	sending_json(a, out,
		     json_pack("{s:{s:{s:s}, s:[o]}}", "messages", "authentication", "productToken", token,
			       "msg", m));
	return 0;
}

/* 200 says that it was understood; each message has a status of its own */
static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	json_t *root;
	enum sent_outcome outcome =
		sending_answer(a, status, body, "/messages/0/reference", provider_id, error, &root);
	const json_t *one = json_array_get(jsonx_arr(root, "messages"), 0);
	const char *what = jsonx_str(one, "status");

	if (what && strcmp(what, "Accepted") != 0 && status < 500) {
		*provider_id = NULL;
		*error = arena_printf(a, "%lld: refused by the provider",
				      (long long)jsonx_int(one, "messageErrorCode", 0));
		return SENT_FAILED;
	}
	return outcome;
}

static const char *const hosts[] = {".cm.com", ".cmtelecom.com", NULL};

const struct channel_ops channel_cm = {
	.name = "cm",
	.signed_body = true,
	.verify = verify,
	.parse = parse,
	.compose = compose,
	.sent = sent,
	.media_hosts = hosts,
};
