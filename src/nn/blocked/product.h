/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The product of a matrix of channels by channels with the channels of a few positions, in registers.
 *
 * Output channels come in groups of GROUP (the last one may be half as large), positions in tiles of up to
 * TILE: TILE x GROUP sums fill the registers, so that each vector of weights is used TILE times and each
 * broadcast activation twice. */
#ifndef IPPRO_NN_BLOCKED_PRODUCT_H
#define IPPRO_NN_BLOCKED_PRODUCT_H

#include "nn/blocked/lanes.h"

enum { PREFETCH = 512 };
enum { TILE = REGISTERS == 32 ? 14 : 6, GROUP_VECTORS = 2, GROUP = GROUP_VECTORS * WIDTH };

/* Calls F(tile) for every tile size: tables of instantiations. */
#if REGISTERS == 32
#define PRODUCT_TILES(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14)
#else
#define PRODUCT_TILES(F) F(1) F(2) F(3) F(4) F(5) F(6)
#endif

/* Output channels in the group that starts at `channel`; 0 past the last block. */
LANES_INLINE int product_group(int out_channels, int channel)
{
    const int left = blocked_blocks(out_channels) * LANES - channel;
    return left < GROUP ? left : GROUP;
}

/* Positions in the next tile when `left` are left: as few tiles as possible, as equal as possible. */
LANES_INLINE int product_tile(int left)
{
    const int tiles = (left + TILE - 1) / TILE;
    return (left + tiles - 1) / tiles;
}

/* sums[t * vectors + v] = sum over input channels of x[t] * weights[v].
 * x: position t's block of LANES channels is at x + t * LANES, the next block block_stride floats on.
 * weights: [in_channels][vectors * WIDTH]. `tile` and `vectors` are constants. */
LANES_INLINE void product(int tile, int vectors, int in_channels, const float *x, size_t block_stride,
                          const float *weights, vector *sums)
{
    LANES_UNROLL
    for (int s = 0; s < tile * vectors; s++)
        sums[s] = vector_all(0);
    for (; in_channels > 0; in_channels -= LANES, x += block_stride) {
        const int channels = in_channels < LANES ? in_channels : LANES;
        LANES_UNROLL
        for (int t = 0; t < tile; t++)
            __builtin_prefetch(x + block_stride + t * LANES);
        for (int i = 0; i < channels; i++, weights += vectors * WIDTH) {
            /* Large weights come from the third cache; half a group has no room among its loads. */
            if (vectors == GROUP_VECTORS) {
                LANES_UNROLL
                for (int v = 0; v < GROUP; v += 16)
                    __builtin_prefetch(weights + PREFETCH + v);
            }
            vector w[GROUP_VECTORS];
            LANES_UNROLL
            for (int v = 0; v < vectors; v++)
                w[v] = vector_load(weights + v * WIDTH);
            LANES_UNROLL
            for (int t = 0; t < tile; t++) {
                const vector value = vector_all(x[t * LANES + i]);
                LANES_UNROLL
                for (int v = 0; v < vectors; v++)
                    sums[t * vectors + v] = vector_multiply_add(value, w[v], sums[t * vectors + v]);
            }
        }
    }
}

#endif
