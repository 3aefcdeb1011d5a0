/* heap.c - a binary heap in an array */
#include "tests/sim/heap.h"

#include <stdlib.h>

static bool goes_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void heap_put(struct heap *h, struct event e)
{
	int i = h->n++;

	if (h->n > h->room) {
		h->room = h->room ? 2 * h->room : 1024;
		h->events = realloc(h->events, (size_t)h->room * sizeof(*h->events));
		if (!h->events)
			abort();
	}
	e.order = h->order++;
	for (; i > 0 && goes_before(&e, &h->events[(i - 1) / 2]); i = (i - 1) / 2)
		h->events[i] = h->events[(i - 1) / 2];
	h->events[i] = e;
}

bool heap_take(struct heap *h, struct event *e)
{
	struct event last;
	int i = 0, child;

	if (h->n == 0)
		return false;
	*e = h->events[0];
	last = h->events[--h->n];
	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && goes_before(&h->events[child + 1], &h->events[child]))
			child++;
		if (!goes_before(&h->events[child], &last))
			break;
		h->events[i] = h->events[child];
		i = child;
	}
	h->events[i] = last;
	return true;
}

void heap_done(struct heap *h)
{
	free(h->events);
	*h = (struct heap){0};
}
