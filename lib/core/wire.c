#include "lib/core/wire.h"

#include "lib/base/when.h"
#include "lib/core/guard.h"

#include <stdlib.h>
#include <string.h>

/* PostgreSQL writes "2026-11-21 21:44:51.123+00"; RFC 3339 wants a T and minutes in the offset */
static json_t *time_json(const char *value)
{
	char text[WHEN_TEXT + 8];
	size_t len = strlen(value);
	int64_t us;

	if (len < 19 || len > WHEN_TEXT)
		return NULL;
	memcpy(text, value, len + 1);
	text[10] = 'T';
	if (text[len - 3] == '+' || text[len - 3] == '-')
		memcpy(text + len, ":00", 4);
	if (!when_parse(text, &us))
		return NULL;
	when_format(us, text);
	return json_string(text);
}

static json_t *value_json(enum wire_type type, const char *value)
{
	switch (type) {
	case WIRE_TEXT:
		return json_string(value);
	case WIRE_INT:
		return json_integer(strtoll(value, NULL, 10));
	case WIRE_BOOL:
		return json_boolean(value[0] == 't');
	case WIRE_TIME:
		return time_json(value);
	case WIRE_JSON:
		return json_loads(value, JSON_DECODE_ANY, NULL);
	case WIRE_FLOAT:
		return json_real(strtod(value, NULL));
	}
	return NULL;
}

int wire_put(json_t *obj, const char *name, enum wire_type type, const char *value)
{
	if (!value)
		return 0;
	return json_object_set_new(obj, name, value_json(type, value));
}

static void mask_string(struct arena *a, json_t *string)
{
	const char *before = json_string_value(string), *after = guard_mask(a, before);

	if (after != before)
		json_string_set(string, after);
}

/* depth is bounded by what jsonx_load lets in */
static void mask_all(struct arena *a, json_t *j)
{
	const char *key;
	size_t i;
	json_t *value;

	if (json_is_string(j)) {
		mask_string(a, j);
	} else if (json_is_array(j)) {
		json_array_foreach(j, i, value)
			mask_all(a, value);
	} else if (json_is_object(j)) {
		json_object_foreach(j, key, value)
			mask_all(a, value);
	}
}

void wire_mask(struct arena *a, json_t *contact)
{
	mask_all(a, json_object_get(contact, "text"));
	mask_all(a, json_object_get(contact, "fields"));
}
