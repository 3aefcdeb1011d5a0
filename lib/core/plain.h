/*
 * plain.h - is a text in plain Dutch? A hint for who writes it: long sentences, and hard words with an easier one
 *
 * It reads words, not meaning: nothing is refused because of it. The words are in plain_words.def.
 */
#ifndef LOKET_PLAIN_H
#define LOKET_PLAIN_H

#include <jansson.h>

/* a sentence of more words than this is long; so many of either are told */
enum { PLAIN_SENTENCE_WORDS = 15, PLAIN_HINTS = 20 };

/*
 * plain_hint - what could be easier in a text
 * in       text: UTF-8; what stands in {{braces}} is one word
 * returns  {"sentences", "wordsPerSentence" (rounded), "long": [the beginning of each long sentence],
 *          "hard": [{"word", "try"}], each once}. New reference
 */
json_t *plain_hint(const char *text);

#endif
