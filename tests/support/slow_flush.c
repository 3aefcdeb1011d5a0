/*
 * slow_flush.c - a disk that flushes as slowly as a test says: preloaded into PostgreSQL
 *
 * The file in $LOKET_SLOW_FLUSH holds milliseconds, read anew at every flush; 0: nothing is flushed at all, as on a disk
 * without a wait. Without the file: as it is.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int said_ms(void)
{
	const char *path = getenv("LOKET_SLOW_FLUSH");
	FILE *f = path ? fopen(path, "re") : NULL;
	int ms = -1;

	if (f) {
		if (fscanf(f, "%d", &ms) != 1)
			ms = -1;
		fclose(f);
	}
	return ms;
}

int fdatasync(int fd)
{
	int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	int ms = said_ms();
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	if (ms == 0)
		return 0;
	if (ms > 0)
		nanosleep(&t, NULL);
	return flush(fd);
}
