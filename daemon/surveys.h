/*
 * surveys.h - who is asked how it was, and when: some minutes after a case was resolved, once in a while
 *
 * Resolving knows nothing of it: the sweep of the instance that leads looks at what was told of cases
 * (loket.notice), plans, and offers what is due by loket.automatic. A restart looks back an hour.
 */
#ifndef LOKET_SURVEYS_H
#define LOKET_SURVEYS_H

struct server;

/* SURVEYS_AT_ONCE: offered in one sweep; more wait for the next */
enum { SURVEYS_AT_ONCE = 20 };

struct surveys;
struct surveys *surveys_new(struct server *srv);
struct surveys *surveys_free(struct surveys *s);
void surveys_sweep(struct surveys *s);

#endif
