/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNormalization in training mode, over a batch of which each engine holds a part (Ioffe and Szegedy
 * 2015).
 *
 * With x of a channel at all positions of all images of the batch, M of them: u = scale r (x - mean) + shift,
 * r = 1 / sqrt(variance + epsilon), the variance being the biased one. With g the gradient of u,
 *
 *     dshift = sum g        dscale = r sum g (x - mean)
 *     dx = scale r (g - sum g / M - (x - mean) r^2 sum g (x - mean) / M)
 *
 * Both directions need sums over the whole batch between their two halves. An engine runs up to there, leaves
 * the sums of its part (engine_norm_sums), and goes on when whoever runs it has written what follows from the
 * sums of all parts here. */
#ifndef IPPRO_NN_OPERATOR_BATCH_NORM_H
#define IPPRO_NN_OPERATOR_BATCH_NORM_H

#include <stdint.h>
#include "nn/operator/operator.h"

/* One normalisation, shared by all engines that hold a part of the batch. Arrays of `channels` numbers. */
struct batch_norm {
    int node; /* of the graph */
    int64_t channels;
    double *center; /* near the mean: forward sums are those of x - center, which keeps their digits */
    double *mean, *inverse;  /* of the batch: the mean, and r; written before the second half forward */
    double *delta, *product; /* sum g / M, r^2 sum g (x - mean) / M; before the second half backward */
};

/* Mean and inverse from the sums of all parts (2, C), of sum (x - center) and sum (x - center)^2 over
 * `values` of each channel. A variance that rounding takes below zero is zero; a NaN stays one. variance (C),
 * where not NULL, gets the unbiased one. */
void batch_norm_settle(const struct batch_norm *norm, const double *sums, double values, double epsilon,
                       double *variance);
/* delta and product from sum g and sum g (x - mean). */
void batch_norm_settle_gradient(const struct batch_norm *norm, const double *sums, double values);

/* --- plain kernels of the halves ------------------------------------------------------------------------
 *
 * In float or double. `call` is that of the node as it was prepared; only the first `images` of its batch are
 * there: the rest gives nothing to sums and gets no gradient. */

/* sums (2, C): sum (x - center), sum (x - center)^2. */
void batch_norm_moments(const struct kernel_call *call, const struct batch_norm *norm, int64_t images,
                        double *sums);
/* u from x. */
void batch_norm_apply(const struct kernel_call *call, const struct batch_norm *norm);
/* sums (2, C): sum g, sum g (x - mean). */
void batch_norm_gradient_sums(const struct kernel_call *call, const struct batch_norm *norm, int64_t images,
                              double *sums);
/* Add dx to the input's gradient, where that is wanted. */
void batch_norm_gradient(const struct kernel_call *call, const struct batch_norm *norm, int64_t images);

#endif
