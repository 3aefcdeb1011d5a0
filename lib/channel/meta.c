/*
 * meta.c - a post of Messenger, Facebook or Instagram: whose it is, and what is in it
 *
 * {"object", "entry": [{"id", "time", "messaging": […], "changes": [{"field", "value"}]}]}. An entry is about
 * one page or account. What comes as "standby" belongs to another app until it hands the conversation over:
 * it is counted, not taken. Meta's own test button writes a message as a change: it is read as one.
 *
 * limits   up to CONTACT_MAX_PER_POST items
 * source   developers.facebook.com: Graph API webhooks reference "page" and "instagram", Messenger Platform
 *          "webhook events"; read 2026-11-22
 */
#include "lib/channel/meta.h"

#include "lib/channel/reading.h"

#include <string.h>

const char *const meta_hosts[] = {".fbcdn.net", ".cdninstagram.com", ".fbsbx.com", NULL};

enum { MAX_PERSON = 32, MAX_URL = 2000 };

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* ---- ids, moments, fields ---- */

const char *meta_id(struct meta_post *p, const struct jsonr *obj, const char *key)
{
	const char *s = jsonr_str(obj, key);
	json_int_t n = jsonr_int(obj, key, 0);

	if (n > 0)
		return arena_printf(p->a, "%lld", (long long)n);
	return s && *s && strlen(s) <= READING_MAX_ID ? s : NULL;
}

static bool is_number(const char *s)
{
	return s && *s && strspn(s, "0123456789") == strlen(s);
}

const char *meta_person(struct meta_post *p, const struct jsonr *obj, const char *key)
{
	const char *s = meta_id(p, obj, key);

	return is_number(s) && strlen(s) <= MAX_PERSON ? s : NULL;
}

bool meta_is_own(const struct meta_post *p, const char *id)
{
	return same(id, p->own) || same(id, p->in->account);
}

int64_t meta_moment(const struct jsonr *obj, const char *key)
{
	const char *s = jsonr_str(obj, key);
	json_int_t n = jsonr_int(obj, key, 0);

	if (is_number(s) && strlen(s) <= 13) {
		for (n = 0; *s; s++)
			n = 10 * n + (*s - '0');
	}
	if (n < INT64_C(100000000000)) /* the year 5138 in seconds, 1973 in milliseconds */
		n *= 1000;
	return n >= INT64_C(946684800000) && n < INT64_C(7258118400000) ? n * 1000 : 0;
}

void meta_keep(struct meta_post *p, struct contact *c, const char *to, const struct jsonr *obj,
	       const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	if (v)
		reading_keep(p->a, c, to, jsonx_own(p->a, jsonr_tree(v)));
}

void meta_mark(struct meta_post *p, struct contact *c, const char *to)
{
	reading_keep(p->a, c, to, json_true());
}

bool meta_attach(struct meta_post *p, struct contact *c, const char *kind, const char *url)
{
	if (!url || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) ||
	    strlen(url) > MAX_URL)
		return false;
	for (int i = 0; i < c->n_attachments; i++) {
		if (!strcmp(c->attachments[i].provider_ref, url)) {
			c->attachments[i].kind = kind;
			return true;
		}
	}
	reading_attach(
		p->a, c, kind,
		arena_printf(p->a, "%s:%d", c->provider_id ? c->provider_id : "", c->n_attachments + 1), url,
		NULL, NULL);
	return true;
}

/* ---- contacts ---- */

struct contact *meta_start(struct meta_post *p)
{
	struct contact *c = &p->out->contacts[p->out->n_contacts];

	memset(c, 0, sizeof *c);
	return c;
}

/* who took something back need not be known: what is meant is */
void meta_take(struct meta_post *p, struct contact *c)
{
	if (!c->provider_id)
		reading_dead(p->out, "a message without an id");
	else if (!c->n_from && c->kind != KIND_DELETE)
		reading_dead(p->out, "a message from nobody we could answer");
	else
		p->out->n_contacts++;
}

/* ---- the post ---- */

static bool other_account(const struct meta_post *p)
{
	const char *account = p->in->account;

	return account && *account && !same(p->own, account) && !jsonx_bool(p->in->settings, "any_account");
}

static void read_change(struct meta_post *p, const struct jsonr *change)
{
	const char *field = jsonr_str(change, "field");
	const struct jsonr *value = jsonr_obj(change, "value");

	if (!field || !value) {
		reading_dead(p->out, "a change without field or value");
		return;
	}
	for (const struct meta_field *f = p->platform->fields; f->field; f++) {
		if (!strcmp(f->field, field)) {
			f->read(p, value);
			return;
		}
	}
	if (jsonr_obj(value, "sender") && jsonr_obj(value, "recipient"))
		meta_messaging(p, value);
	else
		p->out->n_ignored++; /* insights, hours, names, what comes next year */
}

static void read_list(struct meta_post *p, const struct jsonr *list,
		      void (*read)(struct meta_post *, const struct jsonr *))
{
	jsonr_foreach(list, item)
	{
		if (item->type == JSON_OBJECT)
			read(p, item);
		else
			reading_dead(p->out, "an item that is no object");
	}
}

static void ignore(struct meta_post *p, const struct jsonr *item)
{
	(void)item;
	p->out->n_ignored++;
}

/* an entry of only "id" and "time" says nothing; one with a list that we do not know may */
static bool is_bare(const struct jsonr *entry)
{
	jsonr_foreach(entry, member)
	{
		if (strcmp(member->key, "id") != 0 && strcmp(member->key, "time") != 0)
			return false;
	}
	return true;
}

static void read_entry(struct meta_post *p, const struct jsonr *entry)
{
	static const struct {
		const char *key;
		void (*read)(struct meta_post *, const struct jsonr *);
	} lists[] = {{"messaging", meta_messaging}, {"changes", read_change}, {"standby", ignore}};
	bool found = false;

	p->own = meta_id(p, entry, "id");
	p->at_us = meta_moment(entry, "time");
	if (is_bare(entry)) {
		p->out->n_ignored++;
		return;
	}
	if (other_account(p)) {
		reading_dead(p->out, "for another account");
		return;
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (jsonr_arr(entry, lists[i].key)) {
			found = true;
			read_list(p, jsonr_arr(entry, lists[i].key), lists[i].read);
		}
	}
	if (!found)
		reading_dead(p->out, "an entry without anything we know");
}

/* every item becomes at most one contact or report, a receipt one report for each message it names */
static size_t count_items(const struct jsonr *entries)
{
	size_t n = 0;

	jsonr_foreach(entries, entry)
	{
		const struct jsonr *changes = jsonr_arr(entry, "changes");

		jsonr_foreach(jsonr_arr(entry, "messaging"), item)
		{
			const struct jsonr *mids = jsonr_arr(jsonr_obj(item, "delivery"), "mids");

			n += 1 + (mids ? mids->n : 0);
		}
		jsonr_foreach(changes, change)
		{
			const struct jsonr *delivery = jsonr_obj(jsonr_obj(change, "value"), "delivery");
			const struct jsonr *mids = jsonr_arr(delivery, "mids");

			n += 1 + (mids ? mids->n : 0);
		}
	}
	return n;
}

int meta_parse(const struct meta_platform *platform, struct arena *a, const struct inbox *in,
	       const struct channel_request *r, struct channel_batch *out)
{
	struct meta_post p = {.a = a, .in = in, .out = out, .platform = platform};
	const struct jsonr *root, *entries;
	size_t n;

	memset(out, 0, sizeof *out);
	if (jsonr_load(a, r->body, &root))
		return reading_refuse(out, "not JSON as it should be");
	if (!same(jsonr_str(root, "object"), platform->object))
		return reading_refuse(out, "not about an account of this channel");
	entries = jsonr_arr(root, "entry");
	if (!entries)
		return reading_refuse(out, "no list of entries");
	n = count_items(entries);
	if (n > CONTACT_MAX_PER_POST)
		return reading_refuse(out, "more items than one post may hold");
	out->contacts = arena_array(a, struct contact, n + 1);
	out->reports = arena_array(a, struct delivery_report, n + 1);
	read_list(&p, entries, read_entry);
	if (!entries->n)
		out->n_ignored++;
	return 0;
}
