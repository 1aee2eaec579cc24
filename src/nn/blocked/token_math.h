/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of vectors of numbers, and rows whose length is no multiple of a vector. */
#ifndef IPPRO_NN_BLOCKED_TOKEN_MATH_H
#define IPPRO_NN_BLOCKED_TOKEN_MATH_H

#include <string.h>

#include "nn/blocked/lanes.h"

/* `count` numbers, zeros behind them. */
LANES_INLINE vector row_load(const float *from, size_t count)
{
    if (count >= WIDTH)
        return *(const vector_unaligned *)from;
    vector v = vector_all(0);
    memcpy(&v, from, count * sizeof *from);
    return v;
}

LANES_INLINE void row_store(float *to, vector v, size_t count)
{
    if (count >= WIDTH)
        *(vector_unaligned *)to = v;
    else
        memcpy(to, &v, count * sizeof *to);
}

/* to = v, or += */
LANES_INLINE void row_give(float *to, vector v, size_t count, bool add)
{
    if (add)
        v += row_load(to, count);
    row_store(to, v, count);
}

LANES_INLINE float vector_sum(vector v)
{
    float sum[WIDTH];
    memcpy(sum, &v, sizeof sum);
    LANES_UNROLL
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

LANES_INLINE vector choose(vector_mask where, vector a, vector b)
{
    return (vector)(((vector_mask)a & where) | ((vector_mask)b & ~where));
}

/* e^x to about 1e-7 relative, for x up to 88; what is below -87 counts as -87. x = n ln 2 + r with |r| at
 * most ln 2 / 2, where Taylor's polynomial of degree 7 does; ln 2 comes in two parts, so that r is exact. */
LANES_INLINE vector vector_exp(vector x)
{
    const float rounder = 12582912.0F; /* 1.5 * 2^23: adding it leaves a whole number in the low bits */
    const vector bounded = vector_min(vector_max(x, vector_all(-87)), vector_all(88));
    const vector shifted = vector_multiply_add(bounded, vector_all(1.44269504F), vector_all(rounder));
    const vector n = shifted - rounder;
    vector r = vector_multiply_add(n, vector_all(-0.693359375F), bounded);
    r = vector_multiply_add(n, vector_all(2.12194440e-4F), r);
    vector p = vector_all(1.0F / 5040);
    p = vector_multiply_add(p, r, vector_all(1.0F / 720));
    p = vector_multiply_add(p, r, vector_all(1.0F / 120));
    p = vector_multiply_add(p, r, vector_all(1.0F / 24));
    p = vector_multiply_add(p, r, vector_all(1.0F / 6));
    p = vector_multiply_add(p, r, vector_all(0.5F));
    p = vector_multiply_add(p, r, vector_all(1));
    p = vector_multiply_add(p, r, vector_all(1));
    return (vector)((vector_mask)p + ((vector_mask)shifted << 23));
}

/* The normal distribution: its density at x, and its integral up to x. With z = |x| / sqrt(2) the integral up
 * to -|x| is erfc(z) / 2, and erfc(z) = t P(t) e^(-z z) with t = 1 / (1 + 0.35 z); P is the polynomial of
 * degree 9 whose largest relative error is least (7e-9 for z up to 10, found by reweighted least squares). */
LANES_INLINE vector vector_normal(vector x, vector *density)
{
    static const float p[] = {0.1974837754F,  0.1971384123F,   0.1879019236F, 0.1511884072F,  0.1460357938F,
                              0.08703061614F, -0.02771985471F, 0.1814718387F, -0.1589327839F, 0.03840187868F};
    const vector size = vector_max(x, -x);
    const vector bell = vector_exp(x * x * -0.5F);
    const vector t = 1.0F / vector_multiply_add(size, vector_all(0.35F * 0.70710678F), vector_all(1));
    vector sum = vector_all(p[9]);
    LANES_UNROLL
    for (int i = 8; i >= 0; i--)
        sum = vector_multiply_add(sum, t, vector_all(p[i]));
    const vector tail = 0.5F * bell * t * sum;
    *density = bell * 0.39894228F;
    return choose(x > 0, 1.0F - tail, tail);
}

#endif
