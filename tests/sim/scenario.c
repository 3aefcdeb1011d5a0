/* scenario.c - the numbers of the made-up world, and how questions and agents follow from a seed */
#include "tests/sim/scenario.h"

#include "tests/sim/chance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* share of all questions, mean work in seconds, ease */
static const struct sim_product products[SCN_PRODUCTS] = {
	{9.0, 210, 2.0}, {8.0, 240, 1.7}, {8.0, 220, 1.9}, {7.0, 260, 1.5}, {7.0, 200, 2.1}, {6.0, 300, 1.3},
	{6.0, 280, 1.5}, {5.0, 330, 1.2}, {5.0, 240, 1.8}, {5.0, 360, 1.0}, {4.0, 300, 1.4}, {4.0, 420, 0.9},
	{4.0, 260, 1.6}, {3.0, 380, 1.0}, {3.0, 450, 0.7}, {3.0, 300, 1.3}, {2.5, 520, 0.6}, {2.5, 340, 1.2},
	{2.0, 600, 0.4}, {2.0, 480, 0.8}, {1.5, 420, 0.9}, {1.5, 560, 0.5}, {1.0, 700, 0.2}, {3.0, 540, 0.9},
};
static const double municipality_share[SCN_MUNICIPALITIES] = {0.40, 0.22, 0.16, 0.12, 0.10};
static const double kind_share[N_ROUTE_KINDS] = {
	[KIND_PHONE] = 0.60, [KIND_CHAT] = 0.22, [KIND_ASYNC] = 0.18};
static const double kind_work[N_ROUTE_KINDS] = {[KIND_PHONE] = 1.0, [KIND_CHAT] = 1.6, [KIND_ASYNC] = 0.8};
static const double kind_ease[N_ROUTE_KINDS] = {[KIND_PHONE] = 0, [KIND_CHAT] = -0.1, [KIND_ASYNC] = 0.1};
static const double kind_works[N_ROUTE_KINDS] = {[KIND_PHONE] = 0.95, [KIND_CHAT] = 0.7, [KIND_ASYNC] = 0.8};
static const double kind_patience_s[N_ROUTE_KINDS] = {[KIND_PHONE] = 240, [KIND_CHAT] = 300};
static const double hourly[9] = {0.75, 1.15, 1.20, 1.10, 0.90, 1.05, 1.05, 0.95, 0.85}; /* of the mean rate */

static const double SD_AGENT = 0.35, SD_AGENT_PRODUCT = 0.55, SD_DIFFICULTY = 0.7, SD_PACE = 0.15;
static const double AT_HOME = 0.25;                 /* logit, for who comes from there */
static const double AGAIN = 0.2, AGAIN_WORK = 0.75; /* who had it before does better, and faster */
static const double LACKS_PRODUCT = -1.5, LACKS_MUNICIPALITY = -0.6;
static const double CV_WORK = 0.9, ENGLISH = 0.08;
static const double RETURNS = 0.85, RETURNS_THOUGH_FIXED = 0.05, REDIALS = 0.6, REDIAL_S = 1800;
static const double CHATS_AT_ONCE = 1.7; /* on average, by which the work of chats counts in the load */

enum { MAX_TRIES = 5, MAX_ATTEMPTS = 5, LEAST_ABLE = 3, OBSERVED_DAYS = 5 };

/* each use of chance has a number of its own */
enum purpose {
	FOR_AGENT,
	FOR_SKILLS,
	FOR_ENOUGH,
	FOR_GAP,
	FOR_QUESTION,
	FOR_WORK,
	FOR_OUTCOME,
	FOR_PATIENCE,
	FOR_REDIAL,
	FOR_CHANNEL
};

struct scenario scenario_defaults(void)
{
	return (struct scenario){.agents = 40,
				 .days = 50,
				 .warm_days = 20,
				 .load = 0.85,
				 .seed = 1,
				 .spread = 1,
				 .work_s = 300,
				 .fixed = 1};
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* ---------------------------------------------------------------- agents */

static void agent_make(struct world *w, int i)
{
	const struct scenario *s = &w->scenario;
	struct sim_agent *a = &w->agents[i];
	struct chance c = chance_of(s->seed, FOR_AGENT, (uint64_t)i);
	double talent = chance_normal(&c), pace = chance_normal(&c);

	/* the better ones are a little slower (0.3); the mean pace is 1 */
	a->pace = exp(SD_PACE * (sqrt(1 - 0.3 * 0.3) * pace + 0.3 * talent) - SD_PACE * SD_PACE / 2);
	if (s->spread <= 0)
		a->pace = 1;
	a->home = chance_pick(&c, municipality_share, SCN_MUNICIPALITIES);
	a->knows = 1U << a->home;
	for (int m = 0; m < SCN_MUNICIPALITIES; m++)
		a->knows |= (chance_uniform(&c) < 0.5 ? 1U : 0U) << m;
	a->languages = chance_uniform(&c) < 0.65 ? 3 : 1;
	for (int k = 0; k < N_ROUTE_KINDS; k++)
		a->channels |= (chance_uniform(&c) < kind_works[k] ? 1U : 0U) << k;
	if (!a->channels)
		a->channels = 1U << KIND_PHONE;
	c = chance_of(s->seed, FOR_SKILLS, (uint64_t)i);
	for (int p = 0; p < SCN_PRODUCTS; p++) {
		double has = p == SCN_OPTION0 ? 0.25 : w->products[p].share > 0.05 ? 0.60 : 0.40;

		a->skill[p] = w->products[p].ease +
			      s->spread * (SD_AGENT * talent + SD_AGENT_PRODUCT * chance_normal(&c));
		a->products |= (chance_uniform(&c) < has ? 1U : 0U) << p;
	}
}

enum fit world_fit(const struct sim_agent *a, int product, int municipality, int language,
		   enum route_kind kind)
{
	if (!(a->languages >> language & 1) || !(a->channels >> kind & 1))
		return FIT_NONE;
	if (!(a->products >> product & 1))
		return FIT_NO_PRODUCT;
	return a->knows >> municipality & 1 ? FIT_FULL : FIT_NO_MUNICIPALITY;
}

static int count_able(const struct world *w, int p, int m, int l, enum route_kind k)
{
	int n = 0;

	for (int i = 0; i < w->scenario.agents; i++)
		n += world_fit(&w->agents[i], p, m, l, k) == FIT_FULL;
	return n;
}

/* a class that too few can take: some learn it */
static void train(struct world *w, int p, int m, int l, enum route_kind k, struct chance *c)
{
	int least = w->scenario.agents < LEAST_ABLE ? w->scenario.agents : LEAST_ABLE;

	while (count_able(w, p, m, l, k) < least) {
		struct sim_agent *a = &w->agents[chance_bits(c) % (uint64_t)w->scenario.agents];

		a->products |= 1U << p;
		a->knows |= 1U << m;
		a->languages |= 1U << l;
		a->channels |= 1U << k;
	}
}

static void train_all(struct world *w)
{
	struct chance c = chance_of(w->scenario.seed, FOR_ENOUGH, 0);

	for (int p = 0; p < SCN_PRODUCTS; p++)
		for (int m = 0; m < SCN_MUNICIPALITIES; m++)
			for (int l = 0; l < SCN_LANGUAGES; l++)
				for (int k = 0; k < N_ROUTE_KINDS; k++)
					train(w, p, m, l, (enum route_kind)k, &c);
}

static double logit_of(const struct world *w, const struct sim_agent *a, int product, int municipality)
{
	return a->skill[product] + (a->home == municipality && w->scenario.spread > 0 ? AT_HOME : 0);
}

/* chance of fixing over all difficulties: a normal mixture of logits, by the usual approximation */
static double mean_fix(const struct world *w, const struct sim_agent *a, int product, int municipality)
{
	return sigmoid(logit_of(w, a, product, municipality) /
		       sqrt(1 + M_PI * SD_DIFFICULTY * SD_DIFFICULTY / 8));
}

/* arrivals for the load: each question's work times 1 / (1 - share that comes back), by who is able, evenly
 */
static double arrivals_for(const struct world *w)
{
	double fix = 0, work_s = 0, kinds = 0, again;

	for (int p = 0; p < SCN_PRODUCTS; p++)
		for (int m = 0; m < SCN_MUNICIPALITIES; m++) {
			double weight = w->products[p].share * municipality_share[m], sum_fix = 0,
			       sum_pace = 0;
			int n = 0;

			for (int i = 0; i < w->scenario.agents; i++)
				if (world_fit(&w->agents[i], p, m, 0, KIND_PHONE) == FIT_FULL) {
					sum_fix += mean_fix(w, &w->agents[i], p, m);
					sum_pace += w->agents[i].pace;
					n++;
				}
			fix += weight * sum_fix / n;
			work_s += weight * w->products[p].work_s * sum_pace / n;
		}
	for (int k = 0; k < N_ROUTE_KINDS; k++)
		kinds += kind_share[k] * kind_work[k] / (k == KIND_CHAT ? CHATS_AT_ONCE : 1);
	again = (1 - fix) * RETURNS;
	return w->scenario.load * w->scenario.agents / (work_s * kinds) * (1 - again);
}

static void world_make_plain(struct world *w)
{
	const struct scenario *s = &w->scenario;

	for (int i = 0; i < s->agents; i++) {
		struct sim_agent *a = &w->agents[i];

		*a = (struct sim_agent){
			.pace = 1, .products = ~0U, .knows = ~0U, .channels = ~0U, .languages = ~0U};
	}
	w->arrivals_s = s->load * s->agents / s->work_s * s->fixed;
}

void world_make(struct world *w, const struct scenario *s)
{
	double sum = 0;

	memset(w, 0, sizeof(*w));
	w->scenario = *s;
	memcpy(w->products, products, sizeof(products));
	for (int p = 0; p < SCN_PRODUCTS; p++)
		sum += products[p].share;
	for (int p = 0; p < SCN_PRODUCTS; p++)
		w->products[p].share /= sum;
	if (s->plain) {
		world_make_plain(w);
		return;
	}
	for (int i = 0; i < s->agents; i++)
		agent_make(w, i);
	train_all(w);
	w->arrivals_s = arrivals_for(w);
}

void world_by_ease(const struct world *w, int out[SCN_PRODUCTS - 1])
{
	for (int i = 0; i < SCN_PRODUCTS - 1; i++) {
		int at = i;

		for (; at > 0 && w->products[out[at - 1]].ease > w->products[i].ease; at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
}

/* ---------------------------------------------------------------- questions */

double arrival_after(const struct world *w, double at, uint64_t number)
{
	struct chance c = chance_of(w->scenario.seed, FOR_GAP, number);
	double left = chance_exponential(&c, 1); /* of the integral of the rate */

	for (;;) {
		double hour = floor(at / 3600),
		       rate = w->arrivals_s * (w->scenario.plain ? 1 : hourly[(int)fmod(hour, 9)]);
		double end = (hour + 1) * 3600;

		if (left <= rate * (end - at))
			return at + left / rate;
		left -= rate * (end - at);
		at = end;
	}
}

struct question question_make(const struct world *w, uint64_t number)
{
	struct question q = {.seed = chance_of(w->scenario.seed, FOR_QUESTION, number).state};
	struct chance c = {q.seed};
	double share[SCN_PRODUCTS];

	if (w->scenario.plain)
		return q;
	for (int p = 0; p < SCN_PRODUCTS; p++)
		share[p] = w->products[p].share;
	q.product = chance_pick(&c, share, SCN_PRODUCTS);
	q.municipality = chance_pick(&c, municipality_share, SCN_MUNICIPALITIES);
	q.language = chance_uniform(&c) < ENGLISH;
	q.kind = (enum route_kind)chance_pick(&c, kind_share, N_ROUTE_KINDS);
	if (q.product == SCN_OPTION0 && q.kind == KIND_ASYNC)
		q.kind = KIND_PHONE;
	q.difficulty = SD_DIFFICULTY * chance_normal(&c);
	q.routed_as = q.product;
	if (chance_uniform(&c) < w->scenario.misclassified && q.product != SCN_OPTION0)
		q.routed_as = (int)(chance_uniform(&c) * SCN_OPTION0);
	return q;
}

double question_work_s(const struct world *w, const struct question *q, int agent, int attempt, bool again)
{
	struct chance c = chance_of(q->seed, FOR_WORK, (uint64_t)attempt);
	const struct sim_agent *a = &w->agents[agent];
	double sigma = sqrt(log(1 + CV_WORK * CV_WORK)), work_s;
	enum fit fit;

	if (w->scenario.plain)
		return chance_exponential(&c, w->scenario.work_s);
	fit = world_fit(a, q->product, q->municipality, q->language, q->kind);
	work_s = exp(sigma * chance_normal(&c) - sigma * sigma / 2); /* lognormal, mean 1 */
	work_s *= w->products[q->product].work_s * kind_work[q->kind] * a->pace;
	work_s *= fit <= FIT_NO_PRODUCT ? 1.3 : fit == FIT_NO_MUNICIPALITY ? 1.1 : 1;
	return again ? AGAIN_WORK * work_s : work_s;
}

/* who was not helped comes back: half of them within hours, most of the others within two days, all within
 * six */
static double comes_back_s(struct chance *c)
{
	double which = chance_uniform(c), where = chance_uniform(c);

	if (which < 0.5)
		return -5400 * log(1 - where);
	return SCN_DAY_S * (which < 0.85 ? 0.5 + 1.5 * where : 2 + 4 * where);
}

struct outcome question_outcome(const struct world *w, const struct question *q, int agent, int attempt,
				bool again)
{
	struct chance c = chance_of(q->seed, FOR_OUTCOME, (uint64_t)attempt);
	const struct sim_agent *a = &w->agents[agent];
	double logit = logit_of(w, a, q->product, q->municipality) - q->difficulty + kind_ease[q->kind],
	       returns;
	struct outcome o;

	logit += a->products >> q->product & 1 ? 0 : LACKS_PRODUCT;
	logit += a->knows >> q->municipality & 1 ? 0 : LACKS_MUNICIPALITY;
	logit += again ? AGAIN : 0;
	o.fixed = chance_uniform(&c) < (w->scenario.plain ? w->scenario.fixed : sigmoid(logit));
	returns = chance_uniform(&c);
	o.after_s = comes_back_s(&c);
	if (w->scenario.plain) {
		o.returns = !o.fixed;
		o.seen_fixed = o.fixed;
		return o;
	}
	o.returns = !o.fixed && returns < RETURNS;
	o.seen_fixed = !(o.returns || (o.fixed && returns < RETURNS_THOUGH_FIXED)) ||
		       o.after_s > OBSERVED_DAYS * SCN_DAY_S;
	o.returns = o.returns && attempt < MAX_ATTEMPTS;
	return o;
}

double question_patience_s(const struct world *w, const struct question *q, int attempt, int tries)
{
	struct chance c = chance_of(q->seed, FOR_PATIENCE, (uint64_t)(attempt * 16 + tries));
	double mean = w->scenario.plain ? w->scenario.patience_s : kind_patience_s[q->kind];

	return mean > 0 ? chance_exponential(&c, mean) : 0;
}

bool question_redials(const struct question *q, int attempt, int tries, double *after_s)
{
	struct chance c = chance_of(q->seed, FOR_REDIAL, (uint64_t)(attempt * 16 + tries));

	if (chance_uniform(&c) >= REDIALS || tries >= MAX_TRIES)
		return false;
	*after_s = chance_exponential(&c, REDIAL_S);
	return true;
}

enum route_kind question_comes_by(const struct question *q, int attempt)
{
	struct chance c = chance_of(q->seed, FOR_CHANNEL, (uint64_t)attempt);
	double phones = q->kind == KIND_ASYNC ? 0.5 : q->kind == KIND_CHAT ? 0.4 : 0;

	return chance_uniform(&c) < phones ? KIND_PHONE : q->kind;
}
