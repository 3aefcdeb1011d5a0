/*
 * Runs every example beside it: <channel>/NN-name.in must give NN-name.out. With LOKET_UPDATE=1 the .out
 * files are written anew, to be read before they are committed.
 */
#include "tests/channel/bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_example(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && !strcmp(d->d_name + n - 3, ".in");
}

static bool write_out(const char *path, const json_t *out)
{
	FILE *f = fopen(path, "w");

	if (!f || json_dumpf(out, f, JSON_INDENT(1) | JSON_ENSURE_ASCII))
		return false;
	fputc('\n', f);
	return fclose(f) == 0;
}

static bool run_one(const char *dir, const char *channel, const char *name)
{
	struct bench *b = bench_new(channel);
	const char *in = arena_printf(b->a, "%s/%s/%s", dir, channel, name);
	const char *out = arena_printf(b->a, "%.*s.out", (int)strlen(in) - 3, in);
	struct bytes text = bench_load(b->a, in), want = bench_load(b->a, out);
	json_t *got, *expected;
	bool ok;

	if (!text.data || !bench_read(b, text)) {
		printf("not ok - %s/%s: cannot be read\n", channel, name);
		bench_free(b);
		return false;
	}
	got = bench_run(b);
	if (getenv("LOKET_UPDATE"))
		write_out(out, got);
	expected = want.data ? json_loadb((const char *)want.data, want.len, 0, NULL) : NULL;
	ok = getenv("LOKET_UPDATE") || json_equal(got, expected);
	printf("%sok - %s/%s\n", ok ? "" : "not ", channel, name);
	if (!ok) {
		fputs("# got ", stdout);
		json_dumpf(got, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(expected);
	bench_free(b);
	return ok;
}

int main(int argc, char **argv)
{
	int total = 0, failed = 0;

	for (int i = 0; argc > 1 && channel_at(i); i++) {
		const char *channel = channel_at(i)->name;
		char path[1024];
		struct dirent **names;
		snprintf(path, sizeof path, "%s/%s", argv[1], channel);
		int n = scandir(path, &names, is_example, alphasort);

		for (int k = 0; k < n; k++) {
			failed += !run_one(argv[1], channel, names[k]->d_name);
			free(names[k]);
		}
		if (n >= 0)
			free(names);
		if (n <= 0) {
			printf("not ok - %s has no examples\n", channel);
			failed++;
		}
		total += n > 0 ? n : 1;
	}
	printf("1..%d\n", total);
	return failed != 0 || !total;
}
