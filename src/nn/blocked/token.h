/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fast kernels on rows of numbers in the plain layout, for one micro-batch on one thread: tokens, whose
 * channels lie beside each other. Rows are contiguous, of any length and at any address; nothing is written
 * past their end. As for all kernels of this room, results depend on sizes and the instruction set only.
 * Sums run in float, in lanes, unless they are said to be in double. */
#ifndef IPPRO_NN_BLOCKED_TOKEN_H
#define IPPRO_NN_BLOCKED_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* LayerNorm: y = (x - mean) / sqrt(variance + epsilon) * scale + shift, mean and variance (of all numbers) of
 * each row. */
struct token_norm {
    size_t rows, length;
    float epsilon;
    const float *scale, *shift; /* (length), or NULL for ones and zeros */
};

/* Sums over tokens, per channel, as a probe wants them (nn/execution/probe.h). */
struct token_sums {
    size_t rows, length; /* tokens of one image, channels */
    size_t stride;       /* floats from one token to the next */
    const float *delta, *linear, *target;
    const double *center; /* (length), or NULL for zeros */
    double *sums; /* added to: (3, length): sum delta, delta * (linear - center), delta * target; or (1,
                     length) without `linear`: the last alone */
};

struct token_kernels {
    void (*norm_forward)(const struct token_norm *norm, const float *x, float *y);
    /* dx = the gradient, or += with `add`. */
    void (*norm_backward)(const struct token_norm *norm, const float *x, const float *dy, float *dx,
                          bool add);
    /* GELU, exactly (x times the normal distribution's integral up to x, to some 1e-6 relative) or by the
     * approximation with tanh. */
    void (*gelu_forward)(size_t count, bool tanh, const float *x, float *y);
    void (*gelu_backward)(size_t count, bool tanh, const float *x, const float *dy, float *dx, bool add);
    void (*softmax_forward)(size_t rows, size_t length, const float *x, float *y);
    void (*softmax_backward)(size_t rows, size_t length, const float *y, const float *dy, float *dx,
                             bool add);
    void (*sum)(size_t count, const float *a, const float *b, float *to); /* to = a + b */
    void (*give)(size_t count, const float *from, float *to, bool add);   /* to = from, or += */
    /* to (rows, length) = row (length) in each, plus `more` of the size of `to` where that is not NULL. */
    void (*spread)(size_t rows, size_t length, const float *row, const float *more, float *to);
    void (*columns)(size_t rows, size_t length, const float *from,
                    float *to); /* to (length) += sums of columns */
    void (*sums)(const struct token_sums *sums);
    /* (N, positions, C) from (N, C/16, positions, 16) and back; `add` to what is there. */
    void (*from_blocks)(int images, int channels, int positions, const float *blocked, float *rows, bool add);
    void (*to_blocks)(int images, int channels, int positions, const float *rows, float *blocked, bool add);
};

#endif
