/*
 * whatsapp_message.c - the WhatsApp Cloud API of Meta: one message, who says what
 *
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: webhooks reference "messages",
 *          business-scoped user ids; read 2026-11-21
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonr.h"
#include "lib/base/utf8.h"

#include <string.h>

enum { MAX_PROVIDER_ID = 256, MAX_NAME = 200, MAX_HANDLE = 140 };

/* ---- who ---- */

bool whatsapp_is_user_id(const char *s)
{
	size_t n;

	if (!s || strlen(s) > MAX_HANDLE || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' ||
	    s[2] != '.')
		return false;
	s += strncmp(s + 3, "ENT.", 4) ? 3 : 7;
	n = strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	return n > 0 && n <= 128 && !s[n];
}

/* WhatsApp writes numbers as digits with the country code; "+", blanks and dashes come from people */
static const char *phone(struct arena *a, const char *s)
{
	char digits[16];
	size_t n = 0;

	for (; s && *s; s++) {
		if (*s >= '0' && *s <= '9' && n < sizeof digits - 1)
			digits[n++] = *s;
		else if (!strchr("+ -()", *s))
			return NULL;
	}
	digits[n] = '\0';
	return n >= 4 && digits[0] != '0' ? arena_join(a, "+", digits, NULL) : NULL;
}

static void add_bsuid(struct whatsapp_post *p, struct contact *c, const char *s)
{
	if (whatsapp_is_user_id(s))
		contact_add_address(c, "whatsapp", arena_str(p->a, s));
}

static void add_phone(struct whatsapp_post *p, struct contact *c, const char *s)
{
	contact_add_address(c, "phone", phone(p->a, s));
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* the entry of contacts[] that tells more about this number or user id; the only one when none is named */
static const struct jsonr *profile_of(const struct whatsapp_post *p, const char *number, const char *user_id)
{
	const struct jsonr *all = jsonr_arr(p->value, "contacts");
	int left = CONTACT_MAX_PER_POST;

	jsonr_foreach(all, one) {
		if (!left--)
			break;
		if (same(jsonr_str(one, "wa_id"), number) || same(jsonr_str(one, "user_id"), user_id))
			return one;
	}
	return all && all->n == 1 && !phone(p->a, number) && !whatsapp_is_user_id(user_id) ? all->first : NULL;
}

/* the citizen: user id first, because that is the handle that stays when the number is hidden */
void whatsapp_citizen(struct whatsapp_post *p, struct contact *c, const char *number, const char *user_id)
{
	const struct jsonr *profile = profile_of(p, number, user_id);
	const char *name = jsonr_str(jsonr_obj(profile, "profile"), "name");

	add_bsuid(p, c, user_id);
	add_bsuid(p, c, jsonr_str(profile, "user_id"));
	add_phone(p, c, number);
	add_phone(p, c, jsonr_str(profile, "wa_id"));
	if (name && *name)
		c->name = utf8_clean(p->a, (struct bytes){ (const uint8_t *)name, strlen(name) }, MAX_NAME);
}

/* ---- what ---- */

static json_t *fields_of(struct whatsapp_post *p, struct contact *c)
{
	if (!c->fields)
		c->fields = jsonx_own(p->a, json_object());
	return c->fields;
}

/* fields[to] = obj[key], unless it is absent */
void whatsapp_keep(struct whatsapp_post *p, struct contact *c, const char *to, const struct jsonr *obj,
                   const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	if (v && v->type != JSON_NULL)
		json_object_set_new(fields_of(p, c), to, jsonr_tree(v));
}

static void set_text(struct whatsapp_post *p, struct contact *c, const char *text)
{
	if (text && *text)
		contact_set_text(p->a, c, text);
}

static void read_text(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	c->kind = KIND_TEXT;
	set_text(p, c, jsonr_str(jsonr_obj(m, "text"), "body"));
}

static const char *label(struct whatsapp_post *p, const struct jsonr *obj, const char *key, size_t max)
{
	const char *s = jsonr_str(obj, key);

	return s && *s ? utf8_clean(p->a, (struct bytes){ (const uint8_t *)s, strlen(s) }, max) : NULL;
}

/* an id of the provider's: as it is or not at all, because cut ids could be the same */
const char *whatsapp_id(struct whatsapp_post *p, const struct jsonr *obj, const char *key)
{
	const char *s = jsonr_str(obj, key);

	return s && *s && strlen(s) <= MAX_PROVIDER_ID ? arena_str(p->a, s) : NULL;
}

/* Meta writes base64; older gateways wrote hex. What is neither is no digest. */
static const char *digest(struct whatsapp_post *p, const char *s)
{
	uint8_t raw[SHA256_BYTES];
	struct bytes b;
	char hex[SHA256_HEX];

	if (!s)
		return NULL;
	if (hex_decode(s, strlen(s), raw, sizeof raw))
		b = (struct bytes){ raw, sizeof raw };
	else if (!base64_decode(p->a, s, strlen(s), &b) || b.len != sizeof raw)
		return NULL;
	hex_encode(b.data, b.len, hex);
	return arena_str(p->a, hex);
}

/* "image", "voice", …: the message has an object of the same name. Media is fetched later, by its id */
static void read_media(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const char *type = jsonr_str(m, "type");
	const struct jsonr *media = jsonr_obj(m, type);
	struct contact_attachment *att = arena_new_of(p->a, struct contact_attachment);

	c->kind = KIND_MEDIA;
	set_text(p, c, jsonr_str(media, "caption"));
	att->provider_ref = whatsapp_id(p, media, "id");
	if (!att->provider_ref)
		return;
	att->id = att->provider_ref;
	att->kind = !strcmp(type, "voice") ? "audio" : arena_str(p->a, type);
	att->media_type = label(p, media, "mime_type", 100);
	att->name = label(p, media, "filename", MAX_NAME);
	att->sha256 = digest(p, jsonr_str(media, "sha256"));
	att->state = "pending";
	att->n_bytes = -1;
	c->attachments = att;
	c->n_attachments = 1;
	if (jsonr_bool(media, "voice"))
		whatsapp_keep(p, c, "voice", media, "voice");
}

static void read_location(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *at = jsonr_obj(m, "location");

	c->kind = KIND_LOCATION;
	whatsapp_keep(p, c, "latitude", at, "latitude");
	whatsapp_keep(p, c, "longitude", at, "longitude");
	whatsapp_keep(p, c, "name", at, "name");
	whatsapp_keep(p, c, "address", at, "address");
	whatsapp_keep(p, c, "url", at, "url");
}

static void read_contacts(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	c->kind = KIND_CONTACTS;
	whatsapp_keep(p, c, "contacts", m, "contacts");
}

/* an empty emoji takes the reaction back */
static void read_reaction(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *r = jsonr_obj(m, "reaction");
	const char *emoji = jsonr_str(r, "emoji");

	c->kind = KIND_REACTION;
	c->reply_to = whatsapp_id(p, r, "message_id");
	set_text(p, c, emoji);
	if (!emoji || !*emoji)
		json_object_set_new(fields_of(p, c), "removed", json_true());
}

/* a quick reply of a template */
static void read_button(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *b = jsonr_obj(m, "button");

	c->kind = KIND_CHOICE;
	set_text(p, c, jsonr_str(b, "text"));
	whatsapp_keep(p, c, "choice", b, "payload");
}

static void read_order(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	c->kind = KIND_CHOICE;
	set_text(p, c, jsonr_str(jsonr_obj(m, "order"), "text"));
	whatsapp_keep(p, c, "order", m, "order");
}

/* a finished flow: response_json is JSON within a string, an object by the book */
static void read_flow(struct whatsapp_post *p, struct contact *c, const struct jsonr *flow)
{
	const char *s = jsonr_str(flow, "response_json");
	json_t *answers = NULL;

	c->kind = KIND_FORM;
	set_text(p, c, jsonr_str(flow, "body"));
	whatsapp_keep(p, c, "flow", flow, "name");
	if (s && !jsonx_load(p->a, (struct bytes){ (const uint8_t *)s, strlen(s) }, &answers, NULL))
		json_object_set(fields_of(p, c), "answers", answers);
	else
		whatsapp_keep(p, c, "answers", flow, "response_json");
}

static void read_unsupported(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	c->kind = KIND_UNSUPPORTED;
	set_text(p, c, jsonr_str(jsonr_obj(m, "text"), "body"));
	whatsapp_keep(p, c, "type", m, "type");
	whatsapp_keep(p, c, "errors", p->value, "errors");
	whatsapp_keep(p, c, "errors", m, "errors");
}

static void read_interactive(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *i = jsonr_obj(m, "interactive");
	const char *type = jsonr_str(i, "type");
	const struct jsonr *reply = type ? jsonr_obj(i, type) : NULL;

	if (!reply) {
		read_unsupported(p, c, m);
	} else if (!strcmp(type, "nfm_reply")) {
		read_flow(p, c, reply);
	} else if (!strcmp(type, "button_reply") || !strcmp(type, "list_reply")) {
		c->kind = KIND_CHOICE;
		set_text(p, c, jsonr_str(reply, "title"));
		whatsapp_keep(p, c, "choice", reply, "id");
		whatsapp_keep(p, c, "description", reply, "description");
	} else if (!strcmp(type, "call_permission_reply")) {
		c->kind = KIND_CHOICE;
		whatsapp_keep(p, c, "callPermission", reply, "response");
		whatsapp_keep(p, c, "callPermissionUntil", reply, "expiration_timestamp");
	} else {
		read_unsupported(p, c, m);
	}
}

/* The provider tells that somebody has a new number or user id: the new ones come first, the old ones
 * say whose they are. */
static void read_system(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *s = jsonr_obj(m, "system");
	struct contact old = *c;

	c->kind = KIND_SYSTEM;
	set_text(p, c, jsonr_str(s, "body"));
	whatsapp_keep(p, c, "event", s, "type");
	whatsapp_keep(p, c, "identity", m, "identity");
	c->n_from = 0;
	add_bsuid(p, c, jsonr_str(s, "user_id"));
	add_phone(p, c, jsonr_str(s, "wa_id"));
	add_phone(p, c, jsonr_str(s, "new_wa_id"));
	if (c->n_from)
		json_object_set_new(fields_of(p, c), "changed", json_true());
	for (int i = 0; i < old.n_from; i++)
		contact_add_address(c, old.from[i].kind, old.from[i].value);
	add_bsuid(p, c, jsonr_str(s, "previous_user_id"));
}

/* the new text or media stands in the place of what it replaces; the contact itself is an edit */
static void read_edit(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *edit = jsonr_obj(m, "edit"), *message = jsonr_obj(edit, "message");
	const char *type = jsonr_str(message, "type");

	if (type && strcmp(type, "edit") != 0) /* no edits of edits: the depth stays bounded */
		whatsapp_read(p, c, message);
	c->kind = KIND_EDIT;
	c->reply_to = whatsapp_id(p, edit, "original_message_id");
}

static void read_revoke(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	c->kind = KIND_DELETE;
	c->reply_to = whatsapp_id(p, jsonr_obj(m, "revoke"), "original_message_id");
}

static const struct reader {
	const char *type;
	void (*read)(struct whatsapp_post *, struct contact *, const struct jsonr *);
} readers[] = {
	{ "text", read_text },         { "image", read_media },       { "video", read_media },
	{ "audio", read_media },       { "voice", read_media },       { "document", read_media },
	{ "sticker", read_media },     { "location", read_location }, { "contacts", read_contacts },
	{ "reaction", read_reaction }, { "button", read_button },     { "interactive", read_interactive },
	{ "order", read_order },       { "system", read_system },     { "edit", read_edit },
	{ "revoke", read_revoke },
};

/* a type may come without what it promises: then a person has to look, and it is kept as unsupported */
static bool has_content(const char *type, const struct jsonr *m)
{
	return jsonr_obj(m, type) || (!strcmp(type, "contacts") && jsonr_arr(m, type));
}

void whatsapp_read(struct whatsapp_post *p, struct contact *c, const struct jsonr *m)
{
	const char *type = jsonr_str(m, "type");

	for (size_t i = 0; type && i < sizeof readers / sizeof *readers; i++) {
		if (!strcmp(type, readers[i].type) && has_content(type, m)) {
			readers[i].read(p, c, m);
			return;
		}
	}
	read_unsupported(p, c, m);
}
