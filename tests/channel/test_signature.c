/* Nothing but the right signature over the very bytes is taken */
#include "tests/channel/bench.h"
#include "tests/unit/unit.h"

#include "lib/base/b64url.h"
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

/* ---- providers that sign the URL as well ---- */

static const struct { const char *provider, *header, *type, *body; } urls[] = {
	{ "twilio", "X-Twilio-Signature", "application/x-www-form-urlencoded", "MessageSid=SM1&Body=a%20b+c&From=%2B31612340001&Z" },
	{ "twilio", "X-Twilio-Signature", "application/json", "{\"MessageSid\":\"SM1\"}" },
	{ "messagebird", "MessageBird-Signature-JWT", "application/x-www-form-urlencoded", "id=1&originator=31612340001&body=x" },
	{ "bird", "messagebird-signature", "application/json", "{\"event\":\"sms.inbound\"}" },
};

/* *value: the proof, to be spoilt */
static struct bench *signed_url(int i, char **value)
{
	struct bench *b = bench_new(urls[i].provider);
	size_t n = strlen(urls[i].body);

	b->request.body = (struct bytes){ (uint8_t *)arena_dup(b->a, urls[i].body, n), n };
	bench_header(b, "Content-Type", urls[i].type);
	bench_sign(b);
	for (int k = 0; k < b->n_headers; k++) {
		if (!strcmp(b->headers[k].name, urls[i].header))
			b->headers[k].value = *value = arena_str(b->a, b->headers[k].value);
	}
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
	return b;
}

static void accepted(struct bench *b)
{
	ck_assert_int_eq(b->ops->verify(&b->inbox, &b->request), 0);
}

START_TEST(url_header_bits)
{
	char *value;
	struct bench *b = signed_url(_i, &value);

	for (size_t bit = 0; bit < 8 * strlen(value); bit++) {
		char old = value[bit / 8];

		value[bit / 8] = (char)(old ^ 1 << bit % 8);
		if (value[bit / 8])
			refused(b);
		value[bit / 8] = old;
	}
	accepted(b);
	value[0] = '\0';
	refused(b);
	bench_free(b);
}
END_TEST

START_TEST(url_body_bits)
{
	char *value;
	struct bench *b = signed_url(_i, &value);
	uint8_t *p = (uint8_t *)b->request.body.data;

	for (size_t bit = 0; bit < 8 * b->request.body.len; bit++) {
		uint8_t old = p[bit / 8];

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* "+" and "%20" say the same, and so does the case of a hex digit */
		if (!(_i == 0 && (old == '+' || old == ' ' || (old == 'B' && p[bit / 8] == 'b'))))
			refused(b);
		p[bit / 8] = old;
	}
	b->request.body.len--;
	refused(b);
	bench_free(b);
}
END_TEST

START_TEST(url_itself)
{
	char *value;
	struct bench *b = signed_url(_i, &value);
	const char *was = b->request.url, *path = strstr(was, "/v1");
	const struct { const char *url; bool ok; } v[] = {
		{ arena_printf(b->a, "https://kcc.example.nl:443%s", path), true },
		{ arena_printf(b->a, "https://kcc.example.nl:8443%s", path), true }, /* the port was left out */
		{ arena_printf(b->a, "http://kcc.example.nl%s", path), false },
		{ arena_printf(b->a, "https://kcc.example.com%s", path), false },
		{ arena_printf(b->a, "%s/", was), false },
		{ arena_printf(b->a, "%s%cx=1", was, strchr(was, '?') ? '&' : '?'), false },
		{ "", false },
		{ NULL, false },
	};

	for (size_t i = 0; i < COUNT(v); i++) {
		b->request.url = v[i].url;
		ck_assert_msg((b->ops->verify(&b->inbox, &b->request) == 0) == v[i].ok, "%s", v[i].url);
	}
	/* behind a proxy that is called otherwise, the inbox says how */
	b->request.url = arena_printf(b->a, "http://127.0.0.1:8080%s", path);
	refused(b);
	json_object_set_new((json_t *)b->inbox.settings, "public_url", json_string("https://kcc.example.nl"));
	accepted(b);
	bench_free(b);
}
END_TEST

/* the port in the URL that was signed, and not in ours */
START_TEST(url_with_port)
{
	struct bench *b = bench_new(urls[_i].provider);
	size_t n = strlen(urls[_i].body);
	const char *path;

	b->request.body = (struct bytes){ (const uint8_t *)urls[_i].body, n };
	b->url = "https://kcc.example.nl:443/v1/hooks/test";
	bench_header(b, "Content-Type", urls[_i].type);
	bench_sign(b);
	accepted(b);
	path = strstr(b->request.url, "/v1");
	b->request.url = arena_printf(b->a, "https://kcc.example.nl%s", path);
	accepted(b);
	bench_free(b);
}
END_TEST

START_TEST(url_rotation)
{
	char *value;
	struct bench *b = signed_url(_i, &value);

	b->inbox.secrets[0].value = "geheim";
	b->inbox.secrets[1].value = "nieuw";
	accepted(b);
	b->inbox.secrets[0].value = "oud";
	refused(b);
	b->inbox.secrets[0] = (struct inbox_secret){ .kind = "token", .value = "geheim" };
	refused(b);
	b->inbox.n_secrets = 0;
	refused(b);
	bench_free(b);
}
END_TEST

START_TEST(url_twice)
{
	char *value;
	struct bench *b = signed_url(_i, &value);

	bench_header(b, urls[_i].header, value);
	refused(b);
	bench_free(b);
}
END_TEST

/* a minute for MessageBird, as long as they retry for Bird */
START_TEST(url_age)
{
	static const struct { int provider; int seconds; bool ok; } v[] = {
		{ 2, 64, true }, { 2, 66, false }, { 2, -4, true }, { 2, -6, false },
		{ 3, 8 * 3600, true }, { 3, 10 * 3600, false }, { 3, -10 * 3600, false },
	};

	for (size_t i = 0; i < COUNT(v); i++) {
		char *value;
		struct bench *b = signed_url(v[i].provider, &value);

		b->request.now_us += v[i].seconds * INT64_C(1000000);
		ck_assert_msg((b->ops->verify(&b->inbox, &b->request) == 0) == v[i].ok, "%zu", i);
		bench_free(b);
	}
}
END_TEST

static const char *jwt(struct bench *b, const char *head, const char *claims)
{
	const char *what = arena_printf(b->a, "%s.%s", b64url_encode(b->a, (struct bytes){ (const uint8_t *)head, strlen(head) }),
	                                b64url_encode(b->a, (struct bytes){ (const uint8_t *)claims, strlen(claims) }));
	uint8_t mac[SHA256_BYTES];

	hmac_sha256("geheim", (struct bytes){ (const uint8_t *)what, strlen(what) }, mac);
	return arena_printf(b->a, "%s.%s", what, b64url_encode(b->a, (struct bytes){ mac, sizeof mac }));
}

/* well signed, and yet not for this */
START_TEST(jwt_claims)
{
	struct bench *b = bench_new("messagebird");
	char url[SHA256_HEX];
	uint8_t digest[SHA256_BYTES];
	static const char good[] = "\"iss\":\"MessageBird\",\"nbf\":1795262400,\"exp\":1795262460,\"jti\":\"1\"";

	b->request.now_us = INT64_C(1795262400000000);
	bench_url(b);
	sha256((struct bytes){ (const uint8_t *)b->request.url, strlen(b->request.url) }, digest);
	hex_encode(digest, sizeof digest, url);
	const struct { const char *head, *claims; bool ok; } v[] = {
		{ "{\"alg\":\"HS256\"}", arena_printf(b->a, "{%s,\"url_hash\":\"%s\"}", good, url), true },
		{ "{\"alg\":\"none\"}", arena_printf(b->a, "{%s,\"url_hash\":\"%s\"}", good, url), false },
		{ "{\"alg\":\"HS512\"}", arena_printf(b->a, "{%s,\"url_hash\":\"%s\"}", good, url), false },
		{ "{}", arena_printf(b->a, "{%s,\"url_hash\":\"%s\"}", good, url), false },
		{ "[]", arena_printf(b->a, "{%s,\"url_hash\":\"%s\"}", good, url), false },
		{ "{\"alg\":\"HS256\"}", arena_printf(b->a, "{%s}", good), false },
		{ "{\"alg\":\"HS256\"}", arena_printf(b->a, "{%s,\"url_hash\":5}", good), false },
		{ "{\"alg\":\"HS256\"}", arena_printf(b->a, "{%s,\"url_hash\":\"%s\",\"payload_hash\":\"%s\"}", good, url, url), false },
		{ "{\"alg\":\"HS256\"}",
		  arena_printf(b->a, "{\"iss\":\"Ander\",\"nbf\":1795262400,\"exp\":1795262460,\"jti\":\"1\",\"url_hash\":\"%s\"}", url), false },
		{ "{\"alg\":\"HS256\"}",
		  arena_printf(b->a, "{\"iss\":\"MessageBird\",\"nbf\":1795262400,\"exp\":1795262460,\"url_hash\":\"%s\"}", url), false },
		{ "{\"alg\":\"HS256\"}", arena_printf(b->a, "{\"iss\":\"MessageBird\",\"jti\":\"1\",\"url_hash\":\"%s\"}", url), false },
		{ "{\"alg\":\"HS256\"}", "[]", false },
		{ "{\"alg\":\"HS256\"}", "geen json", false },
	};

	bench_header(b, "MessageBird-Signature-JWT", "");
	for (size_t i = 0; i < COUNT(v); i++) {
		b->headers[0].value = jwt(b, v[i].head, v[i].claims);
		ck_assert_msg((b->ops->verify(&b->inbox, &b->request) == 0) == v[i].ok, "%zu", i);
	}
	static const char *const odd[] = { "", ".", "..", "...", "a.b.c", "a.b.c.d", "eyJhbGciOiJIUzI1NiJ9..", "=.=.=" };
	for (size_t i = 0; i < COUNT(odd); i++) {
		b->headers[0].value = odd[i];
		refused(b);
	}
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
	tcase_add_test(some, url_age);
	tcase_add_test(some, jwt_claims);
	tcase_add_loop_test(all, url_header_bits, 0, (int)COUNT(urls));
	tcase_add_loop_test(all, url_body_bits, 0, (int)COUNT(urls));
	tcase_add_loop_test(all, url_itself, 0, (int)COUNT(urls));
	tcase_add_loop_test(all, url_with_port, 0, (int)COUNT(urls));
	tcase_add_loop_test(all, url_rotation, 0, (int)COUNT(urls));
	tcase_add_loop_test(all, url_twice, 0, (int)COUNT(urls));
	suite_add_tcase(s, all);
	suite_add_tcase(s, some);
	return unit_end(s);
}
