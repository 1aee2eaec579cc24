/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Norms that take statistics of every image: which channels they tie or lock, and that a network without some
 * of the others answers as one in which these are zero. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nn/graph/tensor.h"
#include "prune/surgery.h"
#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"
#include "support/subject.h"

enum { LOGITS = 4 };

static struct graph *begin_at(int opset)
{
    struct graph *g = begin(4);
    g->opset = opset;
    return g;
}

/* A norm `n` of a value, with `count` numbers for scale and for shift. */
static void norm(struct graph *g, const char *op, const char *in, int64_t count,
                 const struct attribute *attributes, int attribute_count)
{
    make_reals(g, "n.scale", DIMS(count), 2);
    make_reals(g, "n.shift", DIMS(count), 1);
    make_node(g, "/n", op, NAMES(in, "n.scale", "n.shift"), NAMES("n"), attributes, attribute_count);
}

/* a, b, the norm over `groups` groups of its channels, a layer that reads it. */
static struct graph *grouped(int opset, int64_t channels, int64_t groups)
{
    struct graph *g = begin_at(opset);
    conv(g, "x", "a", 3, channels);
    norm(g, "GroupNormalization", "a", opset < 21 ? groups : channels,
         ATTRIBUTES(integer_attribute("num_groups", groups)));
    conv(g, "n", "b", channels, 2);
    return finish(g, "b", 2);
}

/* As PyTorch exports a group norm. */
static struct graph *written_out(void)
{
    struct graph *g = begin_at(13);
    conv(g, "x", "a", 3, 4);
    reshape(g, "a", "table", DIMS(0, 2, -1));
    norm(g, "InstanceNormalization", "table", 2, NO_ATTRIBUTES);
    reshape(g, "n", "back", DIMS(0, 4, 4, 4));
    make_reals(g, "factor", DIMS(4, 1, 1), 1);
    node2(g, "Mul", "back", "factor", "m");
    conv(g, "m", "b", 4, 2);
    return finish(g, "b", 2);
}

static struct graph *by_instance(void)
{
    struct graph *g = begin_at(13);
    conv(g, "x", "a", 3, 3);
    norm(g, "InstanceNormalization", "a", 3, NO_ATTRIBUTES);
    conv(g, "n", "b", 3, 2);
    return finish(g, "b", 2);
}

/* Channels are on axis 1, the norm is over one axis of four: rows, or the channels that were turned there. */
static struct graph *over_axis(const char *op, bool turned)
{
    struct graph *g = begin_at(23);
    conv(g, "x", "a", 3, turned ? 4 : 3);
    transpose(g, "a", "t", DIMS(0, 2, 3, 1));
    make_reals(g, "n.scale", DIMS(4), 1);
    make_node(g, "/n", op, NAMES(turned ? "t" : "a", "n.scale"), NAMES("n"), NO_ATTRIBUTES);
    transpose(g, "n", "u", DIMS(0, 3, 1, 2));
    conv(g, turned ? "u" : "n", "b", turned ? 4 : 3, 2);
    return finish(g, "b", 2);
}

/* --- classes -------------------------------------------------------------------------------------------- */

static void groups_go_whole(void **state)
{
    (void)state;
    expect(grouped(18, 6, 3), "a0 a1; a2 a3; a4 a5; b0; b1; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  6 channels of a, in 3 classes of 2: a class is kept or removed whole\n"
           "  tied by GroupNormalization /n\n");
    expect(grouped(21, 4, 2), "a0 a1; a2 a3; b0; b1; fc0!; fc1!", NULL, NULL);
    expect(grouped(21, 3, 3), "a0; a1; a2; b0; b1; fc0!; fc1!", NULL, NULL);
    expect(written_out(), "a0 a1; a2 a3; b0; b1; fc0!; fc1!", NULL, NULL);
    expect(grouped(21, 2, 1), "a0!; a1!; b0; b1; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, none of its channels can go without changing the mean and variance of "
           "the others (GroupNormalization /n)\n");
}

static void instances_go_one_by_one(void **state)
{
    (void)state;
    expect(by_instance(), "a0; a1; a2; b0; b1; fc0!; fc1!", NULL, NULL);
}

static void what_is_averaged_is_locked(void **state)
{
    static const char *const norms[] = {"LayerNormalization", "RMSNormalization"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char words[256];
        snprintf(words, sizeof words,
                 "Channels of 1 layer: a\n"
                 "  4 channels of a: locked, none of its channels can go without changing the mean and "
                 "variance of the others (%s /n)\n",
                 norms[i]);
        expect(over_axis(norms[i], true), "a0!; a1!; a2!; a3!; b0; b1; fc0!; fc1!", "a", words);
        expect(over_axis(norms[i], false), "a0; a1; a2; b0; b1; fc0!; fc1!", NULL, NULL);
    }
}

static void positions_of_channels(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/n", "MeanVarianceNormalization", NAMES("a"), NAMES("n"),
              ATTRIBUTES(integers_attribute("axes", DIMS(-2, -1))));
    expect(finish(g, "n", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_node(g, "/n", "MeanVarianceNormalization", NAMES("a"), NAMES("n"),
              ATTRIBUTES(integers_attribute("axes", DIMS(1, 2, 3))));
    expect(finish(g, "n", 2), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

static void sums_along_an_axis(void **state)
{
    static const char *const operators[] = {"CumSum", "LpNormalization", "Hardmax"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        for (int64_t axis = 1; axis < 3; axis++) {
            struct graph *g = begin(4);
            conv(g, "x", "a", 3, 2);
            make_integer(g, "axis", axis);
            make_node(g, "/n", operators[i], i == 0 ? NAMES("a", "axis") : NAMES("a"), NAMES("n"),
                      i == 0 ? NULL : (struct attribute[]){integer_attribute("axis", axis)}, i > 0);
            expect(finish(g, "n", 2), axis == 1 ? "a0!; a1!; fc0!; fc1!" : "a0; a1; fc0!; fc1!", NULL, NULL);
        }
    }
}

/* --- masked and smaller networks ------------------------------------------------------------------------ */

static void check_removal(struct graph *g, int64_t channel, int64_t parameters)
{
    struct subject s = subject_of(g);
    struct graph *small, *masked;
    struct error error = {0};
    float left[LOGITS], hidden[LOGITS];
    subject_remove(&s, "a", channel);
    if (surgery_apply(s.coupling, s.removed, &small, &error) ||
        mask_apply(s.coupling, s.removed, &masked, &error))
        fail_msg("%s", error.message);
    outputs_of(small, left, LOGITS);
    outputs_of(masked, hidden, LOGITS);
    for (int i = 0; i < LOGITS; i++)
        if (!(fabsf(left[i] - hidden[i]) <= 1e-5F * (1 + fabsf(hidden[i]))))
            fail_msg("logit %d: %g in the smaller network, %g in the masked one", i, (double)left[i],
                     (double)hidden[i]);
    assert_int_equal(small->values[named(small, "n.scale")].constant->shape.dim[0], parameters);
    assert_int_equal(small->values[named(small, "n.shift")].constant->shape.dim[0], parameters);
    graph_free(small);
    graph_free(masked);
    subject_free(&s);
}

static void masked_is_smaller(void **state)
{
    (void)state;
    check_removal(grouped(18, 6, 3), 2, 2);
    check_removal(grouped(21, 6, 3), 0, 4);
    check_removal(grouped(21, 8, 2), 7, 4);
    check_removal(written_out(), 1, 1);
    check_removal(by_instance(), 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_go_whole),
        cmocka_unit_test(instances_go_one_by_one),
        cmocka_unit_test(what_is_averaged_is_locked),
        cmocka_unit_test(sums_along_an_axis),
        cmocka_unit_test(masked_is_smaller),
        cmocka_unit_test(positions_of_channels),
    };
    return cmocka_run_group_tests_name("coupling_norm", tests, NULL, NULL);
}
