/*
 * whatsapp.c - the WhatsApp Cloud API of Meta: what comes in
 *
 * One post holds entry[] × changes[] × messages[] | message_echoes[] | statuses[] | calls[]. Each item
 * becomes a contact, a delivery report, an ignored ping or, when it is addressed to us but tells too
 * little, a dead letter beside the others. whatsapp_message.c has who says what in one item, whatsapp_send.c
 * what goes out.
 *
 * limits   up to CONTACT_MAX_PER_POST items
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: webhooks reference "messages",
 *          "smb_message_echoes", "calls", business-scoped user ids; read 2026-11-21
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/jsonr.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/channel/graph.h"
#include "lib/channel/proof.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void unreadable(struct whatsapp_post *p, const char *why)
{
	struct channel_batch *b = p->out;
	int max = (int)(sizeof b->unreadable / sizeof *b->unreadable);

	if (b->n_unreadable < max)
		b->unreadable[b->n_unreadable++].why = why;
}

/* ---- one item of a list ---- */

/* the timestamp at key: text by the book, a number now and then; 0 when it is neither */
static int64_t moment(const struct jsonr *obj, const char *key)
{
	json_int_t n = jsonr_int(obj, key, 0);
	int64_t us = 0;

	if (n > 0 && n < INT64_C(7258118400))
		return n * WHEN_SECOND_US;
	when_unix(jsonr_str(obj, key), &us);
	return us;
}

/* the next contact of the batch, kept only when take() says so */
static struct contact *start(struct whatsapp_post *p, const struct jsonr *item)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];

	memset(c, 0, sizeof *c);
	c->provider_id = whatsapp_id(p, item, "id");
	c->provider_time_us = moment(item, "timestamp");
	return c;
}

static void take(struct whatsapp_post *p, struct contact *c)
{
	if (!c->provider_id)
		unreadable(p, "a message without an id");
	else if (!c->n_from)
		unreadable(p, "a message from nobody we could answer");
	else
		p->out->n_contacts++;
}

static void read_message(struct whatsapp_post *p, const struct jsonr *m)
{
	const struct jsonr *context = jsonr_obj(m, "context");
	struct contact *c = start(p, m);

	whatsapp_citizen(p, c, jsonr_str(m, "from"), jsonr_str(m, "from_user_id"));
	c->reply_to = whatsapp_id(p, context, "id");
	whatsapp_read(p, c, m);
	whatsapp_keep(p, c, "referral", m, "referral");
	whatsapp_keep(p, c, "forwarded", context, "forwarded");
	take(p, c);
}

/* what somebody sent with the WhatsApp Business app on our own number */
static void read_echo(struct whatsapp_post *p, const struct jsonr *m)
{
	struct contact *c = start(p, m);

	c->direction = DIRECTION_OUT;
	c->flags = FLAG_ECHO;
	whatsapp_citizen(p, c, jsonr_str(m, "to"), jsonr_str(m, "to_user_id"));
	c->reply_to = whatsapp_id(p, jsonr_obj(m, "context"), "id");
	whatsapp_read(p, c, m);
	take(p, c);
}

/* A call has one id and two events. The first keeps the id; the other hangs on it, so that each is
 * one contact. */
static void read_call(struct whatsapp_post *p, const struct jsonr *m)
{
	const char *event = jsonr_str(m, "event"), *way = jsonr_str(m, "direction");
	bool ours = same(way, "BUSINESS_INITIATED");
	struct contact *c = start(p, m);

	c->kind = KIND_CALL;
	c->direction = ours ? DIRECTION_OUT : DIRECTION_IN;
	whatsapp_citizen(p, c, jsonr_str(m, ours ? "to" : "from"),
		    jsonr_str(m, ours ? "to_user_id" : "from_user_id"));
	whatsapp_keep(p, c, "event", m, "event");
	whatsapp_keep(p, c, "status", m, "status");
	whatsapp_keep(p, c, "seconds", m, "duration");
	if (c->provider_id && event && strcmp(event, "connect") != 0) {
		c->reply_to = c->provider_id;
		c->provider_id = arena_printf(p->a, "%s:%.20s", c->provider_id, event);
	}
	take(p, c);
}

/* code and title of the first error; never what it says about this recipient */
static json_t *delivery_error(struct whatsapp_post *p, const struct jsonr *status)
{
	const struct jsonr *e = jsonr_first(jsonr_arr(status, "errors"));
	json_t *error = jsonx_own(p->a, json_object());

	json_object_set_new(error, "code", json_integer(jsonr_int(e, "code", 0)));
	jsonx_put(error, "title", jsonr_str(e, "title"));
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

static void read_status(struct whatsapp_post *p, const struct jsonr *s)
{
	struct delivery_report *r = &p->out->reports[p->out->n_reports];
	enum delivery status = status_of(jsonr_str(s, "status"));
	const char *id = whatsapp_id(p, s, "id"), *ours = jsonr_str(s, "biz_opaque_callback_data");
	struct uuid u;

	if (!jsonr_str(s, "status") || !id) {
		unreadable(p, "a status without an id or a state");
	} else if (status == DELIVERY_NONE || same(jsonr_str(s, "type"), "call")) {
		p->out->n_ignored++; /* deleted, warning, ringing, what comes next year */
	} else {
		*r = (struct delivery_report){
			.provider_id = id,
			.our_id = uuid_parse(ours, &u) ? arena_str(p->a, ours) : NULL,
			.status = status,
			.at_us = moment(s, "timestamp"),
		};
		if (status == DELIVERY_FAILED)
			r->error = delivery_error(p, s);
		p->out->n_reports++;
	}
}

/* ---- the post ---- */

static const struct list {
	const char *field, *key;
	void (*read)(struct whatsapp_post *, const struct jsonr *);
} lists[] = {
	{ "messages", "messages", read_message },
	{ "messages", "statuses", read_status },
	{ "smb_message_echoes", "message_echoes", read_echo },
	{ "calls", "calls", read_call },
	{ "calls", "statuses", read_status },
};

static bool other_account(const struct whatsapp_post *p)
{
	const char *id = jsonr_str(jsonr_obj(p->value, "metadata"), "phone_number_id");

	return p->in->account && *p->in->account && id && strcmp(id, p->in->account) != 0 &&
	       !jsonx_bool(p->in->settings, "any_account");
}

static void read_list(struct whatsapp_post *p, const struct list *l, const struct jsonr *items)
{
	jsonr_foreach(items, item) {
		if (jsonr_is(item, JSON_OBJECT))
			l->read(p, item);
		else
			unreadable(p, "an item that is no object");
	}
}

static void read_change(struct whatsapp_post *p, const struct jsonr *change)
{
	const char *field = jsonr_str(change, "field");
	bool known = false, found = false;

	p->value = jsonr_obj(change, "value");
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
		const struct jsonr *items = jsonr_get(p->value, lists[i].key);

		if (strcmp(lists[i].field, field) != 0 || !items)
			continue;
		found = true;
		if (jsonr_is(items, JSON_ARRAY))
			read_list(p, &lists[i], items);
		else
			unreadable(p, "a list that is no array");
	}
	if (known && !found && jsonr_arr(p->value, "errors"))
		unreadable(p, "the provider reports an error");
	else if (!found)
		p->out->n_ignored++; /* templates, account and quality updates, preferences, … */
}

/* every item of one list becomes at most one contact or report: their number bounds the batch */
static size_t count_items(const struct jsonr *entries)
{
	size_t n = 0;

	jsonr_foreach(entries, entry) {
		jsonr_foreach(jsonr_arr(entry, "changes"), change) {
			const struct jsonr *value = jsonr_obj(change, "value"), *items;

			for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
				items = jsonr_arr(value, lists[l].key);
				n += items ? items->n : 0;
			}
		}
	}
	return n;
}

static void read_entries(struct whatsapp_post *p, const struct jsonr *entries)
{
	jsonr_foreach(entries, entry) {
		if (!jsonr_arr(entry, "changes"))
			unreadable(p, "an entry without changes");
		jsonr_foreach(jsonr_arr(entry, "changes"), change)
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
	struct whatsapp_post p = { .a = a, .in = in, .out = out };
	const struct jsonr *root, *entries;
	size_t n;

	memset(out, 0, sizeof *out);
	if (jsonr_load(a, r->body, &root))
		return refuse(out, CHANNEL_UNREADABLE, "not JSON as it should be");
	if (!same(jsonr_str(root, "object"), "whatsapp_business_account"))
		return refuse(out, CHANNEL_UNREADABLE, "not about a WhatsApp account");
	entries = jsonr_arr(root, "entry");
	if (!entries)
		return refuse(out, CHANNEL_UNREADABLE, "no list of entries");
	n = count_items(entries);
	if (n > CONTACT_MAX_PER_POST)
		return refuse(out, CHANNEL_UNREADABLE, "more items than one post may hold");
	out->contacts = arena_array(a, struct contact, n + 1);
	out->reports = arena_array(a, struct delivery_report, n + 1);
	read_entries(&p, entries);
	if (!entries->n)
		out->n_ignored++;
	return 0;
}

static const char *const media_hosts[] = { "graph.facebook.com", "lookaside.fbsbx.com", NULL };

const struct channel_ops channel_whatsapp = {
	.name = "whatsapp",
	.is_platform = true,
	.signed_body = true,
	.handshake = proof_hub_challenge,
	.verify = proof_hub_signature,
	.parse = parse,
	.compose = whatsapp_compose,
	.files = &whatsapp_files,
	.upload = whatsapp_upload,
	.uploaded = graph_sent,
	.sent = graph_sent,
	.media = whatsapp_media,
	.media_hosts = media_hosts,
};
