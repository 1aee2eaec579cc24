/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LRN: each element divided by a power of the squares of the channels around it. */
#include <inttypes.h>
#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

struct lrn {
    int64_t batch, channels, positions;
    int64_t before, after; /* channels around one */
    double bias, beta;
    double factor; /* alpha / size */
};

static inline int64_t lrn_low(int64_t channel)
{
    return channel < 0 ? 0 : channel;
}

static inline int64_t lrn_high(const struct lrn *plan, int64_t channel)
{
    return channel < plan->channels ? channel : plan->channels - 1;
}

/* s^-beta; 0.75 is what all networks have. */
static inline double lrn_power(const struct lrn *plan, double s)
{
    return plan->beta == 0.75 ? 1 / (sqrt(s) * sqrt(sqrt(s))) : pow(s, -plan->beta);
}

#define KERNELS "nn/operator/op_lrn_kernels.h"
#include "nn/operator/typed.h"

static status prepare_lrn(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    const int64_t size = node_integer(prepare->node, "size", 0);
    struct lrn *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    size_t bytes;
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 1, error) || check_size(x, "the input", error))
        return error->code;
    if (x->rank < 2)
        return error_set(error, STATUS_SHAPE, "the input has rank %d, expected at least 2", x->rank);
    if (size < 1 || size > INT32_MAX)
        return error_set(error, STATUS_RANGE, "size %" PRId64 " is no number of channels", size);
    *plan = (struct lrn){.batch = x->dim[0],
                         .channels = x->dim[1],
                         .positions = shape_product(x, 2, x->rank),
                         .before = (size - 1) / 2,
                         .after = size / 2,
                         .bias = node_real(prepare->node, "bias", 1),
                         .beta = node_real(prepare->node, "beta", 0.75),
                         .factor = node_real(prepare->node, "alpha", 1e-4) / (double)size};
    if (!size_multiply((size_t)(plan->channels * plan->positions), 2 * sizeof(double), &bytes))
        return error_set(error, STATUS_SHAPE, "the input is too large");
    prepare->workspace = bytes;
    prepare_work(prepare, shape_elements(x), size < plan->channels ? size : plan->channels);
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = *x};
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_lrn[] = {
    {"LRN",
     1,
     1,
     1,
     1,
     0,
     prepare_lrn,
     {[ELEMENT_FLOAT] = {lrn_forward_float, lrn_backward_float},
      [ELEMENT_DOUBLE] = {lrn_forward_double, lrn_backward_double}}},
    {0},
};
