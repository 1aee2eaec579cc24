/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repair, layer by layer. */
#include "prune/repair.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/sampler.h"
#include "nn/engine/engine.h"
#include "nn/engine/run.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/layer_edit.h"
#include "prune/patches.h"

#define TARGET_BYTES_MOST ((size_t)256 << 20)

/* A layer that is fitted. */
struct refit {
    int layer; /* of the pruned network */
    struct patches patches;
    struct least_squares_size size;
    bool bias; /* the constant is a bias; else, if there is one, a mean's */
    double
        *targets; /* what the network as loaded answered: image x position x channel; NULL: not known yet */
    int64_t target_rows; /* per image */
};

struct repairing {
    const struct repair *repair;
    struct repaired_layer *done;
    struct graph view; /* the pruned graph, whose output moves from layer to layer */
    struct edit *edit; /* of the view: what is repaired so far */
    struct refit *fittings;
    int count;
    int64_t runs, run; /* passes in all, and the present one: for progress */
    /* of the present pass */
    int first, end; /* fittings whose targets are collected */
    struct least_squares *squares;
    double *image, *row;
    int64_t *positions;
};

static const struct layer *pruned_layer(const struct repairing *r, int index)
{
    return &r->repair->pruned.layers->items[index];
}

static const struct layer *original_layer(const struct repairing *r, int index)
{
    const int original = r->repair->original_layer[index];
    return original < 0 ? NULL : &r->repair->original.layers->items[original];
}

static int64_t original_channel(const struct repairing *r, int layer, int64_t channel)
{
    const int64_t *channels = r->repair->channels[layer];
    return channels != NULL ? channels[channel] : channel;
}

/* --- what is to be done --------------------------------------------------------------------------------- */

/* Does the layer have a counterpart with outputs of the same kind? */
static bool is_known(const struct repairing *r, int index)
{
    const struct layer *layer = pruned_layer(r, index), *original = original_layer(r, index);
    if (original == NULL || (layer->kind == LAYER_LINEAR) != (original->kind == LAYER_LINEAR) ||
        (layer->norm_node >= 0) != (original->norm_node >= 0) ||
        layer_weight_factor(r->repair->pruned.graph, layer) !=
            layer_weight_factor(r->repair->original.graph, original))
        return false;
    for (int64_t c = 0; c < layer->channels; c++)
        if (original_channel(r, index, c) >= original->channels)
            return false;
    return patches_of(r->repair->pruned.plan, layer).positions ==
           patches_of(r->repair->original.plan, original).positions;
}

static bool add_fitting(struct repairing *r, int index)
{
    const struct layer *layer = pruned_layer(r, index);
    int node, input;
    struct refit fitting = {.layer = index, .patches = patches_of(r->repair->pruned.plan, layer)};
    fitting.bias = layer->norm_node < 0 && layer_bias_place(r->repair->pruned.graph, layer, &node, &input);
    fitting.size = (struct least_squares_size){.groups = layer->groups,
                                               .unknowns = layer->filter_length,
                                               .outputs = layer->channels / layer->groups,
                                               .constant = fitting.bias || layer->norm_node >= 0};
    fitting.target_rows =
        fitting.patches.positions < r->repair->positions ? fitting.patches.positions : r->repair->positions;
    r->done[index].unknowns = layer->filter_length + fitting.size.constant;
    if (least_squares_bytes(&fitting.size) > REPAIR_BYTES_MOST)
        return false;
    r->fittings[r->count++] = fitting;
    return true;
}

/* What becomes of a layer whose input is what it was, or `changed`. */
static enum repair_outcome find_outcome(struct repairing *r, int index, bool changed)
{
    if (!is_known(r, index))
        return REPAIR_UNKNOWN;
    if (!changed && pruned_layer(r, index)->filter_length == original_layer(r, index)->filter_length)
        return REPAIR_EQUAL;
    return add_fitting(r, index) ? REPAIR_FITTED : REPAIR_TOO_LARGE;
}

/* Walk through the network: a layer that is fitted, or left alone, changes what is behind it. */
static status find_fittings(struct repairing *r, struct error *error)
{
    const struct graph *graph = r->repair->pruned.graph;
    const struct layers *layers = r->repair->pruned.layers;
    bool *changed = mem_new((size_t)graph->value_count, sizeof *changed);
    r->fittings = mem_new((size_t)layers->count, sizeof *r->fittings);
    for (int i = 0, next = 0; changed && r->fittings && i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        bool any = false;
        for (int k = 0; k < node->input_count; k++)
            any = any || (node->inputs[k] != VALUE_NONE && changed[node->inputs[k]]);
        if (next < layers->count && layers->items[next].node == i) {
            r->done[next].outcome = find_outcome(r, next, any);
            any = r->done[next++].outcome != REPAIR_EQUAL;
        }
        for (int k = 0; k < node->output_count; k++)
            if (node->outputs[k] != VALUE_NONE)
                changed[node->outputs[k]] = any;
    }
    mem_free(changed);
    return changed && r->fittings ? STATUS_OK : error_memory(error);
}

/* --- parameters of the network as loaded ---------------------------------------------------------------- */

/* A parameter of the original layer at the channels that are left: of the pruned layer's length. NULL when
 * memory is out. */
static double *restored(const struct repairing *r, int index, int value)
{
    const int64_t channels = pruned_layer(r, index)->channels;
    double *all = layer_parameter(r->repair->original.graph, original_layer(r, index), value);
    for (int64_t c = 0; all != NULL && c < channels; c++) /* channels ascend: none is overwritten too early */
        all[c] = all[original_channel(r, index, c)];
    return all;
}

/* Replace one vector where it differs; *differs says so. `old`: the pruned network's value. */
static status restore_vector(struct repairing *r, int index, int old, int value, int norm_input,
                             bool *differs, struct error *error)
{
    const struct layer *layer = pruned_layer(r, index);
    double *now = layer_parameter(r->repair->pruned.graph, layer, old), *then = restored(r, index, value);
    status code = now != NULL && then != NULL ? STATUS_OK : error_memory(error);
    const size_t bytes = (size_t)layer->channels * sizeof *now;
    if (code == STATUS_OK && memcmp(now, then, bytes) != 0) {
        *differs = true;
        code = norm_input > 0
                   ? layer_edit_norm(r->edit, r->repair->pruned.graph, layer, norm_input, then, error)
                   : layer_edit_bias(r->edit, r->repair->pruned.graph, layer, then, error);
    }
    mem_free(now);
    mem_free(then);
    return code;
}

/* BatchNorm as it was. */
static status restore_norm(struct repairing *r, int index, bool *differs, struct error *error)
{
    const struct layer *now = pruned_layer(r, index), *then = original_layer(r, index);
    const int olds[] = {now->scale, now->shift, now->mean, now->var};
    const int values[] = {then->scale, then->shift, then->mean, then->var};
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && now->norm_node >= 0 && i < 4; i++)
        code = restore_vector(r, index, olds[i], values[i], i + 1, differs, error);
    return code;
}

static status restore_filters(struct repairing *r, int index, bool *differs, struct error *error)
{
    const struct layer *layer = pruned_layer(r, index), *original = original_layer(r, index);
    const struct graph *graph = r->repair->pruned.graph;
    double *now = layer_filters(graph, layer);
    double *then = mem_new((size_t)layer->channels, (size_t)layer->filter_length * sizeof *then);
    status code = now != NULL && then != NULL ? STATUS_OK : error_memory(error);
    for (int64_t c = 0; code == STATUS_OK && c < layer->channels; c++)
        layer_filter(r->repair->original.graph, original, original_channel(r, index, c),
                     then + c * layer->filter_length);
    const size_t bytes = (size_t)layer->channels * (size_t)layer->filter_length * sizeof *now;
    if (code == STATUS_OK && memcmp(now, then, bytes) != 0) {
        *differs = true;
        code = layer_edit_filters(r->edit, graph, layer, then, error);
    }
    mem_free(now);
    mem_free(then);
    return code;
}

/* Layers that read what they did are what they were. */
static status restore_layers(struct repairing *r, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < r->repair->pruned.layers->count; i++) {
        const struct layer *layer = pruned_layer(r, i), *original = original_layer(r, i);
        bool differs = false;
        int node, input;
        if (r->done[i].outcome != REPAIR_EQUAL)
            continue;
        code = restore_filters(r, i, &differs, error);
        if (code == STATUS_OK && layer_bias_place(r->repair->pruned.graph, layer, &node, &input))
            code = restore_vector(r, i, layer->bias, original->bias, 0, &differs, error);
        if (code == STATUS_OK)
            code = restore_norm(r, i, &differs, error);
        r->done[i].outcome = differs ? REPAIR_RESTORED : REPAIR_EQUAL;
    }
    return code;
}

/* --- what the network as loaded answers ----------------------------------------------------------------- */

static size_t target_bytes(const struct repairing *r, const struct refit *fitting)
{
    size_t rows = 0, bytes;
    return size_multiply((size_t)r->repair->sampled->sample->count, (size_t)fitting->target_rows, &rows) &&
                   size_multiply(rows, (size_t)pruned_layer(r, fitting->layer)->channels * sizeof(double),
                                 &bytes)
               ? bytes
               : SIZE_MAX;
}

/* Fittings first..end-1 have room together; one at least. */
static int targets_end(const struct repairing *r, int first)
{
    size_t taken = 0;
    int end = first;
    while (end < r->count) {
        const size_t bytes = target_bytes(r, &r->fittings[end]);
        if (end > first && (bytes > TARGET_BYTES_MOST || taken + bytes > TARGET_BYTES_MOST))
            break;
        taken += bytes > TARGET_BYTES_MOST ? TARGET_BYTES_MOST : bytes;
        end++;
    }
    return end;
}

/* One image of a watched output. */
static void keep_targets(struct repairing *r, struct refit *fitting, int64_t image)
{
    const struct layer *layer = pruned_layer(r, fitting->layer),
                       *original = original_layer(r, fitting->layer);
    const int64_t positions = fitting->patches.positions;
    const int64_t rows = patch_positions(&fitting->patches, r->repair->seed, fitting->layer, image,
                                         r->repair->positions, r->positions);
    double *target = fitting->targets + image * fitting->target_rows * layer->channels;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < layer->channels; c++) {
            const int64_t channel = original_channel(r, fitting->layer, c), at = r->positions[i];
            *target++ = r->image[layer->kind == LAYER_LINEAR ? at * original->channels + channel
                                                             : channel * positions + at];
        }
}

static status commit_targets(void *argument, const struct engine *engine, const struct loss *losses,
                             const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct repairing *r = argument;
    (void)losses;
    (void)labels;
    (void)error;
    for (int64_t i = 0; i < count; i++)
        for (int f = r->first; f < r->end; f++) {
            engine_watched_image(engine, f - r->first, i, r->image);
            keep_targets(r, &r->fittings[f], first + i);
        }
    return STATUS_OK;
}

static status run_pass(struct repairing *r, struct run *run, struct error *error)
{
    const int64_t images = r->repair->sampled->sample->count;
    run->commit_argument = r;
    run->title = "repairing";
    run->progress_before = images * r->run++;
    run->progress_total = images * r->runs;
    return run_images(run, error);
}

static status collect_targets(struct repairing *r, int first, struct error *error)
{
    struct sample_feed feed;
    struct run run = sampled_run(r->repair->sampled, &feed);
    int64_t largest = 0;
    r->first = first;
    r->end = targets_end(r, first);
    int *watched = mem_new((size_t)(r->end - first), sizeof *watched);
    status code = watched != NULL ? STATUS_OK : error_memory(error);
    for (int f = first; code == STATUS_OK && f < r->end; f++) {
        struct refit *fitting = &r->fittings[f];
        const struct layer *original = original_layer(r, fitting->layer);
        const size_t bytes = target_bytes(r, fitting);
        const int64_t elements = original->channels * fitting->patches.positions;
        watched[f - first] = original->linear;
        largest = elements > largest ? elements : largest;
        fitting->targets = bytes < SIZE_MAX ? mem_aligned_raw(bytes, 1) : NULL;
        code = fitting->targets != NULL ? STATUS_OK : error_memory(error);
    }
    r->image = code == STATUS_OK ? mem_new((size_t)largest, sizeof *r->image) : NULL;
    if (code == STATUS_OK && r->image == NULL)
        code = error_memory(error);
    run.graph = r->repair->original.graph;
    run.engine.watched = watched;
    run.engine.watched_count = r->end - first;
    run.commit = commit_targets;
    if (code == STATUS_OK)
        code = run_pass(r, &run, error);
    mem_free(r->image);
    r->image = NULL;
    mem_free(watched);
    return code;
}

/* --- fitting -------------------------------------------------------------------------------------------- */

static status commit_rows(void *argument, const struct engine *engine, const struct loss *losses,
                          const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct repairing *r = argument;
    const struct refit *fitting = &r->fittings[r->first];
    const struct operand *input = engine_output(engine);
    const struct layer *layer = pruned_layer(r, fitting->layer);
    const size_t bytes =
        (size_t)(shape_elements(&input->shape) / input->shape.dim[0]) * element_size(input->type);
    const double factor = layer_weight_factor(r->repair->pruned.graph, layer);
    (void)losses;
    (void)labels;
    for (int64_t i = 0; i < count; i++) {
        const int64_t rows = patch_positions(&fitting->patches, r->repair->seed, fitting->layer, first + i,
                                             r->repair->positions, r->positions);
        const double *target = fitting->targets + (first + i) * fitting->target_rows * layer->channels;
        for (int64_t p = 0; p < rows; p++, target += layer->channels) {
            patch_row(&fitting->patches, input->type, (const char *)input->data + (size_t)i * bytes,
                      r->positions[p], r->row);
            for (int64_t k = 0; factor != 1 && k < fitting->patches.width; k++)
                r->row[k] *= factor;
            least_squares_add(r->squares, r->row, target);
        }
        if (progress_cancelled(r->repair->sampled->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
    }
    return STATUS_OK;
}

/* The pruned network, repaired so far, up to the layer's input. */
static status run_rows(struct repairing *r, const struct refit *fitting, struct error *error)
{
    struct sample_feed feed;
    struct run run = sampled_run(r->repair->sampled, &feed);
    struct graph *front;
    int input = r->view.nodes[pruned_layer(r, fitting->layer)->node].inputs[0], *outputs = r->view.outputs;
    r->view.outputs = &input;
    status code = edit_apply(r->edit, &front, error);
    r->view.outputs = outputs;
    if (code != STATUS_OK)
        return code;
    run.graph = front;
    run.commit = commit_rows;
    code = run_pass(r, &run, error);
    graph_free(front);
    return code;
}

/* What w0 lacks: the bias, in terms of the BatchNorm as it is restored. */
static double *present_constants(const struct repairing *r, const struct refit *fitting)
{
    const struct layer *layer = pruned_layer(r, fitting->layer);
    const struct graph *graph = r->repair->pruned.graph;
    double *bias = layer_parameter(graph, layer, layer->bias);
    for (int64_t c = 0; bias != NULL && c < layer->channels; c++)
        bias[c] *= layer->bias_factor;
    if (bias == NULL || layer->norm_node < 0)
        return bias;
    double *now = layer_parameter(graph, layer, layer->mean);
    double *then = restored(r, fitting->layer, original_layer(r, fitting->layer)->mean);
    for (int64_t c = 0; now != NULL && then != NULL && c < layer->channels; c++)
        bias[c] += then[c] - now[c];
    if (now == NULL || then == NULL) {
        mem_free(bias);
        bias = NULL;
    }
    mem_free(now);
    mem_free(then);
    return bias;
}

/* The constant is a bias, or what the mean is less by than that of the network as loaded and the bias. */
static status edit_constants(struct repairing *r, const struct refit *fitting, double *constants,
                             struct error *error)
{
    const struct layer *layer = pruned_layer(r, fitting->layer);
    const struct graph *graph = r->repair->pruned.graph;
    for (int64_t c = 0; fitting->bias && c < layer->channels; c++)
        constants[c] /= layer->bias_factor;
    if (fitting->bias)
        return layer_edit_bias(r->edit, graph, layer, constants, error);
    if (layer->norm_node < 0)
        return STATUS_OK;
    double *mean = restored(r, fitting->layer, original_layer(r, fitting->layer)->mean);
    double *bias = layer_parameter(graph, layer, layer->bias);
    status code = mean != NULL && bias != NULL ? STATUS_OK : error_memory(error);
    for (int64_t c = 0; code == STATUS_OK && c < layer->channels; c++)
        mean[c] += layer->bias_factor * bias[c] - constants[c];
    if (code == STATUS_OK)
        code = layer_edit_norm(r->edit, graph, layer, 3, mean, error);
    mem_free(mean);
    mem_free(bias);
    return code;
}

static status solve(struct repairing *r, const struct refit *fitting, struct error *error)
{
    const struct layer *layer = pruned_layer(r, fitting->layer);
    double *filters = layer_filters(r->repair->pruned.graph, layer);
    double *constants = present_constants(r, fitting);
    bool differs;
    status code = filters != NULL && constants != NULL ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK)
        code = least_squares_solve(r->squares, r->repair->ridge, filters, constants,
                                   &r->done[fitting->layer].fit, error);
    if (code == STATUS_STATE)
        error_prefix(error, "layer %s: ", layer->name);
    if (code == STATUS_OK)
        code = layer_edit_filters(r->edit, r->repair->pruned.graph, layer, filters, error);
    if (code == STATUS_OK)
        code = restore_norm(r, fitting->layer, &differs, error);
    if (code == STATUS_OK)
        code = edit_constants(r, fitting, constants, error);
    mem_free(filters);
    mem_free(constants);
    return code;
}

static status fit_layer(struct repairing *r, int index, struct error *error)
{
    struct refit *fitting = &r->fittings[index];
    r->first = index;
    r->squares = least_squares_new(&fitting->size);
    r->row = mem_new((size_t)fitting->patches.width, sizeof *r->row);
    status code = r->squares != NULL && r->row != NULL ? run_rows(r, fitting, error) : error_memory(error);
    if (code == STATUS_OK)
        code = solve(r, fitting, error);
    least_squares_free(r->squares);
    mem_free(r->row);
    mem_free(fitting->targets);
    fitting->targets = NULL;
    return code;
}

/* --- together ------------------------------------------------------------------------------------------- */

static status fit_layers(struct repairing *r, struct error *error)
{
    r->runs = r->count;
    for (int f = 0; f < r->count; f = targets_end(r, f))
        r->runs++;
    status code = STATUS_OK;
    for (int f = 0; code == STATUS_OK && f < r->count; f++) {
        if (r->fittings[f].targets == NULL)
            code = collect_targets(r, f, error);
        if (code == STATUS_OK)
            code = fit_layer(r, f, error);
    }
    return code;
}

status repair_apply(const struct repair *repair, struct repaired_layer *done, struct graph **result,
                    struct error *error)
{
    struct repairing r = {.repair = repair, .done = done, .view = *repair->pruned.graph};
    r.positions = mem_new((size_t)repair->positions, sizeof *r.positions);
    r.edit = edit_new(&r.view);
    memset(done, 0, (size_t)repair->pruned.layers->count * sizeof *done);
    status code = r.positions != NULL && r.edit != NULL ? find_fittings(&r, error) : error_memory(error);
    if (code == STATUS_OK)
        code = restore_layers(&r, error);
    if (code == STATUS_OK)
        code = fit_layers(&r, error);
    if (code == STATUS_OK)
        code = edit_apply(r.edit, result, error);
    for (int f = 0; f < r.count; f++)
        mem_free(r.fittings[f].targets);
    mem_free(r.fittings);
    mem_free(r.positions);
    edit_free(r.edit);
    return code;
}
