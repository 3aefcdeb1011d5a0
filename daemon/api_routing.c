/*
 * api_routing.c - GET /v1/cases/{id}/routing: who was asked, why the others were not, and why it took so long
 *
 * The recorded decisions are for everybody who may see the case. A lead also gets them in plain words
 * (lib/core/route_words).
 */
#include "daemon/api.h"
#include "daemon/dispatch.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/route_words.h"

#include <string.h>

enum { DECISIONS_MAX = 200, OFFERS_MAX = 200 };
enum routing_state { ROUTING_START, ROUTING_READ };
enum { ROUTING_CASE, ROUTING_DECISIONS, ROUTING_OFFERS, ROUTING_UNSERVED }; /* statements */

/* ---------------------------------------------------------------- what may be seen of a decision */

static const char *name_of(struct server *srv, struct agent_id id)
{
	const struct world_agent *who = world_agent(world_now(srv), id);

	return who ? who->name : NULL;
}

static const char *name_at(struct server *srv, const char *id)
{
	struct agent_id agent = {{{0}}};

	return id && uuid_parse(id, &agent.u) ? name_of(srv, agent) : NULL;
}

/* the names are not kept with the decision: people leave */
static void add_names(struct server *srv, json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) jsonx_put(one, "name", name_at(srv, jsonx_str(one, "agent")));
}

static json_int_t idle_of(const json_t *candidate)
{
	return jsonx_int(json_object_get(candidate, "terms"), "idleSeconds", 0);
}

/* who was chosen stands first; the order of the others would tell what was learned of them */
static json_t *by_idle(const json_t *candidates)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(candidates, i, one)
	{
		size_t at = json_array_size(out);

		while (at > 1 && idle_of(json_array_get(out, at - 1)) < idle_of(one))
			at--;
		json_array_insert(out, at, one);
	}
	return out;
}

static void show(struct server *srv, json_t *decision)
{
	json_t *candidates = by_idle(json_object_get(decision, "candidates")), *one;
	size_t i;

	if (!json_object_get(decision, "chosen"))
		json_object_set_new(decision, "chosen", json_null());
	json_object_set_new(decision, "candidates", candidates);
	json_array_foreach(candidates, i, one) dispatch_shown(json_object_get(one, "terms"));
	add_names(srv, candidates);
	add_names(srv, json_object_get(decision, "leftOut"));
}

/* ---------------------------------------------------------------- in words */

/* what is known of a case beside its decisions */
struct story {
	struct server *srv;
	struct arena *arena;
	struct route_offer *offers;
	int n_offers;
	struct route_span *no_skill;
	int n_no_skill;
	const struct hours *hours;
	int64_t arrived_us, held_us;
	struct agent_id wanted;
};

static void read_offers(struct story *s, const struct op *op)
{
	int n = pg_rows(op, ROUTING_OFFERS);

	s->offers = arena_array(s->arena, struct route_offer, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		int end = route_offer_end_from(pg_get(op, ROUTING_OFFERS, i, "state"));

		if (end < 0)
			continue;
		s->offers[s->n_offers++] = (struct route_offer){
			.agent.u = pg_get_uuid(op, ROUTING_OFFERS, i, "agent"),
			.end = (enum route_offer_end)end,
			.made_us = pg_get_time(op, ROUTING_OFFERS, i, "made_at"),
			.ended_us = pg_get_time(op, ROUTING_OFFERS, i, "ended_at"),
		};
	}
}

static void read_no_skill(struct story *s, const struct op *op)
{
	s->n_no_skill = pg_rows(op, ROUTING_UNSERVED);
	s->no_skill = arena_array(s->arena, struct route_span, (size_t)s->n_no_skill + 1);
	for (int i = 0; i < s->n_no_skill; i++)
		s->no_skill[i] = (struct route_span){pg_get_time(op, ROUTING_UNSERVED, i, "since"),
						     pg_get_time(op, ROUTING_UNSERVED, i, "until")};
}

static struct story story_of(struct api *a)
{
	const struct world *w = world_now(a->op.srv);
	const struct op *op = &a->op;
	int m = world_municipality(w, pg_get(op, ROUTING_CASE, 0, "municipality"));
	struct story s = {.srv = a->op.srv, .arena = a->op.arena, .hours = m < 0 ? NULL : &w->hours[m]};

	s.arrived_us = pg_get_time(op, ROUTING_CASE, 0, "arrived_at");
	s.wanted.u = pg_get_uuid(op, ROUTING_CASE, 0, "wanted_agent");
	read_offers(&s, op);
	read_no_skill(&s, op);
	return s;
}

static const char *say(const struct story *s, const char *words, const char *who, int64_t from_us,
		       int64_t until_us, int64_t at_us)
{
	return words ? route_say(s->arena, words, who, from_us, until_us, at_us) : "";
}

static void say_of_each(const struct story *s, json_t *list, const char *chosen, int64_t at_us)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *code = jsonx_str(one, "why"), *agent = jsonx_str(one, "agent");
		int why = code ? route_why_from(code) : WHY_OK;

		if (why >= 0 && agent && (!chosen || strcmp(agent, chosen) != 0))
			jsonx_put(one, "words",
				  say(s, route_words_why((enum route_why)why), jsonx_str(one, "name"), 0, 0,
				      at_us));
	}
}

/* the wait that ended with the decision: an earlier one begins as its candidates say */
static int64_t wait_began(const struct story *s, const json_t *decision, int64_t at_us)
{
	const json_t *terms =
		json_object_get(json_array_get(json_object_get(decision, "candidates"), 0), "terms");
	json_int_t waited_s = jsonx_int(terms, "waitedSeconds", -1);

	if (s->arrived_us <= at_us)
		return s->arrived_us;
	return waited_s < 0 ? at_us : at_us - waited_s * WHEN_SECOND_US;
}

static json_t *waited_words(const struct story *s, const json_t *decision, enum route_rule rule,
			    int64_t at_us)
{
	struct route_waited w = {.from_us = wait_began(s, decision, at_us),
				 .until_us = at_us,
				 .rule = rule,
				 .hours = s->hours,
				 .held_us = s->held_us,
				 .no_skill = s->no_skill,
				 .n_no_skill = s->n_no_skill,
				 .offers = s->offers,
				 .n_offers = s->n_offers};
	struct route_delay delays[ROUTE_MAX_DELAYS];
	json_t *all = json_array();
	int n;

	if (rule == RULE_WANTED)
		uuid_parse(jsonx_str(decision, "chosen"), &w.wanted.u);
	else if (json_is_null(json_object_get(decision, "chosen")))
		w.wanted = s->wanted;
	n = route_delays(&w, delays, ROUTE_MAX_DELAYS);
	json_array_append_new(all, json_string(route_say_wait(s->arena, w.from_us, w.until_us)));
	for (int i = 0; i < n; i++)
		json_array_append_new(all, json_string(say(s, route_words_wait(delays[i].why),
							   name_of(s->srv, delays[i].agent),
							   delays[i].from_us, delays[i].until_us, at_us)));
	return all;
}

/* nobody is asked now, because somebody else was asked for; "notWanted", "notTeam": so it is */
static bool left_out(const json_t *decision, enum route_why why)
{
	json_t *all = json_object_get(decision, "leftOut"), *one;
	size_t i;

	json_array_foreach(all, i, one) if (route_why_from(jsonx_str(one, "why")) == (int)why) return true;
	return false;
}

static const char *chosen_words(struct story *s, const json_t *decision, const char *chosen,
				enum route_rule rule)
{
	bool wanted = left_out(decision, WHY_NOT_WANTED);

	if (!chosen && (wanted || left_out(decision, WHY_NOT_TEAM)))
		return route_say(s->arena, route_words_wish(!wanted), name_of(s->srv, s->wanted), 0, 0, 0);
	return say(s, route_words_rule(rule), name_at(s->srv, chosen), 0, 0, 0);
}

/* {"chosen", "waited"} of the decision; "words" with each agent */
static void say_decision(struct story *s, json_t *decision)
{
	const char *chosen = jsonx_str(decision, "chosen");
	int rule = route_rule_from(jsonx_str(decision, "rule"));
	json_t *words = json_object();
	int64_t at_us = 0;

	when_parse(jsonx_str(decision, "at"), &at_us);
	if (rule == RULE_HELD && !chosen && s->held_us < s->arrived_us)
		s->held_us = at_us;
	if (rule >= 0)
		jsonx_put(words, "chosen", chosen_words(s, decision, chosen, (enum route_rule)rule));
	json_object_set_new(words, "waited",
			    waited_words(s, decision, rule < 0 ? N_RULES : (enum route_rule)rule, at_us));
	json_object_set_new(decision, "words", words);
	say_of_each(s, json_object_get(decision, "candidates"), chosen, at_us);
	say_of_each(s, json_object_get(decision, "leftOut"), NULL, at_us);
}

/* ---------------------------------------------------------------- GET */

static bool gets_words(const struct principal *p)
{
	return p->role == ROLE_LEAD || p->role == ROLE_ADMIN;
}

static enum op_status ask(struct api *a, struct case_id id)
{
	struct pg_unit *u = api_unit(a);

	pg_add(u, SQL_ROUTING_CASE);
	pg_uuid(u, id.u);
	pg_add(u, SQL_ROUTING_LIST);
	pg_uuid(u, id.u);
	pg_int(u, DECISIONS_MAX);
	pg_add(u, SQL_ROUTING_OFFERS);
	pg_uuid(u, id.u);
	pg_int(u, OFFERS_MAX);
	pg_add(u, SQL_ROUTING_UNSERVED);
	pg_uuid(u, id.u);
	return pg_submit(&a->op, ROUTING_READ, u);
}

/* where it is; and why so when nobody was asked for it */
static const char *case_words(struct api *a, const struct story *s)
{
	int state = case_state_from(pg_get(&a->op, ROUTING_CASE, 0, "state"));
	bool taken = s->n_offers == 0 && (state == CASE_ASSIGNED || state == CASE_CLOSED);
	bool in_public = pg_get_bool(&a->op, ROUTING_CASE, 0, "public");
	struct agent_id typed = {.u = pg_get_uuid(&a->op, ROUTING_CASE, 0, "typed_by")};
	const char *words = route_words_state((enum case_state)state);

	if (!taken || (uuid_is_nil(typed.u) && !in_public))
		return words;
	words = arena_join(s->arena, " ", words, NULL);
	return arena_join(s->arena, say(s, route_words_unasked(in_public), name_of(s->srv, typed), 0, 0, 0),
			  words, NULL);
}

static enum op_status answer(struct api *a, struct case_id id)
{
	json_t *all = rows_array(&a->op, ROUTING_DECISIONS), *body, *one, *now;
	struct story s = story_of(a);
	size_t i;

	now = dispatch_explain(a->op.srv->dispatch, id); /* why it still waits */
	if (now)
		json_array_append_new(all, now);
	body = json_pack("{s:o}", "decisions", all);
	json_array_foreach(all, i, one)
	{
		show(a->op.srv, one);
		if (gets_words(&a->who))
			say_decision(&s, one);
	}
	if (gets_words(&a->who))
		jsonx_put(body, "words", case_words(a, &s));
	return api_answer(a, 200, body);
}

enum op_status api_case_routing(struct api *a)
{
	struct case_id id;

	if (!api_id(a, a->param[0], &id.u))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	switch ((enum routing_state)a->op.state) {
	case ROUTING_START:
		return ask(a, id);

	case ROUTING_READ:
		if (pg_failed(&a->op))
			return api_failed(a);
		return pg_rows(&a->op, ROUTING_CASE) == 0 ? api_problem(a, PROBLEM_NOT_FOUND, NULL)
							  : answer(a, id);
	}
	return op_bad_state(&a->op);
}
