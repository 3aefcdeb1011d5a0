/* calls_answer.c - what the exchange hears of a call: what to do, and what to say (proto/hooks.md) */
#include "daemon/calls_internal.h"

#include "lib/base/jsonx.h"
#include "lib/core/texts.h"

#include <string.h>

enum {
	WAIT_AGAIN_S = 5,
	CONNECT_AGAIN_S = 2,
	MENU_AGAIN_S = 15, /* then it is said once more */
	SHORT_WAIT_S = 60, /* nobody is asked whether they would rather be called back */
};

static const char *language_of(const struct settle *s)
{
	return s->step.language ? s->step.language : s->language;
}

/* in their language, or else in Dutch */
static void say(const struct settle *s, json_t *answer, enum text_kind kind, const char *value)
{
	const char *language = language_of(s);

	if (!language || !texts_has(s->settings, kind, language))
		language = "nl";
	json_array_append_new(json_object_get(answer, "say"),
	                      json_pack("{s:s, s:s}", "language", language, "text",
	                                texts_say(s->op.arena, s->settings, kind, language, value)));
}

static void say_number(const struct settle *s, json_t *answer, enum text_kind kind, int n)
{
	say(s, answer, kind, arena_printf(s->op.arena, "%d", n));
}

static void say_time(const struct settle *s, json_t *answer, enum text_kind kind, int64_t us)
{
	say(s, answer, kind, texts_time(s->op.arena, us, s->now_us));
}

static void offer_callback(const struct settle *s, json_t *answer)
{
	if (!s->number && s->expected.basis == EXPECT_NOBODY)
		say(s, answer, TEXT_CALL_HIDDEN, NULL);
	if (s->number && (s->expected.within_s == 0 || s->expected.within_s > SHORT_WAIT_S))
		say(s, answer, TEXT_CALL_OFFER, NULL);
}

/* who waits with a question that is done digitally hears how, in the words of the municipality, which are
 * Dutch; not who asked for help with that. About what people do nothing is said */
static void say_digital(const struct settle *s, json_t *answer)
{
	const char *language = language_of(s);

	if (s->digital && !s->option0 && (!language || !strcmp(language, "nl")))
		json_array_append_new(json_object_get(answer, "say"),
				      json_pack("{s:s, s:s}", "language", "nl", "text", s->digital));
}

static void say_wait(const struct settle *s, json_t *answer)
{
	json_object_set_new(answer, "position", json_integer(s->ahead + 1));
	jsonx_put(answer, "basis", expect_basis_name(s->expected.basis));
	if (s->expected.within_s)
		json_object_set_new(answer, "expectedWaitSeconds", json_integer(s->expected.within_s));
	if (s->was_queued) /* said before: not with every question */
		return;
	say_digital(s, answer);
	if (s->expected.basis == EXPECT_NOBODY)
		say(s, answer, TEXT_CALL_NOBODY, NULL);
	else if (s->ahead)
		say_number(s, answer, TEXT_CALL_AHEAD, s->ahead);
	else
		say(s, answer, TEXT_CALL_FIRST, NULL);
	if (s->expected.within_s)
		say_number(s, answer, TEXT_CALL_WAIT, (s->expected.within_s + 59) / 60);
	offer_callback(s, answer);
}

static void say_menu(const struct settle *s, json_t *answer)
{
	json_t *prompt = menu_prompt(menu_at(s->menu, s->step.path), language_of(s));

	json_object_update(answer, prompt);
	json_decref(prompt);
	jsonx_put(answer, "do", "menu");
}

static void say_end(const struct settle *s, json_t *answer)
{
	bool closed = !s->agents && !hours_open(&s->hours, s->now_us);

	jsonx_put(answer, "do", "end");
	if (s->now.state == CALL_ENDED)
		return;
	if (closed)
		say_time(s, answer, TEXT_CALL_CLOSED, hours_next_open(&s->hours, s->now_us));
	if (s->act == CALL_DO_CLOSED)
		say(s, answer, TEXT_CALL_HIDDEN, NULL);
	else if (s->promise.promised_us)
		say_time(s, answer, TEXT_CALLBACK, s->promise.promised_us);
}

const char *calls_answer(struct settle *s, struct arena *arena)
{
	json_t *j = json_pack("{s:s, s:[]}", "do", "wait", "say");
	int again_s = WAIT_AGAIN_S;
	const char *text;

	switch (s->act) {
	case CALL_DO_END:
	case CALL_DO_CLOSED:
		say_end(s, j);
		again_s = 0;
		break;
	case CALL_DO_CONNECT:
		jsonx_put(j, "do", "connect");
		jsonx_put(j, "agent", s->extension);
		again_s = CONNECT_AGAIN_S;
		break;
	case CALL_DO_MENU:
		say_menu(s, j);
		again_s = MENU_AGAIN_S;
		break;
	case CALL_DO_WAIT:
		if (s->now.state == CALL_WAITING)
			say_wait(s, j);
		break;
	case CALL_DO_PROMISE: /* it could not be made just now: ask again */
	case N_CALL_DOS:
		break;
	}
	if (again_s)
		json_object_set_new(j, "askAgainSeconds", json_integer(again_s));
	text = jsonx_dump(arena, j, NULL);
	json_decref(j);
	return text;
}
