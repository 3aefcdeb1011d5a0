/*
 * queue.pml - the protocol of the queue, for spin: two messages, two instances, two agents, and all that can go wrong
 *
 * PostgreSQL is the truth, and each of its statements one step. Everything else may be lost between any two steps, any
 * number of times: an instance with its memory, what is told after a COMMIT, Redis, an answer, the lease of who sleeps
 * through it, an offer, an owner. Asserted: what was acknowledged is stored, once; nobody has two questions or cases (the
 * room of these agents); nobody writes to what is not theirs. Claimed (ltl): once it is calm, all that came is closed in
 * the end, and Redis says what PostgreSQL says.
 *
 * No number grows: an epoch is only ever compared with the newest one, so a flag that says "older" stands for it.
 * -DLIVENESS: with what only matters to the claim. -DREDIS: with Redis, which decides nothing. -DONE: one message. Seeded
 * mistakes: see run.py.
 */
#define INSTANCES 2
#define AGENTS 2
#define NOBODY 3
#define BIT(m) (1 << (m))

mtype = { absent, queued, offered, assigned, closed }

/* ---- PostgreSQL: message m, and the case it opens; the lease of the dispatcher */
byte stored[2];
mtype state[2] = absent;
byte who[2] = NOBODY;           /* is asked, or owns it */
bool late[2];                   /* the time of the offer is over */
byte holder = NOBODY;

/* ---- memory of instances: what waits, as the holder of the lease knows; an offer that was decided and not written yet */
byte known;
byte deciding[INSTANCES] = NOBODY;
byte asking[INSTANCES];
bool older[INSTANCES];          /* decided in an older epoch of the lease */

/* ---- agents: the case on the screen of each */
byte sees[AGENTS] = NOBODY;
bool has[AGENTS];               /* and was told to have it */
bool stale[AGENTS];             /* its epoch is older than that of the case */
bool gone, away;                /* agent 0 never answers again; and is known not to be ready */

bool told[2];                   /* the provider got its 2xx */
byte in_redis;
bool calm;                      /* nothing goes wrong any more */

#define WAITS(m) (state[m] == queued)
#define WAITING (WAITS(0) * BIT(0) | WAITS(1) * BIT(1))
#define ASKED(a, m) (state[m] == offered && who[m] == a)
#define OWNS(a, m) (state[m] == assigned && who[m] == a)
#define IN_HAND(a) (ASKED(a, 0) + ASKED(a, 1) + OWNS(a, 0) + OWNS(a, 1))
#define AWAY(a) (a == 0 && away)
#define LEADS(i) (holder == i)
#define FORGOTTEN(i) (WAITING & ~known & ~BIT(deciding[i]))

#ifdef REDIS
#define SHOW(m) if :: in_redis = in_redis | BIT(m) :: !calm -> skip fi
#define HIDE(m) if :: in_redis = in_redis & ~BIT(m) :: !calm -> skip fi
#else
#define SHOW(m) skip
#define HIDE(m) skip
#endif

/* after a COMMIT: the dispatcher and Redis hear that m waits, or not */
#define TELL(m) if :: holder != NOBODY -> known = known | BIT(m) :: skip fi; SHOW(m)
#ifdef NO_UNIQUE_KEY
#define IS_THERE(m) false
#else
#define IS_THERE(m) (stored[m] != 0)
#endif
#define STORE(m) if :: IS_THERE(m) -> skip :: else -> stored[m]++; assert(stored[m] == 1); state[m] = queued fi
#define BACK(m) state[m] = queued; who[m] = NOBODY; late[m] = false
#define NEW_EPOCH(m) stale[0] = stale[0] || sees[0] == m; stale[1] = stale[1] || sees[1] == m
#define LOOK_AWAY(a) sees[a] = NOBODY; has[a] = false; stale[a] = false
#define FORGET(i) deciding[i] = NOBODY; asking[i] = 0; older[i] = false

#if defined(NO_FENCE)
#define FENCE(i) true
#elif defined(NO_FENCE_EPOCH)
#define FENCE(i) LEADS(i)
#else
#define FENCE(i) (LEADS(i) && !older[i])
#endif

#ifdef NO_EPOCH
#define MAY_ACCEPT(a, m) (state[m] == offered || state[m] == assigned)
#define MAY_RESOLVE(a, m) (state[m] == assigned)
#else
#define MAY_ACCEPT(a, m) (ASKED(a, m) && !stale[a] && !late[m])
#define MAY_RESOLVE(a, m) (OWNS(a, m) && !stale[a])
#endif

/* a provider sends until it is told 2xx, and then once more, as when that was lost; to any instance: intake.c */
proctype Intake(byte m)
{
	(m == 0 || stored[0]);          /* one of them is the first: both are alike */
#ifdef ANSWER_FIRST
	told[m] = true;
	if :: goto died :: skip fi;
#endif
	atomic { STORE(m); told[m] = true; TELL(m) }    /* COMMIT, 2xx, and who leads is told: or not, for many reasons */
end:	do
	:: atomic { STORE(m) }
	od;
died:	assert(!told[m] || stored[m] == 1)
}

#define DECIDE(i, m, a) atomic { \
	LEADS(i) && deciding[i] == NOBODY && known & BIT(m) && IN_HAND(a) == 0 && !AWAY(a) -> \
	known = known & ~BIT(m); deciding[i] = m; asking[i] = a }
#define EXPIRE(i, m) atomic { LEADS(i) && state[m] == offered && late[m] -> \
	away = away || (gone && who[m] == 0); BACK(m); TELL(m) }

/* what an instance does as dispatcher, in any order: dispatch_*.c, sweep.c */
proctype Instance(byte i)
{
	byte m = NOBODY;

end:	do
	:: atomic { holder == NOBODY || holder != i && !calm -> /* dispatch_lease_take.sql: it was free, or had ended */
		holder = i; known = WAITING;                    /* who begins to lead reads all that waits */
		older[0] = deciding[0] != NOBODY; older[1] = deciding[1] != NOBODY }
#ifndef NO_EXPIRE
	:: EXPIRE(i, 0)                                 /* dispatch_expire.sql */
	:: EXPIRE(i, 1)
#endif
#ifndef NO_LOST
	:: atomic { LEADS(i) && gone && !away ->        /* dispatch_lost.sql */
		away = true;
		if
		:: OWNS(0, 0) -> BACK(0); NEW_EPOCH(0); TELL(0)
		:: OWNS(0, 1) -> BACK(1); NEW_EPOCH(1); TELL(1)
		:: else
		fi }
#endif
	:: DECIDE(i, 0, 0)                              /* dispatch_round.c: agents are read, a case is taken from memory */
	:: DECIDE(i, 0, 1)
	:: DECIDE(i, 1, 0)
	:: DECIDE(i, 1, 1)
	:: atomic { deciding[i] != NOBODY ->            /* dispatch_claim.sql */
		m = deciding[i];
		if
		:: WAITS(m) && FENCE(i) && !AWAY(asking[i]) ->
			state[m] = offered; who[m] = asking[i]; NEW_EPOCH(m); HIDE(m);
			assert(IN_HAND(who[m]) == 1)
		:: else ->                              /* passed over: it is read again */
			if :: WAITS(m) && LEADS(i) && !older[i] -> known = known | BIT(m) :: else fi
		fi;
		FORGET(i); m = NOBODY }
#ifndef NO_SWEEP
	:: atomic { LEADS(i) && FORGOTTEN(i) != 0 -> known = known | FORGOTTEN(i) }     /* dispatch_resync */
#endif
#if defined(REDIS) && !defined(NO_REBUILD)
	:: atomic { LEADS(i) && in_redis != WAITING -> in_redis = WAITING }     /* queue_rebuild.c */
#endif
	od
}

#define LOOK(a, m) atomic { sees[a] == NOBODY && (ASKED(a, m) && !late[m] || OWNS(a, m)) && !(a == 0 && gone) -> \
	sees[a] = m; has[a] = state[m] == assigned; stale[a] = false }

/* an agent sees what is offered or owned, says yes, gets 200 or 409, works, closes */
proctype Agent(byte a)
{
	byte m = NOBODY;

end:	do
	:: LOOK(a, 0)
	:: LOOK(a, 1)
	:: atomic { sees[a] != NOBODY && !has[a] ->     /* offer_accept.sql */
		m = sees[a];
		if
		:: MAY_ACCEPT(a, m) ->
			state[m] = assigned; who[m] = a; late[m] = false;
			assert(!(sees[1 - a] == m && has[1 - a] && !stale[1 - a]));
			if :: has[a] = true :: !calm -> LOOK_AWAY(a) fi         /* 200, or it is lost */
		:: else -> LOOK_AWAY(a)
		fi;
		m = NOBODY }
	:: atomic { sees[a] != NOBODY && has[a] ->      /* work_resolve.sql */
		m = sees[a];
		if
		:: MAY_RESOLVE(a, m) -> assert(who[m] == a); state[m] = closed; who[m] = NOBODY
		:: else
		fi;
		LOOK_AWAY(a); m = NOBODY }
	od
}

#define CRASH(i) FORGET(i); if :: holder == i -> holder = NOBODY; known = 0 :: else fi
#define MISHAPS(m) \
	:: atomic { state[m] == offered -> BACK(m); TELL(m) }                   /* declined */ \
	:: atomic { state[m] == assigned -> BACK(m); NEW_EPOCH(m); TELL(m) }    /* the owner is thought lost */ \
	:: atomic { state[m] == assigned -> BACK(m); TELL(m) }                  /* transferred */ \
	:: atomic { state[m] == closed -> BACK(m); TELL(m) }                    /* reopened */

/* all of it any number of times; then only time passes */
proctype Mishap()
{
	do
	:: atomic { CRASH(0) }                          /* the next process is another holder */
	:: atomic { CRASH(1) }
	MISHAPS(0)
#ifndef ONE
	MISHAPS(1)
#endif
#ifdef REDIS
	:: in_redis = 0                                 /* FLUSHALL */
	:: in_redis = WAITING | BIT(0)                  /* a command that comes late */
#endif
#ifdef LIVENESS
	:: state[0] == offered -> late[0] = true        /* too slow */
	:: state[1] == offered -> late[1] = true
	:: atomic { !gone -> gone = true; LOOK_AWAY(0) }
	:: calm = true; break
#endif
	od;
end:	do
	:: atomic { gone && ASKED(0, 0) && !late[0] -> late[0] = true }
	:: atomic { gone && ASKED(0, 1) && !late[1] -> late[1] = true }
	od
}

init {
	atomic {
#ifdef ONE
		stored[1] = 1; told[1] = true;
		state[1] = closed;
#else
		run Intake(1);
#endif
		run Intake(0);
		run Instance(0); run Instance(1);
		run Agent(0); run Agent(1);
		run Mishap()
	}
}

ltl served { [] (calm -> <> [] (state[0] == closed && state[1] == closed && in_redis == 0)) }
