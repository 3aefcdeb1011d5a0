/*
 * webform.c - the municipality's own forms: JSON, urlencoded, multipart with files
 *
 * {"form","submission_id","submitted_at","locale","fields":{…},"honeypot"?,"option0"?}. In the two
 * browser encodings, and in JSON without "fields", these names are names of fields, and every other field
 * is one of "fields".
 *
 * limits   a form that proves nothing ("public": true) 64 KiB, FORM_MAX_* otherwise
 * source   ours; the shape is what Dutch municipal form builders post, seen 2026-11-21
 */
#include "lib/channel/answers.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"

#include <string.h>

enum { MAX_PUBLIC_BYTES = 64 * 1024, MAX_KEY = 200 };
#define DAY_US (INT64_C(86400) * 1000000)

static const char *const own_keys[] = {
	"form", "submission_id", "submitted_at", "locale", "honeypot", "option0", "hulp", "product",
};

static int verify(const struct inbox *in, const struct channel_request *r)
{
	if (jsonx_bool(in->settings, "public") && proof_absent(r))
		return 0;
	return proof_own(in, r);
}

static int invalid(struct channel_batch *out, const char *why, json_t *bad)
{
	out->problem = why;
	out->bad_fields = bad;
	return CHANNEL_INVALID;
}

/* a name that is there twice is a list: check boxes */
static void add(json_t *obj, const char *name, const char *value)
{
	json_t *old = json_object_get(obj, name);

	if (!old)
		jsonx_put(obj, name, value);
	else if (json_is_array(old))
		json_array_append_new(old, json_string(value));
	else
		json_object_set_new(obj, name, json_pack("[O,s]", old, value));
}

static bool is_own_key(const char *name)
{
	for (size_t i = 0; i < sizeof own_keys / sizeof *own_keys; i++) {
		if (!strcmp(own_keys[i], name))
			return true;
	}
	return false;
}

/* a program that posts its fields without the frame, as a browser would */
static json_t *framed(struct arena *a, json_t *flat)
{
	json_t *root, *fields, *value;
	const char *key;

	if (json_object_get(flat, "fields"))
		return flat;
	root = jsonx_own(a, json_object());
	fields = json_object();
	json_object_set_new(root, "fields", fields);
	json_object_foreach(flat, key, value)
		json_object_set(is_own_key(key) ? root : fields, key, value);
	return json_object_size(fields) ? root : flat;
}

static json_t *form_as_json(struct arena *a, const struct form *f)
{
	json_t *root = jsonx_own(a, json_object()), *fields = json_object();

	json_object_set_new(root, "fields", fields);
	for (int i = 0; i < f->n_fields; i++)
		add(is_own_key(f->fields[i].name) ? root : fields, f->fields[i].name, f->fields[i].value);
	return root;
}

/* *root, and the files beside it; 0 or an outcome of ours */
static int load(struct arena *a, const struct channel_request *r, json_t **root, struct form *f)
{
	int outcome;

	f->n_files = 0;
	if (form_is_type(r->content_type, "multipart/form-data")) {
		outcome = form_multipart(a, r->content_type, r->body, f);
	} else if (form_is_type(r->content_type, "application/x-www-form-urlencoded")) {
		outcome = form_urlencoded(a, r->body, f);
	} else {
		if (jsonx_load(a, r->body, root, NULL) || !json_is_object(*root))
			return CHANNEL_UNREADABLE;
		*root = framed(a, *root);
		return 0;
	}
	if (outcome)
		return outcome == FORM_TOO_MUCH ? CHANNEL_TOO_LARGE : CHANNEL_UNREADABLE;
	*root = form_as_json(a, f);
	return 0;
}

/* The id that makes a retry harmless. Without one it is the content, per day: the same words tomorrow
 * are another question. */
static const char *key_of(struct arena *a, const struct channel_request *r, const json_t *root)
{
	const char *id = jsonx_str(root, "submission_id");

	if (!id || !*id || strlen(id) > MAX_KEY)
		id = r->header(r->ctx, "Idempotency-Key");
	if (id && *id && strlen(id) <= MAX_KEY)
		return utf8_clean(a, (struct bytes){ (const uint8_t *)id, strlen(id) }, MAX_KEY);
	return answers_body_key(a, arena_printf(a, "webform %lld", (long long)(r->now_us / DAY_US)), r->body);
}

static bool empty(const json_t *j)
{
	const char *s = json_string_value(j);

	return !j || json_is_null(j) || (s && !*s);
}

/* the field no person sees: its name can be chosen, because bots learn */
static bool is_trapped(const struct inbox *in, const json_t *root, const json_t *fields)
{
	const char *name = jsonx_str(in->settings, "honeypot");

	return !empty(json_object_get(root, "honeypot")) || !empty(json_object_get(fields, "honeypot")) ||
	       (name && (!empty(json_object_get(root, name)) || !empty(json_object_get(fields, name))));
}

static bool all_empty(const json_t *fields)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)fields, key, v) {
		if (!empty(v))
			return false;
	}
	return true;
}

static void check_text(const json_t *root, const char *key, json_t *bad)
{
	const json_t *j = json_object_get(root, key);

	if (j && !json_is_string(j) && !json_is_null(j))
		answers_bad(bad, key, "must be text");
}

static void read_frame(struct arena *a, const struct inbox *in, const json_t *root, const json_t *fields,
                       struct contact *c, json_t *bad)
{
	const char *at = jsonx_str(root, "submitted_at"), *locale = jsonx_str(root, "locale");

	check_text(root, "form", bad);
	check_text(root, "submission_id", bad);
	check_text(root, "submitted_at", bad);
	check_text(root, "locale", bad);
	if (at && !when_parse(at, &c->provider_time_us))
		answers_bad(bad, "submitted_at", "is no moment (RFC 3339)");
	c->language = answers_language(a, locale);
	if (locale && *locale && !c->language)
		answers_bad(bad, "locale", "is no language");
	if (is_trapped(in, root, fields))
		c->flags |= FLAG_SPAM;
}

static void read_form(struct arena *a, const struct inbox *in, const struct channel_request *r,
		      const json_t *root, json_t *fields, struct contact *c, json_t *bad)
{
	c->kind = KIND_FORM;
	c->provider_id = key_of(a, r, root);
	c->fields = fields;
	read_frame(a, in, root, fields, c, bad);
	answers_read(a, in, root, fields, c->provider_id, c, bad);
	if (!json_object_get(fields, "form"))
		jsonx_put(fields, "form", jsonx_str(root, "form"));
}

/* Who signs is a program: it gets 2xx and people get to see what it sent, however odd. Who does not is a
 * browser with somebody in front of it: they are told what to mend, all of it at once. */
static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	bool is_public = proof_absent(r);
	json_t *root = NULL, *fields, *bad = is_public ? jsonx_own(a, json_array()) : NULL;
	struct form *f = arena_new_of(a, struct form);
	struct contact *c;
	int outcome;

	memset(out, 0, sizeof *out);
	if (is_public && r->body.len > MAX_PUBLIC_BYTES)
		return CHANNEL_TOO_LARGE;
	outcome = load(a, r, &root, f);
	out->problem = "not a form as it should be";
	if (outcome == CHANNEL_UNREADABLE && is_public)
		return invalid(out, out->problem, NULL);
	if (outcome)
		return outcome;
	fields = jsonx_obj(root, "fields");
	if (!fields || (all_empty(fields) && !f->n_files)) {
		answers_bad(bad, "fields", fields ? "must not all be empty" : "must be an object");
		out->problem = "a form without fields";
		return is_public ? invalid(out, out->problem, bad) : CHANNEL_UNREADABLE;
	}
	c = out->contacts = arena_new_of(a, struct contact);
	read_form(a, in, r, root, fields, c, bad);
	for (int i = 0; i < f->n_files; i++)
		answers_attach(a, c, &f->files[i]);
	if (json_array_size(bad) && !(c->flags & FLAG_SPAM))
		return invalid(out, "fields that are not what they should be", bad);
	out->problem = NULL;
	out->n_contacts = 1;
	return 0;
}

const struct channel_ops channel_webform = {
	.name = "webform",
	.verify = verify,
	.parse = parse,
	.receipt = answers_receipt,
};
