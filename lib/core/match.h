/*
 * match.h - what a contact is about, and which case it belongs to. Never by guess.
 */
#ifndef LOKET_MATCH_H
#define LOKET_MATCH_H

#include "lib/core/case_file.h"
#include "lib/core/contact.h"
#include "lib/core/hours.h"
#include "lib/core/phrase.h"

/* a word that points to a product; longest match wins, then the first in the table */
struct match_word {
	const char *municipality;   /* NULL: the whole region */
	const char *word;           /* folded (utf8_fold): may hold spaces */
	const char *product;
};

/* what texts are held against; made once, read only */
struct match_rules;

/* match_rules_new - words are borrowed */
struct match_rules *match_rules_new(struct arena *a, const struct match_word *words, int n_words);

/* match_product - form's product, else the inbox's, else the first keyword, of what c calls its subject or else of its
 * text, else "algemeen". text: the words of c->text */
const char *match_product(struct arena *a, const struct match_rules *r, const struct contact *c,
                          const struct phrase_words *text, const char *inbox_product, const char *municipality);

/* match_is_general - did match_product find nothing? */
bool match_is_general(const char *product);

/* match_option0 - is this a request for human help with doing it digitally? The message "0", and
 * words for it in Dutch, English, Polish, Turkish, Arabic and Ukrainian */
bool match_option0(const struct match_rules *r, const struct phrase_words *text);

enum { MATCH_OWN_MAX = 100, MATCH_OWN_BYTES = 200 };

/* sentences of a municipality's own, ["digihulp", "kan iemand even meekijken"]: more ways to ask for option
 * 0, or what its bot says when it is stuck. One word is the whole message, more may stand anywhere in it */
struct match_own;

/* match_own_check - what is wrong with them, as hours_read; name: of the setting, of at most 16 bytes. A
 * number is no word, since it also stands in an address */
int match_own_check(const json_t *words, const char *name, struct bad_setting *problems, int max);
/* match_own_new - those that can be used; NULL: none. words may be NULL */
const struct match_own *match_own_new(struct arena *a, const json_t *words);
/* match_own_says - own may be NULL */
bool match_own_says(const struct match_own *own, const struct phrase_words *text);

/* match_stuck - does a bot say that it did not understand? In the same six languages */
bool match_stuck(const struct match_rules *r, const struct phrase_words *text);

/* match_formal - is it a formal message (bezwaar, klacht, aanvraag, Wmebv)? */
bool match_formal(const struct match_rules *r, const struct phrase_words *text, const char *product);

/* a case of the same party that might go on */
struct match_case {
	const char *id;             /* UUID */
	const char *inbox;          /* where its conversation is */
	const char *product;
	const char *post;           /* root post it stands under; NULL: a private conversation */
	enum case_state state;
	enum case_outcome outcome;
	int64_t closed_us;          /* 0 while open */
	int64_t last_contact_us;
};

enum match_kind { MATCH_NEW, MATCH_JOIN, MATCH_REOPEN, MATCH_FOLLOW };

struct match_result {
	enum match_kind kind;       /* FOLLOW: belongs to the case, changes nothing about it */
	int index;                  /* of the case; -1 with MATCH_NEW */
	const char *why;            /* constant, for the case's history */
};

enum {
	MATCH_REOPEN_DAYS = 7,      /* five working days always fit */
	MATCH_REPEAT_SOONER = 2,    /* who comes back goes up in the queue: due in half the norm */
};

/*
 * match_case_for - which case does this contact belong to?
 * in       c with product decided; conversational: the channel is a conversation (WhatsApp, chat, SMS)
 *          and not separate questions (form, e-mail, counter); inbox; cases of the same party, any order
 * rules    1 a conversation with an open case on the same inbox joins it
 *          2 an open case with the same product joins (not for "algemeen" across inboxes)
 *          3 closed less than MATCH_REOPEN_DAYS ago, same product (or, in the same conversation, no
 *            product named): reopen, unless it was closed as spam
 *          4 kinds that open no case follow the newest case, whatever its state
 *          5 otherwise new
 *          What is public only belongs to a case under the same root post, whatever the product; what is private
 *          never to a public one
 */
struct match_result match_case_for(const struct contact *c, const char *product,
                                   bool conversational, const char *inbox,
                                   const struct match_case *cases, int n_cases, int64_t now_us);

#endif
