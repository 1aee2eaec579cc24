/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reductions over axes: to the sum, the mean, the largest, the least, the product, and sums of functions. */
#include <tgmath.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/operator.h"
#include "nn/operator/rows.h"

struct reduction {
    struct broadcast loops; /* over the input; operand 0 is the output */
    int64_t reduced;        /* input elements per output element */
};

#define KERNELS "nn/operator/op_reduce_kernels.h"
#include "nn/operator/typed.h"

static int64_t integer_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b); /* wraps around */
}

static int64_t integer_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t integer_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t integer_multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static int64_t integer_add_size(int64_t a, int64_t b)
{
    return b < 0 ? (int64_t)((uint64_t)a - (uint64_t)b) : integer_add(a, b);
}

static int64_t integer_add_square(int64_t a, int64_t b)
{
    return integer_add(a, integer_multiply(b, b));
}

static void integer_reduce(const struct kernel_call *call, int64_t start,
                           int64_t (*function)(int64_t, int64_t))
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const int64_t *x = call->inputs[0].data;
    int64_t *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);
    struct broadcast_cursor cursor = {0};

    for (int64_t i = 0; i < count; i++)
        output[i] = start;
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            int64_t *y = output + cursor.at[0] + i * loops->row_stride[0];

            *y = function(*y, *x++);
        }
        broadcast_next(loops, &cursor);
    }
}

static void sum_int64(const struct kernel_call *call)
{
    integer_reduce(call, 0, integer_add);
}

static void max_int64(const struct kernel_call *call)
{
    integer_reduce(call, INT64_MIN, integer_max);
}

static void min_int64(const struct kernel_call *call)
{
    integer_reduce(call, INT64_MAX, integer_min);
}

static void prod_int64(const struct kernel_call *call)
{
    integer_reduce(call, 1, integer_multiply);
}

static void l1_int64(const struct kernel_call *call)
{
    integer_reduce(call, 0, integer_add_size);
}

static void sum_square_int64(const struct kernel_call *call)
{
    integer_reduce(call, 0, integer_add_square);
}

static void mean_int64(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;
    int64_t *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    integer_reduce(call, 0, integer_add);
    for (int64_t i = 0; i < count; i++)
        output[i] /= plan->reduced;
}

/* Which axes are reduced. Axes are an attribute, and an input from some opset on; when there are none, all
 * are reduced, or none with noop_with_empty_axes. */
static status reduced_axes(struct prepare *prepare, bool reduced[TENSOR_MAX_RANK], struct error *error)
{
    const int rank = prepare->inputs[0].shape.rank;
    const bool all = node_integer(prepare->node, "noop_with_empty_axes", 0) == 0;
    const int64_t *axes;
    int count;
    status code = prepare_integers(prepare, 1, "axes", &axes, &count, error);

    if (code != STATUS_OK)
        return code;
    for (int axis = 0; axis < rank; axis++)
        reduced[axis] = count == 0 && all;
    for (int i = 0; i < count; i++) {
        int axis;

        if (!shape_axis(rank, axes[i], &axis))
            return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)axes[i],
                             rank);
        if (reduced[axis])
            return error_set(error, STATUS_SHAPE, "axis %d is reduced twice", axis);
        reduced[axis] = true;
    }
    return STATUS_OK;
}

static status prepare_reduce(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    const bool keep = node_integer(prepare->node, "keepdims", 1) != 0;
    struct operand *output = &prepare->outputs[0];
    struct shape kept = *input;
    struct reduction *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    bool reduced[TENSOR_MAX_RANK];
    status code = reduced_axes(prepare, reduced, error);

    if (code != STATUS_OK)
        return code;
    if (plan == NULL)
        return error_memory(error);
    plan->reduced = 1;
    output->type = prepare->inputs[0].type;
    output->shape = (struct shape){.rank = 0};
    for (int axis = 0; axis < input->rank; axis++) {
        if (reduced[axis]) {
            plan->reduced *= input->dim[axis];
            kept.dim[axis] = 1;
        }
        if (keep || !reduced[axis])
            output->shape.dim[output->shape.rank++] = kept.dim[axis];
    }
    if (plan->reduced == 0)
        return error_set(error, STATUS_SHAPE, "there are no elements to reduce");
    if (!broadcast_make(&plan->loops, input, &kept, &kept))
        return error_set(error, STATUS_SHAPE, "the axes do not fit the input");
    prepare->plan = plan;
    return STATUS_OK;
}

/* Scratch of `numbers` numbers of 8 bytes for each result. */
static status prepare_with_scratch(struct prepare *prepare, size_t numbers, struct error *error)
{
    status code = prepare_reduce(prepare, error);

    if (code == STATUS_OK)
        prepare->workspace = (size_t)shape_elements(&prepare->outputs[0].shape) * numbers * sizeof(int64_t);
    return code;
}

/* ReduceMax, ReduceMin: how many share a gradient. */
static status prepare_reduce_extreme(struct prepare *prepare, struct error *error)
{
    return prepare_with_scratch(prepare, prepare->backward ? 1 : 0, error);
}

static status prepare_reduce_prod(struct prepare *prepare, struct error *error)
{
    return prepare_with_scratch(prepare, prepare->backward ? 2 : 0, error);
}

static status prepare_reduce_log_sum_exp(struct prepare *prepare, struct error *error)
{
    return prepare_with_scratch(prepare, 1, error);
}

/* In the order of enum element_type. */
#define REAL_KERNELS(NAME)                                                                                   \
    {NAME##_forward_float, NAME##_backward_float},                                                           \
    {                                                                                                        \
        NAME##_forward_double, NAME##_backward_double                                                        \
    }
#define KERNELS(NAME)                                                                                        \
    {                                                                                                        \
        REAL_KERNELS(NAME),                                                                                  \
        {                                                                                                    \
            NAME##_int64, NULL                                                                               \
        }                                                                                                    \
    }

/* clang-format off */
const struct op operators_reduce[] = {
    {"ReduceMean", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, KERNELS(mean)},
    {"ReduceSum", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, KERNELS(sum)},
    {"ReduceMax", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce_extreme, KERNELS(max)},
    {"ReduceMin", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce_extreme, KERNELS(min)},
    {"ReduceProd", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce_prod, KERNELS(prod)},
    {"ReduceL1", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, KERNELS(l1)},
    {"ReduceL2", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, {REAL_KERNELS(l2)}},
    {"ReduceSumSquare", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, KERNELS(sum_square)},
    {"ReduceLogSum", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce, {REAL_KERNELS(log_sum)}},
    {"ReduceLogSumExp", 1, 1, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reduce_log_sum_exp,
     {REAL_KERNELS(log_sum_exp)}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
