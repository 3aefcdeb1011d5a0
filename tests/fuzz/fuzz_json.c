/* what is accepted can be written and read again, and is the same; the two readers agree about everything */
#include "tests/fuzz/channel_check.h"

#include "lib/base/base64.h"
#include "lib/base/jsonr.h"

#include <string.h>

static void check_same(const struct jsonr *v, const json_t *j);

static void check_members(const struct jsonr *v, const json_t *object)
{
	must(v->n == json_object_size(object));
	jsonr_foreach(v, one) {
		must(jsonr_get(v, one->key) == one);
		check_same(one, json_object_get(object, one->key));
	}
}

static void check_elements(const struct jsonr *v, const json_t *array)
{
	size_t i = 0;

	must(v->n == json_array_size(array));
	jsonr_foreach(v, one)
		check_same(one, json_array_get(array, i++));
}

static void check_same(const struct jsonr *v, const json_t *j)
{
	must(j && v->type == json_typeof(j));
	if (v->type == JSON_OBJECT)
		check_members(v, j);
	else if (v->type == JSON_ARRAY)
		check_elements(v, j);
	else if (v->type == JSON_STRING)
		must(strlen(v->text) == json_string_length(j) && !strcmp(v->text, json_string_value(j)));
}

static void check_integers(const struct jsonr *v, const json_t *object)
{
	const char *key;
	json_t *one;

	json_object_foreach((json_t *)object, key, one)
		must(jsonr_int(v, key, 7) == jsonx_int(object, key, 7) && jsonr_bool(v, key) == jsonx_bool(object, key));
}

static void check_reader(struct arena *a, struct bytes in, const json_t *want)
{
	const struct jsonr *v = NULL;
	int outcome = jsonr_load(a, in, &v);
	json_t *tree = jsonr_tree(v);

	must(!outcome == (want != NULL) && !outcome == (v != NULL));
	if (v) {
		check_same(v, want);
		check_integers(v, want);
		must(json_equal(tree, want));
	}
	json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	json_t *one = NULL, *two = NULL;
	struct bytes in = { data, size }, raw;
	struct err e = { 0 };
	size_t n;

	if (jsonx_load(a, in, &one, &e)) {
		must(!one && e.kind == ERR_FORMAT && e.text[0]);
	} else {
		char *text = jsonx_dump(a, one, &n);

		must(!jsonx_load(a, (struct bytes){ (const uint8_t *)text, n }, &two, NULL) && json_equal(one, two));
		jsonx_at(one, arena_printf(a, "/%.100s", text));
	}
	check_reader(a, in, one);
	base64_decode(a, (const char *)data, size, &raw);
	jsonx_at(one, arena_dup(a, data, size));
	arena_free(a);
	return 0;
}
