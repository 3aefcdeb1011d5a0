/* utf8.h - text as it may be stored (utf8proc) */
#ifndef LOKET_UTF8_H
#define LOKET_UTF8_H

#include "lib/base/arena.h"

#include <stdbool.h>

/* utf8_valid - well-formed UTF-8 without NUL */
bool utf8_valid(struct bytes in);
/* utf8_nfc - in as NFC, NUL-terminated, at most max_bytes, cut at a code point; NULL when not valid */
char *utf8_nfc(struct arena *a, struct bytes in, size_t max_bytes);
/* utf8_clean - as utf8_nfc, with U+FFFD for every byte that is not valid and for NUL; never NULL */
char *utf8_clean(struct arena *a, struct bytes in, size_t max_bytes);
/* utf8_has_bidi - true when s holds a bidirectional control (U+202A-202E, U+2066-2069, U+200E/F) */
bool utf8_has_bidi(const char *s);
/* utf8_blank - there is nothing to read in s, a valid text: it is empty, or all of it is space */
bool utf8_blank(const char *s);
/* utf8_fold - lower case without accents, for comparing words; what would grow beyond three times s (a few
 * Arabic ligatures do) is cut; NULL only when s is not valid */
char *utf8_fold(struct arena *a, const char *s);

#endif
