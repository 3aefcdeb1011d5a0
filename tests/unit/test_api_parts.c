/* test_api_parts.c - the pure half of the API: access, problem, shape, wire, base64url, percent-encoding */
#include "unit.h"

#include "lib/base/b64url.h"
#include "lib/base/url.h"
#include "lib/core/access.h"
#include "lib/core/problem.h"
#include "lib/core/shape.h"
#include "lib/core/wire.h"

#include <stdio.h>

/* ------------------------------------------------------------------ access */

START_TEST(access_roles_and_municipalities)
{
	struct principal p = { .role = ROLE_AGENT, .n_municipalities = 2, .municipalities = { "dordrecht", "sliedrecht" } };

	ck_assert(access_role(&p, ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_LEAD)));
	ck_assert(!access_role(&p, ROLE_BIT(ROLE_ADMIN)));
	ck_assert(!access_role(&p, 0));
	ck_assert(access_municipality(&p, "sliedrecht"));
	ck_assert(!access_municipality(&p, "zwijndrecht"));
	ck_assert(!access_municipality(&p, "dordrech"));
	ck_assert(!access_municipality(&p, "dordrechts"));
	ck_assert(!access_municipality(&p, ""));
}
END_TEST

START_TEST(access_case_belongs_to_its_owner)
{
	struct agent_id anna = { { { 1 } } }, bram = { { { 2 } } }, nobody = { { { 0 } } };
	struct principal p = { .role = ROLE_AGENT, .is_agent = true, .agent_id = anna };

	ck_assert(access_case_write(&p, anna));
	ck_assert(!access_case_write(&p, bram));
	ck_assert(!access_case_write(&p, nobody));
	p.role = ROLE_LEAD;
	ck_assert(access_case_write(&p, bram));
	ck_assert(access_case_write(&p, nobody));
	/* an integration has no agent: the nil owner is not its own */
	p = (struct principal){ .role = ROLE_INTEGRATION };
	ck_assert(!access_case_write(&p, nobody));
}
END_TEST

START_TEST(access_role_names)
{
	for (int i = 0; i < N_ROLES; i++)
		ck_assert_int_eq(role_from(role_name((enum role)i)), i);
	ck_assert_int_eq(role_from("root"), -1);
}
END_TEST

/* ------------------------------------------------------------------ problem */

START_TEST(problem_each_is_complete)
{
	for (int i = PROBLEM_NONE + 1; i < N_PROBLEMS; i++) {
		json_t *j = problem_json((enum problem)i, NULL, NULL, NULL);

		ck_assert_int_eq(json_integer_value(json_object_get(j, "status")), problem_status((enum problem)i));
		ck_assert_int_ge(problem_status((enum problem)i), 400);
		ck_assert_int_lt(problem_status((enum problem)i), 600);
		ck_assert_int_eq(strncmp(json_string_value(json_object_get(j, "type")), "urn:loket:problem:", 18), 0);
		ck_assert_int_gt(strlen(json_string_value(json_object_get(j, "title"))), 0);
		ck_assert_int_gt(strlen(json_string_value(json_object_get(j, "detail"))), 0);
		json_decref(j);
	}
	ck_assert_int_gt(problem_retry_after(PROBLEM_UNAVAILABLE), 0);
	ck_assert_int_eq(problem_retry_after(PROBLEM_NOT_FOUND), 0);
}
END_TEST

START_TEST(problem_names_fields_and_rule)
{
	json_t *errors = json_pack("[{s:s, s:s}]", "name", "text", "reason", "required");
	json_t *j = problem_json(PROBLEM_RULE, "first a task", errors, "promisedNeedsTask");
	char *text = json_dumps(j, JSON_COMPACT);

	ck_assert_ptr_nonnull(strstr(text, "\"rule\":\"promisedNeedsTask\""));
	ck_assert_ptr_nonnull(strstr(text, "\"errors\":[{\"name\":\"text\",\"reason\":\"required\"}]"));
	ck_assert_ptr_nonnull(strstr(text, "\"detail\":\"first a task\""));
	free(text);
	json_decref(j);
}
END_TEST

/* ------------------------------------------------------------------ shape */

struct seen {
	char text[1000];   /* "kind path reason;" each */
};

static void note(void *arg, enum shape_wrong wrong, const char *path, const char *reason)
{
	static const char *const kinds[] = { "unknown", "missing", "bad" };
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof seen->text - len, "%s %s (%s);", kinds[wrong], path, reason);
}

/* what is wrong with a JSON text; "" when nothing is */
static const char *wrong_with(const struct shape *s, const char *json)
{
	static struct seen seen;
	json_t *j = json_loads(json, JSON_DECODE_ANY, NULL);
	bool right;

	ck_assert_ptr_nonnull(j);
	memset(&seen, 0, sizeof seen);
	right = shape_check(s, j, note, &seen);
	ck_assert_int_eq(right, seen.text[0] == '\0');
	json_decref(j);
	return seen.text;
}

static const struct shape text_shape = { .type = SHAPE_STRING, .min = 1, .max = 3 };
static const struct shape id_shape = { .type = SHAPE_STRING, .format = FORMAT_UUID, .max = INT64_MAX };
static const struct shape code_shape = { .type = SHAPE_STRING, .format = FORMAT_CODE, .max = INT64_MAX };
static const struct shape epoch_shape = { .type = SHAPE_INTEGER, .min = 1, .max = INT64_MAX };
static const struct shape bool_shape = { .type = SHAPE_BOOLEAN };
static const struct shape codes_shape = { .type = SHAPE_ARRAY, .max = 2, .item = &code_shape };
static const struct shape map_shape = { .type = SHAPE_OBJECT, .min = 1, .max = 2, .item = &epoch_shape };
static const struct shape word_shape = {
	.type = SHAPE_STRING, .max = INT64_MAX, .words = (const char *const[]){ "ready", "away", NULL },
};
static const struct shape to_shape = {
	.type = SHAPE_OBJECT, .min = 1, .max = 1,
	.keys = (const struct shape_key[]){ { "agent", false, &id_shape }, { "team", false, &code_shape }, { 0 } },
};
static const struct shape body_shape = {
	.type = SHAPE_OBJECT, .max = INT64_MAX,
	.keys = (const struct shape_key[]){
		{ "text", true, &text_shape }, { "epoch", true, &epoch_shape }, { "to", false, &to_shape },
		{ "codes", false, &codes_shape }, { "state", false, &word_shape }, { "map", false, &map_shape },
		{ "on", false, &bool_shape }, { "any", false, &(const struct shape){ .type = SHAPE_ANY } }, { 0 },
	},
};

START_TEST(shape_says_all_that_is_wrong)
{
	static const struct { const char *json, *wrong; } cases[] = {
		{ "{\"text\":\"abc\",\"epoch\":1}", "" },
		{ "{\"text\":\"\\u20ac\\u20ac\\u20ac\",\"epoch\":9223372036854775807}", "" },
		{ "{}", "missing text (required);missing epoch (required);" },
		{ "[]", "bad  (not an object);" },
		{ "{\"text\":\"abcd\",\"epoch\":0}", "bad text (too long);bad epoch (too small or too large);" },
		{ "{\"text\":\"\",\"epoch\":1.5}", "bad text (empty);bad epoch (not a whole number);" },
		{ "{\"text\":null,\"epoch\":\"1\"}", "bad text (not a string);bad epoch (not a whole number);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"tekst\":2}", "unknown tekst (unknown key);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"to\":{}}", "bad to (too few);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"to\":{\"agent\":\"x\",\"team\":\"kcc\"}}",
		  "bad to (too many);bad to.agent (not a UUID);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"to\":{\"who\":1}}", "unknown to.who (unknown key);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"codes\":[\"a-1\",\"A\"]}",
		  "bad codes[1] (not 1 to 80 of a-z, 0-9 and -);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"codes\":[\"a\",\"b\",\"c\"]}", "bad codes (too many);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"state\":\"gone\"}", "bad state (not one of: ready, away);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"map\":{\"x\":1,\"y\":0}}", "bad map.y (too small or too large);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"on\":1}", "bad on (not true or false);" },
		{ "{\"text\":\"a\",\"epoch\":1,\"any\":[{\"deep\":[1]}]}", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(wrong_with(&body_shape, cases[i].json), cases[i].wrong);
}
END_TEST

START_TEST(shape_long_keys_do_not_overflow)
{
	char json[1000];

	snprintf(json, sizeof json, "{\"%0800d\":1,\"text\":\"a\",\"epoch\":1}", 7);
	ck_assert_int_eq(strncmp(wrong_with(&body_shape, json), "unknown 0000", 12), 0);
}
END_TEST

START_TEST(shape_of_texts)
{
	static const struct shape limit = { .type = SHAPE_INTEGER, .min = 1, .max = 100 };
	static const struct shape when = { .type = SHAPE_STRING, .format = FORMAT_TIME, .max = INT64_MAX };
	static const struct shape due = { .type = SHAPE_STRING, .format = FORMAT_DUE, .max = INT64_MAX };
	static const struct shape day = { .type = SHAPE_STRING, .format = FORMAT_TIME_OR_DATE, .max = INT64_MAX };
	static const struct shape date = { .type = SHAPE_STRING, .format = FORMAT_DATE, .max = INT64_MAX };
	static const struct shape said = { .type = SHAPE_STRING, .format = FORMAT_SAID, .min = 1, .max = 3 };
	static const struct shape language = { .type = SHAPE_STRING, .format = FORMAT_LANGUAGE, .max = INT64_MAX };
	static const struct {
		const struct shape *shape;
		const char *text;
		bool right;
	} cases[] = {
		{ &limit, "1", true }, { &limit, "100", true }, { &limit, "0", false }, { &limit, "101", false },
		{ &limit, "", false }, { &limit, "1x", false }, { &limit, " 1", false }, { &limit, "+1", false },
		{ &limit, "99999999999999999999", false },
		{ &when, "2026-11-21T12:00:00Z", true }, { &when, "2026-11-21", false },
		{ &due, "2026-11-21", true }, { &due, "P2D", true }, { &due, "PT4H", true }, { &due, "P2W", false },
		{ &day, "2026-11-21", true }, { &day, "2026-11-21T12:00:00+01:00", true }, { &day, "2026-13-21", false },
		{ &day, "tomorrow", false },
		{ &date, "2028-02-29", true }, { &date, "2027-02-29", false }, { &date, "2026-11-21T12:00:00Z", false },
		{ &date, "", false },
		{ &language, "nl", true }, { &language, "n", false }, { &language, "nl-NL", false },
		{ &said, "a", true }, { &said, " a ", true }, { &said, "", false }, { &said, "  ", false },
		{ &bool_shape, "true", true }, { &bool_shape, "yes", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg((shape_check_text(cases[i].shape, cases[i].text) == NULL) == cases[i].right, "%s",
		              cases[i].text);
}
END_TEST

/* ------------------------------------------------------------------ wire */

START_TEST(wire_rows_to_json)
{
	json_t *o = json_object();
	char *text;

	wire_put(o, "a", WIRE_TEXT, "x\"y");
	wire_put(o, "b", WIRE_INT, "9007199254740993");
	wire_put(o, "c", WIRE_BOOL, "t");
	wire_put(o, "d", WIRE_BOOL, "f");
	wire_put(o, "e", WIRE_TIME, "2026-11-21 21:44:51.123456+00");
	wire_put(o, "f", WIRE_TIME, "2026-11-21 21:44:51+05:30");
	wire_put(o, "g", WIRE_JSON, "{\"k\": [1, null]}");
	wire_put(o, "h", WIRE_TEXT, NULL);
	wire_put(o, "i", WIRE_TIME, "2026-11-21 21:44:51+01");
	text = json_dumps(o, JSON_COMPACT);
	ck_assert_str_eq(text, "{\"a\":\"x\\\"y\",\"b\":9007199254740993,\"c\":true,\"d\":false,"
	                       "\"e\":\"2026-11-21T21:44:51.123Z\",\"f\":\"2026-11-21T16:14:51.000Z\","
	                       "\"g\":{\"k\":[1,null]},\"i\":\"2026-11-21T20:44:51.000Z\"}");
	free(text);
	json_decref(o);
}
END_TEST

START_TEST(wire_text_is_what_the_objects_say)
{
	static const struct {
		const char *name;
		enum wire_type type;
		const char *value;
	} rows[] = {
		{"channel", WIRE_TEXT, ""},
		{"text", WIRE_TEXT, "zei \"ja\" \\ en\n\tging \b\f\r\x01\x1f\x7f/ \xc3\xa9\xf0\x9f\x98\x80"},
		{"text", WIRE_TEXT, "mijn BSN is 111222333"},
		{"text", WIRE_TEXT,
		 "\x01"
		 "111222333\n111 222 333"},
		{"text", WIRE_TEXT, "regel\nL91ABNA0417164300"},
		{"note", WIRE_TEXT, "NL91 ABNA 0417 1643 00"},
		{"id", WIRE_TEXT, "111222333"},
		{"attempts", WIRE_INT, "-12"},
		{"late", WIRE_BOOL, "t"},
		{"late", WIRE_BOOL, "f"},
		{"at", WIRE_TIME, "2026-11-21 21:44:51.123456+00"},
		{"at", WIRE_TIME, "2026-11-21 21:44:51+01"},
		{"fields", WIRE_JSON, "{\"bsn\": 111222333, \"a\": [1, null]}"},
		{"to", WIRE_JSON, "{\"value\": \"111222333\"}"},
		{"attachments", WIRE_JSON, "[{\"id\": \"111222333\", \"name\": \"111222333.pdf\", \"bytes\": 111222333}]"},
		{"share", WIRE_FLOAT, "0.25"},
		{"share", WIRE_FLOAT, "3"},
	};

	for (int masked = 0; masked < 2; masked++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			struct wire_text t = {0};
			json_t *want = json_object(), *got;

			wire_put(want, rows[i].name, rows[i].type, rows[i].value);
			if (masked)
				wire_mask(want);
			wire_add(&t, "{\"");
			wire_add(&t, rows[i].name);
			wire_add(&t, "\":");
			wire_add_value(&t, rows[i].type, rows[i].value,
				       masked ? wire_is_written(rows[i].name) : WIRE_OURS);
			wire_add(&t, "}");
			got = json_loads(t.s, 0, NULL);
			ck_assert_msg(json_equal(want, got), "%s", t.s);
			ck_assert_uint_eq(t.len, strlen(t.s));
			json_decref(want);
			json_decref(got);
			free(t.s);
		}
}
END_TEST

START_TEST(wire_mask_of_text_that_is_all_bsn)
{
	json_t *contact = json_object();
	char *text = malloc(65536);

	for (int i = 0; i < 6553; i++)
		memcpy(text + 10 * i, "111222333 ", 10);
	text[65530] = '\0';
	json_object_set_new(contact, "text", json_string(text));
	wire_mask(contact);
	ck_assert_ptr_null(strstr(json_string_value(json_object_get(contact, "text")), "111222333"));
	free(text);
	json_decref(contact);
}
END_TEST

START_TEST(wire_mask_reaches_every_string)
{
	json_t *contact = json_loads("{\"text\":\"mijn bsn is 111222333\",\"name\":\"111222333\","
	                             "\"fields\":{\"a\":[{\"b\":\"NL91ABNA0417164300\"}],\"n\":111222333,\"ok\":\"ja\"}}", 0, NULL);
	char *text;

	wire_mask(contact);
	text = json_dumps(contact, JSON_COMPACT);
	ck_assert_ptr_null(strstr(text, "bsn is 111222333"));
	ck_assert_ptr_null(strstr(text, "NL91ABNA0417164300"));
	ck_assert_ptr_nonnull(strstr(text, "mijn bsn is "));
	ck_assert_ptr_nonnull(strstr(text, "\"ok\":\"ja\""));
	ck_assert_ptr_null(strstr(text, "\"n\":111222333"));
	free(text);
	json_decref(contact);
}
END_TEST

/* ids, digests and sizes are ours, whatever they look like: a file is asked for by its id */
START_TEST(wire_mask_of_an_attachment)
{
	json_t *contact = json_loads("{\"attachments\":[{\"id\":\"01a20503-111222333\",\"name\":\"111222333.pdf\","
	                             "\"sha256\":\"111222333\",\"bytes\":111222333}]}", 0, NULL);
	char *text;

	wire_mask(contact);
	text = json_dumps(contact, JSON_COMPACT);
	ck_assert_ptr_nonnull(strstr(text, "\"id\":\"01a20503-111222333\""));
	ck_assert_ptr_nonnull(strstr(text, "\"sha256\":\"111222333\",\"bytes\":111222333"));
	ck_assert_ptr_null(strstr(text, "111222333.pdf"));
	free(text);
	json_decref(contact);
}
END_TEST

/* ------------------------------------------------------------------ base64url */

START_TEST(b64url_there_and_back)
{
	static const struct { const char *plain, *coded; } cases[] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xfe", "-__-" },
	};
	static const char *const bad[] = { "Z", "Zh", "Zm9", "Zm9v=", "Zm9v Zg", "Zg==", "+//+", "Zm9vZ" };
	struct arena *a = arena_new(1 << 20);
	struct bytes out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_str_eq(b64url_encode(a, TEXT(cases[i].plain)), cases[i].coded);
		ck_assert(b64url_decode(a, cases[i].coded, &out));
		ck_assert_int_eq(out.len, strlen(cases[i].plain));
		ck_assert_str_eq((const char *)out.data, cases[i].plain);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!b64url_decode(a, bad[i], &out), "%s", bad[i]);
	arena_free(a);
}
END_TEST

START_TEST(url_is_decoded_strictly)
{
	static const struct { const char *in, *query, *path; } cases[] = {
		{ "", "", "" }, { "a+b", "a b", "a+b" }, { "%41%7a", "Az", "Az" }, { "%c3%A9", "\xc3\xa9", "\xc3\xa9" },
		{ "%2F", "/", "/" }, { "%", NULL, NULL }, { "%4", NULL, NULL }, { "a%4", NULL, NULL }, { "%zz", NULL, NULL },
		{ "%00", NULL, NULL }, { "%ff", NULL, NULL }, { "%c3", NULL, NULL }, { "%2B", "+", "+" },
	};
	struct arena *a = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_pstr_eq(url_decode(a, cases[i].in, strlen(cases[i].in), true), cases[i].query);
		ck_assert_pstr_eq(url_decode(a, cases[i].in, strlen(cases[i].in), false), cases[i].path);
	}
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *tests[] = {
		access_roles_and_municipalities,
		access_case_belongs_to_its_owner,
		access_role_names,
		problem_each_is_complete,
		problem_names_fields_and_rule,
		shape_says_all_that_is_wrong,
		shape_long_keys_do_not_overflow,
		shape_of_texts,
		wire_rows_to_json,
		wire_text_is_what_the_objects_say,
		wire_mask_reaches_every_string,
		wire_mask_of_an_attachment,
		wire_mask_of_text_that_is_all_bsn,
		b64url_there_and_back,
		url_is_decoded_strictly,
	};

	return unit_run("api_parts", tests, COUNT(tests));
}
