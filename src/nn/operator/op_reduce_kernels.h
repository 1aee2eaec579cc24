/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the reductions for one real type (typed.h). A reduction is broadcasting read backwards: the
 * loops run over the input x, as (rows, length), and the result y is the operand that stands still along the
 * reduced axes (broadcast.h). Sums run in double along a row. */

/* y = factor * sum of x over the reduced axes */
static void TYPED(add_scaled)(const struct kernel_call *call, REAL factor)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *input = call->inputs[0].data;
    REAL *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);
    struct broadcast_cursor cursor = {0};

    for (int64_t i = 0; i < count; i++)
        output[i] = 0;
    for (int64_t row = 0; row < loops->rows; row++) {
        const REAL *x = input + row * loops->length;
        REAL *y = output + cursor.at[0];

        if (loops->row_stride[0] == 0)
            y[0] += (REAL)TYPED(row_sum)(x, loops->length);
        else
            for (int64_t i = 0; i < loops->length; i++)
                y[i] += x[i];
        broadcast_next(loops, &cursor);
    }
    for (int64_t i = 0; i < count; i++)
        output[i] *= factor;
}

/* dx += factor * dy, spread over the reduced axes */
static void TYPED(spread_scaled)(const struct kernel_call *call, REAL factor)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    struct broadcast_cursor cursor = {0};

    if (from == NULL || to == NULL)
        return;
    for (int64_t row = 0; row < loops->rows; row++) {
        const REAL *g = from + cursor.at[0];
        REAL *sum = to + row * loops->length;

        for (int64_t i = 0; i < loops->length; i++)
            sum[i] += factor * g[i * loops->row_stride[0]];
        broadcast_next(loops, &cursor);
    }
}

static void TYPED(sum_forward)(const struct kernel_call *call)
{
    TYPED(add_scaled)(call, 1);
}

static void TYPED(sum_backward)(const struct kernel_call *call)
{
    TYPED(spread_scaled)(call, 1);
}

static void TYPED(mean_forward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;

    TYPED(add_scaled)(call, (REAL)(1 / (double)plan->reduced));
}

static void TYPED(mean_backward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;

    TYPED(spread_scaled)(call, (REAL)(1 / (double)plan->reduced));
}

/* --- one element after the other ------------------------------------------------------------------------ */

/* y = FINISH of what STEP makes of START and each x in turn; in STEP, y is what there is so far. */
#define REDUCTION(NAME, START, STEP, FINISH)                                                                 \
    static void TYPED(NAME##_forward)(const struct kernel_call *call)                                        \
    {                                                                                                        \
        const struct reduction *plan = call->plan;                                                           \
        const struct broadcast *loops = &plan->loops;                                                        \
        const REAL *input = call->inputs[0].data;                                                            \
        REAL *output = call->outputs[0].data;                                                                \
        const int64_t results = shape_elements(&call->outputs[0].shape);                                     \
        struct broadcast_cursor cursor = {0};                                                                \
                                                                                                             \
        for (int64_t i = 0; i < results; i++)                                                                \
            output[i] = (START);                                                                             \
        for (int64_t row = 0; row < loops->rows; row++) {                                                    \
            for (int64_t i = 0; i < loops->length; i++) {                                                    \
                REAL *at = output + cursor.at[0] + i * loops->row_stride[0];                                 \
                const REAL x = *input++, y = *at;                                                            \
                *at = (STEP);                                                                                \
            }                                                                                                \
            broadcast_next(loops, &cursor);                                                                  \
        }                                                                                                    \
        for (int64_t i = 0; i < results; i++) {                                                              \
            const REAL y = output[i];                                                                        \
            output[i] = (FINISH);                                                                            \
        }                                                                                                    \
    }

/* dx += SLOPE, in which g is what arrives at y. */
#define REDUCTION_BACKWARD(NAME, SLOPE)                                                                      \
    static void TYPED(NAME##_backward)(const struct kernel_call *call)                                       \
    {                                                                                                        \
        const struct reduction *plan = call->plan;                                                           \
        const struct broadcast *loops = &plan->loops;                                                        \
        const REAL *input = call->inputs[0].data, *output = call->outputs[0].data;                           \
        const REAL *from = call->output_gradients[0].data;                                                   \
        REAL *to = call->input_gradients[0].data;                                                            \
        struct broadcast_cursor cursor = {0};                                                                \
                                                                                                             \
        for (int64_t row = 0; from != NULL && to != NULL && row < loops->rows; row++) {                      \
            for (int64_t i = 0; i < loops->length; i++) {                                                    \
                const int64_t at = cursor.at[0] + i * loops->row_stride[0];                                  \
                const REAL x = *input++, y = output[at], g = from[at];                                       \
                (void)x, (void)y;                                                                            \
                *to++ += (SLOPE);                                                                            \
            }                                                                                                \
            broadcast_next(loops, &cursor);                                                                  \
        }                                                                                                    \
    }

/* clang-format off */
/* A NaN comes through, wherever it stands. */
REDUCTION(max, -(REAL)INFINITY, x > y || isnan(x) ? x : y, y)
REDUCTION(min, (REAL)INFINITY, x < y || isnan(x) ? x : y, y)
REDUCTION(l1, 0, y + fabs(x), y)
REDUCTION_BACKWARD(l1, x > 0 ? g : (x < 0 ? -g : 0))
REDUCTION(sum_square, 0, y + x * x, y)
REDUCTION_BACKWARD(sum_square, 2 * x * g)
/* The slopes are infinite at 0; a zero gradient (an empty place in the batch) must stay zero even there. */
REDUCTION(l2, 0, y + x * x, sqrt(y))
REDUCTION_BACKWARD(l2, x == 0 || g == 0 ? 0 : x / y * g)
REDUCTION(log_sum, 0, y + x, log(y))
REDUCTION_BACKWARD(log_sum, g == 0 ? 0 : g * exp(-y))
REDUCTION(prod, 1, y * x, y)
REDUCTION_BACKWARD(log_sum_exp, g == 0 ? 0 : g * exp(x - y))
/* clang-format on */

/* y = m + ln sum e^(x - m), m being the largest: nothing overflows. Where m is infinite it is the result. */
static void TYPED(log_sum_exp_forward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *input = call->inputs[0].data;
    REAL *output = call->outputs[0].data;
    double *sums = call->workspace;
    const int64_t results = shape_elements(&call->outputs[0].shape);
    struct broadcast_cursor cursor = {0};

    TYPED(max_forward)(call);
    for (int64_t i = 0; i < results; i++)
        sums[i] = 0;
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            const int64_t at = cursor.at[0] + i * loops->row_stride[0];

            sums[at] += exp((double)*input++ - (double)output[at]);
        }
        broadcast_next(loops, &cursor);
    }
    for (int64_t i = 0; i < results; i++)
        if (isfinite(output[i]))
            output[i] += (REAL)log(sums[i]);
}

/* The slope is the product of the others. Zeros are counted, and what is not zero is multiplied by itself (in
 * the workspace), so that it is right where one element is zero. */
static void TYPED(prod_backward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *input = call->inputs[0].data, *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    const int64_t results = shape_elements(&call->outputs[0].shape);
    double *product = call->workspace, *zeros = product + results;

    if (from == NULL || to == NULL)
        return;
    for (int64_t i = 0; i < results; i++)
        product[i] = 1, zeros[i] = 0;
    for (int round = 0; round < 2; round++) {
        struct broadcast_cursor cursor = {0};

        for (int64_t row = 0; row < loops->rows; row++) {
            for (int64_t i = 0; i < loops->length; i++) {
                const int64_t at = cursor.at[0] + i * loops->row_stride[0];
                const double x = (double)input[row * loops->length + i];

                if (round == 0 && x == 0)
                    zeros[at]++;
                else if (round == 0)
                    product[at] *= x;
                else if (zeros[at] == (x == 0))
                    to[row * loops->length + i] += from[at] * (REAL)(x == 0 ? product[at] : product[at] / x);
            }
            broadcast_next(loops, &cursor);
        }
    }
}

/* Equal largest (or least) elements share the gradient: first they are counted (in the workspace), then they
 * get it. */
static void TYPED(extreme_backward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *input = call->inputs[0].data, *output = call->outputs[0].data;
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    int64_t *equal = call->workspace;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    if (from == NULL || to == NULL)
        return;
    for (int64_t i = 0; i < count; i++)
        equal[i] = 0;
    for (int round = 0; round < 2; round++) {
        struct broadcast_cursor cursor = {0};

        for (int64_t row = 0; row < loops->rows; row++) {
            for (int64_t i = 0; i < loops->length; i++) {
                const int64_t x = row * loops->length + i, y = cursor.at[0] + i * loops->row_stride[0];

                if (input[x] != output[y])
                    continue;
                if (round == 0)
                    equal[y]++;
                else
                    to[x] += from[y] / (REAL)equal[y];
            }
            broadcast_next(loops, &cursor);
        }
    }
}

static void TYPED(max_backward)(const struct kernel_call *call)
{
    TYPED(extreme_backward)(call);
}

static void TYPED(min_backward)(const struct kernel_call *call)
{
    TYPED(extreme_backward)(call);
}

#undef REDUCTION
#undef REDUCTION_BACKWARD
