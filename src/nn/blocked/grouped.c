/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grouped convolutions, as convolutions of slices: as few groups as fill whole blocks of channels in input
 * and output are convolved together, with zeros for the weights that would join different groups. */
#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/families.h"
#include "nn/blocked/blocked_layer.h"

static const struct blocked_family *family_of(const struct blocked_convolution *slice)
{
    const struct blocked_family *pointwise = &ISA_NAME(blocked_pointwise);
    return pointwise->supports(slice) ? pointwise : &ISA_NAME(blocked_direct);
}

static int slices(const struct blocked_convolution *g, const struct blocked_convolution *slice)
{
    return g->in_channels / slice->in_channels;
}

static bool supports(const struct blocked_convolution *g)
{
    return !g->planar && g->groups > 1 && !ISA_NAME(blocked_depthwise).supports(g);
}

static size_t dense_size(const struct blocked_convolution *slice)
{
    const size_t taps = (size_t)slice->kernel_height * (size_t)slice->kernel_width;
    return (size_t)slice->in_channels * (size_t)slice->out_channels * taps;
}

/* All slices, and behind them room for one slice's weights with their zeros. */
static size_t weights_size(const struct blocked_convolution *g)
{
    const struct blocked_convolution slice = blocked_slice(g);
    return (size_t)slices(g, &slice) * family_of(&slice)->weights_size(&slice) + dense_size(&slice);
}

/* dense (O, C, taps) of the slice, from weights (O, C/g, taps) of its groups. */
static void fill_dense(const struct blocked_convolution *g, const struct blocked_convolution *slice,
                       const float *weights, float *dense)
{
    const size_t taps = (size_t)slice->kernel_height * (size_t)slice->kernel_width;
    const int filters = slice->transposed ? slice->in_channels : slice->out_channels;
    const int channels = slice->transposed ? slice->out_channels : slice->in_channels;
    const int own_channels = (g->transposed ? g->out_channels : g->in_channels) / g->groups;
    const int own_filters = (g->transposed ? g->in_channels : g->out_channels) / g->groups;
    memset(dense, 0, dense_size(slice) * sizeof *dense);
    for (int f = 0; f < filters; f++) {
        const int first = f / own_filters * own_channels;
        memcpy(dense + ((size_t)f * (size_t)channels + (size_t)first) * taps,
               weights + (size_t)f * (size_t)own_channels * taps,
               (size_t)own_channels * taps * sizeof *dense);
    }
}

static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    const struct blocked_convolution slice = blocked_slice(g);
    const struct blocked_family *family = family_of(&slice);
    const int count = slices(g, &slice);
    const size_t size = family->weights_size(&slice);
    const size_t step = dense_size(&slice) / (size_t)(g->groups / count);
    float *dense = packed + (size_t)count * size;
    for (int i = 0; i < count; i++) {
        fill_dense(g, &slice, weights + (size_t)i * step, dense);
        family->pack_weights(&slice, dense, packed + (size_t)i * size);
    }
}

static size_t workspace(const struct blocked_convolution *g)
{
    const struct blocked_convolution slice = blocked_slice(g);
    return family_of(&slice)->workspace(&slice);
}

static float *moved(const float *from, size_t by)
{
    return from ? (float *)(from + by) : NULL;
}

/* The same epilogue for what starts `at` floats into the output, at this image and channel. */
static struct blocked_epilogue epilogue_at(const struct blocked_epilogue *e, size_t at, int channel)
{
    struct blocked_epilogue part = *e;
    part.bias = moved(e->bias, (size_t)channel);
    part.scale = moved(e->scale, (size_t)channel);
    part.shift = moved(e->shift, (size_t)channel);
    part.raw = moved(e->raw, at);
    part.residual = moved(e->residual, at);
    part.out = moved(e->out, at);
    return part;
}

static struct tail_gradient tail_at(const struct tail_gradient *g, size_t at, int image, int channel)
{
    struct tail_gradient part = *g;
    part.scale = moved(g->scale, (size_t)channel);
    part.shift = moved(g->shift, (size_t)channel);
    part.center = moved(g->center, (size_t)channel);
    part.linear = moved(g->linear, at);
    part.activated = moved(g->activated, at);
    part.residual = moved(g->residual, at);
    part.out = moved(g->out, at);
    if (g->sums)
        part.sums = g->sums + (size_t)(image * TAIL_SUMS * blocked_blocks(g->channels)) * LANES + channel;
    return part;
}

/* y (N, O/16, H', W', 16) from x (N, C/16, H, W, 16): each slice is a convolution without groups. */
static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    const struct blocked_convolution slice = blocked_slice(g);
    const struct blocked_family *family = family_of(&slice);
    const size_t size = family->weights_size(&slice);
    const size_t in_plane = (size_t)g->in_height * (size_t)g->in_width;
    const size_t out_plane = (size_t)g->out_height * (size_t)g->out_width;
    const size_t in_image = (size_t)blocked_blocks(g->in_channels) * LANES * in_plane;
    const size_t out_image = (size_t)blocked_blocks(g->out_channels) * LANES * out_plane;
    for (int i = 0; i < slices(g, &slice); i++)
        for (int image = 0; image < g->images; image++) {
            const int channel = i * slice.out_channels;
            const size_t from = (size_t)image * in_image + (size_t)(i * slice.in_channels) * in_plane;
            const size_t at = (size_t)image * out_image + (size_t)channel * out_plane;
            struct blocked_epilogue part = epilogue_at(epilogue, at, channel);
            struct tail_gradient tail;
            if (epilogue->tail) {
                tail = tail_at(epilogue->tail, at, image, channel);
                part.tail = &tail;
            }
            family->run(&slice, packed + (size_t)i * size, input + from, &part, space);
        }
}

const struct blocked_family ISA_NAME(blocked_grouped) = {
    .name = "grouped",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
};
