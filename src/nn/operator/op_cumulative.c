/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CumSum: every element becomes the sum of all in front of it along an axis, and of itself. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* The input is outer x length x inner; what is summed is `inner` apart. */
struct cumulative {
    int64_t outer, length, inner;
    bool exclusive; /* without the element itself */
    bool reverse;   /* from the end */
};

#define KERNELS_INT64
#define KERNELS "nn/operator/op_cumulative_kernels.h"
#include "nn/operator/typed.h"

static status prepare_cumsum(struct prepare *prepare, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    struct cumulative *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    const int64_t *wanted;
    int axis, count;

    if (plan == NULL)
        return error_memory(error);
    if (prepare_integers(prepare, 1, NULL, &wanted, &count, error) != STATUS_OK)
        return error->code;
    if (count != 1)
        return error_set(error, STATUS_SHAPE, "the axis must be one number, not %d", count);
    if (!shape_axis(shape->rank, wanted[0], &axis))
        return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)wanted[0],
                         shape->rank);
    plan->outer = shape_product(shape, 0, axis);
    plan->length = shape->dim[axis];
    plan->inner = shape_product(shape, axis + 1, shape->rank);
    plan->exclusive = node_integer(prepare->node, "exclusive", 0) != 0;
    plan->reverse = node_integer(prepare->node, "reverse", 0) != 0;
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = *shape;
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_cumulative[] = {
    {"CumSum",
     11,
     2,
     2,
     1,
     OPERATOR_SHAPE_INPUTS,
     prepare_cumsum,
     {[ELEMENT_FLOAT] = {cumsum_forward_float, cumsum_backward_float},
      [ELEMENT_DOUBLE] = {cumsum_forward_double, cumsum_backward_double},
      [ELEMENT_INT64] = {cumsum_forward_int64, NULL}}},
    {0},
};
