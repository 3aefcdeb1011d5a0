/*
 * api_help.c - /v1/help-requests: option 0 from a web page or form; and why people needed it
 *
 * It comes in like every contact: as a form, in the municipality's inbox for web forms (in name only when it has none).
 */
#include "daemon/api.h"

#include "daemon/help_promise.h"
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
	struct help_case k;
	struct help_promise promise;
	bool began; /* the case, and so its secret is for who asked */
};

enum ask_state { ASK_START, ASK_STORED, ASK_READ, ASK_PROMISED };
enum { READ_REQUEST, READ_CASE, READ_BEGAN }; /* statements */

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

static void add_asked(struct pg_unit *u, const struct intake_placed *placed)
{
	pg_add(u, SQL_HELP_ASKED);
	pg_uuid(u, placed->case_.u);
	pg_uuid(u, placed->contact.u);
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
	add_asked(u, placed);
	help_promise_ask(u, placed->case_);
	if (placed->duplicate)
		api_ask_began(u, &k->post);
	api_audit(a, u, "helpRequest.create", k->post.inbox->in.municipality, "case", id);
	return pg_submit(&a->op, ASK_READ, u);
}

static enum op_status ask_answer(struct api *a, const struct ask *k, int statement)
{
	json_t *j;

	if (pg_rows(&a->op, statement) == 0)
		return api_problem(a, PROBLEM_INTERNAL, NULL);
	j = json_pack("{s:o}", "helpRequest", rows_object(&a->op, statement, 0));
	if (k->began)
		jsonx_put(j, "secret", world_receipt(k->post.world, a->op.arena, k->post.placed->reference));
	return api_answer(a, 201, j);
}

/* whoever waits for the answer is told the time with it; nobody else may be there to tell it to */
static enum op_status ask_promise(struct api *a, struct ask *k)
{
	const struct intake_placed *placed = k->post.placed;
	struct pg_unit *u;

	k->began = api_began(&a->op, READ_BEGAN, &k->post);
	if (!help_promise_read(&a->op, READ_CASE, k->post.placed->case_, &k->k))
		return ask_answer(a, k, READ_REQUEST); /* of who is blocked */
	k->promise = help_promise_decide(a->op.srv, &k->k, now_us());
	u = api_unit(a);
	help_promise_write(u, &k->k, &k->promise);
	add_asked(u, placed);
	return pg_submit(&a->op, ASK_PROMISED, u);
}

static enum op_status ask_told(struct api *a, const struct ask *k)
{
	if (k->promise.calls)
		callback_made(a->op.srv, &a->op, 0);
	return ask_answer(a, k, 1 + k->promise.calls);
}

enum op_status api_help_request_create(struct api *a)
{
	switch ((enum ask_state)a->op.state) {
	case ASK_START:
		return ask_begin(a);
	case ASK_STORED:
		return ask_read(a, a->work);
	case ASK_READ: /* it is stored: the same again gives the request that is there */
		return pg_failed(&a->op) ? api_failed(a) : ask_promise(a, a->work);
	case ASK_PROMISED:
		return pg_failed(&a->op) ? api_failed(a) : ask_told(a, a->work);
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
	pg_array(u, PG_TYPE_UUID, 1);
	pg_push_uuid(u, s->w.id.u);
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

/* ---------------------------------------------------------------- GET /v1/help-requests/report */

enum { REPORT_MAX_ROWS = 500, REPORT_DAYS = 30, REPORT_MAX_DAYS = 366 };

enum report_state { REPORT_START, REPORT_READ };
enum { REPORT_ROWS, REPORT_SHARES };

struct report {
	struct api_period period;
	const char *by;
};

/* what each number means: it goes along, so that nobody has to guess */
static const char *const definitions[][2] = {
	{ "asked", "requests for help asked in the period" },
	{ "waiting", "of these: nobody helps them yet, and they did not take it back" },
	{ "helped", "of these: a coach took it, or ended it with an outcome" },
	{ "outcomes", "of these, by what came of it" },
	{ "waitMedianSeconds", "half of those helped waited no longer, from asking until a coach took it" },
	{ "waitP90Seconds", "nine in ten of those helped waited no longer" },
	{ "cameBack", "of these: the same party asked for help with the same product again within 30 days" },
	{ "digital", "cases opened in the period, without spam, that are neither assisted nor personal" },
	{ "assisted", "the same, not by phone or counter: a coach helped, or did it for them with their consent" },
	{ "personal", "the same, by phone or at the counter" },
};

static enum op_status report_start(struct api *a, struct report *r)
{
	const char *municipality = api_query(a, "municipality");
	struct pg_unit *u;

	r->by = api_query(a, "by") ? api_query(a, "by") : "product";
	r->period = api_period(a, REPORT_DAYS, REPORT_MAX_DAYS);
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	if (municipality && !access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	u = api_unit(a);
	pg_add(u, SQL_HELP_REPORT);
	pg_time(u, r->period.from_us);
	pg_time(u, r->period.to_us);
	pg_text(u, municipality);
	pg_text(u, r->by);
	pg_int(u, REPORT_MAX_ROWS);
	pg_add(u, SQL_HELP_SHARES);
	pg_time(u, r->period.from_us);
	pg_time(u, r->period.to_us);
	pg_text(u, municipality);
	return pg_submit(&a->op, REPORT_READ, u);
}

static json_t *report_shares(struct api *a)
{
	int64_t all = pg_get_int(&a->op, REPORT_SHARES, 0, "cases"), personal = pg_get_int(&a->op, REPORT_SHARES, 0, "personal");
	int64_t assisted = pg_get_int(&a->op, REPORT_SHARES, 0, "assisted");
	double n = all ? (double)all : 1;

	return json_pack("{s:I, s:f, s:f, s:f}", "cases", (json_int_t)all, "digital", (double)(all - personal - assisted) / n,
	                 "assisted", (double)assisted / n, "personal", (double)personal / n);
}

static enum op_status report_answer(struct api *a, const struct report *r)
{
	json_t *j = api_report(r->period, definitions, sizeof definitions / sizeof *definitions);

	jsonx_put(j, "by", r->by);
	json_object_set_new(j, "items", rows_array(&a->op, REPORT_ROWS));
	json_object_set_new(j, "shares", report_shares(a));
	return api_answer(a, 200, j);
}

enum op_status api_help_request_report(struct api *a)
{
	struct report *r = a->work;

	switch ((enum report_state)a->op.state) {
	case REPORT_START:
		a->work = r = arena_new_of(a->op.arena, struct report);
		return report_start(a, r);
	case REPORT_READ:
		return pg_failed(&a->op) ? api_failed(a) : report_answer(a, r);
	}
	return op_bad_state(&a->op);
}
