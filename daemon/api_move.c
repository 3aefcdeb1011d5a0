/* api_move.c - transfer, resolve and reopen: the writes that change a case's state (lib/core/case_file) */
#include "daemon/crash.h"
#include "daemon/dispatch.h"
#include "daemon/queue.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/jsonx.h"
#include "lib/core/hours.h"
#include "lib/core/learn.h"
#include "lib/core/match.h"
#include "lib/core/transfer.h"

#include <string.h>

struct move {
	struct work w;
	int64_t epoch;
	const char *note;
	/* transfer */
	const char *agent_word, *team_word, *product;
	struct agent_id agent;
	int team;                      /* route number; 0 none */
	/* resolve */
	enum case_outcome outcome;
	const char *help;              /* outcome of the help; NULL: not said */
};

/* who had it has room again */
static void owner_is_free(struct api *a, const struct work *w)
{
	if (!uuid_is_nil(w->owner.u))
		dispatch_agent_changed(a->op.srv->dispatch, w->owner);
}

static enum op_status start(struct api *a, struct move *m)
{
	struct pg_unit *u = work_begin(a, &m->w);

	if (u == NULL)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	return pg_submit(&a->op, WORK_READ, u);
}

/* ---------------------------------------------------------------- transfer */

static void read_to(struct api *a, struct move *m)
{
	const json_t *to = json_object_get(a->body, "to");

	m->agent_word = jsonx_str(to, "agent");
	m->team_word = jsonx_str(to, "team");
	m->product = jsonx_str(to, "product");
	if (json_object_size(to) != 1 || (!m->agent_word && !m->team_word && !m->product))
		api_bad_field(a, "to", "must be an object with exactly one of agent, team and product");
}

/* names of the body to what is set up */
static void find_to(struct api *a, struct move *m)
{
	const struct world *world = world_now(a->op.srv);

	if (m->agent_word && (!api_id(a, m->agent_word, &m->agent.u) || !world_agent(world, m->agent)))
		api_bad_field(a, "to.agent", "no such agent");
	if (m->team_word && (m->team = work_team(world, m->team_word)) == 0)
		api_bad_field(a, "to.team", "no such team");
	if (m->product && world_product(world, m->product) < 0)
		api_bad_field(a, "to.product", "no such product");
}

static const struct route_agent *skills_of(const struct world *world, struct agent_id id)
{
	const struct world_agent *agent = uuid_is_nil(id.u) ? NULL : world_agent(world, id);

	return agent ? &agent->base : NULL;
}

static enum transfer_refusal transfer_rules(struct api *a, const struct move *m)
{
	const struct world *world = world_now(a->op.srv);
	const struct world_agent *to = m->agent_word ? world_agent(world, m->agent) : NULL;
	bool lead = access_case_write(&a->who, (struct agent_id){ 0 });
	struct route_case c;
	struct transfer t = {
		.c = &c,
		.from = m->w.owner,
		.n_before = m->w.transfers,
		.by_lead = lead,
		.to_lead = to && to->role == ROLE_LEAD,
		.agent = m->agent,
		.team = m->team,
		.product = m->product ? world_product(world, m->product) : -1,
	};
	bool somebody = false;

	if (!work_route_case(a->op.srv, &m->w, &c))
		return TRANSFER_NOT_FIT;
	for (int i = 0; i < world->n_agents && !somebody; i++)
		somebody = transfer_reaches(&t, &world->agents[i].base);
	return transfer_refused(&t, skills_of(world, m->w.owner), somebody);
}

static enum op_status transfer_write(struct api *a, struct move *m)
{
	enum transfer_refusal refused;
	struct pg_unit *u;
	enum problem p;

	if (!work_got(a, &m->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	p = work_refused(a, &m->w, m->epoch, CASE_EV_TRANSFER);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	refused = transfer_rules(a, m);
	if (refused != TRANSFER_FINE)
		return api_rule(a, transfer_rule(refused), transfer_words(refused));
	u = api_unit(a);
	pg_add(u, SQL_WORK_TRANSFER);
	work_guard(u, &m->w);
	pg_uuid(u, m->agent.u);
	pg_text(u, m->team_word);
	pg_text(u, m->product);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, work_writer(a));
	pg_text(u, m->note);
	pg_text(u, m->w.why);
	pg_int(u, work_wrapup_seconds(a->op.srv, &m->w));
	pg_text(u, m->w.state_word);
	pg_submit(&a->op, WORK_WRITTEN, u);
	CRASH("transfer.written");
	return OP_WAIT;
}

static enum op_status transfer_told(struct api *a, struct move *m)
{
	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	CRASH("transfer.committed");
	if (m->product)
		m->w.product = m->product;
	m->w.wanted = m->agent;
	m->w.team = m->team;
	work_waits(a->op.srv, &m->w, m->w.owner);
	owner_is_free(a, &m->w);
	return work_answer(a, &m->w, case_state_name(CASE_QUEUED), m->w.product);
}

enum op_status api_case_transfer(struct api *a)
{
	struct move *m = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = m = arena_new_of(a->op.arena, struct move);
		m->note = api_text(a, "note", true, WORK_NOTE_BYTES);
		m->epoch = work_epoch(a);
		read_to(a, m);
		find_to(a, m);
		return start(a, m);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : transfer_write(a, m);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : transfer_told(a, m);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- resolve */

static const char *const outcomes[] = { "solved", "promised", "referred", "unreachable", "spam", "notForUs",
	NULL };

static enum op_status resolve_write(struct api *a, struct move *m)
{
	struct pg_unit *u;
	enum problem p;

	if (!work_got(a, &m->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	p = work_refused(a, &m->w, m->epoch, CASE_EV_RESOLVE);
	if (p != PROBLEM_NONE)
		return api_problem(a, p, NULL);
	if (m->outcome == OUTCOME_PROMISED && m->w.n_open_tasks == 0)
		return api_rule(a, "promiseNeedsTask",
		                "Promised means an open task with an owner and a date: make one first.");
	if (m->outcome != OUTCOME_SPAM && pg_get_bool(&a->op, 0, 0, "help")) {
		if (!m->help)
			return api_rule(a, "helpNeedsOutcome", "The citizen asked for help: say with help.outcome what came of it.");
		if (!strcmp(m->help, "doneForThem") && !pg_get_bool(&a->op, 0, 0, "help_consent"))
			return api_rule(a, "helpNeedsConsent",
			                "Doing it for somebody needs their consent: record it with /assist first.");
	}
	u = api_unit(a);
	pg_add(u, SQL_WORK_RESOLVE);
	work_guard(u, &m->w);
	pg_text(u, m->w.state_word);
	pg_text(u, case_outcome_name(m->outcome));
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, work_writer(a));
	pg_text(u, m->note);
	pg_int(u, work_wrapup_seconds(a->op.srv, &m->w));
	pg_text(u, m->w.why);
	pg_text(u, m->help);
	pg_time(u, hours_working_days(m->w.opened_us, -LEARN_AFTER_DAYS));
	pg_time(u, hours_working_days(now_us(), LEARN_AFTER_DAYS));
	pg_submit(&a->op, WORK_WRITTEN, u);
	CRASH("resolve.written");
	return OP_WAIT;
}

static enum op_status resolve_told(struct api *a, struct move *m)
{
	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STALE_EPOCH, NULL);
	CRASH("resolve.committed");
	dispatch_case_left(a->op.srv->dispatch, m->w.id);
	queue_remove(a->op.srv->queue, m->w.id);
	CRASH("resolve.told");
	owner_is_free(a, &m->w);
	return work_answer(a, &m->w, case_state_name(CASE_CLOSED), m->w.product);
}

enum op_status api_case_resolve(struct api *a)
{
	struct move *m = a->work;
	int outcome;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = m = arena_new_of(a->op.arena, struct move);
		outcome = api_one_of(a, "outcome", true, outcomes);
		if (outcome >= 0)
			m->outcome = (enum case_outcome)case_outcome_from(outcomes[outcome]);
		m->help = jsonx_str(jsonx_obj(a->body, "help"), "outcome");
		m->note = api_text(a, "note", false, WORK_NOTE_BYTES);
		m->epoch = work_epoch(a);
		return start(a, m);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : resolve_write(a, m);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : resolve_told(a, m);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- reopen */

static enum op_status reopen_write(struct api *a, struct move *m)
{
	struct pg_unit *u;

	if (!work_got(a, &m->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (api_has_bad_fields(a))
		return api_invalid(a);
	if (m->w.merged)
		return api_rule(a, "merged", "This case was merged into another: go on there.");
	if (case_next(m->w.state, CASE_EV_REOPEN, &m->w.why) < 0)
		return api_problem(a, PROBLEM_STATE, NULL);
	u = api_unit(a);
	pg_add(u, SQL_WORK_REOPEN);
	pg_uuid(u, m->w.id.u);
	pg_uuid(u, server_uuid(a->op.srv));
	pg_uuid(u, work_writer(a));
	pg_text(u, m->note);
	pg_int(u, work_norm_s(a->op.srv, &m->w, m->w.option0) / MATCH_REPEAT_SOONER);
	pg_text(u, m->w.why);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

static enum op_status reopen_told(struct api *a, struct move *m)
{
	if (work_written(a, 0) == 0)
		return api_problem(a, PROBLEM_STATE, NULL);
	CRASH("reopen.committed");
	m->w.arrived_us = pg_get_time(&a->op, 0, 0, "arrived_at");
	m->w.due_us = pg_get_time(&a->op, 0, 0, "due_at");
	work_waits(a->op.srv, &m->w, (struct agent_id){ 0 });
	return work_answer(a, &m->w, case_state_name(CASE_QUEUED), m->w.product);
}

enum op_status api_case_reopen(struct api *a)
{
	struct move *m = a->work;

	switch ((enum work_state)a->op.state) {
	case WORK_START:
		a->work = m = arena_new_of(a->op.arena, struct move);
		m->note = api_text(a, "note", false, WORK_NOTE_BYTES);
		return start(a, m);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : reopen_write(a, m);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : reopen_told(a, m);
	}
	return op_bad_state(&a->op);
}
