/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling: a window's positions pass by for all channels of a block at once. */
#include "nn/blocked/layer.h"

#include "nn/blocked/blocked.h"
#include "nn/blocked/lanes.h"
#include "nn/operator/pooling.h"

/* One window of one vector of channels. */
struct view {
    const struct span *rows, *columns;
    size_t first, row_step, column_step; /* offsets within the plane */
};

static struct view view_at(const struct pooling *plan, int64_t oy, int64_t ox)
{
    const struct window *w = &plan->window;
    const struct span *rows = &plan->spans[1][oy], *columns = &plan->spans[2][ox];
    return (struct view){rows, columns, (size_t)(rows->first * w->in[2] + columns->first) * LANES,
                         (size_t)(w->dilation[1] * w->in[2]) * LANES, (size_t)w->dilation[2] * LANES};
}

struct best {
    vector value;
    vector_mask index; /* number of the tap; -1 before the first */
};

/* The largest, the first among equals; a NaN counts as larger than all. */
LANES_INLINE struct best largest(const struct view *view, const float *in)
{
    struct best best = {vector_all(-__builtin_inff()), (vector_mask){0} - 1};
    int tap = 0;
    for (int64_t i = 0; i < view->rows->count; i++)
        for (int64_t j = 0; j < view->columns->count; j++, tap++) {
            const vector x =
                vector_load(in + view->first + (size_t)i * view->row_step + (size_t)j * view->column_step);
            const vector_mask better = (vector_mask)(best.index < 0) | (vector_mask)(x > best.value) |
                                       ((vector_mask)(x != x) & (vector_mask)(best.value == best.value));
            best.value = (vector)(((vector_mask)x & better) | ((vector_mask)best.value & ~better));
            best.index = (((vector_mask){0} + tap) & better) | (best.index & ~better);
        }
    return best;
}

/* Every window of every vector of channels, `at` being the offset of the output, `in` of the plane. */
#define FOR_EACH_WINDOW(pooling)                                                                             \
    const struct pooling *plan = (pooling)->plan;                                                            \
    const int64_t *sizes = plan->window.out;                                                                 \
    const size_t in_plane = (size_t)(plan->window.in[1] * plan->window.in[2]) * LANES;                       \
    const size_t out_plane = (size_t)(sizes[1] * sizes[2]) * LANES;                                          \
    const size_t planes = (size_t)(pooling)->images * (size_t)blocked_blocks((pooling)->channels);           \
    for (size_t plane = 0; plane < planes; plane++)                                                          \
        for (int64_t oy = 0; oy < sizes[1]; oy++)                                                            \
            for (int64_t ox = 0; ox < sizes[2]; ox++)                                                        \
                for (size_t p = 0, in = plane * in_plane,                                                    \
                            at = plane * out_plane + (size_t)(oy * sizes[2] + ox) * LANES;                   \
                     p < LANES; p += WIDTH, in += WIDTH, at += WIDTH)

/* y (N, C/16, H', W', 16)[p] = max over the window of x (N, C/16, H, W, 16) */
void ISA_NAME(blocked_max_forward)(const struct blocked_pooling *pooling, const float *input, float *out)
{
    FOR_EACH_WINDOW(pooling)
    {
        const struct view view = view_at(plan, oy, ox);
        vector_store(out + at, largest(&view, input + in).value);
    }
}

/* dx (N, C/16, H, W, 16) += dy (N, C/16, H', W', 16)[p] at the largest of each window of x. */
void ISA_NAME(blocked_max_backward)(const struct blocked_pooling *pooling, const float *input,
                                    const float *gradient, float *to)
{
    FOR_EACH_WINDOW(pooling)
    {
        const struct view view = view_at(plan, oy, ox);
        const struct best best = largest(&view, input + in);
        const vector g = vector_load(gradient + at);
        int tap = 0;
        for (int64_t i = 0; i < view.rows->count; i++)
            for (int64_t j = 0; j < view.columns->count; j++, tap++) {
                float *place =
                    to + in + view.first + (size_t)i * view.row_step + (size_t)j * view.column_step;
                const vector_mask here = best.index == tap;
                vector_store(place, vector_load(place) + (vector)((vector_mask)g & here));
            }
    }
}

LANES_INLINE float share_of(const struct view *view)
{
    return (float)span_share((struct span){0, 1, 1}, *view->rows, *view->columns);
}

/* y (N, C/16, H', W', 16)[p] = sum over the window of x (N, C/16, H, W, 16) / its divisor */
void ISA_NAME(blocked_average_forward)(const struct blocked_pooling *pooling, const float *input, float *out)
{
    FOR_EACH_WINDOW(pooling)
    {
        const struct view view = view_at(plan, oy, ox);
        vector sum = {0};
        for (int64_t i = 0; i < view.rows->count; i++) {
            vector row = {0}; /* sums of sums keep more digits */
            for (int64_t j = 0; j < view.columns->count; j++)
                row += vector_load(input + in + view.first + (size_t)i * view.row_step +
                                   (size_t)j * view.column_step);
            sum += row;
        }
        vector_store(out + at, sum * share_of(&view));
    }
}

/* dx (N, C/16, H, W, 16) += dy (N, C/16, H', W', 16)[p] / divisor all over each window. */
void ISA_NAME(blocked_average_backward)(const struct blocked_pooling *pooling, const float *gradient,
                                        float *to)
{
    FOR_EACH_WINDOW(pooling)
    {
        const struct view view = view_at(plan, oy, ox);
        const vector g = vector_load(gradient + at) * share_of(&view);
        for (int64_t i = 0; i < view.rows->count; i++)
            for (int64_t j = 0; j < view.columns->count; j++) {
                float *place =
                    to + in + view.first + (size_t)i * view.row_step + (size_t)j * view.column_step;
                vector_store(place, vector_load(place) + g);
            }
    }
}
