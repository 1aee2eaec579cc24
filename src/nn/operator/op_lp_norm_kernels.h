/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of LpNormalization for one real type (typed.h). x and y are (outer, length, inner); a row is
 * x[o][.][i], and n its norm: the sum of |x|, or the root of the sum of x^2. Sums are in double. */

static double TYPED(row_norm)(const struct lp_norm *plan, const REAL *x)
{
    double sum = 0;

    for (int64_t i = 0; i < plan->length; i++) {
        const double value = (double)x[i * plan->inner];

        sum += plan->squares ? value * value : fabs(value);
    }
    return plan->squares ? sqrt(sum) : sum;
}

/* y = x / n; a row of zeros stays one. */
static void TYPED(lp_norm_forward)(const struct kernel_call *call)
{
    const struct lp_norm *plan = call->plan;
    const REAL *input = call->inputs[0].data;
    REAL *output = call->outputs[0].data;

    for (int64_t row = 0; row < plan->outer * plan->inner; row++) {
        const int64_t start = row / plan->inner * plan->length * plan->inner + row % plan->inner;
        const double norm = TYPED(row_norm)(plan, input + start);

        for (int64_t i = 0; i < plan->length; i++) {
            const int64_t at = start + i * plan->inner;

            output[at] = norm == 0 ? 0 : (REAL)((double)input[at] / norm);
        }
    }
}

/* dx_i += (g_i - s_i sum_j g_j y_j) / n, where s is y for the root of squares, else the sign of x. */
static void TYPED(lp_norm_row_backward)(const struct lp_norm *plan, const REAL *x, const REAL *g, REAL *to)
{
    const double norm = TYPED(row_norm)(plan, x);
    double sum = 0;

    for (int64_t i = 0; norm != 0 && i < plan->length; i++)
        sum += (double)g[i * plan->inner] * (double)x[i * plan->inner] / norm;
    for (int64_t i = 0; norm != 0 && i < plan->length; i++) {
        const double value = (double)x[i * plan->inner];
        const double slope = plan->squares ? value / norm : (double)((value > 0) - (value < 0));

        to[i * plan->inner] += (REAL)(((double)g[i * plan->inner] - slope * sum) / norm);
    }
}

static void TYPED(lp_norm_backward)(const struct kernel_call *call)
{
    const struct lp_norm *plan = call->plan;
    const REAL *input = call->inputs[0].data, *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;

    for (int64_t row = 0; from != NULL && to != NULL && row < plan->outer * plan->inner; row++) {
        const int64_t start = row / plan->inner * plan->length * plan->inner + row % plan->inner;

        TYPED(lp_norm_row_backward)(plan, input + start, from + start, to + start);
    }
}
