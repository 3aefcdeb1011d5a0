/* api_proof.c - GET /v1/municipalities/{id}/proof: what proves that formal messages came and were confirmed */
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"

enum proof_state { PROOF_START, PROOF_READ };

enum op_status api_proof_list(struct api *a)
{
	const char *case_ = api_query(a, "case");
	struct uuid id = {0};
	struct pg_unit *u;
	int64_t after = 0;
	int limit;

	if (!access_municipality(&a->who, a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!api_page_number(a, &limit, &after))
		return api_problem(a, PROBLEM_BAD_REQUEST, "cursor must be one that was given");
	if (a->op.state == PROOF_READ)
		return pg_failed(&a->op) ? api_failed(a)
					 : api_answer(a, 200, api_page_cut(a, rows_array(&a->op, 0), limit, "n"));
	if (case_)
		uuid_parse(case_, &id);
	u = api_unit(a);
	pg_add(u, SQL_PROOF_LIST);
	pg_text(u, a->param[0]);
	pg_uuid(u, id);
	pg_int(u, after);
	pg_int(u, limit + 1);
	work_audit_scope(a, u, "proof.list", "proof", case_, a->param[0]);
	return pg_submit(&a->op, PROOF_READ, u);
}
