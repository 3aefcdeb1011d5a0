#include "lib/base/utf8.h"

#include "lib/base/must.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
	/* utf8proc orders combining marks by swapping neighbours: a hundred thousand of them on one
	 * letter would take seconds. Text with a longer run than this is kept as it came. */
	MAX_MARKS = 128,
};

/* bytes of the well-formed code point at p; 0 when there is none, or when it is NUL */
static size_t code_point(const uint8_t *p, size_t left, utf8proc_int32_t *cp)
{
	utf8proc_ssize_t n = utf8proc_iterate(p, (utf8proc_ssize_t)left, cp);

	return n > 0 && *cp ? (size_t)n : 0;
}

/* how many bytes at the front are ASCII without NUL; eight at a time */
static size_t ascii_run(const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (uint64_t w; i + 8 <= n; i += 8) {
		memcpy(&w, p + i, 8);
		/* a high bit, or a byte that borrows when 1 is taken off: NUL */
		if ((w | (w - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < n && p[i] && p[i] < 0x80)
		i++;
	return i;
}

bool utf8_valid(struct bytes in)
{
	utf8proc_int32_t cp;

	for (size_t i = ascii_run(in.data, in.len), n; i < in.len; i += n) {
		n = in.data[i] < 0x80 ? ascii_run(in.data + i, in.len - i)
		                      : code_point(in.data + i, in.len - i, &cp);
		if (!n)
			return false;
	}
	return true;
}

bool utf8_blank(const char *s)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + strlen(s);
	utf8proc_category_t what;
	utf8proc_int32_t cp;

	for (size_t n; p < end; p += n) {
		n = code_point(p, (size_t)(end - p), &cp);
		what = n ? utf8proc_category(cp) : UTF8PROC_CATEGORY_CN;
		if (what != UTF8PROC_CATEGORY_ZS && what != UTF8PROC_CATEGORY_ZL &&
		    what != UTF8PROC_CATEGORY_ZP && (*p > '\r' || *p < '\t'))
			return false;
	}
	return true;
}

/* Below U+0300 nothing combines and everything is NFC already: Dutch text takes this way. */
static bool is_plain(const uint8_t *p, size_t n)
{
	for (size_t i = ascii_run(p, n); i < n; i++) {
		if (p[i] >= 0xcc)
			return false;
	}
	return true;
}

static bool too_many_marks(const uint8_t *p, size_t n)
{
	utf8proc_int32_t cp;
	int run = 0;

	for (size_t i = 0, step; i < n; i += step) {
		step = code_point(p + i, n - i, &cp);
		run = utf8proc_get_property(cp)->combining_class ? run + 1 : 0;
		if (run > MAX_MARKS)
			return true;
	}
	return false;
}

/* the longest length <= max that does not cut a code point of the valid text at p */
static size_t cut_at(const uint8_t *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max && (p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* in is valid */
static char *normalise(struct arena *a, struct bytes in, size_t max_bytes)
{
	uint8_t *nfc = NULL;
	utf8proc_ssize_t n;

	/* composing never makes text shorter than a quarter: what is further on would be cut anyway */
	if (max_bytes < SIZE_MAX / 4)
		in.len = cut_at(in.data, in.len, 4 * max_bytes);
	if (is_plain(in.data, in.len) || too_many_marks(in.data, in.len))
		return arena_dup(a, in.data, cut_at(in.data, in.len, max_bytes));
	n = utf8proc_map(in.data, (utf8proc_ssize_t)in.len, &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0) /* only for want of memory: the text was valid */
		abort();
	char *s = arena_dup(a, nfc, cut_at(nfc, (size_t)n, max_bytes));
	free(nfc);
	return s;
}

char *utf8_nfc(struct arena *a, struct bytes in, size_t max_bytes)
{
	return utf8_valid(in) ? normalise(a, in, max_bytes) : NULL;
}

char *utf8_clean(struct arena *a, struct bytes in, size_t max_bytes)
{
	utf8proc_int32_t cp;
	size_t n = 0;
	uint8_t *out;

	if (utf8_valid(in))
		return normalise(a, in, max_bytes);
	if (max_bytes < SIZE_MAX / 4 && in.len > 4 * max_bytes)
		in.len = 4 * max_bytes;
	out = must(malloc(3 * in.len + 1));
	for (size_t i = 0, step; i < in.len; i += step) {
		step = code_point(in.data + i, in.len - i, &cp);
		memcpy(out + n, step ? (const void *)(in.data + i) : "\xef\xbf\xbd", step ? step : 3);
		n += step ? step : 3;
		step += !step;
	}
	char *s = normalise(a, (struct bytes){ out, n }, max_bytes);
	free(out);
	return s;
}

bool utf8_has_bidi(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while ((p = (const unsigned char *)strchr((const char *)p, 0xe2))) {
		if (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae)))
			return true;
		if (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return true;
		p++;
	}
	return false;
}

/* letters that are one piece in Unicode, yet an accented letter to who types them */
static utf8proc_int32_t plain_letter(utf8proc_int32_t cp, void *unused)
{
	(void)unused;
	switch (cp) {
	case 0x0131: return 'i'; /* dotless i */
	case 0x0141: case 0x0142: return 'l';
	case 0x00d8: case 0x00f8: return 'o';
	case 0x0110: case 0x0111: return 'd';
	default: return cp;
	}
}

/* lower case of ASCII, eight letters at a time: adding carries into the high bit from 'A' on, and from behind 'Z' on */
static void lower_ascii(char *s, size_t n)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t w, upper;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&w, s + i, 8);
		upper = (w + each * (0x80 - 'A')) & ~(w + each * (0x80 - 'Z' - 1)) & each * 0x80;
		w |= upper >> 2;
		memcpy(s + i, &w, 8);
	}
	for (; i < n; i++)
		s[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
}

char *utf8_fold(struct arena *a, const char *s)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
				      UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STRIPMARK;
	size_t n = strlen(s);
	uint8_t *folded = NULL;
	utf8proc_ssize_t m;

	if (ascii_run((const uint8_t *)s, n) == n) {
		char *out = arena_dup(a, s, n);

		lower_ascii(out, n);
		return out;
	}
	m = utf8proc_map_custom((const uint8_t *)s, (utf8proc_ssize_t)n, &folded, how, plain_letter, NULL);
	char *out = m < 0 ? NULL : arena_dup(a, folded, cut_at(folded, (size_t)m, 3 * n));
	free(folded);
	return out;
}
