/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution: any kernel, stride, padding, dilation and groups, in one to three spatial dimensions.
 *
 * Two ways to compute, chosen by prepare: plain loops over rows (the reference, and depthwise;
 * convolution.c), and matrix products over gathered columns (convolution_columns.c). */
#include "nn/graph/op.h"
#include "nn/operator/convolution.h"

#include <inttypes.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

#define KERNELS "nn/operator/op_convolution_kernels.h"
#include "nn/operator/typed.h"

/* Sizes of input, weight and bias against each other and the group attribute. */
static status check_sizes(const struct prepare *prepare, struct convolution *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[CONVOLUTION_X].shape, *w = &prepare->inputs[CONVOLUTION_W].shape;
    int64_t groups = node_integer(prepare->node, "group", 1);
    int64_t channels = x->dim[1], filters = w->dim[0];
    if (groups < 1 || channels < 1 || filters < 1 || channels % groups || filters % groups)
        return error_set(error, STATUS_SHAPE,
                         "%" PRId64 " groups do not divide %" PRId64 " channels and %" PRId64 " filters",
                         groups, channels, filters);
    if (w->dim[1] != channels / groups)
        return error_set(error, STATUS_SHAPE,
                         "the weight has %" PRId64 " channels per filter, but the input has %" PRId64
                         " in %" PRId64 " groups",
                         w->dim[1], channels, groups);
    if (prepare_has_input(prepare, CONVOLUTION_B) &&
        check_vector(prepare, CONVOLUTION_B, "bias", filters, error))
        return error->code;
    plan->batch = x->dim[0];
    plan->groups = groups;
    plan->channels = channels / groups;
    plan->filters = filters / groups;
    return STATUS_OK;
}

static status prepare_convolution(struct prepare *prepare, struct error *error)
{
    struct convolution *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (convolution_check(prepare, error) || check_sizes(prepare, plan, error) ||
        window_prepare(prepare, prepare->inputs[CONVOLUTION_W].shape.dim + 2, &plan->window, error))
        return error->code;
    prepare->outputs[0].shape = window_output(prepare, &plan->window, plan->groups * plan->filters);
    return convolution_finish(prepare, plan, prepare->backward, error);
}

const struct op operators_convolution[] = {
    {"Conv",
     1,
     2,
     3,
     1,
     OPERATOR_CONVOLUTION,
     prepare_convolution,
     {[ELEMENT_FLOAT] = {forward_float, backward_float},
      [ELEMENT_DOUBLE] = {forward_double, backward_double}}},
    {0},
};
