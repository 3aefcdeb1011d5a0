#include "lib/core/receipt.h"

#include "lib/base/hmac.h"

#include <ctype.h>
#include <string.h>

/* Crockford's: no I, L, O or U. Of 32, so that five bits are one */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void derive(const char *key, const char *reference, char out[RECEIPT_DIGITS])
{
	static const char use[] =
		"status "; /* a key that is used for something else as well gives other secrets there */
	uint8_t mac[SHA256_BYTES];

	hmac_sha256_two(key, (struct bytes){(const uint8_t *)use, sizeof use - 1},
			(struct bytes){(const uint8_t *)reference, strlen(reference)}, mac);
	for (int i = 0; i < RECEIPT_DIGITS; i++)
		out[i] = digits[mac[i] % 32];
}

void receipt_secret(const char *key, const char *reference, char out[RECEIPT_TEXT])
{
	char plain[RECEIPT_DIGITS];
	int n = 0;

	derive(key, reference, plain);
	for (int i = 0; i < RECEIPT_DIGITS; i++) {
		if (i && i % 4 == 0)
			out[n++] = '-';
		out[n++] = plain[i];
	}
	out[n] = '\0';
}

static char as_digit(char c)
{
	c = (char)toupper((unsigned char)c);
	return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

bool receipt_opens(const char *const *keys, int n, const char *reference, const char *given)
{
	char typed[RECEIPT_DIGITS] = {0}, right[RECEIPT_DIGITS];
	int len = 0;
	bool opens = false;

	for (; given && *given; given++) {
		if (strchr("- ", *given))
			continue;
		if (len < RECEIPT_DIGITS)
			typed[len] = as_digit(*given);
		len++;
	}
	for (int k = 0; k < n; k++) {
		derive(keys[k], reference, right);
		opens |= same_bytes(typed, right, RECEIPT_DIGITS);
	}
	return opens && len == RECEIPT_DIGITS;
}
