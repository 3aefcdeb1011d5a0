/*
 * jsonr.h - JSON that is only read: what every post of a provider goes through
 *
 * Takes and refuses what jsonx_load does (tests/fuzz/fuzz_json.c holds them side by side), in a tenth of the
 * time: one copy of the text, unescaped where it stands, and a node for each value, all in the arena. Whoever wants to keep
 * or change a value asks for jansson's tree of it.
 */
#ifndef LOKET_JSONR_H
#define LOKET_JSONR_H

#include "lib/base/jsonx.h"

/* one value; NULL is "nothing here", everywhere */
struct jsonr {
	const char *key;             /* in an object; NULL elsewhere */
	const struct jsonr *next;    /* in the same array or object */
	union {
		const struct jsonr *first;   /* JSON_ARRAY, JSON_OBJECT */
		const char *text;            /* JSON_STRING */
	};
	const uint8_t *source;       /* its bytes in the text, borrowed */
	uint32_t len, n;             /* bytes of source; members or elements */
	json_type type;
};

/*
 * jsonr_load - parse one JSON text
 * in       in: at most 4 GB; must live as long as the arena
 * out      *out: in the arena; untouched unless 0 is returned
 * returns  0, or enum jsonx_outcome
 */
int jsonr_load(struct arena *a, struct bytes in, const struct jsonr **out);

/* jsonr_get - the value at key; NULL when absent or v is no object */
const struct jsonr *jsonr_get(const struct jsonr *v, const char *key);
/* jsonr_str, jsonr_int, jsonr_bool, jsonr_arr, jsonr_obj - as those of jsonx.h */
const char *jsonr_str(const struct jsonr *obj, const char *key);
json_int_t jsonr_int(const struct jsonr *obj, const char *key, json_int_t fallback);
bool jsonr_bool(const struct jsonr *obj, const char *key);
const struct jsonr *jsonr_arr(const struct jsonr *obj, const char *key);
const struct jsonr *jsonr_obj(const struct jsonr *obj, const char *key);
/* jsonr_tree - the same value for jansson; the caller owns the reference */
json_t *jsonr_tree(const struct jsonr *v);

/* every element of an array or member of an object; none when v is neither */
#define jsonr_foreach(v, one) for (const struct jsonr *one = jsonr_first(v); one; one = one->next)

static inline bool jsonr_is(const struct jsonr *v, json_type type)
{
	return v && v->type == type;
}

static inline const struct jsonr *jsonr_first(const struct jsonr *v)
{
	return jsonr_is(v, JSON_ARRAY) || jsonr_is(v, JSON_OBJECT) ? v->first : NULL;
}

#endif
