/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QuantizeLinear and DequantizeLinear: integers for real numbers, by one scale and zero point, by one for
 * each index along an axis, or by one for each block along it. No gradient passes. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { INPUT, SCALE, ZERO };

struct quantization {
    int64_t inner;       /* elements behind the axis; 0: one scale for all */
    int64_t length;      /* of the axis */
    int64_t block;       /* indices along the axis that share a scale */
    int64_t per_outer;   /* scales of one index before the axis, where these differ: with blocks; else 0 */
    int64_t least, most; /* of the integers that quantising gives */
};

static const struct range {
    int file_type;
    int64_t least, most;
} ranges[] = {
    {FILE_UINT8, 0, UINT8_MAX},         {FILE_INT8, INT8_MIN, INT8_MAX},
    {FILE_UINT16, 0, UINT16_MAX},       {FILE_UINT4, 0, 15},
    {FILE_INT16, INT16_MIN, INT16_MAX}, {FILE_INT4, -8, 7},
    {FILE_INT32, INT32_MIN, INT32_MAX},
};

static int64_t scale_index(const struct quantization *plan, int64_t i)
{
    if (plan->inner == 0)
        return 0;
    const int64_t along = i / plan->inner % plan->length / plan->block;
    if (plan->per_outer == 0)
        return along;
    return i / (plan->inner * plan->length) * plan->per_outer + along * plan->inner + i % plan->inner;
}

static double real_at(const struct operand *operand, int64_t index)
{
    return operand->type == ELEMENT_FLOAT ? (double)((const float *)operand->data)[index]
                                          : ((const double *)operand->data)[index];
}

static int64_t zero_at(const struct kernel_call *call, int64_t index)
{
    const int64_t *zeros = call->input_count > ZERO ? call->inputs[ZERO].data : NULL;
    return zeros ? zeros[index] : 0;
}

/* y[i] = x[i] / scale, rounded to even, + zero, cut off at the ends of the range. */
static void quantize_forward(const struct kernel_call *call)
{
    const struct quantization *plan = call->plan;
    const struct operand *x = &call->inputs[INPUT];
    int64_t *y = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = scale_index(plan, i), zero = zero_at(call, at);
        double step = real_at(x, i) / real_at(&call->inputs[SCALE], at);
        if (x->type == ELEMENT_FLOAT)
            step = (double)(float)step; /* as it is divided in that type: ties depend on it */
        const double value = rint(step) + (double)zero;
        y[i] = value >= (double)plan->most   ? plan->most
               : value > (double)plan->least ? (int64_t)value
                                             : plan->least;
    }
}

/* y[i] = (x[i] - zero) * scale */
#define DEQUANTIZE(REAL)                                                                                     \
    static void dequantize_forward_##REAL(const struct kernel_call *call)                                    \
    {                                                                                                        \
        const int64_t *x = call->inputs[INPUT].data;                                                         \
        REAL *y = call->outputs[0].data;                                                                     \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
        for (int64_t i = 0; i < count; i++) {                                                                \
            const int64_t at = scale_index(call->plan, i);                                                   \
            const int64_t steps = (int64_t)((uint64_t)x[i] - (uint64_t)zero_at(call, at));                   \
            y[i] = (REAL)steps * ((const REAL *)call->inputs[SCALE].data)[at];                               \
        }                                                                                                    \
    }

DEQUANTIZE(float)
DEQUANTIZE(double)

static bool is_real(const struct operand *operand)
{
    return operand->type == ELEMENT_FLOAT || operand->type == ELEMENT_DOUBLE;
}

/* With blocks the scales have the input's shape, shorter along the axis. */
static status prepare_blocks(const struct prepare *prepare, int axis, int64_t block,
                             struct quantization *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[INPUT].shape, *scales = &prepare->inputs[SCALE].shape;
    struct shape expected = *x;
    expected.dim[axis] = (x->dim[axis] + block - 1) / block;
    if (block < 1 || !shape_equal(scales, &expected))
        return error_set(error, STATUS_SHAPE, "the scales do not fit blocks of %lld along axis %d",
                         (long long)block, axis);
    plan->block = block;
    plan->per_outer = expected.dim[axis] * plan->inner;
    return STATUS_OK;
}

static status prepare_scales(const struct prepare *prepare, struct quantization *plan, struct error *error)
{
    const struct shape *x = &prepare->inputs[INPUT].shape, *scales = &prepare->inputs[SCALE].shape;
    const int64_t block = node_integer(prepare->node, "block_size", 0);
    int axis;
    if (prepare_has_input(prepare, ZERO) &&
        (!shape_equal(scales, &prepare->inputs[ZERO].shape) || prepare->inputs[ZERO].type != ELEMENT_INT64))
        return error_set(error, STATUS_SHAPE, "zero points are integers, one for each scale");
    if (block == 0 && shape_elements(scales) == 1 && scales->rank <= 1)
        return STATUS_OK;
    if (!shape_axis(x->rank, node_integer(prepare->node, "axis", 1), &axis))
        return error_set(error, STATUS_SHAPE, "there is no axis %lld",
                         (long long)node_integer(prepare->node, "axis", 1));
    plan->inner = shape_product(x, axis + 1, x->rank);
    plan->length = x->dim[axis];
    plan->block = 1;
    if (block != 0)
        return prepare_blocks(prepare, axis, block, plan, error);
    if (scales->rank != 1 || scales->dim[0] != plan->length)
        return error_set(error, STATUS_SHAPE, "there is one scale, or one for each index along axis %d",
                         axis);
    return STATUS_OK;
}

static status prepare_both(struct prepare *prepare, struct quantization **plan, struct error *error)
{
    *plan = arena_alloc(prepare->arena, 1, sizeof **plan);
    if (!*plan)
        return error_memory(error);
    if (!is_real(&prepare->inputs[SCALE]))
        return error_set(error, STATUS_UNSUPPORTED, "scales of type %s are not supported",
                         element_name(prepare->inputs[SCALE].type));
    prepare->outputs[0].shape = prepare->inputs[INPUT].shape;
    prepare->plan = *plan;
    return prepare_scales(prepare, *plan, error);
}

/* The type of the integers is the zero point's, else the attribute's, else uint8. */
static status prepare_quantize(struct prepare *prepare, struct error *error)
{
    struct quantization *plan;
    int64_t type = node_integer(prepare->node, "output_dtype", FILE_UNDEFINED);
    if (prepare_has_input(prepare, ZERO) && !prepare->constant[ZERO])
        return error_set(error, STATUS_UNSUPPORTED, "its zero point must be constant");
    if (prepare_has_input(prepare, ZERO))
        type = prepare->constant[ZERO]->file_type;
    if (type == FILE_UNDEFINED)
        type = FILE_UINT8;
    if (prepare_both(prepare, &plan, error) != STATUS_OK)
        return error->code;
    if (!is_real(&prepare->inputs[INPUT]))
        return error_set(error, STATUS_UNSUPPORTED, "its input has type %s, expected float or double",
                         element_name(prepare->inputs[INPUT].type));
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (ranges[i].file_type != type)
            continue;
        plan->least = ranges[i].least;
        plan->most = ranges[i].most;
        prepare->outputs[0].type = ELEMENT_INT64;
        return STATUS_OK;
    }
    return error_set(error, STATUS_UNSUPPORTED, "integers of data type %lld are not supported",
                     (long long)type);
}

static status prepare_dequantize(struct prepare *prepare, struct error *error)
{
    struct quantization *plan;
    if (prepare_both(prepare, &plan, error) != STATUS_OK)
        return error->code;
    if (prepare->inputs[INPUT].type != ELEMENT_INT64)
        return error_set(error, STATUS_UNSUPPORTED, "its input has type %s, expected integers",
                         element_name(prepare->inputs[INPUT].type));
    prepare->outputs[0].type = prepare->inputs[SCALE].type;
    return STATUS_OK;
}

/* clang-format off */
const struct op operators_quantize[] = {
    {"QuantizeLinear", 10, 2, 3, 1, 0, prepare_quantize, {[ELEMENT_INT64] = {quantize_forward, NULL}}},
    {"DequantizeLinear", 10, 2, 3, 1, 0, prepare_dequantize, {[ELEMENT_FLOAT] = {dequantize_forward_float, NULL},
                                                              [ELEMENT_DOUBLE] = {dequantize_forward_double, NULL}}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
