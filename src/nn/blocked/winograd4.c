/* SPDX-License-Identifier: GPL-3.0-or-later */
/* F(4x4, 3x3): a quarter of the direct convolution's products. The interpolation points are 0, +-5/8, +-3/2
 * and infinity. With them rounding errors are about twice those of the direct convolution, with the usual 0,
 * +-1, +-2 five times; all constants of the data's transforms are exact. */

#include "nn/blocked/epilogue.h"
#include "nn/blocked/families.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/product.h"

enum { OUTPUTS = 4, TAPS = OUTPUTS + 2 };

#define A  0.625
#define B  1.5
#define AA (A * A)
#define BB (B * B)
/* The rows of +-A and +-B are multiplied by A and B, which saves the output's transform as many products. */
#define ROW_A(sign)                                                                                          \
    {                                                                                                        \
        1 / (2 * A * (AA - BB)), sign 1 / (2 * (AA - BB)), A / (2 * (AA - BB))                               \
    }
#define ROW_B(sign)                                                                                          \
    {                                                                                                        \
        1 / (2 * B * (BB - AA)), sign 1 / (2 * (BB - AA)), B / (2 * (BB - AA))                               \
    }
static const double filter_matrix[TAPS][3] = {
    {1 / (AA * BB), 0, 0}, ROW_A(+), ROW_A(-), ROW_B(+), ROW_B(-), {0, 0, 1}};

LANES_INLINE void transform_input(vector d[TAPS])
{
    const vector even_a = vector_multiply_add(d[2], vector_all((float)-BB), d[4]);
    const vector even_b = vector_multiply_add(d[2], vector_all((float)-AA), d[4]);
    const vector odd_a = vector_multiply_add(d[1], vector_all((float)-BB), d[3]);
    const vector odd_b = vector_multiply_add(d[1], vector_all((float)-AA), d[3]);
    const vector a = vector_all((float)A), b = vector_all((float)B);
    const vector both = vector_all((float)-(AA + BB)), product = vector_all((float)(AA * BB));
    d[0] = vector_multiply_add(d[0], product, vector_multiply_add(d[2], both, d[4]));
    d[5] = vector_multiply_add(d[1], product, vector_multiply_add(d[3], both, d[5]));
    d[1] = vector_multiply_add(odd_a, a, even_a);
    d[2] = vector_multiply_add(odd_a, -a, even_a);
    d[3] = vector_multiply_add(odd_b, b, even_b);
    d[4] = vector_multiply_add(odd_b, -b, even_b);
}

LANES_INLINE void transform_output(const vector s[TAPS], vector y[OUTPUTS])
{
    const vector even_a = s[1] + s[2], odd_a = s[1] - s[2], even_b = s[3] + s[4], odd_b = s[3] - s[4];
    const vector a = vector_all((float)A), b = vector_all((float)B);
    const vector aa = vector_all((float)AA), bb = vector_all((float)BB);
    y[0] = vector_multiply_add(even_a, vector_all((float)(1 / A)),
                               vector_multiply_add(even_b, vector_all((float)(1 / B)), s[0]));
    y[1] = odd_a + odd_b;
    y[2] = vector_multiply_add(even_a, a, even_b * b);
    y[3] = vector_multiply_add(odd_a, aa, vector_multiply_add(odd_b, bb, s[5]));
}

/* s = A y: what transform_output does, transposed. */
LANES_INLINE void transform_delta(const vector y[OUTPUTS], vector s[TAPS])
{
    const vector a = vector_all((float)A), b = vector_all((float)B);
    const vector even_a = vector_multiply_add(y[0], vector_all((float)(1 / A)), y[2] * a);
    const vector even_b = vector_multiply_add(y[0], vector_all((float)(1 / B)), y[2] * b);
    const vector odd_a = vector_multiply_add(y[3], vector_all((float)AA), y[1]);
    const vector odd_b = vector_multiply_add(y[3], vector_all((float)BB), y[1]);
    s[0] = y[0];
    s[1] = even_a + odd_a;
    s[2] = even_a - odd_a;
    s[3] = even_b + odd_b;
    s[4] = even_b - odd_b;
    s[5] = y[3];
}

#include "nn/blocked/winograd.h"
#include "nn/blocked/winograd_weights.h"

const struct blocked_family ISA_NAME(blocked_winograd4) = {
    .name = "winograd4",
    .supports = supports,
    .weights_size = weights_size,
    .pack_weights = pack_weights,
    .workspace = workspace,
    .run = run,
    .weight_workspace = weight_workspace,
    .weight_gradient = weight_gradient,
};
