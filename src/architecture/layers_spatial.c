/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that change height and width: pooling, strided slices, resizing. */
#include "architecture/architecture.h"
#include "architecture/assembly.h"
#include "architecture/step_kind.h"
#include "architecture/window.h"
#include "base/status.h"
#include "nn/graph/graph.h"

static status add_pool(struct assembly *assembly, const struct layer_step *step, const char *op,
                       const struct attribute *more, struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const int input = assembly_value(assembly, step, 0);
    struct window window;
    status code = window_shape(step, &in, shape, error);
    if (code == STATUS_OK)
        code = window_of(step, &window, error);
    if (code != STATUS_OK)
        return code;
    const struct attribute attributes[] = {
        attribute_integers("kernel_shape", window.kernel, 2),
        attribute_integers("strides", window.stride, 2),
        attribute_integers("pads", window.pads, 4),
        attribute_integer("ceil_mode", step->settings[SETTING_CEIL][0] != 0),
        *more,
    };
    assembly_result(assembly, assembly_node(assembly, step, op, &input, 1, attributes,
                                            sizeof attributes / sizeof *attributes));
    return STATUS_OK;
}

static status run_maxpool(struct assembly *assembly, const struct layer_step *step,
                          struct feature_shape *shape, struct error *error)
{
    int64_t dilation[] = {(int64_t)step->settings[SETTING_DILATION][0],
                          (int64_t)step->settings[SETTING_DILATION][1]};
    const struct attribute dilations = attribute_integers("dilations", dilation, 2);
    return add_pool(assembly, step, "MaxPool", &dilations, shape, error);
}

static status run_avgpool(struct assembly *assembly, const struct layer_step *step,
                          struct feature_shape *shape, struct error *error)
{
    const struct attribute padding =
        attribute_integer("count_include_pad", step->settings[SETTING_COUNT_PADDING][0] != 0);
    return add_pool(assembly, step, "AveragePool", &padding, shape, error);
}

static status run_average(struct assembly *assembly, const struct layer_step *step,
                          struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const int input = assembly_value(assembly, step, 0);
    if (in.flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    *shape = (struct feature_shape){in.channels, 1, 1, false};
    assembly_result(assembly, assembly_node(assembly, step, "GlobalAveragePool", &input, 1, NULL, 0));
    return STATUS_OK;
}

/* Averages over a grid of so many cells, which must be equal. */
static status run_adaptive_average(struct assembly *assembly, const struct layer_step *step,
                                   struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0);
    const int64_t height = (int64_t)step->settings[SETTING_SIZE][0],
                  width = (int64_t)step->settings[SETTING_SIZE][1];
    if (in.flat || in.height % height || in.width % width)
        return error_set(error, STATUS_SHAPE,
                         "%lldx%lld is no multiple of %lldx%lld: images of another size "
                         "would be",
                         (long long)in.height, (long long)in.width, (long long)height, (long long)width);
    *shape = (struct feature_shape){in.channels, height, width, false};
    if (in.height == height && in.width == width) {
        assembly_result(assembly, assembly_value(assembly, step, 0));
        return STATUS_OK;
    }
    int64_t cell[] = {in.height / height, in.width / width};
    const struct attribute attributes[] = {attribute_integers("kernel_shape", cell, 2),
                                           attribute_integers("strides", cell, 2)};
    const int input = assembly_value(assembly, step, 0);
    assembly_result(assembly, assembly_node(assembly, step, "AveragePool", &input, 1, attributes, 2));
    return STATUS_OK;
}

/* Every second pixel, or every third: x[:, :, ::2, ::2]. */
static status run_subsample(struct assembly *assembly, const struct layer_step *step,
                            struct feature_shape *shape, struct error *error)
{
    const int64_t stride[] = {(int64_t)step->settings[SETTING_STRIDE][0],
                              (int64_t)step->settings[SETTING_STRIDE][1]};
    static const int64_t starts[] = {0, 0}, ends[] = {INT64_MAX, INT64_MAX}, axes[] = {2, 3};
    const struct feature_shape in = assembly_input(assembly, step, 0);
    if (in.flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    *shape = (struct feature_shape){in.channels, (in.height + stride[0] - 1) / stride[0],
                                    (in.width + stride[1] - 1) / stride[1], false};
    const int inputs[] = {assembly_value(assembly, step, 0), assembly_integers(assembly, starts, 2),
                          assembly_integers(assembly, ends, 2), assembly_integers(assembly, axes, 2),
                          assembly_integers(assembly, stride, 2)};
    assembly_result(assembly, assembly_node(assembly, step, "Slice", inputs, 5, NULL, 0));
    return STATUS_OK;
}

/* To the height and width of another value: bilinear, pixels are areas (align_corners=False). */
static status run_resize(struct assembly *assembly, const struct layer_step *step,
                         struct feature_shape *shape, struct error *error)
{
    const struct feature_shape in = assembly_input(assembly, step, 0),
                               like = assembly_input(assembly, step, 1);
    if (in.flat || like.flat)
        return error_set(error, STATUS_SHAPE, "its input is flat");
    *shape = (struct feature_shape){in.channels, like.height, like.width, false};
    const int64_t sizes[] = {1, in.channels, like.height, like.width};
    const int inputs[] = {assembly_value(assembly, step, 0), VALUE_NONE, VALUE_NONE,
                          assembly_integers(assembly, sizes, 4)};
    const struct attribute attributes[] = {
        {.name = "mode", .kind = ATTRIBUTE_STRING, .string = "linear"},
        {.name = "coordinate_transformation_mode", .kind = ATTRIBUTE_STRING, .string = "half_pixel"},
    };
    assembly_result(assembly, assembly_node(assembly, step, "Resize", inputs, 4, attributes, 2));
    return STATUS_OK;
}

const struct step_kind layers_spatial[] = {
    {.name = "maxpool",
     .inputs = 1,
     .required = {SETTING_KERNEL},
     .required_count = 1,
     .optional = {SETTING_STRIDE, SETTING_PADDING, SETTING_DILATION, SETTING_CEIL},
     .optional_count = 4,
     .tiled = true,
     .passes = true,
     .run = run_maxpool},
    {.name = "avgpool",
     .inputs = 1,
     .required = {SETTING_KERNEL},
     .required_count = 1,
     .optional = {SETTING_STRIDE, SETTING_PADDING, SETTING_COUNT_PADDING},
     .optional_count = 3,
     .tiled = true,
     .passes = true,
     .run = run_avgpool},
    {.name = "average", .inputs = 1, .passes = true, .run = run_average},
    {.name = "adaptive_average",
     .inputs = 1,
     .required = {SETTING_SIZE},
     .required_count = 1,
     .passes = true,
     .run = run_adaptive_average},
    {.name = "subsample",
     .inputs = 1,
     .required = {SETTING_STRIDE},
     .required_count = 1,
     .passes = true,
     .run = run_subsample},
    {.name = "resize", .inputs = 2, .passes = true, .run = run_resize},
    {.name = NULL},
};
