#include "lib/core/phrase.h"

#include "lib/base/utf8.h"

#include <string.h>

enum { BUCKETS = 1024 };

/* a word, or with part the beginning of one ("a~") */
struct word {
	const char *text;            /* len bytes */
	uint32_t hash, len;
	bool part;
};

/* one place in a phrase: any of these words, or with gap up to PHRASE_MAX_GAP of any */
struct item {
	const struct word *first, *end;
	bool optional, gap;
};

struct phrase {
	const struct item *first, *end;
};

/* a word that a phrase can begin with */
struct beginning {
	uint32_t hash;               /* of the word; of a part: its first two bytes */
	uint16_t phrase;
	int16_t next;                /* in the same bucket; -1: none */
};

struct phrases {
	struct phrase *all;
	size_t n;
	int longest;                 /* words of a text that can be one of them as a whole */
	struct beginning *beginnings;
	int16_t words[BUCKETS], parts[BUCKETS];      /* by hash: the first of its bucket; -1: none */
	uint16_t *anywhere;          /* phrases whose beginning is not in the index */
	int n_beginnings, n_parts, n_anywhere;
};

/* ---------------------------------------------------------------- a text */

enum kind { GAP, LETTER, ABOVE_ASCII };

/* Letters and digits make words; everything else parts them. "0%" and "$0" are words of their own, not a nought */
static const uint8_t kinds[256] = {
	['%'] = LETTER, ['$'] = LETTER, ['0' ... '9'] = LETTER, ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER,
	[0x80 ... 0xff] = ABOVE_ASCII,
};

/* What is above ASCII counts as a letter unless it is punctuation people use: quotes, dashes, the ellipsis, « », the
 * Arabic comma. Returns its bytes, 0 for a letter */
static size_t punctuation(const unsigned char *p)
{
	if (kinds[*p] != ABOVE_ASCII)
		return kinds[*p] == GAP;
	if (p[0] == 0xc2 && p[1] != 0xaa && p[1] != 0xb5 && p[1] != 0xba)
		return 2;
	if (p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81))
		return 3;
	if (p[0] == 0xd8 && (p[1] == 0x8c || p[1] == 0x9b || p[1] == 0x9f))
		return 2;
	return 0;
}

static uint32_t hash_more(uint32_t hash, char c)
{
	return hash * 31 + (unsigned char)c;
}

static uint32_t hash_of(const char *s, size_t n)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < n; i++)
		hash = hash_more(hash, s[i]);
	return hash;
}

/* the word at p; returns what is behind it */
static unsigned char *take_word(unsigned char *p, struct phrase_words *w)
{
	uint32_t hash = 0;

	w->at[w->n] = (const char *)p;
	while (kinds[*p] == LETTER || (kinds[*p] == ABOVE_ASCII && !punctuation(p)))
		hash = hash_more(hash, (char)*p++);
	w->hash[w->n++] = hash;
	return p;
}

bool phrase_split(struct arena *a, const char *text, struct phrase_words *w)
{
	unsigned char *p = text ? (unsigned char *)utf8_fold(a, text) : NULL;

	w->n = 0;
	while (p && *p) {
		size_t gap = punctuation(p);

		if (gap)
			*p = '\0';           /* the end of the word before it */
		else if (w->n == PHRASE_MAX_WORDS)
			break;
		p = gap ? p + gap : take_word(p, w);
	}
	return w->n > 0;
}

/* ---------------------------------------------------------------- does a phrase fit */

static bool word_fits(const struct item *it, const struct phrase_words *w, int i)
{
	const char *at = w->at[i];

	for (const struct word *a = it->first; a < it->end; a++) {
		if (a->part ? *at == *a->text && !strncmp(at, a->text, a->len)
		            : a->hash == w->hash[i] && !strncmp(at, a->text, a->len) && !at[a->len])
			return true;
	}
	return false;
}

/* do the items fit the words from i on, and with whole: all of them? Depth: the items */
static bool fits(const struct item *it, const struct item *end, const struct phrase_words *w, int i, bool whole)
{
	if (it == end)
		return !whole || i == w->n;
	if (it->gap) {
		for (int gap = 0; gap <= PHRASE_MAX_GAP && i + gap <= w->n; gap++) {
			if (fits(it + 1, end, w, i + gap, whole))
				return true;
		}
		return false;
	}
	if (it->optional && fits(it + 1, end, w, i, whole))
		return true;
	return i < w->n && word_fits(it, w, i) && fits(it + 1, end, w, i + 1, whole);
}

static bool fits_at(const struct phrases *p, size_t phrase, const struct phrase_words *w, int i)
{
	return fits(p->all[phrase].first, p->all[phrase].end, w, i, false);
}

/* ---------------------------------------------------------------- making phrases */

/* how many pieces there are between these characters */
static size_t pieces(const char *s, const char *between)
{
	size_t n = 1;

	while (*(s += strcspn(s, between))) {
		s++;
		n++;
	}
	return n;
}

static struct word make_word(const char *s, size_t len, bool plain)
{
	bool part = !plain && len && s[len - 1] == '~';

	len -= part;
	return (struct word){ s, hash_of(s, len), (uint32_t)len, part };
}

/* s: len bytes of "a|b~?" */
static struct item make_item(const char *s, size_t len, bool plain, struct word **room)
{
	struct item it = { .first = *room };
	const char *bar = s;

	it.gap = !plain && len == 1 && *s == '*';
	it.optional = !plain && len && s[len - 1] == '?';
	for (const char *end = s + len - it.optional; bar && !it.gap;) {
		bar = plain ? NULL : memchr(s, '|', (size_t)(end - s));
		*(*room)++ = make_word(s, (size_t)((bar ? bar : end) - s), plain);
		s = bar ? bar + 1 : end;
	}
	it.end = *room;
	return it;
}

static struct phrase make_phrase(struct arena *a, const char *s, bool plain)
{
	struct item *items = arena_array(a, struct item, pieces(s, " ")), *it = items;
	struct word *room = arena_array(a, struct word, pieces(s, " |"));

	for (;; s++) {
		size_t len = strcspn(s, " ");

		*it++ = make_item(s, len, plain, &room);
		s += len;
		if (!*s)
			return (struct phrase){ items, it };
	}
}

static int longest_text(const struct phrase *p)
{
	int n = 0;

	for (const struct item *it = p->first; it < p->end; it++)
		n += it->gap ? PHRASE_MAX_GAP : 1;
	return n;
}

static size_t bucket(uint32_t hash)
{
	return (hash ^ hash >> 10) % BUCKETS;
}

static void add_beginning(struct phrases *p, size_t phrase, const struct word *w)
{
	uint32_t hash = w->part ? hash_of(w->text, 2) : w->hash;
	int16_t *first = (w->part ? p->parts : p->words) + bucket(hash);

	p->beginnings[p->n_beginnings] = (struct beginning){ hash, (uint16_t)phrase, *first };
	*first = (int16_t)p->n_beginnings++;
	p->n_parts += w->part;
}

/*
 * Where a phrase fits, its first item does; or, when that may be missing, the second; and so on. False when that
 * does not tell: it begins with a gap or a part of one byte, or all of it may be missing.
 */
static bool add_beginnings(struct phrases *p, size_t phrase)
{
	for (const struct item *it = p->all[phrase].first; it < p->all[phrase].end; it++) {
		for (const struct word *w = it->first; w < it->end; w++) {
			if (w->part && w->len < 2)
				return false;
			add_beginning(p, phrase, w);
		}
		if (!it->optional)
			return !it->gap;
	}
	return false;
}

struct phrases *phrases_new(struct arena *a, const char *const *texts, size_t n, bool plain)
{
	struct phrases *p = arena_new_of(a, struct phrases);
	size_t n_words = 0;

	p->all = arena_array(a, struct phrase, n);
	p->anywhere = arena_array(a, uint16_t, n);
	memset(p->words, 0xff, sizeof p->words);
	memset(p->parts, 0xff, sizeof p->parts);
	for (size_t i = 0; i < n; i++) {
		p->all[i] = make_phrase(a, texts[i], plain);
		n_words += pieces(texts[i], " |");
	}
	p->beginnings = arena_array(a, struct beginning, n_words);
	for (p->n = 0; p->n < n; p->n++) {
		int words = longest_text(&p->all[p->n]);

		p->longest = words > p->longest ? words : p->longest;
		if (!add_beginnings(p, p->n))
			p->anywhere[p->n_anywhere++] = (uint16_t)p->n;
	}
	return p;
}

/* ---------------------------------------------------------------- phrases in a text */

/* does a phrase of this bucket stand at word i, and is that one wanted? */
static inline bool any_of(const struct phrases *p, const int16_t *buckets, uint32_t hash, const struct phrase_words *w,
                          int i, bool (*found)(void *ctx, size_t phrase), void *ctx)
{
	for (int k = buckets[bucket(hash)]; k >= 0; k = p->beginnings[k].next) {
		const struct beginning *b = &p->beginnings[k];

		if (b->hash == hash && fits_at(p, b->phrase, w, i) && found(ctx, b->phrase))
			return true;
	}
	return false;
}

bool phrase_each(const struct phrases *p, const struct phrase_words *w, bool (*found)(void *ctx, size_t phrase),
                 void *ctx)
{
	for (int i = 0; i < w->n; i++) {
		if (any_of(p, p->words, w->hash[i], w, i, found, ctx) ||
		    (p->n_parts && any_of(p, p->parts, hash_of(w->at[i], 2), w, i, found, ctx)))
			return true;
		for (int k = 0; k < p->n_anywhere; k++)
			if (fits_at(p, p->anywhere[k], w, i) && found(ctx, p->anywhere[k]))
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

const char *phrase_plain(struct arena *a, const char *text)
{
	struct phrase_words w;
	const char *s = "";

	if (!text || !phrase_split(a, text, &w))
		return NULL;
	for (int i = 0; i < w.n; i++)
		s = arena_join(a, s, i ? " " : "", w.at[i], NULL);
	return s;
}

bool phrase_is(const struct phrases *p, const struct phrase_words *w)
{
	for (size_t i = 0; w->n && w->n <= p->longest && i < p->n; i++) {
		if (fits(p->all[i].first, p->all[i].end, w, 0, true))
			return true;
	}
	return false;
}
