/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax, LogSoftmax and Hardmax along one axis; before opset 13 along all axes from one on, taken together.
 */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* The input is outer x length x inner; the numbers that add up to 1 are `inner` apart. */
struct softmax {
    int64_t outer, length, inner;
};

#define KERNELS "nn/operator/op_softmax_kernels.h"
#include "nn/operator/typed.h"

static status prepare_softmax(struct prepare *prepare, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    const bool old = prepare->opset < 13;
    const int64_t wanted = node_integer(prepare->node, "axis", old ? 1 : -1);
    struct softmax *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    int axis = 0;

    if (plan == NULL)
        return error_memory(error);
    /* The old form makes a matrix of the input: all axes before `axis` by all from it on, of which there may
     * be none. A scalar is a vector of one number. */
    if (old && wanted == shape->rank)
        axis = shape->rank;
    else if (!shape_axis(shape->rank, wanted, &axis) && shape->rank > 0)
        return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)wanted,
                         shape->rank);
    plan->outer = shape_product(shape, 0, axis);
    plan->length = old || shape->rank == 0 ? shape_product(shape, axis, shape->rank) : shape->dim[axis];
    plan->inner = old || shape->rank == 0 ? 1 : shape_product(shape, axis + 1, shape->rank);
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = *shape;
    prepare->plan = plan;
    return STATUS_OK;
}

/* In the order of enum element_type. */
#define KERNELS(NAME)                                                                                        \
    {                                                                                                        \
        {NAME##_forward_float, NAME##_backward_float},                                                       \
        {                                                                                                    \
            NAME##_forward_double, NAME##_backward_double                                                    \
        }                                                                                                    \
    }

/* clang-format off */
const struct op operators_softmax[] = {
    {"Softmax", 1, 1, 1, 1, 0, prepare_softmax, KERNELS(softmax)},
    {"LogSoftmax", 1, 1, 1, 1, 0, prepare_softmax, KERNELS(log_softmax)},
    {"Hardmax", 1, 1, 1, 1, 0, prepare_softmax, {{hardmax_forward_float, NULL}, {hardmax_forward_double, NULL}}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
