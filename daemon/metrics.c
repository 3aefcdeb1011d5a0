/* metrics.c - numbers, and their text for Prometheus (exposition format 0.0.4) */
#include "daemon/metrics.h"
#include "daemon/log.h"
#include "lib/base/must.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

static const struct about {
	enum type type;
	const char *name, *labels, *help;
} about[N_METRICS] = {
#define X(id, type, name, labels, help) { type, name, labels, help },
	METRICS(X)
#undef X
};

static const char *const type_names[] = { "counter", "gauge", "histogram" };

/* upper bounds of the buckets; after the last comes +Inf */
static const struct {
	int64_t us;
	const char *seconds;
} bounds[] = {
	{ 500, "0.0005" },    { 1000, "0.001" },   { 2500, "0.0025" },  { 5000, "0.005" },
	{ 10000, "0.01" },    { 25000, "0.025" },  { 50000, "0.05" },   { 100000, "0.1" },
	{ 250000, "0.25" },   { 500000, "0.5" },   { 1000000, "1" },    { 2500000, "2.5" },
	{ 5000000, "5" },     { 10000000, "10" },
};
enum { N_BOUNDS = sizeof bounds / sizeof *bounds };

/* one thread: no locks. value is the counter, the gauge, or the histogram's sum in microseconds */
static struct {
	int64_t value;
	uint64_t bucket[N_BOUNDS + 1];
} now[N_METRICS];

void metric_add(enum metric m, uint64_t n)
{
	now[m].value += (int64_t)n;
}

void metric_set(enum metric m, int64_t v)
{
	now[m].value = v;
}

void metric_observe_us(enum metric m, int64_t us)
{
	int i = 0;

	while (i < N_BOUNDS && us > bounds[i].us)
		i++;
	now[m].bucket[i]++;
	now[m].value += us;
}

static void print_histogram(FILE *f, int m)
{
	const struct about *a = &about[m];
	const char *comma = *a->labels ? "," : "";
	uint64_t n = 0;

	for (int i = 0; i <= N_BOUNDS; i++) {
		n += now[m].bucket[i];
		fprintf(f, "%s_bucket{%s%sle=\"%s\"} %llu\n", a->name, a->labels, comma,
		        i < N_BOUNDS ? bounds[i].seconds : "+Inf", (unsigned long long)n);
	}
	const char *open = *a->labels ? "{" : "", *shut = *a->labels ? "}" : "";
	fprintf(f, "%s_sum%s%s%s %.6f\n", a->name, open, a->labels, shut, (double)now[m].value / 1e6);
	fprintf(f, "%s_count%s%s%s %llu\n", a->name, open, a->labels, shut, (unsigned long long)n);
}

static void print_metric(FILE *f, int m)
{
	const struct about *a = &about[m];
	bool first = m == 0 || strcmp(a->name, about[m - 1].name) != 0;

	if (first)
		fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", a->name, a->help, a->name, type_names[a->type]);
	if (a->type == HISTOGRAM)
		print_histogram(f, m);
	else if (*a->labels)
		fprintf(f, "%s{%s} %lld\n", a->name, a->labels, (long long)now[m].value);
	else
		fprintf(f, "%s %lld\n", a->name, (long long)now[m].value);
}

char *metrics_text(size_t *len)
{
	char *text = NULL;
	FILE *f = must(open_memstream(&text, len));
	bool whole;

	metric_set(M_LOG_DROPPED, (int64_t)log_dropped());
	for (int m = 0; m < N_METRICS; m++)
		print_metric(f, m);
	whole = !ferror(f);
	if (fclose(f) || !whole)
		abort();
	return must(text);           /* glibc closes it well without memory, and gives none */
}
