/* http_parse.c - see http_parse.h */
#include "daemon/http_parse.h"

#include "daemon/mutant.h"
#include "lib/base/must.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- the scan */

/* too_long - the status when no end is in sight */
static int too_long(const struct head_scan *s)
{
	return s->n_lines == 0 ? 414 : 431;
}

/* end_of_line - a complete line at p[from..to), CRLF not included; 0, 1 when it was the last, or -status */
static int end_of_line(struct head_scan *s, const uint8_t *p, size_t to, const struct http_limits *l)
{
	size_t from = s->line;

	if (from == to)
		return s->n_lines == 0 ? -400 : 1;
	if (p[from] == ' ' || p[from] == '\t')
		return -400;            /* a folded line, or a blank before the first header */
	if (s->n_lines == 0 && to > HTTP_MAX_TARGET + HTTP_METHOD_AND_VERSION)
		return -414;
	if (s->n_lines > l->max_headers)
		return -431;
	s->n_lines++;
	s->line = to + 2;
	return 0;
}

int head_scan(struct head_scan *s, const uint8_t *p, size_t len, const struct http_limits *l)
{
	size_t max = (size_t)l->max_header_bytes;
	size_t end = len < max ? len : max;
	size_t i;
	int r;

	for (i = s->seen; i < end; i++) {
		uint8_t c = p[i];

		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		if (c != '\r')
			return -400;
		if (i + 1 >= end)
			break;          /* come back to this CR with the byte behind it */
		if (p[i + 1] != '\n')
			return -400;
		r = end_of_line(s, p, i, l);
		if (r < 0)
			return r;
		if (r > 0)
			return (int)i + 2;
		i++;
	}
	s->seen = i;
	if (s->n_lines == 0 && i > HTTP_MAX_TARGET + HTTP_METHOD_AND_VERSION)
		return -414;
	return len >= max ? -too_long(s) : 0;
}

/* ---------------------------------------------------------------- llhttp's callbacks: they only write down */

static struct request *of(llhttp_t *p)
{
	return p->data;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
	struct request *r = of(p);

	if (r->n_target == 0)
		r->target = (uint32_t)(at - r->text);
	r->n_target += (uint32_t)n;
	return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
	struct request *r = of(p);
	struct header *h;

	if (r->headers_done)
		return HPE_USER;        /* a trailer: nothing may arrive after the checks */
	if (r->in_value || r->n_headers == 0) {
		if (r->n_headers == r->max_headers)
			return HPE_USER;
		h = &r->headers[r->n_headers++];
		*h = (struct header){ .name = (uint32_t)(at - r->text) };
		r->in_value = false;
	}
	r->headers[r->n_headers - 1].n_name += (uint32_t)n;
	return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
	struct request *r = of(p);
	struct header *h;

	if (r->headers_done || r->n_headers == 0)
		return HPE_USER;
	h = &r->headers[r->n_headers - 1];
	if (!r->in_value)
		h->value = (uint32_t)(at - r->text);
	r->in_value = true;
	h->n_value += (uint32_t)n;
	return 0;
}

static int on_headers_complete(llhttp_t *p)
{
	struct request *r = of(p);

	r->headers_done = true;
	r->keep_alive = llhttp_should_keep_alive(p);
	p->upgrade = 0;                 /* an offer of another protocol is not taken */
	return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct request *r = of(p);

	r->framing -= (int64_t)n;
	if (r->plan == NULL)
		return HPE_USER;        /* the head has no body in it */
	r->status = http_store_add(&r->body, r->plan, r->spool_dir, r->length, (const uint8_t *)at, n);
	return r->status == 0 ? 0 : HPE_USER;
}

static int on_chunk_header(llhttp_t *p)
{
	(void)p;
	return HPE_PAUSED;              /* request_body measures the line that ends here */
}

static int on_extension(llhttp_t *p, const char *at, size_t n)
{
	(void)p, (void)at, (void)n;
	return HPE_USER;                /* nobody sends them, and parsers disagree about them */
}

static int on_message_complete(llhttp_t *p)
{
	of(p)->complete = true;
	return HPE_PAUSED;              /* the next request is not ours to look at yet */
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_chunk_header = on_chunk_header,
	.on_chunk_extension_name = on_extension,
	.on_chunk_extension_value = on_extension,
	.on_message_complete = on_message_complete,
};

/* ---------------------------------------------------------------- what llhttp allows and we do not */

static bool is_token(const char *s, uint32_t n)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	uint32_t i;

	for (i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c != '\0' && strchr(marks, c) != NULL)))
			return false;
	}
	return n > 0;
}

/* close_header - blanks off the value, NUL behind name and value (on the colon and the CR or a blank) */
static bool close_header(struct request *r, struct header *h)
{
	char *name = r->text + h->name, *value = r->text + h->value;

	if (!is_token(name, h->n_name) || name[h->n_name] != ':')
		return false;
	if (h->n_value == 0) {
		value = name + h->n_name;               /* llhttp points into the next line; the NUL of the name */
		h->value = h->name + h->n_name;
	}
	while (h->n_value > 0 && (value[0] == ' ' || value[0] == '\t')) {
		value++;
		h->value++;
		h->n_value--;
	}
	while (h->n_value > 0 && (value[h->n_value - 1] == ' ' || value[h->n_value - 1] == '\t'))
		h->n_value--;
	value[h->n_value] = '\0';
	name[h->n_name] = '\0';
	return true;
}

/* target_ok - origin form, printable ASCII, no fragment; splits it at "?" */
static bool target_ok(struct request *r)
{
	char *t = r->text + r->target;
	char *question;
	uint32_t i;

	if (r->n_target == 0 || t[0] != '/')
		return false;
	for (i = 0; i < r->n_target; i++) {
		if ((uint8_t)t[i] <= 0x20 || (uint8_t)t[i] >= 0x7f || t[i] == '#')
			return false;
	}
	if (t[r->n_target] != ' ')
		return false;
	t[r->n_target] = '\0';
	r->path = t;
	r->query = t + r->n_target;
	question = memchr(t, '?', r->n_target);
	if (question != NULL) {
		*question = '\0';
		r->query = question + 1;
	}
	return true;
}

/* length_of - digits only; -1 for anything else */
static int64_t length_of(const struct request *r, const struct header *h)
{
	const char *s = r->text + h->value;
	int64_t v = 0;
	uint32_t i;

	if (h->n_value == 0 || h->n_value > HTTP_MAX_LENGTH_DIGITS)
		return -1;
	for (i = 0; i < h->n_value; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static bool named(const struct request *r, const struct header *h, const char *name)
{
	return strlen(name) == h->n_name && strcasecmp(r->text + h->name, name) == 0;
}

/* check_framing - one Host, one way to tell how long the body is; 0 or a status */
static int check_framing(struct request *r)
{
	bool http10 = r->parser.http_minor == 0;
	int n_host = 0, n_length = 0, n_coding = 0, i;

	r->length = -1;
	for (i = 0; i < r->n_headers; i++) {
		struct header *h = &r->headers[i];

		if (!close_header(r, h))
			return 400;
		if (named(r, h, "host")) {
			n_host++;
		} else if (named(r, h, "content-length")) {
			n_length++;
			r->length = length_of(r, h);
			if (r->length < 0)
				return 400;
		} else if (named(r, h, "transfer-encoding")) {
			n_coding++;
			r->chunked = strcasecmp(r->text + h->value, "chunked") == 0;
			if (!r->chunked)
				return 400;
		} else if (named(r, h, "expect")) {
			r->expects_continue = strcasecmp(r->text + h->value, "100-continue") == 0;
			if (!r->expects_continue)
				return 417;
		}
	}
	if (n_host > 1 || (n_host == 0 && !http10) || n_length + n_coding > 1 || (r->chunked && http10))
		return 400;
	if (http10)
		r->expects_continue = false;
	return 0;
}

static int check_method(const struct request *r)
{
	switch (r->parser.method) {
	case HTTP_GET:
	case HTTP_POST:
	case HTTP_PUT:
	case HTTP_PATCH:
	case HTTP_DELETE:
		return 0;
	}
	return 501;
}

/* check_version - from the text: llhttp also takes 0.9 and 2.0 */
static int check_version(const struct request *r)
{
	return r->parser.http_major == 1 && r->parser.http_minor <= 1 ? 0 : 505;
}

/* agree - llhttp and we see the same body */
static bool agree(const struct request *r)
{
	bool has_body = r->chunked || r->length > 0;

	if (!r->headers_done || r->complete == has_body)
		return false;
	return r->chunked || r->length <= 0 || r->parser.content_length == (uint64_t)r->length;
}

static int status_of(llhttp_errno_t e)
{
	switch (e) {
	case HPE_INVALID_METHOD:
		return 501;
	case HPE_INVALID_VERSION:
		return 505;
	default:
		return 400;
	}
}

/* judge - run llhttp over the head, then our own checks; 0 or a status */
static int judge(struct request *r, size_t len)
{
	llhttp_errno_t e = llhttp_execute(&r->parser, r->text, len);
	int status;

	if (e == HPE_PAUSED && r->complete) {
		llhttp_resume(&r->parser);
		e = HPE_OK;
	}
	if (e == HPE_PAUSED_H2_UPGRADE)
		return 505;
	if (e != HPE_OK)
		return status_of(e);
	status = check_method(r);
	if (status == 0)
		status = check_version(r);
	if (status == 0 && !target_ok(r))
		status = 400;
	if (status == 0)
		status = check_framing(r);
	if (MUTANT("no_guard") && r->path != NULL)
		return 0;
	return status != 0 ? status : agree(r) ? 0 : 400;
}

int request_new(const uint8_t *p, size_t len, int n_lines, struct request **out)
{
	size_t n = (size_t)n_lines;     /* headers, and one to spare: the request line is counted too */
	struct request *r = must(malloc(sizeof(*r) + n * sizeof(r->headers[0]) + len + 1));
	int status;

	memset(r, 0, sizeof(*r));
	r->max_headers = n_lines;
	r->text = (char *)(r->headers + n);
	memcpy(r->text, p, len);
	r->text[len] = '\0';
	http_store_init(&r->body);
	llhttp_init(&r->parser, HTTP_REQUEST, &settings);
	r->parser.data = r;
	status = judge(r, len);
	r->framing = 0;
	if (status != 0)
		request_free(r);
	else
		*out = r;
	return status;
}

struct request *request_free(struct request *r)
{
	if (r != NULL)
		http_store_done(&r->body);
	free(r);
	return NULL;
}

/* execute - one run of llhttp, until the end of p, of a chunk's size line, or of the message */
static llhttp_errno_t execute(struct request *r, const uint8_t *p, size_t len, size_t *used)
{
	llhttp_errno_t e = llhttp_execute(&r->parser, (const char *)p, len);
	size_t n = len;

	if (e == HPE_PAUSED)
		n = (size_t)(llhttp_get_error_pos(&r->parser) - (const char *)p);
	r->framing += (int64_t)n;       /* on_body has taken off what was body */
	*used += n;
	return e;
}

int request_body(struct request *r, const uint8_t *p, size_t len, size_t *used)
{
	*used = 0;
	for (;;) {
		llhttp_errno_t e = execute(r, p + *used, len - *used, used);

		if (r->status != 0)
			return r->status;
		if ((e != HPE_OK && e != HPE_PAUSED) || r->framing > HTTP_CHUNK_LINE)
			return 400;
		if (r->complete)
			return http_store_end(&r->body);
		if (e == HPE_OK)
			return 0;
		r->framing = 0;         /* behind the size line of a chunk */
		llhttp_resume(&r->parser);
	}
}

const char *request_header(const struct request *r, const char *name)
{
	const char *found = NULL;
	int i;

	for (i = 0; i < r->n_headers; i++) {
		if (!named(r, &r->headers[i], name))
			continue;
		if (found != NULL)
			return NULL;
		found = r->text + r->headers[i].value;
	}
	return found;
}
