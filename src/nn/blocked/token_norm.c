/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LayerNorm of rows, and its gradient. */
#include <math.h>

#include "nn/blocked/lanes.h"
#include "nn/blocked/token.h"
#include "nn/blocked/token_math.h"
#include "nn/blocked/token_parts.h"

/* What becomes of the lanes behind a row's end must not count as -mean. */
LANES_INLINE vector centred(const float *x, float mean, size_t left)
{
    const vector d = row_load(x, left) - mean;
    if (left >= WIDTH)
        return d;
    float kept[WIDTH];
    row_store(kept, d, left);
    return row_load(kept, left);
}

static void statistics(const struct token_norm *norm, const float *x, float *mean, float *r)
{
    vector sum = vector_all(0), squares = vector_all(0);
    for (size_t i = 0; i < norm->length; i += WIDTH)
        sum += row_load(x + i, norm->length - i);
    *mean = vector_sum(sum) / (float)norm->length;
    for (size_t i = 0; i < norm->length; i += WIDTH) {
        const vector d = centred(x + i, *mean, norm->length - i);
        squares = vector_multiply_add(d, d, squares);
    }
    *r = 1 / sqrtf(vector_sum(squares) / (float)norm->length + norm->epsilon);
}

/* y (rows, length) of x (rows, length); scale and shift (length). */
void ISA_NAME(token_norm_forward)(const struct token_norm *norm, const float *x, float *y)
{
    const struct token_norm n = *norm;
    for (size_t row = 0; row < n.rows; row++, x += n.length, y += n.length) {
        float mean, r;
        statistics(&n, x, &mean, &r);
        for (size_t i = 0; i < n.length; i += WIDTH) {
            const size_t left = n.length - i;
            vector z = (row_load(x + i, left) - mean) * r;
            if (n.scale)
                z *= row_load(n.scale + i, left);
            if (n.shift)
                z += row_load(n.shift + i, left);
            row_store(y + i, z, left);
        }
    }
}

/* With z = (x - mean) r and g = dy * scale: dx (rows, length) = r (g - mean of g - z * mean of g z). */
void ISA_NAME(token_norm_backward)(const struct token_norm *norm, const float *x, const float *dy, float *dx,
                                   bool add)
{
    const struct token_norm n = *norm;
    for (size_t row = 0; row < n.rows; row++, x += n.length, dy += n.length, dx += n.length) {
        float mean, r;
        vector first = vector_all(0), second = vector_all(0);
        statistics(&n, x, &mean, &r);
        for (size_t i = 0; i < n.length; i += WIDTH) {
            const size_t left = n.length - i;
            vector g = row_load(dy + i, left);
            if (n.scale)
                g *= row_load(n.scale + i, left);
            first += g;
            second = vector_multiply_add(g, row_load(x + i, left) - mean, second);
        }
        const float a = vector_sum(first) / (float)n.length, b = vector_sum(second) / (float)n.length * r * r;
        for (size_t i = 0; i < n.length; i += WIDTH) {
            const size_t left = n.length - i;
            vector g = row_load(dy + i, left);
            if (n.scale)
                g *= row_load(n.scale + i, left);
            row_give(dx + i, (g - a - (row_load(x + i, left) - mean) * b) * r, left, add);
        }
    }
}
