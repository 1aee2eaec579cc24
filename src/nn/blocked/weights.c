/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight gradients: for one tap, a block of output channels and a few input channels, products over all
 * positions in registers. A vector holds output channels; each input channel is broadcast to its own sum. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/layer.h"
#include "nn/blocked/reach.h"
#include "nn/blocked/weights.h"

enum {
    SUMS = REGISTERS == 32 ? 16 : 8, /* input channels at a time */
    FEW = SUMS / 2,                  /* the same at the end */
    TAPS = 9,                        /* taps whose sums go to memory together */
    FLUSH = 1024,                    /* positions summed before that */
};

/* Some FLUSH positions: of one image, or of several that are small. All channels go through them before the
 * next ones are looked at. */
struct slab {
    int image, images, row, rows;
};

/* Some taps of a block of output and a few input channels. */
struct corner {
    const struct blocked_convolution *g;
    int images;
    struct reach down, across;
    const float *input, *delta;      /* of the first image, at these channels */
    size_t input_image, delta_image; /* floats between images */
    float *gradient;                 /* of the first output channel, at its first input channel */
    size_t filter;                   /* floats between output channels */
    int tap, taps;                   /* the first, and how many */
    int from_output, from_input;     /* the first channels */
    int outputs, inputs;             /* real ones among them */
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The input channels first..end-1 of the output channel's group. */
static void group_inputs(const struct blocked_convolution *g, int output, int *first, int *end)
{
    const int inputs = g->in_channels / g->groups;
    *first = output / (g->out_channels / g->groups) * inputs;
    *end = *first + inputs;
}

/* Add the sums (inputs, taps) to where they belong, when they lie together there. */
static void put_together(const struct corner *c, const vector *sums)
{
    const int count = c->inputs * c->taps;
    float *gradient = c->gradient + (size_t)c->from_input * (size_t)c->taps;
    int at = 0;
    for (; at + WIDTH <= count; at += WIDTH) {
        vector rows[WIDTH];
        LANES_UNROLL
        for (int i = 0; i < WIDTH; i++)
            rows[i] = sums[at + i];
        vectors_transpose(rows);
        LANES_UNROLL
        for (int o = 0; o < WIDTH; o++)
            if (o < c->outputs)
                *(vector_unaligned *)(gradient + (size_t)o * c->filter + at) += rows[o];
    }
    for (; at < count; at++)
        for (int o = 0; o < c->outputs; o++)
            gradient[(size_t)o * c->filter + (size_t)at] += sums[at][o];
}

/* The same when they do not. Channels of different groups have none. */
static void put_apart(const struct corner *c, const vector *sums)
{
    const int all = c->g->kernel_height * c->g->kernel_width;
    for (int o = 0; o < c->outputs; o++) {
        int first, end;
        group_inputs(c->g, c->from_output + o, &first, &end);
        const int from = larger(first - c->from_input, 0), to = smaller(end - c->from_input, c->inputs);
        for (int i = from; i < to; i++) {
            float *gradient =
                c->gradient + (size_t)o * c->filter + (size_t)((c->from_input + i - first) * all + c->tap);
            for (int tap = 0; tap < c->taps; tap++)
                gradient[tap] += sums[i * c->taps + tap][o];
        }
    }
}

/* One tap's sums, for each input channel. */
LANES_INLINE void sum_tap(int count, const struct corner *corner, vector *to)
{
    const struct corner c = *corner;
    const int positions = c.across.end - c.across.first;
    const size_t step = (size_t)c.across.stride * LANES;
    vector sums[SUMS];
    LANES_UNROLL
    for (int i = 0; i < count; i++)
        sums[i] = vector_all(0);
    for (int n = 0; n < c.images; n++)
        for (int row = c.down.first; row < c.down.end; row++) {
            const int in_row = row * c.down.stride + c.down.shift;
            const float *d = c.delta + (size_t)n * c.delta_image +
                             ((size_t)row * (size_t)c.g->out_width + (size_t)c.across.first) * LANES;
            const float *x = c.input + (size_t)n * c.input_image +
                             ((size_t)in_row * (size_t)c.g->in_width +
                              (size_t)(c.across.first * c.across.stride + c.across.shift)) *
                                 LANES;
            for (int k = 0; k < positions; k++, x += step, d += LANES) {
                const vector delta = vector_load(d);
                LANES_UNROLL
                for (int i = 0; i < count; i++)
                    sums[i] = vector_multiply_add(vector_all(x[i]), delta, sums[i]);
            }
        }
    LANES_UNROLL
    for (int i = 0; i < count; i++)
        to[i * c.taps] = sums[i];
}

static void sum_many(const struct corner *corner, vector *to)
{
    sum_tap(SUMS, corner, to);
}

static void sum_few(const struct corner *corner, vector *to)
{
    sum_tap(FEW, corner, to);
}

static void sum_taps(const struct slab *slab, struct corner *corner)
{
    const struct blocked_convolution *g = corner->g;
    vector sums[SUMS * TAPS];
    for (int i = 0; i < corner->taps; i++) {
        const int y = (corner->tap + i) / g->kernel_width, x = (corner->tap + i) % g->kernel_width;
        corner->down =
            reach_of(y, g->stride_height, g->dilation_height, g->pad_top, g->in_height, g->out_height);
        corner->across =
            reach_of(x, g->stride_width, g->dilation_width, g->pad_left, g->in_width, g->out_width);
        corner->down.first = larger(corner->down.first, slab->row);
        corner->down.end = smaller(corner->down.end, slab->row + slab->rows);
        (corner->inputs > FEW ? sum_many : sum_few)(corner, sums + i);
    }
    if (g->groups == 1 && corner->taps == g->kernel_height * g->kernel_width)
        put_together(corner, sums);
    else
        put_apart(corner, sums);
}

/* All taps of a block of output and a block of input channels. */
static void sum_blocks(const struct slab *slab, int from_input, struct corner corner)
{
    const struct blocked_convolution *g = corner.g;
    const int taps = g->kernel_height * g->kernel_width;
    const float *first = corner.input;
    for (int i = 0; i < LANES && from_input + i < g->in_channels; i += SUMS) {
        corner.from_input = from_input + i;
        corner.inputs = smaller(g->in_channels - from_input - i, SUMS);
        corner.input = first + i;
        for (corner.tap = 0; corner.tap < taps; corner.tap += corner.taps) {
            corner.taps = smaller(taps - corner.tap, TAPS);
            sum_taps(slab, &corner);
        }
    }
}

/* Rows that follow each other without a gap are one, as far as they are summed in one go. */
static struct blocked_convolution flattened(const struct blocked_convolution *g)
{
    struct blocked_convolution flat = *g;
    if (g->kernel_height == 1 && g->kernel_width == 1 && g->stride_height == 1 && g->stride_width == 1 &&
        g->pad_top == 0 && g->pad_left == 0 && g->in_width == g->out_width && g->in_height == g->out_height &&
        g->in_width <= FLUSH / g->in_height) {
        flat.in_width = flat.out_width = g->in_width * g->in_height;
        flat.in_height = flat.out_height = 1;
    }
    return flat;
}

/* Blocks of output channels with those blocks of input channels that have groups in common. */
static void sum_slab(const struct slab *slab, const float *input, const float *delta, struct corner corner)
{
    const struct blocked_convolution *g = corner.g;
    const size_t in_plane = (size_t)(g->in_height * g->in_width) * LANES;
    const size_t out_plane = (size_t)(g->out_height * g->out_width) * LANES;
    float *gradient = corner.gradient;
    corner.images = slab->images;
    input += (size_t)slab->image * corner.input_image;
    delta += (size_t)slab->image * corner.delta_image;
    for (int o = 0; o < g->out_channels; o += WIDTH) {
        int first, end, ignored;
        corner.from_output = o;
        corner.outputs = smaller(g->out_channels - o, WIDTH);
        corner.delta = delta + (size_t)(o / LANES) * out_plane + (size_t)(o % LANES);
        corner.gradient = gradient + (size_t)o * corner.filter;
        group_inputs(g, o, &first, &ignored);
        group_inputs(g, o + corner.outputs - 1, &ignored, &end);
        for (int i = first / LANES * LANES; i < end; i += LANES) {
            corner.input = input + (size_t)(i / LANES) * in_plane;
            sum_blocks(slab, i, corner);
        }
    }
}

static void weights_joined(const struct blocked_convolution *geometry, const float *input, const float *delta,
                           float *gradient)
{
    const struct blocked_convolution g = flattened(geometry);
    const int taps = g.kernel_height * g.kernel_width;
    const struct corner corner = {
        .g = &g,
        .input_image = (size_t)blocked_blocks(g.in_channels) * LANES * (size_t)(g.in_height * g.in_width),
        .delta_image = (size_t)blocked_blocks(g.out_channels) * LANES * (size_t)(g.out_height * g.out_width),
        .gradient = gradient,
        .filter = (size_t)(g.in_channels / g.groups * taps),
    };
    const int rows = larger(FLUSH / g.out_width, 1), images = larger(rows / g.out_height, 1);
    for (int image = 0; image < g.images; image += images)
        for (int row = 0; row < g.out_height; row += rows) {
            const struct slab slab = {image, smaller(images, g.images - image), row,
                                      smaller(rows, g.out_height - row)};
            sum_slab(&slab, input, delta, corner);
        }
}

/* dweights (O, C/groups, kh, kw)[o][c][k] += sum_n sum_p delta (N, O/16, H', W', 16)[n][o][p] * x (N, C/16,
 * H, W, 16)[n][first of o's group + c][q], q = p * stride + k * dilation - pad. */
void ISA_NAME(blocked_weight_gradient)(const struct blocked_convolution *g, const float *input,
                                       const float *delta, float *gradient)
{
    if (g->planar)
        ISA_NAME(weights_planar)(g, input, delta, gradient);
    else if (g->groups == g->in_channels && g->groups == g->out_channels)
        ISA_NAME(weights_depthwise)(g, input, delta, gradient);
    else
        weights_joined(g, input, delta, gradient);
}

enum { CHUNK = 8 }; /* positions summed in float */

/* dbias (O)[o] += sum_n sum_p delta (N, O/16, positions, 16)[n][o][p] */
void ISA_NAME(blocked_bias_gradient)(int images, int channels, int positions, const float *delta,
                                     float *gradient)
{
    const size_t plane = (size_t)positions * LANES, image = (size_t)blocked_blocks(channels) * plane;
    for (int o = 0; o < channels; o += WIDTH) {
        wide total = {0};
        for (int n = 0; n < images; n++) {
            const float *d = delta + (size_t)n * image + (size_t)(o / LANES) * plane + (size_t)(o % LANES);
            for (int i = 0; i < positions;) {
                const int end = smaller(positions, i + CHUNK);
                vector sum = {0};
                for (; i < end; i++, d += LANES)
                    sum += vector_load(d);
                total += __builtin_convertvector(sum, wide);
            }
        }
        for (int lane = 0; lane < WIDTH && o + lane < channels; lane++)
            gradient[o + lane] += (float)total[lane];
    }
}
