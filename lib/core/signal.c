#include "lib/core/signal.h"

#include "lib/base/utf8.h"
#include "lib/core/guard.h"
#include "lib/core/hours.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SPREAD 0.2
#define GOES_ON 0.05

enum { EXAMPLE_BYTES = 300, ONGOING_HOURS = 3 };

static const int windows[SIGNAL_WINDOWS] = {1, 2, 3, 24};

int64_t signal_hour(int64_t us)
{
	int minute;
	int64_t day = hours_local_day(us, &minute);

	return day * 24 + minute / 60;
}

double signal_alpha(double false_alarms, int n_series)
{
	return false_alarms / ((double)SIGNAL_WEEK * SIGNAL_WINDOWS * (n_series > 0 ? n_series : 1));
}

/* ---------------------------------------------------------------- the weeks before */

static int sum(const int hours[SIGNAL_DAY], int window)
{
	int n = 0;

	for (int i = SIGNAL_DAY - window; i < SIGNAL_DAY; i++)
		n += hours[i];
	return n;
}

static int by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static double median(const int *of, int n)
{
	int sorted[SIGNAL_WEEKS], low = (n - 1) / 2, high = n / 2;

	memcpy(sorted, of, (size_t)n * sizeof *of);
	qsort(sorted, (size_t)n, sizeof *sorted, by_size);
	return (sorted[low] + sorted[high]) / 2.0;
}

static double chance_and_days(double mean, double spread2)
{
	return mean + mean * mean * spread2;
}

struct usual {
	int count[SIGNAL_WEEKS], n;
	double mean, cap;
};

/* the window in the weeks that count: not when the hour was on a holiday */
static struct usual usual_of(const struct signal_series *s, int window)
{
	struct usual u = {.n = 0};
	double k, total = 0.5;

	for (int w = 0; w < s->weeks && w < SIGNAL_WEEKS; w++)
		if (!hours_holiday((s->hour - (w + 1) * SIGNAL_WEEK) / 24, false))
			u.count[u.n++] = sum(s->before[w], window);
	if (u.n == 0)
		return u;
	k = median(u.count, u.n);
	u.cap = k + 3 * sqrt(chance_and_days(k, LEAST_SPREAD * LEAST_SPREAD) + 1);
	for (int w = 0; w < u.n; w++)
		total += fmin(u.count[w], u.cap);
	u.mean = total / u.n;
	return u;
}

/* c^2: how much more whole days differ from week to week than by chance */
static double spread_of(const struct usual *day)
{
	double squares = 0, least = LEAST_SPREAD * LEAST_SPREAD;

	for (int w = 0; w < day->n; w++)
		squares += pow(fmin(day->count[w], day->cap) - day->mean, 2);
	if (day->n < 2)
		return least;
	return fmax(least, (squares / (day->n - 1) - day->mean) / (day->mean * day->mean));
}

/* ---------------------------------------------------------------- chance */

/* of x or more, negative binomial by its mean and variance, which is above the mean. From x up, until it adds nothing */
static double tail(double mean, double variance, int x)
{
	double size = mean * mean / (variance - mean), p = mean / (mean + size), term, all;
	int sign;

	if (x <= 0)
		return 1;
	term = exp(lgamma_r(x + size, &sign) - lgamma_r(size, &sign) - lgamma_r(x + 1.0, &sign) + size * log1p(-p) + x * log(p));
	all = term;
	for (int k = x; term > all * 1e-9 && k < x + 100000; k++) {
		term *= (k + size) / (k + 1.0) * p;
		all += term;
	}
	return fmin(all, 1);
}

static double chance_of(const struct usual *u, double spread2, int count)
{
	return tail(u->mean, chance_and_days(u->mean, spread2) * (1 + 1.0 / u->n), count);
}

struct signal_verdict signal_judge(const struct signal_series *s, double alpha)
{
	struct signal_verdict v = {.chance = 1};
	struct usual day = usual_of(s, SIGNAL_DAY);
	double spread2;

	v.knows = day.n >= SIGNAL_LEAST_WEEKS;
	if (!v.knows || sum(s->now, SIGNAL_DAY) < SIGNAL_LEAST)
		return v;
	spread2 = spread_of(&day);
	for (int i = 0; i < SIGNAL_WINDOWS; i++) {
		struct usual u = usual_of(s, windows[i]);
		int count = sum(s->now, windows[i]);
		double chance;

		if (count < SIGNAL_LEAST || count <= u.mean)
			continue;
		chance = chance_of(&u, spread2, count);
		if (chance >= v.chance)
			continue;
		v.hours = windows[i];
		v.count = count;
		v.expected = u.mean;
		v.chance = chance;
		v.n_usual = u.n;
		memcpy(v.usual, u.count, sizeof v.usual);
	}
	v.is = v.chance < alpha;
	return v;
}

bool signal_goes_on(const struct signal_series *s)
{
	struct usual day = usual_of(s, SIGNAL_DAY), u = usual_of(s, ONGOING_HOURS);
	int count = sum(s->now, ONGOING_HOURS);

	return u.n > 0 && count > 0 && chance_of(&u, spread_of(&day), count) < GOES_ON;
}

/* ---------------------------------------------------------------- an example */

static bool is_any(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, list[i]))
			return true;
	return false;
}

/* a word folded, without what stands around it: "(Jansen)," is "jansen" */
static char *bare(struct arena *a, const char *word, size_t n)
{
	char *s = utf8_fold(a, arena_dup(a, word, n)), *end;

	if (!s)
		return arena_str(a, "");
	while (*s && ispunct((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s && ispunct((unsigned char)end[-1]); end--)
		end[-1] = '\0';
	return s;
}

static bool of_name(struct arena *a, const char *word, const char *name)
{
	const char *p = name ? utf8_fold(a, name) : NULL;
	size_t n = strlen(word);

	while (p && *p) {
		size_t len = strcspn(p, " \t,.-");

		if (n > 1 && len == n && !memcmp(p, word, n))
			return true;
		p += len;
		p += strspn(p, " \t,.-");
	}
	return false;
}

static bool tells_who(const char *word, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++)
		digits += isdigit((unsigned char)word[i]) != 0;
	return digits > 3 || memchr(word, '@', n) || (n > 7 && !strncasecmp(word, "http", 4)) ||
	       (n > 4 && !strncasecmp(word, "www.", 4));
}

enum naming { NOTHING, NAMING };

static const char *const titles[] = {"mevrouw", "mevr", "mw", "meneer", "mijnheer", "dhr", "heer", "fam", "familie", "heet",
	"naam", "groet", "groeten", "groetjes", "gr", "mvg"};
static const char *const between[] = {"is", "van", "de", "der", "den", "het", "ten", "ter", "vriendelijke"};

#define ANY(word, list) is_any(word, list, sizeof list / sizeof *list)

/* a capital, or a letter that is not ASCII */
static bool is_capital(const char *word)
{
	while (ispunct((unsigned char)*word))
		word++;
	return isupper((unsigned char)*word) || (unsigned char)*word >= 0x80;
}

const char *signal_example(struct arena *a, const char *text, const char *name)
{
	const char *p = guard_mask(a, utf8_clean(a, (struct bytes){(const uint8_t *)text, strlen(text)}, EXAMPLE_BYTES));
	char *out = arena_alloc(a, strlen(p) * 3 + 1), *end = out;
	enum naming naming = NOTHING;

	while (*(p += strspn(p, " \t\r\n"))) {
		size_t n = strcspn(p, " \t\r\n");
		const char *word = bare(a, p, n);
		bool hide = tells_who(p, n) || of_name(a, word, name) || (naming != NOTHING && is_capital(p));

		naming = ANY(word, titles) || (hide && naming != NOTHING) ? NAMING
			: naming != NOTHING && ANY(word, between) ? naming : NOTHING;
		if (end > out)
			*end++ = ' ';
		end = mempcpy(end, hide ? "…" : p, hide ? strlen("…") : n);
		p += n;
	}
	*end = '\0';
	return out;
}
