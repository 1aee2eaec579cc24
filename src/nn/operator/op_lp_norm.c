/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LpNormalization: what lies along an axis is divided by its norm. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* The input is outer x length x inner; what is normalised together is `inner` apart. */
struct lp_norm {
    int64_t outer, length, inner;
    bool squares; /* the norm is the root of the sum of squares, else the sum of absolute values */
};

#define KERNELS "nn/operator/op_lp_norm_kernels.h"
#include "nn/operator/typed.h"

static status prepare_lp_norm(struct prepare *prepare, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    const int64_t wanted = node_integer(prepare->node, "axis", -1), p = node_integer(prepare->node, "p", 2);
    struct lp_norm *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    int axis;

    if (plan == NULL)
        return error_memory(error);
    if (!shape_axis(shape->rank, wanted, &axis))
        return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)wanted,
                         shape->rank);
    if (p != 1 && p != 2)
        return error_set(error, STATUS_UNSUPPORTED, "p is %lld, not 1 or 2", (long long)p);
    plan->outer = shape_product(shape, 0, axis);
    plan->length = shape->dim[axis];
    plan->inner = shape_product(shape, axis + 1, shape->rank);
    plan->squares = p == 2;
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = *shape;
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_lp_norm[] = {
    {"LpNormalization",
     1,
     1,
     1,
     1,
     0,
     prepare_lp_norm,
     {[ELEMENT_FLOAT] = {lp_norm_forward_float, lp_norm_backward_float},
      [ELEMENT_DOUBLE] = {lp_norm_forward_double, lp_norm_backward_double}}},
    {0},
};
