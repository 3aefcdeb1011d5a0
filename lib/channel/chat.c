/*
 * chat.c - live chat on the municipality's site: our own shape, and who is who; chat_shapes.c has the others
 *
 * {"type": "message" | "start" | "end" | "handover" | "edit" | "delete" | "status", "conversation", "id"?, "at"?,
 *  "from": {"id"?, "name"?, "email"?, "phone"?, "proved"?}?, "by": "visitor" | "bot" | "agent"?, "text"?, "language"?,
 *  "choice"?, "page"?, "product"?, "option0"?, "reason"?, "transcript"?, "about"?, "status"?, "attachments": [{"url", "mediaType"?,
 *  "name"?, "bytes"?}]?}, signed in our own way or as Chatwoot signs. proto/hooks.md tells it to integrators.
 *
 * Replies are posted to settings.reply_url (else base_url + "/replies") in the shape the citizen's message came in,
 * signed as we want it of others; to Chatwoot by its API.
 *
 * source   ours; Chatwoot: developers.chatwoot.com, "Create a new message" and the webhook's headers, read 2026-11-22;
 *          Rasa: docs of the REST and callback channels, read 2026-11-22
 */
#include "lib/channel/chat.h"

#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/channel/answers.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"

#include <string.h>

enum { MAX_ID = 200, MAX_NAME = 200, MAX_PAGE = 2000, MAX_FILES = 10, MAX_CHARACTERS = 4000, MAX_FILES_BYTES = 15000000 };

/* ---------------------------------------------------------------- what the shapes share */

const char *chat_id(struct arena *a, const json_t *obj, const char *key)
{
	return reading_word(a, json_object_get(obj, key), MAX_ID);
}

/* the same post within a minute is the same message; who wants better brings an Idempotency-Key */
static const char *made_id(struct chat_post *p)
{
	const char *key = p->r->header(p->r->ctx, "Idempotency-Key");
	long long minute = (long long)(p->r->now_us / (60 * WHEN_SECOND_US));

	if (key && *key && strlen(key) <= MAX_ID)
		return arena_printf(p->a, "key:%s:%d", key, p->out->n_contacts);
	return arena_printf(p->a, "%s:%lld:%d", answers_body_key(p->a, "chat", p->r->body), minute, p->out->n_contacts);
}

static void keep(struct chat_post *p, struct contact *c, const char *key, const char *value, size_t max)
{
	if (value && *value)
		jsonx_put(c->fields, key, utf8_clean(p->a, (struct bytes){ (const uint8_t *)value, strlen(value) }, max));
}

struct contact *chat_add(struct chat_post *p, enum contact_kind kind, const char *id, const struct chat_visitor *v)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];
	const char *who = v->id && *v->id ? v->id : v->conversation;
	const char *phone = v->phone ? contact_phone(p->a, v->phone) : NULL;

	c->kind = kind;
	c->provider_id = id ? id : made_id(p);
	c->fields = jsonx_own(p->a, json_object());
	jsonx_put(c->fields, "shape", p->shape);
	jsonx_put(c->fields, "conversation", v->conversation);
	/* ids of one site; another site of the municipality may give out the same */
	contact_add_address(c, "chat", arena_printf(p->a, "%s/%s", p->in->id, who));
	if (v->proved) {
		contact_add_address(c, "email", answers_email(p->a, v->email));
		contact_add_address(c, "phone", phone);
	} else {
		keep(p, c, "email", v->email, MAX_NAME);
		keep(p, c, "phone", phone, MAX_NAME);
	}
	if (v->name && *v->name)
		c->name = utf8_clean(p->a, (struct bytes){ (const uint8_t *)v->name, strlen(v->name) }, MAX_NAME);
	p->out->n_contacts++;
	return c;
}

void chat_text(struct chat_post *p, struct contact *c, const char *text)
{
	if (text)
		contact_set_text(p->a, c, text);
}

void chat_at(struct contact *c, const json_t *at)
{
	if (json_is_string(at) && !when_parse(json_string_value(at), &c->provider_time_us))
		when_unix(json_string_value(at), &c->provider_time_us);
	else if (json_is_integer(at) && json_integer_value(at) > 0 && json_integer_value(at) < INT64_C(7258118400))
		c->provider_time_us = json_integer_value(at) * WHEN_SECOND_US;
}

void chat_attach(struct chat_post *p, struct contact *c, const char *kind, const char *url, const char *media_type,
                 const char *name, json_int_t n_bytes)
{
	struct contact_attachment *att;

	if (!url || strncmp(url, "http", 4) != 0 || c->n_attachments == MAX_FILES)
		return;
	att = reading_attach(p->a, c, kind, arena_printf(p->a, "%d", c->n_attachments + 1), url, name, media_type);
	if (!att)
		return;
	att->n_bytes = n_bytes;
	if (c->kind == KIND_TEXT && !c->text)
		c->kind = KIND_MEDIA;
}

/* ---------------------------------------------------------------- our own shape */

static void attachments(struct chat_post *p, struct contact *c, const json_t *list)
{
	json_t *f;
	size_t i;

	json_array_foreach(list, i, f) {
		const char *type = jsonx_str(f, "mediaType");

		chat_attach(p, c, answers_kind(type), jsonx_str(f, "url"), type, jsonx_str(f, "name"), jsonx_int(f, "bytes", -1));
	}
}

static int report(struct chat_post *p, const json_t *root)
{
	const char *about = chat_id(p->a, root, "about");
	const char *status = jsonx_str(root, "status");
	int moved = status ? delivery_from(status) : -1;
	struct delivery_report *r = arena_new_of(p->a, struct delivery_report);
	struct contact when = { 0 };
	struct uuid ours;

	if (!about || moved < (int)DELIVERY_SENT)
		return reading_refuse(p->out, "a status needs about, and sent, delivered, read or failed");
	chat_at(&when, json_object_get(root, "at"));
	*r = (struct delivery_report){ .provider_id = about, .status = (enum delivery)moved,
		.our_id = uuid_parse(about, &ours) ? about : NULL,
		.at_us = when.provider_time_us ? when.provider_time_us : p->r->now_us };
	p->out->reports = r;
	p->out->n_reports = 1;
	return 0;
}

static int kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum contact_kind kind;
	} kinds[] = {
		{ "message", KIND_TEXT }, { "start", KIND_SYSTEM }, { "end", KIND_SYSTEM }, { "handover", KIND_CHOICE },
		{ "edit", KIND_EDIT }, { "delete", KIND_DELETE },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(type, kinds[i].type))
			return kinds[i].kind;
	return -1;
}

static int read_own(struct chat_post *p, const json_t *root)
{
	const char *type = jsonx_str(root, "type"), *by = jsonx_str(root, "by"), *reason = jsonx_str(root, "reason");
	const json_t *from = jsonx_obj(root, "from");
	struct chat_visitor v = {
		.id = chat_id(p->a, from, "id"), .conversation = chat_id(p->a, root, "conversation"), .name = jsonx_str(from, "name"),
		.email = jsonx_str(from, "email"), .phone = jsonx_str(from, "phone"), .proved = jsonx_bool(from, "proved"),
	};
	struct contact *c;
	int kind;

	type = type ? type : "message";
	if (!strcmp(type, "status"))
		return report(p, root);
	kind = kind_of(type);
	if (kind < 0) {              /* typing, seen, and what comes next year */
		p->out->n_ignored++;
		return 0;
	}
	if (!v.conversation)
		return reading_refuse(p->out, "no conversation");
	c = chat_add(p, (enum contact_kind)kind, chat_id(p->a, root, "id"), &v);
	chat_text(p, c, jsonx_str(root, "text"));
	if (!c->text)
		chat_text(p, c, reason);
	chat_at(c, json_object_get(root, "at"));
	c->reply_to = chat_id(p->a, root, "about");
	c->language = answers_language(p->a, jsonx_str(root, "language"));
	c->product = answers_product(p->a, json_object_get(root, "product"));
	keep(p, c, "page", jsonx_str(root, "page"), MAX_PAGE);
	if (kind == KIND_SYSTEM)
		jsonx_put(c->fields, "event", type);
	if (jsonx_arr(root, "transcript"))
		json_object_set(c->fields, "transcript", jsonx_arr(root, "transcript"));
	attachments(p, c, jsonx_arr(root, "attachments"));
	if (answers_yes(json_object_get(root, "option0")) || kind == KIND_CHOICE)
		c->flags |= FLAG_OPTION0;
	if (kind == KIND_TEXT && chat_id(p->a, root, "choice")) {
		c->kind = KIND_CHOICE;
		jsonx_put(c->fields, "choice", chat_id(p->a, root, "choice"));
	}
	if (by && !strcmp(by, "bot"))
		jsonx_put(c->fields, "by", by);
	if (by && strcmp(by, "visitor") != 0) {
		c->direction = DIRECTION_OUT;
		c->flags |= FLAG_ECHO;
	}
	if (c->kind == KIND_TEXT && !c->text) {
		p->out->n_contacts--;
		return reading_refuse(p->out, "a message without text or attachment");
	}
	return 0;
}

/* ---------------------------------------------------------------- the vtable */

static int verify(const struct inbox *in, const struct channel_request *r)
{
	return r->header(r->ctx, "X-Chatwoot-Signature")
	               ? proof_stamped(in, r, "X-Chatwoot-Signature", "X-Chatwoot-Timestamp")
	               : proof_own(in, r);
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct chat_post p = { .a = a, .in = in, .r = r, .out = out };
	size_t n = 1;
	json_t *root;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(p.out, "not JSON as it should be");
	if (json_array_size(root) > 1)
		n = json_array_size(root);
	if (n > CONTACT_MAX_PER_POST)
		return CHANNEL_TOO_LARGE;
	out->contacts = arena_array(a, struct contact, n);
	if (jsonx_str(root, "event") && jsonx_obj(root, "data")) {
		p.shape = "envelope";
		return chat_read_envelope(&p, root);
	}
	if (jsonx_str(root, "event")) {
		p.shape = "chatwoot";
		return chat_read_chatwoot(&p, root);
	}
	if (json_is_array(root) || json_object_get(root, "sender") || json_object_get(root, "recipient_id")) {
		p.shape = "rasa";
		return chat_read_rasa(&p, root);
	}
	p.shape = "loket";
	if (!json_is_object(root) || !(json_object_get(root, "conversation") || json_object_get(root, "type")))
		return reading_refuse(p.out, "not a message of a chat we know");
	return read_own(&p, root);
}

static int to_chatwoot(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *base = jsonx_str(in->settings, "base_url");
	const char *token = inbox_secret(in, "token", 0), *account = chat_id(a, rep->answers, "account");
	const char *conversation = jsonx_str(rep->answers, "conversation");

	if (!base || !sending_is_token(token) || !account || strspn(account, "0123456789") != strlen(account))
		return REPLY_NO_CHANNEL;
	if (!conversation || !*conversation || strspn(conversation, "0123456789") != strlen(conversation))
		return REPLY_NO_ADDRESS;
	out->url = arena_printf(a, "%s/api/v1/accounts/%s/conversations/%s/messages", base, account, conversation);
	sending_header(a, out, "api_access_token", token);
	/* content_attributes comes back with its webhook: so our own words are known as ours */
	sending_json(a, out, json_pack("{s:s, s:s, s:b, s:{s:s}}", "content", rep->text, "message_type", "outgoing",
	                               "private", 0, "content_attributes", "loket", rep->contact_id));
	return 0;
}

/* as we want it of others: t and v1 over "<t>.<body>" */
static void sign(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *stamp = arena_printf(a, "%lld.", (long long)(rep->now_us / WHEN_SECOND_US));
	uint8_t mac[SHA256_BYTES];
	char hex[SHA256_HEX];

	hmac_sha256_two(inbox_secret(in, "secret", 0), (struct bytes){ (const uint8_t *)stamp, strlen(stamp) },
	                (struct bytes){ (const uint8_t *)out->body, out->body_len }, mac);
	hex_encode(mac, sizeof mac, hex);
	sending_header(a, out, "X-Loket-Signature", arena_printf(a, "t=%.*s,v1=%s", (int)strlen(stamp) - 1, stamp, hex));
}

/* files stay with us: the site asks for them, for the visitor whose session it knows */
static const struct channel_files files = { .most = MAX_FILES, .max_bytes = MAX_FILES_BYTES, .by_url = true };

static json_t *files_of(struct arena *a, const struct channel_reply *rep)
{
	json_t *list = json_array(), *j;

	for (int i = 0; i < rep->n_files; i++) {
		const struct channel_file *f = &rep->files[i];

		j = json_object();
		jsonx_put(j, "id", f->id);
		jsonx_put(j, "url", arena_printf(a, "%s/attachments/%s", rep->hook, f->id));
		jsonx_put(j, "mediaType", f->media_type);
		jsonx_put(j, "name", f->name);
		json_object_set_new(j, "bytes", json_integer(f->n_bytes));
		jsonx_put(j, "sha256", f->sha256);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *body_of(struct arena *a, const struct channel_reply *rep, const char *shape)
{
	const char *conversation = jsonx_str(rep->answers, "conversation");
	json_t *j = json_object();

	if (!strcmp(shape, "rasa")) {
		jsonx_put(j, "recipient_id", conversation);
		jsonx_put(j, "text", rep->text);
		json_object_set_new(j, "metadata", json_pack("{s:s}", "message_id", rep->contact_id));
		return j;
	}
	jsonx_put(j, "type", "message");
	jsonx_put(j, "id", rep->contact_id);
	jsonx_put(j, "conversation", conversation);
	jsonx_put(j, "by", "agent");
	jsonx_put(j, "text", rep->text);
	if (rep->menu)
		json_object_set(j, "menu", (json_t *)(uintptr_t)rep->menu);
	if (rep->n_files)
		json_object_set_new(j, "attachments", files_of(a, rep));
	return j;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *url = jsonx_str(in->settings, "reply_url"), *base = jsonx_str(in->settings, "base_url");
	const char *shape = jsonx_str(rep->answers, "shape"), *token = inbox_secret(in, "token", 0);

	if (rep->is_public)
		return REPLY_NOT_PUBLIC;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	if (sending_fits(out, rep->text, MAX_CHARACTERS))
		return REPLY_TOO_LONG;
	if (rep->n_files && shape && (!strcmp(shape, "chatwoot") || !strcmp(shape, "rasa")))
		return REPLY_NO_FILES;
	if (shape && !strcmp(shape, "chatwoot"))
		return to_chatwoot(a, in, rep, out);
	if ((!url && !base) || !inbox_secret(in, "secret", 0))
		return REPLY_NO_CHANNEL;
	if (!shape || !jsonx_str(rep->answers, "conversation"))
		return REPLY_NO_ADDRESS;
	out->url = url ? arena_str(a, url) : arena_printf(a, "%s/replies", base);
	if (sending_is_token(token))
		sending_header(a, out, "Authorization", arena_printf(a, "Bearer %s", token));
	sending_header(a, out, "Idempotency-Key", rep->contact_id);
	sending_json(a, out, body_of(a, rep, shape));
	sign(a, in, rep, out);
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	enum sent_outcome o = sending_outcome(a, status, error);
	json_t *root = NULL;

	*provider_id = NULL;
	if (o == SENT_OK && body.len && !jsonx_load(a, body, &root, NULL))
		*provider_id = chat_id(a, root, "id");
	return o;
}

const struct channel_ops channel_chat = {
	.name = "chat",
	.signed_body = true,
	.verify = verify,
	.parse = parse,
	.files = &files,
	.compose = compose,
	.sent = sent,
};
