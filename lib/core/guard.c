/*
 * A BSN is nine digits that pass the eleven-test: one in eleven numbers does, so some harmless numbers
 * are masked too. That is the cheaper mistake. Phone numbers in international form are let through.
 *
 * source   eleven-test: Logisch Ontwerp BSN; IBAN: ISO 13616, lengths from the SWIFT IBAN registry;
 *          both read 2026-11-21
 */
#include "lib/core/guard.h"

#include <string.h>

enum { BSN_DIGITS = 9, IBAN_MIN = 15, IBAN_MAX = 34, MAX_SEPARATORS = 3, PHONE_MAX_DIGITS = 15 };

static const char iban_lengths[][5] = {
	"AD24", "AE23", "AL28", "AT20", "AZ28", "BA20", "BE16", "BG22", "BH22", "BR29", "BY28", "CH21", "CR22",
	"CY28", "CZ24", "DE22", "DK18", "DO28", "EE20", "EG29", "ES24", "FI18", "FO18", "FR27", "GB22", "GE22",
	"GI23", "GL18", "GR27", "GT28", "HR21", "HU28", "IE22", "IL23", "IQ23", "IS26", "IT27", "JO30", "KW30",
	"KZ20", "LB28", "LC32", "LI21", "LT20", "LU20", "LV21", "LY25", "MC27", "MD24", "ME22", "MK19", "MR27",
	"MT31", "MU30", "NL18", "NO15", "PK24", "PL28", "PS29", "PT25", "QA29", "RO24", "RS22", "SA24", "SC31",
	"SD18", "SE24", "SI19", "SK24", "SM27", "ST25", "SV28", "TL23", "TN24", "TR26", "UA29", "VA22", "VG24",
	"XK20",
};

bool guard_is_bsn(const char d[9])
{
	int sum = 0;

	for (int i = 0; i < BSN_DIGITS; i++)
		sum += (d[i] - '0') * (i < 8 ? 9 - i : -1);
	return sum % 11 == 0 && memcmp(d, "000000000", BSN_DIGITS) != 0;
}

bool guard_is_iban(const char *s, size_t n)
{
	unsigned rest = 0;

	if (n < IBAN_MIN || n > IBAN_MAX)
		return false;
	for (size_t i = 0; i < n; i++) { /* the first four go last */
		char c = s[(i + 4) % n];

		if (c >= '0' && c <= '9')
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else if (c >= 'A' && c <= 'Z')
			rest = (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
		else
			return false;
	}
	return rest == 1;
}

/* the digit at p as '0'..'9' (also Arabic and full-width ones) and the bytes it takes; 0 when there is none */
static size_t digit_at(const unsigned char *p, char *digit)
{
	if (*p >= '0' && *p <= '9') {
		*digit = (char)*p;
		return 1;
	}
	if (*p < 0xd9)
		return 0;
	if (p[0] == 0xd9 && p[1] >= 0xa0 && p[1] <= 0xa9) {
		*digit = (char)('0' + p[1] - 0xa0);
		return 2;
	}
	if (p[0] == 0xdb && p[1] >= 0xb0 && p[1] <= 0xb9) {
		*digit = (char)('0' + p[1] - 0xb0);
		return 2;
	}
	if (p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
		*digit = (char)('0' + p[2] - 0x90);
		return 3;
	}
	return 0;
}

/* bytes of what people put between groups: blanks (also the unbreakable), dots, dashes, the given more */
static size_t separators(const unsigned char *p, const char *more)
{
	const unsigned char *start = p;

	for (int i = 0; i < MAX_SEPARATORS && *p; i++) {
		if (strchr(" .-", *p) || strchr(more, *p))
			p++;
		else if (p[0] == 0xc2 && p[1] == 0xa0)
			p += 2;
		else
			break;
	}
	return (size_t)(p - start);
}

static size_t digit_run(const unsigned char *p, char *digits, size_t *n, size_t max)
{
	size_t len = 0, step;
	char d;

	while ((step = digit_at(p + len, &d))) {
		if (*n < max)
			digits[*n] = d;
		++*n;
		len += step;
	}
	return len;
}

/* bytes of the BSN that begins at p, the start of a group of digits; 0 when none does */
static size_t bsn_at(const unsigned char *p)
{
	char digits[BSN_DIGITS];
	size_t n = 0, len = digit_run(p, digits, &n, BSN_DIGITS);

	while (n < BSN_DIGITS) {
		size_t gap = separators(p + len, ""), before = n;

		if (!gap)
			return 0;
		len += gap + digit_run(p + len + gap, digits, &n, BSN_DIGITS);
		if (n == before)
			return 0;
	}
	return n == BSN_DIGITS && guard_is_bsn(digits) ? len : 0;
}

/* bytes of the international phone number whose digits begin at p ("31 6 12345678" after a plus): whole
 * groups until the number is complete; 0 when it stays too short to be one */
static size_t phone_at(const unsigned char *p, size_t prefix)
{
	char digits[PHONE_MAX_DIGITS];
	size_t n = 0, len = digit_run(p, digits, &n, PHONE_MAX_DIGITS);
	size_t want = n >= prefix + 2 && !memcmp(digits + prefix, "31", 2) ? prefix + 11 : prefix + 10;

	while (n < want) {
		size_t gap = separators(p + len, "()"), before = n;
		size_t more = gap ? digit_run(p + len + gap, digits, &n, PHONE_MAX_DIGITS) : 0;

		if (n == before)
			return 0;
		len += gap + more;
	}
	return len;
}

static char upper(unsigned char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

static bool is_letter(unsigned char c)
{
	return upper(c) >= 'A' && upper(c) <= 'Z';
}

static bool is_alnum(unsigned char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

static size_t iban_length(const char country[2])
{
	for (size_t i = 0; i < sizeof iban_lengths / sizeof *iban_lengths; i++) {
		const char *row = iban_lengths[i];

		if (row[0] == country[0] && row[1] == country[1])
			return (size_t)(row[2] - '0') * 10 + (size_t)(row[3] - '0');
	}
	return 0;
}

/* bytes of the IBAN that begins at p, a letter; 0 when none does */
static size_t iban_at(const unsigned char *p)
{
	char iban[IBAN_MAX];
	size_t want, n = 2, len = 2;

	if (!is_letter(p[1]) || is_letter(p[2])) /* nearly always */
		return 0;
	if (is_letter(p[2 + separators(p + 2, "")])) /* "de fiets": two check digits would come here */
		return 0;
	iban[0] = upper(p[0]);
	iban[1] = upper(p[1]);
	want = iban_length(iban);
	if (!want)
		return 0;
	while (n < want) {
		size_t gap = is_alnum(p[len]) ? 0 : separators(p + len, "");

		if (!is_alnum(p[len + gap]))
			return 0;
		iban[n++] = upper(p[len + gap]);
		len += gap + 1;
	}
	return !is_alnum(p[len]) && guard_is_iban(iban, n) ? len : 0;
}

/* Most text has no digits, and nothing begins further before one than a country and the separators behind it.
 * The bytes of DIGITS that are none begin those of other scripts */
#define DIGITS "0123456789\xd9\xdb\xef"
enum { BEFORE_DIGIT = 2 + 2 * MAX_SEPARATORS };

/* the next BSN or IBAN at or behind *at; false when there is none */
static bool find(const unsigned char *text, size_t *at, size_t *len)
{
	size_t i = *at, digit = i + strcspn((const char *)text + i, DIGITS), step;
	char d;

	while (text[i]) {
		if (i > digit)
			digit = i + strcspn((const char *)text + i, DIGITS);
		if (digit - i > BEFORE_DIGIT)
			i = digit - BEFORE_DIGIT;
		if (is_letter(text[i])) {
			*len = iban_at(text + i);
			step = 1;
		} else if (digit_at(text + i, &d)) {
			bool plus = i && text[i - 1] == '+', zeros = text[i] == '0' && text[i + 1] == '0';
			size_t n = 0;

			step = plus || (zeros && text[i + 2] != '0') ? phone_at(text + i, plus ? 0 : 2) : 0;
			*len = step ? 0 : bsn_at(text + i);
			if (!step)
				step = digit_run(text + i, NULL, &n, 0);
		} else {
			*len = 0;
			step = 1;
		}
		if (*len) {
			*at = i;
			return true;
		}
		i += step;
	}
	return false;
}

bool guard_finds(const char *text)
{
	size_t at = 0, len;

	return find((const unsigned char *)text, &at, &len);
}

static size_t characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (s[i] & 0xc0) != 0x80;
	return count;
}

const char *guard_mask(struct arena *a, const char *text)
{
	static const char bullet[] = "\xe2\x80\xa2";
	size_t done = 0, at = 0, len, n = 0;
	char *out;

	if (!guard_finds(text))
		return text;
	out = arena_alloc(a, 3 * strlen(text) + 1);
	while (find((const unsigned char *)text, &at, &len)) {
		memcpy(out + n, text + done, at - done);
		n += at - done;
		for (size_t i = characters(text + at, len); i; i--, n += 3)
			memcpy(out + n, bullet, 3);
		done = at += len;
	}
	memcpy(out + n, text + done, strlen(text + done));
	return out;
}
