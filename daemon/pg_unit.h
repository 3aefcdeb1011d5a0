/* pg_unit.h - a unit from the inside: for pg.c, pg_conn.c, pg_args.c and pg_result.c only */
#ifndef LOKET_PG_UNIT_H
#define LOKET_PG_UNIT_H

#include "daemon/pg.h"
#include "daemon/pg_hosts.h"

#include <sys/queue.h>

struct pg_param {
	size_t at;                      /* in buf */
	int len;                        /* -1: SQL NULL */
	int binary;
};

struct pg_statement {
	enum sql sql;
	int first_param, n_params;
};

/* statements and their parameters in one buffer that grows; then the answer */
struct pg_unit {
	struct op *op;
	enum pg_connection where;
	bool bound;                     /* to this session */
	int session;
	int n_hidden;                   /* statements before the caller's own: 1 on PG_API */
	int n;
	struct pg_statement statements[PG_UNIT_MAX + 1];
	int n_params;
	struct pg_param params[PG_UNIT_MAX_PARAMS];
	uint8_t *buf;
	size_t len, room;
	bool too_big;
	enum pg_type array_type;
	int array_left;                 /* elements still to come; the last one closes the array */

	struct pg_reply reply;
	int at;                         /* the statement whose result comes next */
	bool answered;                  /* it gave a result; its NULL follows */
	bool stale;                     /* not run: its plan is of before a change of the schema */
	int tries;                      /* times that happened */
	TAILQ_ENTRY(pg_unit) link;
};
TAILQ_HEAD(pg_units, pg_unit);

/* pg_unit_complete - every parameter of every statement is there (assert) */
void pg_unit_complete(const struct pg_unit *u);
/* pg_unit_result - hand one result to the unit; owner: the unit */
void pg_unit_result(struct pg_unit *u, PGresult *r);
/* pg_unit_again - as it was before it was sent */
void pg_unit_again(struct pg_unit *u);
/* pg_unit_finish - the wait comes back */
void pg_unit_finish(struct pg_unit *u, enum pg_outcome outcome, const char *why);

/* ---------------------------------------------------------------- one connection (pg_conn.c) */

/* what each connection's session runs with; tests/bench/bare.c runs the same statements with the same plans */
extern const char *const pg_session_options[N_PG_CONNECTIONS];

struct pg_conn;
struct pg_conn *pg_conn_new(struct server *srv, enum pg_connection which, const struct pg_hosts *hosts, const char *user);
struct pg_conn *pg_conn_free(struct pg_conn *c);
bool pg_conn_ready(const struct pg_conn *c);
int pg_conn_session(const struct pg_conn *c);
int pg_conn_waiting(const struct pg_conn *c);
void pg_conn_submit(struct pg_conn *c, struct pg_unit *u);

#endif
