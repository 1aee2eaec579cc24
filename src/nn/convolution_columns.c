/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution in float by matrix products: the patches under the kernel are gathered as columns (im2col), a
 * few rows of output positions at a time so that they stay in the cache, and OpenBLAS multiplies.
 *
 * The data gradient of a convolution with stride 1 is again such a convolution, of the output gradient with
 * kernels turned round; that form is used where turning the kernels costs little beside the product.
 * Elsewhere the product with the transposed weights gives columns, which are added back to where they came
 * from. */
#include "nn/convolution.h"

#include <inttypes.h>
#include <string.h>
#include "nn/matrix.h"

enum {
    COLUMN_LIMIT =
        1 << 17, /* floats of gathered columns at a time: half a megabyte, a core's second-level cache */
    TURNING_PAYS = 256, /* positions in a micro-batch from which turning the kernels is worth its time */
};

/* Rows of positions per product: as equal parts as possible, each within the limit. */
static int64_t rows_per_product(const struct window *window, int64_t depth)
{
    int64_t rows = window->out[0] * window->out[1];
    int64_t fit = COLUMN_LIMIT / depth / window->out[2];
    if (fit < 1)
        fit = 1;
    int64_t parts = rows / fit + (rows % fit > 0);
    return rows / parts + (rows % parts > 0);
}

static bool is_pointwise(const struct window *w)
{
    for (int d = 0; d < WINDOW_DIMENSIONS; d++)
        if (w->kernel[d] != 1 || w->stride[d] != 1 || w->before[d] != 0 || w->after[d] != 0)
            return false;
    return true;
}

static bool has_unit_stride(const struct window *w)
{
    return w->stride[0] == 1 && w->stride[1] == 1 && w->stride[2] == 1;
}

static status plan_turned(struct prepare *prepare, struct convolution *plan, struct error *error)
{
    plan->turned = prepare->backward && !plan->pointwise && has_unit_stride(&plan->window) &&
                   plan->batch * plan->in_size >= TURNING_PAYS;
    if (!plan->turned)
        return STATUS_OK;
    plan->turned_window = window_turned(&plan->window);
    plan->turned_rows = rows_per_product(&plan->turned_window, plan->filters * plan->kernel_elements);
    return window_taps(&plan->turned_window, prepare->arena, &plan->turned_taps, error);
}

static status size_workspace(struct prepare *prepare, struct convolution *plan, struct error *error)
{
    size_t forward, turned = 0, kernels = 0, bytes;
    bool fits = size_multiply((size_t)plan->depth, (size_t)(plan->rows * plan->window.out[2]), &forward);
    if (plan->turned) {
        size_t turned_depth = (size_t)(plan->filters * plan->kernel_elements);
        fits = fits && size_multiply(turned_depth, (size_t)(plan->turned_rows * plan->window.in[2]), &turned);
        kernels = turned_depth * (size_t)plan->channels;
    }
    size_t columns = plan->pointwise ? 0 : forward > turned ? forward : turned;
    plan->column_elements = (int64_t)columns;
    if (!fits || columns > SIZE_MAX / 8 || !size_multiply(columns + kernels, sizeof(float), &bytes))
        return error_set(error, STATUS_SHAPE, "the kernel of %" PRId64 " elements is too large", plan->depth);
    prepare->workspace = bytes;
    return STATUS_OK;
}

status convolution_plan_columns(struct prepare *prepare, struct convolution *plan, struct error *error)
{
    plan->depth = plan->channels * plan->kernel_elements;
    if (prepare->inputs[CONVOLUTION_X].type != ELEMENT_FLOAT || prepare->kernel == KERNEL_REFERENCE ||
        plan->channels == 1 ||
        !matrix_fits(plan->filters * plan->kernel_elements, plan->out_size, plan->depth) ||
        !matrix_fits(plan->in_size, plan->in_size, plan->in_size))
        return STATUS_OK;
    plan->method = CONVOLUTION_COLUMNS;
    plan->pointwise = is_pointwise(&plan->window);
    plan->rows = plan->pointwise ? plan->window.out[0] * plan->window.out[1]
                                 : rows_per_product(&plan->window, plan->depth);
    if (plan_turned(prepare, plan, error))
        return error->code;
    return size_workspace(prepare, plan, error);
}

/* One row of positions under one tap; `from` is where position 0 would look. */
static inline void gather_row(const struct window *w, struct tap tap, const float *from, float *to)
{
    int64_t stride = w->stride[2], width = w->out[2];
    for (int64_t x = 0; x < tap.low; x++)
        to[x] = 0;
    if (stride == 1)
        memcpy(to + tap.low, from + tap.low, (size_t)(tap.high - tap.low) * sizeof *to);
    else
        for (int64_t x = tap.low; x < tap.high; x++)
            to[x] = from[x * stride];
    for (int64_t x = tap.high; x < width; x++)
        to[x] = 0;
}

/* A run of rows where input and output have the same width and stride 1: one copy shifted by a constant, then
 * zeros in the columns that came from the neighbouring rows. `shift` is the distance from a position to its
 * source. */
static inline void gather_run(const struct window *w, struct tap tap, const float *in, int64_t size,
                              int64_t first, int64_t rows, int64_t shift, float *to)
{
    int64_t width = w->out[2], low = first * width, high = low + rows * width;
    int64_t from = low + shift < 0 ? -shift : low;
    int64_t end = high + shift > size ? size - shift : high;
    if (end > from)
        memcpy(to + (from - low), in + from + shift, (size_t)(end - from) * sizeof *to);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t x = 0; x < tap.low; x++)
            to[r * width + x] = 0;
        for (int64_t x = tap.high; x < width; x++)
            to[r * width + x] = 0;
    }
}

/* Rows first..first+rows-1 of one depth slice of one channel under one tap. */
static void gather_slice(const struct window *w, struct tap th, struct tap tw, const float *in, int64_t first,
                         int64_t rows, float *to)
{
    int64_t width = w->out[2], end = first + rows;
    int64_t low = th.low < first ? first : th.low > end ? end : th.low;
    int64_t high = th.high > end ? end : th.high < low ? low : th.high;
    memset(to, 0, (size_t)((low - first) * width) * sizeof *to);
    if (tw.low >= tw.high)
        memset(to, 0, (size_t)(rows * width) * sizeof *to);
    else if (w->stride[1] == 1 && w->stride[2] == 1 && w->in[2] == width)
        gather_run(w, tw, in, w->in[1] * width, low, high - low, th.shift * width + tw.shift,
                   to + (low - first) * width);
    else
        for (int64_t h = low; h < high; h++)
            gather_row(w, tw, in + (h * w->stride[1] + th.shift) * w->in[2] + tw.shift,
                       to + (h - first) * width);
    memset(to + (high - first) * width, 0, (size_t)((end - high) * width) * sizeof *to);
}

/* Columns of positions in rows first..end-1 (a row is depth * height + line): one line of the matrix per
 * channel and tap, `(end - first) * width` floats each. */
static void gather(const struct window *w, const struct taps *taps, int64_t channels, const float *in,
                   int64_t first, int64_t end, float *columns)
{
    int64_t in_size = w->in[0] * w->in[1] * w->in[2], width = w->out[2], height = w->out[1];
    for (int64_t c = 0; c < channels; c++, in += in_size) {
        for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
            struct tap td = taps->at[0][kd];
            for (int64_t k = 0; k < w->kernel[1] * w->kernel[2]; k++) {
                struct tap th = taps->at[1][k / w->kernel[2]], tw = taps->at[2][k % w->kernel[2]];
                for (int64_t row = first, stop; row < end; row = stop) {
                    int64_t d = row / height;
                    stop = (d + 1) * height < end ? (d + 1) * height : end;
                    if (d < td.low || d >= td.high)
                        memset(columns, 0, (size_t)((stop - row) * width) * sizeof *columns);
                    else
                        gather_slice(w, th, tw, in + (d * w->stride[0] + td.shift) * w->in[1] * w->in[2],
                                     row - d * height, stop - row, columns);
                    columns += (stop - row) * width;
                }
            }
        }
    }
}

/* The transpose of gather: add each column's entries to the input positions they stand for. */
static void scatter_add(const struct window *w, const struct taps *taps, int64_t channels,
                        const float *columns, int64_t first, int64_t end, float *in)
{
    int64_t in_size = w->in[0] * w->in[1] * w->in[2], width = w->out[2], stride = w->stride[2];
    for (int64_t c = 0; c < channels; c++, in += in_size) {
        for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
            struct tap td = taps->at[0][kd];
            for (int64_t k = 0; k < w->kernel[1] * w->kernel[2]; k++) {
                struct tap th = taps->at[1][k / w->kernel[2]], tw = taps->at[2][k % w->kernel[2]];
                for (int64_t row = first; row < end; row++, columns += width) {
                    int64_t d = row / w->out[1], h = row % w->out[1];
                    if (d < td.low || d >= td.high || h < th.low || h >= th.high)
                        continue;
                    float *to =
                        in +
                        ((d * w->stride[0] + td.shift) * w->in[1] + h * w->stride[1] + th.shift) * w->in[2] +
                        tw.shift;
                    for (int64_t x = tw.low; x < tw.high; x++)
                        to[x * stride] += columns[x];
                }
            }
        }
    }
}

/* One image and group: out (filters x positions) = or += weights (filters x depth) * columns. */
struct product {
    const struct window *window;
    const struct taps *taps;
    int64_t channels, filters, rows;
    bool pointwise;
    float beta;
};

static void multiply_columns(const struct product *p, const float *weights, const float *in, float *columns,
                             float *out)
{
    const struct window *w = p->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = rows * width;
    int64_t depth = p->channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    if (p->pointwise) {
        matrix_multiply(false, false, p->filters, size, depth, 1, weights, depth, in, size, p->beta, out,
                        size);
        return;
    }
    for (int64_t first = 0; first < rows; first += p->rows) {
        int64_t end = first + p->rows < rows ? first + p->rows : rows, count = (end - first) * width;
        gather(w, p->taps, p->channels, in, first, end, columns);
        matrix_multiply(false, false, p->filters, count, depth, 1, weights, depth, columns, count, p->beta,
                        out + first * width, size);
    }
}

void convolution_columns_forward(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const float *in = call->inputs[CONVOLUTION_X].data, *weights = call->inputs[CONVOLUTION_W].data;
    const float *bias = call->input_count > CONVOLUTION_B ? call->inputs[CONVOLUTION_B].data : NULL;
    float *out = call->outputs[0].data;
    struct product product = {&plan->window, &plan->taps,     plan->channels,    plan->filters,
                              plan->rows,    plan->pointwise, bias ? 1.0f : 0.0f};
    for (int64_t n = 0; n < plan->batch * plan->groups; n++) {
        int64_t first = n % plan->groups * plan->filters;
        for (int64_t f = 0; bias && f < plan->filters; f++)
            for (int64_t i = 0; i < plan->out_size; i++)
                out[f * plan->out_size + i] = bias[first + f];
        multiply_columns(&product, weights + first * plan->depth, in, call->workspace, out);
        in += plan->channels * plan->in_size;
        out += plan->filters * plan->out_size;
    }
}

/* Kernels of one group, filters x channels x taps, as channels x filters x taps with the taps in reverse. */
static void turn_kernels(const struct convolution *plan, const float *weights, float *turned)
{
    int64_t taps = plan->kernel_elements;
    for (int64_t c = 0; c < plan->channels; c++)
        for (int64_t f = 0; f < plan->filters; f++, turned += taps)
            for (int64_t k = 0; k < taps; k++)
                turned[k] = weights[(f * plan->channels + c) * taps + taps - 1 - k];
}

/* in_gradient of one image and group by the transposed product. */
static void spread_columns(const struct convolution *plan, const float *weights, const float *out_gradient,
                           float *columns, float *in_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = plan->out_size;
    if (plan->pointwise) {
        matrix_multiply(true, false, plan->depth, size, plan->filters, 1, weights, plan->depth, out_gradient,
                        size, 1, in_gradient, size);
        return;
    }
    for (int64_t first = 0; first < rows; first += plan->rows) {
        int64_t end = first + plan->rows < rows ? first + plan->rows : rows, count = (end - first) * width;
        matrix_multiply(true, false, plan->depth, count, plan->filters, 1, weights, plan->depth,
                        out_gradient + first * width, size, 0, columns, count);
        scatter_add(w, &plan->taps, plan->channels, columns, first, end, in_gradient);
    }
}

static void backward_data(const struct convolution *plan, const float *weights, const float *out_gradient,
                          float *columns, float *in_gradient)
{
    struct product product = {
        &plan->turned_window, &plan->turned_taps, plan->filters, plan->channels, plan->turned_rows, false, 1};
    float *turned = columns + plan->column_elements;
    for (int64_t g = 0; g < plan->groups; g++) {
        const float *kernels = weights + g * plan->filters * plan->depth;
        if (plan->turned)
            turn_kernels(plan, kernels, turned);
        for (int64_t n = 0; n < plan->batch; n++) {
            int64_t image = n * plan->groups + g;
            const float *from = out_gradient + image * plan->filters * plan->out_size;
            float *to = in_gradient + image * plan->channels * plan->in_size;
            if (plan->turned)
                multiply_columns(&product, turned, from, columns, to);
            else
                spread_columns(plan, kernels, from, columns, to);
        }
    }
}

/* weight_gradient (filters x depth) += out_gradient (filters x positions) * columns transposed. */
static void backward_weights(const struct convolution *plan, const float *in, const float *out_gradient,
                             float *columns, float *weight_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = plan->out_size;
    for (int64_t n = 0; n < plan->batch * plan->groups; n++) {
        float *gradient = weight_gradient + n % plan->groups * plan->filters * plan->depth;
        for (int64_t first = 0; first < rows; first += plan->rows) {
            int64_t end = first + plan->rows < rows ? first + plan->rows : rows,
                    count = (end - first) * width;
            if (!plan->pointwise)
                gather(w, &plan->taps, plan->channels, in, first, end, columns);
            matrix_multiply(false, true, plan->filters, plan->depth, count, 1, out_gradient + first * width,
                            size, plan->pointwise ? in : columns, count, 1, gradient, plan->depth);
        }
        in += plan->channels * plan->in_size;
        out_gradient += plan->filters * size;
    }
}

void convolution_columns_backward(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const float *out_gradient = call->output_gradients[0].data;
    if (call->input_gradients[CONVOLUTION_X].data)
        backward_data(plan, call->inputs[CONVOLUTION_W].data, out_gradient, call->workspace,
                      call->input_gradients[CONVOLUTION_X].data);
    if (call->input_gradients[CONVOLUTION_W].data)
        backward_weights(plan, call->inputs[CONVOLUTION_X].data, out_gradient, call->workspace,
                         call->input_gradients[CONVOLUTION_W].data);
}
