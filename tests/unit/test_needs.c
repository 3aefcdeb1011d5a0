/* test_needs.c - what is known of what a product needs */
#include "tests/unit/unit.h"

#include "lib/core/needs.h"

static json_t *parsed(const char *text)
{
	return json_loads(text, 0, NULL);
}

/* "known: kenteken=AB-12-C/contact …; missing: …" */
static const char *picture(const char *needs, const char *fields, const char *party)
{
	static char out[500];
	json_t *n = parsed(needs), *f = fields ? parsed(fields) : NULL, *p = party ? parsed(party) : NULL;
	json_t *all = needs_of(n, f, p), *one;
	size_t at = 0, i;

	json_array_foreach(json_object_get(all, "known"), i, one)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s=%s/%s ", json_string_value(json_object_get(one, "id")),
				       json_string_value(json_object_get(one, "text")),
				       json_string_value(json_object_get(one, "from")));
	at += (size_t)snprintf(out + at, sizeof(out) - at, "?");
	json_array_foreach(json_object_get(all, "missing"), i, one)
		at += (size_t)snprintf(out + at, sizeof(out) - at, " %s", json_string_value(json_object_get(one, "label")));
	json_decref(all);
	json_decref(n);
	json_decref(f);
	json_decref(p);
	return out;
}

#define CAR "{\"id\": \"kenteken\", \"label\": \"Kenteken\", \"fields\": [\"kenteken\", \"nummerbord\"]}"
#define CALL "{\"id\": \"telefoon\", \"label\": \"Telefoon\", \"party\": \"phone\"}"
#define NAME "{\"id\": \"naam\", \"label\": \"Naam\", \"party\": \"name\"}"

START_TEST(what_a_contact_said)
{
	ck_assert_str_eq(picture("[" CAR "]", "{\"nummerbord\": \"AB-12-C\"}", NULL), "kenteken=AB-12-C/contact ?");
	ck_assert_str_eq(picture("[" CAR "]", "{\"nummerbord\": \"AB-12-C\", \"kenteken\": \"X\"}", NULL), "kenteken=X/contact ?");
	ck_assert_str_eq(picture("[" CAR "]", "{\"nummerbord\": \" \\t\"}", NULL), "? Kenteken");
	ck_assert_str_eq(picture("[" CAR ", " CALL "]", NULL, NULL), "? Kenteken Telefoon");
	ck_assert_str_eq(picture("[]", "{\"nummerbord\": \"AB-12-C\"}", NULL), "?");
}
END_TEST

START_TEST(what_the_party_has)
{
	const char *party = "{\"name\": \"Sanne\", \"addresses\": [{\"kind\": \"email\", \"value\": \"a@b\"}, {\"kind\": \"phone\", "
			    "\"value\": \"+316\"}]}";

	ck_assert_str_eq(picture("[" CALL ", " NAME ", " CAR "]", NULL, party), "telefoon=+316/party naam=Sanne/party ? Kenteken");
	ck_assert_str_eq(picture("[" CALL "]", "{\"telefoon\": \"078\"}", party), "telefoon=078/contact ?");
	ck_assert_str_eq(picture("[" NAME "]", NULL, "{\"addresses\": []}"), "? Naam");
}
END_TEST

static void count(void *n, const char *field, const char *why)
{
	ck_assert_str_eq(field, "needs[2].id");
	ck_assert_ptr_nonnull(why);
	++*(int *)n;
}

START_TEST(an_id_stands_there_once)
{
	json_t *twice = parsed("[" CAR ", " NAME ", " CAR "]"), *once = parsed("[" CAR ", " NAME "]");
	int n = 0;

	needs_check(once, count, &n);
	needs_check(NULL, count, &n);
	ck_assert_int_eq(n, 0);
	needs_check(twice, count, &n);
	ck_assert_int_eq(n, 1);
	json_decref(twice);
	json_decref(once);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_a_contact_said, what_the_party_has, an_id_stands_there_once};

	return unit_run("needs", tests, COUNT(tests));
}
