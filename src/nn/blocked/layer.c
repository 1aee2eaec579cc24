/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A layer's tail where no convolution is before it, and the gradient of every tail with its sums. */
#include "nn/blocked/layer.h"

#include "nn/blocked/blocked.h"
#include "nn/blocked/epilogue.h"
#include "nn/blocked/tail_gradient.h"
#include "nn/blocked/lanes.h"

/* h (N, C/16, positions, 16) = relu(scale (C) * y + shift (C) + residual), of y and residual of the same
 * shape. */
void ISA_NAME(blocked_tail)(int images, int channels, int positions, const float *input,
                            const struct blocked_epilogue *epilogue)
{
    finish_function *finish = ISA_NAME(finish_function)(epilogue);
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

/* The sums of one plane (positions, WIDTH) go to sums (N, TAIL_SUMS, C/16, 16). */
LANES_INLINE void tail_plane(const struct tail_gradient *pointer, int what, int image, int channel, size_t at)
{
    const struct tail_gradient tail = *pointer;
    const struct tail_channels c = tail_channels(&tail, what, channel);
    double total[TAIL_SUMS][WIDTH] __attribute__((aligned(64))) = {{0}};
    for (int i = 0; i < tail.positions;) {
        const int end = tail.positions - i < CHUNK ? tail.positions : i + CHUNK;
        struct tail_row row = {{{0}}};
        for (; i < end; i++, at += LANES)
            tail_position(&tail, what, &c, at, vector_load(tail.gradient + at), &row);
        LANES_UNROLL
        for (int k = 0; k < TAIL_SUMS; k++)
            if (what & TAIL_SUMMED && tail_source(what, k) == k)
                vector_add_wide(total[k], row.sums[k]);
    }
    if (!(what & TAIL_SUMMED))
        return;
    size_t stride;
    double *to = tail_sums(&tail, image, channel, &stride);
    for (int k = 0; k < TAIL_SUMS; k++, to += stride)
        *(wide *)to = *(const wide *)total[tail_source(what, k)];
}

typedef void plane_function(const struct tail_gradient *tail, int image, int channel, size_t at);

#define DEFINE(what)                                                                                         \
    static void plane_##what(const struct tail_gradient *tail, int image, int channel, size_t at)            \
    {                                                                                                        \
        tail_plane(tail, what, image, channel, at);                                                          \
    }
#define COMBINATIONS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
COMBINATIONS(DEFINE)
#define ENTRY(what) plane_##what,
static plane_function *const plane_functions[] = {COMBINATIONS(ENTRY)};

/* delta = G where the relu lets it pass; residual += delta; out = scale (C) * delta: all (N, C/16, positions,
 * 16). */
void ISA_NAME(blocked_tail_gradient)(const struct tail_gradient *tail)
{
    plane_function *function = plane_functions[tail_what(tail)];
    const int blocks = blocked_blocks(tail->channels);
    size_t plane = 0;
    for (int n = 0; n < tail->images; n++)
        for (int block = 0; block < blocks; block++, plane += (size_t)tail->positions * LANES)
            for (int part = 0; part < LANES; part += WIDTH)
                function(tail, n, block * LANES + part, plane + (size_t)part);
}
