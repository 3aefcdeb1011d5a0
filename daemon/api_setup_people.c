/*
 * api_setup_people.c - set-up: agents, and the tokens by which people and systems come in
 */
#include "daemon/api_setup.h"

#include "daemon/auth.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/base/b64url.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"

#include <string.h>

enum { NAME_BYTES = 800, TOKEN_BYTES = 32 };

enum people_state { PEOPLE_START, PEOPLE_DONE };

/* ------------------------------------------------------------------ agents */

enum op_status api_agent_get(struct api *a)
{
	struct uuid id;

	if (a->op.state == PEOPLE_DONE)
		return setup_got(a);
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return setup_get(a, SQL_SETUP_AGENT_GET, PEOPLE_DONE);
}

/* one of the agent's municipalities, or NULL */
static void check_place(struct api *a, const char *field, const char *place)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(a->body, "municipalities"), i,
			   name) if (place && !strcmp(json_string_value(name), place)) return;
	if (place)
		api_bad_field(a, field, "not one of the municipalities");
}

static void check_agent(struct api *a)
{
	const char *channel;
	json_t *room, *name;
	size_t i;

	setup_all_known(a, "municipalities", SETUP_MUNICIPALITY);
	setup_all_known(a, "products", SETUP_PRODUCT);
	setup_all_known(a, "channels", SETUP_CHANNEL);
	setup_all_known(a, "languages", SETUP_LANGUAGE);
	setup_all_known(a, "teams", SETUP_TEAM);
	setup_rights(a, "municipalities");
	check_place(a, "home", jsonx_str(a->body, "home"));
	json_array_foreach(json_object_get(a->body, "knows"), i, name)
		check_place(a, arena_printf(a->op.arena, "knows[%zu]", i), json_string_value(name));
	json_object_foreach(json_object_get(a->body, "room"), channel, room)
		setup_known(a, arena_printf(a->op.arena, "room.%.40s", channel), SETUP_CHANNEL, channel);
}

static enum op_status agent_write(struct api *a)
{
	json_t *room_total = json_object_get(a->body, "roomTotal");
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_SETUP_AGENT_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, api_text(a, "name", true, NAME_BYTES));
	pg_text(u, jsonx_str(a->body, "role"));
	setup_add_texts(a, u, "municipalities");
	setup_add_texts(a, u, "products");
	setup_add_texts(a, u, "channels");
	setup_add_texts(a, u, "languages");
	setup_add_texts(a, u, "teams");
	pg_json(u, json_object_get(a->body, "room"));
	if (room_total)
		pg_int(u, json_integer_value(room_total));
	else
		pg_null(u);
	setup_add_bool(a, u, "enabled");
	setup_add_texts(a, u, "knows");
	pg_text(u, jsonx_str(a->body, "home"));
	pg_text(u, jsonx_str(a->body, "extension"));
	pg_add(u, SQL_SETUP_AGENT_PRESENCE);
	pg_text(u, a->param[0]);
	pg_add(u, SQL_SETUP_AGENT_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, PEOPLE_DONE, u);
}

enum op_status api_agent_put(struct api *a)
{
	struct uuid id;

	if (a->op.state == PEOPLE_DONE) {
		auth_forget(a->op.srv->auth);   /* who was switched off is out at once */
		return setup_written(a, 0, 2);
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, "The id of an agent is a UUID.");
	check_agent(a);
	return api_has_bad_fields(a) ? api_invalid(a) : agent_write(a);
}

/* ------------------------------------------------------------------ tokens */

enum op_status api_token_list(struct api *a)
{
	struct uuid before = {0};
	struct pg_unit *u;
	int limit;

	if (!api_page_id(a, &limit, &before))
		return api_problem(a, PROBLEM_BAD_REQUEST, "The cursor is not one that this list gave.");
	if (a->op.state == PEOPLE_START) {
		u = api_unit(a);
		pg_add(u, SQL_SETUP_TOKEN_LIST);
		pg_uuid(u, before);
		pg_int(u, limit + 1);
		return pg_submit(&a->op, PEOPLE_DONE, u);
	}
	if (pg_failed(&a->op))
		return api_failed(a);
	return api_answer(a, 200, api_page_cut(a, rows_array(&a->op, 0), limit, "id"));
}

struct token_work {
	char *secret;
};

static enum op_status token_made(struct api *a)
{
	struct token_work *work = a->work;
	enum op_status how;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) != 1) {
		api_bad_field(a, "agent", "no agent with this role");
		return api_invalid(a);
	}
	auth_forget(a->op.srv->auth);
	how = api_answer(a, 201, json_pack("{s:o, s:s}", "token", rows_object(&a->op, 0, 0),
	                                   "secret", work->secret));
	explicit_bzero(work->secret, strlen(work->secret));
	return how;
}

/* people work under an agent of the same role; systems and admins do not */
static void check_token(struct api *a, int64_t *expires_us)
{
	int role = role_from(jsonx_str(a->body, "role"));
	bool person = role != ROLE_INTEGRATION && role != ROLE_ADMIN;
	const char *expires = jsonx_str(a->body, "expiresAt");

	*expires_us = 0;
	if (expires && (!when_parse(expires, expires_us) || *expires_us <= now_us()))
		api_bad_field(a, "expiresAt", "in the past");
	if (person && !jsonx_str(a->body, "agent"))
		api_bad_field(a, "agent", "required for this role");
	if (!person && jsonx_str(a->body, "agent"))
		api_bad_field(a, "agent", "not for this role");
	setup_all_known(a, "municipalities", SETUP_MUNICIPALITY);
	setup_rights(a, "municipalities");
}

static void make_secret(struct api *a, struct token_work *work, uint8_t sha[SHA256_BYTES])
{
	uint8_t chance[TOKEN_BYTES];

	random_bytes(chance, sizeof chance);
	work->secret = arena_printf(a->op.arena, "lk_%s", b64url_encode(a->op.arena,
		(struct bytes){ chance, sizeof chance }));
	explicit_bzero(chance, sizeof chance);
	sha256((struct bytes){ (const uint8_t *)work->secret, strlen(work->secret) }, sha);
}

static enum op_status token_write(struct api *a, int64_t expires_us)
{
	json_t *where = json_object_get(a->body, "municipalities");
	uint8_t sha[SHA256_BYTES];
	char id[UUID_TEXT];
	struct pg_unit *u;

	a->work = arena_new_of(a->op.arena, struct token_work);
	make_secret(a, a->work, sha);
	uuid_format(server_uuid(a->op.srv), id);
	u = api_unit(a);
	pg_add(u, SQL_SETUP_TOKEN_MAKE);
	pg_text(u, id);
	pg_bytea(u, (struct bytes){ sha, sizeof sha });
	pg_text(u, api_text(a, "name", true, NAME_BYTES));
	pg_text(u, jsonx_str(a->body, "role"));
	pg_text(u, jsonx_str(a->body, "agent"));
	setup_add_texts(a, u, "municipalities");
	pg_bool(u, jsonx_bool(a->body, "seesBsn"));
	pg_bool(u, jsonx_bool(a->body, "seesRaw"));
	pg_time(u, expires_us);
	api_audit(a, u, "token.create", json_string_value(json_array_get(where, 0)), "token", id);
	return pg_submit(&a->op, PEOPLE_DONE, u);
}

enum op_status api_token_create(struct api *a)
{
	int64_t expires_us;

	if (a->op.state == PEOPLE_DONE)
		return token_made(a);
	check_token(a, &expires_us);
	return api_has_bad_fields(a) ? api_invalid(a) : token_write(a, expires_us);
}

enum op_status api_token_revoke(struct api *a)
{
	struct pg_unit *u;
	struct uuid id;

	if (a->op.state == PEOPLE_START) {
		if (!api_id(a, a->param[0], &id))
			return api_problem(a, PROBLEM_NOT_FOUND, NULL);
		u = api_unit(a);
		pg_add(u, SQL_SETUP_TOKEN_REVOKE);
		pg_uuid(u, id);
		return pg_submit(&a->op, PEOPLE_DONE, u);
	}
	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) != 1)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	auth_forget(a->op.srv->auth);
	return api_answer(a, 204, NULL);
}
