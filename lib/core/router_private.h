/* router_private.h - what the router holds, for router.c (what changes) and its two sides: router_contact.c (who takes
 * this case?) and router_agent.c (which case does this agent take?) */
#ifndef LOKET_ROUTER_PRIVATE_H
#define LOKET_ROUTER_PRIVATE_H

#include "lib/core/route_private.h"
#include "lib/core/router.h"
#include "lib/core/waitlist.h"

/* where the rows of bits are */
enum {
	ROW_PRODUCT = 0,
	ROW_RIGHTS = ROW_PRODUCT + ROUTE_MAX_PRODUCTS,
	ROW_KNOWS = ROW_RIGHTS + ROUTE_MAX_MUNICIPALITIES,
	ROW_HOME = ROW_KNOWS + ROUTE_MAX_MUNICIPALITIES,
	ROW_TEAM = ROW_HOME + ROUTE_MAX_MUNICIPALITIES,
	ROW_LANGUAGE = ROW_TEAM + 64,
	ROW_WORKS = ROW_LANGUAGE + ROUTE_MAX_LANGUAGES, /* the channel */
	ROW_FREE = ROW_WORKS + ROUTE_MAX_CHANNELS,      /* for the channel: ready, not asked, with room */
	ROW_COACH = ROW_FREE + ROUTE_MAX_CHANNELS,
	ROW_READY,
	ROW_BUSY, /* with something in hand */
	N_ROWS,
};

/* what scoring needs of the agents, each side by side: less memory to read */
struct hot {
	float *occupancy;
	int32_t *unit, *team_unit, *no_unit;
};

/* which classes the agent's skills fit */
struct fits {
	uint64_t *bits;
	int n_classes, room;
	unsigned numbering;
};

struct router {
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct learn *learn;
	struct route_state state;
	struct waitlist *waiting;
	int n_agents, n_words;
	struct route_agent *agents;
	struct hot hot;
	struct fits *fits;
	int64_t *touched_us;
	uint64_t *rows;          /* N_ROWS × n_words */
	uint64_t *candidates;    /* scratch of one explanation */
	struct route_case found; /* a case that is not the head of its class */
	int next_bar, bars_left;
};

static inline uint64_t *row(const struct router *r, int which)
{
	return r->rows + (size_t)which * (size_t)r->n_words;
}

/* router_free_channels - a bit per channel on which the agent has room for one more now */
uint64_t router_free_channels(const struct route_agent *a);

#endif
