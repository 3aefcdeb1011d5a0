/*
 * route_words.h - why her, why not him, why so late: decisions in plain Dutch (B1), for a team lead
 *
 * Said from what was recorded: rules, reasons, offers. What was learned of a person is never said or implied:
 * where estimates decided, the words say what all counted, for whoever was chosen and whoever was not.
 * tests/golden/route_words.txt is the picture of all words; what has none fails there.
 */
#ifndef LOKET_ROUTE_WORDS_H
#define LOKET_ROUTE_WORDS_H

#include "lib/base/arena.h"
#include "lib/core/case_file.h"
#include "lib/core/hours.h"
#include "lib/core/route.h"

enum {
	ROUTE_MAX_DELAYS = 32,
	ROUTE_AT_ONCE_S = 10, /* waiting shorter than this is not explained */
};

/* what an offer came to */
enum route_offer_end {
	OFFER_OPEN,
	OFFER_ACCEPTED,
	OFFER_DECLINED,
	OFFER_EXPIRED,
	OFFER_WITHDRAWN,
	N_OFFER_ENDS
};

struct route_offer {
	struct agent_id agent;
	enum route_offer_end end;
	int64_t made_us, ended_us; /* ended_us: 0 while it is open */
};

struct route_span {
	int64_t from_us, until_us;
}; /* until_us: 0 while it lasts */

/* why a case waited */
enum route_wait {
	WAIT_CLOSED,   /* outside opening hours */
	WAIT_NO_SKILL, /* nobody who can finish it was logged in */
	WAIT_HELD,     /* no haste: for a better chance to finish it in one go */
	WAIT_DECLINED,
	WAIT_NOT_ANSWERED,
	WAIT_WITHDRAWN, /* offers that came to nothing */
	WAIT_HAD,       /* somebody had it first */
	WAIT_WANTED,    /* for the one who was asked for */
	WAIT_BUSY,
	WAIT_BUSY_REST, /* who may do it had no time; the rest of the time */
	N_ROUTE_WAITS
};

struct route_delay {
	enum route_wait why;
	struct agent_id agent;     /* nil: nobody in particular */
	int64_t from_us, until_us; /* until_us: 0 while it lasts */
};

/* one wait: from when the citizen began to wait to the offer, or to now */
struct route_waited {
	int64_t from_us, until_us;
	enum route_rule rule;      /* of the decision that ended it, or would now */
	struct agent_id wanted;    /* asked for; nil: nobody */
	const struct hours *hours; /* NULL: always open */
	int64_t held_us;           /* when it was held for a better chance; 0: it was not */
	const struct route_span *no_skill;
	int n_no_skill;
	const struct route_offer *offers; /* all of the case, oldest first */
	int n_offers;
};

/*
 * route_delays - what made it wait, in order of time; what the rest was comes last
 * out      out[max]
 * returns  how many; 0 when it did not wait, or no more is known than that
 */
int route_delays(const struct route_waited *w, struct route_delay *out, int max);

/* what is said: with {wie}, {van} and {tot} in it. NULL: no words */
const char *route_words_rule(enum route_rule r);
const char *route_words_unasked(bool in_public); /* nobody was asked: they typed it in; or the webcare team */
const char *route_words_wish(bool team); /* nobody is asked: somebody was asked for; an agent, or a team */
const char *route_words_why(enum route_why w); /* WHY_OK: could as well, but another was chosen */
const char *route_words_wait(enum route_wait w);
const char *route_words_state(enum case_state s); /* where the case is now */

/*
 * route_say - words with the fields filled in
 * in       who: a name, NULL: a colleague; from_us, until_us: for {van} and {tot}; at_us: moments of this day
 * are said without their date
 */
const char *route_say(struct arena *a, const char *words, const char *who, int64_t from_us, int64_t until_us,
		      int64_t at_us);
/* route_say_wait - how long it waited: "De vraag wachtte 12 minuten." */
const char *route_say_wait(struct arena *a, int64_t from_us, int64_t until_us);

/* names as recorded, back to numbers; -1: unknown */
int route_rule_from(const char *name);
int route_why_from(const char *name);
int route_offer_end_from(const char *name); /* "made", "accepted" … */

#endif
