/* migrations.h - the files of proto/db, compiled in by proto/gen/migrations.py */
#ifndef LOKET_MIGRATIONS_H
#define LOKET_MIGRATIONS_H

#include <stdbool.h>

struct migration {
	int number;
	const char *name, *sql;
	int least;                     /* "-- contract NNNN": programs that know fewer migrations do not run with it; 0: all do */
	bool outside;                  /* "-- outside a transaction": paragraph by paragraph, each may be run again */
};
extern const struct migration migrations[];
extern const int n_migrations;

#endif
