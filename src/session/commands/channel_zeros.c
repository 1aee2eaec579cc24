/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/channel_zeros.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

enum { PADS = 8 };

const int64_t *channel_zeros_pads(const struct graph *graph, const struct node *node)
{
    const struct attribute *attribute = node_attribute(node, "pads");
    int value = node->input_count > 1 ? node->inputs[1] : VALUE_NONE;
    const struct tensor *tensor = value != VALUE_NONE ? graph->values[value].constant : NULL;
    if (tensor && tensor->type == ELEMENT_INT64 && shape_elements(&tensor->shape) == PADS)
        return tensor->data;
    return attribute && attribute->count == PADS ? attribute->integers : NULL;
}

/* Its pads, where the node adds channels and nothing else; else NULL. */
static const int64_t *only_channels(const struct graph *graph, const struct node *node)
{
    const int64_t *pads = strcmp(node->op->name, "Pad") == 0 ? channel_zeros_pads(graph, node) : NULL;
    for (int i = 0; pads && i < PADS; i++) {
        if (pads[i] < 0 || (pads[i] > 0 && i != PADS_FRONT && i != PADS_BEHIND))
            return NULL;
    }
    return pads;
}

/* The same padding in a later form of the graph; none is left where it adds nothing. */
static struct channel_zeros zeros_of(const struct graph *graph, const char *output)
{
    const int value = graph_find_value(graph, output);
    for (int i = 0; value >= 0 && i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        const int64_t *pads =
            node->output_count && node->outputs[0] == value ? only_channels(graph, node) : NULL;
        if (pads)
            return (struct channel_zeros){pads[PADS_FRONT], pads[PADS_BEHIND]};
    }
    return (struct channel_zeros){0, 0};
}

/* Entries of the record that add nothing have no node. */
static int pass_over(const struct zeros_record *record, int place)
{
    while (place < record->count && !record->list[place].front && !record->list[place].behind)
        place++;
    return place;
}

status channel_zeros_find(const struct model *model, const struct graph *graph, struct channel_zeros **list,
                          int *count, struct error *error)
{
    const struct graph *whole = model_original(model)->graph;
    const struct zeros_record none = {0}, *record = model->weights ? &model->weights->zeros : &none;
    struct channel_zeros *found = mem_new((size_t)(whole->node_count + record->count) + 1, sizeof *found);
    int place = 0, nodes = 0;
    if (!found)
        return error_memory(error);
    for (int i = 0; i < whole->node_count; i++) {
        if (!only_channels(whole, &whole->nodes[i]))
            continue;
        place = pass_over(record, place);
        found[place++] = zeros_of(graph, whole->values[whole->nodes[i].outputs[0]].name);
        nodes++;
    }
    *count = nodes ? pass_over(record, place) : 0;
    *list = *count ? found : NULL;
    if (!*count)
        mem_free(found);
    return STATUS_OK;
}
