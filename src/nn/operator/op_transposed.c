/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ConvTranspose: the transpose of a convolution, in one to three spatial dimensions. Its plan is that
 * convolution's, whose input is the node's output (nn/operator/window.h), so that plain loops and matrix
 * products are those of Conv, the other way round. */
#include <inttypes.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/convolution.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

#define KERNELS "nn/operator/op_transposed_kernels.h"
#include "nn/operator/typed.h"

/* Sizes of input, weight (C, O/g, kernel...) and bias (O) against each other and the group attribute. */
static status check_sizes(const struct prepare *prepare, struct convolution *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[CONVOLUTION_X].shape, *w = &prepare->inputs[CONVOLUTION_W].shape;
    int64_t groups = node_integer(prepare->node, "group", 1);
    int64_t inputs = x->dim[1], outputs = w->dim[1];
    if (groups < 1 || inputs < 1 || outputs < 1 || inputs % groups || outputs > INT64_MAX / groups)
        return error_set(error, STATUS_SHAPE, "%" PRId64 " groups do not divide %" PRId64 " channels", groups,
                         inputs);
    if (w->dim[0] != inputs)
        return error_set(error, STATUS_SHAPE,
                         "the weight is for %" PRId64 " channels, but the input has %" PRId64, w->dim[0],
                         inputs);
    if (prepare_has_input(prepare, CONVOLUTION_B) &&
        check_vector(prepare, CONVOLUTION_B, "bias", outputs * groups, error))
        return error->code;
    plan->batch = x->dim[0];
    plan->groups = groups;
    plan->channels = outputs;
    plan->filters = inputs / groups;
    return STATUS_OK;
}

static status prepare_transposed(struct prepare *prepare, struct error *error)
{
    struct convolution *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (convolution_check(prepare, error) || check_sizes(prepare, plan, error) ||
        window_prepare_transposed(prepare, prepare->inputs[CONVOLUTION_W].shape.dim + 2, &plan->window,
                                  error))
        return error->code;
    prepare->outputs[0].shape = window_input(prepare, &plan->window, plan->groups * plan->channels);
    return convolution_finish(prepare, plan, true, error);
}

const struct op operators_transposed[] = {
    {"ConvTranspose",
     1,
     2,
     3,
     1,
     OPERATOR_CONVOLUTION | OPERATOR_TRANSPOSED,
     prepare_transposed,
     {[ELEMENT_FLOAT] = {forward_float, backward_float},
      [ELEMENT_DOUBLE] = {forward_double, backward_double}}},
    {0},
};
