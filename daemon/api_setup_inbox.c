/*
 * api_setup_inbox.c - set-up: one account on one channel, and the secrets that go in and never come out
 */
#include "daemon/api_setup.h"

#include "lib/base/jsonx.h"
#include "lib/channel/channel.h"

enum { ACCOUNT_BYTES = 800 };

enum inbox_state { INBOX_START, INBOX_DONE };

static const char *const secret_kinds[] = {"secret", "verify", "token", "tokenSecret", "key"};
enum { N_SECRET_KINDS = 5 };

enum op_status api_inbox_get(struct api *a)
{
	return a->op.state == INBOX_START ? setup_get(a, SQL_SETUP_INBOX_GET, INBOX_DONE) : setup_got(a);
}

static void check_inbox(struct api *a)
{
	setup_known(a, "municipality", SETUP_MUNICIPALITY, jsonx_str(a->body, "municipality"));
	setup_known(a, "channel", SETUP_CHANNEL, jsonx_str(a->body, "channel"));
	setup_known(a, "product", SETUP_PRODUCT, jsonx_str(a->body, "product"));
	if (jsonx_str(a->body, "provider") && !channel_find(jsonx_str(a->body, "provider")))
		api_bad_field(a, "provider", "is not one that loketd knows");
}

/* kinds that are not given stay as they are */
static int add_secrets(struct api *a, struct pg_unit *u, const char *municipality)
{
	json_t *all = json_object_get(a->body, "secrets"), *of_kind, *value;
	int n_statements = 0;
	size_t i;

	for (int k = 0; k < N_SECRET_KINDS; k++) {
		of_kind = json_object_get(all, secret_kinds[k]);
		if (!of_kind)
			continue;
		pg_add(u, SQL_SETUP_INBOX_SECRET_DROP);
		pg_text(u, a->param[0]);
		pg_text(u, municipality);
		pg_text(u, secret_kinds[k]);
		pg_add(u, SQL_SETUP_INBOX_SECRET_PUT);
		pg_text(u, a->param[0]);
		pg_text(u, municipality);
		pg_text(u, secret_kinds[k]);
		pg_array(u, PG_TYPE_TEXT, (int)json_array_size(of_kind));
		json_array_foreach(of_kind, i, value) pg_push_text(u, json_string_value(value));
		n_statements += 2;
	}
	return n_statements;
}

struct inbox_work {
	int get; /* the statement that reads it back */
};

static enum op_status inbox_write(struct api *a)
{
	const char *municipality = jsonx_str(a->body, "municipality");
	struct inbox_work *work = arena_new_of(a->op.arena, struct inbox_work);
	struct pg_unit *u = api_unit(a);

	a->work = work;
	pg_add(u, SQL_SETUP_INBOX_PUT);
	pg_text(u, a->param[0]);
	pg_text(u, municipality);
	pg_text(u, jsonx_str(a->body, "channel"));
	pg_text(u, api_text(a, "account", false, ACCOUNT_BYTES));
	pg_text(u, jsonx_str(a->body, "product"));
	pg_json(u, json_object_get(a->body, "settings"));
	setup_add_bool(a, u, "enabled");
	pg_text(u, jsonx_str(a->body, "provider"));
	work->get = 1 + add_secrets(a, u, municipality);
	pg_add(u, SQL_SETUP_INBOX_GET);
	pg_text(u, a->param[0]);
	return pg_submit(&a->op, INBOX_DONE, u);
}

enum op_status api_inbox_put(struct api *a)
{
	static const struct shape code = {.type = SHAPE_STRING, .format = FORMAT_CODE, .max = 80};

	if (a->op.state == INBOX_DONE)
		return setup_written(a, 0, ((struct inbox_work *)a->work)->get);
	if (shape_check_text(&code, a->param[0]))
		return api_problem(a, PROBLEM_NOT_FOUND, "An id is 1 to 80 of a-z, 0-9 and -.");
	check_inbox(a);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, jsonx_str(a->body, "municipality")))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	return inbox_write(a);
}
