/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters by their names. */
#include "session/parameters.h"

#include "base/memory.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "prune/operator_rules.h"

static bool is_real(const struct value *value)
{
    return value->constant && value->constant->type != ELEMENT_INT64 && value->constant->shape.rank > 0;
}

/* Is input `input` of a node a parameter, whose file had a graph? */
static bool is_trained(const struct model *model, int index, int input)
{
    const struct node *node = &model->graph->nodes[index];
    const struct operator_rule *rule = model->coupling->rules[index];
    if (node->op->flags & OPERATOR_NORMALIZATION)
        return input > 0;
    if (norm_is_bare(model->graph, node))
        return false;
    if (rule->trained > 0)
        return input > 0 && input < rule->trained;
    return !(node->op->flags & (OPERATOR_SHAPE_INPUTS | OPERATOR_UNARY)) &&
           shape_elements(&model->graph->values[node->inputs[input]].constant->shape) > 1;
}

static void mark_trained(const struct model *model, bool *parameters)
{
    const struct graph *graph = model->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count; k++)
            if (node->inputs[k] != VALUE_NONE && is_real(&graph->values[node->inputs[k]]) &&
                is_trained(model, i, k))
                parameters[node->inputs[k]] = true;
    }
}

status model_parameters(const struct model *model, bool **parameters, struct error *error)
{
    const struct graph *graph = model->graph;
    bool *found = mem_new((size_t)graph->value_count + 1, sizeof *found);
    if (!found)
        return error_memory(error);
    if (!model->weights)
        mark_trained(model, found);
    for (int i = 0; model->weights && i < graph->value_count; i++)
        found[i] = is_real(&graph->values[i]) && checkpoint_find(model->weights, graph->values[i].name) >= 0;
    *parameters = found;
    return STATUS_OK;
}
