/*
 * api_help.c - /v1/help-requests: option 0 from a web page or form; and why people needed it
 *
 * It comes in like every contact: as a form, in the municipality's inbox for web forms (in name only when it has none).
 */
#include "daemon/api.h"

#include "daemon/intake.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/help.h"

#include <string.h>

/* ---------------------------------------------------------------- POST /v1/help-requests */

struct ask {
	struct intake_post post;
	struct contact contact;
};

enum ask_state { ASK_START, ASK_STORED, ASK_READ };

static const char *const preferences[] = { "now", "callback", "counter", NULL };

static void read_address(struct api *a, struct contact *c)
{
	const json_t *address = jsonx_obj(a->body, "address");
	const char *kind = jsonx_str(address, "kind"), *value = address ? api_address(a, kind, jsonx_str(address, "value")) : NULL;
	const char *preference = jsonx_str(a->body, "preference");

	if (address && (!value || !*value))
		api_bad_field(a, "address.value", "is not an address of this kind");
	else if (address)
		contact_add_address(c, kind, value);
	if (preference && !strcmp(preference, "callback") && (!address || strcmp(kind, "phone") != 0))
		api_bad_field(a, address ? "address.kind" : "address", "a call-back needs the number of a phone");
}

static void read_where(struct api *a, struct contact *c)
{
	const char *page = help_page(a->op.arena, jsonx_str(a->body, "page"));
	const char *step = help_step(a->op.arena, jsonx_str(a->body, "step"));

	c->fields = jsonx_own(a->op.arena, json_object());
	jsonx_put(c->fields, "page", page);
	jsonx_put(c->fields, "step", step);
	jsonx_put(c->fields, "preference", jsonx_str(a->body, "preference"));
}

static const struct world_inbox *find_inbox(struct api *a, const struct world *w)
{
	int m = world_municipality(w, jsonx_str(a->body, "municipality")), c = world_channel(w, "webform");

	if (m < 0 || c < 0)
		api_bad_field(a, "municipality", m < 0 ? "there is no such municipality" : "has no channel for web forms");
	return m >= 0 && c >= 0 ? world_inbox_by_channel(a->op.arena, w, m, c) : NULL;
}

static struct ask *ask_new(struct api *a, struct world *w)
{
	struct ask *k = arena_new_of(a->op.arena, struct ask);
	struct contact *c = &k->contact;

	c->kind = KIND_FORM;
	c->flags = FLAG_OPTION0;
	c->provider_id = api_natural_key(a);
	c->product = jsonx_str(a->body, "product");
	c->language = jsonx_str(a->body, "language");
	if (c->product && world_product(w, c->product) < 0)
		api_bad_field(a, "product", "there is no such product");
	api_one_of(a, "preference", true, preferences);
	read_address(a, c);
	read_where(a, c);
	k->post.inbox = find_inbox(a, w);
	k->post.world = w;
	k->post.content_type = "application/json";
	k->post.received_us = now_us();
	k->post.batch.contacts = c;
	k->post.batch.n_contacts = 1;
	if (a->who.is_agent)
		k->post.by = a->who.agent_id;
	return a->work = k;
}

static enum op_status ask_begin(struct api *a)
{
	struct world *w = world_hold(&a->op);
	struct ask *k;

	if (!w)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	k = ask_new(a, w);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, k->post.inbox->in.municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	k->post.raw = http_body(a->x);
	return intake_store(&a->op, ASK_STORED, &k->post);
}

static enum op_status ask_read(struct api *a, const struct ask *k)
{
	const struct intake_placed *placed = k->post.placed;
	char id[UUID_TEXT];
	struct pg_unit *u;

	if (a->op.result == INTAKE_UNAVAILABLE)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	if (a->op.result == INTAKE_FAILED || k->post.dead_reason)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	uuid_format(placed->case_.u, id);
	u = api_unit(a);
	pg_add(u, SQL_HELP_ASKED);
	pg_uuid(u, placed->case_.u);
	pg_uuid(u, placed->contact.u);
	api_audit(a, u, "helpRequest.create", k->post.inbox->in.municipality, "case", id);
	return pg_submit(&a->op, ASK_READ, u);
}

static enum op_status ask_answer(struct api *a)
{
	if (pg_failed(&a->op))
		return api_failed(a);   /* it is stored: the same again gives the request that is there */
	if (pg_rows(&a->op, 0) == 0)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	return api_answer(a, 201, json_pack("{s:o}", "helpRequest", rows_object(&a->op, 0, 0)));
}

enum op_status api_help_request_create(struct api *a)
{
	switch ((enum ask_state)a->op.state) {
	case ASK_START:
		return ask_begin(a);
	case ASK_STORED:
		return ask_read(a, a->work);
	case ASK_READ:
		return ask_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/cases/{id}/assist */

struct assist {
	struct work w;
	int64_t epoch;
	const char *product, *page, *step;
};

static enum op_status assist_start(struct api *a, struct assist *s)
{
	struct pg_unit *u;

	s->epoch = work_epoch(a);
	s->product = api_text(a, "product", false, 80);
	s->page = help_page(a->op.arena, jsonx_str(a->body, "page"));
	s->step = help_step(a->op.arena, jsonx_str(a->body, "step"));
	if (s->product && world_product(world_now(a->op.srv), s->product) < 0)
		api_bad_field(a, "product", "there is no such product");
	if (!json_is_true(json_object_get(a->body, "consent")))
		api_bad_field(a, "consent", "must be true: without consent nothing is done on somebody's behalf");
	u = work_begin(a, &s->w);
	return u ? pg_submit(&a->op, WORK_READ, u) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
}

static enum op_status assist_write(struct api *a, struct assist *s)
{
	struct pg_unit *u;
	enum problem refused;

	if (!work_got(a, &s->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	refused = work_refused(a, &s->w, s->epoch, -1);
	if (refused != PROBLEM_NONE)
		return api_problem(a, refused, NULL);
	if (!pg_get_bool(&a->op, 0, 0, "help"))
		return api_rule(a, "noHelpAsked", "Nobody asked for help in this case: mark it as option 0 first.");
	u = api_unit(a);
	pg_add(u, SQL_WORK_ASSIST);
	work_guard(u, &s->w);
	pg_text(u, s->w.state_word);
	pg_text(u, s->product);
	pg_text(u, s->page);
	pg_text(u, s->step);
	pg_uuid(u, work_writer(a));
	pg_add(u, SQL_CASES_GET);
	pg_uuid(u, s->w.id.u);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status assist_told(struct api *a)
{
	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	return api_answer(a, 200, rows_object(&a->op, 1, 0));
}

enum op_status api_case_assist(struct api *a)
{
	struct assist *s = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = s = arena_new_of(a->op.arena, struct assist);
		return assist_start(a, s);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : assist_write(a, s);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : assist_told(a);
	}
	return op_bad_state(&a->op);
}
