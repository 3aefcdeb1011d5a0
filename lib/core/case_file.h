/*
 * case_file.h - one question until it is solved
 *
 * The states a case can be in and what moves it. What is not in the table of
 * case_file.c is refused; tests/golden/case.txt shows the whole matrix.
 */
#ifndef LOKET_CASE_FILE_H
#define LOKET_CASE_FILE_H

/* TRIAGE: said in public, waits for the webcare team; not in the queue, offered to nobody
 * SCHEDULED: waits for the moment of its call-back, or for a caller who is still in the menu; not in the queue until then */
enum case_state { CASE_QUEUED, CASE_OFFERED, CASE_ASSIGNED, CASE_TRIAGE, CASE_SCHEDULED, CASE_CLOSED, N_CASE_STATES };

enum case_event {
	CASE_EV_CONTACT, /* the citizen wrote, called or came */
	CASE_EV_POST,    /* the citizen said it in public */
	CASE_EV_OFFER,   /* the router asked an agent */
	CASE_EV_ACCEPT,
	CASE_EV_DECLINE,
	CASE_EV_TIMEOUT,
	CASE_EV_WITHDRAW, /* the agent went away, or an offer is no longer right */
	CASE_EV_TRANSFER,
	CASE_EV_RESOLVE,
	CASE_EV_REOPEN,
	CASE_EV_LOST,     /* the owner vanished */
	CASE_EV_HAND,     /* the webcare team gives it to the agents */
	CASE_EV_FINISH,   /* the webcare team is done with it */
	CASE_EV_SCHEDULE, /* a call-back later was agreed, or the citizen could not be reached now */
	CASE_EV_DUE,      /* the moment of the call-back has come */
	CASE_EV_HANG_UP,  /* the caller left before anybody answered */
	CASE_EV_HELP,     /* option 0, when who has it or is asked is no coach */
	CASE_EV_MERGE,    /* it is one question with another case, which goes on */
	CASE_EV_UNMERGE,  /* it is not after all; it had been open */
	N_CASE_EVENTS
};

enum case_outcome {
	OUTCOME_NONE, OUTCOME_SOLVED, OUTCOME_PROMISED, OUTCOME_REFERRED, OUTCOME_UNREACHABLE,
	OUTCOME_SPAM, OUTCOME_NOT_FOR_US, N_OUTCOMES
};

/* case_next - the state after an event, or -1 when the rules refuse it; *why (may be NULL): a sentence */
int case_next(enum case_state from, enum case_event on, const char **why);

const char *case_state_name(enum case_state s);
const char *case_event_name(enum case_event e);
const char *case_outcome_name(enum case_outcome o);
int case_state_from(const char *s);
int case_outcome_from(const char *s);

#endif
