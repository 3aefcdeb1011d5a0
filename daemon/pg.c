/* pg.c - units and the connections they go to */
#include "daemon/pg_unit.h"

#include "daemon/config.h"
#include "daemon/server.h"
#include "lib/base/must.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_UNITS = 64, KEEP_ROOM = 256 << 10 };   /* used units kept for the next; their buffers up to this */

struct pg {
	struct server *srv;
	struct pg_hosts hosts;
	struct pg_conn *conns[N_PG_CONNECTIONS];
	struct pg_units spare;
	int n_spare;
};

struct pg *pg_new(struct server *srv)
{
	const char *users[N_PG_CONNECTIONS] = {
		[PG_SYSTEM] = srv->config->database_system, [PG_API] = srv->config->database_api,
		[PG_BULK] = srv->config->database_system, [PG_INTAKE] = srv->config->database_system,
		[PG_BARRIER] = srv->config->database_system,
	};
	struct pg *pg = must(calloc(1, sizeof(*pg)));

	pg->srv = srv;
	TAILQ_INIT(&pg->spare);
	if (pg_hosts_init(&pg->hosts, srv->config->database) != NULL)
		abort();               /* config_check has looked */
	for (int i = 0; i < N_PG_CONNECTIONS; i++)
		pg->conns[i] = pg_conn_new(srv, i, &pg->hosts, users[i]);
	return pg;
}

static void unit_free(struct pg_unit *u)
{
	free(u->buf);
	free(u);
}

struct pg *pg_free(struct pg *pg)
{
	if (pg == NULL)
		return NULL;
	for (int i = 0; i < N_PG_CONNECTIONS; i++)
		pg_conn_free(pg->conns[i]);
	while (!TAILQ_EMPTY(&pg->spare)) {
		struct pg_unit *u = TAILQ_FIRST(&pg->spare);

		TAILQ_REMOVE(&pg->spare, u, link);
		unit_free(u);
	}
	pg_hosts_done(&pg->hosts);
	free(pg);
	return NULL;
}

bool pg_ready(const struct pg *pg, enum pg_connection c)
{
	return pg != NULL && pg_conn_ready(pg->conns[c]);
}

int pg_session(const struct pg *pg, enum pg_connection c)
{
	return pg_conn_session(pg->conns[c]);
}

int pg_waiting(const struct pg *pg, enum pg_connection c)
{
	return pg_conn_waiting(pg->conns[c]);
}

/* ---------------------------------------------------------------- units */

static struct pg_unit *unit_new(struct pg *pg)
{
	struct pg_unit *u = TAILQ_FIRST(&pg->spare);

	if (u != NULL) {
		TAILQ_REMOVE(&pg->spare, u, link);
		pg->n_spare--;
		return u;
	}
	u = must(calloc(1, sizeof(*u)));
	return u;
}

void pg_unit_drop(struct pg_unit *u)
{
	struct pg *pg = u != NULL ? u->op->srv->pg : NULL;
	uint8_t *buf;
	size_t room;

	if (u == NULL)
		return;
	if (pg == NULL || pg->n_spare >= KEEP_UNITS || u->room > KEEP_ROOM) {
		unit_free(u);
		return;
	}
	buf = u->buf;
	room = u->room;
	memset(u, 0, sizeof(*u));
	u->buf = buf;
	u->room = room;
	TAILQ_INSERT_HEAD(&pg->spare, u, link);
	pg->n_spare++;
}

/* the statement that every unit on PG_API begins with */
static void add_scope(struct pg_unit *u, const struct principal *p)
{
	char scope[ACCESS_MAX_MUNICIPALITIES * 61 + 1], agent[UUID_TEXT] = "";
	size_t len = 0;

	scope[0] = '\0';
	for (int i = 0; i < p->n_municipalities; i++) {
		size_t n = strlen(p->municipalities[i]);

		assert(len + n + 2 <= sizeof(scope));
		if (len > 0)
			scope[len++] = ',';
		memcpy(scope + len, p->municipalities[i], n + 1);
		len += n;
	}
	if (p->is_agent)
		uuid_format(p->agent_id.u, agent);
	u->n_hidden = 1;
	pg_add(u, SQL_PG_SCOPE);
	pg_text(u, scope);
	pg_text(u, agent);
	pg_text(u, p->token_id);
}

struct pg_unit *pg_unit(struct op *op, enum pg_connection c, const struct principal *scope)
{
	struct pg_unit *u = unit_new(op->srv->pg);

	assert((c == PG_API) == (scope != NULL));
	u->op = op;
	u->where = c;
	u->reply.failed_at = -1;
	if (scope != NULL)
		add_scope(u, scope);
	return u;
}

void pg_unit_session(struct pg_unit *u, int session)
{
	u->bound = true;
	u->session = session;
}

enum op_status pg_submit(struct op *op, int next_state, struct pg_unit *u)
{
	assert(u->op == op);
	pg_unit_complete(u);
	op_wait(op, next_state);
	if (u->too_big)
		pg_unit_finish(u, PG_BUSY, "the unit is too big");
	else
		pg_conn_submit(op->srv->pg->conns[u->where], u);
	return OP_WAIT;
}
