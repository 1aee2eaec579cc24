/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers with parameters. Numbers of channels are those of the checkpoint, where there is one. */
#include "architecture/architecture.h"
#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "architecture/window.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

static status add_vector(struct assembly *assembly, const struct layer_step *step, const char *part,
                         int64_t length, enum parameter_role role, struct error *error)
{
    const struct shape shape = {.rank = 1, .dim = {length}};
    return assembly_parameter(assembly, step, part, &shape, role, error);
}

/* The step's one node over its input and its parameters. */
static void add_node(struct assembly *assembly, const struct layer_step *step, const char *op,
                     const struct attribute *attributes, int count)
{
    int inputs[1 + STEP_PARAMETERS] = {assembly_value(assembly, step, 0)};
    for (int i = 0; i < assembly->constant_count; i++)
        inputs[i + 1] = assembly->constants[i];
    assembly_result(
        assembly, assembly_node(assembly, step, op, inputs, 1 + assembly->constant_count, attributes, count));
}

/* Groups follow from the numbers of channels: a depthwise convolution that was pruned has fewer. */
static status find_groups(struct assembly *assembly, const struct layer_step *step, int64_t channels,
                          int64_t filters, int64_t *groups, struct error *error)
{
    int64_t described = (int64_t)step->settings[SETTING_GROUPS][0];
    *groups = described;
    if (assembly->given && described > 1) {
        int64_t each = assembly_dimension(assembly, step, 0, 1, 1);
        if (each > 0 && channels % each == 0)
            *groups = channels / each;
    }
    return channels % *groups || filters % *groups
               ? error_set(error, STATUS_SHAPE, "%lld channels in and %lld out are not in %lld groups",
                           (long long)channels, (long long)filters, (long long)*groups)
               : STATUS_OK;
}

static status add_convolution(struct assembly *assembly, const struct layer_step *step, int64_t groups,
                              struct error *error)
{
    struct window window;
    status code = window_of(step, &window, error);
    if (code != STATUS_OK)
        return code;
    const struct attribute attributes[] = {
        attribute_integers("kernel_shape", window.kernel, 2),
        attribute_integers("strides", window.stride, 2),
        attribute_integers("pads", window.pads, 4),
        attribute_integers("dilations", window.dilation, 2),
        attribute_integer("group", groups),
    };
    add_node(assembly, step, "Conv", attributes, sizeof attributes / sizeof *attributes);
    return STATUS_OK;
}

static status run_conv(struct assembly *assembly, const struct layer_step *step, struct feature_shape *shape,
                       struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const int64_t filters =
        assembly_dimension(assembly, step, 0, 0, (int64_t)step->settings[SETTING_CHANNELS][0]);
    int64_t groups;
    if (in.flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    status code = find_groups(assembly, step, in.channels, filters, &groups, error);
    if (code != STATUS_OK)
        return code;
    const struct shape weight = {.rank = 4,
                                 .dim = {filters, in.channels / groups,
                                         (int64_t)step->settings[SETTING_KERNEL][0],
                                         (int64_t)step->settings[SETTING_KERNEL][1]}};
    code = assembly_parameter(assembly, step, "weight", &weight, PARAMETER_FILTERS, error);
    if (code == STATUS_OK && step->settings[SETTING_BIAS][0] != 0)
        code = add_vector(assembly, step, "bias", filters, PARAMETER_FILTER_BIAS, error);
    if (code == STATUS_OK)
        code = window_shape(step, &in, shape, error);
    shape->channels = filters;
    return code == STATUS_OK ? add_convolution(assembly, step, groups, error) : code;
}

static status run_linear(struct assembly *assembly, const struct layer_step *step,
                         struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const struct shape weight = {
        .rank = 2,
        .dim = {assembly_dimension(assembly, step, 0, 0, (int64_t)step->settings[SETTING_CHANNELS][0]),
                in.channels}};
    if (!in.flat)
        return error_set(error, STATUS_SHAPE, "its input is not flat: flatten it first");
    status code = assembly_parameter(assembly, step, "weight", &weight, PARAMETER_MATRIX, error);
    if (code == STATUS_OK && step->settings[SETTING_BIAS][0] != 0)
        code = add_vector(assembly, step, "bias", weight.dim[0], PARAMETER_MATRIX_BIAS, error);
    if (code != STATUS_OK)
        return code;
    *shape = (struct feature_shape){weight.dim[0], 1, 1, true};
    const struct attribute transposed = attribute_integer("transB", 1);
    add_node(assembly, step, "Gemm", &transposed, 1);
    return STATUS_OK;
}

static status run_batchnorm(struct assembly *assembly, const struct layer_step *step,
                            struct feature_shape *shape, struct error *error)
{
    static const struct {
        const char *part;
        enum parameter_role role;
    } parts[] = {{"weight", PARAMETER_SCALE},
                 {"bias", PARAMETER_SHIFT},
                 {"running_mean", PARAMETER_MEAN},
                 {"running_var", PARAMETER_VARIANCE}};
    *shape = assembly_input(assembly, step, 0);
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < sizeof parts / sizeof *parts; i++)
        code = add_vector(assembly, step, parts[i].part, shape->channels, parts[i].role, error);
    const struct attribute epsilon = attribute_real("epsilon", step->settings[SETTING_EPSILON][0]);
    if (code == STATUS_OK)
        add_node(assembly, step, "BatchNormalization", &epsilon, 1);
    return code;
}

const struct step_kind layers_weighted[] = {
    {.name = "conv",
     .named = true,
     .inputs = 1,
     .required = {SETTING_CHANNELS, SETTING_KERNEL},
     .required_count = 2,
     .optional = {SETTING_STRIDE, SETTING_PADDING, SETTING_DILATION, SETTING_GROUPS, SETTING_BIAS},
     .optional_count = 5,
     .same = SAME_PADDING,
     .weighted = true,
     .run = run_conv},
    {.name = "linear",
     .named = true,
     .inputs = 1,
     .required = {SETTING_CHANNELS},
     .required_count = 1,
     .optional = {SETTING_BIAS},
     .optional_count = 1,
     .bias = true,
     .weighted = true,
     .run = run_linear},
    {.name = "batchnorm",
     .named = true,
     .inputs = 1,
     .optional = {SETTING_EPSILON},
     .optional_count = 1,
     .passes = true,
     .run = run_batchnorm},
    {.name = NULL},
};
