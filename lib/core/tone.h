/*
 * tone.h - does a text sound positive or negative? A proposal, by counting Dutch words; a person may correct it
 *
 * The rule: each positive word counts 1, each negative word -1. After "niet", "geen" or "nooit", at most two words before
 * it, a positive word counts -1 and a negative one 0. Above 0 is positive, below 0 negative. What was counted is part of the
 * answer. It knows no irony, which is why it only proposes.
 */
#ifndef LOKET_TONE_H
#define LOKET_TONE_H

#include "lib/core/phrase.h"

enum { TONE_MAX_FOUND = 6 };

enum tone_value { TONE_NEGATIVE, TONE_NEUTRAL, TONE_POSITIVE, N_TONES };

struct tone {
	enum tone_value value;
	const char *because[TONE_MAX_FOUND];    /* words of the text, folded; live as long as it */
	int n_because;
};

struct tone tone_of(const struct phrase_words *text);
/* the words of the contract */
const char *tone_name(enum tone_value v);

#endif
