#include "lib/core/handling.h"

#include <stdio.h>
#include <string.h>

static int bad(struct bad_setting *problems, int n, int max, const char *product, const char *name, const char *why)
{
	if (n < max) {
		snprintf(problems[n].field, sizeof problems[n].field, "%.60s%s%.30s", product, *name ? "." : "", name);
		problems[n].why = why;
	}
	return n + 1;
}

static const char *const ways[] = {NULL, "digital", "assisted", "personal"};
enum { N_WAYS = sizeof(ways) / sizeof(ways[0]) };

const char *handling_way_name(enum handling_way way)
{
	return ways[way];
}

static enum handling_way way_from(const char *s)
{
	for (int i = 1; s && i < N_WAYS; i++)
		if (!strcmp(s, ways[i]))
			return (enum handling_way)i;
	return HANDLING_NOT_SAID;
}

static const char *said(const json_t *region, const json_t *own, const char *product, const char *name)
{
	const json_t *mine = json_object_get(json_object_get(own, "products"), product);
	const json_t *theirs = json_object_get(json_object_get(region, "products"), product);

	return json_string_value(json_object_get(json_object_get(mine, name) ? mine : theirs, name));
}

struct handling handling_of(const json_t *region, const json_t *own, const char *product)
{
	struct handling h = {.way = way_from(said(region, own, product, "way"))};
	const char *kind = said(region, own, product, "kind");

	if (h.way == HANDLING_DIGITAL || h.way == HANDLING_ASSISTED)
		h.answer = said(region, own, product, "answer");
	h.report = kind && !strcmp(kind, "report");
	return h;
}

/* why it cannot be; NULL: it can */
static const char *wrong(const char *name, const json_t *v)
{
	const char *s = json_string_value(v);

	if (!strcmp(name, "way"))
		return way_from(s) ? NULL : "is digital, assisted or personal";
	if (!strcmp(name, "department"))
		return s && *s && strlen(s) <= HANDLING_DEPARTMENT_BYTES ? NULL : "is a text of 1 to 200 bytes";
	if (!strcmp(name, "kind"))
		return s && (!strcmp(s, "question") || !strcmp(s, "report")) ? NULL : "is question or report";
	if (!strcmp(name, "answer"))
		return s && *s && strlen(s) <= HANDLING_ANSWER_BYTES ? NULL : "is a text of 1 to 1000 bytes";
	return "is not known";
}

int handling_check(const json_t *settings, bool (*known)(const void *arg, const char *product), const void *arg,
		   struct bad_setting *problems, int max)
{
	json_t *products = json_object_get(settings, "products"), *of, *v;
	const char *product, *name, *why;
	int n = 0;

	if (products && !json_is_object(products))
		return bad(problems, 0, max, "products", "", "is an object of products");
	json_object_foreach(products, product, of)
	{
		if (!known(arg, product) || !json_is_object(of))
			n = bad(problems, n, max, product, "", "is a product that is set up, with an object");
		json_object_foreach(of, name, v) if ((why = wrong(name, v)))
			n = bad(problems, n, max, product, name, why);
	}
	return n;
}
