/*
 * whatsapp.c - the WhatsApp Cloud API of Meta: what comes in
 *
 * One post holds entry[] × changes[] × messages[] | message_echoes[] | statuses[] | calls[]. Each item
 * becomes a contact, a delivery report, an ignored ping or, when it is addressed to us but tells too
 * little, a dead letter beside the others. whatsapp_send.c has what goes out.
 *
 * limits   up to CONTACT_MAX_PER_POST items
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: webhooks reference "messages",
 *          "smb_message_echoes", "calls", business-scoped user ids; read 2026-11-21
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"

#include <string.h>

enum { MAX_PROVIDER_ID = 256, MAX_NAME = 200, MAX_HANDLE = 140 };

/* where we are in a post */
struct post {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	const json_t *value;         /* of the change at hand */
	const char *our_number;      /* digits of metadata.display_phone_number; may be NULL */
};

static void unreadable(struct post *p, const char *why)
{
	struct channel_batch *b = p->out;
	int max = (int)(sizeof b->unreadable / sizeof *b->unreadable);

	if (b->n_unreadable < max)
		b->unreadable[b->n_unreadable++].why = why;
}

/* ---- who ---- */

/* a business-scoped user id: "NL." or "NL.ENT." and up to 128 letters and digits */
static bool is_bsuid(const char *s)
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
	return n >= 4 && digits[0] != '0' ? arena_printf(a, "+%s", digits) : NULL;
}

static void add_bsuid(struct post *p, struct contact *c, const char *s)
{
	if (is_bsuid(s))
		contact_add_address(c, "whatsapp", arena_str(p->a, s));
}

static void add_phone(struct post *p, struct contact *c, const char *s)
{
	contact_add_address(c, "phone", phone(p->a, s));
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* the entry of contacts[] that tells more about this number or user id; the only one when none is named */
static const json_t *profile_of(const struct post *p, const char *number, const char *user_id)
{
	const json_t *all = jsonx_arr(p->value, "contacts"), *one;

	for (size_t i = 0; i < CONTACT_MAX_PER_POST && (one = json_array_get(all, i)); i++) {
		if (same(jsonx_str(one, "wa_id"), number) || same(jsonx_str(one, "user_id"), user_id))
			return one;
	}
	return json_array_size(all) == 1 && !phone(p->a, number) && !is_bsuid(user_id)
		       ? json_array_get(all, 0)
		       : NULL;
}

/* the citizen: user id first, because that is the handle that stays when the number is hidden */
static void set_citizen(struct post *p, struct contact *c, const char *number, const char *user_id)
{
	const json_t *profile = profile_of(p, number, user_id);
	const char *name = jsonx_str(jsonx_obj(profile, "profile"), "name");

	add_bsuid(p, c, user_id);
	add_bsuid(p, c, jsonx_str(profile, "user_id"));
	add_phone(p, c, number);
	add_phone(p, c, jsonx_str(profile, "wa_id"));
	if (name && *name)
		c->name = utf8_clean(p->a, (struct bytes){ (const uint8_t *)name, strlen(name) }, MAX_NAME);
}

/* ---- what ---- */

static json_t *fields_of(struct post *p, struct contact *c)
{
	if (!c->fields)
		c->fields = jsonx_own(p->a, json_object());
	return c->fields;
}

/* fields[to] = obj[key], unless it is absent */
static void keep(struct post *p, struct contact *c, const char *to, const json_t *obj, const char *key)
{
	json_t *j = json_object_get(obj, key);

	if (j && !json_is_null(j))
		json_object_set(fields_of(p, c), to, j);
}

static void set_text(struct post *p, struct contact *c, const char *text)
{
	if (text && *text)
		contact_set_text(p->a, c, text);
}

static void read_text(struct post *p, struct contact *c, const json_t *m)
{
	c->kind = KIND_TEXT;
	set_text(p, c, jsonx_str(jsonx_obj(m, "text"), "body"));
}

static const char *label(struct post *p, const json_t *obj, const char *key, size_t max)
{
	const char *s = jsonx_str(obj, key);

	return s && *s ? utf8_clean(p->a, (struct bytes){ (const uint8_t *)s, strlen(s) }, max) : NULL;
}

/* an id of the provider's: as it is or not at all, because cut ids could be the same */
static const char *id_at(struct post *p, const json_t *obj, const char *key)
{
	const char *s = jsonx_str(obj, key);

	return s && *s && strlen(s) <= MAX_PROVIDER_ID ? arena_str(p->a, s) : NULL;
}

/* Meta writes base64; older gateways wrote hex. What is neither is no digest. */
static const char *digest(struct post *p, const char *s)
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
static void read_media(struct post *p, struct contact *c, const json_t *m)
{
	const char *type = jsonx_str(m, "type");
	const json_t *media = jsonx_obj(m, type);
	struct contact_attachment *att = arena_new_of(p->a, struct contact_attachment);

	c->kind = KIND_MEDIA;
	set_text(p, c, jsonx_str(media, "caption"));
	att->provider_ref = id_at(p, media, "id");
	if (!att->provider_ref)
		return;
	att->id = att->provider_ref;
	att->kind = !strcmp(type, "voice") ? "audio" : arena_str(p->a, type);
	att->media_type = label(p, media, "mime_type", 100);
	att->name = label(p, media, "filename", MAX_NAME);
	att->sha256 = digest(p, jsonx_str(media, "sha256"));
	att->state = "pending";
	att->n_bytes = -1;
	c->attachments = att;
	c->n_attachments = 1;
	if (jsonx_bool(media, "voice"))
		keep(p, c, "voice", media, "voice");
}

static void read_location(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *at = jsonx_obj(m, "location");

	c->kind = KIND_LOCATION;
	keep(p, c, "latitude", at, "latitude");
	keep(p, c, "longitude", at, "longitude");
	keep(p, c, "name", at, "name");
	keep(p, c, "address", at, "address");
	keep(p, c, "url", at, "url");
}

static void read_contacts(struct post *p, struct contact *c, const json_t *m)
{
	c->kind = KIND_CONTACTS;
	keep(p, c, "contacts", m, "contacts");
}

/* an empty emoji takes the reaction back */
static void read_reaction(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *r = jsonx_obj(m, "reaction");
	const char *emoji = jsonx_str(r, "emoji");

	c->kind = KIND_REACTION;
	c->reply_to = id_at(p, r, "message_id");
	set_text(p, c, emoji);
	if (!emoji || !*emoji)
		json_object_set_new(fields_of(p, c), "removed", json_true());
}

/* a quick reply of a template */
static void read_button(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *b = jsonx_obj(m, "button");

	c->kind = KIND_CHOICE;
	set_text(p, c, jsonx_str(b, "text"));
	keep(p, c, "choice", b, "payload");
}

static void read_order(struct post *p, struct contact *c, const json_t *m)
{
	c->kind = KIND_CHOICE;
	set_text(p, c, jsonx_str(jsonx_obj(m, "order"), "text"));
	keep(p, c, "order", m, "order");
}

/* a finished flow: response_json is JSON within a string, an object by the book */
static void read_flow(struct post *p, struct contact *c, const json_t *flow)
{
	const char *s = jsonx_str(flow, "response_json");
	json_t *answers = NULL;

	c->kind = KIND_FORM;
	set_text(p, c, jsonx_str(flow, "body"));
	keep(p, c, "flow", flow, "name");
	if (s && !jsonx_load(p->a, (struct bytes){ (const uint8_t *)s, strlen(s) }, &answers, NULL))
		json_object_set(fields_of(p, c), "answers", answers);
	else
		keep(p, c, "answers", flow, "response_json");
}

static void read_unsupported(struct post *p, struct contact *c, const json_t *m)
{
	c->kind = KIND_UNSUPPORTED;
	set_text(p, c, jsonx_str(jsonx_obj(m, "text"), "body"));
	keep(p, c, "type", m, "type");
	keep(p, c, "errors", p->value, "errors");
	keep(p, c, "errors", m, "errors");
}

static void read_interactive(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *i = jsonx_obj(m, "interactive");
	const char *type = jsonx_str(i, "type");
	const json_t *reply = type ? jsonx_obj(i, type) : NULL;

	if (!reply) {
		read_unsupported(p, c, m);
	} else if (!strcmp(type, "nfm_reply")) {
		read_flow(p, c, reply);
	} else if (!strcmp(type, "button_reply") || !strcmp(type, "list_reply")) {
		c->kind = KIND_CHOICE;
		set_text(p, c, jsonx_str(reply, "title"));
		keep(p, c, "choice", reply, "id");
		keep(p, c, "description", reply, "description");
	} else if (!strcmp(type, "call_permission_reply")) {
		c->kind = KIND_CHOICE;
		keep(p, c, "callPermission", reply, "response");
		keep(p, c, "callPermissionUntil", reply, "expiration_timestamp");
	} else {
		read_unsupported(p, c, m);
	}
}

/* The provider tells that somebody has a new number or user id: the new ones come first, the old ones
 * say whose they are. */
static void read_system(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *s = jsonx_obj(m, "system");
	struct contact old = *c;

	c->kind = KIND_SYSTEM;
	set_text(p, c, jsonx_str(s, "body"));
	keep(p, c, "event", s, "type");
	keep(p, c, "identity", m, "identity");
	c->n_from = 0;
	add_bsuid(p, c, jsonx_str(s, "user_id"));
	add_phone(p, c, jsonx_str(s, "wa_id"));
	add_phone(p, c, jsonx_str(s, "new_wa_id"));
	if (c->n_from)
		json_object_set_new(fields_of(p, c), "changed", json_true());
	for (int i = 0; i < old.n_from; i++)
		contact_add_address(c, old.from[i].kind, old.from[i].value);
	add_bsuid(p, c, jsonx_str(s, "previous_user_id"));
}

static void read_item(struct post *p, struct contact *c, const json_t *m);

/* the new text or media stands in the place of what it replaces; the contact itself is an edit */
static void read_edit(struct post *p, struct contact *c, const json_t *m)
{
	const json_t *edit = jsonx_obj(m, "edit"), *message = jsonx_obj(edit, "message");
	const char *type = jsonx_str(message, "type");

	if (type && strcmp(type, "edit") != 0) /* no edits of edits: the depth stays bounded */
		read_item(p, c, message);
	c->kind = KIND_EDIT;
	c->reply_to = id_at(p, edit, "original_message_id");
}

static void read_revoke(struct post *p, struct contact *c, const json_t *m)
{
	c->kind = KIND_DELETE;
	c->reply_to = id_at(p, jsonx_obj(m, "revoke"), "original_message_id");
}

static const struct reader {
	const char *type;
	void (*read)(struct post *, struct contact *, const json_t *);
} readers[] = {
	{ "text", read_text },         { "image", read_media },       { "video", read_media },
	{ "audio", read_media },       { "voice", read_media },       { "document", read_media },
	{ "sticker", read_media },     { "location", read_location }, { "contacts", read_contacts },
	{ "reaction", read_reaction }, { "button", read_button },     { "interactive", read_interactive },
	{ "order", read_order },       { "system", read_system },     { "edit", read_edit },
	{ "revoke", read_revoke },
};

/* a type may come without what it promises: then a person has to look, and it is kept as unsupported */
static bool has_content(const char *type, const json_t *m)
{
	return jsonx_obj(m, type) || (!strcmp(type, "contacts") && jsonx_arr(m, type));
}

static void read_item(struct post *p, struct contact *c, const json_t *m)
{
	const char *type = jsonx_str(m, "type");

	for (size_t i = 0; type && i < sizeof readers / sizeof *readers; i++) {
		if (!strcmp(type, readers[i].type) && has_content(type, m)) {
			readers[i].read(p, c, m);
			return;
		}
	}
	read_unsupported(p, c, m);
}

/* ---- one item of a list ---- */

/* the timestamp at key: text by the book, a number now and then; 0 when it is neither */
static int64_t moment(const json_t *obj, const char *key)
{
	json_int_t n = jsonx_int(obj, key, 0);
	int64_t us = 0;

	if (n > 0 && n < INT64_C(7258118400))
		return n * WHEN_SECOND_US;
	when_unix(jsonx_str(obj, key), &us);
	return us;
}

/* the next contact of the batch, kept only when take() says so */
static struct contact *start(struct post *p, const json_t *item)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];

	memset(c, 0, sizeof *c);
	c->provider_id = id_at(p, item, "id");
	c->provider_time_us = moment(item, "timestamp");
	return c;
}

static void take(struct post *p, struct contact *c)
{
	if (!c->provider_id)
		unreadable(p, "a message without an id");
	else if (!c->n_from)
		unreadable(p, "a message from nobody we could answer");
	else
		p->out->n_contacts++;
}

static void read_message(struct post *p, const json_t *m)
{
	const json_t *context = jsonx_obj(m, "context");
	struct contact *c = start(p, m);

	set_citizen(p, c, jsonx_str(m, "from"), jsonx_str(m, "from_user_id"));
	c->reply_to = id_at(p, context, "id");
	read_item(p, c, m);
	keep(p, c, "referral", m, "referral");
	keep(p, c, "forwarded", context, "forwarded");
	take(p, c);
}

/* what somebody sent with the WhatsApp Business app on our own number */
static void read_echo(struct post *p, const json_t *m)
{
	struct contact *c = start(p, m);

	c->direction = DIRECTION_OUT;
	c->flags = FLAG_ECHO;
	set_citizen(p, c, jsonx_str(m, "to"), jsonx_str(m, "to_user_id"));
	c->reply_to = id_at(p, jsonx_obj(m, "context"), "id");
	read_item(p, c, m);
	take(p, c);
}

/* A call has one id and two events. The first keeps the id; the other hangs on it, so that each is
 * one contact. */
static void read_call(struct post *p, const json_t *m)
{
	const char *event = jsonx_str(m, "event"), *way = jsonx_str(m, "direction");
	bool ours = same(way, "BUSINESS_INITIATED");
	struct contact *c = start(p, m);

	c->kind = KIND_CALL;
	c->direction = ours ? DIRECTION_OUT : DIRECTION_IN;
	set_citizen(p, c, jsonx_str(m, ours ? "to" : "from"),
		    jsonx_str(m, ours ? "to_user_id" : "from_user_id"));
	keep(p, c, "event", m, "event");
	keep(p, c, "status", m, "status");
	keep(p, c, "seconds", m, "duration");
	if (c->provider_id && event && strcmp(event, "connect") != 0) {
		c->reply_to = c->provider_id;
		c->provider_id = arena_printf(p->a, "%s:%.20s", c->provider_id, event);
	}
	take(p, c);
}

/* code and title of the first error; never what it says about this recipient */
static json_t *delivery_error(struct post *p, const json_t *status)
{
	const json_t *e = json_array_get(jsonx_arr(status, "errors"), 0);
	json_t *error = jsonx_own(p->a, json_object());

	json_object_set_new(error, "code", json_integer(jsonx_int(e, "code", 0)));
	jsonx_put(error, "title", jsonx_str(e, "title"));
	return error;
}

/* "played" (a voice message was heard) implies that it was read */
static enum delivery status_of(const char *s)
{
	static const struct { const char *word; enum delivery is; } words[] = {
		{ "sent", DELIVERY_SENT }, { "delivered", DELIVERY_DELIVERED }, { "read", DELIVERY_READ },
		{ "played", DELIVERY_READ }, { "failed", DELIVERY_FAILED },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (same(words[i].word, s))
			return words[i].is;
	}
	return DELIVERY_NONE;
}

static void read_status(struct post *p, const json_t *s)
{
	struct delivery_report *r = &p->out->reports[p->out->n_reports];
	enum delivery status = status_of(jsonx_str(s, "status"));
	const char *id = id_at(p, s, "id"), *ours = jsonx_str(s, "biz_opaque_callback_data");
	struct uuid u;

	if (!jsonx_str(s, "status") || !id) {
		unreadable(p, "a status without an id or a state");
	} else if (status == DELIVERY_NONE || same(jsonx_str(s, "type"), "call")) {
		p->out->n_ignored++; /* deleted, warning, ringing, what comes next year */
	} else {
		*r = (struct delivery_report){ id, uuid_parse(ours, &u) ? arena_str(p->a, ours) : NULL, status,
					      moment(s, "timestamp"), NULL };
		if (status == DELIVERY_FAILED)
			r->error = delivery_error(p, s);
		p->out->n_reports++;
	}
}

/* ---- the post ---- */

static const struct list {
	const char *field, *key;
	void (*read)(struct post *, const json_t *);
} lists[] = {
	{ "messages", "messages", read_message },
	{ "messages", "statuses", read_status },
	{ "smb_message_echoes", "message_echoes", read_echo },
	{ "calls", "calls", read_call },
	{ "calls", "statuses", read_status },
};

static bool other_account(const struct post *p)
{
	const char *id = jsonx_str(jsonx_obj(p->value, "metadata"), "phone_number_id");

	return p->in->account && *p->in->account && id && strcmp(id, p->in->account) != 0 &&
	       !jsonx_bool(p->in->settings, "any_account");
}

static void read_list(struct post *p, const struct list *l, const json_t *items)
{
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)items, i, item) {
		if (json_is_object(item))
			l->read(p, item);
		else
			unreadable(p, "an item that is no object");
	}
}

static void read_change(struct post *p, const json_t *change)
{
	const char *field = jsonx_str(change, "field");
	bool known = false, found = false;

	p->value = jsonx_obj(change, "value");
	if (!field || !p->value) {
		unreadable(p, "a change without field or value");
		return;
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		known |= !strcmp(lists[i].field, field);
	if (known && other_account(p)) {
		unreadable(p, "for another account");
		return;
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const json_t *items = json_object_get(p->value, lists[i].key);

		if (strcmp(lists[i].field, field) != 0 || !items)
			continue;
		found = true;
		if (json_is_array(items))
			read_list(p, &lists[i], items);
		else
			unreadable(p, "a list that is no array");
	}
	if (known && !found && jsonx_arr(p->value, "errors"))
		unreadable(p, "the provider reports an error");
	else if (!found)
		p->out->n_ignored++; /* templates, account and quality updates, preferences, … */
}

/* every item of one list becomes at most one contact or report: their number bounds the batch */
static size_t count_items(const json_t *entries)
{
	size_t n = 0, i, k;
	const json_t *entry, *change;

	json_array_foreach((json_t *)entries, i, entry) {
		json_array_foreach(jsonx_arr(entry, "changes"), k, change) {
			const json_t *value = jsonx_obj(change, "value");

			for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
				n += json_array_size(json_object_get(value, lists[l].key));
		}
	}
	return n;
}

static void read_entries(struct post *p, const json_t *entries)
{
	size_t i, k;
	const json_t *entry, *change;

	json_array_foreach((json_t *)entries, i, entry) {
		if (!jsonx_arr(entry, "changes"))
			unreadable(p, "an entry without changes");
		json_array_foreach(jsonx_arr(entry, "changes"), k, change)
			read_change(p, change);
	}
}

static int refuse(struct channel_batch *out, int outcome, const char *why)
{
	out->problem = why;
	return outcome;
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct post p = { .a = a, .in = in, .out = out };
	const json_t *entries;
	json_t *root;
	size_t n;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return refuse(out, CHANNEL_UNREADABLE, "not JSON as it should be");
	if (!same(jsonx_str(root, "object"), "whatsapp_business_account"))
		return refuse(out, CHANNEL_UNREADABLE, "not about a WhatsApp account");
	entries = jsonx_arr(root, "entry");
	if (!entries)
		return refuse(out, CHANNEL_UNREADABLE, "no list of entries");
	n = count_items(entries);
	if (n > CONTACT_MAX_PER_POST)
		return refuse(out, CHANNEL_UNREADABLE, "more items than one post may hold");
	out->contacts = arena_array(a, struct contact, n + 1);
	out->reports = arena_array(a, struct delivery_report, n + 1);
	read_entries(&p, entries);
	if (!json_array_size(entries))
		out->n_ignored++;
	return 0;
}

const struct channel_ops channel_whatsapp = {
	.name = "whatsapp",
	.signed_body = true,
	.handshake = proof_hub_challenge,
	.verify = proof_hub_signature,
	.parse = parse,
	.compose = whatsapp_compose,
	.sent = whatsapp_sent,
};
