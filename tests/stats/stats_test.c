/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms, correlations and overlaps: known values, ties, what is not a number, memory that runs out. */
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
#include "stats/correlation.h"
#include "stats/histogram.h"
#include "stats/overlap.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        print_error("%.17g is not within %g of %.17g\n", value, tolerance, expected);
        fail();
    }
}

static double correlate(enum correlation_method method, const double *a, const double *b, int64_t count)
{
    struct error error = {0};
    struct correlation result;
    assert_int_equal(correlation_compute(method, a, b, count, &result, &error), STATUS_OK);
    return result.coefficient;
}

/* Worked out by hand: sums of products 12, 10 and 21.2; squared rank differences 4; 8 pairs in order, 2 not.
 */
static void test_correlation_known(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4, 5}, b[] = {2, 1, 4, 3, 7};
    assert_near(correlate(CORRELATION_PEARSON, a, b, 5), 12 / sqrt(10 * 21.2), 1e-15);
    assert_near(correlate(CORRELATION_SPEARMAN, a, b, 5), 0.8, 1e-15);
    assert_near(correlate(CORRELATION_KENDALL, a, b, 5), 0.6, 1e-15);
    /* ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4; tau-b: 5 of 6 pairs in order, one tied in a */
    const double c[] = {10, 20, 20, 30}, d[] = {1, 2, 3, 4};
    assert_near(correlate(CORRELATION_SPEARMAN, c, d, 4), 4.5 / sqrt(4.5 * 5), 1e-15);
    assert_near(correlate(CORRELATION_KENDALL, c, d, 4), 5 / sqrt(5. * 6), 1e-15);
}

static void test_correlation_exact_ends(void **state)
{
    (void)state;
    const double a[] = {0.1, 0.7, 0.3, 1e-9, 5}, same[] = {0.1, 0.7, 0.3, 1e-9, 5},
                 minus[] = {-0.1, -0.7, -0.3, -1e-9, -5};
    for (int method = 0; method < 3; method++) {
        assert_true(correlate(method, a, same, 5) == 1.0);
        assert_true(correlate(method, a, minus, 5) == -1.0);
    }
    /* squares of these overflow, or vanish */
    const double huge[] = {1e300, -1e308, 1.7e308}, tiny[] = {1e-300, -1e-308, 3e-310};
    assert_near(correlate(CORRELATION_PEARSON, huge, huge, 3), 1.0, 1e-15);
    assert_near(correlate(CORRELATION_PEARSON, tiny, tiny, 3), 1.0, 1e-15);
}

static void test_correlation_undefined(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3}, constant[] = {0.1, 0.1, 0.1}, infinite[] = {1, INFINITY, 2};
    for (int method = 0; method < 3; method++) {
        assert_true(isnan(correlate(method, a, constant, 3)));
        assert_true(isnan(correlate(method, constant, a, 3)));
        assert_true(isnan(correlate(method, a, a, 1)));
        assert_true(isnan(correlate(method, a, a, 0)));
    }
    assert_true(isnan(correlate(CORRELATION_PEARSON, a, infinite, 3)));
    assert_near(correlate(CORRELATION_SPEARMAN, a, infinite, 3), 0.5, 1e-15);
    assert_near(correlate(CORRELATION_KENDALL, a, infinite, 3), 1. / 3, 1e-15);
}

static void test_correlation_counts(void **state)
{
    (void)state;
    const double a[] = {1, 1, 1, 2, NAN, 3}, b[] = {4, 4, 5, 5, 1, NAN};
    struct error error = {0};
    struct correlation result;
    assert_int_equal(correlation_compute(CORRELATION_KENDALL, a, b, 6, &result, &error), STATUS_OK);
    assert_int_equal(result.n, 4);
    assert_int_equal(result.ties_a, 3);
    assert_int_equal(result.ties_b, 2);
}

/* tau-b by looking at every pair */
static double kendall_of_all_pairs(const double *a, const double *b, int count)
{
    double difference = 0, free_a = 0, free_b = 0;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++) {
            int x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
            difference += x * y;
            free_a += x != 0;
            free_b += y != 0;
        }
    }
    return difference / sqrt(free_a * free_b);
}

static void test_kendall_against_all_pairs(void **state)
{
    (void)state;
    struct random_state random;
    random_seed(&random, 7, 0);
    for (int round = 0; round < 60; round++) {
        double a[131], b[131];
        int count = 2 + (int)random_below(&random, 130), values = round % 3 == 0 ? 4 : 1000;
        for (int i = 0; i < count; i++) {
            a[i] = (double)random_below(&random, (uint64_t)values);
            b[i] = round % 2 ? (double)random_below(&random, 7) : a[i] + (double)random_below(&random, 9);
        }
        double slow = kendall_of_all_pairs(a, b, count), fast = correlate(CORRELATION_KENDALL, a, b, count);
        if (isnan(slow)) {
            assert_true(isnan(fast));
        } else {
            assert_near(fast, slow, 1e-14);
        }
    }
}

static void test_average_ranks(void **state)
{
    (void)state;
    const double values[] = {3, -INFINITY, 3, 8, 3, INFINITY, 8}, expected[] = {3, 1, 3, 5.5, 3, 7, 5.5};
    double ranks[7];
    struct error error = {0};
    assert_int_equal(average_ranks(values, 7, ranks, &error), STATUS_OK);
    for (int i = 0; i < 7; i++) {
        assert_true(ranks[i] == expected[i]);
    }
    const double broken[] = {1, NAN};
    assert_int_equal(average_ranks(broken, 2, ranks, &error), STATUS_NAN);
    assert_non_null(strstr(error.message, "value 1"));
}

static struct histogram make_histogram(const double *values, int64_t count, int bins, bool log_axis)
{
    struct error error = {0};
    struct histogram histogram;
    assert_int_equal(histogram_compute(&values, &count, 1, bins, log_axis, &histogram, &error), STATUS_OK);
    return histogram;
}

static void test_histogram_bins(void **state)
{
    (void)state;
    const double values[] = {0, 1, 1.9999, 2, 3, 4, NAN, INFINITY, -INFINITY};
    struct histogram histogram = make_histogram(values, COUNT(values), 4, false);
    const int64_t expected[] = {1, 2, 1, 2}; /* half-open, the last closed */
    assert_int_equal(histogram.bins, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(histogram.edges[i] == i);
        assert_int_equal(histogram.counts[i], expected[i]);
    }
    assert_int_equal(histogram.skipped[0], 3);
    assert_int_equal(histogram_bin(&histogram, 4), 3);
    assert_int_equal(histogram_bin(&histogram, 0), 0);
    assert_int_equal(histogram_bin(&histogram, 4.0001), -1);
    assert_int_equal(histogram_bin(&histogram, -1e-9), -1);
    assert_int_equal(histogram_bin(&histogram, NAN), -1);
    histogram_free(&histogram);
}

static void test_histogram_series(void **state)
{
    (void)state;
    const double first[] = {0, 10}, second[] = {5, 6, 7, NAN};
    const double *const values[] = {first, second};
    const int64_t counts[] = {2, 4};
    struct error error = {0};
    struct histogram histogram;
    assert_int_equal(histogram_compute(values, counts, 2, 2, false, &histogram, &error), STATUS_OK);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[2], 0);
    assert_int_equal(histogram.counts[3], 3);
    assert_int_equal(histogram.skipped[0], 0);
    assert_int_equal(histogram.skipped[1], 1);
    histogram_free(&histogram);
}

static void test_histogram_log(void **state)
{
    (void)state;
    const double values[] = {1e-6, 5e-6, 1e-5, 3e-4, 1e-2, 0, -1};
    struct histogram histogram = make_histogram(values, COUNT(values), 4, true);
    assert_true(histogram.log);
    for (int i = 0; i <= 4; i++) {
        assert_near(histogram.edges[i] / pow(10, i - 6), 1, 1e-13);
    }
    assert_true(histogram.edges[0] == 1e-6 && histogram.edges[4] == 1e-2);
    assert_int_equal(histogram.counts[0] + histogram.counts[1], 3);
    assert_int_equal(histogram.counts[2], 1);
    assert_int_equal(histogram.counts[3], 1);
    assert_int_equal(histogram.skipped[0], 2);
    histogram_free(&histogram);
}

static void test_histogram_all_equal(void **state)
{
    (void)state;
    const double values[] = {3.5, 0, -1e308, 5e-324, DBL_MAX};
    for (size_t i = 0; i < COUNT(values); i++) {
        double same[] = {values[i], values[i], values[i]};
        for (int log_axis = 0; log_axis <= (values[i] > 0); log_axis++) {
            struct histogram histogram = make_histogram(same, 3, 0, log_axis);
            assert_int_equal(histogram.bins, 1);
            assert_int_equal(histogram.counts[0], 3);
            assert_true(isfinite(histogram.edges[0]) && isfinite(histogram.edges[1]));
            assert_true(histogram.edges[0] <= values[i] && values[i] <= histogram.edges[1]);
            assert_true(histogram.edges[0] < histogram.edges[1]);
            histogram_free(&histogram);
        }
    }
}

static void test_histogram_extremes(void **state)
{
    (void)state;
    const double values[] = {-DBL_MAX, 0, DBL_MAX, 1, -1}; /* the range is no finite number */
    struct histogram histogram = make_histogram(values, COUNT(values), 0, false);
    int64_t total = 0;
    for (int i = 0; i < histogram.bins; i++) {
        assert_true(histogram.edges[i] < histogram.edges[i + 1]);
        total += histogram.counts[i];
    }
    assert_int_equal(total, 5);
    histogram_free(&histogram);
    const double neighbours[] = {1, 1 + DBL_EPSILON};
    histogram = make_histogram(neighbours, 2, 10, false);
    total = 0;
    for (int i = 0; i < histogram.bins; i++) {
        total += histogram.counts[i];
    }
    assert_int_equal(total, 2);
    histogram_free(&histogram);
}

static void test_histogram_chosen_bins(void **state)
{
    (void)state;
    double values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = i;
    }
    /* interquartile range 499.5, width 99.9: 10 bins */
    struct histogram histogram = make_histogram(values, 1000, 0, false);
    assert_int_equal(histogram.bins, 10);
    histogram_free(&histogram);
    values[0] = -1e9; /* an outlier must not make a million bins */
    histogram = make_histogram(values, 1000, 0, false);
    assert_int_equal(histogram.bins, 64);
    histogram_free(&histogram);
    histogram = make_histogram(values + 1, 3, 0, false);
    assert_int_equal(histogram.bins, 8);
    histogram_free(&histogram);
}

static void test_histogram_errors(void **state)
{
    (void)state;
    const double broken[] = {NAN, INFINITY}, negative[] = {-1, 0};
    const double *values = broken;
    int64_t count = 2;
    struct error error = {0};
    struct histogram histogram = {.bins = 99};
    assert_int_equal(histogram_compute(&values, &count, 1, 4, false, &histogram, &error), STATUS_NAN);
    values = negative;
    assert_int_equal(histogram_compute(&values, &count, 1, 4, true, &histogram, &error), STATUS_NAN);
    assert_non_null(strstr(error.message, "positive"));
    assert_int_equal(histogram_compute(&values, &count, 1, -1, false, &histogram, &error), STATUS_RANGE);
    assert_int_equal(histogram_compute(&values, &count, 1, 100001, false, &histogram, &error), STATUS_RANGE);
    count = 0;
    assert_int_equal(histogram_compute(&values, &count, 1, 4, false, &histogram, &error), STATUS_NAN);
    assert_int_equal(histogram.bins, 99);
}

static void test_overlap(void **state)
{
    (void)state;
    const double a[] = {5, 1, 2, 4, 3, 0}, b[] = {0, 1, 1, 1, 9, 1}, broken[] = {0, 0, 0, 0, NAN, 0};
    struct error error = {0};
    struct overlap overlap = {-1, -1};
    /* lowest three of a: 5 1 2; of b, ties by index: 0 1 2 */
    assert_int_equal(overlap_compute(a, b, 6, 3, &overlap, &error), STATUS_OK);
    assert_int_equal(overlap.both, 2);
    assert_int_equal(overlap.either, 4);
    assert_int_equal(overlap_compute(a, a, 6, 6, &overlap, &error), STATUS_OK);
    assert_int_equal(overlap.both, 6);
    assert_int_equal(overlap.either, 6);
    assert_int_equal(overlap_compute(a, b, 6, 0, &overlap, &error), STATUS_OK);
    assert_int_equal(overlap.either, 0);
    assert_int_equal(overlap_compute(a, broken, 6, 2, &overlap, &error), STATUS_NAN);
    assert_int_equal(overlap_compute(a, b, 6, 7, &overlap, &error), STATUS_RANGE);
    assert_int_equal(overlap_compute(a, b, 6, -1, &overlap, &error), STATUS_RANGE);
    assert_int_equal(overlap.either, 0);
}

/* Each runs one main operation once; 0 when memory ran out. */
static status use_histogram(struct error *error)
{
    const double first[] = {1, 2, 3, 4, 9};
    const double *values = first;
    int64_t count = 5;
    struct histogram histogram;
    status code = histogram_compute(&values, &count, 1, 0, true, &histogram, error);
    if (code == STATUS_OK) {
        histogram_free(&histogram);
    }
    return code;
}

static status use_correlation(struct error *error)
{
    const double a[] = {1, 2, 3, 4, 9}, b[] = {1, 2, 7, 4, 9};
    struct correlation result;
    status code = STATUS_OK;
    for (int method = 0; code == STATUS_OK && method < 3; method++) {
        code = correlation_compute(method, a, b, 5, &result, error);
    }
    return code;
}

static status use_overlap(struct error *error)
{
    const double a[] = {1, 2, 3, 4, 9}, b[] = {1, 2, 7, 4, 9};
    struct overlap result;
    return overlap_compute(a, b, 5, 2, &result, error);
}

static void test_memory(void **state)
{
    (void)state;
    status (*const uses[])(struct error *) = {use_histogram, use_correlation, use_overlap};
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct error error = {0};
        status code = STATUS_MEMORY;
        for (long nth = 1; code != STATUS_OK; nth++) {
            assert_true(nth < 100);
            mem_fail_at(nth);
            code = uses[i](&error);
            mem_fail_at(0);
            assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_correlation_known),
        cmocka_unit_test(test_correlation_exact_ends),
        cmocka_unit_test(test_correlation_undefined),
        cmocka_unit_test(test_correlation_counts),
        cmocka_unit_test(test_kendall_against_all_pairs),
        cmocka_unit_test(test_average_ranks),
        cmocka_unit_test(test_histogram_bins),
        cmocka_unit_test(test_histogram_series),
        cmocka_unit_test(test_histogram_log),
        cmocka_unit_test(test_histogram_all_equal),
        cmocka_unit_test(test_histogram_extremes),
        cmocka_unit_test(test_histogram_chosen_bins),
        cmocka_unit_test(test_histogram_errors),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
