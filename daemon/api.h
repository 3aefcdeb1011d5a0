/*
 * api.h - the JSON API: from an exchange to a step function and back
 *
 * proto/openapi.json names the operations; proto/gen/routes.py makes api_routes[] from it, so a path
 * without a function does not link. api.c does for every route what no route should do itself: token
 * and role, query and body against the allowed keys, Idempotency-Key, then the route's step function,
 * then the answer. A step function looks like any other (op.h); its op is a struct api.
 */
#ifndef LOKET_API_H
#define LOKET_API_H

#include "daemon/http.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "lib/core/access.h"
#include "lib/core/problem.h"

#include <jansson.h>

enum { API_MAX_PARAMS = 2, API_MAX_QUERY = 16 };

struct api;

/* generated from proto/openapi.json (x-loket holds roles and plan) */
struct api_route {
	const char *method, *path;                   /* "/v1/cases/{id}/replies" */
	const char *operation;                       /* operationId: "caseReply" → api_case_reply */
	enum op_status (*step)(struct api *a);
	unsigned roles;                              /* ROLE_BIT(…)…; 0: no token needed */
	bool idempotent_key;                         /* honours Idempotency-Key (every POST of ours) */
	const char *const *query_keys;               /* allowed, NULL-terminated */
	const char *const *body_keys;                /* allowed at the top, NULL-terminated; NULL: no JSON body */
	const char *const *body_required;
	struct http_plan plan;
};
extern const struct api_route api_routes[];
extern const int n_api_routes;

struct api {
	struct op op;                                /* first: op.h */
	struct http_x *x;                            /* NULL once answered */
	const struct api_route *route;
	struct principal who;                        /* a copy; zero on routes without token */
	const char *param[API_MAX_PARAMS];           /* decoded path parameters, in order */
	json_t *body;                                /* object, checked against body_keys; NULL when none */
	void *work;                                  /* the route's own struct, in op.arena */
	/* api.c only */
	int idem_state;
	int answer_status;
};

/* api_query - decoded value of an allowed query key; NULL when absent */
const char *api_query(const struct api *a, const char *key);
/* api_unit - a unit on the API connection, scoped to who */
struct pg_unit *api_unit(struct api *a);
/* api_audit - add "who looked at what" to the unit (P10): action "case.read", object kind and id */
void api_audit(struct api *a, struct pg_unit *u, const char *action, const char *municipality,
               const char *object_kind, const char *object_id);

/* the end of a step: answer, and OP_DONE. json is stolen */
enum op_status api_answer(struct api *a, int status, json_t *json);
enum op_status api_problem(struct api *a, enum problem p, const char *detail);
enum op_status api_rule(struct api *a, const char *rule, const char *detail);      /* 422 against a rule */
/* api_invalid - collect bad fields; api_invalid_end answers 422 with all of them when there are any */
void api_bad_field(struct api *a, const char *name, const char *reason);
bool api_has_bad_fields(const struct api *a);
enum op_status api_invalid(struct api *a);
/* api_failed - the last unit failed: 409 on 40001/23505…, 503 when lost or busy, 500 otherwise */
enum op_status api_failed(struct api *a);

/* reading body fields: each names what is wrong with api_bad_field */
const char *api_text(struct api *a, const char *key, bool required, size_t max_bytes);  /* NFC, no NUL */
int64_t api_int(struct api *a, const char *key, bool required, int64_t min, int64_t max);
int api_one_of(struct api *a, const char *key, bool required, const char *const *words); /* index or -1 */
bool api_id(struct api *a, const char *text, struct uuid *out);   /* path or body id; false → caller answers 404 */
/* ?limit=&cursor= : limit 1..100 (default 20); cursor is opaque: base64url of what api_page_end was given */
bool api_page(struct api *a, int *limit, const char **cursor);

#endif
