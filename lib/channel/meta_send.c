/*
 * meta_send.c - Messenger, Facebook and Instagram: what goes out
 *
 * A direct message goes to a person within 24 hours of their last one, and for seven days when a human being
 * writes it: all of ours are. What was said in public is answered where it stands, or once, within seven
 * days, by a direct message that names the post or comment instead of the person.
 *
 * source   developers.facebook.com: Messenger Platform "Send API", "message tags" (HUMAN_AGENT), "private
 * replies"; Instagram Platform "messaging API", "private replies"; read 2026-11-22. The tag needs Meta's
 * permission "Human Agent" for the app. metadata comes back with the echo (Messenger's only).
 */
#include "lib/channel/meta.h"

#include "lib/channel/graph.h"
#include "lib/channel/sending.h"

#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)
enum { TAG_DAYS = 7, MAX_ID = 256 };

static bool is_id(const char *s)
{
	return s && *s && strlen(s) <= MAX_ID && strspn(s, "0123456789_") == strlen(s);
}

/* does it answer what was said in public? Its ids go into a path. Of a comment that was taken back only its
 * post is left: the answer must not end up there */
static bool is_public(const struct channel_reply *rep)
{
	const char *post = jsonx_str(rep->answers, "post"), *comment = jsonx_str(rep->answers, "comment");

	if (comment)
		return is_id(comment) && (!post || is_id(post));
	return is_id(post) && (!rep->answers_id || jsonx_bool(rep->answers, "mention") ||
			       !strncmp(rep->answers_id, post, strlen(post)));
}

static int fits_bytes(struct channel_send *out, const char *text, int limit)
{
	out->limit = limit;
	return text && strlen(text) <= (size_t)limit ? 0 : REPLY_TOO_LONG;
}

static int fits(const struct meta_platform *f, const struct channel_reply *rep, struct channel_send *out)
{
	if (rep->is_public)
		return sending_fits(out, rep->text, f->max_comment);
	if (f->max_bytes)
		return fits_bytes(out, rep->text, f->max_bytes);
	return sending_fits(out, rep->text, f->max_characters);
}

/* without regard to the text */
static int check(const struct meta_platform *f, const struct inbox *in, const struct channel_reply *rep)
{
	bool answers_public = is_public(rep);

	if (!is_id(in->account) || !sending_is_token(inbox_secret(in, "token", 0)))
		return REPLY_NO_CHANNEL;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	if (rep->is_public)
		return answers_public ? 0 : REPLY_NOT_PUBLIC;
	if (answers_public && jsonx_bool(rep->answers, "mention"))
		return REPLY_NOT_PRIVATE;
	if (!answers_public && (strcmp(rep->to_kind, f->person) != 0 || !is_id(rep->to)))
		return REPLY_NO_ADDRESS;
	return rep->last_in_us && rep->now_us - rep->last_in_us < TAG_DAYS * DAY_US ? 0 : REPLY_WINDOW_CLOSED;
}

static json_t *recipient_of(const struct channel_reply *rep)
{
	const char *comment = jsonx_str(rep->answers, "comment");

	if (!is_public(rep))
		return json_pack("{s:s}", "id", rep->to);
	return comment ? json_pack("{s:s}", "comment_id", comment)
		       : json_pack("{s:s}", "post_id", jsonx_str(rep->answers, "post"));
}

/* owner    the caller drops it */
static json_t *message_of(struct arena *a, const struct meta_platform *f, const struct channel_reply *rep)
{
	json_t *text = json_pack("{s:s}", "text", rep->text);
	json_t *m = json_pack("{s:o,s:o}", "recipient", recipient_of(rep), "message", text);

	if (f == &meta_page)
		jsonx_put(text, "metadata", arena_printf(a, META_METADATA "%s", rep->contact_id));
	if (is_public(rep))
		return m;
	if (rep->now_us - rep->last_in_us < DAY_US) {
		jsonx_put(m, "messaging_type", "RESPONSE");
	} else {
		jsonx_put(m, "messaging_type", "MESSAGE_TAG");
		jsonx_put(m, "tag", "HUMAN_AGENT");
	}
	return m;
}

int meta_compose(const struct meta_platform *f, struct arena *a, const struct inbox *in,
		 const struct channel_reply *rep, struct channel_send *out)
{
	const char *sender = jsonx_str(in->settings, "page"), *path;
	int refused = check(f, in, rep);
	json_t *body;

	if (!refused)
		refused = fits(f, rep, out);
	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	if (rep->is_public) {
		body = f->in_public(a, in, rep, &path);
		if (!body)
			return REPLY_NOT_PUBLIC;
	} else {
		body = message_of(a, f, rep);
		path = arena_printf(a, "%s/messages", is_id(sender) ? sender : in->account);
	}
	out->url = arena_printf(a, "%s/%s", sending_base(in, f->base), path);
	graph_json(a, in, out, body);
	return 0;
}
