/* problem.h - the one place that turns outcomes into HTTP status and words (RFC 9457) */
#ifndef LOKET_PROBLEM_H
#define LOKET_PROBLEM_H

#include <jansson.h>

enum problem {
	PROBLEM_NONE,
	PROBLEM_BAD_REQUEST,       /* 400 not JSON, unknown key, bad query */
	PROBLEM_UNAUTHENTICATED,   /* 401 */
	PROBLEM_BAD_SIGNATURE,     /* 401 */
	PROBLEM_FORBIDDEN,         /* 403 */
	PROBLEM_NOT_FOUND,         /* 404 also: not yours to see */
	PROBLEM_METHOD,            /* 405 */
	PROBLEM_GONE,              /* 409 the offer is gone */
	PROBLEM_STALE_EPOCH,       /* 409 */
	PROBLEM_STATE,             /* 409 the case is not in a state that allows this */
	PROBLEM_KEY_RUNNING,       /* 409 idempotency key is still running */
	PROBLEM_KEY_REUSED,        /* 422 idempotency key with another body */
	PROBLEM_TOO_LARGE,         /* 413 */
	PROBLEM_MEDIA_TYPE,        /* 415 */
	PROBLEM_INVALID,           /* 422 fields are named in "errors" */
	PROBLEM_RULE,              /* 422 against a rule, named in "rule" */
	PROBLEM_TOO_MANY,          /* 429 */
	PROBLEM_INTERNAL,          /* 500 */
	PROBLEM_UNAVAILABLE,       /* 503 try again: Retry-After is set */
	N_PROBLEMS
};

int problem_status(enum problem p);
/* problem_retry_after - seconds for a Retry-After header; 0 for none */
int problem_retry_after(enum problem p);
/*
 * problem_json - the body: type, title, status, detail, and what is given
 * in       detail: what the caller should do, may be NULL for the standard sentence;
 *          errors: array of {"name","reason"} or NULL, stolen; rule: id of the rule or NULL
 */
json_t *problem_json(enum problem p, const char *detail, json_t *errors, const char *rule);

#endif
