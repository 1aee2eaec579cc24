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
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/layer_edit.h"
#include "prune/patches.h"

#define TARGET_BYTES_MOST ((size_t)256 << 20)

/* One call of a layer that is fitted. */
struct refit_call {
    struct patches patches;
    double
        *targets; /* what the network as loaded answered: image x position x channel; NULL: not known yet */
    int64_t target_rows; /* per image */
};

/* A layer that is fitted. */
struct refit {
    int layer; /* of the pruned network */
    struct least_squares_size size;
    bool bias;                /* the constant is a bias; else, if there is one, a mean's */
    struct refit_call *calls; /* one for each of the layer's */
    int call_count;
};

struct repairing {
    const struct repair *repair;
    struct repaired_layer *done;
    struct graph view; /* the pruned graph, whose output moves from layer to layer */
    struct edit *edit; /* of the view: what is repaired so far */
    struct refit *fittings;
    int count;
    struct refit_call *calls; /* of all fittings */
    int call_count;
    struct arena *arena;
    int64_t *runs_of_original; /* per value: nn/execution/images.h */
    int64_t runs, run;         /* passes in all, and the present one: for progress */
    /* of the present pass */
    int first, end; /* fittings whose targets are collected */
    int call;       /* of fitting `first`, whose rows are collected */
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
    if (original == NULL || layer->bound || original->bound || layer->call_count != original->call_count ||
        (layer->kind == LAYER_LINEAR) != (original->kind == LAYER_LINEAR) ||
        (layer->norm_node >= 0) != (original->norm_node >= 0) ||
        layer_weight_factor(r->repair->pruned.graph, layer) !=
            layer_weight_factor(r->repair->original.graph, original))
        return false;
    for (int64_t c = 0; c < layer->channels; c++)
        if (original_channel(r, index, c) >= original->channels)
            return false;
    for (int i = 0; i < layer->call_count; i++)
        if (patches_of(r->repair->pruned.plan, layer, i).positions !=
            patches_of(r->repair->original.plan, original, i).positions)
            return false;
    return true;
}

static bool add_fitting(struct repairing *r, int index)
{
    const struct layer *layer = pruned_layer(r, index);
    struct refit fitting = {
        .layer = index, .calls = r->calls + r->call_count, .call_count = layer->call_count};
    fitting.bias = layer->norm_node < 0 && layer_takes_bias(r->repair->pruned.graph, layer);
    fitting.size = (struct least_squares_size){.groups = layer->groups,
                                               .unknowns = layer->filter_length,
                                               .outputs = layer->channels / layer->groups,
                                               .constant = fitting.bias || layer->norm_node >= 0};
    r->done[index].unknowns = layer->filter_length + fitting.size.constant;
    if (least_squares_bytes(&fitting.size) > REPAIR_BYTES_MOST)
        return false;
    for (int i = 0; i < layer->call_count; i++) {
        const struct patches patches = patches_of(r->repair->pruned.plan, layer, i);
        fitting.calls[i] = (struct refit_call){.patches = patches,
                                               .target_rows = patches.positions < r->repair->positions
                                                                  ? patches.positions
                                                                  : r->repair->positions};
    }
    r->call_count += layer->call_count;
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

/* Does a layer's call read something that is `changed`? */
static bool reads_changed(const struct graph *graph, const struct layer *layer, const bool *changed)
{
    for (int i = 0; i < layer->call_count; i++) {
        const struct node *node = &graph->nodes[layer->calls[i].node];
        for (int k = 0; k < node->input_count; k++)
            if (node->inputs[k] != VALUE_NONE && changed[node->inputs[k]])
                return true;
    }
    return false;
}

/* Would the layer be fitted, or left alone? */
static bool layer_changes(const struct repairing *r, int index, const bool *changed)
{
    const struct layer *layer = pruned_layer(r, index);
    return !is_known(r, index) || layer->filter_length != original_layer(r, index)->filter_length ||
           reads_changed(r->repair->pruned.graph, layer, changed);
}

/* Mark what nodes make of what is changed; false where nothing was new. */
static bool spread_changes(const struct repairing *r, const int *layer_of, bool *changed)
{
    const struct graph *graph = r->repair->pruned.graph;
    bool any_new = false;
    for (int i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        bool any = layer_of[i] >= 0 && layer_changes(r, layer_of[i], changed);
        for (int k = 0; layer_of[i] < 0 && k < node->input_count; k++)
            any = any || (node->inputs[k] != VALUE_NONE && changed[node->inputs[k]]);
        for (int k = 0; any && k < node->output_count; k++)
            if (node->outputs[k] != VALUE_NONE && !changed[node->outputs[k]])
                any_new = changed[node->outputs[k]] = true;
    }
    return any_new;
}

/* A layer that is fitted, or left alone, changes what is behind it, at each of its calls: some of these stand
 * in front of what makes it so. */
static status find_fittings(struct repairing *r, struct error *error)
{
    const struct graph *graph = r->repair->pruned.graph;
    const struct layers *layers = r->repair->pruned.layers;
    bool *changed = arena_alloc(r->arena, (size_t)graph->value_count, sizeof *changed);
    int *layer_of = arena_alloc(r->arena, (size_t)graph->node_count, sizeof *layer_of);
    size_t calls = 0;
    for (int i = 0; i < layers->count; i++)
        calls += (size_t)layers->items[i].call_count;
    r->fittings = arena_alloc(r->arena, (size_t)layers->count, sizeof *r->fittings);
    r->calls = arena_alloc(r->arena, calls, sizeof *r->calls);
    if (!changed || !layer_of || !r->fittings || !r->calls)
        return error_memory(error);
    for (int i = 0; i < graph->node_count; i++)
        layer_of[i] = -1;
    for (int i = 0; i < layers->count; i++)
        for (int k = 0; k < layers->items[i].call_count; k++)
            layer_of[layers->items[i].calls[k].node] = i;
    while (spread_changes(r, layer_of, changed))
        continue;
    for (int i = 0; i < layers->count; i++)
        r->done[i].outcome = find_outcome(r, i, reads_changed(graph, &layers->items[i], changed));
    return STATUS_OK;
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
        if (r->done[i].outcome != REPAIR_EQUAL)
            continue;
        code = restore_filters(r, i, &differs, error);
        if (code == STATUS_OK && layer_takes_bias(r->repair->pruned.graph, layer))
            code = restore_vector(r, i, layer->bias, original->bias, 0, &differs, error);
        if (code == STATUS_OK)
            code = restore_norm(r, i, &differs, error);
        r->done[i].outcome = differs ? REPAIR_RESTORED : REPAIR_EQUAL;
    }
    return code;
}

/* --- what the network as loaded answers ----------------------------------------------------------------- */

static size_t call_bytes(const struct repairing *r, const struct refit *fitting,
                         const struct refit_call *call)
{
    size_t rows = 0, bytes;
    return size_multiply((size_t)r->repair->sampled->sample->count, (size_t)call->target_rows, &rows) &&
                   size_multiply(rows, (size_t)pruned_layer(r, fitting->layer)->channels * sizeof(double),
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
    const struct layer *layer = pruned_layer(r, fitting->layer),
                       *original = original_layer(r, fitting->layer);
    const int64_t positions = call->patches.positions;
    const int64_t rows = patch_positions(&call->patches, r->repair->seed, fitting->layer, image,
                                         r->repair->positions, r->positions);
    double *target = call->targets + image * call->target_rows * layer->channels;
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
    const struct layer *original = original_layer(r, fitting->layer);
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
    const struct layer *layer = pruned_layer(r, fitting->layer);
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
    const struct layer *layer = pruned_layer(r, fitting->layer);
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
    status code = r.positions != NULL && r.edit != NULL && r.arena != NULL ? find_fittings(&r, error)
                                                                           : error_memory(error);
    if (code == STATUS_OK)
        code = images_find(repair->original.graph, r.arena, &r.runs_of_original, error);
    if (code == STATUS_OK)
        code = restore_layers(&r, error);
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
