#include "lib/base/jsonr.h"

#include "lib/base/hmac.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
	FEW_KEYS = 24,               /* compared with each other; an object with more is rare */
	SHORT_NUMBER = 18,           /* digits that always fit */
};

struct reader {
	struct arena *a;
	char *copy, *at;             /* the copy ends with NUL, which stops every loop below */
	const uint8_t *source;
	int depth, tokens;
	int outcome;                 /* why it stopped */
	bool rare;                   /* something that jansson must judge too */
};

static struct jsonr *read_value(struct reader *r);

static void *stop(struct reader *r, enum jsonx_outcome why)
{
	r->outcome = why;
	return NULL;
}

static void skip_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
		r->at++;
}

/* past c and the blanks behind it; false when something else is there */
static bool skip(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

/* ---------------------------------------------------------------- strings */

static int hex4(const char *s)
{
	uint8_t b[2];

	for (int i = 0; i < 4; i++)
		if (!s[i])
			return -1;
	return hex_decode(s, 4, b, 2) ? b[0] << 8 | b[1] : -1;
}

/* the code point behind "\u"; 0 when it is none, or NUL, or half of a pair */
static utf8proc_int32_t escaped_point(struct reader *r)
{
	int high = hex4(r->at), low;

	if (high < 0)
		return 0;
	r->at += 4;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || r->at[0] != '\\' || r->at[1] != 'u')
		return 0;
	low = hex4(r->at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	r->at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* what stands behind a backslash goes to *out; false when that is nothing */
static bool unescape(struct reader *r, char **out)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	char c = r->at[1];
	const char *name = c ? strchr(names, c) : NULL;
	utf8proc_int32_t point;

	if (!name && c != 'u')
		return false;
	r->at += 2;
	if (name) {
		*(*out)++ = means[name - names];
		return true;
	}
	point = escaped_point(r);
	*out += point ? utf8proc_encode_char(point, (uint8_t *)*out) : 0;
	return point;
}

/* what is nothing but itself within quotes */
static const bool plain[256] = {
	[' '] = true, ['!'] = true, ['#' ... '['] = true, [']' ... 0xff] = true,
};

static bool is_plain(char c)
{
	return plain[(unsigned char)c];
}

/* at the opening quote: the string, where it stands, because unescaping only makes it shorter */
static const char *read_string(struct reader *r)
{
	char *start = ++r->at, *out = start;

	while (is_plain(*out))
		out++;
	for (r->at = out; *r->at != '"';) {
		if (is_plain(*r->at))
			*out++ = *r->at++;
		else if (*r->at != '\\' || !unescape(r, &out))
			return stop(r, JSONX_BAD);
	}
	r->at++;
	*out = '\0';
	return start;
}

/* ---------------------------------------------------------------- the other values */

static size_t digits(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* bytes of the number at s; 0 when there is none. *real: with a fraction or an exponent */
static size_t number_at(const char *s, bool *real)
{
	const char *p = s + (*s == '-');
	size_t n = digits(p);

	if (!n || (*p == '0' && n > 1))
		return 0;
	p += n;
	*real = *p == '.' || *p == 'e' || *p == 'E';
	if (*p == '.') {
		n = digits(++p);
		if (!n)
			return 0;
		p += n;
	}
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '+' || p[1] == '-');
		n = digits(p);
		if (!n)
			return 0;
		p += n;
	}
	return (size_t)(p - s);
}

static bool read_number(struct reader *r, struct jsonr *v)
{
	bool real = false;
	size_t n = number_at(r->at, &real);

	v->type = n && real ? JSON_REAL : JSON_INTEGER;
	r->rare |= n && (real || n > SHORT_NUMBER);
	r->at += n;
	return n;
}

static bool read_word(struct reader *r, struct jsonr *v)
{
	static const struct { const char *word; size_t n; json_type type; } words[] = {
		{ "true", 4, JSON_TRUE }, { "false", 5, JSON_FALSE }, { "null", 4, JSON_NULL },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!strncmp(r->at, words[i].word, words[i].n)) {
			v->type = words[i].type;
			r->at += words[i].n;
			return true;
		}
	}
	return false;
}

/* ---------------------------------------------------------------- arrays and objects */

static bool has_key(const struct jsonr *v, const char *key)
{
	for (; v; v = v->next)
		if (!strcmp(v->key, key))
			return true;
	return false;
}

static struct jsonr *read_member(struct reader *r, const struct jsonr *object)
{
	const char *key = *r->at == '"' ? read_string(r) : NULL;
	struct jsonr *v;

	skip_blanks(r);
	if (!key || !skip(r, ':') || (object->n < FEW_KEYS && has_key(object->first, key)))
		return stop(r, JSONX_BAD);
	r->rare |= object->n >= FEW_KEYS;
	v = read_value(r);
	if (v)
		v->key = key;
	return v;
}

/* at the opening bracket; false with r->outcome */
static bool read_all(struct reader *r, struct jsonr *v, char end)
{
	const struct jsonr **last = &v->first;
	struct jsonr *one;

	if (++r->depth > JSONX_MAX_DEPTH)
		return stop(r, JSONX_TOO_DEEP);
	r->tokens++;
	skip(r, *r->at);
	while (*r->at != end || v->n) {
		if (r->tokens > JSONX_MAX_TOKENS)
			return stop(r, JSONX_TOO_MANY);
		one = end == '}' ? read_member(r, v) : read_value(r);
		if (!one)
			return false;
		*last = one;
		last = &one->next;
		v->n++;
		skip_blanks(r);
		if (*r->at == end)
			break;
		if (!skip(r, ','))
			return stop(r, JSONX_BAD);
		r->tokens++;
	}
	r->at++;
	r->depth--;
	return true;
}

static bool read_into(struct reader *r, struct jsonr *v)
{
	switch (*r->at) {
	case '{':
		v->type = JSON_OBJECT;
		return read_all(r, v, '}');
	case '[':
		v->type = JSON_ARRAY;
		return read_all(r, v, ']');
	case '"':
		v->type = JSON_STRING;
		v->text = read_string(r);
		return v->text;
	default:
		return read_number(r, v) || read_word(r, v) || stop(r, JSONX_BAD);
	}
}

/* NULL with r->outcome */
static struct jsonr *read_value(struct reader *r)
{
	struct jsonr *v = arena_try(r->a, sizeof *v);
	const char *start = r->at;

	if (!v)
		return stop(r, JSONX_TOO_MANY);
	if (!read_into(r, v))
		return NULL;
	v->source = r->source + (start - r->copy);
	v->len = (uint32_t)(r->at - start);
	return v;
}

/* ---------------------------------------------------------------- from outside */

static json_t *tree(const void *text, size_t len, size_t flags)
{
	return json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, NULL);
}

static bool jansson_takes(struct bytes in)
{
	json_t *j = tree(in.data, in.len, 0);

	json_decref(j);
	return j;
}

int jsonr_load(struct arena *a, struct bytes in, const struct jsonr **out)
{
	struct reader r = { .a = a, .source = in.data, .outcome = JSONX_BAD };
	const struct jsonr *v;

	if (in.len > UINT32_MAX || !utf8_valid(in))
		return JSONX_BAD;
	r.copy = r.at = arena_try(a, in.len + 1);
	if (!r.copy)
		return JSONX_TOO_MANY;
	if (in.len)
		memcpy(r.copy, in.data, in.len);
	skip_blanks(&r);
	if (*r.at != '{' && *r.at != '[')
		return JSONX_BAD;
	v = read_value(&r);
	if (!v)
		return r.outcome;
	skip_blanks(&r);
	if (r.at != r.copy + in.len || (r.rare && !jansson_takes(in)))
		return JSONX_BAD;
	*out = v;
	return 0;
}

const struct jsonr *jsonr_get(const struct jsonr *v, const char *key)
{
	if (!jsonr_is(v, JSON_OBJECT))
		return NULL;
	for (v = v->first; v && (*v->key != *key || strcmp(v->key, key));)
		v = v->next;
	return v;
}

const char *jsonr_str(const struct jsonr *obj, const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	return jsonr_is(v, JSON_STRING) ? v->text : NULL;
}

json_int_t jsonr_int(const struct jsonr *obj, const char *key, json_int_t fallback)
{
	const struct jsonr *v = jsonr_get(obj, key);
	char s[24] = { 0 };

	if (!jsonr_is(v, JSON_INTEGER) || v->len >= sizeof s)
		return fallback;
	memcpy(s, v->source, v->len);
	return strtoll(s, NULL, 10);
}

bool jsonr_bool(const struct jsonr *obj, const char *key)
{
	return jsonr_is(jsonr_get(obj, key), JSON_TRUE);
}

const struct jsonr *jsonr_arr(const struct jsonr *obj, const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	return jsonr_is(v, JSON_ARRAY) ? v : NULL;
}

const struct jsonr *jsonr_obj(const struct jsonr *obj, const char *key)
{
	const struct jsonr *v = jsonr_get(obj, key);

	return jsonr_is(v, JSON_OBJECT) ? v : NULL;
}

json_t *jsonr_tree(const struct jsonr *v)
{
	return v ? tree(v->source, v->len, JSON_DECODE_ANY) : NULL;
}
