/* prng.h - chance that is the same every time, for property tests (splitmix64) */
#ifndef LOKET_TESTS_PRNG_H
#define LOKET_TESTS_PRNG_H

#include <stdint.h>

struct prng { uint64_t s; };

static inline uint64_t prng_next(struct prng *p)
{
	uint64_t x = p->s += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline int prng_below(struct prng *p, int n)
{
	return (int)(prng_next(p) % (uint64_t)n);
}

#endif
