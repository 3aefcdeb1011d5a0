/*
 * migrate.h - the schema, forward only
 *
 * Numbered files in proto/db are compiled in. A database remembers in public.loket_migration which were applied,
 * with their SHA-256; a file that changed after it was applied is refused. A schema newer than this program is fine (an
 * upgrade is under way, or was taken back), unless a migration says that it ended what this program needs ("contract").
 * One migration runs at a time (advisory lock), each file in a transaction of its own, while other instances work: it
 * waits for a lock for MIGRATE_LOCK_MS at most, since others wait behind it, and then tries again.
 * Synchronous: runs before the loop starts, as the owner role. How to write one: proto/db/README.md.
 */
#ifndef LOKET_MIGRATE_H
#define LOKET_MIGRATE_H

#include "lib/base/err.h"

struct config;

enum migrate_outcome { MIGRATE_PENDING = 1 };   /* migrate_check: files wait to be applied */
enum { MIGRATE_LOCK_MS = 1000, MIGRATE_PAUSE_MS = 500, MIGRATE_TRIES = 60 };   /* a minute and a half */

/* migrate_run - apply what is missing; logs each. 0 or -1 */
int migrate_run(const struct config *c, struct err *err);
/* migrate_check - 0 up to date, MIGRATE_PENDING, or -1 (unreachable, changed file, a schema that is too new) */
int migrate_check(const struct config *c, struct err *err);

#endif
