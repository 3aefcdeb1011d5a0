/* test_call.c PROPERTY - a call is the same out of any order of its events, doubled, and ends in exactly one way */
#include "lib/core/call.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

enum { SECOND = 1000000, MAX_STORY = 24, ROUNDS = 20000 };

static const char *const keys[] = { "0", "1", "2", "#" };
static const char *const ids[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
	"q", "r", "s", "t", "u", "v", "w", "x" };

/* anything an exchange might tell, also what makes no sense; times close together, so that many are the same */
static int any_story(struct prng *p, struct call_event *out)
{
	int n = 1 + prng_below(p, MAX_STORY / 2);

	for (int i = 0; i < n; i++) {
		enum call_event_kind kind = (enum call_event_kind)prng_below(p, N_CALL_EVENTS);

		out[i] = (struct call_event){ .kind = kind, .event_id = ids[i], .at_us = (1 + prng_below(p, 30)) * (int64_t)SECOND,
			.key = kind == CALL_EV_KEY ? keys[prng_below(p, 4)] : NULL,
			.agent = kind == CALL_EV_ANSWERED && prng_below(p, 2) ? ids[prng_below(p, 3)] : NULL };
	}
	return n;
}

static void shuffle(struct prng *p, struct call_event *e, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = prng_below(p, i + 1);
		struct call_event swap = e[i];

		e[i] = e[k];
		e[k] = swap;
	}
}

static int with_doubles(struct prng *p, struct call_event *e, int n)
{
	int doubles = prng_below(p, n + 1);

	for (int i = 0; i < doubles; i++)
		e[n + i] = e[prng_below(p, n)];
	return n + doubles;
}

static bool same(const struct call *a, const struct call *b)
{
	return a->state == b->state && a->outcome == b->outcome && a->started_us == b->started_us &&
	       a->queued_us == b->queued_us && a->answered_us == b->answered_us && a->ended_us == b->ended_us &&
	       a->last_us == b->last_us && a->waited_us == b->waited_us && a->held_us == b->held_us &&
	       a->talked_us == b->talked_us && a->option0 == b->option0 && !strcmp(a->keys, b->keys) &&
	       !strcmp(a->agent ? a->agent : "", b->agent ? b->agent : "");
}

static bool has(const struct call_event *e, int n, enum call_event_kind kind)
{
	for (int i = 0; i < n; i++)
		if (e[i].kind == kind)
			return true;
	return false;
}

static void check_sense(const struct call *c, const struct call_event *e, int n)
{
	bool ended = has(e, n, CALL_EV_ENDED), answered = has(e, n, CALL_EV_ANSWERED);

	ck_assert_int_eq(c->state == CALL_ENDED, ended);
	ck_assert_int_eq(c->outcome != CALL_OPEN, ended);
	ck_assert_int_eq(c->outcome == CALL_ANSWERED, ended && answered);
	ck_assert_int_eq(c->state == CALL_TALKING, answered && !ended);
	ck_assert(c->waited_us >= 0 && c->held_us >= 0 && c->talked_us >= 0);
	if (ended && answered)
		ck_assert_int_eq(c->held_us + c->talked_us, c->ended_us - c->answered_us);
}

START_TEST(any_order_and_doubles)
{
	struct prng p = { 4 };

	for (int round = 0; round < ROUNDS; round++) {
		struct call_event story[MAX_STORY], again[MAX_STORY];
		struct call one, other;
		int n = any_story(&p, story), m;

		memcpy(again, story, sizeof story);
		m = with_doubles(&p, again, n);
		shuffle(&p, again, m);
		call_fold(story, n, &one);
		call_fold(again, m, &other);
		ck_assert(same(&one, &other));
		check_sense(&one, story, n);
	}
}
END_TEST

/* whatever is lost, the end by rule closes it, and with an answer it stays answered */
START_TEST(losses_and_the_end_by_rule)
{
	struct prng p = { 5 };

	for (int round = 0; round < ROUNDS; round++) {
		struct call_event story[MAX_STORY + 1];
		struct call c;
		int n = any_story(&p, story);

		shuffle(&p, story, n);
		n = 1 + prng_below(&p, n);
		story[n++] = (struct call_event){ .kind = CALL_EV_ENDED, .event_id = "loket:silent", .at_us = 40 * (int64_t)SECOND };
		call_fold(story, n, &c);
		ck_assert_int_eq(c.state, CALL_ENDED);
		ck_assert_int_ne(c.outcome, CALL_OPEN);
		check_sense(&c, story, n);
	}
}
END_TEST

#define AT(s, k, ...) { .kind = k, .event_id = #s, .at_us = (s) * (int64_t)SECOND, __VA_ARGS__ }

START_TEST(times)
{
	struct call_event e[] = { AT(1, CALL_EV_RINGING, .key = NULL), AT(3, CALL_EV_KEY, .key = "2"),
		AT(5, CALL_EV_QUEUED, .key = NULL), AT(65, CALL_EV_ANSWERED, .agent = "x"), AT(70, CALL_EV_HELD, .key = NULL),
		AT(80, CALL_EV_RESUMED, .key = NULL), AT(95, CALL_EV_HELD, .key = NULL), AT(100, CALL_EV_ENDED, .key = NULL) };
	struct call_event alone[] = { AT(9, CALL_EV_ANSWERED, .agent = "y") };
	struct call c;

	call_fold(e, 8, &c);
	ck_assert_int_eq(c.waited_us, 60 * (int64_t)SECOND);
	ck_assert_int_eq(c.held_us, 15 * (int64_t)SECOND);
	ck_assert_int_eq(c.talked_us, 20 * (int64_t)SECOND);
	ck_assert_str_eq(c.keys, "2");
	ck_assert_str_eq(c.agent, "x");
	call_fold(alone, 1, &c);
	ck_assert_int_eq(c.state, CALL_TALKING);
	ck_assert_int_eq(c.waited_us, 0);
}
END_TEST

START_TEST(a_promise_is_not_an_abandonment)
{
	struct call_event e[] = { AT(1, CALL_EV_QUEUED, .key = NULL), AT(8, CALL_EV_PROMISED, .key = NULL),
		AT(9, CALL_EV_ENDED, .key = NULL), AT(20, CALL_EV_CALLED_BACK, .key = NULL) };
	struct call c;

	call_fold(e, 3, &c);
	ck_assert_int_eq(c.outcome, CALL_PROMISED);
	call_fold(e, 4, &c);
	ck_assert_int_eq(c.outcome, CALL_CALLED_BACK);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { any_order_and_doubles, losses_and_the_end_by_rule, times, a_promise_is_not_an_abandonment };

	return unit_run("call", tests, COUNT(tests));
}
