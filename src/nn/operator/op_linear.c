/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear layers: Gemm (y = alpha * A * B + beta * C) and MatMul (NumPy's, with broadcasting). */
#include "nn/graph/op.h"
#include "nn/operator/operator.h"

#include <inttypes.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/matrix.h"
#include "nn/operator/rows.h"

/* Distance between neighbours in a row's direction and in a column's; one of them is 1 for a stored matrix.
 */
struct strides {
    int64_t row, column;
};

struct gemm {
    int64_t m, n, k;
    double alpha, beta;
    struct strides a, b, c; /* of A, B as multiplied; of C, 0 where it is broadcast */
    bool plain;
};

struct matmul {
    int64_t m, n, k, products;
    const int64_t *a_at, *b_at; /* first element of each product's operands */
    bool plain;
};

static struct strides transposed(struct strides s)
{
    return (struct strides){s.column, s.row};
}

/* Which of the two strides is the distance between stored rows: a matrix with column stride 1 is stored as it
 * is multiplied. With a single row either may be anything, but the library wants at least the row's length.
 */
static int64_t leading(struct strides s, bool is_transposed, int64_t rows, int64_t columns)
{
    int64_t distance = is_transposed ? s.column : s.row, length = is_transposed ? rows : columns;
    return distance > length ? distance : length;
}

#define KERNELS "nn/operator/op_linear_kernels.h"
#include "nn/operator/typed.h"

static status check_inner(int64_t a, int64_t b, struct error *error)
{
    if (a == b && a > 0)
        return STATUS_OK;
    return error_set(error, STATUS_SHAPE,
                     "the inner dimensions are %" PRId64 " and %" PRId64 ", expected two equal", a, b);
}

/* C must broadcast to m x n; strides of 0 where it does. */
static status gemm_bias(const struct prepare *prepare, struct gemm *plan, struct error *error)
{
    if (!prepare_has_input(prepare, 2))
        return STATUS_OK;
    const struct shape *shape = &prepare->inputs[2].shape;
    int64_t columns = shape->rank > 0 ? shape->dim[shape->rank - 1] : 1;
    int64_t rows = shape->rank > 1 ? shape->dim[shape->rank - 2] : 1;
    if (shape->rank > 2 || (columns != 1 && columns != plan->n) || (rows != 1 && rows != plan->m)) {
        struct text text = {0};
        shape_text(shape, &text);
        error_set(error, STATUS_SHAPE, "C has shape %s, which does not broadcast to %" PRId64 "x%" PRId64,
                  text_data(&text), plan->m, plan->n);
        text_free(&text);
        return error->code;
    }
    plan->c = (struct strides){rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
    return STATUS_OK;
}

static status prepare_gemm(struct prepare *prepare, struct error *error)
{
    const struct shape *a = &prepare->inputs[0].shape, *b = &prepare->inputs[1].shape;
    struct gemm *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 3, error))
        return error->code;
    if (a->rank != 2 || b->rank != 2)
        return error_set(error, STATUS_SHAPE, "A has rank %d and B rank %d, expected 2 and 2", a->rank,
                         b->rank);
    bool ta = node_integer(prepare->node, "transA", 0) != 0,
         tb = node_integer(prepare->node, "transB", 0) != 0;
    plan->alpha = node_real(prepare->node, "alpha", 1);
    plan->beta = node_real(prepare->node, "beta", 1);
    plan->m = a->dim[ta];
    plan->k = a->dim[!ta];
    plan->n = b->dim[!tb];
    plan->a = ta ? (struct strides){1, plan->m} : (struct strides){plan->k, 1};
    plan->b = tb ? (struct strides){1, plan->k} : (struct strides){plan->n, 1};
    plan->plain = prepare->kernel == KERNEL_REFERENCE || !matrix_fits(plan->m, plan->n, plan->k);
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = (struct shape){.rank = 2, .dim = {plan->m, plan->n}};
    prepare->plan = plan;
    if (check_inner(plan->k, b->dim[tb], error) || gemm_bias(prepare, plan, error) ||
        check_size(&prepare->outputs[0].shape, "the output", error))
        return error->code;
    prepare_work(prepare, shape_elements(&prepare->outputs[0].shape), plan->k);
    return STATUS_OK;
}

/* First element of operand matrix number 0, 1, ... of the output's leading dimensions. */
static const int64_t *matmul_offsets(struct arena *arena, const struct shape *operand,
                                     const struct shape *full, int64_t products, int64_t matrix)
{
    int64_t *at = arena_alloc(arena, (size_t)products, sizeof *at);
    for (int64_t i = 0; at && i < products; i++) {
        int64_t rest = i, step = matrix;
        for (int d = full->rank - 1, e = operand->rank - 1; e >= 0; d--, e--) {
            int64_t index = rest % full->dim[d];
            rest /= full->dim[d];
            if (operand->dim[e] != 1)
                at[i] += index * step;
            step *= operand->dim[e];
        }
    }
    return at;
}

/* Leading dimensions of an operand with at least two, where a vector counts as a matrix of one row or column.
 */
static struct shape leading_dimensions(const struct shape *shape)
{
    return shape_of(shape->rank > 2 ? shape->rank - 2 : 0, shape->dim);
}

static status matmul_output(const struct shape *a, const struct shape *b, const struct shape *lead,
                            const struct matmul *plan, struct shape *out, struct error *error)
{
    *out = *lead;
    if (lead->rank + 2 > TENSOR_MAX_RANK)
        return error_set(error, STATUS_SHAPE, "the operands have too many dimensions");
    if (a->rank > 1)
        out->dim[out->rank++] = plan->m;
    if (b->rank > 1)
        out->dim[out->rank++] = plan->n;
    return check_size(out, "the output", error);
}

/* Products of one after the other of a's matrices with the same b are one product of all their rows. */
static void join_products(struct matmul *plan, const struct shape *lead_a, const struct shape *lead_b)
{
    if (shape_elements(lead_b) != 1 || shape_elements(lead_a) != plan->products || plan->products < 1 ||
        plan->m > INT64_MAX / plan->products)
        return;
    const int64_t rows = plan->m * plan->products;
    if (!plan->plain && !matrix_fits(rows, plan->n, plan->k))
        return;
    plan->m = rows;
    plan->products = 1;
}

static status prepare_matmul(struct prepare *prepare, struct error *error)
{
    const struct shape *a = &prepare->inputs[0].shape, *b = &prepare->inputs[1].shape;
    struct matmul *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 2, error))
        return error->code;
    if (a->rank < 1 || b->rank < 1)
        return error_set(error, STATUS_SHAPE, "a scalar cannot be multiplied as a matrix");
    plan->m = a->rank > 1 ? a->dim[a->rank - 2] : 1;
    plan->k = a->dim[a->rank - 1];
    plan->n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    plan->plain = prepare->kernel == KERNEL_REFERENCE || !matrix_fits(plan->m, plan->n, plan->k);
    struct shape lead, lead_a = leading_dimensions(a), lead_b = leading_dimensions(b);
    if (check_inner(plan->k, b->dim[b->rank > 1 ? b->rank - 2 : 0], error))
        return error->code;
    if (!shape_broadcast(&lead_a, &lead_b, &lead))
        return error_set(error, STATUS_SHAPE, "the leading dimensions do not broadcast");
    prepare->outputs[0].type = prepare->inputs[0].type;
    if (matmul_output(a, b, &lead, plan, &prepare->outputs[0].shape, error))
        return error->code;
    prepare_work(prepare, shape_elements(&prepare->outputs[0].shape), plan->k);
    plan->products = shape_elements(&lead);
    join_products(plan, &lead_a, &lead_b);
    plan->a_at = matmul_offsets(prepare->arena, &lead_a, &lead, plan->products, plan->m * plan->k);
    plan->b_at = matmul_offsets(prepare->arena, &lead_b, &lead, plan->products, plan->k * plan->n);
    prepare->plan = plan;
    return plan->a_at && plan->b_at ? STATUS_OK : error_memory(error);
}

const struct op operators_linear[] = {
    {"Gemm",
     7,
     2,
     3,
     1,
     OPERATOR_PRODUCT | OPERATOR_GENERAL,
     prepare_gemm,
     {[ELEMENT_FLOAT] = {gemm_forward_float, gemm_backward_float},
      [ELEMENT_DOUBLE] = {gemm_forward_double, gemm_backward_double}}},
    {"MatMul",
     1,
     2,
     2,
     1,
     OPERATOR_PRODUCT,
     prepare_matmul,
     {[ELEMENT_FLOAT] = {matmul_forward_float, matmul_backward_float},
      [ELEMENT_DOUBLE] = {matmul_forward_double, matmul_backward_double}}},
    {0},
};
