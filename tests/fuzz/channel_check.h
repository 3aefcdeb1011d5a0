/* channel_check.h - what must hold of every batch, whatever came in */
#ifndef LOKET_CHANNEL_CHECK_H
#define LOKET_CHANNEL_CHECK_H

#include "lib/channel/channel.h"
#include "lib/core/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - abort when b is false: the fuzzer keeps the input */
void must(bool b);
/* check_parse - parse a body that was signed, or a public form when secret is NULL, and look at what came out */
void check_parse(const char *channel, const char *content_type, struct bytes body, bool is_signed);
/* check_parse_with - the same in an inbox with these settings, a JSON object */
void check_parse_with(const char *channel, const char *settings, const char *content_type, struct bytes body, bool is_signed);
/* check_words - hold a contact's text against all phrases, and these words */
void check_words(struct arena *a, const struct contact *c, const struct match_word *words, int n_words);

#endif
