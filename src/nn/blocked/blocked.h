/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fast kernels on activations whose channels are blocked, for one micro-batch on one thread.
 *
 * A blocked activation is float (N, C/16, H, W, 16): image, block of LANES channels, row, column, channel of
 * the block, 64-byte aligned, without a halo; C/16 is rounded up, channels past the last are zero, and every
 * kernel writes zero there. What has one number per channel (bias, scale, shift) is padded with zeros to
 * whole blocks: (C/16, 16).
 *
 * Each kernel is one source that is compiled for several instruction sets; the best that the processor has is
 * chosen once. Kernels are pure functions: no allocation, no failure, and a result that depends on the
 * geometry and the instruction set only. Sizes are checked by the caller. Sizes of memory are in floats. */
#ifndef IPPRO_NN_BLOCKED_BLOCKED_H
#define IPPRO_NN_BLOCKED_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>

enum { LANES = 16 }; /* channels per block: one AVX-512 vector, two AVX2 vectors */

static inline int blocked_blocks(int channels)
{
    return (channels + LANES - 1) / LANES;
}

struct tail_gradient; /* nn/blocked/blocked_layer.h */

/* What a convolution does with each finished sum, while it is in the nearest cache. */
struct blocked_epilogue {
    const float *bias; /* per output channel, or NULL */
    float *raw;        /* where sum + bias goes as well, blocked like the output, or NULL */
    const float *scale,
        *shift;            /* per output channel: v = scale * (sum + bias) + shift; NULL: v = sum + bias */
    const float *residual; /* blocked like the output, added to v, or NULL */
    bool relu;             /* v = max(v, 0) */
    float ceiling;         /* with relu, where positive: v = min(v, ceiling) */
    bool add;              /* out += v instead of out = v (gradients); not together with relu */
    float *out;
    /* Data gradients: v (and with `add`, what is in `out`) is the gradient G of the layer before, which has
     * no other; it goes through the gradient of that layer's tail instead of to `out`. `gradient` of `tail`
     * does not matter, and its sums are added to. Together with nothing but `add`. */
    const struct tail_gradient *tail;
};

/* The geometry of one call. Tap k of output position o looks at input position o * stride + k * dilation -
 * pad, along both dimensions; what lies outside the input is zero.
 *
 * With `transposed` the call is the data gradient of a convolution: in_* describe the output's gradient,
 * out_* the input's, and tap k of position o looks at (o + k * dilation - pad) / stride where that divides.
 * Weights are given as for the convolution itself; packing turns them. */
struct blocked_convolution {
    int images, in_channels, out_channels; /* real counts */
    int in_height, in_width, out_height, out_width;
    int kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
    int pad_top, pad_left; /* bottom and right follow from the sizes */
    int groups;            /* divides in_channels and out_channels */
    bool transposed;
    bool planar; /* the input is [image][channel][row][column], as images come; not with transposed */
};

/* The geometry of the data gradient of an (untransposed) convolution. */
struct blocked_convolution blocked_transposed(const struct blocked_convolution *forward);

/* The convolution, without groups, that a grouped one is made of, for one image: of as few groups as fill
 * whole blocks in input and output, or of all of them. */
struct blocked_convolution blocked_slice(const struct blocked_convolution *grouped);

/* One way to convolve. Everything but `supports` is called for supported geometries only. */
struct blocked_family {
    const char *name;
    bool (*supports)(const struct blocked_convolution *geometry);
    size_t (*weights_size)(const struct blocked_convolution *geometry);
    /* weights: [out_channels][in_channels / groups][kernel_height][kernel_width] of the convolution itself.
     * packed: weights_size floats, 64-byte aligned. `images` does not matter: pack once per network. */
    void (*pack_weights)(const struct blocked_convolution *geometry, const float *weights, float *packed);
    size_t (*workspace)(const struct blocked_convolution *geometry);
    /* input: (N, C/16, H, W, 16), or (N, C, H, W) if planar; what the epilogue reads and writes: (N, O/16,
     * H', W', 16). workspace: that many floats, 64-byte aligned, contents undefined before and after; one per
     * thread. */
    void (*run)(const struct blocked_convolution *geometry, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *workspace);
    /* The gradient of the weights, as blocked_layer_kernels has it, in this family's own way: of a geometry
     * that is not transposed, with a workspace of so many floats; 0: not of this one. NULL: there is none. */
    size_t (*weight_workspace)(const struct blocked_convolution *geometry);
    void (*weight_gradient)(const struct blocked_convolution *geometry, const float *input,
                            const float *delta, float *gradient, float *workspace);
};

struct blocked_layer_kernels;
struct token_kernels;

/* The kernels of one instruction set. */
struct blocked_kernels {
    const char *name;                             /* "baseline", "avx2", "avx512" */
    const struct blocked_family *const *families; /* NULL after the last */
    const struct blocked_layer_kernels *layer;    /* what stands around them: nn/blocked/blocked_layer.h */
    const struct token_kernels *token;            /* on rows in the plain layout: nn/blocked/token.h */
};

/* The best that this processor can run; the environment variable IPPRO_CPU names a lesser one. Chosen at the
 * first call. */
const struct blocked_kernels *blocked_kernels(void);

/* Choose others: for tests and measurements, while no engine is being made. */
void blocked_kernels_choose(const struct blocked_kernels *kernels);

/* All that this processor can run, best first; NULL past the last. For tests and measurements. */
const struct blocked_kernels *blocked_kernels_at(int index);

/* NULL when there is no family of that name. */
const struct blocked_family *blocked_family_find(const struct blocked_kernels *kernels, const char *name);

#endif
