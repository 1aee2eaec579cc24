/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of layers: what belongs to each behind its node. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "score/elementwise.h"
#include "score/layer.h"
#include "score/layer_name.h"
#include "score/layer_search.h"

/* The one node that uses a value, as its only result; -1 where there are more uses or none. */
static int sole_consumer(const struct layer_search *search, int value)
{
    int first = search->uses.start[value], end = search->uses.start[value + 1];
    return end - first == 1 && !search->is_output[value] ? search->uses.list[first] : -1;
}

/* --- bias ----------------------------------------------------------------------------------------------- */

/* Numbers for the last dimension, which counts the channels. */
static bool is_row(const struct tensor *tensor, int64_t channels)
{
    const struct shape *shape = &tensor->shape;
    return shape->rank > 0 && shape->dim[shape->rank - 1] == channels && shape_elements(shape) == channels;
}

/* Exporters write a linear layer without Gemm as MatMul and Add: the bias belongs to the layer. */
static void join_added_bias(const struct layer_search *search, const struct layer *layer,
                            struct layer_call *call)
{
    int next = sole_consumer(search, call->linear);
    if (layer->kind != LAYER_LINEAR || call->bias != VALUE_NONE || next < 0 ||
        !(search->graph->nodes[next].op->flags & OPERATOR_ADDITION)) {
        return;
    }
    const struct node *add = &search->graph->nodes[next];
    for (int i = 0; i < 2 && i < add->input_count; i++) {
        const struct tensor *bias = layer_real_input(search, add, i);
        if (bias && bias->shape.rank == 1 && is_row(bias, layer->channels)) {
            call->bias = add->inputs[i];
            call->linear = add->outputs[0];
            return;
        }
    }
}

static void join_biases(const struct layer_search *search, struct layer *layer, struct layer_call *calls)
{
    for (int i = 0; i < layer->call_count; i++) {
        const struct node *node = &search->graph->nodes[calls[i].node];
        calls[i].linear = node->outputs[0];
        calls[i].bias = node->input_count > 2 ? node->inputs[2] : VALUE_NONE;
        join_added_bias(search, layer, &calls[i]);
        calls[i].target = calls[i].linear;
        layer->bound |= calls[i].bias != calls[0].bias;
    }
    layer->bias = calls[0].bias;
}

/* --- BatchNorm ------------------------------------------------------------------------------------------ */

/* The BatchNorm that alone uses y, -1 for none. */
static status find_norm(const struct layer_search *search, const struct layer *layer, int linear, int *found,
                        struct error *error)
{
    int next = sole_consumer(search, linear);
    *found = -1;
    if (next < 0 || !(search->graph->nodes[next].op->flags & OPERATOR_NORMALIZATION)) {
        return STATUS_OK;
    }
    const struct node *norm = &search->graph->nodes[next];
    if (norm->input_count < 5 || norm->inputs[0] != linear) {
        return STATUS_OK;
    }
    for (int i = 1; i < 5; i++) {
        const struct tensor *parameter = layer_real_input(search, norm, i);
        if (!parameter) {
            return STATUS_OK;
        }
        if (shape_elements(&parameter->shape) != layer->channels) {
            return error_set(error, STATUS_SHAPE, "node %s: %lld values for the %lld channels of layer %s",
                             norm->name, (long long)shape_elements(&parameter->shape),
                             (long long)layer->channels, layer->name);
        }
    }
    *found = next;
    return STATUS_OK;
}

static bool same_norm(const struct node *a, const struct node *b)
{
    for (int i = 1; i < 5; i++) {
        if (a->inputs[i] != b->inputs[i]) {
            return false;
        }
    }
    return node_real(a, "epsilon", 1e-5) == node_real(b, "epsilon", 1e-5);
}

/* It moves the targets behind it, where it is the same one behind every call. A BatchNorm of its own behind
 * each belongs to none: there is no one scale and shift. */
static status join_norms(const struct layer_search *search, struct layer *layer, struct layer_call *calls,
                         struct error *error)
{
    const struct node *nodes = search->graph->nodes;
    bool same = !layer->bound; /* y is measured from one bias, or from one mean and bias */
    for (int i = 0; i < layer->call_count; i++) {
        if (find_norm(search, layer, calls[i].linear, &calls[i].norm_node, error) != STATUS_OK) {
            return error->code;
        }
        same = same && calls[i].norm_node >= 0 &&
               same_norm(&nodes[calls[0].norm_node], &nodes[calls[i].norm_node]);
    }
    for (int i = 0; i < layer->call_count; i++) {
        calls[i].norm_node = same ? calls[i].norm_node : -1;
        calls[i].target = same ? nodes[calls[i].norm_node].outputs[0] : calls[i].linear;
    }
    if (!same) {
        return STATUS_OK;
    }
    const struct node *norm = &nodes[calls[0].norm_node];
    layer->scale = norm->inputs[1];
    layer->shift = norm->inputs[2];
    layer->mean = norm->inputs[3];
    layer->var = norm->inputs[4];
    layer->epsilon = node_real(norm, "epsilon", 1e-5);
    layer->norm_name = module_name(search->layers->arena, search->graph->values[layer->scale].name, norm);
    return layer->norm_name ? STATUS_OK : error_memory(error);
}

/* --- activation ----------------------------------------------------------------------------------------- */

/* How many dimensions u has: as the graph says, else as the operator makes it. */
static int target_rank(const struct layer_search *search, const struct layer *layer, int target)
{
    int declared = search->graph->values[target].shape.rank;
    int made = layer->kind == LAYER_LINEAR ? 2 : search->graph->values[layer->weight].constant->shape.rank;
    return declared > 0 ? declared : made;
}

/* One name for all calls. */
static const char *common_name(const char *name, const char *other)
{
    return name && other && strcmp(name, other) == 0 ? name : !name && !other ? NULL : "several";
}

static status join_activations(struct layer_search *search, struct layer *layer, struct layer_call *calls,
                               struct error *error)
{
    for (int i = 0; i < layer->call_count; i++) {
        int rank = target_rank(search, layer, calls[i].target);
        const struct element_target target = {.value = calls[i].target,
                                              .rank = rank,
                                              .axis = layer_axis(layer, rank),
                                              .channels = layer->channels};
        struct element_layer found;
        status code = element_layer_find(&search->elements, &target, &found, error);
        if (code != STATUS_OK) {
            return error_prefix(error, "layer %s", layer->name);
        }
        calls[i].activation_node = found.node;
        calls[i].activated = found.value;
        layer->activation_name = i == 0 ? found.name : common_name(layer->activation_name, found.name);
    }
    return STATUS_OK;
}

/* --- together ------------------------------------------------------------------------------------------- */

static status join_layer(struct layer_search *search, struct layer *layer, struct layer_call *calls,
                         struct error *error)
{
    int uses = search->uses.start[layer->weight + 1] - search->uses.start[layer->weight];
    join_biases(search, layer, calls);
    if (join_norms(search, layer, calls, error) != STATUS_OK ||
        join_activations(search, layer, calls, error) != STATUS_OK) {
        return error->code;
    }
    layer->bound |= uses != layer->call_count || search->is_output[layer->weight];
    layer->calls = calls;
    layer->norm_node = calls[0].norm_node;
    layer->activation_node = calls[0].activation_node;
    layer->linear = calls[0].linear;
    layer->target = calls[0].target;
    layer->activated = calls[0].activated;
    return STATUS_OK;
}

status layer_calls_find(struct layer_search *search, struct error *error)
{
    const struct layers *layers = search->layers;
    struct layer_call **calls = arena_alloc(search->arena, (size_t)layers->count, sizeof *calls);
    int *filled = arena_alloc(search->arena, (size_t)layers->count, sizeof *filled);
    if (!calls || !filled) {
        return error_memory(error);
    }
    for (int i = 0; i < layers->count; i++) {
        calls[i] = arena_alloc(layers->arena, (size_t)layers->items[i].call_count, sizeof **calls);
        if (!calls[i]) {
            return error_memory(error);
        }
    }
    for (int n = 0; n < search->graph->node_count; n++) {
        int layer = search->layer_of_node[n];
        if (layer >= 0) {
            calls[layer][filled[layer]++].node = n;
        }
    }
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < layers->count; i++) {
        code = join_layer(search, &layers->items[i], calls[i], error);
    }
    return code;
}
