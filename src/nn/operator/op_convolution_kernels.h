/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conv for one real type (typed.h). x (N, C, D, H, W), weights (O, C/g, kd, kh, kw), bias (O), y (N, O, D',
 * H', W'). */

/* y = bias + x convolved with weights */
static void TYPED(forward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *bias = call->input_count > CONVOLUTION_B ? call->inputs[CONVOLUTION_B].data : NULL;
    REAL *out = call->outputs[0].data;
    TYPED(convolution_start)(plan->batch, plan->groups * plan->filters, plan->out_size, bias, out);
    TYPED(convolution_add)
    (plan, call->inputs[CONVOLUTION_X].data, call->inputs[CONVOLUTION_W].data, call->workspace, out);
}

/* dx, dweights and dbias += from dy */
static void TYPED(backward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const struct operand *to = call->input_gradients;
    const REAL *gradient = call->output_gradients[0].data;
    if (!gradient)
        return;
    if (call->input_count > CONVOLUTION_B && to[CONVOLUTION_B].data)
        TYPED(convolution_bias)
    (plan->batch, plan->groups * plan->filters, plan->out_size, gradient, to[CONVOLUTION_B].data);
    if (to[CONVOLUTION_X].data)
        TYPED(convolution_spread)
    (plan, gradient, call->inputs[CONVOLUTION_W].data, call->workspace, to[CONVOLUTION_X].data);
    if (to[CONVOLUTION_W].data)
        TYPED(convolution_weights)
    (plan, call->inputs[CONVOLUTION_X].data, gradient, call->workspace, to[CONVOLUTION_W].data);
}
