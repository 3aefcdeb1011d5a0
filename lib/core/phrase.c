#include "lib/core/phrase.h"

#include "lib/base/utf8.h"

#include <string.h>

/* Letters and digits make words; everything else parts them. What is above ASCII counts as a letter
 * unless it is punctuation people use: quotes, dashes, the ellipsis, « », the Arabic comma. */
static size_t punctuation(const unsigned char *p)
{
	if (*p >= 'a' && *p <= 'z') /* nearly always */
		return 0;
	if (*p < 0x80) /* "0%" and "$0" are words of their own, not a nought */
		return !(*p == '%' || *p == '$' || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			 (*p >= 'A' && *p <= 'Z'));
	if (p[0] == 0xc2 && p[1] != 0xaa && p[1] != 0xb5 && p[1] != 0xba)
		return 2;
	if (p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81))
		return 3;
	if (p[0] == 0xd8 && (p[1] == 0x8c || p[1] == 0x9b || p[1] == 0x9f))
		return 2;
	return 0;
}

static int bucket(const char *s)
{
	unsigned char second = s[0] && s[1] != ' ' ? (unsigned char)s[1] : 0;   /* a word of one byte */

	return ((unsigned char)s[0] * 31 + second) % PHRASE_BUCKETS;
}

static void make_index(struct phrase_words *w)
{
	for (int b = 0; b < PHRASE_BUCKETS; b++)
		w->first[b] = -1;
	for (int i = w->n - 1; i >= 0; i--) {
		int b = bucket(w->at[i]);

		w->next[i] = w->first[b];
		w->first[b] = (int16_t)i;
	}
}

int phrase_begins(const struct phrase_words *w, const char *s)
{
	return w->first[bucket(s)];
}

bool phrase_split(struct arena *a, const char *text, struct phrase_words *w)
{
	unsigned char *p = text ? (unsigned char *)utf8_fold(a, text) : NULL;
	bool inside = false;

	w->n = 0;
	while (p && *p) {
		size_t gap = punctuation(p);

		if (!gap && !inside) {
			if (w->n == PHRASE_MAX_WORDS)
				break;
			w->at[w->n++] = (const char *)p;
		}
		inside = !gap;
		p += inside;
		for (; gap; gap--)
			*p++ = '\0';
	}
	make_index(w);
	return w->n > 0;
}

/* does one of the alternatives, len bytes of them, fit the word? */
static bool word_fits(const char *pattern, size_t len, const char *word)
{
	for (const char *end = pattern + len; pattern < end; pattern++) {
		const char *w = word;

		while (pattern < end && *pattern == *w && *w) {
			pattern++;
			w++;
		}
		if (pattern == end || *pattern == '|' ? !*w : *pattern == '~')
			return true;
		while (pattern < end && *pattern != '|')
			pattern++;
	}
	return false;
}

/* does the pattern fit the words from i on, and with whole: all of them? Depth: the words of the pattern */
static bool fits(const char *pattern, const struct phrase_words *w, int i, bool whole)
{
	size_t len = strcspn(pattern, " ");
	const char *rest = pattern + len + (pattern[len] == ' ');
	bool optional = len && pattern[len - 1] == '?';

	if (!len)
		return !whole || i == w->n;
	if (len == 1 && *pattern == '*') {
		for (int gap = 0; gap <= PHRASE_MAX_GAP && i + gap <= w->n; gap++) {
			if (fits(rest, w, i + gap, whole))
				return true;
		}
		return false;
	}
	if (optional && fits(rest, w, i, whole))
		return true;
	return i < w->n && word_fits(pattern, len - optional, w->at[i]) && fits(rest, w, i + 1, whole);
}

static bool fits_anywhere(const char *pattern, const struct phrase_words *w)
{
	for (int i = 0; i < w->n; i++) {
		if (fits(pattern, w, i, false))
			return true;
	}
	return false;
}

/* does the pattern fit where a word is this alternative, n bytes? */
static bool fits_at(const char *pattern, const char *alternative, size_t n, const struct phrase_words *w)
{
	char beginning[2] = { alternative[0], n > 1 ? alternative[1] : '\0' };

	for (int i = phrase_begins(w, beginning); i >= 0; i = w->next[i]) {
		if (word_fits(alternative, n, w->at[i]) && fits(pattern, w, i, false))
			return true;
	}
	return false;
}

/*
 * Where a pattern fits, its first item does; or, when that may be missing, the second; and so on. So only the words
 * that begin as one of their alternatives are tried. The index does not know gaps ("*") and beginnings of one byte.
 */
static bool one_within(const char *pattern, const struct phrase_words *w)
{
	for (const char *p = pattern;;) {
		const char *end = p;

		while (*end && *end != '|' && *end != ' ')
			end++;
		bool optional = end > p && end[-1] == '?';
		size_t n = (size_t)(end - p) - optional;

		if (*p == '*' || (n == 2 && p[1] == '~'))
			return fits_anywhere(pattern, w);
		if (fits_at(pattern, p, n, w))
			return true;
		if (*end != '|' && !optional)
			return false;
		if (!*end)
			return fits_anywhere(pattern, w);
		p = end + 1;
	}
}

bool phrase_within(const char *const *patterns, size_t n, const struct phrase_words *w)
{
	for (size_t p = 0; p < n; p++) {
		if (one_within(patterns[p], w))
			return true;
	}
	return false;
}

bool phrase_is(const char *const *patterns, size_t n, const struct phrase_words *w)
{
	for (size_t p = 0; p < n; p++) {
		if (fits(patterns[p], w, 0, true))
			return true;
	}
	return false;
}

bool phrase_says(const struct phrase_words *w, const char *words)
{
	for (int i = phrase_begins(w, words); i >= 0; i = w->next[i]) {
		const char *rest = words;

		for (int at = i; at < w->n; at++) {
			size_t n = strcspn(rest, " ");

			if (strncmp(w->at[at], rest, n) || w->at[at][n])
				break;
			if (!rest[n])
				return true;
			rest += n + 1;
		}
	}
	return false;
}
