/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel shuffles: a Reshape that lays the channels out as a table, a Transpose of the table, and a Reshape
 * back. What stays of the table when channels go need not be rectangular; the whole is a permutation of
 * channels, though, and can be written as one Gather. */
#include "prune/coupling_internal.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/coupling.h"
#include "prune/label.h"
#include "prune/operator_rules.h"

/* The node that makes a value, when it is the given part of a shuffle and only `user` reads the value. */
static int sole_producer(const struct coupling *c, const struct graph_uses *uses, int value, int user,
                         enum shuffle_part part)
{
    int node = c->graph->values[value].producer, first = uses->start[value];
    for (int i = 0; i < c->graph->output_count; i++)
        if (c->graph->outputs[i] == value)
            return -1;
    if (node < 0 || uses->start[value + 1] - first != 1 || uses->list[first] != user ||
        c->rules[node]->shuffle != part || c->maps[value].labels == NULL)
        return -1;
    return node;
}

/* Axes 1..last-1 of the table hold the channels: 0 when they do not come out evenly. */
static int table_end(const struct shape *table, int64_t channels)
{
    int64_t product = 1;
    for (int axis = 1; axis < table->rank; axis++) {
        product *= table->dim[axis];
        if (product == channels)
            return axis + 1;
    }
    return 0;
}

/* The transposition moves only the table's axes. */
static bool moves_table_only(const struct attribute *permutation, int rank, int end)
{
    if (permutation == NULL || permutation->kind != ATTRIBUTE_INTEGERS || permutation->count != (size_t)rank)
        return false;
    for (int axis = 0; axis < rank; axis++) {
        int64_t from = permutation->integers[axis];
        bool of_table = axis > 0 && axis < end;
        if (of_table ? from < 1 || from >= end : from != axis)
            return false;
    }
    return true;
}

/* Output channels of the transposed table, in order, as positions in the table. */
static void read_table(const struct shape *table, const int64_t *order, int end, int *permutation)
{
    struct shape turned = {.rank = end};
    int64_t index[TENSOR_MAX_RANK] = {0}, step[TENSOR_MAX_RANK] = {0};
    turned.dim[0] = 1;
    for (int axis = 1; axis < end; axis++) {
        turned.dim[axis] = table->dim[order[axis]];
        step[axis] = shape_product(table, (int)order[axis] + 1, end);
    }
    do {
        int64_t position = 0;
        for (int axis = 1; axis < end; axis++)
            position += index[axis] * step[axis];
        *permutation++ = (int)position;
    } while (index_next(index, &turned));
}

/* Is `last` the end of a shuffle? Then note what is to be known about its three nodes. */
static bool note_shuffle(struct coupling *c, const struct graph_uses *uses, int last)
{
    const struct graph *graph = c->graph;
    int turned = graph->nodes[last].inputs[0];
    int transpose = sole_producer(c, uses, turned, last, SHUFFLE_TURN);
    int table = transpose >= 0 ? graph->nodes[transpose].inputs[0] : VALUE_NONE;
    int first = transpose >= 0 ? sole_producer(c, uses, table, transpose, SHUFFLE_TABLE) : -1;
    if (first < 0)
        return true;
    int source = graph->nodes[first].inputs[0];
    const struct label_map *in = &c->maps[source], *out = &c->maps[graph->nodes[last].outputs[0]];
    if (in->labels == NULL || label_map_axes(in) != 2u || label_map_axes(out) != 2u ||
        !shape_equal(&in->shape, &out->shape))
        return true;
    const struct attribute *order = node_attribute(&graph->nodes[transpose], "perm");
    const struct shape *shape = &c->maps[table].shape;
    int end = table_end(shape, in->shape.dim[1]);
    if (end == 0 || !moves_table_only(order, shape->rank, end))
        return true;
    int *permutation = arena_alloc(c->arena, (size_t)in->shape.dim[1], sizeof *permutation);
    if (permutation == NULL)
        return false;
    read_table(shape, order->integers, end, permutation);
    c->shuffles[first].inside = c->shuffles[transpose].inside = true;
    c->shuffles[last] = (struct shuffle){.permutation = permutation, .source = source};
    return true;
}

status coupling_find_shuffles(struct coupling *c, struct error *error)
{
    struct graph_uses uses;
    struct arena *scratch = arena_new();
    status code = scratch != NULL ? graph_uses(c->graph, scratch, &uses, error) : error_memory(error);
    for (int i = 0; i < c->graph->node_count && code == STATUS_OK; i++) {
        const struct node *node = &c->graph->nodes[i];
        if (c->rules[i]->shuffle == SHUFFLE_TABLE && c->maps[node->outputs[0]].labels != NULL &&
            !note_shuffle(c, &uses, i))
            code = error_memory(error);
    }
    arena_free(scratch);
    return code;
}
