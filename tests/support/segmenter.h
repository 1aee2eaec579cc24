/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small network that classifies every pixel: two stages with BatchNorm at half the size of the image, an
 * addition, a 1x1 convolution to the classes, and a bilinear Resize back to the image's size. */
#ifndef IPPRO_TESTS_SEGMENTER_H
#define IPPRO_TESTS_SEGMENTER_H

#include <stdbool.h>
#include "nn/graph/graph.h"

enum segmenter_end {
    SEGMENTER_LOGITS,    /* at the image's size */
    SEGMENTER_SOFTMAX,   /* probabilities over the classes of each pixel */
    SEGMENTER_HALF_SIZE, /* logits without the Resize */
};

/* For images of 3 x height x width, both even; weights from the seed. As a file of opset 13 would have it,
 * not simplified. */
struct graph *segmenter(int64_t classes, int64_t height, int64_t width, enum segmenter_end end,
                        uint64_t seed);

#endif
