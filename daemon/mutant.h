/*
 * mutant.h - seeded mistakes, to show that the fault tests would notice them
 *
 * MUTANT("name") is true when the test build (-DLOKET_MUTANTS) runs with LOKET_MUTANT=name. In every
 * other build it is the constant false and what depends on it is not compiled in.
 */
#ifndef LOKET_MUTANT_H
#define LOKET_MUTANT_H

#ifdef LOKET_MUTANTS
#include <stdlib.h>
#include <string.h>
#define MUTANT(name) (getenv("LOKET_MUTANT") && !strcmp(getenv("LOKET_MUTANT"), name))
#else
#define MUTANT(name) 0
#endif

#endif
