/* tally.c - see tally.h */
#include "tests/sim/tally.h"

#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	t->live_wait.bin_s = 1;
	t->async_wait.bin_s = 30;
}

void waits_add(struct waits *w, double wait_s)
{
	int bin = wait_s / w->bin_s < TALLY_BINS ? (int)(wait_s / w->bin_s) : TALLY_BINS - 1;

	w->bins[bin]++;
	w->n++;
	w->sum_s += wait_s;
	if (wait_s > w->max_s)
		w->max_s = wait_s;
}

static double mean_s(const struct waits *w)
{
	return w->n ? w->sum_s / (double)w->n : 0;
}

/* the middle of the bin that holds it; a wait of nothing is nothing */
static double percentile_s(const struct waits *w, double share)
{
	long seen = 0;

	for (int i = 0; i < TALLY_BINS; i++) {
		seen += w->bins[i];
		if ((double)seen > share * (double)w->n)
			return i == 0 ? 0 : (i + 0.5) * w->bin_s;
	}
	return 0;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* mean occupancy, and how far the busiest 5 % are from the least busy 5 % */
static void put_occupancy(const struct tally *t, int n, json_t *out)
{
	double busy[SCN_MAX_AGENTS], sum = 0;

	for (int i = 0; i < n; i++)
		sum += busy[i] = ratio(t->busy_s[i], t->measured_s);
	qsort(busy, (size_t)n, sizeof(*busy), by_size);
	json_object_set_new(out, "occupancy", json_real(sum / n));
	json_object_set_new(out, "spread", json_real(busy[(int)(0.95 * n)] - busy[(int)(0.05 * n)]));
}

/* is it the hard questions that are left waiting? */
static void put_equity(const struct tally *t, const struct world *w, json_t *out)
{
	enum { SIX = 6, N = SCN_PRODUCTS - 1 };
	int order[N];
	double hard = 0, hard_of = 0, easy = 0, easy_of = 0, worst = 0;

	world_by_ease(w, order);
	for (int i = 0; i < SIX; i++) {
		hard += (double)t->abandoned_of[order[i]];
		hard_of += (double)t->live_of[order[i]];
		easy += (double)t->abandoned_of[order[N - 1 - i]];
		easy_of += (double)t->live_of[order[N - 1 - i]];
	}
	for (int p = 0; p < SCN_PRODUCTS; p++) {
		double share = ratio((double)t->abandoned_of[p], (double)t->live_of[p]);

		worst = share > worst ? share : worst;
	}
	json_object_set_new(out, "abandonedHardest6", json_real(ratio(hard, hard_of)));
	json_object_set_new(out, "abandonedEasiest6", json_real(ratio(easy, easy_of)));
	json_object_set_new(out, "abandonedWorst", json_real(worst));
}

json_t *tally_figures(const struct tally *t, const struct world *w)
{
	double offered = (double)(t->live_wait.n + t->abandoned);
	json_t *out = json_pack(
		"{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "questions",
		(json_int_t)t->questions, "ftf", ratio((double)t->first_fixed, (double)t->first), "ftfSeen",
		ratio((double)t->first_seen_fixed, (double)t->first), "ftfAll",
		ratio((double)t->first_fixed, (double)(t->first + t->lost)), "liveWait",
		mean_s(&t->live_wait), "liveWaitP95", percentile_s(&t->live_wait, 0.95), "liveWaitMax",
		t->live_wait.max_s, "abandoned", ratio((double)t->abandoned, (double)t->live), "asyncWaitMin",
		mean_s(&t->async_wait) / 60, "asyncWaitP95Min", percentile_s(&t->async_wait, 0.95) / 60,
		"asyncWaitMaxH", t->async_wait.max_s / 3600, "repeats",
		100 * ratio((double)t->repeats, (double)t->questions), "unskilled",
		ratio((double)t->unskilled, (double)t->answered), "offeredWait",
		ratio(t->live_wait.sum_s + t->abandoned_s, offered));
	json_t *kinds = json_array();

	for (int k = 0; k < N_ROUTE_KINDS; k++)
		json_array_append_new(kinds,
				      json_real(ratio((double)t->first_fixed_on[k], (double)t->first_on[k])));
	json_object_set_new(out, "ftfByKind", kinds);
	put_occupancy(t, w->scenario.agents, out);
	put_equity(t, w, out);
	return out;
}
