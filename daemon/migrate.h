/*
 * migrate.h - the schema, forward only
 *
 * Numbered files in proto/db are compiled in. A database remembers in public.loket_migration which were applied,
 * with their SHA-256; a file that changed after it was applied is refused, and so is a schema newer than this
 * program. One migration runs at a time (advisory lock), each file in a transaction of its own.
 * Synchronous: runs before the loop starts, as the owner role.
 */
#ifndef LOKET_MIGRATE_H
#define LOKET_MIGRATE_H

#include "lib/base/err.h"

struct config;

enum migrate_outcome { MIGRATE_PENDING = 1 };   /* migrate_check: files wait to be applied */

/* migrate_run - apply what is missing; logs each. 0 or -1 */
int migrate_run(const struct config *c, struct err *err);
/* migrate_check - 0 up to date, MIGRATE_PENDING, or -1 (unreachable, changed file, newer schema) */
int migrate_check(const struct config *c, struct err *err);

#endif
