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
	       a->last_us == b->last_us && a->promised_us == b->promised_us && a->wants_back == b->wants_back && a->waited_us == b->waited_us && a->held_us == b->held_us &&
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
	ck_assert_int_eq(c->outcome == CALL_CALLED_BACK, ended && !answered && has(e, n, CALL_EV_CALLED_BACK));
	ck_assert_int_eq(c->promised_us != 0, has(e, n, CALL_EV_PROMISED));
	if (c->outcome == CALL_ABANDONED)
		ck_assert(!answered && !c->promised_us && !has(e, n, CALL_EV_CALLED_BACK));
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

START_TEST(an_end_told_twice)
{
	struct call_event e[] = { AT(5, CALL_EV_ANSWERED, .agent = "x"), AT(30, CALL_EV_ENDED, .key = NULL),
		AT(90, CALL_EV_ENDED, .key = NULL), AT(3, CALL_EV_ENDED, .key = NULL) };
	struct call_event silent[] = { AT(5, CALL_EV_ANSWERED, .agent = "x"), AT(60, CALL_EV_ENDED, .key = NULL),
		{ .kind = CALL_EV_ENDED, .event_id = CALL_SILENT, .at_us = 20 * (int64_t)SECOND } };
	struct call c;

	call_fold(e, 4, &c);                 /* the first after the answer */
	ck_assert_int_eq(c.talked_us, 25 * (int64_t)SECOND);
	call_fold(silent, 3, &c);            /* their word over ours */
	ck_assert_int_eq(c.talked_us, 55 * (int64_t)SECOND);
}
END_TEST

START_TEST(keys_while_waiting)
{
	struct call_event e[] = { AT(1, CALL_EV_RINGING, .key = NULL), AT(3, CALL_EV_KEY, .key = "2"),
		{ .kind = CALL_EV_QUEUED, .event_id = CALL_QUEUED, .at_us = 3 * (int64_t)SECOND + 1 }, AT(9, CALL_EV_KEY, .key = "1"),
		AT(12, CALL_EV_ANSWERED, .agent = "x"), AT(13, CALL_EV_KEY, .key = "0") };
	struct call c;

	call_fold(e, 4, &c);
	ck_assert_str_eq(c.keys, "2");
	ck_assert(c.wants_back && !c.option0);
	e[3].at_us = 14 * (int64_t)SECOND;   /* during the talk it means nothing, but 0 does */
	call_fold(e, 6, &c);
	ck_assert(!c.wants_back && c.option0);
	e[0] = (struct call_event)AT(10, CALL_EV_QUEUED, .key = NULL);   /* the exchange's word over ours */
	call_fold(e, 6, &c);
	ck_assert_int_eq(c.queued_us, 10 * (int64_t)SECOND);
}
END_TEST

/* whatever is known, and whatever happened: a person who may come, a menu, a promise, or the time when somebody is there */
START_TEST(no_dead_end)
{
	struct prng p = { 6 };

	for (int round = 0; round < ROUNDS; round++) {
		struct call_event story[MAX_STORY];
		struct call c;
		struct call_facts f = { .reachable = prng_below(&p, 2), .open = prng_below(&p, 2), .agents = prng_below(&p, 3) / 2,
			.option0 = prng_below(&p, 2), .wants_back = prng_below(&p, 2), .promised = prng_below(&p, 2),
			.in_menu = prng_below(&p, 2), .taken = prng_below(&p, 2), .rings = prng_below(&p, 2) };
		const char *reason = NULL;
		enum call_do act;
		bool asked = f.option0 || f.wants_back || f.promised;

		call_fold(story, any_story(&p, story), &c);
		act = call_decide(&c, &f, &reason);
		ck_assert_int_eq(act == CALL_DO_PROMISE && f.reachable, act == CALL_DO_PROMISE);
		if (act == CALL_DO_PROMISE)
			ck_assert_ptr_nonnull(reason);
		if (c.state == CALL_ENDED) {
			ck_assert_int_eq(act == CALL_DO_PROMISE, c.outcome == CALL_ABANDONED && f.reachable && asked);
			ck_assert(act == CALL_DO_PROMISE || act == CALL_DO_END);
		} else if (act == CALL_DO_END) {
			ck_assert(c.promised_us);
		} else if (act == CALL_DO_WAIT || act == CALL_DO_MENU) {
			ck_assert(f.taken || c.state == CALL_TALKING || f.agents || f.open);
			ck_assert(f.taken || c.state == CALL_TALKING || f.agents || !f.option0 || !f.reachable);
		} else if (act == CALL_DO_CLOSED) {
			ck_assert(!f.reachable && !f.open && !f.agents);
		}
	}
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
	const TTest *const tests[] = { any_order_and_doubles, losses_and_the_end_by_rule, times, an_end_told_twice,
		keys_while_waiting, no_dead_end, a_promise_is_not_an_abandonment };

	return unit_run("call", tests, COUNT(tests));
}
