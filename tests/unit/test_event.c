/* test_event.c - what other systems are told, how it is signed, when it is tried again */
#include "lib/core/event.h"
#include "unit.h"

#include <stdlib.h>

START_TEST(told_without_what_anybody_wrote)
{
	json_t *payload =
		json_loads("{\"case\": {\"id\": \"1\", \"state\": \"queued\", \"gone\": null,"
			   "\"name\": \"Jansen\"}, \"event\": \"transfer\","
			   "\"signal\": {\"department\": \"Verkeer en vervoer\", \"hours\": 3},"
			   "\"why\": \"Mevrouw Jansen belt terug\", \"list\": [\"x\"], \"line\": \"a\\nb\","
			   "\"note\": \"terugbellen\", \"callback\": \"morgen\", \"state\": {\"id\": 1}}",
			   0, NULL);
	struct event e = {.notice = 482,
			  .at_us = 1763819223123000,
			  .source = "urn:nld:oin:1:systeem:loketd",
			  .type = EVENT_PREFIX "case.changed.transfer",
			  .municipality = "dordrecht",
			  .subject = "1",
			  .payload = payload};
	json_t *out = event_json(&e);
	char *s = json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(
		s, "{\"data\":{\"case\":{\"id\":\"1\",\"state\":\"queued\"},\"event\":\"transfer\","
		   "\"municipality\":\"dordrecht\",\"signal\":{\"department\":\"Verkeer en vervoer\","
		   "\"hours\":3}},\"datacontenttype\":\"application/json\",\"id\":\"482.1763819223123\","
		   "\"sequence\":\"0000000000000000482\",\"source\":\"urn:nld:oin:1:systeem:loketd\","
		   "\"specversion\":\"1.0\","
		   "\"subject\":\"1\",\"time\":\"2025-11-22T13:47:03.123Z\",\"type\":\"nl.klantcontacten."
		   "case.changed.transfer\"}");
	free(s);
	json_decref(out);
	json_decref(payload);
}
END_TEST

START_TEST(types)
{
	static const char *const good[] = {"nl.klantcontacten",
					   "nl.klantcontacten.case",
					   "nl.klantcontacten.case.changed",
					   "nl.klantcontacten.case.changed.resolve",
					   "nl.klantcontacten.contact.received",
					   "nl.klantcontacten.post"};
	static const char *const bad[] = {"",
					  "nl",
					  "nl.klantcontacten.",
					  "nl.klantcontacten.cas",
					  "nl.klantcontacten.case.",
					  "nl.klantcontacten.offer.made",
					  "nl.klantcontacten.presence",
					  "nl.klantcontacten.case.changed.",
					  "nl.klantcontacten.case changed"};

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(event_type_known(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!event_type_known(bad[i]), "%s", bad[i]);
}
END_TEST

/* by openssl: printf '482.1.1614265330.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f -binary
 * | base64 */
START_TEST(signed_as_standard_webhooks_says)
{
	struct arena *a = arena_new(1 << 16);
	static const char secret[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

	ck_assert_str_eq(event_signature(a, secret, "482.1", 1614265330, TEXT("{}")),
			 "v1,4pXe+m0mdjZpwUXSWZTVGfJXrwWvHXA6jBeQz1cjDNs=");
	ck_assert_str_eq(
		event_signature(a, arena_printf(a, "whsec_%s", secret), "482.1", 1614265330, TEXT("{}")),
		"v1,4pXe+m0mdjZpwUXSWZTVGfJXrwWvHXA6jBeQz1cjDNs=");
	ck_assert(event_secret_good(a, secret));
	ck_assert(!event_secret_good(a, "AAECAwQF"));
	ck_assert(!event_secret_good(a, "geen base64 maar wel lang genoeg voor een geheim"));
	arena_free(a);
}
END_TEST

START_TEST(tried_for_days_and_no_longer)
{
	int64_t all_s = 0;
	int n = 1, before_s = 0;

	for (int s; (s = event_again_s(n, 0, 0)) >= 0; n++) {
		ck_assert_int_ge(s, before_s);
		before_s = s;
		all_s += s;
		ck_assert_int_lt(n, 50);
	}
	ck_assert_int_gt(all_s, EVENT_FAILING_MAX_S);
	ck_assert_int_lt(all_s, 5 * 86400);
	ck_assert_int_eq(event_again_s(1, 900, 0), 900);
	ck_assert_int_eq(event_again_s(1, 1000000, 0), EVENT_RETRY_AFTER_MAX_S);
	ck_assert_int_ge(event_again_s(6, 0, 99), event_again_s(6, 0, 0) * 109 / 100);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {told_without_what_anybody_wrote, types,
				      signed_as_standard_webhooks_says, tried_for_days_and_no_longer};

	return unit_run("event", tests, COUNT(tests));
}
