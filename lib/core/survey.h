/*
 * survey.h - the short questions after a contact: when, for whom and for how long, and what an answer leads
 * to
 *
 * Settings of a region hold for its municipalities, their own go before them, field by field: {"survey":
 * {"on": true, "url": "https://www.dordrecht.example/uw-mening", "periodDays": 30, …}}. survey.c has the
 * table.
 */
#ifndef LOKET_SURVEY_H
#define LOKET_SURVEY_H

#include "lib/core/hours.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	SURVEY_TOKEN_BYTES = 32,
	SURVEY_TEXT_BYTES = 2000,
	SURVEY_MAX_PROBLEMS = 16,
	SURVEY_LEAST_ANSWERS = 5
};

/* how the mean grade is held against what the council wants */
#define SURVEY_TARGET 8.5

/* texts are borrowed from the settings that were read last */
struct survey_rules {
	bool on;
	const char *url;  /* of the page that asks the questions; NULL: only agents ask them */
	const char *team; /* who calls back */
	int period_days;  /* one person is asked once in it */
	int expires_days; /* the link works so long */
	int keep_days;    /* what they wrote; their grades stay */
	int wait_minutes; /* after the end of the case */
	int low, high;    /* a grade from 1 to low, or from high to 10, is called back */
};

struct survey_rules survey_defaults(void);
/* survey_read - what settings.survey says over *r; as hours_read */
int survey_read(const json_t *settings, struct survey_rules *r, struct bad_setting *problems, int max);
/* survey_shown - every setting, its value and where that is from, as policy_shown */
json_t *survey_shown(const json_t *region, const json_t *municipality);

/* survey_too_soon - was the same person asked in the period before now? asked_us: the last time, 0: never */
bool survey_too_soon(const struct survey_rules *r, int64_t asked_us, int64_t now_us);

/* what somebody who answers is called back for; NULL: for nothing. In words for who calls */
const char *survey_calls(const struct survey_rules *r, int grade, bool wants_help);

#endif
