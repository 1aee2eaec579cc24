/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy against long double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>

#include <cmocka.h>

#include "nn/loss.h"

static void loss_is_accurate_when_tiny(void **state)
{
    (void)state;
    for (int gap = 0; gap <= 60; gap += 5) {
        double logits[10], gradient[10];
        long double others = 0, expected[10];
        for (int i = 0; i < 10; i++)
            logits[i] = i == 4 ? gap : -0.25 * i;
        for (int i = 0; i < 10; i++)
            others += i == 4 ? 0 : expl((long double)logits[i] - logits[4]);
        struct loss loss = softmax_cross_entropy(logits, ELEMENT_DOUBLE, 10, 4, gradient);
        assert_true(fabsl(loss.loss - log1pl(others)) <= 1e-15L * log1pl(others) * 4);
        for (int i = 0; i < 10; i++)
            expected[i] = (i == 4 ? -others : expl((long double)logits[i] - logits[4])) / (1 + others);
        for (int i = 0; i < 10; i++)
            assert_true(fabsl(gradient[i] - expected[i]) <= 1e-15L * fabsl(expected[i]) * 8);
        assert_int_equal(loss.predicted, gap > 0 ? 4 : 0);
        assert_int_equal(loss.rank, 0);
    }
}

static void loss_of_odd_logits(void **state)
{
    (void)state;
    const float logits[] = {1, 3, 3, -2, 2};
    float gradient[5];
    struct loss loss = softmax_cross_entropy(logits, ELEMENT_FLOAT, 5, 4, gradient);
    assert_int_equal(loss.predicted, 1);
    assert_int_equal(loss.rank, 2);
    double sum = exp(-1) + exp(1) + exp(1) + exp(-4) + 1;
    assert_true(fabs(loss.loss - log(sum)) < 1e-14);
    assert_true(fabs((double)gradient[4] - (1 / sum - 1)) < 1e-7);
    const double huge[] = {-1e300, 1e300, 0};
    loss = softmax_cross_entropy(huge, ELEMENT_DOUBLE, 3, 1, NULL);
    assert_true(loss.loss == 0);
    const double bad[] = {NAN, 1, 2};
    loss = softmax_cross_entropy(bad, ELEMENT_DOUBLE, 3, 2, NULL);
    assert_true(isnan(loss.loss));
    assert_int_not_equal(loss.rank, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_accurate_when_tiny),
        cmocka_unit_test(loss_of_odd_logits),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
