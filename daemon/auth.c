/*
 * auth.c - bearer tokens
 *
 * A token that we make is "lk_" and 43 characters of base64url: 256 random bits. Only its SHA-256 is kept, in
 * the database and in the cache. Somebody who guesses learns nothing from time: what is compared is a digest of what he sent.
 */
#include "daemon/auth.h"

#include "daemon/dispatch.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "lib/base/hmac.h"
#include "lib/base/must.h"

#include <stdlib.h>
#include <string.h>

enum {
	AUTH_SETS = 1024,                 /* of four entries each: 4096 tokens */
	AUTH_WAYS = 4,
	AUTH_KEEP_US = 5 * 1000 * 1000,   /* a revoked token works so much longer */
	AUTH_UNKNOWN_US = 1000 * 1000,
	TOKEN_MIN = 16, TOKEN_MAX = 200,
};

struct entry {
	uint8_t sha[SHA256_BYTES];
	int64_t until_us;                 /* monotonic; 0: free */
	bool known;
	struct principal who;             /* municipalities point into names */
	char *names;
};

/* an operation that waits: the first for a token asks PostgreSQL, the others wait for the first */
struct waiter {
	LIST_ENTRY(waiter) link;
	struct op *op;
	uint8_t sha[SHA256_BYTES];
	bool asks, woken;
};

struct auth {
	struct server *srv;
	struct entry entries[AUTH_SETS][AUTH_WAYS];
	LIST_HEAD(, waiter) waiters;
};

struct auth *auth_new(struct server *srv)
{
	struct auth *a = must(calloc(1, sizeof *a));

	a->srv = srv;
	LIST_INIT(&a->waiters);
	return a;
}

static void entry_clear(struct entry *e)
{
	free(e->names);
	*e = (struct entry){ 0 };
}

void auth_forget(struct auth *a)
{
	for (int i = 0; i < AUTH_SETS; i++)
		for (int k = 0; k < AUTH_WAYS; k++)
			entry_clear(&a->entries[i][k]);
}

struct auth *auth_free(struct auth *a)
{
	struct waiter *w;

	if (!a)
		return NULL;
	while ((w = LIST_FIRST(&a->waiters))) {
		LIST_REMOVE(w, link);
		free(w);
	}
	auth_forget(a);
	free(a);
	return NULL;
}

static struct entry *set_of(struct auth *a, const uint8_t *sha)
{
	return a->entries[(sha[0] << 8 | sha[1]) % AUTH_SETS];
}

/* the entry for sha, also when its time is over; NULL when there is none */
static struct entry *entry_find(struct auth *a, const uint8_t *sha)
{
	struct entry *set = set_of(a, sha);

	for (int k = 0; k < AUTH_WAYS; k++)
		if (set[k].until_us && same_bytes(set[k].sha, sha, SHA256_BYTES))
			return &set[k];
	return NULL;
}

/* an empty entry for sha: its own, a free one, or the one whose time is over first */
static struct entry *entry_make(struct auth *a, const uint8_t *sha)
{
	struct entry *set = set_of(a, sha), *e = entry_find(a, sha);

	if (!e) {
		e = set;
		for (int k = 1; k < AUTH_WAYS; k++)
			if (set[k].until_us < e->until_us)
				e = &set[k];
	}
	entry_clear(e);
	memcpy(e->sha, sha, SHA256_BYTES);
	return e;
}

/* p with its names in the arena of op: the cache may change while op works */
static void give(struct op *op, const struct entry *e, struct principal *out)
{
	*out = e->who;
	for (int i = 0; i < out->n_municipalities; i++)
		out->municipalities[i] = arena_str(op->arena, e->who.municipalities[i]);
	if (out->is_agent && op->srv->dispatch)
		dispatch_seen(op->srv->dispatch, out->agent_id);
}

static bool token_sha(const char *header, uint8_t sha[SHA256_BYTES])
{
	static const char scheme[] = "Bearer ";
	const char *token;
	size_t len;

	if (!header || strncasecmp(header, scheme, strlen(scheme)) != 0)
		return false;
	token = header + strlen(scheme);
	len = strlen(token);
	if (len < TOKEN_MIN || len > TOKEN_MAX)
		return false;
	sha256((struct bytes){ (const uint8_t *)token, len }, sha);
	return true;
}

static struct waiter *waiter_add(struct auth *a, struct op *op, const uint8_t *sha)
{
	struct waiter *w = must(calloc(1, sizeof *w)), *other;

	w->op = op;
	w->asks = true;
	memcpy(w->sha, sha, SHA256_BYTES);
	LIST_FOREACH(other, &a->waiters, link)
		if (other->asks && same_bytes(other->sha, sha, SHA256_BYTES))
			w->asks = false;
	LIST_INSERT_HEAD(&a->waiters, w, link);
	return w;
}

static bool entry_fresh(const struct entry *e)
{
	if (!e || e->until_us <= mono_us())
		return false;
	return !e->known || !e->who.expires_us || e->who.expires_us > now_us();
}

enum op_status auth_check(struct op *op, int next_state, const char *header, struct principal *out,
                          enum auth_result *result)
{
	struct auth *a = op->srv->auth;
	uint8_t sha[SHA256_BYTES];
	struct entry *e;
	struct pg_unit *u;

	if (!token_sha(header, sha)) {
		*result = AUTH_UNKNOWN;
		return OP_DONE;
	}
	e = entry_find(a, sha);
	if (entry_fresh(e)) {
		*result = e->known ? AUTH_OK : AUTH_UNKNOWN;
		if (e->known)
			give(op, e, out);
		return OP_DONE;
	}
	if (!waiter_add(a, op, sha)->asks)
		return op_wait(op, next_state);
	/* not behind intake: a batch may hang on a lock or a slow disk, and agents would wait at the door */
	u = pg_unit(op, pg_ready(op->srv->pg, PG_BULK) ? PG_BULK : PG_SYSTEM, NULL);
	pg_add(u, SQL_AUTH_TOKEN);
	pg_bytea(u, (struct bytes){ sha, SHA256_BYTES });
	return pg_submit(op, next_state, u);
}

static bool read_principal(struct op *op, struct entry *e)
{
	struct principal *p = &e->who;
	int role = role_from(pg_get(op, 0, 0, "role"));
	char *next;

	if (role < 0)
		return false;
	p->role = (enum role)role;
	uuid_format(pg_get_uuid(op, 0, 0, "id"), p->token_id);
	p->agent_id.u = pg_get_uuid(op, 0, 0, "agent");
	p->is_agent = !uuid_is_nil(p->agent_id.u);
	p->expires_us = pg_get_time(op, 0, 0, "expires_at");
	p->sees_bsn = pg_get_bool(op, 0, 0, "sees_bsn");
	p->sees_raw = pg_get_bool(op, 0, 0, "sees_raw");
	e->names = must(strdup(pg_get(op, 0, 0, "municipalities")));
	next = e->names;
	while (next && *next && p->n_municipalities < ACCESS_MAX_MUNICIPALITIES)
		p->municipalities[p->n_municipalities++] = strsep(&next, ",");
	return true;
}

/* what PostgreSQL said, into the cache; and the others who waited for it go on */
static enum auth_result answer_came(struct auth *a, struct op *op, const uint8_t *sha)
{
	enum auth_result result = AUTH_UNAVAILABLE;
	struct waiter *w;

	if (!pg_failed(op)) {
		struct entry *e = entry_make(a, sha);

		e->known = pg_rows(op, 0) == 1 && read_principal(op, e);
		e->until_us = mono_us() + (e->known ? AUTH_KEEP_US : AUTH_UNKNOWN_US);
		result = e->known ? AUTH_OK : AUTH_UNKNOWN;
	}
	LIST_FOREACH(w, &a->waiters, link)
		if (!w->asks && !w->woken && same_bytes(w->sha, sha, SHA256_BYTES)) {
			w->woken = true;
			op_wake(w->op, (int)result);
		}
	return result;
}

enum auth_result auth_check_end(struct op *op, struct principal *out)
{
	struct auth *a = op->srv->auth;
	enum auth_result result;
	struct waiter *w;
	struct entry *e;

	LIST_FOREACH(w, &a->waiters, link)
		if (w->op == op)
			break;
	if (!w)
		return AUTH_UNAVAILABLE;
	LIST_REMOVE(w, link);
	result = w->asks ? answer_came(a, op, w->sha) : (enum auth_result)op->result;
	e = entry_find(a, w->sha);
	if (result == AUTH_OK && e && e->known)
		give(op, e, out);
	else if (result == AUTH_OK)
		result = AUTH_UNAVAILABLE;   /* others took its place in the cache: ask again */
	free(w);
	return result;
}
