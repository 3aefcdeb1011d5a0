/* bots.c - a bot that is stuck hands over, by the way in of all contacts */
#include "daemon/bots.h"

#include "daemon/intake.h"
#include "daemon/log.h"
#include "daemon/pg.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"

#include <string.h>

enum { LOOK_ARENA_BYTES = 1 << 20 };

enum look_state { LOOK_START, LOOK_READ, LOOK_HANDED };

struct look {
	struct op op;
	struct case_id id;
	const struct world_inbox *inbox;
	struct world *world;
	struct intake_post post;
	struct contact contact;
};

bool bots_says(const struct contact *c)
{
	const char *by = c->direction == DIRECTION_OUT ? jsonx_str(c->fields, "by") : NULL;

	return by && !strcmp(by, "bot");
}

static enum op_status ask(struct look *l)
{
	struct pg_unit *u = pg_unit(&l->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_BOT_TURNS);
	pg_uuid(u, l->id.u);
	pg_int(u, l->inbox->stuck_turns);
	return pg_submit(&l->op, LOOK_READ, u);
}

/* the turns came the newest first */
static bool is_stuck(const struct look *l)
{
	int n = pg_rows(&l->op, 0), n_stuck = 0, n_same = 0;

	for (int i = 0; i < n; i++) {
		n_stuck += pg_get_bool(&l->op, 0, i, "stuck");
		n_same += !strcmp(pg_get(&l->op, 0, i, "text"), pg_get(&l->op, 0, 0, "text"));
	}
	return n == l->inbox->stuck_turns && (n_stuck == n || (n > 1 && n_same == n));
}

/* as the chat would have told of a hand-over, once for the turn that was too much */
static enum op_status hand_over(struct look *l)
{
	const char *fields = pg_get(&l->op, 0, 0, "fields");
	struct contact *c = &l->contact;
	char id[UUID_TEXT];

	uuid_format(pg_get_uuid(&l->op, 0, 0, "id"), id);
	c->kind = KIND_CHOICE;
	c->flags = FLAG_OPTION0;
	c->provider_id = arena_printf(l->op.arena, "stuck:%s", id);
	if (!fields || jsonx_load(l->op.arena, (struct bytes){(const uint8_t *)fields, strlen(fields)},
				  &c->fields, NULL))
		return OP_DONE;
	json_object_del(c->fields, "by");
	jsonx_put(c->fields, "event", "stuck");
	contact_add_address(c, arena_str(l->op.arena, pg_get(&l->op, 0, 0, "kind")),
			    arena_str(l->op.arena, pg_get(&l->op, 0, 0, "value")));
	l->post = (struct intake_post){
		.inbox = l->inbox,
		.world = l->world,
		.raw = {(const uint8_t *)"{}", 2},
		.content_type = "application/json",
		.received_us = now_us(),
		.into = l->id,
	};
	l->post.batch.contacts = c;
	l->post.batch.n_contacts = 1;
	return intake_store(&l->op, LOOK_HANDED, &l->post);
}

static enum op_status look_step(struct op *op)
{
	struct look *l = (struct look *)op;

	switch ((enum look_state)op->state) {
	case LOOK_START:
		return ask(l);

	case LOOK_READ:
		if (pg_failed(op))
			return OP_FAIL;
		return is_stuck(l) ? hand_over(l) : OP_DONE;

	case LOOK_HANDED:
		return OP_DONE;
	}
	return op_bad_state(op);
}

void bots_look(struct server *srv, const char *inbox, struct case_id id)
{
	static const struct op_kind kind = {"bots", look_step, NULL, LOOK_ARENA_BYTES};
	struct look *l = (struct look *)op_new(srv, &kind, sizeof(*l));

	l->id = id;
	l->world = world_hold(&l->op);
	l->inbox = world_inbox(l->world, inbox);
	op_start(&l->op);
}
