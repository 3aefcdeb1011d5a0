#include "lib/core/article.h"

#include "lib/base/utf8.h"
#include "lib/base/when.h"

#include <string.h>
#include <strings.h>

enum { NAME_BYTES = 40, WRONG_SHOWN = 10 };

static const char *const names[N_ARTICLE_FIELDS] = {
	[FIELD_NAAM] = "naam",         [FIELD_VOORNAAM] = "voornaam",     [FIELD_ONDERWERP] = "onderwerp",
	[FIELD_KENMERK] = "kenmerk",   [FIELD_GEMEENTE] = "gemeente",     [FIELD_MEDEWERKER] = "medewerker",
	[FIELD_DATUM] = "datum",       [FIELD_KANAAL] = "kanaal",
};

const char *article_field_name(int field)
{
	return names[field];
}

/* ------------------------------------------------------------------ finding them */

static int field_from(const char *s, size_t n)
{
	for (; n > 0 && *s == ' '; s++)
		n--;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	for (int i = 0; i < N_ARTICLE_FIELDS; i++)
		if (strlen(names[i]) == n && strncasecmp(names[i], s, n) == 0)
			return i;
	return -1;
}

bool article_next(const char *text, size_t from, struct article_place *out)
{
	const char *open = strstr(text + from, "{{");
	size_t inside;

	if (open == NULL)
		return false;
	inside = strcspn(open + 2, "{}\n");
	*out = (struct article_place){ .at = (size_t)(open - text), .len = 1, .field = -1 };
	if (inside <= NAME_BYTES && strncmp(open + 2 + inside, "}}", 2) == 0) {
		out->len = inside + 4;
		out->field = field_from(open + 2, inside);
	}
	return true;
}

const char *article_wrong(struct arena *a, const char *text)
{
	struct article_place p = { 0 };
	const char *wrong = NULL;
	int n = 0, n_wrong = 0;

	for (size_t from = 0; article_next(text, from, &p); from = p.at + p.len) {
		if (++n > ARTICLE_MAX_PLACES)
			return arena_printf(a, "more than %d fields", ARTICLE_MAX_PLACES);
		if (p.field >= 0 || ++n_wrong > WRONG_SHOWN)
			continue;
		wrong = arena_printf(a, "%s%s%s", wrong != NULL ? wrong : "no field of ours: ", wrong != NULL ? ", " : "",
		                     p.len > 1 ? arena_dup(a, text + p.at, p.len) : "{{ without }}");
	}
	return wrong;
}

/* ------------------------------------------------------------------ what they are */

/* on one line, and without braces: what a citizen is called makes no field */
static const char *value(struct arena *a, const char *s)
{
	char *copy, *end;

	if (s == NULL)
		return NULL;
	copy = utf8_clean(a, (struct bytes){ (const uint8_t *)s, strlen(s) }, ARTICLE_VALUE_BYTES);
	for (char *c = copy; *c != '\0'; c++)
		*c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c == '{' ? '(' : *c == '}' ? ')' : *c;
	copy += strspn(copy, " ");
	for (end = copy + strlen(copy); end > copy && end[-1] == ' ';)
		*--end = '\0';
	return *copy != '\0' ? copy : NULL;
}

/* the first word, unless it is an initial or a title ("J.", "Mevr.") or holds what is in no name */
static const char *first_name(struct arena *a, const char *name)
{
	size_t n = name != NULL ? strcspn(name, " ,") : 0, letters = 0;

	for (size_t i = 0; i < n; i++)
		letters += ((unsigned char)name[i] & 0xc0) != 0x80;
	if (letters < 2 || name[n] == ',' || strcspn(name, ".0123456789@/+_&") < n)
		return NULL;
	return arena_dup(a, name, n);
}

static const char *date(struct arena *a, const struct article_case *c, bool dutch)
{
	if (c->month < 1 || c->month > 12)
		return NULL;
	if (!dutch)
		return arena_printf(a, "%04d-%02d-%02d", c->year, c->month, c->day);
	return arena_printf(a, "%d %s %d", c->day, when_month_name(c->month), c->year);
}

/* what Dutch people call a channel; names of firms are the same everywhere */
static const char *channel(const char *name, bool dutch)
{
	static const struct { const char *name, *called; bool everywhere; } channels[] = {
		{ "whatsapp", "WhatsApp", true },   { "messenger", "Messenger", true }, { "instagram", "Instagram", true },
		{ "facebook", "Facebook", true },   { "x", "X", true },                 { "mastodon", "Mastodon", true },
		{ "telegram", "Telegram", true },   { "phone", "telefoon", false },     { "counter", "de balie", false },
		{ "letter", "een brief", false },   { "email", "e-mail", false },       { "sms", "sms", false },
		{ "webform", "het formulier op de website", false },
		{ "openforms", "het formulier op de website", false },
	};

	for (size_t i = 0; name != NULL && i < sizeof(channels) / sizeof(*channels); i++)
		if ((dutch || channels[i].everywhere) && strcmp(channels[i].name, name) == 0)
			return channels[i].called;
	return name;
}

struct article_values article_values_of(struct arena *a, const struct article_case *c, const char *language)
{
	bool dutch = language == NULL || strcmp(language, "nl") == 0;
	const char *name = value(a, c->name);

	return (struct article_values){ {
		[FIELD_NAAM] = name,
		[FIELD_VOORNAAM] = first_name(a, name),
		[FIELD_ONDERWERP] = value(a, c->product),
		[FIELD_KENMERK] = value(a, c->reference),
		[FIELD_GEMEENTE] = value(a, c->municipality),
		[FIELD_MEDEWERKER] = value(a, c->agent),
		[FIELD_DATUM] = date(a, c, dutch),
		[FIELD_KANAAL] = value(a, channel(c->channel, dutch)),
	} };
}

/* ------------------------------------------------------------------ filling them */

static char *append(char *end, const char *s, size_t n)
{
	memcpy(end, s, n);
	return end + n;
}

const char *article_fill(struct arena *a, const char *text, const struct article_values *v, unsigned *missing)
{
	size_t len = strlen(text), from = 0, n = len;
	struct article_place p = { 0 };
	char *out, *end;

	for (; article_next(text, from, &p); from = p.at + p.len)
		n += p.field >= 0 && v->of[p.field] != NULL ? strlen(v->of[p.field]) : 0;
	out = end = arena_alloc(a, n + 1);
	for (from = 0; article_next(text, from, &p); from = p.at + p.len) {
		const char *with = p.field >= 0 ? v->of[p.field] : NULL;

		end = append(end, text + from, p.at - from);
		end = with != NULL ? append(end, with, strlen(with)) : append(end, text + p.at, p.len);
		if (p.field >= 0 && with == NULL)
			*missing |= 1U << p.field;
	}
	append(end, text + from, len - from);
	return out;
}
