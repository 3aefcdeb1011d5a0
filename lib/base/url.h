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

#endif
