/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters, multiply-adds and activation memory, of a network or of what would be left of it. */
#include "prune/cost.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "prune/branch.h"
#include "prune/coupling_internal.h"
#include "prune/kept.h"
#include "prune/label.h"
#include "prune/operator_rules.h"
#include "prune/operator_rules_internal.h"
#include "score/layer.h"

const char cost_other_name[] = "(no layer)";

const char *cost_rule_name(int index)
{
    static const char *const names[] = {"macs", "ptflops"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

struct counting {
    const struct coupling *coupling;
    const bool *removed;
    struct cost *cost;
    bool *counted;      /* per value */
    int *layer_of_node; /* the layer whose parameters a node holds, -1 */
    struct branch_cut cut;
};

static bool is_dead(const struct counting *counting, int node)
{
    return counting->cut.dead != NULL && counting->cut.dead[node];
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
    int axis = layer_axis(layer, c->plan->values[value].shape.rank);
    if (removed == NULL || map->labels == NULL)
        return c->plan->values[value].shape.dim[axis];
    return kept_along(c, map, axis, removed);
}

/* Weights of the filters that stay, over the input channels that do. */
static int64_t kept_weights(const struct coupling *c, const struct layer *layer,
                            const struct layer_cost *cost)
{
    int64_t full_inputs = kept_inputs(c, layer, NULL);
    int64_t reads = layer->kind == LAYER_DEPTHWISE ? 1 : cost->input_channels / layer->groups;
    int64_t full_reads = layer->kind == LAYER_DEPTHWISE ? 1 : full_inputs / layer->groups;
    return cost->channels * (layer->filter_length / full_reads) * reads;
}

/* Multiply-adds of one call, with so many weights. A transposed convolution multiplies every number that it
 * reads, once for each of its channel's weights. */
static double call_macs(const struct coupling *c, const struct layer_call *call,
                        const struct layer_cost *cost, double weights, const bool *removed)
{
    const struct node *node = &c->graph->nodes[call->node];
    const bool transposed = node->op->flags & OPERATOR_TRANSPOSED;
    const int64_t elements = kept_elements(c, transposed ? node->inputs[0] : call->linear, removed);
    const int64_t channels = transposed ? cost->input_channels : cost->channels;
    return channels == 0 ? 0 : (double)(elements / channels) * weights;
}

/* Weights count once, what is done with them at every call. */
static void cost_layer(const struct counting *counting, int index, struct layer_cost *cost)
{
    const struct coupling *c = counting->coupling;
    const bool *removed = counting->removed;
    const struct layer *layer = &c->layers->items[index];
    if (branch_cut_layer(&counting->cut, layer))
        return;
    cost->channels = kept_channels(c, index, removed);
    cost->input_channels = kept_inputs(c, layer, removed);
    double weights = (double)kept_weights(c, layer, cost);
    for (int i = 0; i < layer->call_count; i++) {
        cost->macs += call_macs(c, &layer->calls[i], cost, weights, removed);
        cost->activation_bytes += kept_elements(c, layer->calls[i].linear, removed) * (int64_t)sizeof(float);
    }
}

/* What Torch-Pruning counts beside weights. */
static double extra_operations(const struct counting *counting)
{
    const struct coupling *c = counting->coupling;
    const bool *removed = counting->removed;
    double operations = 0;
    for (int i = 0; i < c->graph->node_count; i++) {
        const struct node *node = &c->graph->nodes[i];
        const struct operator_rule *rule = c->rules[i];
        if (is_dead(counting, i))
            continue;
        if (rule->output_cost > 0)
            operations += (double)(rule->output_cost * kept_elements(c, node->outputs[0], removed));
        if (rule->input_cost > 0)
            operations += (double)(rule->input_cost * kept_elements(c, node->inputs[0], removed));
    }
    for (int i = 0; i < c->layers->count; i++)
        for (int k = 0; k < c->layers->items[i].call_count; k++)
            if (c->layers->items[i].calls[k].bias != VALUE_NONE &&
                !is_dead(counting, c->layers->items[i].calls[k].node))
                operations += (double)kept_elements(c, c->layers->items[i].calls[k].linear, removed);
    return operations;
}

/* --- parameters ----------------------------------------------------------------------------------------- */

/* What an operand of a node is, as cost.h says what parameters are. */
enum operand_kind {
    OPERAND_NONE,    /* no parameter */
    OPERAND_BESIDE,  /* beside activations: a parameter when it is more than one number */
    OPERAND_TRAINED, /* a parameter in any case */
};

static bool is_bias(const struct layer *layer, int value)
{
    for (int i = 0; i < layer->call_count; i++)
        if (layer->calls[i].bias == value)
            return true;
    return false;
}

static enum operand_kind operand_kind(const struct counting *counting, int index, int operand)
{
    const struct coupling *c = counting->coupling;
    const struct node *node = &c->graph->nodes[index];
    int value = node->inputs[operand], layer = counting->layer_of_node[index];
    const struct tensor *tensor = value != VALUE_NONE ? c->graph->values[value].constant : NULL;
    int trained = c->rules[index]->trained;
    if (tensor == NULL || tensor->type == ELEMENT_INT64 || is_dead(counting, index))
        return OPERAND_NONE;
    if (layer >= 0 && is_bias(&c->layers->items[layer], value))
        return OPERAND_TRAINED;
    if (norm_is_bare(c->graph, node))
        return OPERAND_NONE;
    if (trained > 0 && operand > 0)
        return operand < trained ? OPERAND_TRAINED : OPERAND_NONE;
    return operand > 0 && (node->op->flags & (OPERATOR_SHAPE_INPUTS | OPERATOR_UNARY)) ? OPERAND_NONE
                                                                                       : OPERAND_BESIDE;
}

/* The node whose output tells what stays of a node's constants: itself, or the Concat that joins what an
 * Expand repeats for every image. */
static int telling_node(const struct coupling *c, int index)
{
    const struct node *node = &c->graph->nodes[index];
    struct joined_constant found;
    for (int i = index + 1; c->maps[node->outputs[0]].labels == NULL && i < c->graph->node_count; i++)
        for (int k = 0; c->rules[i]->cut == cut_concat && k < c->graph->nodes[i].input_count; k++)
            if (c->graph->nodes[i].inputs[k] == node->outputs[0] &&
                coupling_joined_constant(c, i, k, &found) && found.node == index)
                return i;
    return index;
}

/* Elements that stay of a constant beside a node's output. */
static int64_t kept_constant(const struct coupling *c, int index, const struct tensor *tensor,
                             const bool *removed)
{
    const struct label_map *map = &c->maps[c->graph->nodes[telling_node(c, index)].outputs[0]];
    int64_t elements = shape_elements(&tensor->shape);
    if (removed == NULL || map->labels == NULL || elements == 0)
        return elements;
    bool vector = c->rules[index]->channel_vectors && tensor->shape.rank == 1;
    for (int axis = 0; axis < tensor->shape.rank; axis++) {
        int along = vector ? 1 : map->shape.rank - tensor->shape.rank + axis;
        int64_t extent = tensor->shape.dim[axis];
        if (along >= 0 && map->extent.dim[along] == extent && extent > 1)
            elements = elements / extent * kept_along(c, map, along, removed);
    }
    return elements;
}

static bool is_whole(const struct coupling *c, const struct label_map *map, const bool *removed)
{
    const int64_t elements = map->labels != NULL ? label_map_elements(map) : 0;
    for (int64_t i = 0; i < elements; i++)
        if (label_removed(c, map->labels[i], removed))
            return false;
    return true;
}

/* Does the same stay of two values, element by element? */
static bool cut_alike(const struct coupling *c, int value, int other, const bool *removed)
{
    const struct label_map *one = &c->maps[value], *two = &c->maps[other];
    if (one->labels == NULL || two->labels == NULL || !shape_equal(&one->extent, &two->extent))
        return is_whole(c, one, removed) && is_whole(c, two, removed);
    for (int64_t i = 0; i < label_map_elements(one); i++)
        if (label_removed(c, one->labels[i], removed) != label_removed(c, two->labels[i], removed))
            return false;
    return true;
}

/* Does the same stay of a constant that two nodes share? Calls of one layer are cut alike. */
static bool share_alike(const struct counting *counting, int index, int operand, int other)
{
    const struct coupling *c = counting->coupling;
    const struct node *a = &c->graph->nodes[index], *b = &c->graph->nodes[other];
    const int layer = counting->layer_of_node[index];
    if (layer >= 0 && layer == counting->layer_of_node[other])
        return true;
    return cut_alike(c, a->outputs[0], b->outputs[0], counting->removed) &&
           (layer < 0 || operand != 1 || cut_alike(c, a->inputs[0], b->inputs[0], counting->removed));
}

/* Has a node in front counted this constant? One that several nodes share is one, as long as the same of it
 * stays in all of them. */
static bool is_counted(const struct counting *counting, int index, int operand)
{
    const struct coupling *c = counting->coupling;
    int value = c->graph->nodes[index].inputs[operand];
    if (!counting->counted[value] || counting->removed == NULL)
        return counting->counted[value];
    for (int i = 0; i <= index; i++) {
        const struct node *other = &c->graph->nodes[i];
        for (int k = 0; k < other->input_count && (i < index || k < operand); k++)
            if (other->inputs[k] == value && operand_kind(counting, i, k) != OPERAND_NONE &&
                share_alike(counting, index, operand, i))
                return true;
    }
    return false;
}

static void count_operand(struct counting *counting, int index, int operand)
{
    const struct coupling *c = counting->coupling;
    const struct node *node = &c->graph->nodes[index];
    int value = node->inputs[operand], layer = counting->layer_of_node[index];
    enum operand_kind kind = operand_kind(counting, index, operand);
    if (kind == OPERAND_NONE || is_counted(counting, index, operand))
        return;
    counting->counted[value] = true;
    bool weight = layer >= 0 && value == c->layers->items[layer].weight;
    int64_t count = weight ? kept_weights(c, &c->layers->items[layer], &counting->cost->layers[layer])
                           : kept_constant(c, index, c->graph->values[value].constant, counting->removed);
    if (kind == OPERAND_BESIDE && count <= 1)
        return;
    *(layer >= 0 ? &counting->cost->layers[layer].parameters : &counting->cost->other_parameters) += count;
    counting->cost->parameters += count;
}

/* A layer's parameters are with its own node, with the Add of its bias and with its BatchNorm. */
static void count_parameters(struct counting *counting)
{
    const struct coupling *c = counting->coupling;
    for (int i = 0; i < c->graph->node_count; i++)
        counting->layer_of_node[i] = -1;
    for (int i = 0; i < c->layers->count; i++)
        for (int k = 0; k < c->layers->items[i].call_count; k++) {
            const struct layer_call *call = &c->layers->items[i].calls[k];
            counting->layer_of_node[call->node] = i;
            counting->layer_of_node[c->graph->values[call->linear].producer] = i;
            if (call->norm_node >= 0)
                counting->layer_of_node[call->norm_node] = i;
        }
    for (int i = 0; i < c->graph->node_count; i++)
        for (int k = 0; k < c->graph->nodes[i].input_count; k++)
            count_operand(counting, i, k);
}

status cost_compute(const struct coupling *c, const bool *removed, enum cost_rule rule, struct cost *cost,
                    struct error *error)
{
    *cost = (struct cost){.layer_count = c->layers->count};
    cost->layers = mem_new((size_t)c->layers->count + 1, sizeof *cost->layers);
    struct counting counting = {
        .coupling = c,
        .removed = removed,
        .cost = cost,
        .counted = mem_new((size_t)c->graph->value_count + 1, sizeof *counting.counted),
        .layer_of_node = mem_new((size_t)c->graph->node_count + 1, sizeof *counting.layer_of_node),
    };
    struct arena *arena = arena_new();
    bool enough = cost->layers != NULL && counting.counted != NULL && counting.layer_of_node != NULL &&
                  arena != NULL && branches_cut(c, removed, arena, &counting.cut);
    for (int i = 0; enough && i < c->layers->count; i++) {
        cost_layer(&counting, i, &cost->layers[i]);
        cost->channels += cost->layers[i].channels;
        cost->macs += cost->layers[i].macs;
        cost->activation_bytes += cost->layers[i].activation_bytes;
    }
    if (enough)
        count_parameters(&counting);
    if (enough && rule == COST_PTFLOPS)
        cost->macs += extra_operations(&counting);
    mem_free(counting.counted);
    mem_free(counting.layer_of_node);
    arena_free(arena);
    if (!enough)
        cost_free(cost);
    return enough ? STATUS_OK : error_memory(error);
}

void cost_free(struct cost *cost)
{
    mem_free(cost->layers);
    *cost = (struct cost){0};
}
