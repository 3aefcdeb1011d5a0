/*
 * handling.h - per product: which department does it here, and how much of it people do
 *
 * Settings of a region, and of a municipality over them, field by field: {"products": {"rijbewijs": {"department": "Burgerzaken",
 * "way": "digital"}}}. digital: the routine is answered digitally; assisted: digitally, with help of a person; personal: it is complex or
 * emotional, and goes to people.
 */
#ifndef LOKET_HANDLING_H
#define LOKET_HANDLING_H

#include "lib/core/hours.h"

enum { HANDLING_MAX_PROBLEMS = 32, HANDLING_DEPARTMENT_BYTES = 200 };

/* handling_check - what is wrong with settings.products; as hours_read. known: is there such a product? */
int handling_check(const json_t *settings, bool (*known)(const void *arg, const char *product), const void *arg,
		   struct bad_setting *problems, int max);

#endif
