#include "lib/core/shape.h"

#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/core/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 200 };

static const char not_a_word[] = "not one of the words for it"; /* which they are, shape_words tells */

struct walk {
	shape_report *report;
	void *arg;
	bool right;
	char path[PATH_BYTES];   /* of the value that is looked at; cut when it is longer */
	size_t len;
};

static void wrong(struct walk *w, enum shape_wrong what, const char *reason)
{
	w->right = false;
	w->report(w->arg, what, w->path, reason);
}

/* one step deeper; returns where to go back to */
static size_t enter(struct walk *w, const char *key, size_t index)
{
	size_t before = w->len;

	if (key)
		snprintf(w->path + w->len, PATH_BYTES - w->len, "%s%.60s", w->len ? "." : "", key);
	else
		snprintf(w->path + w->len, PATH_BYTES - w->len, "[%zu]", index);
	w->len = strlen(w->path);
	return before;
}

static void leave(struct walk *w, size_t before)
{
	w->len = before;
	w->path[before] = '\0';
}

/* ------------------------------------------------------------------ texts */

static int64_t count_characters(const char *s)
{
	int64_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static bool all_of(const char *s, const char *allowed, size_t min, size_t max)
{
	size_t n = strspn(s, allowed);

	return !s[n] && n >= min && n <= max;
}

static const char *format_wrong(enum shape_format f, const char *s)
{
	struct uuid id;
	struct task_within within;
	int64_t us, day;

	switch (f) {
	case FORMAT_NONE:
		return NULL;
	case FORMAT_UUID:
		return uuid_parse(s, &id) ? NULL : "not a UUID";
	case FORMAT_TIME:
		return when_parse(s, &us) ? NULL : "not a time as in RFC 3339";
	case FORMAT_DATE:
		return when_day(s, &day) ? NULL : "not a date such as 2027-02-28";
	case FORMAT_TIME_OR_DATE:
		return when_parse(s, &us) || when_day(s, &day) ? NULL : "not a time or date as in RFC 3339";
	case FORMAT_DUE:
		return when_parse(s, &us) || when_day(s, &day) || task_due_text(s, &within) ? NULL
		       : "not a time or date as in RFC 3339, nor P1D to P60D or PT1H to PT80H";
	case FORMAT_CODE:
		if (!all_of(s, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, 80))
			return "not 1 to 80 of a-z, 0-9 and -";
		return NULL;
	case FORMAT_LANGUAGE:
		return all_of(s, "abcdefghijklmnopqrstuvwxyz", 2, 3) ? NULL : "not a language as in ISO 639";
	case FORMAT_SAID:
		return utf8_blank(s) ? "empty" : NULL;
	}
	return NULL;
}

static bool among(const char *const *words, const char *s)
{
	for (; *words; words++)
		if (!strcmp(*words, s))
			return true;
	return false;
}

static const char *text_wrong(const struct shape *s, const char *text)
{
	int64_t n = count_characters(text);

	if (s->words && !among(s->words, text))
		return not_a_word;
	if (n < s->min)
		return n == 0 ? "empty" : "too short";
	if (n > s->max)
		return "too long";
	return format_wrong(s->format, text);
}

/* ------------------------------------------------------------------ values */

static void look(struct walk *w, const struct shape *s, const json_t *value);

static const struct shape_key *key_find(const struct shape_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static void look_missing(struct walk *w, const struct shape *s, const json_t *object)
{
	for (const struct shape_key *k = s->keys; k && k->name; k++) {
		size_t before;

		if (!k->required || json_object_get(object, k->name))
			continue;
		before = enter(w, k->name, 0);
		wrong(w, SHAPE_MISSING, "required");
		leave(w, before);
	}
}

static void look_object(struct walk *w, const struct shape *s, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		const struct shape_key *k = s->keys ? key_find(s->keys, name) : NULL;
		size_t before = enter(w, name, 0);

		if (s->keys && !k)
			wrong(w, SHAPE_UNKNOWN_KEY, "unknown key");
		else
			look(w, k ? k->shape : s->item, value);
		leave(w, before);
	}
	look_missing(w, s, object);
}

static void look_array(struct walk *w, const struct shape *s, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		size_t before = enter(w, NULL, i);

		look(w, s->item, json_array_get(array, i));
		leave(w, before);
	}
}

static void look_size(struct walk *w, const struct shape *s, size_t n)
{
	if ((int64_t)n < s->min)
		wrong(w, SHAPE_BAD_VALUE, "too few");
	else if ((int64_t)n > s->max)
		wrong(w, SHAPE_BAD_VALUE, "too many");
}

static bool is_of(enum shape_type type, const json_t *value)
{
	switch (type) {
	case SHAPE_ANY:
		return true;
	case SHAPE_OBJECT:
		return json_is_object(value);
	case SHAPE_ARRAY:
		return json_is_array(value);
	case SHAPE_STRING:
		return json_is_string(value);
	case SHAPE_INTEGER:
		return json_is_integer(value);
	case SHAPE_BOOLEAN:
		return json_is_boolean(value);
	}
	return false;
}

const char *shape_words(const struct shape *s, const char *why, char *out, size_t size)
{
	size_t n;

	if (why != not_a_word)
		return why;
	n = (size_t)snprintf(out, size, "not one of: ");
	for (const char *const *word = s->words; *word; word++) {
		int more = snprintf(out + n, size - n, "%s%s", word == s->words ? "" : ", ",
				    **word ? *word : "\"\"");

		if (more < 0 || (size_t)more >= size - n)
			return not_a_word; /* too many to be told */
		n += (size_t)more;
	}
	return out;
}

static void look(struct walk *w, const struct shape *s, const json_t *value)
{
	static const char *const not_a[] = { "", "not an object", "not a list", "not a string",
	                                     "not a whole number", "not true or false" };
	const char *why = NULL;
	char words[SHAPE_WHY_BYTES];

	if (!s)
		return;
	if (!is_of(s->type, value)) {
		wrong(w, SHAPE_BAD_VALUE, not_a[s->type]);
	} else if (s->type == SHAPE_OBJECT) {
		look_size(w, s, json_object_size(value));
		look_object(w, s, value);
	} else if (s->type == SHAPE_ARRAY) {
		look_size(w, s, json_array_size(value));
		look_array(w, s, value);
	} else if (s->type == SHAPE_STRING) {
		why = text_wrong(s, json_string_value(value));
	} else if (s->type == SHAPE_INTEGER) {
		if (json_integer_value(value) < s->min || json_integer_value(value) > s->max)
			why = "too small or too large";
	}
	if (why)
		wrong(w, SHAPE_BAD_VALUE, shape_words(s, why, words, sizeof words));
}

bool shape_check(const struct shape *s, const json_t *value, shape_report *report, void *arg)
{
	struct walk w = { .report = report, .arg = arg, .right = true };

	look(&w, s, value);
	return w.right;
}

const char *shape_check_text(const struct shape *s, const char *text)
{
	char *end;
	long long n;

	switch (s->type) {
	case SHAPE_INTEGER:
		errno = 0;
		n = strtoll(text, &end, 10);
		if (errno || *end || end == text || text[0] == '+' || text[0] == ' ')
			return "not a whole number";
		return n < s->min || n > s->max ? "too small or too large" : NULL;
	case SHAPE_BOOLEAN:
		return strcmp(text, "true") && strcmp(text, "false") ? "not true or false" : NULL;
	default:
		return text_wrong(s, text);
	}
}
