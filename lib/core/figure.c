/* figure.c - the table of figures, and the sums that they follow from */
#include "lib/core/figure.h"

#include "lib/core/survey.h"

#include <math.h>
#include <string.h>

static const char *const sum_names[N_FIGURE_SUMS] = {
	"cases",   "digital", "assisted", "personal", "option0",  "taken",    "transferred",
	"waited",  "in_time", "timed",    "bucket",   "bucket2",  "calls",    "missed",
	"judged",  "fixed",   "finished", "reopened", "day_over", "in_day",   "week_over",
	"in_week", "asked",   "graded",   "grade",    "grade2",   "promises", "kept",
};

/* clang-format off */
const struct figure figures[] = {
	{"cases", "Aantal vragen",
	 "Alle vragen die in deze periode begonnen. Spam telt niet mee. Vragen die bij elkaar horen, tellen als één vraag.",
	 FIGURE_COUNT, SUM_CASES, SUM_CASES, 0, 0, 0, false},
	{"serviceLevel", "Op tijd geholpen",
	 "Het deel van de mensen dat binnen de norm van het kanaal iemand kreeg. Wie ophing terwijl hij wachtte, telt als niet op "
	 "tijd. Wie teruggebeld wilde worden, telt hier niet mee: zie beloftes.",
	 FIGURE_SHARE, SUM_IN_TIME, SUM_WAITED, 0, 1, 0.8, false},
	{"waitMedian", "Wachttijd van de middelste vraag",
	 "De helft van de mensen wachtte korter dan dit tot een medewerker de vraag oppakte, de andere helft langer.",
	 FIGURE_SECONDS, SUM_TIMED, SUM_TIMED, 0.5, -1, 0, false},
	{"waitP90", "Wachttijd van 9 van de 10 vragen",
	 "Negen van de tien mensen wachtten korter dan dit tot een medewerker de vraag oppakte.",
	 FIGURE_SECONDS, SUM_TIMED, SUM_TIMED, 0.9, -1, 0, false},
	{"abandoned", "Gemiste telefoontjes",
	 "Het deel van de telefoontjes waarbij de beller ophing voordat iemand opnam, zonder dat wij beloofden terug te bellen.",
	 FIGURE_SHARE, SUM_MISSED, SUM_CALLS, 0, -1, 0, false},
	{"firstTimeFix", "In één keer goed geholpen",
	 "Het deel van de vragen dat in één keer klaar was: niet doorgegeven, niet opnieuw geopend, geen open belofte, en binnen "
	 "vijf werkdagen kwam niemand erop terug. Wij weten het pas na die vijf werkdagen.",
	 FIGURE_SHARE, SUM_FIXED, SUM_JUDGED, 0, 1, 0.8, true},
	{"transfers", "Doorgegeven aan een ander",
	 "Het deel van de opgepakte vragen dat naar een andere medewerker ging.",
	 FIGURE_SHARE, SUM_TRANSFERRED, SUM_TAKEN, 0, -1, 0, true},
	{"repeatContacts", "Opnieuw contact over hetzelfde",
	 "Het deel van de afgeronde vragen dat later weer open ging, bijvoorbeeld omdat iemand er opnieuw over belde of schreef.",
	 FIGURE_SHARE, SUM_REOPENED, SUM_FINISHED, 0, -1, 0, true},
	{"answeredDay", "Antwoord binnen een dag",
	 "Het deel van de vragen waarop binnen 24 uur een mens antwoord gaf of die toen klaar waren. Vragen van korter dan een dag "
	 "geleden tellen nog niet mee.",
	 FIGURE_SHARE, SUM_IN_DAY, SUM_DAY_OVER, 0, 1, 0, false},
	{"answeredWeek", "Antwoord binnen een week",
	 "Het deel van de vragen waarop binnen zeven dagen een mens antwoord gaf of die toen klaar waren. Vragen van korter dan een "
	 "week geleden tellen nog niet mee.",
	 FIGURE_SHARE, SUM_IN_WEEK, SUM_WEEK_OVER, 0, 1, 0, false},
	{"digital", "Zelf digitaal",
	 "Het deel van de vragen dat digitaal binnenkwam, zonder hulp van een digitale coach.",
	 FIGURE_SHARE, SUM_DIGITAL, SUM_CASES, 0, 0, 0, false},
	{"assisted", "Digitaal met hulp",
	 "Het deel van de vragen dat digitaal binnenkwam en waarbij een digitale coach hielp.",
	 FIGURE_SHARE, SUM_ASSISTED, SUM_CASES, 0, 0, 0, false},
	{"personal", "Persoonlijk contact",
	 "Het deel van de vragen aan de telefoon of aan de balie.",
	 FIGURE_SHARE, SUM_PERSONAL, SUM_CASES, 0, 0, 0, false},
	{"option0", "Hulp gevraagd (optie 0)",
	 "Het deel van de vragen waarbij iemand hulp van een mens vroeg om het digitaal te doen.",
	 FIGURE_SHARE, SUM_OPTION0, SUM_CASES, 0, 0, 0, false},
	{"satisfaction", "Tevredenheid",
	 "Het gemiddelde cijfer van 1 tot 10. Kijk ook hoeveel mensen een cijfer gaven: wie niets invulde, denkt er misschien "
	 "anders over.",
	 FIGURE_GRADE, SUM_GRADE, SUM_GRADED, 0, 1, SURVEY_TARGET, true},
	{"response", "Reacties op de vraag om een cijfer",
	 "Het deel van de mensen aan wie wij om een cijfer vroegen en die er een gaven.",
	 FIGURE_SHARE, SUM_GRADED, SUM_ASKED, 0, 1, 0, false},
	{"promisesKept", "Beloftes op tijd nagekomen",
	 "Het deel van de beloofde telefoontjes en acties dat klaar was op het moment dat wij hadden beloofd, en binnen de termijn van "
	 "de wet. Verlengt de gemeente die termijn, dan telt de nieuwe. Beloftes waarvan het moment nog komt, tellen nog niet mee.",
	 FIGURE_SHARE, SUM_KEPT, SUM_PROMISES, 0, 1, 0, true},
};
/* clang-format on */
const int n_figures = sizeof figures / sizeof *figures;
_Static_assert(sizeof figures / sizeof *figures <= FIGURES_MAX, "a group has limits of each");

const char *figure_sum_name(enum figure_sum s)
{
	return sum_names[s];
}

const char *figure_unit_name(enum figure_unit u)
{
	static const char *const names[N_FIGURE_UNITS] = {"count", "share", "grade", "seconds"};

	return names[u];
}

int figure_find(const char *id)
{
	for (int i = 0; i < n_figures; i++)
		if (strcmp(figures[i].id, id) == 0)
			return i;
	return -1;
}

double figure_bucket_s(int bucket)
{
	return exp2(bucket / 4.0) - 1;
}

static double quantile(const struct figure_sums *s, double q)
{
	double all = 0, passed = 0;

	for (int i = 0; i < FIGURE_BUCKETS; i++)
		all += s->waits[i];
	for (int i = 0; i < FIGURE_BUCKETS; i++) {
		passed += s->waits[i];
		if (passed >= q * all && passed > 0)
			return figure_bucket_s(i);
	}
	return 0;
}

/* a grade as sums; a share is the mean of as many 0 and 1; of a wait its bucket, so that a day does not
 * outweigh a hundred minutes */
static struct compare_sums spread(const struct figure *f, const struct figure_sums *s)
{
	double n = s->of[f->among], sum = s->of[f->sum];

	switch (f->unit) {
	case FIGURE_GRADE:
		return (struct compare_sums){n, sum, s->of[SUM_GRADE2]};
	case FIGURE_SECONDS:
		return (struct compare_sums){n, s->of[SUM_BUCKET], s->of[SUM_BUCKET2]};
	default:
		return (struct compare_sums){n, sum, sum};
	}
}

static struct figure_value bounded(double n, double value, struct compare_interval i)
{
	return (struct figure_value){n, value, i.known, i.low, i.high};
}

struct figure_value figure_read(const struct figure *f, const struct figure_sums *s)
{
	struct compare_sums x = spread(f, s);

	if (f->unit == FIGURE_COUNT)
		return (struct figure_value){.n = x.n, .value = x.n};
	if (x.n <= 0)
		return (struct figure_value){0};
	if (f->unit == FIGURE_SECONDS)
		return (struct figure_value){.n = x.n, .value = quantile(s, f->quantile)};
	if (f->unit == FIGURE_GRADE)
		return bounded(x.n, x.sum / x.n, compare_mean(x));
	return bounded(x.n, x.sum / x.n, compare_share((struct compare_share){x.sum, x.n}));
}

bool figure_shown(const struct figure *f, const struct figure_group *g, double n)
{
	return f->unit == FIGURE_COUNT ||
	       (n >= FIGURE_LEAST && (!f->of_agents || g->agents >= FIGURE_LEAST_AGENTS));
}

bool figure_met(const struct figure *f, double target, double value)
{
	return f->better < 0 ? value <= target : value >= target;
}

bool figure_difference(const struct figure *f, const struct figure_group *g, double *more)
{
	struct figure_value now = figure_read(f, &g->now), then = figure_read(f, &g->baseline);

	if (!g->has_baseline || !figure_shown(f, g, now.n) || !figure_shown(f, g, then.n) ||
	    (f->unit == FIGURE_COUNT && !g->as_long))
		return false;
	*more = now.value - then.value;
	return true;
}

struct control_limits figure_limits(const struct figure *f, const struct figure_sums *const *weeks, int n,
				    const struct figure_sums *now, double length)
{
	static const struct figure_sums nothing;
	struct compare_sums points[FIGURE_WEEKS];
	double counts[FIGURE_WEEKS];
	struct control_limits l;

	n = n < FIGURE_WEEKS ? n : FIGURE_WEEKS;
	for (int i = 0; i < n; i++) {
		points[i] = spread(f, weeks[i] ? weeks[i] : &nothing);
		counts[i] = points[i].n;
	}
	if (f->unit == FIGURE_COUNT)
		return control_counts(counts, n, length);
	l = control_limits(points, n, now->of[f->among]);
	if (l.known && f->unit == FIGURE_SHARE) {
		l.low = fmax(l.low, 0);
		l.high = fmin(l.high, 1);
	}
	return l;
}

bool figure_deviates(const struct figure *f, struct control_limits l, const struct figure_sums *now)
{
	struct compare_sums x = spread(f, now);

	if (x.n <= 0)
		return false;
	return control_deviates(l, f->unit == FIGURE_COUNT ? x.n : x.sum / x.n);
}
