/* route_words.c - the words, and which of them hold */
#include "lib/core/route_words.h"

#include "lib/base/when.h"

#include <stdio.h>
#include <string.h>

enum { MINUTE_US = 60000000, LOOK_MINUTES = 4 * 1440 };

/* ---------------------------------------------------------------- words */

static const char *const rules[N_RULES] = {
	[RULE_LONGEST_IDLE] = "{wie} kon deze vraag doen en had het langst niets nieuws gekregen.",
	[RULE_MOST_URGENT] = "Van alles wat {wie} kon doen, was deze vraag het dringendst.",
	[RULE_WANTED] = "Er is om {wie} gevraagd toen de vraag werd overgedragen.",
	[RULE_NOBODY_HAS_SKILL] = "Er is niemand aanwezig die deze vraag kan afmaken.",
	[RULE_NOBODY_FREE] = "Niemand die deze vraag mag doen, heeft nu tijd.",
	[RULE_OPTION0_COACH] =
		"De inwoner vroeg om hulp van een mens. Daarom ging de vraag naar een digicoach: {wie}.",
	[RULE_ONLY_ONE] = "{wie} was de enige die deze vraag kon afmaken en tijd had.",
	[RULE_BEST_FIX] = "Meer mensen konden deze vraag doen. Het systeem koos {wie}. Wat telt: de kans dat "
			  "de vraag in één keer "
			  "klaar is, wie de vraag al kende en hoe druk iedereen het had.",
	[RULE_LOWEST_ID] = "Meer mensen waren even geschikt en even lang vrij. Dan kiest het systeem op "
			   "volgorde: {wie}.",
	[RULE_HELD] = "Deze vraag heeft geen haast. Het systeem wacht nog even, zodat de kans groter is dat "
		      "de vraag in één keer "
		      "klaar is.",
	[RULE_OVERDUE] = "Deze vraag wachtte te lang en ging daarom voor. {wie} had tijd.",
	[RULE_OLDEST] = "Van alles wat {wie} kon doen, wachtte deze vraag het langst.",
};

static const char *const whys[N_WHY] = {
	[WHY_OK] = "{wie} kon deze vraag ook doen, maar het systeem koos iemand anders.",
	[WHY_NOT_READY] = "{wie} stond niet op beschikbaar.",
	[WHY_NO_MUNICIPALITY] = "{wie} werkt niet voor deze gemeente.",
	[WHY_NO_CHANNEL] = "{wie} werkt niet op dit kanaal.",
	[WHY_NO_LANGUAGE] = "{wie} spreekt de taal van de inwoner niet.",
	[WHY_NO_PRODUCT] = "{wie} doet geen vragen over dit product.",
	[WHY_NOT_COACH] = "De inwoner vroeg om hulp van een mens. {wie} is geen digicoach.",
	[WHY_FULL] = "{wie} had al zoveel vragen als kan.",
	[WHY_ASKED] = "{wie} kreeg net een andere vraag aangeboden.",
	[WHY_DECLINED] = "{wie} had deze vraag kort daarvoor niet aangenomen.",
	[WHY_NOT_WANTED] = "Er is om iemand anders gevraagd.",
	[WHY_NOT_TEAM] = "Er is om een ander team gevraagd. {wie} hoort daar niet bij.",
	[WHY_UNFAMILIAR] =
		"{wie} kent deze gemeente nog niet. Dat telt pas niet meer als een vraag lang wacht.",
	[WHY_HELD] = "Deze vraag had geen haast. Het systeem wachtte nog even met kiezen.",
};

static const char *const waits[N_ROUTE_WAITS] = {
	[WAIT_CLOSED] = "Het was gesloten vanaf {van}. De vraag kan verder als het open is, vanaf {tot}.",
	[WAIT_NO_SKILL] =
		"Vanaf {van} was er niemand aanwezig die deze vraag kan afmaken. Dat duurde tot {tot}.",
	[WAIT_HELD] = ("De vraag had geen haast. Het systeem wachtte tot {tot}, zodat de kans groter was dat de vraag in "
		       "één keer klaar is."),
	[WAIT_DECLINED] = "{wie} kreeg de vraag om {van} en nam hem niet aan.",
	[WAIT_NOT_ANSWERED] = "{wie} kreeg de vraag om {van} en gaf geen antwoord.",
	[WAIT_WITHDRAWN] = "{wie} kreeg de vraag om {van}, maar kon hem toen niet meer doen.",
	[WAIT_HAD] = "{wie} had de vraag eerst, vanaf {van}.",
	[WAIT_WANTED] = "De vraag wachtte op {wie}, omdat daarom is gevraagd.",
	[WAIT_BUSY] = "Niemand die deze vraag mocht doen, had tijd.",
	[WAIT_BUSY_REST] = "In de rest van de tijd had niemand tijd die deze vraag mocht doen.",
};

/* who has it without being asked */
static const char *const unasked[2] = {
	"{wie} voerde deze vraag zelf in en had hem daarom meteen.",
	"De inwoner vroeg dit in het openbaar. Het webcareteam deed deze vraag zelf.",
};

/* nobody is asked: it waits for who it was handed on to */
static const char *const wishes[2] = {
	"Er is om {wie} gevraagd toen de vraag werd overgedragen. Die is er nu niet, of heeft geen tijd.",
	"Er is om een ander team gevraagd toen de vraag werd overgedragen. Daar heeft nu niemand tijd.",
};

static const char *const states[N_CASE_STATES] = {
	[CASE_QUEUED] = "De vraag wacht op een medewerker.",
	[CASE_OFFERED] = "De vraag is aangeboden aan een medewerker. Die heeft nog niet geantwoord.",
	[CASE_ASSIGNED] = "Een medewerker heeft de vraag.",
	[CASE_TRIAGE] = "De inwoner vroeg dit in het openbaar. Het webcareteam kijkt er eerst naar.",
	[CASE_SCHEDULED] = "Er is afgesproken om de inwoner te bellen. De vraag wacht op dat moment.",
	[CASE_CLOSED] = "De vraag is gesloten.",
};

static const char *word(const char *const *words, unsigned i, unsigned n)
{
	return i < n ? words[i] : NULL;
}

const char *route_words_rule(enum route_rule r)
{
	return word(rules, (unsigned)r, N_RULES);
}

const char *route_words_why(enum route_why w)
{
	return word(whys, (unsigned)w, N_WHY);
}

const char *route_words_unasked(bool in_public)
{
	return unasked[in_public];
}

const char *route_words_wish(bool team)
{
	return wishes[team];
}

const char *route_words_wait(enum route_wait w)
{
	return word(waits, (unsigned)w, N_ROUTE_WAITS);
}

const char *route_words_state(enum case_state s)
{
	return word(states, (unsigned)s, N_CASE_STATES);
}

/* ---------------------------------------------------------------- filled in */

/* "14.05 uur", "21 november 14.05 uur"; 0: it is not over */
static const char *moment(struct arena *a, int64_t us, int64_t at_us)
{
	int64_t year, day;
	int minute, m, d;

	if (us == 0)
		return "nu";
	day = hours_local_day(us, &minute);
	if (day == hours_local_day(at_us, NULL))
		return arena_printf(a, "%d.%02d uur", minute / 60, minute % 60);
	when_date(day, &year, &m, &d);
	return arena_printf(a, "%d %s %d.%02d uur", d, when_month_name(m), minute / 60, minute % 60);
}

/* who is not known begins a sentence with a capital */
static const char *name(const char *who, bool first)
{
	return who ? who : first ? "Een collega" : "een collega";
}

const char *route_say(struct arena *a, const char *words, const char *who, int64_t from_us, int64_t until_us,
		      int64_t at_us)
{
	const char *out = "", *field;

	while ((field = strchr(words, '{')) != NULL) {
		const char *value = !strncmp(field, "{wie}", 5)   ? name(who, *out == '\0' && field == words)
				    : !strncmp(field, "{van}", 5) ? moment(a, from_us, at_us)
								  : moment(a, until_us, at_us);

		out = arena_join(a, out, arena_dup(a, words, (size_t)(field - words)), value, NULL);
		words = field + 5;
	}
	return arena_join(a, out, words, NULL);
}

/* the largest unit that says enough, rounded down: nobody cares for the seconds of a day */
const char *route_say_wait(struct arena *a, int64_t from_us, int64_t until_us)
{
	long long s = until_us > from_us ? (until_us - from_us) / WHEN_SECOND_US : 0;

	if (s < ROUTE_AT_ONCE_S)
		return "De vraag is meteen aangeboden.";
	if (s < 120)
		return arena_printf(a, "De vraag wachtte %lld seconden.", s);
	if (s < 7200)
		return arena_printf(a, "De vraag wachtte %lld minuten.", s / 60);
	if (s < 172800)
		return arena_printf(a, "De vraag wachtte %lld uur.", s / 3600);
	return arena_printf(a, "De vraag wachtte %lld dagen.", s / 86400);
}

/* ---------------------------------------------------------------- what made it wait */

struct delays {
	const struct route_waited *w;
	struct route_delay *out;
	int n, max;
	int64_t explained_us;
};

static void add(struct delays *d, enum route_wait why, struct agent_id agent, int64_t from_us,
		int64_t until_us)
{
	int64_t end = until_us && until_us < d->w->until_us ? until_us : d->w->until_us;
	bool rest = why == WAIT_BUSY_REST || why == WAIT_WANTED;
	int at = d->n;

	if (end > from_us)
		d->explained_us += end - from_us;
	if (d->n == d->max)
		return;
	while (at > 0 && !rest && d->out[at - 1].from_us > from_us)
		at--;
	memmove(&d->out[at + 1], &d->out[at], (size_t)(d->n++ - at) * sizeof(*d->out));
	d->out[at] = (struct route_delay){why, agent, from_us, until_us};
}

/* the first time that it was closed meanwhile. People may work outside the hours: then it says nothing */
static void add_closed(struct delays *d)
{
	const struct route_waited *w = d->w;
	static const struct agent_id nobody;

	for (int i = 0; w->hours && i < LOOK_MINUTES; i++) {
		int64_t us = w->from_us + i * (int64_t)MINUTE_US, opens;

		if (us >= w->until_us)
			return;
		if (hours_open(w->hours, us))
			continue;
		opens = hours_next_open(w->hours, us);
		if (opens <= w->until_us || w->rule == RULE_NOBODY_HAS_SKILL)
			add(d, WAIT_CLOSED, nobody, us, opens);
		return;
	}
}

static void add_no_skill(struct delays *d)
{
	const struct route_waited *w = d->w;
	static const struct agent_id nobody;

	for (int i = 0; i < w->n_no_skill; i++) {
		const struct route_span *s = &w->no_skill[i];
		int64_t from = s->from_us > w->from_us ? s->from_us : w->from_us;
		int64_t end = s->until_us && s->until_us < w->until_us ? s->until_us : w->until_us;

		if (end - from >= ROUTE_AT_ONCE_S * WHEN_SECOND_US)
			add(d, WAIT_NO_SKILL, nobody, from, s->until_us);
	}
}

/* those of this wait that came to nothing; false when somebody had it meanwhile */
static bool add_offers(struct delays *d)
{
	static const enum route_wait ends[N_OFFER_ENDS] = {
		[OFFER_OPEN] = WAIT_NOT_ANSWERED,   [OFFER_ACCEPTED] = WAIT_HAD,
		[OFFER_DECLINED] = WAIT_DECLINED,   [OFFER_EXPIRED] = WAIT_NOT_ANSWERED,
		[OFFER_WITHDRAWN] = WAIT_WITHDRAWN,
	};
	const struct route_waited *w = d->w;
	bool had = false;

	for (int i = 0; i < w->n_offers; i++) {
		const struct route_offer *o = &w->offers[i];

		if (o->ended_us == 0 || o->made_us < w->from_us || o->ended_us > w->until_us)
			continue;
		had |= o->end == OFFER_ACCEPTED;
		add(d, ends[o->end], o->agent, o->made_us, o->ended_us);
	}
	return !had;
}

int route_delays(const struct route_waited *w, struct route_delay *out, int max)
{
	struct delays d = {.w = w, .out = out, .max = max};
	static const struct agent_id nobody;
	bool known;

	if (w->until_us - w->from_us < ROUTE_AT_ONCE_S * WHEN_SECOND_US)
		return 0;
	add_closed(&d);
	add_no_skill(&d);
	if (w->held_us >= w->from_us && w->held_us < w->until_us && w->held_us)
		add(&d, WAIT_HELD, nobody, w->held_us, w->rule == RULE_HELD ? 0 : w->until_us);
	known = add_offers(&d);
	if (!known && !uuid_is_nil(w->wanted.u) && w->rule != RULE_WANTED)
		add(&d, WAIT_WANTED, w->wanted, w->from_us, w->until_us);
	if (!known || w->until_us - w->from_us - d.explained_us < ROUTE_AT_ONCE_S * WHEN_SECOND_US)
		return d.n;
	if (!uuid_is_nil(w->wanted.u))
		add(&d, WAIT_WANTED, w->wanted, w->from_us, w->until_us);
	else if (w->rule != RULE_NOBODY_HAS_SKILL)
		add(&d, d.n > 0 ? WAIT_BUSY_REST : WAIT_BUSY, nobody, w->from_us, w->until_us);
	return d.n;
}

/* ---------------------------------------------------------------- names as recorded */

int route_rule_from(const char *s)
{
	for (int i = 0; s && i < N_RULES; i++)
		if (!strcmp(route_rule_name((enum route_rule)i), s))
			return i;
	return -1;
}

int route_why_from(const char *s)
{
	for (int i = 0; s && i < N_WHY; i++)
		if (!strcmp(route_why_name((enum route_why)i), s))
			return i;
	return -1;
}

int route_offer_end_from(const char *s)
{
	static const char *const names[N_OFFER_ENDS] = {"made", "accepted", "declined", "expired",
							"withdrawn"};

	for (int i = 0; s && i < N_OFFER_ENDS; i++)
		if (!strcmp(names[i], s))
			return i;
	return -1;
}
