/*
 * api_contacts.c - /v1/contacts: what people type in and integrations hand over, and reading it back
 */
#include "daemon/api.h"

#include "daemon/intake.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/answers.h"
#include "lib/channel/form.h"
#include "lib/core/wire.h"

#include <string.h>

enum { TEXT_BYTES = CONTACT_TEXT_BYTES, NAME_BYTES = 500, VALUE_BYTES = 500 };

/* ---------------------------------------------------------------- POST: from the body to a contact */

struct create {
	struct intake_post post;
	struct contact contact;
};

static const struct world_inbox *named_inbox(struct api *a, const struct world *w, const char *id)
{
	const char *municipality = jsonx_str(a->body, "municipality"), *channel = jsonx_str(a->body, "channel");
	const struct world_inbox *in = world_inbox(w, id);

	if (!in) {
		api_bad_field(a, "inbox", "there is no such inbox");
		return NULL;
	}
	if (municipality && strcmp(municipality, in->in.municipality))
		api_bad_field(a, "municipality", "is not that of the inbox");
	if (channel && strcmp(channel, in->in.channel))
		api_bad_field(a, "channel", "is not that of the inbox");
	return in;
}

static const struct world_inbox *find_inbox(struct api *a, const struct world *w)
{
	const char *id = jsonx_str(a->body, "inbox");
	const char *municipality = jsonx_str(a->body, "municipality"), *channel = jsonx_str(a->body, "channel");
	int m = municipality ? world_municipality(w, municipality) : -1;
	int c = channel ? world_channel(w, channel) : -1;

	if (id)
		return named_inbox(a, w, id);
	if (m < 0)
		api_bad_field(a, "municipality", municipality ? "there is no such municipality"
		                                              : "is needed when no inbox is named");
	if (c < 0)
		api_bad_field(a, "channel", channel ? "there is no such channel" : "is needed when no inbox is named");
	return m >= 0 && c >= 0 ? world_inbox_by_channel(a->op.arena, w, m, c) : NULL;
}

static const char *clean(struct api *a, const char *s, size_t max_bytes)
{
	return s ? utf8_clean(a->op.arena, (struct bytes){ (const uint8_t *)s, strlen(s) }, max_bytes) : NULL;
}

const char *api_address(struct api *a, const char *kind, const char *value)
{
	if (!strcmp(kind, "phone"))
		return contact_phone(a->op.arena, value);
	value = clean(a, value, VALUE_BYTES);
	if (strcmp(kind, "email"))
		return value;
	return value && strchr(value, '@') ? utf8_fold(a->op.arena, value) : NULL;
}

static void read_from(struct api *a, struct contact *c)
{
	const json_t *from = jsonx_obj(a->body, "from");
	json_t *addresses = from ? jsonx_arr(from, "addresses") : NULL, *v;
	size_t i;

	if (from)
		c->name = clean(a, jsonx_str(from, "name"), NAME_BYTES);
	json_array_foreach(addresses, i, v) {
		const char *kind = jsonx_str(v, "kind");
		const char *value = api_address(a, kind, jsonx_str(v, "value"));

		if (value && *value)
			contact_add_address(c, kind, value);
		else
			api_bad_field(a, arena_printf(a->op.arena, "from.addresses[%zu].value", i),
			              "is not an address of this kind");
	}
}

static void read_flags(struct api *a, struct contact *c)
{
	json_t *v;
	size_t i;

	json_array_foreach(jsonx_arr(a->body, "flags"), i, v)
		for (unsigned bit = 1; bit < 1u << N_FLAGS; bit <<= 1)
			if (!strcmp(json_string_value(v), contact_flag_name((enum contact_flag)bit)))
				c->flags |= bit;
}

static void read_time(struct api *a, struct contact *c)
{
	const char *s = jsonx_str(a->body, "providerTime");

	if (!s)
		s = jsonx_str(a->body, "receivedAt");
	if (s && !when_parse(s, &c->provider_time_us))
		api_bad_field(a, "receivedAt", "is not a time");
}

static void read_what(struct api *a, const struct world *w, struct contact *c)
{
	const char *kind = jsonx_str(a->body, "kind"), *text = jsonx_str(a->body, "text");

	c->kind = kind ? (enum contact_kind)contact_kind_from(kind) : KIND_TEXT;
	if (jsonx_str(a->body, "visibility") && !strcmp(jsonx_str(a->body, "visibility"), "public"))
		c->visibility = VISIBILITY_PUBLIC;
	if (text)
		contact_set_text(a->op.arena, c, text);
	c->fields = jsonx_obj(a->body, "fields");
	c->language = jsonx_str(a->body, "language");
	c->product = jsonx_str(a->body, "product");
	c->reply_to = clean(a, jsonx_str(a->body, "replyTo"), VALUE_BYTES);
	if (c->product && world_product(w, c->product) < 0)
		api_bad_field(a, "product", "there is no such product");
	if (!kind && c->n_attachments && (!c->text || !*c->text))
		c->kind = KIND_MEDIA;
	if (c->kind == KIND_TEXT && (!c->text || !*c->text) && !c->fields && !c->n_attachments)
		api_bad_field(a, "text", "is needed, or fields, or a file");
}

/* files that came with it: a letter that was scanned, what somebody brought to the counter */
static void read_files(struct api *a, struct contact *c)
{
	for (int i = 0; a->form && i < a->form->n_files; i++)
		answers_attach(a->op.arena, c, &a->form->files[i]);
}

const char *api_natural_key(struct api *a)
{
	const char *id = clean(a, jsonx_str(a->body, "providerId"), VALUE_BYTES);
	char text[UUID_TEXT];

	if (id && *id)
		return id;
	id = api_idem_key(a);
	if (id)
		return id;
	uuid_format(server_uuid(a->op.srv), text);
	return arena_str(a->op.arena, text);
}

static struct create *create_new(struct api *a, struct world *w)
{
	struct create *c = arena_new_of(a->op.arena, struct create);

	c->contact.provider_id = api_natural_key(a);
	read_files(a, &c->contact);
	read_from(a, &c->contact);
	read_what(a, w, &c->contact);
	read_flags(a, &c->contact);
	read_time(a, &c->contact);
	c->post.inbox = find_inbox(a, w);
	c->post.world = w;
	c->post.content_type = c->contact.n_attachments ? "multipart/form-data" : "application/json";
	c->post.received_us = now_us();
	c->post.batch.contacts = &c->contact;
	c->post.batch.n_contacts = 1;
	if (a->who.is_agent)
		c->post.by = a->who.agent_id;
	return a->work = c;
}

/* ---------------------------------------------------------------- POST: the steps */

enum create_state { CREATE_NEW, CREATE_CASE_SEEN, CREATE_STORED, CREATE_READ };
enum { READ_CONTACT, READ_CASE, READ_AUDIT, READ_BEGAN }; /* statements */

static enum op_status store(struct api *a, struct create *c)
{
	c->post.raw = http_body(a->x);
	return intake_store(&a->op, CREATE_STORED, &c->post);
}

/* a case that the caller names must be one that the caller may see */
static enum op_status look_at_case(struct api *a, struct create *c, const char *id)
{
	struct pg_unit *u = api_unit(a);

	uuid_parse(id, &c->post.into.u);
	pg_add(u, SQL_CONTACT_CASE);
	pg_uuid(u, c->post.into.u);
	return pg_submit(&a->op, CREATE_CASE_SEEN, u);
}

static enum op_status create_begin(struct api *a)
{
	struct world *w = world_hold(&a->op);
	const char *into = jsonx_str(a->body, "case");
	struct create *c;

	if (!w)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	c = create_new(a, w);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, c->post.inbox->in.municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	return into ? look_at_case(a, c, into) : store(a, c);
}

static enum op_status create_into(struct api *a, struct create *c)
{
	const char *municipality;

	if (pg_failed(&a->op))
		return api_failed(a);
	municipality = pg_rows(&a->op, 0) ? pg_get(&a->op, 0, 0, "municipality") : "";
	if (strcmp(municipality, c->post.inbox->in.municipality)) {
		api_bad_field(a, "case", "there is no such case in this municipality");
		return api_invalid(a);
	}
	if (pg_get(&a->op, 0, 0, "mergedInto"))
		return api_rule(a, "caseMerged", "This case went on in another one: name that.");
	return store(a, c);
}

static enum op_status create_read(struct api *a, const struct create *c)
{
	struct pg_unit *u;

	if (a->op.result == INTAKE_UNAVAILABLE)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (a->op.result == INTAKE_FAILED || c->post.dead_reason)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	u = api_unit(a);
	pg_add(u, SQL_CONTACT_GET);
	pg_uuid(u, c->post.placed[0].contact.u);
	pg_add(u, SQL_CONTACT_CASE);
	pg_uuid(u, c->post.placed[0].case_.u);
	api_seen(a, u, SQL_CONTACT_AUDIT, c->post.placed[0].contact.u, "contact.create");
	if (c->post.placed[0].duplicate)
		api_ask_began(u, &c->post);
	return pg_submit(&a->op, CREATE_READ, u);
}

static json_t *contact_json(struct api *a)
{
	json_t *j = rows_object(&a->op, 0, 0);

	if (!access_sees_bsn(&a->who))
		wire_mask(j);
	return j;
}

/* for who brings what the citizen said: the secret of the case that it began */
static const char *create_secret(struct api *a, const struct create *c)
{
	if (!api_began(&a->op, READ_BEGAN, &c->post))
		return NULL;
	return world_receipt(c->post.world, a->op.arena, c->post.placed[0].reference);
}

static enum op_status create_answer(struct api *a, const struct create *c)
{
	json_t *j;

	if (pg_failed(&a->op))
		return api_failed(a);   /* it is stored: the same again gives the contact that is there */
	j = json_object();
	if (pg_rows(&a->op, READ_CONTACT))
		json_object_set_new(j, "contact", contact_json(a));
	if (pg_rows(&a->op, READ_CASE))
		json_object_set_new(j, "case", rows_object(&a->op, READ_CASE, 0));
	jsonx_put(j, "secret", create_secret(a, c));
	return api_answer(a, 201, j);
}

enum op_status api_contact_create(struct api *a)
{
	switch ((enum create_state)a->op.state) {
	case CREATE_NEW:
		return create_begin(a);
	case CREATE_CASE_SEEN:
		return create_into(a, a->work);
	case CREATE_STORED:
		return create_read(a, a->work);
	case CREATE_READ:
		return create_answer(a, a->work);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET */

enum get_state { GET_NEW, GET_READ };

static enum op_status get_read(struct api *a, enum sql what, const char *action)
{
	struct pg_unit *u;
	struct uuid id;

	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	pg_add(u, what);
	pg_uuid(u, id);
	api_seen(a, u, SQL_CONTACT_AUDIT, id, action);
	return pg_submit(&a->op, GET_READ, u);
}

enum op_status api_contact_get(struct api *a)
{
	switch ((enum get_state)a->op.state) {
	case GET_NEW:
		return get_read(a, SQL_CONTACT_GET, "contact.read");
	case GET_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		if (!pg_rows(&a->op, 0))
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		return api_answer(a, 200, contact_json(a));
	}
	return op_bad_state(&a->op);
}

static enum op_status raw_answer(struct api *a)
{
	static const char *const headers[] = { "Content-Disposition: attachment; filename=\"raw.bin\"",
	                                       "Content-Security-Policy: sandbox", NULL };

	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, 0) || !pg_get(&a->op, 0, 0, "body"))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_send(a, 200, "application/octet-stream", pg_get_bytes(&a->op, 0, 0, "body"), headers);
}

enum op_status api_contact_raw(struct api *a)
{
	switch ((enum get_state)a->op.state) {
	case GET_NEW:
		if (!a->who.sees_raw)
			return api_problem(a, PROBLEM_FORBIDDEN, "The token has no right to see raw bytes.");
		return get_read(a, SQL_CONTACT_RAW, "contact.raw");
	case GET_READ:
		return raw_answer(a);
	}
	return op_bad_state(&a->op);
}
