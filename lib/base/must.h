/* must.h - memory that has to be there */
#ifndef LOKET_MUST_H
#define LOKET_MUST_H

#include <stdlib.h>

/*
 * must - p, which malloc, calloc or realloc gave. Without memory the process ends: what goes in is bounded, and what
 * was taken in is stored
 * returns  p, never NULL
 */
static inline void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

#endif
