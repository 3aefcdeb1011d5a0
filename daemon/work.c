/* work.c - reading a case before a write to it, and telling others after it */
#include "daemon/work.h"

#include "daemon/dispatch.h"
#include "daemon/mutant.h"
#include "daemon/queue.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/core/contact.h"

#include <string.h>

struct pg_unit *work_begin(struct api *a, struct work *w)
{
	struct pg_unit *u;

	if (!api_id(a, a->param[0], &w->id.u))
		return NULL;
	u = api_unit(a);
	pg_add(u, SQL_WORK_CASE);
	pg_uuid(u, w->id.u);
	return u;
}

static const char *copy(const struct api *a, int statement, const char *column)
{
	return arena_str(a->op.arena, pg_get(&a->op, statement, 0, column));
}

int work_team(const struct world *world, const char *id)
{
	for (int i = 1; id != NULL && i < world->n_teams; i++)
		if (strcmp(world->teams[i], id) == 0)
			return i;
	return 0;
}

static bool has_flag(const struct op *op, int statement, enum contact_flag flag)
{
	const json_t *flags = rows_json(op, statement, 0, "flags"), *f;
	size_t i;

	json_array_foreach(flags, i,
			   f) if (!strcmp(json_string_value(f), contact_flag_name(flag))) return true;
	return false;
}

bool work_got_at(struct api *a, int statement, struct work *w)
{
	const struct op *op = &a->op;

	if (pg_rows(op, statement) == 0)
		return false;
	w->reference = copy(a, statement, "reference");
	w->municipality = copy(a, statement, "municipality");
	w->product = copy(a, statement, "product");
	w->inbox = copy(a, statement, "inbox");
	w->channel = copy(a, statement, "channel");
	w->language = copy(a, statement, "language");
	w->state = (enum case_state)case_state_from(pg_get(op, statement, 0, "state"));
	w->state_word = case_state_name(w->state);
	w->owner.u = pg_get_uuid(op, statement, 0, "owner");
	w->epoch = pg_get_int(op, statement, 0, "epoch");
	w->option0 = pg_get_bool(op, statement, 0, "option0");
	w->formal = has_flag(op, statement, FLAG_FORMAL);
	w->merged = pg_get(op, statement, 0, "merged_into") != NULL;
	w->transfers = (int)pg_get_int(op, statement, 0, "transfers");
	w->n_open_tasks = (int)pg_get_int(op, statement, 0, "open_tasks");
	w->opened_us = pg_get_time(op, statement, 0, "opened_at");
	w->arrived_us = pg_get_time(op, statement, 0, "arrived_at");
	w->due_us = pg_get_time(op, statement, 0, "due_at");
	w->wanted.u = pg_get_uuid(op, statement, 0, "wanted_agent");
	w->team = work_team(world_now(op->srv), pg_get(op, statement, 0, "wanted_team"));
	w->arm = arena_str(op->arena, pg_get(op, statement, 0, "arm"));
	return true;
}

bool work_got(struct api *a, struct work *w)
{
	return work_got_at(a, 0, w);
}

int64_t work_epoch(struct api *a)
{
	return api_int(a, "epoch", true, 0, INT64_MAX);
}

enum problem work_refused(const struct api *a, struct work *w, int64_t epoch, int event)
{
	if (epoch != w->epoch && !MUTANT("no_epoch_check"))
		return PROBLEM_STALE_EPOCH;
	if (event < 0 ? w->state != CASE_ASSIGNED : case_next(w->state, (enum case_event)event, &w->why) < 0)
		return PROBLEM_STATE;
	if (access_case_write(&a->who, w->owner))
		return PROBLEM_NONE;
	return uuid_is_nil(w->owner.u) ? PROBLEM_STATE : PROBLEM_FORBIDDEN;   /* who had it lost it: 409 */
}

void work_guard(struct pg_unit *u, const struct work *w)
{
	pg_uuid(u, w->id.u);
	pg_int(u, w->epoch);
	pg_uuid(u, w->owner.u);
}

struct uuid work_new_id(struct api *a, const struct work *w, const char *what)
{
	const char *key = api_idem_key(a), *text;
	uint8_t digest[SHA256_BYTES];
	char case_id[UUID_TEXT];
	struct uuid id;

	if (key == NULL)
		return server_uuid(a->op.srv);
	uuid_format(w->id.u, case_id);
	text = arena_printf(a->op.arena, "%s %s %s", what, case_id, key);
	sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, digest);
	memcpy(id.b, digest, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x80);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

struct uuid work_writer(const struct api *a)
{
	return a->who.is_agent ? a->who.agent_id.u : (struct uuid){ 0 };
}

int work_written(struct api *a, int statement)
{
	rows_publish(&a->op, statement);
	return pg_rows(&a->op, statement);
}

bool work_route_case(struct server *srv, const struct work *w, struct route_case *c)
{
	const struct world *world = world_now(srv);
	int product = world_product(world, w->product), channel = world_channel(world, w->channel);
	int municipality = world_municipality(world, w->municipality);
	int language = world_language(world, w->language);

	if (language < 0)
		language = world_language(world, "nl");
	if (product < 0 || municipality < 0 || channel < 0 || language < 0)
		return false;
	*c = (struct route_case){
		.id = w->id,
		.product = (uint16_t)product,
		.municipality = (uint16_t)municipality,
		.channel = (uint16_t)channel,
		.language = (uint16_t)language,
		.option0 = w->option0,
		.kind = world->kind[channel],
		.arrived_us = w->arrived_us,
		.due_us = w->due_us,
		.wanted = w->wanted,
		.team = (uint16_t)w->team,
		.method = dispatch_method(&world->policies[municipality], w->arm, w->id),
	};
	return true;
}

int work_wrapup_seconds(struct server *srv, const struct work *w)
{
	const struct world *world = world_now(srv);
	int channel = world_channel(world, w->channel);

	return channel < 0 ? 0 : world->wrapup_s[channel];
}

/* what cannot be numbered is found by the sweep, which says so */
void work_waits(struct server *srv, const struct work *w, struct agent_id not_again)
{
	struct route_case c;

	if (!work_route_case(srv, w, &c))
		return;
	if (!uuid_is_nil(not_again.u)) {
		c.declined[c.n_declined++] = not_again;
		dispatch_case_waits(srv->dispatch, &c);
	} else {
		dispatch_case_back(srv->dispatch, c.id); /* who had it before is read */
	}
	queue_put(srv->queue, &c);
}

enum op_status work_answer(struct api *a, const struct work *w, const char *state, const char *product)
{
	char id[UUID_TEXT];

	uuid_format(w->id.u, id);
	return api_answer(a, 200, json_pack("{s:{s:s, s:s, s:s, s:s, s:s}}", "case", "id", id,
	                                    "reference", w->reference, "municipality", w->municipality,
	                                    "product", product, "state", state));
}

enum op_status work_page(struct api *a, int statement, int limit)
{
	json_t *items = rows_masked(rows_array(&a->op, statement), &a->who);

	return api_answer(a, 200, api_page_cut(a, items, limit, "id"));
}

enum op_status work_list(struct api *a, enum sql statement, const char *looked, const char *kind)
{
	const char *municipality = api_query(a, "municipality");
	struct uuid last = {0};
	struct pg_unit *u;
	int limit;

	if (!api_page_id(a, &limit, &last))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	if (a->op.state == WORK_READ)
		return pg_failed(&a->op) ? api_failed(a) : work_page(a, 0, limit);
	u = api_unit(a);
	pg_add(u, statement);
	pg_uuid(u, last);
	pg_text(u, municipality);
	pg_int(u, limit + 1);
	if (looked)
		work_audit_scope(a, u, looked, kind, NULL, municipality);
	return pg_submit(&a->op, WORK_READ, u);
}

enum op_status work_deleted(struct api *a, int statement)
{
	if (pg_failed(&a->op))
		return api_failed(a);
	return pg_rows(&a->op, statement) ? api_answer(a, 204, NULL) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
}

void work_address(struct api *a, const char **kind, const char **value)
{
	const json_t *address = json_object_get(a->body, "address");

	if (address == NULL)
		return;
	*kind = jsonx_str(address, "kind");
	*value = jsonx_str(address, "value");
	if (*value == NULL || **value == '\0' || strlen(*value) > 500)
		api_bad_field(a, "address.value", "must be text of 1 to 500 bytes");
	else
		*value = contact_address_kept(a->op.arena, *kind, *value);
}

void work_audit_scope(struct api *a, struct pg_unit *u, const char *action, const char *kind, const char *id,
                      const char *municipality)
{
	struct uuid token = { 0 };

	uuid_parse(a->who.token_id, &token);
	pg_add(u, SQL_CASES_AUDIT_LIST);
	pg_uuid(u, token);
	pg_uuid(u, work_writer(a));
	pg_text(u, action);
	pg_text(u, kind);
	pg_text(u, id != NULL ? id : "-");
	pg_text(u, municipality);
}

int work_norm_s(struct server *srv, const struct work *w, bool option0)
{
	const struct world *world = world_now(srv);
	int channel = world_channel(world, w->channel);
	int municipality = world_municipality(world, w->municipality);
	enum norm_kind kind = world_norm_kind(world, municipality, w->product, w->formal);

	return channel < 0 || municipality < 0 ? 0
					       : world_norm_s(world, municipality, channel, kind, option0);
}
