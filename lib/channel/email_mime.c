#include "lib/channel/email.h"

#include "lib/base/html.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"

#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

/* ---- headers: shared by the mails that come as JSON ---- */

const char *email_header(const struct email *m, const char *name, int n)
{
	for (int i = 0; i < m->n_headers; i++) {
		if (!strcasecmp(m->headers[i].name, name) && n-- == 0)
			return m->headers[i].value;
	}
	return NULL;
}

/* bytes without a charset are UTF-8, or else what Windows writes */
static GMimeParserOptions *options_new(void)
{
	static const char *const charsets[] = { "utf-8", "windows-1252", NULL };
	GMimeParserOptions *o;

	g_mime_init();
	o = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(o, (const char **)charsets);
	return o;
}

/* owner    s: freed here */
static char *clean(struct arena *a, char *s, size_t max_bytes)
{
	size_t n = s ? strlen(s) : 0;
	char *copy;

	if (n > 4 * max_bytes)
		n = 4 * max_bytes;
	copy = s ? utf8_clean(a, (struct bytes){ (const uint8_t *)s, n }, max_bytes) : NULL;
	g_free(s);
	return copy;
}

const char *email_decoded(struct arena *a, const char *value, size_t max_bytes)
{
	GMimeParserOptions *o;
	char *s;

	if (!value)
		return NULL;
	o = options_new();
	s = clean(a, g_mime_utils_header_decode_text(o, value), max_bytes);
	g_mime_parser_options_free(o);
	for (char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	while (*s == ' ')
		s++;
	for (size_t n = strlen(s); n && s[n - 1] == ' '; n--)
		s[n - 1] = '\0';
	return s;
}

bool email_is_address(const char *s)
{
	const char *at = strrchr(s, '@');

	if (!at || at == s || strchr(s, '@') != at || strlen(s) > EMAIL_MAX_ADDRESS || !strchr(at, '.') ||
	    at[1] == '.' || at[1] == '-' || s[strlen(s) - 1] == '.' || strstr(s, "..") || *s == '-')
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || strchr("<>(),;:\\\"[]", *s))
			return false;
	}
	return true;
}

static const char *lower(struct arena *a, const char *s)
{
	char *copy = clean(a, g_strdup(s), EMAIL_MAX_ADDRESS + 1);

	for (char *p = copy; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	return *copy && strlen(copy) <= EMAIL_MAX_ADDRESS && strchr(copy, '@') ? copy : NULL;
}

/* "a:b:c:…": groups within groups, one call of the parser within another */
static bool has_many_groups(const char *s, size_t n)
{
	int colons = 0;

	for (const char *end = s + n; (s = memchr(s, ':', (size_t)(end - s))); s++)
		colons++;
	return colons > EMAIL_MAX_GROUPS;
}

const char *email_mailbox(struct arena *a, const char *value, int n, const char **name)
{
	GMimeParserOptions *o;
	InternetAddressList *list;
	const char *address = NULL;

	*name = NULL;
	if (!value || strlen(value) >= EMAIL_MAX_ADDRESSES || has_many_groups(value, strlen(value)))
		return NULL;
	o = options_new();
	list = internet_address_list_parse(o, value);
	for (int i = 0; list && !address && i < internet_address_list_length(list); i++) {
		InternetAddress *one = internet_address_list_get_address(list, i);
		const char *s = INTERNET_ADDRESS_IS_MAILBOX(one)
					? internet_address_mailbox_get_addr((InternetAddressMailbox *)one)
					: NULL;

		if (!s || n-- > 0)
			continue;
		address = lower(a, s);
		if (internet_address_get_name(one))
			*name = email_decoded(a, internet_address_get_name(one), 200);
	}
	if (*name && !**name)
		*name = NULL;
	if (list)
		g_object_unref(list);
	g_mime_parser_options_free(o);
	return address;
}

int64_t email_moment(const char *value)
{
	GDateTime *t;
	int64_t at_s;

	if (!value)
		return 0;
	g_mime_init();
	t = g_mime_utils_header_decode_date(value);
	at_s = t ? g_date_time_to_unix(t) : 0;
	if (t)
		g_date_time_unref(t);
	return at_s > 0 ? at_s * WHEN_SECOND_US : 0;
}

/* ---- a raw mail ---- */

struct reader {
	struct arena *a;
	struct email *m;
	GString *text;
	int n_parts;
	size_t n_html;
};

/* a header as one line: folds are blanks */
static const char *unfolded(struct arena *a, const char *raw, size_t n)
{
	char *s = arena_dup(a, raw, n), *out = s;

	for (const char *p = s; *p; p++) {
		if (*p != '\r' && *p != '\n')
			*out++ = *p;
	}
	*out = '\0';
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static void take_headers(struct reader *r, GMimeObject *o)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(o);
	int n = g_mime_header_list_get_count(list);
	size_t n_bytes = 0;

	for (int i = 0; i < n && r->m->n_headers < EMAIL_MAX_HEADERS; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *name = g_mime_header_get_name(h), *value = g_mime_header_get_raw_value(h);
		size_t len = value ? strlen(value) : 0;

		n_bytes += len + strlen(name);
		if (n_bytes > EMAIL_MAX_HEADER_BYTES)
			return;
		r->m->headers[r->m->n_headers++] = (struct email_header){
			arena_str(r->a, name), unfolded(r->a, value ? value : "", len),
		};
	}
}

/* the decoded bytes of a part; the caller drops it */
static GByteArray *content_of(GMimeObject *o)
{
	GMimeStream *mem = g_mime_stream_mem_new();
	GMimeDataWrapper *w = GMIME_IS_PART(o) ? g_mime_part_get_content((GMimePart *)o) : NULL;
	GByteArray *bytes;

	if (w)
		g_mime_data_wrapper_write_to_stream(w, mem);
	else if (GMIME_IS_MESSAGE_PART(o) && g_mime_message_part_get_message((GMimeMessagePart *)o))
		g_mime_object_write_to_stream(
			(GMimeObject *)g_mime_message_part_get_message((GMimeMessagePart *)o), NULL, mem);
	bytes = g_byte_array_ref(g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem));
	g_mime_stream_mem_set_owner((GMimeStreamMem *)mem, FALSE);
	g_object_unref(mem);
	return bytes;
}

/* is there any character of UTF-8 among bytes that are not all UTF-8? */
static bool has_utf8(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i - 1] >= 0xc2 && p[i - 1] < 0xf5 && (p[i] & 0xc0) == 0x80)
			return true;
	}
	return false;
}

/* g_strndup gives NULL for NULL, which is where no bytes are.
 * owner    the caller frees it */
static char *copy_of(const uint8_t *p, size_t n)
{
	return n ? g_strndup((const char *)p, n) : g_strdup("");
}

static char *converted(const char *charset, const uint8_t *p, size_t n)
{
	GMimeFilter *f = g_mime_filter_charset_new(charset, "utf-8");
	GMimeStream *mem, *filtered;
	GByteArray *bytes;
	char *out;

	if (!f)
		return NULL;
	mem = g_mime_stream_mem_new();
	filtered = g_mime_stream_filter_new(mem);
	g_mime_stream_filter_add((GMimeStreamFilter *)filtered, f);
	if (n)
		g_mime_stream_write(filtered, (const char *)p, n);
	g_mime_stream_flush(filtered);
	bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem);
	out = copy_of(bytes->data, bytes->len);
	g_object_unref(filtered);
	g_object_unref(f);
	g_object_unref(mem);
	return out;
}

/* What the sender says it is, unless it is UTF-8 after all; what is neither is what Windows writes. Bytes that stay wrong
 * are U+FFFD in the end (utf8_clean).
 * owner    the caller frees it */
static char *as_utf8(const char *charset, GByteArray *in, size_t max_bytes)
{
	static const char *const stateful[] = { "utf-16", "utf-32", "utf-7", "iso-2022", "hz" };
	size_t n = in->len < max_bytes ? in->len : max_bytes;
	bool plain = true, unnamed = !charset || !strcasecmp(charset, "us-ascii") || !strncasecmp(charset, "iso-8859-1", 11);
	char *out;

	for (size_t i = 0; charset && i < sizeof stateful / sizeof *stateful; i++)
		plain &= strncasecmp(charset, stateful[i], strlen(stateful[i])) != 0;
	while (n && n < in->len && (in->data[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; plain && i < n; i++) {
		if (!in->data[i])
			in->data[i] = ' ';
	}
	if (plain && g_utf8_validate_len((const char *)in->data, n, NULL))
		return copy_of(in->data, n);
	if (charset && !strcasecmp(charset, "utf-8") && has_utf8(in->data, n))
		return copy_of(in->data, n);
	if (charset && !strcasecmp(charset, "utf-8"))
		unnamed = true;
	out = unnamed ? NULL : converted(charset, in->data, n);
	return out ? out : converted("windows-1252", in->data, n);
}

static bool is(GMimeObject *o, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(o), type, subtype);
}

static const char *parameter(GMimeObject *o, const char *name)
{
	return g_mime_content_type_get_parameter(g_mime_object_get_content_type(o), name);
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t\r\n\xc2\xa0")];
}

/* RFC 3676: a line that ends in a blank goes on in the next, when that is quoted as deep. "-- " is a signature's.
 * owner    takes s, gives another */
static char *unflowed(char *s, bool delsp)
{
	GString *out = g_string_sized_new(strlen(s));
	size_t depth = 0, quotes;
	bool goes_on = false;

	for (const char *line = s, *eol; *line; line = eol + (*eol == '\n')) {
		eol = line + strcspn(line, "\n");
		quotes = strspn(line, ">");
		line += quotes;
		line += *line == ' ';
		size_t n = (size_t)(eol > line ? eol - line : 0);
		n -= n && line[n - 1] == '\r';
		bool signature = n == 3 && !memcmp(line, "-- ", 3);

		if (goes_on && (quotes != depth || signature)) {
			g_string_append_c(out, '\n');
			goes_on = false;
		}
		if (!goes_on && quotes) {
			for (size_t i = 0; i < quotes; i++)
				g_string_append_c(out, '>');
			g_string_append_c(out, ' ');
		}
		goes_on = n && line[n - 1] == ' ' && !signature;
		depth = quotes;
		g_string_append_len(out, line, (gssize)(n - (goes_on && delsp)));
		if (!goes_on)
			g_string_append_c(out, '\n');
	}
	g_free(s);
	return g_string_free(out, FALSE);
}

static void add_text(struct reader *r, const char *s)
{
	if (is_blank(s) || r->text->len >= EMAIL_MAX_TEXT)
		return;
	if (r->text->len)
		g_string_append(r->text, "\n\n");
	g_string_append_len(r->text, s, (gssize)strnlen(s, EMAIL_MAX_TEXT - r->text->len));
}

/* owner    the caller frees it */
static char *plain_of(GMimeObject *o)
{
	GByteArray *bytes = content_of(o);
	char *s = as_utf8(parameter(o, "charset"), bytes, EMAIL_MAX_TEXT);
	const char *format = parameter(o, "format"), *delsp = parameter(o, "delsp");

	g_byte_array_unref(bytes);
	return format && !strcasecmp(format, "flowed") ? unflowed(s, delsp && !strcasecmp(delsp, "yes")) : s;
}

static void take_html(struct reader *r, GMimeObject *o)
{
	GByteArray *bytes = content_of(o);
	char *s;

	if (r->n_html + bytes->len > EMAIL_MAX_HTML) {
		r->m->n_left_out++;
		g_byte_array_unref(bytes);
		return;
	}
	r->n_html += bytes->len;
	s = as_utf8(parameter(o, "charset"), bytes, EMAIL_MAX_HTML);
	g_byte_array_unref(bytes);
	/* a conversion may grow what it converts */
	add_text(r, html_text(r->a, (struct bytes){ (const uint8_t *)s, strnlen(s, EMAIL_MAX_HTML) }, EMAIL_MAX_TEXT));
	g_free(s);
}

static void take_file(struct reader *r, GMimeObject *o)
{
	GByteArray *bytes;
	const char *name = GMIME_IS_PART(o) ? g_mime_part_get_filename((GMimePart *)o) : "bericht.eml";
	char *type;
	uint8_t *copy;

	if (r->m->n_files == FORM_MAX_FILES) {
		r->m->n_left_out++;
		return;
	}
	bytes = content_of(o);
	copy = bytes->len <= FORM_MAX_FILE_BYTES ? arena_try(r->a, bytes->len + 1) : NULL;
	if (copy && bytes->len) {
		memcpy(copy, bytes->data, bytes->len);
		type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(o));
		r->m->files[r->m->n_files++] = (struct form_file){
			"attachment", form_file_name(r->a, name ? name : ""), clean(r->a, type, 100), { copy, bytes->len },
		};
	} else if (bytes->len) {
		r->m->n_left_out++;
	}
	g_byte_array_unref(bytes);
}

/* "Name: value" in the fields of a report; NULL when it is not there */
static const char *report_field(struct arena *a, const GByteArray *b, const char *name)
{
	size_t n = strlen(name);

	for (const uint8_t *p = b->data, *end = p + b->len; p && p < end;) {
		const uint8_t *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);

		if (len > n && len < 500 && !strncasecmp((const char *)p, name, n) && p[n] == ':')
			return unfolded(a, (const char *)p + n + 1, len - n - 1);
		p = eol ? eol + 1 : end;
	}
	return NULL;
}

static void take_report(struct reader *r, GMimeObject *o)
{
	GByteArray *b = content_of(o);

	r->m->action = report_field(r->a, b, "Action");
	r->m->status = report_field(r->a, b, "Status");
	r->m->disposition = report_field(r->a, b, "Disposition");
	g_byte_array_unref(b);
}

static void take_part(struct reader *r, GMimeObject *o, int depth, bool want_text);

/* the first that is not empty of the plain ones; of the rest only the files */
static void take_alternative(struct reader *r, GMimeMultipart *all, int depth, bool want_text)
{
	int n = g_mime_multipart_get_count(all), chosen = -1;

	for (int i = 0; want_text && chosen < 0 && i < n && i < EMAIL_MAX_PARTS; i++) {
		GMimeObject *o = g_mime_multipart_get_part(all, i);
		char *s = GMIME_IS_PART(o) && is(o, "text", "plain") ? plain_of(o) : NULL;

		if (s && !is_blank(s)) {
			chosen = i;
			add_text(r, s);
		}
		g_free(s);
	}
	for (int i = 0; i < n; i++) {
		if (i != chosen)
			take_part(r, g_mime_multipart_get_part(all, i), depth, want_text && chosen < 0);
	}
}

static void take_multipart(struct reader *r, GMimeMultipart *all, int depth, bool want_text)
{
	GMimeObject *o = (GMimeObject *)all;
	int n = g_mime_multipart_get_count(all), first = 0;

	if (is(o, "multipart", "encrypted")) {
		r->m->sealed = "pgp";
		first = 1; /* the first part says which version */
	} else if (is(o, "multipart", "signed") && n > 1) {
		n = 1; /* the other is the signature */
	} else if (depth == 1 && is(o, "multipart", "report")) {
		r->m->is_report = true;
	} else if (is(o, "multipart", "alternative")) {
		take_alternative(r, all, depth, want_text);
		return;
	}
	for (int i = first; i < n; i++)
		take_part(r, g_mime_multipart_get_part(all, i), depth, want_text);
}

static bool is_sealed(GMimeObject *o)
{
	const char *what = parameter(o, "smime-type");

	return (is(o, "application", "pkcs7-mime") || is(o, "application", "x-pkcs7-mime")) &&
	       !(what && !strcasecmp(what, "certs-only"));
}

static void take_leaf(struct reader *r, GMimeObject *o, bool want_text)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
	bool named = GMIME_IS_PART(o) && g_mime_part_get_filename((GMimePart *)o);
	bool attached = d && !strcasecmp(g_mime_content_disposition_get_disposition(d), "attachment");
	char *s;

	if (r->m->is_report && is(o, "message", "*") && !GMIME_IS_MESSAGE_PART(o)) {
		take_report(r, o);
	} else if (GMIME_IS_PART(o) && is(o, "text", "plain") && !attached && !named) {
		s = want_text ? plain_of(o) : NULL;
		if (s)
			add_text(r, s);
		g_free(s);
	} else if (GMIME_IS_PART(o) && is(o, "text", "html") && !attached && !named) {
		if (want_text)
			take_html(r, o);
	} else if (!r->m->is_report) {
		if (is_sealed(o))
			r->m->sealed = "smime";
		take_file(r, o);
	}
}

static void take_part(struct reader *r, GMimeObject *o, int depth, bool want_text)
{
	if (r->n_parts++ >= EMAIL_MAX_PARTS || depth > EMAIL_MAX_DEPTH)
		r->m->n_left_out++;
	else if (GMIME_IS_MULTIPART(o))
		take_multipart(r, (GMimeMultipart *)o, depth + 1, want_text);
	else
		take_leaf(r, o, want_text);
}

/* does a line look like "Name: …"? */
static bool names_header(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;

	while (q < end && *q > ' ' && *q < 0x7f && *q != ':')
		q++;
	return q > p && q < end && *q == ':';
}

/* those the parser reads at once */
static bool holds_addresses(const uint8_t *p, const uint8_t *end)
{
	static const char *const names[] = { "From:", "To:", "Cc:", "Bcc:", "Sender:", "Reply-To:" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if ((size_t)(end - p) > strlen(names[i]) && !strncasecmp((const char *)p, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* what would cost the parser too much: lines that may become its objects ("Name: …" and "--boundary"), and a header, with
 * its folds, that is long: it takes time that grows with the square of that */
static bool is_hostile(struct bytes in)
{
	const uint8_t *header = NULL; /* where the last one begins */
	int n = 0;

	for (const uint8_t *p = in.data, *end = p + in.len, *eol; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol ? eol : end;

		if (names_header(p, end))
			header = p;
		else if (*p != ' ' && *p != '\t')
			header = NULL;
		n += header == p || (end - p > 1 && p[0] == '-' && p[1] == '-');
		if (n > EMAIL_MAX_LINES || (header && eol - header > EMAIL_MAX_FOLDED))
			return true;
		if (header && eol - header > EMAIL_MAX_GROUPS && holds_addresses(header, eol) &&
		    has_many_groups((const char *)header, (size_t)(eol - header)))
			return true;
	}
	return false;
}

/* parts that nobody can tell apart: all of it, as it stands there */
static void take_bare(struct reader *r)
{
	const uint8_t *p = r->m->raw.data, *crlf = memmem(p, r->m->raw.len, "\r\n\r\n", 4);
	const uint8_t *lf = memmem(p, r->m->raw.len, "\n\n", 2), *body = crlf && (!lf || crlf < lf) ? crlf : lf;
	GByteArray *bytes = g_byte_array_new();
	char *s;

	if (body)
		g_byte_array_append(bytes, body, (guint)(r->m->raw.len - (size_t)(body - p)));
	s = as_utf8(NULL, bytes, EMAIL_MAX_TEXT);
	add_text(r, s);
	g_free(s);
	g_byte_array_unref(bytes);
}

static void read_message(struct reader *r, GMimeMessage *message)
{
	GMimeObject *body = g_mime_message_get_mime_part(message);

	take_headers(r, (GMimeObject *)message);
	if (!body)
		return;
	r->text = g_string_new(NULL);
	take_part(r, body, 0, true);
	if (GMIME_IS_MULTIPART(body) && !g_mime_multipart_get_count((GMimeMultipart *)body))
		take_bare(r);
	if (r->text->len)
		r->m->text = utf8_clean(r->a, (struct bytes){ (const uint8_t *)r->text->str, r->text->len },
					EMAIL_MAX_TEXT);
	g_string_free(r->text, TRUE);
}

int email_parse(struct arena *a, struct bytes raw, struct email *out)
{
	struct reader r = { .a = a, .m = out };
	GMimeParserOptions *o;
	GMimeParser *parser;
	GMimeMessage *message;
	GMimeStream *s;

	memset(out, 0, sizeof *out);
	out->raw = raw;
	if (!raw.len || is_hostile(raw))
		return CHANNEL_UNREADABLE;
	o = options_new();
	s = g_mime_stream_mem_new_with_buffer((const char *)raw.data, raw.len);
	parser = g_mime_parser_new_with_stream(s);
	message = g_mime_parser_construct_message(parser, o);
	if (message) {
		read_message(&r, message);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(s);
	g_mime_parser_options_free(o);
	return out->n_headers ? 0 : CHANNEL_UNREADABLE;
}
