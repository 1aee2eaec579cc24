/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/execution/joined.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

static const struct attribute along_rows = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = 1};

bool output_joins(const struct graph *graph, int output)
{
    const struct value *value = &graph->values[graph->outputs[output]];
    return !value->constant && value->type != ELEMENT_INT64 && value->shape.rank != 0 &&
           (value->shape.rank < 0 || value->shape.dim[0] == DIMENSION_UNKNOWN || value->shape.dim[0] == 1);
}

/* One node more, and the value that it makes; there is room for both. */
static int add_node(struct joined_graph *joined, const char *op, int *inputs, int count)
{
    struct graph *graph = &joined->graph;
    const int value = graph->value_count++, index = graph->node_count++;
    int *output = arena_alloc(joined->arena, 1, sizeof *output);
    struct attribute *axis = arena_copy(joined->arena, &along_rows, sizeof along_rows);
    const char *name = arena_format(joined->arena, "outputs side by side %d", index);
    if (!output || !axis || !name)
        return VALUE_NONE;
    *output = value;
    graph->values[value] =
        (struct value){.name = name, .type = ELEMENT_FLOAT, .shape = {.rank = -1}, .producer = index};
    graph->nodes[index] = (struct node){.name = name,
                                        .op = operator_find(op),
                                        .inputs = inputs,
                                        .input_count = count,
                                        .outputs = output,
                                        .output_count = 1,
                                        .attributes = axis,
                                        .attribute_count = 1};
    return value;
}

/* Copies of nodes and values with room for a Flatten of each output and the Concat. */
static bool make_room(struct joined_graph *joined, const struct graph *network)
{
    struct graph *graph = &joined->graph;
    const size_t more = (size_t)network->output_count + 1;
    const size_t nodes = (size_t)network->node_count, values = (size_t)network->value_count;
    graph->nodes = arena_alloc(joined->arena, nodes + more, sizeof *graph->nodes);
    graph->values = arena_alloc(joined->arena, values + more, sizeof *graph->values);
    graph->outputs = arena_alloc(joined->arena, 1, sizeof *graph->outputs);
    if (!graph->nodes || !graph->values || !graph->outputs)
        return false;
    memcpy(graph->nodes, network->nodes, nodes * sizeof *graph->nodes);
    memcpy(graph->values, network->values, values * sizeof *graph->values);
    return true;
}

/* The row's value; VALUE_NONE without memory. *count: of outputs in it. */
static int add_row(struct joined_graph *joined, const struct graph *network, int *count)
{
    int *rows = arena_alloc(joined->arena, (size_t)network->output_count, sizeof *rows);
    *count = 0;
    for (int i = 0; rows && i < network->output_count; i++) {
        int *from = output_joins(network, i) ? arena_alloc(joined->arena, 1, sizeof *from) : NULL;
        if (!from)
            continue;
        *from = network->outputs[i];
        rows[*count] = add_node(joined, "Flatten", from, 1);
        if (rows[(*count)++] == VALUE_NONE)
            return VALUE_NONE;
    }
    return rows && *count > 0 ? add_node(joined, "Concat", rows, *count) : VALUE_NONE;
}

status joined_graph_init(struct joined_graph *joined, const struct graph *network, struct error *error)
{
    *joined = (struct joined_graph){.graph = *network};
    if (network->output_count == 1)
        return STATUS_OK;
    joined->arena = arena_new();
    if (!joined->arena)
        return error_memory(error);
    int any = 0;
    for (int i = 0; i < network->output_count; i++)
        any += output_joins(network, i);
    int count = 0;
    const int row = any && make_room(joined, network) ? add_row(joined, network, &count) : VALUE_NONE;
    if (row == VALUE_NONE || count != any) {
        joined_graph_free(joined);
        return any ? error_memory(error)
                   : error_set(error, STATUS_UNSUPPORTED,
                               "none of the network's %d outputs is a batch of real numbers",
                               network->output_count);
    }
    joined->graph.outputs[0] = row;
    joined->graph.output_count = 1;
    return STATUS_OK;
}

void joined_graph_free(struct joined_graph *joined)
{
    arena_free(joined->arena);
    *joined = (struct joined_graph){0};
}
