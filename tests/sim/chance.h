/*
 * chance.h - streams of chance that repeat: the same seed, purpose and number give the same draws
 *
 * What belongs to a citizen's question (patience, work, the outcome of attempt 2, …) each has a stream of its
 * own, so that two policies meet the same demand, whatever else they do (common random numbers). source
 * splitmix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014
 */
#ifndef LOKET_SIM_CHANCE_H
#define LOKET_SIM_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

/* chance_of - the stream for a purpose, and its number within that */
struct chance chance_of(uint64_t seed, unsigned purpose, uint64_t number);
uint64_t chance_bits(struct chance *c);
double chance_uniform(struct chance *c); /* between 0 and 1, never either */
double chance_exponential(struct chance *c, double mean);
double chance_normal(struct chance *c); /* mean 0, sd 1 */
/* chance_pick - an index of shares[n], which add up to 1 */
int chance_pick(struct chance *c, const double *shares, int n);

#endif
