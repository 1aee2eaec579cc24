/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that are called several times. */
#include "support/random_calls.h"

#include <stdio.h>
#include <string.h>

#include "nn/graph/op.h"
#include "support/attributes.h"

/* The node that makes a value, once more on other values: its weights and its BatchNorm's stay the same. */
static int call_again(struct maker *m, int made, int x)
{
    const struct node *node = &m->graph->nodes[m->graph->values[made].producer];
    int inputs[5], count = node->input_count;
    memcpy(inputs, node->inputs, (size_t)count * sizeof *inputs);
    inputs[0] = x;
    return maker_node(m, node->op->name, count, inputs, node->attribute_count, node->attributes);
}

/* A step of a recurrent network: the same filters, with one BatchNorm for both, with two, or without. */
int block_called_twice(struct maker *m, int x, int64_t *channels)
{
    int kind = (int)maker_pick(m, 0, 2), norm = VALUE_NONE;
    int64_t groups = *channels % 2 == 0 && maker_pick(m, 0, 2) == 0 ? 2 : 1;
    int first = maker_conv(m, x, *channels, *channels, 3, groups, kind == 0 || maker_pick(m, 0, 1)),
        y = first;
    if (kind > 0)
        norm = y = maker_norm(m, y, *channels);
    y = maker_one(m, "Relu", y);
    y = call_again(m, first, maker_pick(m, 0, 1) ? y : maker_two(m, "Add", x, y));
    if (kind == 1)
        y = call_again(m, norm, y);
    else if (kind == 2)
        y = maker_norm(m, y, *channels);
    return maker_one(m, maker_pick(m, 0, 1) ? "Relu" : "Sigmoid", y);
}

/* A head for images of two sizes, as detectors have it. */
int block_common_head(struct maker *m, int x, int64_t *channels)
{
    int64_t in = maker_pick(m, 3, 8), out = maker_pick(m, 3, 8);
    int a = maker_unit(m, x, *channels, in), b = maker_unit(m, x, *channels, in);
    int64_t two[] = {2, 2};
    struct attribute pooling[] = {integers_attribute("kernel_shape", 2, two),
                                  integers_attribute("strides", 2, two)};
    if (m->size % 2 == 0)
        b = maker_node(m, "MaxPool", 1, &b, 2, pooling);
    int first = maker_conv(m, a, in, out, 3, 1, maker_pick(m, 0, 1));
    int second = maker_one(m, "GlobalAveragePool", call_again(m, first, b));
    *channels = out;
    return maker_two(m, maker_pick(m, 0, 1) ? "Mul" : "Add", maker_one(m, "Relu", first), second);
}

/* A small network over channels that serves means and largest values (CBAM). */
int block_common_linear(struct maker *m, int x, int64_t *channels)
{
    char name[2][48];
    int64_t inner = maker_pick(m, 2, 6), c = *channels;
    snprintf(name[0], sizeof name[0], "reduce%d.weight", m->serial++);
    snprintf(name[1], sizeof name[1], "expand%d.weight", m->serial++);
    int down = maker_constant(m, name[0], 2, (int64_t[]){c, inner}, -1, 1);
    int up = maker_constant(m, name[1], 2, (int64_t[]){inner, c}, -1, 1), sums[2];
    for (int i = 0; i < 2; i++) {
        int y = maker_one(m, i ? "GlobalMaxPool" : "GlobalAveragePool", x);
        y = maker_two(m, "MatMul", maker_reshape(m, y, 2, (int64_t[]){0, c}), down);
        sums[i] = maker_two(m, "MatMul", maker_one(m, "Relu", y), up);
    }
    int gate = maker_one(m, "Sigmoid", maker_two(m, "Add", sums[0], sums[1]));
    return maker_two(m, "Mul", x, maker_reshape(m, gate, 4, (int64_t[]){0, c, 1, 1}));
}

/* A weight that is added to an image, too: the layer in front of it and its own channels stay. */
int block_bound(struct maker *m, int x, int64_t *channels)
{
    int64_t c = *channels;
    int y = maker_conv(m, maker_unit(m, x, c, 3), 3, c, 1, 1, false);
    int weight = m->graph->nodes[m->graph->values[y].producer].inputs[1];
    int sum = maker_reduce(m, "ReduceSum", weight, 3, (int64_t[]){1, 2, 3}, false);
    y = maker_two(m, "Add", y, maker_reshape(m, sum, 4, (int64_t[]){1, c, 1, 1}));
    *channels = maker_pick(m, 3, 6);
    return maker_unit(m, y, c, *channels);
}
