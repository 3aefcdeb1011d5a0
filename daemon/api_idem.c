/*
 * api_idem.c - Idempotency-Key: the same request again gets the same answer, for 24 hours
 *
 * The key is claimed in a unit of its own before the route runs, and the answer stored after it. An instance
 * that dies in between leaves a claim behind that anybody may take over after a minute; the route then runs
 * again, which is why what it makes is keyed by api_idem_key.
 */
#include "daemon/api.h"

#include "daemon/server.h"
#include "lib/base/hmac.h"

#include <string.h>

enum { KEY_MAX = 200, AGAIN_MS = 250, AGAIN_FOR_MS = 50000 /* then the claim is about to be anybody's */ };

const char *api_idem_key(struct api *a)
{
	const char *key = a->route->idempotent_key && a->x ? http_header(a->x, "Idempotency-Key") : NULL;

	return key ? arena_printf(a->op.arena, "%s:%s", a->who.token_id, key) : NULL;
}

/* what makes two requests the same: path, query and body */
static void fingerprint(struct api *a, uint8_t out[SHA256_BYTES])
{
	struct bytes body = http_body(a->x);
	const char *head = arena_printf(a->op.arena, "%s?%s\n", http_path(a->x), http_query(a->x));
	size_t head_len = strlen(head);
	uint8_t *all = arena_alloc(a->op.arena, head_len + body.len + 1);

	memcpy(all, head, head_len);
	if (body.len > 0)
		memcpy(all + head_len, body.data, body.len);
	sha256((struct bytes){ all, head_len + body.len }, out);
}

static void add_key(struct api *a, struct pg_unit *u, enum sql statement)
{
	pg_add(u, statement);
	pg_text(u, a->who.token_id);
	pg_text(u, a->idem_key);
}

/* 1 to KEY_MAX printable characters of ASCII: PostgreSQL takes no other bytes as text */
static bool is_key(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] < ' ' || key[i] > '~')
			return false;
	return len >= 1 && len <= KEY_MAX;
}

enum op_status api_idem_claim(struct api *a, int next_state)
{
	uint8_t sha[SHA256_BYTES];
	struct pg_unit *u;

	if (!is_key(http_header(a->x, "Idempotency-Key")))
		return api_problem(a, PROBLEM_BAD_REQUEST, "Idempotency-Key has 1 to 200 characters of printable ASCII.");
	a->idem_key = arena_str(a->op.arena, http_header(a->x, "Idempotency-Key"));
	fingerprint(a, sha);
	u = api_unit(a);
	add_key(a, u, SQL_API_IDEM_CLAIM);
	pg_bytea(u, (struct bytes){ sha, sizeof sha });
	add_key(a, u, SQL_API_IDEM_LOOK);
	pg_bytea(u, (struct bytes){ sha, sizeof sha });
	return pg_submit(&a->op, next_state, u);
}

static enum op_status again(struct api *a)
{
	const char *answer;

	if (!pg_get_bool(&a->op, 1, 0, "same"))
		return api_problem(a, PROBLEM_KEY_REUSED, NULL);
	if (!pg_get(&a->op, 1, 0, "status"))
		return api_problem(a, PROBLEM_KEY_RUNNING, NULL);
	answer = pg_get(&a->op, 1, 0, "answer");
	a->answer_status = (int)pg_get_int(&a->op, 1, 0, "status");
	a->answer = arena_str(a->op.arena, answer);
	api_send_answer(a);
	return OP_DONE;
}

bool api_idem_claimed(struct api *a, enum op_status *how)
{
	if (pg_failed(&a->op)) {
		*how = api_failed(a);
		return false;
	}
	if (pg_rows(&a->op, 0) == 1) {
		a->idem_state = API_IDEM_OURS;
		return true;
	}
	*how = pg_rows(&a->op, 1) == 1 ? again(a) : api_problem(a, PROBLEM_KEY_RUNNING, NULL);
	return false;
}

enum op_status api_idem_store(struct api *a, int next_state)
{
	struct pg_unit *u = api_unit(a);

	a->idem_state = API_IDEM_STORED;
	if (a->answer_status >= 500) {
		add_key(a, u, SQL_API_IDEM_DROP);
	} else {
		add_key(a, u, SQL_API_IDEM_STORE);
		pg_int(u, a->answer_status);
		pg_text(u, a->answer);
	}
	return pg_submit(&a->op, next_state, u);
}

enum op_status api_idem_stored(struct api *a, int next_state)
{
	int64_t ms = (mono_us() - a->op.started_us) / 1000;

	if (!pg_failed(&a->op) || a->op.srv->stopping || ms > AGAIN_FOR_MS)
		return OP_DONE;
	return op_sleep(&a->op, next_state, AGAIN_MS);
}
