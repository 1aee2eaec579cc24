/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons for one element type (typed.h): the inputs broadcast to the shape of the output, whose elements
 * are integers, 1 for yes and 0 for no. A comparison with a NaN is 0. */

#define COMPARISON(NAME, RELATION)                                                                           \
    static void TYPED(NAME)(const struct kernel_call *call)                                                  \
    {                                                                                                        \
        const struct broadcast *loops = call->plan;                                                          \
        const REAL *first = call->inputs[0].data, *second = call->inputs[1].data;                            \
        int64_t *output = call->outputs[0].data;                                                             \
        struct broadcast_cursor cursor = {0};                                                                \
                                                                                                             \
        for (int64_t row = 0; row < loops->rows; row++) {                                                    \
            for (int64_t i = 0; i < loops->length; i++)                                                      \
                *output++ = first[cursor.at[0] + i * loops->row_stride[0]] RELATION                          \
                    second[cursor.at[1] + i * loops->row_stride[1]];                                         \
            broadcast_next(loops, &cursor);                                                                  \
        }                                                                                                    \
    }

/* Of every element by itself: x is the number, plan what the operator looks for. */
#define QUESTION(NAME, ANSWER)                                                                               \
    static void TYPED(NAME)(const struct kernel_call *call)                                                  \
    {                                                                                                        \
        const struct infinities *plan = call->plan;                                                          \
        const REAL *input = call->inputs[0].data;                                                            \
        int64_t *output = call->outputs[0].data;                                                             \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        (void)plan;                                                                                          \
        for (int64_t i = 0; i < count; i++) {                                                                \
            const double x = (double)input[i];                                                               \
            output[i] = (ANSWER);                                                                            \
        }                                                                                                    \
    }

/* clang-format off */
COMPARISON(equal, ==)
COMPARISON(greater, >)
COMPARISON(greater_or_equal, >=)
COMPARISON(less, <)
COMPARISON(less_or_equal, <=)
QUESTION(is_nan, isnan(x))
QUESTION(is_inf, isinf(x) && (x < 0 ? plan->negative : plan->positive))
/* clang-format on */

#undef QUESTION
#undef COMPARISON
