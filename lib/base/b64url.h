/* b64url.h - base64url without padding (RFC 4648 section 5): tokens and cursors */
#ifndef LOKET_B64URL_H
#define LOKET_B64URL_H

#include "lib/base/arena.h"

#include <stdbool.h>

/* b64url_encode - the text for in; NUL-terminated, in the arena */
char *b64url_encode(struct arena *a, struct bytes in);
/* b64url_decode - the bytes behind s, with a NUL after them; false when s is not what encode makes */
bool b64url_decode(struct arena *a, const char *s, struct bytes *out);

#endif
