/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a layer sees at single positions of its output: patches, as rows of a linear system. */
#ifndef IPPRO_PRUNE_PATCHES_H
#define IPPRO_PRUNE_PATCHES_H

#include "nn/operator/plan.h"
#include "score/layer.h"

struct convolution;

/* Where rows of a layer come from. */
struct patches {
    const struct convolution *convolution; /* NULL: a linear layer */
    bool transposed;                       /* the layer is that convolution's transpose */
    int64_t features;                      /* of a linear layer: numbers per position, the last axis */
    int64_t positions;                     /* of an image at the output */
    int64_t width;                         /* numbers in a row: groups * filter length */
};

/* Of one of the calls of a layer of a planned graph (batch 1), which lends it its plan. */
struct patches patches_of(const struct plan *plan, const struct layer *layer, int call);

/* The row at an output position from one image of the layer's input: for each group the
 * weights' inputs in the order of layer_filter; zeros outside of the image. */
void patch_row(const struct patches *patches, const double *image, int64_t position, double *row);

/* Which output positions of an image are looked at: `wanted` different ones by chance, or all where there are
 * no more. The same for the same seed, layer and image number, whoever asks. How many is returned. */
int64_t patch_positions(const struct patches *patches, uint64_t seed, int layer, int64_t image,
                        int64_t wanted, int64_t *positions);

#endif
