/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms of several series over shared bins. */
#ifndef IPPRO_STATS_HISTOGRAM_H
#define IPPRO_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct histogram {
    int bins, series;
    bool log;         /* bins equal in the logarithm; needs positive values */
    double *edges;    /* bins + 1, ascending */
    int64_t *counts;  /* series x bins, row-major */
    int64_t *skipped; /* per series: values that are not finite, or not positive on a log axis */
};

/* values[s]: counts[s] doubles. bins 0: chosen by the Freedman-Diaconis rule over all series, 8 to 64. Bins
 * are half-open, the last closed. All-equal values give one bin around the value. Nothing usable: STATUS_NAN.
 * bins outside 0..100000: STATUS_RANGE. *histogram is written on success only. */
status histogram_compute(const double *const *values, const int64_t *counts, int series, int bins, bool log,
                         struct histogram *histogram, struct error *error);
void histogram_free(struct histogram *histogram);
/* Bin of a value, -1 when outside or not finite. */
int histogram_bin(const struct histogram *histogram, double value);

#endif
