/* chance.c - see chance.h */
#include "tests/sim/chance.h"

#include <math.h>

static const uint64_t STEP = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

struct chance chance_of(uint64_t seed, unsigned purpose, uint64_t number)
{
	return (struct chance){mix(mix(mix(seed + STEP) + purpose * STEP) + number * STEP)};
}

uint64_t chance_bits(struct chance *c)
{
	return mix(c->state += STEP);
}

double chance_uniform(struct chance *c)
{
	return ((double)(chance_bits(c) >> 11) + 0.5) / 9007199254740992.0;
}

double chance_exponential(struct chance *c, double mean)
{
	return -mean * log(chance_uniform(c));
}

double chance_normal(struct chance *c)
{
	double radius = sqrt(-2 * log(chance_uniform(c)));

	return radius * cos(2 * M_PI * chance_uniform(c));
}

int chance_pick(struct chance *c, const double *shares, int n)
{
	double at = chance_uniform(c);
	int i = 0;

	while (i < n - 1 && at >= shares[i])
		at -= shares[i++];
	return i;
}
