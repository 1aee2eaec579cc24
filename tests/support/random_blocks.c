/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structures that random networks are made of. Each takes and gives an image with *channels channels. */
#include "support/attributes.h"
#include "support/random_attention.h"
#include "support/random_calls.h"
#include "support/random_network.h"
#include "support/random_spatial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

/* --- layers in a row ------------------------------------------------------------------------------------ */

static int plain(struct maker *m, int x, int64_t *channels)
{
    int64_t out = maker_pick(m, 2, 9);
    x = maker_unit(m, x, *channels, out);
    *channels = out;
    return x;
}

/* BatchNorm in front of the convolution. */
static int norm_first(struct maker *m, int x, int64_t *channels)
{
    x = maker_one(m, "Relu", maker_norm(m, x, *channels));
    int64_t in = *channels;
    *channels = maker_pick(m, 2, 8);
    return maker_conv(m, x, in, *channels, 3, 1, true);
}

static int depthwise(struct maker *m, int x, int64_t *channels)
{
    int64_t multiplier = maker_pick(m, 1, 2), out = *channels * multiplier;
    x = maker_one(m, "Relu", maker_norm(m, maker_conv(m, x, *channels, out, 3, *channels, false), out));
    *channels = out;
    return x;
}

static int grouped(struct maker *m, int x, int64_t *channels)
{
    int64_t wide = maker_pick(m, 0, 2) ? 1 : 8; /* groups that fill blocks of vectors, and such that do not */
    int64_t groups = maker_pick(m, 2, 4), in = groups * wide * maker_pick(m, 2, 3),
            out = groups * wide * maker_pick(m, 1, 3);
    x = maker_unit(m, x, *channels, in);
    *channels = out;
    return maker_one(m, "Relu", maker_conv(m, x, in, out, 3, groups, true));
}

/* A slope per channel, or one for all. */
static int slopes(struct maker *m, int x, int64_t *channels)
{
    char name[32];
    snprintf(name, sizeof name, "slope%d", m->serial++);
    int64_t dims[] = {maker_pick(m, 0, 1) ? *channels : 1, 1, 1};
    return maker_two(m, "PRelu", x, maker_constant(m, name, 3, dims, 0.1, 1));
}

static int factor(struct maker *m, int x, int64_t *channels)
{
    static const char *const ops[] = {"Mul", "Div", "Add", "Sub", "Max", "Min"};
    char name[32];
    snprintf(name, sizeof name, "factor%d", m->serial++);
    int64_t dims[] = {*channels, 1, maker_pick(m, 0, 1) ? m->size : 1};
    int constant = maker_constant(m, name, 3, dims, 0.5, 2);
    const char *op = ops[maker_pick(m, 0, 5)];
    return maker_pick(m, 0, 1) || *op == 'D' ? maker_two(m, op, x, constant) : maker_two(m, op, constant, x);
}

/* --- pooling and resizing ------------------------------------------------------------------------------- */

static int window(struct maker *m, int x, const char *op, int64_t size, int64_t stride, int64_t pad)
{
    int64_t kernel[] = {size, size}, strides[] = {stride, stride}, pads[] = {pad, pad, pad, pad};
    struct attribute attributes[] = {integers_attribute("kernel_shape", 2, kernel),
                                     integers_attribute("strides", 2, strides),
                                     integers_attribute("pads", 4, pads)};
    return maker_node(m, op, 1, &x, 3, attributes);
}

static int pool(struct maker *m, int x, int64_t *channels)
{
    (void)channels;
    const char *op = maker_pick(m, 0, 1) ? "MaxPool" : "AveragePool";
    if (m->size % 2 != 0 || maker_pick(m, 0, 1))
        return window(m, x, op, 3, 1, 1);
    m->size /= 2;
    return maker_pick(m, 0, 1) ? window(m, x, op, 2, 2, 0) : window(m, x, op, 3, 2, 1);
}

static int resize(struct maker *m, int x, int64_t *channels)
{
    struct attribute mode = string_attribute("mode", "nearest");
    if (m->size > 4)
        return x;
    if (maker_pick(m, 0, 1))
        mode.string = "linear";
    m->size *= 2;
    /* A size of 0 for the batch keeps it, as simplification writes it. */
    int64_t sizes[] = {0, *channels, m->size, m->size};
    if (maker_pick(m, 0, 1))
        return maker_node(m, "Resize", 4, (int[]){x, VALUE_NONE, VALUE_NONE, maker_integers(m, 4, sizes)}, 1,
                          &mode);
    char name[32];
    snprintf(name, sizeof name, "scale%d", m->serial++);
    int scales = maker_constant(m, name, 1, (int64_t[]){4}, 1, 1);
    double *value = m->graph->values[scales].constant->data;
    value[2] = value[3] = 2;
    if (maker_pick(m, 0, 1))
        return maker_node(m, "Upsample", 2, (int[]){x, scales}, 1, &mode);
    return maker_node(m, "Resize", 3, (int[]){x, VALUE_NONE, scales}, 1, &mode);
}

/* --- residuals ------------------------------------------------------------------------------------------ */

static int residual(struct maker *m, int x, int64_t *channels)
{
    int64_t inner = maker_pick(m, 2, 6);
    int y = maker_unit(m, x, *channels, inner);
    y = maker_norm(m, maker_conv(m, y, inner, *channels, 3, 1, false), *channels);
    return maker_one(m, "Relu", maker_two(m, maker_pick(m, 0, 3) ? "Add" : "Max", x, y));
}

/* Two additions that lead back to the same value. */
static int anchored(struct maker *m, int x, int64_t *channels)
{
    int h = maker_norm(m, maker_conv(m, x, *channels, *channels, 3, 1, false), *channels);
    h = maker_two(m, "Add", h, x);
    if (maker_pick(m, 0, 1))
        h = maker_one(m, "Relu", h);
    int64_t size = maker_pick(m, 0, 1) ? 3 : 1;
    int y = maker_norm(m, maker_conv(m, h, *channels, *channels, size, 1, false), *channels);
    return maker_one(m, "Relu", maker_two(m, "Add", y, x));
}

static int projection(struct maker *m, int x, int64_t *channels)
{
    int64_t out = maker_pick(m, 3, 8);
    int y = maker_norm(m, maker_conv(m, x, *channels, out, 3, 1, false), out);
    int z = maker_norm(m, maker_conv(m, x, *channels, out, 1, 1, true), out);
    *channels = out;
    return maker_one(m, "Relu", maker_two(m, "Add", y, z));
}

static int three(struct maker *m, int x, int64_t *channels)
{
    int y = maker_unit(m, x, *channels, *channels), z = maker_unit(m, y, *channels, *channels);
    return maker_node(m, "Sum", 3, (int[]){z, x, y}, 0, NULL);
}

/* Strided slice and channel padding beside a convolution; sometimes the padding is not zero. */
static int option_a(struct maker *m, int x, int64_t *channels)
{
    int64_t front = maker_pick(m, 0, 3), behind = maker_pick(m, 1, 3), out = *channels + front + behind;
    int64_t zero[] = {0, 0}, end[] = {m->size, m->size}, axes[] = {2, 3}, one[] = {1, 1};
    int y = maker_norm(m, maker_conv(m, x, *channels, out, 3, 1, false), out);
    int s = maker_node(m, "Slice", 5,
                       (int[]){x, maker_integers(m, 2, zero), maker_integers(m, 2, end),
                               maker_integers(m, 2, axes), maker_integers(m, 2, one)},
                       0, NULL);
    int pads = maker_integers(m, 8, (int64_t[]){0, front, 0, 0, 0, behind, 0, 0}), p;
    if (maker_pick(m, 0, 2) == 0) {
        char name[32];
        snprintf(name, sizeof name, "fill%d", m->serial++);
        p = maker_node(m, "Pad", 3, (int[]){s, pads, maker_constant(m, name, 0, NULL, 1, 2)}, 0, NULL);
    } else {
        p = maker_two(m, "Pad", s, pads);
    }
    *channels = out;
    return maker_one(m, "Relu", maker_two(m, "Add", y, p));
}

/* Half the size by a strided slice, with padded channels: as in the CIFAR ResNets. */
static int option_a_stride(struct maker *m, int x, int64_t *channels)
{
    if (m->size < 4 || m->size % 2 != 0)
        return residual(m, x, channels);
    int64_t more = maker_pick(m, 1, 3), out = *channels + 2 * more;
    int s = maker_slice(m, maker_slice(m, x, 2, 0, INT64_MAX, 2), 3, 0, INT64_MAX, 2);
    int p = maker_two(m, "Pad", s, maker_integers(m, 8, (int64_t[]){0, more, 0, 0, 0, more, 0, 0}));
    m->size /= 2;
    int y = maker_norm(m, maker_conv(m, window(m, x, "MaxPool", 2, 2, 0), *channels, out, 3, 1, false), out);
    *channels = out;
    return maker_two(m, "Add", p, y);
}

/* Pads that take channels away at one end and bring some at the other. */
static int crop(struct maker *m, int x, int64_t *channels)
{
    if (*channels < 4)
        return plain(m, x, channels);
    int64_t front = maker_pick(m, -2, 2), behind = maker_pick(m, -1, 2);
    *channels += front + behind;
    return maker_two(m, "Pad", x, maker_integers(m, 8, (int64_t[]){0, front, 1, 0, 0, behind, -1, 0}));
}

/* --- branches ------------------------------------------------------------------------------------------- */

static int dense(struct maker *m, int x, int64_t *channels)
{
    int64_t growth = maker_pick(m, 1, 5);
    int y = maker_unit(m, x, *channels, growth);
    *channels += growth;
    return maker_concat(m, 1, 2, (int[]){x, y});
}

static int inception(struct maker *m, int x, int64_t *channels)
{
    int64_t a = maker_pick(m, 1, 4), b = maker_pick(m, 1, 4), in = *channels;
    int parts[] = {maker_unit(m, x, in, a), maker_unit(m, x, in, b), window(m, x, "MaxPool", 3, 1, 1)};
    *channels = a + b + in;
    return maker_concat(m, -3, 3, parts);
}

static int split(struct maker *m, int x, int64_t *channels)
{
    if (*channels < 2)
        return plain(m, x, channels);
    int64_t first = maker_pick(m, 1, *channels - 1), sizes[] = {first, *channels - first};
    int parts[2];
    maker_split(m, x, maker_pick(m, 0, 1) ? 1 : -3, 2, sizes, parts);
    parts[0] = maker_unit(m, parts[0], sizes[0], sizes[0]);
    return maker_concat(m, 1, 2, parts);
}

static int split_evenly(struct maker *m, int x, int64_t *channels)
{
    int64_t half = maker_pick(m, 1, 4);
    int parts[2];
    x = maker_unit(m, x, *channels, 2 * half);
    maker_split(m, x, 1, 2, NULL, parts);
    *channels = half;
    return maker_two(m, maker_pick(m, 0, 1) ? "Mul" : "Add", maker_one(m, "Sigmoid", parts[0]), parts[1]);
}

/* A stream cut in two along the height, and put together again. */
static int halves(struct maker *m, int x, int64_t *channels)
{
    int64_t half = m->size / 2;
    if (half < 1)
        return plain(m, x, channels);
    int top = maker_slice(m, x, 2, 0, half, 1), bottom = maker_slice(m, x, -2, half, INT64_MAX, 1);
    top = maker_unit(m, top, *channels, *channels);
    return maker_concat(m, 2, 2, (int[]){top, bottom});
}

/* Channels picked out by slices with steps and by lists. */
static int picked(struct maker *m, int x, int64_t *channels)
{
    int64_t count = maker_pick(m, 2, 6), list[6], c = *channels;
    if (c < 2)
        return plain(m, x, channels);
    for (int64_t i = 0; i < count; i++)
        list[i] = maker_pick(m, -c, c - 1);
    struct attribute axis = integer_attribute("axis", 1);
    switch (maker_pick(m, 0, 3)) {
    case 0:
        *channels = (c + 1) / 2;
        return maker_slice(m, x, 1, 0, INT64_MAX, 2);
    case 1:
        return maker_slice(m, x, 1, -1, INT64_MIN, -1);
    case 2:
        *channels = c - 1;
        return maker_slice(m, x, 1, -c + 1, c, 1);
    default:
        *channels = count;
        return maker_node(m, "Gather", 2, (int[]){x, maker_integers(m, count, list)}, 1, &axis);
    }
}

/* --- gates ---------------------------------------------------------------------------------------------- */

/* Squeeze and excite by convolutions. */
static int gate(struct maker *m, int x, int64_t *channels)
{
    int64_t inner = maker_pick(m, 1, 3), axes[] = {2, 3};
    int g = maker_pick(m, 0, 1) ? maker_one(m, "GlobalAveragePool", x)
                                : maker_reduce(m, "ReduceMean", x, 2, axes, true);
    g = maker_one(m, "Relu", maker_conv(m, g, *channels, inner, 1, 1, true));
    g = maker_one(m, "Sigmoid", maker_conv(m, g, inner, *channels, 1, 1, true));
    return maker_pick(m, 0, 1) ? maker_two(m, "Mul", x, g) : maker_two(m, "Mul", g, x);
}

/* The same by linear layers, with the image's axes taken away and put back. */
static int linear_gate(struct maker *m, int x, int64_t *channels)
{
    char name[2][48];
    int64_t inner = maker_pick(m, 1, 4), c = *channels, axes[] = {2, 3};
    bool keep = maker_pick(m, 0, 1);
    snprintf(name[0], sizeof name[0], "squeeze%d.weight", m->serial++);
    snprintf(name[1], sizeof name[1], "excite%d.weight", m->serial++);
    int g = maker_reduce(m, "ReduceMean", x, 2, axes, keep);
    if (keep)
        g = maker_two(m, "Squeeze", g, maker_integers(m, 2, axes));
    g = maker_two(m, "MatMul", g, maker_constant(m, name[0], 2, (int64_t[]){c, inner}, -1, 1));
    g = maker_one(m, "Tanh", g);
    g = maker_two(m, "MatMul", g, maker_constant(m, name[1], 2, (int64_t[]){inner, c}, -1, 1));
    if (maker_pick(m, 0, 1))
        g = maker_two(m, "Unsqueeze", g, maker_integers(m, 2, axes));
    else
        g = maker_reshape(m, g, 4, maker_pick(m, 0, 1) ? (int64_t[]){0, c, 1, 1} : (int64_t[]){0, -1, 1, 1});
    return maker_two(m, "Mul", x, maker_one(m, "HardSigmoid", g));
}

/* A channel's mean size around each position: never zero, unless the whole channel is. */
static int sizes(struct maker *m, int x, int64_t channels)
{
    x = maker_conv(m, x, channels, channels, 3, 1, true);
    return window(m, maker_one(m, "Abs", x), "AveragePool", 3, 1, 1);
}

/* The channel by its norm, with nothing that keeps it from zero. */
static int by_norm(struct maker *m, int x, int64_t channels)
{
    int64_t axes[] = {2, 3};
    x = maker_conv(m, x, channels, channels, 3, 1, true);
    int squares = maker_reduce(m, "ReduceSum", maker_two(m, "Mul", x, x), 2, axes, true);
    return maker_two(m, "Div", x, maker_one(m, "Sqrt", squares));
}

/* What is not defined everywhere: quotients, roots and powers, which are finite here as the network is. As a
 * channel of zeros they would not be. */
static int quotient(struct maker *m, int x, int64_t *channels)
{
    int64_t c = *channels, kind = maker_pick(m, 0, 8);
    char name[32];
    if (kind == 0)
        return by_norm(m, x, c);
    int den = sizes(m, x, c);
    snprintf(name, sizeof name, "beside%d", m->serial++);
    switch (kind) {
    case 1:
        return maker_two(m, "Div", maker_norm(m, maker_conv(m, x, c, c, 1, 1, false), c), den);
    case 2: /* through a depthwise convolution */
        den = maker_one(m, "Abs", maker_conv(m, den, c, c, 1, c, true));
        return maker_two(m, "Div", x, den);
    case 3:
        return maker_two(m, "Div", maker_constant(m, name, 3, (int64_t[]){c, 1, 1}, -1, 1), den);
    case 4:
        return maker_two(m, "Pow", den, maker_constant(m, name, 3, (int64_t[]){c, 1, 1}, -0.5, 0));
    case 7:
        return maker_one(m, "Log", den);
    case 8:
        return maker_one(m, "Reciprocal", den);
    case 5: /* a root of what is positive only while the channel is there */
        return maker_one(m, "Sqrt",
                         maker_two(m, "Sub", den, maker_constant(m, name, 1, (int64_t[]){1}, 1e-4, 1e-3)));
    default: /* joined with others, and cut out again */
        x = maker_concat(m, 1, 2, (int[]){maker_conv(m, x, c, c, 1, 1, false), den});
        return maker_two(m, "Div", maker_slice(m, x, 1, 0, c, 1), maker_slice(m, x, 1, c, 2 * c, 1));
    }
}

/* One channel that is applied to all: broadcast, expanded, or spread by a factor per channel. */
static int one_for_all(struct maker *m, int x, int64_t *channels)
{
    char name[32];
    int g = maker_one(m, "Sigmoid", maker_conv(m, x, *channels, 1, 3, 1, true));
    snprintf(name, sizeof name, "spread%d", m->serial++);
    switch (maker_pick(m, 0, 2)) {
    case 0:
        return maker_two(m, "Mul", x, g);
    case 1:
        g = maker_two(m, "Expand", g, maker_integers(m, 4, (int64_t[]){1, *channels, 1, 1}));
        return maker_two(m, "Mul", g, x);
    default:
        g = maker_two(m, "Mul", g, maker_constant(m, name, 3, (int64_t[]){*channels, 1, 1}, -1, 1));
        return maker_two(m, "Add", x, g);
    }
}

/* The mean over the channels as a gate: nothing can be removed in front of it. */
static int channel_mean(struct maker *m, int x, int64_t *channels)
{
    if (maker_pick(m, 0, 3))
        return plain(m, x, channels);
    int64_t axis = 1;
    const char *op = maker_pick(m, 0, 1) ? "ReduceMean" : "ReduceMax";
    x = maker_two(m, "Mul", x, maker_one(m, "Sigmoid", maker_reduce(m, op, x, 1, &axis, true)));
    return plain(m, x, channels);
}

/* --- channels as a table -------------------------------------------------------------------------------- */

static int shuffled(struct maker *m, int x, int64_t groups, int64_t each, bool flat)
{
    int64_t s = m->size, joined[] = {0, maker_pick(m, 0, 1) ? -1 : groups * each, s, s};
    if (flat) {
        x = maker_reshape(m, x, 4, (int64_t[]){0, groups, each, s * s});
        x = maker_transpose(m, x, 4, (int64_t[]){0, 2, 1, 3});
    } else {
        x = maker_reshape(m, x, 5, (int64_t[]){0, groups, each, s, s});
        x = maker_transpose(m, x, 5, (int64_t[]){0, 2, 1, 3, 4});
    }
    return maker_reshape(m, x, 4, joined);
}

/* ShuffleNet: halves, one through a unit, concatenate, shuffle; sometimes once more. */
static int shuffle(struct maker *m, int x, int64_t *channels)
{
    int64_t half = maker_pick(m, 2, 4), in = *channels;
    x = maker_unit(m, x, in, 2 * half);
    *channels = 2 * half;
    for (int64_t times = maker_pick(m, 1, 3); times > 0; times--) {
        int parts[] = {maker_slice(m, x, 1, 0, half, 1), maker_slice(m, x, 1, half, 2 * half, 1)};
        parts[1] = maker_unit(m, parts[1], half, half);
        x = shuffled(m, maker_concat(m, 1, 2, parts), 2, half, maker_pick(m, 0, 1));
    }
    return x;
}

/* Grouped convolutions with shuffles between them, one behind the other. */
static int shuffle_groups(struct maker *m, int x, int64_t *channels)
{
    int64_t groups = maker_pick(m, 2, 3), each = maker_pick(m, 2, 3), count = groups * each;
    x = maker_unit(m, x, *channels, count);
    x = shuffled(m, x, groups, each, false);
    if (maker_pick(m, 0, 1))
        x = shuffled(m, x, each, groups, true);
    *channels = count;
    return maker_one(m, "Relu", maker_conv(m, x, count, count, 3, groups, true));
}

/* An activation inside the table: no shuffle that a Gather could be. */
static int broken_shuffle(struct maker *m, int x, int64_t *channels)
{
    int64_t groups = 2, each = maker_pick(m, 2, 4), s = m->size;
    x = maker_unit(m, x, *channels, groups * each);
    x = maker_reshape(m, x, 5, (int64_t[]){0, groups, each, s, s});
    x = maker_one(m, "Tanh", maker_transpose(m, x, 5, (int64_t[]){0, 2, 1, 3, 4}));
    *channels = groups * each;
    return maker_reshape(m, x, 4, (int64_t[]){0, groups * each, s, s});
}

/* The transposition turns the image too: a Gather of channels would not do. */
static int turned_shuffle(struct maker *m, int x, int64_t *channels)
{
    int64_t each = maker_pick(m, 2, 3), s = m->size;
    x = maker_unit(m, x, *channels, 2 * each);
    x = maker_reshape(m, x, 5, (int64_t[]){0, 2, each, s, s});
    x = maker_transpose(m, x, 5, (int64_t[]){0, 2, 1, 4, 3});
    *channels = 2 * each;
    return maker_reshape(m, x, 4, (int64_t[]){0, -1, s, s});
}

/* Depth to space. */
static int pixel_shuffle(struct maker *m, int x, int64_t *channels)
{
    if (m->size > 4)
        return plain(m, x, channels);
    int64_t out = maker_pick(m, 1, 5), s = m->size;
    x = maker_unit(m, x, *channels, 4 * out);
    x = maker_reshape(m, x, 6, (int64_t[]){0, out, 2, 2, s, s});
    x = maker_transpose(m, x, 6, (int64_t[]){0, 1, 4, 2, 5, 3});
    *channels = out;
    m->size *= 2;
    return maker_reshape(m, x, 4, (int64_t[]){0, out, 2 * s, 2 * s});
}

/* Split attention: a softmax over parts of the channels, and their weighted sum. */
static int split_attention(struct maker *m, int x, int64_t *channels)
{
    int64_t parts = maker_pick(m, 2, 3), each = maker_pick(m, 2, 4), s = m->size, axis = 1;
    struct attribute along = integer_attribute("axis", 1);
    x = maker_unit(m, x, *channels, parts * each);
    x = maker_reshape(m, x, 5, (int64_t[]){0, parts, each, s, s});
    int weights = maker_node(m, "Softmax", 1, &x, 1, &along);
    *channels = each;
    return maker_reduce(m, "ReduceSum", maker_two(m, "Mul", x, weights), 1, &axis, false);
}

/* Channels last, as in ConvNeXt: linear layers over every position. */
static int channels_last(struct maker *m, int x, int64_t *channels)
{
    char name[2][48];
    int64_t inner = maker_pick(m, 2, 6), c = *channels;
    snprintf(name[0], sizeof name[0], "up%d.weight", m->serial++);
    snprintf(name[1], sizeof name[1], "down%d.weight", m->serial++);
    int y = maker_transpose(m, x, 4, (int64_t[]){0, 2, 3, 1});
    y = maker_two(m, "MatMul", y, maker_constant(m, name[0], 2, (int64_t[]){c, inner}, -1, 1));
    y = maker_one(m, "Sigmoid", y);
    y = maker_two(m, "MatMul", y, maker_constant(m, name[1], 2, (int64_t[]){inner, c}, -1, 1));
    return maker_two(m, "Add", x, maker_transpose(m, y, 4, (int64_t[]){0, 3, 1, 2}));
}

/* Positions as tokens: the image laid out in a row and back, with a softmax over the positions. */
static int tokens(struct maker *m, int x, int64_t *channels)
{
    int64_t s = m->size, c = *channels;
    struct attribute last = integer_attribute("axis", 2);
    int y = maker_reshape(m, x, 3, (int64_t[]){0, c, s * s});
    y = maker_node(m, "Softmax", 1, &y, 1, &last);
    y = maker_reshape(m, y, 4, (int64_t[]){0, c, s, s});
    return maker_pick(m, 0, 1) ? maker_two(m, "Mul", x, y) : maker_two(m, "Add", x, y);
}

const struct block_kind random_blocks[] = {
    {"plain", plain},
    {"norm first", norm_first},
    {"depthwise", depthwise},
    {"grouped", grouped},
    {"slopes", slopes},
    {"factor", factor},
    {"pool", pool},
    {"resize", resize},
    {"residual", residual},
    {"anchored", anchored},
    {"projection", projection},
    {"three", three},
    {"option A", option_a},
    {"option A, strided", option_a_stride},
    {"crop", crop},
    {"dense", dense},
    {"inception", inception},
    {"split", split},
    {"split evenly", split_evenly},
    {"halves", halves},
    {"picked", picked},
    {"gate", gate},
    {"linear gate", linear_gate},
    {"quotient", quotient},
    {"one for all", one_for_all},
    {"channel mean", channel_mean},
    {"shuffle", shuffle},
    {"shuffle of groups", shuffle_groups},
    {"broken shuffle", broken_shuffle},
    {"turned shuffle", turned_shuffle},
    {"attention", random_attention},
    {"class token", random_class_token},
    {"windows", random_windows},
    {"pixel shuffle", pixel_shuffle},
    {"split attention", split_attention},
    {"channels last", channels_last},
    {"tokens", tokens},
    {"called twice", block_called_twice},
    {"common head", block_common_head},
    {"common linear", block_common_linear},
    {"bound", block_bound},
    {"transposed", block_transposed},
    {"transposed groups", block_transposed_groups},
    {"transposed depthwise", block_transposed_depthwise},
    {"skip", block_skip},
    {"depth to space", block_to_space},
    {"space to depth", block_to_depth},
    {"border", block_border},
    {"unpool", block_unpool},
    {"warp", block_warp},
    {"read token", random_read_token},
    {NULL, NULL},
};
