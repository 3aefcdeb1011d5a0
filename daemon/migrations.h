/* migrations.h - the files of proto/db, compiled in by proto/gen/migrations.py */
#ifndef LOKET_MIGRATIONS_H
#define LOKET_MIGRATIONS_H

struct migration {
	int number;
	const char *name, *sql;
};
extern const struct migration migrations[];
extern const int n_migrations;

#endif
