/* text: normal form, folding, masking, matching, moments, numbers */
#include "tests/fuzz/channel_check.h"

#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/core/guard.h"
#include "lib/core/match.h"
#include "lib/core/phrase.h"

#include <string.h>

static bool valid(const char *s)
{
	return utf8_valid((struct bytes){ (const uint8_t *)s, strlen(s) });
}

static void check_guard(struct arena *a, const char *s)
{
	const char *masked = guard_mask(a, s);

	must((masked != s) == guard_finds(s));
	must(!guard_finds(masked));
	must(!valid(s) || valid(masked));
}

static void check_small(struct arena *a, const char *s)
{
	char text[WHEN_TEXT];
	int64_t us, again;
	struct uuid u;

	if (when_parse(s, &us)) {
		when_format(us, text);
		must(when_parse(text, &again) && us - again >= 0 && us - again < 1000);
	}
	when_unix(s, &us);
	uuid_parse(s, &u);
	const char *phone = contact_phone(a, s);
	must(!phone || (phone[0] == '+' && strlen(phone) >= 9 && strlen(phone) <= 16));
}

static const struct match_word words[] = { { NULL, "pas", "dordtpas" }, { "dordrecht", "de pas", "rijbewijs" } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20);
	struct bytes in = { data, size };
	char *clean = utf8_clean(a, in, CONTACT_TEXT_BYTES), *nfc = utf8_nfc(a, in, size % 50), *fold = utf8_fold(a, clean);

	must(valid(clean) && strlen(clean) <= CONTACT_TEXT_BYTES);
	must((nfc != NULL) == utf8_valid(in) && (!nfc || (valid(nfc) && strlen(nfc) <= size % 50)));
	must(fold && valid(fold));
	utf8_has_bidi(clean);
	check_guard(a, clean);
	check_guard(a, arena_dup(a, data, size));
	check_words(a, &(struct contact){ .text = clean }, words, 2);
	check_small(a, clean);
	arena_free(a);
	return 0;
}
