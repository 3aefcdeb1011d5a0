/* lib/base: digests, JSON, text, ids, moments */
#include "tests/unit/unit.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonr.h"
#include "lib/base/url.h"
#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void hex_is(const uint8_t mac[SHA256_BYTES], const char *want)
{
	char hex[SHA256_HEX];

	hex_encode(mac, SHA256_BYTES, hex);
	ck_assert_str_eq(hex, want);
}

/* source: RFC 4231 cases 1, 2 and 6 (a key longer than a block); FIPS 180-2 */
START_TEST(digests)
{
	static const struct { const char *key, *data, *mac; } v[] = {
		{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "key", "The quick brown fox jumps over the lazy dog",
		  "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8" },
		{ "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
	};
	struct arena *a = arena_new(1 << 20);
	uint8_t mac[SHA256_BYTES];
	char long_key[132] = { 0 };

	for (size_t i = 0; i < COUNT(v); i++) {
		const struct hmac_key *ready = hmac_sha256_key(a, v[i].key);

		hmac_sha256(v[i].key, TEXT(v[i].data), mac);
		hex_is(mac, v[i].mac);
		for (size_t cut = 0; cut <= strlen(v[i].data); cut++) {
			struct bytes first = { (const uint8_t *)v[i].data, cut };

			hmac_sha256_two(v[i].key, first, TEXT(v[i].data + cut), mac);
			hex_is(mac, v[i].mac);
			hmac_sha256_with(ready, first, TEXT(v[i].data + cut), mac);
			hex_is(mac, v[i].mac);
		}
	}
	memset(long_key, 0xaa, 131);
	hmac_sha256(long_key, LITERAL("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	hex_is(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	sha256(LITERAL("abc"), mac);
	hex_is(mac, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256((struct bytes){ 0 }, mac);
	hex_is(mac, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	arena_free(a);
}
END_TEST

/* source: RFC 2202 cases 1 and 2; RFC 4648 section 10 */
START_TEST(sha1_and_base64)
{
	static const struct { const char *plain, *text; } v[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	struct arena *a = arena_new(100000);
	char mac[2 * SHA1_BYTES + 1];
	uint8_t raw[SHA1_BYTES];
	struct bytes back;

	hmac_sha1("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", LITERAL("Hi There"), raw);
	hex_encode(raw, sizeof raw, mac);
	ck_assert_str_eq(mac, "b617318655057264e28bc0b6fb378c8ef146be00");
	hmac_sha1("Jefe", LITERAL("what do ya want for nothing?"), raw);
	hex_encode(raw, sizeof raw, mac);
	ck_assert_str_eq(mac, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	for (size_t i = 0; i < COUNT(v); i++) {
		ck_assert_str_eq(base64_encode(a, TEXT(v[i].plain)), v[i].text);
		ck_assert(base64_decode(a, v[i].text, strlen(v[i].text), &back) && back.len == strlen(v[i].plain) &&
			  !memcmp(back.data, v[i].plain, back.len));
	}
	arena_free(a);
}
END_TEST

START_TEST(hex)
{
	uint8_t b[3];

	ck_assert(hex_decode("00aBfF", 6, b, 3) && b[0] == 0 && b[1] == 0xab && b[2] == 0xff);
	ck_assert(!hex_decode("00abf", 5, b, 3));
	ck_assert(!hex_decode("00abff0", 7, b, 3));
	ck_assert(!hex_decode("00abfg", 6, b, 3));
	ck_assert(!hex_decode("0 abff", 6, b, 3));
	ck_assert(!hex_decode("0x00ab", 6, b, 3));
	ck_assert(hex_decode("", 0, b, 0));
	for (int c = 0; c < 256; c++) {
		char two[2] = { '0', (char)c };
		bool digit = c && strchr("0123456789abcdefABCDEF", c);

		ck_assert_int_eq(hex_decode(two, 2, b, 1), digit);
	}
}
END_TEST

START_TEST(comparing)
{
	ck_assert(same_bytes("abc", "abd", 2) && !same_bytes("abc", "abd", 3) && same_bytes("x", "y", 0));
	ck_assert(same_text("", "") && same_text("geheim", "geheim"));
	ck_assert(!same_text("", "a") && !same_text("a", "") && !same_text("aa", "a") && !same_text("a", "aa"));
	ck_assert(!same_text("ab", "abab") && !same_text("geheim", "geheiM"));
}
END_TEST

static void count(void *n)
{
	++*(int *)n;
}

START_TEST(arenas)
{
	struct arena *a = arena_new(100000);
	int n = 0;

	ck_assert_str_eq(arena_join(a, "", NULL), "");
	ck_assert_str_eq(arena_join(a, "a", "", "bc", NULL), "abc");
	ck_assert_str_eq(arena_printf(a, "%0600d", 7) + 590, "0000000007");   /* longer than it expects */
	ck_assert_str_eq(arena_printf(a, "%d", 7), "7");
	arena_on_free(a, count, &n);
	memset(arena_alloc(a, 20000), 'x', 20000);
	memset(arena_alloc(a, 5000), 'x', 5000);
	arena_reset(a);
	ck_assert(n == 1 && arena_used(a) == 0);
	for (int i = 0; i < 5000; i++)   /* what comes again is empty, and there is as much of it as before */
		n += *(char *)arena_alloc(a, 16);
	ck_assert_ptr_null(arena_try(a, 30000));
	arena_reset(a);
	arena_reset(a);
	arena_free(a);
	ck_assert_int_eq(n, 1);
}
END_TEST

static int load(struct arena *a, struct bytes in)
{
	json_t *j = NULL;
	struct err e = { 0 };
	int r = jsonx_load(a, in, &j, &e);
	const struct jsonr *same = NULL;

	ck_assert_int_eq(jsonr_load(a, in, &same), r);
	ck_assert_int_eq(same != NULL, r == 0);
	ck_assert(r == 0 ? j != NULL : (j == NULL && e.kind == ERR_FORMAT && e.text[0]));
	return r;
}

static char *repeat(struct arena *a, const char *before, const char *piece, size_t n, const char *after)
{
	size_t len = strlen(piece), head = strlen(before);
	char *s = arena_alloc(a, head + n * len + strlen(after) + 1);

	memcpy(s, before, head);
	for (size_t i = 0; i < n; i++)
		memcpy(s + head + i * len, piece, len);
	memcpy(s + head + n * len, after, strlen(after));
	return s;
}

START_TEST(json_limits)
{
	struct arena *a = arena_new(64 << 20);
	static const char *const bad[] = {
		"", " ", "{", "[1,]", "{\"a\":1,\"a\":2}", "{} x", "\"text\"", "1", "null", "{\"a\":\"\\u0000\"}",
		"[\"\\ud83d\"]", "[\"\xff\"]", "[\"\xc0\x80\"]", "[9223372036854775808]", "[1e999]", "{\"a\\u0000b\":1}",
		"[\"open", "[\"\\", "[\"\\\"", "{'a':1}", "[NaN]", "\xef\xbb\xbf{}",
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(load(a, TEXT(bad[i])), JSONX_BAD);
	ck_assert_int_eq(load(a, LITERAL("{\"a\":\"b\0\"}")), JSONX_BAD);
	ck_assert_int_eq(load(a, LITERAL("{}\0")), JSONX_BAD);
	ck_assert_int_eq(load(a, LITERAL("[1\0]")), JSONX_BAD);
	ck_assert_int_eq(load(a, TEXT("{}")), 0);
	ck_assert_int_eq(load(a, TEXT(" [ ] \r\n\t")), 0);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "", "[", 32, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"))), 0);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "", "[", 33, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"))), JSONX_TOO_DEEP);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "", "{\"a\":", 100000, ""))), JSONX_TOO_DEEP);
	/* brackets and commas within strings are text, also after an escaped quote */
	ck_assert_int_eq(load(a, TEXT(repeat(a, "[\"\\\"\\\\\\\"", "[{,", 200000, "\"]"))), 0);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "[0", ",0", 199999, "]"))), 0);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "[0", ",0", 200000, "]"))), JSONX_TOO_MANY);
	ck_assert_int_eq(load(a, TEXT(repeat(a, "[{}", ",{}", 350000, "]"))), JSONX_TOO_MANY);
	arena_free(a);
}
END_TEST

/* what is wrong is told by place, never by quoting */
START_TEST(json_error_is_discreet)
{
	struct arena *a = arena_new(1 << 16);
	struct err e;
	json_t *j;

	ck_assert_int_eq(jsonx_load(a, TEXT("{\"naam\":\n\"Jansen\" \"Pietersen\"}"), &j, &e), JSONX_BAD);
	ck_assert(strstr(e.text, "line 2") && !strstr(e.text, "Jansen") && !strstr(e.text, "Pietersen"));
	ck_assert_int_eq(jsonx_load(a, TEXT("{\"Jansen\":1,\"Jansen\":1}"), &j, NULL), JSONX_BAD);
	arena_free(a);
}
END_TEST

START_TEST(json_access)
{
	struct arena *a = arena_new(1 << 16);
	json_t *j;
	size_t len;

	ck_assert_int_eq(jsonx_load(a, TEXT("{\"s\":\"x\",\"n\":null,\"i\":-7,\"d\":1.5,\"t\":true,\"a\":[10,[20]],"
	                                    "\"o\":{\"a/b\":1,\"m~n\":2,\"\":3},\"\":4}"), &j, NULL), 0);
	ck_assert_str_eq(jsonx_str(j, "s"), "x");
	ck_assert_ptr_null(jsonx_str(j, "n"));
	ck_assert_ptr_null(jsonx_str(j, "i"));
	ck_assert_ptr_null(jsonx_str(NULL, "s"));
	ck_assert_int_eq(jsonx_int(j, "i", 3), -7);
	ck_assert_int_eq(jsonx_int(j, "d", 3), 3);
	ck_assert(jsonx_bool(j, "t") && !jsonx_bool(j, "s") && !jsonx_bool(j, "gone"));
	ck_assert(jsonx_arr(j, "a") && !jsonx_arr(j, "o") && jsonx_obj(j, "o") && !jsonx_obj(j, "a"));
	ck_assert_int_eq(json_integer_value(jsonx_at(j, "/a/1/0")), 20);
	ck_assert_int_eq(json_integer_value(jsonx_at(j, "/o/a~1b")), 1);
	ck_assert_int_eq(json_integer_value(jsonx_at(j, "/o/m~0n")), 2);
	ck_assert_int_eq(json_integer_value(jsonx_at(j, "/o/")), 3);
	ck_assert_int_eq(json_integer_value(jsonx_at(j, "/")), 4);
	ck_assert_ptr_eq(jsonx_at(j, ""), j);
	static const char *const none[] = { "a", "/a/2", "/a/01", "/a/-", "/a/-1", "/a/x", "/a/99999999999999999999",
	                                    "/o/~2", "/o/~", "/s/x", "/gone/x", "//" };
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_ptr_null(jsonx_at(j, none[i]));
	ck_assert_str_eq(jsonx_quote(a, "+31 6"), "\"+31 6\"");
	ck_assert_str_eq(jsonx_quote(a, "a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
	ck_assert_str_eq(jsonx_quote(a, "w\xc3\xa9l"), "\"w\xc3\xa9l\"");
	jsonx_put(j, "nieuw", "w\xc3\xa9l");
	jsonx_put(j, "leeg", NULL);
	jsonx_put(j, "kapot", "\xff");
	ck_assert_str_eq(jsonx_dump(a, j, &len), "{\"s\":\"x\",\"n\":null,\"i\":-7,\"d\":1.5,\"t\":true,\"a\":[10,[20]],"
	                 "\"o\":{\"a/b\":1,\"m~n\":2,\"\":3},\"\":4,\"nieuw\":\"w\xc3\xa9l\"}");
	ck_assert_uint_eq(len, strlen(jsonx_dump(a, j, NULL)));
	arena_free(a);
}
END_TEST

START_TEST(json_only_read)
{
	struct arena *a = arena_new(1 << 20);
	const struct jsonr *v = NULL, *arr;
	json_t *tree;

	ck_assert_int_eq(jsonr_load(a, TEXT("{\"s\":\"x\\u00e9\\n\",\"n\":null,\"i\":-7,\"d\":1.5,\"t\":true,\"a\":[10,[20]],"
	                                    "\"o\":{\"k\":\"v\"},\"long\":9223372036854775807}"), &v), 0);
	ck_assert_str_eq(jsonr_str(v, "s"), "x\xc3\xa9\n");
	ck_assert(!jsonr_str(v, "n") && !jsonr_str(v, "i") && !jsonr_str(v, "gone") && !jsonr_str(NULL, "s"));
	ck_assert(jsonr_int(v, "i", 3) == -7 && jsonr_int(v, "d", 3) == 3 && jsonr_int(v, "long", 3) == INT64_MAX);
	ck_assert(jsonr_bool(v, "t") && !jsonr_bool(v, "s") && !jsonr_bool(v, "gone"));
	arr = jsonr_arr(v, "a");
	ck_assert(arr && arr->n == 2 && arr->first->next->n == 1 && !jsonr_arr(v, "o") && !jsonr_obj(v, "a"));
	ck_assert(!jsonr_get(arr, "k") && !jsonr_first(jsonr_get(v, "s")) && jsonr_obj(v, "o")->n == 1);
	tree = jsonr_tree(v);
	ck_assert_str_eq(jsonx_str(jsonx_obj(tree, "o"), "k"), "v");
	json_decref(tree);
	ck_assert_ptr_null(jsonr_tree(NULL));
	arena_free(a);
}
END_TEST

START_TEST(utf8_what_is_valid)
{
	static const struct { struct bytes in; bool valid; } v[] = {
		{ LITERAL(""), true }, { LITERAL("a"), true }, { LITERAL("12345678"), true }, { LITERAL("\0"), false },
		{ LITERAL("1234567\0"), false }, { LITERAL("12345678\0" "1234567"), false }, { LITERAL("\xc3\xa9"), true },
		{ LITERAL("\xc3"), false }, { LITERAL("\xa9"), false }, { LITERAL("\xc0\xaf"), false },
		{ LITERAL("\xe0\x80\xaf"), false }, { LITERAL("\xf0\x80\x80\xaf"), false }, { LITERAL("\xed\xa0\x80"), false },
		{ LITERAL("\xed\xbf\xbf"), false }, { LITERAL("\xf4\x8f\xbf\xbf"), true }, { LITERAL("\xf4\x90\x80\x80"), false },
		{ LITERAL("\xff"), false }, { LITERAL("\xf0\x9f\x99\x82"), true }, { LITERAL("\xf0\x9f\x99"), false },
		{ LITERAL("12345678\xe2\x82\xac" "12345678\xff"), false }, { LITERAL("12345678\xe2\x82\xac" "12345678"), true },
		{ LITERAL("\x7f\x01"), true }, { LITERAL("\xc3\xa9\0"), false },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		ck_assert_msg(utf8_valid(v[i].in) == v[i].valid, "row %zu", i);
	ck_assert(utf8_valid((struct bytes){ 0 }));
}
END_TEST

START_TEST(utf8_normal_form)
{
	struct arena *a = arena_new(8 << 20);
	static const struct { const char *in, *out; } v[] = {
		{ "", "" }, { "gewoon", "gewoon" }, { "e\xcc\x81", "\xc3\xa9" }, { "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x84\xab", "\xc3\x85" },                          /* angstrom sign: A with ring */
		{ "\xef\xac\x81", "\xef\xac\x81" },                      /* the fi ligature stays: NFC, not NFKC */
		{ "a\xcc\xa3\xcc\x87", "\xe1\xba\xa1\xcc\x87" }, { "a\xcc\x87\xcc\xa3", "\xe1\xba\xa1\xcc\x87" },
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7" },
		{ "\xf0\x9f\xab\xaa", "\xf0\x9f\xab\xaa" },              /* newer than the library's tables */
	};
	char zalgo[2 + 2 * 10000 + 1] = "e";

	for (size_t i = 0; i < COUNT(v); i++)
		ck_assert_str_eq(utf8_nfc(a, TEXT(v[i].in), 1000), v[i].out);
	ck_assert_ptr_null(utf8_nfc(a, LITERAL("a\0b"), 10));
	ck_assert_ptr_null(utf8_nfc(a, LITERAL("a\xff"), 1)); /* also when the cut would hide it */
	for (int i = 0; i < 10000; i++)
		memcpy(zalgo + 1 + 2 * i, i % 2 ? "\xcc\x81" : "\xcc\xa3", 2);
	ck_assert_str_eq(utf8_nfc(a, TEXT(zalgo), 65536), zalgo);
	arena_free(a);
}
END_TEST

START_TEST(utf8_cutting)
{
	struct arena *a = arena_new(1 << 20);
	const char *s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82z"; /* 1 2 3 4 1 bytes */
	static const size_t kept[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	for (size_t max = 0; max < COUNT(kept); max++) {
		char *cut = utf8_nfc(a, TEXT(s), max);

		ck_assert_uint_eq(strlen(cut), kept[max]);
		ck_assert(utf8_valid(TEXT(cut)));
	}
	ck_assert_str_eq(utf8_nfc(a, TEXT("e\xcc\x81" "e\xcc\x81"), 3), "\xc3\xa9");
	arena_free(a);
}
END_TEST

#define FFFD "\xef\xbf\xbd"
START_TEST(utf8_cleaning)
{
	struct arena *a = arena_new(1 << 20);

	ck_assert_str_eq(utf8_clean(a, LITERAL("a\0b"), 100), "a" FFFD "b");
	ck_assert_str_eq(utf8_clean(a, LITERAL("\xff\xfe"), 100), FFFD FFFD);
	ck_assert_str_eq(utf8_clean(a, LITERAL("\xe2\x82"), 100), FFFD FFFD);
	ck_assert_str_eq(utf8_clean(a, LITERAL("caf\xe9"), 100), "caf" FFFD);
	ck_assert_str_eq(utf8_clean(a, LITERAL("caf\xe9 e\xcc\x81"), 100), "caf" FFFD " \xc3\xa9");
	ck_assert_str_eq(utf8_clean(a, LITERAL("\xff\xff\xff"), 5), FFFD);
	ck_assert_str_eq(utf8_clean(a, LITERAL(""), 5), "");
	for (int c = 0; c < 65536; c += 7) { /* whatever comes in, what goes out is valid */
		uint8_t two[2] = { (uint8_t)(c >> 8), (uint8_t)c };

		if (!utf8_valid(TEXT(utf8_clean(a, (struct bytes){ two, 2 }, 100))))
			ck_abort_msg("%04x", (unsigned)c);
	}
	arena_free(a);
}
END_TEST

START_TEST(utf8_bidi)
{
	static const char *const yes[] = { "a\xe2\x80\x8e", "\xe2\x80\x8f", "x\xe2\x80\xaay", "\xe2\x80\xae", "\xe2\x81\xa6",
	                                   "\xe2\x81\xa9", "\xe2\x82\xac\xe2\x80\xab" };
	static const char *const no[] = { "", "abc", "\xe2\x80\x8d", "\xe2\x80\xa6", "\xe2\x80\xaf", "\xe2\x81\xa5",
	                                  "\xe2\x82\xac", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d" };

	for (size_t i = 0; i < COUNT(yes); i++)
		ck_assert(utf8_has_bidi(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		ck_assert(!utf8_has_bidi(no[i]));
}
END_TEST

START_TEST(utf8_blanks)
{
	static const char *const blank[] = { "", " ", "\t\n\v\f\r ", "\xc2\xa0", "\xe2\x80\x83 \xe2\x80\xa8\xe3\x80\x80" };
	static const char *const said[] = { ".", " a ", "\xc3\xa9", "  \xe2\x82\xac", "\x01", "\xff" };

	for (size_t i = 0; i < COUNT(blank); i++)
		ck_assert_msg(utf8_blank(blank[i]), "%zu", i);
	for (size_t i = 0; i < COUNT(said); i++)
		ck_assert_msg(!utf8_blank(said[i]), "%zu", i);
}
END_TEST

START_TEST(utf8_folding)
{
	struct arena *a = arena_new(1 << 20);
	static const struct { const char *in, *out; } v[] = {
		{ "", "" }, { "ABCxyz-09", "abcxyz-09" }, { "Caf\xc3\xa9", "cafe" }, { "\xc3\x8f", "i" }, { "stra\xc3\x9f" "e", "strasse" },
		{ "\xc4\xb0stanbul", "istanbul" }, { "yard\xc4\xb1m", "yardim" }, { "\xc5\x81\xc3\xb3" "d\xc5\xba", "lodz" },
		{ "0\xef\xb8\x8f\xe2\x83\xa3", "0" }, { "\xef\xbc\x90", "0" }, { "par\xc2\xadkeren", "parkeren" },
		{ "\xd0\x94\xd0\x9e\xd0\x9f\xd0\x9e", "\xd0\xb4\xd0\xbe\xd0\xbf\xd0\xbe" }, { "\xd8\xa3", "\xd8\xa7" },
	};

	for (size_t i = 0; i < COUNT(v); i++)
		ck_assert_str_eq(utf8_fold(a, v[i].in), v[i].out);
	ck_assert_ptr_null(utf8_fold(a, "\xff"));
	arena_free(a);
}
END_TEST

START_TEST(uuids)
{
	struct uuid_gen g = { 0 };
	uint8_t random[10] = { 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7 };
	char before[UUID_TEXT] = "", now[UUID_TEXT];
	struct uuid u = { 0 }, back;

	ck_assert(uuid_is_nil(u));
	for (int i = 0; i < 20000; i++) { /* the clock stands still, then steps back, then goes on */
		u = uuid_make(&g, i < 9000 ? 1763763000000 : i < 18000 ? 1763762000000 : 1763770000000, random);
		uuid_format(u, now);
		if (strcmp(before, now) >= 0 || !uuid_parse(now, &back) || !uuid_same(u, back) || uuid_is_nil(u) ||
		    now[14] != '7' || !strchr("89ab", now[19]))
			ck_abort_msg("%s comes after %s", now, before);
		memcpy(before, now, sizeof now);
	}
	u = uuid_make(&(struct uuid_gen){ 0 }, 0x017f22e279b0, (uint8_t[10]){ 0x0c, 0xc3, 0x98, 0xc4 });
	uuid_format(u, now);
	ck_assert_str_eq(now, "017f22e2-79b0-74c3-98c4-000000000000");
	static const char *const bad[] = { "", "017f22e2-79b0-74c3-98c4-00000000000", "017f22e2-79b0-74c3-98c4-0000000000000",
	                                   "017f22e2x79b0-74c3-98c4-000000000000", "017f22e279b0-74c3-98c4-000000000000-",
	                                   "g17f22e2-79b0-74c3-98c4-000000000000", "{17f22e2-79b0-74c3-98c4-00000000000}" };
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert(!uuid_parse(bad[i], &u));
	ck_assert(!uuid_parse(NULL, &u));
	ck_assert(uuid_parse("017F22E2-79B0-74C3-98C4-000000000000", &u));
}
END_TEST

START_TEST(moments_parse)
{
	static const struct { const char *s; int64_t us; } good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.5Z", -500000 },
		{ "2026-11-21T21:44:51.123Z", INT64_C(1795297491123000) },
		{ "2026-11-21T22:44:51.123+01:00", INT64_C(1795297491123000) },
		{ "2026-11-21t15:14:51.1239999-06:30", INT64_C(1795297491123999) },
		{ "2026-11-21 21:44:51.123z", INT64_C(1795297491123000) },
		{ "2000-02-29T00:00:00Z", INT64_C(951782400000000) },
		{ "2024-02-29T23:59:60Z", INT64_C(1709251200000000) },
		{ "2024-03-01T00:30:00+01:00", INT64_C(1709249400000000) },
		{ "2024-02-29T23:30:00-00:00", INT64_C(1709249400000000) },
		{ "0001-01-01T00:00:00Z", INT64_C(-62135596800000000) },
		{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
	};
	static const char *const bad[] = {
		"", "2026", "2026-11-21", "2026-11-21T21:44:51", "2026-11-21T21:44Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00Zx",
		"2026-1-01T00:00:00Z", " 2026-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00 01:00", "+026-01-01T00:00:00Z",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z",
	};
	int64_t us;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(when_parse(good[i].s, &us), "%s", good[i].s);
		ck_assert_msg(us == good[i].us, "%s gives %lld", good[i].s, (long long)us);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		us = 17;
		ck_assert_msg(!when_parse(bad[i], &us) && us == 17, "%s", bad[i]);
	}
	ck_assert(!when_parse(NULL, &us));
}
END_TEST

START_TEST(days_there_and_back)
{
	static const char *const bad[] = {"", "2026-11-2", "2026-11-211", "2026-11-21T", " 2026-11-21", "2026-02-29", "2026-13-01",
					  "2026-00-01", "2026-01-00", "0000-01-01", "2026/11/21", "2026-1-101"};
	char text[WHEN_DAY];
	int64_t day = 17;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!when_day(bad[i], &day) && day == 17, "%s", bad[i]);
	ck_assert(!when_day(NULL, &day));
	for (int64_t d = when_days(1899, 12, 31); d < when_days(2100, 3, 2); d++)
		ck_assert(when_day(when_day_format(d, text), &day) && day == d);
	ck_assert_str_eq(when_day_format(when_days(2024, 2, 29), text), "2024-02-29");
	ck_assert_int_eq(when_weekday(when_days(2026, 11, 23)), 0);
	ck_assert_int_eq(when_weekday(when_days(2026, 11, 22)), 6);
	ck_assert_int_eq(when_weekday(when_days(1900, 1, 1)), 0); /* a Monday */
	ck_assert_str_eq(when_month_name(1), "januari");
	ck_assert_str_eq(when_month_name(12), "december");
}
END_TEST

/* every day for 400 years, a whole round of the calendar, against the C library, and there and back again */
START_TEST(moments_calendar)
{
	for (int64_t day = -40000; day < 106097; day++) {
		time_t t = (time_t)(day * 86400 + day % 86400);
		char ours[WHEN_TEXT], theirs[WHEN_TEXT];
		struct tm tm;
		int64_t back;

		when_format((int64_t)t * WHEN_SECOND_US + 7999, ours);
		gmtime_r(&t, &tm);
		strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S.007Z", &tm);
		/* check writes to a file at every assertion: only what is wrong gets there */
		if (strcmp(ours, theirs) != 0 || !when_parse(ours, &back) || back != (int64_t)t * WHEN_SECOND_US + 7000)
			ck_abort_msg("%s is %s", ours, theirs);
	}
}
END_TEST

START_TEST(moments_unix)
{
	static const char *const bad[] = { "", "0", "946684799", "7258118400", "99999999999", "-1", "+1763763000", " 1763763000",
	                                   "1763763000 ", "1763763000.5", "0x7fffffff", "invalid", "1e9" };
	int64_t us;

	ck_assert(when_unix("1763763000", &us) && us == INT64_C(1763763000000000));
	ck_assert(when_unix("946684800", &us) && when_unix("7258118399", &us));
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert(!when_unix(bad[i], &us));
	ck_assert(!when_unix(NULL, &us));
}
END_TEST

START_TEST(url_there_and_back)
{
	static const char all[] = "a-Z.0_~ +&=/?#%{}\xc3\xa9\xe2\x82\xac\n";
	struct arena *a = arena_new(1 << 20);
	const char *s = url_encode(a, all);

	ck_assert_str_eq(s, "a-Z.0_~%20%2B%26%3D%2F%3F%23%25%7B%7D%C3%A9%E2%82%AC%0A");
	ck_assert_str_eq(url_decode(a, s, strlen(s), false), all);
	ck_assert_str_eq(url_encode(a, ""), "");
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		digests, sha1_and_base64, hex, comparing, arenas, json_limits, json_error_is_discreet, json_access, json_only_read,
		utf8_what_is_valid, utf8_normal_form,
		utf8_cutting, utf8_cleaning, utf8_bidi, utf8_blanks, utf8_folding, uuids, moments_parse, moments_calendar, moments_unix, days_there_and_back,
		url_there_and_back,
	};

	return unit_run("base", tests, COUNT(tests));
}
