/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A layer's tail where no convolution is before it, and the gradient of every tail with its sums. */
#include "nn/blocked/layer.h"

#include "nn/blocked/blocked.h"
#include "nn/blocked/epilogue.h"
#include "nn/blocked/gate.h"
#include "nn/blocked/lanes.h"

void VARIANT_NAME(blocked_tail)(int images, int channels, int positions, const float *input,
                                const struct blocked_epilogue *epilogue)
{
    finish_function *finish = VARIANT_NAME(finish_function)(epilogue);
    struct finished finished = {
        .epilogue = epilogue, .step = LANES, .rows = 1, .columns = positions, .column = LANES};
    size_t plane = 0;
    for (finished.image = 0; finished.image < images; finished.image++)
        for (int first = 0; first < channels; first += LANES, plane += (size_t)positions * LANES)
            for (int part = 0; part < LANES; part += WIDTH) {
                finished.channel = first + part;
                finished.at = plane + (size_t)part;
                finished.sums = input + finished.at;
                finish(&finished);
            }
}

/* --- the gradient --------------------------------------------------------------------------------------- */

enum { CHUNK = 8 }; /* positions summed in float */

LANES_INLINE void gate_plane(const struct blocked_gate *pointer, int what, int image, int channel, size_t at)
{
    const struct blocked_gate gate = *pointer;
    const struct gate_channels c = gate_channels(&gate, what, channel);
    wide total[GATE_SUMS] = {{0}};
    for (int i = 0; i < gate.positions;) {
        const int end = gate.positions - i < CHUNK ? gate.positions : i + CHUNK;
        struct gate_row row = {{{0}}};
        for (; i < end; i++, at += LANES)
            gate_position(&gate, what, &c, at, vector_load(gate.gradient + at), &row);
        for (int k = 0; what & GATE_SUM && k < GATE_SUMS; k++)
            total[k] += __builtin_convertvector(row.sums[k], wide);
    }
    if (!(what & GATE_SUM))
        return;
    size_t stride;
    double *to = gate_sums(&gate, image, channel, &stride);
    for (int k = 0; k < GATE_SUMS; k++, to += stride)
        *(wide *)to = total[gate_source(what, k)];
}

typedef void plane_function(const struct blocked_gate *gate, int image, int channel, size_t at);

#define DEFINE(what)                                                                                         \
    static void plane_##what(const struct blocked_gate *gate, int image, int channel, size_t at)             \
    {                                                                                                        \
        gate_plane(gate, what, image, channel, at);                                                          \
    }
#define GATES(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
GATES(DEFINE)
#define ENTRY(what) plane_##what,
static plane_function *const plane_functions[] = {GATES(ENTRY)};

void VARIANT_NAME(blocked_gate)(const struct blocked_gate *gate)
{
    plane_function *function = plane_functions[gate_what(gate)];
    const int blocks = blocked_blocks(gate->channels);
    size_t plane = 0;
    for (int n = 0; n < gate->images; n++)
        for (int block = 0; block < blocks; block++, plane += (size_t)gate->positions * LANES)
            for (int part = 0; part < LANES; part += WIDTH)
                function(gate, n, block * LANES + part, plane + (size_t)part);
}
