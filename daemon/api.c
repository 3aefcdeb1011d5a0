/*
 * api.c - what every route has in common: which route, which token, may it, is it well-formed; then the route
 */
#include "daemon/api.h"

#include "daemon/auth.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/server.h"
#include "lib/base/url.h"
#include "daemon/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { API_ARENA_BYTES = 16 * 1024 * 1024 };

enum api_state { API_START, API_TOKEN_KNOWN = API_STATES, API_KEY_CLAIMED, API_ANSWER_STORED, API_STORE_AGAIN };

/* one segment of a path: does it fit the template's? */
static bool segment_fits(const char *template, size_t template_len, const char *path, size_t len)
{
	if (template[0] == '{')
		return len > 0;
	return template_len == len && !memcmp(template, path, len);
}

static bool path_fits(const char *template, const char *path)
{
	for (;;) {
		size_t t = strcspn(template, "/"), p = strcspn(path, "/");

		if (!segment_fits(template, t, path, p))
			return false;
		template += t;
		path += p;
		if (!*template || !*path)
			return !*template && !*path;
		template++;
		path++;
	}
}

static const struct api_route *route_find(const char *method, const char *path, bool *path_known)
{
	for (int i = 0; i < n_api_routes; i++)
		if (!strcmp(api_routes[i].method, method) && path_fits(api_routes[i].path, path))
			return &api_routes[i];
	*path_known = false;
	for (int i = 0; i < n_api_routes && !*path_known; i++)
		*path_known = path_fits(api_routes[i].path, path);
	return NULL;
}

/* ------------------------------------------------------------------ the steps before the route's own */

static enum op_status api_refuse_token(struct api *a, enum auth_result result)
{
	return api_problem(a, result == AUTH_UNKNOWN ? PROBLEM_UNAUTHENTICATED : PROBLEM_UNAVAILABLE, NULL);
}

/* who left, or waited too long, gets no work done that he does not hear about */
static enum op_status api_run(struct api *a)
{
	if (a->op.gone)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	a->op.state = 0;
	a->in_route = true;
	return a->route->step(a);
}

static enum op_status api_allowed(struct api *a)
{
	a->op.bulk = a->op.bulk || a->who.role == ROLE_INTEGRATION;
	if (a->route->roles && !access_role(&a->who, a->route->roles))
		return api_problem(a, PROBLEM_FORBIDDEN, NULL);
	if (!api_read_query(a) || !api_read_body(a))
		return OP_DONE;
	if (a->route->idempotent_key && http_header(a->x, "Idempotency-Key"))
		return api_idem_claim(a, API_KEY_CLAIMED);
	return api_run(a);
}

static enum op_status api_begin(struct api *a)
{
	enum auth_result result;
	enum op_status how;

	if (!a->route->roles)
		return api_allowed(a);
	if (!world_now(a->op.srv))   /* just started: routes may count on it being there */
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	how = auth_check(&a->op, API_TOKEN_KNOWN, http_header(a->x, "Authorization"), &a->who, &result);
	if (how == OP_WAIT)
		return OP_WAIT;
	return result == AUTH_OK ? api_allowed(a) : api_refuse_token(a, result);
}

static enum op_status api_step(struct op *op)
{
	struct api *a = (struct api *)op;
	enum auth_result result;
	enum op_status how;

	switch (op->state) {
	case API_TOKEN_KNOWN:
		result = auth_check_end(op, &a->who);
		return result == AUTH_OK ? api_allowed(a) : api_refuse_token(a, result);
	case API_KEY_CLAIMED:
		return api_idem_claimed(a, &how) ? api_run(a) : how;
	case API_ANSWER_STORED:
		api_send_answer(a);
		return api_idem_stored(a, API_STORE_AGAIN);
	case API_STORE_AGAIN:
		return api_idem_store(a, API_ANSWER_STORED);
	default:
		return a->in_route ? a->route->step(a) : api_begin(a);
	}
}

/* every request is answered, and logged once: by ids, never by what it holds */
static void api_done(struct op *op, enum op_status how)
{
	struct api *a = (struct api *)op;
	int ms = (int)((mono_us() - op->started_us) / 1000);

	if (a->x) {
		bool later = op->err.kind == ERR_LOST || op->err.kind == ERR_BUSY;

		a->idem_state = API_IDEM_NONE;
		api_problem(a, later ? PROBLEM_UNAVAILABLE : PROBLEM_INTERNAL, NULL);
	}
	metric_add(M_HTTP_REQUESTS, 1);
	if (how == OP_FAIL)
		log_event(LOG_ERROR, "api.failed", "op=%s token=%s why=\"%s\"", a->route->operation,
		          a->who.token_id, op->err.text);
	log_event(LOG_INFO, "api.done", "op=%s status=%d ms=%d token=%s", a->route->operation,
	          a->answer_status, ms, a->who.token_id);
}

static const struct op_kind api_kind = { "api", api_step, api_done, API_ARENA_BYTES };

/* ------------------------------------------------------------------ what http.c calls */

static struct http_plan plans[N_API_ROUTES];
static const struct http_plan refused = { .max_body = 1024 * 1024 };

/* a path that is known under other methods: they are named in Allow */
static void answer_method(struct http_x *x)
{
	char allow[100] = "Allow: ", text[512];
	int len = (int)strlen(allow);
	json_t *j = problem_json(PROBLEM_METHOD, NULL, NULL, NULL);
	size_t n = json_dumpb(j, text, sizeof text, JSON_COMPACT);

	for (int i = 0; i < n_api_routes; i++)
		if (path_fits(api_routes[i].path, http_path(x)) && len < (int)sizeof allow - 10)
			len += snprintf(allow + len, sizeof allow - (size_t)len, "%s%s", len > 7 ? ", " : "",
			                api_routes[i].method);
	json_decref(j);
	metric_add(M_HTTP_REQUESTS, 1);
	http_reply(x, 405, "application/problem+json", (struct bytes){ (uint8_t *)text, n },
	           (const char *const[]){ allow, NULL });
}

static const struct http_plan *plan_for(void *arg, struct http_x *x, int *status)
{
	bool path_known = true;
	const struct api_route *route = route_find(http_method(x), http_path(x), &path_known);

	(void)arg;
	if (!route && !path_known) {
		*status = 404;
		return NULL;
	}
	http_set_user(x, (void *)(uintptr_t)route);
	return route ? &plans[route - api_routes] : &refused;
}

/* the values that stand where the template has {}; one that cannot be decoded is no id of anything */
static void take_params(struct api *a)
{
	const char *template = a->route->path, *path = http_path(a->x);
	int n = 0;

	while (*template && n < API_MAX_PARAMS) {
		size_t t = strcspn(template, "/"), p = strcspn(path, "/");

		if (template[0] == '{')
			a->param[n++] = url_decode(a->op.arena, path, p, false);
		template += t + (template[t] == '/');
		path += p + (path[p] == '/');
	}
	for (int i = 0; i < n; i++)
		if (!a->param[i])
			a->param[i] = "";
}

/* what machines post waits behind agents, and behind who is on the line or in a chat */
static bool is_bulk(const struct api *a)
{
	const struct world *w = world_now(a->op.srv);
	const struct world_inbox *in;

	if (a->route->step != api_hook_post)
		return false;
	in = w ? world_inbox(w, a->param[0]) : NULL;
	return !in || !world_live(w, in);
}

static void request(void *arg, struct http_x *x)
{
	const struct api_route *route = http_user(x);
	struct api *a;

	if (!route) {
		answer_method(x);
		return;
	}
	a = (struct api *)op_new(arg, &api_kind, sizeof *a);
	a->x = x;
	a->route = route;
	take_params(a);
	a->op.bulk = is_bulk(a);
	http_attach(x, &a->op);
	op_start(&a->op);
}

static int problem(void *arg, int status, char *buf, int cap)
{
	enum problem p = PROBLEM_BAD_REQUEST;
	json_t *j;
	size_t n;

	(void)arg;
	for (int i = PROBLEM_NONE + 1; i < N_PROBLEMS; i++)
		if (problem_status((enum problem)i) == status) {
			p = (enum problem)i;
			break;
		}
	j = problem_json(p, NULL, NULL, NULL);
	json_object_set_new(j, "status", json_integer(status));
	n = json_dumpb(j, buf, (size_t)cap, JSON_COMPACT);
	json_decref(j);
	return n <= (size_t)cap ? (int)n : 0;
}

struct http_calls api_calls(struct server *srv)
{
	const struct config *c = srv->config;
	int64_t largest = c->max_upload_bytes > c->max_body_bytes ? c->max_upload_bytes : c->max_body_bytes;

	for (int i = 0; i < n_api_routes; i++) {
		struct http_plan *p = &plans[i];

		*p = api_routes[i].plan;
		if (!p->max_body)
			p->max_body = largest;
		if (!p->spool_above)
			p->spool_above = c->max_body_bytes;
		if (!p->body_ms)
			p->body_ms = c->body_ms;
		if (!p->answer_ms)
			p->answer_ms = c->answer_ms;
	}
	return (struct http_calls){ .plan = plan_for, .request = request, .problem = problem, .arg = srv };
}
