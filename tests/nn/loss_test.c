/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax cross-entropy against long double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>

#include <cmocka.h>

#include "nn/engine/loss.h"

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
        assert_int_equal(loss.rank, gap > 0 ? 0 : 1); /* a tie with an earlier class */
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

/* First come first: the label's rank counts equal logits of earlier classes, so that rank 0 is the
 * prediction. */
static void equal_logits_come_in_order(void **state)
{
    (void)state;
    const double equal[10] = {0}, some[] = {1, 4, 4, 0, 4};
    for (int label = 0; label < 10; label++) {
        struct loss loss = softmax_cross_entropy(equal, ELEMENT_DOUBLE, 10, label, NULL);
        assert_int_equal(loss.predicted, 0);
        assert_int_equal(loss.rank, label);
        assert_true(fabs(loss.loss - log(10)) < 1e-15);
    }
    static const int ranks[] = {3, 0, 1, 4, 2};
    for (int label = 0; label < 5; label++)
        assert_int_equal(softmax_cross_entropy(some, ELEMENT_DOUBLE, 5, label, NULL).rank, ranks[label]);
}

/* A logit that is NaN or +infinity, wherever it stands, leaves the image without an answer; -infinity is a
 * class that is impossible. */
static void images_without_numbers_have_no_answer(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY};
    for (int kind = 0; kind < 2; kind++)
        for (int at = 0; at < 4; at++)
            for (int label = 0; label < 4; label++) {
                double logits[] = {1, 2, 3, 4};
                logits[at] = bad[kind];
                struct loss loss = softmax_cross_entropy(logits, ELEMENT_DOUBLE, 4, label, NULL);
                assert_false(loss_exists(&loss));
                assert_true(loss.rank > 4);
            }
    const double impossible[] = {1, -INFINITY, 2};
    struct loss loss = softmax_cross_entropy(impossible, ELEMENT_DOUBLE, 3, 2, NULL);
    assert_true(loss_exists(&loss));
    assert_int_equal(loss.rank, 0);
    assert_true(fabs(loss.loss - log1p(exp(-1))) < 1e-15);
    assert_true(isnan(right_share(0, 3, 3)));
    assert_true(right_share(1, 1, 4) == 0.25);
    assert_true(isnan(mean_loss(0, 3, 3)));
    assert_true(mean_loss(6, 1, 4) == 2);
}

static void probabilities_are_recognised(void **state)
{
    (void)state;
    const float shares[] = {0.2F, 0.5F, 0.3F}, logits[] = {-0.2F, 0.7F, 0.5F}, more[] = {0.5F, 0.5F, 0.5F};
    assert_true(softmax_cross_entropy(shares, ELEMENT_FLOAT, 3, 0, NULL).probabilities);
    assert_false(softmax_cross_entropy(logits, ELEMENT_FLOAT, 3, 0, NULL).probabilities);
    assert_false(softmax_cross_entropy(more, ELEMENT_FLOAT, 3, 0, NULL).probabilities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_accurate_when_tiny),
        cmocka_unit_test(loss_of_odd_logits),
        cmocka_unit_test(equal_logits_come_in_order),
        cmocka_unit_test(images_without_numbers_have_no_answer),
        cmocka_unit_test(probabilities_are_recognised),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
