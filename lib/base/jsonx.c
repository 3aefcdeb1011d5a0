#include "lib/base/jsonx.h"

#include "lib/base/when.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *string_end(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != '"') /* p is behind the opening quote */
		p += *p == '\\' ? 2 : 1;
	return p < end ? p + 1 : end;
}

/* How deep and how many, before jansson builds a tree that takes 80 times the memory of the
 * text. What is not JSON passes here; the parser refuses it. */
static int scan_shape(struct bytes in)
{
	const uint8_t *p = in.data, *end = p + in.len;
	int depth = 0, tokens = 0;

	while (p < end) {
		switch (*p++) {
		case '"':
			p = string_end(p, end);
			break;
		case '{':
		case '[':
			if (++depth > JSONX_MAX_DEPTH)
				return JSONX_TOO_DEEP;
			tokens++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		case ',':
			tokens++;
			break;
		default:
			break;
		}
		if (tokens > JSONX_MAX_TOKENS)
			return JSONX_TOO_MANY;
	}
	return 0;
}

static void drop(void *j)
{
	json_decref(j);
}

/* jansson's own words quote the input */
static const char *what_is_wrong(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_duplicate_key:
		return "a key that is there twice";
	case json_error_invalid_utf8:
		return "bytes that are not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL";
	case json_error_numeric_overflow:
		return "a number that is too large";
	case json_error_premature_end_of_input:
		return "it ends too early";
	case json_error_end_of_input_expected:
		return "something behind the end";
	default:
		return "syntax";
	}
}

int jsonx_load(struct arena *a, struct bytes in, json_t **out, struct err *err)
{
	json_error_t e;
	int shape;

	if (!in.len) {
		err_set(err, ERR_FORMAT, "no JSON: empty");
		return JSONX_BAD;
	}
	if (memchr(in.data, '\0', in.len)) { /* jansson overlooks one behind a number */
		err_set(err, ERR_FORMAT, "not JSON (a NUL)");
		return JSONX_BAD;
	}
	shape = scan_shape(in);
	if (shape) {
		err_set(err, ERR_FORMAT, "JSON %s",
			shape == JSONX_TOO_DEEP ? "nested too deeply" : "too large");
		return shape;
	}
	json_t *j = json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES, &e);
	if (!j) { /* e.text quotes the input: it stays here */
		err_set(err, ERR_FORMAT, "not JSON (%s) at line %d, column %d", what_is_wrong(&e), e.line, e.column);
		return JSONX_BAD;
	}
	*out = jsonx_own(a, j);
	return 0;
}

json_t *jsonx_own(struct arena *a, json_t *j)
{
	if (j)
		arena_on_free(a, drop, j);
	return j;
}

const char *jsonx_str(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

json_int_t jsonx_int(const json_t *obj, const char *key, json_int_t fallback)
{
	const json_t *j = json_object_get(obj, key);

	return json_is_integer(j) ? json_integer_value(j) : fallback;
}

bool jsonx_bool(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

json_t *jsonx_arr(const json_t *obj, const char *key)
{
	json_t *j = json_object_get(obj, key);

	return json_is_array(j) ? j : NULL;
}

json_t *jsonx_obj(const json_t *obj, const char *key)
{
	json_t *j = json_object_get(obj, key);

	return json_is_object(j) ? j : NULL;
}

/* one reference token of a pointer, with ~1 and ~0 undone; false when it is too long or malformed */
static bool pointer_token(const char **p, char *out, size_t size)
{
	size_t n = 0;

	for (; **p && **p != '/'; (*p)++) {
		char c = **p;

		if (c == '~') {
			c = *++*p;
			if (c != '0' && c != '1')
				return false;
			c = c == '1' ? '/' : '~';
		}
		if (n + 1 == size)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

static json_t *array_at(const json_t *arr, const char *token)
{
	size_t i = 0;

	if (!*token || (token[0] == '0' && token[1]) || strlen(token) > 9)
		return NULL;
	for (; *token; token++) {
		if (*token < '0' || *token > '9')
			return NULL;
		i = i * 10 + (size_t)(*token - '0');
	}
	return json_array_get(arr, i);
}

json_t *jsonx_at(const json_t *root, const char *pointer)
{
	json_t *j = (json_t *)root; /* borrowed in, borrowed out: jansson's getters do the same */
	char token[128];

	while (j && *pointer) {
		if (*pointer++ != '/' || !pointer_token(&pointer, token, sizeof token))
			return NULL;
		j = json_is_array(j) ? array_at(j, token) : json_object_get(j, token);
	}
	return j;
}

char *jsonx_dump(struct arena *a, const json_t *j, size_t *len)
{
	char *s = json_dumps(j, JSONX_DUMP);
	size_t n = s ? strlen(s) : 0;
	char *copy = arena_dup(a, s, n);

	free(s);
	if (len)
		*len = n;
	return copy;
}

static bool needs_no_escape(const char *s)
{
	while (*s >= ' ' && *s != '"' && *s != '\\' && *s != 0x7f)
		s++;
	return !*s;
}

char *jsonx_quote(struct arena *a, const char *s)
{
	json_t *j;
	char *quoted;

	if (needs_no_escape(s))
		return arena_join(a, "\"", s, "\"", NULL);
	j = json_string(s);
	quoted = jsonx_dump(a, j, NULL);
	json_decref(j);
	return quoted;
}

void jsonx_put(json_t *obj, const char *key, const char *s)
{
	if (s)
		json_object_set_new(obj, key, json_string(s));
}

void jsonx_put_time(json_t *obj, const char *key, int64_t us)
{
	char text[WHEN_TEXT];

	when_format(us, text);
	jsonx_put(obj, key, text);
}
