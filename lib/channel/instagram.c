/*
 * instagram.c - Instagram professional accounts: direct messages, comments, mentions
 *
 * A comment's fields say where it stands: {"post" (the media), "comment", "parent"?, "live"?}. A mention has
 * ids only: its contact has no text and is from nobody in particular. Meta tells of no edited or deleted
 * comments.
 *
 * source   developers.facebook.com: Graph API webhooks reference "instagram", Instagram Platform "webhook
 * examples", "private replies", "IG comment replies", "IG user mentions"; read 2026-11-22. A comment on a
 * live video cannot be answered in public, a mention not in private. Assumed: a comment takes 2200
 * characters.
 */
#include "lib/channel/meta.h"

#include "lib/channel/graph.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"

static struct contact *start(struct meta_post *p, const char *post, const char *comment)
{
	struct contact *c = meta_start(p);

	c->kind = KIND_TEXT;
	c->visibility = VISIBILITY_PUBLIC;
	c->provider_time_us = p->at_us;
	reading_put(p->a, c, "post", post);
	reading_put(p->a, c, "comment", comment);
	return c;
}

static void read_comment(struct meta_post *p, const struct jsonr *v)
{
	const struct jsonr *from = jsonr_obj(v, "from");
	const char *text = jsonr_str(v, "text"), *name = jsonr_str(from, "username"),
		   *id = meta_id(p, v, "id");
	struct contact *c;

	if (meta_is_own(p, meta_id(p, from, "id"))) {
		p->out->n_ignored++;
		return;
	}
	c = start(p, meta_id(p, jsonr_obj(v, "media"), "id"), id);
	c->provider_id = id;
	c->reply_to = meta_id(p, v, "parent_id");
	reading_put(p->a, c, "parent", c->reply_to);
	c->name = reading_label(p->a, name, READING_MAX_NAME);
	reading_text(p->a, c, text);
	if (!c->text)
		c->kind = KIND_UNSUPPORTED; /* a sticker or GIF: there is nothing to fetch */
	contact_add_address(c, "instagram", meta_person(p, from, "id"));
	if (!c->n_from)
		contact_add_address(c, "post", id);
	meta_take(p, c);
}

static void read_live_comment(struct meta_post *p, const struct jsonr *v)
{
	int n = p->out->n_contacts;

	read_comment(p, v);
	if (p->out->n_contacts > n)
		meta_mark(p, &p->out->contacts[n], "live");
}

/* its id is not that of the comment: the comment itself, with its words, must not be taken for a repetition
 */
static void read_mention(struct meta_post *p, const struct jsonr *v)
{
	const char *media = meta_id(p, v, "media_id"), *comment = meta_id(p, v, "comment_id");
	struct contact *c = start(p, media, comment);

	if (media || comment)
		c->provider_id = arena_printf(p->a, "mention:%s", comment ? comment : media);
	meta_mark(p, c, "mention");
	contact_add_address(c, "post", c->provider_id);
	meta_take(p, c);
}

/* a mention is answered by name of what it stands in; a comment in its own thread */
static json_t *in_public(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			 const char **path)
{
	const char *comment = jsonx_str(rep->answers, "comment"), *post = jsonx_str(rep->answers, "post");
	json_t *body = json_pack("{s:s}", "message", rep->text);

	if (jsonx_bool(rep->answers, "mention")) {
		*path = arena_printf(a, "%s/mentions", in->account);
		jsonx_put(body, "media_id", post);
		jsonx_put(body, "comment_id", comment);
		return body;
	}
	*path = arena_printf(a, "%s/replies", comment);
	if (comment && !jsonx_bool(rep->answers, "live"))
		return body;
	json_decref(body);
	return NULL;
}

static const struct meta_platform platform = {
	.object = "instagram",
	.person = "instagram",
	.fields = (const struct meta_field[]){{"comments", read_comment},
					      {"live_comments", read_live_comment},
					      {"mentions", read_mention},
					      {NULL, NULL}},
	.base = "https://graph.instagram.com/v23.0",
	.max_bytes = 1000,
	.max_comment = 2200,
	.in_public = in_public,
};

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	return meta_parse(&platform, a, in, r, out);
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	return meta_compose(&platform, a, in, rep, out);
}

const struct channel_ops channel_instagram = {
	.name = "instagram",
	.signed_body = true,
	.handshake = proof_hub_challenge,
	.verify = proof_hub_signature,
	.parse = parse,
	.compose = compose,
	.sent = graph_sent,
	.media_hosts = meta_hosts,
};
