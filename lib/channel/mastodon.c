/*
 * mastodon.c - Mastodon: mentions, public and direct
 *
 * Mentions are asked for: the notifications of our account, from the last one that was taken ("min_id": the next
 * ones after it, oldest page first, so nothing is jumped over however many there are). Without one, the newest page is
 * where we begin. Activities that servers send to each other may also be posted to the hook (mastodon_activity.c); use
 * one of both for an inbox: they know the same message by another name.
 *
 * "public" and "unlisted" are public; "private" (followers) and "direct" are private. People are "name@host", so
 * that somebody is the same person on both ways. An edit or removal is not notified: it comes by the hook only.
 *
 * settings  base_url (no default: every server is its own), poll_seconds
 * source    docs.joinmastodon.org: methods/notifications, methods/statuses (Idempotency-Key, visibility),
 *           entities/Notification and Status, by way of pub.dev/mastodon_api and rdrr.io/rtoot (limit, min_id,
 *           visibility, 500 characters): read 2026-11-22. Unchecked: that a key is remembered for an hour
 */
#include "lib/channel/mastodon.h"

#include "lib/base/html.h"
#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/when.h"
#include "lib/channel/counting.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"

#include <string.h>
#include <strings.h>

enum { MAX_CHARACTERS = 500, PAGE = 20, MAX_ANSWER = 1 << 20 };

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* ---- what both ways share ---- */

const char *mastodon_account(struct arena *a, const char *handle, const char *host)
{
	char *out;

	handle += *handle == '@';
	out = strchr(handle, '@') || !*host ? arena_str(a, handle) : arena_printf(a, "%s@%s", handle, host);
	for (char *s = out; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 'a' - 'A');
	}
	return out;
}

/* where people without a host in their name are */
static const char *own_host(struct arena *a, const struct inbox *in)
{
	const char *base = sending_base(in, ""), *at = in->account ? strrchr(in->account, '@') : NULL, *host;

	if (at && at > in->account)
		return at + 1;
	host = strstr(base, "://");
	host = host ? host + 3 : base;
	return arena_dup(a, host, strcspn(host, "/:"));
}

bool mastodon_is_ours(struct arena *a, const struct inbox *in, const char *account)
{
	return in->account && *in->account && same(mastodon_account(a, in->account, own_host(a, in)), account);
}

void mastodon_content(struct arena *a, struct contact *c, const char *html, const char *warning)
{
	if (html)
		reading_text(a, c, html_text(a, (struct bytes){(const uint8_t *)html, strlen(html)}, 2 * CONTACT_TEXT_BYTES));
	reading_put(a, c, "warning", reading_label(a, warning, CONTACT_TEXT_BYTES));
}

/* ---- what comes in ---- */

static void read_media(struct arena *a, struct contact *c, const json_t *files)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file) {
		const char *type = jsonx_str(file, "type");
		const char *kind = same(type, "image")				 ? "image"
				   : same(type, "video") || same(type, "gifv") ? "video"
				   : same(type, "audio")				 ? "audio"
										 : "document";

		reading_attach(a, c, kind, jsonx_str(file, "id"), jsonx_str(file, "url"),
			       jsonx_str(file, "description"), NULL);
	}
	if (c->n_attachments)
		c->kind = KIND_MEDIA;
}

static void read_where(struct arena *a, struct contact *c, const json_t *status)
{
	const char *visibility = jsonx_str(status, "visibility");

	c->reply_to = reading_id(a, jsonx_str(status, "in_reply_to_id"));
	if (same(visibility, "public") || same(visibility, "unlisted")) {
		c->visibility = VISIBILITY_PUBLIC;
		reading_put(a, c, "post", c->reply_to ? c->reply_to : c->provider_id);
		reading_put(a, c, "parent", c->reply_to);
	}
	reading_put(a, c, "permalink", reading_id(a, jsonx_str(status, "url")));
	reading_put(a, c, "visibility", reading_label(a, visibility, READING_MAX_NAME));
}

static void read_mention(struct arena *a, const struct inbox *in, const json_t *n, struct channel_batch *out)
{
	struct contact *c = &out->contacts[out->n_contacts];
	const json_t *status = jsonx_obj(n, "status"), *account = jsonx_obj(status, "account");
	const char *id = reading_id(a, jsonx_str(status, "id")), *acct = reading_id(a, jsonx_str(account, "acct"));
	const char *name = jsonx_str(account, "display_name"), *created = jsonx_str(status, "created_at");

	if (jsonx_str(n, "type") && !same(jsonx_str(n, "type"), "mention")) {
		out->n_ignored++;
		return;
	}
	if (!id || !acct) {
		reading_dead(out, "a mention without an id or from nobody");
		return;
	}
	acct = reading_id(a, mastodon_account(a, acct, own_host(a, in)));
	if (!acct || mastodon_is_ours(a, in, acct)) {
		out->n_ignored++;
		return;
	}
	*c = (struct contact){.kind = KIND_TEXT, .provider_id = id};
	when_parse(created ? created : "", &c->provider_time_us);
	contact_add_address(c, "mastodon", acct);
	c->name = reading_label(a, name && *name ? name : jsonx_str(account, "username"), READING_MAX_NAME);
	mastodon_content(a, c, jsonx_str(status, "content"), jsonx_str(status, "spoiler_text"));
	read_media(a, c, jsonx_arr(status, "media_attachments"));
	read_where(a, c, status);
	out->n_contacts++;
}

/* ids are numbers as text, or text that sorts: the longer or else the greater came later */
static const char *later(const char *a, const char *b)
{
	size_t n_a = strlen(a), n_b = strlen(b);

	return n_a != n_b ? (n_a > n_b ? a : b) : strcmp(a, b) > 0 ? a : b;
}

/* a page of notifications, newest first; contacts come oldest first, as they were said */
static int read_page(struct arena *a, const struct inbox *in, const json_t *page, struct channel_batch *out)
{
	size_t n = json_array_size(page);

	if (n > CONTACT_MAX_PER_POST)
		return reading_refuse(out, "more items than one page may hold");
	out->contacts = arena_array(a, struct contact, n + 1);
	for (size_t i = n; i-- > 0;) {
		const json_t *one = json_array_get(page, i);
		const char *id = reading_id(a, jsonx_str(one, "id"));

		if (id)
			out->cursor = out->cursor ? later(out->cursor, id) : id;
		if (json_is_object(one))
			read_mention(a, in, one, out);
		else
			reading_dead(out, "a notification that is no object");
	}
	out->more = n >= PAGE;
	return 0;
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	json_t *root;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(out, "not JSON as it should be");
	if (json_is_array(root))
		return read_page(a, in, root, out);
	return r->polled ? reading_refuse(out, "no page of notifications") : mastodon_activity(a, in, root, out);
}

/* ---- what we ask and say ---- */

static const char *bearer(struct arena *a, const struct inbox *in)
{
	const char *token = inbox_secret(in, "token", 0);

	return sending_is_token(token) ? arena_printf(a, "Bearer %s", token) : NULL;
}

static int ask(struct arena *a, const struct inbox *in, const char *cursor, struct channel_send *out)
{
	const char *base = sending_base(in, NULL), *proof = bearer(a, in);

	if (!base || !proof)
		return REPLY_NO_CHANNEL;
	memset(out, 0, sizeof *out);
	out->method = "GET";
	out->url = arena_printf(a, "%s/api/v1/notifications?types%%5B%%5D=mention&limit=%d%s%s", base, PAGE,
				cursor ? "&min_id=" : "", cursor ? url_encode(a, cursor) : "");
	sending_header(a, out, "Authorization", proof);
	return 0;
}

/* the name that notifies somebody: "@name@host", unless the text has it already */
static const char *with_name(struct arena *a, const char *account, const char *text)
{
	return strcasestr(text, arena_printf(a, "@%s", account)) ? text : arena_printf(a, "@%s %s", account, text);
}

static int check(const struct inbox *in, const struct channel_reply *rep)
{
	if (!sending_base(in, NULL) || !sending_is_token(inbox_secret(in, "token", 0)))
		return REPLY_NO_CHANNEL;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	if (rep->is_public && !jsonx_str(rep->answers, "post"))
		return REPLY_NOT_PUBLIC;
	if (!same(rep->to_kind, "mastodon") || !sending_is_token(rep->to) || !strchr(rep->to, '@') || strchr(rep->to, '/'))
		return REPLY_NO_ADDRESS;
	return rep->text ? 0 : REPLY_TOO_LONG;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	const char *text, *visibility = rep->is_public ? "public" : "direct";
	int refused = check(in, rep), n;
	json_t *body;

	memset(out, 0, sizeof *out);
	out->limit = MAX_CHARACTERS;
	if (refused)
		return refused;
	text = with_name(a, rep->to, rep->text);
	n = counting_mastodon(text);
	if (n > MAX_CHARACTERS) {
		out->limit -= n - counting_mastodon(rep->text);
		return REPLY_TOO_LONG;
	}
	if (rep->is_public && same(jsonx_str(rep->answers, "visibility"), "unlisted"))
		visibility = "unlisted";
	body = json_pack("{s:s,s:s}", "status", text, "visibility", visibility);
	/* an id of the server's own; an activity has a whole address, by which its API knows nothing */
	if (rep->answers_id && !strstr(rep->answers_id, "://"))
		jsonx_put(body, "in_reply_to_id", rep->answers_id);
	out->url = arena_printf(a, "%s/api/v1/statuses", sending_base(in, NULL));
	sending_header(a, out, "Authorization", bearer(a, in));
	sending_header(a, out, "Idempotency-Key", rep->contact_id);
	sending_json(a, out, body);
	return 0;
}

/* with an Idempotency-Key a second try cannot say it twice, so a server that stumbled is asked again */
static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	enum sent_outcome outcome = sending_outcome(a, status, error);
	json_t *root = NULL;

	*provider_id = NULL;
	if (status == 401 || status == 403)
		*error = "the access token is not valid any more or may not post";
	else if (status == 404)
		*error = "the post that is answered is gone";
	if (status >= 500)
		return SENT_RETRY;
	if (outcome != SENT_OK)
		return outcome;
	if (body.len && body.len <= MAX_ANSWER)
		jsonx_load(a, body, &root, NULL);
	*provider_id = reading_id(a, jsonx_str(root, "id"));
	if (*provider_id)
		return SENT_OK;
	*error = "taken under a name we were not told";
	return SENT_UNCERTAIN;
}

const struct channel_ops channel_mastodon = {
	.name = "mastodon",
	.signed_body = true,
	.verify = proof_own,
	.parse = parse,
	.poll = ask,
	.compose = compose,
	.sent = sent,
};
