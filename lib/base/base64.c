#include "lib/base/base64.h"

#include <openssl/evp.h>

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct arena *a, const char *in, size_t len, struct bytes *out)
{
	size_t pad = 0, n = 0;
	uint32_t bits = 0;
	uint8_t *b;

	if (len % 4)
		return false;
	while (pad < 2 && pad < len && in[len - 1 - pad] == '=')
		pad++;
	b = arena_try(a, len / 4 * 3 + 1);
	if (!b)
		return false;
	for (size_t i = 0; i < len - pad; i++) {
		int v = value(in[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4)
			b[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* the last sextet may not hold bits that fall away: one text for one value */
	if (pad && bits & ((1u << 2 * pad) - 1))
		return false;
	*out = (struct bytes){ b, n };
	return true;
}

char *base64_encode(struct arena *a, struct bytes in)
{
	char *out = arena_alloc(a, (in.len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, in.data, (int)in.len);
	return out;
}
