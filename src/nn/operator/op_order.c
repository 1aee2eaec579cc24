/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that look for large or small elements along an axis: TopK gives the first few in order, with
 * their positions; ArgMax and ArgMin give the position of the first. Not-a-number counts as largest. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

/* The input as (outer, length, inner), the outputs as (outer, taken, inner). */
struct order {
    int64_t outer, length, inner, taken;
    bool smallest; /* these first */
    bool last;     /* of equal elements, the last: ArgMax and ArgMin only */
};

#define KERNELS_INT64
#define KERNELS "nn/operator/op_order_kernels.h"
#include "nn/operator/typed.h"

static status new_order(struct prepare *prepare, int64_t fallback_axis, struct order **out, int *axis,
                        struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    struct order *order = arena_alloc(prepare->arena, 1, sizeof *order);

    if (order == NULL)
        return error_memory(error);
    if (check_axis(prepare, shape->rank, fallback_axis, axis, error) != STATUS_OK)
        return error->code;
    order->outer = shape_product(shape, 0, *axis);
    order->length = shape->dim[*axis];
    order->inner = shape_product(shape, *axis + 1, shape->rank);
    prepare->plan = order;
    *out = order;
    return STATUS_OK;
}

/* --- TopK ----------------------------------------------------------------------------------------------- */

/* The number of elements is an attribute below opset 10. */
static status prepare_top_k(struct prepare *prepare, struct error *error)
{
    const bool old = prepare->opset < 10;
    struct shape shape = prepare->inputs[0].shape;
    struct order *order;
    const int64_t *taken;
    int count, axis;

    if (new_order(prepare, -1, &order, &axis, error) != STATUS_OK ||
        prepare_integers(prepare, old ? VALUE_NONE : 1, old ? "k" : NULL, &taken, &count, error) != STATUS_OK)
        return error->code;
    if (count != 1)
        return error_set(error, STATUS_SHAPE, "K must be one number");
    if (taken[0] < 0 || taken[0] > order->length)
        return error_set(error, STATUS_RANGE, "K is %lld, but the axis has %lld elements",
                         (long long)taken[0], (long long)order->length);
    order->taken = shape.dim[axis] = taken[0];
    order->smallest = node_integer(prepare->node, "largest", 1) == 0;
    prepare->workspace = (size_t)order->length * sizeof(struct ranked_double);
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = shape};
    if (prepare->output_count > 1)
        prepare->outputs[1] = (struct operand){.type = ELEMENT_INT64, .shape = shape};
    prepare_work(prepare, shape_elements(&prepare->inputs[0].shape), 32);
    return STATUS_OK;
}

/* --- ArgMax and ArgMin ---------------------------------------------------------------------------------- */

static status prepare_extreme(struct prepare *prepare, bool smallest, struct error *error)
{
    struct shape shape = {0};
    struct order *order;
    int axis;

    if (new_order(prepare, 0, &order, &axis, error) != STATUS_OK)
        return error->code;
    if (order->length < 1)
        return error_set(error, STATUS_SHAPE, "there is no element along axis %d", axis);
    for (int i = 0; i < prepare->inputs[0].shape.rank; i++)
        if (i != axis)
            shape.dim[shape.rank++] = prepare->inputs[0].shape.dim[i];
        else if (node_integer(prepare->node, "keepdims", 1) != 0)
            shape.dim[shape.rank++] = 1;
    order->taken = 1;
    order->smallest = smallest;
    order->last = node_integer(prepare->node, "select_last_index", 0) != 0;
    prepare->outputs[0] = (struct operand){.type = ELEMENT_INT64, .shape = shape};
    prepare->file_type = FILE_INT64;
    return STATUS_OK;
}

static status prepare_arg_max(struct prepare *prepare, struct error *error)
{
    return prepare_extreme(prepare, false, error);
}

static status prepare_arg_min(struct prepare *prepare, struct error *error)
{
    return prepare_extreme(prepare, true, error);
}

/* The output is an integer always: the kernel follows from the input. */
static void extreme_forward(const struct kernel_call *call)
{
    static const kernel kernels[ELEMENT_TYPES] = {
        [ELEMENT_FLOAT] = extreme_float, [ELEMENT_DOUBLE] = extreme_double, [ELEMENT_INT64] = extreme_int64};

    kernels[call->inputs[0].type](call);
}

/* ------------------------------------------------------------------------------------------------------- */

const struct op operators_order[] = {
    {"TopK",
     1,
     1,
     2,
     2,
     OPERATOR_SHAPE_INPUTS,
     prepare_top_k,
     {[ELEMENT_FLOAT] = {top_forward_float, top_backward_float},
      [ELEMENT_DOUBLE] = {top_forward_double, top_backward_double},
      [ELEMENT_INT64] = {top_forward_int64, NULL}}},
    {"ArgMax", 1, 1, 1, 1, 0, prepare_arg_max, {[ELEMENT_INT64] = {extreme_forward, NULL}}},
    {"ArgMin", 1, 1, 1, 1, 0, prepare_arg_min, {[ELEMENT_INT64] = {extreme_forward, NULL}}},
    {0},
};
