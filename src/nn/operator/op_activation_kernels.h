/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the one-input operators for one real type (typed.h): x and y have the same shape, whatever it
 * is. <tgmath.h> picks exp or expf by the type of x.
 *
 * In the expressions x is the input, y the output, g the gradient arriving at y; alpha and beta are the
 * operator's parameters. The second expression is what is added to the gradient of x. */

#define ACTIVATION_FORWARD(NAME, VALUE)                                                                      \
    static void TYPED(NAME##_forward)(const struct kernel_call *call)                                        \
    {                                                                                                        \
        const struct activation *plan = call->plan;                                                          \
        const REAL alpha = (REAL)plan->alpha, beta = (REAL)plan->beta;                                       \
        const REAL *input = call->inputs[0].data;                                                            \
        REAL *output = call->outputs[0].data;                                                                \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        (void)alpha, (void)beta;                                                                             \
        for (int64_t i = 0; i < count; i++) {                                                                \
            const REAL x = input[i];                                                                         \
            output[i] = (VALUE);                                                                             \
        }                                                                                                    \
    }

#define ACTIVATION(NAME, VALUE, GRADIENT)                                                                    \
    ACTIVATION_FORWARD(NAME, VALUE)                                                                          \
    static void TYPED(NAME##_backward)(const struct kernel_call *call)                                       \
    {                                                                                                        \
        const struct activation *plan = call->plan;                                                          \
        const REAL alpha = (REAL)plan->alpha, beta = (REAL)plan->beta;                                       \
        const REAL *input = call->inputs[0].data, *output = call->outputs[0].data;                           \
        const REAL *from = call->output_gradients[0].data;                                                   \
        REAL *to = call->input_gradients[0].data;                                                            \
        const int64_t count = shape_elements(&call->outputs[0].shape);                                       \
                                                                                                             \
        (void)alpha, (void)beta;                                                                             \
        if (from == NULL || to == NULL)                                                                      \
            return;                                                                                          \
        for (int64_t i = 0; i < count; i++) {                                                                \
            const REAL x = input[i], y = output[i], g = from[i];                                             \
            (void)x, (void)y;                                                                                \
            to[i] += (GRADIENT);                                                                             \
        }                                                                                                    \
    }

/* 1 / (1 + e^-x) */
static inline REAL TYPED(logistic)(REAL x)
{
    return 1 / (1 + exp(-x));
}

/* ln(1 + e^x) without overflow */
static inline REAL TYPED(softplus_of)(REAL x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* Slope of x * logistic(alpha * x), given s = alpha * x. Far on the left 0 * infinity must not arise. */
static inline REAL TYPED(swish_slope)(REAL s)
{
    const REAL y = TYPED(logistic)(s);
    return y * (1 + s * (1 - y));
}

static inline REAL TYPED(mish_slope)(REAL x)
{
    const REAL t = tanh(TYPED(softplus_of)(x));
    return t + x * (1 - t * t) * TYPED(logistic)(x);
}

/* Distribution function and density of the standard normal distribution. */
static inline REAL TYPED(normal)(REAL x)
{
    return erfc(-x * (REAL)ROOT_HALF) / 2;
}

static inline REAL TYPED(normal_slope)(REAL x)
{
    return (REAL)(ROOT_HALF / 2 * TWO_BY_ROOT_PI) * exp(-x * x / 2);
}

/* GELU's approximation is x * (1 + tanh(z)) / 2 with z = sqrt(2/pi) * (x + GELU_CUBE * x^3), which is
 * x * logistic(2z). */
static inline REAL TYPED(cubic)(REAL x)
{
    return (REAL)(2 * ROOT_HALF * TWO_BY_ROOT_PI) * (x + (REAL)GELU_CUBE * x * x * x);
}

static inline REAL TYPED(gelu_tanh_slope)(REAL x)
{
    const REAL y = TYPED(logistic)(TYPED(cubic)(x));
    const REAL inner = (REAL)(2 * ROOT_HALF * TWO_BY_ROOT_PI) * (1 + 3 * (REAL)GELU_CUBE * x * x);
    return y + x * y * (1 - y) * inner;
}

/* clang-format off */
/* Comparisons are written so that a NaN in x comes out again instead of turning into 0. */
ACTIVATION(relu, x <= 0 ? 0 : x, x > 0 ? g : 0)
ACTIVATION(clip, TYPED(clamp)(x, alpha, beta), x > alpha && x < beta ? g : 0)
ACTIVATION(leaky_relu, x < 0 ? alpha * x : x, x > 0 ? g : alpha * g)
ACTIVATION(elu, x < 0 ? alpha * expm1(x) : x, x > 0 ? g : (y + alpha) * g)
ACTIVATION(sigmoid, 1 / (1 + exp(-x)), y * (1 - y) * g)
ACTIVATION(hard_sigmoid, TYPED(clamp)(alpha * x + beta, 0, 1), y > 0 && y < 1 ? alpha * g : 0)
ACTIVATION(hard_swish, x * TYPED(clamp)(x / 6 + (REAL)0.5, 0, 1),
           x <= -3 ? 0 : (x >= 3 ? g : (x / 3 + (REAL)0.5) * g))
ACTIVATION(tanh, tanh(x), (1 - y * y) * g)
ACTIVATION(selu, beta * (x < 0 ? alpha * expm1(x) : x), x > 0 ? beta * g : (y + alpha * beta) * g)
ACTIVATION(celu, x < 0 ? alpha * expm1(x / alpha) : x, x > 0 ? g : (y / alpha + 1) * g)
ACTIVATION(thresholded_relu, x <= alpha ? 0 : x, x > alpha ? g : 0)
ACTIVATION(softplus, TYPED(softplus_of)(x), TYPED(logistic)(x) * g)
ACTIVATION(softsign, x / (1 + fabs(x)), g / ((1 + fabs(x)) * (1 + fabs(x))))
ACTIVATION(swish, x * TYPED(logistic)(alpha * x), TYPED(swish_slope)(alpha * x) * g)
ACTIVATION(mish, x * tanh(TYPED(softplus_of)(x)), TYPED(mish_slope)(x) * g)
ACTIVATION(gelu, x * TYPED(normal)(x), (TYPED(normal)(x) + x * TYPED(normal_slope)(x)) * g)
ACTIVATION(gelu_tanh, x * TYPED(logistic)(TYPED(cubic)(x)), TYPED(gelu_tanh_slope)(x) * g)
ACTIVATION(erf, erf(x), (REAL)TWO_BY_ROOT_PI * exp(-x * x) * g)
ACTIVATION(exp, exp(x), y * g)
/* The slopes are infinite at 0; a zero gradient (an empty place in the batch) must stay zero even there. */
ACTIVATION(sqrt, sqrt(x), g == 0 ? 0 : g / (2 * y))
ACTIVATION(log, log(x), g == 0 ? 0 : g / x)
ACTIVATION(reciprocal, 1 / x, g == 0 ? 0 : -g * y * y)
ACTIVATION(neg, -x, -g)
ACTIVATION(abs, fabs(x), x > 0 ? g : (x < 0 ? -g : 0))
ACTIVATION(sin, sin(x), cos(x) * g)
ACTIVATION(cos, cos(x), -sin(x) * g)
ACTIVATION(tan, tan(x), (1 + y * y) * g)
ACTIVATION(asin, asin(x), g == 0 ? 0 : g / sqrt(1 - x * x))
ACTIVATION(acos, acos(x), g == 0 ? 0 : -g / sqrt(1 - x * x))
ACTIVATION(atan, atan(x), g / (1 + x * x))
ACTIVATION(sinh, sinh(x), cosh(x) * g)
ACTIVATION(cosh, cosh(x), sinh(x) * g)
ACTIVATION(asinh, asinh(x), g / sqrt(x * x + 1))
ACTIVATION(acosh, acosh(x), g == 0 ? 0 : g / sqrt(x * x - 1))
ACTIVATION(atanh, atanh(x), g == 0 ? 0 : g / (1 - x * x))
ACTIVATION_FORWARD(floor, floor(x))
ACTIVATION_FORWARD(ceil, ceil(x))
ACTIVATION_FORWARD(round, nearbyint(x)) /* a half to the even number */
ACTIVATION_FORWARD(sign, x > 0 ? 1 : (x < 0 ? -1 : x))
/* clang-format on */

/* Gelu by the formula that its plan asks for. */
static void TYPED(any_gelu_forward)(const struct kernel_call *call)
{
    const struct activation *plan = call->plan;

    plan->alpha == 0 ? TYPED(gelu_forward)(call) : TYPED(gelu_tanh_forward)(call);
}

static void TYPED(any_gelu_backward)(const struct kernel_call *call)
{
    const struct activation *plan = call->plan;

    plan->alpha == 0 ? TYPED(gelu_backward)(call) : TYPED(gelu_tanh_backward)(call);
}

#undef ACTIVATION
#undef ACTIVATION_FORWARD
