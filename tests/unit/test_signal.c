/* signals: synthetic years with planted events (lib/core/signal), and examples without names */
#include "lib/base/when.h"
#include "lib/core/hours.h"
#include "lib/core/signal.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- a synthetic city */

/* 20 themes, of which each in 5 areas too; two years after the weeks in which counting begins */
enum { THEMES = 20, AREAS = 5, SERIES = THEMES * (1 + AREAS), YEARS = 2, START = SIGNAL_WEEKS * SIGNAL_WEEK,
	HOURS = YEARS * 52 * SIGNAL_WEEK, EVENTS = 150 };

static struct prng chance;

static double uniform(void)
{
	return ((double)(prng_next(&chance) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* source: Knuth, The Art of Computer Programming, volume 2, 3.4.1; large means in parts */
static int poisson(double mean)
{
	int n = 0;

	for (; mean > 30; mean -= 30)
		n += poisson(30);
	for (double p = uniform(), least = exp(-mean); p > least; p *= uniform())
		n++;
	return n;
}

/* how busy an hour of the week is: nights are still, Mondays full, weekends quiet, holidays quieter */
static double busy(int64_t hour)
{
	static const double day[24] = {.1, .05, .05, .05, .05, .1, .3, .7, 1.3, 1.9, 2.1, 2, 1.7, 1.8, 1.9, 1.8, 1.6, 1.3, 1.1, 1.2,
		1.2, .9, .5, .3};
	static const double week[7] = {.8, 1.0, .5, .4, 1.3, 1.1, 1.0}; /* day 0 of 1970 was a Thursday: Thu, Fri, Sat, … */
	double of_season = 1 + .2 * sin((double)hour / (365.25 * 24) * 2 * M_PI);

	return day[hour % 24] * week[hour / 24 % 7] * of_season * (hours_holiday(hour / 24, false) ? .4 : 1);
}

struct event {
	int theme, area;
	int64_t start;             /* minutes since the first hour */
	double extra;              /* in its first two hours; it fades over some more */
	bool found;
};

struct city {
	int64_t first;             /* hour */
	double mean[THEMES], share[THEMES][AREAS];
	short (*count)[HOURS + START];
	struct event events[EVENTS];
};

static struct city c;

static int series_of(int theme, int area)
{
	return area < 0 ? theme : THEMES + theme * AREAS + area;
}

/* days differ as a whole, and by theme (weather, news): both factors are 1 on average */
static double luck(double spread)
{
	return exp(spread * normal() - spread * spread / 2);
}

static void add(int theme, int area, int h, int n)
{
	c.count[series_of(theme, -1)][h] = (short)(c.count[series_of(theme, -1)][h] + n);
	if (area >= 0)
		c.count[series_of(theme, area)][h] = (short)(c.count[series_of(theme, area)][h] + n);
}

static void usual_years(uint64_t seed)
{
	double of_theme[THEMES], of_day = 1;

	chance.s = seed;
	c.first = when_days(2023, 1, 2) * 24;
	free(c.count);
	c.count = calloc(SERIES, sizeof *c.count);
	for (int t = 0; t < THEMES; t++) {
		c.mean[t] = .02 * pow(600, (double)t / (THEMES - 1)); /* from 3 in a week to 12 in an hour */
		for (int a = 0; a < AREAS; a++)
			c.share[t][a] = .12;
	}
	for (int h = 0; h < HOURS + START; h++) {
		if (h % 24 == 0) {
			of_day = luck(.15);
			for (int t = 0; t < THEMES; t++)
				of_theme[t] = luck(.2);
		}
		for (int t = 0; t < THEMES; t++) {
			double mean = c.mean[t] * busy(c.first + h) * of_day * of_theme[t] * luck(.1), elsewhere = 1;

			for (int a = 0; a < AREAS; a++) {
				add(t, a, h, poisson(mean * c.share[t][a]));
				elsewhere -= c.share[t][a];
			}
			add(t, -1, h, poisson(mean * elsewhere));
		}
	}
}

/* what is usual in the two hours from a minute on */
static double usual_in(int theme, int64_t start)
{
	double n = 0;

	for (int m = 0; m < 120; m++)
		n += c.mean[theme] / 60 * busy(c.first + (start + m) / 60);
	return n;
}

/* large: at least 20 questions more in two hours, and four times what is usual there; two of three in one area */
static void plant(void)
{
	for (int i = 0; i < EVENTS; i++) {
		struct event *e = &c.events[i];

		*e = (struct event){.theme = prng_below(&chance, THEMES), .area = prng_below(&chance, 3) ? prng_below(&chance, AREAS) : -1};
		e->start = (START + 24 + (int64_t)i * (HOURS - 100) / EVENTS) * 60 + prng_below(&chance, 24 * 60);
		e->extra = fmax(20, 3 * usual_in(e->theme, e->start));
	}
}

static struct signal_series series_at(const short *count, int h)
{
	struct signal_series s = {.hour = c.first + h, .weeks = h / SIGNAL_WEEK};

	for (int i = 0; i < SIGNAL_DAY; i++) {
		int at = h - SIGNAL_DAY + 1 + i;

		s.now[i] = count[at];
		for (int w = 0; w < SIGNAL_WEEKS; w++)
			s.before[w][i] = at >= (w + 1) * SIGNAL_WEEK ? count[at - (w + 1) * SIGNAL_WEEK] : 0;
	}
	return s;
}

/* as who counts does: a series is looked at when something was heard of it in this hour */
static bool alarmed(int series, int h)
{
	struct signal_series s;
	int day = 0;

	for (int i = 0; i < SIGNAL_DAY; i++)
		day += c.count[series][h - i];
	if (c.count[series][h] == 0 || day < SIGNAL_LEAST)
		return false;
	s = series_at(c.count[series], h);
	return signal_judge(&s, signal_alpha(SIGNAL_FALSE_ALARMS, SERIES)).is;
}

/* an event comes, and is looked for at the end of its second hour, in the middle of an hour; then the rest of it comes */
static void happen(struct event *e)
{
	int h = (int)(e->start / 60), minute = (int)(e->start % 60), last = h + 2;
	short rest[2], *theme = c.count[series_of(e->theme, -1)], *area = e->area < 0 ? NULL : c.count[series_of(e->theme, e->area)];
	int parts[3] = {60 - minute, 60, minute};

	for (int i = 0; i < 3; i++)
		add(e->theme, e->area, h + i, poisson(e->extra * parts[i] / 120));
	rest[0] = theme[last];
	rest[1] = area ? area[last] : 0;
	/* of the hour that goes on only its part is there */
	theme[last] = (short)(theme[last] * minute / 60);
	if (area)
		area[last] = (short)(area[last] * minute / 60);
	for (int i = 0; i < 3; i++)
		e->found |= alarmed(series_of(e->theme, -1), h + i) || (area && alarmed(series_of(e->theme, e->area), h + i));
	theme[last] = rest[0];
	if (area)
		area[last] = rest[1];
	for (int i = 3; i < 9; i++)
		add(e->theme, e->area, h + i, poisson(e->extra / 4));
}

/* is this series, or what it is a part of, having an event, or had it within a day? */
static bool explained(int theme, int h)
{
	for (int i = 0; i < EVENTS; i++) {
		int start = (int)(c.events[i].start / 60);

		if (c.events[i].theme == theme && h >= start && h < start + 9 + SIGNAL_DAY)
			return true;
	}
	return false;
}

static int false_alarms(bool with_events)
{
	int n = 0;

	for (int t = 0; t < THEMES; t++) {
		bool on = false;       /* one signal of a theme at a time */

		for (int h = START; h < START + HOURS; h++) {
			bool now = alarmed(series_of(t, -1), h);

			for (int a = 0; a < AREAS && !now; a++)
				now = alarmed(series_of(t, a), h);
			n += now && !on && !(with_events && explained(t, h));
			on = now;
		}
	}
	return n;
}

START_TEST(years)
{
	const char *more = getenv("LOKET_SIGNAL_SEEDS"), *first = getenv("LOKET_SIGNAL_SEED");
	int n = more ? atoi(more) : 1, found = 0, wrong = 0;

	for (int i = 0; i < n; i++) {
		usual_years((first ? strtoull(first, NULL, 10) : 20261122) + (uint64_t)i);
		plant();
		for (int e = 0; e < EVENTS; e++) {
			happen(&c.events[e]);
			found += c.events[e].found;
		}
		wrong += false_alarms(true);
	}
	fprintf(stderr, "# %d series, %d times %d years: %d of %d events found within two hours, %.2f false alarms a week\n", SERIES,
	        n, YEARS, found, EVENTS * n, wrong / (52.0 * YEARS * n));
	ck_assert_int_ge(found * 100, 95 * EVENTS * n);
	ck_assert_int_le(wrong, 52 * YEARS * n);
	free(c.count);
	c.count = NULL;
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {years};

	return unit_run("signal", tests, COUNT(tests));
}
