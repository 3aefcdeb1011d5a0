#include "lib/channel/proof.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/channel/form.h"
#include "lib/channel/sending.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

enum { MAX_CHALLENGE = 256 };

static const char *const headers[] = { "X-Hub-Signature-256", "X-Loket-Signature", "Authorization" };

static const char *header(const struct channel_request *r, const char *name)
{
	return r->header(r->ctx, name);
}

/* does any secret of the inbox make this digest? */
static bool signed_by_us(const struct inbox *in, struct bytes first, struct bytes body, const char *hex,
			 size_t len)
{
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];
	const struct inbox_secret *secret;
	bool ok = false;

	if (!hex_decode(hex, len, got, sizeof got))
		return false;
	for (int i = 0; !ok && (secret = inbox_secret_at(in, "secret", i)); i++) {
		if (secret->ready)
			hmac_sha256_with(secret->ready, first, body, want);
		else
			hmac_sha256_two(secret->value, first, body, want);
		ok = same_bytes(want, got, sizeof got);
	}
	OPENSSL_cleanse(want, sizeof want);
	return ok;
}

int proof_hub_signature(const struct inbox *in, const struct channel_request *r)
{
	const char *h = header(r, "X-Hub-Signature-256");

	if (!h || strncmp(h, "sha256=", 7) != 0)
		return CHANNEL_REFUSED;
	return signed_by_us(in, (struct bytes){ 0 }, r->body, h + 7, strlen(h + 7)) ? 0 : CHANNEL_REFUSED;
}

int proof_hub_challenge(struct arena *a, const struct inbox *in, const struct channel_request *r,
                        const char **answer)
{
	struct bytes query = { (const uint8_t *)r->query, strlen(r->query) };
	const char *mode, *token, *challenge, *secret;
	struct form f;

	if (form_urlencoded(a, query, &f))
		return CHANNEL_REFUSED;
	mode = form_get(&f, "hub.mode");
	token = form_get(&f, "hub.verify_token");
	challenge = form_get(&f, "hub.challenge");
	if (!mode || strcmp(mode, "subscribe") != 0 || !token || !sending_is_token(challenge) ||
	    strlen(challenge) > MAX_CHALLENGE)
		return CHANNEL_REFUSED;
	for (int i = 0; (secret = inbox_secret(in, "verify", i)); i++) {
		if (same_text(secret, token)) {
			*answer = challenge;
			return 0;
		}
	}
	return CHANNEL_REFUSED;
}

bool proof_is_recent(const struct channel_request *r, const char *stamp)
{
	int64_t at_us, age_us;

	if (!when_unix(stamp, &at_us))
		return false;
	age_us = r->now_us > at_us ? r->now_us - at_us : at_us - r->now_us;
	return age_us <= PROOF_MAX_AGE_S * WHEN_SECOND_US;
}

/* hex over "<stamp>.<body>", the stamp n digits, not older or newer than five minutes */
static bool stamped(const struct inbox *in, const struct channel_request *r, const char *digits, size_t n, const char *hex)
{
	char stamp[12];

	if (n == 0 || n > sizeof stamp - 2)
		return false;
	memcpy(stamp, digits, n);
	stamp[n] = '\0';
	if (!proof_is_recent(r, stamp))
		return false;
	stamp[n] = '.';
	return signed_by_us(in, (struct bytes){ (const uint8_t *)stamp, n + 1 }, r->body, hex, strlen(hex));
}

/* "t=1763763000,v1=<64 hex digits>" */
static bool own_signature(const struct inbox *in, const struct channel_request *r, const char *h)
{
	const char *comma = strchr(h, ',');

	return !strncmp(h, "t=", 2) && comma && !strncmp(comma, ",v1=", 4) &&
	       stamped(in, r, h + 2, (size_t)(comma - h) - 2, comma + 4);
}

int proof_stamped(const struct inbox *in, const struct channel_request *r, const char *name, const char *stamp_name)
{
	const char *h = header(r, name), *stamp = header(r, stamp_name);

	return h && stamp && !strncmp(h, "sha256=", 7) && stamped(in, r, stamp, strlen(stamp), h + 7) ? 0 : CHANNEL_REFUSED;
}

static bool bearer(const struct inbox *in, const char *h)
{
	const char *secret;
	bool ok = false;

	if (strncasecmp(h, "Bearer ", 7) != 0)
		return false;
	for (int i = 0; !ok && (secret = inbox_secret(in, "secret", i)); i++)
		ok = same_text(secret, h + 7);
	return ok;
}

int proof_basic(const struct inbox *in, const struct channel_request *r)
{
	const char *h = header(r, "Authorization"), *secret, *colon;
	struct arena *a = arena_new(4096);
	struct bytes pair;
	bool ok = false;

	if (h && !strncasecmp(h, "Basic ", 6) && strlen(h) < 1000 && base64_decode(a, h + 6, strlen(h) - 6, &pair)) {
		const char *text = arena_dup(a, pair.data, pair.len);

		colon = strchr(text, ':');
		for (int i = 0; colon && (secret = inbox_secret(in, "secret", i)); i++)
			ok |= same_text(secret, colon + 1) || same_text(secret, text);
	}
	arena_free(a);
	return ok ? 0 : CHANNEL_REFUSED;
}

int proof_own(const struct inbox *in, const struct channel_request *r)
{
	const char *own = header(r, "X-Loket-Signature"), *token = header(r, "Authorization");

	if (own) /* who brings the better proof is held to it */
		return own_signature(in, r, own) ? 0 : CHANNEL_REFUSED;
	if (header(r, "X-Hub-Signature-256"))
		return proof_hub_signature(in, r);
	return token && bearer(in, token) ? 0 : CHANNEL_REFUSED;
}

/* the URL with and without its port; one that has none is given that of its scheme */
static int both_ports(struct arena *a, const char *url, const char **out)
{
	const char *host = strstr(url, "://"), *port, *path;

	out[0] = url;
	if (!host)
		return 1;
	host += 3;
	path = host + strcspn(host, "/?#");
	port = path;
	while (port > host && port[-1] >= '0' && port[-1] <= '9')
		port--;
	if (port < path && port > host && port[-1] == ':')
		out[1] = arena_printf(a, "%.*s%s", (int)(port - 1 - url), url, path);
	else
		out[1] = arena_printf(a, "%.*s:%s%s", (int)(path - url), url,
				      strncmp(url, "https", 5) ? "80" : "443", path);
	return 2;
}

int proof_urls(struct arena *a, const struct inbox *in, const char *url, const char *out[PROOF_MAX_URLS])
{
	const char *ours = jsonx_str(in->settings, "public_url"), *path;
	int n;

	if (!url)
		return 0;
	n = both_ports(a, url, out);
	path = strstr(url, "://");
	path = path ? strchr(path + 3, '/') : NULL;
	if (ours && path)
		n += both_ports(a, arena_printf(a, "%s%s", ours, path), out + n);
	return n;
}

bool proof_absent(const struct channel_request *r)
{
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		if (header(r, headers[i]))
			return false;
	}
	return true;
}
