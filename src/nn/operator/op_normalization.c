/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNormalization in eval mode. Opsets 7 to 13 ask for training by extra outputs, 14 and later by an
 * attribute; both are refused. Training mode is a matter of the engine: its halves are here
 * (batch_norm.h). */
#include "nn/graph/op.h"
#include "nn/operator/operator.h"

#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"
#include "nn/operator/check.h"
#include "nn/operator/rows.h"

enum { NORM_X, NORM_SCALE, NORM_SHIFT, NORM_MEAN, NORM_VAR, NORM_INPUTS };

struct normalization {
    int64_t batch, channels, positions;
    double epsilon;
};

#define KERNELS "nn/operator/op_normalization_kernels.h"
#include "nn/operator/typed.h"

void batch_norm_settle(const struct batch_norm *norm, const double *sums, double values, double epsilon,
                       double *variance)
{
    for (int64_t c = 0; c < norm->channels; c++) {
        const double shift = sums[c] / values;
        const double spread = sums[norm->channels + c] / values - shift * shift;
        const double biased = spread < 0 ? 0 : spread;
        norm->mean[c] = norm->center[c] + shift;
        norm->inverse[c] = 1 / sqrt(biased + epsilon);
        if (variance)
            variance[c] = biased * values / (values - 1);
    }
}

void batch_norm_settle_gradient(const struct batch_norm *norm, const double *sums, double values)
{
    for (int64_t c = 0; c < norm->channels; c++) {
        norm->delta[c] = sums[c] / values;
        norm->product[c] = norm->inverse[c] * norm->inverse[c] * sums[norm->channels + c] / values;
    }
}

static bool is_double(const struct kernel_call *call)
{
    return call->inputs[NORM_X].type == ELEMENT_DOUBLE;
}

void batch_norm_moments(const struct kernel_call *call, const struct batch_norm *norm, int64_t images,
                        double *sums)
{
    (is_double(call) ? batch_moments_double : batch_moments_float)(call, norm, images, sums);
}

void batch_norm_apply(const struct kernel_call *call, const struct batch_norm *norm)
{
    (is_double(call) ? batch_apply_double : batch_apply_float)(call, norm);
}

void batch_norm_gradient_sums(const struct kernel_call *call, const struct batch_norm *norm, int64_t images,
                              double *sums)
{
    (is_double(call) ? batch_gradient_sums_double : batch_gradient_sums_float)(call, norm, images, sums);
}

void batch_norm_gradient(const struct kernel_call *call, const struct batch_norm *norm, int64_t images)
{
    (is_double(call) ? batch_gradient_double : batch_gradient_float)(call, norm, images);
}

static status check_mode(const struct prepare *prepare, struct error *error)
{
    if (node_integer(prepare->node, "training_mode", 0) != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "training_mode=1 is not supported: export the network in eval mode");
    for (int i = 1; i < prepare->output_count; i++)
        if (prepare->node->outputs[i] != VALUE_NONE)
            return error_set(error, STATUS_UNSUPPORTED,
                             "output %d asks for training mode, which is not supported: export in eval mode",
                             i);
    if (prepare->opset < 9 && node_integer(prepare->node, "spatial", 1) != 1)
        return error_set(error, STATUS_UNSUPPORTED, "spatial=0 is not supported");
    return STATUS_OK;
}

static status prepare_normalization(struct prepare *prepare, struct error *error)
{
    static const char *const names[NORM_INPUTS] = {"the input", "scale", "the shift (B)", "the mean",
                                                   "the variance"};
    const struct shape *x = &prepare->inputs[NORM_X].shape;
    struct normalization *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (!plan)
        return error_memory(error);
    if (check_mode(prepare, error) || check_reals(prepare, 0, NORM_INPUTS, error) ||
        check_size(x, "the input", error))
        return error->code;
    if (x->rank < 2)
        return error_set(error, STATUS_SHAPE, "the input has rank %d, expected at least 2", x->rank);
    for (int i = NORM_SCALE; i < NORM_INPUTS; i++)
        if (check_vector(prepare, i, names[i], x->dim[1], error))
            return error->code;
    plan->batch = x->dim[0];
    plan->channels = x->dim[1];
    plan->positions = shape_product(x, 2, x->rank);
    plan->epsilon = node_real(prepare->node, "epsilon", 1e-5);
    prepare->outputs[0].type = prepare->inputs[NORM_X].type;
    prepare->outputs[0].shape = *x;
    prepare->plan = plan;
    return STATUS_OK;
}

const struct op operators_normalization[] = {
    {"BatchNormalization",
     7,
     NORM_INPUTS,
     NORM_INPUTS,
     5,
     OPERATOR_NORMALIZATION,
     prepare_normalization,
     {[ELEMENT_FLOAT] = {normalization_forward_float, normalization_backward_float},
      [ELEMENT_DOUBLE] = {normalization_forward_double, normalization_backward_double}}},
    {0},
};
