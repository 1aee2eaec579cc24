/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions with one tap: products of weights with positions where they lie. With a stride, the positions
 * that count are gathered first, or, in the transposed case, what they get is spread afterwards. */
#include <string.h>

#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/product.h"

static bool supports(const struct blocked_convolution *g)
{
    return !g->planar && g->kernel_height == 1 && g->kernel_width == 1 && g->groups == 1 && g->pad_top == 0 &&
           g->pad_left == 0;
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

static int images_together(const struct blocked_convolution *g)
{
    const size_t fit = RESIDENT_IMAGES / image_size(g->in_channels, positions(g));
    if (weights_size(g) <= RESIDENT_WEIGHTS || fit < 1)
        return 1;
    return fit < (size_t)g->images ? (int)fit : g->images;
}

/* The gathered input, or the product, of the images that are taken together. */
static size_t workspace(const struct blocked_convolution *g)
{
    const int channels = g->transposed ? g->out_channels : g->in_channels;
    return strided(g) ? (size_t)images_together(g) * image_size(channels, positions(g)) : 0;
}

/* packed: per group [in channel][channel of the group]. */
static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    for (int from = 0, group; (group = product_group(g->out_channels, from)) > 0; from += group)
        for (int i = 0; i < g->in_channels; i++)
            for (int o = from; o < from + group; o++)
                *packed++ = o >= g->out_channels ? 0
                            : g->transposed      ? weights[(size_t)i * (size_t)g->out_channels + (size_t)o]
                                                 : weights[(size_t)o * (size_t)g->in_channels + (size_t)i];
}

struct call {
    int in_channels;
    size_t block; /* floats between blocks, in input and output */
    const float *input, *weights;
    const struct blocked_epilogue *epilogue;
    int channel; /* first of the group */
    size_t at;   /* offset of the tile's first position in the output */
};

LANES_INLINE void tile_of(int tile, int vectors, const struct call *call)
{
    vector sums[TILE * GROUP_VECTORS];
    product(tile, vectors, call->in_channels, call->input, call->block, call->weights, sums);
    const struct blocked_epilogue epilogue = *call->epilogue;
    LANES_UNROLL
    for (int v = 0; v < vectors; v++) {
        const struct epilogue_channels channels = epilogue_channels(&epilogue, call->channel + v * WIDTH);
        const size_t at = call->at + (size_t)(v / PARTS) * call->block + (size_t)(v % PARTS * WIDTH);
        LANES_UNROLL
        for (int t = 0; t < tile; t++)
            epilogue_store(&epilogue, &channels, at + (size_t)t * LANES, sums[t * vectors + v]);
    }
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

/* Some images, without a stride: input and output have `count` positions. `at`: the first image's offset in
 * the output. */
static void run_images(const struct blocked_convolution *g, int images, size_t count, const float *weights,
                       const float *input, const struct blocked_epilogue *epilogue, size_t at)
{
    const size_t in_image = image_size(g->in_channels, count), out_image = image_size(g->out_channels, count);
    struct call call = {g->in_channels, count * LANES, input, weights, epilogue, 0, 0};
    for (int group; (group = product_group(g->out_channels, call.channel)) > 0; call.channel += group) {
        tile_function *const *functions = tile_functions[group == GROUP];
        const size_t first =
            at + (size_t)(call.channel / LANES) * call.block + (size_t)(call.channel % LANES);
        for (size_t image = 0; image < (size_t)images; image++)
            for (int from = 0, tile; from < (int)count; from += tile) {
                tile = product_tile((int)count - from);
                call.input = input + image * in_image + (size_t)from * LANES;
                call.at = first + image * out_image + (size_t)from * LANES;
                functions[tile](&call);
            }
        call.weights += (size_t)g->in_channels * (size_t)group;
    }
}

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

/* Every output position gets its epilogue; those that no input position reaches have the sum zero. */
static void spread(const struct blocked_convolution *g, const float *from,
                   const struct blocked_epilogue *pointer, size_t at)
{
    const struct blocked_epilogue epilogue = *pointer;
    const size_t plane = (size_t)g->in_height * (size_t)g->in_width * LANES;
    for (int channel = 0; channel < g->out_channels; channel += LANES, from += plane)
        for (int y = 0; y < g->out_height; y++)
            for (int x = 0; x < g->out_width; x++, at += LANES) {
                const int sy = y / g->stride_height, sx = x / g->stride_width;
                const bool reached = y % g->stride_height == 0 && x % g->stride_width == 0 &&
                                     sy < g->in_height && sx < g->in_width;
                const float *sum = from + ((size_t)sy * (size_t)g->in_width + (size_t)sx) * LANES;
                for (int p = 0; p < LANES; p += WIDTH) {
                    const struct epilogue_channels channels = epilogue_channels(&epilogue, channel + p);
                    epilogue_store(&epilogue, &channels, at + (size_t)p,
                                   reached ? vector_load(sum + p) : vector_all(0));
                }
            }
}

static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    const size_t count = positions(g);
    const size_t in_image = image_size(g->in_channels, (size_t)g->in_height * (size_t)g->in_width);
    const size_t out_image = image_size(g->out_channels, (size_t)g->out_height * (size_t)g->out_width);
    const struct blocked_epilogue product_only = {.out = space};
    const size_t together = (size_t)images_together(g);
    for (size_t image = 0, images; image < (size_t)g->images; image += images) {
        images = (size_t)g->images - image < together ? (size_t)g->images - image : together;
        const float *from = input + image * in_image;
        if (!strided(g)) {
            run_images(g, (int)images, count, packed, from, epilogue, image * out_image);
        } else if (g->transposed) {
            run_images(g, (int)images, count, packed, from, &product_only, 0);
            for (size_t i = 0; i < images; i++)
                spread(g, space + i * image_size(g->out_channels, count), epilogue, (image + i) * out_image);
        } else {
            for (size_t i = 0; i < images; i++)
                gather(g, from + i * in_image, space + i * image_size(g->in_channels, count));
            run_images(g, (int)images, count, packed, space, epilogue, image * out_image);
        }
    }
}

const struct blocked_family VARIANT_NAME(blocked_pointwise) = {
    "pointwise", supports, weights_size, pack_weights, workspace, run,
};
