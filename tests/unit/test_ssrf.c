/* test_ssrf.c - which addresses may be connected to */
#include "lib/base/ssrf.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>

static const char *const inside[] = {
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
	"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
	"198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
	"255.255.255.255",
	"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "64:ff9b:0:1::8.8.8.8",
	"100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
	"2001:1ff::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1", "2002:a9fe:a9fe::",
	"2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:127.0.0.1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1",
	"fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "1fff:ffff::1",
};

static const char *const outside[] = {
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	"128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255",
	"192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.1", "203.0.114.1", "223.255.255.255",
	"2001:4860:4860::8888", "2001:200::1", "2a00:1450:4001::200e", "2606:4700::1111", "2002:808:808::1",
	"64:ff9b::8.8.8.8", "3ffe::1", "3fff:1000::1", "2a00:1450::5efe:8.8.8.8", "2001:db9::1",
};

static bool is_public(const char *text)
{
	uint8_t a[16];

	if (inet_pton(AF_INET, text, a) == 1)
		return ssrf_public_v4(a);
	ck_assert_msg(inet_pton(AF_INET6, text, a) == 1, "%s is no address", text);
	return ssrf_public_v6(a);
}

START_TEST(what_is_inside_is_refused)
{
	ck_assert_msg(!is_public(inside[_i]), "%s", inside[_i]);
}
END_TEST

START_TEST(what_is_outside_is_not)
{
	ck_assert_msg(is_public(outside[_i]), "%s", outside[_i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ssrf");
	TCase *c = tcase_create("ssrf");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(c, what_is_inside_is_refused, 0, COUNT(inside));
	tcase_add_loop_test(c, what_is_outside_is_not, 0, COUNT(outside));
	suite_add_tcase(s, c);
	srunner_set_fork_status(r, CK_NOFORK);
	srunner_set_tap(r, "-");
	srunner_run_all(r, CK_SILENT);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
