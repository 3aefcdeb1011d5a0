/*
 * test_route_words.c GOLDEN - all words that explain a decision, and waits with what made them, compared with
 * the picture in tests/golden. A rule, reason, state or wait without words fails whatever the picture says.
 *
 * Run with one argument "-" to print a new picture.
 */
#include "tests/unit/route_world.h"

#include "lib/core/route_words.h"

#include "lib/base/when.h"

#include <stdarg.h>
#include <stdio.h>

enum { PICTURE_BYTES = 32768 };

static char now[PICTURE_BYTES], golden[PICTURE_BYTES];
static size_t n_now;
static int n_missing;
static struct arena *arena;

/* Monday 23 November 2026, 10:00 in Amsterdam */
#define MONDAY_10 (INT64_C(1795424400) * WHEN_SECOND_US)
#define MINUTES(n) ((n)*60 * WHEN_SECOND_US)

__attribute__((format(printf, 1, 2))) static void draw(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	n_now += (size_t)vsnprintf(now + n_now, sizeof(now) - n_now, fmt, args);
	va_end(args);
}

static void draw_words(const char *code, const char *words)
{
	n_missing += !words || !*code;
	draw("%-15s %s\n", code, words ? words : "MISSING");
}

static void draw_all_words(void)
{
	static const char *const waits[N_ROUTE_WAITS] = {"closed",      "noSkill",   "held", "declined",
							 "notAnswered", "withdrawn", "had",  "wanted",
							 "busy",        "busyRest"};

	draw("# who was chosen, by rule\n");
	for (int i = 0; i < N_RULES; i++)
		draw_words(route_rule_name((enum route_rule)i), route_words_rule((enum route_rule)i));
	draw("\n# nobody was asked\n");
	draw_words("typedIn", route_words_unasked(false));
	draw_words("public", route_words_unasked(true));
	draw("\n# nobody, because of who was asked for\n");
	draw_words("wantedAgent", route_words_wish(false));
	draw_words("wantedTeam", route_words_wish(true));
	draw("\n# why not somebody\n");
	for (int i = 0; i < N_WHY; i++)
		draw_words(route_why_name((enum route_why)i), route_words_why((enum route_why)i));
	draw("\n# why it waited\n");
	for (int i = 0; i < N_ROUTE_WAITS; i++)
		draw_words(waits[i], route_words_wait((enum route_wait)i));
	draw("\n# where it is now\n");
	for (int i = 0; i < N_CASE_STATES; i++)
		draw_words(case_state_name((enum case_state)i), route_words_state((enum case_state)i));
}

static const char *name_of(struct agent_id a)
{
	static const char *const names[] = {NULL, "Anna", "Bram"};

	return names[a.u.b[15] < 3 ? a.u.b[15] : 0];
}

static void draw_wait(const char *title, const struct route_waited *w)
{
	struct route_delay delays[ROUTE_MAX_DELAYS];
	int n = route_delays(w, delays, ROUTE_MAX_DELAYS);

	draw("\n# %s\n%s\n", title, route_say_wait(arena, w->from_us, w->until_us));
	for (int i = 0; i < n; i++)
		draw("%s\n", route_say(arena, route_words_wait(delays[i].why), name_of(delays[i].agent),
				       delays[i].from_us, delays[i].until_us, w->until_us));
}

static struct route_waited waited(int64_t from_us, int64_t until_us, enum route_rule rule)
{
	return (struct route_waited){.from_us = from_us, .until_us = until_us, .rule = rule};
}

static struct route_offer offer(unsigned agent, enum route_offer_end end, int64_t made_us, int64_t ended_us)
{
	return (struct route_offer){{numbered(agent)}, end, made_us, ended_us};
}

static void draw_waits(void)
{
	const int64_t t = MONDAY_10;
	const struct hours hours = hours_defaults();
	struct route_waited w = waited(t, t + 9 * WHEN_SECOND_US, RULE_ONLY_ONE);
	struct route_span none[2] = {{t - MINUTES(5), t + MINUTES(3)}, {t + MINUTES(8), 0}};
	struct route_offer offers[3];

	draw_wait("at once", &w);

	w = waited(t, t + 45 * WHEN_SECOND_US, RULE_BEST_FIX);
	draw_wait("who can was busy", &w);

	w = waited(t, t + MINUTES(12), RULE_ONLY_ONE);
	w.no_skill = none;
	w.n_no_skill = 1;
	draw_wait("nobody with the skill for a while, then busy", &w);

	w = waited(t, t + MINUTES(12), RULE_NOBODY_HAS_SKILL);
	w.no_skill = none;
	w.n_no_skill = 2;
	draw_wait("nobody with the skill, twice, and still not", &w);
	w = waited(t + MINUTES(4), t + MINUTES(7), RULE_ONLY_ONE);
	w.no_skill = none;
	w.n_no_skill = 2;
	draw_wait("nobody with the skill before it came and after it went", &w);

	none[0] = (struct route_span){t - MINUTES(5), t + 9 * WHEN_SECOND_US};
	w = waited(t, t + MINUTES(12), RULE_ONLY_ONE);
	w.no_skill = none;
	w.n_no_skill = 1;
	draw_wait("nobody with the skill for some seconds: that is not what it waited for", &w);

	w = waited(t, t + MINUTES(40), RULE_ONLY_ONE);
	w.held_us = t + WHEN_SECOND_US;
	draw_wait("held for a better chance", &w);
	w.rule = RULE_HELD;
	draw_wait("held, and still", &w);

	offers[0] = offer(1, OFFER_EXPIRED, t + MINUTES(1), t + MINUTES(1) + 15 * WHEN_SECOND_US);
	offers[1] = offer(2, OFFER_DECLINED, t + MINUTES(3), t + MINUTES(3) + 4 * WHEN_SECOND_US);
	offers[2] = offer(9, OFFER_WITHDRAWN, t + MINUTES(4), t + MINUTES(4) + 4 * WHEN_SECOND_US);
	w = waited(t, t + MINUTES(5), RULE_ONLY_ONE);
	w.offers = offers;
	w.n_offers = 3;
	draw_wait("offers that came to nothing, one to who is gone", &w);

	w.no_skill = none + 1;
	w.n_no_skill = 1;
	w.until_us = t + MINUTES(9);
	offers[1].made_us = t + WHEN_SECOND_US;
	draw_wait("in the order of time, whatever is known first", &w);

	offers[0] = offer(1, OFFER_ACCEPTED, t + MINUTES(1), t + MINUTES(1) + 2 * WHEN_SECOND_US);
	w = waited(t, t + MINUTES(90), RULE_WANTED);
	w.wanted = (struct agent_id){numbered(2)};
	w.offers = offers;
	w.n_offers = 1;
	draw_wait("somebody had it first", &w);
	w.rule = RULE_NOBODY_HAS_SKILL;
	draw_wait("somebody had it first, and now it waits for who was asked for", &w);
	w.rule = RULE_WANTED;
	w.n_offers = 0;
	draw_wait("for who was asked for", &w);
	w.offers = offers;
	w.n_offers = 1;
	w.from_us = t + MINUTES(80);
	w.wanted = (struct agent_id){0};
	draw_wait("the citizen came back: what was before does not count", &w);

	w = waited(t - MINUTES(15 * 60), t + MINUTES(20), RULE_ONLY_ONE);
	w.hours = &hours;
	draw_wait("came in when it was closed", &w);
	w = waited(t + MINUTES(6 * 60), t + MINUTES(24 * 60 + 5), RULE_ONLY_ONE);
	w.hours = &hours;
	draw_wait("over a night", &w);
	w = waited(t - MINUTES(15 * 60), t - MINUTES(14 * 60), RULE_ONLY_ONE);
	w.hours = &hours;
	draw_wait("somebody worked late", &w);
	w.rule = RULE_NOBODY_HAS_SKILL;
	draw_wait("closed, and still", &w);
}

static int names_come_back(void)
{
	for (int i = 0; i < N_RULES; i++)
		if (route_rule_from(route_rule_name((enum route_rule)i)) != i)
			return 0;
	for (int i = 0; i < N_WHY; i++)
		if (route_why_from(route_why_name((enum route_why)i)) != i)
			return 0;
	return route_rule_from("chance") == -1 && route_why_from(NULL) == -1 &&
	       route_offer_end_from("expired") == OFFER_EXPIRED && route_offer_end_from("") == -1 &&
	       !route_words_rule(N_RULES);
}

int main(int argc, char **argv)
{
	FILE *f;
	size_t n;

	arena = arena_new(1 << 20);
	draw_all_words();
	draw_waits();
	if (argc != 2 || strcmp(argv[1], "-") == 0) {
		fputs(now, stdout);
		arena_free(arena);
		return argc != 2;
	}
	f = fopen(argv[1], "r");
	n = f ? fread(golden, 1, sizeof(golden) - 1, f) : 0;
	if (n == 0) {
		fprintf(stderr, "cannot read %s\n", argv[1]);
		return 1;
	}
	fclose(f);
	puts("1..3");
	printf("%s 1 - words as in tests/golden/route_words.txt\n",
	       strcmp(now, golden) == 0 ? "ok" : "not ok");
	printf("%s 2 - everything has words\n", n_missing == 0 ? "ok" : "not ok");
	printf("%s 3 - names come back\n", names_come_back() ? "ok" : "not ok");
	arena_free(arena);
	return 0;
}
