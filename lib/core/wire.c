#include "lib/core/wire.h"

#include "lib/base/must.h"
#include "lib/base/when.h"
#include "lib/core/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL writes "2026-11-21 21:44:51.123+00"; RFC 3339 wants a T and minutes in the offset */
static bool time_text(const char *value, char out[WHEN_TEXT])
{
	char text[WHEN_TEXT + 8];
	size_t len = strlen(value);
	int64_t us;

	if (len < 19 || len > WHEN_TEXT)
		return false;
	memcpy(text, value, len + 1);
	text[10] = 'T';
	if (text[len - 3] == '+' || text[len - 3] == '-')
		memcpy(text + len, ":00", 4);
	if (!when_parse(text, &us))
		return false;
	when_format(us, out);
	return true;
}

static json_t *time_json(const char *value)
{
	char text[WHEN_TEXT];

	return time_text(value, text) ? json_string(text) : NULL;
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

/* what people wrote */
static const char *const written[] = {"text", "fields", "note", "action", "answer", "term", "reason"};

enum wire_written wire_is_written(const char *name)
{
	if (!strcmp(name, "attachments"))
		return WIRE_FILES;
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		if (!strcmp(written[i], name))
			return WIRE_WRITTEN;
	return WIRE_OURS;
}

void wire_mask_file(json_t *file)
{
	mask_all(json_object_get(file, "name"));
	mask_all(json_object_get(file, "mediaType"));
}

static void mask(enum wire_written how, json_t *value)
{
	json_t *file;
	size_t i;

	if (how == WIRE_WRITTEN)
		mask_all(value);
	else if (how == WIRE_FILES)
		json_array_foreach(value, i, file) wire_mask_file(file);
}

void wire_mask(json_t *row)
{
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		mask_all(json_object_get(row, written[i]));
	mask(WIRE_FILES, json_object_get(row, "attachments"));
}

/* ---------------------------------------------------------------- as text */

static void add(struct wire_text *t, const char *s, size_t len)
{
	if (t->room - t->len <= len) {
		t->room = 2 * (t->room + len) + 1024;
		t->s = must(realloc(t->s, t->room));
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void wire_add(struct wire_text *t, const char *json)
{
	add(t, json, strlen(json));
}

/* what may not stand in a JSON string as it is (RFC 8259, 7) */
static void add_escaped(struct wire_text *t, char c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escape[8];

	for (size_t i = 0; i < sizeof shorts - 1; i += 2)
		if (shorts[i] == c) {
			add(t, (char[]){'\\', shorts[i + 1]}, 2);
			return;
		}
	add(t, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04X", (unsigned char)c));
}

static void add_string(struct wire_text *t, const char *s)
{
	const char *from = s;

	add(t, "\"", 1);
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\') {
			add(t, from, (size_t)(s - from));
			add_escaped(t, *s);
			from = s + 1;
		}
	add(t, from, (size_t)(s - from));
	add(t, "\"", 1);
}

/* the long way round, for what is rare; steals the reference */
static void add_json(struct wire_text *t, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	wire_add(t, text ? text : "null");
	free(text);
	json_decref(value);
}

static void add_masked(struct wire_text *t, enum wire_type type, const char *value, enum wire_written how)
{
	json_t *j = value_json(type, value);

	mask(how, j);
	add_json(t, j);
}

void wire_add_value(struct wire_text *t, enum wire_type type, const char *value, enum wire_written masked)
{
	char time[WHEN_TEXT];

	if (masked != WIRE_OURS && (type == WIRE_TEXT ? guard_finds(value) : type == WIRE_JSON))
		add_masked(t, type, value, masked);
	else if (type == WIRE_TEXT)
		add_string(t, value);
	else if (type == WIRE_TIME && time_text(value, time))
		add_string(t, time);
	else if (type == WIRE_BOOL)
		wire_add(t, value[0] == 't' ? "true" : "false");
	else if (type == WIRE_INT || type == WIRE_JSON)
		wire_add(t, value);
	else
		add_json(t, value_json(type, value));
}
