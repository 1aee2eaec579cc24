/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The formulas of the criteria, away from any network: PROscore, geometric median, ranking, counts. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "score/criteria.h"
#include "score/geometric_median.h"
#include "score/proscore.h"
#include "prune/selection.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        print_error("%.17g is not within %g of %.17g\n", value, tolerance, expected);
        fail();
    }
}

/* The definition, in long double: tangent of the angle after the step. */
static double proscore_defined(const double *filter, const double *gradient, int length, double lift,
                               double lambda)
{
    long double moved = 0, norm = 0;
    for (int i = 0; i < length; i++) {
        long double step = (long double)filter[i] - (long double)lambda * gradient[i];
        moved += step * step;
        norm += (long double)filter[i] * filter[i];
    }
    return (double)(0.5L * logl(moved) - logl(fabsl(sqrtl(norm) - (long double)lambda * lift)));
}

static struct proscore_point point_of(const double *filter, const double *gradient, int length, double lift)
{
    double dot = 0;
    for (int i = 0; i < length; i++) {
        dot += filter[i] * gradient[i];
    }
    return proscore_vector(vector_norm(filter, length), vector_norm(gradient, length), dot, lift);
}

enum { LENGTH = 27 };

static void random_filter(struct random_state *random, double size, double *filter)
{
    for (int i = 0; i < LENGTH; i++) {
        filter[i] = random_between(random, -size, size);
    }
}

static void test_proscore_definition(void **state)
{
    (void)state;
    const double lambdas[] = {1e-6, 1e-3, 0.01, 0.1, 1, 10, 1e3, 1e6};
    struct random_state random;
    random_seed(&random, 3, 0);
    for (int round = 0; round < 50; round++) {
        double filter[LENGTH], gradient[LENGTH], lift = random_between(&random, -2, 2);
        random_filter(&random, 0.3, filter);
        random_filter(&random, round % 2 ? 1.0 : 1e-4, gradient);
        struct proscore_point point = point_of(filter, gradient, LENGTH, lift);
        for (size_t i = 0; i < COUNT(lambdas); i++) {
            double expected = proscore_defined(filter, gradient, LENGTH, lift, lambdas[i]);
            assert_near(proscore_log(&point, lambdas[i]), expected, 2e-13 * fmax(1, fabs(expected)));
        }
    }
}

/* Many at once give what one by one gives, equal points equal bits, and the exceptions among them are met. */
static void test_proscore_many(void **state)
{
    (void)state;
    enum { POINTS = 61 };
    const double lambdas[] = {1e-14, 1e-6, 1e-3, 0.01, 0.1, 1, 10, 1e3, 1e6, 1e99, 1e150, INFINITY};
    struct proscore_point points[POINTS];
    double logs[POINTS];
    struct random_state random;
    random_seed(&random, 4, 0);
    for (int i = 0; i < POINTS; i++) {
        const double size = pow(10, random_between(&random, -6, 2));
        points[i] = (struct proscore_point){.along = random_between(&random, -size, size),
                                            .across = i % 3 ? random_between(&random, 0, size) : 0,
                                            .lift = random_between(&random, -size, size)};
    }
    points[5] = (struct proscore_point){.zero = true};
    points[7] = (struct proscore_point){.along = 1, .lift = 1};   /* D ends at zero where lambda is 1 */
    points[9] = (struct proscore_point){.along = 1, .lift = 0.5}; /* F does */
    points[11] = (struct proscore_point){.along = 1e-200, .lift = -1e-200};
    points[POINTS - 1] = points[0];
    for (size_t i = 0; i < COUNT(lambdas); i++) {
        for (int p = 0; p < POINTS; p++)
            points[p].order = i % 3;
        proscore_logs(points, POINTS, lambdas[i], logs);
        for (int p = 0; p < POINTS; p++) {
            const double expected = proscore_log(&points[p], lambdas[i]);
            if (isinf(expected)) {
                assert_true(logs[p] == expected);
            } else {
                const double part = fabs(lambdas[i] * points[p].lift) + fabs(lambdas[i] * points[p].along) +
                                    fabs(lambdas[i] * points[p].across);
                assert_near(logs[p], expected, 2e-14 * fmin(part, fmax(1, fabs(log(part)))));
            }
        }
        assert_true(logs[0] == logs[POINTS - 1]);
    }
}

/* A scalar and a pair are filters of one and two weights. */
static void test_proscore_small_targets(void **state)
{
    (void)state;
    const double f[2] = {-0.7, 0.2}, gradient[2] = {0.3, -1.1};
    const double lambdas[] = {0.01, 1, 20};
    struct proscore_point scalar = proscore_scalar(f[0], gradient[0], 0.4),
                          pair = proscore_pair(f, gradient, 0.4);
    for (size_t i = 0; i < COUNT(lambdas); i++) {
        assert_near(proscore_log(&scalar, lambdas[i]), proscore_defined(f, gradient, 1, 0.4, lambdas[i]),
                    1e-14);
        assert_near(proscore_log(&pair, lambdas[i]), proscore_defined(f, gradient, 2, 0.4, lambdas[i]),
                    1e-14);
    }
}

/* Near 1 the logarithm keeps the digits that the plain score loses: log s = lambda * (b - a) + O(lambda^2).
 */
static void test_proscore_tiny_steps(void **state)
{
    (void)state;
    const struct proscore_point first = {.along = 1.0, .across = 3.0, .lift = 1.0 + 1e-9};
    const struct proscore_point second = {.along = 1.0, .across = 3.0, .lift = 1.0 + 2e-9};
    double lambda = 1e-14;
    assert_near(proscore_log(&first, lambda) / (lambda * 1e-9), 1.0, 1e-4);
    assert_true(proscore_log(&first, lambda) < proscore_log(&second, lambda));
    assert_true(exp(proscore_log(&first, lambda)) == exp(proscore_log(&second, lambda)));
    const struct proscore_point tiny = {.along = -1e-200, .lift = 1e-200};
    assert_near(proscore_log(&tiny, 1e-3) / 2e-203, 1.0, 1e-12);
}

/* Scaling weights by s scales their gradients by 1/s; with lambda scaled by s^2 the picture is the same one.
 * Rotating filter and gradient together changes nothing. */
static void test_proscore_invariance(void **state)
{
    (void)state;
    struct random_state random;
    random_seed(&random, 5, 0);
    for (int round = 0; round < 20; round++) {
        double filter[LENGTH], gradient[LENGTH], scaled[LENGTH], divided[LENGTH], turned[LENGTH],
            turned_gradient[LENGTH];
        random_filter(&random, 1, filter);
        random_filter(&random, 1, gradient);
        double s = exp(random_between(&random, -8, 8)), lambda = 0.05, lift = random_between(&random, -1, 1);
        double cosine = cos(round), sine = sin(round);
        for (int i = 0; i < LENGTH; i++) {
            scaled[i] = s * filter[i];
            divided[i] = gradient[i] / s;
            turned[i] = filter[i];
            turned_gradient[i] = gradient[i];
        }
        turned[0] = cosine * filter[0] - sine * filter[1];
        turned[1] = sine * filter[0] + cosine * filter[1];
        turned_gradient[0] = cosine * gradient[0] - sine * gradient[1];
        turned_gradient[1] = sine * gradient[0] + cosine * gradient[1];
        struct proscore_point plain = point_of(filter, gradient, LENGTH, lift);
        struct proscore_point larger = point_of(scaled, divided, LENGTH, lift / s);
        struct proscore_point other = point_of(turned, turned_gradient, LENGTH, lift);
        double expected = proscore_log(&plain, lambda);
        assert_near(proscore_log(&larger, lambda * s * s), expected, 1e-13);
        assert_near(proscore_log(&other, lambda), expected, 1e-13);
    }
}

static void test_proscore_special(void **state)
{
    (void)state;
    const double zero[2] = {0, 0}, gradient[2] = {1, 2};
    struct proscore_point origin = proscore_scalar(0, 1, 1);
    assert_true(origin.zero && proscore_log(&origin, 0.1) == -INFINITY);
    assert_true(proscore_log(&origin, INFINITY) == -INFINITY);
    assert_false(proscore_sign_changes(&origin, 10));
    origin = proscore_pair(zero, gradient, 1);
    assert_true(proscore_log(&origin, 0.1) == -INFINITY);
    origin = proscore_vector(0, 1, 0, 1);
    assert_true(proscore_log(&origin, 0.1) == -INFINITY);

    struct proscore_point flat = proscore_scalar(2, 0.5, 4); /* b = 2: at lambda 1/2 D is zero */
    assert_true(proscore_log(&flat, 0.5) == INFINITY);
    assert_false(proscore_sign_changes(&flat, 0.5));
    assert_true(proscore_sign_changes(&flat, 0.51));
    assert_true(isfinite(proscore_log(&flat, 0.51)));
    struct proscore_point both = proscore_scalar(1, 2, 2); /* filter and D reach zero together: kept */
    assert_true(proscore_log(&both, 0.5) == INFINITY);
    struct proscore_point home = proscore_scalar(1, 2, -1);
    assert_true(proscore_log(&home, 0.5) == -INFINITY);
    const struct proscore_point broken = {.along = NAN, .lift = 1};
    assert_true(isnan(proscore_log(&broken, 0.1)));
}

/* The orders, and points that stand still: at any step, and at the limit in the order of any long step. */
static void test_proscore_orders(void **state)
{
    (void)state;
    struct proscore_point point = proscore_pair((const double[]){3, 4}, (const double[]){0.1, -0.2}, 0.7);
    const double log = proscore_log(&point, 0.1), filter[1] = {5}, none[1] = {0};
    assert_true(log > 0);
    struct proscore_point unit = proscore_unit_point(point, 5), still = proscore_still_point(point);
    assert_near(proscore_log(&unit, 0.1),
                proscore_defined((const double[]){0.6, 0.8}, (const double[]){0.5, -1}, 2, 0.7, 0.1), 1e-14);
    assert_near(proscore_log(&still, 0.1), proscore_defined(filter, none, 1, 0.7, 0.1), 1e-14);
    point.order = PROSCORE_BACKWARD;
    assert_near(proscore_log(&point, 0.1), -log, 0);
    point.order = PROSCORE_EITHER_WAY;
    assert_near(proscore_log(&point, 0.1), log, 0);
    assert_near(proscore_log(&point, 100),
                fabs(proscore_defined((const double[]){3, 4}, (const double[]){0.1, -0.2}, 2, 0.7, 100)),
                1e-14);
    point.lift = -point.lift;
    assert_true(proscore_log(&point, 0.1) > 0);
    const double lifts[] = {0.3, -2, 0.01, 0, 7};
    for (int order = PROSCORE_FORWARD; order <= PROSCORE_BACKWARD; order++) {
        double one[5], two[5];
        int64_t first[5], second[5];
        struct error error = {0};
        for (int i = 0; i < 5; i++) {
            struct proscore_point at = proscore_still_point(proscore_scalar(1, 9, lifts[i]));
            at.order = order;
            one[i] = proscore_log(&at, INFINITY);
            two[i] = proscore_log(&at, 1e9);
        }
        assert_int_equal(scores_rank(one, 5, first, &error) || scores_rank(two, 5, second, &error), 0);
        assert_memory_equal(first, second, sizeof first);
    }
    struct proscore_point origin = {.zero = true, .order = PROSCORE_BACKWARD};
    assert_true(proscore_log(&origin, 1) == -INFINITY);
}

static void test_proscore_limit(void **state)
{
    (void)state;
    const double filter[3] = {1, 2, 2}, gradient[3] = {3, 0, 4};
    struct proscore_point point = point_of(filter, gradient, 3, -0.5);
    assert_near(proscore_log(&point, INFINITY), log(5 / 0.5), 1e-14);
    assert_near(proscore_log(&point, 1e300), log(5 / 0.5), 1e-12);
    assert_near(proscore_log(&point, 1e12), log(5 / 0.5), 1e-10);
    assert_false(proscore_sign_changes(&point, INFINITY));
    struct proscore_point still = proscore_vector(3, 0, 0, 0);
    assert_true(proscore_log(&still, INFINITY) == 0.0);
    assert_true(proscore_log(&still, 5) == 0.0);
    struct proscore_point lifted = proscore_vector(3, 0, 0, 1);
    assert_true(proscore_log(&lifted, INFINITY) == -INFINITY);
    assert_true(proscore_sign_changes(&lifted, INFINITY));
    struct proscore_point moved = proscore_vector(3, 1, 0, 0);
    assert_true(proscore_log(&moved, INFINITY) == INFINITY);
}

/* The example of two filters whose order depends on lambda: they change places at 1/13. */
static void test_proscore_order_flips(void **state)
{
    (void)state;
    const struct proscore_point first = {.along = 1, .lift = 1.1}, second = {.along = -5, .lift = -4.85};
    double at = 1. / 13, below = at * (1 - 1e-6), above = at * (1 + 1e-6);
    assert_true(proscore_log(&first, below) < proscore_log(&second, below));
    assert_true(proscore_log(&first, above) > proscore_log(&second, above));
    assert_near(proscore_log(&first, at), proscore_log(&second, at), 1e-15);
}

/* Sums of distances in long double from the differences. */
static void direct_median(const double *filters, int count, int length, double *scores)
{
    for (int i = 0; i < count; i++) {
        long double sum = 0;
        for (int j = 0; j < count; j++) {
            long double square = 0;
            for (int k = 0; k < length; k++) {
                long double difference = (long double)filters[i * length + k] - filters[j * length + k];
                square += difference * difference;
            }
            sum += sqrtl(square);
        }
        scores[i] = (double)sum;
    }
}

static void compare_median(const double *filters, int count, int length, double tolerance)
{
    struct error error = {0};
    double scores[40], expected[40];
    assert_true(count <= 40);
    assert_int_equal(geometric_median(filters, count, length, scores, &error), STATUS_OK);
    direct_median(filters, count, length, expected);
    for (int i = 0; i < count; i++) {
        assert_near(scores[i], expected[i], tolerance * expected[i]);
    }
}

static void test_median_random(void **state)
{
    (void)state;
    enum { FILTERS = 40, WEIGHTS = 1200 }; /* more than one panel of columns */
    double *filters = mem_new(FILTERS * WEIGHTS, sizeof *filters);
    assert_non_null(filters);
    struct random_state random;
    random_seed(&random, 11, 0);
    const double sizes[] = {1, 1e-30, 1e-160, 1e-310, 1e30, 1e300};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        for (int i = 0; i < FILTERS * WEIGHTS; i++) {
            filters[i] = sizes[s] * random_between(&random, -1, 1);
        }
        compare_median(filters, s ? 5 : FILTERS, s ? 9 : WEIGHTS, 1e-12);
    }
    mem_free(filters);
}

/* Filters far from the origin and close to each other, where the Gram form alone has no digit left. */
static void test_median_close(void **state)
{
    (void)state;
    const double gaps[] = {1e-2, 1e-4, 1e-6, 1e-8, 1e-12};
    struct random_state random;
    random_seed(&random, 13, 0);
    for (size_t g = 0; g < COUNT(gaps); g++) {
        double base[LENGTH], filters[8 * LENGTH];
        random_filter(&random, 1, base);
        for (int i = 0; i < 8 * LENGTH; i++) {
            filters[i] = base[i % LENGTH] + gaps[g] * random_between(&random, -1, 1);
        }
        compare_median(filters, 8, LENGTH, 1e-10); /* all close: the mean filter takes it away */
        for (int i = 5 * LENGTH; i < 8 * LENGTH; i++) {
            filters[i] = 3 * random_between(&random, -1, 1); /* close pairs and far ones in one layer */
        }
        compare_median(filters, 8, LENGTH, 1e-10);
        double pair[2 * LENGTH];
        memcpy(pair, filters, sizeof pair);
        compare_median(pair, 2, LENGTH, 1e-10);
    }
}

static void test_median_special(void **state)
{
    (void)state;
    struct error error = {0};
    const double known[] = {0, 0, 3, 4, 0, 8};
    double scores[4] = {-1, -1, -1, -1};
    assert_int_equal(geometric_median(known, 3, 2, scores, &error), STATUS_OK);
    assert_near(scores[0], 13, 1e-14);
    assert_near(scores[1], 10, 1e-14);
    assert_near(scores[2], 13, 1e-14);
    const double same[] = {1, 2, 1, 2, 1, 2}, one[] = {5, 6};
    assert_int_equal(geometric_median(same, 3, 2, scores, &error), STATUS_OK);
    assert_true(scores[0] == 0 && scores[1] == 0 && scores[2] == 0);
    assert_int_equal(geometric_median(one, 1, 2, scores, &error), STATUS_OK);
    assert_true(scores[0] == 0);
    const double zeros[8] = {0};
    assert_int_equal(geometric_median(zeros, 4, 2, scores, &error), STATUS_OK);
    assert_true(scores[3] == 0);
    const double broken[] = {1, 2, NAN, 4}, infinite[] = {1, 2, 3, -INFINITY};
    assert_int_equal(geometric_median(broken, 2, 2, scores, &error), STATUS_NAN);
    assert_int_equal(geometric_median(infinite, 2, 2, scores, &error), STATUS_NAN);
    assert_int_equal(geometric_median(known, 0, 2, scores, &error), STATUS_RANGE);
}

static void test_median_memory(void **state)
{
    (void)state;
    const double filters[] = {0, 0, 3, 4, 0, 8};
    double scores[3];
    struct error error = {0};
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        assert_true(nth < 10);
        mem_fail_at(nth);
        code = geometric_median(filters, 3, 2, scores, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
}

static void test_norm(void **state)
{
    (void)state;
    const double plain[] = {3, -4}, huge[] = {3e300, -4e300}, tiny[] = {3e-200, 4e-200},
                 denormal[] = {4.9406564584124654e-324};
    const double broken[] = {1, NAN}, infinite[] = {1, -INFINITY}, zero[] = {0, -0.0};
    assert_true(vector_norm(plain, 2) == 5);
    assert_near(vector_norm(huge, 2) / 5e300, 1, 1e-15);
    assert_near(vector_norm(tiny, 2) / 5e-200, 1, 1e-15);
    assert_true(vector_norm(denormal, 1) == denormal[0]);
    assert_true(isnan(vector_norm(broken, 2)));
    assert_true(vector_norm(infinite, 2) == INFINITY);
    assert_true(vector_norm(zero, 2) == 0);
}

static void test_rank(void **state)
{
    (void)state;
    struct error error = {0};
    const double scores[] = {2, -INFINITY, 2, 0, INFINITY, -0.0, 2};
    const int64_t expected[] = {1, 3, 5, 0, 2, 6, 4};
    int64_t order[7];
    assert_int_equal(scores_rank(scores, 7, order, &error), STATUS_OK);
    assert_memory_equal(order, expected, sizeof order);
    const double broken[] = {0, 1, NAN};
    assert_int_equal(scores_rank(broken, 3, order, &error), STATUS_NAN);
    assert_non_null(strstr(error.message, "channel 2"));
    assert_int_equal(scores_rank(scores, 0, order, &error), STATUS_OK);
    mem_fail_at(1);
    assert_int_equal(scores_rank(scores, 7, order, &error), STATUS_MEMORY);
    mem_fail_at(0);
}

static void test_pruned_count(void **state)
{
    (void)state;
    const struct {
        int64_t channels;
        double ratio;
        int64_t floor, prune_floor;
    } cases[] = {
        {16, 0, 0, 0},   {16, 0.5, 8, 8}, {16, 0.3, 5, 4},        {10, 0.7, 7, 7},   {10, 0.3, 3, 3},
        {64, 0.1, 7, 6}, {16, 1, 15, 15}, {1, 0.9, 0, 0},         {3, 0.99, 2, 2},   {16, -1, 0, 0},
        {16, 7, 15, 15}, {16, NAN, 0, 0}, {1000, 0.29, 290, 290}, {16, 1e-12, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(pruned_count(cases[i].channels, cases[i].ratio, ROUND_FLOOR), cases[i].floor);
        assert_int_equal(pruned_count(cases[i].channels, cases[i].ratio, ROUND_PRUNE_FLOOR),
                         cases[i].prune_floor);
    }
    assert_string_equal(rounding_name(ROUND_PRUNE_FLOOR), "prune-floor");
    assert_null(rounding_name(2));
    assert_null(rounding_name(-1));
}

static void test_table(void **state)
{
    (void)state;
    const char *const names[] = {"l1",     "l2",    "bn",   "lamp",      "taylor",     "jacobian",
                                 "fisher", "obd",   "snip", "geomedian", "whc",        "variance",
                                 "apoz",   "hrank", "chip", "proscore",  "sequential", "random"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct criterion *criterion = criterion_at((int)i);
        assert_non_null(criterion);
        assert_string_equal(criterion->name, names[i]);
        assert_ptr_equal(criterion_find(names[i]), criterion);
        assert_true(criterion->title && criterion->help && (criterion->needs || criterion->fixed_needs) &&
                    criterion->score);
    }
    assert_null(criterion_at(COUNT(names)));
    assert_null(criterion_at(-1));
    assert_null(criterion_find("L1"));
    assert_string_equal(taylor_variant_name(TAYLOR_GATE), "gate");
    assert_string_equal(taylor_variant_name(TAYLOR_GATE_BATCH), "gate-batch");
    assert_string_equal(taylor_variant_name(TAYLOR_GATE_ABS), "gate-abs");
    assert_string_equal(taylor_variant_name(TAYLOR_WEIGHT), "weight");
    assert_string_equal(taylor_variant_name(TAYLOR_WEIGHT_SUM), "weight-sum");
    assert_string_equal(taylor_variant_name(TAYLOR_WEIGHT_SQUARES), "weight-squares");
    assert_null(taylor_variant_name(6));
    assert_string_equal(filter_distance_name(DISTANCE_COSINE), "cosine");
    assert_null(filter_distance_name(2));
    assert_string_equal(jacobian_rows_name(JACOBIAN_BATCH), "batch");
    assert_null(jacobian_rows_name(2));
    assert_string_equal(fisher_share_name(FISHER_PLAIN), "plain");
    assert_null(fisher_share_name(2));
    assert_string_equal(proscore_target_name(PROSCORE_AFFINE), "affine");
    assert_string_equal(proscore_target_name(PROSCORE_CHANNEL), "channel");
    assert_null(proscore_target_name(4));
    assert_string_equal(proscore_reading_name(PROSCORE_TAIL), "tail");
    assert_string_equal(proscore_reading_name(PROSCORE_COORDINATE), "coordinate");
    assert_null(proscore_reading_name(8));
    assert_string_equal(gradient_scale_name(GRADIENT_BATCHSUM), "batchsum");
    assert_null(gradient_scale_name(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proscore_definition),
        cmocka_unit_test(test_proscore_many),
        cmocka_unit_test(test_proscore_small_targets),
        cmocka_unit_test(test_proscore_tiny_steps),
        cmocka_unit_test(test_proscore_invariance),
        cmocka_unit_test(test_proscore_special),
        cmocka_unit_test(test_proscore_orders),
        cmocka_unit_test(test_proscore_limit),
        cmocka_unit_test(test_proscore_order_flips),
        cmocka_unit_test(test_median_random),
        cmocka_unit_test(test_median_close),
        cmocka_unit_test(test_median_special),
        cmocka_unit_test(test_median_memory),
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_pruned_count),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
