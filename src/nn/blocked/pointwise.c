/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions with one tap: products of weights with positions where they lie. With a stride, the positions
 * that count are gathered first, or, in the transposed case, what they get is spread afterwards. */
#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/product.h"

/* Whether no output of the convolution (not its gradient) looks past the end of the input. */
static bool inside(int in, int out, int stride)
{
    return (out - 1) * stride < in;
}

static bool supports(const struct blocked_convolution *g)
{
    const bool t = g->transposed;
    return !g->planar && g->kernel_height == 1 && g->kernel_width == 1 && g->groups == 1 && g->pad_top == 0 &&
           g->pad_left == 0 &&
           inside(t ? g->out_height : g->in_height, t ? g->in_height : g->out_height, g->stride_height) &&
           inside(t ? g->out_width : g->in_width, t ? g->in_width : g->out_width, g->stride_width);
}

static bool strided(const struct blocked_convolution *g)
{
    return g->stride_height != 1 || g->stride_width != 1;
}

/* Sizes of the smaller side, where the product takes place. */
static size_t positions(const struct blocked_convolution *g)
{
    return g->transposed ? (size_t)g->in_height * (size_t)g->in_width
                         : (size_t)g->out_height * (size_t)g->out_width;
}

static size_t weights_size(const struct blocked_convolution *g)
{
    return (size_t)g->in_channels * (size_t)blocked_blocks(g->out_channels) * LANES;
}

static size_t image_size(int channels, size_t positions)
{
    return (size_t)blocked_blocks(channels) * positions * LANES;
}

/* Weights that do not stay in the second cache beside an image are used for several images before the next
 * ones come: for as many as do. */
enum { RESIDENT_WEIGHTS = 64 * 1024, RESIDENT_IMAGES = 256 * 1024 };
enum { CHUNK_FLOATS = 16 * 1024, CHUNK_LEAST = 8 * TILE };

static int images_together(const struct blocked_convolution *g)
{
    const size_t fit = RESIDENT_IMAGES / image_size(g->in_channels, positions(g));
    if (weights_size(g) <= RESIDENT_WEIGHTS || fit < 1)
        return 1;
    return fit < (size_t)g->images ? (int)fit : g->images;
}

/* Positions of an image whose input stays in the second cache while all groups of output channels use it. */
static int chunk_positions(const struct blocked_convolution *g, int count)
{
    int most = CHUNK_FLOATS / (blocked_blocks(g->in_channels) * LANES) / TILE * TILE;
    most = most < CHUNK_LEAST ? CHUNK_LEAST : most;
    if (count <= most)
        return count;
    const int chunks = (count + most - 1) / most;
    return ((count + chunks - 1) / chunks + TILE - 1) / TILE * TILE;
}

/* The gathered input, or the product, of the images that are taken together. */
static size_t workspace(const struct blocked_convolution *g)
{
    const int channels = g->transposed ? g->out_channels : g->in_channels;
    return strided(g) ? (size_t)images_together(g) * image_size(channels, positions(g)) : 0;
}

/* Rows of weights (O, C) as columns of packed (C, group): some of each row at a time, so that what is written
 * stays near. */
static void pack_rows(const struct blocked_convolution *g, const float *weights, int from, int outputs,
                      int group, float *packed)
{
    enum { TOGETHER = 16 };
    for (int first = 0; first < g->in_channels; first += TOGETHER) {
        const int end = first + TOGETHER < g->in_channels ? first + TOGETHER : g->in_channels;
        for (int o = 0; o < outputs; o++) {
            const float *row = weights + (size_t)(from + o) * (size_t)g->in_channels;
            for (int i = first; i < end; i++)
                packed[(size_t)i * (size_t)group + (size_t)o] = row[i];
        }
    }
}

/* The same of weights (C, O). */
static void pack_columns(const struct blocked_convolution *g, const float *weights, int from, int outputs,
                         int group, float *packed)
{
    for (int i = 0; i < g->in_channels; i++)
        memcpy(packed + (size_t)i * (size_t)group,
               weights + (size_t)i * (size_t)g->out_channels + (size_t)from,
               (size_t)outputs * sizeof *packed);
}

/* packed: (groups, C, group) from weights (O, C), or (C, O) if transposed; the last group may be half one, or
 * have no channels at all. */
static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    for (int from = 0, group; (group = product_group(g->out_channels, from)) > 0; from += group) {
        const int left = g->out_channels - from, outputs = left < 0 ? 0 : left < group ? left : group;
        const size_t size = (size_t)g->in_channels * (size_t)group;
        if (outputs < group)
            memset(packed, 0, size * sizeof *packed);
        (g->transposed ? pack_columns : pack_rows)(g, weights, from, outputs, group, packed);
        packed += size;
    }
}

struct call {
    int in_channels;
    size_t block; /* floats between blocks, in input and output */
    const float *input, *weights;
    finish_function *finish;
    struct finished finished; /* at and channel: of the group's first */
};

LANES_INLINE void tile_of(int tile, int vectors, const struct call *call)
{
    vector sums[TILE * GROUP_VECTORS];
    ISA_NAME(finish_soon)(&call->finished, tile, vectors, call->block);
    product(tile, vectors, call->in_channels, call->input, call->block, call->weights, sums);
    /* A copy, so that the sums themselves can stay in registers. */
    vector finished[TILE * GROUP_VECTORS];
    LANES_UNROLL
    for (int s = 0; s < tile * vectors; s++)
        finished[s] = sums[s];
    ISA_NAME(finish_tile)(call->finish, &call->finished, tile, vectors, call->block, finished);
}

typedef void tile_function(const struct call *call);

#define DEFINE(tile)                                                                                         \
    static void full_##tile(const struct call *call)                                                         \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS, call);                                                                  \
    }                                                                                                        \
    static void half_##tile(const struct call *call)                                                         \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS / 2, call);                                                              \
    }
PRODUCT_TILES(DEFINE)
#define FULL(tile) [tile] = full_##tile,
#define HALF(tile) [tile] = half_##tile,
static tile_function *const tile_functions[2][TILE + 1] = {{PRODUCT_TILES(HALF)}, {PRODUCT_TILES(FULL)}};

/* Some images from `first` on, without a stride: input and output have `count` positions. */
static void run_images(const struct blocked_convolution *g, int first, int images, size_t count,
                       const float *weights, const float *input, const struct blocked_epilogue *epilogue)
{
    const size_t in_image = image_size(g->in_channels, count), out_image = image_size(g->out_channels, count);
    struct call call = {.in_channels = g->in_channels,
                        .block = count * LANES,
                        .weights = weights,
                        .finish = ISA_NAME(finish_function)(epilogue),
                        .finished = {.epilogue = epilogue, .column = LANES}};
    struct finished *finished = &call.finished;
    const int chunk = chunk_positions(g, (int)count);
    for (int begin = 0; begin < (int)count; begin += chunk) {
        const int end = begin + chunk < (int)count ? begin + chunk : (int)count;
        call.weights = weights;
        finished->channel = 0;
        for (int group; (group = product_group(g->out_channels, finished->channel)) > 0;
             finished->channel += group) {
            tile_function *const *functions = tile_functions[group == GROUP];
            const size_t channel =
                (size_t)(finished->channel / LANES) * call.block + (size_t)(finished->channel % LANES);
            for (int image = 0; image < images; image++) {
                finished->image = first + image;
                for (int from = begin, tile; from < end; from += tile) {
                    tile = product_tile(end - from);
                    call.input = input + (size_t)image * in_image + (size_t)from * LANES;
                    finished->at = (size_t)(first + image) * out_image + channel + (size_t)from * LANES;
                    functions[tile](&call);
                }
            }
            call.weights += (size_t)g->in_channels * (size_t)group;
        }
    }
}

/* to (C/16, H', W', 16)[.][y][x] = input (C/16, H, W, 16)[.][y * stride][x * stride], of one image. */
static void gather(const struct blocked_convolution *g, const float *input, float *to)
{
    const size_t plane = (size_t)g->in_height * (size_t)g->in_width * LANES;
    for (int block = 0; block < blocked_blocks(g->in_channels); block++, input += plane)
        for (int y = 0; y < g->out_height; y++)
            for (int x = 0; x < g->out_width; x++, to += LANES)
                memcpy(to,
                       input + ((size_t)(y * g->stride_height) * (size_t)g->in_width +
                                (size_t)(x * g->stride_width)) *
                                   LANES,
                       LANES * sizeof *to);
}

static const float nothing[LANES] __attribute__((aligned(64)));

/* One image. Every output position is finished; those that no input position reaches have the sum zero. */
static void spread(const struct blocked_convolution *g, const float *from,
                   const struct blocked_epilogue *epilogue, int image)
{
    finish_function *finish = ISA_NAME(finish_function)(epilogue);
    const size_t plane = (size_t)g->in_height * (size_t)g->in_width * LANES;
    size_t at = (size_t)image * image_size(g->out_channels, (size_t)g->out_height * (size_t)g->out_width);
    struct finished finished = {.epilogue = epilogue, .rows = 1, .columns = 1, .image = image};
    for (int channel = 0; channel < g->out_channels; channel += LANES, from += plane)
        for (int y = 0; y < g->out_height; y++)
            for (int x = 0; x < g->out_width; x++, at += LANES) {
                const int sy = y / g->stride_height, sx = x / g->stride_width;
                const bool reached = y % g->stride_height == 0 && x % g->stride_width == 0 &&
                                     sy < g->in_height && sx < g->in_width;
                const float *sum =
                    reached ? from + ((size_t)sy * (size_t)g->in_width + (size_t)sx) * LANES : nothing;
                for (int p = 0; p < LANES; p += WIDTH) {
                    finished.sums = sum + p;
                    finished.channel = channel + p;
                    finished.at = at + (size_t)p;
                    finish(&finished);
                }
            }
}

/* y (N, O/16, H', W', 16)[n][o][p] = sum_c weights[o][c] * x (N, C/16, H, W, 16)[n][c][p * stride] */
static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    const size_t count = positions(g);
    const size_t in_image = image_size(g->in_channels, (size_t)g->in_height * (size_t)g->in_width);
    const struct blocked_epilogue product_only = {.out = space};
    const int together = images_together(g);
    for (int image = 0, images; image < g->images; image += images) {
        images = g->images - image < together ? g->images - image : together;
        const float *from = input + (size_t)image * in_image;
        if (!strided(g)) {
            run_images(g, image, images, count, packed, from, epilogue);
        } else if (g->transposed) {
            run_images(g, 0, images, count, packed, from, &product_only);
            for (int i = 0; i < images; i++)
                spread(g, space + (size_t)i * image_size(g->out_channels, count), epilogue, image + i);
        } else {
            for (int i = 0; i < images; i++)
                gather(g, from + (size_t)i * in_image, space + (size_t)i * image_size(g->in_channels, count));
            run_images(g, image, images, count, packed, space, epilogue);
        }
    }
}

const struct blocked_family ISA_NAME(blocked_pointwise) = {
    .name = "pointwise",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
};
