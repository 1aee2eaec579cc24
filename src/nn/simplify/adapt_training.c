/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/simplify/adapt.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

/* Per value: somebody takes it. */
static bool *find_used(const struct graph *graph)
{
    bool *used = mem_new((size_t)graph->value_count + 1, sizeof *used);
    for (int i = 0; used && i < graph->output_count; i++)
        used[graph->outputs[i]] = true;
    for (int n = 0; used && n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != VALUE_NONE)
                used[graph->nodes[n].inputs[i]] = true;
    return used;
}

/* Drop outputs behind the first, which are the batch's statistics; false where somebody uses one. */
static bool drop_statistics(struct graph *graph, const bool *used, struct node *node)
{
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && used[node->outputs[i]])
            return false;
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            graph->values[node->outputs[i]].producer = VALUE_NONE;
    node->output_count = 1;
    return true;
}

static bool settle_normalization(struct graph *graph, const bool *used, struct node *node)
{
    const bool said = node_integer(node, "training_mode", 0) != 0;
    if ((!said && node->output_count < 2) || !drop_statistics(graph, used, node))
        return false;
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, "training_mode") == 0)
            node->attributes[i].integer = 0;
    return true;
}

/* What a file says of a value outright: an initialiser, or a node without inputs. */
static const struct tensor *said_of(const struct graph *graph, int value)
{
    const struct value *about = &graph->values[value];
    const struct attribute *attribute =
        about->producer == VALUE_NONE ? NULL : node_attribute(&graph->nodes[about->producer], "value");
    if (about->constant)
        return about->constant;
    return attribute ? attribute->tensor : NULL;
}

static bool settle_dropout(struct graph *graph, const bool *used, struct node *node)
{
    (void)used;
    enum { TRAINING = 2 };
    const struct tensor *training = node->input_count > TRAINING && node->inputs[TRAINING] != VALUE_NONE
                                        ? said_of(graph, node->inputs[TRAINING])
                                        : NULL;
    if (!training || shape_elements(&training->shape) != 1 || tensor_get(training, 0) == 0)
        return false;
    node->input_count = TRAINING;
    return true;
}

static const struct {
    const char *op;
    bool (*settle)(struct graph *graph, const bool *used, struct node *node);
} rows[] = {
    {"BatchNormalization", settle_normalization},
    {"Dropout", settle_dropout},
};

status adapt_training(struct graph *graph, int *count, struct error *error)
{
    bool *used = find_used(graph);
    *count = 0;
    if (!used)
        return error_memory(error);
    for (int n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strcmp(graph->nodes[n].op->name, rows[i].op) == 0)
                *count += rows[i].settle(graph, used, &graph->nodes[n]);
    mem_free(used);
    return STATUS_OK;
}
