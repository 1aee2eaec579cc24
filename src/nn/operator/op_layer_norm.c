/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that normalise every image by statistics of its own: LayerNormalization, RMSNormalization (and
 * SimplifiedLayerNormalization, as it is called in files that ONNX Runtime has optimised),
 * InstanceNormalization and GroupNormalization. They differ in what one mean and variance are taken over,
 * always elements that lie side by side, and in which scale and shift an element gets.
 *
 * Statistics are in double whatever stash_type says: it only allows less. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"
#include "nn/operator/rows.h"

enum { LAYER_NORM_SCALE = 1, LAYER_NORM_SHIFT = 2 };

/* Element i of the input gets number i / inner % count of a parameter; count 0: there is no such parameter.
 */
struct spread {
    int64_t inner, count;
};

struct layer_norm {
    int64_t rows, length; /* the input; a row has one mean and variance */
    bool centred;         /* false: the mean is taken to be zero */
    double epsilon;
    struct spread scale, shift;
    int mean_output, inverse_output; /* outputs for the rows' statistics, 0: not asked for */
};

/* A stretch of a row along which each parameter moves on with the elements, or stands still. */
struct stretch {
    int64_t count;
    int64_t scale, shift; /* where the parameters begin */
    int64_t scale_step, shift_step;
};

/* Where element i finds its parameter, how that moves on, and for how many elements at most. */
static int64_t spread_at(const struct spread *spread, int64_t i, int64_t *step, int64_t *count)
{
    int64_t at, left;

    *step = spread->count > 1 && spread->inner == 1;
    if (spread->count <= 1)
        return 0;
    at = i / spread->inner % spread->count;
    left = *step == 1 ? spread->count - at : spread->inner - i % spread->inner;
    if (left < *count)
        *count = left;
    return at;
}

static struct stretch stretch_at(const struct layer_norm *plan, int64_t row, int64_t done)
{
    const int64_t i = row * plan->length + done;
    struct stretch at = {.count = plan->length - done};

    at.scale = spread_at(&plan->scale, i, &at.scale_step, &at.count);
    at.shift = spread_at(&plan->shift, i, &at.shift_step, &at.count);
    return at;
}

#define KERNELS "nn/operator/op_layer_norm_kernels.h"
#include "nn/operator/typed.h"

/* How a parameter that broadcasts to the input is spread over it. Its axes are right-aligned; those along
 * which it varies must be neighbours, as they are wherever a norm is written down. */
static status make_spread(const struct prepare *prepare, int index, const char *name, struct spread *spread,
                          struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape, *parameter = &prepare->inputs[index].shape;
    const int missing = x->rank - parameter->rank;
    struct text text = {0};
    int first = 0, end = parameter->rank;
    bool fits = missing >= 0;

    while (first < end && parameter->dim[first] == 1)
        first++;
    while (end > first && parameter->dim[end - 1] == 1)
        end--;
    for (int axis = first; fits && axis < end; axis++)
        fits = parameter->dim[axis] == x->dim[axis + missing];
    if (fits) {
        *spread = (struct spread){.inner = shape_product(x, end + missing, x->rank),
                                  .count = shape_product(parameter, first, end)};
        return STATUS_OK;
    }
    shape_text(parameter, &text);
    error_set(error, STATUS_SHAPE, "%s has the shape %s, which does not fit the input", name,
              text_data(&text));
    text_free(&text);
    return error->code;
}

/* Common to all: types, the output, and scratch for the gradients of scale and shift. */
static status finish_norm(struct prepare *prepare, struct layer_norm *plan)
{
    const size_t numbers = (size_t)(plan->scale.count + plan->shift.count);

    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = prepare->inputs[0].shape;
    if (prepare->backward)
        prepare->workspace = numbers * sizeof(double);
    prepare_work(prepare, plan->rows, 4 * plan->length);
    prepare->plan = plan;
    return STATUS_OK;
}

static bool asked_for(const struct prepare *prepare, int output)
{
    return output < prepare->output_count && prepare->node->outputs[output] != VALUE_NONE;
}

/* An output for the rows' statistics: the input's shape with one element along the axes from `axis` on. */
static int statistics_output(struct prepare *prepare, int output, int axis)
{
    struct operand *operand = &prepare->outputs[output];

    if (output >= prepare->output_count)
        return 0;
    operand->type = prepare->inputs[0].type;
    operand->shape = prepare->inputs[0].shape;
    for (int i = axis; i < operand->shape.rank; i++)
        operand->shape.dim[i] = 1;
    return asked_for(prepare, output) ? output : 0;
}

/* Over all axes from `axis` on. */
static status prepare_over_axes(struct prepare *prepare, bool centred, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    const int64_t wanted = node_integer(prepare->node, "axis", -1);
    struct layer_norm *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    int axis;

    if (plan == NULL)
        return error_memory(error);
    if (check_reals(prepare, 0, prepare->input_count, error) != STATUS_OK ||
        check_size(x, "the input", error) != STATUS_OK)
        return error->code;
    if (!shape_axis(x->rank, wanted, &axis))
        return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)wanted,
                         x->rank);
    plan->rows = shape_product(x, 0, axis);
    plan->length = shape_product(x, axis, x->rank);
    plan->centred = centred;
    plan->epsilon = node_real(prepare->node, "epsilon", 1e-5);
    if (make_spread(prepare, LAYER_NORM_SCALE, "scale", &plan->scale, error) != STATUS_OK)
        return error->code;
    if (prepare_has_input(prepare, LAYER_NORM_SHIFT) &&
        make_spread(prepare, LAYER_NORM_SHIFT, "the shift (B)", &plan->shift, error) != STATUS_OK)
        return error->code;
    if (centred)
        plan->mean_output = statistics_output(prepare, 1, axis);
    plan->inverse_output = statistics_output(prepare, centred ? 2 : 1, axis);
    return finish_norm(prepare, plan);
}

static status prepare_layer_norm(struct prepare *prepare, struct error *error)
{
    return prepare_over_axes(prepare, true, error);
}

static status prepare_rms_norm(struct prepare *prepare, struct error *error)
{
    return prepare_over_axes(prepare, false, error);
}

/* Over the positions and the channels of each of `groups` parts of axis 1. */
static status prepare_over_groups(struct prepare *prepare, int64_t groups, int64_t parameters,
                                  struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    const int64_t image = shape_product(x, 1, x->rank);
    struct layer_norm *plan = arena_alloc(prepare->arena, 1, sizeof *plan);

    if (plan == NULL)
        return error_memory(error);
    if (check_vector(prepare, LAYER_NORM_SCALE, "scale", parameters, error) != STATUS_OK ||
        check_vector(prepare, LAYER_NORM_SHIFT, "the shift (bias)", parameters, error) != STATUS_OK)
        return error->code;
    plan->rows = x->dim[0] * groups;
    plan->length = image / groups;
    plan->centred = true;
    plan->epsilon = node_real(prepare->node, "epsilon", 1e-5);
    plan->scale = plan->shift = (struct spread){.inner = image / parameters, .count = parameters};
    return finish_norm(prepare, plan);
}

static status check_image(const struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;

    if (check_reals(prepare, 0, prepare->input_count, error) != STATUS_OK ||
        check_size(x, "the input", error) != STATUS_OK)
        return error->code;
    return x->rank >= 2
               ? STATUS_OK
               : error_set(error, STATUS_SHAPE, "the input has rank %d, expected at least 2", x->rank);
}

static status prepare_instance_norm(struct prepare *prepare, struct error *error)
{
    if (check_image(prepare, error) != STATUS_OK)
        return error->code;
    return prepare_over_groups(prepare, prepare->inputs[0].shape.dim[1], prepare->inputs[0].shape.dim[1],
                               error);
}

/* Scale and shift are per group in opset 18, per channel from 21 on. */
static status prepare_group_norm(struct prepare *prepare, struct error *error)
{
    const int64_t groups = node_integer(prepare->node, "num_groups", 0);
    int64_t channels;

    if (check_image(prepare, error) != STATUS_OK)
        return error->code;
    channels = prepare->inputs[0].shape.dim[1];
    if (groups < 1 || channels % groups != 0)
        return error_set(error, STATUS_SHAPE, "num_groups is %lld, which does not divide %lld channels",
                         (long long)groups, (long long)channels);
    return prepare_over_groups(prepare, groups, prepare->opset < 21 ? groups : channels, error);
}

static bool is_all(const struct graph *graph, int value, double number)
{
    const struct tensor *tensor = value != VALUE_NONE ? graph->values[value].constant : NULL;
    const int64_t count = tensor != NULL ? shape_elements(&tensor->shape) : 0;
    int64_t i = 0;

    while (i < count && tensor_get(tensor, i) == number)
        i++;
    return tensor != NULL && i == count;
}

bool norm_is_bare(const struct graph *graph, const struct node *node)
{
    const int producer = graph->values[node->inputs[0]].producer;

    return (node->op->flags & OPERATOR_OWN_STATISTICS) && node->input_count > LAYER_NORM_SHIFT &&
           producer >= 0 && (graph->nodes[producer].op->flags & OPERATOR_VIEW) &&
           is_all(graph, node->inputs[LAYER_NORM_SCALE], 1) &&
           is_all(graph, node->inputs[LAYER_NORM_SHIFT], 0);
}

/* In the order of enum element_type. */
#define KERNELS                                                                                              \
    {                                                                                                        \
        {layer_norm_forward_float, layer_norm_backward_float},                                               \
        {                                                                                                    \
            layer_norm_forward_double, layer_norm_backward_double                                            \
        }                                                                                                    \
    }

/* clang-format off */
const struct op operators_layer_norm[] = {
    {"LayerNormalization", 17, 2, 3, 3, OPERATOR_OWN_STATISTICS, prepare_layer_norm, KERNELS},
    {"RMSNormalization", 23, 2, 2, 1, OPERATOR_OWN_STATISTICS, prepare_rms_norm, KERNELS},
    {"SimplifiedLayerNormalization", 1, 2, 2, 2, OPERATOR_OWN_STATISTICS, prepare_rms_norm, KERNELS},
    {"InstanceNormalization", 6, 3, 3, 1, OPERATOR_OWN_STATISTICS, prepare_instance_norm, KERNELS},
    {"GroupNormalization", 18, 3, 3, 1, OPERATOR_OWN_STATISTICS, prepare_group_norm, KERNELS},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
