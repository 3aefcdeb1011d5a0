/*
 * texts.h - what a citizen is told without a person, and what the answers to it mean
 *
 * Settings of a municipality: {"texts": {"pl": {"helpNow": "…", "helpLater": "… {{tijd}} …"}}}; texts.c has
 * the names, and the field that each says once. What is not set, is as built in: Dutch (B1), English, Polish, Turkish, Arabic and
 * Ukrainian. In another language: Dutch.
 */
#ifndef LOKET_TEXTS_H
#define LOKET_TEXTS_H

#include "lib/base/arena.h"
#include "lib/core/hours.h"

#include <jansson.h>

enum text_kind {
	TEXT_HELP_NOW,   /* somebody asked for help by a person, and there is one; how would they like it? */
	TEXT_HELP_LATER, /* there will be one before {{tijd}}; how would they like it? */
	TEXT_HELP_CALL,  /* nobody is there: they are called; or would they rather come? */
	TEXT_CALLBACK,   /* as they asked: they are called */
	TEXT_CALLBACK_NUMBER, /* as they asked, but we know no number */
	TEXT_COUNTER,         /* as they asked: an appointment is made with them */
	/* to a caller, beside TEXT_CALLBACK */
	TEXT_CALL_FIRST,  /* nobody waits before them */
	TEXT_CALL_AHEAD,  /* {{aantal}} callers do */
	TEXT_CALL_WAIT,   /* no longer than {{minuten}} */
	TEXT_CALL_OFFER,  /* key 1: call me back */
	TEXT_CALL_CLOSED, /* until {{tijd}} */
	TEXT_CALL_NOBODY, /* nobody is there who can help; waiting is possible */
	TEXT_CALL_HIDDEN, /* their number is not shown, so nobody can call back */
	/* of a menu in writing */
	TEXT_MENU_HELP,   /* what option 0 is called */
	TEXT_MENU_BUTTON, /* opens the list of choices */
	TEXT_MENU_REPLY,  /* how to answer where there are no buttons */
	/* of a case, to who has its secret: where it is now */
	TEXT_STATUS_WAITING,
	TEXT_STATUS_WORKING,
	TEXT_STATUS_CALL,     /* they are called back */
	TEXT_STATUS_TASK,     /* a department works on it */
	TEXT_STATUS_ANSWERED,
	TEXT_STATUS_REFERRED, /* somebody else was named who helps */
	TEXT_STATUS_NOT_OURS, /* it is not for the municipality */
	TEXT_STATUS_MISSED,   /* they could not be reached */
	TEXT_STATUS_CLOSED,
	/* and what comes next */
	TEXT_NEXT_ANSWER,     /* by the norm: before {{tijd}} */
	TEXT_NEXT_PROMISE,    /* promised: before {{tijd}} */
	TEXT_NEXT_LATE,       /* the time has passed */
	TEXT_NEXT_NOTHING,    /* unless it is not solved: then they write here */
	TEXT_NEXT_WRITE,      /* here, and how they can be reached */
	TEXT_NEXT_ELSEWHERE,  /* nobody reads what is written here */
	/* how it was, afterwards */
	TEXT_SURVEY_INVITE, /* {{link}} */
	TEXT_SURVEY_GRADE,  /* 1 to 10 */
	TEXT_SURVEY_SPEED,  /* these 1 to 5 */
	TEXT_SURVEY_HELPED,
	TEXT_SURVEY_EASE,
	TEXT_SURVEY_SOLVED, /* yes or no */
	TEXT_SURVEY_WHY,
	/* to who sent a formal message: it came at {{tijd}}, this is its reference, and a copy follows */
	TEXT_RECEIPT,
	TEXT_RECEIPT_REFERENCE,
	TEXT_RECEIPT_COPY,
	/* after what a product's handling answers without a person: what if it does not help; that we do it together */
	TEXT_ANSWER_MORE,
	TEXT_ANSWER_TOGETHER,
	/* a term of the law was put off: answered on {{datum}} at the latest; the reason follows */
	TEXT_TERM,
	N_TEXT_KINDS
};

enum { TEXTS_MAX_BYTES = 1000, TEXTS_MAX_PROBLEMS = 32 };

/*
 * texts_check - what is wrong with settings.texts
 * in       settings: NULL or without "texts": nothing is
 * out      problems[max]: every field that is wrong; may be NULL when max is 0
 * returns  how many there are; at most max are told
 */
int texts_check(const json_t *settings, struct bad_setting *problems, int max);
/*
 * texts_say - a text in a language, with the value of its field in it
 * in       settings: one of its texts that texts_check would refuse counts as not set. language: ISO 639-1 or
 * NULL; value: of its field; may be NULL when it has none
 * owner    the text lives in a
 */
const char *texts_say(struct arena *a, const json_t *settings, enum text_kind kind, const char *language,
		      const char *value);
/* texts_has - is there a text of this kind in this language, of the municipality or built in? */
bool texts_has(const json_t *settings, enum text_kind kind, const char *language);
/* texts_date - "28-04-2027", of a day since 1970 */
const char *texts_date(struct arena *a, int64_t day);
/* texts_time - "14:30" when that is on the day of now_us, else "28-04-2027 09:30": the same in every language.
 * Seconds count as a minute */
const char *texts_time(struct arena *a, int64_t us, int64_t now_us);
/* texts_preference - the answer "1" or "2", alone on its first line, as "callback" or "counter"; NULL: it is
 * neither */
const char *texts_preference(const char *text);

#endif
