/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights that several nodes use: one set of filters, so one set of channels. */
#include "nn/graph/graph.h"
#include "prune/coupling.h"
#include "prune/coupling_internal.h"
#include "prune/label.h"
#include "score/layer.h"

/* Channel i of both values is the same. Where one of them has no labels, nothing that it depends on can go,
 * and the other's channels stay. */
static void tie_values(struct builder *b, const struct layer *layer, int value, int other)
{
    struct coupling *c = b->coupling;
    const struct label_map *one = &c->maps[value], *two = &c->maps[other];
    if (one->labels == NULL || two->labels == NULL) {
        if (one->labels != two->labels)
            coupling_lock_map(b, one->labels != NULL ? one : two, LOCK_CONSTANT, b->node);
        return;
    }
    const int axis = layer_axis(layer, one->shape.rank), other_axis = layer_axis(layer, two->shape.rank);
    for (int64_t i = 0; i < one->shape.dim[axis]; i++)
        coupling_unite(b, label_map_along(one, axis, i), label_map_along(two, other_axis, i));
}

static void tie_calls(struct builder *b, const struct layer *layer)
{
    const struct node *nodes = b->coupling->graph->nodes;
    for (int i = 1; i < layer->call_count; i++) {
        b->node = layer->calls[i].node;
        tie_values(b, layer, layer->calls[0].linear, layer->calls[i].linear);
        tie_values(b, layer, nodes[layer->calls[0].node].inputs[0], nodes[b->node].inputs[0]);
    }
}

static bool is_call(const struct layer *layer, int node)
{
    for (int i = 0; i < layer->call_count; i++)
        if (layer->calls[i].node == node)
            return true;
    return false;
}

static bool reads(const struct node *node, int value)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] == value)
            return true;
    return false;
}

/* Who else uses a layer's weight; the last call, where that is the layer itself with several biases, -1 where
 * the weight is an output of the network. */
static int other_user(const struct graph *graph, const struct layer *layer)
{
    for (int i = 0; i < graph->node_count; i++)
        if (reads(&graph->nodes[i], layer->weight) && !is_call(layer, i))
            return i;
    return layer->call_count > 1 ? layer->calls[layer->call_count - 1].node : -1;
}

static void lock_values(struct builder *b, const int *values, int count, int culprit)
{
    for (int i = 0; i < count; i++)
        if (values[i] != VALUE_NONE && b->coupling->maps[values[i]].labels != NULL)
            coupling_lock_map(b, &b->coupling->maps[values[i]], LOCK_SHARED, culprit);
}

/* Nothing may be cut out of the weight: neither what its users make nor what they read can go. */
static void lock_users(struct builder *b, const struct layer *layer)
{
    const struct graph *graph = b->coupling->graph;
    const int culprit = other_user(graph, layer);
    for (int i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        if (!reads(node, layer->weight))
            continue;
        lock_values(b, node->inputs, node->input_count, culprit);
        lock_values(b, node->outputs, node->output_count, culprit);
    }
}

void coupling_tie_calls(struct builder *b)
{
    const struct layers *layers = b->coupling->layers;
    for (int i = 0; i < layers->count; i++) {
        if (layers->items[i].call_count > 1)
            tie_calls(b, &layers->items[i]);
        if (layers->items[i].bound)
            lock_users(b, &layers->items[i]);
    }
}
