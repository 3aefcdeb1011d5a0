/*
 * api_body.c - query and body of a request: only keys that the contract names, and fields read one by one
 */
#include "daemon/api.h"

#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ query */

const char *api_query(const struct api *a, const char *key)
{
	for (int i = 0; i < a->n_query; i++)
		if (!strcmp(a->query_key[i], key))
			return a->query_value[i];
	return NULL;
}

static const struct shape *query_shape(const struct api *a, const char *key)
{
	for (const struct shape_key *k = a->route->query; k->name; k++)
		if (!strcmp(k->name, key))
			return k->shape;
	return NULL;
}

/* "key=value", to the lists of a; what is wrong with it, or NULL */
static const char *take_pair(struct api *a, const char *pair, size_t len, const char **name)
{
	const char *equals = memchr(pair, '=', len);
	size_t key_len = equals ? (size_t)(equals - pair) : len;
	const char *key = url_decode(a->op.arena, pair, key_len, true), *value;
	const struct shape *shape = key ? query_shape(a, key) : NULL;
	const char *why;

	*name = key ? key : "?";
	if (!shape)
		return "unknown key";
	if (api_query(a, key) || a->n_query == API_MAX_QUERY)
		return "twice";
	value = equals ? url_decode(a->op.arena, equals + 1, len - key_len - 1, true) : "";
	if (!value)
		return "not well encoded";
	a->query_key[a->n_query] = key;
	a->query_value[a->n_query++] = value;
	why = shape_check_text(shape, value);
	return why ? shape_words(shape, why, arena_alloc(a->op.arena, SHAPE_WHY_BYTES), SHAPE_WHY_BYTES)
		   : NULL;
}

static bool refuse(struct api *a, enum problem p, const char *detail)
{
	api_answer(a, problem_status(p), problem_json(p, detail, json_incref(a->bad_fields), NULL));
	return false;
}

bool api_read_query(struct api *a)
{
	const char *query = http_query(a->x), *name, *wrong;

	while (a->route->query && *query) {
		size_t len = strcspn(query, "&");

		wrong = len > 0 ? take_pair(a, query, len, &name) : NULL;
		if (wrong)
			api_bad_field(a, name, wrong);
		query += len + (query[len] == '&');
	}
	if (a->bad_fields)
		return refuse(a, PROBLEM_BAD_REQUEST, "The query is not what this route takes.");
	return true;
}

/* ------------------------------------------------------------------ body */

/* of a route that takes files; where it takes none, as the plan of the route says */
enum { JSON_BYTES = 256 * 1024, FORM_ARENA_BYTES = 64 * 1024 * 1024 /* more than the largest upload */ };
#define JSON_PART "json"

static bool is_json(const char *type)
{
	static const char json[] = "application/json";

	return type && !strncasecmp(type, json, strlen(json)) && strchr("; \t", type[strlen(json)]);
}

static bool refuse_json(struct api *a, int outcome, const struct err *err)
{
	const char *detail = outcome == JSONX_TOO_DEEP ? "The JSON is nested too deeply."
	                   : outcome == JSONX_TOO_MANY ? "The JSON has too many parts."
	                   : arena_printf(a->op.arena, "The body is %s.", err->text);

	return refuse(a, PROBLEM_BAD_REQUEST, detail);
}

struct body_report {
	struct api *a;
	bool unknown;   /* a key that the contract does not name: 400; anything else: 422 */
};

static void body_wrong(void *arg, enum shape_wrong wrong, const char *path, const char *reason)
{
	struct body_report *r = arg;

	r->unknown |= wrong == SHAPE_UNKNOWN_KEY;
	api_bad_field(r->a, *path ? path : "body", reason);
}

static bool check_body(struct api *a)
{
	struct body_report report = { a, false };

	if (shape_check(a->route->body, a->body, body_wrong, &report))
		return true;
	if (report.unknown)
		return refuse(a, PROBLEM_BAD_REQUEST, "The body has keys that this route does not know.");
	return refuse(a, PROBLEM_INVALID, NULL);
}

static json_t *empty_object(struct arena *arena)
{
	json_t *empty;
	static const char text[] = "{}";

	jsonx_load(arena, (struct bytes){ (const uint8_t *)text, strlen(text) }, &empty, NULL);
	return empty;
}

/* the plan "files": JSON, or a form with files, of which one part is the JSON */
static bool takes_files(const struct api *a)
{
	return a->route->plan.max_body == 0;
}

static void free_arena(void *arena)
{
	arena_free(arena);
}

int api_form(struct api *a, struct form *f)
{
	struct arena *arena = arena_new(FORM_ARENA_BYTES);

	arena_on_free(a->op.arena, free_arena, arena);
	return form_multipart(arena, http_header(a->x, "Content-Type"), http_body(a->x), f);
}

/* that part; the files are for the route to read, in a->form. false when it has answered */
static bool read_part(struct api *a, struct bytes *body)
{
	struct form *f = a->form = arena_new_of(a->op.arena, struct form);
	int outcome = api_form(a, f);
	const char *json = form_get(f, JSON_PART);

	if (outcome)
		return refuse(a, outcome == FORM_TOO_MUCH ? PROBLEM_TOO_LARGE : PROBLEM_BAD_REQUEST, NULL);
	for (int i = 0; i < f->n_fields; i++)
		if (strcmp(f->fields[i].name, JSON_PART) != 0)
			api_bad_field(a, f->fields[i].name, "unknown key");
	if (a->bad_fields)
		return refuse(a, PROBLEM_BAD_REQUEST, "The form has parts that this route does not know.");
	if (!json)
		api_bad_field(a, JSON_PART, "required, once");
	if (a->bad_fields)
		return refuse(a, PROBLEM_INVALID, NULL);
	*body = (struct bytes){(const uint8_t *)json, strlen(json)};
	return true;
}

bool api_read_body(struct api *a)
{
	struct bytes body;
	struct err err = { 0 };
	int rc;

	if (!a->route->body)
		return true;
	body = http_body(a->x);
	if (takes_files(a)) {
		if (form_is_type(http_header(a->x, "Content-Type"), "multipart/form-data")) {
			if (!read_part(a, &body))
				return false;
		} else if (body.len > JSON_BYTES) {
			return refuse(a, PROBLEM_TOO_LARGE, NULL);
		}
	}
	if (body.len == 0) {
		a->body = empty_object(a->op.arena);
		return check_body(a);
	}
	if (!a->form && !is_json(http_header(a->x, "Content-Type")))
		return refuse(a, PROBLEM_MEDIA_TYPE, NULL);
	rc = jsonx_load(a->op.arena, body, &a->body, &err);
	if (rc != 0)
		return refuse_json(a, rc, &err);
	if (!json_is_object(a->body))
		return refuse(a, PROBLEM_BAD_REQUEST, "The body is not a JSON object.");
	return check_body(a);
}

/* ------------------------------------------------------------------ fields */

static json_t *field(struct api *a, const char *key, bool required)
{
	json_t *value = json_object_get(a->body, key);

	if (json_is_null(value))
		value = NULL;
	if (!value && required)
		api_bad_field(a, key, "required");
	return value;
}

const char *api_text(struct api *a, const char *key, bool required, size_t max_bytes)
{
	json_t *value = field(a, key, required);
	const char *text = json_string_value(value);

	if (!value)
		return NULL;
	if (!text || (required && utf8_blank(text))) {
		api_bad_field(a, key, text ? "empty" : "not a string");
		return NULL;
	}
	if (json_string_length(value) > max_bytes) {
		api_bad_field(a, key, arena_printf(a->op.arena, "longer than %zu bytes", max_bytes));
		return NULL;
	}
	return utf8_nfc(a->op.arena, (struct bytes){ (const uint8_t *)text, json_string_length(value) },
	                2 * max_bytes + 16);
}

int64_t api_int(struct api *a, const char *key, bool required, int64_t min, int64_t max)
{
	json_t *value = field(a, key, required);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
		api_bad_field(a, key, arena_printf(a->op.arena, "not an integer from %lld to %lld",
		                                   (long long)min, (long long)max));
		return 0;
	}
	return json_integer_value(value);
}

int api_one_of(struct api *a, const char *key, bool required, const char *const *words)
{
	json_t *value = field(a, key, required);
	const char *text = json_string_value(value);

	if (!value)
		return -1;
	for (int i = 0; text && words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	api_bad_field(a, key, "not one of the words for it");
	return -1;
}

bool api_id(struct api *a, const char *text, struct uuid *out)
{
	(void)a;
	return text && uuid_parse(text, out) && !uuid_is_nil(*out);
}
