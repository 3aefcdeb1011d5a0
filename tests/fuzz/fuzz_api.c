/* fuzz_api.c - what a caller of the API writes: an operation's name, a line end, a body; the body also as
 * a query value and as a cursor */
#include "daemon/api.h"
#include "lib/base/b64url.h"
#include "lib/base/jsonx.h"
#include "lib/base/url.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool b)
{
	if (!b)
		abort();
}

static void count(void *arg, enum shape_wrong wrong, const char *path, const char *reason)
{
	must(wrong <= SHAPE_BAD_VALUE && strlen(path) < 200 && reason[0]);
	++*(int *)arg;
}

/* what is said to be wrong is wrong: n reports and "right" never go together */
static void try_body(const struct shape *s, const json_t *body)
{
	int n = 0;

	must(shape_check(s, body, count, &n) == (n == 0));
}

static void try_text(struct arena *a, const struct api_route *r, const char *text)
{
	const char *plain = url_decode(a, text, strlen(text), true);
	struct bytes inside;

	if (plain)
		must(utf8_valid((struct bytes){ (const uint8_t *)plain, strlen(plain) }));
	for (const struct shape_key *k = r->query; plain && k->name; k++)
		shape_check_text(k->shape, plain);
	if (b64url_decode(a, text, &inside))
		must(!strcmp(b64url_encode(a, inside), text));
}

static const struct api_route *route_of(const char *operation, size_t len)
{
	for (int i = 0; i < n_api_routes; i++)
		if (strlen(api_routes[i].operation) == len && !memcmp(api_routes[i].operation, operation, len))
			return &api_routes[i];
	return &api_routes[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20);
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t head = end ? (size_t)(end - data) : 0;
	const struct api_route *r = route_of((const char *)data, head);
	size_t skip = end ? head + 1 : 0;
	struct bytes rest = { data + skip, size - skip };
	json_t *body;

	if (r->body && jsonx_load(a, rest, &body, NULL) == 0)
		try_body(r->body, body);
	try_text(a, r, arena_dup(a, rest.data, rest.len));
	arena_free(a);
	return 0;
}
