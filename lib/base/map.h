/* map.h - from text to a pointer: a hash table in an arena, born with its maximum */
#ifndef LOKET_MAP_H
#define LOKET_MAP_H

#include "lib/base/arena.h"

struct map;

/* map_new - an empty map for at most max keys; lives in a */
struct map *map_new(struct arena *a, int max);
/* map_get - what was put at key; NULL when nothing was */
void *map_get(const struct map *m, const char *key);
/* map_put - key is borrowed and must outlive the map; replaces what was there. More than max keys: assert */
void map_put(struct map *m, const char *key, void *value);

#endif
