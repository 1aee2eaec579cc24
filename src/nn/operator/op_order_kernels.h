/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements in order along the middle axis of (outer, length, inner), for one element type (typed.h). */

struct TYPED(ranked) {
    REAL value;
    int64_t position;
};

/* Is a further in front than b, when the largest come first? Of a not-a-number there is nothing larger. */
static bool TYPED(is_larger)(REAL a, REAL b)
{
    return a > b || (isnan((double)a) && !isnan((double)b));
}

/* Equal elements keep the order of their positions. */
static int TYPED(largest_first)(const void *first, const void *second)
{
    const struct TYPED(ranked) *a = first, *b = second;

    if (TYPED(is_larger)(a->value, b->value))
        return -1;
    if (TYPED(is_larger)(b->value, a->value))
        return 1;
    return (a->position > b->position) - (a->position < b->position);
}

static int TYPED(smallest_first)(const void *first, const void *second)
{
    const struct TYPED(ranked) *a = first, *b = second;

    if (TYPED(is_larger)(a->value, b->value))
        return 1;
    if (TYPED(is_larger)(b->value, a->value))
        return -1;
    return (a->position > b->position) - (a->position < b->position);
}

/* All elements of one row (length), `inner` apart, in order; ranked has room for them. */
static void TYPED(rank_row)(const struct order *order, const REAL *row, struct TYPED(ranked) *ranked)
{
    for (int64_t i = 0; i < order->length; i++)
        ranked[i] = (struct TYPED(ranked)){row[i * order->inner], i};
    qsort(ranked, (size_t)order->length, sizeof *ranked,
          order->smallest ? TYPED(smallest_first) : TYPED(largest_first));
}

/* values and positions (outer, taken, inner); positions may be left out. */
static void TYPED(top_forward)(const struct kernel_call *call)
{
    const struct order *order = call->plan;
    const REAL *input = call->inputs[0].data;
    REAL *values = call->outputs[0].data;
    int64_t *positions = call->output_count > 1 ? call->outputs[1].data : NULL;
    struct TYPED(ranked) *ranked = call->workspace;

    for (int64_t o = 0; o < order->outer; o++)
        for (int64_t i = 0; i < order->inner; i++) {
            TYPED(rank_row)(order, input + o * order->length * order->inner + i, ranked);
            for (int64_t k = 0; k < order->taken; k++) {
                const int64_t at = (o * order->taken + k) * order->inner + i;

                values[at] = ranked[k].value;
                if (positions != NULL)
                    positions[at] = ranked[k].position;
            }
        }
}

#if HAS_GRADIENT
/* The gradient of each value goes to where it was found, which is looked for again: nobody need want the
 * positions. */
static void TYPED(top_backward)(const struct kernel_call *call)
{
    const struct order *order = call->plan;
    const REAL *input = call->inputs[0].data, *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;
    struct TYPED(ranked) *ranked = call->workspace;

    for (int64_t o = 0; from != NULL && to != NULL && o < order->outer; o++)
        for (int64_t i = 0; i < order->inner; i++) {
            const int64_t row = o * order->length * order->inner + i;

            TYPED(rank_row)(order, input + row, ranked);
            for (int64_t k = 0; k < order->taken; k++)
                to[row + ranked[k].position * order->inner] +=
                    from[(o * order->taken + k) * order->inner + i];
        }
}
#endif

/* The position of the largest or smallest element, as integers (outer, inner). */
static void TYPED(extreme)(const struct kernel_call *call)
{
    const struct order *order = call->plan;
    const REAL *input = call->inputs[0].data;
    int64_t *output = call->outputs[0].data;

    for (int64_t o = 0; o < order->outer; o++)
        for (int64_t i = 0; i < order->inner; i++) {
            const REAL *row = input + o * order->length * order->inner + i;
            int64_t best = 0;

            for (int64_t k = 1; k < order->length; k++) {
                const REAL x = row[k * order->inner], y = row[best * order->inner];
                const bool before = order->smallest ? TYPED(is_larger)(y, x) : TYPED(is_larger)(x, y);
                const bool after = order->smallest ? TYPED(is_larger)(x, y) : TYPED(is_larger)(y, x);

                if (before || (order->last && !after))
                    best = k;
            }
            *output++ = best;
        }
}
