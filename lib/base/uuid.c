#include "lib/base/uuid.h"

#include "lib/base/hmac.h"

#include <string.h>

struct uuid uuid_make(struct uuid_gen *g, uint64_t now_ms, const uint8_t random[10])
{
	struct uuid u;

	if (now_ms > g->last_ms) {
		g->last_ms = now_ms;
		g->seq = (uint16_t)((random[0] << 8 | random[1]) & 0x7ff); /* half: room to count up */
	} else if (++g->seq > 0xfff) { /* the clock stood still or stepped back: we do not */
		g->last_ms++;
		g->seq = 0;
	}
	for (int i = 0; i < 6; i++)
		u.b[i] = (uint8_t)(g->last_ms >> (40 - 8 * i));
	u.b[6] = (uint8_t)(0x70 | g->seq >> 8);
	u.b[7] = (uint8_t)g->seq;
	memcpy(u.b + 8, random + 2, 8);
	u.b[8] = (uint8_t)((u.b[8] & 0x3f) | 0x80);
	return u;
}

/* where the dashes stand: before bytes 4, 6, 8 and 10 */
static bool dash_before(int i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void uuid_format(struct uuid u, char out[UUID_TEXT])
{
	char hex[33];

	hex_encode(u.b, sizeof u.b, hex);
	for (int i = 0; i < 16; i++) {
		if (dash_before(i))
			*out++ = '-';
		*out++ = hex[2 * i];
		*out++ = hex[2 * i + 1];
	}
	*out = '\0';
}

bool uuid_parse(const char *s, struct uuid *out)
{
	struct uuid u;
	char hex[32];
	int n = 0;

	if (!s || strlen(s) != UUID_TEXT - 1)
		return false;
	for (int i = 0; i < 16; i++) {
		if (dash_before(i) && *s++ != '-')
			return false;
		hex[n++] = *s++;
		hex[n++] = *s++;
	}
	if (!hex_decode(hex, sizeof hex, u.b, sizeof u.b))
		return false;
	*out = u;
	return true;
}

bool uuid_same(struct uuid a, struct uuid b)
{
	return !memcmp(a.b, b.b, sizeof a.b);   /* no secrets: what they name is guarded by rights */
}

bool uuid_is_nil(struct uuid u)
{
	static const struct uuid nil;

	return uuid_same(u, nil);
}
