#include "lib/channel/counting.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
static const char *const endings[] = {"nl", "com", "org", "net", "eu", "be", "de", "info", "frl", "amsterdam", "gov", "io", "app"};

static int weight_of(utf8proc_int32_t c)
{
	return c <= 0x10ff || (c >= 0x2000 && c <= 0x200d) || (c >= 0x2010 && c <= 0x201f) ||
			       (c >= 0x2032 && c <= 0x2037)
		       ? 1
		       : 2;
}

/* one thing that is seen as one character: n code points that weigh this much, the first of them first */
static int weight_of_cluster(utf8proc_int32_t first, int n, int weight, bool keycap)
{
	int class = utf8proc_get_property(first)->boundclass;
	bool emoji = keycap || class == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
		     class == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR;

	return emoji && n > 1 ? 2 : weight;
}

static int weigh(const char *s, size_t len)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
	utf8proc_int32_t c, before = 0, first = 0, state = 0;
	int total = 0, n = 0, weight = 0;
	utf8proc_ssize_t used;
	bool keycap = false;

	for (size_t at = 0; at < len; at += (size_t)used) {
		used = utf8proc_iterate(p + at, (utf8proc_ssize_t)(len - at), &c);
		if (used <= 0) {
			used = 1;
			c = 0xfffd;
		}
		if (n && utf8proc_grapheme_break_stateful(before, c, &state)) {
			total += weight_of_cluster(first, n, weight, keycap);
			n = weight = 0;
			keycap = false;
		}
		if (!n++)
			first = c;
		weight += weight_of(c);
		keycap |= c == 0x20e3;
		before = c;
	}
	return n ? total + weight_of_cluster(first, n, weight, keycap) : total;
}

static int code_points(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

/* how long the link at s is, to the blank that ends it and without the full stop of a sentence; 0: none */
static size_t link_at(const char *s)
{
	size_t begin = !strncasecmp(s, "https://", 8) ? 8 : !strncasecmp(s, "http://", 7) ? 7 : 0;
	size_t n = strcspn(s, " \t\r\n<>\"");

	while (begin && n > begin && strchr(".,;:!?)'", s[n - 1]))
		n--;
	return n > begin ? begin ? n : 0 : 0;
}

/* the same of a link without a scheme */
static size_t name_at(const char *s)
{
	size_t n = 0, label, dots = 0;
	const char *last = s;

	while ((label = strspn(s + n, letters)) && s[n + label] == '.' && strspn(s + n + label + 1, letters)) {
		n += label + 1;
		dots++;
		last = s + n;
	}
	n += strspn(s + n, letters);
	for (size_t i = 0; dots && i < sizeof endings / sizeof *endings; i++) {
		if (strlen(endings[i]) == (size_t)(s + n - last) && !strncasecmp(endings[i], last, strlen(endings[i])))
			return s[n] == '/' ? n + strcspn(s + n, " \t\r\n<>\"") : n;
	}
	return 0;
}

static bool begins_word(const char *text, const char *s)
{
	return s == text || strchr(" \t\r\n(\"'", s[-1]);
}

/* the text between links by rule, each link by what it counts for */
static int count(const char *text, int (*rule)(const char *, size_t), bool names)
{
	const char *from = text, *s = text;
	int total = 0;

	while (*s) {
		size_t n = begins_word(text, s) ? link_at(s) : 0, bare = 0;

		if (!n && names && begins_word(text, s))
			n = bare = name_at(s);
		if (!n) {
			s++;
			continue;
		}
		total += rule(from, (size_t)(s - from));
		total += bare && rule(s, n) > COUNTING_LINK ? rule(s, n) : COUNTING_LINK;
		from = s += n;
	}
	return total + rule(from, (size_t)(s - from));
}

int counting_x(const char *text)
{
	return count(text, weigh, true);
}

int counting_mastodon(const char *text)
{
	return count(text, code_points, false);
}
