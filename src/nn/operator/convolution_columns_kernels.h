/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution by matrix products for one real type (typed.h). x (N, C, D, H, W), weights (O, C/g, kd, kh,
 * kw), y (N, O, D', H', W'), g groups; with fewer spatial dimensions D (and H) are 1. For one image and
 * group, with depth = C/g * kd * kh * kw and P = D' * H' * W' positions:
 *
 *     columns (depth, P)[(c, k)][p] = x[c][p * stride + k * dilation - before], 0 outside
 *     y (O/g, P) += weights (O/g, depth) * columns
 *     dcolumns = weights' * dy, and dx += what dcolumns add up to where they came from
 *     dweights += dy * columns'
 *
 * Columns are made for some rows of positions at a time, or for several images side by side. */

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
        TYPED(gather_run)(w, tw, in, w->in[1] * width, low, high - low, th.shift * width + tw.shift,
                          to + (low - first) * width);
    else
        for (int64_t h = low; h < high; h++)
            TYPED(gather_row)(w, tw, in + (h * w->stride[1] + th.shift) * w->in[2] + tw.shift,
                              to + (h - first) * width);
    memset(to + (high - first) * width, 0, (size_t)((end - high) * width) * sizeof *to);
}

/* Columns of positions in rows first..end-1 (a row is depth * height + line): one line of the matrix per
 * channel and tap, `(end - first) * width` numbers each; lines are `distance` numbers apart. */
static void TYPED(gather)(const struct window *w, const struct taps *taps, int64_t channels, const REAL *in,
                          int64_t first, int64_t end, REAL *columns, int64_t distance)
{
    int64_t in_size = w->in[0] * w->in[1] * w->in[2], width = w->out[2], height = w->out[1];
    for (int64_t c = 0; c < channels; c++, in += in_size) {
        for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
            struct tap td = taps->at[0][kd];
            for (int64_t k = 0; k < w->kernel[1] * w->kernel[2]; k++) {
                struct tap th = taps->at[1][k / w->kernel[2]], tw = taps->at[2][k % w->kernel[2]];
                REAL *to = columns;
                for (int64_t row = first, stop; row < end; row = stop) {
                    int64_t d = row / height;
                    stop = (d + 1) * height < end ? (d + 1) * height : end;
                    if (d < td.low || d >= td.high)
                        memset(to, 0, (size_t)((stop - row) * width) * sizeof *to);
                    else
                        TYPED(gather_slice)(w, th, tw,
                                            in + (d * w->stride[0] + td.shift) * w->in[1] * w->in[2],
                                            row - d * height, stop - row, to);
                    to += (stop - row) * width;
                }
                columns += distance;
            }
        }
    }
}

/* The transpose of gather: add each column's entries to the input positions they stand for. */
static void TYPED(scatter_add)(const struct window *w, const struct taps *taps, int64_t channels,
                               const REAL *columns, int64_t distance, int64_t first, int64_t end, REAL *in)
{
    int64_t in_size = w->in[0] * w->in[1] * w->in[2], width = w->out[2], stride = w->stride[2];
    for (int64_t c = 0; c < channels; c++, in += in_size) {
        for (int64_t kd = 0; kd < w->kernel[0]; kd++) {
            struct tap td = taps->at[0][kd];
            for (int64_t k = 0; k < w->kernel[1] * w->kernel[2]; k++) {
                struct tap th = taps->at[1][k / w->kernel[2]], tw = taps->at[2][k % w->kernel[2]];
                const REAL *from = columns;
                columns += distance;
                for (int64_t row = first; row < end; row++, from += width) {
                    int64_t d = row / w->out[1], h = row % w->out[1];
                    if (d < td.low || d >= td.high || h < th.low || h >= th.high)
                        continue;
                    REAL *to =
                        in +
                        ((d * w->stride[0] + td.shift) * w->in[1] + h * w->stride[1] + th.shift) * w->in[2] +
                        tw.shift;
                    for (int64_t x = tw.low; x < tw.high; x++)
                        to[x * stride] += from[x];
                }
            }
        }
    }
}

/* out (filters x positions) += weights (filters x depth) * columns, for the images of one group. */
struct TYPED(product) {
    const struct window *window;
    const struct taps *taps;
    int64_t channels, filters, rows, together;
    int64_t in_step, out_step; /* numbers between one image and the next */
    bool pointwise;
    REAL *columns, *sums; /* workspace */
};

/* y (O/g, P) += weights (O/g, depth) * columns of x (C/g, D, H, W): one image, some rows at a time. */
static void TYPED(multiply_image)(const struct TYPED(product) *p, const REAL *weights, const REAL *in,
                                  REAL *out)
{
    const struct window *w = p->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = rows * width;
    int64_t depth = p->channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    if (p->pointwise) {
        TYPED(matrix_multiply)(false, false, p->filters, size, depth, 1, weights, depth, in, size, 1, out,
                               size);
        return;
    }
    for (int64_t first = 0; first < rows; first += p->rows) {
        int64_t end = first + p->rows < rows ? first + p->rows : rows, count = (end - first) * width;
        TYPED(gather)(w, p->taps, p->channels, in, first, end, p->columns, count);
        TYPED(matrix_multiply)(false, false, p->filters, count, depth, 1, weights, depth, p->columns, count,
                               1, out + first * width, size);
    }
}

/* columns (depth, images * P): of several images side by side. */
static void TYPED(gather_images)(const struct TYPED(product) *p, const REAL *in, int64_t images)
{
    const struct window *w = p->window;
    int64_t rows = w->out[0] * w->out[1], size = rows * w->out[2];
    for (int64_t i = 0; i < images; i++)
        TYPED(gather)(w, p->taps, p->channels, in + i * p->in_step, 0, rows, p->columns + i * size,
                      images * size);
}

/* The same as multiply_image for several images: sums (O/g, images * P), then added to y (images, O/g, P). */
static void TYPED(multiply_joined)(const struct TYPED(product) *p, const REAL *weights, const REAL *in,
                                   int64_t images, REAL *out)
{
    const struct window *w = p->window;
    int64_t size = w->out[0] * w->out[1] * w->out[2], all = images * size;
    int64_t depth = p->channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    TYPED(gather_images)(p, in, images);
    TYPED(matrix_multiply)(false, false, p->filters, all, depth, 1, weights, depth, p->columns, all, 0,
                           p->sums, all);
    for (int64_t i = 0; i < images; i++)
        for (int64_t f = 0; f < p->filters; f++) {
            REAL *to = out + i * p->out_step + f * size;
            const REAL *from = p->sums + f * all + i * size;
            for (int64_t x = 0; x < size; x++)
                to[x] += from[x];
        }
}

/* y (images, O/g, P) += weights * columns of x (images, C/g, D, H, W). */
static void TYPED(multiply_images)(const struct TYPED(product) *p, const REAL *weights, const REAL *in,
                                   int64_t images, REAL *out)
{
    for (int64_t n = 0, count; n < images; n += count, in += count * p->in_step, out += count * p->out_step) {
        count = images - n < p->together ? images - n : p->together;
        if (count == 1)
            TYPED(multiply_image)(p, weights, in, out);
        else
            TYPED(multiply_joined)(p, weights, in, count, out);
    }
}

/* The convolution itself; in_step and out_step count all groups. */
static struct TYPED(product) TYPED(product_of)(const struct convolution *plan, REAL *workspace)
{
    return (struct TYPED(product)){
        .window = &plan->window,
        .taps = &plan->taps,
        .channels = plan->channels,
        .filters = plan->filters,
        .rows = plan->rows,
        .together = plan->together,
        .in_step = plan->groups * plan->channels * plan->in_size,
        .out_step = plan->groups * plan->filters * plan->out_size,
        .pointwise = plan->pointwise,
        .columns = workspace,
        .sums = workspace + plan->column_elements + plan->turned_elements,
    };
}

void TYPED(columns_add)(const struct convolution *plan, const REAL *in, const REAL *weights, void *workspace,
                        REAL *out)
{
    struct TYPED(product) product = TYPED(product_of)(plan, workspace);
    for (int64_t g = 0; g < plan->groups; g++)
        TYPED(multiply_images)(&product, weights + g * plan->filters * plan->depth,
                               in + g * plan->channels * plan->in_size, plan->batch,
                               out + g * plan->filters * plan->out_size);
}

/* turned (C/g, O/g, taps)[c][o][k] = weights (O/g, C/g, taps)[o][c][taps - 1 - k], of one group. */
static void TYPED(turn_kernels)(const struct convolution *plan, const REAL *weights, REAL *turned)
{
    int64_t taps = plan->kernel_elements;
    for (int64_t c = 0; c < plan->channels; c++)
        for (int64_t f = 0; f < plan->filters; f++, turned += taps)
            for (int64_t k = 0; k < taps; k++)
                turned[k] = weights[(f * plan->channels + c) * taps + taps - 1 - k];
}

/* dx (C/g, D, H, W) += scattered (weights' (depth, O/g) * dy (O/g, P)), of one image. */
static void TYPED(spread_image)(const struct convolution *plan, const struct TYPED(product) *p,
                                const REAL *weights, const REAL *out_gradient, REAL *in_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2], size = plan->out_size;
    if (plan->pointwise) {
        TYPED(matrix_multiply)(true, false, plan->depth, size, plan->filters, 1, weights, plan->depth,
                               out_gradient, size, 1, in_gradient, size);
        return;
    }
    for (int64_t first = 0; first < rows; first += plan->rows) {
        int64_t end = first + plan->rows < rows ? first + plan->rows : rows, count = (end - first) * width;
        TYPED(matrix_multiply)(true, false, plan->depth, count, plan->filters, 1, weights, plan->depth,
                               out_gradient + first * width, size, 0, p->columns, count);
        TYPED(scatter_add)(w, &plan->taps, plan->channels, p->columns, count, first, end, in_gradient);
    }
}

/* sums (O/g, images, P) = dy (images, O/g, P): output gradients of several images side by side. */
static void TYPED(join_gradients)(const struct TYPED(product) *p, const REAL *out_gradient, int64_t images,
                                  int64_t size)
{
    for (int64_t f = 0; f < p->filters; f++)
        for (int64_t i = 0; i < images; i++)
            memcpy(p->sums + (f * images + i) * size, out_gradient + i * p->out_step + f * size,
                   (size_t)size * sizeof *p->sums);
}

/* The same as spread_image for several images; dy in p->sums (O/g, images * P). */
static void TYPED(spread_joined)(const struct convolution *plan, const struct TYPED(product) *p,
                                 const REAL *weights, int64_t images, REAL *in_gradient)
{
    const int64_t size = plan->out_size, all = images * size;
    TYPED(matrix_multiply)(true, false, plan->depth, all, plan->filters, 1, weights, plan->depth, p->sums,
                           all, 0, p->columns, all);
    for (int64_t i = 0; i < images; i++)
        TYPED(scatter_add)(&plan->window, &plan->taps, plan->channels, p->columns + i * size, all, 0,
                           plan->window.out[0] * plan->window.out[1], in_gradient + i * p->in_step);
}

/* dx (N, C/g, D, H, W) += from dy (N, O/g, P), of one group. */
static void TYPED(spread_images)(const struct convolution *plan, const struct TYPED(product) *p,
                                 const REAL *weights, const REAL *out_gradient, REAL *in_gradient)
{
    for (int64_t n = 0, count; n < plan->batch; n += count) {
        count = plan->batch - n < p->together ? plan->batch - n : p->together;
        const REAL *from = out_gradient + n * p->out_step;
        REAL *to = in_gradient + n * p->in_step;
        if (count == 1) {
            TYPED(spread_image)(plan, p, weights, from, to);
        } else {
            TYPED(join_gradients)(p, from, count, plan->out_size);
            TYPED(spread_joined)(plan, p, weights, count, to);
        }
    }
}

/* With kernels turned round: from output gradients to input gradients. */
static struct TYPED(product) TYPED(turned_product)(const struct convolution *plan, REAL *workspace)
{
    struct TYPED(product) product = TYPED(product_of)(plan, workspace);
    product.window = &plan->turned_window;
    product.taps = &plan->turned_taps;
    product.channels = plan->filters;
    product.filters = plan->channels;
    product.rows = plan->turned_rows;
    product.together = plan->turned_together;
    product.in_step = plan->groups * plan->filters * plan->out_size;
    product.out_step = plan->groups * plan->channels * plan->in_size;
    return product;
}

void TYPED(columns_spread)(const struct convolution *plan, const REAL *out, const REAL *weights,
                           void *workspace, REAL *in)
{
    const struct TYPED(product) straight = TYPED(product_of)(plan, workspace);
    const struct TYPED(product) around = TYPED(turned_product)(plan, workspace);
    REAL *turned = (REAL *)workspace + plan->column_elements;
    for (int64_t g = 0; g < plan->groups; g++) {
        const REAL *kernels = weights + g * plan->filters * plan->depth;
        const REAL *from = out + g * plan->filters * plan->out_size;
        REAL *to = in + g * plan->channels * plan->in_size;
        if (plan->turned) {
            TYPED(turn_kernels)(plan, kernels, turned);
            TYPED(multiply_images)(&around, turned, from, plan->batch, to);
        } else {
            TYPED(spread_images)(plan, &straight, kernels, from, to);
        }
    }
}

/* dweights (O/g, depth) += dy (O/g, P) * columns (depth, P) transposed, of one image. */
static void TYPED(weights_of_image)(const struct convolution *plan, const struct TYPED(product) *p,
                                    const REAL *in, const REAL *out_gradient, REAL *weight_gradient)
{
    const struct window *w = &plan->window;
    int64_t rows = w->out[0] * w->out[1], width = w->out[2];
    for (int64_t first = 0; first < rows; first += plan->rows) {
        int64_t end = first + plan->rows < rows ? first + plan->rows : rows, count = (end - first) * width;
        if (!plan->pointwise)
            TYPED(gather)(w, &plan->taps, plan->channels, in, first, end, p->columns, count);
        TYPED(matrix_multiply)(false, true, plan->filters, plan->depth, count, 1,
                               out_gradient + first * width, plan->out_size,
                               plan->pointwise ? in : p->columns, count, 1, weight_gradient, plan->depth);
    }
}

/* The sum of that over N images. */
void TYPED(columns_weights)(const struct convolution *plan, const REAL *in, const REAL *out, void *workspace,
                            REAL *kernels)
{
    const struct TYPED(product) p = TYPED(product_of)(plan, workspace);
    for (int64_t g = 0; g < plan->groups; g++) {
        REAL *gradient = kernels + g * plan->filters * plan->depth;
        for (int64_t n = 0, count; n < plan->batch; n += count) {
            count = plan->batch - n < p.together ? plan->batch - n : p.together;
            const REAL *x = in + n * p.in_step + g * plan->channels * plan->in_size;
            const REAL *dy = out + n * p.out_step + g * plan->filters * plan->out_size;
            const int64_t all = count * plan->out_size;
            if (count == 1) {
                TYPED(weights_of_image)(plan, &p, x, dy, gradient);
                continue;
            }
            TYPED(gather_images)(&p, x, count);
            TYPED(join_gradients)(&p, dy, count, plan->out_size);
            TYPED(matrix_multiply)(false, true, plan->filters, plan->depth, all, 1, p.sums, all, p.columns,
                                   all, 1, gradient, plan->depth);
        }
    }
}
