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
    return stored == 0 ? 0 : elements / stored * kept;
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
    int64_t extent = c->plan->values[value].shape.dim[axis], kept = 0;
    if (removed == NULL || map->labels == NULL)
        return extent;
    for (int64_t i = 0; i < extent; i++) {
        int64_t index[TENSOR_MAX_RANK] = {0};
        index[axis] = i;
        kept += !label_removed(c, label_map_at(map, index), removed);
    }
    return kept;
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
    int64_t bias = layer->bias != VALUE_NONE ? cost->channels : 0;
    int64_t norm = layer->norm_node >= 0 ? 2 * cost->channels : 0;
    int64_t output = kept_elements(c, layer->linear, removed);
    cost->parameters = weights + bias + norm;
    cost->macs = cost->channels == 0 ? 0 : (double)(output / cost->channels) * (double)weights;
    cost->activation_bytes = output * (int64_t)sizeof(float);
}

static double element_operations(const struct coupling *c, const bool *removed)
{
    double operations = 0;
    for (int i = 0; i < c->graph->node_count; i++) {
        const struct node *node = &c->graph->nodes[i];
        double per_element = strcmp(node->op->name, "BatchNormalization") == 0 ? 2
                             : strcmp(node->op->name, "Relu") == 0             ? 1
                                                                               : 0;
        if (per_element > 0)
            operations += per_element * (double)kept_elements(c, node->outputs[0], removed);
    }
    return operations;
}

/* Elements of a constant that stay, when it stands beside (BatchNorm: describes axis 1 of) a node's output.
 */
static int64_t kept_constant(const struct coupling *c, const struct node *node, const struct tensor *tensor,
                             const bool *removed)
{
    const struct label_map *map = &c->maps[node->outputs[0]];
    int64_t elements = shape_elements(&tensor->shape);
    if (removed == NULL || map->labels == NULL)
        return elements;
    bool norm = strcmp(node->op->name, "BatchNormalization") == 0;
    for (int axis = 0; axis < tensor->shape.rank; axis++) {
        int along = norm ? 1 : map->shape.rank - tensor->shape.rank + axis;
        int64_t extent = tensor->shape.dim[axis], kept = 0;
        if (along < 0 || map->extent.dim[along] != extent || extent == 1)
            continue;
        for (int64_t i = 0; i < extent; i++) {
            int64_t index[TENSOR_MAX_RANK] = {0};
            index[along] = i;
            kept += !label_removed(c, label_map_at(map, index), removed);
        }
        elements = elements / extent * kept;
    }
    return elements;
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
            int value = node->inputs[k];
            const struct tensor *tensor = value != VALUE_NONE ? c->graph->values[value].constant : NULL;
            if (tensor == NULL || tensor->type == ELEMENT_INT64 || tensor->shape.rank == 0 || owned[value])
                continue;
            owned[value] = true;
            if (!norm || k < 3)
                count += kept_constant(c, node, tensor, removed);
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
        cost->macs += element_operations(c, removed);
    mem_free(owned);
    return STATUS_OK;
}

void cost_free(struct cost *cost)
{
    mem_free(cost->layers);
    *cost = (struct cost){0};
}
