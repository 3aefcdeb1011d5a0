/*
 * api.h - the JSON API: from an exchange to a step function and back
 *
 * proto/openapi.json names the operations; proto/gen/routes.py makes api_routes[] from it, so a path
 * without a function does not link. api.c does for every route what no route should do itself: token
 * and role, query and body against the contract, Idempotency-Key, then the route's step function,
 * then the answer. A step function looks like any other (op.h); its op is a struct api. States from
 * API_STATES on belong to api.c.
 */
#ifndef LOKET_API_H
#define LOKET_API_H

#include "daemon/api_routes.h"
#include "daemon/http.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "lib/core/access.h"
#include "lib/core/problem.h"
#include "lib/core/shape.h"

#include <jansson.h>

enum { API_MAX_PARAMS = 2, API_MAX_QUERY = 16, API_MAX_BAD_FIELDS = 50, API_STATES = 9000 };

struct form;
struct intake_post;
struct api;

/* generated from proto/openapi.json (x-loket holds roles and plan) */
struct api_route {
	const char *method, *path;                   /* "/v1/cases/{id}/replies" */
	const char *operation;                       /* operationId: "caseReply" → api_case_reply */
	enum op_status (*step)(struct api *a);
	unsigned roles;                              /* ROLE_BIT(…)…; 0: no token needed */
	bool idempotent_key;                         /* honours Idempotency-Key (every POST of ours) */
	const struct shape_key *query;               /* allowed, until name is NULL; NULL: the route reads it itself */
	const struct shape *body;                    /* NULL: no JSON body */
	struct http_plan plan;                       /* 0: as configured */
};
extern const struct api_route api_routes[];
extern const int n_api_routes;

struct api {
	struct op op;                                /* first: op.h */
	struct http_x *x;                            /* NULL once answered */
	const struct api_route *route;
	struct principal who;                        /* a copy; zero on routes without token */
	const char *param[API_MAX_PARAMS];           /* decoded path parameters, in order */
	json_t *body;                                /* object that fits the contract; NULL when none */
	struct form *form;                           /* what body came in, with files; NULL: it came as JSON */
	void *work;                                  /* the route's own struct, in op.arena */
	/* api*.c only */
	bool in_route;                               /* the route's step function runs */
	int idem_state;
	const char *idem_key;                        /* as it came, once it was claimed */
	int answer_status;
	char *answer;                                /* JSON text that waits for its key to be stored */
	const char *query_key[API_MAX_QUERY], *query_value[API_MAX_QUERY];
	int n_query;
	json_t *bad_fields;                          /* array of {"name","reason"}, or NULL */
};

/* api_calls - what http_new is given: routes, plans and problem documents of this server */
struct http_calls api_calls(struct server *srv);

/* api_query - decoded value of an allowed query key; NULL when absent */
const char *api_query(const struct api *a, const char *key);
/* api_unit - a unit on the API connection, scoped to who */
struct pg_unit *api_unit(struct api *a);
/* api_audit - add "who looked at what" to the unit (P10): action "case.read", object kind and id */
void api_audit(struct api *a, struct pg_unit *u, const char *action, const char *municipality,
               const char *object_kind, const char *object_id);
/* api_seen - the same by statement (contact_audit, case_audit, …), which records it when the token may see the row */
void api_seen(struct api *a, struct pg_unit *u, enum sql statement, struct uuid id, const char *action);
/*
 * api_ask_began - of what came again: did it begin its case? Then the secret of the receipt is for who sends it
 * api_began     - of what was stored: the same, as statement of what was asked says when it had come before
 */
void api_ask_began(struct pg_unit *u, const struct intake_post *p);
bool api_began(const struct op *op, int statement, const struct intake_post *p);
/* api_idem_key - "<token>:<Idempotency-Key>", the same when the request comes again: a natural key for what
 * this request makes, so that doing it twice makes it once. NULL when the caller gave none */
const char *api_idem_key(struct api *a);

/* api_natural_key - what makes the contact of this request the same when it comes again: the caller's own id ("providerId"),
 * else the Idempotency-Key, else nothing does */
const char *api_natural_key(struct api *a);
/* api_address - what makes two addresses of a kind the same; NULL when value is none */
const char *api_address(struct api *a, const char *kind, const char *value);

/* the end of a step: answer, and OP_DONE, or a last wait of api.c's own: return what these return. json is
 * stolen */
enum op_status api_answer(struct api *a, int status, json_t *json);
/* api_answer_with - json, an object, with one more key, whose value is JSON text; that is stolen too */
enum op_status api_answer_with(struct api *a, int status, json_t *json, const char *key, char *text);
enum op_status api_problem(struct api *a, enum problem p, const char *detail);
enum op_status api_rule(struct api *a, const char *rule, const char *detail);      /* 422 against a rule */
/* api_send - answer with what is not JSON of ours; headers as for http_reply */
enum op_status api_send(struct api *a, int status, const char *type, struct bytes body,
                        const char *const *headers);
/* api_send_attachment - 200 with the file of row 0 of statement 0 (attachment_get.sql), which is of a kind that
 * may be handed out; 503 when it is not on this machine */
enum op_status api_send_attachment(struct api *a);
/* api_invalid - collect bad fields; api_invalid_end answers 422 with all of them when there are any */
void api_bad_field(struct api *a, const char *name, const char *reason);
bool api_has_bad_fields(const struct api *a);
enum op_status api_invalid(struct api *a);
enum op_status api_bad_query(struct api *a);   /* the same for query keys: 400 */
/* api_query_time - the moment in a query key, or that at which its day begins; *us stays as it is when there is
 * none. What is no moment is a bad field */
void api_query_time(struct api *a, const char *key, int64_t *us);
/* api_failed - the last unit failed: 409 on 40001/23505…, 503 when lost or busy, 500 otherwise */
enum op_status api_failed(struct api *a);

/* reading body fields: shape and size were checked; each names what is still wrong with api_bad_field */
const char *api_text(struct api *a, const char *key, bool required, size_t max_bytes);  /* NFC, no NUL */
int64_t api_int(struct api *a, const char *key, bool required, int64_t min, int64_t max);
int api_one_of(struct api *a, const char *key, bool required, const char *const *words); /* index or -1 */
/* api_form - take the body apart as a form with files, as form_multipart does: in an arena of its own, freed with
 * the operation, since what files leave of one that is shared may be too little for the rest */
int api_form(struct api *a, struct form *f);
/* api_id - an id from path or body; false: the caller answers 404 */
bool api_id(struct api *a, const char *text, struct uuid *out);
/* ?limit=&cursor= : limit 1..100 (default 20), *cursor what api_page_end was given, NULL on the first page.
 * false: the cursor is not one of ours; answer PROBLEM_BAD_REQUEST */
bool api_page(struct api *a, int *limit, const char **cursor);
/* api_page_id, api_page_number - the same where the cursor is an id, or a number above 0; as it was on the first page */
bool api_page_id(struct api *a, int *limit, struct uuid *last);
bool api_page_number(struct api *a, int *limit, int64_t *last);
/* api_page_body - the same from a body: "limit" and "cursor"; what is wrong is a bad field. *last: nil on the first page */
void api_page_body(struct api *a, int *limit, struct uuid *last);
/* api_page_end - {"items": items (stolen), "next": next as an opaque cursor, or null} */
json_t *api_page_end(struct api *a, json_t *items, const char *next);
/* api_page_cut - the same of items that were asked for limit + 1: next is what the last one has at key, text or a
 * number */
json_t *api_page_cut(struct api *a, json_t *items, int limit, const char *key);

/* what a report is about: ?from=&to= */
struct api_period { int64_t from_us, to_us; };
/* api_period - without them the last so many days; a period that is none, or longer than max_days, is a bad field */
struct api_period api_period(struct api *a, int days, int max_days);
/* api_report - "from", "to", and "definitions": what each number of the report means. New reference */
json_t *api_report(struct api_period p, const char *const (*definitions)[2], size_t n);

/* api_idem.c, for api.c */
enum { API_IDEM_NONE, API_IDEM_OURS, API_IDEM_STORED };
/* api_idem_claim - claim the key in a unit of its own; api_idem_claimed reads what came of it: true when the
 * route is to run, false when it has answered with *how */
enum op_status api_idem_claim(struct api *a, int next_state);
bool api_idem_claimed(struct api *a, enum op_status *how);
/* api_idem_store - keep a->answer under the key, or let the key go when it was our failure */
enum op_status api_idem_store(struct api *a, int next_state);
/* api_idem_stored - after the answer: a key that could not be let go, because the connection went, is tried again (the step
 * goes on in next_state, and stores again), or whoever repeats the request would hear for a minute that it still runs */
enum op_status api_idem_stored(struct api *a, int next_state);

/* api_body.c, for api.c: false when it has answered */
bool api_read_query(struct api *a);
bool api_read_body(struct api *a);
/* api_answer.c, for api.c: what waits in a->answer goes out */
void api_send_answer(struct api *a);

#endif
