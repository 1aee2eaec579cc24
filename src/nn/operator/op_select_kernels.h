/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where for one element type (typed.h): y (rows, length) takes the first or the second of two inputs that
 * broadcast to it, as the condition, which does so too, is not 0 or is. */

static void TYPED(where_forward)(const struct kernel_call *call)
{
    const struct broadcast *loops = call->plan;
    const int64_t *condition = call->inputs[CONDITION].data;
    const REAL *chosen = call->inputs[CHOSEN].data, *other = call->inputs[OTHER].data;
    const int64_t *stride = loops->row_stride;
    REAL *output = call->outputs[0].data;
    struct broadcast_cursor cursor = {0};

    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++)
            *output++ = condition[cursor.at[CONDITION] + i * stride[CONDITION]] != 0
                            ? chosen[cursor.at[CHOSEN] + i * stride[CHOSEN]]
                            : other[cursor.at[OTHER] + i * stride[OTHER]];
        broadcast_next(loops, &cursor);
    }
}

#if HAS_GRADIENT
/* The gradient of the input `which`, of its own shape, += that of y where it was taken. What belongs to an
 * element used all along a row is summed in double. */
static void TYPED(where_gradient)(const struct kernel_call *call, int which)
{
    const struct broadcast *loops = call->plan;
    const int64_t *condition = call->inputs[CONDITION].data;
    const int64_t step = loops->row_stride[CONDITION], to_step = loops->row_stride[which];
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[which].data;
    struct broadcast_cursor cursor = {0};

    if (from == NULL || to == NULL)
        return;
    for (int64_t row = 0; row < loops->rows; row++) {
        double sum = 0;

        for (int64_t i = 0; i < loops->length; i++, from++) {
            if ((condition[cursor.at[CONDITION] + i * step] != 0) != (which == CHOSEN))
                continue;
            if (to_step == 0)
                sum += (double)*from;
            else
                to[cursor.at[which] + i] += *from;
        }
        if (to_step == 0 && loops->length > 0)
            to[cursor.at[which]] += (REAL)sum;
        broadcast_next(loops, &cursor);
    }
}

static void TYPED(where_backward)(const struct kernel_call *call)
{
    TYPED(where_gradient)(call, CHOSEN);
    TYPED(where_gradient)(call, OTHER);
}
#endif
