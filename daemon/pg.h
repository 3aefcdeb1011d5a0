/*
 * pg.h - PostgreSQL: libpq in pipeline mode, nothing blocks
 *
 * A unit is a few statements that commit together: everything up to one Sync is one implicit
 * transaction. The unit has committed only when the Sync came back; that is what PG_OK means.
 * PG_LOST means the connection went while it was out: the outcome is unknown.
 *
 * Five connections. PG_SYSTEM (role loket_system) does the daemon's own work for all
 * municipalities: dispatch, sweep, outbox, and intake. PG_INTAKE (role loket_system) is for intake alone, so that two
 * batches are computed at once, each by a core (intake.c). PG_BARRIER (role loket_system) waits for the disk where that is
 * slow (barrier.h). PG_API (role loket_api) does what a token
 * asked for: every unit on it first sets loket.scope to the token's municipalities, and row
 * level security does the rest. PG_BULK (role loket_system) is for what nobody waits for: reading a great deal in pages (in the others a page
 * would wait behind each commit, and each commit behind a page), counting (figures.h); and for whose token it is.
 *
 * Statements live in daemon/sql/<name>.sql, one each; the build makes enum sql and the table.
 */
#ifndef LOKET_PG_H
#define LOKET_PG_H

#include "daemon/op.h"
#include "daemon/sql_table.h"   /* generated: enum sql { SQL_CASE_GET, … }, sql_table[] */
#include "lib/base/uuid.h"
#include "lib/core/access.h"

#include <jansson.h>
#include <libpq-fe.h>

enum pg_connection { PG_SYSTEM, PG_API, PG_BULK, PG_INTAKE, PG_BARRIER, N_PG_CONNECTIONS };

enum {
	PG_UNIT_MAX = 25,                        /* statements in a unit */
	PG_UNIT_MAX_PARAMS = 256,                /* their parameters together; an array is one */
	PG_UNIT_MAX_BYTES = 64 << 20,            /* of parameters; a bigger unit comes back with PG_BUSY */
	PG_MAX_WAITING = 4096,                   /* units of a connection, sent or not */
	PG_MAX_IN_FLIGHT = 64,                   /* units sent; what is not sent when a connection goes is PG_BUSY */
	PG_CONNECT_MS = 5000,                    /* until connected; as long until all statements are prepared */
	PG_CONNECT_FIRST_MS = 2000,              /* the same while there are other servers that were not tried */
	PG_STUCK_MS = 12000,                     /* without any answer: given up. More than statement_timeout */
	PG_BEAT_MS = 5000,                       /* of silence, then an empty unit; as long without its answer: given up */
};

enum pg_outcome {
	PG_OK,           /* committed */
	PG_ERROR,        /* PostgreSQL said no; nothing of the unit happened */
	PG_LOST,         /* the connection went after it was sent: nobody knows */
	PG_BUSY,         /* never sent: no connection, or too much waits */
};

struct pg_reply {
	enum pg_outcome outcome;
	struct err err;                          /* when not PG_OK */
	int failed_at;                           /* index of the statement that failed; -1: none, or the commit */
	int n;
	PGresult *results[PG_UNIT_MAX];          /* one per statement of ours, in order; NULL if not run */
	int column;                              /* that was read last */
};

struct pg;
struct pg_unit;

/* pg_new - owns the connections, that connect, prepare all statements, and reconnect for ever: to the servers of the
 * conninfo in turn, until one takes writes; after each round with backoff and jitter. conninfo without user; the users
 * come from the configuration */
struct pg *pg_new(struct server *srv);
struct pg *pg_free(struct pg *pg);
/* pg_ready - connected and prepared */
bool pg_ready(const struct pg *pg, enum pg_connection c);

/* pg_session - the number of its session while it is ready, never twice the same; else 0. A session ends with its server */
int pg_session(const struct pg *pg, enum pg_connection c);

/* pg_waiting - units of a connection, sent or not */
int pg_waiting(const struct pg *pg, enum pg_connection c);

/* pg_unit - begin a unit for an operation; it must be submitted (or dropped). scope is the principal on PG_API,
 * and else NULL */
struct pg_unit *pg_unit(struct op *op, enum pg_connection c, const struct principal *scope);
/* pg_unit_session - only by this session: PG_BUSY when it has ended */
void pg_unit_session(struct pg_unit *u, int session);
/* pg_add - the next statement; its parameters follow by the functions below, in order $1, $2, … */
void pg_add(struct pg_unit *u, enum sql statement);
void pg_null(struct pg_unit *u);
void pg_text(struct pg_unit *u, const char *s);              /* NULL is SQL NULL */
void pg_bytea(struct pg_unit *u, struct bytes b);
void pg_int(struct pg_unit *u, int64_t v);
void pg_bool(struct pg_unit *u, bool v);
void pg_time(struct pg_unit *u, int64_t us);                 /* timestamptz; 0 is NULL */
void pg_uuid(struct pg_unit *u, struct uuid v);              /* nil is NULL */
void pg_json(struct pg_unit *u, const json_t *j);            /* jsonb; NULL is NULL */

/*
 * arrays for unnest($1::uuid[], …): begin, push n elements, end. Sent in binary. The element type must
 * be the one the statement casts to.
 */
enum pg_type { PG_TYPE_UUID, PG_TYPE_TEXT, PG_TYPE_BYTEA, PG_TYPE_INT8, PG_TYPE_BOOL, PG_TYPE_TIME,
	PG_TYPE_JSON, PG_TYPE_JSONB };
void pg_array(struct pg_unit *u, enum pg_type type, int n);  /* n elements will follow */
void pg_push_text(struct pg_unit *u, const char *s);         /* also for JSON and JSONB: the JSON text */
void pg_push_bytes(struct pg_unit *u, struct bytes b);
void pg_push_int(struct pg_unit *u, int64_t v);
void pg_push_bool(struct pg_unit *u, bool v);
void pg_push_time(struct pg_unit *u, int64_t us);            /* 0 is NULL */
void pg_push_uuid(struct pg_unit *u, struct uuid v);         /* nil is NULL */
/*
 * pg_array_same - after the last element: when all are equal, only the first is sent; when all are NULL, none. Reading an
 * element costs PostgreSQL as much as a step down an index. Only for a statement that says what the rows without one get:
 * the first, or NULL
 */
void pg_array_same(struct pg_unit *u);
/* pg_array_null - the same for a column where NULL stands beside values: shorter only when all are NULL */
void pg_array_null(struct pg_unit *u);

/* pg_submit - send the unit; the step continues in next_state with op->pg set. Always returns OP_WAIT:
 * with too many waiting or no connection the wait comes back at once with PG_BUSY */
enum op_status pg_submit(struct op *op, int next_state, struct pg_unit *u);

/* pg_unit_drop - give up a unit that is not submitted; NULL is fine */
void pg_unit_drop(struct pg_unit *u);

/* pg_failed - when the last unit did not commit: fills op->err and returns true */
bool pg_failed(struct op *op);

/* reading results: by column name; a missing column is a mistake of ours (assert) */
int pg_rows(const struct op *op, int statement);
const char *pg_get(const struct op *op, int statement, int row, const char *column);  /* NULL for SQL NULL */
int64_t pg_get_int(const struct op *op, int statement, int row, const char *column);
bool pg_get_bool(const struct op *op, int statement, int row, const char *column);
struct uuid pg_get_uuid(const struct op *op, int statement, int row, const char *column); /* nil for NULL */
/* pg_get_bytes - a bytea, decoded; lives as long as the operation, but does not count in its arena, because what is
 * stored may be larger than what a request may use. data NULL for SQL NULL */
struct bytes pg_get_bytes(struct op *op, int statement, int row, const char *column);
int64_t pg_get_time(const struct op *op, int statement, int row, const char *column);    /* 0 for NULL */

#endif
