/* HTML of strangers as text */
#include "tests/fuzz/channel_check.h"

#include "lib/base/html.h"
#include "lib/base/utf8.h"

#include <string.h>

static bool ends_in_blank(const char *s)
{
	size_t n = strlen(s);

	return n && (s[n - 1] == ' ' || s[n - 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20);
	struct bytes in = { data, size };
	const char *all = html_text(a, in, 8 * size + 64), *some = html_text(a, in, size % 50);

	must(utf8_valid((struct bytes){ (const uint8_t *)all, strlen(all) }));
	must(strlen(some) <= size % 50);
	must(*all != ' ' && *all != '\n' && !strstr(all, "\n\n\n"));
	must(!ends_in_blank(all));
	arena_free(a);
	return 0;
}
