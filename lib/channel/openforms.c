/*
 * openforms.c - Open Formulieren, registration backend "generic_json"
 *
 * {"values":{…},"values_schema":{…},"metadata":{"public_reference","form_name",…},"metadata_schema":{…}};
 * a file is {"file_name","content": base64} anywhere within values. The names in values are those of the
 * form; settings.mapping (answers.h) says which is what. Any 2xx with JSON is a good answer; anything else
 * makes Open Formulieren try again, up to five times.
 *
 * source   open-formulieren/open-forms, src/openforms/registrations/contrib/generic_json and its recorded
 *          traffic, read 2026-11-21
 */
#include "lib/channel/answers.h"

#include "lib/base/base64.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"

#include <string.h>

struct files {
	struct arena *a;
	struct contact *c;
	struct channel_batch *out;
};

/* hang the file on the contact; its bytes leave the fields, its name stays */
static void take_file(struct files *f, json_t *file)
{
	const char *content = jsonx_str(file, "content"), *name = jsonx_str(file, "file_name");
	struct form_file one = { "", form_file_name(f->a, name), NULL, { 0 } };

	if (!base64_decode(f->a, content, strlen(content), &one.content))
		reading_dead(f->out, "a file that is no base64");
	else if (one.content.len > FORM_MAX_FILE_BYTES || !answers_attach(f->a, f->c, &one))
		reading_dead(f->out, "a file too many or too large");
	else
		json_object_del(file, "content");
}

/* every file within j. Depth: JSONX_MAX_DEPTH, checked before the tree was built */
static void take_files(struct files *f, json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	if (jsonx_str(j, "file_name") && jsonx_str(j, "content")) {
		take_file(f, j);
		return;
	}
	json_object_foreach(j, key, v)
		take_files(f, v);
	json_array_foreach(j, i, v)
		take_files(f, v);
}

static void read_metadata(struct arena *a, const json_t *metadata, struct contact *c)
{
	const char *at = jsonx_str(metadata, "registration_timestamp");
	const char *id = jsonx_str(metadata, "public_reference");
	static const struct {
		const char *from, *to;
	} kept[] = {
		{ "public_reference", "publicReference" }, { "form_name", "formName" }, { "form_id", "formId" },
		{ "form_version", "formVersion" }, { "auth_type", "authType" },
	};

	if (at)
		when_parse(at, &c->provider_time_us);
	if (id && *id && strlen(id) <= 200)
		c->provider_id = arena_str(a, id);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		if (!json_object_get(c->fields, kept[i].to))
			jsonx_put(c->fields, kept[i].to, jsonx_str(metadata, kept[i].from));
	}
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	struct contact *c = arena_new_of(a, struct contact);
	json_t *root, *values;

	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL))
		return reading_refuse(out, "not JSON as it should be");
	values = jsonx_obj(root, "values");
	if (!values)
		return reading_refuse(out, "no object of values");
	c->kind = KIND_FORM;
	c->provider_id = answers_body_key(a, "openforms", r->body);
	c->fields = values;
	read_metadata(a, jsonx_obj(root, "metadata"), c);
	take_files(&(struct files){ a, c, out }, values);
	answers_read(a, in, root, values, c->provider_id, c, NULL);
	out->contacts = c;
	out->n_contacts = 1;
	return 0;
}

const struct channel_ops channel_openforms = {
	.name = "openforms",
	.signed_body = true,
	.verify = proof_own,
	.parse = parse,
	.receipt = answers_receipt,
};
