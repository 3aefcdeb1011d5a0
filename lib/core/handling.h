/*
 * handling.h - per product: which department does it here, and how much of it people do
 *
 * Settings of a region, and of a municipality over them, field by field: {"products": {"rijbewijs":
 * {"department": "Burgerzaken", "way": "digital", "answer": "Dat kan op dordrecht.nl/rijbewijs"}}}. digital:
 * who asks in writing gets the answer at once, and a person after it; assisted: the same, and is invited to
 * do it together with a person; personal: it is complex or emotional: no menu, no answer without a person.
 * Option 0 holds for all of them. "kind": "report" says that it is no question but a report of something
 * outside (lib/core/norm).
 */
#ifndef LOKET_HANDLING_H
#define LOKET_HANDLING_H

#include "lib/core/hours.h"

enum { HANDLING_MAX_PROBLEMS = 32, HANDLING_DEPARTMENT_BYTES = 200, HANDLING_ANSWER_BYTES = 1000 };

enum handling_way { HANDLING_NOT_SAID, HANDLING_DIGITAL, HANDLING_ASSISTED, HANDLING_PERSONAL };

struct handling {
	enum handling_way way;
	const char *answer; /* that is given without a person; NULL: none */
	bool report;        /* of something outside: norms of its own */
};

/* handling_of - how a product is handled; region, own: settings that handling_check takes, or NULL, and
 * lenders of the answer */
struct handling handling_of(const json_t *region, const json_t *own, const char *product);
/* handling_way_name - as the settings have it; NULL: it is not said */
const char *handling_way_name(enum handling_way way);

/* handling_check - what is wrong with settings.products; as hours_read. known: is there such a product? */
int handling_check(const json_t *settings, bool (*known)(const void *arg, const char *product), const void *arg,
		   struct bad_setting *problems, int max);

#endif
