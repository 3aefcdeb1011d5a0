#include "lib/core/task.h"

#include <stdlib.h>
#include <string.h>

/* hours_read lets in nothing that is closed for longer */
enum { SEARCH_DAYS = 7 * (HOURS_MAX_CLOSED + 60) };

static int64_t closes_after(const struct hours *h, int64_t day, int64_t now_us)
{
	int64_t us = 0;

	for (int i = 0; i < SEARCH_DAYS && us <= now_us; i++)
		us = hours_closes(h, day + i);
	return us;
}

int64_t task_by_date(const struct hours *h, int64_t day, int64_t now_us)
{
	int64_t today = hours_local_day(now_us, NULL), us = 0;

	for (int64_t d = day; d >= today && us == 0; d--)
		us = hours_closes(h, d);
	return us > now_us ? us : closes_after(h, day > today ? day : today, now_us);
}

bool task_due_text(const char *s, struct task_within *w)
{
	bool hours = !strncmp(s, "PT", 2);
	const char *digits = s + (hours ? 2 : 1);
	char *end;
	long n;

	if (*s != 'P' || *digits < '1' || *digits > '9')
		return false;
	n = strtol(digits, &end, 10);
	if (strcmp(end, hours ? "H" : "D") != 0 || n > (hours ? TASK_MAX_HOURS : TASK_MAX_DAYS))
		return false;
	*w = (struct task_within){ .hours = hours ? (int)n : 0, .days = hours ? 0 : (int)n };
	return true;
}

int64_t task_within(const struct hours *h, struct task_within w, int64_t now_us)
{
	int64_t day = hours_local_day(now_us, NULL), us = now_us;

	if (w.hours)
		return hours_add(h, now_us, w.hours * INT64_C(3600));
	for (; w.days > 0; w.days--) {
		us = closes_after(h, day + 1, now_us);
		day = hours_local_day(us - 1, NULL);
	}
	return us;
}

int64_t task_remind(const struct hours *h, int64_t now_us, int64_t due_us)
{
	int64_t us = hours_next_open(h, hours_working_days(due_us, -1));

	return us > now_us && us < due_us ? us : now_us + (due_us - now_us) / 2;
}
