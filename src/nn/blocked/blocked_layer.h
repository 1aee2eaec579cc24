/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands around the convolutions, on activations whose channels are blocked (nn/blocked/blocked.h): the
 * layer's tail and its gradient with the sums of score/reductions.md, pooling, joining channels, weight
 * gradients, and the way from and to the plain layout. Every kernel keeps channels past the last at zero. */
#ifndef IPPRO_NN_BLOCKED_BLOCKED_LAYER_H
#define IPPRO_NN_BLOCKED_BLOCKED_LAYER_H

#include "nn/blocked/blocked.h"
#include "nn/operator/pooling.h"

/* Per channel, in the order of memory: sum delta, sum delta * (y - center), and the same two of G. */
enum { TAIL_SUMS = 4 };

/* A layer's tail is v = scale * y + shift + residual, h = relu(v) (struct blocked_epilogue); this is its
 * gradient, for one micro-batch. G is the gradient of h; delta = G where the relu lets it pass. */
struct tail_gradient {
    int images, channels, positions;
    const float *gradient;      /* G */
    const float *linear;        /* y, or NULL when nothing below needs it */
    const float *scale, *shift; /* per channel, or NULL: u = y */
    const float *activated;     /* h: tells the relu's side; NULL: u = scale * y + shift does */
    bool relu;
    float ceiling;     /* 0: none */
    float *residual;   /* delta, or NULL; may be `gradient` itself */
    bool residual_add; /* it is added instead */
    float *out;        /* scale * delta, or NULL; may be `gradient` itself */
    bool out_add;
    bool scaled; /* else `out` is delta alone */
    /* [image][TAIL_SUMS][blocks * LANES], or NULL. A few positions are summed in float, their sums in double:
     * the terms themselves carry more rounding than that. */
    double *sums;
    const float *center; /* per channel, with sums */
};

/* The second half of the gradient of a BatchNormalization in training mode (nn/operator/batch_norm.h): out =
 * factors[0] * gradient + factors[1] * linear + factors[2]. */
struct norm_gradient {
    int images, channels, positions;
    const float *gradient, *linear; /* g and y */
    const float *factors;           /* (3, C/16, 16) */
    float *out;                     /* may be `gradient` itself */
    bool add;                       /* out += */
};

struct blocked_pooling {
    int images, channels;
    const struct pooling *plan; /* two dimensions: the window's depth is 1 */
};

/* Sizes in floats: `positions` is rows * columns of a channel. */
struct blocked_layer_kernels {
    /* `input` stands for y; epilogue->bias and raw as well. */
    void (*tail)(int images, int channels, int positions, const float *input,
                 const struct blocked_epilogue *epilogue);
    void (*tail_gradient)(const struct tail_gradient *tail);
    /* sums (2, C/16, 16) over images and positions of (x - center) and (x - center)^2. */
    void (*moments)(int images, int channels, int positions, const float *input, const float *center,
                    double *sums);
    void (*norm_gradient)(const struct norm_gradient *norm);
    void (*max_forward)(const struct blocked_pooling *pooling, const float *input, float *out);
    void (*average_forward)(const struct blocked_pooling *pooling, const float *input, float *out);
    /* Add to `to`, the input's gradient. */
    void (*max_backward)(const struct blocked_pooling *pooling, const float *input, const float *gradient,
                         float *to);
    void (*average_backward)(const struct blocked_pooling *pooling, const float *gradient, float *to);
    /* (N, C, positions) to (N, C/16, positions, 16) and back; `add` to what is there. */
    void (*to_blocked)(int images, int channels, int positions, const float *plain, float *blocked, bool add);
    void (*to_plain)(int images, int channels, int positions, const float *blocked, float *plain, bool add);
    /* Add to the gradient of a convolution's weights (O, C/groups, kh, kw) from its input (N, C/16, H, W,
     * 16), or (N, C, H, W) if planar, and the gradient of what it computes (N, O/16, H', W', 16). Not
     * transposed; planar without groups. Some 1,000 positions are summed in registers, those sums in memory.
     */
    void (*weight_gradient)(const struct blocked_convolution *geometry, const float *input,
                            const float *delta, float *gradient);
    /* Add to the gradient of its bias (O): the sums of delta (N, O/16, positions, 16). */
    void (*bias_gradient)(int images, int channels, int positions, const float *delta, float *gradient);
};

#endif
