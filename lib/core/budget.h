/*
 * budget.h - how much of something may happen in a time: a bucket that fills again, kept as one moment
 *
 * Each one costs the time in which it is earned. The moment until which all is spent may lie ahead of now by what may
 * be taken at once; beyond that, whoever asks has to wait or is over the budget.
 */
#ifndef LOKET_BUDGET_H
#define LOKET_BUDGET_H

#include <stdint.h>

struct budget {
	int64_t spent_until_us;      /* when all that was taken is earned again; 0: long ago */
};

struct budget_rule {
	int64_t each_us;             /* what one costs */
	int64_t ahead_us;            /* so much may be taken at once */
	int64_t most_us;             /* no debt is larger: after so long without asking everything is earned again */
};

/* budget_rule - n (> 0) in period_us; ahead_us and most_us as in the struct */
struct budget_rule budget_rule(int n, int64_t period_us, int64_t ahead_us, int64_t most_us);
/* budget_wait - microseconds until one more is within the budget; 0: it is now */
int64_t budget_wait(const struct budget *b, struct budget_rule r, int64_t now_us);
/* budget_take - n were taken, within the budget or not */
void budget_take(struct budget *b, struct budget_rule r, int n, int64_t now_us);

#endif
