/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNormalization in training mode: what its two halves need beside a tail and its gradient. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/layer.h"

enum { CHUNK = 8 }; /* positions summed in float */
_Static_assert(SEGMENT % CHUNK == 0, "sums do not depend on segments");

LANES_INLINE void add_moments(const float *x, int positions, vector center, double *first, double *second)
{
    for (int i = 0; i < positions;) {
        const int end = positions - i < CHUNK ? positions : i + CHUNK;
        vector sum = vector_all(0), squares = vector_all(0);
        for (; i < end; i++, x += LANES) {
            const vector d = vector_load(x) - center;
            sum += d;
            squares = vector_multiply_add(d, d, squares);
        }
        vector_add_wide(first, sum);
        vector_add_wide(second, squares);
    }
}

/* sums (2, C/16, 16): over images and positions of x (N, C/16, positions, 16), of x - center and of its
 * square. */
void ISA_NAME(blocked_moments)(int images, int channels, int positions, const float *input,
                               const float *center, double *sums)
{
    const size_t plane = (size_t)positions * LANES, image = (size_t)blocked_blocks(channels) * plane;
    double *squares = sums + (size_t)blocked_blocks(channels) * LANES;
    for (int block = 0; block < blocked_blocks(channels) * LANES; block += LANES) {
        double first[LANES] = {0}, second[LANES] = {0};
        for (int n = 0; n < images; n++) {
            const float *x = input + (size_t)n * image + (size_t)(block / LANES) * plane;
            for (int from = 0, length; from < positions; from += length, x += (size_t)length * LANES) {
                length = segment_length(from, positions);
                for (int part = 0; part < LANES; part += WIDTH)
                    add_moments(x + part, length, vector_load(center + block + part), first + part,
                                second + part);
            }
        }
        for (int lane = 0; lane < LANES; lane++) {
            sums[block + lane] = first[lane];
            squares[block + lane] = second[lane];
        }
    }
}

/* A segment of a part of a block. */
LANES_INLINE void norm_segment(const struct norm_gradient *norm, size_t channel, size_t at, int length)
{
    const size_t padded = (size_t)blocked_blocks(norm->channels) * LANES;
    const float *factors = norm->factors + channel;
    const vector a = vector_load(factors), b = vector_load(factors + padded),
                 c = vector_load(factors + 2 * padded);
    const float *g = norm->gradient + at, *y = norm->linear + at;
    float *to = norm->out + at;
    for (int i = 0; i < length; i++, g += LANES, y += LANES, to += LANES) {
        vector v = vector_multiply_add(a, vector_load(g), vector_multiply_add(b, vector_load(y), c));
        if (norm->add)
            v += vector_load(to);
        vector_store(to, v);
    }
}

/* to (N, C/16, positions, 16) = gradient * factors[0] + linear * factors[1] + factors[2], or += ; `to` may be
 * `gradient`. */
void ISA_NAME(blocked_norm_gradient)(const struct norm_gradient *norm)
{
    const size_t padded = (size_t)blocked_blocks(norm->channels) * LANES;
    size_t at = 0;
    for (int n = 0; n < norm->images; n++)
        for (size_t block = 0; block < padded; block += LANES)
            for (int from = 0, length; from < norm->positions; from += length) {
                length = segment_length(from, norm->positions);
                for (size_t part = 0; part < LANES; part += WIDTH)
                    norm_segment(norm, block + part, at + part, length);
                at += (size_t)length * LANES;
            }
}
