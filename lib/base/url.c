#include "lib/base/url.h"

#include "lib/base/hmac.h"
#include "lib/base/utf8.h"

#include <string.h>

const char *url_decode(struct arena *a, const char *s, size_t n, bool plus_is_space)
{
	uint8_t *out = arena_alloc(a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			*to++ = plus_is_space && s[i] == '+' ? ' ' : (uint8_t)s[i];
			continue;
		}
		if (n - i < 3 || !hex_decode(s + i + 1, 2, to, 1))
			return NULL;
		to++;
		i += 2;
	}
	return utf8_valid((struct bytes){ out, (size_t)(to - out) }) ? (const char *)out : NULL;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

const char *url_encode(struct arena *a, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(a, 3 * strlen(s) + 1), *to = out;

	for (; *s; s++) {
		if (is_unreserved(*s)) {
			*to++ = *s;
			continue;
		}
		*to++ = '%';
		*to++ = digits[(uint8_t)*s >> 4];
		*to++ = digits[(uint8_t)*s & 15];
	}
	return out;
}
