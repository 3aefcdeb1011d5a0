/* case_read.c - see case_read.h */
#include "daemon/case_read.h"

#include "daemon/mutant.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"
#include "lib/core/needs.h"

#include <stdlib.h>
#include <string.h>

struct look {
	TAILQ_ENTRY(look) link;
	struct api *a;
	struct uuid id, before, token;
	const char *origin;
	bool alone;                      /* the unit with others failed: whose fault was it? */
	json_t *found;
	struct pg_reply failed;          /* its outcome and error; no results */
};

struct case_reads {
	struct server *srv;
	TAILQ_HEAD(, look) waiting;
	int under_way;
};

enum unit_state { UNIT_START, UNIT_READ };
enum unit_part { PART_CASE, PART_CONTACTS, PART_NOTES, PART_TASKS, PART_HISTORY, PART_PARTY, PART_OTHERS, PART_CALLBACK,
	PART_AROUND };

struct unit {
	struct op op;
	struct case_reads *all;
	int n;
	struct look *looks[CASE_READ_MAX];
};

struct case_reads *case_reads_new(struct server *srv)
{
	struct case_reads *all = must(calloc(1, sizeof(*all)));

	all->srv = srv;
	TAILQ_INIT(&all->waiting);
	return all;
}

struct case_reads *case_reads_free(struct case_reads *all)
{
	free(all);
	return NULL;
}

/* ---------------------------------------------------------------- asking */

static bool same_scope(const struct principal *a, const struct principal *b)
{
	if (a->n_municipalities != b->n_municipalities)
		return false;
	for (int i = 0; i < a->n_municipalities; i++)
		if (strcmp(a->municipalities[i], b->municipalities[i]) != 0)
			return false;
	return true;
}

/* those that wait and fit together, the longest waiting first */
static void gather(struct unit *u)
{
	struct look *l, *next;

	for (l = TAILQ_FIRST(&u->all->waiting); l != NULL && u->n < CASE_READ_MAX; l = next) {
		next = TAILQ_NEXT(l, link);
		if (u->n > 0 && (u->looks[0]->alone || l->alone || !same_scope(&u->looks[0]->a->who, &l->a->who)))
			continue;
		TAILQ_REMOVE(&u->all->waiting, l, link);
		u->looks[u->n++] = l;
	}
}

static void add_cases(struct pg_unit *u, enum sql statement, const struct unit *of)
{
	pg_add(u, statement);
	pg_array(u, PG_TYPE_UUID, of->n);
	for (int i = 0; i < of->n; i++)
		pg_push_uuid(u, of->looks[i]->id);
}

static void add_audit(struct pg_unit *u, const struct unit *of)
{
	if (MUTANT("no_audit"))
		return;
	add_cases(u, SQL_CASE_AUDIT, of);
	pg_array(u, PG_TYPE_UUID, of->n);
	for (int i = 0; i < of->n; i++)
		pg_push_uuid(u, of->looks[i]->token);
	pg_array(u, PG_TYPE_UUID, of->n);
	for (int i = 0; i < of->n; i++)
		pg_push_uuid(u, of->looks[i]->a->who.agent_id.u);
	pg_array(u, PG_TYPE_TEXT, of->n);
	for (int i = 0; i < of->n; i++)
		pg_push_text(u, of->looks[i]->origin);
	pg_text(u, "case.read");
}

static enum op_status ask(struct unit *of)
{
	struct principal scope = of->looks[0]->a->who;
	struct pg_unit *u;

	scope.is_agent = false;          /* nobody's own: only the municipalities count, and the same for all of them */
	scope.token_id[0] = '\0';
	u = pg_unit(&of->op, PG_API, &scope);
	add_cases(u, SQL_CASES_GET, of);
	add_cases(u, SQL_CASES_CONTACTS, of);
	pg_array(u, PG_TYPE_UUID, of->n);
	for (int i = 0; i < of->n; i++)
		pg_push_uuid(u, of->looks[i]->before);
	pg_int(u, CASE_CONTACTS_MAX);
	add_cases(u, SQL_CASES_NOTES, of);
	add_cases(u, SQL_CASES_TASKS, of);
	add_cases(u, SQL_CASES_HISTORY, of);
	add_cases(u, SQL_CASES_PARTY, of);
	add_cases(u, SQL_CASES_OPEN_OF_PARTY, of);
	add_cases(u, SQL_CASES_CALLBACK, of);
	add_cases(u, SQL_CASES_AROUND, of);
	add_audit(u, of);
	return pg_submit(&of->op, UNIT_READ, u);
}

/* ---------------------------------------------------------------- what came */

/* when there are more than are shown, one more stands first: it goes, and "moreContacts" says so */
static void put_contacts(json_t *c, json_t *contacts)
{
	bool more = json_array_size(contacts) > CASE_CONTACTS_MAX;

	if (more)
		json_array_remove(contacts, 0);
	json_object_set_new(c, "contacts", contacts);
	json_object_set_new(c, "moreContacts", json_boolean(more));
}

/* the first row of a list that may be empty */
static void put_first(json_t *c, const char *key, json_t *list)
{
	json_t *first = json_array_get(list, 0);

	if (first != NULL)
		json_object_set(c, key, first);
	json_decref(list);
}

/* cases that belong to it; and of what its product needs, what is known and what is still to be asked */
static void put_around(json_t *c, json_t *around, const struct principal *p)
{
	json_t *one = json_array_get(around, 0);
	json_t *needs = needs_of(json_object_get(one, "needs"), json_object_get(one, "said"), json_object_get(c, "citizen"));

	rows_masked(json_object_get(needs, "known"), p);
	json_object_update(c, needs);
	json_decref(needs);
	rows_masked(json_object_get(one, "links"), p);
	if (json_object_get(one, "merged") != NULL)
		json_object_set(c, "merged", json_object_get(one, "merged"));
	if (json_object_get(one, "links") != NULL)
		json_object_set(c, "links", json_object_get(one, "links"));
	json_decref(around);
}

static void hide_epoch(json_t *c, const struct principal *p)
{
	struct agent_id owner = { 0 };

	uuid_parse(jsonx_str(c, "owner"), &owner.u);
	if (!access_case_write(p, owner))
		json_object_del(c, "epoch");
}

static json_t *case_itself(const struct op *op, struct uuid id)
{
	for (int i = 0; i < pg_rows(op, PART_CASE); i++)
		if (uuid_same(pg_get_uuid(op, PART_CASE, i, "id"), id))
			return rows_object(op, PART_CASE, i);
	return NULL;
}

static json_t *found(const struct op *op, const struct look *l, int n)
{
	const struct principal *p = &l->a->who;
	json_t *c = case_itself(op, l->id);

	if (c == NULL)
		return NULL;
	hide_epoch(c, p);
	put_contacts(c, rows_masked(rows_array_of(op, PART_CONTACTS, n), p));
	json_object_set_new(c, "notes", rows_masked(rows_array_of(op, PART_NOTES, n), p));
	json_object_set_new(c, "tasks", rows_masked(rows_array_of(op, PART_TASKS, n), p));
	json_object_set_new(c, "history", rows_array_of(op, PART_HISTORY, n));
	put_first(c, "citizen", rows_array_of(op, PART_PARTY, n));
	json_object_set_new(c, "openCases", rows_array_of(op, PART_OTHERS, n));
	put_first(c, "callback", rows_array_of(op, PART_CALLBACK, n));
	put_around(c, rows_array_of(op, PART_AROUND, n), p);
	return c;
}

static void give(struct unit *u)
{
	for (int i = 0; i < u->n; i++) {
		u->looks[i]->found = found(&u->op, u->looks[i], i + 1);
		op_wake(&u->looks[i]->a->op, PG_OK);
	}
}

/* what PostgreSQL refused for one of them is not to cost the others */
static void failed(struct unit *u)
{
	const struct pg_reply *r = u->op.pg;

	for (int i = 0; i < u->n; i++) {
		struct look *l = u->looks[i];

		if (u->n > 1 && r->outcome == PG_ERROR) {
			l->alone = true;
			TAILQ_INSERT_TAIL(&u->all->waiting, l, link);
			continue;
		}
		l->failed.outcome = r->outcome;
		l->failed.err = r->err;
		op_wake(&l->a->op, (int)r->outcome);
	}
}

static enum op_status unit_step(struct op *op)
{
	struct unit *u = (struct unit *)op;

	switch ((enum unit_state)op->state) {
	case UNIT_START:
		gather(u);
		return u->n > 0 ? ask(u) : OP_DONE;

	case UNIT_READ:
		if (pg_failed(op))
			failed(u);
		else
			give(u);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void begin_more(struct case_reads *all);

static void unit_done(struct op *op, enum op_status how)
{
	struct case_reads *all = ((struct unit *)op)->all;

	(void)how;
	all->under_way--;
	begin_more(all);
}

static void begin_more(struct case_reads *all)
{
	static const struct op_kind kind = {
		.name = "case.read", .step = unit_step, .done = unit_done, .max_arena_bytes = 64 << 10,
	};
	struct unit *u;

	if (TAILQ_EMPTY(&all->waiting) || all->under_way == CASE_READ_UNDER_WAY)
		return;
	u = (struct unit *)op_new(all->srv, &kind, sizeof(*u));
	u->all = all;
	all->under_way++;
	op_start(&u->op);
}

/* ---------------------------------------------------------------- for who looks */

enum op_status case_read(struct api *a, int next_state, struct uuid id, struct uuid before)
{
	struct case_reads *all = a->op.srv->case_reads;
	struct look *l = arena_new_of(a->op.arena, struct look);
	const char *origin = a->x != NULL ? http_peer(a->x) : NULL;

	*l = (struct look){ .a = a, .id = id, .before = before };
	l->origin = origin != NULL ? arena_str(a->op.arena, origin) : NULL;
	uuid_parse(a->who.token_id, &l->token);
	a->work = l;
	TAILQ_INSERT_TAIL(&all->waiting, l, link);
	op_wait(&a->op, next_state);
	begin_more(all);
	return OP_WAIT;
}

bool case_read_end(struct api *a, json_t **out)
{
	struct look *l = a->work;

	*out = l->found;
	l->found = NULL;
	if (a->op.result == PG_OK)
		return true;
	a->op.pg = &l->failed;
	return false;
}
