/*
 * fuzz_http.c - raw bytes as a connection would bring them: heads, bodies, the next request
 *
 * The same bytes in one piece and in small pieces must be taken or refused alike, with the same contents.
 */
#include "daemon/http_parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_REQUESTS = 20, MAX_INPUT = 64 * 1024 };

struct outcome {
	int n_requests;
	bool refused;
	uint64_t hash;                  /* of all that was understood */
};

static void mix(struct outcome *o, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		o->hash = (o->hash ^ b[i]) * UINT64_C(1099511628211);
	o->hash = (o->hash ^ 0xff) * UINT64_C(1099511628211);
}

/* check - what the rest of the daemon relies on */
static void check(const struct request *r)
{
	int n_host = 0;

	assert(r->path[0] == '/' && strpbrk(r->path, "?# \r\n") == NULL);
	assert(strlen(r->query) <= r->n_target);
	assert(!(r->chunked && r->length >= 0));
	assert(r->complete == (!r->chunked && r->length <= 0));
	for (int i = 0; i < r->n_headers; i++) {
		const char *value = r->text + r->headers[i].value;

		assert(strlen(r->text + r->headers[i].name) == r->headers[i].n_name);
		assert(strlen(value) == r->headers[i].n_value && strpbrk(value, "\r\n") == NULL);
		n_host += strcasecmp(r->text + r->headers[i].name, "host") == 0;
	}
	assert(n_host == 1 || (n_host == 0 && r->parser.http_minor == 0));
}

/* body - feed it step by step; false when it was refused or has not ended */
static bool body(struct request *r, const uint8_t *data, size_t size, size_t step, size_t *pos, struct outcome *o)
{
	while (!r->complete && *pos < size) {
		size_t n = size - *pos < step ? size - *pos : step, used = 0;

		if (request_body(r, data + *pos, n, &used) != 0) {
			o->refused = true;
			return false;
		}
		assert(used <= n && (used == n || r->complete));
		*pos += used;
	}
	return r->complete;
}

static void note(struct outcome *o, const struct request *r)
{
	mix(o, r->path, strlen(r->path));
	mix(o, r->query, strlen(r->query));
	for (int i = 0; i < r->n_headers; i++)
		mix(o, r->text + r->headers[i].value, r->headers[i].n_value);
	mix(o, r->body.data, (size_t)r->body.len);
	o->n_requests++;
}

/* one - a request at data[*pos]; false when there is no next one */
static bool one(const uint8_t *data, size_t size, size_t step, size_t *pos, struct outcome *o)
{
	static const struct http_limits limits = { .max_header_bytes = 8192, .max_headers = 32 };
	static const struct http_plan plan = { .max_body = 8192, .spool_above = 4096 };
	struct head_scan scan = { 0 };
	struct request *r = NULL;
	size_t seen = 0;
	bool more;
	int n = 0;

	while (n == 0 && *pos + seen < size) {
		seen += step < size - *pos - seen ? step : size - *pos - seen;
		n = head_scan(&scan, data + *pos, seen, &limits);
	}
	o->refused = n < 0 || (n > 0 && request_new(data + *pos, (size_t)n, scan.n_lines, &r) != 0);
	if (r == NULL)
		return false;
	check(r);
	r->plan = &plan;
	r->spool_dir = "/tmp";
	*pos += (size_t)n;
	more = body(r, data, size, step, pos, o) && r->keep_alive && !r->chunked;
	if (r->complete && !o->refused)
		note(o, r);
	request_free(r);
	return more;
}

static struct outcome run(const uint8_t *data, size_t size, size_t step)
{
	struct outcome o = { .hash = UINT64_C(14695981039346656037) };
	size_t pos = 0;

	while (o.n_requests < MAX_REQUESTS && one(data, size, step, &pos, &o))
		;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 3, 61 };
	struct outcome whole;

	if (size > MAX_INPUT)
		return 0;
	whole = run(data, size, MAX_INPUT);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct outcome pieces = run(data, size, steps[i]);

		assert(pieces.refused == whole.refused && pieces.n_requests == whole.n_requests);
		assert(pieces.hash == whole.hash);
	}
	return 0;
}
