/* world_load.h - rows of the set-up tables to a struct world; used by world.c only */
#ifndef LOKET_WORLD_LOAD_H
#define LOKET_WORLD_LOAD_H

#include "daemon/world.h"

struct op;
struct pg_unit;

/* most rows of a kind; what is a number in lib/core/route.h has its limit there */
enum { WORLD_MAX_INBOXES = 2000, WORLD_MAX_WORDS = 10000, WORLD_MAX_AGENTS = 10000, WORLD_MAX_TEAMS = 64,
	WORLD_MAX_BLOCKED = 64000 /* ROUTE_MAX_MUNICIPALITIES times BLOCKS_PER_MUNICIPALITY */ };

/* world_load_ask - add the statements to an empty unit of op */
void world_load_ask(struct pg_unit *u);
/*
 * world_load_read - make a world of what the unit brought
 * returns  0 and *out with one reference; < 0 when a limit is passed (err names it)
 */
int world_load_read(const struct op *op, struct world **out, struct err *err);

#endif
