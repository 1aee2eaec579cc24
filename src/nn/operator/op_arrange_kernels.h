/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trilu for one element type (typed.h): x and y (matrices, rows, columns). */

static void TYPED(trilu_forward)(const struct kernel_call *call)
{
    const struct trilu *plan = call->plan;
    const REAL *input = call->inputs[0].data;
    REAL *output = call->outputs[0].data;

    for (int64_t row = 0; row < plan->matrices * plan->rows; row++)
        for (int64_t c = 0; c < plan->columns; c++, input++) {
            const int64_t diagonal = c - row % plan->rows;

            *output++ = diagonal >= plan->first && diagonal <= plan->last ? *input : 0;
        }
}

#if HAS_GRADIENT
static void TYPED(trilu_backward)(const struct kernel_call *call)
{
    const struct trilu *plan = call->plan;
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;

    if (from == NULL || to == NULL)
        return;
    for (int64_t row = 0; row < plan->matrices * plan->rows; row++)
        for (int64_t c = 0; c < plan->columns; c++, from++, to++) {
            const int64_t diagonal = c - row % plan->rows;

            if (diagonal >= plan->first && diagonal <= plan->last)
                *to += *from;
        }
}
#endif
