/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the convolution operator share: the plan that prepare makes, and the matrix products. */
#ifndef IPPRO_NN_OPERATOR_CONVOLUTION_H
#define IPPRO_NN_OPERATOR_CONVOLUTION_H

#include "nn/operator/window.h"

enum convolution_method {
    CONVOLUTION_DIRECT,  /* plain loops: the reference, and depthwise */
    CONVOLUTION_COLUMNS, /* patches gathered as columns of a matrix (im2col), then matrix products */
};

enum { CONVOLUTION_X, CONVOLUTION_W, CONVOLUTION_B }; /* inputs: N,C,D,H,W · M,C/groups,kD,kH,kW · M */

struct convolution {
    struct window window;
    struct taps taps;
    enum convolution_method method;
    int64_t batch, groups;
    int64_t channels, filters; /* per group */
    int64_t kernel_elements;   /* of one (filter, channel) pair */
    int64_t in_size, out_size; /* positions of one channel */

    /* CONVOLUTION_COLUMNS only */
    bool pointwise; /* 1x1 with stride 1 and no padding: the input is its own matrix of columns */
    bool turned;    /* spreading runs as a convolution with turned kernels */
    struct window turned_window;
    struct taps turned_taps;
    int64_t depth;             /* rows of the matrix of columns: channels * kernel_elements */
    int64_t rows, turned_rows; /* rows of output positions per product, so that the columns stay in cache */
    int64_t together, turned_together; /* images per product: several where one has few positions */
    /* Of the workspace: columns, then turned kernels, then the sums of a product of several images. */
    int64_t column_elements, turned_elements;
};

/* Operands are real, input and weight of one rank of at least 3. */
status convolution_check(const struct prepare *prepare, struct error *error);
/* What follows from window, batch, groups, channels, filters and the output's shape: its type, taps, sizes,
 * which must be reasonable, the way to compute and its workspace, and the node's work. `spreads`:
 * convolution_spread will run. */
status convolution_finish(struct prepare *prepare, struct convolution *plan, bool spreads,
                          struct error *error);

/* Decide between matrix products and plain loops, and size the workspace. Sets plan->method. */
status convolution_plan_columns(struct prepare *prepare, struct convolution *plan, bool spreads,
                                struct error *error);

/* The linear map and its transposes, as plan->method says. With C and O channels in all groups, in (N, C, D,
 * H, W), weights (O, C/g, kd, kh, kw) and out (N, O, D', H', W'):
 *   add:     out += in convolved with weights
 *   spread:  in += what of out reaches it through weights
 *   weights: kernels += the products of in and out, of the shape of weights
 * start:     out[n][c] = bias[c], or 0 without one, for planes of `size` numbers
 * bias:      gradient[c] += the sum of out (N, channels, size) */
#define CONVOLUTION_DECLARE(T)                                                                               \
    void convolution_add_##T(const struct convolution *plan, const T *in, const T *weights, void *workspace, \
                             T *out);                                                                        \
    void convolution_spread_##T(const struct convolution *plan, const T *out, const T *weights,              \
                                void *workspace, T *in);                                                     \
    void convolution_weights_##T(const struct convolution *plan, const T *in, const T *out, void *workspace, \
                                 T *kernels);                                                                \
    void convolution_start_##T(int64_t batch, int64_t channels, int64_t size, const T *bias, T *out);        \
    void convolution_bias_##T(int64_t batch, int64_t channels, int64_t size, const T *out, T *gradient);     \
    void columns_add_##T(const struct convolution *plan, const T *in, const T *weights, void *workspace,     \
                         T *out);                                                                            \
    void columns_spread_##T(const struct convolution *plan, const T *out, const T *weights, void *workspace, \
                            T *in);                                                                          \
    void columns_weights_##T(const struct convolution *plan, const T *in, const T *out, void *workspace,     \
                             T *kernels);

CONVOLUTION_DECLARE(float)
CONVOLUTION_DECLARE(double)

#endif
