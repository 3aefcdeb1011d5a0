/*
 * crash.h - points where a test lets the process die, to show that another one goes on
 *
 * CRASH("round.committed") kills the process as kill -9 does, in the test build (-DLOKET_MUTANTS, as in mutant.h) and when the
 * file $LOKET_CRASH holds this name; the file goes first, so it happens once, also when several processes watch one file.
 * The first time that a process passes a point it adds the name to $LOKET_CRASH.passed. In every other build it is nothing.
 * Names are found by tests/it/test_crashes.py, which has each of them happen: what is ".written" was given to the connection,
 * and nobody knows whether it arrived; what is ".committed" happened, and nobody was told.
 */
#ifndef LOKET_CRASH_H
#define LOKET_CRASH_H

#ifdef LOKET_MUTANTS
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void crash_passed(const char *path, const char *name)
{
	char passed[256];
	FILE *f;

	snprintf(passed, sizeof(passed), "%s.passed", path);
	f = fopen(passed, "a");
	if (!f)
		return;
	fprintf(f, "%s\n", name);
	fclose(f);
}

static inline void crash_point(const char *name, bool *before)
{
	const char *path = getenv("LOKET_CRASH");
	char wanted[64] = "";
	FILE *f;

	if (!path)
		return;
	if (!*before)
		crash_passed(path, name);
	*before = true;
	f = fopen(path, "r");
	if (!f)
		return;
	if (fgets(wanted, sizeof(wanted), f) && !strcmp(wanted, name) && unlink(path) == 0)
		kill(getpid(), SIGKILL);
	fclose(f);
}
#define CRASH(name)                            \
	do {                                   \
		static bool passed_before;     \
		crash_point(name, &passed_before); \
	} while (0)
#else
#define CRASH(name) ((void)0)
#endif

#endif
