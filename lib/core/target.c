#include "lib/core/target.h"

#include "lib/core/in_force.h"

#include <stdio.h>
#include <string.h>

enum { YEAR_S = 366 * 86400 };

struct targets target_defaults(void)
{
	struct targets t = {{0}};

	for (int i = 0; i < n_figures; i++)
		t.of[i] = figures[i].target;
	return t;
}

/* why it cannot be aimed for; NULL: it can */
static const char *wrong(const char *id, const json_t *v)
{
	int i = figure_find(id);
	double x = json_number_value(v);

	if (i < 0 || figures[i].better == 0)
		return "is no figure that is better when it is more, or less";
	switch (figures[i].unit) {
	case FIGURE_SHARE:
		return x > 0 && x <= 1 ? NULL : "is a number above 0, 1 at most: 0.8 is 80 %";
	case FIGURE_GRADE:
		return x >= 1 && x <= 10 ? NULL : "is a grade from 1 to 10";
	default:
		return x >= 1 && x <= YEAR_S ? NULL : "is seconds, at most a year";
	}
}

static void tell(struct bad_setting *problems, int n, int max, const char *name, const char *why)
{
	if (n >= max)
		return;
	snprintf(problems[n].field, sizeof problems[n].field, "%.31s", name);
	problems[n].why = why;
}

int target_read(const json_t *settings, struct targets *t, struct bad_setting *problems, int max)
{
	json_t *own = json_object_get(settings, "targets"), *v;
	struct targets new = *t;
	const char *id, *why;
	int n = 0;

	if (!own || json_is_null(own))
		return 0;
	if (!json_is_object(own)) {
		tell(problems, 0, max, "targets", "is an object");
		return 1;
	}
	json_object_foreach(own, id, v)
	{
		why = wrong(id, v);
		if (why)
			tell(problems, n++, max, id, why);
		else
			new.of[figure_find(id)] = json_number_value(v);
	}
	if (n == 0)
		*t = new;
	return n;
}

json_t *target_shown(const json_t *region, const json_t *municipality)
{
	struct targets t = target_defaults();
	const json_t *own = target_read(region, &t, NULL, 0) ? NULL : json_object_get(region, "targets");
	const json_t *over =
		target_read(municipality, &t, NULL, 0) ? NULL : json_object_get(municipality, "targets");
	json_t *all = json_object();

	for (int i = 0; i < n_figures; i++)
		if (figures[i].better != 0)
			json_object_set_new(all, figures[i].id,
					    in_force(own, over, figures[i].id,
						     t.of[i] > 0 ? json_real(t.of[i]) : json_null()));
	return all;
}

void target_agree(struct targets *t, const struct targets *other)
{
	for (int i = 0; i < n_figures; i++)
		if (t->of[i] != other->of[i])
			t->of[i] = 0;
}
