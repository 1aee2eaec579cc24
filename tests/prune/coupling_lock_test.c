/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cannot be removed: small networks for every reason, and its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"

/* --- locks ---------------------------------------------------------------------------------------------- */

static void locked_by_an_operator(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    along(g, "Softmax", NAMES("a"), "soft", 1);
    expect(finish(g, "soft", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator mixes channels in a way that removal would change "
           "(Softmax /soft)\n");
    /* The mean over channels and rows, where the rows are as many as the channels. */
    g = begin(4);
    conv(g, "x", "a", 3, 4);
    make_node(g, "/r", "ReduceMean", NAMES("a"), NAMES("r"),
              ATTRIBUTES(integers_attribute("axes", DIMS(1, 2)), integer_attribute("keepdims", 0)));
    linear(g, "r", "b", 4, 2);
    reshape(g, "b", "image", DIMS(0, 2, 1, 1));
    expect(finish(g, "image", 2), "a0!; a1!; a2!; a3!; b0; b1; fc0!; fc1!", NULL, NULL);
}

static void locked_by_a_broadcast(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "spatial", 2, 1);
    node2(g, "Mul", "a", "spatial", "m");
    expect(finish(g, "m", 2), "a0; a1; spatial0!; fc0!; fc1!", "spatial",
           "Channels of 1 layer: spatial\n"
           "  1 channel of spatial: locked, one channel is applied to all channels (Mul /m)\n");
    /* Expanded first, or spread by a factor for each channel: the others stay free. */
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "a", "spatial", 2, 1);
    integers_node(g, "Expand", "spatial", "wide", DIMS(1, 2, 1, 1));
    make_reals(g, "factor", DIMS(2, 1, 1), 1);
    node2(g, "Mul", "spatial", "factor", "spread");
    make_node(g, "/s", "Sum", NAMES("a", "wide", "spread"), NAMES("s"), NO_ATTRIBUTES);
    expect(finish(g, "s", 2), "a0; a1; spatial0!; fc0!; fc1!", NULL, NULL);
}

/* The batch may be anywhere; but where it is of several images that are not told apart, nothing is. */
static void locked_by_the_batch(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    transpose(g, "a", "turned", DIMS(1, 0, 2, 3));
    transpose(g, "turned", "back", DIMS(1, 0, 2, 3));
    expect(finish(g, "back", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    reshape(g, "a", "rows", DIMS(-1, 16));
    reshape(g, "rows", "back", DIMS(-1, 2, 4, 4));
    expect(finish(g, "back", 2), "a0; a1; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    g->batch = 3;
    conv(g, "x", "a", 3, 2);
    node1(g, "Relu", "a", "r");
    expect(
        finish(g, "r", 2), "a0!; a1!; fc0!; fc1!", "a",
        "Channels of 1 layer: a\n"
        "  2 channels of a: locked, the network computes several images at a time, which are not told apart "
        "(Conv /a)\n");
}

/* Shape -> Gather -> Concat -> Reshape, not simplified: surgery could not change the length in there. */
static void locked_by_computed_sizes(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Shape", "a", "shape");
    slice(g, "shape", "batch", 0, 0, 1, 1);
    make_integers(g, "rest", DIMS(2, 16));
    along(g, "Concat", NAMES("batch", "rest"), "target", 0);
    node2(g, "Reshape", "a", "target", "tokens");
    reshape(g, "tokens", "back", DIMS(0, 2, 4, 4));
    expect(finish(g, "back", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator's sizes are computed while the network runs "
           "(Reshape /tokens)\n");
}

/* A weight that a layer and an addition use, and one whose calls have biases of their own. */
static void locked_by_a_shared_weight(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 4);
    make_reals(g, "b.weight", DIMS(4, 4, 1, 1), 1);
    make_node(g, "/b", "Conv", NAMES("a", "b.weight"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/beside", "Conv", NAMES("b.weight", "b.weight"), NAMES("of_weights"), NO_ATTRIBUTES);
    make_node(g, "/top", "ReduceMax", NAMES("of_weights"), NAMES("top"),
              ATTRIBUTES(integers_attribute("axes", DIMS(0, 1)), integer_attribute("keepdims", 0)));
    node2(g, "Mul", "b", "top", "m");
    expect(finish(g, "m", 4), "a0!; a1!; a2!; a3!; b0!; b1!; b2!; b3!; fc0!; fc1!", "b",
           "Channels of 1 layer: b\n"
           "  4 channels of b: locked, something else uses its weight too (Conv /beside)\n");
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "b.weight", DIMS(2, 2, 1, 1), 1);
    make_reals(g, "one", DIMS(2), 1);
    make_reals(g, "two", DIMS(2), 1);
    make_node(g, "/b", "Conv", NAMES("a", "b.weight", "one"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/c", "Conv", NAMES("b", "b.weight", "two"), NAMES("c"), NO_ATTRIBUTES);
    expect(finish(g, "c", 2), "a0! b0!; a1! b1!; fc0!; fc1!", NULL, NULL);
}

/* A layer that is called twice: its outputs and inputs are the same at both calls, here one behind the other,
 * here on values that are else apart. */
static void tied_by_calls(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "b.weight", DIMS(2, 2, 1, 1), 1);
    make_node(g, "/b", "Conv", NAMES("a", "b.weight"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/again", "Conv", NAMES("b", "b.weight"), NAMES("c"), NO_ATTRIBUTES);
    expect(finish(g, "c", 2), "a0 b0; a1 b1; fc0!; fc1!", "b",
           "Channels of 2 layers: a and b\n"
           "  2 channels of a and b: kept or removed together\n"
           "  tied by Conv /again\n");
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    conv(g, "x", "d", 3, 2);
    make_reals(g, "b.weight", DIMS(3, 2, 1, 1), 1);
    make_node(g, "/b", "Conv", NAMES("a", "b.weight"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/again", "Conv", NAMES("d", "b.weight"), NAMES("c"), NO_ATTRIBUTES);
    along(g, "Concat", NAMES("b", "c"), "cat", 1);
    expect(finish(g, "cat", 6), "a0 d0; a1 d1; b0; b1; b2; fc0!; fc1!", NULL, NULL);
}

/* A layer that reads zeros as many as there are images. */
static void locked_without_input(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Shape", "x", "shape");
    slice(g, "shape", "batch", 0, 0, 1, 1);
    make_integers(g, "two", DIMS(2));
    along(g, "Concat", NAMES("batch", "two"), "size", 0);
    node1(g, "ConstantOfShape", "size", "zeros");
    linear(g, "zeros", "state", 2, 2);
    node1(g, "GlobalAveragePool", "a", "mean");
    node1(g, "Flatten", "mean", "flat");
    node2(g, "Add", "flat", "state", "s");
    linear(g, "s", "fc", 2, 2);
    make_output(g, "fc");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    expect(g, "a0; a1; state0!; state1!; fc0!; fc1!", "state",
           "Channels of 1 layer: state\n"
           "  2 channels of state: locked, it does not depend on the network's input (MatMul /state)\n");
}

/* Channels that are cut off on the way to the output are free; the others are not. */
static void locked_by_the_output(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 3);
    slice(g, "a", "some", 1, 0, 2, 1);
    node1(g, "Flatten", "some", "flat");
    make_output(g, "flat");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    expect(g, "a0!; a1!; a2", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, it is the network's output\n"
           "  1 channel of a: free, one by one\n");
}

static void nothing_left_of_a_slice(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    slice(g, "a", "none", 1, 2, 2, 1);
    along(g, "Concat", NAMES("none", "a"), "all", 1);
    expect(finish(g, "all", 2), "a0!; a1!; fc0!; fc1!", NULL, NULL);
}

static void every_lock_has_words(void **state)
{
    (void)state;
    for (enum lock_reason reason = LOCK_INPUT; reason <= LOCK_OPERATOR; reason++)
        assert_true(strlen(lock_reason_text(reason)) > 10);
}

/* Elements that are found by their numbers, or put into an order along the channels. */
static void locked_by_numbers(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_integers(g, "k", DIMS(2));
    make_node(g, "/t", "TopK", NAMES("a", "k"), NAMES("t"), ATTRIBUTES(integer_attribute("axis", 1)));
    expect(finish(g, "t", 2), "a0!; a1!; fc0!; fc1!", NULL, NULL);
    g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_integers(g, "k", DIMS(4));
    make_node(g, "/t", "TopK", NAMES("a", "k"), NAMES("t", "i"), NO_ATTRIBUTES);
    make_node(g, "/e", "GatherElements", NAMES("a", "i"), NAMES("e"),
              ATTRIBUTES(integer_attribute("axis", 3)));
    expect(finish(g, "e", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator finds elements by their numbers, which would be others "
           "(GatherElements /e)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locked_by_an_operator),
        cmocka_unit_test(locked_by_a_broadcast),
        cmocka_unit_test(locked_by_numbers),
        cmocka_unit_test(locked_by_the_batch),
        cmocka_unit_test(locked_by_computed_sizes),
        cmocka_unit_test(locked_by_a_shared_weight),
        cmocka_unit_test(tied_by_calls),
        cmocka_unit_test(locked_without_input),
        cmocka_unit_test(locked_by_the_output),
        cmocka_unit_test(nothing_left_of_a_slice),
        cmocka_unit_test(every_lock_has_words),
    };
    return cmocka_run_group_tests_name("coupling_lock", tests, NULL, NULL);
}
