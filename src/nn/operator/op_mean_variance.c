/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MeanVarianceNormalization: over any axes but the batch, to mean 0 and variance 1. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

/* What ONNX adds to the standard deviation. */
#define MEAN_VARIANCE_EPSILON 1e-9

struct mean_variance {
    struct broadcast loops; /* over the input; operand 0 is the statistics */
    int64_t results;        /* statistics there are */
    double together;        /* input elements for each */
};

#define KERNELS "nn/operator/op_mean_variance_kernels.h"
#include "nn/operator/typed.h"

/* Without axes: images, rows and columns. */
static status given_axes(struct prepare *prepare, const int64_t **axes, int *count, struct error *error)
{
    static const int64_t usual[] = {0, 2, 3};
    status code = prepare_integers(prepare, -1, "axes", axes, count, error);

    if (code == STATUS_OK && *count == 0) {
        *axes = usual;
        *count = 3;
    }
    return code;
}

static status prepare_mean_variance(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    struct shape statistics = *x;
    struct mean_variance *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    const int64_t *axes;
    int count, axis;

    if (plan == NULL)
        return error_memory(error);
    if (check_size(x, "the input", error) != STATUS_OK ||
        given_axes(prepare, &axes, &count, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < count; i++) {
        if (!shape_axis(x->rank, axes[i], &axis))
            return error_set(error, STATUS_SHAPE, "axis %lld of a tensor with %d axes", (long long)axes[i],
                             x->rank);
        if (axis == 0 && x->dim[0] > 1)
            return error_set(error, STATUS_UNSUPPORTED,
                             "it normalises over axis 0: an image's result would depend on the others of its "
                             "batch");
        statistics.dim[axis] = 1;
    }
    plan->results = shape_elements(&statistics);
    plan->together = (double)(shape_elements(x) / plan->results);
    if (!broadcast_make(&plan->loops, x, &statistics, &statistics))
        return error_set(error, STATUS_SHAPE, "the axes do not fit the input");
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = *x;
    prepare->workspace = (size_t)plan->results * (prepare->backward ? 4 : 2) * sizeof(double);
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_mean_variance[] = {
    {"MeanVarianceNormalization",
     9,
     1,
     1,
     1,
     0,
     prepare_mean_variance,
     {[ELEMENT_FLOAT] = {mean_variance_forward_float, mean_variance_backward_float},
      [ELEMENT_DOUBLE] = {mean_variance_forward_double, mean_variance_backward_double}}},
    {0},
};
