#include "daemon/rate.h"

static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h ? h : 1;
}

struct budget *rate_of(struct rate *r, const char *name)
{
	uint64_t h = hash(name);
	struct rate_slot *first = &r->slots[h % (RATE_PLACES / RATE_WAYS) * RATE_WAYS], *quiet = first;

	for (struct rate_slot *s = first; s < first + RATE_WAYS; s++) {
		if (s->name == h)
			return &s->budget;
		if (s->budget.spent_until_us < quiet->budget.spent_until_us)
			quiet = s;
	}
	*quiet = (struct rate_slot){ .name = h };
	return &quiet->budget;
}
