#include "lib/channel/reading.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"

#include <string.h>

enum { MAX_TYPE = 100, MAX_REF = 2000 };

void reading_dead(struct channel_batch *b, const char *why)
{
	if (b->n_unreadable < (int)(sizeof b->unreadable / sizeof *b->unreadable))
		b->unreadable[b->n_unreadable++].why = why;
}

int reading_refuse(struct channel_batch *out, const char *why)
{
	memset(out, 0, sizeof *out);
	out->problem = why;
	return CHANNEL_UNREADABLE;
}

const char *reading_id(struct arena *a, const char *s)
{
	return s && *s && strlen(s) <= READING_MAX_ID ? arena_str(a, s) : NULL;
}

const char *reading_word(struct arena *a, const json_t *j, size_t max)
{
	const char *s = json_is_integer(j) ? arena_printf(a, "%lld", (long long)json_integer_value(j)) : json_string_value(j);

	return s && *s && strlen(s) <= max ? arena_str(a, s) : NULL;
}

const char *reading_label(struct arena *a, const char *s, size_t max)
{
	return s && *s ? utf8_clean(a, (struct bytes){(const uint8_t *)s, strlen(s)}, max) : NULL;
}

void reading_text(struct arena *a, struct contact *c, const char *text)
{
	if (text && *text)
		contact_set_text(a, c, text);
}

void reading_keep(struct arena *a, struct contact *c, const char *to, json_t *value)
{
	if (!value || json_is_null(value))
		return;
	if (!c->fields)
		c->fields = jsonx_own(a, json_object());
	json_object_set(c->fields, to, value);
}

void reading_put(struct arena *a, struct contact *c, const char *to, const char *s)
{
	if (s && *s)
		reading_keep(a, c, to, jsonx_own(a, json_string(s)));
}

struct contact_attachment *reading_attach(struct arena *a, struct contact *c, const char *kind, const char *id,
					  const char *ref, const char *name, const char *media_type)
{
	struct contact_attachment *att;

	if (!ref || !*ref || strlen(ref) > MAX_REF || c->n_attachments == CONTACT_MAX_ATTACHMENTS)
		return NULL;
	if (!c->attachments)
		c->attachments = arena_array(a, struct contact_attachment, CONTACT_MAX_ATTACHMENTS);
	att = &c->attachments[c->n_attachments++];
	*att = (struct contact_attachment){
		.id = reading_id(a, id),
		.kind = kind,
		.media_type = reading_label(a, media_type, MAX_TYPE),
		.name = reading_label(a, name, READING_MAX_NAME),
		.state = "pending",
		.provider_ref = arena_str(a, ref),
		.n_bytes = -1,
	};
	if (!att->id)
		att->id = att->provider_ref;
	return att;
}
