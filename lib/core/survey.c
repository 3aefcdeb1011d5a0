#include "lib/core/survey.h"

#include "lib/base/when.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 200 };
enum kind { SWITCH, TEXT, URL, NUMBER };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t at;
	int least, most;
} table[] = {
	{"on", SWITCH, offsetof(struct survey_rules, on), 0, 0},
	{"url", URL, offsetof(struct survey_rules, url), 0, 0},
	{"team", TEXT, offsetof(struct survey_rules, team), 0, 0},
	{"periodDays", NUMBER, offsetof(struct survey_rules, period_days), 1, 365},
	{"expiresDays", NUMBER, offsetof(struct survey_rules, expires_days), 1, 60},
	{"keepDays", NUMBER, offsetof(struct survey_rules, keep_days), 1, 3650},
	{"waitMinutes", NUMBER, offsetof(struct survey_rules, wait_minutes), 0, 1440},
	{"low", NUMBER, offsetof(struct survey_rules, low), 0, 9},    /* 0: nobody */
	{"high", NUMBER, offsetof(struct survey_rules, high), 2, 11}, /* 11: nobody */
};
enum { N_SETTINGS = sizeof table / sizeof *table };

struct survey_rules survey_defaults(void)
{
	return (struct survey_rules){
		.team = "KCC",
		.period_days = 30,
		.expires_days = 14,
		.keep_days = 90,
		.wait_minutes = 5,
		.low = 5,
		.high = 9,
	};
}

static void *field(struct survey_rules *r, const struct setting *s)
{
	return (char *)r + s->at;
}

static bool is_url(const char *s)
{
	return (!strncmp(s, "https://", 8) || !strncmp(s, "http://", 7)) && !strpbrk(s, "#\" <>") &&
	       strlen(s) > 8;
}

/* why it cannot be used; NULL: it was taken */
static const char *read_one(struct survey_rules *r, const struct setting *s, const json_t *v)
{
	const char *text = json_string_value(v);

	switch (s->kind) {
	case SWITCH:
		if (!json_is_boolean(v))
			return "is true or false";
		*(bool *)field(r, s) = json_is_true(v);
		return NULL;
	case TEXT:
	case URL:
		if (!text || !*text || strlen(text) > MAX_TEXT || (s->kind == URL && !is_url(text)))
			return s->kind == URL ? "is the address of a page, without #"
					      : "is a text of 1 to 200 bytes";
		*(const char **)field(r, s) = text;
		return NULL;
	case NUMBER:
		break;
	}
	if (!json_is_integer(v) || json_integer_value(v) < s->least || json_integer_value(v) > s->most)
		return "is no number that it can be";
	*(int *)field(r, s) = (int)json_integer_value(v);
	return NULL;
}

static const struct setting *find(const char *name)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static void tell(struct bad_setting *problems, int n, int max, const char *name, const char *why)
{
	if (n >= max)
		return;
	snprintf(problems[n].field, sizeof problems[n].field, "%.31s", name);
	problems[n].why = why;
}

int survey_read(const json_t *settings, struct survey_rules *r, struct bad_setting *problems, int max)
{
	json_t *rules = json_object_get(settings, "survey"), *v;
	struct survey_rules new = *r;
	const char *name;
	int n = 0;

	if (!rules || json_is_null(rules))
		return 0;
	if (!json_is_object(rules)) {
		tell(problems, 0, max, "survey", "is an object");
		return 1;
	}
	json_object_foreach(rules, name, v)
	{
		const struct setting *s = find(name);
		const char *why = s ? read_one(&new, s, v) : "is not known";

		if (why)
			tell(problems, n++, max, name, why);
	}
	if (n == 0)
		*r = new;
	return n;
}

static json_t *value_of(struct survey_rules *r, const struct setting *s)
{
	const char *text;

	if (s->kind == SWITCH)
		return json_boolean(*(bool *)field(r, s));
	if (s->kind == NUMBER)
		return json_integer(*(int *)field(r, s));
	text = *(const char **)field(r, s);
	return text ? json_string(text) : json_null();
}

json_t *survey_shown(const json_t *region, const json_t *municipality)
{
	struct survey_rules r = survey_defaults();
	const json_t *own = survey_read(region, &r, NULL, 0) ? NULL : json_object_get(region, "survey");
	const json_t *over =
		survey_read(municipality, &r, NULL, 0) ? NULL : json_object_get(municipality, "survey");
	json_t *all = json_object();

	for (int i = 0; i < N_SETTINGS; i++) {
		const char *name = table[i].name;
		const char *from = json_object_get(over, name)  ? "municipality"
				   : json_object_get(own, name) ? "region"
								: "default";

		json_object_set_new(all, name,
				    json_pack("{s:o, s:s}", "value", value_of(&r, &table[i]), "from", from));
	}
	return all;
}

bool survey_too_soon(const struct survey_rules *r, int64_t asked_us, int64_t now_us)
{
	return asked_us && asked_us > now_us - r->period_days * 86400 * WHEN_SECOND_US;
}

const char *survey_calls(const struct survey_rules *r, int grade, bool wants_help)
{
	if (wants_help)
		return "Bel terug: vraagt hulp van een medewerker";
	if (grade >= 1 && grade <= r->low)
		return "Bel terug: niet tevreden. Wat kan beter?";
	return grade >= r->high ? "Bel terug: heel tevreden. Wat ging goed?" : NULL;
}
