#include "lib/core/wire.h"

#include "lib/base/when.h"
#include "lib/core/guard.h"

#include <stdio.h>
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

/* memory for one string at a time: a conversation may hold hundreds of long ones */
static void mask_string(json_t *string)
{
	const char *before = json_string_value(string), *after;
	struct arena *scratch;

	if (!guard_finds(before))
		return;
	scratch = arena_new(3 * json_string_length(string) + 4096);
	after = guard_mask(scratch, before);
	json_string_set(string, after);
	arena_free(scratch);
}

/* a form may send a BSN as a number: then it becomes a string of bullets */
static json_t *number_masked(const json_t *number)
{
	char digits[24];
	json_t *string;

	snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
	if (!guard_finds(digits))
		return NULL;
	string = json_string(digits);
	mask_string(string);
	return string;
}

/* depth is bounded by what jsonx_load lets in */
static void mask_all(json_t *j)
{
	const char *key;
	size_t i;
	json_t *value, *masked;
	void *next;

	if (json_is_string(j))
		mask_string(j);
	json_array_foreach(j, i, value) {
		masked = json_is_integer(value) ? number_masked(value) : NULL;
		if (masked)
			json_array_set_new(j, i, masked);
		else
			mask_all(value);
	}
	json_object_foreach_safe(j, next, key, value) {
		masked = json_is_integer(value) ? number_masked(value) : NULL;
		if (masked)
			json_object_set_new(j, key, masked);
		else
			mask_all(value);
	}
}

void wire_mask(json_t *row)
{
	static const char *const keys[] = { "text", "fields", "attachments", "note", "action", "answer", "term", "reason" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		mask_all(json_object_get(row, keys[i]));
}
