/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters, multiply-adds and activation memory, of a network or of what would be left of it. */
#include "prune/cost.h"

#include <string.h>
#include "nn/operator.h"
#include "prune/kept.h"

const char *cost_rule_name(int index)
{
    static const char *const names[] = {"macs", "ptflops"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

/* Elements of a value that stay, for one image. */
static int64_t kept_elements(const struct coupling *c, int value, const bool *removed)
{
    const struct label_map *map = &c->maps[value];
    int64_t elements = shape_elements(&c->plan->values[value].shape);
    if (removed == NULL || map->labels == NULL)
        return elements;
    int64_t stored = label_map_elements(map), kept = 0;
    for (int64_t i = 0; i < stored; i++)
        kept += !label_removed(c, map->labels[i], removed);
    return elements / stored * kept;
}

/* Positions along an axis of a map at which anything stays. */
static int64_t kept_along(const struct coupling *c, const struct label_map *map, int axis,
                          const bool *removed)
{
    int64_t extent = map->extent.dim[axis], kept = 0;
    int64_t outer = shape_product(&map->extent, 0, axis);
    int64_t inner = shape_product(&map->extent, axis + 1, map->extent.rank);
    if (extent == 1)
        return map->shape.dim[axis];
    for (int64_t k = 0; k < extent; k++) {
        bool stays = false;
        for (int64_t i = 0; i < outer * inner && !stays; i++)
            stays = !label_removed(c, map->labels[(i / inner * extent + k) * inner + i % inner], removed);
        kept += stays;
    }
    return kept;
}

static int64_t kept_channels(const struct coupling *c, int layer, const bool *removed)
{
    int64_t channels = c->layers->items[layer].channels, kept = 0;
    if (removed == NULL)
        return channels;
    for (int64_t i = 0; i < channels; i++)
        kept += !removed[c->layer_classes[layer][i]];
    return kept;
}

/* Channels or features that a layer reads. */
static int64_t kept_inputs(const struct coupling *c, const struct layer *layer, const bool *removed)
{
    int value = c->graph->nodes[layer->node].inputs[0];
    const struct label_map *map = &c->maps[value];
    int axis = layer->kind == LAYER_LINEAR ? c->plan->values[value].shape.rank - 1 : 1;
    if (removed == NULL || map->labels == NULL)
        return c->plan->values[value].shape.dim[axis];
    return kept_along(c, map, axis, removed);
}

static int64_t kept_bias(const struct coupling *c, const struct layer *layer, int64_t channels)
{
    if (layer->bias == VALUE_NONE)
        return 0;
    bool single = shape_elements(&c->graph->values[layer->bias].constant->shape) == 1;
    return single ? 1 : channels;
}

static void cost_layer(const struct coupling *c, int index, const bool *removed, struct layer_cost *cost)
{
    const struct layer *layer = &c->layers->items[index];
    cost->channels = kept_channels(c, index, removed);
    cost->input_channels = kept_inputs(c, layer, removed);
    /* Weights that each filter has per input channel, and input channels that it reads. */
    int64_t full_inputs = kept_inputs(c, layer, NULL);
    int64_t reads = layer->kind == LAYER_DEPTHWISE ? 1 : cost->input_channels / layer->groups;
    int64_t full_reads = layer->kind == LAYER_DEPTHWISE ? 1 : full_inputs / layer->groups;
    int64_t weights = cost->channels * (layer->filter_length / full_reads) * reads;
    int64_t bias = kept_bias(c, layer, cost->channels);
    int64_t norm = layer->norm_node >= 0 ? 2 * cost->channels : 0;
    int64_t output = kept_elements(c, layer->linear, removed);
    cost->parameters = weights + bias + norm;
    cost->macs = cost->channels == 0 ? 0 : (double)(output / cost->channels) * (double)weights;
    cost->activation_bytes = output * (int64_t)sizeof(float);
}

/* What Torch-Pruning counts beside weights, per element of a node's output or, for pooling, of its input. */
static const struct {
    const char *op;
    int per_output, per_input;
} extras[] = {
    {"BatchNormalization", 2, 0},
    {"Relu", 1, 0},
    {"Clip", 1, 0},
    {"LeakyRelu", 1, 0},
    {"PRelu", 1, 0},
    {"Elu", 1, 0},
    {"MaxPool", 0, 1},
    {"AveragePool", 0, 1},
    {"GlobalAveragePool", 0, 1},
    {"GlobalMaxPool", 0, 1},
};

static double extra_operations(const struct coupling *c, const bool *removed)
{
    double operations = 0;
    for (int i = 0; i < c->graph->node_count; i++) {
        const struct node *node = &c->graph->nodes[i];
        for (size_t k = 0; k < sizeof extras / sizeof extras[0]; k++)
            if (strcmp(node->op->name, extras[k].op) == 0)
                operations += (double)(extras[k].per_output * kept_elements(c, node->outputs[0], removed) +
                                       extras[k].per_input * kept_elements(c, node->inputs[0], removed));
    }
    for (int i = 0; i < c->layers->count; i++)
        if (c->layers->items[i].bias != VALUE_NONE)
            operations += (double)kept_elements(c, c->layers->items[i].linear, removed);
    return operations;
}

/* Elements that stay of a constant beside a node's output (BatchNorm's describes axis 1 of it). */
static int64_t kept_constant(const struct coupling *c, const struct node *node, const struct tensor *tensor,
                             const bool *removed)
{
    const struct label_map *map = &c->maps[node->outputs[0]];
    int64_t elements = shape_elements(&tensor->shape);
    if (removed == NULL || map->labels == NULL || elements == 0)
        return elements;
    bool norm = strcmp(node->op->name, "BatchNormalization") == 0;
    for (int axis = 0; axis < tensor->shape.rank; axis++) {
        int along = norm ? 1 : map->shape.rank - tensor->shape.rank + axis;
        int64_t extent = tensor->shape.dim[axis];
        if (along >= 0 && map->extent.dim[along] == extent && extent > 1)
            elements = elements / extent * kept_along(c, map, along, removed);
    }
    return elements;
}

/* Could input `index` of the node be trained? Bounds, scales and shapes are none. */
static bool is_parameter(const struct coupling *c, const struct node *node, int index)
{
    int value = node->inputs[index];
    const struct tensor *tensor = value != VALUE_NONE ? c->graph->values[value].constant : NULL;
    if (tensor == NULL || tensor->type == ELEMENT_INT64 || tensor->shape.rank == 0)
        return false;
    return index == 0 || !(node->op->flags & (OPERATOR_SHAPE_INPUTS | OPERATOR_UNARY));
}

/* Parameters that belong to no layer: BatchNorm in front of a convolution, slopes, factors. Running
 * statistics are none. */
static int64_t other_parameters(const struct coupling *c, bool *owned, const bool *removed)
{
    int64_t count = 0;
    for (int i = 0; i < c->graph->node_count; i++) {
        const struct node *node = &c->graph->nodes[i];
        bool norm = strcmp(node->op->name, "BatchNormalization") == 0;
        for (int k = 0; k < node->input_count; k++) {
            if (!is_parameter(c, node, k) || owned[node->inputs[k]])
                continue;
            owned[node->inputs[k]] = true;
            if (!norm || k < 3)
                count += kept_constant(c, node, c->graph->values[node->inputs[k]].constant, removed);
        }
    }
    return count;
}

static void mark_owned(const struct coupling *c, bool *owned)
{
    for (int i = 0; i < c->layers->count; i++) {
        const struct layer *layer = &c->layers->items[i];
        const int values[] = {layer->weight, layer->bias, layer->scale,
                              layer->shift,  layer->mean, layer->var};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            if (values[k] != VALUE_NONE)
                owned[values[k]] = true;
    }
}

status cost_compute(const struct coupling *c, const bool *removed, enum cost_rule rule, struct cost *cost,
                    struct error *error)
{
    *cost = (struct cost){.layer_count = c->layers->count};
    cost->layers = mem_new((size_t)c->layers->count + 1, sizeof *cost->layers);
    bool *owned = mem_new((size_t)c->graph->value_count + 1, sizeof *owned);
    if (cost->layers == NULL || owned == NULL) {
        mem_free(owned);
        cost_free(cost);
        return error_memory(error);
    }
    for (int i = 0; i < c->layers->count; i++) {
        cost_layer(c, i, removed, &cost->layers[i]);
        cost->channels += cost->layers[i].channels;
        cost->parameters += cost->layers[i].parameters;
        cost->macs += cost->layers[i].macs;
        cost->activation_bytes += cost->layers[i].activation_bytes;
    }
    mark_owned(c, owned);
    cost->parameters += other_parameters(c, owned, removed);
    if (rule == COST_PTFLOPS)
        cost->macs += extra_operations(c, removed);
    mem_free(owned);
    return STATUS_OK;
}

void cost_free(struct cost *cost)
{
    mem_free(cost->layers);
    *cost = (struct cost){0};
}
