/* what is accepted can be written and read again, and is the same */
#include "tests/fuzz/channel_check.h"

#include "lib/base/base64.h"
#include "lib/base/jsonx.h"

#include <string.h>

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
	base64_decode(a, (const char *)data, size, &raw);
	jsonx_at(one, arena_dup(a, data, size));
	arena_free(a);
	return 0;
}
