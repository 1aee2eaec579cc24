/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax and LogSoftmax along one axis; before opset 13 along all axes from one on, taken together. */
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

/* Exponentials and their sums are in double in both types: the cost is small beside the convolutions'. The
 * row at hand is shifted by its largest element, so that nothing overflows. y_i = e^(x_i - m) / s,  s = sum
 * e^(x_j - m)     dx_i = y_i (g_i - sum_j g_j y_j) log: y_i = x_i - m - log s                      dx_i = g_i
 * - e^(y_i) sum_j g_j */
#define SOFTMAX_KERNELS(REAL)                                                                                \
    static double row_exponentials_##REAL(const REAL *x, int64_t length, int64_t inner, double *largest)     \
    {                                                                                                        \
        double sum = 0;                                                                                      \
                                                                                                             \
        *largest = -INFINITY;                                                                                \
        for (int64_t i = 0; i < length; i++)                                                                 \
            *largest = (double)x[i * inner] > *largest ? (double)x[i * inner] : *largest;                    \
        for (int64_t i = 0; i < length; i++)                                                                 \
            sum += exp((double)x[i * inner] - *largest);                                                     \
        return sum;                                                                                          \
    }                                                                                                        \
    static void softmax_row_##REAL(REAL *y, const REAL *x, int64_t length, int64_t inner)                    \
    {                                                                                                        \
        double largest;                                                                                      \
        const double sum = row_exponentials_##REAL(x, length, inner, &largest);                              \
                                                                                                             \
        for (int64_t i = 0; i < length; i++)                                                                 \
            y[i * inner] = (REAL)(exp((double)x[i * inner] - largest) / sum);                                \
    }                                                                                                        \
    static void log_softmax_row_##REAL(REAL *y, const REAL *x, int64_t length, int64_t inner)                \
    {                                                                                                        \
        double largest;                                                                                      \
        const double sum = row_exponentials_##REAL(x, length, inner, &largest);                              \
                                                                                                             \
        for (int64_t i = 0; i < length; i++)                                                                 \
            y[i * inner] = (REAL)((double)x[i * inner] - largest - log(sum));                                \
    }                                                                                                        \
    static void softmax_row_back_##REAL(REAL *to, const REAL *g, const REAL *y, int64_t length,              \
                                        int64_t inner)                                                       \
    {                                                                                                        \
        double sum = 0;                                                                                      \
                                                                                                             \
        for (int64_t i = 0; i < length; i++)                                                                 \
            sum += (double)g[i * inner] * (double)y[i * inner];                                              \
        for (int64_t i = 0; i < length; i++)                                                                 \
            to[i * inner] += (REAL)((double)y[i * inner] * ((double)g[i * inner] - sum));                    \
    }                                                                                                        \
    static void log_softmax_row_back_##REAL(REAL *to, const REAL *g, const REAL *y, int64_t length,          \
                                            int64_t inner)                                                   \
    {                                                                                                        \
        double sum = 0;                                                                                      \
                                                                                                             \
        for (int64_t i = 0; i < length; i++)                                                                 \
            sum += (double)g[i * inner];                                                                     \
        for (int64_t i = 0; i < length; i++)                                                                 \
            to[i * inner] += (REAL)((double)g[i * inner] - exp((double)y[i * inner]) * sum);                 \
    }                                                                                                        \
    SOFTMAX_FORWARD(softmax, REAL)                                                                           \
    SOFTMAX_FORWARD(log_softmax, REAL)                                                                       \
    SOFTMAX_BACKWARD(softmax, REAL)                                                                          \
    SOFTMAX_BACKWARD(log_softmax, REAL)

#define SOFTMAX_FORWARD(NAME, REAL)                                                                          \
    static void NAME##_forward_##REAL(const struct kernel_call *call)                                        \
    {                                                                                                        \
        const struct softmax *plan = call->plan;                                                             \
        const REAL *input = call->inputs[0].data;                                                            \
        REAL *output = call->outputs[0].data;                                                                \
                                                                                                             \
        for (int64_t o = 0; o < plan->outer; o++) {                                                          \
            for (int64_t i = 0; i < plan->inner; i++) {                                                      \
                const int64_t at = o * plan->length * plan->inner + i;                                       \
                NAME##_row_##REAL(output + at, input + at, plan->length, plan->inner);                       \
            }                                                                                                \
        }                                                                                                    \
    }

#define SOFTMAX_BACKWARD(NAME, REAL)                                                                         \
    static void NAME##_backward_##REAL(const struct kernel_call *call)                                       \
    {                                                                                                        \
        const struct softmax *plan = call->plan;                                                             \
        const REAL *output = call->outputs[0].data, *from = call->output_gradients[0].data;                  \
        REAL *to = call->input_gradients[0].data;                                                            \
                                                                                                             \
        for (int64_t o = 0; from != NULL && to != NULL && o < plan->outer; o++) {                            \
            for (int64_t i = 0; i < plan->inner; i++) {                                                      \
                const int64_t at = o * plan->length * plan->inner + i;                                       \
                NAME##_row_back_##REAL(to + at, from + at, output + at, plan->length, plan->inner);          \
            }                                                                                                \
        }                                                                                                    \
    }

SOFTMAX_KERNELS(float)
SOFTMAX_KERNELS(double)

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
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
