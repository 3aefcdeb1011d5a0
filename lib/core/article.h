/*
 * article.h - the fields in a text that is written once and sent often: "Beste {{voornaam}}"
 *
 * Fields have Dutch names, because editors write them. Capitals and blanks within the braces do not matter.
 */
#ifndef LOKET_ARTICLE_H
#define LOKET_ARTICLE_H

#include "lib/base/arena.h"

#include <stdbool.h>

enum article_field {
	FIELD_NAAM, FIELD_VOORNAAM,
	FIELD_ONDERWERP,    /* what the case is about */
	FIELD_KENMERK,      /* its reference */
	FIELD_GEMEENTE,
	FIELD_MEDEWERKER,   /* who answers */
	FIELD_DATUM,        /* today */
	FIELD_KANAAL,       /* how the citizen reached us */
	N_ARTICLE_FIELDS
};

/* so that a filled text is at most 50 x 200 bytes longer than what was written */
enum { ARTICLE_MAX_PLACES = 50, ARTICLE_VALUE_BYTES = 200 };

/* "{{…}}" in a text */
struct article_place {
	size_t at, len;     /* bytes of the text, braces included */
	int field;          /* enum article_field; -1: not a field of ours; len is 1 when its end is missing, too */
};

/* what is known of a case; NULL: not known */
struct article_case {
	const char *name, *product, *reference, *municipality, *agent, *channel;
	int year, month, day;
};

/* what each field is in one case; NULL: it has no value */
struct article_values {
	const char *of[N_ARTICLE_FIELDS];
};

/* article_next - the first place at or after from; false when there is none */
bool article_next(const char *text, size_t from, struct article_place *out);
/* article_wrong - why a text cannot be kept, with every place that is no field of ours; NULL: it can */
const char *article_wrong(struct arena *a, const char *text);
/* article_values_of - what the fields are in a case, in a language (the date, the channel) */
struct article_values article_values_of(struct arena *a, const struct article_case *c, const char *language);
/*
 * article_fill - text with the values in it; what has none stays as it is
 * out      *missing: a bit per field that has none is added
 */
const char *article_fill(struct arena *a, const char *text, const struct article_values *v, unsigned *missing);
/* article_field_name - "voornaam" */
const char *article_field_name(int field);

#endif
