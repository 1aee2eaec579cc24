/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators about shapes: Reshape, Flatten, Squeeze, Unsqueeze give the same numbers another shape; Shape,
 * Constant, ConstantOfShape and Range make numbers that are known when the graph is planned. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* --- views: the input's numbers in another shape -------------------------------------------------------- */

static void view_forward(const struct kernel_call *call)
{
    size_t elements = (size_t)shape_elements(&call->outputs[0].shape);

    if (call->outputs[0].data != call->inputs[0].data)
        memcpy(call->outputs[0].data, call->inputs[0].data, elements * element_size(call->outputs[0].type));
}

#define VIEW_BACKWARD(REAL)                                                                                  \
    static void view_backward_##REAL(const struct kernel_call *call)                                         \
    {                                                                                                        \
        const int64_t elements = shape_elements(&call->outputs[0].shape);                                    \
        const REAL *from = call->output_gradients[0].data;                                                   \
        REAL *to = call->input_gradients[0].data;                                                            \
                                                                                                             \
        for (int64_t i = 0; from != NULL && to != NULL && i < elements; i++)                                 \
            to[i] += from[i];                                                                                \
    }

VIEW_BACKWARD(float)
VIEW_BACKWARD(double)

static status view_output(struct prepare *prepare, const struct shape *shape)
{
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = *shape};
    return STATUS_OK;
}

static status does_not_fit(const struct prepare *prepare, const struct shape *target, struct error *error)
{
    struct text from = {0}, to = {0};

    shape_text(&prepare->inputs[0].shape, &from);
    shape_text(target, &to);
    error_set(error, STATUS_SHAPE, "%s cannot be given the shape %s", text_data(&from), text_data(&to));
    text_free(&from);
    text_free(&to);
    return error->code;
}

static status prepare_reshape(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    bool zero_is_zero = prepare->opset >= 14 && node_integer(prepare->node, "allowzero", 0) != 0;
    struct shape shape, target;
    const int64_t *dims;
    int count, inferred = -1;

    if (prepare_integers(prepare, 1, NULL, &dims, &count, error) != STATUS_OK)
        return error->code;
    if (count > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many", count);
    shape = target = shape_of(count, dims);
    for (int i = 0; i < count; i++) {
        if (dims[i] == 0 && !zero_is_zero && i >= input->rank)
            return error_set(error, STATUS_SHAPE,
                             "entry %d of the shape is 0, but the input has %d dimensions", i, input->rank);
        if (dims[i] == 0 && !zero_is_zero)
            shape.dim[i] = input->dim[i];
        if (dims[i] != -1)
            continue;
        if (inferred >= 0)
            return error_set(error, STATUS_SHAPE, "the shape has more than one -1");
        inferred = i;
        shape.dim[i] = 1;
    }
    if (inferred >= 0) {
        int64_t others = shape_elements(&shape), all = shape_elements(input);

        if (others <= 0 || all % others != 0)
            return does_not_fit(prepare, &target, error);
        shape.dim[inferred] = all / others;
    }
    if (shape_elements(&shape) != shape_elements(input))
        return does_not_fit(prepare, &target, error);
    return view_output(prepare, &shape);
}

static status prepare_flatten(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    int64_t axis = node_integer(prepare->node, "axis", 1);
    struct shape shape = {.rank = 2};

    if (axis < -input->rank || axis > input->rank)
        return error_set(error, STATUS_SHAPE, "axis %lld is outside the %d dimensions of its input",
                         (long long)axis, input->rank);
    if (axis < 0)
        axis += input->rank;
    shape.dim[0] = shape_product(input, 0, (int)axis);
    shape.dim[1] = shape_product(input, (int)axis, input->rank);
    return view_output(prepare, &shape);
}

/* The axes as marks on the dimensions of a tensor of this rank. *given is false where the node names none. */
static status mark_axes(struct prepare *prepare, int rank, bool *marked, bool *given, struct error *error)
{
    bool old = prepare->opset < 13;
    const int64_t *axes;
    int count, axis;

    memset(marked, 0, TENSOR_MAX_RANK * sizeof(*marked));
    if (prepare_integers(prepare, old ? VALUE_NONE : 1, old ? "axes" : NULL, &axes, &count, error) !=
        STATUS_OK)
        return error->code;
    *given = axes != NULL;
    for (int i = 0; i < count; i++) {
        if (!shape_axis(rank, axes[i], &axis) || marked[axis])
            return error_set(error, STATUS_SHAPE,
                             "the axes are not different axes of a tensor of %d dimensions", rank);
        marked[axis] = true;
    }
    return STATUS_OK;
}

static status prepare_squeeze(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    bool marked[TENSOR_MAX_RANK], given;
    struct shape shape = {0};

    if (mark_axes(prepare, input->rank, marked, &given, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < input->rank; i++) {
        if (marked[i] && input->dim[i] != 1)
            return error_set(error, STATUS_SHAPE, "dimension %d is %lld, only 1 can be squeezed out", i,
                             (long long)input->dim[i]);
        if (given ? !marked[i] : input->dim[i] != 1)
            shape.dim[shape.rank++] = input->dim[i];
    }
    return view_output(prepare, &shape);
}

static status prepare_unsqueeze(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    bool marked[TENSOR_MAX_RANK], given;
    struct shape shape = {0};
    const int64_t *axes;
    int count, next = 0;

    if (prepare_integers(prepare, prepare->opset < 13 ? VALUE_NONE : 1, prepare->opset < 13 ? "axes" : NULL,
                         &axes, &count, error) != STATUS_OK)
        return error->code;
    if (axes == NULL)
        return error_set(error, STATUS_FILE, "axes are missing");
    if (count > TENSOR_MAX_RANK - input->rank)
        return error_set(error, STATUS_UNSUPPORTED, "%d more dimensions are too many", count);
    shape.rank = input->rank + count;
    if (mark_axes(prepare, shape.rank, marked, &given, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = marked[i] ? 1 : input->dim[next++];
    return view_output(prepare, &shape);
}

/* --- Shape ---------------------------------------------------------------------------------------------- */

static int64_t shape_bound(int64_t value, int rank)
{
    if (value < 0)
        value = value < -rank ? 0 : value + rank;
    return value > rank ? rank : value;
}

static status prepare_shape(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    bool old = prepare->opset < 15;
    int64_t start = old ? 0 : shape_bound(node_integer(prepare->node, "start", 0), input->rank);
    int64_t end =
        old ? input->rank : shape_bound(node_integer(prepare->node, "end", input->rank), input->rank);
    struct shape shape = {.rank = 1, .dim = {end > start ? end - start : 0}};

    prepare->plan = arena_copy(prepare->arena, input->dim + start, (size_t)shape.dim[0] * sizeof(int64_t));
    if (prepare->plan == NULL)
        return error_memory(error);
    prepare->outputs[0] = (struct operand){.type = ELEMENT_INT64, .shape = shape};
    prepare->file_type = FILE_INT64;
    return STATUS_OK;
}

static void shape_forward(const struct kernel_call *call)
{
    memcpy(call->outputs[0].data, call->plan, (size_t)call->outputs[0].shape.dim[0] * sizeof(int64_t));
}

/* --- Constant ------------------------------------------------------------------------------------------- */

/* The attribute decides which one is set. */
struct constant {
    const struct tensor *tensor;
    const double *reals;
    const int64_t *integers;
};

/* How each attribute of Constant is read. */
static const struct {
    const char *name;
    enum attribute_kind kind;
} constant_forms[] = {
    {"value", ATTRIBUTE_TENSOR},      {"value_float", ATTRIBUTE_REAL},    {"value_floats", ATTRIBUTE_REALS},
    {"value_int", ATTRIBUTE_INTEGER}, {"value_ints", ATTRIBUTE_INTEGERS},
};

static const struct attribute *constant_attribute(const struct node *node)
{
    for (size_t i = 0; i < sizeof(constant_forms) / sizeof(constant_forms[0]); i++) {
        const struct attribute *attribute = node_attribute(node, constant_forms[i].name);

        if (attribute != NULL && attribute->kind == constant_forms[i].kind)
            return attribute;
    }
    return NULL;
}

static status prepare_constant(struct prepare *prepare, struct error *error)
{
    const struct attribute *attribute = constant_attribute(prepare->node);
    struct constant *constant = arena_alloc(prepare->arena, 1, sizeof(*constant));
    struct operand output = {.type = ELEMENT_INT64};

    if (constant == NULL)
        return error_memory(error);
    if (attribute == NULL)
        return error_set(
            error, STATUS_UNSUPPORTED,
            "has no value that is a tensor, a number or a list of numbers (texts and sparse tensors "
            "are not supported)");
    if (attribute->kind == ATTRIBUTE_TENSOR) {
        constant->tensor = attribute->tensor;
        output.type = attribute->tensor->type;
        prepare->file_type = attribute->tensor->file_type;
        output.shape = attribute->tensor->shape;
    } else if (attribute->kind == ATTRIBUTE_REAL || attribute->kind == ATTRIBUTE_REALS) {
        constant->reals = attribute->kind == ATTRIBUTE_REAL ? &attribute->real : attribute->reals;
        output.type = ELEMENT_FLOAT;
    } else {
        constant->integers = attribute->kind == ATTRIBUTE_INTEGER ? &attribute->integer : attribute->integers;
    }
    if (attribute->kind == ATTRIBUTE_REALS || attribute->kind == ATTRIBUTE_INTEGERS)
        output.shape = (struct shape){.rank = 1, .dim = {(int64_t)attribute->count}};
    prepare->outputs[0] = output;
    prepare->plan = constant;
    return STATUS_OK;
}

static double constant_real(const struct constant *constant, int64_t i)
{
    return constant->tensor != NULL ? tensor_get(constant->tensor, i) : constant->reals[i];
}

static int64_t constant_integer(const struct constant *constant, int64_t i)
{
    return constant->tensor != NULL ? tensor_get_integer(constant->tensor, i) : constant->integers[i];
}

/* --- ConstantOfShape and Range -------------------------------------------------------------------------- */

/* start, start + step, start + 2 step, ...: a constant has step 0. The pair is used that fits the output's
 * type. */
struct sequence {
    double start, step;
    int64_t integer_start, integer_step;
};

static status prepare_constant_of_shape(struct prepare *prepare, struct error *error)
{
    const struct attribute *value = node_attribute(prepare->node, "value");
    struct sequence *sequence = arena_alloc(prepare->arena, 1, sizeof(*sequence));
    struct operand output = {.type = ELEMENT_FLOAT};
    const int64_t *dims;
    int count;

    if (sequence == NULL)
        return error_memory(error);
    if (prepare_integers(prepare, 0, NULL, &dims, &count, error) != STATUS_OK)
        return error->code;
    if (count > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many", count);
    if (value != NULL) {
        if (value->kind != ATTRIBUTE_TENSOR || shape_elements(&value->tensor->shape) != 1)
            return error_set(error, STATUS_FILE, "attribute value must be a tensor of one element");
        output.type = value->tensor->type;
        prepare->file_type = value->tensor->file_type;
        sequence->start = tensor_get(value->tensor, 0);
        sequence->integer_start = tensor_get_integer(value->tensor, 0);
    }
    output.shape = shape_of(count, dims);
    prepare->outputs[0] = output;
    prepare->plan = sequence;
    return STATUS_OK;
}

/* Elements of an integer range; -1 for a step of 0 or an absurd length. */
static int64_t integer_range(int64_t start, int64_t limit, int64_t step)
{
    uint64_t distance, stride, count;

    if (step == 0)
        return -1;
    if (step > 0 ? limit <= start : limit >= start)
        return 0;
    /* Unsigned, because the distance may be larger than any signed number. */
    distance = step > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    count = (distance - 1) / stride + 1;
    return count > (UINT64_C(1) << 48) ? -1 : (int64_t)count;
}

static int64_t real_range(double start, double limit, double step)
{
    double count = ceil((limit - start) / step);

    if (!isfinite(count) || count > 0x1p48)
        return -1;
    return count > 0 ? (int64_t)count : 0;
}

static status prepare_range(struct prepare *prepare, struct error *error)
{
    struct sequence *sequence = arena_alloc(prepare->arena, 1, sizeof(*sequence));
    const struct tensor *const *constant = prepare->constant;
    enum element_type type = prepare->inputs[0].type;
    int64_t count;

    if (sequence == NULL)
        return error_memory(error);
    for (int i = 0; i < 3; i++)
        if (constant[i] == NULL || shape_elements(&constant[i]->shape) != 1 || constant[i]->type != type)
            return error_set(error, STATUS_UNSUPPORTED,
                             "start, limit and delta must be constant numbers of one type");
    sequence->start = tensor_get(constant[0], 0);
    sequence->step = tensor_get(constant[2], 0);
    sequence->integer_start = tensor_get_integer(constant[0], 0);
    sequence->integer_step = tensor_get_integer(constant[2], 0);
    count = type == ELEMENT_INT64 ? integer_range(sequence->integer_start, tensor_get_integer(constant[1], 0),
                                                  sequence->integer_step)
                                  : real_range(sequence->start, tensor_get(constant[1], 0), sequence->step);
    if (count < 0)
        return error_set(error, STATUS_RANGE, "the range from %g to %g by %g has no reasonable length",
                         sequence->start, tensor_get(constant[1], 0), sequence->step);
    prepare->outputs[0] = (struct operand){.type = type, .shape = {.rank = 1, .dim = {count}}};
    prepare->plan = sequence;
    return STATUS_OK;
}

/* Kernels of the three operators that make numbers. */
#define MAKE_KERNELS(T, constant_value, sequence_value)                                                      \
    static void constant_forward_##T(const struct kernel_call *call)                                         \
    {                                                                                                        \
        const int64_t elements = shape_elements(&call->outputs[0].shape);                                    \
        T *output = call->outputs[0].data;                                                                   \
                                                                                                             \
        for (int64_t i = 0; i < elements; i++)                                                               \
            output[i] = (T)constant_value(call->plan, i);                                                    \
    }                                                                                                        \
    static void sequence_forward_##T(const struct kernel_call *call)                                         \
    {                                                                                                        \
        const int64_t elements = shape_elements(&call->outputs[0].shape);                                    \
        const struct sequence *sequence = call->plan;                                                        \
        T *output = call->outputs[0].data;                                                                   \
                                                                                                             \
        for (int64_t i = 0; i < elements; i++)                                                               \
            output[i] = (T)(sequence_value);                                                                 \
    }

MAKE_KERNELS(float, constant_real, sequence->start + (double)i * sequence->step)
MAKE_KERNELS(double, constant_real, sequence->start + (double)i * sequence->step)
MAKE_KERNELS(int64_t, constant_integer, sequence->integer_start + i * sequence->integer_step)

/* ------------------------------------------------------------------------------------------------------- */

#define VIEW_KERNELS                                                                                         \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {view_forward, view_backward_float},                                               \
        [ELEMENT_DOUBLE] = {view_forward, view_backward_double}, [ELEMENT_INT64] = {view_forward, NULL},     \
    }
#define SHAPE_KERNELS                                                                                        \
    {                                                                                                        \
        [ELEMENT_INT64] = { shape_forward, NULL }                                                            \
    }
#define CONSTANT_KERNELS                                                                                     \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {constant_forward_float, NULL},                                                    \
        [ELEMENT_DOUBLE] = {constant_forward_double, NULL},                                                  \
        [ELEMENT_INT64] = {constant_forward_int64_t, NULL},                                                  \
    }
#define SEQUENCE_KERNELS                                                                                     \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {sequence_forward_float, NULL},                                                    \
        [ELEMENT_DOUBLE] = {sequence_forward_double, NULL},                                                  \
        [ELEMENT_INT64] = {sequence_forward_int64_t, NULL},                                                  \
    }

enum { SHAPING_VIEW = OPERATOR_VIEW | OPERATOR_SHAPE_INPUTS };

const struct op operators_shape[] = {
    {"Reshape", 5, 2, 2, 1, SHAPING_VIEW, prepare_reshape, VIEW_KERNELS},
    {"Flatten", 1, 1, 1, 1, OPERATOR_VIEW, prepare_flatten, VIEW_KERNELS},
    {"Squeeze", 1, 1, 2, 1, SHAPING_VIEW, prepare_squeeze, VIEW_KERNELS},
    {"Unsqueeze", 1, 1, 2, 1, SHAPING_VIEW, prepare_unsqueeze, VIEW_KERNELS},
    {"Shape", 1, 1, 1, 1, OPERATOR_KNOWS_SHAPE, prepare_shape, SHAPE_KERNELS},
    {"Constant", 1, 0, 0, 1, 0, prepare_constant, CONSTANT_KERNELS},
    {"ConstantOfShape", 9, 1, 1, 1, 0, prepare_constant_of_shape, SEQUENCE_KERNELS},
    {"Range", 11, 3, 3, 1, 0, prepare_range, SEQUENCE_KERNELS},
    {0},
};
