/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compensation: what removed channels add on average goes into the bias behind them.
 *
 * A layer y = sum over inputs i of (w_i * x_i) + b that loses the inputs R loses on average
 *
 *     sum over i in R of (sum of the taps of w_i) * mean(x_i),
 *
 * the mean being over a sample of images and all positions, taken of the network before it is pruned, at the
 * layer's input: whatever stands between (ReLU, pooling, concatenation) is in it. At the borders of a padded
 * convolution, where some taps see zeros, the sum is of all taps all the same. A layer that is called several
 * times has one bias, so the mean is that of all its inputs. Ye et al.
 * 2018, "Rethinking the smaller-norm-less-informative assumption in channel pruning", do it for channels that
 * are constant, where nothing is lost. */
#ifndef IPPRO_PRUNE_COMPENSATE_H
#define IPPRO_PRUNE_COMPENSATE_H

#include "prune/coupling.h"
#include "prune/sampled.h"

struct compensation {
    int layers;        /* that read removed channels and took in what these add */
    int64_t biases;    /* theirs, of channels that stay */
    int64_t channels;  /* removed inputs, counted once for each layer that reads them */
    int left_out;      /* layers that take no bias (a MatMul without an addition) */
    const char *first; /* one of those, borrowed from the layers; NULL: none */
};

/* A new version of the coupling's graph, whole, with other biases: it is what is left when `removed` (per
 * class) is removed from it that is compensated. Where a BatchNorm follows a layer without a bias its mean is
 * lowered, else the bias is raised, or made where there was none. Nodes keep their numbers. Owned by the
 * caller. Refused as by surgery_apply, and where activations are no numbers (STATUS_STATE with the layer). */
status compensate_apply(const struct coupling *coupling, const bool *removed, const struct sampled *sampled,
                        struct compensation *compensation, struct graph **result, struct error *error);

#endif
