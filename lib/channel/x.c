/*
 * x.c - X: mentions (public), direct messages, and what is taken back
 *
 * One post of the Account Activity API holds for_user_id (us) and lists of events. Whatever we said ourselves,
 * with loketd or with X's own app, is no contact; a repost says nothing new. Both kinds of answers are signed with
 * OAuth 1.0a for the account: "key" and "secret" are the consumer key and secret of the app, "token" and
 * "tokenSecret" those of the account.
 *
 * limits   up to CONTACT_MAX_PER_POST events; ids are text of digits, because they do not fit a double
 * source   docs.x.com/x-api/account-activity/introduction, developer.x.com "Account Activity data objects" (lists
 *          and their meaning, CRC, x-twitter-webhooks-signature), docs.x.com counting-characters, xdk reference of
 *          direct messages: read 2026-11-22. From general knowledge, unchecked: the members of a v1.1 post and
 *          direct message; POST /2/tweets and /2/dm_conversations/with/{id}/messages; 10,000 characters in a
 *          direct message; that an answer needs no "@name" in its text; RFC 5849 for the signature.
 *          X announces a newer Activity API ({"data": {"event_type", …}}): its posts become dead letters
 */
#include "lib/channel/channel.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/when.h"
#include "lib/channel/counting.h"
#include "lib/channel/form.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"

#include <string.h>

enum { MAX_POST = 280, MAX_DIRECT = 10000, MAX_DIGITS = 20, MAX_CRC = 256, MAX_ANSWER = 64 * 1024 };
#define API_URL "https://api.x.com"
#define SIGNATURE "sha256="

struct x_post {
	struct arena *a;
	struct channel_batch *out;
	const json_t *root;
	const char *us;
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool is_id(const char *s)
{
	return s && *s && strlen(s) <= MAX_DIGITS && strspn(s, "0123456789") == strlen(s);
}

/* ---- is it from X? ---- */

static const char *mac_of(struct arena *a, const char *secret, struct bytes data)
{
	uint8_t mac[SHA256_BYTES];

	hmac_sha256(secret, data, mac);
	return base64_encode(a, (struct bytes){mac, sizeof mac});
}

static int verify(const struct inbox *in, const struct channel_request *r)
{
	const char *h = r->header(r->ctx, "x-twitter-webhooks-signature"), *secret;
	struct arena *a;
	bool ok = false;

	if (!h || strncmp(h, SIGNATURE, strlen(SIGNATURE)) != 0)
		return CHANNEL_REFUSED;
	a = arena_new(4096);
	for (int i = 0; !ok && (secret = inbox_secret(in, "secret", i)); i++)
		ok = same_text(mac_of(a, secret, r->body), h + strlen(SIGNATURE));
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

/* the challenge that X sends when the webhook is made, and every hour */
static int handshake(struct arena *a, const struct inbox *in, const struct channel_request *r, const char **answer)
{
	const char *secret = inbox_secret(in, "secret", 0), *token;
	struct form f;

	if (!secret || form_urlencoded(a, (struct bytes){(const uint8_t *)r->query, strlen(r->query)}, &f))
		return CHANNEL_REFUSED;
	token = form_get(&f, "crc_token");
	if (!token || !*token || strlen(token) > MAX_CRC)
		return CHANNEL_REFUSED;
	*answer = arena_printf(a, "{\"response_token\":\"" SIGNATURE "%s\"}",
			       mac_of(a, secret, (struct bytes){(const uint8_t *)token, strlen(token)}));
	return 0;
}

/* ---- what comes in ---- */

/* the id of a post or person: "id_str", else "id" as text or number */
static const char *id_of(struct arena *a, const json_t *obj)
{
	const char *s = jsonx_str(obj, "id_str");
	json_int_t n = jsonx_int(obj, "id", 0);

	if (!s)
		s = jsonx_str(obj, "id");
	if (!s && n > 0)
		s = arena_printf(a, "%" JSON_INTEGER_FORMAT, n);
	return is_id(s) ? arena_str(a, s) : NULL;
}

/* "1542329999999"; 0 when it is none */
static int64_t milliseconds(const json_t *obj, const char *key)
{
	const char *s = jsonx_str(obj, key);
	int64_t ms = jsonx_int(obj, key, 0);

	if (s && strlen(s) <= 15 && strspn(s, "0123456789") == strlen(s)) {
		for (ms = 0; *s; s++)
			ms = 10 * ms + (*s - '0');
	}
	return ms > 0 && ms < INT64_C(7258118400000) ? ms * 1000 : 0;
}

/* "Wed Jun 06 20:07:10 +0000 2012" */
static int64_t created(struct arena *a, const json_t *tweet)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *s = jsonx_str(tweet, "created_at"), *m;
	char month[4] = "";
	int64_t us = milliseconds(tweet, "timestamp_ms");

	if (us || !s || strlen(s) != 30)
		return us;
	memcpy(month, s + 4, 3);
	m = strstr(months, month);
	if (m && (m - months) % 3 == 0)
		when_parse(arena_printf(a, "%.4s-%02d-%.2sT%.8s%.3s:%.2s", s + 26, (int)(m - months) / 3 + 1, s + 8,
					s + 11, s + 20, s + 23),
			   &us);
	return us;
}

/* X writes & < and > of a text as entities, and no others */
static const char *unescaped(struct arena *a, const char *s)
{
	static const struct {
		const char *entity, *is;
	} entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}};
	char *out = arena_str(a, s), *to = out;

	for (; s && *s; s++, to++) {
		*to = *s;
		for (size_t i = 0; i < 3; i++) {
			size_t n = strlen(entities[i].entity);

			if (!strncmp(s, entities[i].entity, n)) {
				*to = entities[i].is[0];
				s += n - 1;
				break;
			}
		}
	}
	if (out)
		*to = '\0';
	return out;
}

static void read_person(struct x_post *p, struct contact *c, const json_t *user)
{
	c->name = reading_label(p->a, jsonx_str(user, "name"), READING_MAX_NAME);
	reading_put(p->a, c, "username", reading_label(p->a, jsonx_str(user, "screen_name"), READING_MAX_NAME));
}

static const char *kind_of_media(const char *type)
{
	return same(type, "video") || same(type, "animated_gif") ? "video" : "image";
}

static void read_media(struct x_post *p, struct contact *c, const json_t *media)
{
	reading_attach(p->a, c, kind_of_media(jsonx_str(media, "type")), id_of(p->a, media),
		       jsonx_str(media, "media_url_https"), NULL, NULL);
	if (c->n_attachments)
		c->kind = KIND_MEDIA;
}

static void read_point(struct x_post *p, struct contact *c, const json_t *point)
{
	const json_t *at = jsonx_arr(point, "coordinates");

	reading_keep(p->a, c, "longitude", json_array_get(at, 0));
	reading_keep(p->a, c, "latitude", json_array_get(at, 1));
}

/* the whole text of a long post is within extended_tweet */
static void read_post_content(struct x_post *p, struct contact *c, const json_t *tweet)
{
	const json_t *whole = jsonx_obj(tweet, "extended_tweet"), *media, *one;
	const char *text = jsonx_str(whole, "full_text");
	size_t i;

	if (!whole)
		whole = tweet;
	if (!text)
		text = jsonx_str(whole, "full_text") ? jsonx_str(whole, "full_text") : jsonx_str(tweet, "text");
	reading_text(p->a, c, unescaped(p->a, text));
	media = jsonx_obj(whole, "extended_entities") ? jsonx_obj(whole, "extended_entities") : jsonx_obj(whole, "entities");
	json_array_foreach(jsonx_arr(media, "media"), i, one) read_media(p, c, one);
	read_point(p, c, jsonx_obj(tweet, "coordinates"));
	reading_put(p->a, c, "place", jsonx_str(jsonx_obj(tweet, "place"), "full_name"));
}

static const char *id_at(struct x_post *p, const json_t *obj, const char *key)
{
	const char *s = jsonx_str(obj, key);

	return is_id(s) ? arena_str(p->a, s) : NULL;
}

/* A mention, an answer, or our own post quoted: X sends us what is about us only */
static void read_tweet(struct x_post *p, const json_t *tweet)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];
	const json_t *user = jsonx_obj(tweet, "user");
	const char *id = id_of(p->a, tweet), *author = id_of(p->a, user), *name = jsonx_str(user, "screen_name");

	if (!id || !author) {
		reading_dead(p->out, "a post without an id or from nobody");
		return;
	}
	if (same(author, p->us) || jsonx_obj(tweet, "retweeted_status")) {
		p->out->n_ignored++;
		return;
	}
	*c = (struct contact){.kind = KIND_TEXT, .visibility = VISIBILITY_PUBLIC, .provider_id = id};
	c->provider_time_us = created(p->a, tweet);
	contact_add_address(c, "x", author);
	c->reply_to = id_at(p, tweet, "in_reply_to_status_id_str");
	/* which post a thread began with is not told: of an answer we know what it answers */
	reading_put(p->a, c, "post", c->reply_to ? c->reply_to : id);
	reading_put(p->a, c, "parent", c->reply_to);
	if (name && sending_is_token(name))
		reading_put(p->a, c, "permalink", arena_printf(p->a, "https://x.com/%s/status/%s", name, id));
	reading_put(p->a, c, "quotes", id_at(p, tweet, "quoted_status_id_str"));
	read_person(p, c, user);
	read_post_content(p, c, tweet);
	p->out->n_contacts++;
}

static void read_attachment(struct x_post *p, struct contact *c, const json_t *att)
{
	if (same(jsonx_str(att, "type"), "media")) {
		read_media(p, c, jsonx_obj(att, "media"));
	} else if (same(jsonx_str(att, "type"), "location")) {
		c->kind = KIND_LOCATION;
		read_point(p, c, jsonx_obj(jsonx_obj(jsonx_obj(att, "location"), "shared_coordinate"), "coordinates"));
	}
}

static void read_direct(struct x_post *p, const json_t *event)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];
	const json_t *m = jsonx_obj(event, "message_create"), *data = jsonx_obj(m, "message_data"), *chosen;
	const char *id = id_of(p->a, event), *sender = id_at(p, m, "sender_id");

	if (!same(jsonx_str(event, "type"), "message_create") || same(sender, p->us)) {
		p->out->n_ignored++; /* somebody joined or left; what we said ourselves */
		return;
	}
	if (!id || !sender || !data) {
		reading_dead(p->out, "a direct message without id, sender or content");
		return;
	}
	*c = (struct contact){.kind = KIND_TEXT, .provider_id = id};
	c->provider_time_us = milliseconds(event, "created_timestamp");
	contact_add_address(c, "x", sender);
	read_person(p, c, jsonx_obj(jsonx_obj(p->root, "users"), sender));
	reading_text(p->a, c, unescaped(p->a, jsonx_str(data, "text")));
	read_attachment(p, c, jsonx_obj(data, "attachment"));
	chosen = jsonx_obj(data, "quick_reply_response");
	if (chosen) {
		c->kind = KIND_CHOICE;
		reading_keep(p->a, c, "choice", json_object_get(chosen, "metadata"));
	}
	p->out->n_contacts++;
}

/* the author took it back, or we did */
static void read_delete(struct x_post *p, const json_t *event)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];
	const json_t *status = jsonx_obj(event, "status");
	const char *id = id_of(p->a, status), *author = id_at(p, status, "user_id");

	if (!id || !author) {
		reading_dead(p->out, "a post taken back without its id or author");
		return;
	}
	*c = (struct contact){.kind = KIND_DELETE, .visibility = VISIBILITY_PUBLIC, .reply_to = id};
	c->provider_id = arena_printf(p->a, "%s:delete", id);
	c->provider_time_us = milliseconds(event, "timestamp_ms");
	contact_add_address(c, "x", author);
	if (same(author, p->us)) {
		c->direction = DIRECTION_OUT;
		c->flags = FLAG_ECHO;
	}
	p->out->n_contacts++;
}

/* they read our direct messages up to this one */
static void read_seen(struct x_post *p, const json_t *event)
{
	const char *id = id_at(p, event, "last_read_event_id");

	if (id && !same(jsonx_str(event, "sender_id"), p->us))
		p->out->reports[p->out->n_reports++] = (struct delivery_report){
			.provider_id = id, .status = DELIVERY_READ, .at_us = milliseconds(event, "created_timestamp")};
	else
		p->out->n_ignored++;
}

static const struct list {
	const char *key;
	void (*read)(struct x_post *, const json_t *);
} lists[] = {
	{"tweet_create_events", read_tweet},
	{"direct_message_events", read_direct},
	{"tweet_delete_events", read_delete},
	{"direct_message_mark_read_events", read_seen},
};

/* 0 or CHANNEL_UNREADABLE; likes, follows, blocks, typing, … are not for us */
static int read_lists(struct x_post *p)
{
	const json_t *one;
	size_t i, n = 0;

	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
		n += json_array_size(json_object_get(p->root, lists[l].key));
	if (n > CONTACT_MAX_PER_POST)
		return reading_refuse(p->out, "more items than one post may hold");
	p->out->contacts = arena_array(p->a, struct contact, n + 1);
	p->out->reports = arena_array(p->a, struct delivery_report, n + 1);
	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
		const json_t *list = json_object_get(p->root, lists[l].key);

		if (list && !json_is_array(list))
			reading_dead(p->out, "a list that is no array");
		json_array_foreach(list, i, one) lists[l].read(p, one);
	}
	p->out->n_ignored += !n && !p->out->n_unreadable;
	return 0;
}

static bool other_account(const struct inbox *in, const char *us)
{
	return in->account && *in->account && strcmp(in->account, us) != 0 && !jsonx_bool(in->settings, "any_account");
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct x_post p = {.a = a, .out = out};
	json_t *root;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(out, "not JSON as it should be");
	p.root = root;
	p.us = jsonx_str(root, "for_user_id");
	if (!p.us && jsonx_obj(root, "user_event")) {
		out->n_ignored++; /* the account took back its permission: sending fails from now on */
		return 0;
	}
	if (!is_id(p.us))
		return reading_refuse(out, "not the activity of an account");
	if (other_account(in, p.us))
		return reading_refuse(out, "for another account");
	return read_lists(&p);
}

/* ---- what goes out ---- */

/* our id without its dashes: another one for every reply, and the same one when a reply is tried again */
static const char *nonce_of(struct arena *a, const char *contact_id)
{
	char *out = arena_str(a, contact_id), *to = out;

	for (const char *s = contact_id; *s; s++) {
		if (*s != '-')
			*to++ = *s;
	}
	*to = '\0';
	return out;
}

/* RFC 5849: a JSON body is not part of what is signed, and our URLs have no query */
static const char *authorization(struct arena *a, const struct inbox *in, const struct channel_reply *rep, const char *url)
{
	const char *key = url_encode(a, inbox_secret(in, "key", 0)), *token = url_encode(a, inbox_secret(in, "token", 0));
	const char *nonce = nonce_of(a, rep->contact_id);
	long long at = (long long)(rep->now_us / WHEN_SECOND_US);
	const char *secrets = arena_printf(a, "%s&%s", url_encode(a, inbox_secret(in, "secret", 0)),
					   url_encode(a, inbox_secret(in, "tokenSecret", 0)));
	const char *parameters =
		arena_printf(a,
			     "oauth_consumer_key=%s&oauth_nonce=%s&oauth_signature_method=HMAC-SHA1&oauth_timestamp=%lld"
			     "&oauth_token=%s&oauth_version=1.0",
			     key, nonce, at, token);
	const char *base = arena_printf(a, "POST&%s&%s", url_encode(a, url), url_encode(a, parameters));
	uint8_t mac[SHA1_BYTES];

	hmac_sha1(secrets, (struct bytes){(const uint8_t *)base, strlen(base)}, mac);
	return arena_printf(a,
			    "OAuth oauth_consumer_key=\"%s\", oauth_nonce=\"%s\", oauth_signature=\"%s\", "
			    "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"%lld\", oauth_token=\"%s\", "
			    "oauth_version=\"1.0\"",
			    key, nonce, url_encode(a, base64_encode(a, (struct bytes){mac, sizeof mac})), at, token);
}

static int fits_post(struct channel_send *out, const char *text)
{
	out->limit = MAX_POST;
	return text && counting_x(text) <= MAX_POST ? 0 : REPLY_TOO_LONG;
}

static int check(const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	static const char *const kinds[] = {"key", "secret", "token", "tokenSecret"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!sending_is_token(inbox_secret(in, kinds[i], 0)))
			return REPLY_NO_CHANNEL;
	}
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	if (rep->is_public && (!jsonx_str(rep->answers, "post") || !is_id(rep->answers_id)))
		return REPLY_NOT_PUBLIC;
	if (!rep->is_public && (!same(rep->to_kind, "x") || !is_id(rep->to)))
		return REPLY_NO_ADDRESS;
	return rep->is_public ? fits_post(out, rep->text) : sending_fits(out, rep->text, MAX_DIRECT);
}

/* an answer under the post, or a direct message to whoever wrote it */
static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *base = sending_base(in, API_URL);
	int refused = check(in, rep, out);
	json_t *body;

	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	if (rep->is_public) {
		out->url = arena_printf(a, "%s/2/tweets", base);
		body = json_pack("{s:s,s:{s:s}}", "text", rep->text, "reply", "in_reply_to_tweet_id", rep->answers_id);
	} else {
		out->url = arena_printf(a, "%s/2/dm_conversations/with/%s/messages", base, rep->to);
		body = json_pack("{s:s}", "text", rep->text);
	}
	sending_header(a, out, "Authorization", authorization(a, in, rep, out->url));
	sending_json(a, out, body);
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	enum sent_outcome outcome = sending_outcome(a, status, error);
	json_t *root = NULL;
	const char *id;

	*provider_id = NULL;
	if (status == 401)
		*error = "the provider does not accept our tokens";
	else if (status == 403)
		*error = "refused: said before, not allowed, or the citizen takes no direct messages";
	if (outcome != SENT_OK)
		return outcome;
	if (body.len && body.len <= MAX_ANSWER)
		jsonx_load(a, body, &root, NULL);
	id = id_of(a, jsonx_obj(root, "data"));
	if (!id && is_id(jsonx_str(jsonx_obj(root, "data"), "dm_event_id")))
		id = arena_str(a, jsonx_str(jsonx_obj(root, "data"), "dm_event_id"));
	*provider_id = id;
	if (id)
		return SENT_OK;
	*error = "taken under a name we were not told";
	return SENT_UNCERTAIN;
}

/* what is posted; a picture in a direct message is at ton.twitter.com, which wants a signed request: not done */
static const char *const hosts[] = {"pbs.twimg.com", "video.twimg.com", NULL};

const struct channel_ops channel_x = {
	.name = "x",
	.signed_body = true,
	.handshake = handshake,
	.handshake_type = "application/json",
	.verify = verify,
	.parse = parse,
	.compose = compose,
	.sent = sent,
	.media_hosts = hosts,
};
