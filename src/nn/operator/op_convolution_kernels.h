/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution for one real type (typed.h): the plain loops and the choice between them and matrix products.
 * x (N, C, D, H, W), weights (O, C/g, kd, kh, kw), bias (O), y (N, O, D', H', W'):
 *
 *     y[n][o][p] = bias[o] + sum_c sum_k weights[o][c][k] * x[n][first of o's group + c][q]
 *     q = p * stride + k * dilation - before; x is 0 outside
 *
 * The order of summation over one output is: input channel, then kernel position. */

/* out (D', H', W') += weights (kd, kh, kw) applied to in (D, H, W): one channel into one filter's output. */
ROWS_CLONES static void TYPED(correlate_plane)(const struct convolution *plan, const REAL *in,
                                               const REAL *weights, REAL *out)
{
    const struct window *w = &plan->window;
    int64_t stride = w->stride[2];
    for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
        struct tap td = plan->taps.at[0][kd];
        for (int64_t kh = 0; kh < w->kernel[1]; kh++) {
            struct tap th = plan->taps.at[1][kh];
            for (int64_t kw = 0; kw < w->kernel[2]; kw++) {
                struct tap tw = plan->taps.at[2][kw];
                REAL weight = weights[(kd * w->kernel[1] + kh) * w->kernel[2] + kw];
                for (int64_t d = td.low; d < td.high; d++) {
                    for (int64_t h = th.low; h < th.high; h++) {
                        const REAL *from =
                            in +
                            ((d * w->stride[0] + td.shift) * w->in[1] + h * w->stride[1] + th.shift) *
                                w->in[2] +
                            tw.shift;
                        REAL *to = out + (d * w->out[1] + h) * w->out[2];
                        if (stride == 1)
                            TYPED(row_add_scaled)(to + tw.low, from + tw.low, weight, tw.high - tw.low);
                        else
                            for (int64_t x = tw.low; x < tw.high; x++)
                                to[x] += weight * from[x * stride];
                    }
                }
            }
        }
    }
}

/* The transpose of correlate_plane: in_gradient (D, H, W) += what of out_gradient (D', H', W') reached it
 * through weights (kd, kh, kw). */
ROWS_CLONES static void TYPED(spread_plane)(const struct convolution *plan, const REAL *out_gradient,
                                            const REAL *weights, REAL *in_gradient)
{
    const struct window *w = &plan->window;
    int64_t stride = w->stride[2];
    for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
        struct tap td = plan->taps.at[0][kd];
        for (int64_t kh = 0; kh < w->kernel[1]; kh++) {
            struct tap th = plan->taps.at[1][kh];
            for (int64_t kw = 0; kw < w->kernel[2]; kw++) {
                struct tap tw = plan->taps.at[2][kw];
                REAL weight = weights[(kd * w->kernel[1] + kh) * w->kernel[2] + kw];
                for (int64_t d = td.low; d < td.high; d++) {
                    for (int64_t h = th.low; h < th.high; h++) {
                        REAL *to = in_gradient +
                                   ((d * w->stride[0] + td.shift) * w->in[1] + h * w->stride[1] + th.shift) *
                                       w->in[2] +
                                   tw.shift;
                        const REAL *from = out_gradient + (d * w->out[1] + h) * w->out[2];
                        if (stride == 1)
                            TYPED(row_add_scaled)(to + tw.low, from + tw.low, weight, tw.high - tw.low);
                        else
                            for (int64_t x = tw.low; x < tw.high; x++)
                                to[x * stride] += weight * from[x];
                    }
                }
            }
        }
    }
}

/* sum_p in[p * stride + k * dilation - before] * out_gradient[p]: one tap k of one kernel from one plane. */
ROWS_INLINE double TYPED(tap_gradient)(const struct window *w, const REAL *in, const REAL *out_gradient,
                                       struct tap td, struct tap th, struct tap tw)
{
    int64_t stride = w->stride[2];
    double sum = 0;
    for (int64_t d = td.low; d < td.high; d++) {
        for (int64_t h = th.low; h < th.high; h++) {
            const REAL *x =
                in + ((d * w->stride[0] + td.shift) * w->in[1] + h * w->stride[1] + th.shift) * w->in[2] +
                tw.shift;
            const REAL *g = out_gradient + (d * w->out[1] + h) * w->out[2];
            if (stride == 1)
                sum += TYPED(row_dot)(x + tw.low, g + tw.low, tw.high - tw.low);
            else
                for (int64_t i = tw.low; i < tw.high; i++)
                    sum += (double)x[i * stride] * (double)g[i];
        }
    }
    return sum;
}

/* kernel_gradient (kd, kh, kw) += that for every tap; in (D, H, W), out_gradient (D', H', W'). */
ROWS_CLONES static void TYPED(kernel_plane)(const struct convolution *plan, const REAL *in,
                                            const REAL *out_gradient, REAL *kernel_gradient)
{
    const struct window *w = &plan->window;
    for (int64_t kd = 0; kd < w->kernel[0]; kd++)
        for (int64_t kh = 0; kh < w->kernel[1]; kh++)
            for (int64_t kw = 0; kw < w->kernel[2]; kw++)
                *kernel_gradient++ += (REAL)TYPED(tap_gradient)(w, in, out_gradient, plan->taps.at[0][kd],
                                                                plan->taps.at[1][kh], plan->taps.at[2][kw]);
}

/* y (N, O, D', H', W') from x (N, C, D, H, W). */
static void TYPED(direct_forward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *in = call->inputs[CONVOLUTION_X].data, *weights = call->inputs[CONVOLUTION_W].data;
    const REAL *bias = call->input_count > CONVOLUTION_B ? call->inputs[CONVOLUTION_B].data : NULL;
    REAL *out = call->outputs[0].data;
    int64_t filters = plan->groups * plan->filters;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t f = 0; f < filters; f++, out += plan->out_size) {
            REAL start = bias ? bias[f] : 0;
            for (int64_t i = 0; i < plan->out_size; i++)
                out[i] = start;
            int64_t first = n * plan->groups * plan->channels + f / plan->filters * plan->channels;
            for (int64_t c = 0; c < plan->channels; c++)
                TYPED(correlate_plane)(plan, in + (first + c) * plan->in_size,
                                       weights + (f * plan->channels + c) * plan->kernel_elements, out);
        }
    }
}

/* in_gradient (C/g, D, H, W) and weight_gradient (C/g, kd, kh, kw) += from out_gradient (D', H', W') of one
 * image and filter. Either target may be NULL. */
static void TYPED(direct_backward_filter)(const struct convolution *plan, const REAL *in, const REAL *weights,
                                          const REAL *out_gradient, REAL *in_gradient, REAL *weight_gradient)
{
    for (int64_t c = 0; c < plan->channels; c++) {
        int64_t plane = c * plan->in_size, tap = c * plan->kernel_elements;
        if (in_gradient)
            TYPED(spread_plane)(plan, out_gradient, weights + tap, in_gradient + plane);
        if (weight_gradient)
            TYPED(kernel_plane)(plan, in + plane, out_gradient, weight_gradient + tap);
    }
}

/* bias_gradient (O)[o] += sum_n sum_p out_gradient (N, O, P)[n][o][p] */
static void TYPED(bias_backward)(const struct convolution *plan, const REAL *out_gradient,
                                 REAL *bias_gradient)
{
    int64_t filters = plan->groups * plan->filters;
    for (int64_t f = 0; f < filters; f++) {
        double sum = 0;
        for (int64_t n = 0; n < plan->batch; n++)
            sum += TYPED(row_sum)(out_gradient + (n * filters + f) * plan->out_size, plan->out_size);
        bias_gradient[f] += (REAL)sum;
    }
}

/* dx (N, C, D, H, W) and dweights (O, C/g, kd, kh, kw) += from dy (N, O, D', H', W'). */
static void TYPED(direct_backward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *in = call->inputs[CONVOLUTION_X].data, *weights = call->inputs[CONVOLUTION_W].data;
    const REAL *out_gradient = call->output_gradients[0].data;
    REAL *in_gradient = call->input_gradients[CONVOLUTION_X].data;
    REAL *weight_gradient = call->input_gradients[CONVOLUTION_W].data;
    if (!in_gradient && !weight_gradient)
        return;
    int64_t filters = plan->groups * plan->filters, filter = plan->channels * plan->kernel_elements;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t f = 0; f < filters; f++) {
            int64_t first = (n * plan->groups + f / plan->filters) * plan->channels * plan->in_size;
            TYPED(direct_backward_filter)(plan, in + first, weights + f * filter,
                                          out_gradient + (n * filters + f) * plan->out_size,
                                          in_gradient ? in_gradient + first : NULL,
                                          weight_gradient ? weight_gradient + f * filter : NULL);
        }
    }
}

static void TYPED(forward)(const struct kernel_call *call)
{
    if (((const struct convolution *)call->plan)->method == CONVOLUTION_DIRECT)
        TYPED(direct_forward)(call);
    else
        TYPED(convolution_columns_forward)(call);
}

static void TYPED(backward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    if (!call->output_gradients[0].data)
        return;
    if (call->input_count > CONVOLUTION_B && call->input_gradients[CONVOLUTION_B].data)
        TYPED(bias_backward)(plan, call->output_gradients[0].data, call->input_gradients[CONVOLUTION_B].data);
    if (plan->method == CONVOLUTION_DIRECT)
        TYPED(direct_backward)(call);
    else
        TYPED(convolution_columns_backward)(call);
}
