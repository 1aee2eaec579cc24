/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common activation functions, known by their values. */
#ifndef IPPRO_SCORE_FUNCTION_H
#define IPPRO_SCORE_FUNCTION_H

#include <stdbool.h>

/* Where a function is looked at: FUNCTION_SAMPLES places from -8 to 8 at equal distances, 0 among them. */
enum { FUNCTION_SAMPLES = 65 };
double function_place(int sample);

/* The name (as ONNX calls the operator, static) of the function that has these values at the places, all
 * within a thousandth: constants in files are rounded, and GELU's two formulas differ by half of that. NULL
 * when it is none of Relu, Clip, LeakyRelu, HardSigmoid, HardSwish, Sigmoid, LogSigmoid, Tanh, Swish (also
 * with the factor that makes it like GELU), Gelu, Mish, Softplus (with any beta), Softsign, Selu, Celu. */
const char *function_name(const double *values);
/* Is a function of this name 0 for many inputs? One that is none of those above may be. */
bool function_has_zeros(const char *name);
bool function_is_affine(const double *values);

#endif
