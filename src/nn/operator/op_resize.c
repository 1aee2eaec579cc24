/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resize and its older form Upsample: nearest and linear, along any axes. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/operator/resize.h"

/* The change along one axis. */
struct resampling {
    int64_t outer, in, out, inner;
    const struct resize_sample *samples; /* per output position */
};

struct resize {
    int resampling_count;
    struct resampling resamplings[TENSOR_MAX_RANK];
    int64_t between; /* elements of the largest result between two of them */
};

/* --- kernels -------------------------------------------------------------------------------------------- */

#define KERNELS_INT64
#define KERNELS "nn/operator/op_resize_kernels.h"
#include "nn/operator/typed.h"

/* --- preparing ------------------------------------------------------------------------------------------ */

/* The samples along one axis, or *changes false where every position keeps its value. */
static status make_samples(struct prepare *prepare, const struct resize_method *method,
                           const struct resize_axis *axis, const struct resize_sample **samples,
                           bool *changes, struct error *error)
{
    struct resize_sample *list;

    *changes = axis->in != axis->out;
    if (!*changes && axis->scale == 1 && !method->coordinate->moves)
        return STATUS_OK;
    list = arena_alloc(prepare->arena, (size_t)axis->out, sizeof *list);
    if (list == NULL)
        return error_memory(error);
    for (int64_t k = 0; k < axis->out; k++) {
        list[k] = resize_sample(method, axis, k);
        *changes = *changes || list[k].low != k || list[k].weight != 0;
    }
    *samples = list;
    return STATUS_OK;
}

/* All resamplings, those that make the data smaller first. */
static status make_resamplings(struct prepare *prepare, const struct resize_method *method,
                               const struct resize_axis *axes, struct error *error)
{
    const struct resize_sample *samples[TENSOR_MAX_RANK];
    bool changes[TENSOR_MAX_RANK];
    struct shape shape = prepare->inputs[0].shape;
    struct resize *plan = arena_alloc(prepare->arena, 1, sizeof *plan);

    if (plan == NULL)
        return error_memory(error);
    for (int i = 0; i < shape.rank; i++) {
        status code = make_samples(prepare, method, &axes[i], &samples[i], &changes[i], error);

        if (code != STATUS_OK)
            return code;
    }
    for (int growing = 0; growing < 2; growing++) {
        for (int i = 0; i < shape.rank; i++) {
            if (!changes[i] || (axes[i].out > axes[i].in) != growing)
                continue;
            if (plan->resampling_count > 0 && shape_elements(&shape) > plan->between)
                plan->between = shape_elements(&shape);
            plan->resamplings[plan->resampling_count++] =
                (struct resampling){.outer = shape_product(&shape, 0, i),
                                    .in = axes[i].in,
                                    .out = axes[i].out,
                                    .inner = shape_product(&shape, i + 1, shape.rank),
                                    .samples = samples[i]};
            shape.dim[i] = axes[i].out;
        }
    }
    prepare->workspace = 2 * (size_t)plan->between * element_size(prepare->inputs[0].type);
    prepare->plan = plan;
    return STATUS_OK;
}

/* A list of numbers, one per resized axis, from an input or an attribute; *values stays NULL where it is not
 * given (an empty list means the same). */
static status read_list(struct prepare *prepare, int input, const char *attribute, int count, double *values,
                        bool *found, struct error *error)
{
    const struct attribute *list = attribute == NULL ? NULL : node_attribute(prepare->node, attribute);
    const struct tensor *tensor = NULL;
    int64_t length = 0;

    *found = false;
    if (prepare_has_input(prepare, input)) {
        tensor = prepare->constant[input];
        if (tensor == NULL)
            return error_set(error, STATUS_UNSUPPORTED,
                             "input %d must be constant, but it depends on the images", input);
        length = shape_elements(&tensor->shape);
    } else if (list != NULL && list->kind == ATTRIBUTE_REALS) {
        length = (int64_t)list->count;
    }
    if (length == 0)
        return STATUS_OK;
    if (length != count)
        return error_set(error, STATUS_SHAPE, "%lld scales or sizes for %d axes", (long long)length, count);
    for (int i = 0; i < count; i++)
        values[i] = tensor != NULL ? tensor_get(tensor, i) : list->reals[i];
    *found = true;
    return STATUS_OK;
}

/* Which axes the lists are about: all, or from opset 18 on those in an attribute. */
static status read_axes(struct prepare *prepare, int axes[TENSOR_MAX_RANK], int *count, struct error *error)
{
    const int rank = prepare->inputs[0].shape.rank;
    bool seen[TENSOR_MAX_RANK] = {false};
    const int64_t *given;
    int given_count;
    status code = prepare_integers(prepare, -1, "axes", &given, &given_count, error);

    if (code != STATUS_OK)
        return code;
    if (given_count > rank)
        return error_set(error, STATUS_SHAPE, "%d axes of a tensor with %d", given_count, rank);
    *count = given_count == 0 ? rank : given_count;
    for (int i = 0; i < *count; i++) {
        if (given_count == 0)
            axes[i] = i;
        else if (!shape_axis(rank, given[i], &axes[i]) || seen[axes[i]])
            return error_set(error, STATUS_SHAPE, "axis %lld is not there or given twice",
                             (long long)given[i]);
        seen[axes[i]] = true;
    }
    return STATUS_OK;
}

/* A scale that is out / in but for the rounding of a float stands for exactly that; so does 0. */
static void set_scale(struct resize_axis *axis, double scale)
{
    const double length = scale * (double)axis->in;
    const bool whole = scale == 0 || fabs(length - (double)axis->out) <= 1e-6 * (double)axis->out;

    axis->length = whole ? (double)axis->out : length;
    axis->scale = whole ? (double)axis->out / (double)axis->in : scale;
}

/* Output dimension and scale of each axis, from the one list that is given. A size of 0 or less for axis 0
 * keeps the batch as it is: simplification writes that where a file has its own batch in the list. */
static status measure_axes(struct prepare *prepare, int scales_input, int sizes_input,
                           struct resize_axis *result, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    double scales[TENSOR_MAX_RANK], sizes[TENSOR_MAX_RANK];
    bool has_scales, has_sizes;
    int axes[TENSOR_MAX_RANK], count = 0;

    for (int i = 0; i < shape->rank; i++)
        result[i] = (struct resize_axis){shape->dim[i], shape->dim[i], 1, (double)shape->dim[i]};
    if (read_axes(prepare, axes, &count, error) != STATUS_OK ||
        read_list(prepare, scales_input, "scales", count, scales, &has_scales, error) != STATUS_OK ||
        read_list(prepare, sizes_input, NULL, count, sizes, &has_sizes, error) != STATUS_OK)
        return error->code;
    if (has_scales == has_sizes)
        return error_set(error, STATUS_UNSUPPORTED, "exactly one of scales and sizes is expected");
    for (int i = 0; i < count; i++) {
        struct resize_axis *axis = &result[axes[i]];
        double out = has_sizes ? sizes[i] : 0;

        if (has_sizes && axes[i] == 0 && out <= 0)
            continue;
        if (has_scales) {
            if (!(scales[i] > 0) || !isfinite(scales[i]))
                return error_set(error, STATUS_RANGE, "the scale of axis %d is not a positive number",
                                 axes[i]);
            /* In float, as other programs do: 0.7 of 10 pixels are 7. */
            out = (double)floorf((float)scales[i] * (float)axis->in);
        }
        if (!(out >= 1) || out > 0x1p48 || axis->in < 1)
            return error_set(error, STATUS_SHAPE, "axis %d of %lld elements cannot become %.0f", axes[i],
                             (long long)axis->in, out);
        axis->out = (int64_t)out;
        set_scale(axis, has_scales ? scales[i] : 0);
    }
    return STATUS_OK;
}

static status prepare_method(struct prepare *prepare, const struct resize_method *method, int scales_input,
                             int sizes_input, struct error *error)
{
    struct operand *output = &prepare->outputs[0];
    struct resize_axis axes[TENSOR_MAX_RANK];
    status code = measure_axes(prepare, scales_input, sizes_input, axes, error);

    if (code != STATUS_OK)
        return code;
    *output = prepare->inputs[0];
    output->data = NULL;
    for (int i = 0; i < output->shape.rank; i++)
        output->shape.dim[i] = axes[i].out;
    if (shape_elements(&output->shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    if (output->type == ELEMENT_INT64 && method->nearest == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "mode linear is not supported for integers");
    return make_resamplings(prepare, method, axes, error);
}

static status read_mode(const struct prepare *prepare, bool *linear, struct error *error)
{
    const char *mode = node_string(prepare->node, "mode", "nearest");

    *linear = strcmp(mode, "linear") == 0 || strcmp(mode, "bilinear") == 0; /* the latter in Upsample-1 */
    if (!*linear && strcmp(mode, "nearest") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported", mode);
    return STATUS_OK;
}

/* Upsample, and Resize as it was in opset 10: positions divided by the scale, rounded down. */
static status prepare_upsample(struct prepare *prepare, struct error *error)
{
    struct resize_method method = {.coordinate = resize_coordinate("asymmetric")};
    bool linear;
    status code = read_mode(prepare, &linear, error);

    if (code != STATUS_OK)
        return code;
    method.nearest = linear ? NULL : resize_nearest("floor");
    return prepare_method(prepare, &method, 1, -1, error);
}

/* Attributes that change the numbers and are not understood. */
static status check_resize(const struct prepare *prepare, bool linear, struct error *error)
{
    const char *policy = node_string(prepare->node, "keep_aspect_ratio_policy", "stretch");

    if (linear && node_integer(prepare->node, "antialias", 0) != 0)
        return error_set(error, STATUS_UNSUPPORTED, "antialias is not supported");
    if (strcmp(policy, "stretch") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "keep_aspect_ratio_policy %s is not supported", policy);
    return STATUS_OK;
}

static status prepare_resize(struct prepare *prepare, struct error *error)
{
    const char *coordinate = node_string(prepare->node, "coordinate_transformation_mode", "half_pixel");
    const char *nearest = node_string(prepare->node, "nearest_mode", "round_prefer_floor");
    struct resize_method method;
    bool linear;

    if (prepare->opset < 11)
        return prepare_upsample(prepare, error);
    if (read_mode(prepare, &linear, error) != STATUS_OK || check_resize(prepare, linear, error) != STATUS_OK)
        return error->code;
    method.coordinate = resize_coordinate(coordinate);
    method.nearest = linear ? NULL : resize_nearest(nearest);
    if (method.coordinate == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "coordinate_transformation_mode %s is not supported",
                         coordinate);
    if (!linear && method.nearest == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "nearest_mode %s is not supported", nearest);
    return prepare_method(prepare, &method, 2, 3, error);
}

#define RESIZE_KERNELS                                                                                       \
    {                                                                                                        \
        {resize_forward_float, resize_backward_float}, {resize_forward_double, resize_backward_double},      \
        {                                                                                                    \
            resize_forward_int64, NULL                                                                       \
        }                                                                                                    \
    }

/* clang-format off */
const struct op operators_resize[] = {
    {"Resize", 10, 1, 4, 1, OPERATOR_SHAPE_INPUTS, prepare_resize, RESIZE_KERNELS},
    {"Upsample", 7, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_upsample, RESIZE_KERNELS},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
