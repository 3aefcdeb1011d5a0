/* jsonx.h - jansson, with our limits and without its traps */
#ifndef LOKET_JSONX_H
#define LOKET_JSONX_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	JSONX_MAX_DEPTH = 32,        /* reliability F23 */
	JSONX_MAX_TOKENS = 200000,   /* "{", "[" and "," in one body: bounds the tree's memory */
};

/* how JSON is written: a number of 15 digits as it was typed (0.95, not 0.94999999999999996) */
#define JSONX_DUMP (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

enum jsonx_outcome {
	JSONX_TOO_DEEP = 1,
	JSONX_TOO_MANY,
	JSONX_BAD,                   /* not JSON, invalid UTF-8, NUL, duplicate keys, lone surrogate */
};

/*
 * jsonx_load - parse one JSON text after a cheap scan of its shape
 * out      *out: owned by the arena (freed with it); untouched unless 0 is returned
 * returns  0, or enum jsonx_outcome; err (may be NULL) names line and column, never the text
 */
int jsonx_load(struct arena *a, struct bytes in, json_t **out, struct err *err);

/* jsonx_own - give a reference to the arena, which drops it when it is freed. Returns j. */
json_t *jsonx_own(struct arena *a, json_t *j);

/* jsonx_str - the string at key; NULL when absent, null or not a string. Borrowed. */
const char *jsonx_str(const json_t *obj, const char *key);
/* jsonx_int - the integer at key; fallback when absent or of another type */
json_int_t jsonx_int(const json_t *obj, const char *key, json_int_t fallback);
/* jsonx_bool - true only when key is the JSON value true */
bool jsonx_bool(const json_t *obj, const char *key);
/* jsonx_arr / jsonx_obj - the array / object at key, or NULL */
json_t *jsonx_arr(const json_t *obj, const char *key);
json_t *jsonx_obj(const json_t *obj, const char *key);
/* jsonx_at - RFC 6901 pointer ("/a/0/b"); NULL when there is nothing. Borrowed. */
json_t *jsonx_at(const json_t *root, const char *pointer);
/* jsonx_dump - compact text in the arena; *len may be NULL */
char *jsonx_dump(struct arena *a, const json_t *j, size_t *len);
/* jsonx_quote - s as a JSON string, with its quotes */
char *jsonx_quote(struct arena *a, const char *s);
/* jsonx_put - obj[key] = string unless s is NULL */
void jsonx_put(json_t *obj, const char *key, const char *s);
/* jsonx_put_time - obj[key] = the moment, as in RFC 3339 */
void jsonx_put_time(json_t *obj, const char *key, int64_t us);

#endif
