/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that hand their input on: Identity, Dropout (which does nothing when a network is evaluated), and
 * Cast, which changes the type. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* --- Identity and Dropout ------------------------------------------------------------------------------- */

/* The data of output 0 is that of input 0; Dropout's mask, where wanted, is true everywhere. */
static void copy_forward(const struct kernel_call *call)
{
    const struct operand *input = &call->inputs[0], *output = &call->outputs[0];
    const size_t bytes = (size_t)shape_elements(&output->shape) * element_size(output->type);

    if (bytes > 0 && output->data != input->data)
        memcpy(output->data, input->data, bytes);
    if (call->output_count > 1 && call->outputs[1].data != NULL) {
        int64_t *mask = call->outputs[1].data;
        const int64_t count = shape_elements(&call->outputs[1].shape);

        for (int64_t i = 0; i < count; i++)
            mask[i] = 1;
    }
}

#define COPY_BACKWARD(REAL)                                                                                  \
    static void copy_backward_##REAL(const struct kernel_call *call)                                         \
    {                                                                                                        \
        const REAL *from = call->output_gradients[0].data;                                                   \
        REAL *to = call->input_gradients[0].data;                                                            \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        for (int64_t i = 0; from != NULL && to != NULL && i < count; i++)                                    \
            to[i] += from[i];                                                                                \
    }

COPY_BACKWARD(float)
COPY_BACKWARD(double)

static status prepare_identity(struct prepare *prepare, struct error *error)
{
    (void)error;
    prepare->outputs[0].type = prepare->inputs[0].type;
    prepare->outputs[0].shape = prepare->inputs[0].shape;
    return STATUS_OK;
}

/* Up to opset 11 a file knows evaluation only; from 12 on training_mode is an input. Training drops at
 * random, which makes no sense here, unless the ratio is 0. */
static status prepare_dropout(struct prepare *prepare, struct error *error)
{
    double ratio, training;
    bool has_ratio, has_training;
    status code = prepare_real(prepare, 1, "ratio", &ratio, &has_ratio, error);

    if (code == STATUS_OK)
        code = prepare_real(prepare, 2, NULL, &training, &has_training, error);
    if (code != STATUS_OK)
        return code;
    if (has_training && training != 0 && (!has_ratio || ratio != 0))
        return error_set(error, STATUS_UNSUPPORTED, "training_mode is not supported: export for evaluation");
    if (prepare->output_count > 1) {
        prepare->outputs[1].type = ELEMENT_INT64;
        prepare->outputs[1].shape = prepare->inputs[0].shape;
    }
    return prepare_identity(prepare, error);
}

/* --- Cast ----------------------------------------------------------------------------------------------- */

/* What Cast knows about ONNX data types (TensorProto.DataType). In memory there are 64-bit integers and one
 * or two real types, so narrow integers are only cut to their width, and a real number keeps all its digits:
 * the rounding of a cast to float16 is left out, as the plan's real type stands for every real type of the
 * file. */
static const struct target {
    int file_type;
    enum element_type type;
    int bits; /* of an integer, 1 for bool; 0: all 64 */
    bool is_signed;
} targets[] = {
    {1, ELEMENT_FLOAT, 0, true},    /* FLOAT */
    {2, ELEMENT_INT64, 8, false},   /* UINT8 */
    {3, ELEMENT_INT64, 8, true},    /* INT8 */
    {4, ELEMENT_INT64, 16, false},  /* UINT16 */
    {5, ELEMENT_INT64, 16, true},   /* INT16 */
    {6, ELEMENT_INT64, 32, true},   /* INT32 */
    {7, ELEMENT_INT64, 0, true},    /* INT64 */
    {9, ELEMENT_INT64, 1, false},   /* BOOL */
    {10, ELEMENT_FLOAT, 0, true},   /* FLOAT16 */
    {11, ELEMENT_DOUBLE, 0, true},  /* DOUBLE */
    {12, ELEMENT_INT64, 32, false}, /* UINT32 */
    {13, ELEMENT_INT64, 0, false},  /* UINT64 */
    {16, ELEMENT_FLOAT, 0, true},   /* BFLOAT16 */
    {21, ELEMENT_INT64, 4, false},  /* UINT4 */
    {22, ELEMENT_INT64, 4, true},   /* INT4 */
};

static double real_at(const struct operand *operand, int64_t index)
{
    return operand->type == ELEMENT_FLOAT ? (double)((const float *)operand->data)[index]
                                          : ((const double *)operand->data)[index];
}

/* Toward zero, and to the nearest end of the range where it does not fit. */
static int64_t truncate_real(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

/* The low bits of the value, as a signed or unsigned number of that width. */
static int64_t narrow(const struct target *target, int64_t value)
{
    const uint64_t mask = (UINT64_C(1) << target->bits) - 1;
    const uint64_t low = (uint64_t)value & mask;

    if (target->is_signed && (low >> (target->bits - 1)) != 0)
        return (int64_t)(low | ~mask);
    return (int64_t)low;
}

static void cast_int64(const struct kernel_call *call)
{
    const struct target *target = call->plan;
    const struct operand *input = &call->inputs[0];
    int64_t *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    for (int64_t i = 0; i < count; i++) {
        const bool whole = input->type == ELEMENT_INT64;
        const int64_t value = whole ? ((const int64_t *)input->data)[i] : truncate_real(real_at(input, i));

        if (target->bits == 1) /* a half is not false */
            output[i] = whole ? value != 0 : real_at(input, i) != 0;
        else
            output[i] = target->bits == 0 ? value : narrow(target, value);
    }
}

/* The gradient's type is the input's, which outside of a plan may be another real type than the output's. */
#define CAST_KERNELS(REAL)                                                                                   \
    static void cast_forward_##REAL(const struct kernel_call *call)                                          \
    {                                                                                                        \
        const struct operand *input = &call->inputs[0];                                                      \
        REAL *output = call->outputs[0].data;                                                                \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        for (int64_t i = 0; i < count; i++)                                                                  \
            output[i] = input->type == ELEMENT_INT64 ? (REAL)((const int64_t *)input->data)[i]               \
                                                     : (REAL)real_at(input, i);                              \
    }                                                                                                        \
    static void cast_backward_##REAL(const struct kernel_call *call)                                         \
    {                                                                                                        \
        const REAL *from = call->output_gradients[0].data;                                                   \
        const struct operand *to = &call->input_gradients[0];                                                \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        if (from == NULL || to->data == NULL)                                                                \
            return;                                                                                          \
        for (int64_t i = 0; to->type == ELEMENT_FLOAT && i < count; i++)                                     \
            ((float *)to->data)[i] += (float)from[i];                                                        \
        for (int64_t i = 0; to->type == ELEMENT_DOUBLE && i < count; i++)                                    \
            ((double *)to->data)[i] += (double)from[i];                                                      \
    }

CAST_KERNELS(float)
CAST_KERNELS(double)

static status prepare_cast(struct prepare *prepare, struct error *error)
{
    const int64_t to = node_integer(prepare->node, "to", -1);

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (targets[i].file_type == to) {
            prepare->outputs[0].type = targets[i].type;
            prepare->outputs[0].shape = prepare->inputs[0].shape;
            prepare->plan = (void *)&targets[i];
            prepare->file_type = targets[i].file_type;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED, "cast to data type %lld is not supported", (long long)to);
}

#define COPY_KERNELS                                                                                         \
    {                                                                                                        \
        {copy_forward, copy_backward_float}, {copy_forward, copy_backward_double},                           \
        {                                                                                                    \
            copy_forward, NULL                                                                               \
        }                                                                                                    \
    }

/* clang-format off */
const struct op operators_cast[] = {
    {"Identity", 1, 1, 1, 1, OPERATOR_VIEW, prepare_identity, COPY_KERNELS},
    {"Dropout", 7, 1, 3, 2, OPERATOR_SHAPE_INPUTS, prepare_dropout, COPY_KERNELS},
    /* Until opset 6 the type was given by its name. */
    {"Cast", 6, 1, 1, 1, 0, prepare_cast, {{cast_forward_float, cast_backward_float},
                                           {cast_forward_double, cast_backward_double}, {cast_int64, NULL}}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
