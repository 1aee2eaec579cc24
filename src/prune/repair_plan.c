/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a repair is to do with each layer, and the parameters of the network as loaded for those that read
 * what they did. */
#include "prune/repair_internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/layer_edit.h"
#include "prune/least_squares.h"
#include "prune/patches.h"
#include "prune/repair.h"
#include "score/layer.h"

const struct layer *repair_pruned_layer(const struct repairing *r, int index)
{
    return &r->repair->pruned.layers->items[index];
}

const struct layer *repair_original_layer(const struct repairing *r, int index)
{
    const int original = r->repair->original_layer[index];
    return original < 0 ? NULL : &r->repair->original.layers->items[original];
}

int64_t repair_original_channel(const struct repairing *r, int layer, int64_t channel)
{
    const int64_t *channels = r->repair->channels[layer];
    return channels != NULL ? channels[channel] : channel;
}

/* --- what is to be done --------------------------------------------------------------------------------- */

/* Does the layer have a counterpart with outputs of the same kind? */
static bool is_known(const struct repairing *r, int index)
{
    const struct layer *layer = repair_pruned_layer(r, index), *original = repair_original_layer(r, index);
    if (original == NULL || layer->bound || original->bound || layer->call_count != original->call_count ||
        (layer->kind == LAYER_LINEAR) != (original->kind == LAYER_LINEAR) ||
        (layer->norm_node >= 0) != (original->norm_node >= 0) ||
        layer_weight_factor(r->repair->pruned.graph, layer) !=
            layer_weight_factor(r->repair->original.graph, original))
        return false;
    for (int64_t c = 0; c < layer->channels; c++)
        if (repair_original_channel(r, index, c) >= original->channels)
            return false;
    for (int i = 0; i < layer->call_count; i++)
        if (patches_of(r->repair->pruned.plan, layer, i).positions !=
            patches_of(r->repair->original.plan, original, i).positions)
            return false;
    return true;
}

static bool add_fitting(struct repairing *r, int index)
{
    const struct layer *layer = repair_pruned_layer(r, index);
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
    if (!changed &&
        repair_pruned_layer(r, index)->filter_length == repair_original_layer(r, index)->filter_length)
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
    const struct layer *layer = repair_pruned_layer(r, index);
    return !is_known(r, index) || layer->filter_length != repair_original_layer(r, index)->filter_length ||
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
status repair_find_fittings(struct repairing *r, struct error *error)
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

double *repair_restored(const struct repairing *r, int index, int value)
{
    const int64_t channels = repair_pruned_layer(r, index)->channels;
    double *all = layer_parameter(r->repair->original.graph, repair_original_layer(r, index), value);
    for (int64_t c = 0; all != NULL && c < channels; c++) /* channels ascend: none is overwritten too early */
        all[c] = all[repair_original_channel(r, index, c)];
    return all;
}

/* Replace one vector where it differs; *differs says so. `old`: the pruned network's value. */
static status restore_vector(struct repairing *r, int index, int old, int value, int norm_input,
                             bool *differs, struct error *error)
{
    const struct layer *layer = repair_pruned_layer(r, index);
    double *now = layer_parameter(r->repair->pruned.graph, layer, old),
           *then = repair_restored(r, index, value);
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

status repair_restore_norm(struct repairing *r, int index, bool *differs, struct error *error)
{
    const struct layer *now = repair_pruned_layer(r, index), *then = repair_original_layer(r, index);
    const int olds[] = {now->scale, now->shift, now->mean, now->var};
    const int values[] = {then->scale, then->shift, then->mean, then->var};
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && now->norm_node >= 0 && i < 4; i++)
        code = restore_vector(r, index, olds[i], values[i], i + 1, differs, error);
    return code;
}

static status restore_filters(struct repairing *r, int index, bool *differs, struct error *error)
{
    const struct layer *layer = repair_pruned_layer(r, index), *original = repair_original_layer(r, index);
    const struct graph *graph = r->repair->pruned.graph;
    double *now = layer_filters(graph, layer);
    double *then = mem_new((size_t)layer->channels, (size_t)layer->filter_length * sizeof *then);
    status code = now != NULL && then != NULL ? STATUS_OK : error_memory(error);
    for (int64_t c = 0; code == STATUS_OK && c < layer->channels; c++)
        layer_filter(r->repair->original.graph, original, repair_original_channel(r, index, c),
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

status repair_restore_layers(struct repairing *r, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < r->repair->pruned.layers->count; i++) {
        const struct layer *layer = repair_pruned_layer(r, i), *original = repair_original_layer(r, i);
        bool differs = false;
        if (r->done[i].outcome != REPAIR_EQUAL)
            continue;
        code = restore_filters(r, i, &differs, error);
        if (code == STATUS_OK && layer_takes_bias(r->repair->pruned.graph, layer))
            code = restore_vector(r, i, layer->bias, original->bias, 0, &differs, error);
        if (code == STATUS_OK)
            code = repair_restore_norm(r, i, &differs, error);
        r->done[i].outcome = differs ? REPAIR_RESTORED : REPAIR_EQUAL;
    }
    return code;
}
