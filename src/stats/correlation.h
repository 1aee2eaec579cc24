/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Correlation between two score vectors. */
#ifndef IPPRO_STATS_CORRELATION_H
#define IPPRO_STATS_CORRELATION_H

#include <stdint.h>
#include "base/status.h"

enum correlation_method { CORRELATION_PEARSON, CORRELATION_SPEARMAN, CORRELATION_KENDALL };

struct correlation {
    double coefficient;     /* NaN where undefined: n < 2 or a constant vector */
    int64_t n;              /* pairs used: those with both values finite or infinite, none NaN */
    int64_t ties_a, ties_b; /* pairs of equal values in a, in b */
};

/* Pearson (two-pass, double), Spearman (Pearson of average ranks), Kendall tau-b (Knight's O(n log n)).
 * Infinite values rank as such; for Pearson they make the coefficient NaN. */
status correlation_compute(enum correlation_method method, const double *a, const double *b, int64_t count,
                           struct correlation *result, struct error *error);
const char *correlation_method_name(int index); /* "pearson", "spearman", "kendall", NULL */
/* Average ranks (1-based) of count values; equal values share the mean of their ranks. NaN is refused. */
status average_ranks(const double *values, int64_t count, double *ranks, struct error *error);

#endif
