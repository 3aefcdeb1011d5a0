#include "lib/base/html.h"

#include "lib/base/utf8.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { MAX_QUOTES = 5, MAX_NAME = 12 };

struct html {
	const char *at, *end;
	const char *last_gt;         /* of the whole text; what begins behind it is no tag */
	bool no_quotes;              /* a quote that never closes: from here on none counts */
	bool no_comments;            /* the same of a comment */
	/* what is written */
	char *out;
	size_t n, max;
	int breaks;                  /* line breaks owed before the next character: at most 2 */
	bool blank;                  /* a blank owed */
	int pre, quotes;             /* how deep within <pre>, <blockquote> */
};

/* ---- writing ---- */

static void put(struct html *h, const char *s, size_t n)
{
	if (n <= h->max - h->n) {
		memcpy(h->out + h->n, s, n);
		h->n += n;
	} else {
		h->max = h->n; /* full: nothing smaller slips in behind it */
	}
}

static void start_line(struct html *h)
{
	for (; h->n && h->breaks; h->breaks--)
		put(h, "\n", 1);
	h->breaks = 0;
	for (int i = 0; i < h->quotes && i < MAX_QUOTES; i++)
		put(h, "> ", 2);
}

static void visible(struct html *h, const char *s, size_t n)
{
	if (h->breaks || !h->n)
		start_line(h);
	else if (h->blank)
		put(h, " ", 1);
	h->blank = false;
	put(h, s, n);
}

static void line_break(struct html *h, int at_least)
{
	if (h->breaks < at_least)
		h->breaks = at_least;
	h->blank = false;
}

/* one byte or one decoded character, blanks folded */
static void character(struct html *h, const char *s, size_t n)
{
	bool nbsp = n == 2 && !memcmp(s, "\xc2\xa0", 2);

	if (h->pre && n == 1 && *s == '\n') {
		if (h->breaks < 2)
			h->breaks++;
	} else if (nbsp || (n == 1 && (unsigned char)*s <= ' ')) {
		h->blank = true;
	} else {
		visible(h, s, n);
	}
}

/* ---- entities ---- */

/* U+00A0 and on, in their order */
static const char latin1[] =
	"nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 "
	"acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml "
	"Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde "
	"Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig "
	"ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide "
	"oslash ugrave uacute ucirc uuml yacute thorn yuml ";

static const struct {
	const char *name;
	unsigned code;
} named[] = {
	{ "amp", '&' },       { "lt", '<' },        { "gt", '>' },        { "quot", '"' },      { "apos", '\'' },
	{ "euro", 0x20ac },   { "hellip", 0x2026 }, { "ndash", 0x2013 },  { "mdash", 0x2014 },  { "lsquo", 0x2018 },
	{ "rsquo", 0x2019 },  { "sbquo", 0x201a },  { "ldquo", 0x201c },  { "rdquo", 0x201d },  { "bdquo", 0x201e },
	{ "lsaquo", 0x2039 }, { "rsaquo", 0x203a }, { "bull", 0x2022 },   { "dagger", 0x2020 }, { "permil", 0x2030 },
	{ "trade", 0x2122 },  { "larr", 0x2190 },   { "rarr", 0x2192 },   { "OElig", 0x152 },   { "oelig", 0x153 },
	{ "Scaron", 0x160 },  { "scaron", 0x161 },  { "Yuml", 0x178 },    { "ensp", ' ' },      { "emsp", ' ' },
	{ "thinsp", ' ' },    { "zwnj", 0x200c },   { "zwj", 0x200d },    { "minus", 0x2212 },  { "check", 0x2713 },
	{ "colon", ':' },     { "comma", ',' },     { "period", '.' },    { "lpar", '(' },      { "rpar", ')' },
	{ "num", '#' },       { "sol", '/' },       { "lowbar", '_' },    { "commat", '@' },    { "excl", '!' },
	{ "quest", '?' },     { "NewLine", '\n' },  { "Tab", '\t' },
};

/* what numbers 0x80 to 0x9F mean in the wild: Windows-1252 */
static const unsigned short windows[32] = {
	0x20ac, 0xfffd, 0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
	0x2039, 0x152,  0xfffd, 0x17d,  0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0xfffd, 0x17e,  0x178,
};

static unsigned named_code(const char *s, size_t n)
{
	unsigned code = 0xa0;

	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strlen(named[i].name) == n && !memcmp(named[i].name, s, n))
			return named[i].code;
	}
	for (const char *p = latin1, *blank; (blank = strchr(p, ' ')); p = blank + 1, code++) {
		if ((size_t)(blank - p) == n && !memcmp(p, s, n))
			return code;
	}
	return 0;
}

/* the number after "&#"; *s behind its digits. 0 when there are none */
static unsigned numeric_code(const char **s, const char *end)
{
	bool hex = *s < end && (**s | 0x20) == 'x';
	const char *start = *s += hex, *digits = "0123456789abcdefABCDEF";
	unsigned code = 0;

	for (const char *d; *s < end && **s && (d = strchr(digits, **s)) && (hex || d - digits < 10); ++*s) {
		unsigned digit = (unsigned)(d - digits);

		if (code <= 0x10ffff)
			code = code * (hex ? 16 : 10) + (digit > 15 ? digit - 6 : digit);
	}
	if (*s == start)
		return 0;
	if (code >= 0x80 && code <= 0x9f)
		return windows[code - 0x80];
	return !code || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0xfffd : code;
}

static size_t encode(unsigned c, char out[4])
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* at "&": decoded when it is one we know; else an ordinary character */
static void entity(struct html *h)
{
	const char *s = h->at + 1;
	unsigned code = 0;
	char utf8[4];

	if (s < h->end && *s == '#') {
		s++;
		code = numeric_code(&s, h->end);
	} else {
		const char *name = s;

		while (s < h->end && s - name < MAX_NAME && is_alnum(*s))
			s++;
		if (s < h->end && *s == ';')
			code = named_code(name, (size_t)(s - name));
	}
	if (!code) {
		character(h, h->at++, 1);
		return;
	}
	h->at = s + (s < h->end && *s == ';');
	if (code != 0xad && code != 0x200c) /* a hyphen that may be, and what keeps previews empty: not to be seen */
		character(h, utf8, encode(code, utf8));
}

/* ---- tags ---- */

enum effect { NOTHING, CELL, LINE, PARAGRAPH, ITEM, QUOTE, PRE, SKIP };

static const struct {
	const char *name;
	enum effect effect;
} tags[] = {
	{ "br", LINE },       { "p", PARAGRAPH },   { "div", LINE },       { "li", ITEM },      { "tr", LINE },
	{ "td", CELL },       { "th", CELL },       { "blockquote", QUOTE }, { "pre", PRE },    { "hr", PARAGRAPH },
	{ "h1", PARAGRAPH },  { "h2", PARAGRAPH },  { "h3", PARAGRAPH },   { "h4", PARAGRAPH }, { "h5", PARAGRAPH },
	{ "h6", PARAGRAPH },  { "ul", LINE },       { "ol", LINE },        { "table", LINE },   { "dl", LINE },
	{ "dt", LINE },       { "dd", LINE },       { "option", LINE },    { "section", LINE }, { "article", LINE },
	{ "header", LINE },   { "footer", LINE },   { "main", LINE },      { "aside", LINE },   { "address", LINE },
	{ "figure", LINE },   { "figcaption", LINE }, { "fieldset", LINE }, { "form", LINE },   { "body", LINE },
	{ "caption", LINE },  { "center", LINE },   { "script", SKIP },    { "style", SKIP },   { "title", SKIP },
};

/* the ">" that ends the tag at h->at; quoted ones do not. There is one: last_gt is behind us */
static const char *tag_end(struct html *h)
{
	const char *s = h->at;

	while (!h->no_quotes && s < h->end && *s != '>') {
		if ((*s == '"' || *s == '\'') && (s[-1] == '=' || s[-1] == ' ')) {
			s = memchr(s + 1, *s, (size_t)(h->end - s - 1));
			if (!s)
				break;
		}
		s++;
	}
	if (!h->no_quotes && s && s < h->end)
		return s;
	h->no_quotes = true; /* looked to the end for nothing; once is enough */
	return memchr(h->at, '>', (size_t)(h->end - h->at));
}

/* behind "</name": what stands before it is not for people */
static void skip_element(struct html *h, const char *name)
{
	size_t n = strlen(name);

	while ((h->at = memchr(h->at, '<', (size_t)(h->end - h->at)))) {
		if ((size_t)(h->end - h->at) < n + 2)
			break;
		if (h->at[1] == '/' && !strncasecmp(h->at + 2, name, n))
			return; /* the closing tag does nothing */
		h->at++;
	}
	h->at = h->end;
}

static void apply(struct html *h, enum effect effect, bool closing)
{
	switch (effect) {
	case CELL:
		h->blank = true;
		break;
	case LINE:
		line_break(h, 1);
		break;
	case PARAGRAPH:
		line_break(h, 2);
		break;
	case ITEM:
		line_break(h, 1);
		if (!closing) {
			visible(h, "-", 1);
			h->blank = true;
		}
		break;
	case QUOTE:
		line_break(h, 1);
		if (!closing || h->quotes)
			h->quotes += closing ? -1 : 1;
		break;
	case PRE:
		line_break(h, 1);
		if (!closing || h->pre)
			h->pre += closing ? -1 : 1;
		break;
	case NOTHING:
	case SKIP:
		break;
	}
}

/* at "<!--" */
static bool comment(struct html *h)
{
	const char *s;

	if (h->no_comments || h->end - h->at < 4 || memcmp(h->at, "<!--", 4) != 0)
		return false;
	s = memmem(h->at + 2, (size_t)(h->end - h->at) - 2, "-->", 3);
	h->no_comments = !s;
	if (s)
		h->at = s + 3;
	return s;
}

static void tag(struct html *h)
{
	const char *name = h->at + 1;
	bool closing = name < h->end && *name == '/';
	size_t n = 0;

	name += closing;
	if (h->at > h->last_gt || !(*name == '!' || *name == '?' || (is_alnum(*name) && *name > '9'))) {
		character(h, h->at++, 1); /* "a < b" */
		return;
	}
	if (comment(h))
		return;
	while (is_alnum(name[n]))
		n++;
	h->at = tag_end(h) + 1;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (strlen(tags[i].name) != n || strncasecmp(tags[i].name, name, n) != 0)
			continue;
		/* two <br> are an empty line; two <div> are not */
		if (n == 2 && tags[i].effect == LINE && (name[0] | 0x20) == 'b' && h->breaks)
			line_break(h, 2);
		apply(h, tags[i].effect, closing);
		if (tags[i].effect == SKIP && !closing)
			skip_element(h, tags[i].name);
		return;
	}
}

char *html_text(struct arena *a, struct bytes in, size_t max_bytes)
{
	struct html h = { .at = (const char *)in.data, .max = max_bytes };

	if (!in.len)
		return arena_str(a, "");
	h.end = h.at + in.len;
	h.last_gt = memrchr(h.at, '>', in.len);
	if (!h.last_gt)
		h.last_gt = h.at - 1;
	/* a "<br>" within quotes is what grows most */
	if (in.len < max_bytes / 4)
		h.max = 4 * in.len + 16;
	h.out = arena_alloc(a, h.max + 1);
	while (h.at < h.end) {
		if (*h.at == '<')
			tag(&h);
		else if (*h.at == '&')
			entity(&h);
		else
			character(&h, h.at++, 1);
	}
	return utf8_clean(a, (struct bytes){ (const uint8_t *)h.out, h.n }, max_bytes);
}
