/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geometric median (FPGM, He et al. 2019, arXiv 1811.00250): how far a filter is from all others of its
 * layer. */
#ifndef IPPRO_SCORE_GEOMETRIC_MEDIAN_H
#define IPPRO_SCORE_GEOMETRIC_MEDIAN_H

#include <stdint.h>
#include "base/status.h"

/* Sum of Euclidean distances from each filter to all others: the smallest is the most replaceable.
 * filters: count x length, row-major, borrowed. scores: count, written. Distances come from a Gram matrix in
 * double of the filters less their mean; what cancels there (squared distance below 1e-6 of the squared
 * lengths) is computed again from the differences. O(count^2 * length) time, count^2 memory. Fails with
 * STATUS_NAN on a weight that is not finite, STATUS_MEMORY. */
status geometric_median(const double *filters, int64_t count, int64_t length, double *scores,
                        struct error *error);

#endif
