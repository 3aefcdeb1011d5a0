/* promise.c - moments of call-backs; all of them within opening hours */
#include "lib/core/promise.h"

#include "lib/base/when.h"
#include "lib/core/in_force.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_US (60 * WHEN_SECOND_US)

struct promise_rules promise_defaults(void)
{
	return (struct promise_rules){.minutes = 480, .retry = {15, 120, 1440}, .n_retries = 3};
}

struct promise promise_make(const struct promise_rules *r, const struct hours *h, int64_t now_us,
			    int64_t from_us, int64_t until_us)
{
	struct promise p;

	p.not_before_us = hours_next_open(h, from_us > now_us ? from_us : now_us);
	p.promised_us = until_us > p.not_before_us ? until_us
						   : hours_add(h, p.not_before_us, r->minutes * INT64_C(60));
	return p;
}

int64_t promise_retry(const struct promise_rules *r, const struct hours *h, int attempts, int64_t now_us)
{
	if (attempts < 1 || attempts > r->n_retries)
		return 0;
	return hours_next_open(h, now_us + r->retry[attempts - 1] * MINUTE_US);
}

/* ---------------------------------------------------------------- settings */

static int bad(struct bad_setting *problems, int n, int max, const char *name, const char *why)
{
	if (n < max) {
		snprintf(problems[n].field, sizeof problems[n].field, "%s", name);
		problems[n].why = why;
	}
	return n + 1;
}

static bool read_minutes(const json_t *j, int *minutes)
{
	json_int_t n = json_integer_value(j);

	if (!json_is_integer(j) || n < 1 || n > PROMISE_MAX_MINUTES)
		return false;
	*minutes = (int)n;
	return true;
}

static bool read_retries(const json_t *list, struct promise_rules *r)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n > PROMISE_MAX_RETRIES)
		return false;
	r->n_retries = (int)n;
	for (size_t i = 0; i < n; i++)
		if (!read_minutes(json_array_get(list, i), &r->retry[i]))
			return false;
	return true;
}

int promise_read(const json_t *settings, struct promise_rules *r, struct bad_setting *problems, int max)
{
	json_t *rules = json_object_get(settings, "callback"), *v;
	struct promise_rules new = *r;
	const char *name;
	int n = 0;

	if (!rules || json_is_null(rules))
		return 0;
	if (!json_is_object(rules))
		return bad(problems, 0, max, "callback", "is an object");
	json_object_foreach(rules, name, v)
	{
		if (!strcmp(name, "promise_minutes") && !read_minutes(v, &new.minutes))
			n = bad(problems, n, max, name, "is a number of minutes, at most a week");
		else if (!strcmp(name, "retry_minutes") && !read_retries(v, &new))
			n = bad(problems, n, max, name,
				"is an array of at most 8 numbers of minutes, each at most a week");
		else if (strcmp(name, "promise_minutes") != 0 && strcmp(name, "retry_minutes") != 0)
			n = bad(problems, n, max, name, "is not known");
	}
	if (n == 0)
		*r = new;
	return n;
}

json_t *promise_shown(const json_t *region, const json_t *municipality)
{
	struct promise_rules r = promise_defaults();
	const json_t *own = promise_read(region, &r, NULL, 0) ? NULL : json_object_get(region, "callback");
	const json_t *over = promise_read(municipality, &r, NULL, 0) ? NULL : json_object_get(municipality, "callback");
	json_t *all = json_object(), *retry = json_array();

	for (int i = 0; i < r.n_retries; i++)
		json_array_append_new(retry, json_integer(r.retry[i]));
	json_object_set_new(all, "promise_minutes", in_force(own, over, "promise_minutes", json_integer(r.minutes)));
	json_object_set_new(all, "retry_minutes", in_force(own, over, "retry_minutes", retry));
	return all;
}
