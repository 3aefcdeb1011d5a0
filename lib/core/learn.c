/*
 * learn.c - counts, and the estimates that follow from them
 *
 *   m = (S + 3) / (n + 4)                                 product × home
 *   b = R / (I + spread),  R = sum(y - m), I = sum m(1-m) unit
 *   q = (n0 sigmoid(logit m + b) + S) / (n0 + n)          unit × product × home
 *   sd = sqrt(q (1-q) / (n0 + n + 1))
 *
 * Estimates stand ready as two floats, product by product, so that a decision that compares many agents on
 * one product, or one agent over some products, reads little memory.
 */
#include "lib/core/learn.h"

#include "lib/base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_PRIOR = 4, S_PRIOR = 3, WORK_S = 300, WORK_PRIOR = 20 };
static const double FIRST_BENCHMARK = (double)S_PRIOR / N_PRIOR;
static const double SURE = 1e-6; /* no estimate is nearer to 0 or 1 than this */
static const double MOST = 1e9;  /* outcomes in a row: no contact centre has more, and a float holds their sum */

struct count {
	float n, s;
};

struct product {
	double n[2], s[2];
	struct count *counts; /* [2 * unit + home]; NULL: nobody asked for it yet */
	struct learn_estimate *estimates[2];
	struct {
		double n, s;
	} work[N_ROUTE_KINDS];
};

struct unit {
	double r, i;
};

struct learn {
	double prior_weight, prior_spread, half_life_days, rate;
	int room;
	struct learn_table table;
	struct unit *units;
	struct product products[LEARN_PRODUCTS];
};

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static double mean_of(const struct product *p, int home)
{
	return (p->s[home] + S_PRIOR) / (p->n[home] + N_PRIOR);
}

static double skill_of(const struct learn *l, int unit)
{
	return unit < 0 ? 0 : l->units[unit].r / (l->units[unit].i + l->prior_spread);
}

static struct learn_estimate estimate(const struct learn *l, double m, double b, struct count c)
{
	double prior = 1 / (1 + exp(-(log(m / (1 - m)) + b)));
	double q = clamp((l->prior_weight * prior + (double)c.s) / (l->prior_weight + (double)c.n), SURE,
			 1 - SURE);

	return (struct learn_estimate){(float)q,
				       (float)sqrt(q * (1 - q) / (l->prior_weight + (double)c.n + 1))};
}

struct learn *learn_new(const struct route_policy *p)
{
	struct learn *l = must(calloc(1, sizeof(*l)));

	l->prior_weight = p->prior_weight;
	l->prior_spread = p->prior_spread;
	l->half_life_days = p->half_life_days;
	l->rate = p->benchmark_rate;
	for (int i = 0; i < LEARN_PRODUCTS; i++)
		for (int m = 0; m < LEARN_MUNICIPALITIES; m++)
			l->table.benchmark[i][m] = FIRST_BENCHMARK;
	return l;
}

struct learn *learn_free(struct learn *l)
{
	if (!l)
		return NULL;
	for (int i = 0; i < LEARN_PRODUCTS; i++) {
		free(l->products[i].counts);
		free(l->products[i].estimates[0]);
		free(l->products[i].estimates[1]);
	}
	free(l->units);
	free(l);
	return NULL;
}

static void refresh_product(struct learn *l, struct product *p, int from)
{
	for (int home = 0; home < 2; home++) {
		double m = mean_of(p, home);

		for (int u = from; u < l->table.n_units; u++)
			p->estimates[home][u] = estimate(l, m, skill_of(l, u), p->counts[2 * u + home]);
	}
}

static void resize_product(struct learn *l, struct product *p, int from)
{
	p->counts = must(realloc(p->counts, (size_t)l->room * 2 * sizeof(*p->counts)));
	for (int home = 0; home < 2; home++) {
		p->estimates[home] =
			must(realloc(p->estimates[home], (size_t)l->room * sizeof(struct learn_estimate)));
		l->table.estimates[p - l->products][home] = p->estimates[home];
	}
	memset(p->counts + (size_t)2 * (size_t)from, 0, (size_t)(l->room - from) * 2 * sizeof(*p->counts));
	refresh_product(l, p, from);
}

void learn_units(struct learn *l, int n)
{
	int before = l->table.n_units;

	if (n <= before)
		return;
	l->table.n_units = n;
	if (n > l->room) {
		l->room = n < 64 ? 64 : n + n / 4;
		l->units = must(realloc(l->units, (size_t)l->room * sizeof(*l->units)));
		memset(l->units + before, 0, (size_t)(l->room - before) * sizeof(*l->units));
		for (int i = 0; i < LEARN_PRODUCTS; i++)
			if (l->products[i].counts)
				resize_product(l, &l->products[i], before);
	} else {
		for (int i = 0; i < LEARN_PRODUCTS; i++)
			if (l->products[i].counts)
				refresh_product(l, &l->products[i], before);
	}
}

void learn_product(struct learn *l, int product)
{
	if (product >= 0 && product < LEARN_PRODUCTS && !l->products[product].counts && l->room > 0)
		resize_product(l, &l->products[product], 0);
}

struct learn_estimate learn_estimate(const struct learn *l, int product, int unit, bool home)
{
	const struct product *p = &l->products[product];
	static const struct count nothing;

	if (unit < 0 || unit >= l->table.n_units)
		return estimate(l, mean_of(p, home), 0, nothing);
	if (!p->estimates[home])
		return estimate(l, mean_of(p, home), skill_of(l, unit), nothing);
	return p->estimates[home][unit];
}

const struct learn_table *learn_look(const struct learn *l)
{
	return &l->table;
}

double learn_work_s(const struct learn *l, int product, enum route_kind kind)
{
	const struct product *p = &l->products[product];

	return (p->work[kind].s + WORK_PRIOR * WORK_S) / (p->work[kind].n + WORK_PRIOR);
}

static bool is_known(const struct learn *l, int product, int unit)
{
	return product >= 0 && product < LEARN_PRODUCTS && unit >= 0 && unit < l->table.n_units;
}

bool learn_outcome(struct learn *l, const struct learn_outcome *o)
{
	struct product *p;
	struct count *c;
	double m;

	if (!o->first || o->anonymous || !o->skilled || !is_known(l, o->product, o->unit))
		return false;
	learn_product(l, o->product);
	p = &l->products[o->product];
	c = &p->counts[2 * o->unit + o->home];
	m = mean_of(p, o->home);
	l->units[o->unit].r += (double)o->fixed - m;
	l->units[o->unit].i += m * (1 - m);
	p->n[o->home] += 1;
	p->s[o->home] += o->fixed;
	c->n += 1;
	c->s += o->fixed;
	p->estimates[o->home][o->unit] = estimate(l, mean_of(p, o->home), skill_of(l, o->unit), *c);
	return true;
}

void learn_assigned(struct learn *l, int product, int municipality, double q)
{
	double *pi = &l->table.benchmark[product][municipality];

	*pi += l->rate * (q - *pi);
}

void learn_worked(struct learn *l, int product, enum route_kind kind, double seconds)
{
	l->products[product].work[kind].n += 1;
	l->products[product].work[kind].s += seconds;
}

static void fade(struct learn *l, struct product *p, double f)
{
	for (int i = 0; i < 2; i++) {
		p->n[i] *= f;
		p->s[i] *= f;
	}
	for (int i = 0; i < N_ROUTE_KINDS; i++) {
		p->work[i].n *= f;
		p->work[i].s *= f;
	}
	for (int i = 0; p->counts && i < 2 * l->table.n_units; i++) {
		p->counts[i].n *= (float)f;
		p->counts[i].s *= (float)f;
	}
}

void learn_days(struct learn *l, double days)
{
	double f = l->half_life_days > 0 ? pow(0.5, days / l->half_life_days) : 1;

	if (f >= 1)
		return;
	for (int i = 0; i < LEARN_PRODUCTS; i++)
		fade(l, &l->products[i], f);
	for (int u = 0; u < l->table.n_units; u++) {
		l->units[u].r *= f;
		l->units[u].i *= f;
	}
}

void learn_refresh(struct learn *l)
{
	for (int i = 0; i < LEARN_PRODUCTS; i++)
		if (l->products[i].counts)
			refresh_product(l, &l->products[i], 0);
}

/* ---------------------------------------------------------------- rows */

typedef void each_row(const struct learn_row *row, void *arg);

static void tell(each_row *fn, void *arg, enum learn_row_kind kind, int product, int unit, int place,
		 double sum, double n)
{
	struct learn_row row = {kind, product, unit, place, sum, n};

	if (sum != 0 || n != 0)
		fn(&row, arg);
}

void learn_each(const struct learn *l, each_row *fn, void *arg)
{
	for (int i = 0; i < LEARN_PRODUCTS; i++) {
		const struct product *p = &l->products[i];

		for (int home = 0; home < 2; home++)
			tell(fn, arg, LEARN_ROW_PRODUCT, i, -1, home, p->s[home], p->n[home]);
		for (int m = 0; m < LEARN_MUNICIPALITIES; m++)
			if (l->table.benchmark[i][m] != FIRST_BENCHMARK)
				tell(fn, arg, LEARN_ROW_BENCHMARK, i, -1, m, l->table.benchmark[i][m], 0);
		for (int k = 0; k < N_ROUTE_KINDS; k++)
			tell(fn, arg, LEARN_ROW_WORK, i, -1, k, p->work[k].s, p->work[k].n);
		for (int c = 0; p->counts && c < 2 * l->table.n_units; c++)
			tell(fn, arg, LEARN_ROW_CELL, i, c / 2, c % 2, (double)p->counts[c].s,
			     (double)p->counts[c].n);
	}
	for (int u = 0; u < l->table.n_units; u++)
		tell(fn, arg, LEARN_ROW_UNIT, -1, u, 0, l->units[u].r, l->units[u].i);
}

static bool is_row(const struct learn *l, const struct learn_row *r)
{
	static const int places[N_LEARN_ROWS] = {[LEARN_ROW_PRODUCT] = 2,
						 [LEARN_ROW_UNIT] = 1,
						 [LEARN_ROW_CELL] = 2,
						 [LEARN_ROW_BENCHMARK] = LEARN_MUNICIPALITIES,
						 [LEARN_ROW_WORK] = N_ROUTE_KINDS};
	bool unit = r->kind == LEARN_ROW_UNIT || r->kind == LEARN_ROW_CELL;

	if ((unsigned)r->kind >= N_LEARN_ROWS || !isfinite(r->sum) || !(r->n >= 0 && r->n <= MOST))
		return false;
	if (r->place < 0 || r->place >= places[r->kind])
		return false;
	if (unit && (r->unit < 0 || r->unit >= l->table.n_units))
		return false;
	if (r->kind != LEARN_ROW_UNIT && (r->product < 0 || r->product >= LEARN_PRODUCTS))
		return false;
	if (r->kind == LEARN_ROW_PRODUCT || r->kind == LEARN_ROW_CELL)
		return r->sum >= 0 && r->sum <= r->n * (1 + 1e-6);
	return r->kind != LEARN_ROW_BENCHMARK || (r->sum > 0 && r->sum < 1);
}

bool learn_put(struct learn *l, const struct learn_row *row)
{
	struct product *p;

	if (!is_row(l, row))
		return false;
	p = &l->products[row->kind == LEARN_ROW_UNIT ? 0 : row->product];
	switch (row->kind) {
	case LEARN_ROW_PRODUCT:
		p->s[row->place] = fmin(row->sum, row->n); /* rounded it may be above: then m is not below 1 */
		p->n[row->place] = row->n;
		return true;
	case LEARN_ROW_UNIT:
		l->units[row->unit] = (struct unit){row->sum, row->n};
		return true;
	case LEARN_ROW_CELL:
		learn_product(l, row->product);
		p->counts[2 * row->unit + row->place].n += (float)row->n;
		p->counts[2 * row->unit + row->place].s += (float)fmin(row->sum, row->n);
		return true;
	case LEARN_ROW_BENCHMARK:
		l->table.benchmark[row->product][row->place] = row->sum;
		return true;
	case LEARN_ROW_WORK:
		p->work[row->place].s = row->sum;
		p->work[row->place].n = row->n;
		return true;
	case N_LEARN_ROWS:
		break;
	}
	return false;
}

void learn_forget(struct learn *l)
{
	for (int i = 0; i < LEARN_PRODUCTS; i++) {
		struct product *p = &l->products[i];

		memset(p->n, 0, sizeof(p->n));
		memset(p->s, 0, sizeof(p->s));
		for (int c = 0; p->counts && c < 2 * l->table.n_units; c++)
			p->counts[c] = (struct count){0, 0};
	}
	for (int u = 0; u < l->table.n_units; u++)
		l->units[u] = (struct unit){0, 0};
}

static void sum_product(struct learn *l, struct product *p, int home)
{
	double m;

	p->n[home] = p->s[home] = 0;
	for (int u = 0; u < l->table.n_units; u++) {
		p->n[home] += (double)p->counts[2 * u + home].n;
		p->s[home] += (double)p->counts[2 * u + home].s;
	}
	m = mean_of(p, home);
	for (int u = 0; u < l->table.n_units; u++) {
		struct count c = p->counts[2 * u + home];

		l->units[u].r += (double)c.s - m * (double)c.n;
		l->units[u].i += m * (1 - m) * (double)c.n;
	}
}

void learn_sum(struct learn *l)
{
	for (int u = 0; u < l->table.n_units; u++)
		l->units[u] = (struct unit){0, 0};
	for (int i = 0; i < LEARN_PRODUCTS; i++)
		for (int home = 0; l->products[i].counts && home < 2; home++)
			sum_product(l, &l->products[i], home);
}
