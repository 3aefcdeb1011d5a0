#include "lib/core/protocol.h"

#include "lib/base/jsonx.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- what is wrong */

struct wrongs {
	struct bad_setting *problems;
	int n, max;
	const json_t *steps;
	size_t at;
	const char *const *actions;
};

static void wrong(struct wrongs *w, const char *key, const char *why)
{
	if (w->n < w->max) {
		snprintf(w->problems[w->n].field, sizeof w->problems[w->n].field, "protocol[%zu]%s%s", w->at,
			 *key ? "." : "", key);
		w->problems[w->n].why = why;
	}
	w->n++;
}

static bool is_id(const char *s)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return n && n <= 40 && !s[n];
}

static bool is_text(const json_t *v, bool required)
{
	const char *s = json_string_value(v);

	return v ? s && *s && strlen(s) <= PROTOCOL_TEXT_BYTES : !required;
}

static json_t *find(const json_t *list, size_t from, const char *id)
{
	for (size_t i = from; id && i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);

		if (jsonx_str(one, "id") && !strcmp(jsonx_str(one, "id"), id))
			return one;
	}
	return NULL;
}

static bool only(const json_t *object, const char *const *keys)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)object, key, v) {
		size_t i = 0;

		while (keys[i] && strcmp(keys[i], key))
			i++;
		if (!keys[i])
			return false;
	}
	return true;
}

static void check_advice(struct wrongs *w, const json_t *advice)
{
	static const char *const keys[] = {"action", "say", NULL};
	const char *action = jsonx_str(advice, "action");
	size_t i = 0;

	while (action && w->actions[i] && strcmp(w->actions[i], action))
		i++;
	if (!action || !w->actions[i])
		wrong(w, "answers", "advice has an action of POST /v1/posts/{id}/triage");
	if (!is_text(json_object_get(advice, "say"), false) || !only(advice, keys))
		wrong(w, "answers", "advice has action, and say of at most 500 bytes");
}

static void check_answer(struct wrongs *w, const json_t *answers, size_t i)
{
	static const char *const keys[] = {"id", "text", "next", "advice", NULL};
	const json_t *one = json_array_get(answers, i), *advice = json_object_get(one, "advice");
	const char *next = jsonx_str(one, "next");

	if (!json_is_object(one) || !only(one, keys) || !is_id(jsonx_str(one, "id")) ||
	    !is_text(json_object_get(one, "text"), true))
		wrong(w, "answers", "an answer has id, text, and next or advice");
	else if (find(answers, i + 1, jsonx_str(one, "id")))
		wrong(w, "answers", "an id stands there twice");
	if (!next == !advice)
		wrong(w, "answers", "an answer has either next or advice");
	else if (next && !find(w->steps, w->at + 1, next))
		wrong(w, "answers", "next is the id of a later step");
	else if (advice)
		check_advice(w, advice);
}

static void check_step(struct wrongs *w, const json_t *step)
{
	static const char *const keys[] = {"id", "question", "help", "answers", NULL};
	const json_t *answers = json_object_get(step, "answers");

	if (!json_is_object(step) || !only(step, keys)) {
		wrong(w, "", "is an object with id, question, help and answers");
		return;
	}
	if (!is_id(jsonx_str(step, "id")) || find(w->steps, w->at + 1, jsonx_str(step, "id")))
		wrong(w, "id", "is 1 to 40 of a-z, 0-9 and -, and of one step");
	if (!is_text(json_object_get(step, "question"), true))
		wrong(w, "question", "is a text of 1 to 500 bytes");
	if (!is_text(json_object_get(step, "help"), false))
		wrong(w, "help", "is a text of 1 to 500 bytes");
	if (!json_is_array(answers) || !json_array_size(answers) || json_array_size(answers) > PROTOCOL_MAX_ANSWERS)
		wrong(w, "answers", "is a list of 1 to 9");
	else
		for (size_t i = 0; i < json_array_size(answers); i++)
			check_answer(w, answers, i);
}

int protocol_check(const json_t *settings, const char *const *actions, struct bad_setting *problems, int max)
{
	json_t *steps = json_object_get(json_object_get(settings, "webcare"), "protocol");
	struct wrongs w = {problems, 0, max, steps, 0, actions};

	if (!steps)
		return 0;
	if (!json_is_array(steps) || json_array_size(steps) > PROTOCOL_MAX_STEPS)
		wrong(&w, "", "is a list of at most 50 steps");
	else
		for (w.at = 0; w.at < json_array_size(steps); w.at++)
			check_step(&w, json_array_get(steps, w.at));
	return w.n;
}

/* ---------------------------------------------------------------- following it */

json_t *protocol_of(const json_t *region, const json_t *municipality, const char **from)
{
	json_t *common = jsonx_arr(json_object_get(region, "webcare"), "protocol");
	json_t *own = jsonx_arr(json_object_get(municipality, "webcare"), "protocol");

	*from = own ? "municipality" : "region";
	own = own ? own : common;
	return json_array_size(own) ? own : NULL;
}

/* after how many answers of the path the step would be next; -1: it is not on the way */
static int place_of(const json_t *steps, const json_t *path, const char *step)
{
	const json_t *at = json_array_get(steps, 0);

	for (size_t i = 0; at; i++) {
		const json_t *taken = json_array_get(path, i);
		const char *id = jsonx_str(at, "id");

		if (id && !strcmp(id, step))
			return (int)i;
		if (!taken || !id || !jsonx_str(taken, "step") || strcmp(id, jsonx_str(taken, "step")))
			break;
		at = find(steps, 0, jsonx_str(find(jsonx_arr(at, "answers"), 0, jsonx_str(taken, "answer")), "next"));
	}
	return -1;
}

json_t *protocol_take(const json_t *steps, const json_t *path, const char *step, const char *answer)
{
	int place = place_of(steps, path, step);
	json_t *taken;

	if (place < 0 || !find(jsonx_arr(find(steps, 0, step), "answers"), 0, answer))
		return NULL;
	taken = json_array();
	for (int i = 0; i < place; i++)
		json_array_append(taken, json_array_get(path, (size_t)i));
	json_array_append_new(taken, json_pack("{s:s, s:s}", "step", step, "answer", answer));
	return taken;
}

json_t *protocol_shown(const json_t *steps, const json_t *path)
{
	json_t *shown = json_object(), *taken = json_array(), *advice = NULL;
	json_t *at = json_array_get(steps, 0), *answer;
	size_t i;

	for (i = 0; at && !advice; i++) {
		const json_t *one = json_array_get(path, i);
		const char *step = jsonx_str(one, "step"), *id = jsonx_str(at, "id");

		if (!step || !id || strcmp(step, id))
			break;
		answer = find(jsonx_arr(at, "answers"), 0, jsonx_str(one, "answer"));
		if (!answer)
			break;
		json_array_append(taken, (json_t *)one);
		advice = jsonx_obj(answer, "advice");
		at = find(steps, 0, jsonx_str(answer, "next"));
	}
	json_object_set_new(shown, "taken", taken);
	if (advice)
		json_object_set(shown, "advice", advice);
	else if (at)
		json_object_set(shown, "next", at);
	return shown;
}
