/* route_world.h - small made-up agents and cases for the tests of route and waitlist */
#ifndef LOKET_TESTS_ROUTE_WORLD_H
#define LOKET_TESTS_ROUTE_WORLD_H

#include "lib/core/route.h"
#include "tests/unit/prng.h"

#include <string.h>

static inline struct uuid numbered(unsigned n)
{
	struct uuid u = { { 0 } };

	u.b[14] = (uint8_t)(n >> 8);
	u.b[15] = (uint8_t)n;
	u.b[13] = (uint8_t)(n >> 16);
	return u;
}

/* an agent who may do everything there is in this little world */
static inline struct route_agent able(unsigned n)
{
	struct route_agent a;

	memset(&a, 0, sizeof(a));
	a.id.u = numbered(n);
	a.presence = PRESENCE_READY;
	a.municipalities = 0x7;
	a.knows = 0x7;
	a.unit = a.team_unit = LEARN_NO_UNIT;
	a.channels = 0x7;
	a.languages = 0x3;
	a.products.bits[0] = 0xf;
	for (int i = 0; i < 3; i++)
		a.room[i] = 2;
	a.room_total = 3;
	return a;
}

static inline struct route_case question(unsigned n, int64_t due_us)
{
	struct route_case c;

	memset(&c, 0, sizeof(c));
	c.id.u = numbered(n);
	c.arrived_us = due_us - 100;
	c.due_us = due_us;
	return c;
}

static inline struct route_agent any_agent(struct prng *p, unsigned n)
{
	struct route_agent a = able(n);

	a.presence = prng_below(p, 4) ? PRESENCE_READY : (enum route_presence)prng_below(p, 2);
	a.coach = prng_below(p, 3) == 0;
	a.municipalities = a.knows = (uint64_t)prng_below(p, 8);
	a.channels = (uint32_t)prng_below(p, 8);
	a.languages = (uint32_t)prng_below(p, 4);
	a.teams = (uint64_t)prng_below(p, 8);
	a.products.bits[0] = (uint64_t)prng_below(p, 16);
	for (int i = 0; i < 3; i++) {
		a.room[i] = (uint8_t)prng_below(p, 4);
		a.busy[i] = (uint8_t)prng_below(p, 3);
		a.busy_total = (uint8_t)(a.busy_total + a.busy[i]);
	}
	a.room_total = (uint8_t)prng_below(p, 7);
	a.asked = prng_below(p, 5) == 0;
	a.idle_since_us = prng_below(p, 5);
	return a;
}

static inline struct route_case any_case(struct prng *p, unsigned n, int n_agents)
{
	struct route_case c = question(n, prng_below(p, 50));

	c.arrived_us = prng_below(p, 5);
	c.municipality = (uint16_t)prng_below(p, 3);
	c.product = (uint16_t)prng_below(p, 4);
	c.channel = (uint16_t)prng_below(p, 3);
	c.language = (uint16_t)prng_below(p, 2);
	c.option0 = prng_below(p, 8) == 0;
	if (prng_below(p, 10) == 0)
		c.team = (uint16_t)(1 + prng_below(p, 2));
	if (prng_below(p, 10) == 0)
		c.wanted.u = numbered((unsigned)prng_below(p, n_agents) + 1);
	c.n_declined = (uint8_t)(prng_below(p, 3) ? 0 : prng_below(p, 4));
	for (int i = 0; i < c.n_declined; i++)
		c.declined[i].u = numbered((unsigned)prng_below(p, n_agents) + 1);
	return c;
}

#endif
