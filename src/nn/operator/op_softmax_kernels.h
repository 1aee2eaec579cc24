/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of Softmax, LogSoftmax and Hardmax for one real type (typed.h). x and y are (outer, length, inner);
 * a row is y[o][.][i], whose numbers are `inner` apart. Exponentials and their sums are in double in both
 * types: the cost is small beside the convolutions'. The row at hand is shifted by its largest element m, so
 * that nothing overflows. */

/* s = sum_j e^(x_j - m), *largest = m. */
static double TYPED(row_exponentials)(const REAL *x, int64_t length, int64_t inner, double *largest)
{
    double sum = 0;

    *largest = -INFINITY;
    for (int64_t i = 0; i < length; i++)
        *largest = (double)x[i * inner] > *largest ? (double)x[i * inner] : *largest;
    for (int64_t i = 0; i < length; i++)
        sum += exp((double)x[i * inner] - *largest);
    return sum;
}

/* y_i = e^(x_i - m) / s */
static void TYPED(softmax_row)(REAL *y, const REAL *x, int64_t length, int64_t inner)
{
    double largest;
    const double sum = TYPED(row_exponentials)(x, length, inner, &largest);

    for (int64_t i = 0; i < length; i++)
        y[i * inner] = (REAL)(exp((double)x[i * inner] - largest) / sum);
}

/* y_i = x_i - m - ln s */
static void TYPED(log_softmax_row)(REAL *y, const REAL *x, int64_t length, int64_t inner)
{
    double largest;
    const double sum = TYPED(row_exponentials)(x, length, inner, &largest);

    for (int64_t i = 0; i < length; i++)
        y[i * inner] = (REAL)((double)x[i * inner] - largest - log(sum));
}

/* y_i = 1 for the largest x_i, the first of them where several are, else 0 */
static void TYPED(hardmax_row)(REAL *y, const REAL *x, int64_t length, int64_t inner)
{
    int64_t largest = 0;

    for (int64_t i = 0; i < length; i++) {
        y[i * inner] = 0;
        largest = x[i * inner] > x[largest * inner] ? i : largest;
    }
    if (length > 0)
        y[largest * inner] = 1;
}

/* dx_i += y_i (g_i - sum_j g_j y_j) */
static void TYPED(softmax_row_back)(REAL *to, const REAL *g, const REAL *y, int64_t length, int64_t inner)
{
    double sum = 0;

    for (int64_t i = 0; i < length; i++)
        sum += (double)g[i * inner] * (double)y[i * inner];
    for (int64_t i = 0; i < length; i++)
        to[i * inner] += (REAL)((double)y[i * inner] * ((double)g[i * inner] - sum));
}

/* dx_i += g_i - e^(y_i) sum_j g_j */
static void TYPED(log_softmax_row_back)(REAL *to, const REAL *g, const REAL *y, int64_t length, int64_t inner)
{
    double sum = 0;

    for (int64_t i = 0; i < length; i++)
        sum += (double)g[i * inner];
    for (int64_t i = 0; i < length; i++)
        to[i * inner] += (REAL)((double)g[i * inner] - exp((double)y[i * inner]) * sum);
}

/* y (outer, length, inner) from x (outer, length, inner), row by row. */
static void TYPED(each_row)(const struct kernel_call *call,
                            void (*row)(REAL *y, const REAL *x, int64_t length, int64_t inner))
{
    const struct softmax *plan = call->plan;
    const REAL *input = call->inputs[0].data;
    REAL *output = call->outputs[0].data;

    for (int64_t o = 0; o < plan->outer; o++) {
        for (int64_t i = 0; i < plan->inner; i++) {
            const int64_t at = o * plan->length * plan->inner + i;
            row(output + at, input + at, plan->length, plan->inner);
        }
    }
}

/* dx (outer, length, inner) += from dy and y of the same shape, row by row. */
static void TYPED(each_row_back)(const struct kernel_call *call,
                                 void (*row)(REAL *to, const REAL *g, const REAL *y, int64_t length,
                                             int64_t inner))
{
    const struct softmax *plan = call->plan;
    const REAL *output = call->outputs[0].data, *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;

    for (int64_t o = 0; from != NULL && to != NULL && o < plan->outer; o++) {
        for (int64_t i = 0; i < plan->inner; i++) {
            const int64_t at = o * plan->length * plan->inner + i;
            row(to + at, from + at, output + at, plan->length, plan->inner);
        }
    }
}

static void TYPED(softmax_forward)(const struct kernel_call *call)
{
    TYPED(each_row)(call, TYPED(softmax_row));
}

static void TYPED(hardmax_forward)(const struct kernel_call *call)
{
    TYPED(each_row)(call, TYPED(hardmax_row));
}

static void TYPED(softmax_backward)(const struct kernel_call *call)
{
    TYPED(each_row_back)(call, TYPED(softmax_row_back));
}

static void TYPED(log_softmax_forward)(const struct kernel_call *call)
{
    TYPED(each_row)(call, TYPED(log_softmax_row));
}

static void TYPED(log_softmax_backward)(const struct kernel_call *call)
{
    TYPED(each_row_back)(call, TYPED(log_softmax_row_back));
}
