/* what a citizen may see of a case: the secret of a receipt (lib/core/receipt), and what is told
 * (lib/core/status) */
#include "lib/core/receipt.h"
#include "lib/core/status.h"
#include "lib/core/survey.h"
#include "tests/unit/unit.h"

static const char *const keys[] = {"0123456789012345678901234567890123456789012", "another-key"};

START_TEST(a_secret)
{
	char one[RECEIPT_TEXT], other[RECEIPT_TEXT];

	receipt_secret(keys[0], "DOR-7K3Q-X2MP", one);
	ck_assert_str_eq(one, "YY3Z-4Z7A-KV94-GP6B-JSWY");
	receipt_secret(keys[1], "DOR-7K3Q-X2MP", other);
	ck_assert_str_ne(one, other);
	receipt_secret(keys[0], "DOR-7K3Q-X2MQ", other);
	ck_assert_str_ne(one, other);
}
END_TEST

START_TEST(what_opens)
{
	char secret[RECEIPT_TEXT], typed[RECEIPT_TEXT], wrong[RECEIPT_TEXT];

	for (int k = 0; k < 2; k++) {
		receipt_secret(keys[k], "DOR-7K3Q-X2MP", secret);
		ck_assert(receipt_opens(keys, 2, "DOR-7K3Q-X2MP", secret));
		ck_assert(receipt_opens(keys, k + 1, "DOR-7K3Q-X2MP", secret));
		ck_assert(!receipt_opens(keys, k, "DOR-7K3Q-X2MP", secret)); /* its key is gone */
		ck_assert(!receipt_opens(keys, 2, "DOR-7K3Q-X2MQ", secret));
		for (int i = 0; i < RECEIPT_TEXT; i++) {
			char c = secret[i];

			typed[i] = c == '0'   ? 'o'
				   : c == '1' ? 'l'
				   : c == '-' ? ' '
					      : (char)(c >= 'A' ? c | 32 : c);
		}
		ck_assert(receipt_opens(keys, 2, "DOR-7K3Q-X2MP", typed));
		for (int i = 0; i < RECEIPT_TEXT - 1; i++) {
			memcpy(wrong, secret, sizeof wrong);
			wrong[i] = secret[i] == '2' ? '3' : '2';
			ck_assert(!receipt_opens(keys, 2, "DOR-7K3Q-X2MP", wrong));
		}
	}
}
END_TEST

START_TEST(what_does_not)
{
	static const char *const others[] = {NULL, "", "-", "7K3Q", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"};

	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert(!receipt_opens(keys, 2, "DOR-7K3Q-X2MP", others[i]));
	ck_assert(!receipt_opens(NULL, 0, "DOR-7K3Q-X2MP", ""));
}
END_TEST

/* ---------------------------------------------------------------- what is told */

enum { NOW = 1000, LATER = 2000, LAST = 3000, BEFORE = 500 };

static const struct {
	struct status_facts f;
	const char *word;
	enum text_kind now, next;
	int64_t before_us;
	bool takes_messages;
} told[] = {
	{{.state = CASE_QUEUED, .due_us = LATER},
	 "waiting",
	 TEXT_STATUS_WAITING,
	 TEXT_NEXT_ANSWER,
	 LATER,
	 true},
	{{.state = CASE_OFFERED, .due_us = BEFORE}, "waiting", TEXT_STATUS_WAITING, TEXT_NEXT_LATE, 0, true},
	{{.state = CASE_TRIAGE, .due_us = LATER},
	 "waiting",
	 TEXT_STATUS_WAITING,
	 TEXT_NEXT_ANSWER,
	 LATER,
	 true},
	/* what was promised goes before the norm, and is not made up anew when it has passed */
	{{.state = CASE_QUEUED, .due_us = LATER, .promised_us = LAST},
	 "waiting",
	 TEXT_STATUS_WAITING,
	 TEXT_NEXT_PROMISE,
	 LAST,
	 true},
	{{.state = CASE_ASSIGNED, .due_us = BEFORE, .promised_us = BEFORE},
	 "working",
	 TEXT_STATUS_WORKING,
	 TEXT_NEXT_LATE,
	 0,
	 true},
	{{.state = CASE_ASSIGNED, .due_us = LATER},
	 "working",
	 TEXT_STATUS_WORKING,
	 TEXT_NEXT_ANSWER,
	 LATER,
	 true},
	{{.state = CASE_SCHEDULED, .due_us = LATER, .called_us = LAST},
	 "callback",
	 TEXT_STATUS_CALL,
	 TEXT_CALLBACK,
	 LAST,
	 true},
	{{.state = CASE_ASSIGNED, .due_us = LATER, .called_us = BEFORE},
	 "callback",
	 TEXT_STATUS_CALL,
	 TEXT_NEXT_LATE,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_SOLVED, .due_us = LATER},
	 "answered",
	 TEXT_STATUS_ANSWERED,
	 TEXT_NEXT_NOTHING,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_PROMISED, .task = true, .task_us = LAST},
	 "department",
	 TEXT_STATUS_TASK,
	 TEXT_NEXT_PROMISE,
	 LAST,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_PROMISED, .task = true, .task_us = BEFORE},
	 "department",
	 TEXT_STATUS_TASK,
	 TEXT_NEXT_LATE,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_PROMISED},
	 "answered",
	 TEXT_STATUS_ANSWERED,
	 TEXT_NEXT_NOTHING,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_REFERRED},
	 "referred",
	 TEXT_STATUS_REFERRED,
	 TEXT_NEXT_NOTHING,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_UNREACHABLE},
	 "unreachable",
	 TEXT_STATUS_MISSED,
	 TEXT_NEXT_WRITE,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_NOT_FOR_US},
	 "notForUs",
	 TEXT_STATUS_NOT_OURS,
	 TEXT_NEXT_NOTHING,
	 0,
	 true},
	{{.state = CASE_CLOSED, .outcome = OUTCOME_SPAM, .task = true},
	 "closed",
	 TEXT_STATUS_CLOSED,
	 TEXT_NEXT_ELSEWHERE,
	 0,
	 false},
	{{.state = CASE_CLOSED}, "closed", TEXT_STATUS_CLOSED, TEXT_NEXT_NOTHING, 0, true},
};

START_TEST(each_case)
{
	for (size_t i = 0; i < COUNT(told); i++) {
		struct status s = status_of(&told[i].f, NOW);

		ck_assert_str_eq(s.word, told[i].word);
		ck_assert_int_eq(s.now, told[i].now);
		ck_assert_int_eq(s.next, told[i].next);
		ck_assert_int_eq(s.before_us, told[i].before_us);
		ck_assert_int_eq(s.takes_messages, told[i].takes_messages);
	}
}
END_TEST

/* ---------------------------------------------------------------- how it was */

static const struct {
	const char *json, *field; /* NULL: nothing is wrong */
} settings[] = {
	{"{}", NULL},
	{"{\"survey\": null}", NULL},
	{"{\"survey\": {\"on\": true, \"url\": \"https://a.example/b?c=d\", \"low\": 0, \"high\": 11}}",
	 NULL},
	{"{\"survey\": []}", "survey"},
	{"{\"survey\": {\"on\": 1}}", "on"},
	{"{\"survey\": {\"url\": \"https://a.example/#b\"}}", "url"},
	{"{\"survey\": {\"url\": \"javascript:x\"}}", "url"},
	{"{\"survey\": {\"url\": \"https://\"}}", "url"},
	{"{\"survey\": {\"team\": \"\"}}", "team"},
	{"{\"survey\": {\"periodDays\": 366}}", "periodDays"},
	{"{\"survey\": {\"waitMinutes\": -1}}", "waitMinutes"},
	{"{\"survey\": {\"high\": 1}}", "high"},
	{"{\"survey\": {\"grade\": 1}}", "grade"},
};

START_TEST(survey_settings)
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct survey_rules r = survey_defaults();
		struct bad_setting p;
		json_t *j = json_loads(settings[i].json, 0, NULL);

		ck_assert_msg(survey_read(j, &r, &p, 1) == (settings[i].field != NULL), "%s",
			      settings[i].json);
		if (settings[i].field)
			ck_assert_str_eq(p.field, settings[i].field);
		json_decref(j);
	}
}
END_TEST

START_TEST(survey_from_where)
{
	json_t *region = json_loads("{\"survey\": {\"on\": true, \"low\": 4}}", 0, NULL);
	json_t *own = json_loads("{\"survey\": {\"low\": 3}}", 0, NULL), *all = survey_shown(region, own);
	json_t *wanted = json_loads(
		       "{\"on\": {\"value\": true, \"from\": \"region\"}, \"low\": {\"value\": 3, \"from\": "
		       "\"municipality\"}, \"url\": {\"value\": null, \"from\": \"default\"}}",
		       0, NULL),
	       *v;
	const char *name;

	json_object_foreach(wanted, name, v)
		ck_assert_msg(json_equal(json_object_get(all, name), v), "%s", name);
	json_decref(region);
	json_decref(own);
	json_decref(all);
	json_decref(wanted);
}
END_TEST

START_TEST(who_is_called)
{
	struct survey_rules r = survey_defaults();

	for (int grade = 0; grade <= 10; grade++)
		ck_assert_int_eq(survey_calls(&r, grade, false) != NULL,
				 grade > 0 && (grade <= 5 || grade >= 9));
	ck_assert_str_ne(survey_calls(&r, 1, false), survey_calls(&r, 10, false));
	r.low = 0;
	r.high = 11;
	for (int grade = 0; grade <= 10; grade++)
		ck_assert_ptr_null(survey_calls(&r, grade, false));
	ck_assert_ptr_nonnull(survey_calls(&r, 7, true));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_secret,        what_opens,        what_does_not, each_case,
				      survey_settings, survey_from_where, who_is_called};

	return unit_run("citizen", tests, COUNT(tests));
}
