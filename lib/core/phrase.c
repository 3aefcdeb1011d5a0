#include "lib/core/phrase.h"

#include "lib/base/utf8.h"

#include <string.h>

enum { BUCKETS = 1024 };

/* a word that a phrase can begin with, or the beginning of one ("a~") */
struct beginning {
	const char *word;            /* len bytes */
	uint32_t hash;               /* of all, or of the first two bytes */
	uint16_t len, phrase;
	int16_t next;                /* in the same bucket; -1: none */
};

struct phrases {
	const char *const *patterns;
	size_t n;
	bool plain;
	int longest;                 /* words of a text that can be one of them as a whole */
	struct beginning *beginnings;
	int16_t words[BUCKETS], parts[BUCKETS];      /* by hash: the first of its bucket; -1: none */
	uint16_t *anywhere;          /* phrases whose beginning is not in the index */
	size_t n_beginnings, n_anywhere;
};

/* ---------------------------------------------------------------- a text */

/* Letters and digits make words; everything else parts them. What is above ASCII counts as a letter
 * unless it is punctuation people use: quotes, dashes, the ellipsis, « », the Arabic comma. */
static size_t punctuation(const unsigned char *p)
{
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

static uint32_t hash_more(uint32_t hash, unsigned char c)
{
	return hash * 31 + c;
}

static uint32_t hash_of(const char *s, size_t n)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < n; i++)
		hash = hash_more(hash, (unsigned char)s[i]);
	return hash;
}

static int bucket(uint32_t hash)
{
	return (int)((hash ^ hash >> 10) % BUCKETS);
}

/* the word at p, which is none of punctuation's; returns its end */
static unsigned char *take_word(unsigned char *p, struct phrase_words *w)
{
	uint32_t hash = 0;

	w->at[w->n] = (const char *)p;
	while (*p && ((*p >= 'a' && *p <= 'z') || !punctuation(p)))
		hash = hash_more(hash, *p++);
	w->hash[w->n++] = hash;
	return p;
}

bool phrase_split(struct arena *a, const char *text, struct phrase_words *w)
{
	unsigned char *p = text ? (unsigned char *)utf8_fold(a, text) : NULL;

	w->n = 0;
	while (p && *p) {
		size_t gap = punctuation(p);

		if (!gap && w->n == PHRASE_MAX_WORDS)
			break;
		if (!gap)
			p = take_word(p, w);
		for (; gap; gap--)
			*p++ = '\0';
	}
	return w->n > 0;
}

/* ---------------------------------------------------------------- a pattern */

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

/* words, one after another */
static bool says(const char *rest, const struct phrase_words *w, int at)
{
	for (; at < w->n; at++) {
		size_t n = strcspn(rest, " ");

		if (strncmp(w->at[at], rest, n) || w->at[at][n])
			return false;
		if (!rest[n])
			return true;
		rest += n + 1;
	}
	return false;
}

static bool stands_at(const struct phrases *p, size_t phrase, const struct phrase_words *w, int i)
{
	const char *pattern = p->patterns[phrase];

	return p->plain ? says(pattern, w, i) : fits(pattern, w, i, false);
}

/* ---------------------------------------------------------------- the index */

static void add_beginning(struct phrases *p, size_t phrase, const char *word, size_t len, bool part)
{
	uint32_t hash = hash_of(word, part ? 2 : len);
	int16_t *first = (part ? p->parts : p->words) + bucket(hash);

	p->beginnings[p->n_beginnings] = (struct beginning){ word, hash, (uint16_t)len, (uint16_t)phrase, *first };
	*first = (int16_t)p->n_beginnings++;
}

/*
 * Where a pattern fits, its first item does; or, when that may be missing, the second; and so on. False when that
 * does not tell: it begins with a gap or a beginning of one byte, or all of it may be missing.
 */
static bool add_beginnings(struct phrases *p, size_t phrase)
{
	for (const char *s = p->patterns[phrase];;) {
		size_t n = strcspn(s, "| ");
		bool last = s[n] != '|', optional = n && s[n - 1] == '?', part;

		n -= optional;
		part = n && s[n - 1] == '~';
		if (*s == '*' || (part && n < 3))
			return false;
		add_beginning(p, phrase, s, n - part, part);
		if (last && !optional)
			return true;
		s += n + optional;
		if (!*s)
			return false;
		s++;
	}
}

static int longest_text(const char *pattern)
{
	int n = 1;

	for (const char *s = pattern; *s; s++)
		n += *s == ' ' ? 1 : *s == '*' ? PHRASE_MAX_GAP : 0;
	return n;
}

static size_t most_beginnings(const char *pattern)
{
	size_t n = 1;

	for (; *pattern; pattern++)
		n += *pattern == ' ' || *pattern == '|';
	return n;
}

static struct phrases *new(struct arena *a, const char *const *patterns, size_t n)
{
	struct phrases *p = arena_new_of(a, struct phrases);

	p->patterns = patterns;
	p->n = n;
	memset(p->words, 0xff, sizeof p->words);
	memset(p->parts, 0xff, sizeof p->parts);
	return p;
}

struct phrases *phrases_new(struct arena *a, const char *const *patterns, size_t n)
{
	struct phrases *p = new(a, patterns, n);
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += most_beginnings(patterns[i]);
	p->beginnings = arena_array(a, struct beginning, most);
	p->anywhere = arena_array(a, uint16_t, n);
	for (size_t i = 0; i < n; i++) {
		int words = longest_text(patterns[i]);

		p->longest = words > p->longest ? words : p->longest;
		if (!add_beginnings(p, i))
			p->anywhere[p->n_anywhere++] = (uint16_t)i;
	}
	return p;
}

struct phrases *phrases_new_plain(struct arena *a, const char *const *words, size_t n)
{
	struct phrases *p = new(a, words, n);

	p->plain = true;
	p->beginnings = arena_array(a, struct beginning, n);
	for (size_t i = 0; i < n; i++)
		add_beginning(p, i, words[i], strcspn(words[i], " "), false);
	return p;
}

/* ---------------------------------------------------------------- phrases in a text */

bool phrase_each(const struct phrases *p, const struct phrase_words *w, bool (*found)(void *ctx, size_t phrase),
                 void *ctx)
{
	for (int i = 0; i < w->n; i++) {
		uint32_t part = hash_of(w->at[i], 2);
		const struct beginning *b;

		for (int k = p->words[bucket(w->hash[i])]; k >= 0; k = b->next) {
			b = &p->beginnings[k];
			if (b->hash == w->hash[i] && stands_at(p, b->phrase, w, i) && found(ctx, b->phrase))
				return true;
		}
		for (int k = p->parts[bucket(part)]; k >= 0; k = b->next) {
			b = &p->beginnings[k];
			if (b->hash == part && !strncmp(w->at[i], b->word, b->len) &&
			    stands_at(p, b->phrase, w, i) && found(ctx, b->phrase))
				return true;
		}
		for (size_t k = 0; k < p->n_anywhere; k++)
			if (stands_at(p, p->anywhere[k], w, i) && found(ctx, p->anywhere[k]))
				return true;
	}
	return false;
}

static bool one_is_enough(void *ctx, size_t phrase)
{
	(void)ctx;
	(void)phrase;
	return true;
}

bool phrase_within(const struct phrases *p, const struct phrase_words *w)
{
	return phrase_each(p, w, one_is_enough, NULL);
}

bool phrase_is(const struct phrases *p, const struct phrase_words *w)
{
	for (size_t i = 0; w->n && w->n <= p->longest && i < p->n; i++) {
		if (fits(p->patterns[i], w, 0, true))
			return true;
	}
	return false;
}
