/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ConvTranspose for one real type (typed.h), by the convolution that it transposes: from y (N, O, D, H, W),
 * which is that one's input, to x (N, C, D', H', W'), its output. weights (C, O/g, kd, kh, kw), bias (O):
 *
 *     y[n][o][q] = bias[o] + sum of weights[c][o in its group][k] * x[n][c][p]
 *     over all c of o's group and all p, k with q = p * stride + k * dilation - before */

static void TYPED(forward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *bias = call->input_count > CONVOLUTION_B ? call->inputs[CONVOLUTION_B].data : NULL;
    REAL *y = call->outputs[0].data;
    TYPED(convolution_start)(plan->batch, plan->groups * plan->channels, plan->in_size, bias, y);
    TYPED(convolution_spread)
    (plan, call->inputs[CONVOLUTION_X].data, call->inputs[CONVOLUTION_W].data, call->workspace, y);
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
    (plan->batch, plan->groups * plan->channels, plan->in_size, gradient, to[CONVOLUTION_B].data);
    if (to[CONVOLUTION_X].data)
        TYPED(convolution_add)
    (plan, gradient, call->inputs[CONVOLUTION_W].data, call->workspace, to[CONVOLUTION_X].data);
    if (to[CONVOLUTION_W].data)
        TYPED(convolution_weights)
    (plan, gradient, call->inputs[CONVOLUTION_X].data, call->workspace, to[CONVOLUTION_W].data);
}
