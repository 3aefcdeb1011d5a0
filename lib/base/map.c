#include "lib/base/map.h"

#include <assert.h>
#include <string.h>

struct slot {
	const char *key;
	void *value;
};

struct map {
	size_t mask;    /* slots - 1; at least half of them stay empty */
	int n, max;
	struct slot *slots;
};

struct map *map_new(struct arena *a, int max)
{
	struct map *m = arena_new_of(a, struct map);
	size_t slots = 16;

	while (slots < 2 * (size_t)max)
		slots *= 2;
	m->mask = slots - 1;
	m->max = max;
	m->slots = arena_array(a, struct slot, slots);
	return m;
}

/* FNV-1a; a sender who makes keys collide makes one batch of bounded size slower, no more */
static size_t hash(const char *key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

static struct slot *find(const struct map *m, const char *key)
{
	size_t i = hash(key) & m->mask;

	while (m->slots[i].key && strcmp(m->slots[i].key, key))
		i = (i + 1) & m->mask;
	return &m->slots[i];
}

void *map_get(const struct map *m, const char *key)
{
	return find(m, key)->value;
}

void map_put(struct map *m, const char *key, void *value)
{
	struct slot *s = find(m, key);

	if (!s->key) {
		assert(m->n < m->max);
		m->n++;
		s->key = key;
	}
	s->value = value;
}
