/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GELU (arXiv 1606.08415) in both forms, and its gradient. */
#include "nn/blocked/lanes.h"
#include "nn/blocked/token_math.h"
#include "nn/blocked/token_parts.h"

/* 2 sqrt(2 / pi) and that times 0.044715: the approximation is x / (1 + e^-u) with u = x (A + B x x). */
static const float A = 1.59576912F, B = 0.0713548163F;

LANES_INLINE vector value(vector x, bool tanh)
{
    vector density;
    if (!tanh)
        return x * vector_normal(x, &density);
    const vector u = x * vector_multiply_add(x * x, vector_all(B), vector_all(A));
    return x / (1.0F + vector_exp(-u));
}

LANES_INLINE vector slope(vector x, bool tanh)
{
    vector density;
    if (!tanh) {
        const vector below = vector_normal(x, &density);
        return vector_multiply_add(x, density, below);
    }
    const vector square = x * x, u = x * vector_multiply_add(square, vector_all(B), vector_all(A));
    const vector s = 1.0F / (1.0F + vector_exp(-u));
    return vector_multiply_add(x * s * (1.0F - s),
                               vector_multiply_add(square, vector_all(3 * B), vector_all(A)), s);
}

/* y (count) of x (count). */
void ISA_NAME(token_gelu_forward)(size_t count, bool tanh, const float *x, float *y)
{
    for (size_t i = 0; i < count; i += WIDTH)
        row_store(y + i, value(row_load(x + i, count - i), tanh), count - i);
}

/* dx (count) = dy times the slope at x, or +=. */
void ISA_NAME(token_gelu_backward)(size_t count, bool tanh, const float *x, const float *dy, float *dx,
                                   bool add)
{
    for (size_t i = 0; i < count; i += WIDTH) {
        const size_t left = count - i;
        row_give(dx + i, row_load(dy + i, left) * slope(row_load(x + i, left), tanh), left, add);
    }
}
