/* pg_result.c - what a unit brought: results by statement, row and column name */
#include "daemon/pg_unit.h"

#include "lib/base/hmac.h"
#include "lib/base/must.h"
#include "lib/base/when.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- taking in */

/*
 * PostgreSQL's own words can hold values (invalid input syntax for type uuid: "…"), so an error is told by
 * its code, the statement and the constraint.
 */
static void set_pg_error(struct pg_unit *u, const PGresult *r, const char *statement)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
	struct err *e = &u->reply.err;

	err_set(e, ERR_PG, "%s%s%s", statement, constraint != NULL ? ", constraint " : "",
	        constraint != NULL ? constraint : "");
	snprintf(e->sqlstate, sizeof(e->sqlstate), "%s", state != NULL ? state : "XX000");
}

static bool is_failure(const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	return s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK;
}

/*
 * is_stale - a column of a table changed its type, or came, while this connection stood: what was prepared cannot be run
 * any more. PostgreSQL has no code of its own for it
 * source: RevalidateCachedQuery in src/backend/utils/cache/plancache.c of PostgreSQL 15: "cached plan must not change
 * result type", ERRCODE_FEATURE_NOT_SUPPORTED
 */
static bool is_stale(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE), *where = PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION);

	return state && where && !strcmp(state, "0A000") && !strcmp(where, "RevalidateCachedQuery");
}

void pg_unit_result(struct pg_unit *u, PGresult *r)
{
	int mine = u->at - u->n_hidden;

	if (PQresultStatus(r) == PGRES_PIPELINE_ABORTED) {
		PQclear(r);                          /* never ran */
	} else if (is_failure(r)) {
		if (u->reply.outcome == PG_OK) {
			/* without a code it is libpq that failed, for want of memory: PostgreSQL may have committed */
			u->reply.outcome = PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL ? PG_ERROR : PG_LOST;
			u->stale = is_stale(r);
			u->reply.failed_at = u->at < u->n && mine >= 0 ? mine : -1;
			set_pg_error(u, r, u->at < u->n ? sql_table[u->statements[u->at].sql].name : "commit");
		}
		PQclear(r);
	} else if (mine < 0 || u->at >= u->n) {
		PQclear(r);                          /* of pg_scope: not the caller's */
	} else {
		assert(u->reply.results[mine] == NULL);
		u->reply.results[mine] = r;
	}
}

static void drop_results(struct pg_unit *u)
{
	for (int i = 0; i < PG_UNIT_MAX; i++) {
		PQclear(u->reply.results[i]);
		u->reply.results[i] = NULL;
	}
}

void pg_unit_again(struct pg_unit *u)
{
	drop_results(u);
	memset(&u->reply, 0, sizeof(u->reply));
	u->reply.failed_at = -1;
	u->at = 0;
	u->answered = u->stale = false;
	u->tries++;
}

static void release_reply(struct op *op)
{
	struct pg_unit *u = (struct pg_unit *)((char *)op->pg - offsetof(struct pg_unit, reply));

	drop_results(u);
	pg_unit_drop(u);
}

void pg_unit_finish(struct pg_unit *u, enum pg_outcome outcome, const char *why)
{
	struct pg_reply *reply = &u->reply;

	reply->n = u->n - u->n_hidden;
	if (outcome == PG_LOST || outcome == PG_BUSY) {
		drop_results(u);
		reply->outcome = outcome;
		reply->failed_at = -1;
		err_set(&reply->err, outcome == PG_LOST ? ERR_LOST : ERR_BUSY, "PostgreSQL: %s", why);
		reply->err.sqlstate[0] = '\0';
	}
	u->op->pg = reply;
	u->op->release = release_reply;
	op_wake(u->op, (int)reply->outcome);
}

/* ---------------------------------------------------------------- reading */

bool pg_failed(struct op *op)
{
	assert(op->pg != NULL);
	if (op->pg->outcome == PG_OK)
		return false;
	op->err = op->pg->err;
	return true;
}

static const PGresult *result_of(const struct op *op, int statement)
{
	assert(op->pg != NULL && op->pg->outcome == PG_OK);
	assert(statement >= 0 && statement < op->pg->n && op->pg->results[statement] != NULL);
	return op->pg->results[statement];
}

/* PQfnumber folds to lower case, and our columns are "camelCase". Who reads a row asks for its columns in their
 * order, more or less */
static int column_of(struct pg_reply *reply, const PGresult *r, const char *name)
{
	int n = PQnfields(r), c = reply->column;

	for (int i = 0; i < n; i++) {
		c = c + 1 < n ? c + 1 : 0;
		if (strcmp(PQfname(r, c), name) == 0)
			return reply->column = c;
	}
	assert(!"no such column in this statement");
	abort();
}

int pg_rows(const struct op *op, int statement)
{
	return PQntuples(result_of(op, statement));
}

const char *pg_get(const struct op *op, int statement, int row, const char *column)
{
	const PGresult *r = result_of(op, statement);
	int c = column_of(op->pg, r, column);

	assert(row >= 0 && row < PQntuples(r));
	return PQgetisnull(r, row, c) ? NULL : PQgetvalue(r, row, c);
}

int64_t pg_get_int(const struct op *op, int statement, int row, const char *column)
{
	const char *s = pg_get(op, statement, row, column);

	return s != NULL ? strtoll(s, NULL, 10) : 0;
}

bool pg_get_bool(const struct op *op, int statement, int row, const char *column)
{
	const char *s = pg_get(op, statement, row, column);

	return s != NULL && s[0] == 't';
}

struct uuid pg_get_uuid(const struct op *op, int statement, int row, const char *column)
{
	const char *s = pg_get(op, statement, row, column);
	struct uuid u = { { 0 } };

	if (s != NULL && !uuid_parse(s, &u))
		assert(!"the column is no uuid");
	return u;
}

struct bytes pg_get_bytes(struct op *op, int statement, int row, const char *column)
{
	const char *s = pg_get(op, statement, row, column);
	struct bytes b = { NULL, 0 };
	uint8_t *out;

	if (s == NULL)
		return b;
	assert(s[0] == '\\' && s[1] == 'x');
	b.len = strlen(s + 2) / 2;
	out = must(malloc(b.len + 1));
	arena_on_free(op->arena, free, out);
	if (!hex_decode(s + 2, 2 * b.len, out, b.len))
		assert(!"the column is no bytea");
	b.data = out;
	return b;
}

/* "2026-11-21 21:44:51.123456+00": DateStyle and TimeZone of our sessions are fixed */
static bool parse_time(const char *s, int64_t *us)
{
	size_t n = strlen(s);
	char moment[40];

	if (n + sizeof(":00") > sizeof(moment))
		return false;
	memcpy(moment, s, n);
	memcpy(moment + n, ":00", sizeof(":00"));
	return when_parse(moment, us);
}

int64_t pg_get_time(const struct op *op, int statement, int row, const char *column)
{
	const char *s = pg_get(op, statement, row, column);
	int64_t us = 0;

	if (s == NULL)
		return 0;
	if (strcmp(s, "infinity") == 0)
		return INT64_MAX;
	if (!parse_time(s, &us))
		assert(!"the column is no timestamptz");
	return us;
}
