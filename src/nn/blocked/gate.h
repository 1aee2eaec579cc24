/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gradient of a layer's tail at one position (struct blocked_gate): for layer.c, where G is in memory,
 * and for epilogue.c, where a convolution has just finished it. */
#ifndef IPPRO_NN_BLOCKED_GATE_H
#define IPPRO_NN_BLOCKED_GATE_H

#include "nn/blocked/lanes.h"
#include "nn/blocked/blocked_layer.h"

/* What a call does, as constants: its loop is compiled for each combination. */
enum { GATE_LINEAR = 1, GATE_ACTIVATED = 2, GATE_RELU = 4, GATE_SUM = 8, GATE_ALL = 15 };

LANES_INLINE int gate_what(const struct blocked_gate *gate)
{
    return (gate->linear ? GATE_LINEAR : 0) | (gate->activated ? GATE_ACTIVATED : 0) |
           (gate->relu ? GATE_RELU : 0) | (gate->sums ? GATE_SUM : 0);
}

/* Numbers of one vector of channels. */
struct gate_channels {
    vector scale, shift, center, ceiling;
};

LANES_INLINE struct gate_channels gate_channels(const struct blocked_gate *gate, int what, int channel)
{
    struct gate_channels c = {vector_all(1), vector_all(0), vector_all(0), vector_all(gate->ceiling)};
    if (gate->scale) {
        c.scale = vector_load(gate->scale + channel);
        c.shift = vector_load(gate->shift + channel);
    }
    if (what & GATE_SUM)
        c.center = vector_load(gate->center + channel);
    return c;
}

/* Sums over a few positions. */
struct gate_row {
    vector sums[GATE_SUMS];
};

LANES_INLINE vector gate_masked(vector v, vector_mask mask)
{
    return (vector)((vector_mask)v & mask);
}

LANES_INLINE void gate_put(float *to, vector v, bool add)
{
    if (add)
        v += vector_load(to);
    vector_store(to, v);
}

LANES_INLINE void gate_position(const struct blocked_gate *gate, int what, const struct gate_channels *c,
                                size_t at, vector g, struct gate_row *row)
{
    vector delta = g, y = {0};
    if (what & GATE_LINEAR)
        y = vector_load(gate->linear + at);
    if (what & GATE_RELU) {
        const vector side = what & GATE_ACTIVATED ? vector_load(gate->activated + at)
                                                  : vector_multiply_add(c->scale, y, c->shift);
        delta = gate_masked(g, (vector_mask)(side > vector_all(0)));
        if (gate->ceiling > 0)
            delta = gate_masked(delta, (vector_mask)(side < c->ceiling));
    }
    if (what & GATE_SUM) {
        const vector d = y - c->center;
        row->sums[0] += delta;
        row->sums[1] = vector_multiply_add(delta, d, row->sums[1]);
        if (what & GATE_RELU) {
            row->sums[2] += g;
            row->sums[3] = vector_multiply_add(g, d, row->sums[3]);
        }
    }
    if (gate->residual)
        gate_put(gate->residual + at, delta, gate->residual_add);
    if (gate->out) {
        vector v = delta;
        if (gate->scaled)
            v *= c->scale;
        gate_put(gate->out + at, v, gate->out_add);
    }
}

/* Where WIDTH channels of an image have their sums; `stride` doubles from one of the GATE_SUMS to the next.
 */
LANES_INLINE double *gate_sums(const struct blocked_gate *gate, int image, int channel, size_t *stride)
{
    *stride = (size_t)blocked_blocks(gate->channels) * LANES;
    return gate->sums + (size_t)image * GATE_SUMS * *stride + channel;
}

/* Without a relu, G and delta are the same, and so are their sums. */
LANES_INLINE int gate_source(int what, int sum)
{
    return what & GATE_RELU ? sum : sum % 2;
}

#endif
