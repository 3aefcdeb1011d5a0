/* needs.c - who reads a form twice asks a citizen twice */
#include "lib/core/needs.h"

#include <stdio.h>
#include <string.h>

static const char *text_at(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && s[strspn(s, " \t\r\n")] ? s : NULL; /* blanks say nothing */
}

void needs_check(const json_t *needs, needs_wrong *wrong, void *arg)
{
	for (size_t i = 1; i < json_array_size(needs); i++)
		for (size_t k = 0; k < i; k++) {
			char field[32];

			if (!json_equal(json_object_get(json_array_get(needs, i), "id"),
					json_object_get(json_array_get(needs, k), "id")))
				continue;
			snprintf(field, sizeof(field), "needs[%zu].id", i);
			wrong(arg, field, "stands there twice");
			break;
		}
}

static const char *said(const json_t *need, const json_t *fields)
{
	const json_t *names = json_object_get(need, "fields"), *name;
	const char *text = NULL;
	size_t i;

	if (!names)
		return text_at(fields, json_string_value(json_object_get(need, "id")));
	json_array_foreach(names, i, name) {
		text = text_at(fields, json_string_value(name));
		if (text)
			break;
	}
	return text;
}

static const char *of_party(const json_t *need, const json_t *party)
{
	const char *what = json_string_value(json_object_get(need, "party"));
	const json_t *one;
	size_t i;

	if (!what || !strcmp(what, "name") || !strcmp(what, "language"))
		return what ? text_at(party, what) : NULL;
	json_array_foreach(json_object_get(party, "addresses"), i, one) {
		const char *kind = text_at(one, "kind");

		if (kind && !strcmp(kind, what))
			return text_at(one, "value");
	}
	return NULL;
}

json_t *needs_of(const json_t *needs, const json_t *fields, const json_t *party)
{
	json_t *known = json_array(), *missing = json_array();
	const json_t *need;
	size_t i;

	json_array_foreach(needs, i, need) {
		const char *text = said(need, fields), *from = "contact";
		json_t *one = json_object();

		if (!text) {
			text = of_party(need, party);
			from = "party";
		}
		json_object_set(one, "id", json_object_get(need, "id"));
		json_object_set(one, "label", json_object_get(need, "label"));
		if (text) {
			json_object_set_new(one, "text", json_string(text));
			json_object_set_new(one, "from", json_string(from));
		}
		json_array_append_new(text ? known : missing, one);
	}
	return json_pack("{s:o, s:o}", "known", known, "missing", missing);
}
