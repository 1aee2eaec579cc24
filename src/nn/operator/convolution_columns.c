/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution by matrix products: the patches under the kernel are gathered as columns (im2col), a
 * few rows of output positions at a time so that they stay in the cache, and OpenBLAS multiplies.
 *
 * The data gradient of a convolution with stride 1 is again such a convolution, of the output gradient with
 * kernels turned round; that form is used where turning the kernels costs little beside the product.
 * Elsewhere the product with the transposed weights gives columns, which are added back to where they came
 * from. */
#include "nn/operator/convolution.h"

#include <inttypes.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "nn/operator/matrix.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

enum {
    COLUMN_LIMIT = 1 << 19, /* bytes of gathered columns at a time: a core's second-level cache */
    JOINED_LIMIT = 1 << 22, /* bytes of those of several images */
    ENOUGH_POSITIONS = 128, /* in an image, to be multiplied alone */
    TURNING_PAYS = 256,     /* positions in a micro-batch from which turning the kernels is worth its time */
};

/* Rows of positions per product: as equal parts as possible, each within the limit. */
static int64_t rows_per_product(const struct window *window, enum element_type real, int64_t depth)
{
    int64_t rows = window->out[0] * window->out[1];
    int64_t fit = COLUMN_LIMIT / (int64_t)element_size(real) / depth / window->out[2];
    if (fit < 1)
        fit = 1;
    int64_t parts = rows / fit + (rows % fit > 0);
    return rows / parts + (rows % parts > 0);
}

static bool is_pointwise(const struct window *w)
{
    for (int d = 0; d < WINDOW_DIMENSIONS; d++)
        if (w->kernel[d] != 1 || w->stride[d] != 1 || w->before[d] != 0 || w->in[d] != w->out[d])
            return false;
    return true;
}

static bool has_unit_stride(const struct window *w)
{
    return w->stride[0] == 1 && w->stride[1] == 1 && w->stride[2] == 1;
}

static enum element_type real_of(const struct prepare *prepare)
{
    return prepare->inputs[CONVOLUTION_X].type;
}

/* Images whose columns are multiplied together. The library arranges the weights anew for every product,
 * which costs as much as hundreds of positions. */
static int64_t images_together(const struct convolution *plan, const struct window *window,
                               enum element_type real, int64_t depth, int64_t rows)
{
    const int64_t size = window->out[0] * window->out[1] * window->out[2];
    if (size >= ENOUGH_POSITIONS || rows < window->out[0] * window->out[1])
        return 1;
    int64_t fit = JOINED_LIMIT / (int64_t)element_size(real) / depth / (size > 0 ? size : 1);
    return fit < 1 ? 1 : fit < plan->batch ? fit : plan->batch;
}

static status plan_turned(struct prepare *prepare, struct convolution *plan, bool spreads,
                          struct error *error)
{
    plan->turned = spreads && !plan->pointwise && has_unit_stride(&plan->window) &&
                   plan->batch * plan->in_size >= TURNING_PAYS;
    if (!plan->turned)
        return STATUS_OK;
    plan->turned_window = window_turned(&plan->window);
    plan->turned_rows =
        rows_per_product(&plan->turned_window, real_of(prepare), plan->filters * plan->kernel_elements);
    plan->turned_together = images_together(plan, &plan->turned_window, real_of(prepare),
                                            plan->filters * plan->kernel_elements, plan->turned_rows);
    return window_taps(&plan->turned_window, prepare->arena, &plan->turned_taps, error);
}

/* Elements of a product's columns, and of its sums where it is one of several images. */
static bool product_sizes(const struct window *window, int64_t depth, int64_t filters, int64_t rows,
                          int64_t together, size_t *columns, size_t *sums)
{
    const size_t positions = (size_t)(rows * window->out[2] * together);
    *sums = together > 1 ? (size_t)filters * positions : 0;
    return size_multiply((size_t)depth, positions, columns);
}

static status size_workspace(struct prepare *prepare, struct convolution *plan, struct error *error)
{
    size_t columns = 0, sums = 0, turned = 0, turned_sums = 0, bytes;
    bool fits =
        product_sizes(&plan->window, plan->depth, plan->filters, plan->rows, plan->together, &columns, &sums);
    if (plan->turned) {
        const int64_t depth = plan->filters * plan->kernel_elements;
        fits = fits && product_sizes(&plan->turned_window, depth, plan->channels, plan->turned_rows,
                                     plan->turned_together, &turned, &turned_sums);
        plan->turned_elements = depth * plan->channels;
    }
    columns = plan->pointwise ? 0 : columns > turned ? columns : turned;
    sums = sums > turned_sums ? sums : turned_sums;
    plan->column_elements = (int64_t)columns;
    if (!fits || columns > SIZE_MAX / 8 || sums > SIZE_MAX / 8 ||
        !size_multiply(columns + (size_t)plan->turned_elements + sums, element_size(real_of(prepare)),
                       &bytes))
        return error_set(error, STATUS_SHAPE, "the kernel of %" PRId64 " elements is too large", plan->depth);
    prepare->workspace = bytes;
    return STATUS_OK;
}

status convolution_plan_columns(struct prepare *prepare, struct convolution *plan, bool spreads,
                                struct error *error)
{
    plan->depth = plan->channels * plan->kernel_elements;
    if (prepare->kernel == KERNEL_REFERENCE || plan->channels == 1 ||
        !matrix_fits(plan->filters * plan->kernel_elements, plan->out_size, plan->depth) ||
        !matrix_fits(plan->in_size, plan->in_size, plan->in_size))
        return STATUS_OK;
    plan->method = CONVOLUTION_COLUMNS;
    plan->pointwise = is_pointwise(&plan->window);
    plan->rows = plan->pointwise ? plan->window.out[0] * plan->window.out[1]
                                 : rows_per_product(&plan->window, real_of(prepare), plan->depth);
    plan->together =
        plan->pointwise ? 1 : images_together(plan, &plan->window, real_of(prepare), plan->depth, plan->rows);
    if (plan_turned(prepare, plan, spreads, error))
        return error->code;
    return size_workspace(prepare, plan, error);
}

#define KERNELS "nn/operator/convolution_columns_kernels.h"
#include "nn/operator/typed.h"
