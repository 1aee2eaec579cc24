/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resize and its older form Upsample, along any axes. */
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
    double beyond;   /* the value outside of a region's input */
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
        if (resize_sample(method, axis, k, prepare->arena, &list[k], error) != STATUS_OK)
            return error->code;
        *changes = *changes || list[k].count != 1 || list[k].low != k;
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
    plan->beyond = method->beyond;
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

/* Where the lists of a node are: inputs, -1 for none. */
struct resize_inputs {
    int region, scales, sizes;
};

/* The lists of a node, one number for each of `count` axes. */
struct resize_lists {
    int axes[TENSOR_MAX_RANK], count;
    bool has_scales, has_sizes;
    double scales[TENSOR_MAX_RANK], sizes[TENSOR_MAX_RANK];
};

/* The region of interest: all starts, then all ends. */
static status read_region(struct prepare *prepare, int input, const struct resize_lists *lists,
                          struct resize_axis *axes, struct error *error)
{
    double region[2 * TENSOR_MAX_RANK];
    bool found;

    if (read_list(prepare, input, NULL, 2 * lists->count, region, &found, error) != STATUS_OK)
        return error->code;
    for (int i = 0; found && i < lists->count; i++) {
        struct resize_axis *axis = &axes[lists->axes[i]];

        axis->start = region[i];
        axis->end = region[lists->count + i];
        if (!(fabs(axis->start) < 0x1p20 && fabs(axis->end) < 0x1p20))
            return error_set(error, STATUS_RANGE, "the region of axis %d is not to be made out",
                             lists->axes[i]);
    }
    return STATUS_OK;
}

/* keep_aspect_ratio_policy: one factor for all axes, which makes no size larger, or none smaller, than it is
 * told; sizes are rounded. */
static status keep_ratio(const struct prepare *prepare, struct resize_lists *lists, struct error *error)
{
    const char *policy = node_string(prepare->node, "keep_aspect_ratio_policy", "stretch");
    const bool larger = strcmp(policy, "not_smaller") == 0;
    const int64_t *dims = prepare->inputs[0].shape.dim;
    double factor = 0;

    if (strcmp(policy, "stretch") == 0 || !lists->has_sizes)
        return STATUS_OK;
    if (!larger && strcmp(policy, "not_larger") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "keep_aspect_ratio_policy %s is not supported", policy);
    for (int i = 0; i < lists->count; i++) {
        const double own = lists->sizes[i] / (double)dims[lists->axes[i]];

        if (i == 0 || (larger ? own > factor : own < factor))
            factor = own;
    }
    for (int i = 0; i < lists->count; i++)
        lists->sizes[i] = floor(factor * (double)dims[lists->axes[i]] + 0.5);
    return STATUS_OK;
}

/* Output dimension and scale of one axis. A size of 0 or less for axis 0 keeps the batch as it is:
 * simplification writes that where a file has its own batch in the list. */
static status measure_axis(const struct resize_lists *lists, int i, bool region, struct resize_axis *axis,
                           struct error *error)
{
    const double part = region ? axis->end - axis->start : 1;
    double out = lists->has_sizes ? lists->sizes[i] : 0;

    if (lists->has_sizes && lists->axes[i] == 0 && out <= 0)
        return STATUS_OK;
    if (lists->has_scales) {
        if (!(lists->scales[i] > 0) || !isfinite(lists->scales[i]))
            return error_set(error, STATUS_RANGE, "the scale of axis %d is not a positive number",
                             lists->axes[i]);
        /* In float, as other programs do: 0.7 of 10 pixels are 7. */
        out = (double)floorf((float)lists->scales[i] * (float)axis->in * (float)part);
    }
    if (!(out >= 1) || out > 0x1p24 || axis->in < 1)
        return error_set(error, STATUS_SHAPE, "axis %d of %lld elements cannot become %.0f", lists->axes[i],
                         (long long)axis->in, out);
    axis->out = (int64_t)out;
    set_scale(axis, lists->has_scales && !region ? lists->scales[i] : 0);
    return STATUS_OK;
}

/* All axes, from the one list that is given. */
static status measure_axes(struct prepare *prepare, const struct resize_inputs *inputs, bool region,
                           struct resize_axis *result, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    struct resize_lists lists = {.count = 0};

    for (int i = 0; i < shape->rank; i++)
        result[i] = (struct resize_axis){shape->dim[i], shape->dim[i], 1, (double)shape->dim[i], 0, 1};
    if (read_axes(prepare, lists.axes, &lists.count, error) != STATUS_OK ||
        read_list(prepare, inputs->scales, "scales", lists.count, lists.scales, &lists.has_scales, error) !=
            STATUS_OK ||
        read_list(prepare, inputs->sizes, NULL, lists.count, lists.sizes, &lists.has_sizes, error) !=
            STATUS_OK ||
        (region && read_region(prepare, inputs->region, &lists, result, error) != STATUS_OK))
        return error->code;
    if (lists.has_scales == lists.has_sizes)
        return error_set(error, STATUS_UNSUPPORTED, "exactly one of scales and sizes is expected");
    if (keep_ratio(prepare, &lists, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < lists.count; i++)
        if (measure_axis(&lists, i, region, &result[lists.axes[i]], error) != STATUS_OK)
            return error->code;
    return STATUS_OK;
}

static status prepare_method(struct prepare *prepare, const struct resize_method *method,
                             const struct resize_inputs *inputs, struct error *error)
{
    struct operand *output = &prepare->outputs[0];
    struct resize_axis axes[TENSOR_MAX_RANK];
    status code = measure_axes(prepare, inputs, method->coordinate->region, axes, error);

    if (code != STATUS_OK)
        return code;
    *output = prepare->inputs[0];
    output->data = NULL;
    for (int i = 0; i < output->shape.rank; i++)
        output->shape.dim[i] = axes[i].out;
    if (shape_elements(&output->shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    if (output->type == ELEMENT_INT64 && method->nearest == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported for integers",
                         method->kernel->name);
    return make_resamplings(prepare, method, axes, error);
}

/* By name: nearest, with the way to round, or a kernel. */
static status read_mode(const struct prepare *prepare, const char *rounding, struct resize_method *method,
                        struct error *error)
{
    const char *mode = node_string(prepare->node, "mode", "nearest");

    method->kernel = resize_kernel(mode);
    if (method->kernel != NULL)
        return STATUS_OK;
    if (strcmp(mode, "nearest") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported", mode);
    method->nearest = resize_nearest(rounding);
    return method->nearest != NULL
               ? STATUS_OK
               : error_set(error, STATUS_UNSUPPORTED, "nearest_mode %s is not supported", rounding);
}

/* Upsample, and Resize as it was in opset 10: positions divided by the scale, rounded down. */
static status prepare_upsample(struct prepare *prepare, struct error *error)
{
    static const struct resize_inputs inputs = {.region = -1, .scales = 1, .sizes = -1};
    struct resize_method method = {.coordinate = resize_coordinate("asymmetric")};
    status code = read_mode(prepare, "floor", &method, error);

    if (code != STATUS_OK)
        return code;
    if (method.kernel != NULL && method.kernel->reach > 1)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not there before opset 11",
                         method.kernel->name);
    return prepare_method(prepare, &method, &inputs, error);
}

static status prepare_resize(struct prepare *prepare, struct error *error)
{
    static const struct resize_inputs inputs = {.region = 1, .scales = 2, .sizes = 3};
    const struct node *node = prepare->node;
    const char *coordinate = node_string(node, "coordinate_transformation_mode", "half_pixel");
    struct resize_method method = {.coordinate = resize_coordinate(coordinate),
                                   .cubic = node_real(node, "cubic_coeff_a", -0.75),
                                   .antialias = node_integer(node, "antialias", 0) != 0,
                                   .exclude = node_integer(node, "exclude_outside", 0) != 0,
                                   .beyond = node_real(node, "extrapolation_value", 0)};

    if (prepare->opset < 11)
        return prepare_upsample(prepare, error);
    if (read_mode(prepare, node_string(node, "nearest_mode", "round_prefer_floor"), &method, error) !=
        STATUS_OK)
        return error->code;
    if (method.coordinate == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "coordinate_transformation_mode %s is not supported",
                         coordinate);
    return prepare_method(prepare, &method, &inputs, error);
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
