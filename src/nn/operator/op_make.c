/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that make numbers from shapes and positions: Size, EyeLike, OneHot, NonZero. */
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

/* An element of an operand of any type. */
static double number_at(const struct operand *operand, int64_t i)
{
    const struct tensor tensor = {.type = operand->type, .data = operand->data};

    return tensor_get(&tensor, i);
}

/* --- Size ----------------------------------------------------------------------------------------------- */

static status prepare_size(struct prepare *prepare, struct error *error)
{
    int64_t *size = arena_alloc(prepare->arena, 1, sizeof *size);

    if (size == NULL)
        return error_memory(error);
    *size = shape_elements(&prepare->inputs[0].shape);
    prepare->outputs[0] = (struct operand){.type = ELEMENT_INT64};
    prepare->file_type = FILE_INT64;
    prepare->plan = size;
    return STATUS_OK;
}

static void size_forward(const struct kernel_call *call)
{
    int64_t *output = call->outputs[0].data;

    *output = *(const int64_t *)call->plan;
}

/* --- EyeLike -------------------------------------------------------------------------------------------- */

static status prepare_eye_like(struct prepare *prepare, struct error *error)
{
    const struct attribute *dtype = node_attribute(prepare->node, "dtype");
    int64_t *diagonal = arena_alloc(prepare->arena, 1, sizeof *diagonal);
    int type = (int)prepare->inputs[0].type;

    if (diagonal == NULL)
        return error_memory(error);
    if (prepare->inputs[0].shape.rank != 2)
        return error_set(error, STATUS_SHAPE, "a matrix is expected");
    if (dtype != NULL) {
        type =
            dtype->integer > 0 && dtype->integer < FILE_TYPES ? file_type_element((int)dtype->integer) : -1;
        if (type < 0)
            return error_set(error, STATUS_UNSUPPORTED, "data type %lld is not supported",
                             (long long)dtype->integer);
        prepare->file_type = (int)dtype->integer;
    }
    *diagonal = node_integer(prepare->node, "k", 0);
    prepare->outputs[0] =
        (struct operand){.type = (enum element_type)type, .shape = prepare->inputs[0].shape};
    prepare->plan = diagonal;
    return STATUS_OK;
}

/* --- OneHot --------------------------------------------------------------------------------------------- */

/* The output is (outer, depth, inner), the indices are (outer, inner). */
struct one_hot {
    int64_t outer, depth, inner;
};

/* The indices may be of any type. */
static int64_t index_at(const struct operand *indices, int64_t i)
{
    const double value = number_at(indices, i);

    return value > -0x1p62 && value < 0x1p62 ? (int64_t)value : INT64_MAX;
}

static status prepare_one_hot(struct prepare *prepare, struct error *error)
{
    const struct shape *indices = &prepare->inputs[0].shape;
    struct one_hot *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    struct shape shape = {.rank = indices->rank + 1};
    double depth;
    bool found;
    int axis;

    if (plan == NULL)
        return error_memory(error);
    if (shape.rank > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many", shape.rank);
    if (check_axis(prepare, shape.rank, -1, &axis, error) != STATUS_OK ||
        prepare_real(prepare, 1, NULL, &depth, &found, error) != STATUS_OK)
        return error->code;
    if (!(depth >= 0 && depth <= 0x1p48))
        return error_set(error, STATUS_RANGE, "the depth %g is not possible", depth);
    if (shape_elements(&prepare->inputs[2].shape) != 2)
        return error_set(error, STATUS_SHAPE, "there must be two values, for off and on");
    plan->depth = shape.dim[axis] = (int64_t)depth;
    for (int i = 0; i < indices->rank; i++)
        shape.dim[i < axis ? i : i + 1] = indices->dim[i];
    if (shape_elements(&shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    plan->outer = shape_product(indices, 0, axis);
    plan->inner = shape_product(indices, axis, indices->rank);
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[2].type, .shape = shape};
    prepare->file_type = prepare->constant[2] != NULL ? prepare->constant[2]->file_type : 0;
    prepare->plan = plan;
    return STATUS_OK;
}

/* --- NonZero -------------------------------------------------------------------------------------------- */

/* How many there are decides the shape: the elements must be known. */
static status prepare_non_zero(struct prepare *prepare, struct error *error)
{
    const struct tensor *known = prepare->constant[0];
    struct shape shape = {.rank = 2, .dim = {prepare->inputs[0].shape.rank, 0}};

    if (known == NULL)
        return error_set(error, STATUS_UNSUPPORTED,
                         "how many elements are not 0 depends on the images, and with it its shape");
    for (int64_t i = 0; i < shape_elements(&known->shape); i++)
        shape.dim[1] += tensor_get(known, i) != 0;
    prepare->outputs[0] = (struct operand){.type = ELEMENT_INT64, .shape = shape};
    prepare->file_type = FILE_INT64;
    return STATUS_OK;
}

/* Column c of the output is the index of the c-th element that is not 0. */
static void non_zero_forward(const struct kernel_call *call)
{
    const struct operand *input = &call->inputs[0];
    const int64_t found = call->outputs[0].shape.dim[1], count = shape_elements(&input->shape);
    int64_t *output = call->outputs[0].data, column = 0;

    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;

        if (number_at(input, i) == 0)
            continue;
        for (int axis = input->shape.rank - 1; axis >= 0; axis--) {
            output[axis * found + column] = rest % input->shape.dim[axis];
            rest /= input->shape.dim[axis];
        }
        column++;
    }
}

/* ------------------------------------------------------------------------------------------------------- */

#define MAKE_KERNELS(T)                                                                                      \
    static void eye_like_##T(const struct kernel_call *call)                                                 \
    {                                                                                                        \
        const struct shape *shape = &call->outputs[0].shape;                                                 \
        const int64_t diagonal = *(const int64_t *)call->plan;                                               \
        T *output = call->outputs[0].data;                                                                   \
                                                                                                             \
        for (int64_t row = 0; row < shape->dim[0]; row++)                                                    \
            for (int64_t column = 0; column < shape->dim[1]; column++)                                       \
                *output++ = column - row == diagonal;                                                        \
    }                                                                                                        \
    static void one_hot_##T(const struct kernel_call *call)                                                  \
    {                                                                                                        \
        const struct one_hot *plan = call->plan;                                                             \
        const T *values = call->inputs[2].data;                                                              \
        T *output = call->outputs[0].data;                                                                   \
                                                                                                             \
        for (int64_t o = 0; o < plan->outer; o++)                                                            \
            for (int64_t d = 0; d < plan->depth; d++)                                                        \
                for (int64_t i = 0; i < plan->inner; i++) {                                                  \
                    const int64_t index = index_at(&call->inputs[0], o * plan->inner + i);                   \
                                                                                                             \
                    *output++ = values[index == d || index == d - plan->depth];                              \
                }                                                                                            \
    }

MAKE_KERNELS(float)
MAKE_KERNELS(double)
MAKE_KERNELS(int64_t)

#define KERNELS_OF(NAME)                                                                                     \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {NAME##_float, NULL}, [ELEMENT_DOUBLE] = {NAME##_double, NULL},                    \
        [ELEMENT_INT64] = {NAME##_int64_t, NULL},                                                            \
    }

const struct op operators_make[] = {
    {"Size", 1, 1, 1, 1, OPERATOR_KNOWS_SHAPE, prepare_size, {[ELEMENT_INT64] = {size_forward, NULL}}},
    {"EyeLike", 9, 1, 1, 1, OPERATOR_KNOWS_SHAPE, prepare_eye_like, KERNELS_OF(eye_like)},
    {"OneHot", 9, 3, 3, 1, 0, prepare_one_hot, KERNELS_OF(one_hot)},
    {"NonZero", 9, 1, 1, 1, 0, prepare_non_zero, {[ELEMENT_INT64] = {non_zero_forward, NULL}}},
    {0},
};
