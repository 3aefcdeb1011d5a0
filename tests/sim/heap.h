/* heap.h - what is going to happen, the earliest first; at the same moment, in the order it was put in */
#ifndef LOKET_SIM_HEAP_H
#define LOKET_SIM_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct event {
	double at; /* seconds */
	int kind, about;
	uint32_t version; /* of what it is about: when that moved on, the event is void */
	uint64_t order;   /* heap_put's */
};

struct heap { /* zero to begin with */
	struct event *events;
	int n, room;
	uint64_t order;
};

void heap_put(struct heap *h, struct event e);
bool heap_take(struct heap *h, struct event *e); /* false: nothing is left */
void heap_done(struct heap *h);

#endif
