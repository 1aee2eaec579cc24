/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gradient of a layer's tail at one position (struct tail_gradient): for layer.c, where G is in memory,
 * and for epilogue.c, where a convolution has just finished it. */
#ifndef IPPRO_NN_BLOCKED_TAIL_GRADIENT_H
#define IPPRO_NN_BLOCKED_TAIL_GRADIENT_H

#include "nn/blocked/lanes.h"
#include "nn/blocked/blocked_layer.h"

/* What a call does, as constants: its loop is compiled for each combination. */
enum { TAIL_LINEAR = 1, TAIL_ACTIVATED = 2, TAIL_RELU = 4, TAIL_SUMMED = 8, TAIL_ALL = 15 };

LANES_INLINE int tail_what(const struct tail_gradient *tail)
{
    return (tail->linear ? TAIL_LINEAR : 0) | (tail->activated ? TAIL_ACTIVATED : 0) |
           (tail->relu ? TAIL_RELU : 0) | (tail->sums ? TAIL_SUMMED : 0);
}

/* Numbers of one vector of channels. */
struct tail_channels {
    vector scale, shift, center, ceiling;
};

LANES_INLINE struct tail_channels tail_channels(const struct tail_gradient *tail, int what, int channel)
{
    struct tail_channels c = {vector_all(1), vector_all(0), vector_all(0), vector_all(tail->ceiling)};
    if (tail->scale) {
        c.scale = vector_load(tail->scale + channel);
        c.shift = vector_load(tail->shift + channel);
    }
    if (what & TAIL_SUMMED)
        c.center = vector_load(tail->center + channel);
    return c;
}

/* Sums over a few positions. */
struct tail_row {
    vector sums[TAIL_SUMS];
};

LANES_INLINE vector tail_masked(vector v, vector_mask mask)
{
    return (vector)((vector_mask)v & mask);
}

LANES_INLINE void tail_put(float *to, vector v, bool add)
{
    if (add)
        v += vector_load(to);
    vector_store(to, v);
}

/* delta, the sums and what is written, of WIDTH channels at one position; `at` is its offset. */
LANES_INLINE void tail_position(const struct tail_gradient *tail, int what, const struct tail_channels *c,
                                size_t at, vector g, struct tail_row *row)
{
    vector delta = g, y = {0};
    if (what & TAIL_LINEAR)
        y = vector_load(tail->linear + at);
    if (what & TAIL_RELU) {
        const vector side = what & TAIL_ACTIVATED ? vector_load(tail->activated + at)
                                                  : vector_multiply_add(c->scale, y, c->shift);
        delta = tail_masked(g, (vector_mask)(side > vector_all(0)));
        if (tail->ceiling > 0)
            delta = tail_masked(delta, (vector_mask)(side < c->ceiling));
    }
    if (what & TAIL_SUMMED) {
        const vector d = y - c->center;
        row->sums[0] += delta;
        row->sums[1] = vector_multiply_add(delta, d, row->sums[1]);
        if (what & TAIL_RELU) {
            row->sums[2] += g;
            row->sums[3] = vector_multiply_add(g, d, row->sums[3]);
        }
    }
    if (tail->residual)
        tail_put(tail->residual + at, delta, tail->residual_add);
    if (tail->out) {
        vector v = delta;
        if (tail->scaled)
            v *= c->scale;
        tail_put(tail->out + at, v, tail->out_add);
    }
}

/* Where WIDTH channels of an image have their sums; `stride` doubles from one of the TAIL_SUMS to the next.
 */
LANES_INLINE double *tail_sums(const struct tail_gradient *tail, int image, int channel, size_t *stride)
{
    *stride = (size_t)blocked_blocks(tail->channels) * LANES;
    return tail->sums + (size_t)image * TAIL_SUMS * *stride + channel;
}

/* Without a relu, G and delta are the same, and so are their sums. */
LANES_INLINE int tail_source(int what, int sum)
{
    return what & TAIL_RELU ? sum : sum % 2;
}

#endif
