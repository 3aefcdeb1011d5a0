/*
 * figures.h - counts what happens to cases, as it happens: sums by day, which GET /v1/kpis reads
 *
 * Intake knows nothing of it. The instance that leads reads what was told of cases (loket.notice) and looks
 * at each case again: what is different from its last look goes into the sums, in the same transaction
 * (figure_fold.sql). So it does not matter how often or in which order it looks, nor where it broke off. It
 * is behind by a few seconds, more while a great deal comes in.
 */
#ifndef LOKET_FIGURES_H
#define LOKET_FIGURES_H

struct server;

enum {
	FIGURES_MS = 1000,       /* from one look to the next */
	FIGURES_SHARE = 20,      /* per cent of the time, at most, while there is more */
	FIGURES_NOTICES = 200,   /* looked at in one transaction: some milliseconds */
	FIGURES_OTHERS = 100,    /* cases of which no notice tells, or where time alone changes something */
	FIGURES_OLD = 500,       /* rows of cases that are past counting, removed in a look */
	FIGURES_KEEP_DAYS = 3660 /* sums: ten years */
};

struct figures;
struct figures *figures_new(struct server *srv);
struct figures *figures_free(struct figures *f);

#endif
