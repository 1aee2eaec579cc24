/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling for one real type. Included by op_pool.c once per type, with REAL and TYPED(name) defined; there is
 * no include guard on purpose. */

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

ROWS_CLONES static void TYPED(global_average_forward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    for (int64_t p = 0; p < plan->planes; p++)
        out[p] = (REAL)(TYPED(row_sum)(in + p * plan->positions, plan->positions) / (double)plan->positions);
}

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

static void TYPED(global_max_forward)(const struct kernel_call *call)
{
    const struct global_pooling *plan = call->plan;
    const REAL *in = call->inputs[0].data;
    REAL *out = call->outputs[0].data;
    for (int64_t p = 0; p < plan->planes; p++, in += plan->positions)
        out[p] = in[TYPED(global_largest)(in, plan->positions)];
}

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
