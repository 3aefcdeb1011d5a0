/*
 * phrase.h - does a text say this? Phrases of words, in any language
 *
 * A pattern is compared with folded text (utf8_fold), word by word:
 *   a|b    either word            a?   the word may be missing
 *   a~     words that begin so    *    up to PHRASE_MAX_GAP words
 * A text of more than PHRASE_MAX_WORDS words is read up to there.
 */
#ifndef LOKET_PHRASE_H
#define LOKET_PHRASE_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { PHRASE_MAX_WORDS = 400, PHRASE_MAX_GAP = 4 };

/* a text, folded and split: done once, however many phrases it is held against */
struct phrase_words {
	const char *at[PHRASE_MAX_WORDS];
	uint32_t hash[PHRASE_MAX_WORDS];
	int n;
};

/* many phrases, with an index of the words they can begin with: most words of a text begin none of them */
struct phrases;

/*
 * phrases_new - at most 10,000; texts are borrowed
 * in       plain: they are words, folded and with one blank between them; nothing in them is special
 */
struct phrases *phrases_new(struct arena *a, const char *const *texts, size_t n, bool plain);

/* phrase_split - the words of a text, folded; false when it has none. text may be NULL */
bool phrase_split(struct arena *a, const char *text, struct phrase_words *out);
/* phrase_plain - a text as phrases_new wants plain words; NULL when it has none. text may be NULL */
const char *phrase_plain(struct arena *a, const char *text);
/* phrase_within - does any of the phrases stand somewhere in the text? */
bool phrase_within(const struct phrases *p, const struct phrase_words *w);
/* phrase_is - is the whole text one of the phrases? */
bool phrase_is(const struct phrases *p, const struct phrase_words *w);
/* phrase_each - calls found for each phrase and place in the text, until it returns true; was it? */
bool phrase_each(const struct phrases *p, const struct phrase_words *w, bool (*found)(void *ctx, size_t phrase),
                 void *ctx);

#endif
