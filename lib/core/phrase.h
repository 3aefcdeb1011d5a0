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

enum { PHRASE_MAX_WORDS = 400, PHRASE_MAX_GAP = 4, PHRASE_BUCKETS = 256 };

/* and an index by the first two bytes: a message is held against hundreds of patterns */
struct phrase_words {
	const char *at[PHRASE_MAX_WORDS];
	int n;
	int16_t first[PHRASE_BUCKETS],
		next[PHRASE_MAX_WORDS]; /* word with such a beginning; -1: none (more) */
};

/* phrase_split - the words of a text, folded; false when it has none. text may be NULL */
bool phrase_split(struct arena *a, const char *text, struct phrase_words *out);
/* phrase_begins - a word of the text that may begin as s (two bytes at least), from the index; -1: none does
 */
int phrase_begins(const struct phrase_words *w, const char *s);
/* phrase_within - does any of the patterns stand somewhere in the text? */
bool phrase_within(const char *const *patterns, size_t n, const struct phrase_words *w);
/* phrase_is - is the whole text one of the patterns? */
bool phrase_is(const char *const *patterns, size_t n, const struct phrase_words *w);
/* phrase_says - do these words, folded and with one blank between them, stand in the text one after another? */
bool phrase_says(const struct phrase_words *w, const char *words);

#endif
