/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators of two (Sum, Mean: any number of) inputs that broadcast against each other as in NumPy. */
#include <tgmath.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/operator.h"

/* One element of an operand of any type. */
static double element_real(const struct operand *operand, int64_t index)
{
    switch (operand->type) {
    case ELEMENT_FLOAT:
        return (double)((const float *)operand->data)[index];
    case ELEMENT_DOUBLE:
        return ((const double *)operand->data)[index];
    default:
        return (double)((const int64_t *)operand->data)[index];
    }
}

#define KERNELS "nn/operator/op_arithmetic_kernels.h"
#include "nn/operator/typed.h"

/* Integers appear in small shape computations only, so they take the plain way, one element at a time. They
 * wrap around on overflow, and dividing by zero gives 0: a kernel cannot refuse what only its data shows. */
static int64_t integer_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t integer_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t integer_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static int64_t integer_div(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? integer_sub(0, a) : a / b;
}

static int64_t integer_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t integer_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t integer_pow(int64_t base, int64_t exponent)
{
    int64_t result = 1;

    if (exponent < 0) /* 1 / base^n, truncated */
        return base == 1 ? 1 : (base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0);
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 == 1)
            result = integer_mul(result, base);
        base = integer_mul(base, base);
    }
    return result;
}

static void integer_binary(const struct kernel_call *call, int64_t (*function)(int64_t, int64_t))
{
    const struct broadcast *loops = call->plan;
    const int64_t *first = call->inputs[0].data, *second = call->inputs[1].data;
    int64_t *output = call->outputs[0].data;
    struct broadcast_cursor cursor = {0};

    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            *output++ = function(first[cursor.at[0] + i * loops->row_stride[0]],
                                 second[cursor.at[1] + i * loops->row_stride[1]]);
        }
        broadcast_next(loops, &cursor);
    }
}

#define INTEGER_KERNEL(NAME)                                                                                 \
    static void NAME##_int64(const struct kernel_call *call)                                                 \
    {                                                                                                        \
        integer_binary(call, integer_##NAME);                                                                \
    }

INTEGER_KERNEL(add)
INTEGER_KERNEL(sub)
INTEGER_KERNEL(mul)
INTEGER_KERNEL(div)
INTEGER_KERNEL(min)
INTEGER_KERNEL(max)

/* To an integer, toward zero, and to the nearest end of the range where it does not fit. */
static int64_t truncate_real(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

static void pow_int64(const struct kernel_call *call)
{
    const struct broadcast *loops = call->plan;
    const int64_t *base = call->inputs[0].data;
    int64_t *output = call->outputs[0].data;
    struct broadcast_cursor cursor = {0};

    if (call->inputs[1].type == ELEMENT_INT64) {
        integer_binary(call, integer_pow);
        return;
    }
    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++) {
            double exponent = element_real(&call->inputs[1], cursor.at[1] + i * loops->row_stride[1]);

            *output++ = truncate_real(pow((double)base[cursor.at[0] + i * loops->row_stride[0]], exponent));
        }
        broadcast_next(loops, &cursor);
    }
}

static status shapes_differ(const struct shape *a, const struct shape *b, struct error *error)
{
    struct text first = {0}, second = {0};
    status code;

    shape_text(a, &first);
    shape_text(b, &second);
    code = error_set(error, STATUS_SHAPE, "shapes %s and %s do not broadcast", text_data(&first),
                     text_data(&second));
    text_free(&first);
    text_free(&second);
    return code;
}

/* Output shape, type of the first input, and the loops. */
static status prepare_shapes(struct prepare *prepare, struct error *error)
{
    const struct shape *first = &prepare->inputs[0].shape, *second = &prepare->inputs[1].shape;
    struct operand *output = &prepare->outputs[0];
    struct broadcast *loops = arena_alloc(prepare->arena, 1, sizeof *loops);

    if (loops == NULL)
        return error_memory(error);
    output->type = prepare->inputs[0].type;
    if (!shape_broadcast(first, second, &output->shape) ||
        !broadcast_make(loops, &output->shape, first, second))
        return shapes_differ(first, second, error);
    prepare->plan = loops;
    return STATUS_OK;
}

static status check_same_type(const struct prepare *prepare, struct error *error)
{
    for (int i = 1; i < prepare->input_count; i++) {
        if (prepare->inputs[i].type != prepare->inputs[0].type)
            return error_set(error, STATUS_UNSUPPORTED, "inputs of types %s and %s do not go together",
                             element_name(prepare->inputs[0].type), element_name(prepare->inputs[i].type));
    }
    return STATUS_OK;
}

static status prepare_binary(struct prepare *prepare, struct error *error)
{
    status code = check_same_type(prepare, error);

    return code == STATUS_OK ? prepare_shapes(prepare, error) : code;
}

static status prepare_pow(struct prepare *prepare, struct error *error)
{
    status code = prepare_shapes(prepare, error);

    if (code == STATUS_OK && prepare->inputs[1].type != prepare->inputs[0].type)
        prepare->workspace =
            (size_t)shape_elements(&prepare->inputs[1].shape) * element_size(prepare->inputs[0].type);
    return code;
}

/* The slope broadcasts to the input, never the other way round. */
static status prepare_prelu(struct prepare *prepare, struct error *error)
{
    status code = prepare_binary(prepare, error);

    if (code == STATUS_OK && !shape_equal(&prepare->outputs[0].shape, &prepare->inputs[0].shape))
        return shapes_differ(&prepare->inputs[0].shape, &prepare->inputs[1].shape, error);
    return code;
}

static status prepare_sum(struct prepare *prepare, struct error *error)
{
    struct operand *output = &prepare->outputs[0];
    struct broadcast *loops = arena_alloc(prepare->arena, (size_t)prepare->input_count, sizeof *loops);
    status code = check_same_type(prepare, error);

    if (code != STATUS_OK)
        return code;
    if (loops == NULL)
        return error_memory(error);
    *output = prepare->inputs[0];
    output->data = NULL;
    for (int i = 1; i < prepare->input_count; i++) {
        const struct shape before = output->shape;

        if (!shape_broadcast(&before, &prepare->inputs[i].shape, &output->shape))
            return shapes_differ(&before, &prepare->inputs[i].shape, error);
    }
    for (int i = 0; i < prepare->input_count; i++) {
        const struct shape *shape = &prepare->inputs[i].shape;

        if (!broadcast_make(&loops[i], &output->shape, shape, shape))
            return shapes_differ(&output->shape, shape, error);
    }
    prepare->plan = loops;
    return STATUS_OK;
}

/* In the order of enum element_type. */
#define REAL_KERNELS(NAME)                                                                                   \
    {NAME##_forward_float, NAME##_backward_float},                                                           \
    {                                                                                                        \
        NAME##_forward_double, NAME##_backward_double                                                        \
    }
#define ALL_KERNELS(NAME)                                                                                    \
    REAL_KERNELS(NAME),                                                                                      \
    {                                                                                                        \
        NAME##_int64, NULL                                                                                   \
    }

#define FUNCTION   OPERATOR_ELEMENTWISE
#define ACTIVATION (OPERATOR_ELEMENTWISE | OPERATOR_ACTIVATION)

/* clang-format off */
const struct op operators_arithmetic[] = {
    {"Add", 7, 2, 2, 1, FUNCTION | OPERATOR_ADDITION, prepare_binary, {ALL_KERNELS(add)}},
    {"Sub", 7, 2, 2, 1, FUNCTION, prepare_binary, {ALL_KERNELS(sub)}},
    {"Mul", 7, 2, 2, 1, FUNCTION | OPERATOR_MULTIPLICATION, prepare_binary, {ALL_KERNELS(mul)}},
    {"Div", 7, 2, 2, 1, FUNCTION, prepare_binary, {ALL_KERNELS(div)}},
    {"Pow", 7, 2, 2, 1, FUNCTION, prepare_pow, {REAL_KERNELS(mixed_pow), {pow_int64, NULL}}},
    {"Min", 8, 2, 2, 1, FUNCTION, prepare_binary, {ALL_KERNELS(min)}},
    {"Max", 8, 2, 2, 1, FUNCTION, prepare_binary, {ALL_KERNELS(max)}},
    {"PRelu", 7, 2, 2, 1, ACTIVATION | OPERATOR_LEARNT, prepare_prelu, {REAL_KERNELS(prelu)}},
    {"Mean", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_sum, {REAL_KERNELS(mean)}},
    {"Sum", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_sum, {REAL_KERNELS(sum)}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
