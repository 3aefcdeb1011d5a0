/* url.h - percent-encoding (RFC 3986), strictly */
#ifndef LOKET_URL_H
#define LOKET_URL_H

#include "lib/base/arena.h"

#include <stdbool.h>

/*
 * url_decode - n bytes of s with "%41" made "A"; NUL-terminated, in the arena
 * in       plus_is_space: as in a query
 * returns  NULL when a % is not followed by two digits, or what comes out is not UTF-8 without NUL
 */
const char *url_decode(struct arena *a, const char *s, size_t n, bool plus_is_space);
/* url_encode - s with everything percent-encoded but letters, digits and -._~ (RFC 3986 §2.3); NUL-terminated, in the
 * arena. Upper-case digits, as OAuth 1.0a and application/x-www-form-urlencoded readers take them */
const char *url_encode(struct arena *a, const char *s);

#endif
