/*
 * help.h - option 0: help by people with doing it digitally. How it was asked, what is kept of where it went
 * wrong, and what is promised
 */
#ifndef LOKET_HELP_H
#define LOKET_HELP_H

#include "lib/core/contact.h"
#include "lib/core/texts.h"

enum { HELP_PAGE_BYTES = 500, HELP_STEP_BYTES = 200 };

/* by a key of the telephone, in words, a field of a form, a button, a bot that hands over, an agent who ticks it */
enum help_asked_by { HELP_KEY, HELP_TEXT, HELP_FORM, HELP_BUTTON, HELP_BOT, HELP_AGENT, N_HELP_ASKED_BY };

/*
 * help_asked_by - how was it asked?
 * in       c with FLAG_OPTION0; channel: it came by; in_words: only its text asks; by_agent: an agent typed it in
 */
enum help_asked_by help_asked_by(const struct contact *c, const char *channel, bool in_words, bool by_agent);
/* the word of the contract */
const char *help_asked_by_name(enum help_asked_by by);

/* help_preference - "now", "callback" or "counter", from the fields; NULL: not said */
const char *help_preference(const struct contact *c);
/* help_page - a page without its query and fragment, which may tell of the citizen; NULL when nothing is left */
const char *help_page(struct arena *a, const char *url);
/* help_step - cut to what is kept; NULL for none */
const char *help_step(struct arena *a, const char *step);

/* what is promised to who asks for help by a person */
struct help_way {
	const char *call; /* the reason of a call-back (lib/core/promise); NULL: a person answers where they
			     asked */
	enum text_kind text; /* what they are told */
};

/*
 * help_way - a person now, a call-back, or an answer before a time: never nothing
 * in       preference: NULL: not said; coach: one is ready, or has the case already; open: by the hours;
 * number: they can be called
 */
struct help_way help_way(const char *preference, bool coach, bool open, bool number);

#endif
