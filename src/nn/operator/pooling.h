/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a pooling operator, for its plain and its blocked kernels. */
#ifndef IPPRO_NN_OPERATOR_POOLING_H
#define IPPRO_NN_OPERATOR_POOLING_H

#include "nn/operator/window.h"

/* What one output position sees along one dimension: `count` input positions from `first` on, `dilation`
 * apart. `divisor` is what AveragePool counts. */
struct span {
    int64_t first, count, divisor;
};

struct pooling {
    struct window window;
    const struct span *spans[WINDOW_DIMENSIONS]; /* out[d] entries each */
    int64_t planes, in_size;
    bool column_major; /* of MaxPool's indices */
};

/* One over the number of elements averaged; 0 where a window sees nothing. */
static inline double span_share(struct span d, struct span h, struct span w)
{
    double divisor = (double)d.divisor * (double)h.divisor * (double)w.divisor;
    return divisor > 0 ? 1 / divisor : 0;
}

#endif
