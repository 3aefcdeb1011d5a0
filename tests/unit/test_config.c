/* the configuration file: defaults, ranges, all mistakes at once with their line, and back again */
#include "daemon/config.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said[8192];

/* load - the text as a file; what config_load said is in said[] with the file's name taken out */
static int load(struct config *c, const char *text)
{
	char path[] = "/tmp/loket-config-XXXXXX";
	int fd = mkstemp(path), rc;
	FILE *out = fmemopen(said, sizeof said, "w");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	said[0] = 0;
	rc = config_load(c, path, out);
	fclose(out);
	unlink(path);
	for (char *p; (p = strstr(said, path));)
		memmove(p, p + strlen(path), strlen(p + strlen(path)) + 1);
	return rc;
}

START_TEST(defaults)
{
	struct config c;

	ck_assert_int_eq(config_load(&c, NULL, stderr), 0);
	ck_assert_str_eq(c.listen[0], "127.0.0.1:8080");
	ck_assert_ptr_null(c.listen[1]);
	ck_assert_ptr_null(c.fetch_allow[0]);
	ck_assert_int_eq(c.max_body_bytes, 4 << 20);
	ck_assert(c.migrate);
	config_done(&c);
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
	struct config a, b;
	char one[8192], two[8192];
	FILE *f;

	ck_assert_int_eq(load(&a, "listen = {\"unix:/tmp/a \\\"b\\\".sock\", \"[::1]:9\"}\n"
	                          "database = \"host=/x dbname='a\\$\\\\b'\"\nmigrate = no\n"
	                          "http { max_connections = 7 }\nfetch_allow = {\"10.0.0.1:443\"}\n"), 0);
	f = fmemopen(one, sizeof one, "w");
	config_print(&a, f);
	fclose(f);
	ck_assert_int_eq(load(&b, one), 0);
	f = fmemopen(two, sizeof two, "w");
	config_print(&b, f);
	fclose(f);
	ck_assert_str_eq(one, two);
	ck_assert_str_eq(b.listen[0], "unix:/tmp/a \"b\".sock");
	ck_assert_str_eq(b.database, "host=/x dbname='a$\\b'");
	ck_assert_int_eq(b.max_connections, 7);
	ck_assert(!b.migrate);
	config_done(&a);
	config_done(&b);
}
END_TEST

START_TEST(all_mistakes_at_once)
{
	struct config c;

	ck_assert_int_eq(load(&c, "listen = {\"0.0.0.0:80\"}\n"
	                          "typo = 3\n"
	                          "http {\n"
	                          "\tmax_connections = 0\n"
	                          "\tidle_ms = soon\n"
	                          "\tother = 1\n"
	                          "}\n"
	                          "log_level = loud\n"
	                          "log_level = info\n"), -1);
	ck_assert_str_eq(said,
	                 ":1: listen must be loopback host:port, unix:/path or fd:N; put nginx or HAProxy in front\n"
	                 ":2: no such option 'typo'\n"
	                 ":4: max_connections must be from 1 to 100000\n"
	                 ":5: invalid integer value for option 'idle_ms'\n"
	                 ":6: no such option 'other'\n"
	                 ":8: log_level must be error, warning, notice, info or debug\n"
	                 ":9: log_level is given twice (line 8)\n");
}
END_TEST

/* libconfuse by itself takes the first three for complete files */
START_TEST(an_end_too_early_is_a_mistake)
{
	static const char *const texts[] = { "http {\n\tmax_connections = 7\n", "/* comment\nmigrate = yes\n",
		                             "listen = {\"127.0.0.1:1\"\n", "redis = \"unix:/x\n", "redis =", "keep {" };
	struct config c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_int_eq(load(&c, texts[i]), -1);
		ck_assert_msg(strstr(said, "the file ends inside"), "%zu: %s", i, said);
	}
}
END_TEST

START_TEST(refused_values)
{
	static const char *const texts[] = {
		"database = \"host=/x user=me\"", "database = \"host=/x password=secret1\"", "database = \"what is this\"",
		"database_api = \"a b\"", "redis = \"redis://x\"",
		"redis = \"sentinel:loket\"", "redis = \"sentinel:@a:1\"", "redis = \"sentinel:loket@a:1,\"",
		"database = \"host=a,b port=1,2,3\"", "database = \"host=a,b,c,d,e,f,g,h,i\"", "state_dir = var", "public_url = \"ftp://x\"",
		"listen = {\"fd:x\"}", "fetch_allow = {\"host\"}", "fetch_allow = {\"host:0\"}",
		"http { max_headers = 99999999999999999999 }", "__end()", "migrate = perhaps", "include(\"/etc/passwd\")",
	};
	struct config c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_msg(load(&c, texts[i]) == -1, "taken: %s", texts[i]);
		ck_assert_msg(!strncmp(said, ":1: ", 4), "%s: %s", texts[i], said);
		ck_assert_msg(!strstr(said, "secret1"), "%s", said);
	}
}
END_TEST

START_TEST(mistakes_without_a_line)
{
	struct config c;
	FILE *out;

	ck_assert_int_eq(load(&c, "listen = {}"), -1);
	ck_assert_str_eq(said, ": listen must name at least one address\n");
	out = fmemopen(said, sizeof said, "w");
	ck_assert_int_eq(config_load(&c, "/nonexistent/loketd.conf", out), -1);
	fclose(out);
	ck_assert_str_eq(said, "/nonexistent/loketd.conf: No such file or directory\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		defaults, what_is_printed_is_read_back, all_mistakes_at_once, an_end_too_early_is_a_mistake,
		refused_values, mistakes_without_a_line,
	};

	return unit_run("config", tests, COUNT(tests));
}
