#include "lib/core/digest.h"

#include "lib/base/when.h"
#include "lib/core/hours.h"

#include <math.h>
#include <string.h>

static const char *const weekdays[] = {"maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"};

/* what both have in common: a title and parts, each a heading and sentences */
struct writer {
	struct arena *a;
	bool html;
	char *out;
	size_t n, room;
};

static void put(struct writer *w, const char *s, size_t n)
{
	if (w->n + n + 1 > w->room) {
		size_t room = (w->room + n + 1) * 2;
		char *more = arena_alloc(w->a, room);

		if (w->n)
			memcpy(more, w->out, w->n);
		w->out = more;
		w->room = room;
	}
	memcpy(w->out + w->n, s, n);
	w->out[w->n += n] = '\0';
}

static void mark_up(struct writer *w, const char *html, const char *text)
{
	put(w, w->html ? html : text, strlen(w->html ? html : text));
}

static void say(struct writer *w, const char *s)
{
	for (; *s; s++) {
		const char *as = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '"' ? "&quot;" : NULL;

		if (w->html && as)
			put(w, as, strlen(as));
		else
			put(w, s, 1);
	}
}

static void heading(struct writer *w, const char *s)
{
	mark_up(w, "<h2>", "\n");
	say(w, s);
	mark_up(w, "</h2>\n", "\n");
}

static void sentence(struct writer *w, const char *s)
{
	mark_up(w, "<p>", "");
	say(w, s);
	mark_up(w, "</p>\n", "\n");
}

static void item(struct writer *w, const char *s)
{
	mark_up(w, "<li>", "- ");
	say(w, s);
	mark_up(w, "</li>\n", "\n");
}

static const char *date_of(struct arena *a, int64_t day, bool weekday)
{
	int64_t year;
	int month, date;

	when_date(day, &year, &month, &date);
	return arena_printf(a, "%s%s%d %s %d", weekday ? weekdays[when_weekday(day)] : "", weekday ? " " : "", date,
	                    when_month_name(month), (int)year);
}

static const char *usual_of(struct arena *a, const struct digest_theme *t)
{
	long usual = lround(t->usual);

	if (t->usual < 0)
		return "Wat normaal is, weten we nog niet.";
	if (t->count > t->usual * 1.5 && t->count >= t->usual + 5)
		return arena_printf(a, "Dat is meer dan normaal (ongeveer %ld).", usual);
	if (t->count < t->usual / 2 && t->count <= t->usual - 5)
		return arena_printf(a, "Dat is minder dan normaal (ongeveer %ld).", usual);
	return arena_printf(a, "Dat is ongeveer normaal (%ld).", usual);
}

static const char *questions(struct arena *a, int n)
{
	return arena_printf(a, "%d %s", n, n == 1 ? "vraag" : "vragen");
}

static void themes(struct writer *w, const struct digest *d)
{
	heading(w, "Waar gingen de vragen over?");
	if (d->n_themes == 0)
		sentence(w, "Er waren geen vragen over de thema's die we volgen.");
	mark_up(w, d->n_themes ? "<ul>\n" : "", "");
	for (int i = 0; i < d->n_themes; i++) {
		const struct digest_theme *t = &d->themes[i];

		item(w, arena_join(w->a, t->name, ": ", questions(w->a, t->count), ". ", usual_of(w->a, t),
		                   t->area ? " Vooral in " : "", t->area ? t->area : "", t->area ? "." : "", NULL));
	}
	mark_up(w, d->n_themes ? "</ul>\n" : "", "");
}

static void one_signal(struct writer *w, const struct digest_signal *s)
{
	int minute;
	int64_t day = hours_local_day(s->raised_us, &minute);
	const char *about = s->theme ? s->theme : "Onbekend onderwerp";

	item(w, arena_printf(w->a, "%s%s%s: %s in %d uur, normaal ongeveer %ld. Gezien op %s om %02d:%02d uur. %s%s%s", about,
	                     s->area ? " in " : "", s->area ? s->area : "", questions(w->a, s->count), s->hours, lround(s->expected),
	                     date_of(w->a, day, false), minute / 60, minute % 60, s->ended ? "Het is nu voorbij." : "Het is nog bezig.",
	                     s->department ? " Voor: " : "", s->department ? arena_join(w->a, s->department, ".", NULL) : ""));
}

static void raised(struct writer *w, const struct digest *d)
{
	heading(w, "Was er iets bijzonders?");
	if (d->n_signals == 0)
		sentence(w, "Nee. Nergens waren veel meer vragen dan normaal.");
	else
		sentence(w, "Ja. Hierover kregen we veel meer vragen dan normaal:");
	mark_up(w, d->n_signals ? "<ul>\n" : "", "");
	for (int i = 0; i < d->n_signals; i++)
		one_signal(w, &d->signals[i]);
	mark_up(w, d->n_signals ? "</ul>\n" : "", "");
}

static void posts(struct writer *w, const struct digest *d)
{
	heading(w, "Wat zeiden mensen op sociale media?");
	if (d->posts == 0) {
		sentence(w, "Er waren geen nieuwe berichten.");
		return;
	}
	sentence(w, arena_printf(w->a, "Er %s %d %s. %d klonk%s positief en %d negatief. Dat is een schatting van de computer.",
	                         d->posts == 1 ? "was" : "waren", d->posts, d->posts == 1 ? "bericht" : "berichten", d->positive,
	                         d->positive == 1 ? "" : "en", d->negative));
	sentence(w, arena_printf(w->a, "We hebben op %d gereageerd. %d %s klaar.", d->answered, d->done, d->done == 1 ? "is" : "zijn"));
}

static const char *title_of(struct arena *a, const struct digest *d)
{
	if (!d->week)
		return arena_join(a, "Wat speelde er op ", date_of(a, d->first_day, true), " in ", d->municipality, "?", NULL);
	return arena_join(a, "Wat speelde er van ", date_of(a, d->first_day, false), " tot en met ", date_of(a, d->first_day + 6, false),
	                  " in ", d->municipality, "?", NULL);
}

static const char *write_all(struct writer *w, const struct digest *d)
{
	const char *title = title_of(w->a, d);

	mark_up(w, "<!DOCTYPE html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	        "content=\"width=device-width, initial-scale=1\">\n<title>", "");
	if (w->html)
		say(w, title);
	mark_up(w, "</title>\n<style>body{font:1rem/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#111;"
	        "background:#fff}</style>\n</head>\n<body>\n<main>\n<h1>", "");
	say(w, title);
	mark_up(w, "</h1>\n", "\n");
	raised(w, d);
	themes(w, d);
	posts(w, d);
	mark_up(w, "</main>\n</body>\n</html>\n", "");
	return w->out;
}

const char *digest_text(struct arena *a, const struct digest *d)
{
	return write_all(&(struct writer){.a = a}, d);
}

const char *digest_html(struct arena *a, const struct digest *d)
{
	return write_all(&(struct writer){.a = a, .html = true}, d);
}
