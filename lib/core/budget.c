#include "lib/core/budget.h"

struct budget_rule budget_rule(int n, int64_t period_us, int64_t ahead_us, int64_t most_us)
{
	int64_t each = period_us / n;

	return (struct budget_rule){ .each_us = each, .ahead_us = ahead_us > each ? ahead_us : each, .most_us = most_us };
}

int64_t budget_wait(const struct budget *b, struct budget_rule r, int64_t now_us)
{
	int64_t wait = b->spent_until_us + r.each_us - r.ahead_us - now_us;

	return wait > 0 ? wait : 0;
}

void budget_take(struct budget *b, struct budget_rule r, int n, int64_t now_us)
{
	if (b->spent_until_us < now_us)
		b->spent_until_us = now_us;
	b->spent_until_us += n * r.each_us;
	if (b->spent_until_us > now_us + r.most_us)
		b->spent_until_us = now_us + r.most_us;
}
