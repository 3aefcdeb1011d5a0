/*
 * mastodon_activity.c - ActivityPub as servers send it to each other, posted to the hook by somebody we trust
 *
 * The signature of the sending server is not checked here: that needs its key, and so a request to an address that a
 * stranger chose. Whoever receives for us does it, and signs with our own signature (proof.h).
 *
 * A note is a contact when it is not public, mentions us (anybody, when the inbox has no account) or answers
 * something. Boosts, likes, follows, profiles and accounts that go away are ignored. An edit or a removal may come before
 * what it is about: it is kept, and says so.
 *
 * source   w3.org/TR/activitypub and activitystreams-vocabulary from general knowledge, 2026-11-22; the shapes that
 *          Mastodon sends as recorded by bonfire-networks/activity_pub (test/fixtures/mastodon), read 2026-11-22
 */
#include "lib/channel/mastodon.h"

#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/channel/reading.h"

#include <string.h>

#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

struct activity {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	const json_t *root;
	json_t *object;
	const char *id, *actor;
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* a thing is named by its id or stands there whole */
static const char *id_of(const json_t *j)
{
	return json_is_string(j) ? json_string_value(j) : jsonx_str(j, "id");
}

/* the i-th of what may be a list or one thing; NULL past the end */
static const json_t *item(const json_t *j, size_t i)
{
	return json_is_array(j) ? json_array_get(j, i) : i == 0 ? j : NULL;
}

static bool names(const json_t *list, const char *who)
{
	const json_t *one;

	for (size_t i = 0; (one = item(list, i)); i++) {
		if (same(id_of(one), who))
			return true;
	}
	return false;
}

static bool is_public(const json_t *object)
{
	static const char *const keys[] = {"to", "cc"}, *const words[] = {PUBLIC, "as:Public", "Public"};

	for (size_t k = 0; k < 2; k++) {
		for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
			if (names(json_object_get(object, keys[k]), words[w]))
				return true;
		}
	}
	return false;
}

/* "https://host/users/name" or "https://host/@name" as name@host; any other address as it is */
static const char *account_of(struct arena *a, const char *actor)
{
	const char *host = strstr(actor, "://"), *path, *name;

	host = host ? host + 3 : actor;
	path = strchr(host, '/');
	if (!path)
		return actor;
	name = !strncmp(path, "/users/", 7) ? path + 7 : !strncmp(path, "/@", 2) ? path + 2 : NULL;
	if (!name || !*name || strchr(name, '/'))
		return actor;
	return mastodon_account(a, name, arena_dup(a, host, (size_t)(path - host)));
}

static bool mentions_us(struct activity *v)
{
	const json_t *tags = json_object_get(v->object, "tag"), *tag;

	for (size_t i = 0; (tag = item(tags, i)); i++) {
		const char *name = jsonx_str(tag, "name");

		if (same(jsonx_str(tag, "type"), "Mention") &&
		    (!v->in->account || !*v->in->account ||
		     (name && mastodon_is_ours(v->a, v->in, mastodon_account(v->a, name, "")))))
			return true;
	}
	return false;
}

/* the text in any language: Mastodon writes "content", some only "contentMap" */
static const char *content_of(const json_t *object)
{
	const char *text = jsonx_str(object, "content");

	if (!text)
		text = json_string_value(json_object_iter_value(json_object_iter(jsonx_obj(object, "contentMap"))));
	return text;
}

static const char *kind_of_media(const char *type)
{
	if (type && !strncmp(type, "image/", 6))
		return "image";
	if (type && !strncmp(type, "video/", 6))
		return "video";
	return type && !strncmp(type, "audio/", 6) ? "audio" : "document";
}

/* an address may be text, an object with "href", or a list of those */
static const char *address_of(const json_t *j)
{
	const json_t *one = item(j, 0);

	return json_is_string(one) ? json_string_value(one) : jsonx_str(one, "href");
}

static void read_content(struct activity *v, struct contact *c)
{
	const json_t *files = json_object_get(v->object, "attachment"), *file;

	mastodon_content(v->a, c, content_of(v->object), jsonx_str(v->object, "summary"));
	for (size_t i = 0; i < CONTACT_MAX_ATTACHMENTS && (file = item(files, i)); i++)
		reading_attach(v->a, c, kind_of_media(jsonx_str(file, "mediaType")), NULL,
			       address_of(json_object_get(file, "url")), jsonx_str(file, "name"),
			       jsonx_str(file, "mediaType"));
	c->kind = c->n_attachments ? KIND_MEDIA : KIND_TEXT;
}

static void read_where(struct activity *v, struct contact *c, const char *id)
{
	const char *parent = reading_id(v->a, id_of(json_object_get(v->object, "inReplyTo")));

	if (is_public(v->object)) {
		c->visibility = VISIBILITY_PUBLIC;
		reading_put(v->a, c, "post", parent ? parent : id);
		reading_put(v->a, c, "parent", parent);
	}
	reading_put(v->a, c, "permalink", reading_id(v->a, address_of(json_object_get(v->object, "url"))));
}

static struct contact *start(struct activity *v, const char *id)
{
	struct contact *c = &v->out->contacts[0];
	const char *published = jsonx_str(v->object, "published");

	*c = (struct contact){.provider_id = id};
	when_parse(published ? published : jsonx_str(v->root, "published"), &c->provider_time_us);
	contact_add_address(c, "mastodon", reading_id(v->a, account_of(v->a, v->actor)));
	return c;
}

static void take(struct activity *v, struct contact *c)
{
	if (c->provider_id && c->n_from)
		v->out->n_contacts = 1;
	else
		reading_dead(v->out, "an activity without an id or from nobody");
}

static void read_create(struct activity *v)
{
	const char *id = reading_id(v->a, id_of(v->object));
	struct contact *c;

	if (!json_is_object(v->object)) {
		reading_dead(v->out, "a note that is named only: it would have to be fetched");
		return;
	}
	if (is_public(v->object) && !mentions_us(v) && !id_of(json_object_get(v->object, "inReplyTo"))) {
		v->out->n_ignored++;
		return;
	}
	c = start(v, id);
	read_content(v, c);
	c->reply_to = reading_id(v->a, id_of(json_object_get(v->object, "inReplyTo")));
	if (id)
		read_where(v, c, id);
	take(v, c);
}

/* a note that changed; profiles change too */
static void read_update(struct activity *v)
{
	static const char *const said[] = {"Note", "Article", "Page", "Question"};
	const char *type = jsonx_str(v->object, "type"), *id = reading_id(v->a, id_of(v->object));
	struct contact *c;
	bool is_said = false;

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		is_said |= same(type, said[i]);
	if (!is_said) {
		v->out->n_ignored++;
		return;
	}
	c = start(v, v->id ? v->id : id ? arena_printf(v->a, "%s#update", id) : NULL);
	read_content(v, c);
	c->kind = KIND_EDIT;
	c->reply_to = id;
	if (jsonx_str(v->object, "updated"))
		when_parse(jsonx_str(v->object, "updated"), &c->provider_time_us);
	if (id)
		read_where(v, c, id);
	take(v, c);
}

/* what is gone tells not whether it was public: what it is about does */
static void read_delete(struct activity *v)
{
	const char *id = reading_id(v->a, id_of(v->object));
	struct contact *c;

	if (same(id, v->actor)) {
		v->out->n_ignored++; /* the whole account */
		return;
	}
	c = start(v, v->id ? v->id : id ? arena_printf(v->a, "%s#delete", id) : NULL);
	c->kind = KIND_DELETE;
	c->reply_to = id;
	if (!id)
		c->provider_id = NULL;
	take(v, c);
}

int mastodon_activity(struct arena *a, const struct inbox *in, const json_t *activity, struct channel_batch *out)
{
	static const struct {
		const char *type;
		void (*read)(struct activity *);
	} readers[] = {{"Create", read_create}, {"Update", read_update}, {"Delete", read_delete}};
	struct activity v = {.a = a, .in = in, .out = out, .root = activity};
	const char *type = jsonx_str(activity, "type");

	v.object = json_object_get(activity, "object");
	v.id = reading_id(a, jsonx_str(activity, "id"));
	v.actor = id_of(json_object_get(activity, "actor"));
	if (!type || !v.actor || !*v.actor)
		return reading_refuse(out, "no activity of somebody");
	out->contacts = arena_new_of(a, struct contact);
	if (!mastodon_is_ours(a, in, account_of(a, v.actor))) {
		for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
			if (!strcmp(readers[i].type, type)) {
				readers[i].read(&v);
				return 0;
			}
		}
	}
	out->n_ignored = 1;
	return 0;
}
