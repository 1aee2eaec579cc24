/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The making of descriptions. */
#include "architecture/architecture.h"

#include <stdlib.h>
#include <string.h>

#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "base/share.h"
#include "base/text.h"

enum { MAX_STEPS = 20000 };

void feature_shape_text(const struct feature_shape *shape, struct text *text)
{
    if (shape->flat)
        text_add_format(text, "%lld", (long long)shape->channels);
    else
        text_add_format(text, "%lldx%lldx%lld", (long long)shape->channels, (long long)shape->height,
                        (long long)shape->width);
}

struct architecture *architecture_new(const char *name, const struct feature_shape *input, int64_t classes)
{
    struct architecture *architecture = mem_new(1, sizeof *architecture);
    if (!architecture)
        return NULL;
    architecture->arena = arena_new();
    architecture->name = architecture->arena ? arena_string(architecture->arena, name) : NULL;
    architecture->title = architecture->origin = "";
    architecture->input = *input;
    architecture->classes = classes;
    architecture->output = architecture->head = -1;
    if (!architecture->name ||
        !mem_grow(&architecture->shapes, &architecture->shape_capacity, 1, sizeof *architecture->shapes)) {
        architecture_free(architecture);
        return NULL;
    }
    architecture->shapes[0] = *input;
    return architecture;
}

struct architecture *architecture_retain(struct architecture *architecture)
{
    if (architecture)
        share_add(&architecture->shares);
    return architecture;
}

void architecture_free(struct architecture *architecture)
{
    if (!architecture || !share_drop(&architecture->shares))
        return;
    mem_free(architecture->steps);
    mem_free(architecture->parameters);
    mem_free(architecture->shapes);
    mem_free(architecture->namings);
    mem_free(architecture->extras);
    arena_free(architecture->arena);
    mem_free(architecture);
}

/* --- steps ---------------------------------------------------------------------------------------------- */

struct layer_step layer_step_of(const struct step_kind *kind)
{
    struct layer_step step = {.kind = kind};
    static const enum layer_setting ones[] = {SETTING_STRIDE, SETTING_DILATION, SETTING_GROUPS,
                                              SETTING_COUNT_PADDING};
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        step.settings[ones[i]][0] = step.settings[ones[i]][1] = 1;
    if (kind->tiled)
        step.settings[SETTING_STRIDE][0] = step.settings[SETTING_STRIDE][1] = 0;
    step.settings[SETTING_PADDING][0] = step.settings[SETTING_PADDING][1] = kind->same;
    step.settings[SETTING_BIAS][0] = kind->bias;
    step.settings[SETTING_EPSILON][0] = 1e-5;
    step.settings[SETTING_SLOPE][0] = 0.01;
    return step;
}

static status check_setting(const struct layer_step *step, enum layer_setting setting, struct error *error)
{
    const struct setting_row *row = layer_setting_row(setting);
    for (int i = 0; i < (row->pair ? 2 : 1); i++) {
        double value = step->settings[setting][i];
        if (!(value >= row->low && value <= row->high) || (row->whole && value != (double)(int64_t)value))
            return error_set(error, STATUS_RANGE, "%s%s%s: %s: %.10g is not a %snumber from %.10g to %.10g",
                             step->kind->name, step->name ? " " : "", step->name ? step->name : "", row->name,
                             value, row->whole ? "whole " : "", row->low, row->high);
    }
    return STATUS_OK;
}

static status check_step(const struct architecture *architecture, const struct layer_step *step,
                         struct error *error)
{
    const struct step_kind *kind = step->kind;
    status code = STATUS_OK;
    if (architecture->output >= 0)
        return error_set(error, STATUS_STATE, "the network %s is finished", architecture->name);
    if (architecture->step_count == MAX_STEPS)
        return error_set(error, STATUS_RANGE, "a network has at most %d layers", MAX_STEPS);
    if (kind->named && (!step->name || !*step->name))
        return error_set(error, STATUS_USAGE, "%s: a name for its parameters is missing", kind->name);
    if (kind->inputs ? step->input_count != kind->inputs : step->input_count < 2)
        return error_set(error, STATUS_USAGE, "%s: %d inputs, %s%d expected", kind->name, step->input_count,
                         kind->inputs ? "" : "at least ", kind->inputs ? kind->inputs : 2);
    for (int i = 0; i < step->input_count; i++) {
        if (step->inputs[i] < 0 || step->inputs[i] > architecture->step_count)
            return error_set(error, STATUS_USAGE, "%s: there is no such value", kind->name);
    }
    for (int i = 0; code == STATUS_OK && i < kind->required_count; i++)
        code = check_setting(step, kind->required[i], error);
    for (int i = 0; code == STATUS_OK && i < kind->optional_count; i++)
        code = check_setting(step, kind->optional[i], error);
    return code;
}

static status keep_step(struct architecture *architecture, const struct layer_step *step, struct error *error)
{
    const size_t count = (size_t)architecture->step_count + 1;
    if (!mem_grow(&architecture->steps, &architecture->step_capacity, count, sizeof *architecture->steps) ||
        !mem_grow(&architecture->shapes, &architecture->shape_capacity, count + 1,
                  sizeof *architecture->shapes))
        return error_memory(error);
    struct layer_step *kept = &architecture->steps[architecture->step_count];
    *kept = *step;
    kept->name = step->kind->named ? arena_string(architecture->arena, step->name) : NULL;
    kept->inputs =
        arena_copy(architecture->arena, step->inputs, (size_t)step->input_count * sizeof *step->inputs);
    kept->first_parameter = architecture->parameter_count;
    return kept->inputs && (kept->name || !step->kind->named) ? STATUS_OK : error_memory(error);
}

status architecture_add(struct architecture *architecture, const struct layer_step *step, int *value,
                        struct error *error)
{
    struct layer_step whole = *step;
    for (int i = 0; i < 2; i++) {
        if (step->kind->tiled && step->settings[SETTING_STRIDE][i] == 0)
            whole.settings[SETTING_STRIDE][i] = step->settings[SETTING_KERNEL][i];
    }
    status code = check_step(architecture, &whole, error);
    if (code == STATUS_OK)
        code = keep_step(architecture, &whole, error);
    if (code != STATUS_OK)
        return code;
    struct assembly assembly = {
        .described = architecture, .architecture = architecture, .shapes = architecture->shapes};
    struct layer_step *kept = &architecture->steps[architecture->step_count];
    code = assembly_step(&assembly, architecture->step_count, error);
    if (code != STATUS_OK) {
        architecture->parameter_count = kept->first_parameter;
        return code;
    }
    kept->parameter_count = architecture->parameter_count - kept->first_parameter;
    architecture->width_count += step->kind->weighted;
    *value = ++architecture->step_count;
    return STATUS_OK;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No name stands for two parameters. */
static status check_names(const struct naming *naming, int count, struct error *error)
{
    const char **sorted = mem_copy(naming->names, (size_t)count * sizeof *sorted);
    if (!sorted)
        return error_memory(error);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
    status code = STATUS_OK;
    for (int i = 1; code == STATUS_OK && i < count; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            code = error_set(error, STATUS_USAGE, "the name %s stands for two parameters%s%s", sorted[i],
                             *naming->by ? " in the names of " : "", naming->by);
    }
    mem_free(sorted);
    return code;
}

status architecture_name(struct architecture *architecture, const char *by, const char *const *names,
                         struct error *error)
{
    const int count = architecture->parameter_count;
    struct naming naming = {arena_string(architecture->arena, by),
                            arena_alloc(architecture->arena, (size_t)count, sizeof *naming.names)};
    bool kept = naming.by && naming.names;
    for (int i = 0; kept && i < count; i++)
        kept = (naming.names[i] = arena_string(architecture->arena, names[i])) != NULL;
    if (!kept || !mem_grow(&architecture->namings, &architecture->naming_capacity,
                           (size_t)architecture->naming_count + 1, sizeof *architecture->namings))
        return error_memory(error);
    status code = check_names(&naming, count, error);
    if (code == STATUS_OK)
        architecture->namings[architecture->naming_count++] = naming;
    return code;
}

status architecture_extra(struct architecture *architecture, const char *pattern, struct error *error)
{
    const char *kept = arena_string(architecture->arena, pattern);
    if (!kept || !mem_grow(&architecture->extras, &architecture->extra_capacity,
                           (size_t)architecture->extra_count + 1, sizeof *architecture->extras))
        return error_memory(error);
    architecture->extras[architecture->extra_count++] = kept;
    return STATUS_OK;
}

/* --- the end -------------------------------------------------------------------------------------------- */

/* The layer whose channels are the classes: from the output back through what leaves channels as they are. */
static int find_head(const struct architecture *architecture)
{
    int step = architecture->output - 1;
    while (step >= 0 && architecture->steps[step].kind->passes)
        step = architecture->steps[step].inputs[0] - 1;
    return step >= 0 && architecture->steps[step].kind->weighted ? step : -1;
}

static void digest_steps(struct architecture *architecture)
{
    struct digest_state state;
    digest_begin(&state);
    for (int i = 0; i < architecture->step_count; i++) {
        const struct layer_step *step = &architecture->steps[i];
        double settings[LAYER_SETTINGS][2];
        memcpy(settings, step->settings, sizeof settings);
        settings[SETTING_CHANNELS][0] = settings[SETTING_CHANNELS][1] = 0; /* the weights' */
        digest_add(&state, step->kind->name, strlen(step->kind->name) + 1);
        digest_add(&state, step->inputs, (size_t)step->input_count * sizeof *step->inputs);
        digest_add(&state, settings, sizeof settings);
    }
    digest_add(&state, &architecture->output, sizeof architecture->output);
    digest_end(&state, architecture->digest);
}

status architecture_finish(struct architecture *architecture, int output, struct error *error)
{
    const int count = architecture->parameter_count;
    if (output < 1 || output > architecture->step_count || !count)
        return error_set(error, STATUS_USAGE, "the network %s has no layer with parameters before its output",
                         architecture->name);
    const char **names = mem_new((size_t)count, sizeof *names);
    if (!names)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        names[i] = architecture->parameters[i].name;
        if (architecture->parameters[i].trained)
            architecture->size += shape_elements(&architecture->parameters[i].shape);
    }
    architecture->output = output;
    architecture->head = find_head(architecture);
    if (architecture->head >= 0)
        architecture->classes = architecture->shapes[output].channels;
    digest_steps(architecture);
    status code = architecture_name(architecture, "", names, error);
    mem_free(names);
    return code;
}
