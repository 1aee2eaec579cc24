/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repair: the weights of a pruned network by least squares, layer by layer, so that each layer answers what
 * it answered in the network as loaded (He, Zhang, Sun 2017, "Channel Pruning for Accelerating Very Deep
 * Neural Networks", eq. 5 of arXiv 1707.06168, with the input of the network as it is repaired so far).
 *
 * For a layer in topological order, of all weights w and constants b those with the least
 *
 *     sum over images and positions |w * x + b - y|^2   (+ a ridge, prune/least_squares.h),
 *
 * x being the layer's input in the pruned network, in front of which all layers are repaired already, and y
 * its output in the network as loaded, at the channels that are left and the same positions. Positions are
 * drawn by chance for each image. b goes into the bias, or into the mean of a BatchNorm that follows; its
 * other parameters become those of the network as loaded, whose outputs it normalizes.
 *
 * A layer that is called several times is fitted to all its calls at once; what later calls read is as it is
 * before that.
 *
 * Nothing is fitted where all that a layer reads is what it was: its parameters become those of the network
 * as loaded. */
#ifndef IPPRO_PRUNE_REPAIR_H
#define IPPRO_PRUNE_REPAIR_H

#include "nn/operator/plan.h"
#include "prune/least_squares.h"
#include "prune/sampled.h"
#include "score/layer.h"

/* A network with its layers and its plan at batch 1. All borrowed. */
struct repair_network {
    const struct graph *graph;
    const struct layers *layers;
    const struct plan *plan;
};

struct repair {
    struct repair_network pruned, original;
    const int *original_layer;      /* per layer of the pruned one: its layer in the original, -1: none */
    const int64_t *const *channels; /* per layer of the pruned one: its channels' numbers in the original */
    const struct sampled *sampled;
    int64_t positions; /* looked at in each image, >= 1 */
    double ridge;      /* >= 0 */
    uint64_t seed;     /* of the positions */
};

enum repair_outcome {
    REPAIR_EQUAL,    /* nothing to do */
    REPAIR_RESTORED, /* reads what it did: its parameters are those of the network as loaded again */
    REPAIR_FITTED,
    REPAIR_UNKNOWN,  /* left alone: the network as loaded has no such layer, or one of other sizes */
    REPAIR_TOO_LARGE /* left alone: its normal equations would take over REPAIR_BYTES_MOST */
};

#define REPAIR_BYTES_MOST ((size_t)1 << 30)

struct repaired_layer {
    enum repair_outcome outcome;
    int64_t unknowns;             /* of a filter */
    struct least_squares_fit fit; /* of REPAIR_FITTED: before is with the weights as they were, on the inputs
                                     as they are repaired */
};

/* `done`: one per layer of the pruned network. Owned by the caller: the repaired network, whose nodes have
 * the same numbers. Each layer that is fitted takes a pass over the sample as far as its input, and the
 * network as loaded runs once for as many layers as have room in 256 MB for what they answered. The result is
 * not written on failure. */
status repair_apply(const struct repair *repair, struct repaired_layer *done, struct graph **result,
                    struct error *error);

#endif
