/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vectors beside activations that are learnt. */
#include "train/beside.h"

#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

static bool is_constant(const struct graph *graph, int value)
{
    return value != VALUE_NONE && graph->values[value].constant != NULL;
}

/* More than one real number, along one axis. */
static bool is_vector(const struct graph *graph, int value)
{
    const struct tensor *tensor = value != VALUE_NONE ? graph->values[value].constant : NULL;
    int axes = 0;
    for (int i = 0; tensor != NULL && i < tensor->shape.rank; i++)
        axes += tensor->shape.dim[i] != 1;
    return axes == 1 && tensor->type != ELEMENT_INT64 && shape_elements(&tensor->shape) > 1;
}

/* The operand of a product or sum of an activation and a vector that is the vector, or -1. */
static int vector_operand(const struct graph *graph, const struct node *node)
{
    if (!(node->op->flags & (OPERATOR_MULTIPLICATION | OPERATOR_ADDITION)))
        return -1;
    for (int i = 0; i < 2; i++)
        if (is_vector(graph, node->inputs[i]) && !is_constant(graph, node->inputs[1 - i]))
            return i;
    return -1;
}

/* The node that a value's numbers come from: what made it, or what stands in front of changes of its shape
 * and of the order of its axes. NULL for the network's input. */
static const struct node *source_of(const struct graph *graph, int value)
{
    const struct op *transpose = operator_find("Transpose");
    const struct node *node = NULL;
    for (int steps = 0; steps < graph->node_count; steps++) {
        const int producer = value != VALUE_NONE ? graph->values[value].producer : VALUE_NONE;
        if (producer == VALUE_NONE)
            return NULL;
        node = &graph->nodes[producer];
        if (!(node->op->flags & OPERATOR_VIEW) && node->op != transpose)
            return node;
        value = node->inputs[0];
    }
    return NULL;
}

/* Does the node give what a norm gives before its scale? Written out it ends in a division of two
 * activations, or a product with the reciprocal of one. */
static bool normalises(const struct graph *graph, const struct node *node)
{
    const bool divides = node->op == operator_find("Div") || node->op->flags & OPERATOR_MULTIPLICATION;
    return node->op->flags & OPERATOR_OWN_STATISTICS ||
           (divides && !is_constant(graph, node->inputs[0]) && !is_constant(graph, node->inputs[1]));
}

static bool is_layer(const struct graph *graph, const struct node *node)
{
    return (node->op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT)) &&
           (is_constant(graph, node->inputs[0]) || is_constant(graph, node->inputs[1]));
}

/* The operand of a sum that is the bias of a product, whatever its shape: the other one comes from a product
 * with weights that has no bias of its own. */
static int bias_operand(const struct graph *graph, const struct node *node)
{
    for (int i = 0; i < 2 && node->op->flags & OPERATOR_ADDITION; i++) {
        const int other = node->inputs[1 - i];
        const int producer = other == VALUE_NONE ? VALUE_NONE : graph->values[other].producer;
        if (producer != VALUE_NONE && is_constant(graph, node->inputs[i]) &&
            graph->values[node->inputs[i]].constant->type != ELEMENT_INT64 &&
            graph->nodes[producer].op->flags & OPERATOR_PRODUCT &&
            !(graph->nodes[producer].op->flags & OPERATOR_GENERAL) &&
            is_layer(graph, &graph->nodes[producer]))
            return i;
    }
    return -1;
}

/* The scale of a norm or of a layer's output, which may have its bias behind it. */
static int scale_operand(const struct graph *graph, const struct node *node, enum parameter_kind *kind)
{
    const int operand = vector_operand(graph, node);
    const struct node *source = operand >= 0 ? source_of(graph, node->inputs[1 - operand]) : NULL;
    int bias;
    if (source == NULL || !(node->op->flags & OPERATOR_MULTIPLICATION))
        return -1;
    bias = source->op->flags & OPERATOR_ADDITION ? vector_operand(graph, source) : -1;
    if (bias >= 0)
        source = source_of(graph, source->inputs[1 - bias]);
    if (source == NULL || !(is_layer(graph, source) || (bias < 0 && normalises(graph, source))))
        return -1;
    *kind = is_layer(graph, source) ? PARAMETER_WEIGHT : PARAMETER_NORM_SCALE;
    return operand;
}

int beside_operand(const struct graph *graph, const struct node *node, enum parameter_kind *kind)
{
    const int bias = bias_operand(graph, node), operand = bias >= 0 ? bias : vector_operand(graph, node);
    const struct node *source = operand >= 0 ? source_of(graph, node->inputs[1 - operand]) : NULL;
    if (source == NULL)
        return -1;
    if (node->op->flags & OPERATOR_MULTIPLICATION)
        return scale_operand(graph, node, kind);
    if (is_layer(graph, source)) {
        *kind = PARAMETER_BIAS;
        return operand;
    }
    if (scale_operand(graph, source, kind) >= 0) {
        *kind = *kind == PARAMETER_NORM_SCALE ? PARAMETER_NORM_SHIFT : PARAMETER_BIAS;
        return operand;
    }
    return -1;
}
