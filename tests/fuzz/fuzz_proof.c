/* three lines of headers, then the body: nothing is taken but what the secret made. And the handshake's query */
#include "tests/fuzz/channel_check.h"

#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/channel/form.h"
#include "lib/channel/proof.h"

#include <string.h>
#include <strings.h>

struct lines {
	const char *hub, *own, *token;
};

static const char *header(const void *ctx, const char *name)
{
	const struct lines *l = ctx;

	return !strcasecmp(name, "X-Hub-Signature-256") ? l->hub : !strcasecmp(name, "X-Loket-Signature") ? l->own : l->token;
}

static const char *line(struct arena *a, const uint8_t **p, const uint8_t *end)
{
	const uint8_t *start = *p, *eol = memchr(start, '\n', (size_t)(end - start));

	*p = eol ? eol + 1 : end;
	return eol ? arena_dup(a, start, (size_t)(eol - start)) : NULL;
}

/* does the text end with the digest of first and body, in any case? */
static bool ends_with_digest(const char *s, struct bytes first, struct bytes body)
{
	uint8_t mac[SHA256_BYTES];
	char hex[SHA256_HEX];
	size_t n = s ? strlen(s) : 0;

	hmac_sha256_two("geheim", first, body, mac);
	hex_encode(mac, sizeof mac, hex);
	return n > 64 && !strcasecmp(s + n - 64, hex);
}

static void check_proof(const struct inbox *in, const struct channel_request *r, const struct lines *l)
{
	if (!proof_hub_signature(in, r))
		must(ends_with_digest(l->hub, (struct bytes){ 0 }, r->body));
	if (!proof_own(in, r)) {
		must(l->own || l->hub || (l->token && !strcmp(l->token + 7, "geheim")));
		must(!l->own || strlen(l->own) == 2 + 10 + 4 + 64);
		must(!l->own || ends_with_digest(l->own, (struct bytes){ (const uint8_t *)"1795262400.", 11 }, r->body) ||
		     strncmp(l->own, "t=1795262400", 12) != 0);
	}
	must(proof_absent(r) == (!l->hub && !l->own && !l->token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20);
	const uint8_t *p = data, *end = data + size;
	struct inbox in = { .secrets = { { .kind = "secret", .value = "geheim" }, { .kind = "verify", .value = "verify" } }, .n_secrets = 2 };
	struct lines l = { .hub = line(a, &p, end), .own = line(a, &p, end), .token = line(a, &p, end) };
	struct channel_request r = {
		.query = arena_dup(a, data, size), .body = { p, (size_t)(end - p) }, .header = header, .ctx = &l,
		.now_us = INT64_C(1795262400000000),
	};
	struct form f;
	const char *answer = NULL;

	check_proof(&in, &r, &l);
	if (!proof_hub_challenge(a, &in, &r, &answer))
		must(answer && *answer && strlen(answer) <= 256 && !strpbrk(answer, "\r\n \t"));
	if (!form_urlencoded(a, (struct bytes){ data, size }, &f))
		must(f.n_fields <= FORM_MAX_FIELDS);
	form_is_type(r.query, "multipart/form-data");
	must(*form_file_name(a, r.query) && !strpbrk(form_file_name(a, r.query), "/\\\r\n\"<>"));
	arena_free(a);
	return 0;
}
