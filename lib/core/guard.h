/* guard.h - BSN and IBAN in free text */
#ifndef LOKET_GUARD_H
#define LOKET_GUARD_H

#include "lib/base/arena.h"

#include <stdbool.h>

/* guard_is_bsn - nine digits that pass the eleven-test (not 000000000) */
bool guard_is_bsn(const char digits[9]);
/* guard_is_iban - 15..34 letters and digits, upper case, mod 97 = 1 */
bool guard_is_iban(const char *s, size_t n);
/* guard_finds - does text hold a BSN (also as 1112.22.333 or 111 222 333) or an IBAN (also in groups)? */
bool guard_finds(const char *text);
/* guard_mask - a copy with every BSN and IBAN replaced by as many bullets; same text when there is none */
const char *guard_mask(struct arena *a, const char *text);

#endif
