/*
 * figure_page.h - the figures of a quarter for the council: one page in plain Dutch, or a table
 *
 * The page is HTML that needs nothing beside it: no script, no picture or style from elsewhere; it can be
 * mailed, printed and kept. Beside each drawing (SVG) stands a table with the same numbers.
 */
#ifndef LOKET_FIGURE_PAGE_H
#define LOKET_FIGURE_PAGE_H

#include "lib/base/arena.h"
#include "lib/core/figure.h"

#include <stdint.h>

/* figures by municipality, channel or product */
struct figure_table {
	const char *title; /* "Per gemeente" */
	const char *by;    /* "municipality": in the table of numbers */
	const struct figure_group *groups;
	int n;
};

/* days since 1970; to is not in it. Texts are borrowed, and may hold anything */
struct figure_report {
	int year, quarter; /* from 1 */
	int64_t from, to;
	int64_t as_of_us;  /* 0: nothing was counted yet */
	const char *about; /* whom: "Dordrecht, Sliedrecht" */
	const char *baseline;       /* its name; NULL: none */
	const char *baseline_about; /* whom it is of */
	int64_t baseline_from, baseline_to;
	const struct figure_group *all;
	const struct figure_group
		*weeks; /* of the quarter, by their first and last days; the name is "2026-W41" */
	int n_weeks;
	const struct figure_table *tables;
	int n_tables;
};

/* figure_page - as HTML, in UTF-8; *n: its bytes */
char *figure_page(struct arena *a, const struct figure_report *r, size_t *n);
/* figure_csv - as a table of all numbers (RFC 4180) */
char *figure_csv(struct arena *a, const struct figure_report *r, size_t *n);
/* figure_channel - how people call a channel: "Telefoon" */
const char *figure_channel(const char *id);

#endif
