/*
 * replay.h - decisions that were kept, taken again under other settings: loketd --replay
 *
 * Synchronous, in a transaction that can only read; nothing else of the daemon runs. Says how many would have
 * gone to somebody else, why, and what that would have been expected to bring; and what it cannot know.
 */
#ifndef LOKET_REPLAY_CLI_H
#define LOKET_REPLAY_CLI_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stdio.h>

struct config;

enum { REPLAY_MAX_SETTINGS = 32, REPLAY_MAX_EXAMPLES = 100 };

struct replay_options {
	const char *from, *to;                     /* days or moments; NULL: yesterday */
	const char *municipality;                  /* NULL: all */
	const char *settings[REPLAY_MAX_SETTINGS]; /* name=value */
	int n_settings;
	int examples;
	bool json;
};

/* replay_check - says on err everything that is wrong with the options; true: nothing */
bool replay_check(const struct replay_options *o, FILE *err);
/* replay_run - the report on out, progress on a terminal's stderr; 0 or -1 */
int replay_run(const struct config *c, const struct replay_options *o, FILE *out, struct err *err);

#endif
