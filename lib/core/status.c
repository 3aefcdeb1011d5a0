#include "lib/core/status.h"

/* what comes next of a case that is not closed: what was promised goes before the norm. A time that has
 * passed is said to have, and not made up anew */
static void before(struct status *s, int64_t us, enum text_kind how, int64_t now_us)
{
	s->next = us > now_us ? how : TEXT_NEXT_LATE;
	s->before_us = us > now_us ? us : 0;
}

static struct status open_one(const struct status_facts *f, int64_t now_us)
{
	struct status s = {.word = "waiting", .now = TEXT_STATUS_WAITING, .takes_messages = true};

	if (f->called_us) {
		s.word = "callback";
		s.now = TEXT_STATUS_CALL;
		before(&s, f->called_us, TEXT_CALLBACK, now_us);
		return s;
	}
	if (f->state == CASE_ASSIGNED) {
		s.word = "working";
		s.now = TEXT_STATUS_WORKING;
	}
	if (f->promised_us > now_us || !f->due_us)
		before(&s, f->promised_us, TEXT_NEXT_PROMISE, now_us);
	else
		before(&s, f->due_us, TEXT_NEXT_ANSWER, now_us);
	return s;
}

static struct status closed_one(const struct status_facts *f, int64_t now_us)
{
	static const struct status of[N_OUTCOMES] = {
		[OUTCOME_NONE] = {"closed", TEXT_STATUS_CLOSED, TEXT_NEXT_NOTHING, 0, true},
		[OUTCOME_SOLVED] = {"answered", TEXT_STATUS_ANSWERED, TEXT_NEXT_NOTHING, 0, true},
		[OUTCOME_PROMISED] = {"answered", TEXT_STATUS_ANSWERED, TEXT_NEXT_NOTHING, 0, true},
		[OUTCOME_REFERRED] = {"referred", TEXT_STATUS_REFERRED, TEXT_NEXT_NOTHING, 0, true},
		[OUTCOME_UNREACHABLE] = {"unreachable", TEXT_STATUS_MISSED, TEXT_NEXT_WRITE, 0, true},
		/* who is taken for spam by mistake is helped by people, elsewhere: what is written here would
		   be seen by nobody */
		[OUTCOME_SPAM] = {"closed", TEXT_STATUS_CLOSED, TEXT_NEXT_ELSEWHERE, 0, false},
		[OUTCOME_NOT_FOR_US] = {"notForUs", TEXT_STATUS_NOT_OURS, TEXT_NEXT_NOTHING, 0, true},
	};
	struct status s = of[f->outcome];

	if (!f->task || f->outcome == OUTCOME_SPAM)
		return s;
	s.word = "department";
	s.now = TEXT_STATUS_TASK;
	before(&s, f->task_us, TEXT_NEXT_PROMISE, now_us);
	return s;
}

struct status status_of(const struct status_facts *f, int64_t now_us)
{
	return f->state == CASE_CLOSED ? closed_one(f, now_us) : open_one(f, now_us);
}
