#include "daemon/world.h"

#include "daemon/auth.h"
#include "daemon/config.h"
#include "daemon/dispatch.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/op.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "daemon/sse.h"
#include "daemon/world_load.h"
#include "lib/base/map.h"

#include <stdlib.h>
#include <string.h>

enum { WORLD_LOOK_MS = 1000 };

struct world *world_now(struct server *srv)
{
	return srv->world;
}

struct world *world_ref(struct world *w)
{
	w->refs++;
	return w;
}

struct world *world_unref(struct world *w)
{
	if (w && !--w->refs)
		arena_free(w->arena);   /* w lives in it */
	return NULL;
}

static void let_go(void *w)
{
	world_unref(w);
}

struct world *world_hold(struct op *op)
{
	struct world *w = world_now(op->srv);

	if (w)
		arena_on_free(op->arena, let_go, world_ref(w));
	return w;
}

static int inbox_by_id(const void *id, const void *inbox)
{
	return strcmp(id, ((const struct world_inbox *)inbox)->in.id);
}

const struct world_inbox *world_inbox(const struct world *w, const char *id)
{
	return bsearch(id, w->inboxes, (size_t)w->n_inboxes, sizeof *w->inboxes, inbox_by_id);
}

bool world_live(const struct world *w, const struct world_inbox *in)
{
	return w->kind[in->channel] != KIND_ASYNC;
}

const struct world_inbox *world_inbox_by_channel(struct arena *a, const struct world *w, int municipality, int channel)
{
	struct world_inbox *in;

	for (int i = 0; i < w->n_inboxes; i++)
		if (w->inboxes[i].municipality == municipality && w->inboxes[i].channel == channel &&
		    w->inboxes[i].enabled)
			return &w->inboxes[i];
	in = arena_new_of(a, struct world_inbox);
	in->in.municipality = w->municipalities[municipality];
	in->in.channel = w->channels[channel];
	in->in.id = arena_printf(a, "%s-%s", in->in.municipality, in->in.channel);
	in->municipality = (uint16_t)municipality;
	in->channel = (uint16_t)channel;
	return in;
}

/* short lists: to look is quicker than to search */
static int number_of(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (names[i] == name)      /* most who ask have it from here */
			return i;
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int world_municipality(const struct world *w, const char *id)
{
	return number_of(w->municipalities, w->n_municipalities, id);
}

int world_product(const struct world *w, const char *id)
{
	return number_of(w->products, w->n_products, id);
}

int world_channel(const struct world *w, const char *name)
{
	return number_of(w->channels, w->n_channels, name);
}

int world_language(const struct world *w, const char *code)
{
	return number_of(w->languages, w->n_languages, code);
}

const struct handling *world_handling(const struct world *w, int municipality, const char *product)
{
	const struct handling *all = municipality < 0 ? NULL : w->handlings[municipality];
	int p = all ? world_product(w, product) : -1;

	return p < 0 ? NULL : &all[p];
}

enum norm_kind world_norm_kind(const struct world *w, int municipality, const char *product, bool formal)
{
	const struct handling *h = formal ? NULL : world_handling(w, municipality, product);

	return formal ? NORM_FORMAL : h && h->report ? NORM_REPORT : NORM_QUESTION;
}

int world_norm_s(const struct world *w, int municipality, int channel, enum norm_kind kind, bool option0)
{
	int norm = w->norm_s[municipality][channel][kind];

	for (int c = 0; option0 && c < w->n_channels; c++)
		if (w->kind[c] != KIND_ASYNC && w->norm_s[municipality][c][NORM_QUESTION] < norm)
			norm = w->norm_s[municipality][c][NORM_QUESTION];
	return norm;
}

bool world_blocked(struct arena *scratch, const struct world *w, const char *municipality, const char *kind,
                   const char *value, int64_t now_us)
{
	const int64_t *until;

	if (!w->n_blocked)
		return false;
	until = map_get(w->blocked, arena_join(scratch, municipality, "\n", kind, "\n", value, NULL));
	return until && (!*until || *until > now_us);
}

const char *world_receipt(const struct world *w, struct arena *a, const char *reference)
{
	char *secret = arena_alloc(a, RECEIPT_TEXT);

	if (!w->n_receipt_keys)
		return NULL;
	receipt_secret(w->receipt_keys[0], reference, secret);
	return secret;
}

static int agent_by_id(const void *id, const void *agent)
{
	return memcmp(id, ((const struct world_agent *)agent)->base.id.u.b, sizeof(struct uuid));
}

const struct world_agent *world_agent(const struct world *w, struct agent_id id)
{
	return bsearch(id.u.b, w->agents, (size_t)w->n_agents, sizeof *w->agents, agent_by_id);
}

/* ---------------------------------------------------------------- keeping it fresh */

enum look_state { LOOK_WAIT, LOOK_ASK, LOOK_VERSION, LOOK_LOADED };

struct look {
	struct op op;
	bool for_ever;   /* when done, the next one follows a second later */
	int wait_ms;
};

static void look_start(struct server *srv, bool for_ever, int wait_ms);

static enum op_status ask_version(struct op *op)
{
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_WORLD_VERSION);
	return pg_submit(op, LOOK_VERSION, u);
}

static bool is_news(const struct op *op, int64_t version)
{
	return !op->srv->world || version != op->srv->world->version;
}

static enum op_status take_over(struct op *op)
{
	struct server *srv = op->srv;
	struct world *w;

	if (world_load_read(op, &w, &op->err))
		return OP_FAIL;   /* the old one stays */
	if (!is_news(op, w->version)) {   /* another look was quicker */
		world_unref(w);
		return OP_DONE;
	}
	world_unref(srv->world);
	srv->world = w;
	log_event(LOG_INFO, "world.loaded", "version=%lld inboxes=%d agents=%d products=%d",
	          (long long)w->version, w->n_inboxes, w->n_agents, w->n_products);
	metric_set(M_NO_WAY_OUT, w->n_no_way_out);
	if (srv->dispatch)
		dispatch_world_changed(srv->dispatch);
	auth_forget(srv->auth);          /* tokens are part of what is set up, perhaps by another instance */
	sse_check_tokens(srv->sse);
	return OP_DONE;
}

static enum op_status look_step(struct op *op)
{
	struct look *look = (struct look *)op;
	struct pg_unit *u;

	if (op->srv->stopping)
		return OP_DONE;
	switch ((enum look_state)op->state) {
	case LOOK_WAIT:
		if (look->wait_ms)
			return op_sleep(op, LOOK_ASK, look->wait_ms);
		return ask_version(op);

	case LOOK_ASK:
		return ask_version(op);

	case LOOK_VERSION:
		if (pg_failed(op))
			return OP_DONE;   /* pg.c says so once; we keep what we have */
		if (!pg_rows(op, 0) || !is_news(op, pg_get_int(op, 0, 0, "version")))
			return OP_DONE;
		u = pg_unit(op, PG_SYSTEM, NULL);
		world_load_ask(u);
		return pg_submit(op, LOOK_LOADED, u);

	case LOOK_LOADED:
		return pg_failed(op) ? OP_FAIL : take_over(op);
	}
	return op_bad_state(op);
}

static void look_done(struct op *op, enum op_status how)
{
	(void)how;
	if (((struct look *)op)->for_ever && !op->srv->stopping)
		look_start(op->srv, true, op->srv->world ? WORLD_LOOK_MS : WORLD_LOOK_MS / 10);
}

static const struct op_kind look_kind = {
	.name = "world",
	.step = look_step,
	.done = look_done,
	.max_arena_bytes = 32 * 1024 * 1024,
};

static void look_start(struct server *srv, bool for_ever, int wait_ms)
{
	struct look *look = (struct look *)op_new(srv, &look_kind, sizeof *look);

	look->for_ever = for_ever;
	look->wait_ms = wait_ms;
	op_start(&look->op);
}

void world_start(struct server *srv)
{
	look_start(srv, true, 0);
}

void world_reload(struct server *srv)
{
	look_start(srv, false, 0);
}

const char *world_hook_url(const struct server *srv, struct arena *a, const char *inbox)
{
	return arena_printf(a, "%s/v1/hooks/%s", srv->config->public_url, inbox);
}
