/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of MeanVarianceNormalization for one real type (typed.h). The loops run over x and y as (rows,
 * length), and what is normalised together has one place among the statistics (broadcast.h), which are in
 * double: mean m and s, the standard deviation. */

/* sums (results) = mean over what is normalised together of (x - first) * (other - second), where a
 * missing operand counts as 1 and a missing mean as 0. */
static void TYPED(together)(const struct mean_variance *plan, const REAL *x, const double *first,
                            const REAL *other, const double *second, double *sums)
{
    const struct broadcast *loops = &plan->loops;
    struct broadcast_cursor cursor = {0};

    for (int64_t i = 0; i < plan->results; i++)
        sums[i] = 0;
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            const int64_t at = cursor.at[0] + i * loops->row_stride[0], k = row * loops->length + i;
            const double left = (double)x[k] - (first != NULL ? first[at] : 0);

            sums[at] += other != NULL ? left * ((double)other[k] - (second != NULL ? second[at] : 0)) : left;
        }
        broadcast_next(loops, &cursor);
    }
    for (int64_t i = 0; i < plan->results; i++)
        sums[i] /= plan->together;
}

static void TYPED(mean_and_deviation)(const struct mean_variance *plan, const REAL *x, double *mean,
                                      double *deviation)
{
    TYPED(together)(plan, x, NULL, NULL, NULL, mean);
    TYPED(together)(plan, x, mean, x, mean, deviation);
    for (int64_t i = 0; i < plan->results; i++)
        deviation[i] = sqrt(deviation[i]);
}

/* y = (x - m) / (s + 1e-9) */
static void TYPED(mean_variance_forward)(const struct kernel_call *call)
{
    const struct mean_variance *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *x = call->inputs[0].data;
    REAL *y = call->outputs[0].data;
    double *mean = call->workspace, *deviation = mean + plan->results;
    struct broadcast_cursor cursor = {0};

    TYPED(mean_and_deviation)(plan, x, mean, deviation);
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            const int64_t at = cursor.at[0] + i * loops->row_stride[0];

            *y++ = (REAL)(((double)*x++ - mean[at]) / (deviation[at] + MEAN_VARIANCE_EPSILON));
        }
        broadcast_next(loops, &cursor);
    }
}

/* dx += (g - mean of g) / t - (x - m) / s * (mean of g (x - m)) / t^2, with t = s + 1e-9 */
static void TYPED(mean_variance_backward)(const struct kernel_call *call)
{
    const struct mean_variance *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *x = call->inputs[0].data, *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    double *mean = call->workspace, *deviation = mean + plan->results;
    double *sum = deviation + plan->results, *product = sum + plan->results;
    struct broadcast_cursor cursor = {0};

    if (from == NULL || to == NULL)
        return;
    TYPED(mean_and_deviation)(plan, x, mean, deviation);
    TYPED(together)(plan, from, NULL, NULL, NULL, sum);
    TYPED(together)(plan, from, NULL, x, mean, product);
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            const int64_t at = cursor.at[0] + i * loops->row_stride[0];
            const double t = deviation[at] + MEAN_VARIANCE_EPSILON, off = (double)*x++ - mean[at];
            const double slope = off == 0 ? 0 : off / deviation[at] * product[at] / (t * t);

            *to++ += (REAL)(((double)*from++ - sum[at]) / t - slope);
        }
        broadcast_next(loops, &cursor);
    }
}
