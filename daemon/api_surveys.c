/*
 * api_surveys.c - how it was: answered by the link of an invitation, or to an agent; and the report
 *
 * The token of a link is kept as its SHA-256 and works until it expires. What was written is kept without BSN
 * and IBAN, for keepDays. Who is not satisfied, very much so, or asks for help by a person gets a task of the
 * team that calls back.
 */
#include "daemon/api.h"

#include "daemon/callback.h"
#include "daemon/flood.h"
#include "daemon/kpis.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/work.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/core/compare.h"
#include "lib/core/guard.h"
#include "lib/core/survey.h"
#include "lib/core/texts.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- what was answered */

static const char *const scales[] = {"speed", "feltHelped", "ease"};
enum { N_SCALES = sizeof scales / sizeof *scales };

struct answer {
	struct work w; /* of who types it in */
	struct uuid id, task;
	bool opt_out;
	int grade; /* 0: none */
	const char *text, *calls;
	int64_t due_us;
	const struct survey_rules *rules;
	struct world *world;
};

static bool says_option0(struct api *a, const struct answer *s, const char *municipality)
{
	int m = world_municipality(s->world, municipality);
	struct phrase_words words;

	if (!s->text)
		return false;
	phrase_split(a->op.arena, s->text, &words);
	return match_option0(s->world->match, &words) ||
	       (m >= 0 && match_own_says(s->world->own_words[m], &words));
}

/* what is missing is named with the rest: a grade, unless nothing but the wish for no more surveys is told */
static void read_answer(struct api *a, struct answer *s)
{
	const char *text = api_text(a, "text", false, SURVEY_TEXT_BYTES);

	s->opt_out = jsonx_bool(a->body, "optOut");
	s->grade = (int)jsonx_int(a->body, "grade", 0);
	s->text = text && *text ? guard_mask(a->op.arena, text) : NULL;
	if (!s->grade && !s->opt_out)
		api_bad_field(a, "grade", "required");
}

static void decide(struct api *a, struct answer *s, const char *municipality)
{
	int m = world_municipality(s->world, municipality);
	int64_t now = now_us();

	if (m < 0)
		return;
	s->rules = &s->world->surveys[m];
	s->calls = survey_calls(s->rules, s->grade, says_option0(a, s, municipality));
	if (!s->calls)
		return;
	s->task = server_uuid(a->op.srv);
	s->due_us = callback_when(s->world, municipality, now, 0, 0).promised_us;
}

static void add_number(struct api *a, struct pg_unit *u, const char *key)
{
	json_int_t n = jsonx_int(a->body, key, 0);

	if (n)
		pg_int(u, n);
	else
		pg_null(u);
}

/* $2 to $9 of survey_answer and survey_typed */
static void add_answers(struct api *a, struct pg_unit *u, const struct answer *s)
{
	const json_t *solved = json_object_get(a->body, "solvedInOneGo");

	pg_bool(u, s->opt_out);
	add_number(a, u, "grade");
	for (int i = 0; i < N_SCALES; i++)
		add_number(a, u, scales[i]);
	if (json_is_boolean(solved))
		pg_bool(u, json_is_true(solved));
	else
		pg_null(u);
	pg_text(u, s->text);
	pg_uuid(u, s->task);
}

static void add_task(struct pg_unit *u, const struct answer *s)
{
	if (!s->calls)
		return;
	pg_add(u, SQL_SURVEY_TASK);
	pg_uuid(u, s->task);
	pg_text(u, s->rules->team);
	pg_text(u, s->calls);
	pg_time(u, s->due_us);
}

/* statement: the answer; the task follows it */
static enum op_status answered(struct api *a, const struct answer *s, int statement)
{
	json_t *j;

	if (pg_rows(&a->op, statement) == 0)
		return api_problem(a, PROBLEM_STATE, "It was answered already.");
	if (s->calls)
		rows_publish(&a->op, statement + 1);
	j = json_pack("{s:b}", "callsBack", s->calls != NULL);
	if (s->calls)
		jsonx_put_time(j, "before", s->due_us);
	return api_answer(a, 201, j);
}

/* ---------------------------------------------------------------- by the link */

enum link_state { LINK_START, LINK_READ, LINK_WRITTEN };

static enum op_status unknown(struct api *a)
{
	flood_guessed(a->op.srv->flood, http_peer(a->x));
	return api_problem(a, PROBLEM_NOT_FOUND, "There is no survey with this token, or its time is over.");
}

static enum op_status link_look_up(struct api *a)
{
	uint8_t digest[SHA256_BYTES];
	struct pg_unit *u;

	if (!flood_guess(a->op.srv->flood, http_peer(a->x)))
		return api_problem(a, PROBLEM_TOO_MANY, NULL);
	sha256((struct bytes){(const uint8_t *)a->param[0], strlen(a->param[0])}, digest);
	u = pg_unit(&a->op, PG_SYSTEM, NULL); /* there is no token whose municipalities it could be held to */
	pg_add(u, SQL_SURVEY_GET);
	pg_bytea(u, (struct bytes){digest, sizeof digest});
	return pg_submit(&a->op, LINK_READ, u);
}

/* settings: of the municipality, for its own words */
static void add_question(struct api *a, json_t *list, const json_t *settings, const char *id,
			 enum text_kind text, int most)
{
	json_t *j = json_object();

	jsonx_put(j, "id", id);
	jsonx_put(j, "text",
		  texts_say(a->op.arena, settings, text, pg_get(&a->op, 0, 0, "language"), NULL));
	if (most) {
		json_object_set_new(j, "least", json_integer(1));
		json_object_set_new(j, "most", json_integer(most));
	}
	json_array_append_new(list, j);
}

static enum op_status link_questions(struct api *a)
{
	json_t *questions, *settings, *j;

	if (pg_rows(&a->op, 0) == 0)
		return unknown(a);
	if (strcmp(pg_get(&a->op, 0, 0, "state"), "answered") == 0)
		return api_problem(a, PROBLEM_STATE, "It was answered already.");
	questions = json_array();
	settings = rows_json(&a->op, 0, 0, "settings");
	add_question(a, questions, settings, "grade", TEXT_SURVEY_GRADE, 10);
	add_question(a, questions, settings, "speed", TEXT_SURVEY_SPEED, 5);
	add_question(a, questions, settings, "feltHelped", TEXT_SURVEY_HELPED, 5);
	add_question(a, questions, settings, "ease", TEXT_SURVEY_EASE, 5);
	add_question(a, questions, settings, "solvedInOneGo", TEXT_SURVEY_SOLVED, 0);
	add_question(a, questions, settings, "text", TEXT_SURVEY_WHY, 0);
	j = json_pack("{s:o}", "questions", questions);
	jsonx_put(j, "municipality", pg_get(&a->op, 0, 0, "name"));
	jsonx_put(j, "language", pg_get(&a->op, 0, 0, "language"));
	jsonx_put_time(j, "expiresAt", pg_get_time(&a->op, 0, 0, "expires_at"));
	return api_answer(a, 200, j);
}

enum op_status api_survey_get(struct api *a)
{
	switch ((enum link_state)a->op.state) {
	case LINK_START:
		return link_look_up(a);
	case LINK_READ:
		return pg_failed(&a->op) ? api_failed(a) : link_questions(a);
	case LINK_WRITTEN:
		break;
	}
	return op_bad_state(&a->op);
}

static enum op_status link_begin(struct api *a)
{
	struct answer *s = a->work = arena_new_of(a->op.arena, struct answer);

	s->world = world_hold(&a->op);
	if (!s->world)
		return api_problem(a, PROBLEM_UNAVAILABLE, NULL);
	read_answer(a, s);
	return api_has_bad_fields(a) ? api_invalid(a) : link_look_up(a);
}

static enum op_status link_write(struct api *a, struct answer *s)
{
	struct pg_unit *u;

	if (pg_rows(&a->op, 0) == 0)
		return unknown(a);
	s->id = pg_get_uuid(&a->op, 0, 0, "id");
	decide(a, s, pg_get(&a->op, 0, 0, "municipality"));
	u = pg_unit(&a->op, PG_SYSTEM, NULL);
	pg_add(u, SQL_SURVEY_ANSWER);
	pg_uuid(u, s->id);
	add_answers(a, u, s);
	add_task(u, s);
	return pg_submit(&a->op, LINK_WRITTEN, u);
}

enum op_status api_survey_answer(struct api *a)
{
	switch ((enum link_state)a->op.state) {
	case LINK_START:
		return link_begin(a);
	case LINK_READ:
		return pg_failed(&a->op) ? api_failed(a) : link_write(a, a->work);
	case LINK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : answered(a, a->work, 0);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST /v1/cases/{id}/survey */

static enum op_status typed_begin(struct api *a)
{
	struct answer *s = a->work = arena_new_of(a->op.arena, struct answer);
	struct pg_unit *u = work_begin(a, &s->w);

	if (!u)
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	s->world = world_hold(&a->op);
	read_answer(a, s);
	if (api_has_bad_fields(a)) {
		pg_unit_drop(u);
		return api_invalid(a);
	}
	pg_add(u, SQL_SURVEY_BEFORE);
	pg_uuid(u, s->w.id.u);
	return pg_submit(&a->op, WORK_READ, u);
}

static enum op_status typed_write(struct api *a, struct answer *s)
{
	char id[UUID_TEXT];
	struct pg_unit *u;

	if (!work_got(a, &s->w))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	decide(a, s, s->w.municipality);
	if (!s->rules || !s->rules->on)
		return api_rule(a, "surveyOff", "This municipality does not ask.");
	if (pg_get_bool(&a->op, 1, 0, "opted_out"))
		return api_rule(a, "optedOut", "This citizen wants to be asked no more.");
	if (survey_too_soon(s->rules, pg_get_time(&a->op, 1, 0, "asked_at"), now_us()))
		return api_rule(a, "surveyedBefore", "This citizen was asked a short time ago.");
	uuid_format(s->w.id.u, id);
	u = api_unit(a);
	pg_add(u, SQL_SURVEY_TYPED);
	pg_uuid(u, s->w.id.u);
	add_answers(a, u, s);
	pg_uuid(u, work_new_id(a, &s->w, "survey"));
	pg_uuid(u, work_writer(a));
	add_task(u, s);
	api_audit(a, u, "survey.create", s->w.municipality, "case", id);
	return pg_submit(&a->op, WORK_WRITTEN, u);
}

enum op_status api_case_survey(struct api *a)
{
	switch ((enum work_state)a->op.state) {
	case WORK_START:
		return typed_begin(a);
	case WORK_READ:
		return pg_failed(&a->op) ? api_failed(a) : typed_write(a, a->work);
	case WORK_WRITTEN:
		return pg_failed(&a->op) ? api_failed(a) : answered(a, a->work, 0);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- GET /v1/surveys/report */

enum { REPORT_DAYS = 91, REPORT_MAX_DAYS = 1100, REPORT_MAX_ROWS = 500 };
enum report_state { REPORT_START, REPORT_READ };

struct report {
	struct api_period period;
	const char *by;
};

static const char *const definitions[][2] = {
	{"offered", "surveys that went out in the period, or that an agent asked"},
	{"answered", "of these: with a grade"},
	{"response", "answered of those offered, with its interval of 95 % (Wilson)"},
	{"grade", "the mean of the grades from 1 to 10, with its interval of 95 % from 30 answers on. Who "
		  "answers is not who does not: "
		  "look at the response first"},
	{"speed", "the mean of 1 (much too slow) to 5 (very fast)"},
	{"feltHelped", "the mean of 1 (not at all) to 5 (very well)"},
	{"ease", "the mean of 1 (very hard) to 5 (very easy)"},
	{"solvedInOneGo", "the share that says yes, with its interval of 95 % (Wilson)"},
	{"target", "the grade that is aimed for"},
	{"tooFew", "groups of fewer than five answers: they are not shown, because they would tell of "
		   "people. Nothing is shown by agent"},
};

static enum op_status report_start(struct api *a)
{
	struct report *r = a->work = arena_new_of(a->op.arena, struct report);
	const char *municipality = api_query(a, "municipality");
	struct pg_unit *u;

	r->by = api_query(a, "by") ? api_query(a, "by") : "municipality";
	r->period = api_period(a, REPORT_DAYS, REPORT_MAX_DAYS);
	if (api_has_bad_fields(a))
		return api_bad_query(a);
	if (municipality && !access_municipality(&a->who, municipality))
		return api_problem(a, PROBLEM_FORBIDDEN, "The token has no rights on this municipality.");
	u = api_unit(a);
	pg_add(u, SQL_SURVEY_REPORT);
	pg_time(u, r->period.from_us);
	pg_time(u, r->period.to_us);
	pg_text(u, municipality);
	pg_text(u, r->by);
	pg_int(u, REPORT_MAX_ROWS);
	return pg_submit(&a->op, REPORT_READ, u);
}

static double number(struct api *a, int row, const char *prefix, const char *column)
{
	return (double)pg_get_int(&a->op, 0, row, arena_join(a->op.arena, prefix, column, NULL));
}

/* without an interval where there are too few for one; a share always has its own */
static json_t *figure(double n, double value, struct compare_interval i)
{
	json_t *j = json_pack("{s:I}", "n", (json_int_t)n);

	if (n > 0)
		json_object_set_new(j, "value", json_real(value));
	if (i.known) {
		json_object_set_new(j, "low", json_real(i.low));
		json_object_set_new(j, "high", json_real(i.high));
	}
	return j;
}

static json_t *mean(struct api *a, int row, const char *column)
{
	struct compare_sums s = {number(a, row, "n_", column), number(a, row, "sum_", column),
				 number(a, row, "squares_", column)};

	return figure(s.n, s.n > 0 ? s.sum / s.n : 0, compare_mean(s));
}

static json_t *share(double k, double n)
{
	return figure(n, n > 0 ? k / n : 0, compare_share((struct compare_share){k, n}));
}

static json_t *report_row(struct api *a, int row)
{
	double offered = number(a, row, "offered", ""), graded = number(a, row, "answered", "");
	json_t *j = json_pack("{s:s, s:I, s:I}", "group", pg_get(&a->op, 0, row, "group"), "offered",
			      (json_int_t)offered, "answered", (json_int_t)graded);

	json_object_set_new(j, "response", share(graded, offered));
	json_object_set_new(j, "grade", mean(a, row, "grade"));
	json_object_set_new(j, "speed", mean(a, row, "speed"));
	json_object_set_new(j, "feltHelped", mean(a, row, "felt_helped"));
	json_object_set_new(j, "ease", mean(a, row, "ease"));
	json_object_set_new(j, "solvedInOneGo",
			    share(number(a, row, "sum_", "solved"), number(a, row, "n_", "solved")));
	return j;
}

static enum op_status report_answer(struct api *a, const struct report *r)
{
	json_t *j = api_report(r->period, definitions, sizeof definitions / sizeof *definitions),
	       *items = json_array();
	double target = kpis_targets(a, api_query(a, "municipality")).of[figure_find("satisfaction")];
	int few = 0;

	for (int row = 0; row < pg_rows(&a->op, 0); row++)
		if (pg_get_int(&a->op, 0, row, "answered") < SURVEY_LEAST_ANSWERS)
			few++;
		else
			json_array_append_new(items, report_row(a, row));
	jsonx_put(j, "by", r->by);
	json_object_set_new(j, "target", target > 0 ? json_real(target) : json_null());
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "tooFew", json_integer(few));
	return api_answer(a, 200, j);
}

enum op_status api_survey_report(struct api *a)
{
	switch ((enum report_state)a->op.state) {
	case REPORT_START:
		return report_start(a);
	case REPORT_READ:
		return pg_failed(&a->op) ? api_failed(a) : report_answer(a, a->work);
	}
	return op_bad_state(&a->op);
}
