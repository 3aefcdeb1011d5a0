/*
 * case_words.h - what was said in cases, as words that agents look for (POST /v1/cases/search)
 *
 * Intake knows nothing of it. The instance that leads follows what was told of cases, as far as figures.h
 * has, and writes the words of each case anew (case_words_fold.sql), so it does not matter how often it
 * looks, nor where it broke off. It is behind by some seconds, more while a great deal comes in; cases from
 * before there was this come too, the newest first.
 */
#ifndef LOKET_CASE_WORDS_H
#define LOKET_CASE_WORDS_H

struct server;

enum {
	CASE_WORDS_MS = 1000,     /* from one look to the next */
	CASE_WORDS_SHARE = 10,    /* per cent of the time, at most, while there is more */
	CASE_WORDS_NOTICES = 100, /* looked at in one transaction: some milliseconds */
	CASE_WORDS_OLD = 50       /* cases from before */
};

struct case_words;
struct case_words *case_words_new(struct server *srv);
struct case_words *case_words_free(struct case_words *w);

#endif
