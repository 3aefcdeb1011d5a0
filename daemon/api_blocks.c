/*
 * api_blocks.c - senders who are blocked: what they send becomes a closed spam case, until somebody lets them in again
 *
 * Addresses stand in bodies only, never in a URL. Every instance knows within a second (world).
 */
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/contact.h"

enum { BLOCKS_PER_MUNICIPALITY = 1000, BLOCK_REASON_BYTES = 2000 };
enum block_state { BLOCK_START, BLOCK_DONE };

enum op_status api_block_list(struct api *a)
{
	return work_list(a, SQL_BLOCK_LIST, "block.list", "blocks");
}

static int64_t read_until(struct api *a)
{
	const char *until = jsonx_str(a->body, "until");
	int64_t us = 0;

	if (until && (!when_parse(until, &us) || us <= now_us()))
		api_bad_field(a, "until", "in the past");
	return us;
}

static enum op_status put(struct api *a)
{
	const json_t *address = json_object_get(a->body, "address");
	const char *municipality = jsonx_str(a->body, "municipality"), *kind = jsonx_str(address, "kind");
	const char *reason = api_text(a, "reason", false, BLOCK_REASON_BYTES);
	int64_t until_us = read_until(a);
	struct pg_unit *u;

	if (world_municipality(world_now(a->op.srv), municipality) < 0)
		api_bad_field(a, "municipality", "not set up");
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (!access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	u = api_unit(a);
	pg_add(u, SQL_BLOCK_PUT);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_text(u, municipality);
	pg_text(u, kind);
	pg_text(u, contact_address_kept(a->op.arena, kind, jsonx_str(address, "value")));
	pg_text(u, reason);
	pg_uuid(u, work_writer(a));
	pg_time(u, until_us);
	pg_int(u, BLOCKS_PER_MUNICIPALITY);
	pg_text(u, a->who.token_id);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
	return pg_submit(&a->op, BLOCK_DONE, u);
}

enum op_status api_block_put(struct api *a)
{
	json_t *block;
	bool made;

	if (a->op.state == BLOCK_START)
		return put(a);
	if (pg_failed(&a->op))
		return api_failed(a);
	if (pg_rows(&a->op, 0) == 0)
		return api_rule(a, "tooManyBlocks", "This municipality blocks 1000 senders already: let some in again.");
	made = pg_get_bool(&a->op, 0, 0, "made");
	block = rows_object(&a->op, 0, 0);
	json_object_del(block, "made");
	world_reload(a->op.srv);
	return api_answer(a, made ? 201 : 200, block);
}

enum op_status api_block_delete(struct api *a)
{
	struct pg_unit *u;
	struct uuid id;

	if (a->op.state == BLOCK_DONE) {
		world_reload(a->op.srv);
		return work_deleted(a, 0);
	}
	if (!api_id(a, a->param[0], &id))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	pg_add(u, SQL_BLOCK_DELETE);
	pg_uuid(u, id);
	pg_text(u, a->who.token_id);
	pg_uuid(u, work_writer(a));
	pg_text(u, a->x ? http_peer(a->x) : NULL);
	return pg_submit(&a->op, BLOCK_DONE, u);
}
