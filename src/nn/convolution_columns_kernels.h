/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution by matrix products for one real type: included by convolution_columns.c once with REAL float
 * and once with double. */

/* One row of positions under one tap; `from` is where position 0 would look. */
static inline void TYPED(gather_row)(const struct window *w, struct tap tap, const REAL *from, REAL *to)
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
static inline void TYPED(gather_run)(const struct window *w, struct tap tap, const REAL *in, int64_t size,
                                     int64_t first, int64_t rows, int64_t shift, REAL *to)
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
static void TYPED(gather_slice)(const struct window *w, struct tap th, struct tap tw, const REAL *in,
                                int64_t first, int64_t rows, REAL *to)
{
    int64_t width = w->out[2], end = first + rows;
    int64_t low = th.low < first ? first : th.low > end ? end : th.low;
    int64_t high = th.high > end ? end : th.high < low ? low : th.high;
    memset(to, 0, (size_t)((low - first) * width) * sizeof *to);
    if (tw.low >= tw.high)
        memset(to, 0, (size_t)(rows * width) * sizeof *to);
    else if (w->stride[1] == 1 && w->stride[2] == 1 && w->in[2] == width)
        TYPED(gather_run)
        (w, tw, in, w->in[1] * width, low, high - low, th.shift * width + tw.shift,
         to + (low - first) * width);
    else
        for (int64_t h = low; h < high; h++)
            TYPED(gather_row)
            (w, tw, in + (h * w->stride[1] + th.shift) * w->in[2] + tw.shift, to + (h - first) * width);
    memset(to + (high - first) * width, 0, (size_t)((end - high) * width) * sizeof *to);
}

/* Columns of positions in rows first..end-1 (a row is depth * height + line): one line of the matrix per
 * channel and tap, `(end - first) * width` numbers each. */
static void TYPED(gather)(const struct window *w, const struct taps *taps, int64_t channels, const REAL *in,
                          int64_t first, int64_t end, REAL *columns)
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
                        TYPED(gather_slice)
                        (w, th, tw, in + (d * w->stride[0] + td.shift) * w->in[1] * w->in[2],
                         row - d * height, stop - row, columns);
                    columns += (stop - row) * width;
                }
            }
        }
    }
}

/* The transpose of gather: add each column's entries to the input positions they stand for. */
static void TYPED(scatter_add)(const struct window *w, const struct taps *taps, int64_t channels,
                               const REAL *columns, int64_t first, int64_t end, REAL *in)
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
                    REAL *to =
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
struct TYPED(product) {
    const struct window *window;
    const struct taps *taps;
    int64_t channels, filters, rows;
    bool pointwise;
    REAL beta;
};

static void TYPED(multiply_columns)(const struct TYPED(product) * p, const REAL *weights, const REAL *in,
                                    REAL *columns, REAL *out)
{
    const struct window *w = p->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = rows * width;
    int64_t depth = p->channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    if (p->pointwise) {
        TYPED(matrix_multiply)
        (false, false, p->filters, size, depth, 1, weights, depth, in, size, p->beta, out, size);
        return;
    }
    for (int64_t first = 0; first < rows; first += p->rows) {
        int64_t end = first + p->rows < rows ? first + p->rows : rows, count = (end - first) * width;
        TYPED(gather)(w, p->taps, p->channels, in, first, end, columns);
        TYPED(matrix_multiply)
        (false, false, p->filters, count, depth, 1, weights, depth, columns, count, p->beta,
         out + first * width, size);
    }
}

void TYPED(convolution_columns_forward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *in = call->inputs[CONVOLUTION_X].data, *weights = call->inputs[CONVOLUTION_W].data;
    const REAL *bias = call->input_count > CONVOLUTION_B ? call->inputs[CONVOLUTION_B].data : NULL;
    REAL *out = call->outputs[0].data;
    struct TYPED(product) product = {&plan->window, &plan->taps,     plan->channels, plan->filters,
                                     plan->rows,    plan->pointwise, bias ? 1 : 0};
    for (int64_t n = 0; n < plan->batch * plan->groups; n++) {
        int64_t first = n % plan->groups * plan->filters;
        for (int64_t f = 0; bias && f < plan->filters; f++)
            for (int64_t i = 0; i < plan->out_size; i++)
                out[f * plan->out_size + i] = bias[first + f];
        TYPED(multiply_columns)(&product, weights + first * plan->depth, in, call->workspace, out);
        in += plan->channels * plan->in_size;
        out += plan->filters * plan->out_size;
    }
}

/* Kernels of one group, filters x channels x taps, as channels x filters x taps with the taps in reverse. */
static void TYPED(turn_kernels)(const struct convolution *plan, const REAL *weights, REAL *turned)
{
    int64_t taps = plan->kernel_elements;
    for (int64_t c = 0; c < plan->channels; c++)
        for (int64_t f = 0; f < plan->filters; f++, turned += taps)
            for (int64_t k = 0; k < taps; k++)
                turned[k] = weights[(f * plan->channels + c) * taps + taps - 1 - k];
}

/* in_gradient of one image and group by the transposed product. */
static void TYPED(spread_columns)(const struct convolution *plan, const REAL *weights,
                                  const REAL *out_gradient, REAL *columns, REAL *in_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = plan->out_size;
    if (plan->pointwise) {
        TYPED(matrix_multiply)
        (true, false, plan->depth, size, plan->filters, 1, weights, plan->depth, out_gradient, size, 1,
         in_gradient, size);
        return;
    }
    for (int64_t first = 0; first < rows; first += plan->rows) {
        int64_t end = first + plan->rows < rows ? first + plan->rows : rows, count = (end - first) * width;
        TYPED(matrix_multiply)
        (true, false, plan->depth, count, plan->filters, 1, weights, plan->depth,
         out_gradient + first * width, size, 0, columns, count);
        TYPED(scatter_add)(w, &plan->taps, plan->channels, columns, first, end, in_gradient);
    }
}

static void TYPED(backward_data)(const struct convolution *plan, const REAL *weights,
                                 const REAL *out_gradient, REAL *columns, REAL *in_gradient)
{
    struct TYPED(product) product = {
        &plan->turned_window, &plan->turned_taps, plan->filters, plan->channels, plan->turned_rows, false, 1};
    REAL *turned = columns + plan->column_elements;
    for (int64_t g = 0; g < plan->groups; g++) {
        const REAL *kernels = weights + g * plan->filters * plan->depth;
        if (plan->turned)
            TYPED(turn_kernels)(plan, kernels, turned);
        for (int64_t n = 0; n < plan->batch; n++) {
            int64_t image = n * plan->groups + g;
            const REAL *from = out_gradient + image * plan->filters * plan->out_size;
            REAL *to = in_gradient + image * plan->channels * plan->in_size;
            if (plan->turned)
                TYPED(multiply_columns)(&product, turned, from, columns, to);
            else
                TYPED(spread_columns)(plan, kernels, from, columns, to);
        }
    }
}

/* weight_gradient (filters x depth) += out_gradient (filters x positions) * columns transposed. */
static void TYPED(backward_weights)(const struct convolution *plan, const REAL *in, const REAL *out_gradient,
                                    REAL *columns, REAL *weight_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = plan->out_size;
    for (int64_t n = 0; n < plan->batch * plan->groups; n++) {
        REAL *gradient = weight_gradient + n % plan->groups * plan->filters * plan->depth;
        for (int64_t first = 0; first < rows; first += plan->rows) {
            int64_t end = first + plan->rows < rows ? first + plan->rows : rows,
                    count = (end - first) * width;
            if (!plan->pointwise)
                TYPED(gather)(w, &plan->taps, plan->channels, in, first, end, columns);
            TYPED(matrix_multiply)
            (false, true, plan->filters, plan->depth, count, 1, out_gradient + first * width, size,
             plan->pointwise ? in : columns, count, 1, gradient, plan->depth);
        }
        in += plan->channels * plan->in_size;
        out_gradient += plan->filters * size;
    }
}

void TYPED(convolution_columns_backward)(const struct kernel_call *call)
{
    const struct convolution *plan = call->plan;
    const REAL *out_gradient = call->output_gradients[0].data;
    if (call->input_gradients[CONVOLUTION_X].data)
        TYPED(backward_data)
        (plan, call->inputs[CONVOLUTION_W].data, out_gradient, call->workspace,
         call->input_gradients[CONVOLUTION_X].data);
    if (call->input_gradients[CONVOLUTION_W].data)
        TYPED(backward_weights)
        (plan, call->inputs[CONVOLUTION_X].data, out_gradient, call->workspace,
         call->input_gradients[CONVOLUTION_W].data);
}
