/*
 * dispatch_internal.h - what the files of the dispatcher share
 *
 *   dispatch.c         what is told from outside; explaining
 *   dispatch_agents.c  agents: skills from the world, presence and load from PostgreSQL
 *   dispatch_cases.c   waiting cases: loading all, reading some, comparing (sweep)
 *   dispatch_lease.c   twice a second: the lease, offers whose time is over, agents who vanished
 *   dispatch_round.c   read what changed, decide, write the offers; one round at a time
 *   dispatch_unserved.c  what waits while nobody who can finish it is there
 *   dispatch_others.c  what other instances said
 *   dispatch_learn.c   outcomes mature; who fixes what is read again
 *   dispatch_tell.c    notices that a statement wrote: to event streams, queue and memory
 *
 * Nothing here is counted up and down: what an agent has in hand is read again from PostgreSQL whenever
 * something about the agent changed. Only the offers of the round under way are added in memory, and while a
 * round is under way nothing is read. So memory cannot drift away from the truth.
 */
#ifndef LOKET_DISPATCH_INTERNAL_H
#define LOKET_DISPATCH_INTERNAL_H

#include "daemon/dispatch.h"
#include "daemon/loop.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/core/router.h"

enum {
	DISPATCH_TICK_MS = 250,     /* who does not lead looks whether the lease is free */
	DISPATCH_LEADER_MS = 500,   /* who leads does what is in dispatch_lease.c */
	DISPATCH_LEASE_MS = 1500,   /* with the tick after it less than two seconds without decisions */
	DISPATCH_CLAIMS = 128,      /* offers in one transaction */
	DISPATCH_READS = 256,       /* agents, cases read in one round */
	DISPATCH_LOOKS = 4096,      /* cases to find an agent for; more: every agent looks instead */
	DISPATCH_DECLINED = 1024,   /* cases remembered as declined by somebody */
	DISPATCH_REFRESH_S = 60,    /* occupancies, and bars for what is not live */
	DISPATCH_BARS = 16,         /* renewed in one tick: 5 ms with 10,000 agents */
	DISPATCH_DECLINED_S = 300,  /* as in daemon/sql/dispatch_waiting.sql */
	DISPATCH_PAGE = 500,        /* rows read in one turn of the loop */
	DISPATCH_LOAD_PAGE = 2000,  /* asked for at once when all is read */
	DISPATCH_LOAD_STEP = 100,   /* of those put in memory before others go first: half a millisecond */
	DISPATCH_PART_MS = 1000,    /* reading takes longer: agents look at what is there, as often */
	DISPATCH_DECIDE_US = 5000,  /* then a round writes what it has: others wait for the loop */
	DISPATCH_RESYNC_PAGES = 10, /* compared in one sweep */
	DISPATCH_MATURE = 200,      /* outcomes judged in one sweep */
	DISPATCH_COMPARE = 500,     /* cases counted in one sweep, for the comparison of both arms */
	DISPATCH_LEARN_S = 3600,    /* then what was learned is read again */
	DISPATCH_LEARNED = 1000000, /* rows of it: 10,000 agents with 20 products in 5 municipalities each */
	DISPATCH_FORGET = 5000,     /* rows of it removed in one sweep */
	DISPATCH_UNSERVED = 200,    /* classes without anybody who has the skill that leads are told of */
	DISPATCH_UNSERVED_S = 5,    /* looked at so often; what waits shorter, or is found once, is not told */
	DISPATCH_HEARD_TICKS = 6,   /* how far back notices of other instances are read again */
	DISPATCH_HEARD = 1 << 14,   /* of which so many are known to have been heard */
};

/* beside a route_agent: what the dispatcher must remember */
struct dispatch_agent {
	bool read;                      /* presence and load are to be read (again) */
	bool look;                      /* may have room: see what waits */
	bool seen;                      /* gave a sign of life since that was last written */
	int64_t wrapup_ends_us;         /* mono; 0: no wrap-up */
};

/* ids to be dealt with, each once or more; past the maximum *overflowed says so */
struct dispatch_ids {
	struct uuid ids[DISPATCH_LOOKS];
	int n;
	bool overflowed;
};

struct dispatch_declined {
	struct case_id id;
	int64_t until_us;               /* mono */
};

struct dispatch_others {
	bool there;                     /* another instance is connected to our database */
	unsigned ticks;
	int64_t looked_at;              /* the last notice when we looked for others */
	int64_t last[DISPATCH_HEARD_TICKS];   /* the last notice at each of the last ticks */
	int64_t heard[DISPATCH_HEARD];
};

/* where in a unit the answers are; -1: not asked */
struct dispatch_asked { int others, heard; };

struct dispatch_round;

struct dispatch {
	struct server *srv;
	struct world *world;            /* a reference: agents and route numbers are of this one */

	int64_t epoch;                  /* of the lease; 0: never held */
	int64_t lease_ends_us;          /* mono; in the past: does not lead */
	int64_t ticked_us;              /* mono */
	bool loaded;                    /* what waits is in memory */
	bool partly;                    /* its most urgent part is, and agents need not wait for the rest */
	bool ending;                    /* freed when the last operation under way is done */
	bool hold;                      /* something failed: no decisions before the next tick */

	int n_empty;                    /* rounds in a row whose offers were all passed over */

	struct learn *learn;
	int64_t learn_due_us;           /* mono; when it is to be read again */
	struct router *router;          /* what waits, and the agents */
	char *settings[ROUTE_MAX_MUNICIPALITIES];   /* its policies as JSON text; NULL: not printed yet */
	struct dispatch_agent *more;    /* beside each agent */
	int bars_left;                  /* to renew before the next refresh begins */
	int64_t refreshed_us;           /* mono */
	int n_agents;

	int64_t unserved_due_us;        /* mono; when it is looked at again */
	struct router_unserved unserved[DISPATCH_UNSERVED]; /* what the last look found */
	int n_unserved;                 /* of these; -1: nobody has looked yet */
	bool told_unserved;             /* some of it was told, or who led before may have */
	struct dispatch_ids look;       /* cases to find an agent for */
	struct dispatch_ids back;       /* cases that may wait again: read them */
	uint64_t queue_changed;         /* bit per municipality: what waits changed since it was last said */
	int64_t queue_said_us;          /* mono */
	struct dispatch_declined declined[DISPATCH_DECLINED];  /* ring, oldest first */
	int first_declined, n_declined;

	struct dispatch_round *round;   /* under way, or NULL */
	struct dispatch_others others;
	struct op *tick, *load, *resync, *learning;
	struct loop_timer *ticker, *wrapup;
	int64_t seen_written_us;        /* mono */
	int64_t resync_due_us;          /* where the next page to compare begins */
	struct case_id resync_id;
	int swept_agent;                /* where the sweep of agents goes on */
};

/* dispatch.c */
void dispatch_release(struct dispatch *d);              /* an operation ended: free d when it was the last */
void dispatch_kick(struct dispatch *d);                 /* a round is wanted */
void dispatch_ids_add(struct dispatch_ids *l, struct uuid id);

/* dispatch_agents.c */
/* dispatch_agents_build - from the world as it is now; when names got other numbers the cases are loaded again */
void dispatch_agents_build(struct dispatch *d);
void dispatch_settings_forget(struct dispatch *d);      /* they may be other ones now */
void dispatch_agent_read(struct dispatch *d, int i);    /* read it again */
void dispatch_agents_look(struct dispatch *d);          /* everybody looks at what waits */
/* dispatch_agents_ask - adds the statement for agents that are to be read; how many */
int dispatch_agents_ask(struct dispatch *d, struct pg_unit *u);
bool dispatch_agents_asking(const struct dispatch *d);  /* is there one to be read? */
void dispatch_agents_got(struct dispatch *d, const struct op *op, int statement);
void dispatch_agents_sweep(struct dispatch *d);         /* some of them are to be read; the next time others */
/* dispatch_agents_forget - somebody else led: nobody is there until they are read again, or who was asked would be asked twice */
void dispatch_agents_forget(struct dispatch *d);
void dispatch_agents_again(struct dispatch *d);         /* the read failed: all of them are to be read */
/* dispatch_agents_seen - adds the statement for signs of life when it is time; true when added */
bool dispatch_agents_seen(struct dispatch *d, struct pg_unit *u);
void dispatch_agents_wrapup(struct dispatch *d);        /* set the timer for the first wrap-up that ends */

/* dispatch_cases.c */
void dispatch_cases_put(struct dispatch *d, const struct route_case *c);
void dispatch_cases_remove(struct dispatch *d, struct case_id id);
void dispatch_cases_load(struct dispatch *d);
void dispatch_cases_ask(struct dispatch *d, struct pg_unit *u);
void dispatch_cases_got(struct dispatch *d, const struct op *op, int statement);
void dispatch_cases_tick(struct dispatch *d);           /* wishes that are late, declines that are forgotten */

/* dispatch_lease.c */
void dispatch_tick(void *d);
void dispatch_fence(const struct dispatch *d, struct pg_unit *u);   /* parameters $1 and $2 */

/* dispatch_round.c */
void dispatch_round_start(struct dispatch *d);
bool dispatch_round_holds(const struct dispatch *d, struct case_id id);   /* an offer of it is being written */

/* dispatch_unserved.c */
/* dispatch_unserved_ask - adds two statements when it is time; true when added. Both give notices */
bool dispatch_unserved_ask(struct dispatch *d, struct pg_unit *u);

/* dispatch_others.c */
void dispatch_others_ask(struct dispatch *d, struct pg_unit *u, struct dispatch_asked *asked, int *n);
void dispatch_others_got(struct dispatch *d, const struct op *op, const struct dispatch_asked *asked);

/* dispatch_learn.c */
void dispatch_learn_load(struct dispatch *d);           /* when it is time */
void dispatch_learn_forget(struct dispatch *d);         /* units got other numbers: it is read again */

/* dispatch_tell.c: dispatch_told is for the API as well */
void dispatch_tell_queue(struct dispatch *d);           /* queue.changed, at most once a second */
#endif
