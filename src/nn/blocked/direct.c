/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Direct convolution: any kernel, stride, padding and dilation, forward and transposed, and a planar input
 * (the images themselves).
 *
 * An image is copied into a frame that has the padding around it, where it needs any; then a tile of output
 * positions of one row and a group of output channels stay in registers while all taps and input channels
 * pass by. In the transposed case with stride s, the outputs whose positions have the same remainder by s see
 * the same taps: each such *phase* is a convolution with stride 1 and a part of the kernel. */
#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/lanes.h"

/* Positions in a tile with all vectors of a group, and with half of them. */
enum { GROUP_VECTORS = 2, GROUP = GROUP_VECTORS * WIDTH };
enum { FULL_TILE = REGISTERS == 32 ? 14 : 6, HALF_TILE = REGISTERS == 32 ? 16 : 6 };

#if REGISTERS == 32
#define DIRECT_TILES(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16)
#else
#define DIRECT_TILES(F) F(1) F(2) F(3) F(4) F(5) F(6)
#endif

/* Weights that do not stay in the cache beside an image are used for all images before the next ones come. */
static const size_t RESIDENT_WEIGHTS = (size_t)1 << 17;

/* --- phases --------------------------------------------------------------------------------------------- */

/* One dimension of a phase: outputs first, first + step, ... (count of them), which see taps tap, tap +
 * tap_step, ... (taps of them); tap number k of output number i reads input i * in_step + shift + k *
 * in_tap_step. */
struct dimension {
    int first, step, count;
    int tap, tap_step, taps;
    int in_step, shift, in_tap_step;
};

static int phase_count(bool transposed, int stride)
{
    return transposed ? stride : 1;
}

static int divisor(int a, int b)
{
    return b ? divisor(b, a % b) : a;
}

static struct dimension dimension_of(bool transposed, int phase, int out, int kernel, int stride,
                                     int dilation, int pad)
{
    if (!transposed)
        return (struct dimension){0, 1, out, 0, 1, kernel, stride, -pad, dilation};
    struct dimension d = {.first = phase,
                          .step = stride,
                          .count = phase < out ? (out - phase + stride - 1) / stride : 0,
                          .tap_step = stride / divisor(stride, dilation),
                          .in_step = 1};
    while (d.tap < d.tap_step && (phase + d.tap * dilation - pad) % stride != 0)
        d.tap++;
    if (d.tap < d.tap_step && d.tap < kernel)
        d.taps = (kernel - d.tap + d.tap_step - 1) / d.tap_step;
    d.shift = d.taps ? (phase + d.tap * dilation - pad) / stride : 0;
    d.in_tap_step = d.tap_step * dilation / stride;
    return d;
}

static struct dimension rows_of(const struct blocked_convolution *g, int phase)
{
    return dimension_of(g->transposed, phase, g->out_height, g->kernel_height, g->stride_height,
                        g->dilation_height, g->pad_top);
}

static struct dimension columns_of(const struct blocked_convolution *g, int phase)
{
    return dimension_of(g->transposed, phase, g->out_width, g->kernel_width, g->stride_width,
                        g->dilation_width, g->pad_left);
}

/* --- the frame ------------------------------------------------------------------------------------------ */

/* Input positions low..high-1 that some output reads, along one dimension. */
struct range {
    int low, high;
};

static void range_add(struct range *range, const struct dimension *d)
{
    if (!d->taps || !d->count)
        return;
    const int low = d->shift, high = (d->count - 1) * d->in_step + d->shift + (d->taps - 1) * d->in_tap_step;
    range->low = low < range->low ? low : range->low;
    range->high = high >= range->high ? high + 1 : range->high;
}

struct frame {
    struct range rows, columns;
    int height, width;
    bool copied;       /* it is not the input itself */
    int blocks, lanes; /* planar: every channel is a block of one lane */
    size_t block;      /* floats from block to block */
    size_t floats;     /* of one image */
};

static struct frame frame_of(const struct blocked_convolution *g)
{
    struct frame f = {.rows = {0, g->in_height}, .columns = {0, g->in_width}};
    for (int p = 0; p < phase_count(g->transposed, g->stride_height); p++) {
        const struct dimension d = rows_of(g, p);
        range_add(&f.rows, &d);
    }
    for (int p = 0; p < phase_count(g->transposed, g->stride_width); p++) {
        const struct dimension d = columns_of(g, p);
        range_add(&f.columns, &d);
    }
    f.height = f.rows.high - f.rows.low;
    f.width = f.columns.high - f.columns.low;
    f.copied = f.height != g->in_height || f.width != g->in_width;
    f.lanes = g->planar ? 1 : LANES;
    f.blocks = g->planar ? g->in_channels : blocked_blocks(g->in_channels);
    f.block = (size_t)f.height * (size_t)f.width * (size_t)f.lanes;
    f.floats = f.block * (size_t)f.blocks;
    return f;
}

/* to (C/16, height, width, 16) of the frame from input (C/16, H, W, 16), of one image, with zeros around. */
static void fill_frame(const struct blocked_convolution *g, const struct frame *f, const float *input,
                       float *to)
{
    const size_t lanes = (size_t)f->lanes, row = (size_t)g->in_width * lanes;
    const size_t before = (size_t)-f->columns.low * lanes, whole = (size_t)f->width * lanes;
    const size_t above = (size_t)-f->rows.low * whole;
    const size_t below = (size_t)(f->rows.high - g->in_height) * whole;
    for (int block = 0; block < f->blocks; block++) {
        memset(to, 0, above * sizeof *to);
        to += above;
        for (int y = 0; y < g->in_height; y++, input += row, to += whole) {
            memset(to, 0, before * sizeof *to);
            memcpy(to + before, input, row * sizeof *to);
            memset(to + before + row, 0, (whole - before - row) * sizeof *to);
        }
        memset(to, 0, below * sizeof *to);
        to += below;
    }
}

/* --- sizes and weights ---------------------------------------------------------------------------------- */

static bool supports(const struct blocked_convolution *g)
{
    return g->groups == 1;
}

/* Output channels in the group that starts at `channel`; 0 past the last block. */
static int group_at(const struct blocked_convolution *g, int channel)
{
    const int left = blocked_blocks(g->out_channels) * LANES - channel;
    return left < GROUP ? left : GROUP;
}

static size_t weights_size(const struct blocked_convolution *g)
{
    return (size_t)g->in_channels * (size_t)g->kernel_height * (size_t)g->kernel_width *
           (size_t)blocked_blocks(g->out_channels) * LANES;
}

/* Weight of tap (ky, kx) from input channel i to output channel o; taps of the transposed case count from the
 * kernel's end. */
static float weight_at(const struct blocked_convolution *g, const float *weights, int o, int i, int ky,
                       int kx)
{
    if (o >= g->out_channels)
        return 0;
    const int filter = g->transposed ? i : o, channel = g->transposed ? o : i;
    const int channels = g->transposed ? g->out_channels : g->in_channels;
    ky = g->transposed ? g->kernel_height - 1 - ky : ky;
    kx = g->transposed ? g->kernel_width - 1 - kx : kx;
    return weights[(((size_t)filter * (size_t)channels + (size_t)channel) * (size_t)g->kernel_height +
                    (size_t)ky) *
                       (size_t)g->kernel_width +
                   (size_t)kx];
}

/* One phase of one group: (C/16, taps of the phase, channel of the block, group), without channels past the
 * last, from weights (O, C, kh, kw), or (C, O, kh, kw) if transposed. */
static float *pack_phase(const struct blocked_convolution *g, const struct dimension *rows,
                         const struct dimension *columns, int from, int group, const float *weights,
                         float *packed)
{
    const int lanes = g->planar ? 1 : LANES;
    for (int first = 0; first < g->in_channels; first += lanes)
        for (int y = 0; y < rows->taps; y++)
            for (int x = 0; x < columns->taps; x++)
                for (int i = first; i < first + lanes && i < g->in_channels; i++)
                    for (int o = from; o < from + group; o++)
                        *packed++ = weight_at(g, weights, o, i, rows->tap + y * rows->tap_step,
                                              columns->tap + x * columns->tap_step);
    return packed;
}

/* packed: (groups of output channels, phases) of those. */
static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    for (int from = 0, group; (group = group_at(g, from)) > 0; from += group)
        for (int py = 0; py < phase_count(g->transposed, g->stride_height); py++)
            for (int px = 0; px < phase_count(g->transposed, g->stride_width); px++) {
                const struct dimension rows = rows_of(g, py), columns = columns_of(g, px);
                packed = pack_phase(g, &rows, &columns, from, group, weights, packed);
            }
}

static int images_at_a_time(const struct blocked_convolution *g)
{
    return weights_size(g) > RESIDENT_WEIGHTS ? g->images : 1;
}

static size_t workspace(const struct blocked_convolution *g)
{
    const struct frame f = frame_of(g);
    const size_t image = (f.floats + LANES - 1) / LANES * LANES;
    return f.copied ? image * (size_t)images_at_a_time(g) : 0;
}

/* --- tiles ---------------------------------------------------------------------------------------------- */

struct call {
    int in_channels, blocks, rows, columns; /* blocks of input channels; taps */
    size_t block, row_step, column_step;    /* of the input, in floats, from block to block and tap to tap */
    size_t out_block;                       /* of the output likewise */
    const float *input, *weights;
    finish_function *finish;
    struct finished finished; /* at and channel: of the group's first */
};

/* `step` and `lanes` are constants: distance between positions of the tile, channels in a block. */
LANES_INLINE void tile_sums(int tile, int vectors, size_t step, int lanes, const struct call *call,
                            vector *sums)
{
    const float *weights = call->weights;
    LANES_UNROLL
    for (int s = 0; s < tile * vectors; s++)
        sums[s] = vector_all(0);
    for (int block = 0, left = call->in_channels; block < call->blocks; block++, left -= lanes) {
        const int channels = left < lanes ? left : lanes;
        for (int y = 0; y < call->rows; y++) {
            const float *x = call->input + (size_t)block * call->block + (size_t)y * call->row_step;
            for (int c = 0; c < call->columns; c++, x += call->column_step) {
                for (int i = 0; i < channels; i++, weights += vectors * WIDTH) {
                    vector w[GROUP_VECTORS];
                    LANES_UNROLL
                    for (int v = 0; v < vectors; v++)
                        w[v] = vector_load(weights + v * WIDTH);
                    LANES_UNROLL
                    for (int t = 0; t < tile; t++) {
                        const vector value = vector_all(x[(size_t)t * step + (size_t)i]);
                        LANES_UNROLL
                        for (int v = 0; v < vectors; v++)
                            sums[t * vectors + v] = vector_multiply_add(value, w[v], sums[t * vectors + v]);
                    }
                }
            }
        }
    }
}

LANES_INLINE void tile_of(int tile, int vectors, size_t step, int lanes, const struct call *call)
{
    vector sums[16 * GROUP_VECTORS];
    tile_sums(tile, vectors, step, lanes, call, sums);
    /* A copy, so that the sums themselves can stay in registers. */
    vector finished[16 * GROUP_VECTORS];
    LANES_UNROLL
    for (int s = 0; s < tile * vectors; s++)
        finished[s] = sums[s];
    ISA_NAME(finish_tile)(call->finish, &call->finished, tile, vectors, call->out_block, finished);
}

typedef void tile_function(const struct call *call);

/* Kinds of input that have tiles: blocked and planar, with stride 1 and 2. Other strides go position by
 * position. */
#define DEFINE(tile)                                                                                         \
    static void full_##tile(const struct call *call)                                                         \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS, LANES, LANES, call);                                                    \
    }                                                                                                        \
    static void half_##tile(const struct call *call)                                                         \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS / 2, LANES, LANES, call);                                                \
    }                                                                                                        \
    static void full_two_##tile(const struct call *call)                                                     \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS, 2 * LANES, LANES, call);                                                \
    }                                                                                                        \
    static void half_two_##tile(const struct call *call)                                                     \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS / 2, 2 * LANES, LANES, call);                                            \
    }                                                                                                        \
    static void planar_full_##tile(const struct call *call)                                                  \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS, 1, 1, call);                                                            \
    }                                                                                                        \
    static void planar_half_##tile(const struct call *call)                                                  \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS / 2, 1, 1, call);                                                        \
    }                                                                                                        \
    static void planar_full_two_##tile(const struct call *call)                                              \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS, 2, 1, call);                                                            \
    }                                                                                                        \
    static void planar_half_two_##tile(const struct call *call)                                              \
    {                                                                                                        \
        tile_of(tile, GROUP_VECTORS / 2, 2, 1, call);                                                        \
    }
DIRECT_TILES(DEFINE)

enum { MOST_TILE = HALF_TILE > FULL_TILE ? HALF_TILE : FULL_TILE };
/* [planar][stride 2][full] */
static tile_function *const tile_functions[2][2][2][MOST_TILE + 1] = {
#define HALF(tile)            [tile] = half_##tile,
#define FULL(tile)            [tile] = full_##tile,
#define HALF_TWO(tile)        [tile] = half_two_##tile,
#define FULL_TWO(tile)        [tile] = full_two_##tile,
#define PLANAR_HALF(tile)     [tile] = planar_half_##tile,
#define PLANAR_FULL(tile)     [tile] = planar_full_##tile,
#define PLANAR_HALF_TWO(tile) [tile] = planar_half_two_##tile,
#define PLANAR_FULL_TWO(tile) [tile] = planar_full_two_##tile,
    {{{DIRECT_TILES(HALF)}, {DIRECT_TILES(FULL)}}, {{DIRECT_TILES(HALF_TWO)}, {DIRECT_TILES(FULL_TWO)}}},
    {{{DIRECT_TILES(PLANAR_HALF)}, {DIRECT_TILES(PLANAR_FULL)}},
     {{DIRECT_TILES(PLANAR_HALF_TWO)}, {DIRECT_TILES(PLANAR_FULL_TWO)}}},
};

/* --- the walk ------------------------------------------------------------------------------------------- */

/* Positions in the next tile when `left` are left: as few tiles as possible, as equal as possible. */
static int next_tile(int left, int most)
{
    const int tiles = (left + most - 1) / most;
    return (left + tiles - 1) / tiles;
}

/* One phase of one image and group. `image`: its frame; `at`: offset of the group's first block in the
 * output. */
static void run_phase(const struct blocked_convolution *g, const struct frame *f,
                      const struct dimension *rows, const struct dimension *columns, int group,
                      const float *image, size_t at, struct call *call)
{
    const size_t lanes = (size_t)f->lanes, width = (size_t)f->width * lanes;
    const bool tiled = columns->in_step <= 2;
    const int most = !tiled ? 1 : group == GROUP ? FULL_TILE : HALF_TILE;
    tile_function *const *functions = tile_functions[g->planar][columns->in_step == 2][group == GROUP];
    call->rows = columns->taps ? rows->taps : 0;
    call->columns = columns->taps;
    call->row_step = (size_t)rows->in_tap_step * width;
    call->column_step = (size_t)columns->in_tap_step * lanes;
    call->finished.column = (size_t)columns->step * LANES;
    /* A phase without taps reads nothing; its shift is 0 and lies in the frame. */
    for (int y = 0; y < rows->count; y++) {
        const float *row = image + (size_t)(y * rows->in_step + rows->shift - f->rows.low) * width;
        const size_t out =
            at +
            ((size_t)(rows->first + y * rows->step) * (size_t)g->out_width + (size_t)columns->first) * LANES;
        for (int x = 0, tile; x < columns->count; x += tile) {
            tile = next_tile(columns->count - x, most);
            call->input = row + (size_t)(x * columns->in_step + columns->shift - f->columns.low) * lanes;
            call->finished.at = out + (size_t)x * call->finished.column;
            functions[tile](call);
        }
    }
}

/* All phases of one group over `count` images from `first` on; the group's weights stand in `call`. */
static void run_group(const struct blocked_convolution *g, const struct frame *f, int group, int first,
                      int count, const float *frames, size_t frame_step, struct call *call)
{
    const size_t plane = (size_t)g->out_height * (size_t)g->out_width * LANES;
    const size_t out_image = plane * (size_t)blocked_blocks(g->out_channels);
    for (int py = 0; py < phase_count(g->transposed, g->stride_height); py++)
        for (int px = 0; px < phase_count(g->transposed, g->stride_width); px++) {
            const struct dimension rows = rows_of(g, py), columns = columns_of(g, px);
            for (int i = 0; i < count; i++) {
                call->finished.image = first + i;
                run_phase(g, f, &rows, &columns, group, frames + (size_t)i * frame_step,
                          (size_t)(first + i) * out_image + (size_t)(call->finished.channel / LANES) * plane +
                              (size_t)(call->finished.channel % LANES),
                          call);
            }
            call->weights +=
                (size_t)rows.taps * (size_t)columns.taps * (size_t)g->in_channels * (size_t)group;
        }
}

/* y (N, O/16, H', W', 16)[n][o][p] = sum_c sum_k weights[o][c][k] * x[n][c][p * stride + k * dilation - pad],
 * of x (N, C/16, H, W, 16), or (N, C, H, W) if planar. */
static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    const struct frame f = frame_of(g);
    const int together = images_at_a_time(g);
    const size_t in_image = (size_t)g->in_height * (size_t)g->in_width * (size_t)f.lanes * (size_t)f.blocks;
    const size_t frame_step = f.copied ? (f.floats + LANES - 1) / LANES * LANES : in_image;
    struct call call = {.in_channels = g->in_channels,
                        .blocks = f.blocks,
                        .block = f.block,
                        .out_block = (size_t)g->out_height * (size_t)g->out_width * LANES,
                        .finish = ISA_NAME(finish_function)(epilogue),
                        .finished = {.epilogue = epilogue}};
    for (int image = 0; image < g->images; image += together) {
        const int count = g->images - image < together ? g->images - image : together;
        const float *frames = input + (size_t)image * in_image;
        for (int i = 0; f.copied && i < count; i++)
            fill_frame(g, &f, frames + (size_t)i * in_image, space + (size_t)i * frame_step);
        call.weights = packed;
        call.finished.channel = 0;
        for (int group; (group = group_at(g, call.finished.channel)) > 0; call.finished.channel += group)
            run_group(g, &f, group, image, count, f.copied ? space : frames, frame_step, &call);
    }
}

const struct blocked_family ISA_NAME(blocked_direct) = {
    .name = "direct",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
};
