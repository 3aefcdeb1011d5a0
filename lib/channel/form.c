#include "lib/channel/form.h"

#include "lib/base/utf8.h"

#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "+" is a blank, "%41" an A; a "%" without two digits stays what it is */
static struct bytes unescape(struct arena *a, const uint8_t *p, size_t n)
{
	uint8_t *out = arena_alloc(a, n + 1);
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '%' && i + 2 < n && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0) {
			out[m++] = (uint8_t)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		} else {
			out[m++] = p[i] == '+' ? ' ' : p[i];
		}
	}
	return (struct bytes){ out, m };
}

/* one name or value, cleaned */
static const char *decode(struct arena *a, const uint8_t *p, size_t n, size_t max)
{
	if (n > 12 * max) /* three bytes for one, and four before NFC for one after */
		n = 12 * max;
	return utf8_clean(a, unescape(a, p, n), max);
}

struct form_pair *form_pairs(struct arena *a, struct bytes in, int *n)
{
	const uint8_t *p = in.data, *end = p + in.len;
	struct form_pair *pairs;
	size_t count = in.len > 0;

	for (size_t i = 0; i < in.len; i++)
		count += in.data[i] == '&';
	if (count > FORM_MAX_PAIRS)
		return NULL;
	pairs = arena_array(a, struct form_pair, count + 1);
	for (*n = 0; p < end; (*n)++) {
		const uint8_t *amp = memchr(p, '&', (size_t)(end - p));
		size_t len = (size_t)((amp ? amp : end) - p);
		const uint8_t *eq = memchr(p, '=', len);
		size_t name = eq ? (size_t)(eq - p) : len;

		pairs[*n] = (struct form_pair){ unescape(a, p, name), { 0 } };
		if (eq)
			pairs[*n].value = unescape(a, eq + 1, len - name - 1);
		p += len + 1;
	}
	return pairs;
}

static int add_field(struct form *f, const char *name, const char *value)
{
	if (f->n_fields == FORM_MAX_FIELDS)
		return FORM_TOO_MUCH;
	f->fields[f->n_fields++] = (struct form_field){ name, value };
	return 0;
}

int form_urlencoded(struct arena *a, struct bytes in, struct form *out)
{
	const uint8_t *p = in.data, *end = p + in.len;

	memset(out, 0, sizeof *out);
	while (p < end) {
		const uint8_t *amp = memchr(p, '&', (size_t)(end - p));
		size_t n = (size_t)((amp ? amp : end) - p);
		const uint8_t *eq = memchr(p, '=', n);
		size_t name = eq ? (size_t)(eq - p) : n;

		if (name && (name > 3 * FORM_MAX_NAME ||
		          add_field(out, decode(a, p, name, FORM_MAX_NAME),
		                    eq ? decode(a, eq + 1, n - name - 1, FORM_MAX_VALUE) : "")))
			return FORM_TOO_MUCH;
		p += n + 1;
	}
	return 0;
}

const char *form_get(const struct form *f, const char *name)
{
	const char *found = NULL;

	for (int i = 0; i < f->n_fields; i++) {
		if (strcmp(f->fields[i].name, name))
			continue;
		if (found)
			return NULL;
		found = f->fields[i].value;
	}
	return found;
}

bool form_is_type(const char *content_type, const char *type)
{
	size_t n = strlen(type);

	return content_type && !strncasecmp(content_type, type, n) && strchr("; \t", content_type[n]);
}

const char *form_file_name(struct arena *a, const char *name)
{
	const char *start = name;
	char *out, *p;

	for (const char *q = name; *q; q++) {
		if (*q == '/' || *q == '\\')
			start = q + 1;
	}
	p = out = utf8_clean(a, (struct bytes){ (const uint8_t *)start, strlen(start) }, FORM_MAX_FILE_NAME);
	while (*p == '.' || *p == ' ' || *p == '-')
		out = ++p;
	for (; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("\"'`<>:|?*;&$%", *p))
			*p = '_';
	}
	return *out && !utf8_has_bidi(out) ? out : "bestand";
}

/* ---- multipart ---- */

struct multipart {
	struct arena *a;
	struct form *form;
	int outcome;
};

/* the bytes of a part, in the arena */
static bool content_of(struct multipart *m, GMimePart *part, struct bytes *out)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *mem = g_mime_stream_mem_new();
	GByteArray *bytes;
	bool fits = true;

	if (wrapper)
		g_mime_data_wrapper_write_to_stream(wrapper, mem);
	bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem);
	out->len = bytes->len;
	fits = bytes->len <= FORM_MAX_FILE_BYTES;
	uint8_t *copy = fits ? arena_try(m->a, bytes->len + 1) : NULL;
	if (copy && bytes->len)
		memcpy(copy, bytes->data, bytes->len);
	out->data = copy;
	g_object_unref(mem);
	return copy != NULL;
}

static const char *media_type_of(struct multipart *m, GMimeObject *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);
	char *s = type ? g_mime_content_type_get_mime_type(type) : NULL;
	const char *copy = s ? utf8_clean(m->a, (struct bytes){ (const uint8_t *)s, strlen(s) }, 100) : NULL;

	g_free(s);
	return copy;
}

static void add_file(struct multipart *m, GMimeObject *part, const char *field, const char *name,
		     struct bytes content)
{
	if (!*name && !content.len)
		return; /* an empty file field of a browser */
	if (m->form->n_files == FORM_MAX_FILES) {
		m->outcome = FORM_TOO_MUCH;
		return;
	}
	m->form->files[m->form->n_files++] = (struct form_file){
		field, form_file_name(m->a, name), media_type_of(m, part), content,
	};
}

static void each_part(GMimeObject *parent, GMimeObject *part, gpointer p)
{
	struct multipart *m = p;
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(part);
	const char *name = d ? g_mime_content_disposition_get_parameter(d, "name") : NULL;
	const char *file = d ? g_mime_content_disposition_get_parameter(d, "filename") : NULL;
	struct bytes content;

	(void)parent;
	if (m->outcome)
		return;
	if (!GMIME_IS_PART(part) || !name || strlen(name) > FORM_MAX_NAME) {
		m->outcome = FORM_BAD; /* parts within parts, parts without a name: no browser sends that */
		return;
	}
	if (!content_of(m, (GMimePart *)part, &content)) {
		m->outcome = FORM_TOO_MUCH;
		return;
	}
	name = utf8_clean(m->a, (struct bytes){ (const uint8_t *)name, strlen(name) }, FORM_MAX_NAME);
	if (file)
		add_file(m, part, name, file, content);
	else
		m->outcome = add_field(m->form, name, utf8_clean(m->a, content, FORM_MAX_VALUE));
}

/* The parser wants the header in front of the body, and a line end behind it: without one it leaves a CR at
 * the end of the last part. A content type that holds a line end would write headers of its own. */
static GMimeStream *whole_message(const char *content_type, struct bytes in)
{
	GMimeStream *cat = g_mime_stream_cat_new(), *parts[3];

	parts[0] = g_mime_stream_mem_new();
	g_mime_stream_printf(parts[0], "Content-Type: %s\r\nMIME-Version: 1.0\r\n\r\n", content_type);
	g_mime_stream_reset(parts[0]);
	parts[1] = g_mime_stream_mem_new_with_buffer((const char *)in.data, in.len);
	parts[2] = g_mime_stream_mem_new_with_buffer("\r\n", 2);
	for (int i = 0; i < 3; i++) {
		g_mime_stream_cat_add_source((GMimeStreamCat *)cat, parts[i]);
		g_object_unref(parts[i]);
	}
	return cat;
}

/* does the header of a part, up to the first empty line, make it one of many parts or a message? */
static bool is_nested(struct arena *a, const uint8_t *part, size_t n)
{
	const uint8_t *end = memmem(part, n, "\n\r\n", 3), *bare = memmem(part, n, "\n\n", 2);
	char *head;

	if (!end || (bare && bare < end))
		end = bare;
	head = arena_dup(a, part, end ? (size_t)(end - part) : n < 1000 ? n : 1000);
	return (end && end - part > FORM_MAX_HEADER) || strcasestr(head, "multipart/") ||
	       strcasestr(head, "message/");
}

/* "--" and nothing but blanks up to the end of the line: behind the boundary, the end of all parts */
static bool is_last(const uint8_t *p, const uint8_t *end)
{
	if (end - p < 2 || p[0] != '-' || p[1] != '-')
		return false;
	for (p += 2; p < end && (*p == ' ' || *p == '\t' || *p == '\r'); p++)
		;
	return p == end || *p == '\n';
}

/* Before the parser makes objects of them: so many parts as a form may have, none within another, and the
 * end is there (the parser would not miss it). */
static int check_parts(struct arena *a, const char *content_type, struct bytes in)
{
	GMimeContentType *type = g_mime_content_type_parse(NULL, content_type);
	const char *boundary = type ? g_mime_content_type_get_parameter(type, "boundary") : NULL;
	const char *line = boundary && *boundary ? arena_printf(a, "--%s", boundary) : NULL;
	const uint8_t *p = in.data, *end = p + in.len;
	bool closed = false;
	int n = 0;

	if (type)
		g_object_unref(type);
	while (line && !closed && n <= FORM_MAX_FIELDS + FORM_MAX_FILES &&
	       (p = memmem(p, (size_t)(end - p), line, strlen(line)))) {
		bool begins_line = p == in.data || p[-1] == '\n';

		p += strlen(line);
		if (!begins_line)
			continue;
		closed = is_last(p, end);
		if (!closed && is_nested(a, p, (size_t)(end - p)))
			return FORM_BAD;
		n++;
	}
	if (n > FORM_MAX_FIELDS + FORM_MAX_FILES)
		return FORM_TOO_MUCH;
	return closed ? 0 : FORM_BAD;
}

int form_multipart(struct arena *a, const char *content_type, struct bytes in, struct form *out)
{
	struct multipart m = { a, out, 0 };

	memset(out, 0, sizeof *out);
	if (!in.len || strlen(content_type) > 300 || strpbrk(content_type, "\r\n"))
		return FORM_BAD;
	g_mime_init();
	m.outcome = check_parts(a, content_type, in);
	if (m.outcome)
		return m.outcome;
	GMimeStream *s = whole_message(content_type, in);
	GMimeParser *parser = g_mime_parser_new_with_stream(s);
	GMimeObject *o = g_mime_parser_construct_part(parser, NULL);
	if (!o || !GMIME_IS_MULTIPART(o) || !g_mime_multipart_get_count((GMimeMultipart *)o))
		m.outcome = FORM_BAD;
	else
		g_mime_multipart_foreach((GMimeMultipart *)o, each_part, &m);
	if (o)
		g_object_unref(o);
	g_object_unref(parser);
	g_object_unref(s);
	return m.outcome;
}
