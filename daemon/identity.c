#include "daemon/identity.h"

#include "daemon/log.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"

enum { IDENTITY_ARENA_BYTES = 1 << 20 };
enum identity_state { IDENTITY_LOOK, IDENTITY_FOUND, IDENTITY_MERGED };

struct identity {
	struct op op;                        /* first: op.h */
	const char *municipality;
	struct contact_address from[CONTACT_MAX_ADDRESSES];
	int n_from, n_merged;
};

static enum op_status look(struct identity *i)
{
	struct pg_unit *u = pg_unit(&i->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_PARTY_PROVED);
	pg_text(u, i->municipality);
	pg_array(u, PG_TYPE_TEXT, i->n_from);
	for (int a = 0; a < i->n_from; a++)
		pg_push_text(u, i->from[a].kind);
	pg_array(u, PG_TYPE_TEXT, i->n_from);
	for (int a = 0; a < i->n_from; a++)
		pg_push_text(u, i->from[a].value);
	return pg_submit(&i->op, IDENTITY_FOUND, u);
}

/* the second into the first, which is the oldest; the others follow */
static enum op_status merge(struct identity *i)
{
	struct pg_unit *u;
	struct uuid kept, gone;

	if (pg_failed(&i->op) || pg_rows(&i->op, 0) < 2 || i->n_merged == CONTACT_MAX_ADDRESSES)
		return OP_DONE;
	kept = pg_get_uuid(&i->op, 0, 0, "party");
	gone = pg_get_uuid(&i->op, 0, 1, "party");
	i->n_merged++;
	u = pg_unit(&i->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_PARTY_MERGE);
	pg_uuid(u, kept);
	pg_uuid(u, gone);
	pg_uuid(u, server_uuid(i->op.srv));
	pg_text(u, "proof");
	pg_null(u);
	pg_null(u);
	return pg_submit(&i->op, IDENTITY_MERGED, u);
}

static enum op_status identity_step(struct op *op)
{
	struct identity *i = (struct identity *)op;

	switch ((enum identity_state)op->state) {
	case IDENTITY_LOOK:
		return look(i);
	case IDENTITY_FOUND:
		return merge(i);
	case IDENTITY_MERGED:
		if (pg_failed(op))
			return OP_DONE;
		rows_publish(op, 0);
		log_event(LOG_INFO, "party.merged", "by=proof");
		return look(i);
	}
	return op_bad_state(op);
}

static const struct op_kind identity_kind = { "identity", identity_step, NULL, IDENTITY_ARENA_BYTES };

void identity_proved(struct server *srv, const char *municipality, const struct contact_address *from, int n_from)
{
	struct identity *i = (struct identity *)op_new(srv, &identity_kind, sizeof(*i));

	i->municipality = arena_str(i->op.arena, municipality);
	for (i->n_from = 0; i->n_from < n_from; i->n_from++) {
		i->from[i->n_from].kind = arena_str(i->op.arena, from[i->n_from].kind);
		i->from[i->n_from].value = arena_str(i->op.arena, from[i->n_from].value);
	}
	op_start(&i->op);
}
