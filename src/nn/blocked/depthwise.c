/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolutions: every tap is a product of vectors, channel by channel, for a run of positions at
 * once.
 *
 * Along each dimension, the taps that an output position uses are a progression, and so are the input
 * positions that they look at. A transposed convolution with stride s uses different taps for each remainder
 * of the position by s, so outputs are taken in s classes; within a class, positions follow each other in
 * input and output. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/lanes.h"

enum { RUN = 8, KERNEL_MAX = 15 };

static bool supports(const struct blocked_convolution *g)
{
    return !g->planar && g->groups == g->in_channels && g->groups == g->out_channels &&
           g->kernel_height <= KERNEL_MAX && g->kernel_width <= KERNEL_MAX;
}

static size_t weights_size(const struct blocked_convolution *g)
{
    return (size_t)(g->kernel_height * g->kernel_width * blocked_blocks(g->out_channels)) * LANES;
}

static size_t workspace(const struct blocked_convolution *g)
{
    (void)g;
    return 0;
}

/* packed: (C/16, kh * kw, 16) from weights (C, 1, kh, kw). */
static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    const int taps = g->kernel_height * g->kernel_width;
    for (int block = 0; block < blocked_blocks(g->out_channels); block++)
        for (int tap = 0; tap < taps; tap++)
            for (int lane = 0; lane < LANES; lane++) {
                const int channel = block * LANES + lane;
                *packed++ = channel < g->out_channels
                                ? weights[channel * taps + (g->transposed ? taps - 1 - tap : tap)]
                                : 0;
            }
}

/* One dimension of the geometry. */
struct line {
    bool transposed;
    int in, out, kernel, stride, dilation, pad;
};

/* The taps first, first + step, ... that one output position uses, and the input positions source, source +
 * source_step, ... that they look at. */
struct taps {
    int count, first, step, source, source_step;
};

static int divisor(int a, int b)
{
    return b == 0 ? a : divisor(b, a % b);
}

/* All taps that position `out` would use if the input had no end. */
static struct taps taps_of(const struct line *line, int out)
{
    if (!line->transposed)
        return (struct taps){line->kernel, 0, 1, out * line->stride - line->pad, line->dilation};
    struct taps taps = {0, 0, line->stride / divisor(line->stride, line->dilation), 0, 0};
    taps.source_step = line->dilation * taps.step / line->stride;
    while (taps.first < line->kernel && (out + taps.first * line->dilation - line->pad) % line->stride != 0)
        taps.first++;
    if (taps.first < line->kernel)
        taps.count = (line->kernel - 1 - taps.first) / taps.step + 1;
    taps.source = (out + taps.first * line->dilation - line->pad) / line->stride;
    return taps;
}

/* Without the taps that look outside the input. */
static struct taps taps_inside(const struct line *line, struct taps taps)
{
    while (taps.count > 0 && taps.source < 0) {
        taps.count--;
        taps.first += taps.step;
        taps.source += taps.source_step;
    }
    while (taps.count > 0 && taps.source + (taps.count - 1) * taps.source_step >= line->in)
        taps.count--;
    return taps;
}

struct call {
    const float *input, *weights; /* at the first tap; the input at the first position */
    int rows, columns;            /* taps */
    size_t input_row, input_column, weights_row, weights_column;
    size_t input_step; /* from position to position */
    finish_function *finish;
    struct finished finished;
};

LANES_INLINE void run_of(int count, struct call *call)
{
    vector sums[RUN];
    LANES_UNROLL
    for (int i = 0; i < count; i++)
        sums[i] = vector_all(0);
    const size_t step = call->input_step;
    for (int r = 0; r < call->rows; r++) {
        const float *in = call->input + (size_t)r * call->input_row;
        const float *weights = call->weights + (size_t)r * call->weights_row;
        for (int c = call->columns; c > 0; c--, in += call->input_column, weights += call->weights_column) {
            const vector w = vector_load(weights);
            LANES_UNROLL
            for (int i = 0; i < count; i++)
                sums[i] = vector_multiply_add(vector_load(in + (size_t)i * step), w, sums[i]);
        }
    }
    /* A copy, so that the sums themselves can stay in registers. */
    vector finished[RUN];
    LANES_UNROLL
    for (int i = 0; i < count; i++)
        finished[i] = sums[i];
    call->finished.sums = (const float *)finished;
    call->finished.columns = count;
    call->finish(&call->finished);
}

#define RUNS(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8)
#define DEFINE(count)                                                                                        \
    static void run_##count(struct call *call)                                                               \
    {                                                                                                        \
        run_of(count, call);                                                                                 \
    }
RUNS(DEFINE)
#define ENTRY(count) [count] = run_##count,
static void (*const run_functions[RUN + 1])(struct call *call) = {RUNS(ENTRY)};

/* What is the same for all channels. */
struct plan {
    struct line down, across;
    int classes; /* of columns */
};

/* Both parts of a block are computed where its lines are at hand. The next positions' operands of the
 * epilogue come nearer meanwhile. */
static void run_block(const struct plan *plan, struct call *call, int count)
{
    const float *input = call->input, *weights = call->weights;
    struct finished *finished = &call->finished, next = *finished;
    const int channel = finished->channel;
    const size_t at = finished->at;
    next.at += (size_t)(count * plan->classes) * LANES;
    ISA_NAME(finish_soon)(&next, count, 1, 0);
    for (int part = 0; part < LANES; part += WIDTH) {
        call->input = input + part;
        call->weights = weights + part;
        finished->channel = channel + part;
        finished->at = at + (size_t)part;
        run_functions[count](call);
    }
    finished->channel = channel;
    call->weights = weights;
}

/* Positions from..to-1 of a class of columns, which all use the same taps. `input`: a block of the row of the
 * first row tap, `at`: of the output row. */
static void run_positions(const struct plan *plan, struct call *call, const float *input,
                          const float *weights, size_t at, int residue, int from, int to, struct taps taps)
{
    call->columns = taps.count;
    call->input_column = (size_t)taps.source_step * LANES;
    call->weights_column = (size_t)taps.step * LANES;
    call->weights = weights + (size_t)taps.first * LANES;
    for (int count; from < to; from += count) {
        const int runs = (to - from + RUN - 1) / RUN;
        count = (to - from + runs - 1) / runs;
        /* `taps` is of position 0, whose source may lie before the row. */
        call->input =
            input +
            ((ptrdiff_t)taps.source + (ptrdiff_t)from * (ptrdiff_t)(call->input_step / LANES)) * LANES;
        call->finished.at = at + (size_t)(residue + from * plan->classes) * LANES;
        run_block(plan, call, count);
    }
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* The columns of one row that belong to one class: at both ends some taps look outside. */
static void run_class(const struct plan *plan, struct call *call, const float *input, const float *weights,
                      size_t at, int residue)
{
    const struct line *line = &plan->across;
    const int positions = (line->out - residue + plan->classes - 1) / plan->classes;
    const int step = (int)(call->input_step / LANES);
    const struct taps all = taps_of(line, residue);
    /* Position i looks at all.source + i * step and on to that + reach. */
    const int reach = all.count > 0 ? (all.count - 1) * all.source_step : 0;
    const int last = line->in - 1 - reach - all.source;
    const int low = clamp(all.source < 0 ? (-all.source + step - 1) / step : 0, 0, positions);
    const int high = clamp(last < 0 ? 0 : last / step + 1, low, positions);
    for (int from = 0, to; from < positions; from = to) {
        const bool inside = from == low && low < high;
        struct taps taps = all;
        to = inside ? high : from + 1;
        if (!inside) {
            taps.source += from * step;
            taps = taps_inside(line, taps);
            taps.source -= from * step;
        }
        run_positions(plan, call, input, weights, at, residue, from, to, taps);
    }
}

/* A block of channels of one image. */
static void run_plane(const struct plan *plan, struct call *call, const float *input, const float *weights,
                      size_t at)
{
    const size_t in_row = (size_t)plan->across.in * LANES, out_row = (size_t)plan->across.out * LANES;
    for (int y = 0; y < plan->down.out; y++, at += out_row) {
        const struct taps rows = taps_inside(&plan->down, taps_of(&plan->down, y));
        call->rows = rows.count;
        call->input_row = (size_t)rows.source_step * in_row;
        call->weights_row = (size_t)(rows.step * plan->across.kernel) * LANES;
        const float *first = rows.count > 0 ? input + (size_t)rows.source * in_row : input;
        for (int residue = 0; residue < plan->classes && residue < plan->across.out; residue++)
            run_class(plan, call, first, weights + (size_t)(rows.first * plan->across.kernel) * LANES, at,
                      residue);
    }
}

/* y (N, C/16, H', W', 16)[n][c][p] = sum_k weights[c][k] * x (N, C/16, H, W, 16)[n][c][p * stride + k *
 * dilation - pad] */
static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    (void)space;
    const struct plan plan = {
        {g->transposed, g->in_height, g->out_height, g->kernel_height, g->stride_height, g->dilation_height,
         g->pad_top},
        {g->transposed, g->in_width, g->out_width, g->kernel_width, g->stride_width, g->dilation_width,
         g->pad_left},
        g->transposed ? g->stride_width : 1,
    };
    struct call call = {
        .input_step = g->transposed ? LANES : (size_t)g->stride_width * LANES,
        .finish = ISA_NAME(finish_function)(epilogue),
        .finished = {.epilogue = epilogue, .step = WIDTH, .rows = 1, .column = (size_t)plan.classes * LANES}};
    const size_t in_plane = (size_t)(g->in_height * g->in_width) * LANES;
    const size_t out_plane = (size_t)(g->out_height * g->out_width) * LANES;
    const size_t taps = (size_t)(g->kernel_height * g->kernel_width) * LANES;
    const int blocks = blocked_blocks(g->in_channels);
    for (int plane = 0; plane < g->images * blocks; plane++) {
        const int block = plane % blocks;
        call.finished.image = plane / blocks;
        call.finished.channel = block * LANES;
        run_plane(&plan, &call, input + (size_t)plane * in_plane, packed + (size_t)block * taps,
                  (size_t)plane * out_plane);
    }
}

const struct blocked_family ISA_NAME(blocked_depthwise) = {
    .name = "depthwise",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
};
