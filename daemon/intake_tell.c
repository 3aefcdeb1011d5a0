#include "daemon/crash.h"
#include "daemon/intake_batch.h"

#include "daemon/attachments.h"
#include "daemon/automatic.h"
#include "daemon/bots.h"
#include "daemon/dispatch.h"
#include "daemon/identity.h"
#include "daemon/metrics.h"
#include "daemon/queue.h"
#include "daemon/server.h"
#include "daemon/sse.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- what will be told */

static void say_back(struct batch *b, const struct batch_case *k)
{
	b->notices[b->n_notices++] = (struct batch_notice){
		.kind = NOTICE_CASE_CHANGED,
		.about = k,
		.payload = arena_printf(b->op.arena,
			"{\"case\":{\"id\":\"%s\",\"state\":\"%s\",\"product\":\"%s\",\"municipality\":\"%s\"},"
			"\"event\":\"contact\",\"why\":\"%s\"}",
			k->id_text, case_state_name(k->wakes_to), k->product, k->municipality,
			k->reopened ? "the citizen came back" : "the citizen is there again: no need to wait"),
	};
}

static void say_received(struct batch *b, const struct batch_item *it)
{
	const struct batch_case *k = it->where;
	char id[UUID_TEXT];

	uuid_format(it->id.u, id);
	b->notices[b->n_notices++] = (struct batch_notice){
		.kind = NOTICE_CONTACT_RECEIVED,
		.about = k,
		.payload = arena_join(b->op.arena, "{\"contact\":{\"id\":\"", id, "\",\"channel\":\"",
			it->post->p->inbox->in.channel, "\",\"kind\":\"", contact_kind_name(it->c->kind),
			"\"},\"case\":{\"id\":\"", k->id_text, "\",\"product\":\"", k->product,
			"\",\"municipality\":\"", k->municipality, it->placed->new_case ? "\",\"new\":true}}" : "\"}}",
			NULL),
	};
}

static void say_post(struct batch *b, enum notice_kind kind, struct contact_id post, const struct batch_case *k,
                     const char *more)
{
	char id[UUID_TEXT];

	uuid_format(post.u, id);
	b->notices[b->n_notices++] = (struct batch_notice){
		.kind = kind,
		.about = k,
		.payload = arena_printf(b->op.arena,
			"{\"post\":{\"id\":\"%s\",\"channel\":\"%s\"%s},"
			"\"case\":{\"id\":\"%s\",\"product\":\"%s\",\"municipality\":\"%s\"}}",
			id, k->channel, more, k->id_text, k->product, k->municipality),
	};
}

/* the first ones of a flood were told; the rest is found in the case */
static bool is_flood(const struct batch_item *it)
{
	return it->c->flags & FLAG_FLOOD;
}

static void say_public(struct batch *b)
{
	for (int i = 0; i < b->n_webcare; i++)
		if (b->webcare[i]->where->state == CASE_TRIAGE && !is_flood(b->webcare[i]))
			say_post(b, NOTICE_POST_MADE, b->webcare[i]->id, b->webcare[i]->where,
			         ",\"state\":\"waiting\"");
	for (int i = 0; i < b->n_public; i++) {
		const struct batch_item *it = b->public[i];
		bool deleted = it->c->kind == KIND_DELETE;

		if ((deleted || it->c->kind == KIND_EDIT) && it->about && it->about->where)
			say_post(b, NOTICE_POST_CHANGED, it->about->contact, it->about->where,
			         deleted ? ",\"deleted\":true" : ",\"edited\":true");
	}
}

void batch_make_notices(struct batch *b)
{
	b->notices = arena_array(b->op.arena, struct batch_notice,
	                          (size_t)(b->n_touched + b->n_contacts + b->n_webcare + b->n_public));
	for (int i = 0; i < b->n_touched; i++)
		if (b->touched[i]->reopened || b->touched[i]->back)
			say_back(b, b->touched[i]);
	for (int i = 0; i < b->n_contacts; i++)
		if (b->contacts[i]->where && b->contacts[i]->where->outcome != OUTCOME_SPAM && !is_flood(b->contacts[i]))
			say_received(b, b->contacts[i]);
	say_public(b);
}

/* ---------------------------------------------------------------- after COMMIT */

static bool number(int n, uint16_t *out)
{
	*out = n < 0 ? 0 : (uint16_t)n;
	return n >= 0;
}

/* false: something in it was taken out of the set-up meanwhile; the sweep will find the case */
static bool route_numbers(const struct world *w, struct route_case *c, const char *municipality,
                          const char *product, const char *channel, const char *language)
{
	number(world_language(w, language), &c->language);   /* nobody speaks it: number 0, Dutch */
	if (!number(world_municipality(w, municipality), &c->municipality) ||
	    !number(world_product(w, product), &c->product) || !number(world_channel(w, channel), &c->channel))
		return false;
	c->kind = w->kind[c->channel];
	return true;
}

static void enqueue_new(struct server *srv, const struct batch_case *k)
{
	struct route_case c = { .id = k->id, .option0 = k->option0, .arrived_us = k->arrived_us, .due_us = k->due_us };

	if (!route_numbers(world_now(srv), &c, k->municipality, k->product, k->channel, k->language))
		return;
	c.method = route_arm(&world_now(srv)->policies[c.municipality], c.id);
	queue_put(srv->queue, &c);
	dispatch_case_waits(srv->dispatch, &c);
}

/* a case that was there and waits now: because it did not before, or because it became urgent. The dispatcher
 * reads who had it before: it goes to them when they are no worse */
static void enqueue_touched(struct batch *b, int row)
{
	struct server *srv = b->op.srv;
	const struct world *w = world_now(srv);
	int q = b->q_touched;
	struct route_case c = {
		.id.u = pg_get_uuid(&b->op, q, row, "id"),
		.option0 = pg_get_bool(&b->op, q, row, "option0"),
		.arrived_us = pg_get_time(&b->op, q, row, "arrived_at"),
		.due_us = pg_get_time(&b->op, q, row, "due_at"),
	};

	if (route_numbers(w, &c, pg_get(&b->op, q, row, "municipality"), pg_get(&b->op, q, row, "product"),
	                  pg_get(&b->op, q, row, "channel"), pg_get(&b->op, q, row, "language")))
		queue_put(srv->queue, &c);
	dispatch_case_back(srv->dispatch, c.id);
}

static void tell_queue(struct batch *b)
{
	for (int i = 0; i < b->n_cases; i++) {
		if (b->cases[i]->state == CASE_QUEUED)
			enqueue_new(b->op.srv, b->cases[i]);
		else if (b->cases[i]->state == CASE_ASSIGNED)
			dispatch_agent_changed(b->op.srv->dispatch, b->cases[i]->owner);
	}
	for (int row = 0; b->q_touched >= 0 && row < pg_rows(&b->op, b->q_touched); row++)
		enqueue_touched(b, row);
	if (b->q_helps >= 0)
		dispatch_waits_anew(b->op.srv, &b->op, b->q_helps);
}

static void publish(struct batch *b, int q, int row, enum notice_kind kind, const char *municipality,
                    const char *case_id, char *payload)
{
	struct notice n = {
		.id = pg_get_int(&b->op, q, row, "id"),
		.at_us = b->now_us,
		.kind = kind,
		.agent.u = pg_get_uuid(&b->op, q, row, "agent"),
		.payload = payload,
	};

	snprintf(n.municipality, sizeof n.municipality, "%s", municipality);
	if (case_id)
		snprintf(n.case_id, sizeof n.case_id, "%s", case_id);
	sse_publish(b->op.srv->sse, &n);
}

static void tell_deliveries(struct batch *b, int q)
{
	for (int row = 0; q >= 0 && row < pg_rows(&b->op, q); row++)
		publish(b, q, row, NOTICE_DELIVERY_CHANGED, pg_get(&b->op, q, row, "municipality"),
		        pg_get(&b->op, q, row, "case_id"),
		        arena_str(b->op.arena, pg_get(&b->op, q, row, "payload")));
}

static void tell_watchers(struct batch *b)
{
	tell_deliveries(b, b->q_delivered);
	tell_deliveries(b, b->q_until);
	for (int row = 0; b->q_notices >= 0 && row < pg_rows(&b->op, b->q_notices); row++) {
		const struct batch_notice *n = &b->notices[row];

		publish(b, b->q_notices, row, n->kind, n->about->municipality, n->about->id_text, n->payload);
	}
}

void batch_tell(struct batch *b)
{
	metric_add(M_BATCHES, 1);
	metric_add(M_CONTACTS_STORED, (uint64_t)b->n_contacts);
	metric_add(M_CONTACTS_DUPLICATE, (uint64_t)(b->n_items - b->n_contacts));
	metric_add(M_DEAD_LETTERS, (uint64_t)b->n_dead_letters);
	metric_add(M_SPAM, (uint64_t)b->n_spam);
	tell_queue(b);
	CRASH("intake.queued");
	tell_watchers(b);
	for (int i = 0; i < b->n_proofs; i++)
		identity_proved(b->op.srv, b->proofs[i]->post->p->inbox->in.municipality, b->proofs[i]->c->from,
		                b->proofs[i]->c->n_from);
	for (int i = 0; i < b->n_contacts; i++)
		if (b->contacts[i]->bot_inbox)
			bots_look(b->op.srv, b->contacts[i]->bot_inbox, b->contacts[i]->where->id);
	if (b->n_asked || b->n_answers || b->n_helps)
		automatic_wake(b->op.srv->automatic);
	if (b->n_attachments)
		attachments_wake(b->op.srv->attachments);
}
