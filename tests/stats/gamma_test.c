/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps over gamma against scores computed one by one, and first changes of the pruned set against walking.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "score/criterion.h"
#include "stats/correlation.h"
#include "stats/gamma_order.h"
#include "stats/gamma_sweep.h"
#include "stats/overlap.h"
#include "support/skip.h"

enum { LAYERS = 3, CHANNELS = 24 };

struct net {
    struct proscore_point points[LAYERS][CHANNELS];
    struct gamma_layer layers[LAYERS];
    struct gamma_settings settings;
};

static void make_still(struct net *net)
{
    for (int i = 0; i < LAYERS; i++) {
        for (int c = 0; c < CHANNELS; c++)
            net->points[i][c] = proscore_still_point(net->points[i][c]);
    }
}

/* Rates of all sizes and signs; `across` 0 for a BatchNorm scale; some zero filters and some twins. */
static void random_net(struct random_state *random, bool flat, enum proscore_order order, struct net *net)
{
    for (int i = 0; i < LAYERS; i++) {
        for (int c = 0; c < CHANNELS; c++) {
            double size = pow(10, random_between(random, -4, 2));
            net->points[i][c] = (struct proscore_point){
                .zero = random_below(random, 40) == 0,
                .order = order,
                .along = size * random_between(random, -1, 1),
                .across = flat ? 0 : size * random_uniform(random),
                .lift = size * random_between(random, -1, 1),
            };
            if (c && random_below(random, 20) == 0)
                net->points[i][c] = net->points[i][c - 1];
        }
        net->layers[i] = (struct gamma_layer){net->points[i], CHANNELS - 4 * i,
                                              (int64_t)random_below(random, CHANNELS / 2)};
    }
    net->settings =
        (struct gamma_settings){.layers = net->layers, .layer_count = LAYERS, .scale = 1, .reference = 0.01};
}

static void scores_at(const struct net *net, int layer, double lambda, double *scores)
{
    for (int64_t c = 0; c < net->layers[layer].channels; c++)
        scores[c] = proscore_log(&net->points[layer][c], lambda);
}

static void assert_same(double value, double expected)
{
    if (isnan(expected) ? isnan(value) : fabs(value - expected) <= 1e-12)
        return;
    print_error("%.17g instead of %.17g\n", value, expected);
    fail();
}

/* Mean of the layers' values as corr and overlap compute them. */
static void check_point(const struct net *net, double gamma, const struct gamma_result *result)
{
    double correlations = 0, overlaps = 0, one[CHANNELS], two[CHANNELS];
    int correlated = 0, overlapped = 0, changed = 0;
    struct error error = {0};
    for (int i = 0; i < LAYERS; i++) {
        struct correlation correlation;
        struct overlap overlap;
        scores_at(net, i, net->settings.reference * net->settings.scale, one);
        scores_at(net, i, gamma * net->settings.scale, two);
        int64_t channels = net->layers[i].channels, pruned = net->layers[i].pruned;
        assert_int_equal(correlation_compute(CORRELATION_SPEARMAN, one, two, channels, &correlation, &error),
                         STATUS_OK);
        assert_int_equal(overlap_compute(one, two, channels, pruned, &overlap, &error), STATUS_OK);
        if (!isnan(correlation.coefficient)) {
            correlations += correlation.coefficient;
            correlated++;
        }
        if (overlap.either) {
            overlaps += (double)overlap.both / (double)overlap.either;
            overlapped++;
        }
        changed += (int)(pruned - overlap.both);
    }
    assert_same(result->correlation, correlations / correlated);
    assert_same(result->overlap, overlaps / overlapped);
    assert_int_equal(result->changed, changed);
}

static void test_sweep(void **state)
{
    (void)state;
    static const double gammas[] = {1e-6, 0.01, 0.3, 7, 1e3, 1e12, INFINITY};
    enum { COUNT = sizeof gammas / sizeof *gammas };
    struct random_state random;
    struct error error = {0};
    struct pool *pool;
    assert_int_equal(pool_new(3, &pool, &error), STATUS_OK);
    random_seed(&random, 5, 1);
    for (int run = 0; run < 30; run++) {
        struct net net;
        struct gamma_result alone[COUNT], together[COUNT];
        random_net(&random, run % 2 == 0, run % 3, &net);
        net.settings.scale = run % 5 == 0 ? 40 : 1;
        assert_int_equal(gamma_sweep(&net.settings, gammas, COUNT, alone, &error), STATUS_OK);
        net.settings.pool = pool;
        assert_int_equal(gamma_sweep(&net.settings, gammas, COUNT, together, &error), STATUS_OK);
        for (int i = 0; i < COUNT; i++) {
            check_point(&net, gammas[i], &alone[i]);
            assert_int_equal(memcmp(&alone[i].spread, &together[i].spread, sizeof(double)), 0);
            assert_int_equal(memcmp(&alone[i].correlation, &together[i].correlation, sizeof(double)), 0);
            assert_int_equal(memcmp(&alone[i].overlap, &together[i].overlap, sizeof(double)), 0);
            assert_int_equal(alone[i].sign_changes, together[i].sign_changes);
        }
        assert_same(alone[1].correlation, 1);
        assert_int_equal(alone[1].changed, 0);
    }
    pool_free(pool);
}

/* --- first changes -------------------------------------------------------------------------------------- */

/* Is the pruned set at this lambda that of the reference? */
static bool same_sets(const struct net *net, double lambda)
{
    double one[CHANNELS], two[CHANNELS];
    for (int i = 0; i < LAYERS; i++) {
        struct overlap overlap;
        struct error error = {0};
        scores_at(net, i, net->settings.reference, one);
        scores_at(net, i, lambda, two);
        assert_int_equal(
            overlap_compute(one, two, net->layers[i].channels, net->layers[i].pruned, &overlap, &error),
            STATUS_OK);
        if (overlap.both < net->layers[i].pruned)
            return false;
    }
    return true;
}

/* Nothing changes in fine steps up to just before the flip, and something has just behind it. */
static void check_flip(const struct net *net, bool upward, const struct gamma_flip *flip)
{
    double start = net->settings.reference;
    double end = !isnan(flip->gamma) ? flip->gamma : upward ? start * 1e9 : start * 1e-9;
    for (int i = 0; i <= 3000; i++) {
        double lambda = start * pow(end / start, i / 3000.0 * (1 - 1e-7));
        if (i < 3000 || fabs(log(end / start)) > 1e-3) {
            if (!same_sets(net, lambda)) {
                print_error("the set is another one at %.17g, before %.17g\n", lambda, flip->gamma);
                fail();
            }
        }
    }
    if (isnan(flip->gamma))
        return;
    assert_true(upward ? flip->gamma > start : flip->gamma < start);
    assert_false(same_sets(net, flip->gamma * (upward ? 1 + 1e-7 : 1 - 1e-7)));
    /* The pair is equal there, and what leaves was among the pruned. */
    const struct proscore_point *points = net->points[flip->layer];
    double one = proscore_log(&points[flip->leaves], flip->gamma);
    double two = proscore_log(&points[flip->enters], flip->gamma);
    assert_true(fabs(one - two) <= 1e-7 * (1 + fabs(one)));
    assert_true(proscore_log(&points[flip->leaves], start) <= proscore_log(&points[flip->enters], start));
}

static void test_first_flip(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    struct random_state random;
    struct error error = {0};
    int found = 0;
    random_seed(&random, 9, 1);
    for (int run = 0; run < 120; run++) {
        struct net net;
        random_net(&random, run % 2 == 0, run % 3, &net);
        if (run % 5 == 0)
            make_still(&net);
        net.settings.reference = pow(10, random_between(&random, -3, 2));
        for (int way = 0; way < 2; way++) {
            struct gamma_flip flip;
            assert_int_equal(gamma_first_flip(&net.settings, way == 0, &flip, &error), STATUS_OK);
            check_flip(&net, way == 0, &flip);
            found += !isnan(flip.gamma);
        }
    }
    assert_true(found > 120);
}

/* (a, b) = (1, 1.1) and (-5, -4.85) change places at lambda = 1/13. */
static void test_known_flip(void **state)
{
    (void)state;
    const struct proscore_point points[] = {{.along = 1, .lift = 1.1}, {.along = -5, .lift = -4.85}};
    const struct gamma_layer layer = {points, 2, 1};
    struct gamma_settings settings = {.layers = &layer, .layer_count = 1, .scale = 1, .reference = 0.01};
    struct gamma_flip flip;
    struct error error = {0};
    assert_int_equal(gamma_first_flip(&settings, true, &flip, &error), STATUS_OK);
    assert_true(fabs(flip.gamma - 1.0 / 13) < 1e-12);
    assert_int_equal(flip.leaves, 0);
    assert_int_equal(flip.enters, 1);
    settings.scale = 10; /* lambda is ten times gamma */
    settings.reference = 0.001;
    assert_int_equal(gamma_first_flip(&settings, true, &flip, &error), STATUS_OK);
    assert_true(fabs(flip.gamma - 1.0 / 130) < 1e-13);
    settings.scale = 1;
    settings.reference = 0.08;
    assert_int_equal(gamma_first_flip(&settings, false, &flip, &error), STATUS_OK);
    assert_true(fabs(flip.gamma - 1.0 / 13) < 1e-12);
}

/* From the limit downward, and what never changes. */
static void test_flip_ends(void **state)
{
    (void)state;
    const struct proscore_point points[] = {{.along = 1, .lift = 1.1}, {.along = -5, .lift = -4.85}};
    const struct proscore_point twins[] = {{.along = 2, .lift = 3}, {.along = 2, .lift = 3}, {.zero = true}};
    struct gamma_layer layer = {points, 2, 1};
    struct gamma_settings settings = {.layers = &layer, .layer_count = 1, .scale = 1, .reference = INFINITY};
    struct gamma_flip flip;
    struct error error = {0};
    assert_int_equal(gamma_first_flip(&settings, true, &flip, &error), STATUS_OK);
    assert_true(isnan(flip.gamma));
    assert_int_equal(gamma_first_flip(&settings, false, &flip, &error), STATUS_OK);
    assert_true(flip.gamma > 1.0 / 13);
    const double just = flip.gamma;
    assert_true((proscore_log(&points[0], just * 1.001) < proscore_log(&points[1], just * 1.001)) ==
                (proscore_log(&points[0], INFINITY) < proscore_log(&points[1], INFINITY)));
    layer = (struct gamma_layer){twins, 3, 2};
    settings.reference = 1;
    for (int way = 0; way < 2; way++) {
        assert_int_equal(gamma_first_flip(&settings, way == 0, &flip, &error), STATUS_OK);
        assert_true(isnan(flip.gamma));
    }
}

/* Keys rise with the logarithms, in every order of points, where D or F is at zero or next to it, and beyond.
 */
static void test_orders(void **state)
{
    (void)state;
    enum { POINTS = 400 };
    const double lambdas[] = {1e-12, 1e-4, 0.5, 0.50001, 3, 1e4, 1e99, 1e120, INFINITY};
    struct proscore_point points[POINTS] = {{0}};
    const struct gamma_layer layer = {.points = points, .channels = POINTS};
    struct random_state random;
    struct error error = {0};
    random_seed(&random, 5, 0);
    for (int order = PROSCORE_FORWARD; order <= PROSCORE_BACKWARD; order++) {
        struct gamma_curves curves;
        struct gamma_rank ranks[POINTS];
        double keys[POINTS];
        for (int i = 0; i < POINTS; i++) {
            const double size = i % 3 ? 1 : pow(10, random_between(&random, -6, 6));
            points[i] = (struct proscore_point){
                .order = order,
                .zero = i % 50 == 7,
                .along = i % 10 == 1 ? 2 + (i % 20 == 1 ? 0 : 1e-9 * i) : size * random_normal(&random),
                .across = i % 10 < 3 ? 0 : size * random_uniform(&random),
                .lift = i % 10 == 2 ? 2 + (i % 20 == 2 ? 0 : 1e-9 * i) : size * random_normal(&random)};
        }
        assert_int_equal(gamma_curves_new(&layer, 1, &curves, &error), STATUS_OK);
        gamma_order_begin(&curves, 0, ranks);
        struct gamma_sums sums = {0};
        for (size_t l = 0; l < sizeof lambdas / sizeof *lambdas; l++) {
            bool seen[POINTS] = {false};
            double before = -INFINITY;
            gamma_order_at(&curves, 0, lambdas[l], keys, ranks, &sums);
            for (int i = 0; i < POINTS; i++) {
                const int64_t c = ranks[i].channel;
                const double log = proscore_log(&points[c], lambdas[l]);
                assert_false(seen[c]);
                seen[c] = true;
                assert_true(log >= before || before - log <= 1e-14 * (1e-12 + fabs(log)));
                assert_int_equal(isfinite(log), isfinite(ranks[i].key));
                before = log;
            }
        }
        gamma_curves_free(&curves);
    }
}

/* What is kept up while channels move is what a count of the order gives, from one lambda to the next, with
 * equal scores (points without a rate, and doubles) and where the order is turned around. */
static void test_sums(void **state)
{
    (void)state;
    enum { POINTS = 300, LAMBDAS = 200 };
    struct proscore_point points[POINTS] = {{0}};
    const struct gamma_layer layer = {.points = points, .channels = POINTS};
    struct random_state random;
    struct error error = {0};
    int ties = 0, changes = 0;
    random_seed(&random, 17, 0);
    for (int with_ties = 0; with_ties < 2; with_ties++) {
        struct gamma_curves curves;
        struct gamma_rank ranks[POINTS];
        double keys[POINTS];
        for (int i = 0; i < POINTS; i++) {
            points[i] = (struct proscore_point){.along = random_normal(&random),
                                                .across = random_uniform(&random),
                                                .lift = random_normal(&random)};
            if (with_ties && i % 10 == 3)
                points[i] = (struct proscore_point){.zero = i % 20 == 3};
            else if (with_ties && i % 10 == 4)
                points[i] = points[i / 2];
        }
        assert_int_equal(gamma_curves_new(&layer, 1, &curves, &error), STATUS_OK);
        gamma_order_begin(&curves, 0, ranks);
        for (int i = 0; i < POINTS; i++) {
            ranks[i].weight = (int32_t)random_below(&random, 2 * POINTS) - POINTS;
            ranks[i].cut = random_below(&random, 2) & 1;
        }
        struct gamma_sums sums = gamma_sums_of(ranks, POINTS, POINTS / 3);
        for (int l = 0; l < LAMBDAS; l++) {
            const int64_t cuts = sums.cuts;
            gamma_order_at(&curves, 0, l % 50 ? pow(1.05, l - 100) : 1e6, keys, ranks, &sums);
            const struct gamma_sums counted = gamma_sums_of(ranks, POINTS, POINTS / 3);
            assert_true(sums.products == counted.products && sums.cuts == counted.cuts);
            assert_true(sums.least_tie == counted.least_tie && sums.most_tie == counted.most_tie);
            ties += sums.least_tie <= sums.most_tie;
            changes += sums.cuts != cuts;
        }
        gamma_curves_free(&curves);
    }
    assert_int_equal(ties, LAMBDAS);
    assert_true(changes > 50);
}

/* Scores that change sides between two lambdas have ranges that meet, in every order of points. */
static void test_ranges(void **state)
{
    (void)state;
    enum { POINTS = 60, STEPS = 40 };
    const double ends[][2] = {{1e-3, 1e-2}, {0.2, 0.9}, {0.5, 30}, {0, 1}, {1, 1 + 1e-6}, {2, INFINITY}};
    struct proscore_point points[POINTS] = {{0}};
    const struct gamma_layer layer = {.points = points, .channels = POINTS};
    struct random_state random;
    struct error error = {0};
    int met = 0, apart = 0;
    random_seed(&random, 11, 0);
    for (int order = PROSCORE_FORWARD; order <= PROSCORE_BACKWARD; order++) {
        struct gamma_curves curves;
        for (int i = 0; i < POINTS; i++)
            points[i] = (struct proscore_point){.order = order,
                                                .along = random_normal(&random),
                                                .across = i % 3 ? random_uniform(&random) : 0,
                                                .lift = i % 5 ? random_normal(&random) : 0};
        assert_int_equal(gamma_curves_new(&layer, 1, &curves, &error), STATUS_OK);
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
            struct gamma_range ranges[POINTS];
            const double low = ends[e][0], high = ends[e][1], last = isinf(high) ? 1e6 : high;
            for (int i = 0; i < POINTS; i++)
                ranges[i] = gamma_range_of(&curves, 0, i, low, high);
            for (int i = 0; i < POINTS; i++)
                for (int j = 0; j < POINTS; j++) {
                    bool above = false, below = false;
                    for (int k = 1; k <= STEPS; k++) {
                        const double lambda = low + (last - low) * k / STEPS;
                        const double difference =
                            proscore_log(&points[i], lambda) - proscore_log(&points[j], lambda);
                        above |= difference > 0;
                        below |= difference < 0;
                    }
                    const bool meet = ranges[i].most >= ranges[j].least && ranges[j].most >= ranges[i].least;
                    assert_true(meet || !(above && below));
                    /* Apart, they are in the order of their ranges. */
                    assert_false(ranges[i].most < ranges[j].least && above);
                    met += meet;
                    apart += !meet;
                }
        }
        gamma_curves_free(&curves);
    }
    assert_true(met > 1000 && apart > 1000);
}

static void test_memory(void **state)
{
    (void)state;
    struct random_state random;
    struct net net;
    const double gammas[] = {0.1, 1};
    random_seed(&random, 2, 1);
    random_net(&random, false, PROSCORE_FORWARD, &net);
    int failures = 0;
    for (int n = 1;; n++) {
        struct gamma_result results[2];
        struct gamma_flip flip;
        struct error error = {0};
        mem_fail_at(n);
        status code = gamma_sweep(&net.settings, gammas, 2, results, &error);
        if (code == STATUS_OK)
            code = gamma_first_flip(&net.settings, true, &flip, &error);
        mem_fail_at(0);
        if (code == STATUS_OK)
            break;
        assert_int_equal(code, STATUS_MEMORY);
        failures++;
    }
    assert_true(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sweep),      cmocka_unit_test(test_first_flip),
        cmocka_unit_test(test_known_flip), cmocka_unit_test(test_flip_ends),
        cmocka_unit_test(test_orders),     cmocka_unit_test(test_sums),
        cmocka_unit_test(test_ranges),     cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
