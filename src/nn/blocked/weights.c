/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight gradients: for one tap, a block of output channels and a few input channels, products over all
 * positions in registers. A vector holds output channels; each input channel is broadcast to its own sum. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/layer.h"
#include "nn/blocked/reach.h"
#include "nn/blocked/weights.h"

enum { SUMS = REGISTERS == 32 ? 16 : 8, FLUSH = 1024 /* positions summed before the sums go to memory */ };

/* One tap of a block of output and a few input channels. */
struct corner {
    const struct blocked_convolution *g;
    struct reach down, across;
    const float *input, *delta;      /* of the first image, at these channels */
    size_t input_image, delta_image; /* floats between images */
    float *gradient;                 /* of the first output channel, at this tap of its first input channel */
    size_t filter, channel;          /* floats between output channels, input channels */
    int from_output, from_input;     /* the first channels */
    int outputs, inputs;             /* real ones among them */
};

/* The input channels first..end-1 of the output channel's group. */
static void group_inputs(const struct blocked_convolution *g, int output, int *first, int *end)
{
    const int inputs = g->in_channels / g->groups;
    *first = output / (g->out_channels / g->groups) * inputs;
    *end = *first + inputs;
}

/* Add the sums to where they belong, and begin anew. Channels of different groups have none. */
LANES_INLINE void flush(const struct corner *c, vector sums[SUMS])
{
    float lanes[SUMS * WIDTH] __attribute__((aligned(64)));
    LANES_UNROLL
    for (int i = 0; i < SUMS; i++) {
        vector_store(lanes + i * WIDTH, sums[i]);
        sums[i] = vector_all(0);
    }
    for (int o = 0; o < c->outputs; o++) {
        int first, end;
        group_inputs(c->g, c->from_output + o, &first, &end);
        const int from = first > c->from_input ? first - c->from_input : 0;
        const int to = end - c->from_input < c->inputs ? end - c->from_input : c->inputs;
        float *gradient = c->gradient + (size_t)o * c->filter;
        for (int i = from; i < to; i++)
            gradient[(size_t)(c->from_input + i - first) * c->channel] += lanes[i * WIDTH + o];
    }
}

static void sum_corner(const struct corner *corner)
{
    const struct corner c = *corner;
    const int count = c.across.end - c.across.first;
    const size_t step = (size_t)c.across.stride * LANES;
    vector sums[SUMS];
    int summed = 0;
    LANES_UNROLL
    for (int i = 0; i < SUMS; i++)
        sums[i] = vector_all(0);
    for (int n = 0; n < c.g->images; n++) {
        for (int row = c.down.first; row < c.down.end; row++) {
            const int in_row = row * c.down.stride + c.down.shift;
            const float *d = c.delta + (size_t)n * c.delta_image +
                             ((size_t)row * (size_t)c.g->out_width + (size_t)c.across.first) * LANES;
            const float *x = c.input + (size_t)n * c.input_image +
                             ((size_t)in_row * (size_t)c.g->in_width +
                              (size_t)(c.across.first * c.across.stride + c.across.shift)) *
                                 LANES;
            for (int k = 0; k < count; k++, x += step, d += LANES) {
                const vector delta = vector_load(d);
                LANES_UNROLL
                for (int i = 0; i < SUMS; i++)
                    sums[i] = vector_multiply_add(vector_all(x[i]), delta, sums[i]);
            }
            if ((summed += count) >= FLUSH) {
                flush(&c, sums);
                summed = 0;
            }
        }
    }
    flush(&c, sums);
}

/* All taps of a block of output and a block of input channels. */
static void sum_blocks(const struct blocked_convolution *g, int from_input, struct corner corner)
{
    const float *first = corner.input;
    float *gradient = corner.gradient;
    for (int y = 0; y < g->kernel_height; y++) {
        corner.down =
            reach_of(y, g->stride_height, g->dilation_height, g->pad_top, g->in_height, g->out_height);
        for (int x = 0; x < g->kernel_width; x++) {
            corner.across =
                reach_of(x, g->stride_width, g->dilation_width, g->pad_left, g->in_width, g->out_width);
            if (corner.down.first == corner.down.end || corner.across.first == corner.across.end)
                continue;
            for (int i = 0; i < LANES && from_input + i < g->in_channels; i += SUMS) {
                corner.from_input = from_input + i;
                corner.inputs =
                    g->in_channels - from_input - i < SUMS ? g->in_channels - from_input - i : SUMS;
                corner.input = first + i;
                corner.gradient = gradient + (size_t)(y * g->kernel_width + x);
                sum_corner(&corner);
            }
        }
    }
}

/* Rows that follow each other without a gap are one. */
static struct blocked_convolution flattened(const struct blocked_convolution *g)
{
    struct blocked_convolution flat = *g;
    if (g->kernel_height == 1 && g->kernel_width == 1 && g->stride_height == 1 && g->stride_width == 1 &&
        g->pad_top == 0 && g->pad_left == 0 && g->in_width == g->out_width && g->in_height == g->out_height) {
        flat.in_width = flat.out_width = g->in_width * g->in_height;
        flat.in_height = flat.out_height = 1;
    }
    return flat;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Blocks of output channels with those blocks of input channels that have groups in common. */
static void weights_joined(const struct blocked_convolution *geometry, const float *input, const float *delta,
                           float *gradient)
{
    const struct blocked_convolution g = flattened(geometry);
    const size_t in_plane = (size_t)(g.in_height * g.in_width) * LANES;
    const size_t out_plane = (size_t)(g.out_height * g.out_width) * LANES;
    const int taps = g.kernel_height * g.kernel_width;
    struct corner corner = {
        .g = &g,
        .input_image = (size_t)blocked_blocks(g.in_channels) * in_plane,
        .delta_image = (size_t)blocked_blocks(g.out_channels) * out_plane,
        .filter = (size_t)(g.in_channels / g.groups * taps),
        .channel = (size_t)taps,
    };
    for (int o = 0; o < g.out_channels; o += WIDTH) {
        int first, end, ignored;
        corner.from_output = o;
        corner.outputs = smaller(g.out_channels - o, WIDTH);
        group_inputs(&g, o, &first, &ignored);
        group_inputs(&g, o + corner.outputs - 1, &ignored, &end);
        for (int i = first / LANES * LANES; i < end; i += LANES) {
            corner.input = input + (size_t)(i / LANES) * in_plane;
            corner.delta = delta + (size_t)(o / LANES) * out_plane + (size_t)(o % LANES);
            corner.gradient = gradient + (size_t)o * corner.filter;
            sum_blocks(&g, i, corner);
        }
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
