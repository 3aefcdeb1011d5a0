/* fuzz_ssrf.c - the address predicate against a second opinion, written another way */
#include "lib/base/ssrf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool between(uint32_t a, uint32_t low, uint32_t high)
{
	return a >= low && a <= high;
}

static bool second_opinion(const uint8_t a[4])
{
	uint32_t v = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];

	return !(v <= 0x00ffffff || between(v, 0x0a000000, 0x0affffff) || between(v, 0x64400000, 0x647fffff) ||
	         between(v, 0x7f000000, 0x7fffffff) || between(v, 0xa9fe0000, 0xa9feffff) ||
	         between(v, 0xac100000, 0xac1fffff) || between(v, 0xc0000000, 0xc00000ff) ||
	         between(v, 0xc0000200, 0xc00002ff) || between(v, 0xc0586300, 0xc05863ff) ||
	         between(v, 0xc0a80000, 0xc0a8ffff) || between(v, 0xc6120000, 0xc613ffff) ||
	         between(v, 0xc6336400, 0xc63364ff) || between(v, 0xcb007100, 0xcb0071ff) || v >= 0xe0000000);
}

static void must(bool b)
{
	if (!b)
		abort();
}

/* the IPv6 forms that carry an IPv4 address say what it says, or no */
static void check_carried(const uint8_t v4[4])
{
	uint8_t six_to_four[16] = { 0x20, 0x02, v4[0], v4[1], v4[2], v4[3] };
	uint8_t nat64[16] = { 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, v4[0], v4[1], v4[2], v4[3] };
	uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, v4[0], v4[1], v4[2], v4[3] };

	must(ssrf_public_v6(six_to_four) == ssrf_public_v4(v4));
	must(ssrf_public_v6(nat64) == ssrf_public_v4(v4));
	must(!ssrf_public_v6(mapped));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t v6[16] = { 0 };

	if (size < 4)
		return 0;
	must(ssrf_public_v4(data) == second_opinion(data));
	check_carried(data);
	memcpy(v6, data, size < 16 ? size : 16);
	if (ssrf_public_v6(v6))
		must((v6[0] & 0xe0) == 0x20 || (v6[0] == 0 && v6[1] == 0x64));
	return 0;
}
