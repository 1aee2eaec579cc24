/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Picks (op_index.c) for one element type (typed.h). Data are (elements), what picks find or put is
 * (count, inner). */

static void TYPED(gather_forward)(const struct kernel_call *call)
{
    const struct picks *picks = call->plan;
    const REAL *data = call->inputs[0].data;
    REAL *output = call->outputs[0].data;

    for (int64_t i = 0; i < picks->count; i++)
        memcpy(output + i * picks->inner, data + place_of(picks, call->inputs[1].data, i),
               (size_t)picks->inner * sizeof(REAL));
}

/* In the expressions c is what stands in the data, u the update that comes to it. Of a gradient g at their
 * place, PASSED goes on to what stood there, and TAKEN to the update. Equal numbers share it. */
#define PUT(NAME, VALUE)                                                                                     \
    static void TYPED(put_##NAME)(REAL * cell, const REAL *update, int64_t count)                            \
    {                                                                                                        \
        for (int64_t k = 0; k < count; k++) {                                                                \
            const REAL c = cell[k], u = update[k];                                                           \
            (void)c;                                                                                         \
            cell[k] = (VALUE);                                                                               \
        }                                                                                                    \
    }

/* clang-format off */
PUT(replace, u)
PUT(add, TYPED(sum)(c, u))
PUT(multiply, TYPED(product)(c, u))
PUT(larger, c > u ? c : u)
PUT(smaller, c < u ? c : u)
/* clang-format on */

typedef void (*TYPED(put_row))(REAL *, const REAL *, int64_t);

static const TYPED(put_row) TYPED(put_rows)[REDUCTIONS] = {
    [REPLACE] = TYPED(put_replace), [ADD] = TYPED(put_add),         [MULTIPLY] = TYPED(put_multiply),
    [LARGER] = TYPED(put_larger),   [SMALLER] = TYPED(put_smaller),
};

static void TYPED(scatter_forward)(const struct kernel_call *call)
{
    const struct picks *picks = call->plan;
    const REAL *updates = call->inputs[2].data;
    REAL *output = call->outputs[0].data;

    if (picks->elements > 0)
        memcpy(output, call->inputs[0].data, (size_t)picks->elements * sizeof(REAL));
    for (int64_t i = 0; i < picks->count; i++)
        TYPED(put_rows)
    [picks->reduction](output + place_of(picks, call->inputs[1].data, i), updates + i * picks->inner,
                       picks->inner);
}

#if HAS_GRADIENT
static void TYPED(gather_backward)(const struct kernel_call *call)
{
    const struct picks *picks = call->plan;
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[0].data;

    for (int64_t i = 0; from != NULL && to != NULL && i < picks->count; i++) {
        REAL *place = to + place_of(picks, call->inputs[1].data, i);

        for (int64_t k = 0; k < picks->inner; k++)
            place[k] += from[i * picks->inner + k];
    }
}

/* Take the update back: gradient (count) becomes that of what stood there, to (count) += that of the update.
 */
#define TAKE(NAME, PASSED, TAKEN)                                                                            \
    static void TYPED(take_##NAME)(REAL * gradient, REAL * to, const REAL *cell, const REAL *update,         \
                                   int64_t count)                                                            \
    {                                                                                                        \
        for (int64_t k = 0; k < count; k++) {                                                                \
            const REAL g = gradient[k], c = cell != NULL ? cell[k] : 0, u = update[k];                       \
            (void)c, (void)u;                                                                                \
            if (to != NULL)                                                                                  \
                to[k] += (TAKEN);                                                                            \
            gradient[k] = (PASSED);                                                                          \
        }                                                                                                    \
    }

/* clang-format off */
TAKE(replace, 0, g)
TAKE(add, g, g)
TAKE(multiply, g * u, g * c)
TAKE(larger, c > u ? g : (c < u ? 0 : g / 2), u > c ? g : (u < c ? 0 : g / 2))
TAKE(smaller, c < u ? g : (c > u ? 0 : g / 2), u < c ? g : (u > c ? 0 : g / 2))
/* clang-format on */

typedef void (*TYPED(take_row))(REAL *, REAL *, const REAL *, const REAL *, int64_t);

static const TYPED(take_row) TYPED(take_rows)[REDUCTIONS] = {
    [REPLACE] = TYPED(take_replace), [ADD] = TYPED(take_add),         [MULTIPLY] = TYPED(take_multiply),
    [LARGER] = TYPED(take_larger),   [SMALLER] = TYPED(take_smaller),
};

/* What each update met, (count, inner), by doing forward again in cells (elements). */
static void TYPED(meet)(const struct kernel_call *call, REAL *cells, REAL *met)
{
    const struct picks *picks = call->plan;
    const REAL *updates = call->inputs[2].data;

    memcpy(cells, call->inputs[0].data, (size_t)picks->elements * sizeof(REAL));
    for (int64_t i = 0; i < picks->count; i++) {
        REAL *cell = cells + place_of(picks, call->inputs[1].data, i);

        memcpy(met + i * picks->inner, cell, (size_t)picks->inner * sizeof(REAL));
        TYPED(put_rows)[picks->reduction](cell, updates + i * picks->inner, picks->inner);
    }
}

static void TYPED(scatter_backward)(const struct kernel_call *call)
{
    const struct picks *picks = call->plan;
    const REAL *from = call->output_gradients[0].data, *updates = call->inputs[2].data;
    REAL *to = call->input_gradients[0].data, *to_updates = call->input_gradients[2].data;
    REAL *gradient = call->workspace, *cells = gradient + picks->elements, *met = NULL;

    if (from == NULL || picks->elements == 0)
        return;
    memcpy(gradient, from, (size_t)picks->elements * sizeof(REAL));
    if (needs_cells(picks)) {
        met = cells + picks->elements;
        TYPED(meet)(call, cells, met);
    }
    for (int64_t i = picks->count - 1; i >= 0; i--) {
        const int64_t at = i * picks->inner;

        TYPED(take_rows)
        [picks->reduction](gradient + place_of(picks, call->inputs[1].data, i),
                           to_updates != NULL ? to_updates + at : NULL, met != NULL ? met + at : NULL,
                           updates + at, picks->inner);
    }
    for (int64_t k = 0; to != NULL && k < picks->elements; k++)
        to[k] += gradient[k];
}
#undef TAKE
#endif

#undef PUT
