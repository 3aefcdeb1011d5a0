/*
 * telegram.c - Telegram: what people write to the municipality's bot
 *
 * One post is one Update. A message is known as "<chat>:<message_id>", because message_id is counted per chat
 * and edits, answers and buttons name it; an inbox is one bot, so that is once within the inbox. update_id
 * would be another one for every edit; it names what has no message of its own.
 *
 * Where it was said decides who reads the answer:
 *  a chat of two      private
 *  a group            public: all its members read it. A public answer goes into the group, a private one to
 * the person, which works only when they have spoken to the bot before a channel          public, from the
 * channel. Unless it is our own: settings "own_channel" is its id
 *
 * "/start" is what Telegram sends when somebody opens the bot: nobody has asked anything yet, so it is told
 * (system) and opens no case. A bot that was blocked is told in the same way.
 *
 * source   core.telegram.org/bots/api (Update, Message, setWebhook, sendMessage, sendDocument,
 * ReplyParameters, ResponseParameters, getFile) by way of the API references of python-telegram-bot, aiogram
 * and other clients: read 2026-11-22. Unchecked: that 4096 are counted as code points
 */
#include "lib/channel/channel.h"

#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/when.h"
#include "lib/channel/media.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_CHARACTERS = 4096,
	MAX_CAPTION = 1024,
	MAX_FILE_BYTES = 15000000,
	MAX_ANSWER = 64 * 1024,
	MAX_DIGITS = 19,
	MAX_LABEL = 200
};
#define API_URL "https://api.telegram.org"

struct telegram_post {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	json_int_t update;
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	const char *h = r->header(r->ctx, "X-Telegram-Bot-Api-Secret-Token"), *secret;
	bool ok = false;

	for (int i = 0; h && !ok && (secret = inbox_secret(in, "secret", i)); i++)
		ok = same_text(secret, h);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* ---- what a message holds ---- */

static void read_file(struct telegram_post *p, struct contact *c, const json_t *file, const char *kind)
{
	struct contact_attachment *att = reading_attach(p->a, c, kind, NULL, jsonx_str(file, "file_id"),
							jsonx_str(file, "file_name"), jsonx_str(file, "mime_type"));
	json_int_t n = jsonx_int(file, "file_size", -1);

	if (att && n >= 0)
		att->n_bytes = n;
}

/* several sizes of one picture: the largest */
static void read_photo(struct telegram_post *p, struct contact *c, const json_t *m)
{
	const json_t *sizes = jsonx_arr(m, "photo"), *one, *best = NULL;
	json_int_t most = -1;
	size_t i;

	json_array_foreach(sizes, i, one) {
		/* at most 2^31: their product fits */
		json_int_t w = jsonx_int(one, "width", 0) & INT32_MAX, h = jsonx_int(one, "height", 0) & INT32_MAX;

		if (w * h >= most) {
			most = w * h;
			best = one;
		}
	}
	read_file(p, c, best, "image");
}

static void read_place(struct telegram_post *p, struct contact *c, const json_t *at)
{
	reading_keep(p->a, c, "latitude", json_object_get(at, "latitude"));
	reading_keep(p->a, c, "longitude", json_object_get(at, "longitude"));
}

static void read_location(struct telegram_post *p, struct contact *c, const json_t *m)
{
	const json_t *venue = jsonx_obj(m, "venue");

	read_place(p, c, jsonx_obj(m, "location") ? jsonx_obj(m, "location") : jsonx_obj(venue, "location"));
	reading_keep(p->a, c, "name", json_object_get(venue, "title"));
	reading_keep(p->a, c, "address", json_object_get(venue, "address"));
}

static void read_person_card(struct telegram_post *p, struct contact *c, const json_t *m)
{
	reading_keep(p->a, c, "contacts", jsonx_own(p->a, json_pack("[O]", json_object_get(m, "contact"))));
}

static void read_sticker(struct telegram_post *p, struct contact *c, const json_t *m)
{
	read_file(p, c, jsonx_obj(m, "sticker"), "sticker");
	reading_keep(p->a, c, "emoji", json_object_get(jsonx_obj(m, "sticker"), "emoji"));
}

/* in this order: an animation also has a document, a venue a location */
static const struct content {
	const char *key;
	enum contact_kind kind;
	const char *file;            /* the kind of attachment of the object at key */
	void (*read)(struct telegram_post *, struct contact *, const json_t *);
} contents[] = {
	{"text", KIND_TEXT, NULL, NULL},
	{"photo", KIND_MEDIA, NULL, read_photo},
	{"animation", KIND_MEDIA, "video", NULL},
	{"video", KIND_MEDIA, "video", NULL},
	{"video_note", KIND_MEDIA, "video", NULL},
	{"voice", KIND_MEDIA, "audio", NULL},
	{"audio", KIND_MEDIA, "audio", NULL},
	{"document", KIND_MEDIA, "document", NULL},
	{"sticker", KIND_MEDIA, NULL, read_sticker},
	{"venue", KIND_LOCATION, NULL, read_location},
	{"location", KIND_LOCATION, NULL, read_location},
	{"contact", KIND_CONTACTS, NULL, read_person_card},
};

/* what a person sends that has no form with us */
static const char *const unsupported[] = {
	"poll", "dice", "game", "story", "paid_media", "checklist", "invoice", "giveaway", "web_app_data", "passport_data",
};

static bool has(const json_t *m, const char *key)
{
	const json_t *j = json_object_get(m, key);

	return j && !json_is_null(j);
}

/* false: nothing that somebody said, such as a member who joined */
static bool read_content(struct telegram_post *p, struct contact *c, const json_t *m)
{
	reading_text(p->a, c, jsonx_str(m, "text") ? jsonx_str(m, "text") : jsonx_str(m, "caption"));
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		const struct content *k = &contents[i];

		if (!has(m, k->key))
			continue;
		c->kind = k->kind;
		if (k->file)
			read_file(p, c, jsonx_obj(m, k->key), k->file);
		if (k->read)
			k->read(p, c, m);
		return true;
	}
	for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
		if (has(m, unsupported[i])) {
			c->kind = KIND_UNSUPPORTED;
			reading_put(p->a, c, "type", unsupported[i]);
			return true;
		}
	}
	return c->text != NULL;
}

/* ---- who and where ---- */

static const char *number_text(struct arena *a, const json_t *obj, const char *key)
{
	json_int_t n = jsonx_int(obj, key, 0);

	return n ? arena_printf(a, "%" JSON_INTEGER_FORMAT, n) : NULL;
}

/* "<chat>:<message_id>"; NULL when it tells neither */
static const char *message_id(struct telegram_post *p, const json_t *m)
{
	const char *chat = number_text(p->a, jsonx_obj(m, "chat"), "id"), *id = number_text(p->a, m, "message_id");

	return chat && id ? arena_printf(p->a, "%s:%s", chat, id) : NULL;
}

static void read_from(struct telegram_post *p, struct contact *c, const json_t *from)
{
	const char *first = jsonx_str(from, "first_name"), *last = jsonx_str(from, "last_name"), *title;

	title = jsonx_str(from, "title");
	contact_add_address(c, "telegram", number_text(p->a, from, "id"));
	if (first && last)
		first = arena_printf(p->a, "%s %s", first, last);
	c->name = reading_label(p->a, first ? first : last ? last : title, READING_MAX_NAME);
	reading_put(p->a, c, "username", reading_label(p->a, jsonx_str(from, "username"), MAX_LABEL));
}

static bool is_shared(const json_t *chat)
{
	const char *type = jsonx_str(chat, "type");

	return same(type, "group") || same(type, "supergroup") || same(type, "channel");
}

/* what all members of a group or readers of a channel see */
static void read_shared(struct telegram_post *p, struct contact *c, const json_t *m, const char *id)
{
	const json_t *chat = jsonx_obj(m, "chat");
	const char *name = jsonx_str(chat, "username");

	if (!is_shared(chat))
		return;
	c->visibility = VISIBILITY_PUBLIC;
	reading_put(p->a, c, "post", c->reply_to && c->kind != KIND_EDIT ? c->reply_to : id);
	if (c->kind != KIND_EDIT)
		reading_put(p->a, c, "parent", c->reply_to);
	reading_put(p->a, c, "chat", number_text(p->a, chat, "id"));
	reading_put(p->a, c, "title", reading_label(p->a, jsonx_str(chat, "title"), MAX_LABEL));
	if (name && sending_is_token(name)) /* only what is open to everybody has a name, and so an address */
		reading_put(p->a, c, "permalink", arena_printf(p->a, "https://t.me/%s/%s", name, strchr(id, ':') + 1));
}

/* the next contact of the batch; there is one at most */
static struct contact *start(struct telegram_post *p, const char *id)
{
	struct contact *c = &p->out->contacts[0];

	*c = (struct contact){.provider_id = id};
	return c;
}

static void take(struct telegram_post *p, struct contact *c)
{
	if (c->provider_id && c->n_from)
		p->out->n_contacts = 1;
	else
		reading_dead(p->out, "a message without an id or from nobody");
}

static int64_t moment(const json_t *obj, const char *key)
{
	json_int_t s = jsonx_int(obj, key, 0);

	return s > 0 && s < INT64_C(7258118400) ? s * WHEN_SECOND_US : 0;
}

/* ---- the updates ---- */

/* our own bot and channel, others' bots, and what Telegram copies from a channel into its group */
static bool is_ours(struct telegram_post *p, const json_t *m)
{
	const char *chat = number_text(p->a, jsonx_obj(m, "chat"), "id");

	return jsonx_bool(jsonx_obj(m, "from"), "is_bot") || jsonx_bool(m, "is_automatic_forward") ||
	       same(jsonx_str(p->in->settings, "own_channel"), chat);
}

/* "/start", or "/start <what the link said>" */
static void read_start(struct telegram_post *p, struct contact *c)
{
	if (!c->text || strncmp(c->text, "/start", 6) != 0 || (c->text[6] && c->text[6] != ' '))
		return;
	c->kind = KIND_SYSTEM;
	reading_put(p->a, c, "event", "started");
	reading_put(p->a, c, "start", c->text[6] ? c->text + 7 : NULL);
}

static struct contact *read_message_of(struct telegram_post *p, const json_t *m)
{
	const char *id = message_id(p, m);
	struct contact *c = start(p, id);
	const json_t *from = jsonx_obj(m, "from");

	if (is_ours(p, m) || !read_content(p, c, m)) {
		p->out->n_ignored++;
		return NULL;
	}
	if (!from || has(m, "sender_chat")) /* a channel, or a group's administrator who speaks for it */
		from = jsonx_obj(m, "sender_chat") ? jsonx_obj(m, "sender_chat") : jsonx_obj(m, "chat");
	c->provider_time_us = moment(m, "date");
	read_from(p, c, from);
	reading_put(p->a, c, "album", reading_label(p->a, jsonx_str(m, "media_group_id"), MAX_LABEL));
	if (has(m, "forward_origin") || has(m, "forward_date"))
		reading_keep(p->a, c, "forwarded", json_true());
	return c;
}

static void read_message(struct telegram_post *p, const json_t *m)
{
	struct contact *c = read_message_of(p, m);

	if (!c)
		return;
	c->reply_to = message_id(p, jsonx_obj(m, "reply_to_message"));
	read_start(p, c);
	if (c->provider_id)
		read_shared(p, c, m, c->provider_id);
	take(p, c);
}

static void read_edited(struct telegram_post *p, const json_t *m)
{
	struct contact *c = read_message_of(p, m);

	if (!c)
		return;
	c->kind = KIND_EDIT;
	c->reply_to = c->provider_id;
	if (has(m, "edit_date"))
		c->provider_time_us = moment(m, "edit_date");
	if (c->reply_to) {
		c->provider_id = arena_printf(p->a, "%s:%" JSON_INTEGER_FORMAT, c->reply_to, p->update);
		read_shared(p, c, m, c->reply_to);
	}
	take(p, c);
}

/* what stands on the button that was pressed; else what it sends */
static const char *button(const json_t *message, const char *data)
{
	const json_t *row, *b;
	size_t i, k;

	json_array_foreach(jsonx_arr(jsonx_obj(message, "reply_markup"), "inline_keyboard"), i, row) {
		json_array_foreach(row, k, b) {
			if (same(jsonx_str(b, "callback_data"), data) && jsonx_str(b, "text"))
				return jsonx_str(b, "text");
		}
	}
	return data;
}

static void read_callback(struct telegram_post *p, const json_t *q)
{
	const json_t *m = jsonx_obj(q, "message");
	const char *id = reading_id(p->a, jsonx_str(q, "id")), *data = jsonx_str(q, "data");
	struct contact *c = start(p, id ? arena_printf(p->a, "callback:%s", id) : NULL);

	c->kind = KIND_CHOICE;
	read_from(p, c, jsonx_obj(q, "from"));
	c->reply_to = message_id(p, m);
	reading_text(p->a, c, button(m, data));
	reading_put(p->a, c, "choice", data);
	if (c->provider_id && c->reply_to)
		read_shared(p, c, m, c->reply_to);
	take(p, c);
}

/* somebody blocked the bot, or let it in again. What happens to it in groups is no citizen's doing */
static void read_my_member(struct telegram_post *p, const json_t *u)
{
	const char *now = jsonx_str(jsonx_obj(u, "new_chat_member"), "status");
	struct contact *c = start(p, arena_printf(p->a, "update:%" JSON_INTEGER_FORMAT, p->update));

	if (is_shared(jsonx_obj(u, "chat")) || (!same(now, "kicked") && !same(now, "member"))) {
		p->out->n_ignored++;
		return;
	}
	c->kind = KIND_SYSTEM;
	c->provider_time_us = moment(u, "date");
	read_from(p, c, jsonx_obj(u, "from"));
	reading_put(p->a, c, "event", same(now, "kicked") ? "blocked" : "unblocked");
	take(p, c);
}

/* all reactions of one person on one message, as they are now; none: taken back */
static void read_reaction(struct telegram_post *p, const json_t *u)
{
	const json_t *now = json_array_get(jsonx_arr(u, "new_reaction"), 0);
	struct contact *c = start(p, arena_printf(p->a, "update:%" JSON_INTEGER_FORMAT, p->update));

	c->kind = KIND_REACTION;
	c->reply_to = message_id(p, u);
	c->provider_time_us = moment(u, "date");
	read_from(p, c, jsonx_obj(u, "user") ? jsonx_obj(u, "user") : jsonx_obj(u, "actor_chat"));
	reading_text(p->a, c, jsonx_str(now, "emoji"));
	if (!now)
		reading_keep(p->a, c, "removed", json_true());
	if (c->reply_to)
		read_shared(p, c, u, c->reply_to);
	take(p, c);
}

static const struct {
	const char *key;
	void (*read)(struct telegram_post *, const json_t *);
} updates[] = {
	{"message", read_message},
	{"edited_message", read_edited},
	{"channel_post", read_message},
	{"edited_channel_post", read_edited},
	{"callback_query", read_callback},
	{"my_chat_member", read_my_member},
	{"message_reaction", read_reaction},
};

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct telegram_post p = {.a = a, .in = in, .out = out};
	json_t *root, *update;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(out, "not JSON as it should be");
	p.update = jsonx_int(root, "update_id", -1);
	if (p.update < 0)
		return reading_refuse(out, "no update of a bot");
	out->contacts = arena_new_of(a, struct contact);
	for (size_t i = 0; i < sizeof updates / sizeof *updates; i++) {
		update = json_object_get(root, updates[i].key);
		if (!update)
			continue;
		if (!json_is_object(update))
			return reading_refuse(out, "an update that is no object");
		updates[i].read(&p, update);
		return 0;
	}
	out->n_ignored = 1; /* polls, inline queries, payments, what comes next year */
	return 0;
}

/* ---- what goes out ---- */

/* a chat's id: digits, with "-" before it for groups and channels */
static bool is_chat(const char *s)
{
	size_t n;

	if (!s)
		return false;
	s += *s == '-';
	n = strspn(s, "0123456789");
	return n && n <= MAX_DIGITS && !s[n] && *s != '0';
}

/* "123456:ABC-def": it stands in the path, and nothing of it may end that. NULL when there is none */
static const char *token_of(const struct inbox *in)
{
	const char *token = inbox_secret(in, "token", 0);
	const char *fine = "0123456789:_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return token && *token && !token[strspn(token, fine)] ? token : NULL;
}

/* 0, or enum reply_outcome; *chat is where it goes */
static int check(const struct inbox *in, const struct channel_reply *rep, struct channel_send *out, const char **chat)
{
	if (!token_of(in))
		return REPLY_NO_CHANNEL;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	*chat = rep->is_public ? jsonx_str(rep->answers, "chat") : rep->to;
	if (rep->is_public && !is_chat(*chat))
		return REPLY_NOT_PUBLIC;
	if (!same(rep->to_kind, "telegram") || !is_chat(*chat))
		return REPLY_NO_ADDRESS;
	if (!rep->is_public && **chat == '-') /* from a channel: there is no person to answer */
		return REPLY_NOT_PRIVATE;
	return sending_fits(out, rep->text, MAX_CHARACTERS);
}

/* which message of this chat is quoted; 0: none. A public answer hangs on what it answers */
static long long quoted(const struct channel_reply *rep, const char *chat)
{
	const char *id = rep->reply_to ? rep->reply_to : rep->is_public ? rep->answers_id : NULL;
	size_t n = strlen(chat);

	return id && !strncmp(id, chat, n) && id[n] == ':' ? strtoll(id + n + 1, NULL, 10) : 0;
}

/* one a message, as a document: so that a photo arrives as it is, and any kind does. Telegram takes 50 MB */
static const struct channel_files files = {
	.most = 1, .max_bytes = MAX_FILE_BYTES, .max_characters = MAX_CAPTION};

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *chat = NULL;
	int refused = check(in, rep, out, &chat);
	json_t *m;

	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	if (rep->n_files) {
		out->url = arena_printf(a, "%s/bot%s/sendDocument", sending_base(in, API_URL), token_of(in));
		sending_form(a, out,
			     (const struct sending_field[]){{"chat_id", chat},
							    {"caption", *rep->text ? rep->text : NULL},
							    {NULL, NULL}},
			     "document", &rep->files[0]);
		return 0;
	}
	out->url = arena_printf(a, "%s/bot%s/sendMessage", sending_base(in, API_URL), token_of(in));
	m = json_pack("{s:I,s:s}", "chat_id", (json_int_t)strtoll(chat, NULL, 10), "text", rep->text);
	if (quoted(rep, chat))
		json_object_set_new(m, "reply_parameters",
				    json_pack("{s:I,s:b}", "message_id", (json_int_t)quoted(rep, chat),
					      "allow_sending_without_reply", 1));
	sending_json(a, out, m);
	return 0;
}

static const json_t *answer_of(struct arena *a, struct bytes body)
{
	json_t *root = NULL;

	if (body.len && body.len <= MAX_ANSWER)
		jsonx_load(a, body, &root, NULL);
	return root;
}

static int retry_after_s(struct arena *a, struct bytes body)
{
	json_int_t s = jsonx_int(jsonx_obj(answer_of(a, body), "parameters"), "retry_after", 0);

	return s > 0 && s < 86400 ? (int)s : 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	enum sent_outcome outcome = sending_outcome(a, status, error);
	const json_t *m = jsonx_obj(answer_of(a, body), "result");
	const char *chat = number_text(a, jsonx_obj(m, "chat"), "id"), *id = number_text(a, m, "message_id");

	*provider_id = NULL;
	if (status == 403)
		*error = "the citizen blocked the bot or never spoke to it";
	else if (status == 401)
		*error = "the token of the bot is not valid any more";
	if (outcome != SENT_OK)
		return outcome;
	if (chat && id) {
		*provider_id = arena_printf(a, "%s:%s", chat, id);
		return SENT_OK;
	}
	*error = "taken under a name we were not told";
	return SENT_UNCERTAIN;
}

/* getFile tells where a file_id is, for an hour */
static int media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
		 struct channel_media *out)
{
	const char *base = sending_base(in, API_URL), *path;
	int rc;

	if (!token_of(in))
		return MEDIA_IMPOSSIBLE;
	if (!answer.data) {
		rc = media_url(a,
			       arena_printf(a, "%s/bot%s/getFile?file_id=%s", base, token_of(in),
					    url_encode(a, provider_ref)),
			       out);
		out->is_file = false;
		return rc;
	}
	path = jsonx_str(jsonx_obj(answer_of(a, answer), "result"), "file_path");
	if (!sending_is_token(path) || strstr(path, "..") || strpbrk(path, "?#"))
		return MEDIA_IMPOSSIBLE;
	return media_url(a, arena_printf(a, "%s/file/bot%s/%s", base, token_of(in), path), out);
}

static const char *const hosts[] = {"api.telegram.org", NULL};

const struct channel_ops channel_telegram = {
	.name = "telegram",
	.signed_body = true,
	.verify = verify,
	.parse = parse,
	.files = &files,
	.compose = compose,
	.sent = sent,
	.retry_after_s = retry_after_s,
	.media = media,
	.media_hosts = hosts,
};
