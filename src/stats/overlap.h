/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlap of the lowest-scored sets at a ratio. */
#ifndef IPPRO_STATS_OVERLAP_H
#define IPPRO_STATS_OVERLAP_H

#include <stdint.h>
#include "base/status.h"

struct overlap {
    int64_t both, either; /* sizes of intersection and union of the two pruned sets */
};
/* The `pruned` lowest of a and of b, ties by index. Add the results over layers; Jaccard index = both /
 * either. NaN is refused. */
status overlap_compute(const double *a, const double *b, int64_t count, int64_t pruned,
                       struct overlap *result, struct error *error);

#endif
