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
#include "nn/execution/images.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/layer_edit.h"
#include "prune/patches.h"
#include "prune/repair_internal.h"

#define TARGET_BYTES_MOST ((size_t)256 << 20)

/* --- what the network as loaded answers ----------------------------------------------------------------- */

static size_t call_bytes(const struct repairing *r, const struct refit *fitting,
                         const struct refit_call *call)
{
    size_t rows = 0, bytes;
    return size_multiply((size_t)r->repair->sampled->sample->count, (size_t)call->target_rows, &rows) &&
                   size_multiply(rows,
                                 (size_t)repair_pruned_layer(r, fitting->layer)->channels * sizeof(double),
                                 &bytes)
               ? bytes
               : SIZE_MAX;
}

static size_t target_bytes(const struct repairing *r, const struct refit *fitting)
{
    size_t sum = 0;
    for (int i = 0; i < fitting->call_count; i++) {
        const size_t bytes = call_bytes(r, fitting, &fitting->calls[i]);
        sum = bytes > SIZE_MAX - sum ? SIZE_MAX : sum + bytes;
    }
    return sum;
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
static void keep_targets(struct repairing *r, const struct refit *fitting, const struct refit_call *call,
                         int64_t image)
{
    const struct layer *layer = repair_pruned_layer(r, fitting->layer),
                       *original = repair_original_layer(r, fitting->layer);
    const int64_t positions = call->patches.positions;
    const int64_t rows = patch_positions(&call->patches, r->repair->seed, fitting->layer, image,
                                         r->repair->positions, r->positions);
    double *target = call->targets + image * call->target_rows * layer->channels;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < layer->channels; c++) {
            const int64_t channel = repair_original_channel(r, fitting->layer, c), at = r->positions[i];
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
        for (int f = r->first, watched = 0; f < r->end; f++)
            for (int k = 0; k < r->fittings[f].call_count; k++) {
                engine_watched_image(engine, watched++, i, r->image);
                keep_targets(r, &r->fittings[f], &r->fittings[f].calls[k], first + i);
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

/* Room for the targets of one fitting; its outputs to those that are watched. */
static status make_targets(struct repairing *r, struct refit *fitting, int *watched, int *count,
                           int64_t *largest, struct error *error)
{
    const struct layer *original = repair_original_layer(r, fitting->layer);
    for (int k = 0; k < fitting->call_count; k++) {
        struct refit_call *call = &fitting->calls[k];
        const size_t bytes = call_bytes(r, fitting, call);
        const int64_t elements = original->channels * call->patches.positions;
        watched[(*count)++] = original->calls[k].linear;
        *largest = elements > *largest ? elements : *largest;
        call->targets = bytes < SIZE_MAX ? mem_aligned_raw(bytes, 1) : NULL;
        if (call->targets == NULL)
            return error_memory(error);
    }
    return STATUS_OK;
}

static status collect_targets(struct repairing *r, int first, struct error *error)
{
    struct sample_feed feed;
    struct run run = sampled_run(r->repair->sampled, &feed);
    int64_t largest = 0;
    int count = 0;
    r->first = first;
    r->end = targets_end(r, first);
    int *watched = mem_new((size_t)r->call_count, sizeof *watched);
    status code = watched != NULL ? STATUS_OK : error_memory(error);
    for (int f = first; code == STATUS_OK && f < r->end; f++)
        code = make_targets(r, &r->fittings[f], watched, &count, &largest, error);
    r->image = code == STATUS_OK ? mem_new((size_t)largest, sizeof *r->image) : NULL;
    if (code == STATUS_OK && r->image == NULL)
        code = error_memory(error);
    run.graph = r->repair->original.graph;
    run.engine.watched = watched;
    run.engine.watched_count = count;
    run.engine.runs = r->runs_of_original;
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
    const struct refit_call *call = &fitting->calls[r->call];
    const struct layer *layer = repair_pruned_layer(r, fitting->layer);
    const double factor = layer_weight_factor(r->repair->pruned.graph, layer);
    (void)losses;
    (void)labels;
    for (int64_t i = 0; i < count; i++) {
        const int64_t rows = patch_positions(&call->patches, r->repair->seed, fitting->layer, first + i,
                                             r->repair->positions, r->positions);
        const double *target = call->targets + (first + i) * call->target_rows * layer->channels;
        engine_watched_image(engine, 0, i, r->image);
        for (int64_t p = 0; p < rows; p++, target += layer->channels) {
            patch_row(&call->patches, r->image, r->positions[p], r->row);
            for (int64_t k = 0; factor != 1 && k < call->patches.width; k++)
                r->row[k] *= factor;
            least_squares_add(r->squares, r->row, target);
        }
        if (progress_cancelled(r->repair->sampled->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
    }
    return STATUS_OK;
}

/* Over a network whose output is the call's input. */
static status run_front(struct repairing *r, const struct graph *front, int64_t elements, struct error *error)
{
    struct sample_feed feed;
    struct run run = sampled_run(r->repair->sampled, &feed);
    int64_t *runs = NULL;
    struct arena *arena = arena_new();
    status code = arena != NULL ? images_find(front, arena, &runs, error) : error_memory(error);
    r->image = code == STATUS_OK ? mem_new((size_t)elements, sizeof *r->image) : NULL;
    if (code == STATUS_OK && r->image == NULL)
        code = error_memory(error);
    run.graph = front;
    run.engine.watched = front->outputs;
    run.engine.watched_count = 1;
    run.engine.runs = runs;
    run.without_outputs = true;
    run.commit = commit_rows;
    if (code == STATUS_OK)
        code = run_pass(r, &run, error);
    mem_free(r->image);
    r->image = NULL;
    arena_free(arena);
    return code;
}

/* The pruned network, repaired so far, up to the input of one of the layer's calls. */
static status run_rows(struct repairing *r, const struct refit *fitting, int call, struct error *error)
{
    struct graph *front;
    const struct layer *layer = repair_pruned_layer(r, fitting->layer);
    int input = r->view.nodes[layer->calls[call].node].inputs[0], *outputs = r->view.outputs;
    r->view.outputs = &input;
    status code = edit_apply(r->edit, &front, error);
    r->view.outputs = outputs;
    if (code != STATUS_OK)
        return code;
    r->call = call;
    code = run_front(r, front, shape_elements(&r->repair->pruned.plan->values[input].shape), error);
    graph_free(front);
    return code;
}

/* What w0 lacks: the bias, in terms of the BatchNorm as it is restored. */
static double *present_constants(const struct repairing *r, const struct refit *fitting)
{
    const struct layer *layer = repair_pruned_layer(r, fitting->layer);
    const struct graph *graph = r->repair->pruned.graph;
    double *bias = layer_parameter(graph, layer, layer->bias);
    for (int64_t c = 0; bias != NULL && c < layer->channels; c++)
        bias[c] *= layer->bias_factor;
    if (bias == NULL || layer->norm_node < 0)
        return bias;
    double *now = layer_parameter(graph, layer, layer->mean);
    double *then = repair_restored(r, fitting->layer, repair_original_layer(r, fitting->layer)->mean);
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
    const struct layer *layer = repair_pruned_layer(r, fitting->layer);
    const struct graph *graph = r->repair->pruned.graph;
    for (int64_t c = 0; fitting->bias && c < layer->channels; c++)
        constants[c] /= layer->bias_factor;
    if (fitting->bias)
        return layer_edit_bias(r->edit, graph, layer, constants, error);
    if (layer->norm_node < 0)
        return STATUS_OK;
    double *mean = repair_restored(r, fitting->layer, repair_original_layer(r, fitting->layer)->mean);
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
    const struct layer *layer = repair_pruned_layer(r, fitting->layer);
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
        code = repair_restore_norm(r, fitting->layer, &differs, error);
    if (code == STATUS_OK)
        code = edit_constants(r, fitting, constants, error);
    mem_free(filters);
    mem_free(constants);
    return code;
}

static void free_targets(struct refit *fitting)
{
    for (int k = 0; k < fitting->call_count; k++) {
        mem_free(fitting->calls[k].targets);
        fitting->calls[k].targets = NULL;
    }
}

static status fit_layer(struct repairing *r, int index, struct error *error)
{
    struct refit *fitting = &r->fittings[index];
    r->first = index;
    r->squares = least_squares_new(&fitting->size);
    r->row = mem_new((size_t)fitting->calls[0].patches.width, sizeof *r->row);
    status code = r->squares != NULL && r->row != NULL ? STATUS_OK : error_memory(error);
    for (int k = 0; code == STATUS_OK && k < fitting->call_count; k++)
        code = run_rows(r, fitting, k, error);
    if (code == STATUS_OK)
        code = solve(r, fitting, error);
    least_squares_free(r->squares);
    mem_free(r->row);
    free_targets(fitting);
    return code;
}

/* --- together ------------------------------------------------------------------------------------------- */

static status fit_layers(struct repairing *r, struct error *error)
{
    r->runs = r->call_count;
    for (int f = 0; f < r->count; f = targets_end(r, f))
        r->runs++;
    status code = STATUS_OK;
    for (int f = 0; code == STATUS_OK && f < r->count; f++) {
        if (r->fittings[f].calls[0].targets == NULL)
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
    r.arena = arena_new();
    memset(done, 0, (size_t)repair->pruned.layers->count * sizeof *done);
    status code = r.positions != NULL && r.edit != NULL && r.arena != NULL ? repair_find_fittings(&r, error)
                                                                           : error_memory(error);
    if (code == STATUS_OK)
        code = images_find(repair->original.graph, r.arena, &r.runs_of_original, error);
    if (code == STATUS_OK)
        code = repair_restore_layers(&r, error);
    if (code == STATUS_OK)
        code = fit_layers(&r, error);
    if (code == STATUS_OK)
        code = edit_apply(r.edit, result, error);
    for (int f = 0; f < r.count; f++)
        free_targets(&r.fittings[f]);
    arena_free(r.arena);
    mem_free(r.positions);
    edit_free(r.edit);
    return code;
}
