/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LRN for one real type (typed.h). x, y (N, C, P), and for each element the sum of squares over the channels
 * around its own:
 *
 *     s[n][c][p] = bias + alpha / size * sum of x[n][j][p]^2, c - before <= j <= c + after
 *     y = x * s^-beta */

/* s (C, P) of one image */
static void TYPED(lrn_sums)(const struct lrn *plan, const REAL *x, double *s)
{
    for (int64_t c = 0; c < plan->channels; c++) {
        double *row = s + c * plan->positions;
        for (int64_t p = 0; p < plan->positions; p++)
            row[p] = plan->bias;
        for (int64_t j = lrn_low(c - plan->before); j <= lrn_high(plan, c + plan->after); j++)
            for (int64_t p = 0; p < plan->positions; p++) {
                const double value = (double)x[j * plan->positions + p];
                row[p] += plan->factor * value * value;
            }
    }
}

static void TYPED(lrn_forward)(const struct kernel_call *call)
{
    const struct lrn *plan = call->plan;
    const int64_t image = plan->channels * plan->positions;
    const REAL *x = call->inputs[0].data;
    REAL *y = call->outputs[0].data;
    double *s = call->workspace;
    for (int64_t n = 0; n < plan->batch; n++, x += image, y += image) {
        TYPED(lrn_sums)(plan, x, s);
        for (int64_t i = 0; i < image; i++)
            y[i] = (REAL)((double)x[i] * lrn_power(plan, s[i]));
    }
}

/* dx[c] += dy[c] * s[c]^-beta - 2 * alpha / size * beta * x[c] * the sum of dy[j] * x[j] * s[j]^(-beta - 1)
 * over the channels j that c is around */
static void TYPED(lrn_backward)(const struct kernel_call *call)
{
    const struct lrn *plan = call->plan;
    const int64_t positions = plan->positions, image = plan->channels * positions;
    const REAL *x = call->inputs[0].data, *dy = call->output_gradients[0].data;
    REAL *dx = call->input_gradients[0].data;
    double *s = call->workspace, *shares = s + image;
    if (!dy || !dx)
        return;
    for (int64_t n = 0; n < plan->batch; n++, x += image, dy += image, dx += image) {
        TYPED(lrn_sums)(plan, x, s);
        for (int64_t i = 0; i < image; i++) {
            const double power = lrn_power(plan, s[i]);
            shares[i] = (double)dy[i] * (double)x[i] * power / s[i];
            dx[i] += (REAL)((double)dy[i] * power);
        }
        for (int64_t c = 0; c < plan->channels; c++)
            for (int64_t j = lrn_low(c - plan->after); j <= lrn_high(plan, c + plan->before); j++)
                for (int64_t p = 0; p < positions; p++)
                    dx[c * positions + p] -= (REAL)(2 * plan->factor * plan->beta *
                                                    (double)x[c * positions + p] * shares[j * positions + p]);
    }
}
