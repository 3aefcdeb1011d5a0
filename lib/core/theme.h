/*
 * theme.h - what a text is about, and where: themes and areas by words that a municipality chose
 *
 * {"webcare": {"themes": [{"id": "afval", "name": "Afval", "department": "Wijkbeheer", "words": ["afval~", "grijze
 * bak"]}, …], "areas": [{"id": "centrum", "name": "Centrum", "words": ["statenplein"]}, …]}}. Words are compared without
 * capitals and accents; "afval~" is every word that begins so. A municipality's own go before those of its region; with
 * the same id they replace it, without words they switch it off.
 *
 * The rule is simple so that it can be explained: the theme of which most words are found, the first of those that are
 * even. Which words is part of the answer.
 */
#ifndef LOKET_THEME_H
#define LOKET_THEME_H

#include "lib/core/hours.h"
#include "lib/core/phrase.h"

#include <jansson.h>

enum {
	THEME_MAX = 60,
	THEME_MAX_AREAS = 150,
	THEME_MAX_WORDS = 40,      /* of one */
	THEME_WORD_BYTES = 60,
	THEME_NAME_BYTES = 80,
	THEME_MAX_FOUND = 5,       /* words that are told */
	THEME_MAX_PROBLEMS = 32
};

enum theme_kind { THEME, AREA, N_THEME_KINDS };

/* texts are borrowed from the settings */
struct theme {
	const char *id, *name;
	const char *department;    /* who hears of it; NULL: nobody in particular */
};

struct theme_rules;

/* theme_check - what is wrong with settings.webcare.themes and .areas; as hours_read */
int theme_check(const json_t *settings, struct bad_setting *problems, int max);
/* theme_shown - what is in force: {"themes": [{…, "from": "municipality" or "region"}], "areas": […]}. New reference */
json_t *theme_shown(const json_t *region, const json_t *municipality);
/* theme_rules_new - of a municipality over its region, either may be NULL; NULL when nothing is named */
struct theme_rules *theme_rules_new(struct arena *a, const json_t *region, const json_t *municipality);

/* how many there are, and which; what has no words is not among them. r may be NULL */
int theme_count(const struct theme_rules *r, enum theme_kind kind);
const struct theme *theme_at(const struct theme_rules *r, enum theme_kind kind, int i);
/* theme_known - the one of this id; NULL when there is none */
const struct theme *theme_known(const struct theme_rules *r, enum theme_kind kind, const char *id);

struct theme_found {
	const struct theme *is;                    /* NULL: none */
	const char *because[THEME_MAX_FOUND];      /* words of the rule, in the order of the text */
	int n_because;
};

/* theme_find - r may be NULL */
struct theme_found theme_find(const struct theme_rules *r, enum theme_kind kind, const struct phrase_words *text);

#endif
