/*
 * receipt.h - the secret with which a citizen sees what becomes of a case
 *
 * Derived from the case's reference and a key of the database: nothing is stored with the case, and a wrong
 * secret is known as that before anything is looked up. As people read it out: 7K3Q-X2MP-9DJC-4TZW-8B2N, 100
 * bits.
 */
#ifndef LOKET_RECEIPT_H
#define LOKET_RECEIPT_H

#include <stdbool.h>

enum {
	RECEIPT_MAX_KEYS = 4, /* that count at one time: those of the receipts people may still have */
	RECEIPT_DIGITS = 20,
	RECEIPT_TEXT = 25, /* with hyphens and the NUL */
};

/* receipt_secret - of the case with this reference, by one key */
void receipt_secret(const char *key, const char *reference, char out[RECEIPT_TEXT]);
/*
 * receipt_opens - was given made of this reference, by one of n keys?
 * in       given: as people type it: either case, with or without hyphens and spaces, I and L for 1, O for 0; may be NULL
 * limits   the same time for whatever it is given, and whichever key it was
 */
bool receipt_opens(const char *const *keys, int n, const char *reference, const char *given);

#endif
