/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Simplification: on graphs as exporters write them, and on trained networks where they are at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "nn/graph/file_type.h"
#include "nn/operator/operator.h"
#include "onnx/onnx.h"
#include "nn/operator/plan.h"
#include "nn/simplify/simplify.h"
#include "support/graph_maker.h"
#include "support/skip.h"

static struct graph *simplified(struct graph *graph)
{
    struct error error = {0};
    struct graph *result = NULL;

    if (graph_finish(graph, &error) != STATUS_OK || graph_simplify(graph, &result, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    graph_free(graph);
    return result;
}

/* The shape of a value at some batch size, with data steps counted. */
static struct shape shape_at(const struct graph *graph, const char *name, int64_t batch)
{
    struct plan_options options = {.batch = batch, .real = ELEMENT_FLOAT, .backward = true};
    struct error error = {0};
    struct shape shape;
    struct plan *plan;

    if (plan_new(graph, &options, &plan, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    shape = plan->values[graph_find_value(graph, name)].shape;
    plan_free(plan);
    return shape;
}

static void expect_shape(const struct graph *graph, const char *name, int64_t batch, int rank,
                         const int64_t *dims)
{
    struct shape shape = shape_at(graph, name, batch), expected = shape_of(rank, dims);

    assert_true(shape_equal(&shape, &expected));
}

static void expect_integers(const struct graph *graph, int value, int count, const int64_t *expected)
{
    const struct tensor *tensor;

    assert_true(value >= 0);
    tensor = graph->values[value].constant;
    assert_non_null(tensor);
    assert_int_equal(shape_elements(&tensor->shape), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(tensor_get_integer(tensor, i), expected[i]);
}

static struct attribute axis_attribute(int64_t axis)
{
    return integer_attribute("axis", axis);
}

/* --- what the batch decides ----------------------------------------------------------------------------- */

/* y = Reshape(x, [x.shape[0], ...rest]); `rest` may hold -1. */
static struct graph *reshape_chain(int rank, const int64_t *dims, int count, const int64_t *rest)
{
    struct graph *graph = make_graph(13);

    make_input(graph, "x", rank, dims);
    make_integer(graph, "zero", 0);
    make_integers(graph, "first", DIMS(0));
    make_integers(graph, "rest", count, rest);
    make_node(graph, "/Shape", "Shape", NAMES("x"), NAMES("s"), NO_ATTRIBUTES);
    make_node(graph, "/Gather", "Gather", NAMES("s", "zero"), NAMES("n"), NO_ATTRIBUTES);
    make_node(graph, "/Unsqueeze", "Unsqueeze", NAMES("n", "first"), NAMES("n1"), NO_ATTRIBUTES);
    make_node(graph, "/Concat", "Concat", NAMES("n1", "rest"), NAMES("target"),
              ATTRIBUTES(axis_attribute(0)));
    make_node(graph, "/Reshape", "Reshape", NAMES("x", "target"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    return graph;
}

static void test_chain(void **state)
{
    struct graph *graph = simplified(reshape_chain(DIMS(DIMENSION_UNKNOWN, 4, 2, 3), DIMS(-1)));

    (void)state;
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0].name, "/Reshape");
    expect_integers(graph, graph->nodes[0].inputs[1], DIMS(0, -1));
    assert_int_equal(graph->value_count, 3);
    const struct value *y = &graph->values[graph_find_value(graph, "y")];
    assert_true(shape_equal(&y->shape, &(struct shape){.rank = 2, .dim = {DIMENSION_UNKNOWN, 24}}));
    for (int64_t batch = 1; batch < 9; batch++)
        expect_shape(graph, "y", batch, DIMS(batch, 24));
    graph_free(graph);
}

/* A fixed batch in the file, computed or written down: gone either way. */
static void test_baked_batch(void **state)
{
    struct graph *graph = simplified(reshape_chain(DIMS(1, 6, 2), DIMS(2, 3, 2)));

    (void)state;
    expect_integers(graph, graph->nodes[0].inputs[1], DIMS(0, 2, 3, 2));
    expect_shape(graph, "y", 5, DIMS(5, 2, 3, 2));
    assert_int_equal(graph->values[graph->inputs[0]].shape.dim[0], DIMENSION_UNKNOWN);
    graph_free(graph);

    graph = make_graph(14);
    make_input(graph, "x", DIMS(4, 6, 2));
    make_integers(graph, "target", DIMS(4, -1));
    make_node(graph, "baked", "Reshape", NAMES("x", "target"), NAMES("y"),
              ATTRIBUTES(integer_attribute("allowzero", 1)));
    make_node(graph, "relu", "Relu", NAMES("y"), NAMES("z"), NO_ATTRIBUTES);
    make_output(graph, "z");
    graph = simplified(graph);
    expect_integers(graph, graph->nodes[0].inputs[1], DIMS(0, 12));
    assert_null(node_attribute(&graph->nodes[0], "allowzero"));
    expect_shape(graph, "z", 7, DIMS(7, 12));
    graph_free(graph);
}

/* A network whose images cannot be told apart computes as many at a time as its file says. */
static void test_baked_elsewhere(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(1, 6));
    make_integers(graph, "target", DIMS(6, 1));
    make_node(graph, "turned", "Reshape", NAMES("x", "target"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    graph = simplified(graph);
    assert_int_equal(graph->batch, 1);
    assert_int_equal(graph->values[graph->inputs[0]].shape.dim[0], 1);
    expect_shape(graph, "y", 7, DIMS(6, 1));
    graph_free(graph);
}

/* The batch times something: Reshape(x, [n * 3, 2]) has -1; where no such word exists the chain stays. */
static void test_multiple_of_batch(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 3, 2));
    make_integers(graph, "one", DIMS(0));
    make_integers(graph, "three", DIMS(3));
    make_integers(graph, "two", DIMS(2));
    make_node(graph, "shape", "Shape", NAMES("x"), NAMES("s"), NO_ATTRIBUTES);
    make_node(graph, "gather", "Gather", NAMES("s", "one"), NAMES("n"), NO_ATTRIBUTES);
    make_node(graph, "mul", "Mul", NAMES("n", "three"), NAMES("n3"), NO_ATTRIBUTES);
    make_node(graph, "concat", "Concat", NAMES("n3", "two"), NAMES("target"), ATTRIBUTES(axis_attribute(0)));
    make_node(graph, "reshape", "Reshape", NAMES("x", "target"), NAMES("y"), NO_ATTRIBUTES);
    make_node(graph, "zeros", "ConstantOfShape", NAMES("target"), NAMES("z"), NO_ATTRIBUTES);
    make_node(graph, "join", "Concat", NAMES("y", "z"), NAMES("out"), ATTRIBUTES(axis_attribute(1)));
    make_output(graph, "out");
    graph = simplified(graph);
    expect_integers(graph, find_node(graph, "reshape")->inputs[1], DIMS(-1, 2));
    assert_non_null(find_node(graph, "zeros"));
    assert_non_null(find_node(graph, "shape"));
    for (int64_t batch = 1; batch < 5; batch++)
        expect_shape(graph, "out", batch, DIMS(batch * 3, 4));
    graph_free(graph);
}

static void test_expand_and_squeeze(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 1, 3, 1));
    make_integers(graph, "zero", DIMS(0));
    make_integers(graph, "one", DIMS(1));
    make_integers(graph, "three", DIMS(3));
    make_node(graph, "shape", "Shape", NAMES("x"), NAMES("s"), NO_ATTRIBUTES);
    make_node(graph, "slice", "Slice", NAMES("s", "zero", "one"), NAMES("n"), NO_ATTRIBUTES);
    make_node(graph, "target", "Concat", NAMES("n", "one", "three", "three"), NAMES("t"),
              ATTRIBUTES(axis_attribute(0)));
    make_node(graph, "expand", "Expand", NAMES("x", "t"), NAMES("e"), NO_ATTRIBUTES);
    make_node(graph, "squeeze", "Squeeze", NAMES("e"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    graph = simplified(graph);
    assert_int_equal(graph->node_count, 2);
    expect_integers(graph, find_node(graph, "expand")->inputs[1], DIMS(1, 1, 3, 3));
    expect_integers(graph, find_node(graph, "squeeze")->inputs[1], DIMS(1));
    expect_shape(graph, "y", 1, DIMS(1, 3, 3));
    expect_shape(graph, "y", 4, DIMS(4, 3, 3));
    graph_free(graph);
}

/* As exporters write x.expand(-1, 3, -1): -1 becomes 1 by way of a comparison. */
static void test_expand_by_comparison(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 1, 4));
    make_integers(graph, "asked", DIMS(-1, 3, -1));
    make_integers(graph, "ones", DIMS(1, 1, 1));
    make_integer(graph, "minus", -1);
    make_node(graph, "mul", "Mul", NAMES("ones", "minus"), NAMES("m"), NO_ATTRIBUTES);
    make_node(graph, "equal", "Equal", NAMES("asked", "m"), NAMES("e"), NO_ATTRIBUTES);
    make_node(graph, "where", "Where", NAMES("e", "ones", "asked"), NAMES("t"), NO_ATTRIBUTES);
    make_node(graph, "expand", "Expand", NAMES("x", "t"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    graph = simplified(graph);
    assert_int_equal(graph->node_count, 1);
    expect_integers(graph, find_node(graph, "expand")->inputs[1], DIMS(1, 3, 1));
    expect_shape(graph, "y", 5, DIMS(5, 3, 4));
    graph_free(graph);
}

/* What a comparison of constants becomes is a boolean in files, through whatever moves it, and lengths are
 * integers of 64 bits whatever they are the lengths of. */
static void test_computed_booleans(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 2));
    make_integers(graph, "a", DIMS(1, 2));
    make_integers(graph, "b", DIMS(1, 3));
    make_integers(graph, "first", DIMS(0));
    make_node(graph, "equal", "Equal", NAMES("a", "b"), NAMES("e"), NO_ATTRIBUTES);
    make_node(graph, "not", "Not", NAMES("e"), NAMES("n"), NO_ATTRIBUTES);
    make_node(graph, "unsqueeze", "Unsqueeze", NAMES("n", "first"), NAMES("u"), NO_ATTRIBUTES);
    make_node(graph, "shape", "Shape", NAMES("u"), NAMES("s"), NO_ATTRIBUTES);
    make_node(graph, "reals", "Cast", NAMES("s"), NAMES("r"),
              ATTRIBUTES({.name = "to", .kind = ATTRIBUTE_INTEGER, .integer = 1}));
    make_node(graph, "where", "Where", NAMES("u", "x", "r"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    make_output(graph, "s");
    graph = simplified(graph);
    const struct node *where = find_node(graph, "where");
    expect_integers(graph, graph->values[where->inputs[0]].constant != NULL ? where->inputs[0] : -1,
                    DIMS(0, 1));
    assert_int_equal(graph->values[where->inputs[0]].constant->file_type, FILE_BOOL);
    assert_int_equal(graph->values[graph_find_value(graph, "s")].constant->file_type, FILE_INT64);
    graph_free(graph);
}

static struct attribute equation_attribute(const char *equation)
{
    return (struct attribute){.name = "equation", .kind = ATTRIBUTE_STRING, .string = equation};
}

/* x by a matrix that is stored transposed, and by itself; a third has two letters to sum. */
static struct graph *einsum_graph(void)
{
    struct graph *graph = make_graph(13);
    struct tensor *weight = tensor_new(ELEMENT_FLOAT, &(struct shape){.rank = 2, .dim = {5, 4}});

    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 3, 4));
    assert_true(weight != NULL && graph_add_constant(graph, "w", weight) >= 0);
    for (int i = 0; i < 20; i++)
        ((float *)weight->data)[i] = (float)i;
    tensor_free(weight);
    make_node(graph, "layer", "Einsum", NAMES("x", "w"), NAMES("y"),
              ATTRIBUTES(equation_attribute("bnd, fd -> bnf")));
    make_node(graph, "square", "Einsum", NAMES("y", "x"), NAMES("z"),
              ATTRIBUTES(equation_attribute("bnf,bnd->bdf")));
    make_node(graph, "sum", "Einsum", NAMES("z", "z"), NAMES("s"),
              ATTRIBUTES(equation_attribute("bdf,bdf->b")));
    make_output(graph, "z");
    make_output(graph, "s");
    return graph;
}

static void test_einsum(void **state)
{
    struct graph *graph = simplified(einsum_graph());
    const struct node *layer = find_node(graph, "layer"), *square = find_node(graph, "square");

    (void)state;
    assert_string_equal(layer->op->name, "MatMul");
    assert_int_equal(layer->attribute_count, 0);
    const struct tensor *weight = graph->values[layer->inputs[1]].constant;
    assert_true(weight != NULL && weight->shape.rank == 2 && weight->shape.dim[0] == 4);
    for (int i = 0; i < 20; i++)
        assert_true(tensor_get(weight, i) == i % 5 * 4 + i / 5);
    assert_string_equal(square->op->name, "MatMul"); /* x transposed, by y */
    assert_string_equal(graph->nodes[graph->values[square->inputs[0]].producer].op->name, "Transpose");
    assert_int_equal(square->inputs[1], layer->outputs[0]);
    assert_string_equal(find_node(graph, "sum")->op->name, "Einsum");
    assert_int_equal(graph->node_count, 4);
    expect_shape(graph, "z", 5, DIMS(5, 4, 5));
    expect_shape(graph, "s", 5, DIMS(5));
    graph_free(graph);
}

/* Resize to a size that is computed from another value's shape: becomes scales, whatever the batch. */
static void test_resize_sizes(void **state)
{
    const int64_t fixed[] = {DIMENSION_UNKNOWN, 1};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct graph *graph = make_graph(13);

        make_input(graph, "x", DIMS(fixed[i], 2, 17, 17));
        make_integers(graph, "zero", DIMS(0));
        make_integers(graph, "two", DIMS(2));
        make_integers(graph, "size", DIMS(129, 34));
        make_node(graph, "shape", "Shape", NAMES("x"), NAMES("s"), NO_ATTRIBUTES);
        make_node(graph, "slice", "Slice", NAMES("s", "zero", "two"), NAMES("front"), NO_ATTRIBUTES);
        make_node(graph, "concat", "Concat", NAMES("front", "size"), NAMES("sizes"),
                  ATTRIBUTES(axis_attribute(0)));
        make_node(graph, "resize", "Resize", NAMES("x", "", "", "sizes"), NAMES("y"),
                  ATTRIBUTES(string_attribute("mode", "linear")));
        make_output(graph, "y");
        graph = simplified(graph);
        assert_int_equal(graph->node_count, 1);
        assert_int_equal(graph->nodes[0].input_count, 3);
        const struct tensor *scales = graph->values[graph->nodes[0].inputs[2]].constant;
        assert_int_equal(scales->type, ELEMENT_FLOAT);
        assert_true(tensor_get(scales, 0) == 1 && tensor_get(scales, 1) == 1 && tensor_get(scales, 3) == 2);
        expect_shape(graph, "y", 6, DIMS(6, 2, 129, 34));
        graph_free(graph);
    }
}

/* --- constants and names -------------------------------------------------------------------------------- */

/* The pads of a parameter-free shortcut as PyTorch exports them: computed from a shape, reversed, transposed.
 */
static void test_pad_chain(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(1, 4, 6, 6));
    make_integers(graph, "given", DIMS(0, 0, 0, 0, 2, 2)); /* last dimension first, as PyTorch counts */
    make_integer(graph, "zero", 0);
    make_integers(graph, "axis", DIMS(0));
    make_integers(graph, "length", DIMS(2));
    make_integers(graph, "pairs", DIMS(-1, 2));
    make_integers(graph, "start", DIMS(-1));
    make_integers(graph, "end", DIMS(INT64_MIN + 1));
    make_integers(graph, "step", DIMS(-1));
    make_integers(graph, "flat", DIMS(-1));
    make_integers(graph, "shorter", DIMS(0));
    make_integers(graph, "longer", DIMS(INT64_MAX));
    make_integers(graph, "strides", DIMS(2));
    make_integers(graph, "height", DIMS(2));
    make_integers(graph, "width", DIMS(3));
    make_node(graph, "half1", "Slice", NAMES("x", "shorter", "longer", "height", "strides"), NAMES("x1"),
              NO_ATTRIBUTES);
    make_node(graph, "half2", "Slice", NAMES("x1", "shorter", "longer", "width", "strides"), NAMES("x2"),
              NO_ATTRIBUTES);
    make_node(graph, "more", "ConstantOfShape", NAMES("length"), NAMES("zeros"),
              ATTRIBUTES({.name = "value", .kind = ATTRIBUTE_TENSOR, .tensor = integers(1, (int64_t[]){0})}));
    tensor_free(
        graph->nodes[graph->node_count - 1].attributes[0].tensor); /* the node has its own reference */
    make_node(graph, "concat", "Concat", NAMES("given", "zeros"), NAMES("all"),
              ATTRIBUTES(axis_attribute(0)));
    make_node(graph, "reshape", "Reshape", NAMES("all", "pairs"), NAMES("table"), NO_ATTRIBUTES);
    make_node(graph, "reverse", "Slice", NAMES("table", "start", "end", "axis", "step"), NAMES("reversed"),
              NO_ATTRIBUTES);
    make_node(graph, "transpose", "Transpose", NAMES("reversed"), NAMES("turned"),
              ATTRIBUTES(integers_attribute("perm", DIMS(1, 0))));
    make_node(graph, "flatten", "Reshape", NAMES("turned", "flat"), NAMES("list"), NO_ATTRIBUTES);
    make_node(graph, "cast", "Cast", NAMES("list"), NAMES("pads"), ATTRIBUTES(integer_attribute("to", 7)));
    make_node(graph, "pad", "Pad", NAMES("x2", "pads"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    graph = simplified(graph);
    assert_int_equal(graph->node_count, 3);
    expect_integers(graph, graph_find_value(graph, "pads"), DIMS(0, 2, 0, 0, 0, 2, 0, 0));
    expect_shape(graph, "y", 3, DIMS(3, 8, 3, 3));
    graph_free(graph);
}

static void test_identity(void **state)
{
    struct graph *graph = make_graph(13);

    (void)state;
    make_input(graph, "x", DIMS(1, 3));
    make_reals(graph, "bn1.weight", DIMS(3), 1);
    make_node(graph, "share", "Identity", NAMES("bn1.weight"), NAMES("bn2.weight"), NO_ATTRIBUTES);
    make_node(graph, "idle", "Identity", NAMES("x"), NAMES("x1"), NO_ATTRIBUTES);
    make_node(graph, "mul1", "Mul", NAMES("x1", "bn1.weight"), NAMES("a"), NO_ATTRIBUTES);
    make_node(graph, "drop", "Dropout", NAMES("a"), NAMES("b", "mask"), NO_ATTRIBUTES);
    make_node(graph, "mul2", "Mul", NAMES("b", "bn2.weight"), NAMES("c"), NO_ATTRIBUTES);
    make_node(graph, "end", "Identity", NAMES("c"), NAMES("output"), NO_ATTRIBUTES);
    make_node(graph, "dead", "Relu", NAMES("a"), NAMES("unused"), NO_ATTRIBUTES);
    make_output(graph, "output");
    graph = simplified(graph);
    assert_int_equal(graph->node_count, 2);
    const struct node *mul1 = find_node(graph, "mul1"), *mul2 = find_node(graph, "mul2");
    assert_string_equal(graph->values[mul1->inputs[0]].name, "x");
    assert_string_equal(graph->values[mul2->inputs[0]].name, "a");
    assert_string_equal(graph->values[mul2->inputs[1]].name, "bn2.weight");
    assert_ptr_equal(graph->values[mul1->inputs[1]].constant, graph->values[mul2->inputs[1]].constant);
    assert_string_equal(graph->values[mul2->outputs[0]].name, "output");
    assert_int_equal(graph_find_value(graph, "unused"), -1);
    graph_free(graph);

    /* Input to output directly, and one value that is two outputs: names of the network's ends are kept. */
    graph = make_graph(13);
    make_input(graph, "x", DIMS(1, 3));
    make_node(graph, "through", "Identity", NAMES("x"), NAMES("same"), NO_ATTRIBUTES);
    make_node(graph, "relu", "Relu", NAMES("x"), NAMES("r"), NO_ATTRIBUTES);
    make_node(graph, "one", "Identity", NAMES("r"), NAMES("first"), NO_ATTRIBUTES);
    make_node(graph, "two", "Identity", NAMES("r"), NAMES("second"), NO_ATTRIBUTES);
    make_output(graph, "same");
    make_output(graph, "first");
    make_output(graph, "second");
    graph = simplified(graph);
    assert_int_equal(graph->output_count, 3);
    assert_string_equal(graph->values[graph->outputs[0]].name, "same");
    assert_string_equal(graph->values[graph->outputs[1]].name, "first");
    assert_string_equal(graph->values[graph->outputs[2]].name, "second");
    assert_int_equal(count_nodes(graph, "Identity"), 2);
    graph_free(graph);
}

/* --- pads and pools ------------------------------------------------------------------------------------- */

static struct graph *padded_pool(int count, const int64_t *pads, const struct attribute *more, int more_count)
{
    struct graph *graph = make_graph(13);
    struct attribute attributes[4] = {integers_attribute("kernel_shape", DIMS(3, 3)),
                                      integers_attribute("strides", DIMS(2, 2))};

    for (int i = 0; i < more_count; i++)
        attributes[2 + i] = more[i];
    make_input(graph, "x", DIMS(DIMENSION_UNKNOWN, 2, 8, 8));
    make_integers(graph, "pads", count, pads);
    make_node(graph, "relu", "Relu", NAMES("x"), NAMES("r"), NO_ATTRIBUTES);
    make_node(graph, "pad", "Pad", NAMES("r", "pads"), NAMES("p"), NO_ATTRIBUTES);
    make_node(graph, "pool", "AveragePool", NAMES("p"), NAMES("y"), attributes, 2 + more_count);
    make_output(graph, "y");
    return simplified(graph);
}

static void test_pool(void **state)
{
    const struct attribute own = integers_attribute("pads", DIMS(0, 1, 0, 1));
    struct graph *graph = padded_pool(DIMS(0, 0, 1, 1, 0, 0, 1, 1), NULL, 0);
    const struct attribute *pads;

    (void)state;
    assert_null(find_node(graph, "pad"));
    pads = node_attribute(find_node(graph, "pool"), "pads");
    assert_true(pads->count == 4 && pads->integers[0] == 1 && pads->integers[3] == 1);
    assert_int_equal(node_integer(find_node(graph, "pool"), "count_include_pad", 0), 1);
    expect_shape(graph, "y", 2, DIMS(2, 2, 4, 4));
    graph_free(graph);

    graph = padded_pool(DIMS(0, 0, 0, 0, 0, 0, 0, 0), NULL, 0); /* nothing to pad: simply gone */
    assert_null(find_node(graph, "pad"));
    assert_int_equal(node_integer(find_node(graph, "pool"), "count_include_pad", 0), 0);
    graph_free(graph);

    graph = padded_pool(DIMS(0, 0, 1, 0, 0, 0, 0, 0), &own, 1); /* some pads count, some do not */
    assert_non_null(find_node(graph, "pad"));
    graph_free(graph);

    graph = padded_pool(DIMS(0, 1, 1, 1, 0, 1, 1, 1), NULL, 0); /* channels too */
    assert_non_null(find_node(graph, "pad"));
    graph_free(graph);

    graph = padded_pool(DIMS(0, 0, 3, 1, 0, 0, 1, 1), NULL, 0); /* as wide as the window */
    assert_non_null(find_node(graph, "pad"));
    graph_free(graph);
}

/* --- faults --------------------------------------------------------------------------------------------- */

static void check_memory(struct graph *graph)
{
    struct error error = {0};
    status code = STATUS_MEMORY;

    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct graph *result = NULL;

        mem_fail_at(nth);
        code = graph_simplify(graph, &result, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && result == NULL));
        assert_true(nth < 10000);
        graph_free(result);
    }
    graph_free(graph);
}

static void test_memory(void **state)
{
    (void)state;
    check_memory(reshape_chain(DIMS(1, 6, 2), DIMS(2, 3, 2)));
    check_memory(einsum_graph());
}

/* --- networks ------------------------------------------------------------------------------------------- */

static bool is_in(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

/* Only operators on data are left, every batch size can be planned, every parameter has kept its name. */
static void check_network(struct graph *graph, const char *const *operators, int64_t classes)
{
    struct graph *result = simplified(graph);
    struct shape shape;

    for (int n = 0; n < result->node_count; n++)
        if (!is_in(result->nodes[n].op->name, operators))
            fail_msg("%s %s is left", result->nodes[n].op->name, result->nodes[n].name);
    for (int64_t batch = 1; batch <= 7; batch += 3) {
        shape = shape_at(result, result->values[result->outputs[0]].name, batch);
        assert_true(shape.dim[0] == batch && shape.dim[1] == classes);
    }
    for (int n = 0; n < result->node_count; n++) {
        const struct node *node = &result->nodes[n];
        const char *name;

        if (strcmp(node->op->name, "BatchNormalization") != 0)
            continue;
        name = result->values[node->inputs[1]].name;
        for (int i = 2; i < 5; i++) /* bn.weight, bn.bias, bn.running_mean, bn.running_var */
            assert_memory_equal(name, result->values[node->inputs[i]].name, strlen(name) - strlen("weight"));
    }
    graph_free(result);
}

static const char *const of_resnet[] = {"Conv", "BatchNormalization", "Relu", "Add",     "Slice",
                                        "Pad",  "AveragePool",        "Gemm", "Flatten", NULL};
static const char *const on_data[] = {"Conv",   "BatchNormalization", "Relu",    "Add",   "MaxPool",
                                      "Gemm",   "AveragePool",        "Concat",  "Clip",  "GlobalAveragePool",
                                      "Split",  "ReduceMean",         "Flatten", "Slice", "Reshape",
                                      "Resize", "Transpose",          NULL};

/* Networks of the optional test data: trained ones, and those of torchvision, exported at batch 1. */
static const struct network {
    const char *file;
    const char *const *operators;
    int64_t classes;
} networks[] = {{"data/models/resnet20_bn.onnx", of_resnet, 10},
                {"data/models/resnet20_bn_dynamic_batch.onnx", of_resnet, 10},
                {"data/models/resnet20_folded.onnx", of_resnet, 10},
                {"data/models/resnet56_bn.onnx", of_resnet, 10},
                {"data/models/resnet56_folded.onnx", of_resnet, 10},
                {"data/models/resnet18.onnx", on_data, 1000},
                {"data/models/mobilenet_v2.onnx", on_data, 1000},
                {"data/models/densenet121.onnx", on_data, 1000},
                {"data/models/googlenet.onnx", on_data, 1000},
                {"data/models/squeezenet1_1.onnx", on_data, 1000},
                {"data/models/shufflenet_v2_x1_0.onnx", on_data, 1000},
                {"data/models/deeplabv3_resnet50.onnx", on_data, 19},
                {"data/models/vgg19_bn.onnx", on_data, 1000}};

enum { NETWORKS = sizeof(networks) / sizeof(networks[0]) };

static void test_network(void **state)
{
    const struct network *network = *state;
    const char *path = need_shared(network->file);
    struct error error = {0};
    struct graph *graph;

    if (onnx_read(path, &graph, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    check_network(graph, network->operators, network->classes);
}

/* --- constants of one image, what a file may ask for, giving up ----------------------------------------- */

/* y = Concat(x, token) along `axis`, exported for a batch of one. */
static struct graph *token_graph(int64_t axis, int opset)
{
    struct graph *graph = make_graph(opset);

    make_input(graph, "x", DIMS(1, 2, 3, 3));
    make_reals(graph, "token", DIMS(1, 1, 3, 3), 5);
    make_node(graph, "join", "Concat", NAMES("x", "token"), NAMES("y"), ATTRIBUTES(axis_attribute(axis)));
    make_output(graph, "y");
    return graph;
}

static void test_repeated_constant(void **state)
{
    static const int64_t axes[] = {1, -3};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct graph *graph = simplified(token_graph(axes[i], 13));

        expect_shape(graph, "y", 1, DIMS(1, 3, 3, 3));
        expect_shape(graph, "y", 5, DIMS(5, 3, 3, 3));
        graph_free(graph);
    }
}

static void expect_refusal(struct graph *graph, status code, const char *words)
{
    struct graph *result = NULL;
    struct error error = {0};

    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(graph_simplify(graph, &result, &error), code);
    if (strstr(error.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, words);
    graph_free(graph);
}

static void test_unrepeatable_constant(void **state)
{
    struct graph *graph = simplified(token_graph(1, 7)); /* which has no Expand yet */

    (void)state;
    assert_int_equal(graph->batch, 1);
    expect_shape(graph, "y", 5, DIMS(1, 3, 3, 3));
    graph_free(graph);
}

/* x + sum(Conv(zeros of the given size, filters of 3x3)): what a few bytes ask for. */
static struct graph *bomb(int64_t channels, int64_t size, int convolutions)
{
    struct graph *graph = make_graph(13);
    char names[2][16] = {"zeros", ""};

    make_input(graph, "x", DIMS(1, 1, 1, 1));
    make_integers(graph, "shape", DIMS(1, channels, size, size));
    make_integers(graph, "filters", DIMS(channels, channels, 3, 3));
    make_node(graph, "fill", "ConstantOfShape", NAMES("shape"), NAMES("zeros"), NO_ATTRIBUTES);
    make_node(graph, "weigh", "ConstantOfShape", NAMES("filters"), NAMES("w"), NO_ATTRIBUTES);
    for (int i = 0; i < convolutions; i++) {
        char node[16];

        snprintf(node, sizeof node, "convolve%d", i);
        snprintf(names[(i + 1) % 2], sizeof names[0], "c%d", i);
        make_node(graph, node, "Conv", NAMES(names[i % 2], "w"), NAMES(names[(i + 1) % 2]),
                  ATTRIBUTES(integers_attribute("pads", DIMS(1, 1, 1, 1))));
    }
    make_node(graph, "mean", "GlobalAveragePool", NAMES(names[convolutions % 2]), NAMES("m"), NO_ATTRIBUTES);
    make_node(graph, "add", "Add", NAMES("x", "m"), NAMES("y"), NO_ATTRIBUTES);
    make_output(graph, "y");
    return graph;
}

static void test_budget(void **state)
{
    (void)state;
    graph_free(simplified(bomb(4, 16, 3)));
    expect_refusal(bomb(1, INT64_C(1) << 15, 0), STATUS_UNSUPPORTED, "node fill (ConstantOfShape");
    expect_refusal(bomb(64, 512, 1), STATUS_UNSUPPORTED, "node convolve0 (Conv");
    expect_refusal(bomb(64, 64, 1), STATUS_UNSUPPORTED, "node convolve0 (Conv");
    expect_refusal(bomb(32, 64, 100), STATUS_UNSUPPORTED, "left for the file");
}

/* What both plans need is computed once: they hold the very same tensor. */
static void test_computed_once(void **state)
{
    struct plan_options options = {.batch = 2, .real = ELEMENT_TYPES};
    struct error error = {0};
    struct graph *graph = bomb(4, 16, 3);
    struct plan *first, *second;
    int value;

    (void)state;
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    assert_int_equal(plan_new(graph, &options, &first, &error), STATUS_OK);
    options.batch = 3;
    options.like = first;
    assert_int_equal(plan_new(graph, &options, &second, &error), STATUS_OK);
    value = graph_find_value(graph, "c2");
    assert_non_null(first->constants[value]);
    assert_ptr_equal(first->constants[value], second->constants[value]);
    assert_int_equal(first->left.work, second->left.work);
    plan_free(first);
    plan_free(second);
    graph_free(graph);
}

static void test_cancelled(void **state)
{
    struct progress progress = {.cancelled = true};
    struct progress *before = progress_set_current(&progress);
    struct graph *graph = bomb(4, 16, 3), *result = NULL;
    struct error error = {0};

    (void)state;
    assert_int_equal(graph_finish(graph, &error), STATUS_CANCELLED);
    progress_set_current(NULL);
    assert_int_equal(graph_finish(graph, &error), STATUS_OK);
    progress_set_current(&progress);
    assert_int_equal(graph_simplify(graph, &result, &error), STATUS_CANCELLED);
    progress_set_current(before);
    graph_free(graph);
}

int main(void)
{
    enum { WRITTEN_DOWN = 15 };
    struct CMUnitTest tests[WRITTEN_DOWN + NETWORKS] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_baked_batch),
        cmocka_unit_test(test_baked_elsewhere),
        cmocka_unit_test(test_multiple_of_batch),
        cmocka_unit_test(test_expand_and_squeeze),
        cmocka_unit_test(test_expand_by_comparison),
        cmocka_unit_test(test_computed_booleans),
        cmocka_unit_test(test_einsum),
        cmocka_unit_test(test_resize_sizes),
        cmocka_unit_test(test_pad_chain),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_repeated_constant),
        cmocka_unit_test(test_unrepeatable_constant),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_computed_once),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_memory),
    };

    for (int i = 0; i < NETWORKS; i++)
        tests[WRITTEN_DOWN + i] = (struct CMUnitTest){
            .name = networks[i].file, .test_func = test_network, .initial_state = (void *)&networks[i]};
    return cmocka_run_group_tests_name("simplify", tests, NULL, NULL);
}
