/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the one-input operators for one real type. Included by op_activation.c once per type, with REAL
 * and TYPED(name) defined; there is no include guard on purpose. <tgmath.h> picks exp or expf by the type of
 * x.
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
ACTIVATION(exp, exp(x), y * g)
/* The slope is infinite at 0; a zero gradient (an empty place in the batch) must stay zero even there. */
ACTIVATION(sqrt, sqrt(x), g == 0 ? 0 : g / (2 * y))
ACTIVATION(neg, -x, -g)
ACTIVATION(abs, fabs(x), x > 0 ? g : (x < 0 ? -g : 0))
ACTIVATION_FORWARD(floor, floor(x))
ACTIVATION_FORWARD(ceil, ceil(x))
/* clang-format on */

#undef ACTIVATION
#undef ACTIVATION_FORWARD
