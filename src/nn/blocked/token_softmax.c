/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax of rows, and its gradient. */
#include "nn/blocked/lanes.h"
#include "nn/blocked/token_math.h"
#include "nn/blocked/token_parts.h"

static float largest(size_t length, const float *x)
{
    float most = x[0];
    vector all = vector_all(most);
    size_t i = 0;
    for (; i + WIDTH <= length; i += WIDTH)
        all = vector_max(all, row_load(x + i, WIDTH));
    float lanes[WIDTH];
    row_store(lanes, all, WIDTH);
    for (int lane = 0; lane < WIDTH; lane++)
        most = lanes[lane] > most ? lanes[lane] : most;
    for (; i < length; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

/* y (rows, length) = e^(x - m) / sum of them, m the row's largest number. */
void ISA_NAME(token_softmax_forward)(size_t rows, size_t length, const float *x, float *y)
{
    for (size_t row = 0; row < rows; row++, x += length, y += length) {
        const float most = largest(length, x);
        vector sum = vector_all(0);
        size_t i = 0;
        float rest[WIDTH];
        for (; i + WIDTH <= length; i += WIDTH) {
            const vector e = vector_exp(row_load(x + i, WIDTH) - most);
            sum += e;
            row_store(y + i, e, WIDTH);
        }
        if (i < length) {
            row_store(rest, vector_exp(row_load(x + i, length - i) - most), WIDTH);
            sum += row_load(rest, length - i);
            memcpy(y + i, rest, (length - i) * sizeof *y);
        }
        const float factor = 1 / vector_sum(sum);
        for (i = 0; i < length; i += WIDTH)
            row_store(y + i, row_load(y + i, length - i) * factor, length - i);
    }
}

/* dx (rows, length) = y (dy - sum of y dy), or +=. */
void ISA_NAME(token_softmax_backward)(size_t rows, size_t length, const float *y, const float *dy, float *dx,
                                      bool add)
{
    for (size_t row = 0; row < rows; row++, y += length, dy += length, dx += length) {
        vector sum = vector_all(0);
        for (size_t i = 0; i < length; i += WIDTH)
            sum = vector_multiply_add(row_load(y + i, length - i), row_load(dy + i, length - i), sum);
        const float shared = vector_sum(sum);
        for (size_t i = 0; i < length; i += WIDTH) {
            const size_t left = length - i;
            row_give(dx + i, row_load(y + i, left) * (row_load(dy + i, left) - shared), left, add);
        }
    }
}
