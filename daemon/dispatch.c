/* dispatch.c - the dispatcher as others see it; see dispatch_internal.h for how it is made up */
#include "daemon/dispatch_internal.h"

#include "lib/base/must.h"
#include "lib/base/when.h"

#include <stdlib.h>

static void wrapup_over(void *d)
{
	dispatch_agents_wrapup(d);
}

struct dispatch *dispatch_new(struct server *srv)
{
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES]; /* until the world is there */
	struct dispatch *d = must(calloc(1, sizeof(*d)));

	d->srv = srv;
	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++)
		policies[i] = policy_defaults();
	d->learn = learn_new(&policies[0]);
	d->router = router_new(policies, d->learn);
	d->ticker = loop_timer_new(srv, dispatch_tick, d);
	d->wrapup = loop_timer_new(srv, wrapup_over, d);
	loop_timer_every(d->ticker, DISPATCH_TICK_MS);
	return d;
}

/* an operation of its own: it outlives the dispatcher */
static enum op_status give_back_step(struct op *op)
{
	struct pg_unit *u;

	if (op->state != 0)
		return OP_DONE;          /* whatever came of it: the lease ends by itself */
	u = pg_unit(op, PG_SYSTEM, NULL);
	pg_add(u, SQL_DISPATCH_LEASE_DROP);
	pg_text(u, op->srv->instance);
	return pg_submit(op, 1, u);
}

static void give_back_lease(struct server *srv)
{
	static const struct op_kind kind = { "dispatch.end", give_back_step, NULL, 4096 };

	op_start(op_new(srv, &kind, sizeof(struct op)));
}

void dispatch_release(struct dispatch *d)
{
	if (!d->ending || d->round || d->tick || d->load || d->resync || d->learning)
		return;
	dispatch_settings_forget(d);
	router_free(d->router);
	learn_free(d->learn);
	world_unref(d->world);
	free(d->more);
	free(d);
}

struct dispatch *dispatch_free(struct dispatch *d)
{
	if (!d)
		return NULL;
	loop_timer_free(d->ticker);
	loop_timer_free(d->wrapup);
	d->wrapup = NULL;
	if (dispatch_leads(d))
		give_back_lease(d->srv);
	d->lease_ends_us = 0;
	d->ending = true;
	dispatch_release(d);             /* or the last operation under way does it */
	return NULL;
}

bool dispatch_leads(const struct dispatch *d)
{
	return d && d->epoch > 0 && mono_us() < d->lease_ends_us;
}

void dispatch_ids_add(struct dispatch_ids *l, struct uuid id)
{
	if (l->n == DISPATCH_LOOKS)
		l->overflowed = true;
	else
		l->ids[l->n++] = id;
}

/* the round is an operation: it begins when this turn of the loop is over, with all that happened in it */
void dispatch_kick(struct dispatch *d)
{
	dispatch_round_start(d);
}

/* ---------------------------------------------------------------- what happened (d is NULL when we are stopping) */

void dispatch_case_waits(struct dispatch *d, const struct route_case *c)
{
	if (dispatch_leads(d)) /* who begins to lead reads them all */
		dispatch_cases_put(d, c);
}

void dispatch_case_left(struct dispatch *d, struct case_id id)
{
	if (d)
		dispatch_cases_remove(d, id);
}

void dispatch_case_back(struct dispatch *d, struct case_id id)
{
	if (!d)
		return;
	dispatch_ids_add(&d->back, id.u);
	dispatch_kick(d);
}

void dispatch_agent_changed(struct dispatch *d, struct agent_id id)
{
	int i = d ? router_find(d->router, id) : -1;

	if (i < 0)
		return;
	dispatch_agent_read(d, i);
	dispatch_kick(d);
}

void dispatch_seen(struct dispatch *d, struct agent_id id)
{
	int i = d ? router_find(d->router, id) : -1;

	if (i >= 0)
		d->more[i].seen = true;
}

void dispatch_world_changed(struct dispatch *d)
{
	dispatch_agents_build(d);
	dispatch_tick(d);                /* at the start: this is when we can begin to lead */
	dispatch_kick(d);
}

/* ---------------------------------------------------------------- explaining */

static json_t *agent_json(struct server *srv, struct agent_id id)
{
	const struct world_agent *a = world_agent(world_now(srv), id);
	char text[UUID_TEXT];

	uuid_format(id.u, text);
	return a ? json_pack("{s:s, s:s}", "agent", text, "name", a->name) : json_pack("{s:s}", "agent", text);
}

/* no estimates: what is learned of somebody stays inside (dispatch_shown) */
static json_t *terms_json(const struct route_case *c, const struct route_candidate *who, int64_t at_us)
{
	json_t *terms = json_pack("{s:I, s:I}", "idleSeconds", (json_int_t)(who->idle_us / 1000000),
				  "waitedSeconds", (json_int_t)((at_us - c->arrived_us) / 1000000));

	if (c->method == METHOD_FTF)
		json_object_set_new(terms, "handledBefore", json_boolean(who->terms.sticky > 0));
	return terms;
}

static json_t *candidates_json(struct server *srv, const struct route_decision *dec,
			       const struct route_case *c, int64_t at_us)
{
	json_t *all = json_array();

	for (int i = 0; i < dec->n_candidates; i++) {
		json_t *one = agent_json(srv, dec->candidates[i].agent);

		json_object_set_new(one, "terms", terms_json(c, &dec->candidates[i], at_us));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *left_out_json(struct server *srv, const struct route_decision *dec)
{
	json_t *all = json_array();

	for (int i = 0; i < dec->n_left_out; i++) {
		json_t *one = agent_json(srv, dec->left_out[i].agent);

		json_object_set_new(one, "why", json_string(route_why_name(dec->left_out[i].why)));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *decision_json(struct server *srv, const struct route_decision *dec, const struct route_case *c,
			     int64_t at_us)
{
	char at[WHEN_TEXT], again[WHEN_TEXT], chosen[UUID_TEXT] = "";
	json_t *j;

	when_format(at_us, at);
	if (dec->chosen >= 0) /* who was chosen stands first */
		uuid_format(dec->candidates[0].agent.u, chosen);
	j = json_pack("{s:s, s:s, s:s, s:o, s:i, s:o, s:o}", "at", at, "policy", dec->policy, "rule",
		      route_rule_name(dec->rule), "chosen", *chosen ? json_string(chosen) : json_null(),
		      "considered", dec->n_considered, "candidates", candidates_json(srv, dec, c, at_us),
		      "leftOut", left_out_json(srv, dec));
	if (dec->again_at_us) {
		when_format(dec->again_at_us, again);
		json_object_set_new(j, "againAt", json_string(again));
	}
	return j;
}

void dispatch_shown(json_t *terms)
{
	static const char *const shown[] = {"idleSeconds", "waitedSeconds", "handledBefore"};
	json_t *all = json_copy(terms);

	json_object_clear(terms);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (json_object_get(all, shown[i]))
			json_object_set(terms, shown[i], json_object_get(all, shown[i]));
	json_decref(all);
}

json_t *dispatch_explain(struct dispatch *d, struct case_id id)
{
	struct route_decision dec;
	struct route_case c;

	if (!dispatch_leads(d) || !router_get(d->router, id, &c))
		return NULL;
	router_explain(d->router, &c, now_us(), &dec);
	return decision_json(d->srv, &dec, &c, now_us());
}
