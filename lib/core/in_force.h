/*
 * in_force.h - which setting holds, the municipality's own or that of its region, and where it is from
 */
#ifndef LOKET_IN_FORCE_H
#define LOKET_IN_FORCE_H

#include <jansson.h>

/* in_force - {"value": value (stolen), "from": …}. own: of the region; over: of the municipality; either may be NULL. New reference */
json_t *in_force(const json_t *own, const json_t *over, const char *name, json_t *value);
/*
 * in_force_deep - of settings that are objects of objects ({"texts": {"pl": {"helpNow": …}}}): every one that is set, as
 * "pl.helpNow", and where it is from. New reference
 * in       key: "texts"; region, municipality: their settings, or NULL
 */
json_t *in_force_deep(const json_t *region, const json_t *municipality, const char *key);

#endif
