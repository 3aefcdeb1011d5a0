/*
 * api_parties.c - who: one party, and looking for one
 *
 * Search goes by POST, so that no name or address stands in a URL. By address or reference it is exact; by
 * name it looks for three letters or more in one municipality.
 */
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"

#include <string.h>

/* ---------------------------------------------------------------- GET /v1/parties/{id} */

enum party_state { PARTY_START, PARTY_READ };
/* statements; then the audit */
enum party_part { PARTY_SELF, PARTY_ITS_CASES, PARTY_ITS_CONTACTS, PARTY_ITS_TASKS, PARTY_ITS_CALLBACKS };
enum { PARTY_CASES_MAX = 200, PARTY_CONTACTS_MAX = 1000 };

static enum op_status party_read(struct api *a)
{
	struct uuid id, before = { 0 };
	const char *text = api_query(a, "contactsBefore");
	struct pg_unit *u;

	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (text != NULL)
		uuid_parse(text, &before);   /* the contract says that it is an id */
	u = api_unit(a);
	pg_add(u, SQL_PARTY_GET);
	pg_uuid(u, id);
	pg_add(u, SQL_PARTY_CASES);
	pg_uuid(u, id);
	pg_int(u, PARTY_CASES_MAX);
	pg_add(u, SQL_PARTY_CONTACTS);
	pg_uuid(u, id);
	pg_uuid(u, before);
	pg_int(u, PARTY_CONTACTS_MAX + 1);
	pg_add(u, SQL_PARTY_TASKS);
	pg_uuid(u, id);
	pg_add(u, SQL_PARTY_CALLBACKS);
	pg_uuid(u, id);
	api_seen(a, u, SQL_PARTY_AUDIT, id, "party.read");
	return pg_submit(&a->op, PARTY_READ, u);
}

static enum op_status party_answer(struct api *a)
{
	json_t *party;

	if (pg_rows(&a->op, PARTY_SELF) == 0)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	party = rows_object(&a->op, PARTY_SELF, 0);
	json_object_set_new(party, "cases", rows_array(&a->op, PARTY_ITS_CASES));
	json_object_set_new(party, "moreContacts",
			    json_boolean(pg_rows(&a->op, PARTY_ITS_CONTACTS) > PARTY_CONTACTS_MAX));
	json_object_set_new(party, "tasks", rows_masked(rows_array(&a->op, PARTY_ITS_TASKS), &a->who));
	json_object_set_new(party, "callbacks", rows_array(&a->op, PARTY_ITS_CALLBACKS));
	return api_answer_with(a, 200, party, "contacts",
			       rows_text(&a->op, PARTY_ITS_CONTACTS, PARTY_CONTACTS_MAX, &a->who));
}

enum op_status api_party_get(struct api *a)
{
	switch ((enum party_state)a->op.state) {
	case PARTY_START:
		return party_read(a);
	case PARTY_READ:
		return pg_failed(&a->op) ? api_failed(a) : party_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/parties/search */

enum { SEARCH_NAME_BYTES = 200, SEARCH_MIN_LETTERS = 3 };
enum search_state { SEARCH_START, SEARCH_READ };

struct search {
	const char *municipality, *name, *reference, *kind, *value;
	struct uuid last;
	int limit;
};

static int letters(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;    /* bytes that begin a character */
	return n;
}

static void read_search(struct api *a, struct search *s)
{
	api_page_body(a, &s->limit, &s->last);
	s->municipality = api_text(a, "municipality", false, 80);
	s->name = api_text(a, "name", false, SEARCH_NAME_BYTES);
	s->reference = api_text(a, "reference", false, 40);
	work_address(a, &s->kind, &s->value);
	if (s->name != NULL && letters(s->name) < SEARCH_MIN_LETTERS)
		api_bad_field(a, "name", "must be at least three letters");
	if (s->name != NULL && s->municipality == NULL)
		api_bad_field(a, "municipality", "is needed to look for a name");
	if ((s->name != NULL) + (s->reference != NULL) + (s->value != NULL) != 1 && !api_has_bad_fields(a))
		api_bad_field(a, "body", "exactly one of address, name and reference");
}

/* LIKE's signs in what was typed are letters like any other */
static const char *like_escaped(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 2 * strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		if (strchr("\\%_", *s) != NULL)
			*p++ = '\\';
		*p++ = *s;
	}
	*p = '\0';
	return out;
}

static void add_search(struct api *a, struct pg_unit *u, const struct search *s)
{
	if (s->reference != NULL) {
		pg_add(u, SQL_PARTY_FIND_REFERENCE);
		pg_text(u, s->municipality);
		pg_text(u, s->reference);
	} else if (s->value != NULL) {
		pg_add(u, SQL_PARTY_FIND_ADDRESS);
		pg_text(u, s->municipality);
		pg_text(u, s->kind);
		pg_text(u, s->value);
		pg_int(u, s->limit + 1);
	} else {
		pg_add(u, SQL_PARTY_FIND_NAME);
		pg_text(u, s->municipality);
		pg_text(u, like_escaped(a->op.arena, s->name));
		pg_uuid(u, s->last);
		pg_int(u, s->limit + 1);
	}
}

static enum op_status search_start(struct api *a, struct search *s)
{
	struct pg_unit *u;

	read_search(a, s);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	u = api_unit(a);
	add_search(a, u, s);
	work_audit_scope(a, u, "party.search", s->reference ? "reference" : s->value ? "address" : "name",
	                 NULL, s->municipality);
	return pg_submit(&a->op, SEARCH_READ, u);
}

enum op_status api_party_search(struct api *a)
{
	struct search *s = a->work;

	switch ((enum search_state)a->op.state) {
	case SEARCH_START:
		a->work = s = arena_new_of(a->op.arena, struct search);
		return search_start(a, s);
	case SEARCH_READ:
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, s->limit);
	}
	return op_bad_state(&a->op);
}
