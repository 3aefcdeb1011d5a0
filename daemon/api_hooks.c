/*
 * api_hooks.c - /v1/hooks/{inbox}: what providers and forms post, and how they ask whether we are there
 *
 * No token: who it is from is proved over the raw bytes, before anything of them is read.
 */
#include "daemon/api.h"

#include "daemon/calls.h"
#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/flood.h"
#include "daemon/intake.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/mutant.h"
#include "daemon/server.h"
#include "lib/base/utf8.h"
#include "lib/core/file_type.h"

#include <string.h>
#include <strings.h>

enum { HOOK_ARENA_BYTES = 128 * 1024 * 1024 }; /* a few copies of the largest upload */

static const char *request_header(const void *x, const char *name)
{
	return http_header(x, name);
}

static struct channel_request request_of(struct api *a)
{
	return (struct channel_request){
		.url = arena_printf(a->op.arena, "%s%s%s%s", a->op.srv->config->public_url, http_path(a->x),
				    *http_query(a->x) ? "?" : "", http_query(a->x)),
		.query = http_query(a->x),
		.body = http_body(a->x),
		.content_type = http_header(a->x, "Content-Type"),
		.peer = http_peer(a->x),
		.header = request_header,
		.ctx = a->x,
		.now_us = now_us(),
	};
}

/* NULL when there is none, or it takes no posts: then the caller answers 404 */
static const struct world_inbox *inbox_of(const struct api *a, const struct world *w)
{
	const struct world_inbox *in = world_inbox(w, a->param[0]);

	return in && in->enabled && in->ops ? in : NULL;
}

/* ---------------------------------------------------------------- the handshake */

static enum op_status handshake(struct api *a, const struct world_inbox *in)
{
	struct channel_request r = request_of(a);
	const char *text;

	if (in->ops->handshake(a->op.arena, &in->in, &r, &text))
		return api_problem(a, PROBLEM_BAD_SIGNATURE, NULL);
	return api_send(a, 200, in->ops->handshake_type ? in->ops->handshake_type : "text/plain",
			(struct bytes){(const uint8_t *)text, strlen(text)}, NULL);
}

/* ---------------------------------------------------------------- a post */

struct hook {
	struct intake_post post;
	struct arena *arena; /* of what is read from the body; freed with the operation */
	const char *settled; /* what the exchange hears of a call */
	bool began;          /* the case, and so its secret is for who sent it */
};

enum hook_state { HOOK_NEW, HOOK_SLOWED, HOOK_STORED, HOOK_SETTLED, HOOK_SENT_AGAIN };

static bool is_upload(const char *content_type)
{
	return content_type &&
	       !strncasecmp(content_type, "multipart/form-data", strlen("multipart/form-data"));
}

/* a public form without any proof; one that claims to have proof is held to it */
static bool is_unsigned(const struct world_inbox *in, const struct api *a)
{
	return !in->ops->signed_body && !http_header(a->x, "X-Loket-Signature") &&
	       !http_header(a->x, "X-Hub-Signature-256") && !http_header(a->x, "Authorization");
}

static int64_t largest_body(const struct config *c, const struct channel_ops *ops, bool without_proof,
			    const char *content_type)
{
	if (ops->files_within || is_upload(content_type))
		return c->max_upload_bytes;
	return without_proof ? c->max_unsigned_body_bytes : c->max_body_bytes;
}

static enum op_status refuse(struct api *a, const struct world_inbox *in)
{
	metric_add(M_HOOKS_REFUSED, 1);
	log_event(LOG_WARNING, "hook.refused", "inbox=%s", in->in.id);
	return api_problem(a, PROBLEM_BAD_SIGNATURE, NULL);
}

static enum op_status invalid(struct api *a, const struct channel_batch *b)
{
	json_t *f;
	size_t i;

	json_array_foreach(b->bad_fields, i, f)
		api_bad_field(a, json_string_value(json_object_get(f, "name")),
			      json_string_value(json_object_get(f, "reason")));
	return api_has_bad_fields(a) ? api_invalid(a) : api_problem(a, PROBLEM_INVALID, b->problem);
}

static bool nothing_to_store(const struct intake_post *p)
{
	return !p->dead_reason && !p->batch.n_contacts && !p->batch.n_reports && !p->batch.n_unreadable;
}

static bool by_get(const struct api *a)
{
	return !strcmp(http_method(a->x), "GET");
}

static bool has_receipt(const struct intake_post *p)
{
	return p->inbox->ops->receipt && !p->dead_reason && p->batch.n_contacts;
}

/* whoever writes in a form that they are somebody else may come into that one's case. What becomes of it is then
 * not for them to see */
static const char *receipt(struct api *a, const struct intake_post *p, bool began, int *status)
{
	const struct intake_placed *placed = &p->placed[0];
	const char *secret = began ? world_receipt(p->world, a->op.arena, placed->reference) : NULL;

	return p->inbox->ops->receipt(a->op.arena, placed->reference, secret, p->received_us, status);
}

static enum op_status say_stored(struct api *a, const struct hook *h, const char *settled)
{
	static const char ok[] = "OK";
	const struct intake_post *p = &h->post;
	const struct channel_ops *ops = p->inbox->ops;
	const char *text = NULL;
	int status = 200;

	if (has_receipt(p))
		text = receipt(a, p, h->began || p->placed[0].new_case, &status);
	metric_observe_us(M_INTAKE_US, mono_us() - a->op.started_us);
	CRASH("hook.answer");
	if (settled)
		return api_send(a, 200, ops->call_next ? ops->call_next_type : "application/json",
				(struct bytes){(const uint8_t *)settled, strlen(settled)}, NULL);
	if (by_get(a))   /* what MessageBird looks for */
		return api_send(a, 200, "text/plain", (struct bytes){(const uint8_t *)ok, strlen(ok)}, NULL);
	return api_send(a, status, text ? "application/json" : NULL,
			(struct bytes){(const uint8_t *)text, text ? strlen(text) : 0}, NULL);
}

/* stored, even when it could not be settled: the sweep does */
static enum op_status say_next(struct api *a, const struct hook *h)
{
	const struct world_inbox *in = h->post.inbox;
	struct channel_request r = request_of(a);

	return say_stored(a, h, in->ops->call_next ? in->ops->call_next(a->op.arena, &in->in, &r, h->settled)
							  : h->settled);
}

/* whoever sends more than the budget waits for the answer: a provider sends only so many at once */
static enum op_status slow_down(struct api *a, struct intake_post *p)
{
	int n = p->batch.n_contacts + p->batch.n_reports, ms = flood_post(a->op.srv->flood, p->inbox, n ? n : 1, p->raw.len);

	if (ms < 0)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	return ms ? op_sleep(&a->op, HOOK_SLOWED, ms) : intake_store(&a->op, HOOK_STORED, p);
}

static enum op_status take(struct api *a, struct hook *h, const struct channel_request *r)
{
	struct intake_post *p = &h->post;

	switch ((enum channel_outcome)p->inbox->ops->parse(h->arena, &p->inbox->in, r, &p->batch)) {
	case CHANNEL_REFUSED:
		return refuse(a, p->inbox);
	case CHANNEL_TOO_LARGE:
		return api_problem(a, PROBLEM_TOO_LARGE, NULL);
	case CHANNEL_INVALID:
		return invalid(a, &p->batch);
	case CHANNEL_UNREADABLE:
		p->dead_reason = p->batch.problem ? p->batch.problem : "unreadable";
		p->batch = (struct channel_batch){0};
		break;
	}
	metric_add(M_IGNORED, (uint64_t)p->batch.n_ignored);
	if (nothing_to_store(p))
		return say_stored(a, h, NULL);
	return p->without_proof ? intake_store(&a->op, HOOK_STORED, p) : slow_down(a, p);
}

static void free_arena(void *arena)
{
	arena_free(arena);
}

static const char *clean(struct api *a, const char *s)
{
	return s ? utf8_clean(a->op.arena, (struct bytes){(const uint8_t *)s, strlen(s)}, 200) : NULL;
}

static struct hook *hook_new(struct api *a, struct world *w, const struct world_inbox *in,
			     const struct channel_request *r, bool without_proof)
{
	struct hook *h = arena_new_of(a->op.arena, struct hook);

	h->arena = arena_new(HOOK_ARENA_BYTES);
	arena_on_free(a->op.arena, free_arena, h->arena);
	h->post = (struct intake_post){
		.inbox = in,
		.world = w,
		.raw = r->body,
		.content_type = clean(a, r->content_type),
		.received_us = r->now_us,
		.without_proof = without_proof,
	};
	return a->work = h;
}

/* more comes in than can be stored: a provider that hears so at once comes again, one that waits hangs up */
static bool too_busy(const struct api *a)
{
	return a->op.bulk && (intake_late(a->op.srv->intake) ||
			      mono_us() - a->op.started_us > INTAKE_LATE_MS * INT64_C(1000));
}

static enum op_status hook_begin(struct api *a)
{
	const struct config *c = a->op.srv->config;
	struct channel_request r = request_of(a);
	struct world *w = world_hold(&a->op);
	const struct world_inbox *in = w ? inbox_of(a, w) : NULL;
	bool without_proof;

	if (!w)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (!in)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (too_busy(a)) {
		metric_add(M_REFUSED_INTAKE, 1);
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	}
	without_proof = is_unsigned(in, a);
	if ((int64_t)r.body.len > largest_body(c, in->ops, without_proof, r.content_type))
		return api_problem(a, PROBLEM_TOO_LARGE, NULL);
	if (in->ops->verify(&in->in, &r) && !MUTANT("no_signature"))
		return refuse(a, in);
	if (by_get(a)) {
		r.body = (struct bytes){ (const uint8_t *)r.query, strlen(r.query) };
		r.content_type = "application/x-www-form-urlencoded";
	}
	if (without_proof && !flood_form(a->op.srv->flood, in, http_peer(a->x)))
		return api_problem(a, PROBLEM_TOO_MANY, NULL);
	return take(a, hook_new(a, w, in, &r, without_proof), &r);
}

/* who did not hear our answer has no secret yet */
static enum op_status sent_again(struct api *a, const struct intake_post *p)
{
	struct pg_unit *u = pg_unit(&a->op, PG_SYSTEM, NULL);

	api_ask_began(u, p);
	return pg_submit(&a->op, HOOK_SENT_AGAIN, u);
}

enum op_status api_hook_post(struct api *a)
{
	struct hook *h = a->work;

	switch ((enum hook_state)a->op.state) {
	case HOOK_NEW:
		return hook_begin(a);

	case HOOK_SLOWED:
		flood_waited(a->op.srv->flood, h->post.raw.len);
		if (a->op.gone)   /* nobody hears that it was stored: it comes again */
			return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
		return intake_store(&a->op, HOOK_STORED, &h->post);

	case HOOK_STORED: /* committed: this is what 2xx means */
		if (a->op.result == INTAKE_UNAVAILABLE)
			return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
		if (a->op.result == INTAKE_FAILED)
			return api_problem(a, PROBLEM_INTERNAL, NULL);
		if (h->post.batch.n_calls && !h->post.dead_reason)
			return calls_settle(&a->op, HOOK_SETTLED, h->post.placed[0].contact, &h->settled);
		if (has_receipt(&h->post) && h->post.placed[0].duplicate)
			return sent_again(a, &h->post);
		return say_stored(a, h, NULL);

	case HOOK_SENT_AGAIN:
		h->began = !pg_failed(&a->op) && api_began(&a->op, 0, &h->post);
		return say_stored(a, h, NULL);

	case HOOK_SETTLED:
		return say_next(a, h);
	}
	return op_bad_state(&a->op);
}

/* a provider that tells things by GET has no handshake */
enum op_status api_hook_get(struct api *a)
{
	struct world *w = a->op.state == HOOK_NEW ? world_hold(&a->op) : NULL;
	const struct world_inbox *in = w ? inbox_of(a, w) : NULL;

	if (a->op.state != HOOK_NEW || (in && in->ops->by_get))
		return api_hook_post(a);
	if (!w)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	return in && in->ops->handshake ? handshake(a, in) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
}

/* ---------------------------------------------------------------- a file of a reply */

/* the inbox whose message told where it is; what is signed is the path: so a proof is for one file */
static enum op_status file_begin(struct api *a)
{
	struct world *w = world_hold(&a->op);
	const struct world_inbox *in = w ? inbox_of(a, w) : NULL;
	struct channel_request r = request_of(a);
	struct uuid id;
	struct pg_unit *u;

	if (!w)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (!in || !in->ops->files || !in->ops->files->by_url || !api_id(a, a->param[1], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	r.body = (struct bytes){(const uint8_t *)http_path(a->x), strlen(http_path(a->x))};
	if (in->ops->verify(&in->in, &r))
		return refuse(a, in);
	u = pg_unit(&a->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_HOOK_ATTACHMENT);
	pg_text(u, in->in.id);
	pg_uuid(u, id);
	return pg_submit(&a->op, HOOK_STORED, u);
}

enum op_status api_hook_attachment(struct api *a)
{
	if (a->op.state == HOOK_NEW)
		return file_begin(a);
	if (a->op.state != HOOK_STORED)
		return op_bad_state(&a->op);
	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, 0) || !file_type_find(pg_get(&a->op, 0, 0, "found_type")))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return api_send_attachment(a);
}
