/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activation functions, known by their values. */
#include "score/function.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define RANGE         8.0
#define TOLERANCE     1e-3
#define EXACT         1e-9
#define SELU_ALPHA    1.67326324235437728481
#define SELU_GAMMA    1.05070098735548049342
#define LN2           0.69314718055994530942
#define ROOT_HALF     0.70710678118654752440
#define SWISH_AS_GELU 1.702 /* arXiv 1606.08415 */

enum { MIDDLE = FUNCTION_SAMPLES / 2, LAST = FUNCTION_SAMPLES - 1 };

double function_place(int sample)
{
    return RANGE * (sample - MIDDLE) / MIDDLE;
}

static bool is_near(double got, double wanted, double tolerance)
{
    return fabs(got - wanted) <= tolerance * fmax(1, fabs(wanted));
}

/* --- functions without a parameter ---------------------------------------------------------------------- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double swish(double x)
{
    return x * sigmoid(x);
}

static double quick_gelu(double x)
{
    return x * sigmoid(SWISH_AS_GELU * x);
}

static double gelu(double x)
{
    return x * erfc(-x * ROOT_HALF) / 2;
}

static double mish(double x)
{
    return x * tanh(log1p(exp(x)));
}

static double softsign(double x)
{
    return x / (1 + fabs(x));
}

static double hard_swish(double x)
{
    return x * fmin(fmax(x / 6 + 0.5, 0), 1);
}

static double selu(double x)
{
    return SELU_GAMMA * (x < 0 ? SELU_ALPHA * expm1(x) : x);
}

static double log_sigmoid(double x)
{
    return -log1p(exp(-x));
}

static const struct {
    const char *name;
    double (*function)(double x);
} functions[] = {
    {"Sigmoid", sigmoid},   {"Tanh", tanh},
    {"Swish", swish},       {"Swish", quick_gelu},
    {"Gelu", gelu},         {"Mish", mish},
    {"Softsign", softsign}, {"HardSwish", hard_swish},
    {"Selu", selu},         {"LogSigmoid", log_sigmoid},
};

static bool has_values_of(const double *values, double (*function)(double x))
{
    for (int i = 0; i < FUNCTION_SAMPLES; i++)
        if (!is_near(values[i], function(function_place(i)), TOLERANCE))
            return false;
    return true;
}

/* --- families: the parameters follow from some values, which all others must fit ------------------------ */

/* x between two bounds, of which one is reached */
static bool is_clamp(const double *values)
{
    const double low = values[0], high = values[LAST];
    for (int i = 0; i < FUNCTION_SAMPLES; i++)
        if (!is_near(values[i], fmin(fmax(function_place(i), low), high), TOLERANCE))
            return false;
    return low < high && (low > -RANGE + TOLERANCE || high < RANGE - TOLERANCE);
}

static bool is_relu(const double *values)
{
    return is_clamp(values) && is_near(values[0], 0, TOLERANCE) && is_near(values[LAST], RANGE, TOLERANCE);
}

/* x, on the left times a slope */
static bool is_leaky_relu(const double *values)
{
    const double slope = values[0] / -RANGE;
    for (int i = 0; i < FUNCTION_SAMPLES; i++) {
        const double x = function_place(i);
        if (!is_near(values[i], x < 0 ? slope * x : x, TOLERANCE))
            return false;
    }
    return slope > 0 && slope < 1 - TOLERANCE;
}

/* alpha * x + beta between 0 and 1 */
static bool is_hard_sigmoid(const double *values)
{
    int first = 0, last = LAST;
    while (first < LAST && !(values[first] > TOLERANCE))
        first++;
    while (last > 0 && !(values[last] < 1 - TOLERANCE))
        last--;
    if (first == 0 || last == LAST || last <= first)
        return false;
    const double start = function_place(first);
    const double alpha = (values[last] - values[first]) / (function_place(last) - start);
    for (int i = 0; i < FUNCTION_SAMPLES; i++) {
        const double line = values[first] + alpha * (function_place(i) - start);
        if (!is_near(values[i], fmin(fmax(line, 0), 1), TOLERANCE))
            return false;
    }
    return alpha > 0;
}

/* ln(1 + e^(beta x)) / beta, which is ln 2 / beta at 0 */
static bool is_softplus(const double *values)
{
    const double beta = LN2 / values[MIDDLE];
    for (int i = 0; beta > 0 && i < FUNCTION_SAMPLES; i++) {
        const double x = function_place(i), softplus = fmax(x, 0) + log1p(exp(-beta * fabs(x))) / beta;
        if (!is_near(values[i], softplus, TOLERANCE))
            return false;
    }
    return beta > 0;
}

/* alpha * (e^(x / alpha) - 1) on the left, x on the right (arXiv 1704.07483); with alpha = 1 it is ELU too.
 * Far on the left alpha is all but reached: a few corrections give the rest. */
static bool is_celu(const double *values)
{
    enum { CORRECTIONS = 50 };
    double alpha = -values[0];
    for (int i = 0; alpha > 0 && i < CORRECTIONS; i++)
        alpha = values[0] / expm1(-RANGE / alpha);
    for (int i = 0; alpha > 0 && i < FUNCTION_SAMPLES; i++) {
        const double x = function_place(i);
        if (!is_near(values[i], x < 0 ? alpha * expm1(x / alpha) : x, TOLERANCE))
            return false;
    }
    return alpha > TOLERANCE && alpha < RANGE;
}

static const struct {
    const char *name;
    bool (*fits)(const double *values);
} families[] = {
    {"Relu", is_relu},         {"LeakyRelu", is_leaky_relu},
    {"Clip", is_clamp},        {"HardSigmoid", is_hard_sigmoid},
    {"Softplus", is_softplus}, {"Celu", is_celu},
};

/* --- together ------------------------------------------------------------------------------------------- */

const char *function_name(const double *values)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (has_values_of(values, functions[i].function))
            return functions[i].name;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (families[i].fits(values))
            return families[i].name;
    return NULL;
}

bool function_has_zeros(const char *name)
{
    static const char *const without[] = {"LeakyRelu", "PRelu", "Sigmoid", "LogSigmoid", "Tanh",
                                          "Swish",     "Gelu",  "Mish",    "Elu",        "Softplus",
                                          "Softsign",  "Selu",  "Celu"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strcmp(name, without[i]) == 0)
            return false;
    return true;
}

bool function_is_affine(const double *values)
{
    const double slope = (values[LAST] - values[0]) / (2 * RANGE);
    for (int i = 0; i < FUNCTION_SAMPLES; i++)
        if (!is_near(values[i], values[0] + slope * (function_place(i) + RANGE), EXACT))
            return false;
    return true;
}
