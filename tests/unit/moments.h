/* moments.h - moments as tests write and read them: "2026-11-22T09:30:00Z" */
#ifndef LOKET_TEST_MOMENTS_H
#define LOKET_TEST_MOMENTS_H

#include "lib/base/when.h"
#include "tests/unit/unit.h"

static inline int64_t at(const char *when)
{
	int64_t us = 0;

	ck_assert_msg(when_parse(when, &us), "%s", when);
	return us;
}

/* until it is called again */
static inline const char *text(int64_t us)
{
	static char out[WHEN_TEXT];

	when_format(us, out);
	return out;
}

#endif
