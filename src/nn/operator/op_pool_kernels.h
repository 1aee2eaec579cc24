/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling for one real type (typed.h). x (N, C, D, H, W), y (N, C, D', H', W'); N * C planes are pooled
 * alike, and with fewer spatial dimensions D (and H) are 1. The window of position p sees x[p * stride + k *
 * dilation - before]. */

/* Position (within the plane) of the largest element under one window, the first among equals; a NaN counts
 * as larger than all. -1 when the window sees nothing but padding. */
static inline int64_t TYPED(largest)(const struct pooling *plan, const REAL *in, struct span d, struct span h,
                                     struct span w)
{
    const struct window *window = &plan->window;
    int64_t best = -1;
    for (int64_t i = 0; i < d.count; i++) {
        for (int64_t j = 0; j < h.count; j++) {
            int64_t at =
                ((d.first + i * window->dilation[0]) * window->in[1] + h.first + j * window->dilation[1]) *
                    window->in[2] +
                w.first;
            for (int64_t k = 0; k < w.count; k++, at += window->dilation[2])
                if (best < 0 || in[at] > in[best] || (in[at] != in[at] && in[best] == in[best]))
                    best = at;
        }
    }
    return best;
}

/* y (N, C, D', H', W')[p] = max over the window of x; Indices, of the same shape: where in all of x. */
static void TYPED(max_forward)(const struct kernel_call *call)
{
    const struct pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    int64_t *indices = call->output_count > 1 ? call->outputs[1].data : NULL;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->in_size) {
        for (int64_t d = 0; d < plan->window.out[0]; d++) {
            for (int64_t h = 0; h < plan->window.out[1]; h++) {
                for (int64_t w = 0; w < plan->window.out[2]; w++) {
                    int64_t at =
                        TYPED(largest)(plan, in, plan->spans[0][d], plan->spans[1][h], plan->spans[2][w]);
                    *out++ = at < 0 ? -(REAL)INFINITY : in[at];
                    if (indices)
                        *indices++ = p * plan->in_size + stored_index(plan, at < 0 ? 0 : at);
                }
            }
        }
    }
}

/* dx (N, C, D, H, W) += dy[p] at the largest of each window. */
static void TYPED(max_backward)(const struct kernel_call *call)
{
    const struct pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data, *gradient = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    if (!gradient || !to)
        return;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->in_size, to += plan->in_size) {
        for (int64_t d = 0; d < plan->window.out[0]; d++) {
            for (int64_t h = 0; h < plan->window.out[1]; h++) {
                for (int64_t w = 0; w < plan->window.out[2]; w++, gradient++) {
                    int64_t at =
                        TYPED(largest)(plan, in, plan->spans[0][d], plan->spans[1][h], plan->spans[2][w]);
                    if (at >= 0)
                        to[at] += *gradient;
                }
            }
        }
    }
}

/* The sum over one window of in (D, H, W). */
static inline double TYPED(window_sum)(const struct pooling *plan, const REAL *in, struct span d,
                                       struct span h, struct span w)
{
    const struct window *window = &plan->window;
    double sum = 0;
    for (int64_t i = 0; i < d.count; i++) {
        for (int64_t j = 0; j < h.count; j++) {
            const REAL *at =
                in +
                ((d.first + i * window->dilation[0]) * window->in[1] + h.first + j * window->dilation[1]) *
                    window->in[2] +
                w.first;
            for (int64_t k = 0; k < w.count; k++)
                sum += (double)at[k * window->dilation[2]];
        }
    }
    return sum;
}

/* y (N, C, D', H', W')[p] = sum over the window of x / its divisor. */
static void TYPED(average_forward)(const struct kernel_call *call)
{
    const struct pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->in_size) {
        for (int64_t d = 0; d < plan->window.out[0]; d++) {
            for (int64_t h = 0; h < plan->window.out[1]; h++) {
                for (int64_t w = 0; w < plan->window.out[2]; w++) {
                    struct span sd = plan->spans[0][d], sh = plan->spans[1][h], sw = plan->spans[2][w];
                    *out++ = (REAL)(TYPED(window_sum)(plan, in, sd, sh, sw) * span_share(sd, sh, sw));
                }
            }
        }
    }
}

/* to (D, H, W) += value all over one window. */
static inline void TYPED(window_add)(const struct pooling *plan, REAL *to, struct span d, struct span h,
                                     struct span w, REAL value)
{
    const struct window *window = &plan->window;
    for (int64_t i = 0; i < d.count; i++) {
        for (int64_t j = 0; j < h.count; j++) {
            REAL *at =
                to +
                ((d.first + i * window->dilation[0]) * window->in[1] + h.first + j * window->dilation[1]) *
                    window->in[2] +
                w.first;
            for (int64_t k = 0; k < w.count; k++)
                at[k * window->dilation[2]] += value;
        }
    }
}

/* dx (N, C, D, H, W) += dy[p] / divisor all over each window. */
static void TYPED(average_backward)(const struct kernel_call *call)
{
    const struct pooling *plan = call->plan;
    const REAL *gradient = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    if (!gradient || !to)
        return;
    for (int64_t p = 0; p < plan->planes; p++, to += plan->in_size) {
        for (int64_t d = 0; d < plan->window.out[0]; d++) {
            for (int64_t h = 0; h < plan->window.out[1]; h++) {
                for (int64_t w = 0; w < plan->window.out[2]; w++) {
                    struct span sd = plan->spans[0][d], sh = plan->spans[1][h], sw = plan->spans[2][w];
                    TYPED(window_add)(plan, to, sd, sh, sw,
                                      (REAL)((double)*gradient++ * span_share(sd, sh, sw)));
                }
            }
        }
    }
}

/* y (N, C)[n][c] = mean of x (N, C, positions)[n][c] */
ROWS_CLONES static void TYPED(global_average_forward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    for (int64_t p = 0; p < plan->planes; p++)
        out[p] = (REAL)(TYPED(row_sum)(in + p * plan->positions, plan->positions) / (double)plan->positions);
}

/* dx (N, C, positions)[n][c][i] += dy (N, C)[n][c] / positions */
static void TYPED(global_average_backward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *gradient = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    if (!gradient || !to)
        return;
    for (int64_t p = 0; p < plan->planes; p++) {
        REAL value = (REAL)((double)gradient[p] / (double)plan->positions);
        for (int64_t i = 0; i < plan->positions; i++)
            *to++ += value;
    }
}

static int64_t TYPED(global_largest)(const REAL *in, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (in[i] > in[best] || (in[i] != in[i] && in[best] == in[best]))
            best = i;
    return best;
}

/* y (N, C)[n][c] = max of x (N, C, positions)[n][c] */
static void TYPED(global_max_forward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->positions)
        out[p] = in[TYPED(global_largest)(in, plan->positions)];
}

/* dx (N, C, positions) += dy (N, C) at the largest of each channel. */
static void TYPED(global_max_backward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data, *gradient = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    if (!gradient || !to)
        return;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->positions, to += plan->positions)
        to[TYPED(global_largest)(in, plan->positions)] += gradient[p];
}
