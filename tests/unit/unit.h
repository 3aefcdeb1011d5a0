/* unit.h - what every unit test needs: check, and an arena for the length of one test */
#ifndef LOKET_UNIT_H
#define LOKET_UNIT_H

#include "lib/base/arena.h"

#include <check.h>
#include <string.h>

/* the bytes of a string literal, NULs within it included */
#define LITERAL(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), strlen(s) })
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* unit_case - adds tests to a suite; setup and teardown are of each test, and may be NULL */
static inline TCase *unit_case(Suite *s, const TTest *const *tests, size_t n, SFun setup, SFun teardown)
{
	TCase *c = tcase_create("all");

	tcase_set_timeout(c, 60); /* sanitizers on a busy machine */
	tcase_add_checked_fixture(c, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return c;
}

/* unit_end - runs a suite as TAP; the exit status of main */
static inline int unit_end(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_set_tap(r, "-");
	srunner_run_all(r, CK_SILENT);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

/* unit_run - one suite of the given tests, from its beginning to its end */
static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *s = suite_create(name);

	unit_case(s, tests, n, NULL, NULL);
	return unit_end(s);
}

#endif
