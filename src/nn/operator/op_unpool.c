/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MaxUnpool: elements back to where a MaxPool, whose second output tells it, has found them. */
#include <inttypes.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

struct unpool {
    int64_t elements, planes; /* of x; planes of both */
    int spatial;
    int64_t numbered[WINDOW_DIMENSIONS], made[WINDOW_DIMENSIONS]; /* positions that places count, and y has */
    int64_t numbered_size, made_size;                             /* of a plane */
};

/* Where in y the element with a place goes, -1: nowhere. */
static int64_t unpool_place(const struct unpool *plan, int64_t place)
{
    if (place < 0 || place / plan->numbered_size >= plan->planes)
        return -1;
    int64_t rest = place % plan->numbered_size, to = 0, step = 1;
    for (int d = plan->spatial - 1; d >= 0; d--) {
        const int64_t at = rest % plan->numbered[d];
        if (at >= plan->made[d])
            return -1;
        rest /= plan->numbered[d];
        to += at * step;
        step *= plan->made[d];
    }
    return place / plan->numbered_size * plan->made_size + to;
}

#define KERNELS "nn/operator/op_unpool_kernels.h"
#include "nn/operator/typed.h"

enum { X, PLACES, OUTPUT_SHAPE };

/* The positions that a pool with this window has had: (x - 1) * stride + kernel - pads. */
static status read_numbered(const struct prepare *prepare, struct unpool *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[X].shape;
    const int64_t most = INT64_C(1) << 24;
    int64_t size[WINDOW_DIMENSIONS], stride[WINDOW_DIMENSIONS], pads[2 * WINDOW_DIMENSIONS];
    const int n = plan->spatial;
    if (check_integers(prepare, "kernel_shape", n, 0, 1, most, size, error) ||
        check_integers(prepare, "strides", n, 1, 1, most, stride, error) ||
        check_integers(prepare, "pads", 2 * n, 0, 0, most, pads, error))
        return error->code;
    plan->numbered_size = 1;
    for (int d = 0; d < n; d++) {
        if (size[d] < 1)
            return error_set(error, STATUS_SHAPE, "attribute kernel_shape is missing");
        if (x->dim[2 + d] > most)
            return error_set(error, STATUS_RANGE, "the input has %" PRId64 " positions along one dimension",
                             x->dim[2 + d]);
        plan->numbered[d] = (x->dim[2 + d] - 1) * stride[d] + size[d] - pads[d] - pads[n + d];
        if (plan->numbered[d] < 1 || plan->numbered[d] > most)
            return error_set(error, STATUS_RANGE,
                             "the output would have %" PRId64 " positions along one dimension",
                             plan->numbered[d]);
    }
    const struct shape whole = {n, {plan->numbered[0], plan->numbered[1], plan->numbered[2]}};
    plan->numbered_size = shape_elements(&whole);
    return check_size(&whole, "the output", error);
}

/* y's own positions, where the node is told them. The batch is x's, whatever a file has in its place. */
static status read_made(struct prepare *prepare, struct unpool *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[X].shape;
    const int64_t *shape;
    int count;
    memcpy(plan->made, plan->numbered, sizeof plan->made);
    if (prepare_integers(prepare, OUTPUT_SHAPE, NULL, &shape, &count, error))
        return error->code;
    if (count != 0 && (count != x->rank || shape[1] != x->dim[1]))
        return error_set(error, STATUS_SHAPE, "output_shape does not fit an input of %" PRId64 " channels",
                         x->dim[1]);
    for (int d = 0; d < plan->spatial && count != 0; d++)
        plan->made[d] = shape[2 + d];
    return STATUS_OK;
}

static status prepare_unpool(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[X].shape;
    struct unpool *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    size_t bytes;
    if (!plan)
        return error_memory(error);
    if (check_reals(prepare, X, 1, error) || check_size(x, "the input", error))
        return error->code;
    if (x->rank < 3 || x->rank > 2 + WINDOW_DIMENSIONS)
        return error_set(error, STATUS_UNSUPPORTED, "an input of rank %d is not supported, 3 to %d are",
                         x->rank, 2 + WINDOW_DIMENSIONS);
    if (prepare->inputs[PLACES].type != ELEMENT_INT64 || !shape_equal(&prepare->inputs[PLACES].shape, x))
        return error_set(error, STATUS_SHAPE, "its indices are not integers of the input's shape");
    *plan = (struct unpool){.elements = shape_elements(x),
                            .planes = x->dim[0] * x->dim[1],
                            .spatial = x->rank - 2,
                            .numbered = {1, 1, 1}};
    if (read_numbered(prepare, plan, error) || read_made(prepare, plan, error))
        return error->code;
    struct shape made = {x->rank, {x->dim[0], x->dim[1], plan->made[0], plan->made[1], plan->made[2]}};
    if (check_size(&made, "the output", error))
        return error->code;
    plan->made_size = shape_product(&made, 2, made.rank);
    if (!size_multiply((size_t)shape_elements(&made), sizeof(int64_t), &bytes))
        return error_set(error, STATUS_SHAPE, "the output is too large");
    prepare->workspace = prepare->backward ? bytes : 0;
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[X].type, .shape = made};
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_unpool[] = {
    {"MaxUnpool",
     9,
     2,
     3,
     1,
     0,
     prepare_unpool,
     {[ELEMENT_FLOAT] = {unpool_forward_float, unpool_backward_float},
      [ELEMENT_DOUBLE] = {unpool_forward_double, unpool_backward_double}}},
    {0},
};
