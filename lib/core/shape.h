/*
 * shape.h - what a JSON value must look like: the part of JSON Schema that our contract uses
 *
 * proto/gen/routes.py turns the schemas of request bodies and query keys into these tables, so what
 * openapi.json says is what is checked.
 */
#ifndef LOKET_SHAPE_H
#define LOKET_SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum shape_type { SHAPE_ANY, SHAPE_OBJECT, SHAPE_ARRAY, SHAPE_STRING, SHAPE_INTEGER, SHAPE_BOOLEAN };

enum shape_format {
	FORMAT_NONE,
	FORMAT_UUID,
	FORMAT_TIME,       /* RFC 3339 */
	FORMAT_DATE,
	FORMAT_TIME_OR_DATE,
	FORMAT_DUE,        /* the same, or ISO 8601: P2D, PT4H */
	FORMAT_CODE,       /* 1..80 of a-z 0-9 - */
	FORMAT_LANGUAGE,   /* 2 or 3 of a-z */
	FORMAT_SAID,       /* something to read: not only spaces */
};

struct shape {
	enum shape_type type;
	enum shape_format format;
	int64_t min, max;                 /* of an integer; of characters in a string, of members otherwise */
	const char *const *words;         /* NULL-terminated: one of these; NULL: any */
	const struct shape_key *keys;     /* of an object, until name is NULL; NULL: any key, values as item */
	const struct shape *item;         /* of an array or a map; NULL: anything */
};

struct shape_key {
	const char *name;
	bool required;
	const struct shape *shape;
};

enum { SHAPE_WHY_BYTES = 400 }; /* what is wrong, at most */

enum shape_wrong { SHAPE_UNKNOWN_KEY, SHAPE_MISSING, SHAPE_BAD_VALUE };

/* called for each thing that is wrong; path: "from.addresses[0].kind", "" for the value itself */
typedef void shape_report(void *arg, enum shape_wrong wrong, const char *path, const char *reason);

/* shape_check - tell report all that is wrong with value; true when nothing is */
bool shape_check(const struct shape *s, const json_t *value, shape_report *report, void *arg);
/* shape_check_text - the same for a text that stands for a string, an integer or a boolean; NULL: it is
 * right, else what is wrong with it */
const char *shape_check_text(const struct shape *s, const char *text);
/* shape_words - what shape_check_text said; when it was that it is none of the words for it, which they are,
 * in out[size] */
const char *shape_words(const struct shape *s, const char *why, char *out, size_t size);

#endif
