/*
 * api_citizen.c - /v1/status/{reference}: how it goes with a case, for the citizen who has the secret of its
 * receipt
 *
 * No account and no token: the secret, in Authorization, is looked at before the database is. Nothing about a
 * person goes out. What they add is a contact of the case, as any other.
 */
#include "daemon/api.h"

#include "daemon/config.h"
#include "daemon/flood.h"
#include "daemon/intake.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/answers.h"
#include "lib/core/status.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_REFERENCE = 24, KEY_BYTES = 200 };

/* ---------------------------------------------------------------- whose case */

/* references are read out, and typed in small letters */
static const char *reference_of(struct api *a)
{
	char *s = arena_dup(a->op.arena, a->param[0], strnlen(a->param[0], MAX_REFERENCE));

	for (char *p = s; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return s;
}

static const char *secret_of(const struct api *a)
{
	const char *s = http_header(a->x, "Authorization");

	return s && !strncasecmp(s, "Bearer ", 7) ? s + 7 : NULL;
}

static enum op_status unknown(struct api *a)
{
	return api_problem(a, PROBLEM_NOT_FOUND, "There is no case with this reference and secret.");
}

/* true: go on. A wrong secret and an unknown reference are told in the same way, and cost the same */
static bool may_see(struct api *a, const struct world *w, const char *reference, enum op_status *how)
{
	struct flood *f = a->op.srv->flood;

	if (!flood_guess(f, http_peer(a->x))) {
		*how = api_problem(a, PROBLEM_TOO_MANY, NULL);
		return false;
	}
	if (!receipt_opens(w->receipt_keys, w->n_receipt_keys, reference, secret_of(a))) {
		flood_guessed(f, http_peer(a->x));
		*how = unknown(a);
		return false;
	}
	if (!flood_looks(f, reference)) {
		*how = api_problem(a, PROBLEM_TOO_MANY, NULL);
		return false;
	}
	return true;
}

/* the daemon's own unit: there is no token whose municipalities it could be held to */
static enum op_status look_up(struct api *a, const char *reference, int next_state)
{
	struct pg_unit *u = pg_unit(&a->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_STATUS_GET);
	pg_text(u, reference);
	return pg_submit(&a->op, next_state, u);
}

static int known(int word, int otherwise)
{
	return word < 0 ? otherwise : word;
}

static struct status status_read(const struct op *op)
{
	const char *outcome = pg_get(op, 0, 0, "outcome");
	struct status_facts f = {
		.state = (enum case_state)known(case_state_from(pg_get(op, 0, 0, "state")), CASE_QUEUED),
		.outcome = outcome ? (enum case_outcome)known(case_outcome_from(outcome), OUTCOME_NONE)
				   : OUTCOME_NONE,
		.due_us = pg_get_time(op, 0, 0, "due_at"),
		.promised_us = pg_get_time(op, 0, 0, "promised_at"),
		.called_us = pg_get_time(op, 0, 0, "called_at"),
		.task = pg_get_bool(op, 0, 0, "task"),
		.task_us = pg_get_time(op, 0, 0, "task_at"),
	};

	return status_of(&f, now_us());
}

/* ---------------------------------------------------------------- GET /v1/status/{reference} */

enum get_state { GET_START, GET_READ };

static json_t *product_json(struct api *a)
{
	json_t *j = json_object();

	jsonx_put(j, "id", pg_get(&a->op, 0, 0, "product"));
	jsonx_put(j, "name", pg_get(&a->op, 0, 0, "product_name"));
	return j;
}

static enum op_status get_answer(struct api *a)
{
	struct arena *m = a->op.arena;
	struct status s;
	const char *language;
	const json_t *settings;
	json_t *j;

	if (!pg_rows(&a->op, 0))
		return unknown(a);
	s = status_read(&a->op);
	settings = rows_json(&a->op, 0, 0, "settings");
	language = pg_get(&a->op, 0, 0, "language");
	j = json_object();
	jsonx_put(j, "reference", reference_of(a));
	jsonx_put_time(j, "receivedAt", pg_get_time(&a->op, 0, 0, "opened_at"));
	json_object_set_new(j, "product", product_json(a));
	jsonx_put(j, "state", s.word);
	jsonx_put(j, "language", texts_has(settings, s.now, language) ? language : "nl");
	jsonx_put(j, "now", texts_say(m, settings, s.now, language, NULL));
	jsonx_put(j, "next", texts_say(m, settings, s.next, language, texts_time(m, s.before_us, now_us())));
	if (s.before_us)
		jsonx_put_time(j, "before", s.before_us);
	json_object_set_new(j, "takesMessages", json_boolean(s.takes_messages));
	return api_answer(a, 200, j);
}

enum op_status api_status_get(struct api *a)
{
	const struct world *w;
	const char *reference;
	enum op_status how;

	switch ((enum get_state)a->op.state) {
	case GET_START:
		w = world_hold(&a->op);
		if (!w)
			return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
		reference = reference_of(a);
		return may_see(a, w, reference, &how) ? look_up(a, reference, GET_READ) : how;
	case GET_READ:
		return pg_failed(&a->op) ? api_failed(a) : get_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/status/{reference}/messages */

struct say {
	struct intake_post post;
	struct contact contact;
	struct form form;
};

enum say_state { SAY_START, SAY_CASE, SAY_STORED };

static bool is_upload(const struct api *a)
{
	return form_is_type(http_header(a->x, "Content-Type"), "multipart/form-data");
}

/* the text of a JSON body; false when it has answered */
static bool read_json(struct api *a, const char **text, enum op_status *how)
{
	json_t *root = NULL, *v;
	const char *key;

	if (!form_is_type(http_header(a->x, "Content-Type"), "application/json"))
		*how = api_problem(a, PROBLEM_MEDIA_TYPE, NULL);
	else if (jsonx_load(a->op.arena, http_body(a->x), &root, NULL) || !json_is_object(root))
		*how = api_problem(a, PROBLEM_BAD_REQUEST, "The body is not a JSON object.");
	else {
		json_object_foreach(root, key, v) if (strcmp(key, "text") != 0)
			api_bad_field(a, key, "unknown key");
		*text = jsonx_str(root, "text");
		return true;
	}
	return false;
}

/* the same of a form with files */
static bool read_form(struct api *a, struct say *s, const char **text, enum op_status *how)
{
	int outcome = api_form(a, &s->form);

	if (outcome) {
		*how = api_problem(a, outcome == FORM_TOO_MUCH ? PROBLEM_TOO_LARGE : PROBLEM_BAD_REQUEST,
				   NULL);
		return false;
	}
	for (int i = 0; i < s->form.n_fields; i++)
		if (strcmp(s->form.fields[i].name, "text") != 0)
			api_bad_field(a, s->form.fields[i].name, "unknown key");
	*text = form_get(&s->form, "text");
	for (int i = 0; i < s->form.n_files; i++)
		answers_attach(a->op.arena, &s->contact, &s->form.files[i]);
	return true;
}

/* what comes again is the same: by the caller's key, else the same words on the same day */
static const char *natural_key(struct api *a, const char *reference)
{
	const char *key = http_header(a->x, "Idempotency-Key");
	int64_t day = now_us() / (86400 * WHEN_SECOND_US);

	if (key && *key && strlen(key) <= KEY_BYTES)
		return arena_printf(a->op.arena, "status %s %s", reference,
				    utf8_clean(a->op.arena, (struct bytes){(const uint8_t *)key, strlen(key)},
					       KEY_BYTES));
	return answers_body_key(a->op.arena,
				arena_printf(a->op.arena, "status %s %lld", reference, (long long)day),
				http_body(a->x));
}

static bool read_message(struct api *a, struct say *s, const char *reference, enum op_status *how)
{
	const struct config *c = a->op.srv->config;
	const char *text = NULL;

	if ((int64_t)http_body(a->x).len >
	    (is_upload(a) ? c->max_upload_bytes : c->max_unsigned_body_bytes)) {
		*how = api_problem(a, PROBLEM_TOO_LARGE, NULL);
		return false;
	}
	if (!(is_upload(a) ? read_form(a, s, &text, how) : read_json(a, &text, how)))
		return false;
	if ((!text || utf8_blank(text)) && !s->contact.n_attachments)
		api_bad_field(a, "text", "is needed, or a file");
	if (api_has_bad_fields(a)) {
		*how = api_invalid(a);
		return false;
	}
	if (text && *text)
		contact_set_text(a->op.arena, &s->contact, text);
	s->contact.kind = text && *text ? KIND_TEXT : KIND_MEDIA;
	s->contact.provider_id = natural_key(a, reference);
	s->contact.fields = jsonx_own(a->op.arena, json_pack("{s:s}", "via", "status"));
	return true;
}

static enum op_status say_begin(struct api *a)
{
	struct say *s = a->work = arena_new_of(a->op.arena, struct say);
	const char *reference = reference_of(a);
	enum op_status how;

	s->post.world = world_hold(&a->op);
	if (!s->post.world)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (!may_see(a, s->post.world, reference, &how) || !read_message(a, s, reference, &how))
		return how;
	return look_up(a, reference, SAY_CASE);
}

/* the inbox of the case, also when it was taken away since */
static const struct world_inbox *inbox_of_case(struct api *a, const struct world *w)
{
	const struct world_inbox *in = world_inbox(w, pg_get(&a->op, 0, 0, "inbox"));
	int m = world_municipality(w, pg_get(&a->op, 0, 0, "municipality"));
	int c = world_channel(w, pg_get(&a->op, 0, 0, "channel"));

	return in || m < 0 || c < 0 ? in : world_inbox_by_channel(a->op.arena, w, m, c);
}

static enum op_status say_store(struct api *a, struct say *s)
{
	struct intake_post *p = &s->post;

	if (!pg_rows(&a->op, 0))
		return unknown(a);
	if (!status_read(&a->op).takes_messages)
		return api_rule(a, "caseClosed",
				"What is written to this case is seen by nobody: call, or ask anew.");
	p->inbox = inbox_of_case(a, p->world);
	if (!p->inbox)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (!flood_form(a->op.srv->flood, p->inbox, http_peer(a->x)) ||
	    flood_sender(a->op.srv->flood, p->inbox, "status", reference_of(a)))
		return api_problem(a, PROBLEM_TOO_MANY, NULL);
	p->into.u = pg_get_uuid(&a->op, 0, 0, "id");
	p->without_proof = true;
	p->raw = http_body(a->x);
	p->content_type = is_upload(a) ? "multipart/form-data" : "application/json";
	p->received_us = now_us();
	p->batch.contacts = &s->contact;
	p->batch.n_contacts = 1;
	return intake_store(&a->op, SAY_STORED, p);
}

static enum op_status say_answer(struct api *a, const struct say *s)
{
	json_t *j;

	if (a->op.result == INTAKE_UNAVAILABLE)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (a->op.result == INTAKE_FAILED || s->post.dead_reason)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	j = json_object();
	jsonx_put(j, "reference", reference_of(a));
	jsonx_put_time(j, "receivedAt", s->post.received_us);
	return api_answer(a, 201, j);
}

enum op_status api_status_message(struct api *a)
{
	switch ((enum say_state)a->op.state) {
	case SAY_START:
		return say_begin(a);
	case SAY_CASE:
		return pg_failed(&a->op) ? api_failed(a) : say_store(a, a->work);
	case SAY_STORED: /* committed */
		return say_answer(a, a->work);
	}
	return op_bad_state(&a->op);
}
