/*
 * digest.h - what was said in a municipality in a day or a week, in plain Dutch, as a page and as text
 *
 * For the newsroom and for people who do not work with loketd: short sentences, no names, no words of citizens.
 */
#ifndef LOKET_DIGEST_H
#define LOKET_DIGEST_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { DIGEST_THEMES = 10, DIGEST_SIGNALS = 50 };

struct digest_theme {
	const char *name;
	int count;
	double usual;              /* in the same days of the weeks before; below 0: not known yet */
	const char *area;          /* where most of it is, when that is half of it; NULL: nowhere in particular */
};

struct digest_signal {
	const char *theme, *area;  /* either may be NULL */
	const char *department;    /* NULL: nobody in particular */
	int64_t raised_us;
	bool ended;
	int count, hours;
	double expected;
};

struct digest {
	const char *municipality;  /* its name */
	bool week;                 /* of seven days; else of one */
	int64_t first_day;         /* since 1970 */
	struct digest_theme themes[DIGEST_THEMES];     /* the most first */
	int n_themes;
	struct digest_signal signals[DIGEST_SIGNALS];
	int n_signals;
	int posts, negative, positive, done, answered;
};

/* digest_text - lines of plain text */
const char *digest_text(struct arena *a, const struct digest *d);
/* digest_html - a page by itself: no scripts, nothing that is fetched */
const char *digest_html(struct arena *a, const struct digest *d);

#endif
