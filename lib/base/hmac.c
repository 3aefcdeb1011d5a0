#include "lib/base/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <stdlib.h>
#include <string.h>

/* An HMAC that could not be computed must not look like one: without memory or without
 * SHA-256 there is nothing left to protect, so the process ends. */
static void need(bool ok)
{
	if (!ok)
		abort();
}

static EVP_MAC_CTX *begin(char *digest, struct bytes key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	need(ctx && EVP_MAC_init(ctx, key.data, key.len, params));
	EVP_MAC_free(mac);
	return ctx;
}

static void finish(EVP_MAC_CTX *ctx, struct bytes first, struct bytes second, uint8_t *out, size_t n_out)
{
	size_t n = 0;

	need(!first.len || EVP_MAC_update(ctx, first.data, first.len));
	need(!second.len || EVP_MAC_update(ctx, second.data, second.len));
	need(EVP_MAC_final(ctx, out, &n, n_out) && n == n_out);
}

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void hmac_two(char *digest, struct bytes key, struct bytes first, struct bytes second, uint8_t *out, size_t n_out)
{
	EVP_MAC_CTX *ctx = begin(digest, key);

	finish(ctx, first, second, out, n_out);
	EVP_MAC_CTX_free(ctx);
}

struct hmac_key {
	EVP_MAC_CTX *ctx;
};

static void key_free(void *k)
{
	EVP_MAC_CTX_free(((struct hmac_key *)k)->ctx);
}

struct hmac_key *hmac_sha256_key(struct arena *a, const char *key)
{
	struct hmac_key *k = arena_new_of(a, struct hmac_key);
	char digest[] = "SHA256";

	k->ctx = begin(digest, text(key));
	arena_on_free(a, key_free, k);
	return k;
}

void hmac_sha256_with(const struct hmac_key *k, struct bytes first, struct bytes second, uint8_t out[SHA256_BYTES])
{
	need(EVP_MAC_init(k->ctx, NULL, 0, NULL));   /* the same key again */
	finish(k->ctx, first, second, out, SHA256_BYTES);
}

void hmac_sha256_two(const char *key, struct bytes first, struct bytes second, uint8_t out[SHA256_BYTES])
{
	hmac_sha256_bytes(text(key), first, second, out);
}

void hmac_sha256_bytes(struct bytes key, struct bytes first, struct bytes second, uint8_t out[SHA256_BYTES])
{
	char digest[] = "SHA256";

	hmac_two(digest, key, first, second, out, SHA256_BYTES);
}

void hmac_sha1(const char *key, struct bytes data, uint8_t out[SHA1_BYTES])
{
	char digest[] = "SHA1";

	hmac_two(digest, text(key), data, (struct bytes){ 0 }, out, SHA1_BYTES);
}

void hmac_sha256(const char *key, struct bytes data, uint8_t out[SHA256_BYTES])
{
	hmac_sha256_two(key, data, (struct bytes){ 0 }, out);
}

void sha256(struct bytes data, uint8_t out[SHA256_BYTES])
{
	need(EVP_Digest(data.len ? (const void *)data.data : "", data.len, out, NULL, EVP_sha256(), NULL));
}

void hex_encode(const uint8_t *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(const char *in, size_t len, uint8_t *out, size_t n)
{
	if (len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(in[2 * i]), lo = hex_digit(in[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

bool same_bytes(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool same_text(const char *a, const char *b)
{
	size_t n_a = strlen(a), n_b = strlen(b);
	unsigned char differs = n_a != n_b;

	/* a is walked round and round, so that only the length of b shows in the time */
	for (size_t i = 0; i < n_b; i++)
		differs |= (unsigned char)(b[i] ^ (n_a ? a[i % n_a] : 0));
	return !differs;
}
