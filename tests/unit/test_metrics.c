/* the text for Prometheus: format, cumulative buckets, names that stay legal and unique */
#include "daemon/metrics.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(text_format)
{
	size_t len;
	char *text;

	metric_add(M_CONTACTS_STORED, 3);
	metric_set(M_WAITING, 12);
	metric_observe_us(M_INTAKE_US, 400);
	metric_observe_us(M_INTAKE_US, 1000);
	metric_observe_us(M_INTAKE_US, 99000000);
	text = metrics_text(&len);
	ck_assert_uint_eq(strlen(text), len);
	ck_assert_ptr_nonnull(strstr(text, "# TYPE loket_contacts_stored_total counter\nloket_contacts_stored_total 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nloket_waiting 12\n"));
	ck_assert_ptr_nonnull(strstr(text, "loket_intake_seconds_bucket{le=\"0.0005\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "loket_intake_seconds_bucket{le=\"0.001\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "loket_intake_seconds_bucket{le=\"10\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "loket_intake_seconds_bucket{le=\"+Inf\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "loket_intake_seconds_sum 99.001400\nloket_intake_seconds_count 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nloket_log_dropped_total 0\n"));
	free(text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		text_format,
	};

	return unit_run("metrics", tests, COUNT(tests));
}
