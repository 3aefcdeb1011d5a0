/*
 * meta_message.c - one item of messaging[]: what a citizen says to a page or Instagram account in private
 *
 * The citizen is the one of sender and recipient who is not our own account. What we said ourselves comes
 * back as an echo: ours is a report (it carries the id that we gave along), that of another tool is a contact
 * going out.
 *
 * source   developers.facebook.com: Messenger Platform webhook events messages, message_echoes,
 * message_edits, message_reads, message_deliveries, messaging_postbacks, message_reactions; Instagram
 * Messaging webhooks (messages, messaging_seen, reactions); read 2026-11-22. Stickers are images with a
 * sticker_id until August 2026, "sticker" from then on, both for a while; a shared post of Instagram the same
 * with "share" and "ig_post". Assumed: edits of Instagram look as those of Messenger; the three ids of the
 * thumb.
 */
#include "lib/channel/meta.h"

#include "lib/base/uuid.h"
#include "lib/channel/reading.h"

#include <string.h>

struct item {
	const struct jsonr *json;
	const char *citizen; /* NULL: nobody we could answer */
	bool ours;           /* our side says it */
	int64_t at_us;
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static struct contact *start(struct meta_post *p, const struct item *it, enum contact_kind kind)
{
	struct contact *c = meta_start(p);

	c->kind = kind;
	c->provider_time_us = it->at_us;
	if (it->ours) {
		c->direction = DIRECTION_OUT;
		c->flags = FLAG_ECHO;
	}
	contact_add_address(c, p->platform->person, it->citizen);
	return c;
}

/* what happened to a message has no id of its own */
static const char *event_id(struct meta_post *p, const char *about, const char *event, int64_t n)
{
	return about ? arena_printf(p->a, "%s:%s:%lld", about, event, (long long)n) : NULL;
}

/* ---- what is in a message ---- */

/* shared: not theirs but passed on, so what it is goes with it */
static const struct type {
	const char *type, *kind;
	bool shared;
} types[] = {
	{"image", "image", false},       {"video", "video", false},     {"audio", "audio", false},
	{"file", "document", false},     {"sticker", "sticker", false}, {"reel", "video", true},
	{"ig_reel", "video", true},      {"share", "file", true},       {"ig_post", "file", true},
	{"story_mention", "file", true},
};

static const struct type *type_of(const char *s)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (same(types[i].type, s))
			return &types[i];
	}
	return NULL;
}

static bool is_thumb(json_int_t sticker)
{
	return sticker == INT64_C(369239263222822) || sticker == INT64_C(369239343222814) ||
	       sticker == INT64_C(369239383222810);
}

static void set_text(struct meta_post *p, struct contact *c, const char *text)
{
	if (text && *text && !c->text) {
		contact_set_text(p->a, c, text);
		if (c->kind == KIND_UNSUPPORTED)
			c->kind = KIND_TEXT;
	}
}

/* fields.shared: a link, a product, a booking, a story: the provider's own words for it */
static void share(struct meta_post *p, struct contact *c, const struct jsonr *att, const char *title)
{
	const struct jsonr *payload = jsonr_obj(att, "payload");
	json_t *one = payload ? jsonr_tree(payload) : json_object(), *list;

	jsonx_put(one, "type", jsonr_str(att, "type"));
	jsonx_put(one, "title", title);
	jsonx_put(one, "url", jsonr_str(att, "url"));
	list = json_object_get(c->fields, "shared");
	if (!list)
		reading_keep(p->a, c, "shared", list = jsonx_own(p->a, json_array()));
	json_array_append_new(list, one);
}

static void read_location(struct meta_post *p, struct contact *c, const struct jsonr *att)
{
	const struct jsonr *at = jsonr_obj(jsonr_obj(att, "payload"), "coordinates");

	c->kind = KIND_LOCATION;
	meta_keep(p, c, "latitude", at, "lat");
	meta_keep(p, c, "longitude", at, "long");
	meta_keep(p, c, "name", att, "title");
}

static void read_attachment(struct meta_post *p, struct contact *c, const struct jsonr *att)
{
	const struct jsonr *payload = jsonr_obj(att, "payload");
	const struct type *t = type_of(jsonr_str(att, "type"));
	const char *title = jsonr_str(payload, "title");
	json_int_t sticker = jsonr_int(payload, "sticker_id", 0);
	bool attached;

	if (same(jsonr_str(att, "type"), "location")) {
		read_location(p, c, att);
		return;
	}
	attached = t && meta_attach(p, c, sticker ? "sticker" : t->kind, jsonr_str(payload, "url"));
	if (!title)
		title = jsonr_str(att, "title");
	if (is_thumb(sticker))
		set_text(p, c, "\xf0\x9f\x91\x8d");
	if (t && payload)
		c->kind = KIND_MEDIA;
	else
		set_text(p, c, title);
	if (!attached || t->shared)
		share(p, c, att, title);
}

/* false: it says nothing at all */
static bool read_content(struct meta_post *p, struct contact *c, const struct jsonr *m)
{
	const struct jsonr *reply = jsonr_obj(m, "reply_to"), *quick = jsonr_obj(m, "quick_reply");

	c->kind = KIND_UNSUPPORTED;
	set_text(p, c, jsonr_str(m, "text"));
	jsonr_foreach(jsonr_arr(m, "attachments"), att) read_attachment(p, c, att);
	if (quick) {
		c->kind = KIND_CHOICE;
		meta_keep(p, c, "choice", quick, "payload");
	}
	c->reply_to = meta_id(p, reply, "mid");
	meta_keep(p, c, "story", reply, "story");
	meta_keep(p, c, "referral", m, "referral");
	return c->kind != KIND_UNSUPPORTED || c->fields || jsonr_bool(m, "is_unsupported");
}

/* ---- one item ---- */

static void report(struct meta_post *p, const struct delivery_report *r)
{
	p->out->reports[p->out->n_reports++] = *r;
}

/* our own message, sent by us: which it is stands in what we gave along, or the app that sent it is ours */
static bool read_own(struct meta_post *p, const struct item *it, const struct jsonr *m)
{
	const char *metadata = jsonr_str(m, "metadata"), *mid = meta_id(p, m, "mid"), *ours = NULL;
	const char *app = jsonx_str(p->in->settings, "app_id");
	size_t n = strlen(META_METADATA);
	struct uuid u;

	if (metadata && !strncmp(metadata, META_METADATA, n) && uuid_parse(metadata + n, &u))
		ours = metadata + n;
	if (ours && mid)
		report(p, &(struct delivery_report){.provider_id = mid,
						    .our_id = ours,
						    .status = DELIVERY_SENT,
						    .at_us = it->at_us});
	else if (ours || same(meta_id(p, m, "app_id"), app))
		p->out->n_ignored++;
	else
		return false;
	return true;
}

static void read_message(struct meta_post *p, const struct item *it, const struct jsonr *m)
{
	const char *mid = meta_id(p, m, "mid");
	struct contact *c;

	if (it->ours && read_own(p, it, m))
		return;
	c = start(p, it, KIND_DELETE);
	c->provider_id = mid;
	if (jsonr_bool(m, "is_deleted")) {
		c->reply_to = mid;
		c->provider_id = mid ? arena_printf(p->a, "%s:deleted", mid) : NULL;
	} else if (!read_content(p, c, m) && it->ours) {
		p->out->n_ignored++; /* an echo that does not say of what */
		return;
	}
	meta_take(p, c);
}

static void read_edit(struct meta_post *p, const struct item *it, const struct jsonr *edit)
{
	struct contact *c = start(p, it, KIND_EDIT);
	const char *n = meta_id(p, edit, "num_edit");

	c->reply_to = meta_id(p, edit, "mid");
	if (c->reply_to)
		c->provider_id = n ? arena_printf(p->a, "%s:edit:%.12s", c->reply_to, n)
				   : event_id(p, c->reply_to, "edit", it->at_us / 1000);
	set_text(p, c, jsonr_str(edit, "text"));
	meta_take(p, c);
}

/* the documentation writes emoji as it would in a program: then its name says more */
static void read_reaction(struct meta_post *p, const struct item *it, const struct jsonr *r)
{
	struct contact *c = start(p, it, KIND_REACTION);
	const char *emoji = jsonr_str(r, "emoji");
	bool back = same(jsonr_str(r, "action"), "unreact");

	c->reply_to = meta_id(p, r, "mid");
	c->provider_id = event_id(p, c->reply_to, back ? "unreact" : "react", it->at_us / 1000);
	if (back)
		meta_mark(p, c, "removed");
	else
		set_text(p, c, emoji && *emoji && *emoji != '\\' ? emoji : jsonr_str(r, "reaction"));
	meta_take(p, c);
}

/* a button, or "get started"; without a mid before 2021 */
static void read_postback(struct meta_post *p, const struct item *it, const struct jsonr *b)
{
	struct contact *c = start(p, it, KIND_CHOICE);

	c->provider_id = meta_id(p, b, "mid");
	if (!c->provider_id)
		c->provider_id = event_id(p, it->citizen, "postback", it->at_us / 1000);
	set_text(p, c, jsonr_str(b, "title"));
	meta_keep(p, c, "choice", b, "payload");
	meta_keep(p, c, "referral", b, "referral");
	meta_take(p, c);
}

/* an event without words of the citizen's */
static void read_event(struct meta_post *p, const struct item *it, const struct jsonr *e)
{
	struct contact *c = meta_start(p);
	const char *app = jsonx_str(p->in->settings, "app_id");

	/* handed over to us: then somebody waits for an answer */
	c->kind = app && same(e->key, "pass_thread_control") && same(meta_id(p, e, "new_owner_app_id"), app)
			  ? KIND_CHOICE
			  : KIND_SYSTEM;
	c->provider_time_us = it->at_us;
	contact_add_address(c, p->platform->person, it->citizen);
	c->provider_id = event_id(p, it->citizen, e->key, it->at_us / 1000);
	reading_put(p->a, c, "event", e->key);
	meta_keep(p, c, e->key, it->json, e->key);
	meta_take(p, c);
}

/* delivered: these messages, or all that were sent until then. Read: one (Instagram), or all until then */
static void read_receipt(struct meta_post *p, const struct item *it, const struct jsonr *r)
{
	struct delivery_report one = {.at_us = it->at_us};
	const struct jsonr *mids = jsonr_arr(r, "mids");
	int before = p->out->n_reports;

	one.status = same(r->key, "read") ? DELIVERY_READ : DELIVERY_DELIVERED;
	one.provider_id = meta_id(p, r, "mid");
	if (one.provider_id)
		report(p, &one);
	jsonr_foreach(mids, mid)
	{
		one.provider_id =
			mid->type == JSON_STRING && *mid->text && strlen(mid->text) <= READING_MAX_ID
				? mid->text
				: NULL;
		if (one.provider_id)
			report(p, &one);
	}
	if (p->out->n_reports > before)
		return;
	one.at_us = meta_moment(r, "watermark");
	one.until_to = (struct contact_address){p->platform->person, it->citizen};
	if (one.at_us && it->citizen)
		report(p, &one);
	else
		p->out->n_ignored++;
}

static const struct reader {
	const char *key;
	void (*read)(struct meta_post *, const struct item *, const struct jsonr *);
} readers[] = {
	{"message", read_message},
	{"message_edit", read_edit},
	{"reaction", read_reaction},
	{"postback", read_postback},
	{"delivery", read_receipt},
	{"read", read_receipt},
	{"referral", read_event},
	{"pass_thread_control", read_event},
	{"take_thread_control", read_event},
	{"request_thread_control", read_event},
};

/* neither side is our account: it was put into an entry of ours by mistake */
static bool for_others(const struct meta_post *p, const char *sender, const char *recipient)
{
	const char *account = p->in->account;

	return account && *account && sender && recipient && strcmp(sender, account) != 0 &&
	       strcmp(recipient, account) != 0 && !jsonx_bool(p->in->settings, "any_account");
}

void meta_messaging(struct meta_post *p, const struct jsonr *json)
{
	const struct jsonr *from = jsonr_obj(json, "sender"), *to = jsonr_obj(json, "recipient");
	const char *sender = meta_id(p, from, "id"), *recipient = meta_id(p, to, "id");
	bool echo = jsonr_bool(jsonr_obj(json, "message"), "is_echo");
	struct item it = {.json = json, .ours = echo || meta_is_own(p, sender)};

	it.at_us = meta_moment(json, "timestamp");
	if (!it.at_us)
		it.at_us = p->at_us;
	it.citizen =
		it.ours && !meta_is_own(p, recipient) ? meta_person(p, to, "id") : meta_person(p, from, "id");
	if (for_others(p, sender, recipient)) {
		reading_dead(p->out, "for another account");
		return;
	}
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		const struct jsonr *content = jsonr_obj(json, readers[i].key);

		if (content) {
			readers[i].read(p, &it, content);
			return;
		}
	}
	p->out->n_ignored++; /* opt-ins and links of accounts (they hold tokens), policies, what comes next
				year */
}
