/* test_learn.c - estimates follow the formulas, stay within (0, 1), and never fall by a success; and the
 * policy's settings */
#include "lib/core/learn.h"
#include "tests/unit/prng.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>

enum { UNITS = 6, ROWS = 4000 };

static struct route_policy policy;

static struct learn *new_learn(void)
{
	struct learn *l;

	policy = policy_defaults();
	l = learn_new(&policy);
	learn_units(l, UNITS);
	return l;
}

static struct learn_outcome outcome(int product, int unit, bool home, bool fixed)
{
	return (struct learn_outcome){.product = product,
				      .unit = unit,
				      .home = home,
				      .fixed = fixed,
				      .first = true,
				      .skilled = true};
}

static void book(struct learn *l, int product, int unit, bool home, bool fixed)
{
	struct learn_outcome o = outcome(product, unit, home, fixed);

	ck_assert(learn_outcome(l, &o));
}

static double q_of(const struct learn *l, int product, int unit, bool home)
{
	return (double)learn_estimate(l, product, unit, home).q;
}

START_TEST(nothing_known_is_the_prior)
{
	struct learn *l = new_learn();

	ck_assert_double_eq_tol(q_of(l, 3, 2, false), 0.75, 1e-6);
	ck_assert_double_eq_tol((double)learn_estimate(l, 3, 2, true).sd, sqrt(0.75 * 0.25 / 21), 1e-6);
	ck_assert_double_eq_tol(q_of(l, LEARN_OPTION0, LEARN_NO_UNIT, false), 0.75, 1e-6);
	ck_assert(learn_look(l)->benchmark[3][1] == 0.75);
	ck_assert(learn_work_s(l, 3, KIND_CHAT) == 300);
	learn_free(l);
}
END_TEST

/* the formulas, worked out by hand for three outcomes */
START_TEST(as_the_formulas_say)
{
	struct learn *l = new_learn();
	double m1 = 4.0 / 5, m2, r, i, b, prior;

	book(l, 0, 1, false, true); /* m was 3/4 */
	r = 1 - 0.75;
	i = 0.75 * 0.25;
	book(l, 0, 1, false, false); /* m was 4/5 */
	r += 0 - m1;
	i += m1 * (1 - m1);
	book(l, 0, 2, false, true); /* m was 4/6; of somebody else */
	m2 = 5.0 / 7;
	learn_refresh(l);
	b = r / (i + 8.2);
	prior = 1 / (1 + exp(-(log(m2 / (1 - m2)) + b)));
	ck_assert_double_eq_tol(q_of(l, 0, 1, false), (20 * prior + 1) / 22, 1e-6);
	ck_assert_double_eq_tol(q_of(l, 0, 1, true), 1 / (1 + exp(-(log(3.0) + b))),
				1e-6); /* same skill, other cell */
	learn_assigned(l, 0, 3, 0.85);
	ck_assert_double_eq_tol(learn_look(l)->benchmark[0][3], 0.75 + 0.02 * 0.10, 1e-12);
	learn_worked(l, 0, KIND_PHONE, 900);
	ck_assert_double_eq_tol(learn_work_s(l, 0, KIND_PHONE), (20 * 300 + 900) / 21.0, 1e-9);
	learn_free(l);
}
END_TEST

START_TEST(what_teaches_nothing)
{
	struct learn *l = new_learn();
	struct learn_outcome wrong[] = {outcome(0, 0, false, false),
					outcome(0, 0, false, false),
					outcome(0, 0, false, false),
					outcome(0, UNITS, false, false),
					outcome(LEARN_PRODUCTS, 0, false, false),
					outcome(-1, 0, false, false),
					outcome(0, LEARN_NO_UNIT, false, false)};

	wrong[0].first = false;
	wrong[1].anonymous = true;
	wrong[2].skilled = false;
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert(!learn_outcome(l, &wrong[i]));
	learn_refresh(l);
	ck_assert_double_eq_tol(q_of(l, 0, 0, false), 0.75, 1e-6);
	learn_free(l);
}
END_TEST

START_TEST(forgets_by_half_life)
{
	struct learn *l = new_learn();

	for (int i = 0; i < 60; i++)
		book(l, 0, 0, false, false);
	learn_days(l, 40);
	learn_refresh(l);
	/* 30 left of them: m = 3/34, R and I halve as well */
	ck_assert_double_lt(q_of(l, 0, 0, false), 0.1);
	learn_days(l, 4000);
	learn_refresh(l);
	ck_assert_double_eq_tol(q_of(l, 0, 0, false), 0.75, 1e-4);
	learn_free(l);
}
END_TEST

START_TEST(within_0_and_1_and_monotone)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct prng p = {seed};
		struct learn *l = new_learn();
		int easy = prng_below(&p, 5), n = prng_below(&p, 400);

		for (int i = 0; i < n; i++) {
			int product = prng_below(&p, 3), unit = prng_below(&p, UNITS);
			bool home = prng_below(&p, 2), fixed = prng_below(&p, 5) < easy;
			double before, after;

			learn_refresh(l);
			before = q_of(l, product, unit, home);
			book(l, product, unit, home, fixed);
			learn_refresh(l);
			after = q_of(l, product, unit, home);
			ck_assert(fixed ? after > before : after < before);
			ck_assert_double_gt(after, 0);
			ck_assert_double_lt(after, 1);
			if (prng_below(&p, 50) == 0)
				learn_days(l, prng_below(&p, 30));
		}
		learn_free(l);
	}
}
END_TEST

/* the same story with one failure made a success: that cell is never lower */
START_TEST(a_success_instead_never_lowers)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct learn *l[2] = {new_learn(), new_learn()};
		int changed = (int)(seed % 150);
		struct learn_outcome there = outcome(0, 0, false, false);

		for (int which = 0; which < 2; which++) {
			struct prng p = {seed};

			for (int i = 0; i < 150; i++) {
				struct learn_outcome o = outcome(prng_below(&p, 3), prng_below(&p, UNITS),
								 prng_below(&p, 2), prng_below(&p, 2));

				if (i == changed)
					o.fixed = which, there = o;
				learn_outcome(l[which], &o);
			}
			learn_refresh(l[which]);
		}
		ck_assert_double_gt(q_of(l[1], there.product, there.unit, there.home),
				    q_of(l[0], there.product, there.unit, there.home));
		learn_free(l[0]);
		learn_free(l[1]);
	}
}
END_TEST

/* ---------------------------------------------------------------- rows */

struct rows {
	struct learn_row row[ROWS];
	int n;
};

static void keep(const struct learn_row *row, void *arg)
{
	struct rows *rows = arg;

	ck_assert_int_lt(rows->n, ROWS);
	rows->row[rows->n++] = *row;
}

START_TEST(rows_bring_it_all_back)
{
	static struct rows rows;
	struct learn *l = new_learn(), *again = new_learn();
	struct prng p = {3};

	rows.n = 0;
	for (int i = 0; i < 500; i++) {
		book(l, prng_below(&p, 4), prng_below(&p, UNITS), prng_below(&p, 2), prng_below(&p, 3) > 0);
		learn_assigned(l, prng_below(&p, 4), prng_below(&p, 5), 0.9);
		learn_worked(l, prng_below(&p, 4), KIND_CHAT, 400);
	}
	learn_days(l, 3);
	learn_refresh(l);
	learn_each(l, keep, &rows);
	for (int i = 0; i < rows.n; i++)
		ck_assert(learn_put(again, &rows.row[i]));
	learn_refresh(again);
	for (int product = 0; product < 4; product++) {
		for (int unit = 0; unit < UNITS; unit++) {
			ck_assert_double_eq_tol(q_of(again, product, unit, true),
						q_of(l, product, unit, true), 1e-7);
			ck_assert_double_eq_tol(q_of(again, product, unit, false),
						q_of(l, product, unit, false), 1e-7);
		}
		ck_assert(learn_look(again)->benchmark[product][2] == learn_look(l)->benchmark[product][2]);
		ck_assert(learn_work_s(again, product, KIND_CHAT) == learn_work_s(l, product, KIND_CHAT));
	}
	learn_free(l);
	learn_free(again);
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct learn *l = new_learn();
	static const struct learn_row wrong[] = {
		{N_LEARN_ROWS, 0, 0, 0, 1, 1},
		{LEARN_ROW_CELL, 0, UNITS, 0, 1, 1},
		{LEARN_ROW_CELL, LEARN_PRODUCTS, 0, 0, 1, 1},
		{LEARN_ROW_CELL, 0, 0, 2, 1, 1},
		{LEARN_ROW_CELL, 0, 0, 0, 2, 1},
		{LEARN_ROW_CELL, 0, 0, 0, -1, 1},
		{LEARN_ROW_PRODUCT, -1, -1, 0, 1, 1},
		{LEARN_ROW_BENCHMARK, 0, -1, 0, 1.5, 0},
		{LEARN_ROW_UNIT, -1, -1, 0, 1, 1},
		{LEARN_ROW_WORK, 0, -1, N_ROUTE_KINDS, 1, 1},
		{LEARN_ROW_PRODUCT, 0, -1, 0, NAN, 1},
		{LEARN_ROW_PRODUCT, 0, -1, 0, 1, INFINITY},
		{LEARN_ROW_CELL, 0, 0, 0, NAN, 1},
		{LEARN_ROW_CELL, 0, 0, 0, 1, NAN},
		{LEARN_ROW_CELL, 0, 0, 0, -INFINITY, 1},
		{LEARN_ROW_CELL, 0, 0, 0, INFINITY, INFINITY},
		{LEARN_ROW_CELL, 0, 0, 0, 1e300, 1e300}, /* finite, but not as a float */
		{LEARN_ROW_CELL, 0, 0, 0, 0, -1},
	};

	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_msg(!learn_put(l, &wrong[i]), "row %zu was taken", i);
	learn_free(l);
}
END_TEST

/* the largest that are rows, and a sum that was rounded to above n: still a probability */
START_TEST(no_row_makes_an_estimate_that_is_none)
{
	static const double n[] = {0, 1, 3e6, 1e9};

	for (size_t i = 0; i < COUNT(n); i++)
		for (int fixed = 0; fixed < 2; fixed++) {
			struct learn *l = new_learn();
			double sum = fixed * n[i] * (1 + 1e-6);

			ck_assert(learn_put(l, &(struct learn_row){LEARN_ROW_CELL, 0, 1, 0, sum, n[i]}));
			ck_assert(learn_put(l, &(struct learn_row){LEARN_ROW_CELL, 0, 1, 0, sum, n[i]}));
			ck_assert(learn_put(l, &(struct learn_row){LEARN_ROW_PRODUCT, 1, -1, 0, sum, n[i]}));
			learn_refresh(l);
			ck_assert(q_of(l, 1, 2, false) > 0 && q_of(l, 1, 2, false) < 1);
			learn_sum(l);
			learn_refresh(l);
			for (int unit = 0; unit < UNITS; unit++) {
				struct learn_estimate e = learn_estimate(l, 0, unit, false);

				ck_assert(e.q > 0 && e.q <= 1 && e.sd >= 0 && e.sd < 1);
			}
			learn_free(l);
		}
}
END_TEST

START_TEST(more_units_keep_what_is_known)
{
	struct learn *l = new_learn();
	double before;

	for (int i = 0; i < 10; i++)
		book(l, 0, 1, false, false);
	learn_refresh(l);
	before = q_of(l, 0, 1, false);
	learn_units(l, 1000);
	ck_assert(q_of(l, 0, 1, false) == before);
	book(l, 0, 999, true, true);
	ck_assert_double_gt(q_of(l, 0, 999, true), 0.75);
	learn_free(l);
}
END_TEST

/* ---------------------------------------------------------------- settings */

static int read_text(const char *text, struct route_policy *p, struct policy_problem *problems)
{
	static json_t *j;
	int n;

	json_decref(j);
	j = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(j);
	n = policy_read(j, p, problems, POLICY_MAX_PROBLEMS);
	return n;
}

START_TEST(settings_over_settings)
{
	struct policy_problem problems[POLICY_MAX_PROBLEMS];

	policy = policy_defaults();
	ck_assert_int_eq(policy.method, METHOD_FTF);
	ck_assert_int_eq(read_text("{}", &policy, problems), 0);
	ck_assert_int_eq(read_text("{\"routing\": {\"advantage\": 20, \"method\": \"skills-fifo\"}}", &policy,
				   problems),
			 0);
	ck_assert_int_eq(
		read_text("{\"routing\": {\"sticky\": 0.1, \"learning\": \"team\"}}", &policy, problems), 0);
	ck_assert(policy.advantage == 20 && policy.sticky == 0.1 && policy.learning == LEARNING_TEAM &&
		  policy.method == METHOD_FIFO);
	ck_assert(policy.occupancy == 0.25);
}
END_TEST

START_TEST(every_bad_field_is_named)
{
	struct policy_problem problems[POLICY_MAX_PROBLEMS];
	struct route_policy before = policy_defaults();
	static const char *const text = "{\"routing\": {\"advantage\": -1, \"sticky\": \"much\", \"colour\": "
					"3, \"method\": \"lifo\", \"learning\": true,"
					"\"relaxPhone\": 299, \"relaxAsync\": 300, \"occupancy\": 0.1}}";

	policy = before;
	ck_assert_int_eq(read_text(text, &policy, problems), 7);
	ck_assert_str_eq(problems[0].field, "advantage");
	ck_assert_str_eq(problems[6].field, "relaxAsync");
	ck_assert_mem_eq(&policy, &before, sizeof(policy)); /* nothing of it holds */
	ck_assert_int_eq(read_text("{\"routing\": 7}", &policy, problems), 1);
	ck_assert_int_eq(policy_read(NULL, &policy, problems, 1), 0);
}
END_TEST

static const char *from(const json_t *shown, const char *name)
{
	return json_string_value(json_object_get(json_object_get(shown, name), "from"));
}

static double value(const json_t *shown, const char *name)
{
	return json_number_value(json_object_get(json_object_get(shown, name), "value"));
}

START_TEST(what_is_shown)
{
	json_t *region = json_loads("{\"routing\": {\"sticky\": 0.1, \"packing\": 0.1}}", 0, NULL);
	json_t *own = json_loads("{\"routing\": {\"sticky\": 0.2, \"learning\": \"off\"}}", 0, NULL);
	json_t *wrong = json_loads("{\"routing\": {\"sticky\": 7}}", 0, NULL);
	json_t *shown = policy_shown(region, own), *of_region = policy_shown(region, wrong),
	       *plain = policy_shown(NULL, NULL);

	ck_assert_str_eq(from(shown, "sticky"), "municipality");
	ck_assert_str_eq(from(shown, "packing"), "region");
	ck_assert_str_eq(from(shown, "method"), "default");
	ck_assert(value(shown, "sticky") == 0.2 && value(shown, "packing") == 0.1 &&
		  value(shown, "controlShare") == 0.1);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(shown, "learning"), "value")),
			 "off");
	ck_assert_str_eq(from(of_region, "sticky"), "region"); /* what is wrong counts for nothing */
	ck_assert(value(of_region, "sticky") == 0.1);
	ck_assert_int_eq(json_object_size(plain), json_object_size(shown));
	ck_assert_str_eq(from(plain, "sticky"), "default");
	json_decref(region);
	json_decref(own);
	json_decref(wrong);
	json_decref(shown);
	json_decref(of_region);
	json_decref(plain);
}
END_TEST

/* products and units are sums of the cells: the same estimates as outcome by outcome, but for the mean that
 * each was compared with */
START_TEST(sums_of_cells)
{
	struct learn *l = new_learn();
	struct learn_row cell = {LEARN_ROW_CELL, 2, 1, 1, 30, 40}, other = {LEARN_ROW_CELL, 2, 3, 1, 10, 40};
	double m = 43.0 / 84, i = 40 * m * (1 - m), q;

	book(l, 5, 1, false, true);
	learn_assigned(l, 5, 1, 0.9);
	learn_forget(l);
	learn_refresh(l);
	ck_assert_double_eq_tol(q_of(l, 5, 1, false), 0.75, 1e-6); /* forgotten */
	ck_assert(learn_look(l)->benchmark[5][1] > 0.75);          /* but not this */
	ck_assert(learn_put(l, &cell) && learn_put(l, &other));
	learn_sum(l);
	learn_sum(l); /* again: not twice */
	learn_refresh(l);
	q = 1 / (1 + exp(-(log(m / (1 - m)) + (30 - 40 * m) / (i + 8.2))));
	ck_assert_double_eq_tol(q_of(l, 2, 1, true), (20 * q + 30) / 60, 1e-5);
	ck_assert_double_eq_tol(q_of(l, 2, 2, true), m,
				1e-5); /* nothing known of who it is: the product's mean */
	ck_assert(q_of(l, 2, 3, true) < m);
	learn_free(l);
}
END_TEST

int main(void)
{
	const TTest *tests[] = {
		nothing_known_is_the_prior,
		sums_of_cells,
		as_the_formulas_say,
		what_teaches_nothing,
		forgets_by_half_life,
		within_0_and_1_and_monotone,
		a_success_instead_never_lowers,
		rows_bring_it_all_back,
		rows_that_are_none,
		no_row_makes_an_estimate_that_is_none,
		more_units_keep_what_is_known,
		settings_over_settings,
		every_bad_field_is_named,
		what_is_shown,
	};

	return unit_run("learn", tests, COUNT(tests));
}
