#include "lib/core/term.h"

#include "lib/base/jsonx.h"
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

/* Saturday, Sunday or holiday */
static bool is_off(int64_t day, const struct term_days *more)
{
	return when_weekday(day) >= 5 || term_holiday(day, more);
}

int64_t term_last_day(const struct term *t, const struct term_days *more)
{
	const struct rule *r = &rules[t->kind];
	int64_t day = t->from + 7 * ((t->committee ? r->with_committee : r->weeks) + t->more_weeks);

	while (is_off(day, more))
		day++;
	return day;
}

int64_t term_ends(const struct term *t)
{
	return hours_day_begins(term_last_day(t, NULL) + 1);
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

/* a date, or the day of a moment; 0: neither */
static int64_t day_from(const char *s)
{
	int64_t us, day = 0;

	if (!when_day(s, &day) && when_parse(s, &us))
		day = hours_local_day(us, NULL);
	return day;
}

bool term_read(const json_t *j, struct term *t)
{
	int kind = term_from(jsonx_str(j, "kind"));

	*t = (struct term){.kind = (enum term_kind)kind,
			   .committee = jsonx_bool(j, "committee"),
			   .from = day_from(jsonx_str(j, "from")),
			   .more_weeks = (int)jsonx_int(j, "weeks", 0)};
	return kind >= 0;
}

json_t *term_kept(const struct term *t, const char *reason)
{
	char from[WHEN_DAY], until[WHEN_DAY];
	json_t *j = json_pack("{s:s, s:s, s:s}", "kind", term_name(t->kind), "from", when_day_format(t->from, from),
			      "until", when_day_format(term_last_day(t, NULL), until));

	if (t->committee)
		json_object_set_new(j, "committee", json_true());
	if (t->more_weeks)
		json_object_set_new(j, "weeks", json_integer(t->more_weeks));
	jsonx_put(j, "reason", reason);
	return j;
}
