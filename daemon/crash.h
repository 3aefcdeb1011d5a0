/*
 * crash.h - points where a test lets the process die, to show that another one goes on
 *
 * CRASH("round.committed") kills the process as kill -9 does, in the test build (-DLOKET_MUTANTS, as in mutant.h) and when the
 * file $LOKET_CRASH holds this name; the file goes first, so it happens once. In every other build it is nothing. Names
 * are found by tests/it/test_crashes.py, which has each of them happen.
 */
#ifndef LOKET_CRASH_H
#define LOKET_CRASH_H

#ifdef LOKET_MUTANTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void crash_point(const char *name)
{
	const char *path = getenv("LOKET_CRASH");
	FILE *f = path ? fopen(path, "r") : NULL;
	char wanted[64] = "";

	if (!f)
		return;
	if (fgets(wanted, sizeof(wanted), f) && !strcmp(wanted, name) && unlink(path) == 0)
		kill(getpid(), SIGKILL);
	fclose(f);
}
#define CRASH(name) crash_point(name)
#else
#define CRASH(name) ((void)0)
#endif

#endif
