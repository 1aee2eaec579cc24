/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a network that learns: a graph with constants of its own, parameters, and an engine for each part of
 * a batch. */
#include "train/network.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/network_end.h"
#include "nn/engine/run.h"
#include "nn/execution/options.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"
#include "nn/simplify/narrow.h"
#include "train/exchange.h"
#include "train/learnt.h"
#include "train/network_internal.h"

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
        if (!learnt_is_constant(network->graph, node, i))
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
    struct learnt_list found = {0};
    if (given->node_count != network->graph->node_count)
        return error_set(error, STATUS_UNSUPPORTED, "%d nodes of the network serve no output",
                         given->node_count - network->graph->node_count);
    status code = learnt_find(network->graph, &found, error);
    if (code != STATUS_OK)
        return code;
    network->parameters = arena_alloc(network->arena, (size_t)found.count + 1, sizeof *network->parameters);
    network->running = arena_alloc(network->arena, (size_t)found.count + 1, sizeof *network->running);
    if (!network->parameters || !network->running)
        code = error_memory(error);
    for (int i = 0; i < found.count && code == STATUS_OK; i++) {
        const struct learnt *item = &found.items[i];
        if (!item->statistics)
            code = add_parameter(network, given, item, error);
        else if (item->input == 3)
            code = add_statistics(network, item->node, error);
    }
    mem_free(found.items);
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
    if (engine_new(&network->narrowed.graph, &options, &part->engine, error))
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
    if (learnt_own_graph(graph, network->options.real, &network->graph, error) ||
        find_parameters(network, graph, error) || make_norms(network, error) ||
        find_weights(network, error) || judged_graph_init(&network->judged, network->graph, error))
        return error->code;
    network->narrowed.graph = network->judged.graph;
    if (network->norm_count == 0 && !network->options.times &&
        graph_narrow(&network->judged.graph, NULL, 0, &network->narrowed, error))
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
    narrowed_graph_free(&network->narrowed);
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
    return learnt_own_graph(network->graph, ELEMENT_FLOAT, graph, error);
}

size_t training_network_memory(const struct training_network *network)
{
    size_t bytes = network->bytes;
    for (int i = 0; i < network->own_parts; i++)
        bytes += engine_memory(network->parts[i].engine);
    return bytes;
}
