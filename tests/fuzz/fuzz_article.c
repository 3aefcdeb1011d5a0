/* a standard answer, a NUL and somebody's name */
#include "tests/fuzz/channel_check.h"

#include "lib/base/utf8.h"
#include "lib/core/article.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20);
	const char *text = arena_dup(a, data, size), *filled, *wrong = article_wrong(a, text);
	size_t len = strlen(text);
	struct article_case c = { .name = len < size ? text + len + 1 : NULL, .product = "P", .reference = "R", .month = 1 };
	struct article_values v = article_values_of(a, &c, "nl");
	struct article_place p = { 0 };
	unsigned missing = 0, left = 0;
	int n = 0;

	for (int i = 0; i < N_ARTICLE_FIELDS; i++)
		must(!v.of[i] || (*v.of[i] && strlen(v.of[i]) <= ARTICLE_VALUE_BYTES && !strpbrk(v.of[i], "{}\n\r") &&
		                  utf8_valid((struct bytes){ (const uint8_t *)v.of[i], strlen(v.of[i]) })));
	filled = article_fill(a, text, &v, &missing);
	for (size_t from = 0; article_next(text, from, &p); from = p.at + p.len, n++)
		must(p.len > 0 && p.at >= from && p.at + p.len <= len);
	if (!wrong) {   /* what is left to fill is exactly what is said to be missing */
		for (size_t from = 0; article_next(filled, from, &p); from = p.at + p.len) {
			must(p.field >= 0);
			left |= 1U << p.field;
		}
		must(left == missing);
		must(strlen(filled) <= len + (size_t)n * ARTICLE_VALUE_BYTES);
	}
	arena_free(a);
	return 0;
}
