#include "daemon/rate.h"

#define MINUTE_US INT64_C(60000000)

static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h ? h : 1;
}

/* the place of this name, or the one that is missed least */
static struct rate_slot *slot_for(struct rate *r, uint64_t name, int64_t now_us)
{
	struct rate_slot *first = &r->slots[name % (RATE_PLACES / RATE_WAYS) * RATE_WAYS], *quiet = first;

	for (int i = 0; i < RATE_WAYS; i++) {
		struct rate_slot *s = first + i;

		if (s->until_us <= now_us)
			s->n = 0;
		if (s->name == name)
			return s;
		if (s->n < quiet->n)
			quiet = s;
	}
	*quiet = (struct rate_slot){ .name = name };
	return quiet;
}

bool rate_allow(struct rate *r, const char *name, int per_minute, int64_t now_us)
{
	struct rate_slot *s = slot_for(r, hash(name), now_us);

	if (!s->n)
		s->until_us = now_us + MINUTE_US;
	if (s->n >= per_minute)
		return false;
	s->n++;
	return true;
}
