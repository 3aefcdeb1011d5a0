/* Nothing but the right signature over the very bytes is taken */
#include "tests/channel/bench.h"
#include "tests/unit/unit.h"

#include "lib/base/hmac.h"

#include <stdio.h>

static const char body[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[]}";

/* a signed request on the channel; *value: the proof, to be spoilt */
static struct bench *signed_request(const char *channel, const char *sign, char **value)
{
	struct bench *b = bench_new(channel);

	b->request.body = (struct bytes){ (uint8_t *)arena_dup(b->a, body, sizeof body - 1), sizeof body - 1 };
	b->sign = sign;
	bench_sign(b);
	*value = arena_str(b->a, b->headers[0].value);
	b->headers[0].value = *value;
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	return b;
}

static void refused(struct bench *b)
{
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), CHANNEL_REFUSED);
}

static const struct { const char *channel, *sign; } ways[] = {
	{ "whatsapp", "hub" }, { "webform", "hub" }, { "webform", "own" }, { "webform", "bearer" },
	{ "openforms", "own" }, { "openforms", "bearer" }, { "chat", "own" }, { "chat", "bearer" }, { "webhook", "own" },
};

/* every bit of the header's text; what flips only the case of a digit says the same and stays good */
START_TEST(header_bits)
{
	char *value;
	struct bench *b = signed_request(ways[_i].channel, ways[_i].sign, &value);
	size_t hex = strlen(value) - 64;

	for (size_t bit = 0; bit < 8 * strlen(value); bit++) {
		char old = value[bit / 8];
		bool is_hex = strcmp(ways[_i].sign, "bearer") != 0 && bit / 8 >= hex;
		bool word = !strcmp(ways[_i].sign, "bearer") && bit / 8 < 6;

		value[bit / 8] = (char)(old ^ 1 << bit % 8);
		bool same = value[bit / 8] && (is_hex || word) && (old | 32) == (value[bit / 8] | 32) && (old | 32) >= 'a';
		if (!same)
			refused(b);
		value[bit / 8] = old;
	}
	bench_free(b);
}
END_TEST

/* every bit of the digest itself */
START_TEST(digest_bits)
{
	char *value;
	struct bench *b = signed_request(ways[_i].channel, ways[_i].sign, &value);
	char *hex = value + strlen(value) - 64;
	uint8_t mac[SHA256_BYTES];

	for (int bit = 0; strcmp(ways[_i].sign, "bearer") != 0 && bit < 256; bit++) {
		ck_assert(hex_decode(hex, 64, mac, sizeof mac));
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		hex_encode(mac, sizeof mac, hex);
		refused(b);
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		hex_encode(mac, sizeof mac, hex);
	}
	for (int i = 0; i < 64; i++) /* upper case is fine */
		hex[i] = hex[i] >= 'a' && hex[i] <= 'f' ? (char)(hex[i] - 32) : hex[i];
	if (strcmp(ways[_i].sign, "bearer") != 0)
		ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	bench_free(b);
}
END_TEST

START_TEST(body_bits)
{
	char *value;
	struct bench *b = signed_request(ways[_i].channel, ways[_i].sign, &value);
	uint8_t *p = (uint8_t *)b->request.body.data;

	for (size_t bit = 0; strcmp(ways[_i].sign, "bearer") != 0 && bit < 8 * b->request.body.len; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(b);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	if (strcmp(ways[_i].sign, "bearer") != 0) {
		b->request.body.len--;
		refused(b);
		b->request.body.len = 0;
		refused(b);
	}
	bench_free(b);
}
END_TEST

START_TEST(odd_headers)
{
	char *value;
	struct bench *b = signed_request("whatsapp", "hub", &value);
	const char *hex = value + 7;
	const char *const odd[] = {
		"", "sha256=", hex, arena_printf(b->a, "sha256= %s", hex), arena_printf(b->a, "sha256=%s ", hex),
		arena_printf(b->a, "SHA256=%s", hex), arena_printf(b->a, "sha1=%s", hex), arena_printf(b->a, "sha256=%s00", hex),
		arena_printf(b->a, "sha256=%.63s", hex), arena_printf(b->a, "sha256=0x%.62s", hex), arena_printf(b->a, " sha256=%s", hex),
		arena_printf(b->a, "sha256=%s,sha256=%s", hex, hex),
	};

	for (size_t i = 0; i < COUNT(odd); i++) {
		b->headers[0].value = odd[i];
		refused(b);
	}
	b->headers[0].value = value;
	bench_header(b, "x-hub-signature-256", value); /* twice, even the same */
	refused(b);
	b->n_headers = 0;
	refused(b);
	bench_header(b, "X-Hub-Signature", value);
	refused(b);
	bench_free(b);
}
END_TEST

START_TEST(rotation)
{
	char *value;
	struct bench *b = signed_request("whatsapp", "hub", &value);

	b->inbox.secrets[0].value = "nieuw"; /* the second secret signs as well as the first */
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	b->inbox.secrets[0].value = "geheim";
	b->inbox.secrets[1].value = "nieuw";
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	b->inbox.secrets[0].value = "oud";
	refused(b);
	b->inbox.secrets[0].kind = "token"; /* other kinds sign nothing */
	b->inbox.secrets[0].value = "geheim";
	refused(b);
	b->inbox.n_secrets = 0;
	refused(b);
	bench_free(b);
}
END_TEST

/* an empty secret would be everybody's */
START_TEST(empty_secret)
{
	struct bench *b = bench_new("webform");
	uint8_t mac[SHA256_BYTES];
	char hex[SHA256_HEX];

	b->inbox.secrets[0].value = b->inbox.secrets[1].value = b->inbox.secrets[2].value = "";
	hmac_sha256("", b->request.body, mac);
	hex_encode(mac, sizeof mac, hex);
	bench_header(b, "X-Hub-Signature-256", arena_printf(b->a, "sha256=%s", hex));
	refused(b);
	b->n_headers = 0;
	bench_header(b, "Authorization", "Bearer ");
	refused(b);
	const char *answer = NULL;
	b->request.query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=";
	ck_assert_int_eq(channel_find("whatsapp")->handshake(b->a, &b->inbox, &b->request, &answer), CHANNEL_REFUSED);
	bench_free(b);
}
END_TEST

START_TEST(age)
{
	char *value;
	struct bench *b = signed_request("webform", "own", &value);
	int64_t now = b->request.now_us;
	static const struct { int seconds; bool ok; } v[] = {
		{ 0, true }, { 300, true }, { -300, true }, { 301, false }, { -301, false }, { 100000, false },
	};

	for (size_t i = 0; i < COUNT(v); i++) {
		b->request.now_us = now + v[i].seconds * INT64_C(1000000);
		ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), v[i].ok ? 0 : CHANNEL_REFUSED);
	}
	static const char *const odd[] = { "t=,v1=", "t=1,v1=", "t=99999999999999999999,v1=", "v1=", "t=1795262400", "t=1795262400,v1=",
	                                   "t=1795262400,v0=", ",v1=", "t=1795262400 ,v1=" };
	b->request.now_us = now;
	for (size_t i = 0; i < COUNT(odd); i++) {
		b->headers[0].value = arena_printf(b->a, "%s%s", odd[i], i == 5 ? "zz" : value + strlen(value) - 64);
		refused(b);
	}
	bench_free(b);
}
END_TEST

/* a public form needs no proof, yet a wrong one is wrong */
START_TEST(public_form)
{
	struct bench *b = bench_new("webform");

	refused(b);
	json_object_set_new((json_t *)b->inbox.settings, "public", json_string("yes"));
	refused(b);
	json_object_set_new((json_t *)b->inbox.settings, "public", json_true());
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	bench_header(b, "Authorization", "Bearer mis");
	refused(b);
	bench_free(b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("signature");
	TCase *all = tcase_create("ways"), *some = tcase_create("some");

	tcase_add_loop_test(all, header_bits, 0, (int)COUNT(ways));
	tcase_add_loop_test(all, digest_bits, 0, (int)COUNT(ways));
	tcase_add_loop_test(all, body_bits, 0, (int)COUNT(ways));
	tcase_add_test(some, odd_headers);
	tcase_add_test(some, rotation);
	tcase_add_test(some, empty_secret);
	tcase_add_test(some, age);
	tcase_add_test(some, public_form);
	suite_add_tcase(s, all);
	suite_add_tcase(s, some);
	SRunner *r = srunner_create(s);
	srunner_set_tap(r, "-");
	srunner_run_all(r, CK_SILENT);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
