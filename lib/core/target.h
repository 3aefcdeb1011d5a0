/*
 * target.h - what a municipality aims for in its figures
 *
 * Settings of a region hold for its municipalities, their own go before them, figure by figure, over those of
 * the table in figure.c: {"targets": {"serviceLevel": 0.85, "waitMedian": 45, "satisfaction": 8}}: a share,
 * seconds, a grade.
 */
#ifndef LOKET_TARGET_H
#define LOKET_TARGET_H

#include "lib/core/figure.h"
#include "lib/core/hours.h"

#include <jansson.h>

struct targets {
	double of[FIGURES_MAX]; /* as figures[]; 0: none */
};

struct targets target_defaults(void);
/* target_read - what settings.targets says over *t; as hours_read */
int target_read(const json_t *settings, struct targets *t, struct bad_setting *problems, int max);
/* target_shown - every target, its value and where that is from, as policy_shown */
json_t *target_shown(const json_t *region, const json_t *municipality);
/* target_agree - *t keeps what other says too: what is aimed for in both; differing: none */
void target_agree(struct targets *t, const struct targets *other);

#endif
