/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the layers of a network in its graph. */
#include "score/layer.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "score/elementwise.h"
#include "score/layer_name.h"
#include "score/layer_search.h"
#include "score/layer_stage.h"

const struct tensor *layer_real_input(const struct layer_search *search, const struct node *node, int index)
{
    const int value = index < node->input_count ? node->inputs[index] : VALUE_NONE;
    const struct tensor *tensor = value == VALUE_NONE ? NULL : search->graph->values[value].constant;
    return tensor && (tensor->type == ELEMENT_FLOAT || tensor->type == ELEMENT_DOUBLE) ? tensor : NULL;
}

static int64_t first_stride(const struct node *node)
{
    const struct attribute *strides = node_attribute(node, "strides");
    return strides && strides->kind == ATTRIBUTE_INTEGERS && strides->count > 0 ? strides->integers[0] : 1;
}

/* weight: input channels x channels of a group x kernel */
static void describe_transposed(const struct node *node, const struct shape *shape, struct layer *layer)
{
    const int64_t taps = shape_product(shape, 2, shape->rank), together = shape->dim[1];
    layer->groups = node_integer(node, "group", 1);
    const int64_t inputs = shape->dim[0] / layer->groups;
    layer->channels = together * layer->groups;
    layer->filter_length = inputs * taps;
    layer->places = (struct filter_places){.channels = together,
                                           .channels_step = inputs * together * taps,
                                           .channel_step = taps,
                                           .elements = taps,
                                           .element_step = together * taps};
    layer->input_channels = shape->dim[0];
    layer->kind = layer->groups > 1 && inputs == 1 ? LAYER_DEPTHWISE : LAYER_TRANSPOSED;
}

/* weight: channels x input channels per group x kernel */
static void describe_straight(const struct node *node, const struct shape *shape, struct layer *layer)
{
    layer->groups = node_integer(node, "group", 1);
    layer->channels = shape->dim[0];
    layer->filter_length = shape_product(shape, 1, shape->rank);
    layer->places = (struct filter_places){
        .channels = layer->channels, .channel_step = layer->filter_length, .elements = layer->filter_length};
    layer->input_channels = shape->dim[1] * layer->groups;
    if (layer->groups > 1) {
        layer->kind = shape->dim[1] == 1 ? LAYER_DEPTHWISE : LAYER_GROUPED;
    } else {
        layer->kind = LAYER_CONVOLUTION;
    }
}

static bool describe_convolution(const struct node *node, const struct tensor *weight, struct layer *layer)
{
    const struct shape *shape = &weight->shape;
    if (shape->rank < 3 || shape_elements(shape) <= 0) {
        return false;
    }
    if (node->op->flags & OPERATOR_TRANSPOSED) {
        describe_transposed(node, shape, layer);
    } else {
        describe_straight(node, shape, layer);
    }
    layer->kernel_height = shape->rank > 3 ? shape->dim[shape->rank - 2] : 1;
    layer->kernel_width = shape->dim[shape->rank - 1];
    layer->stride = first_stride(node);
    return true;
}

/* weight: input x channels, or the other way round when transposed */
static bool describe_linear(const struct tensor *weight, bool transposed, struct layer *layer)
{
    if (weight->shape.rank != 2) {
        return false;
    }
    layer->kind = LAYER_LINEAR;
    layer->channels = weight->shape.dim[transposed ? 0 : 1];
    layer->filter_length = weight->shape.dim[transposed ? 1 : 0];
    layer->places = (struct filter_places){.channels = layer->channels,
                                           .channel_step = transposed ? layer->filter_length : 1,
                                           .elements = transposed ? layer->filter_length : 1,
                                           .element_step = layer->channels};
    layer->input_channels = layer->filter_length;
    layer->kernel_height = layer->kernel_width = layer->stride = layer->groups = 1;
    return true;
}

/* One constant for all channels, or for each; or none at all. */
static bool bias_fits(const struct layer_search *search, const struct node *node, int64_t channels)
{
    const struct tensor *bias = layer_real_input(search, node, 2);
    if (node->input_count < 3 || node->inputs[2] == VALUE_NONE) {
        return true;
    }
    const int64_t elements = bias ? shape_elements(&bias->shape) : 0;
    return elements == 1 || (elements == channels && bias->shape.dim[bias->shape.rank - 1] == channels);
}

/* Fill in kind and sizes; false when the node is no layer. */
static bool describe(const struct layer_search *search, const struct node *node, struct layer *layer)
{
    const struct tensor *weight = layer_real_input(search, node, 1);
    if (node->input_count < 2 || node->output_count < 1 || !weight ||
        (node->inputs[0] != VALUE_NONE && search->graph->values[node->inputs[0]].constant)) {
        return false;
    }
    bool found = false;
    if (node->op->flags & OPERATOR_CONVOLUTION) {
        found = describe_convolution(node, weight, layer);
    } else if ((node->op->flags & OPERATOR_PRODUCT) && !product_transposes(node, "transA")) {
        found = describe_linear(weight, product_transposes(node, "transB"), layer);
        layer->bias_factor = node->op->flags & OPERATOR_GENERAL ? node_real(node, "beta", 1.0) : 1.0;
    }
    return found && layer->channels > 0 && layer->filter_length > 0 &&
           bias_fits(search, node, layer->channels);
}

/* The same numbers, read in the same way. */
static bool same_filters(const struct layer *a, const struct layer *b)
{
    const struct filter_places *x = &a->places, *y = &b->places;
    return a->kind == b->kind && a->groups == b->groups && a->channels == b->channels &&
           a->filter_length == b->filter_length && a->bias_factor == b->bias_factor &&
           x->channels == y->channels && x->channels_step == y->channels_step &&
           x->channel_step == y->channel_step && x->elements == y->elements &&
           x->element_step == y->element_step;
}

/* A new layer, or one more call of an earlier one. */
static status add_layer(struct layer_search *search, int index, struct error *error)
{
    const struct node *node = &search->graph->nodes[index];
    struct layer layer = {.node = index,
                          .norm_node = -1,
                          .activation_node = -1,
                          .bias_factor = 1.0,
                          .bias = VALUE_NONE,
                          .scale = VALUE_NONE,
                          .shift = VALUE_NONE,
                          .mean = VALUE_NONE,
                          .var = VALUE_NONE,
                          .call_count = 1};
    if (!describe(search, node, &layer)) {
        return STATUS_OK;
    }
    layer.weight = node->inputs[1];
    const int first = search->layer_of_weight[layer.weight] - 1;
    if (first >= 0) { /* a node that reads the weight in another way binds the layer, and is none */
        const bool same = same_filters(&search->layers->items[first], &layer);
        search->layers->items[first].call_count += same;
        search->layer_of_node[index] = same ? first : -1;
        return STATUS_OK;
    }
    const char *name = module_name(search->layers->arena, search->graph->values[layer.weight].name, node);
    layer.name = name ? name_set_add(search->names, search->layers->arena, name) : NULL;
    if (!layer.name) {
        return error_memory(error);
    }
    search->layer_of_node[index] = search->layers->count;
    search->layers->items[search->layers->count++] = layer;
    search->layer_of_weight[layer.weight] = search->layers->count;
    return STATUS_OK;
}

/* Walk back from the network's outputs; the first layer on each way has channels that are outputs. */
static status mark_output_layers(struct layer_search *search, struct error *error)
{
    const struct graph *graph = search->graph;
    bool *seen = arena_alloc(search->arena, (size_t)graph->node_count, sizeof *seen);
    int *stack = arena_alloc(search->arena, (size_t)graph->node_count, sizeof *stack);
    if (!seen || !stack) {
        return error_memory(error);
    }
    int depth = 0;
    for (int i = 0; i < graph->output_count; i++) {
        int producer = graph->values[graph->outputs[i]].producer;
        if (producer >= 0 && !seen[producer]) {
            seen[producer] = true;
            stack[depth++] = producer;
        }
    }
    while (depth > 0) {
        int index = stack[--depth];
        if (search->layer_of_node[index] >= 0) {
            search->layers->items[search->layer_of_node[index]].output_layer = true;
            continue;
        }
        const struct node *node = &graph->nodes[index];
        for (int i = 0; i < node->input_count; i++) {
            int producer = node->inputs[i] == VALUE_NONE ? -1 : graph->values[node->inputs[i]].producer;
            if (producer >= 0 && !seen[producer]) {
                seen[producer] = true;
                stack[depth++] = producer;
            }
        }
    }
    return STATUS_OK;
}

static status search_init(struct layer_search *search, const struct graph *graph, struct error *error)
{
    size_t nodes = (size_t)graph->node_count;
    size_t count = 0;
    *search = (struct layer_search){.graph = graph};
    for (size_t i = 0; i < nodes; i++) {
        struct layer layer;
        count += describe(search, &graph->nodes[i], &layer);
    }
    search->arena = arena_new();
    search->names = name_set_new(count);
    search->layers = mem_new(1, sizeof *search->layers);
    if (!search->arena || !search->names || !search->layers) {
        return error_memory(error);
    }
    search->layers->arena = arena_new();
    if (!search->layers->arena) {
        return error_memory(error);
    }
    search->is_output = arena_alloc(search->arena, (size_t)graph->value_count, sizeof *search->is_output);
    search->layer_of_node = arena_alloc(search->arena, nodes, sizeof *search->layer_of_node);
    search->layer_of_weight =
        arena_alloc(search->arena, (size_t)graph->value_count, sizeof *search->layer_of_weight);
    search->layers->items = arena_alloc(search->layers->arena, count, sizeof *search->layers->items);
    search->elements = (struct element_search){
        .graph = graph,
        .uses = &search->uses,
        .is_output = search->is_output,
        .inside = arena_alloc(search->arena, (size_t)graph->value_count, sizeof(bool)),
        .nodes = arena_alloc(search->arena, nodes, sizeof(int)),
    };
    if (!search->is_output || !search->layer_of_node || !search->layer_of_weight || !search->layers->items ||
        !search->elements.inside || !search->elements.nodes) {
        return error_memory(error);
    }
    for (int i = 0; i < graph->node_count; i++) {
        search->layer_of_node[i] = -1;
    }
    for (int i = 0; i < graph->output_count; i++) {
        search->is_output[graph->outputs[i]] = true;
    }
    return graph_uses(graph, search->arena, &search->uses, error);
}

status layers_find(const struct graph *graph, struct layers **layers, struct error *error)
{
    struct layer_search search;
    status code = search_init(&search, graph, error);
    for (int i = 0; code == STATUS_OK && i < graph->node_count; i++) {
        code = add_layer(&search, i, error);
    }
    if (code == STATUS_OK) {
        code = layer_calls_find(&search, error);
    }
    if (code == STATUS_OK) {
        code = mark_output_layers(&search, error);
    }
    name_set_free(search.names);
    arena_free(search.arena);
    if (code != STATUS_OK) {
        layers_free(search.layers);
        return code;
    }
    *layers = search.layers;
    return STATUS_OK;
}

bool layers_normed(const struct layers *layers)
{
    for (int i = 0; i < layers->count; i++) {
        if (!layers->items[i].output_layer && layers->items[i].norm_node >= 0)
            return true;
    }
    return false;
}

void layers_free(struct layers *layers)
{
    if (layers) {
        arena_free(layers->arena);
        mem_free(layers);
    }
}

int layers_index(const struct layers *layers, const char *name)
{
    for (int i = 0; i < layers->count; i++) {
        if (strcmp(layers->items[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

bool layers_match(const struct layers *layers, const char *word, int index)
{
    int named = layers_index(layers, word);
    if (named >= 0)
        return named == index;
    const char *name = layers->items[index].name;
    return layer_in_stage(name, word) || (!layers_below(layers, word) && glob_match(word, name));
}

bool layers_is_pattern(const struct layers *layers, const char *word)
{
    return layers_index(layers, word) < 0 && (glob_is_pattern(word) || layers_in_stage(layers, word));
}

/* Filters that are columns: a few rows at a time, so that what is read and what is written stays near
 * although both are far apart. */
static void copy_columns(const struct layer *layer, const float *values, int64_t first, int64_t count,
                         double *out)
{
    enum { ROWS = 4 };
    const int64_t length = layer->filter_length, step = layer->places.element_step;
    for (int64_t k = 0; k < length; k += ROWS)
        for (int64_t c = 0; c < count; c++) {
            int64_t at = filter_place(&layer->places, first + c, k);
            for (int64_t i = k; i < k + ROWS && i < length; i++, at += step)
                out[c * length + i] = (double)values[at];
        }
}

/* Runs outside, filters inside. */
void layer_filter_group(const struct graph *graph, const struct layer *layer, int64_t first, int64_t count,
                        double *out)
{
    const struct tensor *weight = graph->values[layer->weight].constant;
    const float *values = weight->type == ELEMENT_FLOAT ? weight->data : NULL;
    const int64_t length = layer->filter_length, run = layer->places.elements;
    if (values && run == 1) {
        copy_columns(layer, values, first, count, out);
        return;
    }
    for (int64_t k = 0; k < length; k += run)
        for (int64_t c = 0; c < count; c++) {
            int64_t at = filter_place(&layer->places, first + c, k);
            for (int64_t i = k; i < k + run && i < length; i++, at++)
                out[c * length + i] = values ? (double)values[at] : tensor_get(weight, at);
        }
}

void layer_filter(const struct graph *graph, const struct layer *layer, int64_t channel, double *out)
{
    layer_filter_group(graph, layer, channel, 1, out);
}

bool layer_measure_filters(const struct graph *graph, const struct layer *layer,
                           double (*measure)(const double *filter, int64_t elements), double *measures)
{
    const int64_t length = layer->filter_length;
    double *filters = mem_new((size_t)length, FILTERS_TOGETHER * sizeof *filters);
    for (int64_t first = 0; filters && first < layer->channels; first += FILTERS_TOGETHER) {
        const int64_t left = layer->channels - first,
                      count = left < FILTERS_TOGETHER ? left : FILTERS_TOGETHER;
        layer_filter_group(graph, layer, first, count, filters);
        for (int64_t c = 0; c < count; c++)
            measures[first + c] = measure(filters + c * length, length);
    }
    mem_free(filters);
    return filters != NULL;
}

double *layer_filters(const struct graph *graph, const struct layer *layer)
{
    size_t elements;
    if (!size_multiply((size_t)layer->channels, (size_t)layer->filter_length, &elements)) {
        return NULL;
    }
    double *filters = mem_aligned(elements, sizeof *filters);
    for (int64_t c = 0; filters && c < layer->channels; c += FILTERS_TOGETHER) {
        const int64_t left = layer->channels - c;
        layer_filter_group(graph, layer, c, left < FILTERS_TOGETHER ? left : FILTERS_TOGETHER,
                           filters + c * layer->filter_length);
    }
    return filters;
}

double *layer_parameter(const struct graph *graph, const struct layer *layer, int value)
{
    double *result = mem_new((size_t)layer->channels, sizeof *result);
    if (!result || value == VALUE_NONE) {
        return result;
    }
    const struct tensor *tensor = graph->values[value].constant;
    bool single = shape_elements(&tensor->shape) == 1;
    if (tensor->type == ELEMENT_FLOAT && !single) { /* a sweep over gammas does this very often */
        const float *values = tensor->data;
        for (int64_t c = 0; c < layer->channels; c++)
            result[c] = (double)values[c];
        return result;
    }
    for (int64_t c = 0; c < layer->channels; c++) {
        result[c] = tensor_get(tensor, single ? 0 : c);
    }
    return result;
}

int64_t layer_taps(const struct layer *layer)
{
    return layer->filter_length / (layer->input_channels / layer->groups);
}

int64_t layer_first_input(const struct layer *layer, int64_t c)
{
    return c / (layer->channels / layer->groups) * (layer->input_channels / layer->groups);
}

int layer_axis(const struct layer *layer, int rank)
{
    return layer->kind == LAYER_LINEAR ? rank - 1 : 1;
}

const char *layer_kind_name(enum layer_kind kind)
{
    static const char *const names[] = {"convolution", "depthwise", "grouped", "linear", "transposed"};
    return names[kind];
}
