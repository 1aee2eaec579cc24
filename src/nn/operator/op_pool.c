/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling: MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool, in one to three spatial dimensions. */
#include <inttypes.h>
#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"
#include "nn/operator/pooling.h"
#include "nn/operator/rows.h"
#include "nn/operator/window.h"

struct global_pooling {
    int64_t planes, positions;
};

/* A position within the plane as MaxPool's Indices output numbers it. */
static inline int64_t stored_index(const struct pooling *plan, int64_t at)
{
    const int64_t *in = plan->window.in;
    if (!plan->column_major)
        return at;
    int64_t w = at % in[2], h = at / in[2] % in[1], d = at / in[2] / in[1];
    return (w * in[1] + h) * in[0] + d;
}

#define KERNELS "nn/operator/op_pool_kernels.h"
#include "nn/operator/typed.h"

/* Taps of output position o that fall on input positions low..high-1. */
static struct span span_within(const struct window *w, int d, int64_t o, int64_t low, int64_t high)
{
    int64_t start = o * w->stride[d] - w->before[d], step = w->dilation[d];
    int64_t first = start < low ? (low - start + step - 1) / step : 0;
    int64_t end = start < high ? (high - start + step - 1) / step : 0;
    if (end > w->kernel[d])
        end = w->kernel[d];
    return (struct span){.first = start + first * step, .count = end > first ? end - first : 0};
}

static status make_spans(struct prepare *prepare, struct pooling *plan, bool count_padding,
                         struct error *error)
{
    const struct window *w = &plan->window;
    for (int d = 0; d < WINDOW_DIMENSIONS; d++) {
        struct span *spans = arena_alloc(prepare->arena, (size_t)w->out[d], sizeof *spans);
        if (!spans)
            return error_memory(error);
        for (int64_t o = 0; o < w->out[d]; o++) {
            spans[o] = span_within(w, d, o, 0, w->in[d]);
            spans[o].divisor = spans[o].count;
            if (count_padding)
                spans[o].divisor = span_within(w, d, o, -w->before[d], w->in[d] + w->after[d]).count;
        }
        plan->spans[d] = spans;
    }
    return STATUS_OK;
}

/* Padding as wide as the kernel would make windows that see nothing of the input. */
static status check_padding(const struct window *w, struct error *error)
{
    for (int d = 0; d < WINDOW_DIMENSIONS; d++) {
        int64_t extent = (w->kernel[d] - 1) * w->dilation[d] + 1;
        int64_t pad = w->before[d] > w->after[d] ? w->before[d] : w->after[d];
        if (pad >= extent)
            return error_set(error, STATUS_SHAPE,
                             "a padding of %" PRId64 " is not less than the kernel's extent of %" PRId64, pad,
                             extent);
    }
    return STATUS_OK;
}

static status prepare_pool(struct prepare *prepare, bool count_padding, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    struct pooling *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 1, error) || check_size(x, "the input", error) ||
        window_prepare(prepare, NULL, &plan->window, error) || check_padding(&plan->window, error))
        return error->code;
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = window_output(prepare, &plan->window, x->dim[1]);
    if (check_size(&prepare->outputs[0].shape, "the output", error) ||
        make_spans(prepare, plan, count_padding, error))
        return error->code;
    int64_t taps = 1; /* each clipped to the input */
    for (int d = 0; d < WINDOW_DIMENSIONS; d++)
        taps *= plan->window.kernel[d] < plan->window.in[d] ? plan->window.kernel[d] : plan->window.in[d];
    prepare_work(prepare, shape_elements(&prepare->outputs[0].shape), taps);
    plan->planes = x->dim[0] * x->dim[1];
    plan->in_size = shape_product(x, 2, x->rank);
    plan->column_major = node_integer(prepare->node, "storage_order", 0) != 0;
    prepare->plan = plan;
    return STATUS_OK;
}

static status prepare_max(struct prepare *prepare, struct error *error)
{
    if (prepare_pool(prepare, false, error))
        return error->code;
    if (prepare->output_count > 1) {
        prepare->outputs[1].type = ELEMENT_INT64;
        prepare->outputs[1].shape = prepare->outputs[0].shape;
    }
    return STATUS_OK;
}

static status prepare_average(struct prepare *prepare, struct error *error)
{
    return prepare_pool(prepare, node_integer(prepare->node, "count_include_pad", 0) != 0, error);
}

static status prepare_global(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    struct global_pooling *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, 0, 1, error) || check_size(x, "the input", error))
        return error->code;
    if (x->rank < 3)
        return error_set(error, STATUS_SHAPE, "the input has rank %d, expected at least 3", x->rank);
    plan->planes = x->dim[0] * x->dim[1];
    plan->positions = shape_product(x, 2, x->rank);
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = (struct shape){.rank = x->rank, .dim = {x->dim[0], x->dim[1]}};
    for (int d = 2; d < x->rank; d++)
        prepare->outputs[0].shape.dim[d] = 1;
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_pool[] = {
    {"MaxPool",
     1,
     1,
     1,
     2,
     0,
     prepare_max,
     {[ELEMENT_FLOAT] = {max_forward_float, max_backward_float},
      [ELEMENT_DOUBLE] = {max_forward_double, max_backward_double}}},
    {"AveragePool",
     1,
     1,
     1,
     1,
     0,
     prepare_average,
     {[ELEMENT_FLOAT] = {average_forward_float, average_backward_float},
      [ELEMENT_DOUBLE] = {average_forward_double, average_backward_double}}},
    {"GlobalAveragePool",
     1,
     1,
     1,
     1,
     0,
     prepare_global,
     {[ELEMENT_FLOAT] = {global_average_forward_float, global_average_backward_float},
      [ELEMENT_DOUBLE] = {global_average_forward_double, global_average_backward_double}}},
    {"GlobalMaxPool",
     1,
     1,
     1,
     1,
     0,
     prepare_global,
     {[ELEMENT_FLOAT] = {global_max_forward_float, global_max_backward_float},
      [ELEMENT_DOUBLE] = {global_max_forward_double, global_max_backward_double}}},
    {0},
};
