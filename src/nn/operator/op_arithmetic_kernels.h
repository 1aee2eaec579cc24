/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the broadcasting operators for one real type (typed.h). a and b broadcast to the shape of the
 * result, which is taken row by row: (rows, length), along which an operand has stride 1, or 0 where it
 * stands still (broadcast.h).
 *
 * In the expressions a and b are the operands and g is the gradient arriving at the result. A gradient that
 * belongs to an element used many times is summed in double along a row. */

#define ROW_FORWARD(NAME, VALUE)                                                                             \
    static void TYPED(NAME##_row)(REAL * y, const REAL *first, int64_t first_stride, const REAL *second,     \
                                  int64_t second_stride, int64_t length)                                     \
    {                                                                                                        \
        if (first_stride == 1 && second_stride == 1) {                                                       \
            for (int64_t i = 0; i < length; i++) {                                                           \
                const REAL a = first[i], b = second[i];                                                      \
                y[i] = (VALUE);                                                                              \
            }                                                                                                \
        } else if (second_stride == 0) {                                                                     \
            const REAL b = second[0];                                                                        \
            for (int64_t i = 0; i < length; i++) {                                                           \
                const REAL a = first[i * first_stride];                                                      \
                y[i] = (VALUE);                                                                              \
            }                                                                                                \
        } else {                                                                                             \
            const REAL a = first[0];                                                                         \
            for (int64_t i = 0; i < length; i++) {                                                           \
                const REAL b = second[i];                                                                    \
                y[i] = (VALUE);                                                                              \
            }                                                                                                \
        }                                                                                                    \
    }

/* TO says whose gradient it is: its stride decides between element by element and one sum. */
#define ROW_BACKWARD(NAME, TO, GRADIENT)                                                                     \
    static void TYPED(NAME##_row_##TO)(REAL * to, const REAL *from, const REAL *first, int64_t first_stride, \
                                       const REAL *second, int64_t second_stride, int64_t length)            \
    {                                                                                                        \
        const int64_t to_stride = TO##_stride;                                                               \
        double sum = 0;                                                                                      \
                                                                                                             \
        for (int64_t i = 0; i < length; i++) {                                                               \
            const REAL a = first[i * first_stride], b = second[i * second_stride], g = from[i];              \
            (void)a, (void)b;                                                                                \
            if (to_stride == 1)                                                                              \
                to[i] += (GRADIENT);                                                                         \
            else                                                                                             \
                sum += (GRADIENT);                                                                           \
        }                                                                                                    \
        if (to_stride == 0)                                                                                  \
            to[0] += (REAL)sum;                                                                              \
    }

#define BINARY(NAME, VALUE, FIRST_GRADIENT, SECOND_GRADIENT)                                                 \
    ROW_FORWARD(NAME, VALUE)                                                                                 \
    ROW_BACKWARD(NAME, first, FIRST_GRADIENT)                                                                \
    ROW_BACKWARD(NAME, second, SECOND_GRADIENT)                                                              \
    static void TYPED(NAME##_forward)(const struct kernel_call *call)                                        \
    {                                                                                                        \
        TYPED(binary_forward)(call, TYPED(NAME##_row));                                                      \
    }                                                                                                        \
    static void TYPED(NAME##_backward)(const struct kernel_call *call)                                       \
    {                                                                                                        \
        TYPED(binary_backward)(call, 0, TYPED(NAME##_row_first));                                            \
        TYPED(binary_backward)(call, 1, TYPED(NAME##_row_second));                                           \
    }

/* y (rows, length) = f(a, b), row by row. */
static void TYPED(binary_forward)(const struct kernel_call *call,
                                  void (*row)(REAL *, const REAL *, int64_t, const REAL *, int64_t, int64_t))
{
    const struct broadcast *loops = call->plan;
    const REAL *first = call->inputs[0].data, *second = call->inputs[1].data;
    REAL *output = call->outputs[0].data;
    struct broadcast_cursor cursor = {0};

    for (int64_t i = 0; i < loops->rows; i++) {
        row(output + i * loops->length, first + cursor.at[0], loops->row_stride[0], second + cursor.at[1],
            loops->row_stride[1], loops->length);
        broadcast_next(loops, &cursor);
    }
}

/* The gradient of one operand, of its own shape, += from that of y (rows, length). */
static void TYPED(binary_backward)(const struct kernel_call *call, int input,
                                   void (*row)(REAL *, const REAL *, const REAL *, int64_t, const REAL *,
                                               int64_t, int64_t))
{
    const struct broadcast *loops = call->plan;
    const REAL *first = call->inputs[0].data, *second = call->inputs[1].data;
    const REAL *from = call->output_gradients[0].data;
    REAL *to = call->input_gradients[input].data;
    struct broadcast_cursor cursor = {0};

    if (from == NULL || to == NULL)
        return;
    for (int64_t i = 0; i < loops->rows; i++) {
        row(to + cursor.at[input], from + i * loops->length, first + cursor.at[0], loops->row_stride[0],
            second + cursor.at[1], loops->row_stride[1], loops->length);
        broadcast_next(loops, &cursor);
    }
}

/* clang-format off */
/* Where a slope is infinite a zero gradient (an empty place in the batch) must stay zero. */
BINARY(add, a + b, g, g)
BINARY(sub, a - b, g, -g)
BINARY(mul, a * b, g * b, g * a)
BINARY(div, a / b, g == 0 ? 0 : g / b, g == 0 ? 0 : -g * (a / b) / b)
BINARY(pow, pow(a, b),
       g == 0 || b == 0 ? 0 : g * b * pow(a, b - 1),
       g == 0 || a == 0 ? 0 : g * pow(a, b) * log(a))
BINARY(mod, fmod(a, b), g, g == 0 ? 0 : -g * trunc(a / b))
/* Equal operands share the gradient, as in PyTorch. */
BINARY(min, a < b ? a : b, a < b ? g : (a > b ? 0 : g / 2), b < a ? g : (b > a ? 0 : g / 2))
BINARY(max, a > b ? a : b, a > b ? g : (a < b ? 0 : g / 2), b > a ? g : (b < a ? 0 : g / 2))
BINARY(prelu, a < 0 ? a * b : a, a > 0 ? g : g * b, a > 0 ? 0 : g * a)
/* An operand's part of a mean of b operands, backward. */
ROW_BACKWARD(part, first, g / b)
/* clang-format on */

/* The exponent may be of another type than the base: it is converted into the workspace first. */
static void TYPED(mixed_pow)(const struct kernel_call *call, kernel same_type)
{
    struct operand inputs[] = {call->inputs[0], call->inputs[1]};
    struct kernel_call converted = *call;

    if (inputs[1].type != inputs[0].type) {
        const int64_t count = shape_elements(&inputs[1].shape);
        REAL *exponent = call->workspace;

        for (int64_t i = 0; i < count; i++)
            exponent[i] = (REAL)element_real(&inputs[1], i);
        inputs[1].type = inputs[0].type;
        inputs[1].data = exponent;
        converted.inputs = inputs;
    }
    same_type(&converted);
}

static void TYPED(mixed_pow_forward)(const struct kernel_call *call)
{
    TYPED(mixed_pow)(call, TYPED(pow_forward));
}

static void TYPED(mixed_pow_backward)(const struct kernel_call *call)
{
    TYPED(mixed_pow)(call, TYPED(pow_backward));
}

/* y (rows, length) = f(y, x) with each input x in turn, from the given one on. plan: one broadcast per input.
 */
static void TYPED(fold)(const struct kernel_call *call, int first,
                        void (*row)(REAL *, const REAL *, int64_t, const REAL *, int64_t, int64_t))
{
    const struct broadcast *plan = call->plan;
    REAL *output = call->outputs[0].data;

    for (int k = first; k < call->input_count; k++) {
        const struct broadcast *loops = &plan[k];
        const REAL *input = call->inputs[k].data;
        struct broadcast_cursor cursor = {0};

        for (int64_t i = 0; i < loops->rows; i++) {
            REAL *y = output + i * loops->length;

            row(y, y, 1, input + cursor.at[0], loops->row_stride[0], loops->length);
            broadcast_next(loops, &cursor);
        }
    }
}

/* Sum of any number of inputs. */
static void TYPED(sum_forward)(const struct kernel_call *call)
{
    REAL *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    for (int64_t i = 0; i < count; i++)
        output[i] = 0;
    TYPED(fold)(call, 0, TYPED(add_row));
}

/* Each input's gradient, of its own shape, += that of the output by `parts`, summed where it broadcasts. */
static void TYPED(part_backward)(const struct kernel_call *call, REAL parts)
{
    const struct broadcast *plan = call->plan;
    const REAL *from = call->output_gradients[0].data;

    for (int k = 0; from != NULL && k < call->input_count; k++) {
        const struct broadcast *loops = &plan[k];
        const REAL *input = call->inputs[k].data;
        REAL *to = call->input_gradients[k].data;
        struct broadcast_cursor cursor = {0};

        for (int64_t i = 0; to != NULL && i < loops->rows; i++) {
            TYPED(part_row_first)(to + cursor.at[0], from + i * loops->length, input + cursor.at[0],
                                  loops->row_stride[0], &parts, 0, loops->length);
            broadcast_next(loops, &cursor);
        }
    }
}

static void TYPED(sum_backward)(const struct kernel_call *call)
{
    TYPED(part_backward)(call, 1);
}

/* Mean of any number of inputs. */
static void TYPED(mean_forward)(const struct kernel_call *call)
{
    REAL *output = call->outputs[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    TYPED(sum_forward)(call);
    for (int64_t i = 0; i < count; i++)
        output[i] /= (REAL)call->input_count;
}

static void TYPED(mean_backward)(const struct kernel_call *call)
{
    TYPED(part_backward)(call, (REAL)call->input_count);
}

/* Largest or smallest of any number of inputs. */
static void TYPED(extreme_forward)(const struct kernel_call *call,
                                   void (*row)(REAL *, const REAL *, int64_t, const REAL *, int64_t, int64_t))
{
    const int64_t count = shape_elements(&call->outputs[0].shape);
    struct kernel_call first = *call;
    REAL *output = call->outputs[0].data;

    for (int64_t i = 0; i < count; i++)
        output[i] = 0;
    first.input_count = 1;
    TYPED(fold)(&first, 0, TYPED(add_row));
    TYPED(fold)(call, 1, row);
}

/* How many inputs (rows, length) have what the output has; with `to`, its gradient += that of the output,
 * shared among them. */
static void TYPED(extreme_input)(const struct kernel_call *call, int k, REAL *alike, REAL *to)
{
    const struct broadcast *loops = (const struct broadcast *)call->plan + k;
    const REAL *input = call->inputs[k].data, *output = call->outputs[0].data;
    const REAL *from = call->output_gradients[0].data;
    struct broadcast_cursor cursor = {0};

    for (int64_t row = 0; row < loops->rows; row++) {
        for (int64_t i = 0; i < loops->length; i++, output++, from++, alike++) {
            const int64_t at = cursor.at[0] + i * loops->row_stride[0];

            if (input[at] != *output)
                continue;
            if (to == NULL)
                *alike += 1;
            else
                to[at] += *from / *alike;
        }
        broadcast_next(loops, &cursor);
    }
}

static void TYPED(extreme_backward)(const struct kernel_call *call)
{
    const int64_t count = shape_elements(&call->outputs[0].shape);
    REAL *alike = call->workspace;

    if (call->output_gradients[0].data == NULL)
        return;
    for (int64_t i = 0; i < count; i++)
        alike[i] = 0;
    for (int k = 0; k < call->input_count; k++)
        TYPED(extreme_input)(call, k, alike, NULL);
    for (int k = 0; k < call->input_count; k++)
        if (call->input_gradients[k].data != NULL)
            TYPED(extreme_input)(call, k, alike, call->input_gradients[k].data);
}

/* Two inputs have kernels of their own. */
#define EXTREME(NAME)                                                                                        \
    static void TYPED(any_##NAME##_forward)(const struct kernel_call *call)                                  \
    {                                                                                                        \
        if (call->input_count == 2)                                                                          \
            TYPED(NAME##_forward)(call);                                                                     \
        else                                                                                                 \
            TYPED(extreme_forward)(call, TYPED(NAME##_row));                                                 \
    }                                                                                                        \
    static void TYPED(any_##NAME##_backward)(const struct kernel_call *call)                                 \
    {                                                                                                        \
        if (call->input_count == 2)                                                                          \
            TYPED(NAME##_backward)(call);                                                                    \
        else                                                                                                 \
            TYPED(extreme_backward)(call);                                                                   \
    }

EXTREME(min)
EXTREME(max)

#undef EXTREME
#undef BINARY
#undef ROW_BACKWARD
#undef ROW_FORWARD
