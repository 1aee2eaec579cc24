/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that move channels. */
#include "architecture/architecture.h"
#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "base/status.h"
#include "checkpoint/zeros.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"

static status run_concat(struct assembly *assembly, const struct layer_step *step,
                         struct feature_shape *shape, struct error *error)
{
    int inputs[NODE_MAX_OPERANDS];
    if (step->input_count > NODE_MAX_OPERANDS)
        return error_set(error, STATUS_RANGE, "at most %d inputs", NODE_MAX_OPERANDS);
    *shape = assembly_input(assembly, step, 0);
    shape->channels = 0;
    for (int i = 0; i < step->input_count; i++) {
        const struct feature_shape in = assembly_input(assembly, step, i);
        if (in.flat != shape->flat || in.height != shape->height || in.width != shape->width)
            return error_set(
                error, STATUS_SHAPE, "its inputs are of different sizes, %lldx%lld and %lldx%lld",
                (long long)shape->height, (long long)shape->width, (long long)in.height, (long long)in.width);
        shape->channels += in.channels;
        inputs[i] = assembly_value(assembly, step, i);
    }
    const struct attribute axis = attribute_integer("axis", 1);
    assembly_result(assembly, assembly_node(assembly, step, "Concat", inputs, step->input_count, &axis, 1));
    return STATUS_OK;
}

/* Channels of zeros before and behind the others. */
static status run_pad_channels(struct assembly *assembly, const struct layer_step *step,
                               struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    struct channel_zeros zeros = {(int64_t)step->settings[SETTING_BEFORE][0],
                                  (int64_t)step->settings[SETTING_AFTER][0]};
    if (assembly->zeros)
        zeros = assembly->zeros->list[assembly->padded++];
    const int64_t pads[] = {0, zeros.front, 0, 0, 0, zeros.behind, 0, 0};
    if (in.flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    *shape = in;
    shape->channels += zeros.front + zeros.behind;
    const int inputs[] = {assembly_value(assembly, step, 0), assembly_integers(assembly, pads, 8),
                          assembly_real(assembly, 0)};
    assembly_result(assembly, assembly_node(assembly, step, "Pad", inputs, 3, NULL, 0));
    return STATUS_OK;
}

static status run_flatten(struct assembly *assembly, const struct layer_step *step,
                          struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const int input = assembly_value(assembly, step, 0);
    const struct attribute axis = attribute_integer("axis", 1);
    (void)error;
    *shape = (struct feature_shape){in.channels * in.height * in.width, 1, 1, true};
    assembly_result(assembly, assembly_node(assembly, step, "Flatten", &input, 1, &axis, 1));
    return STATUS_OK;
}

const struct step_kind layers_channels[] = {
    {.name = "concat", .run = run_concat},
    {.name = "pad_channels",
     .inputs = 1,
     .required = {SETTING_BEFORE, SETTING_AFTER},
     .required_count = 2,
     .pads = true,
     .run = run_pad_channels},
    {.name = "flatten", .inputs = 1, .passes = true, .run = run_flatten},
    {.name = NULL},
};
