/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holding a checkpoint against an architecture. */
#include "architecture/fit.h"

#include <stdlib.h>
#include <string.h>

#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"

/* What training programs keep beside the parameters. */
static const char *const counters[] = {"num_batches_tracked", "total_ops", "total_params"};

enum weight_use { WEIGHT_UNEXPECTED, WEIGHT_COUNTER, WEIGHT_EXTRA };

bool fit_is_counter(const char *name)
{
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        if (strcmp(last, counters[i]) == 0)
            return true;
    }
    return false;
}

static enum weight_use use_of(const struct architecture *architecture, const char *name)
{
    if (fit_is_counter(name))
        return WEIGHT_COUNTER;
    for (int i = 0; i < architecture->extra_count; i++) {
        if (glob_match(architecture->extras[i], name))
            return WEIGHT_EXTRA;
    }
    return WEIGHT_UNEXPECTED;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static int compare_weights(const void *a, const void *b)
{
    return strcmp((*(const struct weight *const *)a)->name, (*(const struct weight *const *)b)->name);
}

static int compare_name(const void *name, const void *weight)
{
    return strcmp(name, (*(const struct weight *const *)weight)->name);
}

static status sort_weights(const struct checkpoint *checkpoint, const struct weight ***sorted,
                           struct error *error)
{
    *sorted = mem_new((size_t)checkpoint->count, sizeof **sorted);
    if (!*sorted)
        return error_memory(error);
    for (int i = 0; i < checkpoint->count; i++)
        (*sorted)[i] = &checkpoint->weights[i];
    qsort(*sorted, (size_t)checkpoint->count, sizeof **sorted, compare_weights);
    return STATUS_OK;
}

/* Which weights are parameters: true in `used`, per weight. */
static void mark_used(const struct fit *fit, bool *used)
{
    for (int i = 0; i < fit->architecture->parameter_count; i++) {
        if (fit->weights[i] >= 0)
            used[fit->weights[i]] = true;
    }
}

static status match_names(struct fit *fit, struct error *error)
{
    const struct checkpoint *checkpoint = fit->checkpoint;
    const struct weight **sorted = NULL;
    bool *used = mem_new((size_t)checkpoint->count, sizeof *used);
    status code = used ? sort_weights(checkpoint, &sorted, error) : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < fit->architecture->parameter_count; i++) {
        const struct weight *const *found =
            bsearch(fit->naming->names[i], sorted, (size_t)checkpoint->count, sizeof *sorted, compare_name);
        fit->weights[i] = found ? (int)(*found - checkpoint->weights) : -1;
        fit->missing += !found;
    }
    if (code == STATUS_OK)
        mark_used(fit, used);
    for (int i = 0; code == STATUS_OK && i < checkpoint->count; i++) {
        enum weight_use use =
            used[i] ? WEIGHT_COUNTER : use_of(fit->architecture, checkpoint->weights[i].name);
        fit->unexpected += use == WEIGHT_UNEXPECTED;
        fit->extras += use == WEIGHT_EXTRA;
    }
    mem_free(sorted);
    mem_free(used);
    return code;
}

/* --- shapes --------------------------------------------------------------------------------------------- */

static const struct shape *given_shape(const struct fit *fit, int parameter)
{
    return fit->weights[parameter] < 0 ? NULL
                                       : &fit->checkpoint->weights[fit->weights[parameter]].tensor->shape;
}

/* Does the layer see the images? */
static bool is_stem(const struct architecture *architecture, int step)
{
    return architecture->steps[step].kind->weighted && architecture->steps[step].inputs[0] == 0;
}

/* May this dimension differ without a word: the number of classes, the channels of images? */
static bool is_free(const struct fit *fit, int parameter, int dimension)
{
    const int step = fit->architecture->parameters[parameter].step;
    return (dimension == 0 && step == fit->architecture->head) ||
           (dimension == 1 && is_stem(fit->architecture, step));
}

static bool same_shape(const struct fit *fit, int parameter, const struct shape *given)
{
    const struct shape *described = &fit->architecture->parameters[parameter].shape;
    bool same = given->rank == described->rank;
    for (int i = 0; same && i < given->rank; i++)
        same = given->dim[i] == described->dim[i] || is_free(fit, parameter, i);
    return same;
}

static bool is_wider(const struct fit *fit, int parameter, const struct shape *given)
{
    const struct shape *described = &fit->architecture->parameters[parameter].shape;
    for (int i = 0; i < given->rank && i < described->rank; i++) {
        if (given->dim[i] > described->dim[i] && !is_free(fit, parameter, i))
            return true;
    }
    return false;
}

/* Channels of the images, from the first layer that sees them. */
static int64_t image_channels(const struct fit *fit)
{
    const struct architecture *architecture = fit->architecture;
    for (int i = 0; i < architecture->step_count; i++) {
        const struct layer_step *step = &architecture->steps[i];
        const struct shape *given = is_stem(architecture, i) ? given_shape(fit, step->first_parameter) : NULL;
        if (given && given->rank > 1)
            return given->dim[1] * (int64_t)step->settings[SETTING_GROUPS][0];
    }
    return architecture->input.channels;
}

static void compare_shapes(struct fit *fit, const int64_t input[2])
{
    fit->input = fit->architecture->input;
    fit->input.channels = image_channels(fit);
    for (int i = 0; i < 2; i++) {
        if (input[i])
            *(i ? &fit->input.width : &fit->input.height) = input[i];
    }
    fit->narrower = true;
    for (int i = 0; i < fit->architecture->parameter_count; i++) {
        const struct shape *given = given_shape(fit, i);
        if (!given)
            continue;
        fit->different += !same_shape(fit, i, given);
        fit->narrower &= !is_wider(fit, i, given);
    }
}

/* The checkpoint's tensors and names in the order of the parameters, for a run through the layers. */
struct ordered {
    struct tensor **tensors;
    const char **names;
};

static status order_weights(const struct fit *fit, struct ordered *ordered, struct error *error)
{
    const size_t count = (size_t)fit->architecture->parameter_count;
    ordered->tensors = mem_new(count, sizeof *ordered->tensors);
    ordered->names = mem_new(count, sizeof *ordered->names);
    if (!ordered->tensors || !ordered->names)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        const struct weight *weight = &fit->checkpoint->weights[fit->weights[i]];
        ordered->tensors[i] = weight->tensor;
        ordered->names[i] = weight->name;
    }
    return STATUS_OK;
}

/* A record of as many paddings as the architecture has is taken to be of it. */
static bool has_record(const struct fit *fit)
{
    int count = 0;
    for (int i = 0; i < fit->architecture->step_count; i++)
        count += fit->architecture->steps[i].kind->pads;
    return count > 0 && count == fit->checkpoint->zeros.count;
}

static status run(const struct fit *fit, struct graph **graph, struct feature_shape *output,
                  struct error *error)
{
    struct ordered ordered = {0};
    status code = order_weights(fit, &ordered, error);
    const struct assembly_request request = {fit->architecture, ordered.tensors, ordered.names, fit->input,
                                             fit->recorded ? &fit->checkpoint->zeros : NULL};
    if (code == STATUS_OK)
        code = assembly_run(&request, graph, output, error);
    mem_free(ordered.tensors);
    mem_free(ordered.names);
    return code;
}

static status judge(struct fit *fit, struct error *error)
{
    if (fit->missing || fit->unexpected)
        return STATUS_OK;
    status code = run(fit, NULL, &fit->output, &fit->why);
    if (code == STATUS_MEMORY)
        return error_memory(error);
    if (code == STATUS_OK)
        fit->verdict = fit->different ? FIT_CHANNELS : FIT_EXACT;
    return STATUS_OK;
}

status fit_new(struct architecture *architecture, int naming, struct checkpoint *checkpoint,
               const int64_t input[2], struct fit **result, struct error *error)
{
    struct fit *fit = mem_new(1, sizeof *fit);
    if (!fit)
        return error_memory(error);
    fit->architecture = architecture_retain(architecture);
    fit->checkpoint = checkpoint_retain(checkpoint);
    fit->naming = &architecture->namings[naming];
    fit->weights = mem_new((size_t)architecture->parameter_count, sizeof *fit->weights);
    status code = fit->weights ? match_names(fit, error) : error_memory(error);
    if (code == STATUS_OK) {
        compare_shapes(fit, input);
        fit->recorded = has_record(fit);
        code = judge(fit, error);
    }
    if (code != STATUS_OK) {
        fit_free(fit);
        return code;
    }
    *result = fit;
    return STATUS_OK;
}

void fit_free(struct fit *fit)
{
    if (!fit)
        return;
    mem_free(fit->weights);
    architecture_free(fit->architecture);
    checkpoint_free(fit->checkpoint);
    mem_free(fit);
}

status fit_graph(const struct fit *fit, struct graph **graph, struct error *error)
{
    struct feature_shape output;
    return run(fit, graph, &output, error);
}

/* --- what does not fit ---------------------------------------------------------------------------------- */

struct telling {
    bool (*visit)(void *argument, const struct difference *difference);
    void *argument;
};

static bool tell_parameters(const struct fit *fit, enum difference_kind kind, const struct telling *telling)
{
    const struct architecture *architecture = fit->architecture;
    for (int i = 0; i < architecture->parameter_count; i++) {
        const struct shape *given = given_shape(fit, i);
        if (kind == PARAMETER_MISSING ? given != NULL : !given || same_shape(fit, i, given))
            continue;
        const struct difference difference = {kind, fit->naming->names[i], &architecture->parameters[i].shape,
                                              given};
        if (!telling->visit(telling->argument, &difference))
            return false;
    }
    return true;
}

static bool is_parameter(const struct fit *fit, int weight)
{
    for (int i = 0; i < fit->architecture->parameter_count; i++) {
        if (fit->weights[i] == weight)
            return true;
    }
    return false;
}

static bool tell_unexpected(const struct fit *fit, const struct telling *telling)
{
    for (int i = 0; i < fit->checkpoint->count; i++) {
        const struct weight *weight = &fit->checkpoint->weights[i];
        if (use_of(fit->architecture, weight->name) != WEIGHT_UNEXPECTED || is_parameter(fit, i))
            continue;
        const struct difference difference = {PARAMETER_UNEXPECTED, weight->name, NULL,
                                              &weight->tensor->shape};
        if (!telling->visit(telling->argument, &difference))
            return false;
    }
    return true;
}

void fit_differences(const struct fit *fit,
                     bool (*visit)(void *argument, const struct difference *difference), void *argument)
{
    const struct telling telling = {visit, argument};
    if (tell_parameters(fit, PARAMETER_MISSING, &telling) && tell_unexpected(fit, &telling))
        tell_parameters(fit, PARAMETER_DIFFERENT, &telling);
}

const char *fit_first_extra(const struct fit *fit)
{
    for (int i = 0; fit->extras && i < fit->checkpoint->count; i++) {
        const char *name = fit->checkpoint->weights[i].name;
        if (use_of(fit->architecture, name) == WEIGHT_EXTRA && !is_parameter(fit, i))
            return name;
    }
    return NULL;
}
