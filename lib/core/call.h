/*
 * call.h - what becomes of a telephone call, out of what an exchange tells about it
 *
 * An exchange tells it in any order, more than once, and not always all of it. So a call is a pure function of the set of
 * its events: fold them all again whenever there is one more.
 */
#ifndef LOKET_CALL_H
#define LOKET_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* in the order in which they come when an exchange gives two of them one time */
enum call_event_kind {
	CALL_EV_RINGING, CALL_EV_KEY, CALL_EV_QUEUED, CALL_EV_OFFERED, CALL_EV_ANSWERED, CALL_EV_HELD, CALL_EV_RESUMED,
	CALL_EV_TRANSFERRED, CALL_EV_ASK,  /* the exchange asks what now */
	CALL_EV_PROMISED,    /* ours: the caller was promised a call back */
	CALL_EV_CALLED_BACK, /* ours: and that was done */
	CALL_EV_ENDED, N_CALL_EVENTS
};

enum {
	CALL_MAX_EVENTS = 1000,   /* of one call that count: a caller who presses keys for an hour */
	CALL_MAX_KEYS = 64,
	CALL_KEY_BACK = '1',      /* while somebody waits: call me back */
};

struct call_event {
	enum call_event_kind kind;
	const char *event_id;    /* what makes two the same; never NULL */
	int64_t at_us;           /* when it happened; never 0 in call_fold */
	const char *key;         /* of KEY: one of 0-9 * #; else NULL */
	const char *agent;       /* whom it is about: an extension from an exchange, an id in call_fold; may be NULL */
	const char *reason;      /* of ENDED; may be NULL */
};

/* event ids that are ours: the end of a call of which nothing is heard any more; the begin of a wait that nobody told */
#define CALL_SILENT "loket:silent"
#define CALL_QUEUED "loket:queued"

enum call_state { CALL_RINGING, CALL_MENU, CALL_WAITING, CALL_TALKING, CALL_ENDED, N_CALL_STATES };
enum call_outcome { CALL_OPEN, CALL_ANSWERED, CALL_ABANDONED, CALL_CALLED_BACK, CALL_PROMISED, N_CALL_OUTCOMES };

struct call {
	enum call_state state;
	enum call_outcome outcome;       /* CALL_OPEN exactly as long as it has not ended */
	int64_t started_us;
	int64_t queued_us;               /* the wait for a person began; 0: not yet */
	int64_t answered_us, ended_us;   /* 0: not yet */
	int64_t promised_us;             /* the caller was promised a call back; 0: not */
	int64_t last_us;                 /* of the newest event */
	int64_t waited_us;               /* until the answer or the end; 0 while it lasts */
	int64_t held_us, talked_us;      /* until the end; talked is without held; 0 while it lasts */
	const char *agent;               /* who talks, or talked last; NULL: nobody */
	char keys[CALL_MAX_KEYS + 1];    /* pressed before the wait began, in order */
	bool option0;                    /* 0 was pressed, at any moment */
	bool wants_back;                 /* CALL_KEY_BACK was, during the wait */
};

/*
 * call_fold - all events of a call to what it is now
 * in       events in any order, doubles among them; they are sorted in place
 * out      *call; borrows from events
 * limits   n is at least 1; what is missing makes times vaguer, never the state impossible
 */
void call_fold(struct call_event *events, int n, struct call *call);

/* what is known about a caller beside the call */
struct call_facts {
	bool reachable;          /* there is a number to call back */
	bool open;               /* it is within opening hours */
	int agents;              /* ready, who may take it, busy or not */
	bool option0;            /* asked for by key, or in the case before */
	bool wants_back;         /* chosen in the menu, or by key */
	bool promised;           /* a call back that was promised before, and still stands */
	bool in_menu;            /* has not chosen yet */
	bool taken, rings;       /* an agent has the case; who has a telephone that can be rung */
	bool kept;               /* and has it not for this call alone, so that a hang-up takes nothing away */
};
enum call_do {
	CALL_DO_WAIT, CALL_DO_MENU, CALL_DO_CONNECT,
	CALL_DO_PROMISE,         /* promise to call back, say when, and end */
	CALL_DO_CLOSED,          /* nobody is there and there is no number: say when it opens, and end */
	CALL_DO_END,
	N_CALL_DOS
};

/*
 * call_decide - what is done with a caller now
 *
 * Nobody is left without a person or a promise with a time: who waits has people who may take it, or a day that is open;
 * who does not, is promised a call back. Only who hides their number is not, and hears when somebody is there.
 * out      *reason: of a promise: "asked", "noCoach", "closed", "abandoned"
 */
enum call_do call_decide(const struct call *call, const struct call_facts *f, const char **reason);

/* call_event_kind_from - by the word of proto/hooks.md, or one of ours; -1 for another */
int call_event_kind_from(const char *word);
const char *call_event_kind_name(enum call_event_kind k);
/* call_event_is_theirs - may an exchange tell it? */
bool call_event_is_theirs(enum call_event_kind k);
const char *call_state_name(enum call_state s);
/* call_outcome_name - "" for CALL_OPEN */
const char *call_outcome_name(enum call_outcome o);

#endif
