/* figure_page.c - the report of a quarter as HTML with drawings, and as CSV */
#include "lib/core/figure_page.h"

#include "lib/base/when.h"
#include "lib/core/hours.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- text that grows */

struct page {
	struct arena *a;
	char *text;
	size_t n, cap;
};

static void put(struct page *p, const char *s, size_t n)
{
	if (p->n + n + 1 > p->cap) {
		size_t cap = 2 * (p->n + n + 1);
		char *bigger = arena_alloc(p->a, cap);

		if (p->n > 0)
			memcpy(bigger, p->text, p->n);
		p->text = bigger;
		p->cap = cap;
	}
	memcpy(p->text + p->n, s, n);
	p->n += n;
	p->text[p->n] = '\0';
}

static void say(struct page *p, const char *s)
{
	put(p, s, strlen(s));
}

/* what is formatted is ours: numbers, and texts of our own */
__attribute__((format(printf, 2, 3))) static void sayf(struct page *p, const char *format, ...)
{
	char line[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	say(p, line);
}

/* text of others, as HTML */
static void quote(struct page *p, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '<':
			say(p, "&lt;");
			break;
		case '>':
			say(p, "&gt;");
			break;
		case '&':
			say(p, "&amp;");
			break;
		case '"':
			say(p, "&quot;");
			break;
		default:
			put(p, s, 1);
		}
}

/* ---------------------------------------------------------------- numbers and days as people say them */

enum { SHORT = 48 };

static const char *const quarter_names[] = {"eerste", "tweede", "derde", "vierde"};

static const char *count_text(double n, char out[SHORT])
{
	if (n >= 1000)
		snprintf(out, SHORT, "%.0f.%03d", floor(n / 1000), (int)fmod(n, 1000));
	else
		snprintf(out, SHORT, "%.0f", n);
	return out;
}

static const char *time_text(double s, char out[SHORT])
{
	if (s < 90)
		snprintf(out, SHORT, "%.0f seconden", s);
	else if (s < 90 * 60)
		snprintf(out, SHORT, "%.0f minuten", s / 60);
	else if (s < 36 * 3600)
		snprintf(out, SHORT, "%.0f uur", s / 3600);
	else
		snprintf(out, SHORT, "%.0f dagen", s / 86400);
	return out;
}

static const char *value_text(const struct figure *f, double value, char out[SHORT])
{
	switch (f->unit) {
	case FIGURE_SHARE:
		snprintf(out, SHORT, "%d,%d%%", (int)round(1000 * value) / 10, (int)round(1000 * value) % 10);
		return out;
	case FIGURE_GRADE:
		snprintf(out, SHORT, "%d,%d", (int)round(10 * value) / 10, (int)round(10 * value) % 10);
		return out;
	case FIGURE_SECONDS:
		return time_text(value, out);
	default:
		return count_text(value, out);
	}
}

static const char *day_text(int64_t day, char out[SHORT])
{
	int64_t y;
	int m, d;

	when_date(day, &y, &m, &d);
	snprintf(out, SHORT, "%d %s %d", d, when_month_name(m), (int)y);
	return out;
}

/* the value of a group, or why there is none */
static const char *group_text(const struct figure *f, const struct figure_group *g,
			      const struct figure_sums *s, char out[SHORT])
{
	struct figure_value v = figure_read(f, s);

	if (v.n <= 0 && f->unit != FIGURE_COUNT)
		return "geen";
	return figure_shown(f, g, v.n) ? value_text(f, v.value, out) : "te weinig";
}

/* ---------------------------------------------------------------- what a figure is held against */

static double target_of(const struct figure *f, const struct figure_group *g)
{
	return g->targets[f - figures];
}

static const char *target_text(const struct figure *f, const struct figure_group *g, char out[SHORT])
{
	return target_of(f, g) > 0 ? value_text(f, target_of(f, g), out) : "geen doel";
}

static const char *met_text(const struct figure *f, const struct figure_group *g)
{
	struct figure_value v = figure_read(f, &g->now);

	if (target_of(f, g) <= 0 || !figure_shown(f, g, v.n))
		return "–";
	return figure_met(f, target_of(f, g), v.value) ? "✓ ja" : "✗ nee";
}

static const char *deviates_text(const struct figure *f, const struct figure_group *g)
{
	if (!figure_shown(f, g, figure_read(f, &g->now).n) || !g->limits[f - figures].known)
		return "nog niet bekend";
	return figure_deviates(f, g->limits[f - figures], &g->now) ? "▲ ja" : "nee";
}

/* ---------------------------------------------------------------- a drawing of the weeks */

enum { WIDE = 680, HIGH = 240, LEFT = 64, RIGHT = 12, TOP = 16, BOTTOM = 34 };

struct scale {
	double top; /* the value at the top; at the bottom is 0 */
	int n;
};

static double x_of(const struct scale *s, int i)
{
	return LEFT + (WIDE - LEFT - RIGHT) * (i + 0.5) / (s->n > 0 ? s->n : 1);
}

static double y_of(const struct scale *s, double value)
{
	return TOP + (HIGH - TOP - BOTTOM) * (1 - fmin(fmax(value / s->top, 0), 1));
}

static bool has(const struct figure *f, const struct figure_group *g)
{
	return figure_shown(f, g, figure_read(f, &g->now).n);
}

static double top_of(const struct figure *f, const struct figure_report *r)
{
	double most = f->unit == FIGURE_SHARE   ? 1
		      : f->unit == FIGURE_GRADE ? 10
						: fmax(1, target_of(f, r->all) * 1.1);

	if (f->unit == FIGURE_SHARE || f->unit == FIGURE_GRADE)
		return most;
	for (int i = 0; i < r->n_weeks; i++)
		if (has(f, &r->weeks[i]))
			most = fmax(most, figure_read(f, &r->weeks[i].now).value * 1.1);
	return most;
}

static void draw_axes(struct page *p, const struct figure *f, const struct figure_report *r,
		      const struct scale *s)
{
	char text[SHORT];

	for (int i = 0; i <= 4; i++) {
		double y = y_of(s, s->top * i / 4);

		sayf(p, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>", LEFT,
		     WIDE - RIGHT, y, y);
		sayf(p, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", LEFT - 6, y + 4,
		     value_text(f, s->top * i / 4, text));
	}
	for (int i = 0; i < r->n_weeks; i++)
		sayf(p, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3s</text>", x_of(s, i), HIGH - 12,
		     strlen(r->weeks[i].name) > 6 ? r->weeks[i].name + 6 : "");
}

/* where weeks should lie */
static void draw_usual(struct page *p, const struct figure *f, const struct figure_report *r,
		       const struct scale *s)
{
	bool any = false;

	if (f->unit == FIGURE_SECONDS)
		return;
	for (int back = 0; back <= 1; back++)
		for (int k = 0; k < r->n_weeks; k++) {
			int i = back ? r->n_weeks - 1 - k : k;
			struct control_limits l = r->weeks[i].limits[f - figures];

			if (!l.known || !has(f, &r->weeks[i]))
				continue;
			say(p, any ? " " : "<polygon class=\"usual\" points=\"");
			sayf(p, "%.1f,%.1f", x_of(s, i), y_of(s, back ? l.low : l.high));
			any = true;
		}
	if (any)
		say(p, "\"/>");
}

static void draw_target(struct page *p, const struct figure *f, const struct figure_report *r,
			const struct scale *s)
{
	double target = target_of(f, r->all);
	char text[SHORT];

	if (target <= 0)
		return;
	sayf(p, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"target\"/>", LEFT, WIDE - RIGHT,
	     y_of(s, target), y_of(s, target));
	sayf(p, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" class=\"target\">doel: %s</text>",
	     WIDE - RIGHT, y_of(s, target) - 5, value_text(f, target, text));
}

/* a line with a gap where there is nothing to show */
static void draw_line(struct page *p, const struct figure *f, const struct figure_report *r,
		      const struct scale *s)
{
	bool on = false;

	for (int i = 0; i < r->n_weeks; i++) {
		if (has(f, &r->weeks[i])) {
			sayf(p, "%s%.1f,%.1f", on ? " " : "<polyline class=\"line\" points=\"", x_of(s, i),
			     y_of(s, figure_read(f, &r->weeks[i].now).value));
			on = true;
		} else if (on) {
			say(p, "\"/>");
			on = false;
		}
	}
	if (on)
		say(p, "\"/>");
	for (int i = 0; i < r->n_weeks; i++) {
		const struct figure_group *g = &r->weeks[i];
		double x = x_of(s, i), y;

		if (!has(f, g))
			continue;
		y = y_of(s, figure_read(f, &g->now).value);
		if (figure_deviates(f, g->limits[f - figures], &g->now))
			sayf(p, "<path class=\"alarm\" d=\"M%.1f %.1fl8 14h-16z\"/>", x, y - 9);
		else
			sayf(p, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", x, y);
	}
}

static void draw(struct page *p, const struct figure *f, const struct figure_report *r)
{
	struct scale s = {top_of(f, r), r->n_weeks};

	sayf(p,
	     "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s per week. De getallen staan in "
	     "de tabel.\">",
	     WIDE, HIGH, f->title);
	draw_axes(p, f, r, &s);
	draw_usual(p, f, r, &s);
	draw_target(p, f, r, &s);
	draw_line(p, f, r, &s);
	say(p, "</svg></figure>\n");
}

/* ---------------------------------------------------------------- tables */

static void head(struct page *p, const char *caption, const char *const *columns, int n)
{
	sayf(p,
	     "<div class=\"table\" role=\"region\" aria-label=\"%s\" "
	     "tabindex=\"0\"><table>\n<caption>%s</caption>\n<thead><tr>",
	     caption, caption);
	for (int i = 0; i < n; i++)
		sayf(p, "<th scope=\"col\">%s</th>", columns[i]);
	say(p, "</tr></thead>\n<tbody>\n");
}

/* "+3,2%" are points of a hundred */
static const char *difference_text(const struct figure *f, const struct figure_group *g, char out[SHORT])
{
	char text[SHORT];
	double more;

	if (!figure_difference(f, g, &more))
		return "–";
	snprintf(out, SHORT, "%s%s%s",
		 more < 0   ? "−"
		 : more > 0 ? "+"
			    : "",
		 value_text(f, fabs(more), text), f->unit == FIGURE_SHARE ? "-punt" : "");
	return out;
}

static void summary_row(struct page *p, const struct figure *f, const struct figure_group *g)
{
	char a[SHORT], b[SHORT], c[SHORT];

	sayf(p,
	     "<tr><th scope=\"row\">%s</th><td class=\"number\">%s</td><td "
	     "class=\"number\">%s</td><td>%s</td>",
	     f->title, group_text(f, g, &g->now, a), target_text(f, g, b), met_text(f, g));
	sayf(p, "<td class=\"number\">%s</td>", group_text(f, g, &g->before, c));
	if (g->has_baseline)
		sayf(p, "<td class=\"number\">%s</td><td class=\"number\">%s</td>",
		     group_text(f, g, &g->baseline, a), difference_text(f, g, b));
	sayf(p, "<td>%s</td></tr>\n", deviates_text(f, g));
}

static void summary(struct page *p, const struct figure_report *r)
{
	static const char *const columns[] = {"Cijfer",        "Dit kwartaal",    "Doel",
					      "Doel gehaald?", "Kwartaal ervoor", "Anders dan gewoon?"},
				 *const with_baseline[] = {"Cijfer",        "Dit kwartaal",      "Doel",
							   "Doel gehaald?", "Kwartaal ervoor",   "Nulmeting",
							   "Verschil",      "Anders dan gewoon?"};

	if (r->baseline)
		head(p, "Alle cijfers van dit kwartaal", with_baseline,
		     sizeof with_baseline / sizeof *with_baseline);
	else
		head(p, "Alle cijfers van dit kwartaal", columns, sizeof columns / sizeof *columns);
	for (int i = 0; i < n_figures; i++)
		summary_row(p, &figures[i], r->all);
	say(p, "</tbody></table></div>\n");
}

static void week_table(struct page *p, const struct figure *f, const struct figure_report *r)
{
	static const char *const columns[] = {"Week", "Cijfer", "Aantal", "Anders dan gewoon?"};
	char caption[200], a[SHORT], b[SHORT];

	snprintf(caption, sizeof caption, "%s per week", f->title);
	head(p, caption, columns, sizeof columns / sizeof *columns);
	for (int i = 0; i < r->n_weeks; i++) {
		const struct figure_group *g = &r->weeks[i];

		sayf(p,
		     "<tr><th scope=\"row\">%.16s</th><td class=\"number\">%s</td><td "
		     "class=\"number\">%s</td><td>%s</td></tr>\n",
		     g->name, group_text(f, g, &g->now, a), count_text(figure_read(f, &g->now).n, b),
		     deviates_text(f, g));
	}
	say(p, "</tbody></table></div>\n");
}

/* what stands in the drawings, and in the tables of groups */
static const char *const drawn[] = {"cases",        "serviceLevel", "waitP90",     "firstTimeFix",
				    "answeredWeek", "satisfaction", "promisesKept"};
static const char *const compared[] = {"cases",     "serviceLevel", "waitP90",      "firstTimeFix",
				       "transfers", "answeredWeek", "satisfaction", "response"};
enum { N_DRAWN = sizeof drawn / sizeof *drawn, N_COMPARED = sizeof compared / sizeof *compared };

static const struct figure *named(const char *id)
{
	return &figures[figure_find(id)];
}

static void group_table(struct page *p, const struct figure_table *t)
{
	const char *columns[N_COMPARED + 1] = {"Groep"};
	char text[SHORT];

	for (int i = 0; i < N_COMPARED; i++)
		columns[i + 1] = named(compared[i])->title;
	sayf(p, "<h2>%s</h2>\n", t->title);
	head(p, t->title, columns, N_COMPARED + 1);
	for (int g = 0; g < t->n; g++) {
		say(p, "<tr><th scope=\"row\">");
		quote(p, t->groups[g].label);
		say(p, "</th>");
		for (int i = 0; i < N_COMPARED; i++)
			sayf(p, "<td class=\"number\">%s</td>",
			     group_text(named(compared[i]), &t->groups[g], &t->groups[g].now, text));
		say(p, "</tr>\n");
	}
	say(p, "</tbody></table></div>\n");
}

/* ---------------------------------------------------------------- the page */

static const char style[] =
	":root{color-scheme:light}body{margin:0;background:#fff;color:#1a1a1a;font:1.05rem/1.55 "
	"system-ui,sans-serif}"
	"main{max-width:62rem;margin:0 auto;padding:1.5rem}h1{font-size:2rem;line-height:1.2;margin:0 0 "
	".5rem}"
	"h2{margin:2.5rem 0 .5rem;border-top:2px solid #154273;padding-top:1rem}h3{margin:2rem 0 "
	".25rem}p,dd{max-width:44rem}"
	".lead{font-size:1.15rem}.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:."
	"95rem}"
	"caption{text-align:left;font-weight:600;padding:.5rem 0}th,td{padding:.35rem "
	".6rem;border-bottom:1px solid #767676;"
	"text-align:left;vertical-align:top}thead th{border-bottom:2px solid "
	"#154273}.number{text-align:right;"
	"font-variant-numeric:tabular-nums}figure{margin:.5rem 0}svg{width:100%;height:auto;font:12px "
	"system-ui,sans-serif}"
	"svg text{fill:#1a1a1a}svg "
	"text.target{fill:#7a3600;font-weight:600}.grid{stroke:#d0d0d0}.usual{fill:#dbe8f5}"
	"line.target{stroke:#7a3600;stroke-width:2;stroke-dasharray:7 "
	"5}.line{fill:none;stroke:#154273;stroke-width:2.5}"
	".dot{fill:#154273}.alarm{fill:#a3001e;stroke:#fff}dt{font-weight:600;margin-top:.75rem}dd{margin:0}"
	"@media "
	"print{body{font-size:10pt}main{max-width:none;padding:0}section,figure,tr{break-inside:avoid}h2,h3{"
	"break-after:avoid}"
	".table{overflow:visible}}";

static void begin(struct page *p, const struct figure_report *r)
{
	char from[SHORT], to[SHORT], at[SHORT];
	const char *quarter = quarter_names[r->quarter - 1];

	sayf(p,
	     "<!doctype html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n"
	     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	     "<title>Klantcontact in het %s kwartaal van %d</title>\n<style>",
	     quarter, r->year);
	say(p, style);
	sayf(p,
	     "</style>\n</head>\n<body>\n<main>\n<h1>Klantcontact in het %s kwartaal van %d</h1>\n<p "
	     "class=\"lead\">",
	     quarter, r->year);
	quote(p, r->about);
	sayf(p,
	     "</p>\n<p>Hoe ging het met de vragen van inwoners en ondernemers? Dit verslag gaat over alle "
	     "vragen die begonnen van %s tot "
	     "en met %s. ",
	     day_text(r->from, from), day_text(r->to - 1, to));
	if (r->as_of_us)
		sayf(p, "De cijfers zijn bijgewerkt op %s.",
		     day_text(hours_local_day(r->as_of_us, NULL), at));
	else
		say(p, "Er is nog niets geteld.");
	say(p, "</p>\n");
}

static void about_baseline(struct page *p, const struct figure_report *r)
{
	char from[SHORT], to[SHORT];

	say(p, "<p>Wij vergelijken met de nulmeting ‘");
	quote(p, r->baseline);
	sayf(p, "’. Die gaat over %s tot en met %s, in ", day_text(r->baseline_from, from),
	     day_text(r->baseline_to - 1, to));
	quote(p, r->baseline_about);
	say(p, ". De cijfers van toen staan vast.</p>\n");
}

static void weeks(struct page *p, const struct figure_report *r)
{
	say(p, "<h2>Van week tot week</h2>\n<p>De lijn is het cijfer van elke week. Het lichte vlak laat "
	       "zien wat gewoon is, gezien de weken "
	       "voor dit kwartaal. Een rood driehoekje is een week die daarbuiten valt. De streepjeslijn is "
	       "het doel.</p>\n");
	for (int i = 0; i < N_DRAWN; i++) {
		const struct figure *f = named(drawn[i]);

		sayf(p, "<section>\n<h3>%s</h3>\n<p>%s</p>\n", f->title, f->definition);
		draw(p, f, r);
		week_table(p, f, r);
		say(p, "</section>\n");
	}
}

static void explain(struct page *p)
{
	say(p, "<h2>Wat de cijfers betekenen</h2>\n<dl>\n");
	for (int i = 0; i < n_figures; i++)
		sayf(p, "<dt>%s</dt><dd>%s</dd>\n", figures[i].title, figures[i].definition);
	say(p, "</dl>\n<h2>Zo tellen wij</h2>\n"
	       "<p>Een vraag telt in het kwartaal waarin zij begon, ook als zij later klaar was. De computer "
	       "telt elke vraag één keer.</p>\n");
	sayf(p,
	     "<p>Cijfers over minder dan %d vragen laten wij niet zien. Dan staat er ‘te weinig’. Zo gaat "
	     "een cijfer nooit over één mens. "
	     "Ook cijfers over het werk van minder dan %d medewerkers laten wij weg. Geen enkel cijfer gaat "
	     "over één medewerker.</p>\n",
	     FIGURE_LEAST, FIGURE_LEAST_AGENTS);
	sayf(p,
	     "<p>Cijfers gaan altijd een beetje op en neer. ‘Anders dan gewoon’ betekent: dit verschil is te "
	     "groot voor toeval. Wij kijken "
	     "daarvoor naar de %d weken voor het kwartaal. Ongeveer één op de 370 keer is het toch "
	     "toeval.</p>\n",
	     FIGURE_WEEKS);
}

char *figure_page(struct arena *a, const struct figure_report *r, size_t *n)
{
	struct page p = {.a = a};

	begin(&p, r);
	say(&p, "<h2>De cijfers op een rij</h2>\n");
	if (r->baseline)
		about_baseline(&p, r);
	summary(&p, r);
	weeks(&p, r);
	for (int i = 0; i < r->n_tables; i++)
		group_table(&p, &r->tables[i]);
	explain(&p);
	say(&p, "</main>\n</body>\n</html>\n");
	*n = p.n;
	return p.text;
}

/* ---------------------------------------------------------------- the table of all numbers */

static void cell(struct page *p, const char *s)
{
	say(p, "\"");
	for (; *s; s++) {
		if (*s == '"')
			say(p, "\"");
		put(p, s, 1);
	}
	say(p, "\",");
}

static void number(struct page *p, bool known, double value)
{
	if (known)
		sayf(p, "%.10g", value);
	say(p, ",");
}

static void csv_figure(struct page *p, const char *by, const struct figure_group *g, const struct figure *f)
{
	struct figure_value v = figure_read(f, &g->now), before = figure_read(f, &g->before),
			    then = figure_read(f, &g->baseline);
	double more = 0;
	bool shown = figure_shown(f, g, v.n), shown_before = figure_shown(f, g, before.n),
	     known = figure_difference(f, g, &more);
	struct control_limits l = g->limits[f - figures];

	cell(p, by);
	cell(p, g->name ? g->name : "");
	cell(p, f->id);
	cell(p, f->title);
	cell(p, figure_unit_name(f->unit));
	number(p, true, v.n);
	number(p, shown, v.value);
	number(p, shown && v.bounded, v.low);
	number(p, shown && v.bounded, v.high);
	number(p, target_of(f, g) > 0, target_of(f, g));
	number(p, true, before.n);
	number(p, shown_before, before.value);
	number(p, g->has_baseline, then.n);
	number(p, g->has_baseline && figure_shown(f, g, then.n), then.value);
	number(p, known, more);
	sayf(p, "%s\r\n", !shown || !l.known ? "" : figure_deviates(f, l, &g->now) ? "true" : "false");
}

static void csv_group(struct page *p, const char *by, const struct figure_group *g)
{
	for (int i = 0; i < n_figures; i++)
		csv_figure(p, by, g, &figures[i]);
}

char *figure_csv(struct arena *a, const struct figure_report *r, size_t *n)
{
	struct page p = {.a = a};

	say(&p, "by,group,figure,title,unit,n,value,low,high,target,previousN,previousValue,baselineN,"
		"baselineValue,difference,deviates\r\n");
	csv_group(&p, "", r->all);
	for (int i = 0; i < r->n_weeks; i++)
		csv_group(&p, "week", &r->weeks[i]);
	for (int t = 0; t < r->n_tables; t++)
		for (int i = 0; i < r->tables[t].n; i++)
			csv_group(&p, r->tables[t].by, &r->tables[t].groups[i]);
	*n = p.n;
	return p.text;
}

const char *figure_channel(const char *id)
{
	static const char *const names[][2] = {
		{"phone", "Telefoon"},
		{"counter", "Balie"},
		{"letter", "Brief"},
		{"email", "E-mail"},
		{"chat", "Chat"},
		{"whatsapp", "WhatsApp"},
		{"sms", "Sms"},
		{"messenger", "Messenger"},
		{"instagram", "Instagram"},
		{"facebook", "Facebook"},
		{"x", "X"},
		{"mastodon", "Mastodon"},
		{"telegram", "Telegram"},
		{"webform", "Webformulier"},
		{"openforms", "Open Formulieren"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i][0], id) == 0)
			return names[i][1];
	return id;
}
