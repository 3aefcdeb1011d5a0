/* main.c - one run of the simulated contact centre: what is asked as options, its figures as a line of JSON
 */
#include "tests/sim/centre.h"
#include "tests/sim/told.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"routing_sim - one run of the simulated contact centre; prints a line of JSON (tests/sim/README.md)\n"
	"  --policy NAME        skills-fifo or ftf (default ftf)\n"
	"  --settings JSON      over the policy's defaults, as a municipality's: {\"routing\": "
	"{\"advantage\": 40}}\n"
	"  --agents N           1 to 1000 (40)\n"
	"  --load R             (0.85)\n"
	"  --seed S             (1)\n"
	"  --days D --warm W    simulated days, and how many of them are not counted (50, 20)\n"
	"  --spread X           how much agents differ: 1 as meant, 0.5 half of it, 0 not at all\n"
	"  --misclassified X    share of the first contacts that is routed as another product (0)\n"
	"  --expect             how well expected waits, as told to callers, come true\n"
	"  --futures N --every M   with it: of each M-th (100) that waits, what can be known of the wait: it is\n"
	"                       tried in N (0) futures from that very state on\n"
	"  --plain              a queue that formulas describe: agents alike, one class, exponential work, "
	"with\n"
	"  --work S --patience S --fixed X   mean work, mean patience (0: for ever), share that does not "
	"come back\n";

struct request {
	struct scenario scenario;
	struct route_policy policy;
	bool expect;
	int futures, every;
};

static void refuse(const char *what, const char *why)
{
	fprintf(stderr, "routing_sim: %s: %s\n", what, why);
	exit(2);
}

static double number(const char *name, const char *text, double min, double max)
{
	char *rest;
	double x;

	errno = 0;
	x = strtod(text, &rest);
	if (errno || *rest || rest == text || !(x >= min && x <= max))
		refuse(name, "not a number, or out of range");
	return x;
}

/* skills-fifo is the plain control: in it, waiting drops no rule at all */
static struct route_policy policy_named(const char *name)
{
	struct route_policy p = policy_defaults();

	p.control_share = 0;
	p.method = METHOD_FTF;
	if (!strcmp(name, route_method_name(METHOD_FTF)))
		return p;
	if (strcmp(name, route_method_name(METHOD_FIFO)))
		refuse(name, "no such policy");
	p.method = METHOD_FIFO;
	for (int k = 0; k < N_ROUTE_KINDS; k++)
		p.relax_s[k] = 1e9;
	return p;
}

static void apply_settings(const char *text, struct route_policy *p)
{
	struct policy_problem problems[POLICY_MAX_PROBLEMS];
	json_error_t error;
	json_t *settings = json_loads(text, 0, &error);

	if (!settings)
		refuse("--settings", error.text);
	if (policy_read(settings, p, problems, POLICY_MAX_PROBLEMS) > 0)
		refuse(problems[0].field, problems[0].why);
	json_decref(settings);
}

static struct request read_request(int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"settings", required_argument, NULL, 'o'},
		{"agents", required_argument, NULL, 'n'},
		{"load", required_argument, NULL, 'l'},
		{"seed", required_argument, NULL, 's'},
		{"days", required_argument, NULL, 'd'},
		{"warm", required_argument, NULL, 'w'},
		{"spread", required_argument, NULL, 'v'},
		{"misclassified", required_argument, NULL, 'm'},
		{"expect", no_argument, NULL, 'e'},
		{"futures", required_argument, NULL, 'u'},
		{"every", required_argument, NULL, 'y'},
		{"plain", no_argument, NULL, 'q'},
		{"work", required_argument, NULL, 't'},
		{"patience", required_argument, NULL, 'a'},
		{"fixed", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct request r = {.scenario = scenario_defaults(), .every = 100};
	struct scenario *s = &r.scenario;
	const char *policy = "ftf", *settings = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'p':
			policy = optarg;
			break;
		case 'o':
			settings = optarg;
			break;
		case 'n':
			s->agents = (int)number("--agents", optarg, 1, 1000);
			break;
		case 'l':
			s->load = number("--load", optarg, 0.01, 10);
			break;
		case 's':
			s->seed = (uint64_t)number("--seed", optarg, 0, 1e15);
			break;
		case 'd':
			s->days = (int)number("--days", optarg, 1, 10000);
			break;
		case 'w':
			s->warm_days = (int)number("--warm", optarg, 0, 10000);
			break;
		case 'v':
			s->spread = number("--spread", optarg, 0, 10);
			break;
		case 'm':
			s->misclassified = number("--misclassified", optarg, 0, 1);
			break;
		case 'e':
			r.expect = true;
			break;
		case 'u':
			r.futures = (int)number("--futures", optarg, 0, 10000);
			break;
		case 'y':
			r.every = (int)number("--every", optarg, 1, 1e6);
			break;
		case 'q':
			s->plain = true;
			break;
		case 't':
			s->work_s = number("--work", optarg, 1, 86400);
			break;
		case 'a':
			s->patience_s = number("--patience", optarg, 0, 1e9);
			break;
		case 'f':
			s->fixed = number("--fixed", optarg, 0.01, 1);
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			fputs(help, stderr);
			exit(2);
		}
	if (optind < argc)
		refuse(argv[optind], "not an option");
	if (s->warm_days >= s->days)
		refuse("--warm", "must be fewer than --days");
	r.policy = policy_named(policy);
	if (settings)
		apply_settings(settings, &r.policy);
	return r;
}

int main(int argc, char **argv)
{
	struct request r = read_request(argc, argv);
	struct world *w = calloc(1, sizeof(*w));
	struct tally *t = calloc(1, sizeof(*t));
	struct told *told = r.expect ? told_new() : NULL;
	struct watcher watcher = {0};
	json_t *figures;

	if (!w || !t)
		abort();
	world_make(w, &r.scenario);
	if (told)
		watcher = told_watcher(told, &r.scenario, r.futures, r.every);
	centre_run(w, &r.policy, &watcher, t);
	figures = tally_figures(t, w);
	if (told)
		json_object_set_new(figures, "told", told_figures(told));
	json_dumpf(figures, stdout, JSON_REAL_PRECISION(8) | JSON_COMPACT);
	puts("");
	json_decref(figures);
	told_free(told);
	free(t);
	free(w);
	return 0;
}
