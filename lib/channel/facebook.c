/*
 * facebook.c - Facebook pages: what is said in public, on the page and about it
 *
 * changes[] with field "feed" (posts and comments of visitors), "mention" and "ratings". A contact's fields
 * say where it stands: {"post", "comment"?, "parent"? (the comment it answers), "permalink"?}. What the page
 * itself posts or comments never becomes a contact. Likes and reactions do not either: nobody waits for an
 * answer to one, and who likes what of a municipality is not to be kept. Hiding is the moderators' own act.
 *
 * source   developers.facebook.com: Graph API webhooks reference "page" (feed, mention, ratings), "Private
 * replies"; github.com/restfb/restfb issues 706, 735, 817 (photos, mention, from); read 2026-11-22. Assumed:
 * a comment takes 8000 characters; "from" of a comment is another id than that of a direct message (so the
 * kind of address is "facebook", not "messenger"); created_time of an edit may be that of the comment.
 */
#include "lib/channel/meta.h"

#include "lib/base/hmac.h"
#include "lib/channel/graph.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"

#include <string.h>

static bool is_one_of(const char *s, const char *const *words)
{
	for (; s && *words; words++) {
		if (!strcmp(*words, s))
			return true;
	}
	return false;
}

static const char *const items[] = {"comment", "post", "status", "photo",  "video", "share",
				    "link",    "note", "album",  "rating", NULL};
static const char *const additions[] = {"add", NULL};
static const char *const edits[] = {"edit", "edited", "update", NULL};
static const char *const removals[] = {"remove", "delete", NULL};

/* one value of changes[]; prefix: before the ids of what Meta may tell twice, in two fields */
struct said {
	const struct jsonr *value;
	const char *prefix, *root, *comment, *id, *text;
};

static const char *author(struct meta_post *p, const struct jsonr *v, struct contact *c)
{
	static const char *const keys[][2] = {{"sender_id", "sender_name"}, {"reviewer_id", "reviewer_name"}};
	const struct jsonr *from = jsonr_obj(v, "from");
	const char *id = meta_id(p, from, "id"), *name = jsonr_str(from, "name");

	for (size_t i = 0; i < sizeof keys / sizeof *keys && !id; i++) {
		id = meta_id(p, v, keys[i][0]);
		name = jsonr_str(v, keys[i][1]);
	}
	c->name = reading_label(p->a, name, READING_MAX_NAME);
	return id;
}

static void place(struct meta_post *p, struct contact *c, const struct said *s)
{
	const char *parent = meta_id(p, s->value, "parent_id");
	const struct jsonr *post = jsonr_obj(s->value, "post");

	reading_put(p->a, c, "post", s->root);
	reading_put(p->a, c, "comment", s->comment);
	if (parent && s->root && strcmp(parent, s->root) != 0)
		reading_put(p->a, c, "parent", parent);
	meta_keep(p, c, "permalink", post, "permalink_url");
	meta_keep(p, c, "permalink", s->value, "permalink_url");
	meta_keep(p, c, "recommendation", s->value, "recommendation_type");
	if (*s->prefix)
		meta_mark(p, c, "mention");
}

static void read_files(struct meta_post *p, struct contact *c, const struct said *s)
{
	const char *item = jsonr_str(s->value, "item"), *link = jsonr_str(s->value, "link");

	jsonr_foreach(jsonr_arr(s->value, "photos"), photo)
	{
		if (photo->type == JSON_STRING)
			meta_attach(p, c, "image", photo->text);
	}
	meta_attach(p, c, "image", jsonr_str(s->value, "photo"));
	meta_attach(p, c, "video", jsonr_str(s->value, "video"));
	if (!strcmp(item, "photo") || !strcmp(item, "video"))
		meta_attach(p, c, !strcmp(item, "photo") ? "image" : "video", link);
	else
		reading_put(p->a, c, "link", link);
}

static void read_added(struct meta_post *p, struct contact *c, const struct said *s)
{
	const char *parent = meta_id(p, s->value, "parent_id");

	c->provider_id = s->id;
	if (parent && s->comment)
		c->reply_to = parent;
	read_files(p, c, s);
	c->kind = c->n_attachments ? KIND_MEDIA : s->text || *s->prefix ? KIND_TEXT : KIND_UNSUPPORTED;
}

/* an edit has no id of its own, and its time may be that of what was edited: the new words tell edits apart
 */
static void read_changed(struct meta_post *p, struct contact *c, const struct said *s)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	sha256((struct bytes){(const uint8_t *)s->text, s->text ? strlen(s->text) : 0}, digest);
	hex_encode(digest, sizeof digest, hex);
	c->kind = KIND_EDIT;
	c->reply_to = s->id;
	c->provider_id = s->id ? arena_printf(p->a, "%s:edited:%.16s", s->id, hex) : NULL;
	read_files(p, c, s);
}

static void read_removed(struct meta_post *p, struct contact *c, const struct said *s)
{
	c->kind = KIND_DELETE;
	c->reply_to = s->id;
	c->provider_id = s->id ? arena_printf(p->a, "%s:removed", s->id) : NULL;
}

static struct said said_of(struct meta_post *p, const struct jsonr *value, const char *prefix)
{
	struct said s = {.value = value, .prefix = prefix, .comment = meta_id(p, value, "comment_id")};

	s.root = meta_id(p, value, "post_id");
	if (!s.root)
		s.root = meta_id(p, value, "open_graph_story_id");
	s.id = s.comment ? s.comment : s.root;
	if (s.id && *prefix)
		s.id = arena_printf(p->a, "%s%s", prefix, s.id);
	s.text = jsonr_str(value, "message");
	if (!s.text)
		s.text = jsonr_str(value, "review_text");
	return s;
}

static void read_public(struct meta_post *p, const struct jsonr *value, const char *prefix)
{
	const char *verb = jsonr_str(value, "verb"), *from;
	struct said s = said_of(p, value, prefix);
	struct contact *c = meta_start(p);

	from = author(p, value, c);
	if (!is_one_of(jsonr_str(value, "item"), items) || meta_is_own(p, from)) {
		p->out->n_ignored++;
		return;
	}
	c->visibility = VISIBILITY_PUBLIC;
	c->provider_time_us = meta_moment(value, "created_time");
	if (is_one_of(verb, additions)) {
		read_added(p, c, &s);
	} else if (is_one_of(verb, edits)) {
		read_changed(p, c, &s);
	} else if (is_one_of(verb, removals)) {
		read_removed(p, c, &s);
	} else {
		p->out->n_ignored++; /* hide, unhide, block, follow, … */
		return;
	}
	if (c->kind != KIND_DELETE)
		reading_text(p->a, c, s.text);
	place(p, c, &s);
	contact_add_address(c, "facebook", from && strspn(from, "0123456789") == strlen(from) ? from : NULL);
	/* nobody is named, and nobody is taken for somebody else; it can still be answered where it stands */
	if (!c->n_from && c->kind != KIND_DELETE)
		contact_add_address(c, "post", s.id);
	meta_take(p, c);
}

static void read_feed(struct meta_post *p, const struct jsonr *value)
{
	read_public(p, value, "");
}

/* on the page's own posts the feed tells the same, with its words: a mention must not stand in its way */
static void read_mention(struct meta_post *p, const struct jsonr *value)
{
	read_public(p, value, "mention:");
}

static json_t *in_public(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			 const char **path)
{
	const char *comment = jsonx_str(rep->answers, "comment");

	(void)in;
	*path = arena_printf(a, "%s/comments", comment ? comment : jsonx_str(rep->answers, "post"));
	return json_pack("{s:s}", "message", rep->text);
}

const struct meta_platform meta_page = {
	.object = "page",
	.person = "messenger",
	.fields =
		(const struct meta_field[]){
			{"feed", read_feed}, {"ratings", read_feed}, {"mention", read_mention}, {NULL, NULL}},
	.base = GRAPH_URL,
	.max_characters = 2000,
	.max_comment = 8000,
	.in_public = in_public,
};

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	return meta_parse(&meta_page, a, in, r, out);
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	return meta_compose(&meta_page, a, in, rep, out);
}

const struct channel_ops channel_facebook = {
	.name = "facebook",
	.signed_body = true,
	.handshake = proof_hub_challenge,
	.verify = proof_hub_signature,
	.parse = parse,
	.compose = compose,
	.sent = graph_sent,
	.media_hosts = meta_hosts,
};
