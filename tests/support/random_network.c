/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random networks: nodes, layers, heads, and putting blocks one after the other. */
#include "support/random_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nn/operator/operator.h"
#include "nn/simplify/simplify.h"
#include "support/attributes.h"

int64_t maker_pick(struct maker *m, int64_t low, int64_t high)
{
    return low + (int64_t)random_below(&m->random, (uint64_t)(high - low + 1));
}

int maker_constant(struct maker *m, const char *name, int rank, const int64_t *dims, double low, double high)
{
    struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(ELEMENT_DOUBLE, &shape);
    assert_non_null(tensor);
    for (int64_t i = 0; i < shape_elements(&shape); i++)
        ((double *)tensor->data)[i] = random_between(&m->random, low, high);
    int value = graph_add_constant(m->graph, name, tensor);
    tensor_free(tensor);
    assert_true(value >= 0);
    return value;
}

int maker_integers(struct maker *m, int64_t count, const int64_t *values)
{
    char name[32];
    snprintf(name, sizeof name, "i%d", m->serial++);
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    assert_non_null(tensor);
    memcpy(tensor->data, values, (size_t)count * sizeof *values);
    int value = graph_add_constant(m->graph, name, tensor);
    tensor_free(tensor);
    assert_true(value >= 0);
    return value;
}

static int new_value(struct maker *m, char name[32])
{
    struct shape unknown = {.rank = -1};
    snprintf(name, 32, "n%d", m->serial++);
    int value = graph_add_value(m->graph, name, ELEMENT_DOUBLE, &unknown);
    assert_true(value >= 0);
    return value;
}

int maker_node(struct maker *m, const char *op, int input_count, const int *inputs, int attribute_count,
               const struct attribute *attributes)
{
    char name[32];
    int output = new_value(m, name);
    assert_non_null(operator_find(op));
    assert_true(graph_add_node(m->graph, name, operator_find(op), inputs, input_count, &output, 1, attributes,
                               attribute_count) >= 0);
    return output;
}

void maker_split(struct maker *m, int x, int axis, int count, const int64_t *sizes, int *outputs)
{
    char name[32];
    int inputs[2] = {x, VALUE_NONE};
    struct attribute along = integer_attribute("axis", axis);
    if (sizes != NULL)
        inputs[1] = maker_integers(m, count, sizes);
    for (int i = 0; i < count; i++)
        outputs[i] = new_value(m, name);
    assert_true(graph_add_node(m->graph, name, operator_find("Split"), inputs, sizes != NULL ? 2 : 1, outputs,
                               count, &along, 1) >= 0);
}

void maker_max_pool(struct maker *m, int x, int attribute_count, const struct attribute *attributes,
                    int outputs[2])
{
    char name[32];
    outputs[0] = new_value(m, name);
    outputs[1] = new_value(m, name);
    m->graph->values[outputs[1]].type = ELEMENT_INT64;
    assert_true(graph_add_node(m->graph, name, operator_find("MaxPool"), &x, 1, outputs, 2, attributes,
                               attribute_count) >= 0);
}

int maker_one(struct maker *m, const char *op, int x)
{
    return maker_node(m, op, 1, &x, 0, NULL);
}

int maker_two(struct maker *m, const char *op, int x, int y)
{
    return maker_node(m, op, 2, (int[]){x, y}, 0, NULL);
}

int maker_conv(struct maker *m, int x, int64_t in, int64_t out, int64_t size, int64_t groups, bool bias)
{
    char name[64];
    int id = m->serial++;
    snprintf(name, sizeof name, "conv%d.weight", id);
    int inputs[3] = {x, maker_constant(m, name, 4, (int64_t[]){out, in / groups, size, size}, -1, 1),
                     VALUE_NONE};
    snprintf(name, sizeof name, "conv%d.bias", id);
    if (bias)
        inputs[2] = maker_constant(m, name, 1, &out, -1, 1);
    int64_t pads[4] = {size / 2, size / 2, size / 2, size / 2};
    struct attribute attributes[] = {integers_attribute("pads", 4, pads), integer_attribute("group", groups)};
    return maker_node(m, "Conv", bias ? 3 : 2, inputs, 2, attributes);
}

int maker_norm(struct maker *m, int x, int64_t channels)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    int id = m->serial++, inputs[5] = {x};
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "bn%d.%s", id, parts[i]);
        inputs[i + 1] = maker_constant(m, name, 1, &channels, i == 3 ? 0.5 : -1, i == 3 ? 2 : 1);
    }
    return maker_node(m, "BatchNormalization", 5, inputs, 0, NULL);
}

/* An activation, in one operator or written out; some are not zero at zero. */
static int maker_activation(struct maker *m, int x)
{
    static const char *const activations[] = {"Relu",    "Sigmoid",  "HardSwish", "LeakyRelu",
                                              "Tanh",    "Elu",      "Clip",      "Identity",
                                              "Dropout", "Softplus", "Softsign",  "Erf"};
    enum { SINGLE = sizeof activations / sizeof *activations };
    const int64_t which = maker_pick(m, 0, SINGLE + 1);
    if (which < SINGLE)
        return maker_one(m, activations[which], x);
    return which == SINGLE ? maker_two(m, "Mul", x, maker_one(m, "Sigmoid", x))
                           : maker_two(m, "Mul", maker_one(m, "Tanh", maker_one(m, "Softplus", x)), x);
}

/* conv, sometimes BatchNorm, sometimes an activation */
int maker_unit(struct maker *m, int x, int64_t in, int64_t out)
{
    bool with_norm = maker_pick(m, 0, 1);
    x = maker_conv(m, x, in, out, maker_pick(m, 0, 1) ? 3 : 1, 1, maker_pick(m, 0, 1));
    if (with_norm)
        x = maker_norm(m, x, out);
    return maker_activation(m, x);
}

int maker_reshape(struct maker *m, int x, int rank, const int64_t *dims)
{
    return maker_two(m, "Reshape", x, maker_integers(m, rank, dims));
}

int maker_transpose(struct maker *m, int x, int rank, const int64_t *order)
{
    struct attribute permutation = integers_attribute("perm", rank, order);
    return maker_node(m, "Transpose", 1, &x, 1, &permutation);
}

int maker_slice(struct maker *m, int x, int64_t axis, int64_t start, int64_t end, int64_t step)
{
    int inputs[] = {x, maker_integers(m, 1, &start), maker_integers(m, 1, &end), maker_integers(m, 1, &axis),
                    maker_integers(m, 1, &step)};
    return maker_node(m, "Slice", step == 1 ? 4 : 5, inputs, 0, NULL);
}

int maker_reduce(struct maker *m, const char *op, int x, int count, const int64_t *axes, bool keep)
{
    if (strcmp(op, "ReduceSum") == 0) { /* opset 13 made its axes an input, 18 that of the others */
        struct attribute keepdims = integer_attribute("keepdims", keep);
        return maker_node(m, op, 2, (int[]){x, maker_integers(m, count, axes)}, 1, &keepdims);
    }
    struct attribute attributes[] = {integers_attribute("axes", count, axes),
                                     integer_attribute("keepdims", keep)};
    return maker_node(m, op, 1, &x, 2, attributes);
}

int maker_concat(struct maker *m, int axis, int count, const int *inputs)
{
    struct attribute along = integer_attribute("axis", axis);
    return maker_node(m, "Concat", count, inputs, 1, &along);
}

/* --- whole networks ------------------------------------------------------------------------------------- */

/* To a matrix of features: what is left of the image, or its mean. */
static int flatten(struct maker *m, int x, int64_t channels, int64_t *features)
{
    *features = channels;
    switch (maker_pick(m, 0, 4)) {
    case 0:
        return maker_one(m, "Flatten", maker_one(m, "GlobalAveragePool", x));
    case 1:
        return maker_reduce(m, "ReduceMean", x, 2, (int64_t[]){2, 3}, false);
    case 2:
        x = maker_reduce(m, "ReduceMax", x, 2, (int64_t[]){-1, -2}, true);
        return maker_two(m, "Squeeze", x, maker_integers(m, 2, (int64_t[]){2, 3}));
    case 3:
        *features = channels * m->size * m->size;
        return maker_reshape(m, x, 2, (int64_t[]){0, -1});
    default:
        *features = channels * m->size * m->size;
        return maker_one(m, "Flatten", x);
    }
}

static int head(struct maker *m, int x, int64_t channels)
{
    int64_t features, classes = RANDOM_NETWORK_CLASSES, hidden = 7;
    x = flatten(m, x, channels, &features);
    if (maker_pick(m, 0, 1)) {
        x = maker_two(m, "MatMul", x,
                      maker_constant(m, "hidden.weight", 2, (int64_t[]){features, hidden}, -1, 1));
        if (maker_pick(m, 0, 1))
            x = maker_two(m, "Add", x, maker_constant(m, "hidden.bias", 1, &hidden, -1, 1));
        if (maker_pick(m, 0, 1))
            x = maker_norm(m, x, hidden);
        x = maker_one(m, "Relu", x);
        features = hidden;
    }
    bool transposed = maker_pick(m, 0, 1);
    struct attribute attribute = integer_attribute("transB", transposed);
    int64_t dims[] = {transposed ? classes : features, transposed ? features : classes};
    int inputs[] = {x, maker_constant(m, "fc.weight", 2, dims, -1, 1),
                    maker_constant(m, "fc.bias", 1, &classes, -1, 1)};
    return maker_node(m, "Gemm", 3, inputs, 1, &attribute);
}

static struct maker start(uint64_t seed, int *x)
{
    struct maker m = {.graph = graph_new(), .size = 8};
    assert_non_null(m.graph);
    random_seed(&m.random, seed, 77);
    m.graph->opset = 16;
    m.graph->ir_version = 7;
    struct shape shape = {.rank = 4, .dim = {DIMENSION_UNKNOWN, 3, m.size, m.size}};
    *x = graph_add_value(m.graph, "input", ELEMENT_DOUBLE, &shape);
    assert_int_equal(graph_add_input(m.graph, *x), 0);
    return m;
}

static struct graph *finish(struct maker *m, uint64_t seed, int output)
{
    struct error error = {0};
    struct graph *simple;
    m->graph->values[output].shape =
        (struct shape){.rank = 2, .dim = {DIMENSION_UNKNOWN, RANDOM_NETWORK_CLASSES}};
    graph_add_output(m->graph, output);
    if (graph_finish(m->graph, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    if (seed % 2 == 0)
        return m->graph;
    if (graph_simplify(m->graph, &simple, &error) != STATUS_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    graph_free(m->graph);
    return simple;
}

static struct graph *mixture(uint64_t seed, int count, int64_t low, int64_t high)
{
    int x, kinds = 0;
    struct maker m = start(seed, &x);
    while (random_blocks[kinds].name != NULL)
        kinds++;
    int64_t channels = maker_pick(&m, low, high);
    x = maker_unit(&m, x, 3, channels);
    for (int i = 0; i < count; i++)
        x = random_blocks[maker_pick(&m, 0, kinds - 1 - RANDOM_BLOCKS_ALONE)].make(&m, x, &channels);
    return finish(&m, seed, head(&m, x, channels));
}

struct graph *random_network(uint64_t seed, int count)
{
    return mixture(seed, count, 3, 8);
}

struct graph *random_wide_network(uint64_t seed, int count)
{
    return mixture(seed, count, 14, 40);
}

struct graph *random_block_network(uint64_t seed, int kind)
{
    int x;
    struct maker m = start(seed, &x);
    int64_t channels = maker_pick(&m, 4, 9);
    x = maker_unit(&m, x, 3, channels);
    x = random_blocks[kind].make(&m, x, &channels);
    if (maker_pick(&m, 0, 1)) {
        x = maker_unit(&m, x, channels, 5);
        channels = 5;
    }
    return finish(&m, seed, head(&m, x, channels));
}
