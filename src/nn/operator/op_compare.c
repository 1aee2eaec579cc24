/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that answer yes or no, as 1 or 0: comparisons of two inputs that broadcast, logic, and questions
 * about single numbers. In memory booleans are integers; files have them as BOOL. No gradient passes. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/broadcast.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

/* What IsInf looks for. */
struct infinities {
    bool negative, positive;
};

#define KERNELS_INT64
#define KERNELS "nn/operator/op_compare_kernels.h"
#include "nn/operator/typed.h"

/* Kernels are chosen by the type of the output, which is an integer here: these choose by that of the input.
 */
#define BY_INPUT(NAME)                                                                                       \
    static void NAME##_forward(const struct kernel_call *call)                                               \
    {                                                                                                        \
        static const kernel kernels[ELEMENT_TYPES] = {[ELEMENT_FLOAT] = NAME##_float,                        \
                                                      [ELEMENT_DOUBLE] = NAME##_double,                      \
                                                      [ELEMENT_INT64] = NAME##_int64};                       \
                                                                                                             \
        kernels[call->inputs[0].type](call);                                                                 \
    }

BY_INPUT(equal)
BY_INPUT(greater)
BY_INPUT(greater_or_equal)
BY_INPUT(less)
BY_INPUT(less_or_equal)
BY_INPUT(is_nan)
BY_INPUT(is_inf)

/* --- logic ---------------------------------------------------------------------------------------------- */

static void logic(const struct kernel_call *call, int64_t (*function)(bool a, bool b))
{
    const struct broadcast *loops = call->plan;
    const int64_t *first = call->inputs[0].data, *second = call->inputs[1].data;
    int64_t *output = call->outputs[0].data;
    struct broadcast_cursor cursor = {0};

    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++)
            *output++ = function(first[cursor.at[0] + i * loops->row_stride[0]] != 0,
                                 second[cursor.at[1] + i * loops->row_stride[1]] != 0);
        broadcast_next(loops, &cursor);
    }
}

#define LOGIC(NAME, VALUE)                                                                                   \
    static int64_t NAME##_of(bool a, bool b)                                                                 \
    {                                                                                                        \
        return (VALUE);                                                                                      \
    }                                                                                                        \
    static void logic_##NAME##_forward(const struct kernel_call *call)                                       \
    {                                                                                                        \
        logic(call, NAME##_of);                                                                              \
    }

LOGIC(and, a &&b)
LOGIC(or, a || b)
LOGIC(xor, a != b)

static void logic_not_forward(const struct kernel_call *call)
{
    const int64_t *input = call->inputs[0].data, count = shape_elements(&call->outputs[0].shape);
    int64_t *output = call->outputs[0].data;

    for (int64_t i = 0; i < count; i++)
        output[i] = input[i] == 0;
}

/* --- preparing ------------------------------------------------------------------------------------------ */

static void make_boolean(struct prepare *prepare, const struct shape *shape)
{
    prepare->outputs[0] = (struct operand){.type = ELEMENT_INT64, .shape = *shape};
    prepare->file_type = FILE_BOOL;
}

static status prepare_comparison(struct prepare *prepare, struct error *error)
{
    const struct shape *first = &prepare->inputs[0].shape, *second = &prepare->inputs[1].shape;
    struct broadcast *loops = arena_alloc(prepare->arena, 1, sizeof *loops);
    struct shape shape;

    if (loops == NULL)
        return error_memory(error);
    if (check_one_type(prepare, 0, 2, error) != STATUS_OK ||
        check_broadcast(prepare, 0, 2, &shape, error) != STATUS_OK)
        return error->code;
    if (!broadcast_make(loops, &shape, first, second))
        return check_no_broadcast(first, second, error);
    make_boolean(prepare, &shape);
    prepare->plan = loops;
    return STATUS_OK;
}

static status check_boolean(const struct prepare *prepare, struct error *error)
{
    for (int i = 0; i < prepare->input_count; i++)
        if (prepare->inputs[i].type != ELEMENT_INT64)
            return error_set(error, STATUS_UNSUPPORTED, "input %d has type %s, expected booleans", i,
                             element_name(prepare->inputs[i].type));
    return STATUS_OK;
}

static status prepare_logic(struct prepare *prepare, struct error *error)
{
    return check_boolean(prepare, error) != STATUS_OK ? error->code : prepare_comparison(prepare, error);
}

static status prepare_not(struct prepare *prepare, struct error *error)
{
    if (check_boolean(prepare, error) != STATUS_OK)
        return error->code;
    make_boolean(prepare, &prepare->inputs[0].shape);
    return STATUS_OK;
}

static status prepare_is_nan(struct prepare *prepare, struct error *error)
{
    (void)error;
    make_boolean(prepare, &prepare->inputs[0].shape);
    return STATUS_OK;
}

static status prepare_is_inf(struct prepare *prepare, struct error *error)
{
    struct infinities *plan = arena_alloc(prepare->arena, 1, sizeof *plan);

    if (plan == NULL)
        return error_memory(error);
    plan->negative = node_integer(prepare->node, "detect_negative", 1) != 0;
    plan->positive = node_integer(prepare->node, "detect_positive", 1) != 0;
    prepare->plan = plan;
    return prepare_is_nan(prepare, error);
}

/* ------------------------------------------------------------------------------------------------------- */

#define KERNELS_OF(NAME)                                                                                     \
    {                                                                                                        \
        [ELEMENT_INT64] = { NAME##_forward, NULL }                                                           \
    }

#define QUESTION (OPERATOR_UNARY | OPERATOR_ELEMENTWISE)

/* clang-format off */
const struct op operators_compare[] = {
    {"Equal", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_comparison, KERNELS_OF(equal)},
    {"Greater", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_comparison, KERNELS_OF(greater)},
    {"GreaterOrEqual", 12, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_comparison, KERNELS_OF(greater_or_equal)},
    {"Less", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_comparison, KERNELS_OF(less)},
    {"LessOrEqual", 12, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_comparison, KERNELS_OF(less_or_equal)},
    {"And", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_logic, KERNELS_OF(logic_and)},
    {"Or", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_logic, KERNELS_OF(logic_or)},
    {"Xor", 7, 2, 2, 1, OPERATOR_ELEMENTWISE, prepare_logic, KERNELS_OF(logic_xor)},
    {"Not", 1, 1, 1, 1, QUESTION, prepare_not, KERNELS_OF(logic_not)},
    {"IsNaN", 9, 1, 1, 1, QUESTION, prepare_is_nan, KERNELS_OF(is_nan)},
    {"IsInf", 10, 1, 1, 1, QUESTION, prepare_is_inf, KERNELS_OF(is_inf)},
    {0},
};
/* clang-format on */
