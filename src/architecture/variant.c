/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of an architecture once more, with other numbers of channels. */
#include "architecture/variant.h"

#include <math.h>

#include "architecture/step_kind.h"
#include "base/memory.h"
#include "base/status.h"

struct scaling {
    const struct architecture *from;
    const struct variant *variant;
    struct architecture *to;
};

static double scaled(const struct scaling *scaling, double channels)
{
    return fmax(1, floor(channels * scaling->variant->width + 0.5));
}

/* A depthwise convolution stays one. */
static void scale_weighted(const struct scaling *scaling, int number, struct layer_step *step)
{
    const int input = step->inputs[0];
    const double before = (double)scaling->from->shapes[input].channels,
                 now = (double)scaling->to->shapes[input].channels;
    const double groups = step->settings[SETTING_GROUPS][0];
    double *channels = &step->settings[SETTING_CHANNELS][0];
    if (number == scaling->from->head) {
        if (scaling->variant->classes)
            *channels = (double)scaling->variant->classes;
    } else if (groups > 1 && groups == before) {
        *channels = *channels / groups * now;
        step->settings[SETTING_GROUPS][0] = now;
    } else {
        *channels = scaled(scaling, *channels);
    }
}

/* Zeros fill up to the channels that others have; they are shared out as before. */
static void scale_padding(const struct scaling *scaling, struct layer_step *step)
{
    const int input = step->inputs[0];
    double *before = &step->settings[SETTING_BEFORE][0], *after = &step->settings[SETTING_AFTER][0];
    const double zeros = *before + *after;
    const double more = fmax(0, scaled(scaling, (double)scaling->from->shapes[input].channels + zeros) -
                                    (double)scaling->to->shapes[input].channels);
    *before = zeros > 0 ? floor(more * *before / zeros) : 0;
    *after = more - *before;
}

static status add_steps(const struct scaling *scaling, struct error *error)
{
    const struct architecture *from = scaling->from;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < from->step_count; i++) {
        struct layer_step step = from->steps[i];
        int value;
        if (step.kind->weighted)
            scale_weighted(scaling, i, &step);
        if (step.kind->pads)
            scale_padding(scaling, &step);
        code = architecture_add(scaling->to, &step, &value, error);
    }
    return code;
}

/* Names and texts. */
static status add_words(const struct architecture *from, struct architecture *to, struct error *error)
{
    to->title = arena_string(to->arena, from->title);
    to->paper = from->paper ? arena_string(to->arena, from->paper) : NULL;
    to->origin = arena_string(to->arena, from->origin);
    to->namings[0].by = arena_string(to->arena, from->namings[0].by);
    if (!to->title || !to->paper != !from->paper || !to->origin || !to->namings[0].by)
        return error_memory(error);
    status code = STATUS_OK;
    for (int i = 1; code == STATUS_OK && i < from->naming_count; i++)
        code = architecture_name(to, from->namings[i].by, from->namings[i].names, error);
    for (int i = 0; code == STATUS_OK && i < from->extra_count; i++)
        code = architecture_extra(to, from->extras[i], error);
    return code;
}

static struct feature_shape images_of(const struct architecture *architecture, const struct variant *variant)
{
    struct feature_shape input = architecture->input;
    input.channels = variant->channels ? variant->channels : input.channels;
    input.height = variant->size[0] ? variant->size[0] : input.height;
    input.width = variant->size[1] ? variant->size[1] : input.width;
    return input;
}

status architecture_variant(const struct architecture *architecture, const struct variant *variant,
                            struct architecture **result, struct error *error)
{
    const struct feature_shape input = images_of(architecture, variant);
    if (variant->classes && architecture->head < 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: no layer of it makes the classes alone: their number is as described, %lld",
                         architecture->name, (long long)architecture->classes);
    struct architecture *to = architecture_new(architecture->name, &input,
                                               variant->classes ? variant->classes : architecture->classes);
    if (!to)
        return error_memory(error);
    const struct scaling scaling = {architecture, variant, to};
    status code = add_steps(&scaling, error);
    if (code == STATUS_OK)
        code = architecture_finish(to, architecture->output, error);
    if (code == STATUS_OK)
        code = add_words(architecture, to, error);
    if (code != STATUS_OK) {
        architecture_free(to);
        return code == STATUS_MEMORY ? code : error_prefix(error, "%s: ", architecture->name);
    }
    *result = to;
    return STATUS_OK;
}
