#include "tests/fuzz/channel_check.h"

#include "lib/base/utf8.h"
#include "lib/channel/counting.h"

#include <string.h>

/* what counts most is two for each byte, a link counts 23 */
static void check_counting(struct bytes in)
{
	struct arena *a = arena_new(64 << 20);
	const char *text = utf8_clean(a, in, in.len * 4 + 16);
	int most = 23 * (int)strlen(text);

	must(counting_x(text) >= 0 && counting_x(text) <= most);
	must(counting_mastodon(text) >= 0 && counting_mastodon(text) <= most);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse("x", "application/json", (struct bytes){ data, size }, true);
	check_counting((struct bytes){ data, size });
	return 0;
}
