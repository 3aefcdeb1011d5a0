/* ssrf.c - the ranges that are not the public internet */
#include "lib/base/ssrf.h"

#include <stddef.h>
#include <string.h>

struct range {
	uint8_t prefix[16];
	int bits;
};

static const struct range inside_v4[] = {
	{ { 0 }, 8 },                     /* "this network": Linux takes it for this machine */
	{ { 10 }, 8 },
	{ { 100, 64 }, 10 },              /* carrier-grade NAT */
	{ { 127 }, 8 },
	{ { 169, 254 }, 16 },             /* link-local; 169.254.169.254 is the clouds' metadata */
	{ { 172, 16 }, 12 },
	{ { 192, 0, 0 }, 24 },            /* protocol assignments */
	{ { 192, 0, 2 }, 24 },            /* documentation */
	{ { 192, 88, 99 }, 24 },          /* 6to4 relays, ended */
	{ { 192, 168 }, 16 },
	{ { 198, 18 }, 15 },              /* benchmarks */
	{ { 198, 51, 100 }, 24 },         /* documentation */
	{ { 203, 0, 113 }, 24 },          /* documentation */
	{ { 224 }, 3 },                   /* multicast, reserved, broadcast */
};

static const struct range global_v6 = { { 0x20 }, 3 };   /* all that IANA has given out as unicast */

static const struct range inside_v6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 },     /* protocol assignments: Teredo, benchmarks, ORCHID */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },   /* documentation */
	{ { 0x3f, 0xff, 0x00 }, 20 },     /* documentation */
};

static const struct range six_to_four = { { 0x20, 0x02 }, 16 };       /* the IPv4 address follows */
static const struct range nat64 = { { 0x00, 0x64, 0xff, 0x9b }, 96 }; /* the IPv4 address is last */

static bool is_in(const uint8_t *a, const struct range *r)
{
	int whole = r->bits / 8, rest = r->bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return memcmp(a, r->prefix, (size_t)whole) == 0 && (rest == 0 || (a[whole] & mask) == r->prefix[whole]);
}

static bool is_in_any(const uint8_t *a, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_in(a, &ranges[i]))
			return true;
	return false;
}

/* RFC 5214: …:0:5efe:a.b.c.d or …:200:5efe:a.b.c.d */
static bool is_isatap(const uint8_t a[16])
{
	return (a[8] & ~0x02) == 0 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe;
}

bool ssrf_public_v4(const uint8_t a[4])
{
	return !is_in_any(a, inside_v4, sizeof(inside_v4) / sizeof(*inside_v4));
}

bool ssrf_public_v6(const uint8_t a[16])
{
	if (is_in(a, &nat64))
		return ssrf_public_v4(a + 12);
	if (!is_in(a, &global_v6) || is_in_any(a, inside_v6, sizeof(inside_v6) / sizeof(*inside_v6)))
		return false;
	if (is_in(a, &six_to_four))
		return ssrf_public_v4(a + 2);
	return !is_isatap(a) || ssrf_public_v4(a + 12);
}
