/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The linear map of a convolution for one real type (typed.h): the plain loops and the choice between them
 * and matrix products. in (N, C, D, H, W), weights (O, C/g, kd, kh, kw), out (N, O, D', H', W'):
 *
 *     out[n][o][p] += sum_c sum_k weights[o][c][k] * in[n][first of o's group + c][q]
 *     q = p * stride + k * dilation - before; in is 0 outside
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

static void TYPED(direct_add)(const struct convolution *plan, const REAL *in, const REAL *weights, REAL *out)
{
    int64_t filters = plan->groups * plan->filters;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t f = 0; f < filters; f++, out += plan->out_size) {
            int64_t first = n * plan->groups * plan->channels + f / plan->filters * plan->channels;
            for (int64_t c = 0; c < plan->channels; c++)
                TYPED(correlate_plane)(plan, in + (first + c) * plan->in_size,
                                       weights + (f * plan->channels + c) * plan->kernel_elements, out);
        }
    }
}

static void TYPED(direct_spread)(const struct convolution *plan, const REAL *out, const REAL *weights,
                                 REAL *in)
{
    int64_t filters = plan->groups * plan->filters;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t f = 0; f < filters; f++, out += plan->out_size) {
            int64_t first = n * plan->groups * plan->channels + f / plan->filters * plan->channels;
            for (int64_t c = 0; c < plan->channels; c++)
                TYPED(spread_plane)(plan, out, weights + (f * plan->channels + c) * plan->kernel_elements,
                                    in + (first + c) * plan->in_size);
        }
    }
}

static void TYPED(direct_weights)(const struct convolution *plan, const REAL *in, const REAL *out,
                                  REAL *kernels)
{
    int64_t filters = plan->groups * plan->filters;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t f = 0; f < filters; f++, out += plan->out_size) {
            int64_t first = n * plan->groups * plan->channels + f / plan->filters * plan->channels;
            for (int64_t c = 0; c < plan->channels; c++)
                TYPED(kernel_plane)(plan, in + (first + c) * plan->in_size, out,
                                    kernels + (f * plan->channels + c) * plan->kernel_elements);
        }
    }
}

void TYPED(convolution_add)(const struct convolution *plan, const REAL *in, const REAL *weights,
                            void *workspace, REAL *out)
{
    if (plan->method == CONVOLUTION_DIRECT)
        TYPED(direct_add)(plan, in, weights, out);
    else
        TYPED(columns_add)(plan, in, weights, workspace, out);
}

void TYPED(convolution_spread)(const struct convolution *plan, const REAL *out, const REAL *weights,
                               void *workspace, REAL *in)
{
    if (plan->method == CONVOLUTION_DIRECT)
        TYPED(direct_spread)(plan, out, weights, in);
    else
        TYPED(columns_spread)(plan, out, weights, workspace, in);
}

void TYPED(convolution_weights)(const struct convolution *plan, const REAL *in, const REAL *out,
                                void *workspace, REAL *kernels)
{
    if (plan->method == CONVOLUTION_DIRECT)
        TYPED(direct_weights)(plan, in, out, kernels);
    else
        TYPED(columns_weights)(plan, in, out, workspace, kernels);
}

void TYPED(convolution_start)(int64_t batch, int64_t channels, int64_t size, const REAL *bias, REAL *out)
{
    for (int64_t c = 0; c < batch * channels; c++) {
        REAL start = bias ? bias[c % channels] : 0;
        for (int64_t i = 0; i < size; i++)
            *out++ = start;
    }
}

void TYPED(convolution_bias)(int64_t batch, int64_t channels, int64_t size, const REAL *out, REAL *gradient)
{
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0;
        for (int64_t n = 0; n < batch; n++)
            sum += TYPED(row_sum)(out + (n * channels + c) * size, size);
        gradient[c] += (REAL)sum;
    }
}
