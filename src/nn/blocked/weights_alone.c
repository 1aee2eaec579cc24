/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight gradients where a vector of output channels has one input channel: its own lane of a depthwise
 * convolution's input, or a plane of the images themselves. The sums of a few rows and columns of taps are in
 * registers while the positions of a row go by, which all need the same gradient.
 *
 * The taps of one position that look inside the input are a rectangle; so a row is a run of positions with
 * all columns of taps, and single positions with fewer at both ends. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/reach.h"
#include "nn/blocked/weights.h"

enum {
    SIDE = 5,                              /* rows and columns of taps at a time */
    SUMS_MOST = REGISTERS == 32 ? 25 : 12, /* sums in registers */
    FLUSH = 1024,                          /* positions summed before the sums go to memory */
};

/* `count` positions of a row with the same taps. */
struct run {
    const float *input, *delta; /* of the first position: at the first tap */
    int count;
    size_t step;        /* floats from position to position, in the input */
    size_t row, column; /* floats from tap to tap, in the input */
    vector *sums;       /* of the first tap, SIDE a row */
};

LANES_INLINE void sum_run(int rows, int columns, bool planar, const struct run *run)
{
    vector sums[SIDE * SIDE];
    const float *d = run->delta, *x[SIDE];
    const size_t step = run->step, column = run->column;
    LANES_UNROLL
    for (int r = 0; r < rows; r++) {
        x[r] = run->input + (size_t)r * run->row;
        LANES_UNROLL
        for (int c = 0; c < columns; c++)
            sums[r * SIDE + c] = run->sums[r * SIDE + c];
    }
    for (int i = run->count; i > 0; i--, d += LANES) {
        const vector delta = vector_keep(d);
        LANES_UNROLL
        for (int r = 0; r < rows; r++) {
            LANES_UNROLL
            for (int c = 0; c < columns; c++) {
                const float *at = x[r] + (size_t)c * column;
                sums[r * SIDE + c] = vector_multiply_add(planar ? vector_all(*at) : vector_load(at), delta,
                                                         sums[r * SIDE + c]);
            }
            x[r] += step;
        }
    }
    LANES_UNROLL
    for (int r = 0; r < rows; r++) {
        LANES_UNROLL
        for (int c = 0; c < columns; c++)
            run->sums[r * SIDE + c] = sums[r * SIDE + c];
    }
}

typedef void run_function(const struct run *run);

#define SHAPES_OF(F, rows) F(rows, 1) F(rows, 2) F(rows, 3) F(rows, 4) F(rows, 5)
#define SHAPES(F)          SHAPES_OF(F, 1) SHAPES_OF(F, 2) SHAPES_OF(F, 3) SHAPES_OF(F, 4) SHAPES_OF(F, 5)
#define DEFINE(rows, columns)                                                                                \
    static void own_##rows##_##columns(const struct run *run)                                                \
    {                                                                                                        \
        sum_run(rows, columns, false, run);                                                                  \
    }                                                                                                        \
    static void plane_##rows##_##columns(const struct run *run)                                              \
    {                                                                                                        \
        sum_run(rows, columns, true, run);                                                                   \
    }
SHAPES(DEFINE)
#define OWN(rows, columns)   [rows][columns] = own_##rows##_##columns,
#define PLANE(rows, columns) [rows][columns] = plane_##rows##_##columns,
typedef run_function *const shape_functions[SIDE + 1][SIDE + 1];
static shape_functions own_functions = {SHAPES(OWN)}, plane_functions = {SHAPES(PLANE)};

/* A rectangle of taps of WIDTH output channels. */
struct rectangle {
    const struct blocked_convolution *g;
    const shape_functions *functions;
    int top, left, rows, columns;    /* taps */
    const float *input, *delta;      /* of the first image */
    size_t input_image, delta_image; /* floats between images */
    size_t place;                    /* floats between places of the input */
    float *gradient;                 /* of the first output channel, at the kernel's first tap */
    size_t filter;                   /* floats between output channels */
    int outputs;                     /* real ones among WIDTH */
};

/* Add the sums to where they belong, and begin anew. */
static void flush(const struct rectangle *a, vector sums[SIDE * SIDE])
{
    for (int r = 0; r < a->rows; r++)
        for (int c = 0; c < a->columns; c++) {
            const size_t tap = (size_t)((a->top + r) * a->g->kernel_width + a->left + c);
            for (int o = 0; o < a->outputs; o++)
                a->gradient[(size_t)o * a->filter + tap] += sums[r * SIDE + c][o];
            sums[r * SIDE + c] = vector_all(0);
        }
}

/* The taps first..end-1 of `count` that one position sees inside the input, where tap 0 looks at `source`. */
static void taps_inside(int source, int dilation, int count, int in, int *first, int *end)
{
    *first = source < 0 ? (-source + dilation - 1) / dilation : 0;
    *end = source >= in ? 0 : (in - 1 - source) / dilation + 1;
    *end = *end < count ? *end : count;
}

/* Positions from..to-1 of a row, all with the taps of these rows and columns. `input` and `delta`: of the
 * image's row 0. */
static void sum_positions(const struct rectangle *a, const float *input, const float *delta, const int y[3],
                          const int from, const int to, vector sums[SIDE * SIDE])
{
    const struct blocked_convolution *g = a->g;
    const int source = from * g->stride_width + a->left * g->dilation_width - g->pad_left;
    int first, end;
    taps_inside(source, g->dilation_width, a->columns, g->in_width, &first, &end);
    if (first >= end || from >= to)
        return;
    const int most = SUMS_MOST / (end - first);
    struct run run = {
        .delta = delta + (size_t)(y[0] * g->out_width + from) * LANES,
        .count = to - from,
        .step = (size_t)g->stride_width * a->place,
        .row = (size_t)(g->dilation_height * g->in_width) * a->place,
        .column = (size_t)g->dilation_width * a->place,
    };
    for (int r = y[1], rows; r < y[2]; r += rows) {
        const int in_row = y[0] * g->stride_height + (a->top + r) * g->dilation_height - g->pad_top;
        rows = y[2] - r < most ? y[2] - r : most;
        run.input = input + (size_t)(in_row * g->in_width + source + first * g->dilation_width) * a->place;
        run.sums = sums + r * SIDE + first;
        (*a->functions)[rows][end - first](&run);
    }
}

static void sum_rectangle(const struct rectangle *a)
{
    const struct blocked_convolution *g = a->g;
    /* The positions low..high-1 of a row see all columns of taps. */
    const struct reach left =
        reach_of(a->left, g->stride_width, g->dilation_width, g->pad_left, g->in_width, g->out_width);
    const struct reach right = reach_of(a->left + a->columns - 1, g->stride_width, g->dilation_width,
                                        g->pad_left, g->in_width, g->out_width);
    const int low = left.first < right.end ? left.first : right.end, high = right.end;
    vector sums[SIDE * SIDE] = {{0}};
    int summed = 0;
    for (int n = 0; n < g->images; n++) {
        const float *input = a->input + (size_t)n * a->input_image;
        const float *delta = a->delta + (size_t)n * a->delta_image;
        for (int row = 0; row < g->out_height; row++) {
            int y[3] = {row, 0, 0};
            taps_inside(row * g->stride_height + a->top * g->dilation_height - g->pad_top, g->dilation_height,
                        a->rows, g->in_height, &y[1], &y[2]);
            for (int x = 0; x < low; x++)
                sum_positions(a, input, delta, y, x, x + 1, sums);
            sum_positions(a, input, delta, y, low, high, sums);
            for (int x = high; x < g->out_width; x++)
                sum_positions(a, input, delta, y, x, x + 1, sums);
            if ((summed += g->out_width) >= FLUSH) {
                flush(a, sums);
                summed = 0;
            }
        }
    }
    flush(a, sums);
}

/* Cut into as few equal parts as have at most SIDE taps. */
static int part_of(int left)
{
    const int parts = (left + SIDE - 1) / SIDE;
    return (left + parts - 1) / parts;
}

static void sum_taps(struct rectangle *a)
{
    const struct blocked_convolution *g = a->g;
    for (a->top = 0; a->top < g->kernel_height; a->top += a->rows) {
        a->rows = part_of(g->kernel_height - a->top);
        for (a->left = 0; a->left < g->kernel_width; a->left += a->columns) {
            a->columns = part_of(g->kernel_width - a->left);
            sum_rectangle(a);
        }
    }
}

void ISA_NAME(weights_depthwise)(const struct blocked_convolution *g, const float *input, const float *delta,
                                 float *gradient)
{
    const size_t in_plane = (size_t)g->in_height * (size_t)g->in_width * LANES;
    const size_t out_plane = (size_t)g->out_height * (size_t)g->out_width * LANES;
    const size_t taps = (size_t)g->kernel_height * (size_t)g->kernel_width;
    const size_t blocks = (size_t)blocked_blocks(g->out_channels);
    struct rectangle a = {.g = g,
                          .functions = &own_functions,
                          .input_image = blocks * in_plane,
                          .delta_image = blocks * out_plane,
                          .place = LANES,
                          .filter = taps};
    for (int o = 0; o < g->out_channels; o += WIDTH) {
        a.input = input + (size_t)(o / LANES) * in_plane + (size_t)(o % LANES);
        a.delta = delta + (size_t)(o / LANES) * out_plane + (size_t)(o % LANES);
        a.gradient = gradient + (size_t)o * taps;
        a.outputs = g->out_channels - o < WIDTH ? g->out_channels - o : WIDTH;
        sum_taps(&a);
    }
}

void ISA_NAME(weights_planar)(const struct blocked_convolution *g, const float *input, const float *delta,
                              float *gradient)
{
    const size_t in_plane = (size_t)g->in_height * (size_t)g->in_width;
    const size_t out_plane = (size_t)g->out_height * (size_t)g->out_width * LANES;
    const size_t taps = (size_t)g->kernel_height * (size_t)g->kernel_width;
    struct rectangle a = {.g = g,
                          .functions = &plane_functions,
                          .input_image = (size_t)g->in_channels * in_plane,
                          .delta_image = (size_t)blocked_blocks(g->out_channels) * out_plane,
                          .place = 1,
                          .filter = (size_t)g->in_channels * taps};
    for (int o = 0; o < g->out_channels; o += WIDTH)
        for (int i = 0; i < g->in_channels; i++) {
            a.input = input + (size_t)i * in_plane;
            a.delta = delta + (size_t)(o / LANES) * out_plane + (size_t)(o % LANES);
            a.gradient = gradient + (size_t)o * a.filter + (size_t)i * taps;
            a.outputs = g->out_channels - o < WIDTH ? g->out_channels - o : WIDTH;
            sum_taps(&a);
        }
}
