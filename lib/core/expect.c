#include "lib/core/expect.h"

#include <math.h>

/* an event weighs half as much when 350 more have come */
static const double FADE = 1 - 1.0 / 512;
static const double LOWEST_RATIO = 1.0 / 256, STEPS_PER_DOUBLING = 4;
/* before waits were seen they are taken to be exponential around the plain wait; that counts as so many */
static const double PRIOR_CALLERS = 20;

static const int round_limits_s[] = {
	60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, EXPECT_LONGEST_S};

static double group_ahead(int group) /* where the next one begins */
{
	return 1 << group;
}

static int group_of(double ahead)
{
	int g = 0;

	while (g < EXPECT_GROUPS - 1 && ahead >= group_ahead(g))
		g++;
	return g;
}

static double step_from(double step)
{
	return LOWEST_RATIO * exp2(step / STEPS_PER_DOUBLING);
}

static int step_of(double ratio)
{
	double step = ratio > LOWEST_RATIO ? log2(ratio / LOWEST_RATIO) * STEPS_PER_DOUBLING : 0;

	return step < EXPECT_STEPS - 1 ? (int)step : EXPECT_STEPS - 1;
}

static double prior_taken(int step)
{
	double from = step > 0 ? exp(-step_from(step)) : 1,
	       to = step < EXPECT_STEPS - 1 ? exp(-step_from(step + 1)) : 0;

	return PRIOR_CALLERS * (from - to);
}

/*
 * ratio_within - the multiple of the plain wait that this share stays within
 *
 * Of those who still waited at each step, what part was taken in it? Who gave up is in "still waited" until
 * then.
 */
static double ratio_within(const struct expect_group *g, double share)
{
	double at_risk = PRIOR_CALLERS, waits = 1;

	for (int i = 0; i < EXPECT_STEPS; i++)
		at_risk += (double)g->taken[i] + (double)g->gone[i];
	for (int i = 0; i < EXPECT_STEPS; i++) {
		double taken = prior_taken(i) + (double)g->taken[i], gone = (double)g->gone[i],
		       risk = at_risk - gone / 2;
		double next = risk > taken ? waits * (1 - taken / risk) : 0;

		if (next <= 1 - share)
			return step_from(i + (waits - (1 - share)) / (waits - next));
		waits = next;
		at_risk -= taken + gone;
	}
	return step_from(EXPECT_STEPS);
}

static double plain_wait(const struct expect *e, double ahead, int agents)
{
	double queue_s = (ahead + 1) * (e->worked_s / e->worked) / agents;
	double theta = e->waited_s > 0 ? e->gave_up / e->waited_s : 0;

	return theta > 1e-9 ? log1p(theta * queue_s) / theta : queue_s;
}

/* the groups before are asked too, at their fullest: nobody is told less because of more people ahead */
static double wait_within(const struct expect *e, double ahead, int agents, double share)
{
	int group = group_of(ahead);
	double longest = 0;

	for (int g = 0; g <= group; g++) {
		double at = g < group ? group_ahead(g) : ahead;

		longest = fmax(longest, plain_wait(e, at, agents) * ratio_within(&e->groups[g], share));
	}
	return longest;
}

static int round_limit(double seconds)
{
	for (unsigned i = 0; i < sizeof(round_limits_s) / sizeof(*round_limits_s); i++)
		if (seconds <= round_limits_s[i])
			return round_limits_s[i];
	return 0;
}

struct expected expect_wait(const struct expect *e, double ahead, int agents)
{
	struct expected x = {.basis = EXPECT_QUEUE, .ahead = ahead, .agents = agents};

	if (agents <= 0)
		return (struct expected){.basis = EXPECT_NOBODY};
	if (e->worked < EXPECT_KNOWN)
		return (struct expected){.basis = EXPECT_UNKNOWN};
	x.each_s = e->worked_s / e->worked;
	x.plain_s = plain_wait(e, ahead, agents);
	x.likely_s = wait_within(e, ahead, agents, 0.5);
	x.within_s = round_limit(wait_within(e, ahead, agents, EXPECT_PROMISE / 100.0));
	return x;
}

void expect_worked(struct expect *e, double seconds)
{
	if (!(seconds >= 0) || isinf(seconds))
		return;
	e->worked_s = e->worked_s * FADE + seconds;
	e->worked = e->worked * FADE + 1;
}

void expect_left(struct expect *e, const struct expected *x, double waited_s, bool taken)
{
	struct expect_group *g;
	int step;

	if (!(waited_s >= 0) || isinf(waited_s))
		return;
	e->waited_s = e->waited_s * FADE + waited_s;
	e->gave_up = e->gave_up * FADE + !taken;
	if (!x || x->basis != EXPECT_QUEUE || !(x->plain_s > 0))
		return;
	g = &e->groups[group_of(x->ahead)];
	for (int i = 0; i < EXPECT_STEPS; i++) {
		g->taken[i] *= (float)FADE;
		g->gone[i] *= (float)FADE;
	}
	step = step_of(waited_s / x->plain_s);
	*(taken ? &g->taken[step] : &g->gone[step]) += 1;
}

const char *expect_basis_name(enum expect_basis b)
{
	static const char *const names[N_EXPECT_BASES] = {"unknown", "nobody", "queue"};

	return names[b];
}
