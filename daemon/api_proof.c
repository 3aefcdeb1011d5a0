/* api_proof.c - GET /v1/municipalities/{id}/proof: what proves that formal messages came and were confirmed */
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"

#include <stdio.h>
#include <stdlib.h>

enum proof_state { PROOF_START, PROOF_READ };

enum { NUMBER_TEXT = 24 };

static enum op_status read_some(struct api *a)
{
	const char *cursor, *case_ = api_query(a, "case");
	struct uuid id = {0};
	struct pg_unit *u;
	int limit;

	if (!access_municipality(&a->who, a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_page(a, &limit, &cursor))
		return api_problem(a, PROBLEM_BAD_REQUEST, "cursor must be one that was given");
	if (case_)
		uuid_parse(case_, &id);
	u = api_unit(a);
	pg_add(u, SQL_PROOF_LIST);
	pg_text(u, a->param[0]);
	pg_uuid(u, id);
	pg_int(u, cursor ? strtoll(cursor, NULL, 10) : 0);
	pg_int(u, limit + 1);
	work_audit_scope(a, u, "proof.list", "proof", case_, a->param[0]);
	return pg_submit(&a->op, PROOF_READ, u);
}

static enum op_status told(struct api *a)
{
	json_t *items = rows_array(&a->op, 0);
	const char *cursor, *next = NULL;
	int limit;

	api_page(a, &limit, &cursor);
	if (json_array_size(items) > (size_t)limit) {
		json_array_remove(items, (size_t)limit);
		next = arena_printf(a->op.arena, "%" JSON_INTEGER_FORMAT,
				    json_integer_value(json_object_get(json_array_get(items, (size_t)limit - 1), "n")));
	}
	return api_answer(a, 200, api_page_end(a, items, next));
}

enum op_status api_proof_list(struct api *a)
{
	switch ((enum proof_state)a->op.state) {
	case PROOF_START:
		return read_some(a);
	case PROOF_READ:
		return pg_failed(&a->op) ? api_failed(a) : told(a);
	}
	return op_bad_state(&a->op);
}
