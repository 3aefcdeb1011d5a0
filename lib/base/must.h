/* must.h - memory that has to be there */
#ifndef LOKET_MUST_H
#define LOKET_MUST_H

#include <stdlib.h>

/*
 * must - p, which malloc gave, or a library that gives NULL only for want of memory. Without memory the process ends:
 * what goes in is bounded, and what was taken in is stored
 * returns  p, never NULL
 */
static inline void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

#endif
