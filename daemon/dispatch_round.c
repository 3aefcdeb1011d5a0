/*
 * dispatch_round.c - a round: read what changed, decide, write the offers. One at a time
 *
 * Between rounds this holds: no agent with room has an eligible case waiting. So a round needs to look only at
 * agents and cases that changed. An agent who looks finds the case; who gets it is asked once more from the
 * case's side, because somebody may be idle longer, and because that explains the decision.
 */
#include "daemon/dispatch_internal.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "lib/base/must.h"
#include "lib/core/replay.h"

#include <stdlib.h>
#include <string.h>

enum round_state { ROUND_START, ROUND_READ, ROUND_CLAIMED };

enum { EXPLAINED_BYTES = 256, RECORDED = 10, EMPTY_ROUNDS = 3 };

/* an offer that is to be written */
struct wish {
	struct route_case c;             /* to put back when it could not be written */
	struct uuid offer;
	struct agent_id agent;
	enum route_rule rule;
	const char *policy;
	int n_considered;
	const char *candidates, *left_out, *log; /* JSON */
};

/* a case that was held for a better chance */
struct held {
	struct case_id id;
	int n_considered;
};

struct dispatch_round {
	struct op op;
	struct dispatch *d;
	struct wish wishes[DISPATCH_CLAIMS];
	struct held held[DISPATCH_CLAIMS]; /* what more there is goes unrecorded */
	int n_wishes, n_held;
	int64_t began_us;                /* mono; to decide */
	struct route_decision decision;
	bool decided[ROUTE_MAX_MUNICIPALITIES]; /* is one of the wishes for it? */
};

bool dispatch_round_holds(const struct dispatch *d, struct case_id id)
{
	for (int i = 0; d->round && i < d->round->n_wishes; i++)
		if (uuid_same(d->round->wishes[i].c.id.u, id.u))
			return true;
	return false;
}

/* ---------------------------------------------------------------- deciding */

static char *terms_text(char *p, const struct route_candidate *c, const struct route_case *what,
			int64_t at_us)
{
	const struct route_terms *t = &c->terms;

	p += snprintf(p, EXPLAINED_BYTES, "{\"idleSeconds\":%lld,\"waitedSeconds\":%lld",
		      (long long)(c->idle_us / 1000000),
		      (long long)((at_us - what->arrived_us) / 1000000));
	if (what->method == METHOD_FTF)
		p += snprintf(p, EXPLAINED_BYTES,
			      ",\"handledBefore\":%s,\"q\":%.4f,\"sd\":%.4f,"
			      "\"advantage\":%.4f,"
			      "\"occupancy\":%.4f,\"packing\":%.4f,\"score\":%.4f",
			      t->sticky > 0 ? "true" : "false", t->q, t->sd, t->advantage, t->occupancy,
			      t->packing, t->score);
	*p++ = '}';
	return p;
}

/* the best of them, with all that counted */
static const char *candidates_json(struct arena *a, const struct route_decision *dec,
				   const struct route_case *c, int64_t at_us)
{
	int n = dec->n_candidates < RECORDED ? dec->n_candidates : RECORDED;
	char *out = arena_alloc(a, (size_t)n * 3 * EXPLAINED_BYTES + 3), *p = out;
	char id[UUID_TEXT];

	*p++ = '[';
	for (int i = 0; i < n; i++) {
		uuid_format(dec->candidates[i].agent.u, id);
		p += snprintf(p, EXPLAINED_BYTES, "%s{\"agent\":\"%s\",\"terms\":", i ? "," : "", id);
		p = terms_text(p, &dec->candidates[i], c, at_us);
		*p++ = '}';
	}
	snprintf(p, 2, "]");
	return out;
}

static const char *left_out_json(struct arena *a, const struct route_decision *dec)
{
	char *out = arena_alloc(a, (size_t)dec->n_left_out * EXPLAINED_BYTES + 3), *p = out;
	char id[UUID_TEXT];

	*p++ = '[';
	for (int i = 0; i < dec->n_left_out; i++) {
		uuid_format(dec->left_out[i].agent.u, id);
		p += snprintf(p, EXPLAINED_BYTES, "%s{\"agent\":\"%s\",\"why\":\"%s\"}", i ? "," : "", id,
		              route_why_name(dec->left_out[i].why));
	}
	snprintf(p, 2, "]");
	return out;
}

static const struct route_agent *agent_of(void *router, struct agent_id id)
{
	return router_agent(router, router_find(router, id));
}

/* what it takes to decide the same again (loketd --replay) */
static const char *log_json(struct dispatch_round *r, const struct route_case *c, int64_t at_us)
{
	struct router *all = r->d->router;
	struct replay_log l;

	replay_note(&l, router_state(all), c, r->d->world->products[c->product], &r->decision, agent_of, all,
		    at_us);
	return replay_write(r->op.arena, &l);
}

/* an offer takes room at once, until the agent is read again */
static void take_room(struct dispatch *d, int i, int channel)
{
	struct route_agent a = *router_agent(d->router, i);

	a.busy[channel]++;
	a.busy_total++;
	a.asked = true;
	a.idle_since_us = now_us(); /* the next one goes to somebody else, when there is */
	router_agent_set(d->router, i, &a, now_us());
}

/* asks who takes it; when there is somebody: a wish, the room is taken, and it waits no longer */
static bool decide(struct dispatch_round *r, struct case_id id)
{
	struct dispatch *d = r->d;
	struct route_decision *dec = &r->decision;
	struct wish *w = &r->wishes[r->n_wishes];
	int64_t at_us = now_us();
	struct route_case c;

	if (!router_get(d->router, id, &c))
		return false;
	router_agent_for(d->router, &c, at_us, dec);
	if (dec->chosen < 0) {
		if (dec->rule == RULE_HELD && r->n_held < DISPATCH_CLAIMS)
			r->held[r->n_held++] = (struct held){id, dec->n_considered};
		return false;
	}
	router_explain(d->router, &c, at_us, dec);
	*w = (struct wish){.c = c,
			   .offer = server_uuid(d->srv),
			   .agent = dec->candidates[0].agent,
			   .rule = dec->rule,
			   .policy = dec->policy,
			   .n_considered = dec->n_considered,
			   .candidates = candidates_json(r->op.arena, dec, &c, at_us),
			   .left_out = left_out_json(r->op.arena, dec),
			   .log = log_json(r, &c, at_us)};
	take_room(d, dec->chosen, c.channel);
	if (c.method == METHOD_FTF)
		learn_assigned(d->learn, route_learn_product(&c), c.municipality, dec->candidates[0].terms.q);
	r->n_wishes++;
	r->decided[c.municipality] = true;
	dispatch_cases_remove(d, id);
	return true;
}

/* the case that agent i would take; nil: none */
static struct case_id best_for(struct dispatch *d, int i)
{
	static const struct case_id none;
	const struct route_case *c = router_case_for(d->router, i, now_us(), NULL);

	return c ? c->id : none;
}

static bool is_full(const struct dispatch_round *r)
{
	return r->n_wishes == DISPATCH_CLAIMS || (r->n_wishes > 0 && mono_us() - r->began_us > DISPATCH_DECIDE_US);
}

static void agents_look(struct dispatch_round *r)
{
	struct dispatch *d = r->d;

	for (int i = 0; i < d->n_agents; i++) {
		while (d->more[i].look && !is_full(r)) {
			struct case_id id = best_for(d, i);

			if (uuid_is_nil(id.u) || !decide(r, id))
				d->more[i].look = false;
		}
	}
}

static int by_urgency(const void *a, const void *b)
{
	return route_case_order(a, b);
}

/* cases that are new here, the most urgent first */
static void cases_look(struct dispatch_round *r)
{
	struct dispatch *d = r->d;
	struct route_case *waiting = arena_array(r->op.arena, struct route_case, (size_t)d->look.n + 1);
	int n = 0, done = 0;

	for (int i = 0; i < d->look.n; i++)
		n += router_get(d->router, (struct case_id){d->look.ids[i]}, &waiting[n]);
	qsort(waiting, (size_t)n, sizeof(*waiting), by_urgency);
	while (done < n && !is_full(r))
		decide(r, waiting[done++].id);
	d->look.n = 0;
	while (done < n)
		dispatch_ids_add(&d->look, waiting[done++].id.u);
}

/* cases that somebody declined: an agent who changed may have been the last hope of a colleague's decline */
static void declined_look(struct dispatch_round *r)
{
	struct dispatch *d = r->d;

	for (int i = 0; i < d->n_declined && i < DISPATCH_READS && !is_full(r); i++)
		decide(r, d->declined[(d->first_declined + i) % DISPATCH_DECLINED].id);
}

static bool somebody_looks(const struct dispatch *d)
{
	for (int i = 0; i < d->n_agents; i++)
		if (d->more[i].look)
			return true;
	return false;
}

static bool may_decide(const struct dispatch *d)
{
	return dispatch_leads(d) && (d->loaded || d->partly) && !d->hold && !d->srv->stopping;
}

static void decide_all(struct dispatch_round *r)
{
	struct dispatch *d = r->d;
	bool changed;

	r->n_wishes = r->n_held = 0;
	r->began_us = mono_us();
	memset(r->decided, 0, sizeof(r->decided));
	if (d->look.overflowed) {                /* too many to look from each case: every agent looks */
		d->look.overflowed = false;
		d->look.n = 0;
		dispatch_agents_look(d);
	}
	changed = somebody_looks(d);
	agents_look(r);
	if (changed)
		declined_look(r);
	cases_look(r);
}

/* ---------------------------------------------------------------- reading and writing */

static bool has_to_read(const struct dispatch *d)
{
	return d->back.n > 0 || dispatch_agents_asking(d);
}

static bool has_work(const struct dispatch *d)
{
	return has_to_read(d) || (may_decide(d) && (d->look.n > 0 || d->look.overflowed || somebody_looks(d)));
}

static enum op_status read_what_changed(struct dispatch_round *r)
{
	struct pg_unit *u = pg_unit(&r->op, PG_SYSTEM, NULL);

	if (r->d->back.overflowed) {
		r->d->back.overflowed = false;
		r->d->resync_due_us = 0;
		dispatch_resync(r->d);
	}
	dispatch_agents_ask(r->d, u);
	dispatch_cases_ask(r->d, u);
	return pg_submit(&r->op, ROUND_READ, u);
}

static void add_array_of_text(struct pg_unit *u, enum pg_type type, const struct dispatch_round *r, int which)
{
	pg_array(u, type, r->n_wishes);
	for (int i = 0; i < r->n_wishes; i++)
		pg_push_text(u, which == 0   ? route_rule_name(r->wishes[i].rule)
				: which == 1 ? r->wishes[i].candidates
				: which == 2 ? r->wishes[i].left_out
				: which == 3 ? r->wishes[i].log
					     : r->wishes[i].policy);
}

static void add_array_of_ids(struct pg_unit *u, const struct dispatch_round *r, int which)
{
	pg_array(u, PG_TYPE_UUID, r->n_wishes);
	for (int i = 0; i < r->n_wishes; i++)
		pg_push_uuid(u, which == 0 ? r->wishes[i].offer :
		                which == 1 ? r->wishes[i].c.id.u : r->wishes[i].agent.u);
}

/* what every decision for a municipality was made with: printed once */
static const char *settings_of(struct dispatch *d, int m)
{
	if (!d->settings[m]) {
		json_t *j = policy_json(&d->world->policies[m]);

		d->settings[m] = must(json_dumps(j, JSON_COMPACT));
		json_decref(j);
	}
	return d->settings[m];
}

static void add_settings(const struct dispatch_round *r, struct pg_unit *u)
{
	const struct world *w = r->d->world;
	int n = 0;

	for (int m = 0; m < w->n_municipalities; m++)
		n += r->decided[m];
	pg_array(u, PG_TYPE_TEXT, n);
	for (int m = 0; m < w->n_municipalities; m++)
		if (r->decided[m])
			pg_push_text(u, w->municipalities[m]);
	pg_array(u, PG_TYPE_JSONB, n);
	for (int m = 0; m < w->n_municipalities; m++)
		if (r->decided[m])
			pg_push_text(u, settings_of(r->d, m));
}

static void add_claims(const struct dispatch_round *r, struct pg_unit *u)
{
	pg_add(u, SQL_DISPATCH_CLAIM);
	dispatch_fence(r->d, u);
	pg_int(u, r->d->srv->config->offer_seconds);
	for (int i = 0; i < 3; i++)
		add_array_of_ids(u, r, i);
	add_array_of_text(u, PG_TYPE_TEXT, r, 0);
	pg_array(u, PG_TYPE_INT8, r->n_wishes);
	for (int i = 0; i < r->n_wishes; i++)
		pg_push_int(u, r->wishes[i].n_considered);
	add_array_of_text(u, PG_TYPE_JSONB, r, 1);
	add_array_of_text(u, PG_TYPE_JSONB, r, 2);
	add_array_of_text(u, PG_TYPE_TEXT, r, 4);
	add_array_of_text(u, PG_TYPE_JSONB, r, 3);
	add_settings(r, u);
}

static void add_held(const struct dispatch_round *r, struct pg_unit *u)
{
	pg_add(u, SQL_DISPATCH_HELD);
	dispatch_fence(r->d, u);
	pg_array(u, PG_TYPE_UUID, r->n_held);
	for (int i = 0; i < r->n_held; i++)
		pg_push_uuid(u, r->held[i].id.u);
	pg_array(u, PG_TYPE_INT8, r->n_held);
	for (int i = 0; i < r->n_held; i++)
		pg_push_int(u, r->held[i].n_considered);
	pg_text(u, route_method_name(METHOD_FTF));
	pg_text(u, route_rule_name(RULE_HELD));
}

static enum op_status claim(struct dispatch_round *r)
{
	struct pg_unit *u = pg_unit(&r->op, PG_SYSTEM, NULL);

	if (r->n_wishes > 0)
		add_claims(r, u);
	if (r->n_held > 0)
		add_held(r, u);
	CRASH("round.decided");
	pg_submit(&r->op, ROUND_CLAIMED, u);
	CRASH("round.written");
	return OP_WAIT;
}

/* nothing is known about what was asked for: back in memory, and the agents are read again */
static void put_back(struct dispatch_round *r)
{
	for (int i = 0; i < r->n_wishes; i++) {
		if (dispatch_leads(r->d))
			dispatch_cases_put(r->d, &r->wishes[i].c);
		dispatch_agent_changed(r->d, r->wishes[i].agent);
	}
	r->d->hold = true;                       /* until the next tick: do not hammer */
}

static bool was_made(const struct op *op, const struct wish *w)
{
	for (int i = 0; i < pg_rows(op, 0); i++)
		if (uuid_same(pg_get_uuid(op, 0, i, "case_id"), w->c.id.u))
			return true;
	return false;
}

/* what was passed over was taken, closed, or its agent left: look again at both */
static void read_claims(struct dispatch_round *r)
{
	struct dispatch *d = r->d;
	int n_made = dispatch_told(d->srv, &r->op, 0);

	for (int i = 0; n_made < r->n_wishes && i < r->n_wishes; i++)
		if (!was_made(&r->op, &r->wishes[i])) {
			dispatch_case_back(d, r->wishes[i].c.id);
			dispatch_agent_changed(d, r->wishes[i].agent);
		}
	d->n_empty = n_made > 0 ? 0 : d->n_empty + 1;
	if (d->n_empty >= EMPTY_ROUNDS)          /* perhaps we do not lead any more: the next tick tells */
		d->hold = true;
	log_event(LOG_DEBUG, "dispatch.offers", "n=%d count=%d", n_made, r->n_wishes);
	r->n_wishes = 0;
}

static enum op_status decide_or_end(struct dispatch_round *r)
{
	if (may_decide(r->d))
		decide_all(r);
	return r->n_wishes + r->n_held > 0 ? claim(r) : OP_DONE;
}

static enum op_status round_step(struct op *op)
{
	struct dispatch_round *r = (struct dispatch_round *)op;

	switch ((enum round_state)op->state) {
	case ROUND_START:
		return has_to_read(r->d) ? read_what_changed(r) : decide_or_end(r);

	case ROUND_READ:
		if (pg_failed(op)) {
			dispatch_agents_again(r->d);
			r->d->hold = true;
			return OP_DONE;
		}
		CRASH("round.read");
		dispatch_agents_got(r->d, op, 0);
		dispatch_cases_got(r->d, op, 1);
		return decide_or_end(r);

	case ROUND_CLAIMED:
		if (pg_failed(op)) {
			put_back(r);
			return op->err.kind == ERR_PG ? OP_FAIL : OP_DONE;
		}
		CRASH("round.committed");
		if (r->n_wishes > 0)
			read_claims(r);
		CRASH("round.told");
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void round_done(struct op *op, enum op_status how)
{
	struct dispatch *d = ((struct dispatch_round *)op)->d;

	(void)how;
	d->round = NULL;
	dispatch_kick(d);
	dispatch_release(d);
}

static const struct op_kind round_kind = {
	.name = "dispatch.round", .step = round_step, .done = round_done, .max_arena_bytes = 16 << 20,
};

void dispatch_round_start(struct dispatch *d)
{
	struct dispatch_round *r;

	if (d->round || d->hold || !d->world || d->srv->stopping || !has_work(d))
		return;
	r = (struct dispatch_round *)op_new(d->srv, &round_kind, sizeof(*r));
	r->d = d;
	d->round = r;
	op_start(&r->op);
}
