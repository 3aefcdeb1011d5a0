/*
 * spam.h - is this what an inbox calls spam? Its words, and how many links one text may hold
 *
 * settings.spam of an inbox: {"words": […], "max_links": n, "always": false}. A word may be several. Which contacts are
 * held against it is for the caller to say, but for "always".
 */
#ifndef LOKET_SPAM_H
#define LOKET_SPAM_H

#include "lib/core/contact.h"
#include "lib/core/phrase.h"

enum { SPAM_MAX_WORDS = 200, SPAM_WORD_CHARACTERS = 100, SPAM_MAX_LINKS = 1000 };

struct spam_rules {
	const struct phrases *words;  /* NULL: none */
	int max_links;                /* in one text; -1: any number */
	bool always;                  /* also for senders for whom a provider vouches */
};

/* spam_rules_new - what can be read of the settings; NULL when that is nothing */
struct spam_rules *spam_rules_new(struct arena *a, const json_t *settings);
/*
 * spam_finds - looks at the text and at every text in the fields
 * in       a: for the length of this call; text: the words of c->text
 */
bool spam_finds(struct arena *a, const struct spam_rules *r, const struct contact *c, const struct phrase_words *text);

#endif
