/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A layer's tail where no convolution is before it, and the gradient of every tail with its sums. */
#include "nn/blocked/layer.h"

#include "nn/blocked/epilogue.h"

void VARIANT_NAME(blocked_tail)(int images, int channels, int positions, const float *input,
                                const struct blocked_epilogue *pointer)
{
    const struct blocked_epilogue epilogue = *pointer;
    size_t at = 0;
    for (int n = 0; n < images; n++)
        for (int first = 0; first < channels; first += LANES) {
            struct epilogue_channels numbers[PARTS];
            LANES_UNROLL
            for (int p = 0; p < PARTS; p++)
                numbers[p] = epilogue_channels(&epilogue, first + p * WIDTH);
            for (int i = 0; i < positions; i++, at += LANES) {
                LANES_UNROLL
                for (int p = 0; p < PARTS; p++)
                    epilogue_store(&epilogue, &numbers[p], at + (size_t)(p * WIDTH),
                                   vector_load(input + at + (size_t)(p * WIDTH)));
            }
        }
}

/* --- the gradient --------------------------------------------------------------------------------------- */

enum { CHUNK = 8 }; /* positions summed in float */

typedef double wide __attribute__((vector_size(8 * WIDTH)));

/* Numbers of one vector of channels. */
struct gate_channels {
    vector scale, shift, center, ceiling;
};

/* What a call does, as constants: the loop below is compiled for each combination that occurs. */
enum { GATE_LINEAR = 1, GATE_ACTIVATED = 2, GATE_RELU = 4, GATE_SUM = 8 };

struct gate_row {
    vector sums[GATE_SUMS];
};

LANES_INLINE vector masked(vector v, vector_mask mask)
{
    return (vector)((vector_mask)v & mask);
}

LANES_INLINE void put(float *to, vector v, bool add)
{
    if (add)
        v += vector_load(to);
    vector_store(to, v);
}

LANES_INLINE void gate_position(const struct blocked_gate *gate, int what, const struct gate_channels *c,
                                size_t at, struct gate_row *row)
{
    const vector g = vector_load(gate->gradient + at);
    vector delta = g, y = {0};
    if (what & GATE_LINEAR)
        y = vector_load(gate->linear + at);
    if (what & GATE_RELU) {
        const vector side = what & GATE_ACTIVATED ? vector_load(gate->activated + at)
                                                  : vector_multiply_add(c->scale, y, c->shift);
        delta = masked(g, (vector_mask)(side > vector_all(0)));
        if (gate->ceiling > 0)
            delta = masked(delta, (vector_mask)(side < c->ceiling));
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
        put(gate->residual + at, delta, gate->residual_add);
    if (gate->out) {
        vector v = delta;
        if (gate->scaled)
            v *= c->scale;
        put(gate->out + at, v, gate->out_add);
    }
}

LANES_INLINE void gate_plane(const struct blocked_gate *pointer, int what, int channel, size_t at,
                             double *sums, size_t stride)
{
    const struct blocked_gate gate = *pointer;
    struct gate_channels c = {vector_all(1), vector_all(0), vector_all(0), vector_all(gate.ceiling)};
    wide total[GATE_SUMS] = {{0}};
    if (gate.scale) {
        c.scale = vector_load(gate.scale + channel);
        c.shift = vector_load(gate.shift + channel);
    }
    if (what & GATE_SUM)
        c.center = vector_load(gate.center + channel);
    for (int i = 0; i < gate.positions;) {
        const int end = gate.positions - i < CHUNK ? gate.positions : i + CHUNK;
        struct gate_row row = {{{0}}};
        for (; i < end; i++, at += LANES)
            gate_position(&gate, what, &c, at, &row);
        for (int k = 0; what & GATE_SUM && k < GATE_SUMS; k++)
            total[k] += __builtin_convertvector(row.sums[k], wide);
    }
    for (int k = 0; what & GATE_SUM && k < GATE_SUMS; k++) {
        const wide value = total[what & GATE_RELU ? k : k % 2];
        for (int i = 0; i < WIDTH; i++)
            sums[(size_t)k * stride + (size_t)(channel + i)] = value[i];
    }
}

typedef void plane_function(const struct blocked_gate *gate, int channel, size_t at, double *sums,
                            size_t stride);

#define DEFINE(what)                                                                                         \
    static void plane_##what(const struct blocked_gate *gate, int channel, size_t at, double *sums,          \
                             size_t stride)                                                                  \
    {                                                                                                        \
        gate_plane(gate, what, channel, at, sums, stride);                                                   \
    }
#define GATES(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
GATES(DEFINE)
#define ENTRY(what) plane_##what,
static plane_function *const plane_functions[] = {GATES(ENTRY)};

void VARIANT_NAME(blocked_gate)(const struct blocked_gate *gate)
{
    const int what = (gate->linear ? GATE_LINEAR : 0) | (gate->activated ? GATE_ACTIVATED : 0) |
                     (gate->relu ? GATE_RELU : 0) | (gate->sums ? GATE_SUM : 0);
    const int blocks = blocked_blocks(gate->channels);
    const size_t stride = (size_t)blocks * LANES, plane = (size_t)gate->positions * LANES;
    for (int n = 0; n < gate->images; n++)
        for (int block = 0; block < blocks; block++)
            for (int p = 0; p < LANES; p += WIDTH)
                plane_functions[what](
                    gate, block * LANES + p, (size_t)(n * blocks + block) * plane + (size_t)p,
                    gate->sums ? gate->sums + (size_t)n * GATE_SUMS * stride : NULL, stride);
}
