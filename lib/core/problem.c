#include "lib/core/problem.h"

static const struct kind {
	int status;
	const char *type;     /* urn:loket:problem:<type> */
	const char *title;
	const char *detail;   /* what to do, when nobody knows better */
	int retry_after_s;
} kinds[N_PROBLEMS] = {
	[PROBLEM_NONE] = { 500, "internal", "Something is wrong here", "It was logged.", 0 },
	[PROBLEM_BAD_REQUEST] = { 400, "bad-request", "The request is not what this route takes",
	                          "Compare it with GET /v1/openapi.json.", 0 },
	[PROBLEM_UNAUTHENTICATED] = { 401, "unauthenticated", "No token that we know",
	                              "Send Authorization: Bearer with a token that still works.", 0 },
	[PROBLEM_BAD_SIGNATURE] = { 401, "bad-signature", "The signature is missing or wrong",
	                            "Sign the raw bytes of the body with the secret of this inbox.", 0 },
	[PROBLEM_FORBIDDEN] = { 403, "forbidden", "This token may not do that",
	                        "Ask for a token with the right role and municipality.", 0 },
	[PROBLEM_NOT_FOUND] = { 404, "not-found", "Not there, or not yours to see",
	                        "Check the path and the id.", 0 },
	[PROBLEM_METHOD] = { 405, "method", "This path does not know this method",
	                     "The header Allow names them.", 0 },
	[PROBLEM_GONE] = { 409, "gone", "The offer is gone",
	                   "Somebody else has the case, or time was up.", 0 },
	[PROBLEM_STALE_EPOCH] = { 409, "stale-epoch", "The case is no longer yours",
	                          "Read the case again; writing needs the epoch of its latest offer.", 0 },
	[PROBLEM_STATE] = { 409, "state", "It is not in a state that allows this", "Read it again.", 0 },
	[PROBLEM_KEY_RUNNING] = { 409, "key-running", "A request with this Idempotency-Key is still running",
	                          "Ask again in a moment.", 1 },
	[PROBLEM_KEY_REUSED] = { 422, "key-reused", "This Idempotency-Key was used for another request",
	                         "Make a new key for a new request.", 0 },
	[PROBLEM_TOO_LARGE] = { 413, "too-large", "The body is too large", "Send less.", 0 },
	[PROBLEM_MEDIA_TYPE] = { 415, "media-type", "This media type is not taken here",
	                         "Send Content-Type: application/json.", 0 },
	[PROBLEM_INVALID] = { 422, "invalid", "Fields are missing or wrong", "See errors.", 0 },
	[PROBLEM_RULE] = { 422, "rule", "A rule forbids this", "See rule.", 0 },
	[PROBLEM_TOO_MANY] = { 429, "too-many", "Too many requests", "Wait, and send less often.", 10 },
	[PROBLEM_INTERNAL] = { 500, "internal", "Something is wrong here", "It was logged.", 0 },
	[PROBLEM_UNAVAILABLE] = { 503, "unavailable", "Not possible just now",
	                          "Try again: it is not certain that nothing was done, and harmless.", 2 },
};

int problem_status(enum problem p)
{
	return kinds[p].status;
}

int problem_retry_after(enum problem p)
{
	return kinds[p].retry_after_s;
}

json_t *problem_json(enum problem p, const char *detail, json_t *errors, const char *rule)
{
	const struct kind *k = &kinds[p];
	json_t *j = json_object();

	json_object_set_new(j, "type", json_sprintf("urn:loket:problem:%s", k->type));
	json_object_set_new(j, "title", json_string(k->title));
	json_object_set_new(j, "status", json_integer(k->status));
	json_object_set_new(j, "detail", json_string(detail ? detail : k->detail));
	if (errors)
		json_object_set_new(j, "errors", errors);
	if (rule)
		json_object_set_new(j, "rule", json_string(rule));
	return j;
}
