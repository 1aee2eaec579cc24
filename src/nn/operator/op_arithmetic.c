/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators of two inputs (Sum, Mean, Min, Max: of any number) that broadcast against each other as in NumPy.
 */
#include <tgmath.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/check.h"
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

/* The remainder has the sign of the divisor, or that of the dividend, as in C. */
static int64_t integer_remainder(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

static int64_t integer_modulo(int64_t a, int64_t b)
{
    const int64_t remainder = integer_remainder(a, b);

    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
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

/* The first input, and f of it with each that follows. */
static void integer_fold(const struct kernel_call *call, int64_t (*function)(int64_t, int64_t))
{
    const struct broadcast *plan = call->plan;

    for (int k = 0; k < call->input_count; k++) {
        const struct broadcast *loops = &plan[k];
        const int64_t *input = call->inputs[k].data;
        int64_t *output = call->outputs[0].data;
        struct broadcast_cursor cursor = {0};

        for (int64_t row = 0; row < loops->rows; row++) {
            for (int64_t i = 0; i < loops->length; i++, output++) {
                const int64_t next = input[cursor.at[0] + i * loops->row_stride[0]];

                *output = k == 0 ? next : function(*output, next);
            }
            broadcast_next(loops, &cursor);
        }
    }
}

static void sum_int64(const struct kernel_call *call)
{
    integer_fold(call, integer_add);
}

static void any_min_int64(const struct kernel_call *call)
{
    (call->input_count == 2 ? integer_binary : integer_fold)(call, integer_min);
}

static void any_max_int64(const struct kernel_call *call)
{
    (call->input_count == 2 ? integer_binary : integer_fold)(call, integer_max);
}

/* The plan of Mod begins with the loops of all others. */
struct modulo {
    struct broadcast loops;
    bool like_c;
};

static void mod_int64(const struct kernel_call *call)
{
    const struct modulo *plan = call->plan;

    integer_binary(call, plan->like_c ? integer_remainder : integer_modulo);
}

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

/* Output shape, type of the first input, and the loops. */
static status prepare_shapes(struct prepare *prepare, struct error *error)
{
    const struct shape *first = &prepare->inputs[0].shape, *second = &prepare->inputs[1].shape;
    struct operand *output = &prepare->outputs[0];
    struct broadcast *loops = arena_alloc(prepare->arena, 1, sizeof *loops);

    if (loops == NULL)
        return error_memory(error);
    output->type = prepare->inputs[0].type;
    if (check_broadcast(prepare, 0, 2, &output->shape, error) != STATUS_OK)
        return error->code;
    if (!broadcast_make(loops, &output->shape, first, second))
        return check_no_broadcast(first, second, error);
    prepare->plan = loops;
    return STATUS_OK;
}

static status prepare_binary(struct prepare *prepare, struct error *error)
{
    status code = check_one_type(prepare, 0, prepare->input_count, error);

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

static status prepare_mod(struct prepare *prepare, struct error *error)
{
    const bool like_c = node_integer(prepare->node, "fmod", 0) != 0;
    struct modulo *plan = arena_alloc(prepare->arena, 1, sizeof *plan);

    if (plan == NULL)
        return error_memory(error);
    if (prepare->inputs[0].type != ELEMENT_INT64 && !like_c)
        return error_set(error, STATUS_FILE, "attribute fmod must be 1 for real numbers");
    if (prepare_binary(prepare, error) != STATUS_OK)
        return error->code;
    plan->loops = *(const struct broadcast *)prepare->plan;
    plan->like_c = like_c;
    prepare->plan = plan;
    return STATUS_OK;
}

/* The slope broadcasts to the input, never the other way round. */
static status prepare_prelu(struct prepare *prepare, struct error *error)
{
    status code = prepare_binary(prepare, error);

    if (code == STATUS_OK && !shape_equal(&prepare->outputs[0].shape, &prepare->inputs[0].shape))
        return check_no_broadcast(&prepare->inputs[0].shape, &prepare->inputs[1].shape, error);
    return code;
}

static status prepare_sum(struct prepare *prepare, struct error *error)
{
    struct operand *output = &prepare->outputs[0];
    struct broadcast *loops = arena_alloc(prepare->arena, (size_t)prepare->input_count, sizeof *loops);
    status code = check_one_type(prepare, 0, prepare->input_count, error);

    if (code != STATUS_OK)
        return code;
    if (loops == NULL)
        return error_memory(error);
    *output = prepare->inputs[0];
    output->data = NULL;
    if (check_broadcast(prepare, 0, prepare->input_count, &output->shape, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < prepare->input_count; i++) {
        const struct shape *shape = &prepare->inputs[i].shape;

        if (!broadcast_make(&loops[i], &output->shape, shape, shape))
            return check_no_broadcast(&output->shape, shape, error);
    }
    prepare->plan = loops;
    return STATUS_OK;
}

static status prepare_extreme(struct prepare *prepare, struct error *error)
{
    if (prepare->input_count == 2)
        return prepare_binary(prepare, error);
    if (prepare_sum(prepare, error) != STATUS_OK)
        return error->code;
    if (prepare->backward)
        prepare->workspace =
            (size_t)shape_elements(&prepare->outputs[0].shape) * element_size(prepare->outputs[0].type);
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
    {"Mod", 10, 2, 2, 1, FUNCTION, prepare_mod, {ALL_KERNELS(mod)}},
    {"Min", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_extreme, {ALL_KERNELS(any_min)}},
    {"Max", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_extreme, {ALL_KERNELS(any_max)}},
    {"PRelu", 7, 2, 2, 1, ACTIVATION | OPERATOR_LEARNT, prepare_prelu, {REAL_KERNELS(prelu)}},
    {"Mean", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_sum, {REAL_KERNELS(mean)}},
    {"Sum", 6, 1, NODE_MAX_OPERANDS, 1, FUNCTION | OPERATOR_VARIADIC, prepare_sum, {ALL_KERNELS(sum)}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
