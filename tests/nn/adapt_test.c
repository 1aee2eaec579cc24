/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is changed in a graph as a file gives it, before it is made simple. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "nn/graph/file_type.h"
#include "nn/graph/op.h"
#include "nn/operator/operator.h"
#include "nn/simplify/adapt.h"
#include "nn/simplify/simplify.h"
#include "support/graph_maker.h"

static void finish(struct graph *graph)
{
    struct error error = {0};
    if (graph_finish(graph, &error) != STATUS_OK)
        fail_msg("%s", error.message);
}

static struct graph *simplified(struct graph *graph)
{
    struct error error = {0};
    struct graph *result = NULL;
    if (graph_simplify(graph, &result, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    graph_free(graph);
    return result;
}

/* x (Nx3x4x4, or what `dims` say) -> 1x1 convolution to two channels -> c */
static struct graph *convolution(int opset, int rank, const int64_t *dims)
{
    struct graph *graph = make_graph(opset);
    make_input(graph, "x", rank, dims);
    make_reals(graph, "w", DIMS(2, 3, 1, 1), 1);
    make_node(graph, "/conv", "Conv", NAMES("x", "w"), NAMES("c"), NO_ATTRIBUTES);
    return graph;
}

/* --- training mode -------------------------------------------------------------------------------------- */

static struct graph *normalised(const char *const *outputs)
{
    struct graph *graph = convolution(15, DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    for (const char *const *name = NAMES("scale", "shift", "mean", "variance"); *name; name++)
        make_reals(graph, *name, DIMS(2), 1);
    make_node(graph, "/norm", "BatchNormalization", NAMES("c", "scale", "shift", "mean", "variance"), outputs,
              ATTRIBUTES(integer_attribute("training_mode", 1)));
    make_reals(graph, "ratio", 0, NULL, 0.5f);
    make_integer(graph, "training", 1);
    make_node(graph, "/drop", "Dropout", NAMES("n", "ratio", "training"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    return graph;
}

static void training_is_evaluation(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *graph = normalised(NAMES("n", "new_mean", "new_variance"));
    int count;
    finish(graph);
    assert_int_equal(adapt_training(graph, &count, &error), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(adapt_training(graph, &count, &error), STATUS_OK);
    assert_int_equal(count, 0);
    graph = simplified(graph);
    assert_int_equal(count_nodes(graph, "BatchNormalization"), 1);
    assert_int_equal(count_nodes(graph, "Dropout"), 0);
    graph_free(graph);
}

static void statistics_in_use_stay(void **state)
{
    (void)state;
    struct error error = {0};
    struct graph *graph = normalised(NAMES("n", "new_mean", "new_variance"));
    int count;
    make_output(graph, "new_mean");
    finish(graph);
    assert_int_equal(adapt_training(graph, &count, &error), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(find_node(graph, "/norm")->output_count, 3);
    graph_free(graph);
}

/* --- quantised networks --------------------------------------------------------------------------------- */

static void make_zero(struct graph *graph, const char *name, int64_t zero, int file_type)
{
    graph->values[make_integer(graph, name, zero)].constant->file_type = file_type;
}

/* c -> Q (by scale) -> DQ (by `undone`) -> y, and a convolution whose weights are dequantised */
static struct graph *quantised(int64_t zero, int file_type, const char *undone)
{
    struct graph *graph = make_graph(13);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 1, 2, 2));
    graph->values[make_tensor(graph, "qw", integers(2, (const int64_t[]){-3, 4}))].constant->shape =
        shape_of(4, (const int64_t[]){2, 1, 1, 1});
    graph->values[named(graph, "qw")].shape = graph->values[named(graph, "qw")].constant->shape;
    make_reals(graph, "scales", DIMS(2), 2);
    make_reals(graph, "scale", 0, NULL, 3);
    make_reals(graph, "other", 0, NULL, 4);
    make_zero(graph, "zero", zero, file_type);
    make_node(graph, "/w", "DequantizeLinear", NAMES("qw", "scales"), NAMES("w"),
              ATTRIBUTES(integer_attribute("axis", 0)));
    make_node(graph, "/conv", "Conv", NAMES("x", "w"), NAMES("c"), NO_ATTRIBUTES);
    make_node(graph, "/q", "QuantizeLinear", NAMES("c", "scale", "zero"), NAMES("q"), NO_ATTRIBUTES);
    make_node(graph, "/dq", "DequantizeLinear", NAMES("q", undone, "zero"), NAMES("d"), NO_ATTRIBUTES);
    make_node(graph, "/end", "Sigmoid", NAMES("d"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    finish(graph);
    return graph;
}

static struct graph *dequantised(struct graph *graph, int constants, int pairs, int rectifiers)
{
    struct error error = {0};
    struct quantised found;
    assert_int_equal(adapt_quantised(graph, &found, &error), STATUS_OK);
    assert_int_equal(found.constants, constants);
    assert_int_equal(found.pairs, pairs);
    assert_int_equal(found.rectifiers, rectifiers);
    return simplified(graph);
}

static void pairs_are_passed_over(void **state)
{
    (void)state;
    struct graph *graph = dequantised(quantised(0, FILE_INT8, "scale"), 1, 1, 0);
    assert_int_equal(graph->node_count, 2);
    const struct node *end = find_node(graph, "/end");
    assert_string_equal(graph->values[end->inputs[0]].name, "c");
    /* -3 * 2 and 4 * 3: a scale for each filter */
    const struct tensor *weight = graph->values[find_node(graph, "/conv")->inputs[1]].constant;
    assert_non_null(weight);
    assert_true(tensor_get(weight, 0) == -6 && tensor_get(weight, 1) == 12);
    graph_free(graph);
}

static void what_cuts_at_zero_is_a_relu(void **state)
{
    (void)state;
    struct graph *graph = dequantised(quantised(-128, FILE_INT8, "scale"), 1, 1, 1);
    assert_int_equal(count_nodes(graph, "Relu"), 1);
    graph_free(graph);
    graph = dequantised(quantised(0, FILE_UINT8, "scale"), 1, 1, 1);
    assert_int_equal(count_nodes(graph, "Relu"), 1);
    graph_free(graph);
}

static void other_scales_are_no_pair(void **state)
{
    (void)state;
    struct graph *graph = dequantised(quantised(0, FILE_INT8, "other"), 1, 0, 0);
    assert_int_equal(count_nodes(graph, "QuantizeLinear"), 1);
    assert_int_equal(count_nodes(graph, "DequantizeLinear"), 1);
    graph_free(graph);
}

/* --- images --------------------------------------------------------------------------------------------- */

static bool adapted(struct graph *graph, int64_t height, int64_t width)
{
    struct error error = {0};
    struct image_size size = {height, width};
    struct image_findings found;
    if (adapt_images(graph, &size, &found, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    assert_false(found.integers);
    return found.open;
}

static void expect_input(const struct graph *graph, int64_t channels, int64_t height, int64_t width)
{
    const struct value *input = &graph->values[graph->inputs[0]];
    assert_string_equal(input->name, "x");
    assert_int_equal(input->shape.dim[1], channels);
    assert_int_equal(input->shape.dim[2], height);
    assert_int_equal(input->shape.dim[3], width);
}

static void channels_last_become_first(void **state)
{
    (void)state;
    static const int64_t perm[] = {0, 3, 1, 2};
    struct graph *graph = make_graph(13);
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 4, 5, 3));
    make_reals(graph, "w", DIMS(2, 3, 1, 1), 1);
    make_node(graph, "/turn", "Transpose", NAMES("x"), NAMES("t"),
              ATTRIBUTES(integers_attribute("perm", 4, perm)));
    make_node(graph, "/conv", "Conv", NAMES("t", "w"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    finish(graph);
    assert_false(adapted(graph, 0, 0));
    assert_true(graph->channels_last);
    expect_input(graph, 3, 4, 5);
    assert_int_equal(count_nodes(graph, "Transpose"), 2);
    graph = simplified(graph); /* one undoes the other */
    assert_true(graph->channels_last);
    assert_int_equal(graph->node_count, 1);
    graph_free(graph);
}

/* A convolution takes channels first, whatever the numbers look like. */
static void channels_first_stay(void **state)
{
    (void)state;
    struct graph *graph = convolution(13, DIMS(DIMENSION_UNKNOWN, 6, 5, 3));
    make_output(graph, "c");
    finish(graph);
    assert_false(adapted(graph, 0, 0));
    assert_false(graph->channels_last);
    expect_input(graph, 6, 5, 3);
    graph_free(graph);
}

static void open_sizes_are_said(void **state)
{
    (void)state;
    struct error error = {0};
    struct image_size nothing = {0, 0};
    struct image_findings found;
    struct graph *graph =
        convolution(13, DIMS(DIMENSION_UNKNOWN, DIMENSION_UNKNOWN, DIMENSION_UNKNOWN, DIMENSION_UNKNOWN));
    make_output(graph, "c");
    finish(graph);
    assert_int_equal(adapt_images(graph, &nothing, &found, &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.message, "input x: the file leaves the height of its images open: say their "
                                       "size, as in size=224x224");
    assert_true(adapted(graph, 6, 7));
    expect_input(graph, 3, 6, 7);
    graph_free(graph);
}

static void integers_become_real(void **state)
{
    (void)state;
    struct error error = {0};
    struct image_size nothing = {0, 0};
    struct image_findings found;
    struct graph *graph = make_graph(13);
    int x = make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    graph->values[x].type = ELEMENT_INT64;
    graph->values[x].file_type = FILE_UINT8;
    make_reals(graph, "w", DIMS(2, 3, 1, 1), 1);
    make_node(graph, "/real", "Cast", NAMES("x"), NAMES("r"),
              ATTRIBUTES(integer_attribute("to", FILE_FLOAT)));
    make_node(graph, "/conv", "Conv", NAMES("r", "w"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    finish(graph);
    assert_int_equal(adapt_images(graph, &nothing, &found, &error), STATUS_OK);
    assert_true(found.integers && !found.open);
    graph = simplified(graph);
    assert_int_equal(graph->node_count, 1);
    assert_int_equal(graph->values[graph->inputs[0]].type, ELEMENT_FLOAT);
    graph_free(graph);
}

/* --- the end of a network ------------------------------------------------------------------------------- */

/* A node of an operator that there is not. */
static void make_missing(struct graph *graph, const char *name, const char *input, const char *output)
{
    const struct attribute reason = string_attribute(OPERATOR_REASON, "operator Foo is not supported");
    int in = named(graph, input), out = named(graph, output);
    assert_true(
        graph_add_node(graph, name, operator_missing(graph->arena, "Foo"), &in, 1, &out, 1, &reason, 1) >= 0);
}

static void the_end_is_cut_off(void **state)
{
    (void)state;
    struct error error = {0};
    struct cut_end end;
    struct graph *rest, *graph = convolution(13, DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    make_node(graph, "/pool", "GlobalAveragePool", NAMES("c"), NAMES("p"), NO_ATTRIBUTES);
    make_missing(graph, "/foo", "c", "f");
    make_node(graph, "/behind", "Relu", NAMES("f"), NAMES("z"), NO_ATTRIBUTES);
    make_output(graph, "z");
    make_output(graph, "p");
    finish(graph);
    assert_int_equal(adapt_end(graph, &rest, &end, &error), STATUS_OK);
    assert_int_equal(end.nodes, 2);
    assert_string_equal(end.reason.message, "node /foo (Foo of 1x2x4x4): operator Foo is not supported");
    assert_int_equal(rest->output_count, 2); /* what is left of the outputs, and what was handed over */
    assert_string_equal(rest->values[rest->outputs[0]].name, "p");
    assert_string_equal(rest->values[rest->outputs[1]].name, "c");
    assert_int_equal(rest->node_count, 2);
    graph_free(rest);
    graph_free(graph);
}

static void nothing_is_left(void **state)
{
    (void)state;
    struct error error = {0};
    struct cut_end end;
    struct graph *rest, *graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 3, 4, 4));
    make_missing(graph, "/foo", "x", "y");
    make_output(graph, "y");
    finish(graph);
    assert_int_equal(adapt_end(graph, &rest, &end, &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.message, "nothing is left in front of what is not supported: node /foo (Foo of "
                                       "1x3x4x4): operator Foo is not supported");
    graph_free(graph);
}

static void nothing_is_cut(void **state)
{
    (void)state;
    struct error error = {0};
    struct cut_end end;
    struct graph *rest, *graph = convolution(13, DIMS(1, 3, 4, 4));
    make_output(graph, "c");
    finish(graph);
    assert_int_equal(adapt_end(graph, &rest, &end, &error), STATUS_OK);
    assert_null(rest);
    assert_int_equal(end.nodes, 0);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_is_evaluation),   cmocka_unit_test(statistics_in_use_stay),
        cmocka_unit_test(pairs_are_passed_over),    cmocka_unit_test(what_cuts_at_zero_is_a_relu),
        cmocka_unit_test(other_scales_are_no_pair), cmocka_unit_test(channels_last_become_first),
        cmocka_unit_test(channels_first_stay),      cmocka_unit_test(open_sizes_are_said),
        cmocka_unit_test(integers_become_real),     cmocka_unit_test(the_end_is_cut_off),
        cmocka_unit_test(nothing_is_left),          cmocka_unit_test(nothing_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
