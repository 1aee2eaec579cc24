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

/* y = max of x over the reduced axes */
static void TYPED(max_forward)(const struct kernel_call *call)
{
    const struct reduction *plan = call->plan;
    const struct broadcast *loops = &plan->loops;
    const REAL *x = call->inputs[0].data;
    REAL *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);
    struct broadcast_cursor cursor = {0};

    for (int64_t i = 0; i < count; i++)
        output[i] = -(REAL)INFINITY;
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++, x++) {
            REAL *y = output + cursor.at[0] + i * loops->row_stride[0];

            *y = *x <= *y ? *y : *x; /* a NaN comes through */
        }
        broadcast_next(loops, &cursor);
    }
}

/* Equal largest elements share the gradient: first they are counted (in the workspace), then they get it. */
static void TYPED(max_backward)(const struct kernel_call *call)
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
