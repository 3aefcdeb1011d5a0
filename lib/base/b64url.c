#include "lib/base/b64url.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *b64url_encode(struct arena *a, struct bytes in)
{
	char *text = arena_alloc(a, in.len / 3 * 4 + 5), *to = text;
	uint32_t bits = 0;
	int n_bits = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.data[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			*to++ = digits[bits >> (n_bits - 6) & 63];
	}
	if (n_bits > 0)
		*to++ = digits[bits << (6 - n_bits) & 63];
	return text;
}

bool b64url_decode(struct arena *a, const char *s, struct bytes *out)
{
	size_t len = strlen(s), n = 0;
	uint8_t *data = arena_alloc(a, len / 4 * 3 + 4);
	uint32_t bits = 0;
	int n_bits = 0;

	if (len % 4 == 1)
		return false;
	for (; *s; s++) {
		const char *digit = strchr(digits, *s);

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			data[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	/* bits that are left over must be zero: one text per value */
	if (bits & ((1u << n_bits) - 1))
		return false;
	*out = (struct bytes){ data, n };
	return true;
}
