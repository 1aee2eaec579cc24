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
    bool turned;    /* the data gradient runs as a convolution with turned kernels */
    struct window turned_window;
    struct taps turned_taps;
    int64_t depth;             /* rows of the matrix of columns: channels * kernel_elements */
    int64_t rows, turned_rows; /* rows of output positions per product, so that the columns stay in cache */
    int64_t together, turned_together; /* images per product: several where one has few positions */
    /* Of the workspace: columns, then turned kernels, then the sums of a product of several images. */
    int64_t column_elements, turned_elements;
};

/* Decide between matrix products and plain loops, and size the workspace. Sets plan->method. */
status convolution_plan_columns(struct prepare *prepare, struct convolution *plan, struct error *error);
void convolution_columns_forward_float(const struct kernel_call *call);
void convolution_columns_forward_double(const struct kernel_call *call);
/* Data and weight gradients; not the bias's. */
void convolution_columns_backward_float(const struct kernel_call *call);
void convolution_columns_backward_double(const struct kernel_call *call);

#endif
