/*
 * term.h - terms of the law, beside what the service promises: the last day of each, and how far it can be put off
 *
 * source   Algemene wet bestuursrecht (Awb) 4:13 and 4:14 (decision), 7:10 (objection), 9:11 (complaint); Wet open overheid
 *          (Woo) 4.4; a last day that is no working day: Algemene termijnenwet (Atw) 1 and 3
 * limits   suspension while something is missing (Awb 4:15) is not counted: people put off the term instead
 */
#ifndef LOKET_TERM_H
#define LOKET_TERM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	TERM_MAX_DAYS = 60,  /* that the government made equal to holidays (Atw 3, third paragraph) */
	TERM_MAX_WEEKS = 52, /* of an extension without a maximum in law: so that a typing mistake is seen */
};

enum term_kind { TERM_DECISION, TERM_OBJECTION, TERM_COMPLAINT, TERM_WOO, N_TERM_KINDS };

struct term {
	enum term_kind kind;
	bool committee;  /* an advisory committee looks at the objection or complaint */
	int64_t from;    /* day (since 1970) of receipt; of an objection: the last on which it could be made */
	int more_weeks;  /* it was put off for so long, in all */
};

struct term_days {
	int64_t day[TERM_MAX_DAYS];
	int n;
};

/* why a term is not put off; words of the contract in term_refused_name */
enum term_refused { TERM_PUT_OFF, TERM_IS_OVER, TERM_TOO_LONG, TERM_NEEDS_CONSENT };

const char *term_name(enum term_kind k);
/* term_from - the kind of that name, -1: none */
int term_from(const char *name);

/*
 * term_last_day - the last day of a term
 *
 * Weeks are counted from the day after t->from. An extension is counted from where the term began and not from a last day that was
 * moved, so that no reading of the law finds an earlier one.
 * in       more: days made equal to holidays; NULL: none are known
 */
int64_t term_last_day(const struct term *t, const struct term_days *more);
/* term_ends - the moment at which its last day is over */
int64_t term_ends(const struct term *t);
/* term_put_off - may it be put off by so many weeks more, on this day? consent: of who asked for it */
enum term_refused term_put_off(const struct term *t, int weeks, bool consent, int64_t today, const struct term_days *more);
/* term_holiday - is it a day on which no term ends? Good Friday and each 5 May are, unlike in hours_holiday */
bool term_holiday(int64_t day, const struct term_days *more);

/* term_read - as a body has it, or as it is kept with a task; false: there is none. from is 0 when it says none */
bool term_read(const json_t *j, struct term *t);
/* term_kept - as it is kept with a task; reason: why it was put off, or NULL. New reference */
json_t *term_kept(const struct term *t, const char *reason);

#endif
