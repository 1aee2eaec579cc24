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
    struct finished finished = {.epilogue = epilogue, .step = LANES, .rows = 1, .column = LANES};
    size_t at = 0;
    for (finished.image = 0; finished.image < images; finished.image++)
        for (int first = 0; first < channels; first += LANES)
            for (int from = 0; from < positions; from += finished.columns) {
                finished.columns = segment_length(from, positions);
                for (int part = 0; part < LANES; part += WIDTH) {
                    finished.channel = first + part;
                    finished.at = at + (size_t)part;
                    finished.sums = input + finished.at;
                    finish(&finished);
                }
                at += (size_t)finished.columns * LANES;
            }
}

/* --- the gradient --------------------------------------------------------------------------------------- */

enum { CHUNK = 8 }; /* positions summed in float */
_Static_assert(SEGMENT % CHUNK == 0, "sums do not depend on segments");

/* Where a part of a block is: WIDTH channels from `channel` on, whose first position is at `at`. */
struct place {
    int image, channel, positions;
    size_t at;
    bool first; /* segment of its plane */
};

/* The sums of one segment (positions, WIDTH) go to sums (N, TAIL_SUMS, C/16, 16), to those of the segments
 * before. */
LANES_INLINE void tail_segment(const struct tail_gradient *pointer, int what, const struct place *place)
{
    const struct tail_gradient tail = *pointer;
    const struct tail_channels c = tail_channels(&tail, what, place->channel);
    double total[TAIL_SUMS][WIDTH] __attribute__((aligned(64))) = {{0}}, *to = NULL;
    size_t at = place->at, stride = 0;
    if (what & TAIL_SUMMED)
        to = tail_sums(&tail, place->image, place->channel, &stride);
    for (int k = 0; to && !place->first && k < TAIL_SUMS; k++)
        *(wide *)total[k] = *(const wide *)(to + (size_t)k * stride);
    for (int i = 0; i < place->positions;) {
        const int end = place->positions - i < CHUNK ? place->positions : i + CHUNK;
        struct tail_row row = {{{0}}};
        for (; i < end; i++, at += LANES)
            tail_position(&tail, what, &c, at, vector_load(tail.gradient + at), &row);
        LANES_UNROLL
        for (int k = 0; k < TAIL_SUMS; k++)
            if (what & TAIL_SUMMED && tail_source(what, k) == k)
                vector_add_wide(total[k], row.sums[k]);
    }
    for (int k = 0; to && k < TAIL_SUMS; k++)
        *(wide *)(to + (size_t)k * stride) = *(const wide *)total[tail_source(what, k)];
}

typedef void segment_function(const struct tail_gradient *tail, const struct place *place);

#define DEFINE(what)                                                                                         \
    static void segment_##what(const struct tail_gradient *tail, const struct place *place)                  \
    {                                                                                                        \
        tail_segment(tail, what, place);                                                                     \
    }
#define COMBINATIONS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
COMBINATIONS(DEFINE)
#define ENTRY(what) segment_##what,
static segment_function *const segment_functions[] = {COMBINATIONS(ENTRY)};

/* delta = G where the relu lets it pass; residual += delta; out = scale (C) * delta: all (N, C/16, positions,
 * 16). */
void ISA_NAME(blocked_tail_gradient)(const struct tail_gradient *tail)
{
    segment_function *function = segment_functions[tail_what(tail)];
    const int blocks = blocked_blocks(tail->channels);
    struct place place;
    size_t at = 0;
    for (place.image = 0; place.image < tail->images; place.image++)
        for (int block = 0; block < blocks; block++)
            for (int from = 0; from < tail->positions; from += place.positions) {
                place.positions = segment_length(from, tail->positions);
                place.first = from == 0;
                for (int part = 0; part < LANES; part += WIDTH) {
                    place.channel = block * LANES + part;
                    place.at = at + (size_t)part;
                    function(tail, &place);
                }
                at += (size_t)place.positions * LANES;
            }
}
