/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators of one input that work element by element: non-linearities, Neg, Abs, rounding. */
#include <string.h>
#include <tgmath.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/activation.h"
#include "nn/operator/operator.h"

/* sqrt(1/2) and 2/sqrt(pi), and the factor of the cube in GELU's approximation (arXiv 1606.08415). */
#define ROOT_HALF      0.70710678118654752440
#define TWO_BY_ROOT_PI 1.12837916709551257390
#define GELU_CUBE      0.044715

static inline float clamp_float(float x, float low, float high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

static inline double clamp_double(double x, double low, double high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

#define KERNELS "nn/operator/op_activation_kernels.h"
#include "nn/operator/typed.h"

/* Integers wrap around like the unsigned numbers they are computed as: overflow is no error in ONNX. */
#define INTEGER_KERNEL(NAME, VALUE)                                                                          \
    static void NAME##_int64(const struct kernel_call *call)                                                 \
    {                                                                                                        \
        const struct activation *plan = call->plan;                                                          \
        const int64_t *input = call->inputs[0].data;                                                         \
        int64_t *output = call->outputs[0].data;                                                             \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        (void)plan;                                                                                          \
        for (int64_t i = 0; i < count; i++) {                                                                \
            const int64_t x = input[i];                                                                      \
            output[i] = (VALUE);                                                                             \
        }                                                                                                    \
    }

INTEGER_KERNEL(relu, x < 0 ? 0 : x)
INTEGER_KERNEL(neg, (int64_t)(0 - (uint64_t)x))
INTEGER_KERNEL(sign, (x > 0) - (x < 0))
INTEGER_KERNEL(abs, x < 0 ? (int64_t)(0 - (uint64_t)x) : x)
INTEGER_KERNEL(clip, x < plan->lowest ? plan->lowest : (x > plan->highest ? plan->highest : x))

/* One output of the input's type and shape, and the plan. */
static status prepare_activation(struct prepare *prepare, double alpha, double beta, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    struct activation *plan;

    plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    if (plan == NULL)
        return error_memory(error);
    plan->alpha = alpha;
    plan->beta = beta;
    plan->lowest = INT64_MIN;
    plan->highest = INT64_MAX;
    prepare->outputs[0].type = input->type;
    prepare->outputs[0].shape = input->shape;
    prepare->plan = plan;
    return STATUS_OK;
}

static status prepare_plain(struct prepare *prepare, struct error *error)
{
    return prepare_activation(prepare, 0, 0, error);
}

static status prepare_leaky_relu(struct prepare *prepare, struct error *error)
{
    return prepare_activation(prepare, node_real(prepare->node, "alpha", 0.01), 0, error);
}

/* Elu, ThresholdedRelu, Swish */
static status prepare_alpha(struct prepare *prepare, struct error *error)
{
    return prepare_activation(prepare, node_real(prepare->node, "alpha", 1), 0, error);
}

static status prepare_celu(struct prepare *prepare, struct error *error)
{
    const double alpha = node_real(prepare->node, "alpha", 1);

    if (!(alpha != 0 && isfinite(alpha)))
        return error_set(error, STATUS_RANGE, "alpha must be a number other than 0");
    return prepare_activation(prepare, alpha, 0, error);
}

/* The operator's own defaults are float numbers. */
static status prepare_selu(struct prepare *prepare, struct error *error)
{
    return prepare_activation(prepare, node_real(prepare->node, "alpha", 1.67326319217681884765625),
                              node_real(prepare->node, "gamma", 1.05070102214813232421875), error);
}

/* Gelu has two formulas; plan->alpha is 1 for the approximation. */
static status prepare_gelu(struct prepare *prepare, struct error *error)
{
    const char *approximate = node_string(prepare->node, "approximate", "none");
    const bool tanh = strcmp(approximate, "tanh") == 0;

    if (!tanh && strcmp(approximate, "none") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "approximate is %s, not none or tanh", approximate);
    return prepare_activation(prepare, tanh, 0, error);
}

static status prepare_hard_sigmoid(struct prepare *prepare, struct error *error)
{
    return prepare_activation(prepare, node_real(prepare->node, "alpha", 0.2),
                              node_real(prepare->node, "beta", 0.5), error);
}

/* Bounds are attributes up to opset 10 and inputs from 11 on; a bound that is left out does not bind. */
static status prepare_clip(struct prepare *prepare, struct error *error)
{
    static const char *const attributes[] = {"min", "max"};
    double bounds[] = {-INFINITY, INFINITY};
    struct activation *plan;

    for (int i = 0; i < 2; i++) {
        bool found;
        double value;
        status code = prepare_real(prepare, i + 1, attributes[i], &value, &found, error);

        if (code != STATUS_OK)
            return code;
        if (found && isnan(value))
            return error_set(error, STATUS_NAN, "%s is not a number", attributes[i]);
        if (found)
            bounds[i] = value;
    }
    status code = prepare_activation(prepare, bounds[0], bounds[1], error);
    if (code != STATUS_OK)
        return code;
    plan = prepare->plan;
    for (int i = 0; i < 2; i++) {
        /* Not every 64-bit integer is a double. */
        if (prepare_has_input(prepare, i + 1) && prepare->inputs[0].type == ELEMENT_INT64)
            *(i == 0 ? &plan->lowest : &plan->highest) = tensor_get_integer(prepare->constant[i + 1], 0);
    }
    return STATUS_OK;
}

/* In the order of enum element_type. */
#define REAL_KERNELS(NAME)                                                                                   \
    {NAME##_forward_float, NAME##_backward_float},                                                           \
    {                                                                                                        \
        NAME##_forward_double, NAME##_backward_double                                                        \
    }
#define STEP_KERNELS(NAME)                                                                                   \
    {NAME##_forward_float, NULL},                                                                            \
    {                                                                                                        \
        NAME##_forward_double, NULL                                                                          \
    } /* no slope */

/* Complete activation functions, and functions that such are made of. */
#define ACTIVATION (OPERATOR_UNARY | OPERATOR_ELEMENTWISE | OPERATOR_ACTIVATION)
#define FUNCTION   (OPERATOR_UNARY | OPERATOR_ELEMENTWISE)

/* clang-format off */
const struct op operators_activation[] = {
    {"Relu", 1, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(relu), {relu_int64, NULL}}},
    {"Clip", 1, 1, 3, 1, ACTIVATION, prepare_clip, {REAL_KERNELS(clip), {clip_int64, NULL}}},
    {"LeakyRelu", 1, 1, 1, 1, ACTIVATION, prepare_leaky_relu, {REAL_KERNELS(leaky_relu)}},
    {"ThresholdedRelu", 10, 1, 1, 1, ACTIVATION, prepare_alpha, {REAL_KERNELS(thresholded_relu)}},
    {"Elu", 1, 1, 1, 1, ACTIVATION, prepare_alpha, {REAL_KERNELS(elu)}},
    {"Selu", 6, 1, 1, 1, ACTIVATION, prepare_selu, {REAL_KERNELS(selu)}},
    {"Celu", 12, 1, 1, 1, ACTIVATION, prepare_celu, {REAL_KERNELS(celu)}},
    {"Sigmoid", 1, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(sigmoid)}},
    {"HardSigmoid", 1, 1, 1, 1, ACTIVATION, prepare_hard_sigmoid, {REAL_KERNELS(hard_sigmoid)}},
    {"HardSwish", 14, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(hard_swish)}},
    {"Swish", 24, 1, 1, 1, ACTIVATION, prepare_alpha, {REAL_KERNELS(swish)}},
    {"Mish", 18, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(mish)}},
    {"Gelu", 20, 1, 1, 1, ACTIVATION, prepare_gelu, {REAL_KERNELS(any_gelu)}},
    {"Softplus", 1, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(softplus)}},
    {"Softsign", 1, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(softsign)}},
    {"Tanh", 1, 1, 1, 1, ACTIVATION, prepare_plain, {REAL_KERNELS(tanh)}},
    {"Erf", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(erf)}},
    {"Exp", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(exp)}},
    {"Log", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(log)}},
    {"Sqrt", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(sqrt)}},
    {"Reciprocal", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(reciprocal)}},
    {"Abs", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(abs), {abs_int64, NULL}}},
    {"Floor", 1, 1, 1, 1, FUNCTION, prepare_plain, {STEP_KERNELS(floor)}},
    {"Ceil", 1, 1, 1, 1, FUNCTION, prepare_plain, {STEP_KERNELS(ceil)}},
    {"Round", 11, 1, 1, 1, FUNCTION, prepare_plain, {STEP_KERNELS(round)}},
    {"Sign", 9, 1, 1, 1, FUNCTION, prepare_plain, {STEP_KERNELS(sign), {sign_int64, NULL}}},
    {"Sin", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(sin)}},
    {"Cos", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(cos)}},
    {"Tan", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(tan)}},
    {"Asin", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(asin)}},
    {"Acos", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(acos)}},
    {"Atan", 7, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(atan)}},
    {"Sinh", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(sinh)}},
    {"Cosh", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(cosh)}},
    {"Asinh", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(asinh)}},
    {"Acosh", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(acosh)}},
    {"Atanh", 9, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(atanh)}},
    {"Neg", 1, 1, 1, 1, FUNCTION, prepare_plain, {REAL_KERNELS(neg), {neg_int64, NULL}}},
    {NULL, 0, 0, 0, 0, 0, NULL, {{NULL, NULL}}},
};
/* clang-format on */
