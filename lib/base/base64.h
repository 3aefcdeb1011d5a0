/* base64.h - RFC 4648 §4, strict: padding in its place, no blanks, no stray bits */
#ifndef LOKET_BASE64_H
#define LOKET_BASE64_H

#include "lib/base/arena.h"

#include <stdbool.h>

/* base64_decode - *out in the arena; false when in is no base64 or the arena has no room */
bool base64_decode(struct arena *a, const char *in, size_t len, struct bytes *out);

/* base64_encode - NUL-terminated, in the arena */
char *base64_encode(struct arena *a, struct bytes in);

#endif
