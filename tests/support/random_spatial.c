/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Structures of random networks that change where things are: transposed convolutions, squares of channels,
 * borders that continue the image, pooling undone, looking elsewhere. */
#include "support/attributes.h"
#include "support/random_spatial.h"

#include <stdio.h>

/* Twice the size, or the same one. */
static int transposed(struct maker *m, int x, int64_t in, int64_t of_group, int64_t groups)
{
    const int64_t stride = m->size < 8 ? maker_pick(m, 1, 2) : 1, size = maker_pick(m, 1, 4);
    const int64_t room = size - stride, more = room < 0 ? -room : 0, front = room > 0 ? room / 2 : 0;
    const int64_t pads[] = {front, front, room > 0 ? room - front : 0, room > 0 ? room - front : 0};
    const int64_t strides[] = {stride, stride}, paddings[] = {more, more};
    const struct attribute attributes[] = {
        integers_attribute("strides", 2, strides), integers_attribute("pads", 4, pads),
        integers_attribute("output_padding", 2, paddings), integer_attribute("group", groups)};
    const int id = m->serial++;
    const int64_t out = of_group * groups;
    char name[32];
    snprintf(name, sizeof name, "transposed%d.weight", id);
    int inputs[3] = {x, maker_constant(m, name, 4, (int64_t[]){in, of_group, size, size}, -1, 1)};
    snprintf(name, sizeof name, "transposed%d.bias", id);
    const bool bias = maker_pick(m, 0, 1);
    if (bias)
        inputs[2] = maker_constant(m, name, 1, &out, -1, 1);
    m->size *= stride;
    x = maker_node(m, "ConvTranspose", bias ? 3 : 2, inputs, 4, attributes);
    return maker_pick(m, 0, 1) ? maker_one(m, "Relu", maker_norm(m, x, out)) : maker_one(m, "Relu", x);
}

int block_transposed(struct maker *m, int x, int64_t *channels)
{
    const int64_t in = *channels;
    *channels = maker_pick(m, 2, 9);
    return transposed(m, x, in, *channels, 1);
}

int block_transposed_groups(struct maker *m, int x, int64_t *channels)
{
    const int64_t groups = maker_pick(m, 2, 3), in = groups * maker_pick(m, 2, 3), each = maker_pick(m, 1, 3);
    x = maker_unit(m, x, *channels, in);
    *channels = groups * each;
    return transposed(m, x, in, each, groups);
}

int block_transposed_depthwise(struct maker *m, int x, int64_t *channels)
{
    const int64_t in = *channels, each = maker_pick(m, 1, 2);
    *channels = in * each;
    return transposed(m, x, in, each, in);
}

/* Beside the image as it was: a U-Net's way down and up. */
int block_skip(struct maker *m, int x, int64_t *channels)
{
    if (m->size % 2 != 0 || m->size < 4)
        return block_transposed(m, x, channels);
    const int64_t window[] = {2, 2}, inner = maker_pick(m, 3, 6), up = maker_pick(m, 2, 5);
    const struct attribute pool[] = {integers_attribute("kernel_shape", 2, window),
                                     integers_attribute("strides", 2, window)};
    char name[32];
    int y = maker_unit(m, maker_node(m, "MaxPool", 1, &x, 2, pool), *channels, inner);
    snprintf(name, sizeof name, "up%d.weight", m->serial++);
    y = maker_node(m, "ConvTranspose", 2,
                   (int[]){y, maker_constant(m, name, 4, (int64_t[]){inner, up, 2, 2}, -1, 1)}, 1, &pool[1]);
    x = maker_concat(m, 1, 2, (int[]){maker_norm(m, y, up), x});
    *channels += up;
    return x;
}

int block_to_space(struct maker *m, int x, int64_t *channels)
{
    if (m->size > 4)
        return block_to_depth(m, x, channels);
    const struct attribute attributes[] = {integer_attribute("blocksize", 2),
                                           string_attribute("mode", maker_pick(m, 0, 1) ? "DCR" : "CRD")};
    const int64_t out = maker_pick(m, 2, 4);
    x = maker_unit(m, x, *channels, out * 4);
    *channels = out;
    m->size *= 2;
    return maker_node(m, "DepthToSpace", 1, &x, 2, attributes);
}

int block_to_depth(struct maker *m, int x, int64_t *channels)
{
    if (m->size % 2 != 0)
        return x;
    const struct attribute block = integer_attribute("blocksize", 2);
    m->size /= 2;
    x = maker_node(m, "SpaceToDepth", 1, &x, 1, &block);
    const int64_t in = *channels * 4;
    *channels = maker_pick(m, 2, 6);
    return maker_unit(m, x, in, *channels);
}

/* A border, and a window that takes it off again. */
int block_border(struct maker *m, int x, int64_t *channels)
{
    static const char *const modes[] = {"reflect", "edge"};
    const struct attribute mode = string_attribute("mode", modes[maker_pick(m, 0, m->size > 1 ? 1 : 0)]);
    const int64_t pads[] = {0, 0, 1, 1, 0, 0, 1, 1}, window[] = {3, 3};
    const struct attribute pool = integers_attribute("kernel_shape", 2, window);
    (void)channels;
    if (m->size < 2)
        return x;
    x = maker_node(m, "Pad", 2, (int[]){x, maker_integers(m, 8, pads)}, 1, &mode);
    return maker_node(m, maker_pick(m, 0, 1) ? "AveragePool" : "MaxPool", 1, &x, 1, &pool);
}

/* Channels back to where a pool found others, of another layer. */
int block_unpool(struct maker *m, int x, int64_t *channels)
{
    if (m->size % 2 != 0)
        return x;
    const int64_t window[] = {2, 2}, size[] = {1, *channels, m->size, m->size};
    const struct attribute attributes[] = {integers_attribute("kernel_shape", 2, window),
                                           integers_attribute("strides", 2, window)};
    int found[2];
    maker_max_pool(m, x, 2, attributes, found);
    int y = maker_unit(m, found[0], *channels, *channels);
    int inputs[] = {y, found[1], maker_integers(m, 4, size)};
    return maker_node(m, "MaxUnpool", maker_pick(m, 2, 3), inputs, 2, attributes);
}

int block_warp(struct maker *m, int x, int64_t *channels)
{
    static const char *const modes[] = {"bilinear", "nearest", "bicubic"};
    const struct attribute mode = string_attribute("mode", modes[maker_pick(m, 0, 2)]);
    const int64_t dims[] = {1, m->size, m->size, 2};
    char name[32];
    (void)channels;
    snprintf(name, sizeof name, "grid%d", m->serial++);
    return maker_node(m, "GridSample", 2, (int[]){x, maker_constant(m, name, 4, dims, -1.2, 1.2)}, 1, &mode);
}
