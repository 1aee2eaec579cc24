/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The linear map of a convolution, which Conv and ConvTranspose share: one's way forward is the other's way
 * back. */
#include "nn/operator/convolution.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"
#include "nn/operator/rows.h"
#include "nn/operator/window.h"

#define KERNELS "nn/operator/convolution_kernels.h"
#include "nn/operator/typed.h"

status convolution_check(const struct prepare *prepare, struct error *error)
{
    if (check_reals(prepare, 0, 3, error))
        return error->code;
    const int x = prepare->inputs[CONVOLUTION_X].shape.rank, w = prepare->inputs[CONVOLUTION_W].shape.rank;
    if (x < 3 || w != x)
        return error_set(error, STATUS_SHAPE,
                         "the input has rank %d and the weight rank %d, expected two equal "
                         "ranks of at least 3",
                         x, w);
    return STATUS_OK;
}

status convolution_finish(struct prepare *prepare, struct convolution *plan, bool spreads,
                          struct error *error)
{
    prepare->outputs[0].type = prepare->inputs[CONVOLUTION_X].type;
    if (check_size(&prepare->inputs[CONVOLUTION_X].shape, "the input", error) ||
        check_size(&prepare->inputs[CONVOLUTION_W].shape, "the weight", error) ||
        check_size(&prepare->outputs[0].shape, "the output", error))
        return error->code;
    if (window_taps(&plan->window, prepare->arena, &plan->taps, error))
        return error->code;
    plan->kernel_elements = plan->in_size = plan->out_size = 1;
    for (int d = 0; d < WINDOW_DIMENSIONS; d++) {
        plan->kernel_elements *= plan->window.kernel[d];
        plan->in_size *= plan->window.in[d];
        plan->out_size *= plan->window.out[d];
    }
    prepare_work(prepare, plan->batch * plan->groups * plan->filters * plan->out_size,
                 plan->channels * plan->kernel_elements);
    plan->method = CONVOLUTION_DIRECT;
    prepare->plan = plan;
    return convolution_plan_columns(prepare, plan, spreads, error);
}
