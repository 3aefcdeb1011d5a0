/* lib/core/guard and contact: what is masked, what counts as the same address, how far a delivery is */
#include "tests/unit/unit.h"
#include "tests/unit/prng.h"

#include "lib/base/jsonx.h"
#include "lib/core/contact.h"
#include "lib/core/guard.h"

#include <stdio.h>

#define B "\xe2\x80\xa2"
#define B9 B B B B B B B B B
#define B11 B9 B B
#define B18 B9 B9

static const struct { const char *in, *out; } masked[] = {
	{ "111222333", B9 }, { "BSN: 111222333.", "BSN: " B9 "." }, { "1112.22.333", B11 }, { "111 222 333", B11 },
	{ "111-222-333", B11 }, { "1 1 1 2 2 2 3 3 3", B9 B B B B B B B B }, { "111\xc2\xa0" "222\xc2\xa0" "333", B11 },
	{ "bsn111222333", "bsn" B9 }, { "111222333 en 123456782", B9 " en " B9 }, { "111222333 123456782", B9 " " B9 },
	{ "2026 111222333", "2026 " B9 }, { "111222333 2026", B9 " 2026" }, { "(111222333)", "(" B9 ")" },
	{ "+31612345678 111222333", "+31612345678 " B9 }, { "111222333\n123456782", B9 "\n" B9 }, { "010464554", B9 },
	{ "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa2\xd9\xa2\xd9\xa2\xd9\xa3\xd9\xa3\xd9\xa3", B9 },
	{ "\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91" "222333", B9 },
	{ "NL91ABNA0417164300", B18 }, { "nl91abna0417164300", B18 }, { "NL91 ABNA 0417 1643 00", B18 B B B B },
	{ "IBAN:NL91ABNA0417164300, graag", "IBAN:" B18 ", graag" }, { "NL91-ABNA-0417-1643-00 ok", B18 B B B B " ok" },
	{ "DE89370400440532013000", B18 B B B B }, { "GB29 NWBK 6016 1331 9268 19", B18 B9 },
	{ "Mijn BSN is 111222333 en mijn rekening NL91ABNA0417164300, klopt dat?", "Mijn BSN is " B9 " en mijn rekening " B18 ", klopt dat?" },
	{ "\xc3\xa9\xc3\xa9 111222333 \xe2\x82\xac", "\xc3\xa9\xc3\xa9 " B9 " \xe2\x82\xac" },
};

static const char *const open_text[] = {
	"", "111222334", "000000000", "1111222333", "11122233", "1112223330", "0111222333", "06-12345678", "0612345678", "+31612345678",
	"+31 6 12345678", "+31 6 12 34 56 78", "0031612345678", "0031 6 12345678", "+31 (0)6 12345678", "078 770 40 00", "14 078",
	"111,222,333", "111/222/333", "111\n222\n333", "NL91ABNA0417164301", "NL91ABNA041716430", "NL91ABNA04171643001",
	"XX91ABNA0417164300", "NL", "NL9", "3311 GR Dordrecht", "2026-11-21 21:44", "order 12345678901", "a1112b22333", "\xff\xd9\xdb\xef\xbc",
	"+49 30 123456782 ", "1112    22333",
};

START_TEST(masking)
{
	struct arena *a = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(masked); i++) {
		ck_assert_msg(guard_finds(masked[i].in), "not found: %s", masked[i].in);
		ck_assert_str_eq(guard_mask(a, masked[i].in), masked[i].out);
	}
	for (size_t i = 0; i < COUNT(open_text); i++) {
		ck_assert_msg(!guard_finds(open_text[i]), "found: %s", open_text[i]);
		ck_assert_ptr_eq(guard_mask(a, open_text[i]), open_text[i]);
	}
	arena_free(a);
}
END_TEST

/* of all numbers one in eleven passes, and what is masked is masked wherever it stands */
START_TEST(eleven_test)
{
	struct arena *a = arena_new(16 << 20);
	int passed = 0;

	for (int n = 100000000; n < 100110000; n++) {
		char digits[10], text[64];
		bool is;

		snprintf(digits, sizeof digits, "%09d", n);
		is = guard_is_bsn(digits);
		passed += is;
		snprintf(text, sizeof text, "a %.4s.%.2s.%.3s, b", digits, digits + 4, digits + 6);
		if (guard_finds(digits) != is || guard_finds(text) != is || guard_finds(guard_mask(a, text)))
			ck_abort_msg("%s", text); /* an assertion per number would take a minute */
	}
	ck_assert_int_eq(passed, 10000);
	ck_assert(guard_is_iban("NL91ABNA0417164300", 18) && !guard_is_iban("nl91ABNA0417164300", 18));
	ck_assert(!guard_is_iban("NL91", 4) && !guard_is_iban("NL91ABNA04171643-0", 18));
	arena_free(a);
}
END_TEST

START_TEST(names)
{
	for (int k = 0; k < N_KINDS; k++)
		ck_assert_int_eq(contact_kind_from(contact_kind_name((enum contact_kind)k)), k);
	for (int d = 0; d < N_DELIVERIES; d++)
		ck_assert_int_eq(delivery_from(delivery_name((enum delivery)d)), d);
	ck_assert_int_eq(contact_kind_from("nonsense"), -1);
	ck_assert_int_eq(contact_kind_from(NULL), -1);
	ck_assert_int_eq(delivery_from(""), -1);
	struct arena *a = arena_new(1 << 16);
	json_t *all = jsonx_own(a, contact_flags_json((1u << N_FLAGS) - 1));
	ck_assert_str_eq(jsonx_dump(a, all, NULL),
	                 "[\"option0\",\"formal\",\"bsnMasked\",\"spam\",\"bidi\",\"edited\",\"deleted\",\"cut\",\"echo\",\"flood\",\"blocked\","
	                 "\"automatic\"]");
	for (int i = 0; i < N_FLAGS; i++)
		ck_assert_str_eq(contact_flag_name((enum contact_flag)(1 << i)), json_string_value(json_array_get(all, (size_t)i)));
	ck_assert_uint_eq(json_array_size(jsonx_own(a, contact_flags_json(0))), 0);
	arena_free(a);
}
END_TEST

START_TEST(deliveries_move_forward)
{
	/* rows: from none queued sending uncertain sent delivered read failed; columns: to the same */
	static const char *const may[N_DELIVERIES] = {
		".xxxxxxx", "..xxxxxx", "...xxxxx", "....xxxx", ".....xxx", "......x.", "........", "........",
	};

	for (int from = 0; from < N_DELIVERIES; from++) {
		for (int to = 0; to < N_DELIVERIES; to++)
			ck_assert_msg(delivery_moves((enum delivery)from, (enum delivery)to) == (may[from][to] == 'x'), "%s to %s",
			              delivery_name((enum delivery)from), delivery_name((enum delivery)to));
	}
}
END_TEST

/* reports come more than once, in any order, in posts of any size; a post is folded before it is applied, as intake does.
 * What a provider says of one message does not contradict itself: it arrived, or it failed */
START_TEST(reports_shuffled)
{
	static const struct { enum delivery said[4]; int n; enum delivery end; } v[] = {
		{ { DELIVERY_SENT, DELIVERY_DELIVERED, DELIVERY_READ }, 3, DELIVERY_READ },
		{ { DELIVERY_SENT, DELIVERY_DELIVERED }, 2, DELIVERY_DELIVERED },
		{ { DELIVERY_SENT, DELIVERY_FAILED }, 2, DELIVERY_FAILED },
		{ { DELIVERY_READ }, 1, DELIVERY_READ },
	};
	struct prng chance = { 20261122 };

	for (int round = 0; round < 10000; round++) {
		size_t k = (size_t)prng_below(&chance, COUNT(v));
		enum delivery is = DELIVERY_UNCERTAIN, said[12];
		int n = 0, at = 0;

		for (int copies = 1 + prng_below(&chance, 3); copies > 0; copies--)
			for (int i = 0; i < v[k].n; i++)
				said[n++] = v[k].said[i];
		for (int i = n - 1; i > 0; i--) {
			int j = prng_below(&chance, i + 1);
			enum delivery swap = said[i];

			said[i] = said[j];
			said[j] = swap;
		}
		while (at < n) {
			int until = at + 1 + prng_below(&chance, n - at);
			enum delivery post = said[at++];

			for (; at < until; at++)
				if (delivery_moves(post, said[at]))
					post = said[at];
			if (delivery_moves(is, post))
				is = post;
		}
		ck_assert_msg(is == v[k].end, "round %d: %s", round, delivery_name(is));
	}
}
END_TEST

START_TEST(who_needs_an_agent)
{
	for (int k = 0; k < N_KINDS; k++) {
		bool follows = k == KIND_EDIT || k == KIND_DELETE || k == KIND_REACTION || k == KIND_SYSTEM;

		ck_assert(contact_opens_case(&(struct contact){ .kind = (enum contact_kind)k }) == !follows);
		ck_assert(!contact_opens_case(&(struct contact){ .kind = (enum contact_kind)k, .direction = DIRECTION_OUT }));
	}
}
END_TEST

START_TEST(phone_numbers)
{
	struct arena *a = arena_new(1 << 16);
	static const struct { const char *in, *out; } v[] = {
		{ "06-12345678", "+31612345678" }, { "0612345678", "+31612345678" }, { "+31 6 12345678", "+31612345678" },
		{ "0031612345678", "+31612345678" }, { "+31 (0)6 12345678", "+31612345678" }, { "020 624 1111", "+31206241111" },
		{ "+32470123456", "+32470123456" }, { "0032 470 12 34 56", "+32470123456" }, { " 0612345678", "+31612345678" },
		{ "14078", NULL }, { "0800-1351", NULL }, { "0612", NULL }, { "061234567x", NULL }, { "", NULL }, { "612345678", NULL },
		{ "06123456789", NULL }, { "+0123456789", NULL }, { "+123456789012345678901234567890", NULL },
	};

	for (size_t i = 0; i < COUNT(v); i++) {
		const char *got = contact_phone(a, v[i].in);

		ck_assert_msg(v[i].out ? got && !strcmp(got, v[i].out) : !got, "%s gives %s", v[i].in, got ? got : "nothing");
	}
	arena_free(a);
}
END_TEST

START_TEST(texts)
{
	struct arena *a = arena_new(4 << 20);
	char *long_text = arena_alloc(a, CONTACT_TEXT_BYTES + 10);
	struct contact c = { 0 };

	contact_set_text(a, &c, "e\xcc\x81");
	ck_assert_str_eq(c.text, "\xc3\xa9");
	ck_assert_uint_eq(c.flags, 0);
	contact_set_text(a, &c, "\xe2\x80\xaeom");
	ck_assert_uint_eq(c.flags, FLAG_BIDI);
	memset(long_text, 'a', CONTACT_TEXT_BYTES);
	c.flags = 0;
	contact_set_text(a, &c, long_text);
	ck_assert_uint_eq(c.flags, 0);
	long_text[CONTACT_TEXT_BYTES] = 'b';
	contact_set_text(a, &c, long_text);
	ck_assert_uint_eq(c.flags, FLAG_CUT);
	ck_assert_uint_eq(strlen(c.text), CONTACT_TEXT_BYTES);
	for (int i = 0; i < 2 * CONTACT_MAX_ADDRESSES; i++)
		contact_add_address(&c, i % 2 ? "phone" : "email", i < 2 ? "same" : arena_printf(a, "%d", i / 3));
	contact_add_address(&c, "phone", NULL);
	ck_assert_int_eq(c.n_from, CONTACT_MAX_ADDRESSES);
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		masking, eleven_test, names, deliveries_move_forward, reports_shuffled, who_needs_an_agent, phone_numbers, texts,
	};

	return unit_run("guard", tests, COUNT(tests));
}
