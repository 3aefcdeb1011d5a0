/* hmac.h - signatures and digests (OpenSSL); every comparison takes the same time */
#ifndef LOKET_HMAC_H
#define LOKET_HMAC_H

#include "lib/base/arena.h"

#include <stdbool.h>

enum { SHA256_BYTES = 32, SHA256_HEX = 65, SHA1_BYTES = 20 };

/* hmac_sha256 - HMAC-SHA256 of data under key (NUL-terminated text) */
void hmac_sha256(const char *key, struct bytes data, uint8_t out[SHA256_BYTES]);
/* hmac_sha256_two - the same over first followed by second, without a copy */
void hmac_sha256_two(const char *key, struct bytes first, struct bytes second,
                     uint8_t out[SHA256_BYTES]);
/* hmac_sha256_bytes - the same under a key of any bytes, at least one */
void hmac_sha256_bytes(struct bytes key, struct bytes first, struct bytes second, uint8_t out[SHA256_BYTES]);
/* hmac_sha1 - HMAC-SHA1: only where a provider signs with it */
void hmac_sha1(const char *key, struct bytes data, uint8_t out[SHA1_BYTES]);
/* a key made ready for many messages: setting up takes longer than a short message */
struct hmac_key;
/* hmac_sha256_key - wiped and freed with the arena; for one thread */
struct hmac_key *hmac_sha256_key(struct arena *a, const char *key);
void hmac_sha256_with(const struct hmac_key *k, struct bytes first, struct bytes second, uint8_t out[SHA256_BYTES]);
/* sha256 - digest of data */
void sha256(struct bytes data, uint8_t out[SHA256_BYTES]);
/* hex_encode - lower case, NUL-terminated: out has room for 2 * n + 1 */
void hex_encode(const uint8_t *in, size_t n, char *out);
/* hex_decode - exactly n bytes from exactly 2 * n digits of either case; false otherwise */
bool hex_decode(const char *in, size_t len, uint8_t *out, size_t n);
/* same_bytes - constant-time comparison of n bytes */
bool same_bytes(const void *a, const void *b, size_t n);
/* same_text - constant-time in the length of b; lengths may differ */
bool same_text(const char *a, const char *b);

#endif
