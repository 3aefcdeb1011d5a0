#include "lib/base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192 };

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char mem[];
};

struct cleanup {
	struct cleanup *next;
	void (*fn)(void *);
	void *p;
};

struct arena {
	struct block *blocks; /* the newest first; only it has room */
	struct cleanup *cleanups;
	size_t used, max;
};

static void out_of_memory(void)
{
	fputs("<0>loketd: out of memory\n", stderr);
	abort();
}

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		out_of_memory();
	a->max = max_bytes;
	return a;
}

/* all blocks but one of the usual size; NULL: all */
static void free_blocks(struct arena *a, const struct block *but)
{
	while (a->blocks) {
		struct block *next = a->blocks->next;

		if (a->blocks != but)
			free(a->blocks);
		a->blocks = next;
	}
}

static void clean_up(struct arena *a)
{
	for (struct cleanup *c = a->cleanups; c; c = c->next)
		c->fn(c->p);
	a->cleanups = NULL;
}

struct arena *arena_free(struct arena *a)
{
	if (!a)
		return NULL;
	clean_up(a);
	free_blocks(a, NULL);
	free(a);
	return NULL;
}

void arena_reset(struct arena *a)
{
	struct block *keep = a->blocks;

	clean_up(a);
	while (keep && keep->size != BLOCK_BYTES)
		keep = keep->next;
	free_blocks(a, keep);
	a->used = 0;
	if (keep) {
		keep->used = 0;
		keep->next = NULL;
		a->blocks = keep;
	}
}

void *arena_try(struct arena *a, size_t n)
{
	size_t need = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *b = a->blocks;

	if (need < n || a->used + need > a->max || a->used + need < need)
		return NULL;
	if (!b || b->size - b->used < need) {
		size_t size = need > BLOCK_BYTES / 2 ? need : BLOCK_BYTES;

		b = malloc(sizeof *b + size);
		if (!b)
			out_of_memory();
		b->used = 0;
		b->size = size;
		if (a->blocks && need == size) { /* keep the block that still has room in front */
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	void *p = b->mem + b->used;
	b->used += need;
	a->used += need;
	return memset(p, 0, need);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_try(a, n);

	if (!p) {
		fprintf(stderr, "<0>loketd: arena of %zu bytes is full\n", a->max);
		abort();
	}
	return p;
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);

	if (n)
		memcpy(s, p, n);
	return s;
}

char *arena_str(struct arena *a, const char *s)
{
	return s ? arena_dup(a, s, strlen(s)) : NULL;
}

char *arena_join(struct arena *a, ...)
{
	size_t n = 0;
	char *out, *end;
	va_list ap;

	va_start(ap, a);
	for (const char *s; (s = va_arg(ap, const char *));)
		n += strlen(s);
	va_end(ap);
	out = end = arena_alloc(a, n + 1);
	va_start(ap, a);
	for (const char *s; (s = va_arg(ap, const char *)); end += n) {
		n = strlen(s);
		memcpy(end, s, n);
	}
	va_end(ap);
	return out;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[512];             /* nearly always enough, and then it is formatted once */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if ((size_t)n < sizeof small)
		return arena_dup(a, small, (size_t)n);
	char *s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void arena_on_free(struct arena *a, void (*fn)(void *), void *p)
{
	struct cleanup *c = arena_alloc(a, sizeof *c);

	c->fn = fn;
	c->p = p;
	c->next = a->cleanups;
	a->cleanups = c;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
