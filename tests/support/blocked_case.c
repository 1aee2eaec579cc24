/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/blocked_case.h"
#include "base/memory.h"
#include "nn/blocked/blocked_layer.h"

/* A blocked activation's element. */
static size_t element(int channels, int height, int width, int n, int c, int y, int x)
{
    return ((((size_t)n * (size_t)blocked_blocks(channels) + (size_t)(c / LANES)) * (size_t)height +
             (size_t)y) *
                (size_t)width +
            (size_t)x) *
               LANES +
           (size_t)(c % LANES);
}

static float *random_row(struct random_state *random, size_t count)
{
    float *row = mem_aligned(count ? count : 1, sizeof *row);
    assert_non_null(row);
    for (size_t i = 0; i < count; i++)
        row[i] = (float)random_between(random, -1, 1);
    return row;
}

/* Random numbers with zeros in the channels that are not there. images 0: one number per channel. */
static float *random_blocked(struct random_state *random, int images, int channels, int height, int width)
{
    const size_t plane = images ? (size_t)height * (size_t)width : 1;
    const size_t rows = (size_t)(images ? images : 1) * (size_t)blocked_blocks(channels) * plane;
    float *values = random_row(random, rows * LANES);
    for (size_t i = 0; i < rows * LANES; i++)
        if ((int)(i / LANES / plane % (size_t)blocked_blocks(channels)) * LANES + (int)(i % LANES) >=
            channels)
            values[i] = 0;
    return values;
}

void blocked_case_sizes(struct blocked_convolution *g, int after)
{
    g->out_height = (g->in_height + g->pad_top + after - g->dilation_height * (g->kernel_height - 1) - 1) /
                        g->stride_height +
                    1;
    g->out_width = (g->in_width + g->pad_left + after - g->dilation_width * (g->kernel_width - 1) - 1) /
                       g->stride_width +
                   1;
}

int blocked_case_epilogue(struct random_state *random)
{
    int parts = (int)random_below(random, EPILOGUE_ALL + 1);
    return parts & EPILOGUE_ADD ? parts & ~EPILOGUE_RELU : parts;
}

/* Where tap k of output position o looks along one dimension; -1 for nowhere. */
static int source(bool transposed, int o, int k, int stride, int dilation, int pad, int size)
{
    const int at = transposed ? o + k * dilation - pad : o * stride + k * dilation - pad;
    if (at < 0 || (transposed && at % stride != 0))
        return -1;
    const int from = transposed ? at / stride : at;
    return from < size ? from : -1;
}

/* The weight that joins input channel i and output channel o of the call (in the call's group) at tap ky, kx.
 */
static double weight(const struct blocked_convolution *g, const float *weights, int o, int i, int ky, int kx)
{
    const int taps = g->kernel_height * g->kernel_width, tap = ky * g->kernel_width + kx;
    const int in = g->in_channels / g->groups, out = g->out_channels / g->groups;
    return g->transposed ? (double)weights[(i * out + o % out) * taps + taps - 1 - tap]
                         : (double)weights[(o * in + i % in) * taps + tap];
}

struct sums {
    double value, absolute;
};

static struct sums direct(const struct blocked_convolution *g, const float *weights, const float *input,
                          int n, int o, int y, int x)
{
    struct sums sums = {0, 0};
    const int in = g->in_channels / g->groups, out = g->out_channels / g->groups;
    const int first = o / out * in, last = first + in;
    for (int ky = 0; ky < g->kernel_height; ky++) {
        const int iy =
            source(g->transposed, y, ky, g->stride_height, g->dilation_height, g->pad_top, g->in_height);
        for (int kx = 0; kx < g->kernel_width; kx++) {
            const int ix =
                source(g->transposed, x, kx, g->stride_width, g->dilation_width, g->pad_left, g->in_width);
            for (int i = first; iy >= 0 && ix >= 0 && i < last; i++) {
                const double term =
                    weight(g, weights, o, i, ky, kx) *
                    (double)input[element(g->in_channels, g->in_height, g->in_width, n, i, iy, ix)];
                sums.value += term;
                sums.absolute += fabs(term);
            }
        }
    }
    return sums;
}

struct expected {
    double raw, out;
};

static struct expected finish(const struct blocked_epilogue *e, double sum, int o, size_t at, double before)
{
    struct expected expected;
    expected.raw = sum + (e->bias ? (double)e->bias[o] : 0);
    expected.out = e->scale ? (double)e->scale[o] * expected.raw + (double)e->shift[o] : expected.raw;
    expected.out += e->residual ? (double)e->residual[at] : 0;
    if (e->relu && !(expected.out > 0))
        expected.out = 0;
    expected.out += e->add ? before : 0;
    return expected;
}

static void fail_at(const struct blocked_family *family, const struct blocked_convolution *g,
                    const char *what, int n, int o, int y, int x, float got, double expected)
{
    fail_msg("%s%s: %s[%d][%d][%d][%d] is %.9g, expected %.9g; %d images, channels %d to %d, %dx%d to %dx%d, "
             "kernel "
             "%dx%d, stride %dx%d, dilation %dx%d, pad %d %d",
             family->name, g->transposed ? " transposed" : "", what, n, o, y, x, (double)got, expected,
             g->images, g->in_channels, g->out_channels, g->in_height, g->in_width, g->out_height,
             g->out_width, g->kernel_height, g->kernel_width, g->stride_height, g->stride_width,
             g->dilation_height, g->dilation_width, g->pad_top, g->pad_left);
}

static double compare(const struct blocked_family *family, const struct blocked_convolution *g,
                      const float *weights, const float *input, const struct blocked_epilogue *e,
                      const float *before, double tolerance)
{
    double worst = 0;
    for (int n = 0; n < g->images; n++)
        for (int o = 0; o < blocked_blocks(g->out_channels) * LANES; o++)
            for (int y = 0; y < g->out_height; y++)
                for (int x = 0; x < g->out_width; x++) {
                    const size_t at = element(g->out_channels, g->out_height, g->out_width, n, o, y, x);
                    struct sums sums = {0, 0};
                    if (o < g->out_channels)
                        sums = direct(g, weights, input, n, o, y, x);
                    const struct expected expected = finish(e, sums.value, o, at, (double)before[at]);
                    const double limit = o < g->out_channels ? tolerance * (sums.absolute + 4) : 0;
                    const double error = fabs((double)e->out[at] - expected.out);
                    if (!(error <= limit))
                        fail_at(family, g, "out", n, o, y, x, e->out[at], expected.out);
                    if (e->raw && !(fabs((double)e->raw[at] - expected.raw) <= limit))
                        fail_at(family, g, "raw", n, o, y, x, e->raw[at], expected.raw);
                    worst = fmax(worst, error / (sums.absolute + 4));
                }
    return worst;
}

/* All of it is written: nobody clears it before. */
static void pack(const struct blocked_family *family, const struct blocked_convolution *g,
                 const float *weights, float *packed)
{
    const size_t count = family->weights_size(g);
    for (size_t i = 0; i < count; i++)
        packed[i] = NAN;
    family->pack_weights(g, weights, packed);
    for (size_t i = 0; i < count; i++)
        if (isnan(packed[i]))
            fail_at(family, g, "packed weight", 0, 0, 0, (int)i, packed[i], 0);
}

double blocked_case_check(const struct blocked_family *family, const struct blocked_convolution *g, int parts,
                          double tolerance, struct random_state *random)
{
    assert_true(family->supports(g));
    const size_t outputs = element(g->out_channels, g->out_height, g->out_width, g->images, 0, 0, 0);
    float *weights = random_row(random, (size_t)g->out_channels * (size_t)(g->in_channels / g->groups) *
                                            (size_t)(g->kernel_height * g->kernel_width));
    float *packed = random_row(random, family->weights_size(g)),
          *space = random_row(random, family->workspace(g));
    float *input = random_blocked(random, g->images, g->in_channels, g->in_height, g->in_width);
    float *bias = random_blocked(random, 0, g->out_channels, 1, 1);
    float *scale = random_blocked(random, 0, g->out_channels, 1, 1);
    float *shift = random_blocked(random, 0, g->out_channels, 1, 1);
    float *residual = random_blocked(random, g->images, g->out_channels, g->out_height, g->out_width);
    float *out = random_blocked(random, g->images, g->out_channels, g->out_height, g->out_width);
    float *raw = random_row(random, outputs), *before = mem_copy(out, outputs * sizeof *out);
    const struct blocked_epilogue epilogue = {
        .bias = parts & EPILOGUE_BIAS ? bias : NULL,
        .raw = parts & EPILOGUE_RAW ? raw : NULL,
        .scale = parts & EPILOGUE_SCALE ? scale : NULL,
        .shift = parts & EPILOGUE_SCALE ? shift : NULL,
        .residual = parts & EPILOGUE_RESIDUAL ? residual : NULL,
        .relu = parts & EPILOGUE_RELU,
        .add = parts & EPILOGUE_ADD,
        .out = out,
    };
    assert_non_null(before);
    pack(family, g, weights, packed);
    family->run(g, packed, input, &epilogue, space);
    const double worst = compare(family, g, weights, input, &epilogue, before, tolerance);
    float *const all[] = {weights, packed, space, input, bias, scale, shift, residual, out, raw, before};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]);
    return worst;
}

/* --- gradients of tails --------------------------------------------------------------------------------- */

/* What one of the two ways writes. */
struct tail_result {
    float *gradient, *out, *residual;
    double *sums;
};

static float *copy_of(const float *values, size_t count)
{
    float *copy = mem_aligned(count, sizeof *copy);
    assert_non_null(copy);
    return memcpy(copy, values, count * sizeof *copy);
}

static void tail_result_free(struct tail_result *result)
{
    mem_free(result->gradient);
    mem_free(result->out);
    mem_free(result->residual);
    mem_free(result->sums);
}

static struct tail_gradient random_tail(struct random_state *random, const struct blocked_convolution *g,
                                        float *const maps[2], float *const rows[3])
{
    struct tail_gradient tail = {.images = g->images,
                                 .channels = g->out_channels,
                                 .positions = g->out_height * g->out_width,
                                 .linear = maps[0],
                                 .scale = rows[0],
                                 .shift = rows[1],
                                 .center = rows[2],
                                 .relu = random_below(random, 2),
                                 .out_add = random_below(random, 2),
                                 .residual_add = random_below(random, 2),
                                 .scaled = random_below(random, 2)};
    if (tail.relu && random_below(random, 2))
        tail.activated = maps[1];
    if (tail.relu && random_below(random, 2))
        tail.ceiling = 0.5F;
    return tail;
}

static void compare_tails(const struct blocked_family *family, const struct blocked_convolution *g,
                          const struct tail_result *one, const struct tail_result *other, size_t outputs,
                          size_t sums)
{
    const double positions = (double)g->out_height * (double)g->out_width;
    double largest = 1;
    for (size_t i = 0; i < outputs; i++) {
        largest = fmax(largest, fabs((double)other->gradient[i]));
        if (one->out[i] != other->out[i] || one->residual[i] != other->residual[i])
            fail_at(family, g, "tail gradient, element", 0, 0, 0, (int)i, one->out[i], (double)other->out[i]);
    }
    for (size_t i = 0; i < sums; i++)
        if (!(fabs(one->sums[i] - other->sums[i]) <= 1e-6 * positions * largest))
            fail_at(family, g, "sum", 0, 0, 0, (int)i, (float)one->sums[i], other->sums[i]);
}

void blocked_case_tail(const struct blocked_kernels *kernels, const struct blocked_family *family,
                       const struct blocked_convolution *g, struct random_state *random)
{
    const size_t outputs = element(g->out_channels, g->out_height, g->out_width, g->images, 0, 0, 0);
    const size_t sums = (size_t)(g->images * TAIL_SUMS * blocked_blocks(g->out_channels)) * LANES;
    float *weights = random_row(random, (size_t)g->out_channels * (size_t)(g->in_channels / g->groups) *
                                            (size_t)(g->kernel_height * g->kernel_width));
    float *packed = random_row(random, family->weights_size(g)),
          *space = random_row(random, family->workspace(g));
    float *input = random_blocked(random, g->images, g->in_channels, g->in_height, g->in_width);
    float *maps[2], *rows[3];
    for (int i = 0; i < 2; i++)
        maps[i] = random_blocked(random, g->images, g->out_channels, g->out_height, g->out_width);
    for (int i = 0; i < 3; i++)
        rows[i] = random_blocked(random, 0, g->out_channels, 1, 1);
    const bool add = random_below(random, 2);
    const struct tail_gradient tail = random_tail(random, g, maps, rows);
    struct tail_result ways[2];
    pack(family, g, weights, packed);
    for (int together = 0; together < 2; together++) {
        struct tail_result *way = &ways[together];
        struct tail_gradient own = tail;
        *way = (struct tail_result){copy_of(maps[0], outputs), copy_of(maps[1], outputs),
                                    copy_of(maps[0], outputs), mem_aligned(sums, sizeof *way->sums)};
        assert_non_null(way->sums);
        memset(way->sums, 0, sums * sizeof *way->sums);
        own.gradient = way->gradient;
        own.out = way->out;
        own.residual = way->residual;
        own.sums = way->sums;
        const struct blocked_epilogue epilogue = {
            .out = way->gradient, .add = add, .tail = together ? &own : NULL};
        family->run(g, packed, input, &epilogue, space);
        if (!together)
            kernels->layer->tail_gradient(&own);
    }
    compare_tails(family, g, &ways[1], &ways[0], outputs, sums);
    tail_result_free(&ways[0]);
    tail_result_free(&ways[1]);
    float *const all[] = {weights, packed, space, input, maps[0], maps[1], rows[0], rows[1], rows[2]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]);
}

/* An element of a convolution's input. */
static double input_at(const struct blocked_convolution *g, const float *input, int n, int c, int y, int x)
{
    if (!g->planar)
        return (double)input[element(g->in_channels, g->in_height, g->in_width, n, c, y, x)];
    return (
        double)input[(((size_t)n * (size_t)g->in_channels + (size_t)c) * (size_t)g->in_height + (size_t)y) *
                         (size_t)g->in_width +
                     (size_t)x];
}

/* What one weight's gradient is made of. */
static struct sums weight_gradient(const struct blocked_convolution *g, const float *input,
                                   const float *delta, int o, int i, int ky, int kx)
{
    struct sums sums = {0, 0};
    for (int n = 0; n < g->images; n++)
        for (int y = 0; y < g->out_height; y++)
            for (int x = 0; x < g->out_width; x++) {
                const int iy =
                    source(false, y, ky, g->stride_height, g->dilation_height, g->pad_top, g->in_height);
                const int ix =
                    source(false, x, kx, g->stride_width, g->dilation_width, g->pad_left, g->in_width);
                if (iy < 0 || ix < 0)
                    continue;
                const double term =
                    input_at(g, input, n, i, iy, ix) *
                    (double)delta[element(g->out_channels, g->out_height, g->out_width, n, o, y, x)];
                sums.value += term;
                sums.absolute += fabs(term);
            }
    return sums;
}

/* The kernels that any geometry has, or those of a family. */
static void run_weights(const struct blocked_kernels *kernels, const struct blocked_family *family,
                        const struct blocked_convolution *g, const float *input, const float *delta,
                        float *gradient)
{
    if (!family) {
        kernels->layer->weight_gradient(g, input, delta, gradient);
        return;
    }
    float *space = mem_aligned(family->weight_workspace(g), sizeof *space);
    assert_non_null(space);
    family->weight_gradient(g, input, delta, gradient, space);
    mem_free(space);
}

void blocked_case_family_weights(const struct blocked_kernels *kernels, const struct blocked_family *family,
                                 const struct blocked_convolution *g, double tolerance,
                                 struct random_state *random)
{
    const int taps = g->kernel_height * g->kernel_width;
    const int own = g->in_channels / g->groups, filters = g->out_channels / g->groups;
    const size_t count = (size_t)(g->out_channels * own * taps);
    float *input =
        g->planar
            ? random_row(random, (size_t)(g->images * g->in_channels * g->in_height) * (size_t)g->in_width)
            : random_blocked(random, g->images, g->in_channels, g->in_height, g->in_width);
    float *delta = random_blocked(random, g->images, g->out_channels, g->out_height, g->out_width);
    float *gradient = random_row(random, count), *before = random_row(random, count);
    memcpy(before, gradient, count * sizeof *before);
    run_weights(kernels, family, g, input, delta, gradient);
    for (size_t w = 0; w < count; w++) {
        const int tap = (int)(w % (size_t)taps), o = (int)(w / (size_t)(taps * own));
        const int i = (int)(w / (size_t)taps) % own;
        const struct sums sums = weight_gradient(g, input, delta, o, o / filters * own + i,
                                                 tap / g->kernel_width, tap % g->kernel_width);
        const double expected = (double)before[w] + sums.value;
        if (!(fabs((double)gradient[w] - expected) <= tolerance * (1 + sums.absolute)))
            fail_msg("%s: weight gradient [%d][%d][%d] is %.9g, expected %.9g; %d images, channels %d to %d, "
                     "%d groups, %dx%d to %dx%d, kernel %dx%d",
                     kernels->name, o, i, tap, (double)gradient[w], expected, g->images, g->in_channels,
                     g->out_channels, g->groups, g->in_height, g->in_width, g->out_height, g->out_width,
                     g->kernel_height, g->kernel_width);
    }
    mem_free(input);
    mem_free(delta);
    mem_free(gradient);
    mem_free(before);
}

void blocked_case_bias(const struct blocked_kernels *kernels, int images, int channels, int positions,
                       double tolerance, struct random_state *random)
{
    float *delta = random_blocked(random, images, channels, 1, positions);
    float *gradient = random_row(random, (size_t)channels), *before = random_row(random, (size_t)channels);
    memcpy(before, gradient, (size_t)channels * sizeof *before);
    kernels->layer->bias_gradient(images, channels, positions, delta, gradient);
    for (int c = 0; c < channels; c++) {
        double expected = (double)before[c], absolute = 1;
        for (int n = 0; n < images; n++)
            for (int x = 0; x < positions; x++) {
                const double term = (double)delta[element(channels, 1, positions, n, c, 0, x)];
                expected += term;
                absolute += fabs(term);
            }
        if (!(fabs((double)gradient[c] - expected) <= tolerance * absolute))
            fail_msg("%s: bias gradient [%d] is %.9g, expected %.9g; %d images of %d channels, %d positions",
                     kernels->name, c, (double)gradient[c], expected, images, channels, positions);
    }
    mem_free(delta);
    mem_free(gradient);
    mem_free(before);
}

void blocked_case_weights(const struct blocked_kernels *kernels, const struct blocked_convolution *g,
                          double tolerance, struct random_state *random)
{
    blocked_case_family_weights(kernels, NULL, g, tolerance, random);
}
