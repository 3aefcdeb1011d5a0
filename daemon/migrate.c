/* migrate.c - the schema, forward only, by synchronous libpq before the loop starts */
#include "daemon/migrate.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/migrations.h"
#include "lib/base/hmac.h"
#include "lib/base/must.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* any constant will do, as long as it stays the same: "loket" in ASCII */
#define LOCK_KEY "465541686644"

enum { ONLY_ONE_MS = 3600000, ONLY_ONE_LOOK_MS = 100 };   /* as long as systemd waits (run.c): it may make an index */

static const char create_table[] =
	"create table if not exists public.loket_migration ("
	"number int primary key, name text not null, sha256 text not null, "
	"applied_at timestamptz not null default clock_timestamp())";

/* least came later than the table, and who may not migrate cannot add it */
static const char add_least[] = "alter table public.loket_migration add column if not exists least int not null default 0";

static const char select_applied[] =
	"select number, sha256, coalesce((to_jsonb(m) ->> 'least')::int, 0), name from public.loket_migration m order by number";

static void hex_of(const char *sql, char out[SHA256_HEX])
{
	uint8_t digest[SHA256_BYTES];

	sha256((struct bytes){ (const uint8_t *)sql, strlen(sql) }, digest);
	hex_encode(digest, SHA256_BYTES, out);
}

/* ours, without the text of the statement: only what PostgreSQL says is wrong, and where */
static int pg_err(PGconn *c, const PGresult *res, const char *what, struct err *err)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *at = res ? PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION) : NULL;

	if (!text) {
		const char *message = PQerrorMessage(c);
		return err_set(err, ERR_LOST, "%s: %.*s", what, (int)strcspn(message, "\n"), message);
	}
	err_set(err, ERR_PG, "%s: %s%s%s", what, text, at ? ", character " : "", at ? at : "");
	if (err && state)
		snprintf(err->sqlstate, sizeof err->sqlstate, "%s", state);
	return -1;
}

static void ignore_notice(void *arg, const PGresult *res)
{
	(void)arg, (void)res;
}

static PGconn *connect_as_owner(const struct config *c, struct err *err)
{
	/* before dbname: the operator's conninfo may say otherwise; a password of NULL counts as not given */
	const char *keys[] = { "connect_timeout", "target_session_attrs", "dbname", "user", "password", "application_name", NULL };
	const char *values[] = { "10", "read-write", c->database, c->database_owner, c->database_password, "loketd migrate", NULL };
	PGconn *conn = must(PQconnectdbParams(keys, values, 1));
	if (PQstatus(conn) == CONNECTION_OK) {
		PQsetNoticeReceiver(conn, ignore_notice, NULL);
		return conn;
	}
	pg_err(conn, NULL, "cannot reach the database", err);
	PQfinish(conn);
	return NULL;
}

/* run - statements without parameters; 0 or -1 */
static int run(PGconn *c, const char *sql, const char *what, struct err *err)
{
	PGresult *res = PQexec(c, sql);
	ExecStatusType s = PQresultStatus(res);
	int rc = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK ? 0 : pg_err(c, res, what, err);

	PQclear(res);
	return rc;
}

/* ahead - migrations that we do not know; fine as long as each of them lets programs like us run */
static int ahead(const PGresult *res, int n, struct err *err)
{
	for (int i = n_migrations; i < n; i++) {
		long least = strtol(PQgetvalue(res, i, 2), NULL, 10);

		if (least > n_migrations)
			return err_set(err, ERR_FORMAT,
			               "the database is newer than this program: %s needs programs that know %ld migrations, "
			               "we know %d", PQgetvalue(res, i, 3), least, n_migrations);
	}
	if (n > n_migrations)
		log_event(LOG_NOTICE, "migrate.ahead", "n=%d", n - n_migrations);
	return 0;
}

static int compare(const PGresult *res, int *n_applied, struct err *err)
{
	char want[SHA256_HEX];
	int n = PQntuples(res);

	if (ahead(res, n, err))
		return -1;
	if (n > n_migrations)
		n = n_migrations;
	for (int i = 0; i < n; i++) {
		hex_of(migrations[i].sql, want);
		if (strtol(PQgetvalue(res, i, 0), NULL, 10) != migrations[i].number)
			return err_set(err, ERR_FORMAT, "migration %04d is missing in the database", migrations[i].number);
		if (strcmp(PQgetvalue(res, i, 1), want))
			return err_set(err, ERR_FORMAT, "proto/db/%s.sql changed after it was applied", migrations[i].name);
	}
	*n_applied = n;
	return 0;
}

/* look - how many of ours the database has; refuses what was changed and what is too new */
static int look(PGconn *c, int *n_applied, struct err *err)
{
	PGresult *res = PQexec(c, "select to_regclass('public.loket_migration') is not null");
	int rc;

	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		rc = pg_err(c, res, "cannot see which migrations were applied", err);
	} else if (*PQgetvalue(res, 0, 0) != 't') {
		*n_applied = 0;
		rc = 0;
	} else {
		PQclear(res);
		res = PQexec(c, select_applied);
		if (PQresultStatus(res) == PGRES_TUPLES_OK)
			rc = compare(res, n_applied, err);
		else
			rc = pg_err(c, res, "cannot see which migrations were applied", err);
	}
	PQclear(res);
	return rc;
}

static int remember(PGconn *c, const struct migration *m, struct err *err)
{
	char number[12], hex[SHA256_HEX], least[12];
	const char *values[] = { number, m->name, hex, least };
	PGresult *res;
	int rc;

	snprintf(number, sizeof number, "%d", m->number);
	snprintf(least, sizeof least, "%d", m->least);
	hex_of(m->sql, hex);
	res = PQexecParams(c, "insert into public.loket_migration (number, name, sha256, least) values ($1, $2, $3, $4)", 4,
	                   NULL, values, NULL, NULL, 0);
	rc = PQresultStatus(res) == PGRES_COMMAND_OK ? 0 : pg_err(c, res, m->name, err);
	PQclear(res);
	return rc;
}

static int in_transaction(PGconn *c, const struct migration *m, struct err *err)
{
	struct err later;

	if (run(c, "begin", m->name, err))
		return -1;
	if (run(c, m->sql, m->name, err) || remember(c, m, err) || run(c, "commit", m->name, err)) {
		run(c, "rollback", m->name, &later);
		return -1;
	}
	return 0;
}

/* outside - indexes made beside the work, rows changed in batches: nobody waits for these, so they may wait */
static int outside(PGconn *c, const struct migration *m, struct err *err)
{
	const char *p = m->sql;
	int rc = run(c, "set lock_timeout = 0", "lock", err);

	while (!rc && *p) {
		const char *end = strstr(p, "\n\n");
		int n = end ? (int)(end - p) : (int)strlen(p);
		char *one = must(strndup(p, (size_t)n));

		rc = run(c, one, m->name, err);
		free(one);
		p += n + strspn(p + n, "\n");
	}
	return rc || remember(c, m, err) ? -1 : 0;
}

static int apply_once(PGconn *c, const struct migration *m, struct err *err)
{
	char lock[64];

	if (m->outside)
		return outside(c, m, err);
	snprintf(lock, sizeof lock, "set lock_timeout = %d", MIGRATE_LOCK_MS);
	return run(c, lock, "lock", err) || in_transaction(c, m, err) ? -1 : 0;
}

static int apply(PGconn *c, const struct migration *m, struct err *err)
{
	static const char lock_not_available[] = "55P03";
	int tries = 1;

	err->sqlstate[0] = '\0';
	while (apply_once(c, m, err)) {
		if (strcmp(err->sqlstate, lock_not_available) != 0 || tries++ == MIGRATE_TRIES)
			return -1;
		usleep(MIGRATE_PAUSE_MS * 1000);
		err->sqlstate[0] = '\0';
	}
	log_event(LOG_NOTICE, "migrate.applied", "name=%s attempts=%d", m->name, tries);
	return 0;
}

/*
 * only_one - wait for whoever migrates now. By asking again: a statement that waits is a transaction of before, and an index
 * that is made concurrently waits for the end of those. The lock goes with the connection
 */
static int only_one(PGconn *c, struct err *err)
{
	for (int waited_ms = 0; waited_ms < ONLY_ONE_MS; waited_ms += ONLY_ONE_LOOK_MS) {
		PGresult *res = PQexec(c, "select pg_try_advisory_lock(" LOCK_KEY ")");
		bool asked = PQresultStatus(res) == PGRES_TUPLES_OK, got = asked && *PQgetvalue(res, 0, 0) == 't';
		int rc = asked ? 0 : pg_err(c, res, "cannot see whether another migration is running", err);

		PQclear(res);
		if (rc || got)
			return rc;
		usleep(ONLY_ONE_LOOK_MS * 1000);
	}
	return err_set(err, ERR_BUSY, "another migration is running");
}

static int migrate(PGconn *c, struct err *err)
{
	int n_applied;

	if (only_one(c, err) || run(c, create_table, "loket_migration", err) || run(c, add_least, "loket_migration", err) ||
	    look(c, &n_applied, err))
		return -1;
	for (int i = n_applied; i < n_migrations; i++) {
		if (apply(c, &migrations[i], err))
			return -1;
	}
	return 0;
}

int migrate_run(const struct config *c, struct err *err)
{
	PGconn *conn = connect_as_owner(c, err);
	int rc = conn ? migrate(conn, err) : -1;

	PQfinish(conn);
	return rc;
}

int migrate_check(const struct config *c, struct err *err)
{
	PGconn *conn = connect_as_owner(c, err);
	int n_applied, rc = conn ? look(conn, &n_applied, err) : -1;

	PQfinish(conn);
	if (rc)
		return rc;
	return n_applied < n_migrations ? MIGRATE_PENDING : 0;
}
