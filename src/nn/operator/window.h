/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geometry of sliding windows, shared by convolution and pooling.
 *
 * One, two or three spatial dimensions are all treated as three (depth, height, width), with ones in front.
 * Tap k of output position o looks at input position o * stride + k * dilation - before. */
#ifndef IPPRO_NN_OPERATOR_WINDOW_H
#define IPPRO_NN_OPERATOR_WINDOW_H

#include "nn/operator/operator.h"

enum { WINDOW_DIMENSIONS = 3 };

struct window {
    int spatial; /* dimensions in the file: 1, 2 or 3 */
    int64_t in[WINDOW_DIMENSIONS], out[WINDOW_DIMENSIONS], kernel[WINDOW_DIMENSIONS];
    int64_t stride[WINDOW_DIMENSIONS], dilation[WINDOW_DIMENSIONS];
    int64_t before[WINDOW_DIMENSIONS],
        after[WINDOW_DIMENSIONS]; /* padding; `after` without what ceil_mode adds */
};

/* Read kernel_shape, strides, pads, auto_pad, dilations and ceil_mode of a node whose input 0 is batch x
 * channels x spatial..., and compute the output's spatial dimensions. `sizes` gives the kernel's dimensions
 * where weights tell them (a kernel_shape attribute must agree), NULL where the attribute must be there. With
 * ceil_mode a last window that would start in the padding after the data is left out, as PyTorch does. */
status window_prepare(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                      struct error *error);

/* The same for a node that goes the other way round (ConvTranspose), as the window of the convolution that it
 * transposes: input 0 has one position for each of the window's outputs, and what the node makes is the
 * window's input, so `in` and `out` change places. Reads output_padding and output_shape too. */
status window_prepare_transposed(const struct prepare *prepare, const int64_t *sizes, struct window *window,
                                 struct error *error);

/* Output shape: dimension 0 of the input, `channels`, spatial dimensions. */
struct shape window_output(const struct prepare *prepare, const struct window *window, int64_t channels);
/* The same, with the window's input as its spatial dimensions. */
struct shape window_input(const struct prepare *prepare, const struct window *window, int64_t channels);

/* One tap along one dimension: output positions low..high-1 see the input, at position o * stride + shift. */
struct tap {
    int64_t shift, low, high;
};

struct taps {
    const struct tap *at[WINDOW_DIMENSIONS]; /* kernel[d] entries each */
};

/* Memory from the arena: as much as the kernel is large. */
status window_taps(const struct window *window, struct arena *arena, struct taps *taps, struct error *error);

/* The window of the data gradient of a convolution with stride 1, itself a convolution with stride 1 (over
 * the output gradient, with the kernel turned round): in and out change places; paddings may become negative.
 */
struct window window_turned(const struct window *window);

#endif
