/*
 * waitlist.h - what waits, by class
 *
 * A class is what the same agents can take, with the same estimates: municipality, product, channel, language,
 * option 0, team, method, wanted agent. Each is in its own order (route_class_order). Pure data structure;
 * router.h decides with it.
 */
#ifndef LOKET_WAITLIST_H
#define LOKET_WAITLIST_H

#include "lib/core/route.h"

enum { WAITLIST_MAX_CLASSES = 1 << 16 };  /* beyond that, those that are empty are forgotten */

struct waitlist;
struct waitlist_node;

struct waitlist_class {
	int n;
	int slot;                         /* its place among the classes; -1: one that asks for an agent by name */
	struct route_case head;           /* the first; when n is 0 only what all of a class share is right */
	struct waitlist_node *root;
	struct waitlist_class *next;
};

/* of a class and its head, what settles most questions: side by side, so that many can be gone through fast */
struct waitlist_brief {
	uint16_t municipality, product, channel, language, team;
	uint8_t kind, method;
	bool option0;
	bool declined;                    /* somebody declined the head */
	uint32_t previous;                /* the last bytes of who handled the head before; 0: nobody */
	bool barred, known;               /* the router's: it has a bar; the router has seen it */
	float bar[POLICY_LEVELS];         /* the router's */
	int64_t arrived_us;               /* of the head */
};

/* waitlist_tail - what brief.previous holds of an id */
uint32_t waitlist_tail(struct agent_id a);

struct waitlist *waitlist_new(void);
struct waitlist *waitlist_free(struct waitlist *w);
/* waitlist_put - copies c; replaces the case with the same id; its class. O(log n) */
struct waitlist_class *waitlist_put(struct waitlist *w, const struct route_case *c);
/* waitlist_remove - false when it was not there */
bool waitlist_remove(struct waitlist *w, struct case_id id);
/* waitlist_get - false when it is not there; out may be NULL */
bool waitlist_get(const struct waitlist *w, struct case_id id, struct route_case *out);
int waitlist_count(const struct waitlist *w);
int waitlist_live(const struct waitlist *w);   /* of those: with somebody on the line */
/* waitlist_late_wishes - cases that ask for one agent or team and are past their norm (route_relax decides) */
int waitlist_late_wishes(const struct waitlist *w, int64_t now_us, struct case_id *out, int max);

/* ---- classes: numbered 0 … waitlist_classes-1; a number keeps its meaning as long as waitlist_numbering is the
 * same */
int waitlist_classes(const struct waitlist *w);
unsigned waitlist_numbering(const struct waitlist *w);
struct waitlist_class *waitlist_class(const struct waitlist *w, int slot);
struct waitlist_brief *waitlist_briefs(const struct waitlist *w);           /* by number */
/* waitlist_filled - a bit per class: something waits in it */
const uint64_t *waitlist_filled(const struct waitlist *w);
/* waitlist_class_of - the class that c would be in, NULL when there is none */
struct waitlist_class *waitlist_class_of(const struct waitlist *w, const struct route_case *c);
/* waitlist_wished - the classes that ask for this agent by name: the first, or the one after k; NULL: no more */
struct waitlist_class *waitlist_wished(const struct waitlist *w, struct agent_id a, const struct waitlist_class *k);
/* waitlist_after - the next of c's class; false when c was the last */
bool waitlist_after(const struct waitlist_class *k, const struct route_case *c, struct route_case *out);
/* waitlist_bytes - memory in use */
size_t waitlist_bytes(const struct waitlist *w);

#endif
