/*
 * api_subscriptions.c - who is told what happens (events.h): set up, changed, tried again
 *
 * A secret goes in, or is made and shown once; it never comes out.
 */
#include "daemon/config.h"
#include "daemon/events.h"
#include "daemon/fetch.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/base64.h"
#include "lib/base/jsonx.h"
#include "lib/core/event.h"

#include <string.h>

enum { SUBSCRIPTIONS_PER_MUNICIPALITY = 20, NAME_BYTES = 400, SECRET_BYTES = 32, BOTH_SIGN_S = 86400 };
enum subscription_state { SUBSCRIPTION_START, SUBSCRIPTION_DONE };

struct subscription_work {
	char *secret; /* that was made, and is shown now */
	int get;      /* place of subscription_get in the unit */
};

/* ---------------------------------------------------------------- what was given */

static void check_types(struct api *a)
{
	json_t *type;
	size_t i;

	json_array_foreach(json_object_get(a->body, "types"), i,
			   type) if (!event_type_known(json_string_value(type)))
		api_bad_field(a, arena_printf(a->op.arena, "types[%zu]", i),
			      "no type of ours, or the beginning of one");
}

static const char *read_url(struct api *a)
{
	const char *url = jsonx_str(a->body, "url"),
		   *why = url ? fetch_url_wrong(a->op.srv->fetch, url) : NULL;

	if (why)
		api_bad_field(a, "url", why);
	return url;
}

static const char *read_secret(struct api *a)
{
	const char *secret = jsonx_str(a->body, "secret");

	if (secret && !event_secret_good(a->op.arena, secret))
		api_bad_field(a, "secret",
			      "must be base64 of 24 to 64 bytes, with or without whsec_ before it");
	return secret;
}

static char *make_secret(struct api *a)
{
	uint8_t chance[SECRET_BYTES];
	char *secret;

	random_bytes(chance, sizeof chance);
	secret = arena_printf(a->op.arena, "whsec_%s",
			      base64_encode(a->op.arena, (struct bytes){chance, sizeof chance}));
	explicit_bzero(chance, sizeof chance);
	return secret;
}

static void add_types(struct api *a, struct pg_unit *u)
{
	json_t *types = json_object_get(a->body, "types"), *type;
	size_t i;

	if (!types) {
		pg_null(u);
		return;
	}
	pg_array(u, PG_TYPE_TEXT, (int)json_array_size(types));
	json_array_foreach(types, i, type) pg_push_text(u, json_string_value(type));
}

static void add_get(struct pg_unit *u, struct uuid id)
{
	pg_add(u, SQL_SUBSCRIPTION_GET);
	pg_uuid(u, id);
}

static void add_secret(struct pg_unit *u, struct uuid id, const char *secret)
{
	pg_add(u, SQL_SUBSCRIPTION_SECRET_PUT);
	pg_uuid(u, id);
	pg_text(u, secret);
}

static void add_audit(struct api *a, struct pg_unit *u, struct uuid id, const char *action)
{
	pg_add(u, SQL_SUBSCRIPTION_AUDIT);
	pg_uuid(u, id);
	pg_text(u, a->who.token_id);
	pg_text(u, action);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
}

/* ---------------------------------------------------------------- reading */

enum op_status api_subscription_list(struct api *a)
{
	return work_list(a, SQL_SUBSCRIPTION_LIST, NULL, NULL);
}

enum op_status api_subscription_get(struct api *a)
{
	struct pg_unit *u;
	struct uuid id;

	if (a->op.state == SUBSCRIPTION_DONE) {
		if (pg_failed(&a->op))
			return api_failed(a);
		return pg_rows(&a->op, 0) ? api_answer(a, 200, rows_object(&a->op, 0, 0))
					  : api_problem(a, PROBLEM_NOT_FOUND, NULL);
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add_get(u, id);
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}

enum op_status api_subscription_dead(struct api *a)
{
	struct uuid id, last = {0};
	struct pg_unit *u;
	int limit;

	if (!api_page_id(a, &limit, &last))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that was given.");
	if (a->op.state == SUBSCRIPTION_DONE) {
		if (pg_failed(&a->op))
			return api_failed(a);
		return pg_rows(&a->op, 0) ? work_page(a, 1, limit) : api_problem(a, PROBLEM_NOT_FOUND, NULL);
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add_get(u, id);
	pg_add(u, SQL_SUBSCRIPTION_DEAD);
	pg_uuid(u, id);
	pg_uuid(u, last);
	pg_int(u, limit + 1);
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}

/* ---------------------------------------------------------------- setting up */

static enum op_status create(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality"), *url = read_url(a),
		   *secret = read_secret(a);
	const char *name = api_text(a, "name", true, NAME_BYTES);
	struct subscription_work *work = arena_new_of(a->op.arena, struct subscription_work);
	struct uuid id = server_uuid(a->op.srv);
	char id_text[UUID_TEXT];
	struct pg_unit *u;

	if (world_municipality(world_now(a->op.srv), municipality) < 0)
		api_bad_field(a, "municipality", "not set up");
	check_types(a);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	a->work = work;
	if (!secret)
		secret = work->secret = make_secret(a);
	uuid_format(id, id_text);
	u = api_unit(a);
	pg_add(u, SQL_SUBSCRIPTION_MAKE);
	pg_uuid(u, id);
	pg_text(u, municipality);
	pg_text(u, name);
	pg_text(u, url);
	add_types(a, u);
	pg_int(u, SUBSCRIPTIONS_PER_MUNICIPALITY);
	add_secret(u, id, secret);
	add_get(u, id);
	api_audit(a, u, "subscription.create", municipality, "subscription", id_text);
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}

enum op_status api_subscription_create(struct api *a)
{
	struct subscription_work *work = a->work;
	enum op_status how;
	json_t *made;

	if (a->op.state == SUBSCRIPTION_START)
		return create(a);
	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) == 0)
		return api_rule(a, "tooManySubscriptions", "This municipality has 20 subscriptions already.");
	events_wake(a->op.srv->events);
	made = json_pack("{s:o}", "subscription", rows_object(&a->op, 2, 0));
	jsonx_put(made, "secret", work->secret);
	how = api_answer(a, 201, made);
	if (work->secret)
		explicit_bzero(work->secret, strlen(work->secret));
	return how;
}

static enum op_status patch(struct api *a, struct uuid id)
{
	const char *url = read_url(a), *secret = read_secret(a),
		   *name = api_text(a, "name", false, NAME_BYTES);
	json_t *enabled = json_object_get(a->body, "enabled");
	struct subscription_work *work = arena_new_of(a->op.arena, struct subscription_work);
	struct pg_unit *u;

	check_types(a);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	a->work = work;
	u = api_unit(a);
	pg_add(u, SQL_SUBSCRIPTION_CHANGE);
	pg_uuid(u, id);
	pg_text(u, name);
	pg_text(u, url);
	add_types(a, u);
	if (enabled)
		pg_bool(u, json_is_true(enabled));
	else
		pg_null(u);
	if (secret) {
		pg_add(u, SQL_SUBSCRIPTION_SECRET_OLD);
		pg_uuid(u, id);
		pg_int(u, BOTH_SIGN_S);
		add_secret(u, id, secret);
	}
	work->get = secret ? 3 : 1;
	add_get(u, id);
	add_audit(a, u, id, "subscription.change");
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}

enum op_status api_subscription_patch(struct api *a)
{
	struct uuid id;

	if (a->op.state == SUBSCRIPTION_DONE) {
		if (pg_failed(&a->op))
			return api_failed(a);
		if (pg_rows(&a->op, 0) == 0)
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		events_wake(a->op.srv->events);
		return api_answer(a, 200, rows_object(&a->op, ((struct subscription_work *)a->work)->get, 0));
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return patch(a, id);
}

enum op_status api_subscription_delete(struct api *a)
{
	struct pg_unit *u;
	struct uuid id;

	if (a->op.state == SUBSCRIPTION_DONE)
		return work_deleted(a, 2);
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add_audit(a, u, id, "subscription.delete");
	pg_add(u, SQL_SUBSCRIPTION_LOCK);
	pg_uuid(u, id);
	pg_add(u, SQL_SUBSCRIPTION_DROP);
	pg_uuid(u, id);
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}

enum op_status api_subscription_retry(struct api *a)
{
	json_t *ids = json_object_get(a->body, "events"), *one;
	struct pg_unit *u;
	struct uuid id;
	size_t i;

	if (a->op.state == SUBSCRIPTION_DONE) {
		if (pg_failed(&a->op))
			return api_failed(a);
		if (pg_rows(&a->op, 0) == 0)
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		events_wake(a->op.srv->events);
		return api_answer(a, 200,
				  json_pack("{s:I}", "events", (json_int_t)pg_get_int(&a->op, 1, 0, "n")));
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add_get(u, id);
	pg_add(u, SQL_SUBSCRIPTION_RETRY);
	pg_uuid(u, id);
	if (ids) {
		pg_array(u, PG_TYPE_TEXT, (int)json_array_size(ids));
		json_array_foreach(ids, i, one) pg_push_text(u, json_string_value(one));
	} else {
		pg_null(u);
	}
	return pg_submit(&a->op, SUBSCRIPTION_DONE, u);
}
