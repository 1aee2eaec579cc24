/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a network that learns: a graph with constants of its own, parameters, and an engine for each part of
 * a batch.
 *
 * Exporters write equal constants once: the scales of untrained BatchNormalizations, or biases of zero, are
 * one tensor in the file and many parameters in the network. So what a layer has is made its own, unless the
 * layer's weights are shared too: then the layer is called twice. A norm that follows no layer tells by its
 * numbers: such as differ are shared on purpose. */
#include "train/network.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/engine/run.h"
#include "nn/execution/options.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/edit.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"
#include "nn/operator/operator.h"
#include "train/beside.h"
#include "train/exchange.h"
#include "train/network_internal.h"

/* --- what is learnt ------------------------------------------------------------------------------------- */

/* Input `input` of a node, where it is a constant of real numbers that is learnt. */
struct learnt {
    int node, input;
    enum parameter_kind kind;
    bool statistics; /* mean or variance: no parameter, but the network's own all the same */
};

struct finding {
    const struct graph *graph;
    struct learnt *items;
    int count;
    size_t capacity;
};

static bool is_real_constant(const struct graph *graph, const struct node *node, int input)
{
    const int value = input < node->input_count ? node->inputs[input] : VALUE_NONE;
    return value != VALUE_NONE && graph->values[value].constant &&
           graph->values[value].constant->type != ELEMENT_INT64;
}

static bool add_learnt(struct finding *finding, int node, int input, enum parameter_kind kind,
                       bool statistics)
{
    if (!is_real_constant(finding->graph, &finding->graph->nodes[node], input))
        return true;
    if (!mem_grow(&finding->items, &finding->capacity, (size_t)finding->count + 1, sizeof *finding->items))
        return false;
    finding->items[finding->count++] = (struct learnt){node, input, kind, statistics};
    return true;
}

/* Scale and shift of a norm that takes its statistics from every image. */
static bool find_in_norm(struct finding *finding, int n)
{
    if (norm_is_bare(finding->graph, &finding->graph->nodes[n]))
        return true;
    return add_learnt(finding, n, 1, PARAMETER_NORM_SCALE, false) &&
           add_learnt(finding, n, 2, PARAMETER_NORM_SHIFT, false);
}

static bool find_in_node(struct finding *finding, int n)
{
    const struct node *node = &finding->graph->nodes[n];
    const unsigned flags = node->op->flags;
    enum parameter_kind kind;
    const int beside = beside_operand(finding->graph, node, &kind);
    bool complete = true;
    if (flags & OPERATOR_NORMALIZATION)
        return add_learnt(finding, n, 1, PARAMETER_NORM_SCALE, false) &&
               add_learnt(finding, n, 2, PARAMETER_NORM_SHIFT, false) &&
               add_learnt(finding, n, 3, PARAMETER_NORM_SCALE, true) &&
               add_learnt(finding, n, 4, PARAMETER_NORM_SCALE, true);
    if (flags & OPERATOR_OWN_STATISTICS)
        return find_in_norm(finding, n);
    if (flags & OPERATOR_PRODUCT && !(flags & OPERATOR_GENERAL))
        complete = add_learnt(finding, n, 0, PARAMETER_WEIGHT, false);
    if (flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_LEARNT))
        complete = complete && add_learnt(finding, n, 1, PARAMETER_WEIGHT, false);
    if (flags & (OPERATOR_CONVOLUTION | OPERATOR_GENERAL))
        complete = complete && add_learnt(finding, n, 2, PARAMETER_BIAS, false);
    if (beside >= 0)
        complete = complete && add_learnt(finding, n, beside, kind, false);
    return complete;
}

/* The weights that tell whether two nodes are the same layer: their own, or of what they follow. */
static int layer_weights(const struct graph *graph, const struct node *node)
{
    if (node->op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT))
        return node->inputs[1];
    for (int i = 0; i < node->input_count; i++) {
        const int producer =
            node->inputs[i] == VALUE_NONE ? VALUE_NONE : graph->values[node->inputs[i]].producer;
        if (producer != VALUE_NONE &&
            graph->nodes[producer].op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT))
            return graph->nodes[producer].inputs[1];
    }
    return VALUE_NONE;
}

/* Equal numbers throughout are how untrained parameters begin. */
static bool is_uniform(const struct graph *graph, int value)
{
    const struct tensor *tensor = graph->values[value].constant;
    const int64_t count = shape_elements(&tensor->shape);
    int64_t i = 1;
    while (i < count && tensor_get(tensor, i) == tensor_get(tensor, 0))
        i++;
    return i >= count;
}

/* Operators whose weights are a layer's: shared, they make it the same layer. */
enum { WEIGHTED = OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_LEARNT };

/* An earlier item that is the same parameter of the same layer; -1 when there is none. */
static int same_parameter(const struct finding *finding, int index)
{
    const struct graph *graph = finding->graph;
    const struct learnt *item = &finding->items[index];
    const struct node *node = &graph->nodes[item->node];
    const int value = node->inputs[item->input];
    for (int i = 0; i < index; i++) {
        const struct learnt *other = &finding->items[i];
        const struct node *earlier = &graph->nodes[other->node];
        if (earlier->inputs[other->input] != value)
            continue;
        if (earlier->op->flags & node->op->flags & WEIGHTED && item->kind == PARAMETER_WEIGHT)
            return i;
        const int weights = layer_weights(graph, node);
        if (layer_weights(graph, earlier) == weights && (weights != VALUE_NONE || !is_uniform(graph, value)))
            return i;
    }
    return -1;
}

/* The same numbers in memory of their own. */
static struct tensor *own_tensor(struct tensor *tensor, enum element_type real)
{
    if (tensor->type != real)
        return tensor_convert(tensor, real);
    struct tensor *own = tensor_new(real, &tensor->shape);
    if (own) {
        own->file_type = tensor->file_type;
        memcpy(own->data, tensor->data, (size_t)shape_elements(&tensor->shape) * element_size(real));
    }
    return own;
}

static status own_constants(const struct finding *finding, enum element_type real, struct edit *edit,
                            struct error *error)
{
    edit_keep_apart(edit);
    for (int i = 0; i < finding->count; i++) {
        const struct learnt *item = &finding->items[i];
        const int same = same_parameter(finding, i);
        const struct node *node = &finding->graph->nodes[item->node];
        struct tensor *tensor =
            same >= 0
                ? tensor_retain(edit_replacement(edit, finding->items[same].node, finding->items[same].input))
                : own_tensor(finding->graph->values[node->inputs[item->input]].constant, real);
        if (edit_constant(edit, item->node, item->input, tensor, error))
            return error->code;
    }
    return STATUS_OK;
}

/* network->graph, and in finding what is learnt in it. */
static status make_graph(struct training_network *network, const struct graph *graph, struct error *error)
{
    struct finding finding = {.graph = graph};
    struct edit *edit = edit_new(graph);
    status code = edit ? STATUS_OK : error_memory(error);
    for (int n = 0; n < graph->node_count && code == STATUS_OK; n++)
        if (!find_in_node(&finding, n))
            code = error_memory(error);
    if (code == STATUS_OK)
        code = own_constants(&finding, network->options.real, edit, error);
    if (code == STATUS_OK)
        code = edit_apply(edit, &network->graph, error);
    edit_free(edit);
    mem_free(finding.items);
    return code;
}

/* --- parameters ----------------------------------------------------------------------------------------- */

static int find_parameter(const struct training_network *network, int value)
{
    int i = 0;
    while (i < network->parameter_count && network->parameters[i].value != value)
        i++;
    return i < network->parameter_count ? i : -1;
}

static status add_parameter(struct training_network *network, const struct graph *given,
                            const struct learnt *item, struct error *error)
{
    const int value = network->graph->nodes[item->node].inputs[item->input];
    const struct tensor *tensor = network->graph->values[value].constant;
    if (tensor->type != network->options.real || find_parameter(network, value) >= 0)
        return STATUS_OK;
    const int64_t elements = shape_elements(&tensor->shape);
    void *gradient = mem_aligned((size_t)elements, element_size(tensor->type));
    if (!gradient)
        return error_memory(error);
    network->parameters[network->parameter_count++] = (struct training_parameter){
        .kind = item->kind,
        .value = value,
        .given = given->nodes[item->node].inputs[item->input],
        .name = network->graph->values[value].name,
        .shape = tensor->shape,
        .elements = elements,
        .real = tensor->type,
        .data = tensor->data,
        .gradient = gradient,
    };
    network->bytes += 2 * (size_t)elements * element_size(tensor->type);
    return STATUS_OK;
}

static status add_statistics(struct training_network *network, int n, struct error *error)
{
    const struct node *node = &network->graph->nodes[n];
    for (int i = 1; i < 5; i++)
        if (!is_real_constant(network->graph, node, i))
            return error_set(error, STATUS_UNSUPPORTED,
                             "node %s (%s): input %d is no constant, so that it cannot learn", node->name,
                             node->op->name, i);
    network->running[network->running_count++] = (struct running_statistics){
        .node = n,
        .name = network->graph->values[node->inputs[3]].name,
        .channels = network->graph->values[node->inputs[3]].constant->shape.dim[0],
        .mean = network->graph->values[node->inputs[3]].constant->data,
        .variance = network->graph->values[node->inputs[4]].constant->data,
    };
    return STATUS_OK;
}

/* Nodes have the same numbers in both graphs: one that is simplified has none that no output needs. */
static status find_parameters(struct training_network *network, const struct graph *given,
                              struct error *error)
{
    struct finding finding = {.graph = network->graph};
    status code = STATUS_OK;
    if (given->node_count != network->graph->node_count)
        return error_set(error, STATUS_UNSUPPORTED, "%d nodes of the network serve no output",
                         given->node_count - network->graph->node_count);
    for (int n = 0; n < network->graph->node_count; n++)
        if (!find_in_node(&finding, n)) {
            mem_free(finding.items);
            return error_memory(error);
        }
    network->parameters = arena_alloc(network->arena, (size_t)finding.count + 1, sizeof *network->parameters);
    network->running = arena_alloc(network->arena, (size_t)finding.count + 1, sizeof *network->running);
    if (!network->parameters || !network->running)
        code = error_memory(error);
    for (int i = 0; i < finding.count && code == STATUS_OK; i++) {
        const struct learnt *item = &finding.items[i];
        if (!item->statistics)
            code = add_parameter(network, given, item, error);
        else if (item->input == 3)
            code = add_statistics(network, item->node, error);
    }
    mem_free(finding.items);
    if (code == STATUS_OK && network->parameter_count == 0)
        code = error_set(error, STATUS_UNSUPPORTED, "the network has no weights that could learn");
    return code;
}

/* --- BatchNormalizations in training mode --------------------------------------------------------------- */

static status make_norm(struct training_network *network, int index, struct error *error)
{
    const struct running_statistics *running = &network->running[index];
    const struct node *node = &network->graph->nodes[running->node];
    const size_t channels = (size_t)running->channels;
    double *memory = arena_alloc(network->arena, channels, 8 * sizeof *memory);
    if (!memory)
        return error_memory(error);
    network->norms[index] = (struct batch_norm){.node = running->node,
                                                .channels = running->channels,
                                                .center = memory,
                                                .mean = memory + channels,
                                                .inverse = memory + 2 * channels,
                                                .delta = memory + 3 * channels,
                                                .product = memory + 4 * channels};
    network->training_norms[index] = (struct training_norm){
        .scale = find_parameter(network, node->inputs[1]),
        .shift = find_parameter(network, node->inputs[2]),
        .epsilon = node_real(node, "epsilon", 1e-5),
        .momentum = network->options.norm_momentum < 0
                        ? 1 - node_real(node, "momentum", 0.9) /* ONNX: what stays */
                        : network->options.norm_momentum,
        .variance = memory + 5 * channels,
        .sums = memory + 6 * channels,
    };
    network->norm_count = index + 1;
    return STATUS_OK;
}

static status make_norms(struct training_network *network, struct error *error)
{
    const int count = network->options.frozen_norms ? 0 : network->running_count;
    network->norms = arena_alloc(network->arena, (size_t)count + 1, sizeof *network->norms);
    network->training_norms = arena_alloc(network->arena, (size_t)count + 1, sizeof *network->training_norms);
    if (!network->norms || !network->training_norms)
        return error_memory(error);
    for (int i = 0; i < count; i++)
        if (make_norm(network, i, error))
            return error->code;
    return STATUS_OK;
}

/* Whether a norm in training mode gives the gradient of a parameter. */
static bool is_of_norm(const struct training_network *network, int parameter)
{
    for (int i = 0; i < network->norm_count; i++)
        if (network->training_norms[i].scale == parameter || network->training_norms[i].shift == parameter)
            return true;
    return false;
}

static status find_weights(struct training_network *network, struct error *error)
{
    const size_t count = (size_t)network->parameter_count;
    network->weights = arena_alloc(network->arena, count, sizeof *network->weights);
    network->weight_of = arena_alloc(network->arena, count, sizeof *network->weight_of);
    if (!network->weights || !network->weight_of)
        return error_memory(error);
    for (int p = 0; p < network->parameter_count; p++) {
        const bool summed = is_of_norm(network, p);
        network->weight_of[p] = summed ? -1 : network->weight_count;
        if (!summed)
            network->weights[network->weight_count++] = network->parameters[p].value;
    }
    return STATUS_OK;
}

/* --- parts of a batch ----------------------------------------------------------------------------------- */

/* Images of a part: what suits the network, but so few that many threads have something to do. */
static int64_t images_of_part(const struct graph *graph, int64_t batch)
{
    enum { LEAST = 4, SHARES = 8 };
    int64_t images = run_micro_batch(graph, false);
    if (graph->batch > 0)
        return graph->batch;
    while (images > LEAST && images * SHARES > batch)
        images /= 2;
    return images < batch ? images : batch;
}

static status make_part(struct training_network *network, struct training_part *part, struct error *error)
{
    const struct engine_options options = {
        .batch = network->part_images,
        .real = network->options.real,
        .kernel = network->options.kernel,
        .backward = !network->options.forward_only,
        .reuse = true,
        .packed = network->packed,
        .weights = network->weights,
        .weight_count = network->options.forward_only ? 0 : network->weight_count,
        .norms = network->norms,
        .norm_count = network->norm_count,
        .progress = network->options.progress,
        .times = network->options.times,
    };
    if (engine_new(&network->judged.graph, &options, &part->engine, error))
        return error->code;
    part->losses = mem_new((size_t)network->part_images, sizeof *part->losses);
    return part->losses ? STATUS_OK : error_memory(error);
}

/* Room for what ranks tell of parts: sums of a BatchNormalization, or losses; and for sums of weight
 * gradients.
 */
static status make_exchange(struct training_network *network, int parts, struct error *error)
{
    size_t most = (size_t)network->part_images * sizeof(struct loss);
    for (int i = 0; i < network->norm_count; i++) {
        const size_t sums = 2 * (size_t)network->norms[i].channels * sizeof(double);
        most = sums > most ? sums : most;
    }
    if (!network->options.forward_only) {
        network->sums = mem_new(GRADIENT_STRETCH, sizeof *network->sums);
        if (!network->sums)
            return error_memory(error);
    }
    return exchange_init(&network->exchange, parts, most, error);
}

static status make_parts(struct training_network *network, struct error *error)
{
    const int64_t batch = network->options.batch;
    network->part_images = images_of_part(network->graph, batch);
    const int parts = (int)((batch + network->part_images - 1) / network->part_images);
    network->own_parts = share_largest(parts);
    network->parts = mem_new((size_t)network->own_parts, sizeof *network->parts);
    network->packed = packed_weights_new();
    if (!network->parts || !network->packed)
        return error_memory(error);
    if (make_exchange(network, parts, error))
        return error->code;
    for (int i = 0; i < network->own_parts; i++)
        if (make_part(network, &network->parts[i], error))
            return error->code;
    const struct shape *shape = &engine_output(network->parts[0].engine)->shape;
    if (shape->rank != 2 && shape->rank != 4)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network gives no class scores of images or pixels, so that it has no loss");
    return STATUS_OK;
}

static status build(struct training_network *network, const struct graph *graph, struct error *error)
{
    network->arena = arena_new();
    if (!network->arena)
        return error_memory(error);
    if (make_graph(network, graph, error) || find_parameters(network, graph, error) ||
        make_norms(network, error) || find_weights(network, error) ||
        judged_graph_init(&network->judged, network->graph, error))
        return error->code;
    return make_parts(network, error);
}

status training_network_new(const struct graph *graph, const struct training_options *options,
                            struct training_network **network, struct error *error)
{
    if (options->batch < 1)
        return error_set(error, STATUS_RANGE, "a batch of %lld images is not possible",
                         (long long)options->batch);
    struct training_network *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->options = *options;
    if (build(made, graph, error)) {
        training_network_free(made);
        return error->code;
    }
    *network = made;
    return STATUS_OK;
}

void training_network_free(struct training_network *network)
{
    if (!network)
        return;
    for (int i = 0; network->parts && i < network->own_parts; i++) {
        engine_free(network->parts[i].engine);
        mem_free(network->parts[i].losses);
        mem_free(network->parts[i].labels);
        mem_free(network->parts[i].pixels);
    }
    for (int p = 0; p < network->parameter_count; p++)
        mem_free(network->parameters[p].gradient);
    exchange_free(&network->exchange);
    mem_free(network->sums);
    packed_weights_free(network->packed);
    judged_graph_free(&network->judged);
    mem_free(network->parts);
    graph_free(network->graph);
    arena_free(network->arena);
    mem_free(network);
}

/* --- what others ask ------------------------------------------------------------------------------------ */

int training_parameter_count(const struct training_network *network)
{
    return network->parameter_count;
}

const struct training_parameter *training_parameter(const struct training_network *network, int index)
{
    return &network->parameters[index];
}

int training_running_count(const struct training_network *network)
{
    return network->running_count;
}

const struct running_statistics *training_running(const struct training_network *network, int index)
{
    return &network->running[index];
}

/* Every constant that is the network's own, in float. */
status training_network_graph(const struct training_network *network, struct graph **graph,
                              struct error *error)
{
    struct finding finding = {.graph = network->graph};
    struct edit *edit = edit_new(network->graph);
    status code = edit ? STATUS_OK : error_memory(error);
    for (int n = 0; n < network->graph->node_count && code == STATUS_OK; n++)
        if (!find_in_node(&finding, n))
            code = error_memory(error);
    if (code == STATUS_OK)
        code = own_constants(&finding, ELEMENT_FLOAT, edit, error);
    if (code == STATUS_OK)
        code = edit_apply(edit, graph, error);
    edit_free(edit);
    mem_free(finding.items);
    return code;
}

size_t training_network_memory(const struct training_network *network)
{
    size_t bytes = network->bytes;
    for (int i = 0; i < network->own_parts; i++)
        bytes += engine_memory(network->parts[i].engine);
    return bytes;
}
