/* main.c - the command line: what to do, with which configuration */
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/migrate.h"
#include "daemon/migrations.h"
#include "daemon/replay.h"
#include "daemon/run.h"
#include "lib/base/must.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <gmime/gmime.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <llhttp.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>

enum { EXIT_FINE = 0, EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"loketd - takes every contact a citizen makes with a municipality, and sees that it is answered\n"
	"\n"
	"  loketd [--config FILE]    run, in the foreground; logs on stderr\n"
	"  --check-config            say everything that is wrong with the file, and exit (0: nothing)\n"
	"  --print-config            print the configuration in force, in the form of the file, and exit\n"
	"  --migrate                 bring the database up to date, and exit\n"
	"  --replay                  take the decisions of yesterday again, and say what differs; reads "
	"only\n"
	"      --set NAME=VALUE      with this setting of routing instead (more than once: with all of "
	"them)\n"
	"      --from T --to T       another period: days (2026-11-21) or moments; --municipality M: of one "
	"only\n"
	"      --examples N          so many examples with reasons (5); --json: for programs\n"
	"  --version                 versions of loketd and of the libraries it runs with\n"
	"  --help                    this text\n"
	"\n"
	"  Without --config every option has its default (loketd --print-config).\n"
	"  SIGTERM ends after the work under way; SIGHUP reads log_level again.\n";

enum job { JOB_RUN, JOB_CHECK, JOB_PRINT, JOB_MIGRATE, JOB_REPLAY, JOB_VERSION, JOB_HELP, JOB_USAGE };

/* options of a job; not letters, not jobs */
enum { OPTION_SET = 256, OPTION_FROM, OPTION_TO, OPTION_MUNICIPALITY, OPTION_EXAMPLES, OPTION_JSON };

static struct replay_options replay = {.examples = 5};

/* false: it is none, or one too many */
static bool replay_option(int option, const char *value)
{
	char *end;

	switch (option) {
	case OPTION_SET:
		if (replay.n_settings == REPLAY_MAX_SETTINGS)
			return false;
		replay.settings[replay.n_settings++] = value;
		return true;
	case OPTION_FROM:
		replay.from = value;
		return true;
	case OPTION_TO:
		replay.to = value;
		return true;
	case OPTION_MUNICIPALITY:
		replay.municipality = value;
		return true;
	case OPTION_EXAMPLES:
		replay.examples = (int)strtol(value, &end, 10);
		return *value && !*end;
	case OPTION_JSON:
		replay.json = true;
		return true;
	}
	return false;
}

static enum job read_arguments(int argc, char **argv, const char **config)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, JOB_CHECK},
		{"print-config", no_argument, NULL, JOB_PRINT},
		{"migrate", no_argument, NULL, JOB_MIGRATE},
		{"version", no_argument, NULL, JOB_VERSION},
		{"help", no_argument, NULL, JOB_HELP},
		{"replay", no_argument, NULL, JOB_REPLAY},
		{"set", required_argument, NULL, OPTION_SET},
		{"from", required_argument, NULL, OPTION_FROM},
		{"to", required_argument, NULL, OPTION_TO},
		{"json", no_argument, NULL, OPTION_JSON},
		{"examples", required_argument, NULL, OPTION_EXAMPLES},
		{"municipality", required_argument, NULL, OPTION_MUNICIPALITY},
		{NULL, 0, NULL, 0},
	};
	enum job job = JOB_RUN;
	bool replays = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
		if (c == 'c')
			*config = optarg;
		else if (c == 'h')
			job = JOB_HELP;
		else if (replay_option(c, optarg))
			replays = true;
		else if (c == '?' || c >= OPTION_SET || job != JOB_RUN)
			return JOB_USAGE;
		else
			job = (enum job)c;
	}
	return optind < argc || (replays && job != JOB_REPLAY && job != JOB_HELP) ? JOB_USAGE : job;
}

static void print_version(void)
{
	int pq = PQlibVersion();

	printf("loketd %s, schema %d\n", LOKET_VERSION, n_migrations);
	printf("libevent %s (Debian 12: package libevent-core-2.1-7 must be 2.1.12-stable-8+deb12u1 or later;\n"
	       "         the library cannot tell, dpkg -s libevent-core-2.1-7 can)\n", event_get_version());
	printf("llhttp %d.%d.%d\n", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
	printf("libpq %d.%d\n", pq / 10000, pq % 10000);
	printf("hiredis %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
	printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
	printf("openssl %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
	printf("jansson %s\n", jansson_version_str());
	printf("utf8proc %s\n", utf8proc_version());
	printf("gmime %u.%u.%u\n", gmime_major_version, gmime_minor_version, gmime_micro_version);
}

/*
 * read_credential - the text of $CREDENTIALS_DIRECTORY/name (systemd LoadCredential=)
 * returns  a string that lives as long as the process; NULL when there is none
 */
static char *read_credential(const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	static char text[512];
	char path[512];
	struct stat st;
	ssize_t n = -1;

	if (!dir || snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < (off_t)sizeof text)
		n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = 0;
	text[strcspn(text, "\r\n")] = 0;
	return text;
}

static int migrate_now(const struct config *c)
{
	struct err err;

	if (!migrate_run(c, &err))
		return EXIT_FINE;
	log_event(LOG_ERROR, "migrate.failed", "sqlstate=%s what=\"%s\"", err.sqlstate, err.text);
	return EXIT_TROUBLE;
}

static int replay_now(const struct config *c)
{
	struct err err;

	if (!replay_run(c, &replay, stdout, &err))
		return EXIT_FINE;
	fprintf(stderr, "loketd: %s\n", err.text);
	return EXIT_TROUBLE;
}

static int with_config(enum job job, const char *path)
{
	struct config c;
	int code = EXIT_FINE;

	if (config_load(&c, path, stderr))
		return EXIT_TROUBLE;
	c.database_password = read_credential("database_password");
	log_init((enum log_level)log_level_from(c.log_level));
	if (job == JOB_CHECK)
		printf("%s: fine\n", path ? path : "the defaults");
	else if (job == JOB_PRINT)
		config_print(&c, stdout);
	else if (job == JOB_MIGRATE)
		code = migrate_now(&c);
	else if (job == JOB_REPLAY)
		code = replay_now(&c);
	else
		code = run(&c, path) ? EXIT_TROUBLE : EXIT_FINE;
	if (c.database_password)
		explicit_bzero((char *)c.database_password, strlen(c.database_password));
	config_done(&c);
	return code;
}

/* Libraries that would go on without memory, with less than they were told (an object without its key, an answer
 * without its end), end as we do */
static void *must_malloc(size_t n)
{
	return must(malloc(n));
}

static void *must_calloc(size_t n, size_t size)
{
	return must(calloc(n, size));
}

static void *must_realloc(void *p, size_t n)
{
	return must(realloc(p, n));
}

static char *must_strdup(const char *s)
{
	return must(strdup(s));
}

static void no_way_without_memory(void)
{
	json_set_alloc_funcs(must_malloc, free);
	event_set_mem_functions(must_malloc, must_realloc, free);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, must_malloc, free, must_realloc, must_strdup, must_calloc) != 0)
		abort();
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	enum job job = read_arguments(argc, argv, &config);

	no_way_without_memory();
	if (job == JOB_USAGE) {
		fputs("see loketd --help\n", stderr);
		return EXIT_USAGE;
	}
	if (job == JOB_HELP)
		fputs(usage, stdout);
	else if (job == JOB_VERSION)
		print_version();
	else if (job == JOB_REPLAY && !replay_check(&replay, stderr))
		return EXIT_USAGE;
	else
		return with_config(job, config);
	return EXIT_FINE;
}
