#include "lib/core/term.h"

#include "lib/base/when.h"
#include "lib/core/hours.h"

#include <stddef.h>
#include <string.h>

/* more: weeks that the authority may put it off by itself; 0: no maximum, a reasonable one is named (Awb 4:14) */
static const struct rule {
	const char *name;
	int weeks, with_committee, more;
	bool by_consent; /* and further when who asked for it agrees */
} rules[N_TERM_KINDS] = {
	[TERM_DECISION] = {"decision", 8, 8, 0, false},
	[TERM_OBJECTION] = {"objection", 6, 12, 6, true},
	[TERM_COMPLAINT] = {"complaint", 6, 10, 4, true},
	[TERM_WOO] = {"woo", 4, 4, 2, false},
};

const char *term_name(enum term_kind k)
{
	return (unsigned)k < N_TERM_KINDS ? rules[k].name : "";
}

int term_from(const char *name)
{
	for (int i = 0; name && i < N_TERM_KINDS; i++)
		if (!strcmp(rules[i].name, name))
			return i;
	return -1;
}

bool term_holiday(int64_t day, const struct term_days *more)
{
	int64_t year;
	int month, date;

	for (int i = 0; more && i < more->n; i++)
		if (more->day[i] == day)
			return true;
	when_date(day, &year, &month, &date);
	return hours_holiday(day, true) || (month == 5 && date == 5);
}

/* Saturday, Sunday or holiday: 1970-01-01 was a Thursday */
static bool is_off(int64_t day, const struct term_days *more)
{
	int64_t weekday = ((day + 3) % 7 + 7) % 7;

	return weekday >= 5 || term_holiday(day, more);
}

int64_t term_last_day(const struct term *t, const struct term_days *more)
{
	const struct rule *r = &rules[t->kind];
	int64_t day = t->from + 7 * ((t->committee ? r->with_committee : r->weeks) + t->more_weeks);

	while (is_off(day, more))
		day++;
	return day;
}

enum term_refused term_put_off(const struct term *t, int weeks, bool consent, int64_t today, const struct term_days *more)
{
	const struct rule *r = &rules[t->kind];

	if (weeks < 1 || t->more_weeks + weeks > TERM_MAX_WEEKS)
		return TERM_TOO_LONG;
	if (consent && r->by_consent)
		return TERM_PUT_OFF;
	if (today > term_last_day(t, more))
		return TERM_IS_OVER;
	if (r->more && t->more_weeks + weeks > r->more)
		return r->by_consent ? TERM_NEEDS_CONSENT : TERM_TOO_LONG;
	return TERM_PUT_OFF;
}
